package survey_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/survey"
	"github.com/lyceum-live/lyceum/wire"
)

// What cannot be asked is refused, and the field is named.
func TestFormsAreChecked(t *testing.T) {
	item := func(change func(*survey.Draft)) func(*survey.Create) {
		return func(c *survey.Create) { change(&c.Items[0]) }
	}
	tests := map[string]struct {
		change func(*survey.Create)
		field  string
	}{
		"no title":       {func(c *survey.Create) { c.Title = " " }, "title"},
		"no items":       {func(c *survey.Create) { c.Items = nil }, "items"},
		"too many items": {func(c *survey.Create) { c.Items = make([]survey.Draft, survey.MaxItems+1) }, "items"},
		"no such time":   {func(c *survey.Create) { c.When = "later" }, "when"},
		"too long":       {func(c *survey.Create) { c.Hours = survey.MaxHours + 1 }, "hours"},
		"backwards":      {func(c *survey.Create) { c.Hours = -1 }, "hours"},
		"no such type":   {item(func(d *survey.Draft) { d.Type = "essay" }), "items[0].type"},
		"no text":        {item(func(d *survey.Draft) { d.Text = "" }), "items[0].text"},
		"stray choices":  {item(func(d *survey.Draft) { d.Choices = []string{"a", "b"} }), "items[0].choices"},
		"several stars":  {item(func(d *survey.Draft) { d.Several = true }), "items[0].several"},
		"one choice":     {item(func(d *survey.Draft) { d.Type, d.Choices = survey.Choice, []string{"a"} }), "items[0].choices"},
		"the same twice": {item(func(d *survey.Draft) { d.Type, d.Choices = survey.Choice, []string{"a", "b", " a"} }), "items[0].choices[2]"},
		"thirteen": {item(func(d *survey.Draft) {
			for i := range 13 {
				d.Type, d.Choices = survey.Choice, append(d.Choices, fmt.Sprint(i))
			}
		}), "items[0].choices"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			create := survey.Create{Title: "How was it?", Items: []survey.Draft{{Type: survey.Stars, Text: "The course"}}}
			tt.change(&create)
			_, err := newClass().Do(maya, create)
			refusal, ok := errors.AsType[*wire.Error](err)
			if !ok || refusal.Field != tt.field {
				t.Errorf("got %v, want a refusal of %q", err, tt.field)
			}
		})
	}
}

// The Net Promoter Score of Reichheld's article: 9 and 10 promote, 0 to 6
// detract, and what is between counts for the number of people alone.
func TestNetPromoterScore(t *testing.T) {
	tests := map[string]struct {
		given []int
		nps   float64
	}{
		"all promote":   {[]int{9, 10, 10}, 100},
		"all detract":   {[]int{0, 6, 3}, -100},
		"all passive":   {[]int{7, 8}, 0},
		"a usual class": {[]int{10, 9, 8, 7, 6, 10, 9, 0, 9, 10}, 40},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := newClass()
			id := c.Must(t, maya, survey.Create{Title: "NPS", Open: true, Items: []survey.Draft{{Type: survey.NPS, Text: "?"}}})
			for i, v := range tt.given {
				c.Must(t, wire.Actor{User: wire.UserID(fmt.Sprint("u", i)), Role: wire.Viewer}, survey.Answer{Survey: id, Answers: []*survey.Reply{{Value: &v}}})
			}
			if got := *c.State.Snapshot(true)[0].Result.Items[0].NPS; got != tt.nps {
				t.Errorf("NPS of %v is %v, not %v", tt.given, got, tt.nps)
			}
		})
	}
}

// A survey is answered until its time is over, to the millisecond, whoever
// comes first: an answer or the clock.
func TestASurveyClosesByItself(t *testing.T) {
	for _, after := range []time.Duration{0, 2*time.Hour - time.Millisecond, 2 * time.Hour} {
		c := newClass()
		id := c.Must(t, maya, survey.Create{Title: "?", When: survey.WhenEnd, Hours: 2, Items: []survey.Draft{{Type: survey.Stars, Text: "?"}}})
		if shown := c.end(); len(shown) != 1 || shown[0].All == nil || shown[0].All.Type != "survey.opened" {
			t.Fatalf("at the end of the class: %+v", shown)
		}
		c.Now = c.Now.Add(after)
		want := ""
		if after == 2*time.Hour {
			want = "survey.closed"
		}
		if _, err := c.Do(ana, survey.Answer{Survey: id, Answers: []*survey.Reply{{Value: new(5)}}}); code(err) != want {
			t.Errorf("after %v: %v, want %q", after, err, want)
		}
		shown, _ := c.Do(wire.System, survey.Tick{})
		if closed := len(shown) == 1 && shown[0].All.Type == "survey.closed"; closed != (want != "") {
			t.Errorf("after %v the clock showed %+v", after, shown)
		}
	}
}

// The staff reads all that people wrote, page by page, each once.
func TestTextsAreReadInPages(t *testing.T) {
	c := newClass()
	id := c.Must(t, maya, feedback)
	for i := range 120 {
		c.Must(t, wire.Actor{User: wire.UserID(fmt.Sprint("u", i)), Role: wire.Viewer},
			survey.Answer{Survey: id, Answers: []*survey.Reply{{Value: new(4)}, nil, nil, {Text: strings.Repeat("字", 100) + fmt.Sprint(i)}}})
	}
	bytes := 0
	for _, text := range c.State.Snapshot(true)[0].Result.Items[3].Texts {
		bytes += len(text)
	}
	if bytes == 0 || bytes > 8<<10 {
		t.Errorf("a tally carries %d bytes of words", bytes)
	}
	var all []string
	for after := 0; ; {
		page, err := c.State.Page(survey.Texts{Survey: id, Item: 3, After: after})
		if err != nil || len(page.Texts) > survey.MaxTexts {
			t.Fatalf("after %d: %d texts, %v", after, len(page.Texts), err)
		}
		if all = append(all, page.Texts...); page.Next == 0 {
			break
		}
		after = page.Next
	}
	slices.Sort(all)
	if len(slices.Compact(all)) != 120 {
		t.Errorf("%d texts", len(all))
	}
	for _, bad := range []survey.Texts{{Survey: id + 1}, {Survey: id}, {Survey: id, Item: 4}, {Survey: id, Item: 3, After: -1}} {
		if _, err := c.State.Page(bad); err == nil {
			t.Errorf("%+v is answered", bad)
		}
	}
}

// However much people write to however many items, what everybody is shown of
// it stays small, has something of each item, and its first words are those
// that the staff reads first.
func TestShownWordsStaySmall(t *testing.T) {
	for _, items := range []int{1, 3, survey.MaxItems} {
		c := newClass()
		form := survey.Create{Title: "How was it?", Open: true}
		for range items {
			form.Items = append(form.Items, survey.Draft{Type: survey.Text, Text: "Say"})
		}
		id := c.Must(t, maya, form)
		for i := range 60 {
			answer := survey.Answer{Survey: id}
			for range items {
				answer.Answers = append(answer.Answers, &survey.Reply{Text: strings.Repeat("𝔘", survey.MaxText-4) + fmt.Sprint(i)})
			}
			c.Must(t, wire.Actor{User: wire.UserID(fmt.Sprint("u", i)), Role: wire.Viewer}, answer)
		}
		size := func(most int, v survey.View) {
			t.Helper()
			if got := len(encode(t, v)); got > max(most, items*4*survey.MaxText)+2<<10 {
				t.Errorf("%d items, %s: %d bytes", items, v.Phase, got)
			}
			for i, item := range v.Result.Items {
				page, err := c.State.Page(survey.Texts{Survey: id, Item: i})
				if err != nil || item.N != 60 || len(item.Texts) == 0 || !slices.Equal(item.Texts, page.Texts[:len(item.Texts)]) {
					t.Errorf("item %d of %d: %d of %d texts, %v", i, items, len(item.Texts), item.N, err)
				}
			}
		}
		size(8<<10, c.State.Snapshot(true)[0])
		c.Must(t, maya, survey.Close{Survey: id})
		c.Must(t, maya, survey.Show{Survey: id, Words: true})
		size(32<<10, c.State.Snapshot(false)[0])
	}
}

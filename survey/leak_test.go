package survey_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/survey"
	"github.com/lyceum-live/lyceum/wire"
)

var feedback = survey.Create{Title: "How was it?", Open: true, Items: []survey.Draft{
	{Type: survey.Stars, Text: "The course", Required: true},
	{Type: survey.NPS, Text: "Would you recommend it?"},
	{Type: survey.Choice, Text: "Which part?", Choices: []string{"a", "b"}},
	{Type: survey.Text, Text: "What was good?"},
}}

// Two classes differ in what ben answered, or in whether he did. Until the
// result is shown ana cannot tell one from the other by anything that she is
// sent; nor can the staff by what they see of an anonymous survey that is open,
// but for how many there are.
func TestNothingLeaksBeforeItIsShown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		form := feedback
		form.Anonymous = rapid.Bool().Draw(t, "anonymous")
		twins := [2]*class{newClass(), newClass()}
		id := uint64(1)
		draw := func(label string) survey.Answer {
			return survey.Answer{Survey: id, Answers: []*survey.Reply{
				{Value: new(rapid.IntRange(1, 5).Draw(t, label+" stars"))}, {Value: new(rapid.IntRange(0, 10).Draw(t, label+" nps"))},
				{Choices: []int{rapid.IntRange(0, 1).Draw(t, label+" choice")}}, {Text: rapid.StringMatching(`[a-z]{3}`).Draw(t, label+" words")},
			}}
		}
		bens := [2]survey.Answer{draw("here"), draw("there")}
		const nothing = "nothing"
		says := rapid.SampledFrom([]string{nothing, "something else"}).Draw(t, "ben there")
		do := func(by wire.Actor, cmd survey.Command) (same bool) {
			var viewers, staff [2][]byte
			for i, c := range twins {
				cmd, silent := cmd, false
				if _, is := cmd.(survey.Answer); is && by.User == ben.User {
					cmd, silent = bens[i], i == 1 && says == nothing
				}
				var shown []views
				var err error
				if !silent {
					shown, err = c.Do(by, cmd)
				}
				all := []any{fmt.Sprint(err), c.State.Snapshot(false), c.State.Own(id, ana.User), c.State.Mine(ana.User)}
				for _, v := range shown {
					if v.All != nil {
						all = append(all, v.All)
					}
					if own, is := v.Personal[ana.User]; is {
						all = append(all, own)
					}
				}
				viewers[i] = encode(t, all)
				view := c.State.Snapshot(true)[0]
				view.Answered = 0
				staff[i] = encode(t, view)
			}
			closed := twins[0].State.Surveys[id].Phase == survey.PhaseClosed
			if form.Anonymous && !closed && !bytes.Equal(staff[0], staff[1]) {
				t.Fatalf("%T tells the staff what is in an anonymous survey:\n%s\n%s", cmd, staff[0], staff[1])
			}
			return bytes.Equal(viewers[0], viewers[1])
		}
		steps := []func() bool{
			func() bool { return do(ana, draw("ana")) },
			func() bool { return do(ana, draw("ana, again")) },
			func() bool { return do(ben, survey.Answer{}) },
			func() bool { return do(ben, survey.Answer{}) },
			func() bool { return do(maya, survey.Show{Survey: id, Words: true}) }, // refused: it is open
			func() bool { return do(maya, survey.Edit{Survey: id, Create: form}) },
		}
		if !do(maya, form) {
			t.Fatal("the form tells them apart")
		}
		for _, step := range rapid.Permutation(steps).Draw(t, "order") {
			for _, c := range twins {
				c.Now = c.Now.Add(time.Second)
			}
			if !step() {
				t.Fatal("the classes can be told apart")
			}
		}
		do(ben, survey.Answer{}) // at the latest
		if !do(maya, survey.Close{Survey: id}) {
			t.Fatal("the close tells them apart")
		}
		figures := func(a survey.Answer) string {
			return fmt.Sprint(*a.Answers[0].Value, *a.Answers[1].Value, a.Answers[2].Choices)
		}
		differ := says == nothing || figures(bens[0]) != figures(bens[1])
		if same := do(maya, survey.Show{Survey: id}); same == differ {
			t.Fatalf("figures alone: same %v, and ben's answers differ: %v", same, differ)
		}
		if same := do(maya, survey.Show{Survey: id, Words: true}); same == (differ || bens[0].Answers[3].Text != bens[1].Answers[3].Text) {
			t.Fatal("the words are not shown as they differ")
		}
	})
}

// The log of an anonymous survey names nobody with their answers, and the words
// in it belong to the survey. Their order tells nothing of when they came.
func TestAnonymousAnswersAreNobodys(t *testing.T) {
	form := feedback
	form.Anonymous = true
	c := newClass()
	id := c.Must(t, maya, form)
	var people []wire.UserID
	for i := range 40 {
		who := wire.Actor{User: wire.UserID(fmt.Sprintf("u%02d", i)), Role: wire.Viewer}
		people = append(people, who.User)
		c.Must(t, who, survey.Answer{Survey: id, Answers: []*survey.Reply{{Value: new(3)}, nil, nil, {Text: fmt.Sprintf("word %02d", i)}}})
	}
	for i, e := range c.Log[id:] {
		if h := c.Heads[int(id)+i]; h.By != wire.System.User {
			t.Fatalf("event %d is by %q", h.Seq, h.By)
		}
		b, _ := json.Marshal(e)
		for _, p := range people {
			if strings.Contains(string(b), string(p)) {
				t.Fatalf("%s names %s", b, p)
			}
		}
		if owner := e.(survey.Balloted).Answers[3].Text.Owner; owner != survey.WordsID("room", id) {
			t.Fatalf("the words belong to %s", owner)
		}
	}
	upside := slices.Clone(people)
	slices.Reverse(upside)
	if takers, err := c.State.Takers(id, append(upside, "zoe")); err != nil || !slices.Equal(takers, people) {
		t.Fatalf("who took part: %v, %v", takers, err)
	}
	c.Must(t, maya, survey.Close{Survey: id})
	texts := c.State.Snapshot(true)[0].Result.Items[3].Texts
	if len(texts) != len(people) || slices.IsSorted(texts) || slices.IsSortedFunc(texts, func(a, b string) int { return strings.Compare(b, a) }) {
		t.Fatalf("the words come in the order in which they were written: %q", texts)
	}
	if ids := c.State.Spent(); !slices.Equal(ids, []uint64{id}) {
		t.Fatalf("spent: %v", ids)
	}
	if _, err := c.Do(ana, survey.Answer{Survey: id, Answers: []*survey.Reply{{Value: new(3)}, nil, nil, nil}}); code(err) != "survey.closed" {
		t.Fatalf("after the close: %v", err)
	}
}

package poll_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/wire"
)

func viewer(i int) wire.Actor {
	return wire.Actor{User: wire.UserID(fmt.Sprintf("u%d", i)), Role: wire.Viewer}
}

func TestCleanKinds(t *testing.T) {
	two := []string{"a", "b"}
	tests := []struct {
		name  string
		give  poll.Create
		field string // that is wrong; "" for none
	}{
		{"stars", poll.Create{Kind: poll.KindRating}, ""},
		{"one star", poll.Create{Kind: poll.KindRating, Stars: 1}, "stars"},
		{"11 stars", poll.Create{Kind: poll.KindRating, Stars: 11}, "stars"},
		{"scale as it comes", poll.Create{Kind: poll.KindScale}, ""},
		{"scale from below 0", poll.Create{Kind: poll.KindScale, Min: -10, MaxValue: 10, Low: "no", High: "yes"}, ""},
		{"scale the wrong way round", poll.Create{Kind: poll.KindScale, Min: 5, MaxValue: 1}, "max_value"},
		{"scale of halves", poll.Create{Kind: poll.KindScale, Min: 0.5, MaxValue: 5}, "min"},
		{"scale of 21 steps", poll.Create{Kind: poll.KindScale, Min: 1, MaxValue: 22}, "max_value"},
		{"long end", poll.Create{Kind: poll.KindScale, High: strings.Repeat("x", 41)}, "high"},
		{"number", poll.Create{Kind: poll.KindNumber}, ""},
		{"bounds the wrong way round", poll.Create{Kind: poll.KindNumber, Min: 2, MaxValue: 1}, "max_value"},
		{"bound beyond", poll.Create{Kind: poll.KindNumber, MaxValue: 2e12}, "max_value"},
		{"cloud", poll.Create{Kind: poll.KindCloud, Words: 5}, ""},
		{"6 words", poll.Create{Kind: poll.KindCloud, Words: 6}, "words"},
		{"text", poll.Create{Kind: poll.KindText}, ""},
		{"unknown kind", poll.Create{Kind: "essay"}, "kind"},
		{"choices of stars", poll.Create{Kind: poll.KindRating, Choices: two}, "choices"},
		{"stars of a text", poll.Create{Kind: poll.KindText, Stars: 5}, "stars"},
		{"max of a ranking", poll.Create{Kind: poll.KindRanking, Choices: two, Max: 2}, "max"},
		{"ranking of one", poll.Create{Kind: poll.KindRanking, Choices: two[:1]}, "choices"},
		{"unknown time to show", poll.Create{Choices: two, Shown: "never"}, "shown"},
		{"hidden and live", poll.Create{Choices: two, Hidden: true, Shown: poll.ShownLive}, "shown"},
		{"weight 0", poll.Create{Choices: two, Weights: map[wire.UserID]int{"ana": 0}}, "weights"},
		{"weight 101", poll.Create{Choices: two, Weights: map[wire.UserID]int{"ana": 101}}, "weights"},
		{"weight of nobody", poll.Create{Choices: two, Weights: map[wire.UserID]int{"a b": 2}}, "weights"},
		{"secret", poll.Create{Choices: two, Secret: true}, ""},
		{"secret and live", poll.Create{Choices: two, Secret: true, Shown: poll.ShownLive}, "shown"},
		{"secret words", poll.Create{Kind: poll.KindText, Secret: true}, "secret"},
		{"secret and weighted", poll.Create{Choices: two, Secret: true, Weights: map[wire.UserID]int{"ana": 2}}, "secret"},
		{"acts", poll.Create{Choices: two, Then: []*poll.Act{nil, {Act: poll.ActPin, Value: "go-101"}}}, ""},
		{"too few acts", poll.Create{Choices: two, Then: []*poll.Act{nil}}, "then"},
		{"unknown act", poll.Create{Choices: two, Then: []*poll.Act{nil, {Act: "end", Value: "x"}}}, "then[1]"},
		{"act without words", poll.Create{Choices: two, Then: []*poll.Act{{Act: poll.ActTopic, Value: " "}, nil}}, "then[0]"},
		{"pin of no item", poll.Create{Choices: two, Then: []*poll.Act{{Act: poll.ActPin, Value: "a b"}, nil}}, "then[0]"},
		{"acts of stars", poll.Create{Kind: poll.KindRating, Then: []*poll.Act{nil, nil}}, "then"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.give.Text = "Well?"
			_, err := newClass().Do(maya, tt.give)
			if (err == nil) != (tt.field == "") || err != nil && wire.Public(err).Field != tt.field {
				t.Errorf("got %v, want field %q", err, tt.field)
			}
		})
	}
}

// What is sent to everybody up to five times a second stays small, whatever
// thousands write.
func TestTalliesStaySmall(t *testing.T) {
	for _, ask := range []poll.Create{{Kind: poll.KindCloud, Words: 5}, {Kind: poll.KindText}, {Kind: poll.KindNumber}} {
		c := newClass()
		ask.Text, ask.Open = "Well?", true
		id := c.Must(t, maya, ask)
		for i := range 1000 {
			vote := poll.Vote{Poll: id}
			switch ask.Kind {
			case poll.KindCloud:
				for w := range 5 {
					vote.Words = append(vote.Words, fmt.Sprintf("%s%d", strings.Repeat("q", 25), (i*5+w)%4999))
				}
			case poll.KindText:
				vote.Text = strings.Repeat("学", poll.MaxText-4) + fmt.Sprint(i)
			default:
				x := float64(i) * 1e9 / 3
				vote.Value = &x
			}
			c.Must(t, viewer(i), vote)
		}
		v, _ := c.State.Tally(id, false)
		result := v.Data.(poll.TallyView).Result
		size := len(encode(t, v.Data))
		if len(result.Words) > poll.MaxCloud || len(result.Texts) > poll.MaxTexts || len(result.Histogram) > 12 || size > 5<<10 {
			t.Errorf("%s: %d bytes with %d words, %d texts, %d bars", ask.Kind, size, len(result.Words), len(result.Texts), len(result.Histogram))
		}
		c.Must(t, maya, poll.Close{Poll: id})
		if closed := len(encode(t, c.State.Snapshot(false)[0])); closed > 17<<10 { // as in every welcome
			t.Errorf("%s: %d bytes when it is closed", ask.Kind, closed)
		}
		t.Logf("%s: %d bytes", ask.Kind, size)
	}
}

// A cloud counts what was meant: cut into words, folded, once for a person.
func TestCloudReadsChinese(t *testing.T) {
	c := newClass()
	id := c.Must(t, maya, poll.Create{Text: "这节课如何？", Kind: poll.KindCloud, Words: 2, Open: true})
	for i, words := range [][]string{{"我喜欢机器学习"}, {"機器學習", "机器学习"}, {"ＧＯ"}, {"go", "好"}, {"no"}} {
		c.Must(t, viewer(i), poll.Vote{Poll: id, Words: words})
	}
	got := map[string]int{}
	for _, w := range c.State.Snapshot(false)[0].Result.Words {
		got[w.Word] = w.N
	}
	want := map[string]int{"喜欢": 1, "机器学习": 2, "GO": 2, "好": 1, "no": 1}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestOutcome(t *testing.T) {
	topic := &poll.Act{Act: poll.ActTopic, Value: "B it is"}
	ask := poll.Create{Text: "Well?", Choices: []string{"a", "b", "c"}, Open: true, Then: []*poll.Act{nil, topic, {Act: poll.ActPin, Value: "go-101"}}}
	ranked := ask
	ranked.Kind = poll.KindRanking
	tests := []struct {
		name  string
		ask   poll.Create
		votes [][]int
		want  string
	}{
		{"nobody", ask, nil, ""},
		{"the winner's", ask, [][]int{{1}, {1}, {0}}, "topic B it is"},
		{"another winner's", ask, [][]int{{1}, {2}, {2}}, "pin go-101"},
		{"a winner without one", ask, [][]int{{0}}, ""},
		{"two are equal", ask, [][]int{{1}, {2}}, ""},
		{"the best ranked", ranked, [][]int{{1, 0, 2}, {0, 1, 2}, {1, 2, 0}}, "topic B it is"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newClass()
			id := c.Must(t, maya, tt.ask)
			for i, choices := range tt.votes {
				c.Must(t, viewer(i), poll.Vote{Poll: id, Choices: choices})
			}
			got := ""
			if then, ok := poll.Outcome(&c.State, id); ok {
				got = then.Act + " " + then.Value.Text
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestQuickPolls(t *testing.T) {
	for kind, choices := range map[string]int{"yesno": 2, "abcd": 4, "understood": 3} {
		c := newClass()
		c.Must(t, maya, poll.Quick{Kind: kind})
		v := c.State.Snapshot(false)[0]
		if v.Phase != poll.PhaseOpen || len(v.Choices) != choices || v.Text == "" || v.Quick != kind {
			t.Errorf("%s: %+v", kind, v)
		}
	}
	c := newClass()
	if _, err := c.Do(maya, poll.Quick{Kind: "maybe"}); code(err) != "wire.field" {
		t.Errorf("an unknown kind: %v", err)
	}
	if _, err := c.Do(ana, poll.Quick{Kind: "yesno"}); code(err) != "auth.forbidden" {
		t.Errorf("by a viewer: %v", err)
	}
}

// Logs that were written before there were kinds read as they always have.
func TestOldLogs(t *testing.T) {
	var s poll.State
	apply := func(seq uint64, by wire.UserID, data string, into any) {
		t.Helper()
		if err := wire.Decode([]byte(data), into); err != nil {
			t.Fatal(err)
		}
		s.Apply(wire.Head{Seq: seq, At: 5, By: by}, reflect.ValueOf(into).Elem().Interface().(poll.Event))
	}
	apply(1, "maya", `{"text":{"owner":"maya","text":"Well?"},"choices":[{"owner":"maya","text":"a"},{"owner":"maya","text":"b"}],"max":2,"hidden":true,"open":true}`, new(poll.Created))
	apply(2, "ana", `{"poll":1,"choices":[0,1]}`, new(poll.Voted))
	apply(3, "ben", `{"poll":1,"choices":[1]}`, new(poll.Voted))
	const open = `[{"id":1,"text":"Well?","choices":["a","b"],"max":2,"hidden":true,"phase":"open","at":5,"voters":2,"counts":null}]`
	if got := string(encode(t, s.Snapshot(false))); got != open {
		t.Errorf("got %s, want %s", got, open)
	}
	apply(4, "maya", `{"poll":1}`, new(poll.Closed))
	const closed = `[{"id":1,"text":"Well?","choices":["a","b"],"max":2,"hidden":true,"phase":"closed","at":5,"voters":2,"counts":[1,2]}]`
	if got := string(encode(t, s.Snapshot(false))); got != closed {
		t.Errorf("got %s, want %s", got, closed)
	}
}

// BenchmarkCloudTally is what a storm of words costs every 200 ms.
func BenchmarkCloudTally(b *testing.B) {
	c := newClass()
	id := c.Must(b, maya, poll.Create{Text: "Well?", Kind: poll.KindCloud, Words: 3, Open: true})
	vote := func(i int) {
		c.Must(b, viewer(i%5000), poll.Vote{Poll: id, Words: []string{fmt.Sprintf("word%dx", i%701), fmt.Sprintf("term%dx", i%97), "fun"}})
		c.Log, c.Heads = c.Log[:0], c.Heads[:0]
	}
	for i := range 5000 {
		vote(i)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		vote(i + i/5000)
		encode(b, must2(c.State.Tally(id, false)).Data)
	}
}

func must2(v wire.View, _ bool) wire.View { return v }

// BenchmarkTextTally is a tally of 10,000 answers in people's own words, after
// one of them has changed.
func BenchmarkTextTally(b *testing.B) {
	c := newClass()
	id := c.Must(b, maya, poll.Create{Text: "?", Kind: poll.KindText, Open: true})
	for i := range 10_000 {
		c.Must(b, viewer(i), poll.Vote{Poll: id, Text: fmt.Sprint("said first ", i)})
	}
	for i := 0; b.Loop(); i++ {
		c.Must(b, viewer(i%10_000), poll.Vote{Poll: id, Text: fmt.Sprint("said then ", i)})
		c.State.Tally(id, true)
	}
}

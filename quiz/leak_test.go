package quiz_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/internal/classtest"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/wire"
)

// seen is all that the people of a class are shown, but for the drafts. Of
// ana and ben, only ana's personal views are in it.
func (c *class) seen(t classtest.T, shown []views) []byte {
	var all []any
	for _, v := range shown {
		if v.Staff != nil {
			continue
		}
		all = append(all, v.All, v.Personal["ana"])
	}
	tally, _ := c.State.Tally()
	own, standing := c.State.Mine("ana")
	return encode(t, append(all, c.State.Snapshot(who), tally, own, standing, c.State.Finished()))
}

// secret is a question that can have one of several keys, and answers to it.
type secret struct {
	keys    []quiz.Draft
	answers []quiz.Answer
}

func secrets() map[string]secret {
	of := func(d quiz.Draft, change func(*quiz.Draft)) quiz.Draft {
		d.Text = "Which? [[1]] [[2]]"
		change(&d)
		return d
	}
	picks := []quiz.Answer{{Choices: []int{0}}, {Choices: []int{1}}, {Choices: []int{3}}}
	several := append([]quiz.Answer{{Choices: []int{0, 1}}, {Choices: []int{0, 2}}}, picks...)
	choice := func(correct ...int) quiz.Draft { return of(ask(correct...), func(*quiz.Draft) {}) }
	accept := func(texts ...string) quiz.Draft {
		return of(quiz.Draft{Type: quiz.TypeText}, func(d *quiz.Draft) { d.Accept = texts })
	}
	ranges := func(list ...quiz.Range) quiz.Draft {
		return of(quiz.Draft{Type: quiz.TypeNumeric}, func(d *quiz.Draft) { d.Ranges = list })
	}
	gaps := func(lists ...[]string) quiz.Draft {
		return of(quiz.Draft{Type: quiz.TypeGaps}, func(d *quiz.Draft) { d.Gaps = lists })
	}
	either := func(correct int) quiz.Draft {
		return of(quiz.Draft{Type: quiz.TypeTrueFalse}, func(d *quiz.Draft) { d.Choices, d.Correct = []string{"True", "False"}, []int{correct} })
	}
	areas := func(list ...quiz.Area) quiz.Draft {
		return of(quiz.Draft{Type: quiz.TypeHotspot, Media: &quiz.DraftMedia{URL: picture, Kind: quiz.MediaImage, Alt: "a map"}}, func(d *quiz.Draft) { d.Areas = list })
	}
	explained := func(why string) quiz.Draft { return of(ask(1), func(d *quiz.Draft) { d.Explanation = why }) }
	return map[string]secret{
		"one choice":      {[]quiz.Draft{choice(0), choice(3), choice(1)}, picks},
		"several choices": {[]quiz.Draft{choice(0, 1), choice(0, 2), choice(0, 1, 2, 3)}, several},
		"true or false":   {[]quiz.Draft{either(0), either(1)}, picks[:2]},
		"text":            {[]quiz.Draft{accept("ana"), accept("ben", "bé"), accept("x")}, []quiz.Answer{{Text: "Ana"}, {Text: "x"}}},
		"number":          {[]quiz.Draft{ranges(quiz.Range{Min: 1, Max: 2}), ranges(quiz.Range{Min: 5, Max: 5}, quiz.Range{})}, []quiz.Answer{{Number: new(1.5)}, {Number: new(5.0)}}},
		"gaps":            {[]quiz.Draft{gaps([]string{"a"}, []string{"b"}), gaps([]string{"b", "c"}, []string{"a"})}, []quiz.Answer{{Texts: []string{"a", ""}}, {Texts: []string{"b", "a"}}}},
		"point": {
			[]quiz.Draft{areas(quiz.Area{W: 0.5, H: 0.5}), areas(quiz.Area{X: 0.5, Y: 0.5, W: 0.5, H: 0.5}, quiz.Area{X: 0.1, W: 0.1, H: 0.1}), areas(quiz.Area{W: 1, H: 1})},
			[]quiz.Answer{{Point: &quiz.Point{0.1, 0.1}}, {Point: &quiz.Point{0.9, 0.9}}, {Point: &quiz.Point{0.9, 0.1}}},
		},
		"explanation": {[]quiz.Draft{explained("because"), explained("therefore")}, picks},
	}
}

// Two classes differ in what is correct in the question before them, or in
// what another person answered. Until the reveal nobody can tell one from the
// other by anything that is ever shown; at the reveal they can.
func TestNothingLeaksBeforeTheReveal(t *testing.T) {
	for name, s := range secrets() {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { tellApart(t, s) })
		})
	}
}

func tellApart(t *rapid.T, s secret) {
	base := quiz.Create{
		Title: "Quiz", Scoring: pick[quiz.Scoring](t, "scoring", "", quiz.Accuracy, quiz.Partial), Streak: pick(t, "streak", 0, 300),
		Teams: pick(t, "teams", nil, []string{"red", "blue"}), Shuffle: rapid.Bool().Draw(t, "shuffle"),
	}
	answer := func(label string) quiz.Answer {
		a := pick(t, label, s.answers...)
		a.Quiz, a.Question = 1, 1
		return a
	}
	keys := rapid.Permutation(s.keys).Draw(t, "keys")
	bens := answer("ben's answer")
	others := bens
	if rapid.Bool().Draw(t, "ben answers otherwise there") {
		others = answer("ben's other answer")
	}
	twins := [2]*class{newClass(), newClass()}
	do := func(by wire.Actor, one, other quiz.Command) (same bool) {
		t.Helper()
		var seen [2][]byte
		for i, cmd := range []quiz.Command{one, other} {
			shown, err := twins[i].Do(by, cmd)
			seen[i] = append(twins[i].seen(t, shown), fmt.Sprint(err)...)
		}
		return bytes.Equal(seen[0], seen[1])
	}
	both := func(by wire.Actor, cmd quiz.Command) {
		t.Helper()
		if !do(by, cmd, cmd) {
			t.Fatalf("%T tells the classes apart", cmd)
		}
	}
	with := func(key quiz.Draft) quiz.Create {
		c := base
		c.Questions = []quiz.Draft{ask(0), key}
		return c
	}
	do(maya, with(keys[0]), with(keys[1]))
	both(maya, quiz.Ask{Quiz: 1, Seed: rapid.Uint64().Draw(t, "seed")})
	both(ana, quiz.Answer{Quiz: 1, Choices: []int{0}})
	both(maya, quiz.Close{Quiz: 1})
	both(maya, quiz.Reveal{Quiz: 1})
	both(maya, quiz.Ask{Quiz: 1})

	steps := []func(){
		func() { both(ana, answer("ana's answer")) },
		func() { both(ana, answer("ana's second thought")) },
		func() { both(ana, quiz.Answer{Quiz: 1, Question: 0, Choices: []int{1}}) },
		func() { both(ana, quiz.Join{Quiz: 1, Team: 2}) },
		func() { both(maya, quiz.Finish{Quiz: 1}) }, // refused: the question is open
		func() { both(maya, quiz.Extend{Quiz: 1, Seconds: 1}) },
		func() { both(maya, quiz.Pause{Quiz: 1}); both(maya, quiz.Resume{Quiz: 1}) },
		func() {
			if !do(ben, bens, others) {
				t.Fatalf("ben's answer tells the classes apart")
			}
		},
	}
	for _, step := range rapid.Permutation(steps).Draw(t, "order") {
		for _, twin := range twins {
			twin.Wait(time.Second)
		}
		step()
	}
	for _, twin := range twins {
		twin.Wait(21 * time.Second)
	}
	both(wire.System, quiz.Tick{})
	both(ana, answer("ana's late answer"))
	for _, query := range []quiz.Check{{Quiz: 1, Choices: []int{0}}, {Quiz: 1, Question: 1, Choices: []int{0}}} {
		if _, err := twins[0].State.Check(query); err == nil {
			t.Fatal("a quiz that runs can be practised")
		}
	}
	if do(maya, quiz.Reveal{Quiz: 1}, quiz.Reveal{Quiz: 1}) {
		t.Fatalf("the reveal shows nothing")
	}
}

// The order in which things are shown does not tell the right one: whatever it
// is, each order of what is shown comes as often.
func TestShownOrderTellsNothing(t *testing.T) {
	items := []string{"one", "two", "three"}
	d := quiz.Draft{Type: quiz.TypeOrder, Text: "?", Choices: items}
	m := quiz.Draft{Type: quiz.TypeMatch, Text: "?", Pairs: []quiz.DraftPair{{Left: "1", Right: "one"}, {Left: "2", Right: "two"}, {Left: "3", Right: "three"}}}
	const rounds = 3000
	orders, rights, both := map[string]int{}, map[string]int{}, map[string]int{}
	for seed := range uint64(rounds) {
		c := newClass()
		c.Must(t, maya, quiz.Create{Title: "Quiz", Questions: []quiz.Draft{d, m}})
		c.Must(t, maya, quiz.Ask{Quiz: 1, Seed: seed})
		first := fmt.Sprint(c.State.Snapshot(who).Current.Choices)
		for _, cmd := range []quiz.Command{quiz.Close{Quiz: 1}, quiz.Reveal{Quiz: 1}, quiz.Ask{Quiz: 1}} {
			c.Must(t, maya, cmd)
		}
		v := c.State.Snapshot(who).Current
		if !slices.Equal(v.Lefts, []string{"1", "2", "3"}) {
			t.Fatalf("lefts %v", v.Lefts)
		}
		orders[first]++
		rights[fmt.Sprint(v.Rights)]++
		both[first+fmt.Sprint(v.Rights)]++
	}
	for _, of := range []struct {
		kinds int
		found map[string]int
	}{{6, orders}, {6, rights}, {36, both}} { // the two questions' orders tell nothing of each other
		kinds, found := of.kinds, of.found
		if len(found) != kinds {
			t.Fatalf("%d orders: %v", len(found), found)
		}
		chi := 0.0 // of 35 degrees of freedom at most: above 75 once in 10,000
		for _, n := range found {
			want := float64(rounds) / float64(kinds)
			chi += (float64(n) - want) * (float64(n) - want) / want
		}
		if chi > 75 {
			t.Errorf("χ² = %.1f: %v", chi, found)
		}
	}
}

// What was revealed never changes: not by answers, late or other, nor by any
// step out of turn, until the next question is asked.
func TestResultStands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newClass()
		do := func(by wire.Actor, cmd quiz.Command) { _, _ = c.Do(by, cmd) }
		do(maya, quiz.Create{Title: "Quiz", Questions: []quiz.Draft{ask(0), ask(1)}})
		do(maya, quiz.Ask{Quiz: 1})
		do(ana, quiz.Answer{Quiz: 1, Choices: []int{0}})
		do(maya, quiz.Close{Quiz: 1})
		do(maya, quiz.Reveal{Quiz: 1})
		result := encode(t, c.State.Snapshot(who))
		for range rapid.IntRange(1, 8).Draw(t, "attempts") {
			c.Wait(time.Second)
			do(rapid.SampledFrom([]wire.Actor{ana, ben, maya, wire.System}).Draw(t, "by"), rapid.SampledFrom([]quiz.Command{
				quiz.Answer{Quiz: 1, Choices: []int{0}, At: wire.At(c.Now) - 5000},
				quiz.Answer{Quiz: 1, Choices: []int{3}},
				quiz.Answer{Quiz: 1, Question: 1, Choices: []int{1}},
				quiz.Close{Quiz: 1}, quiz.Reveal{Quiz: 1}, quiz.Tick{}, quiz.Drop{Quiz: 1}, quiz.Join{Quiz: 1, Team: 1},
				quiz.Pause{Quiz: 1}, quiz.Resume{Quiz: 1}, quiz.Extend{Quiz: 1, Seconds: 9},
				quiz.Allow{User: "ben", Allowance: quiz.Allowance{Untimed: true}},
				quiz.Edit{Quiz: 1, Create: quiz.Create{Title: "Other", Questions: []quiz.Draft{ask(3)}}},
			}).Draw(t, "attempt"))
			if now := encode(t, c.State.Snapshot(who)); !bytes.Equal(now, result) {
				t.Fatalf("the result was\n%s\nand is\n%s", result, now)
			}
		}
	})
}

package experiment_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/recommend/experiment"
	"github.com/lyceum-live/lyceum/wire"
)

func spec(t testing.TB, text string) experiment.Spec {
	t.Helper()
	var s experiment.Spec
	if err := s.UnmarshalText([]byte(text)); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return s
}

const minute = wire.Millis(60_000)

func TestSpecIsReadAsItIsWritten(t *testing.T) {
	want := experiment.Spec{
		Name: "variety", Layer: "lists", From: 0.25, To: 0.75, Window: 36 * time.Hour, Effect: 0.1,
		Arms: []experiment.Arm{
			{Name: "control", Weight: 1, Set: map[string]string{}},
			{Name: "varied", Weight: 2.5, Set: map[string]string{"diversity": "0.4", "explore": "0.1"}},
		},
	}
	got := spec(t, "  variety layer=lists share=0.25..0.75 window=36h effect=0.1|control | varied:2.5 explore=0.1 diversity=0.4 ")
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v", got)
	}
	text, _ := got.MarshalText()
	if again := spec(t, string(text)); !reflect.DeepEqual(again, want) {
		t.Errorf("%s is %+v", text, again)
	}
}

func TestBadSpecs(t *testing.T) {
	for text, want := range map[string]string{
		"":                                   "a name",
		"x":                                  "2 to 8 arms",
		"x | a":                              "2 to 8 arms",
		"x | a | a":                          "two arms a",
		"X | a | b":                          "name",
		"x | a | B":                          "arm",
		"x | a |":                            "an arm needs a name",
		"x | a | b:":                         "not a number",
		"x | a | b:0":                        "weight",
		"x | a | b:NaN":                      "weight",
		"x | a | b:-1":                       "weight",
		"x | a | b c":                        "name=value",
		"x | a | b c=1 c=2":                  "once",
		"x share=0.5 | a | b":                "share",
		"x share=0.5..0.4 | a | b":           "share",
		"x share=0..1.5 | a | b":             "share",
		"x share=NaN..1 | a | b":             "share",
		"x window=1s | a | b":                "window",
		"x window=soon | a | b":              "window",
		"x effect=0 | a | b":                 "effect",
		"x effect=NaN | a | b":               "effect",
		"x of=1 | a | b":                     "no option",
		"x interleave | a | b | c":           "interleaved",
		"x interleave | a | b:2":             "one weight",
		"x|a|b|c|d|e|f|g|h|i":                "2 to 8 arms",
		strings.Repeat("x", 41) + " | a | b": "name",
	} {
		var s experiment.Spec
		if err := s.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	meet := []experiment.Spec{spec(t, "x layer=l share=0..0.6 | a | b"), spec(t, "y layer=l share=0.5..1 | a | b")}
	if experiment.CheckAll(meet) == nil {
		t.Error("two experiments of one layer share people")
	}
	meet[1] = spec(t, "x | a | b")
	if experiment.CheckAll(meet) == nil {
		t.Error("two experiments have one name")
	}
}

// Arms have the shares of people that their weights say; who is where in one
// experiment says nothing of where they are in another; experiments of one layer
// have nobody in common; and a person's arm never changes.
func TestAssignment(t *testing.T) {
	const people = 40_000
	a, b := spec(t, "first | x | y:3"), spec(t, "second | x | y:3")
	low, high := spec(t, "low layer=l share=0..0.3 | x | y"), spec(t, "high layer=l share=0.3..1 | x | y")
	var inY [2]float64
	both, lows, highs := 0.0, 0.0, 0.0
	for n := range people {
		id := wire.UserID(fmt.Sprintf("u%d", n))
		first, _ := a.Assign(id)
		second, _ := b.Assign(id)
		inY[0] += float64(first)
		inY[1] += float64(second)
		both += float64(first * second)
		_, isLow := low.Assign(id)
		_, isHigh := high.Assign(id)
		if isLow == isHigh {
			t.Fatalf("%s is in both or neither", id)
		}
		if isLow {
			lows++
		} else {
			highs++
		}
		if again, _ := a.Assign(id); again != first {
			t.Fatalf("%s changed", id)
		}
	}
	near := func(name string, got, want float64) {
		if sd := math.Sqrt(people * want * (1 - want)); math.Abs(got-people*want) > 4*sd {
			t.Errorf("%s: %v of %v", name, got, people*want)
		}
	}
	near("first", inY[0], 0.75)
	near("second", inY[1], 0.75)
	near("both", both, 0.75*0.75)
	near("low", lows, 0.3)
	near("high", highs, 0.7)
}

// event is one step of a random life of an experiment.
type event struct {
	what   string
	person wire.UserID
	at     wire.Millis
	h      experiment.Happening
	arm    string
}

func events(t *rapid.T) []event {
	at := wire.Millis(1_000_000)
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) event {
		at += wire.Millis(rapid.IntRange(-30_000, 400_000).Draw(t, "later"))
		person := wire.UserID(fmt.Sprintf("u%d", rapid.IntRange(0, 30).Draw(t, "person")))
		return event{
			what:   rapid.SampledFrom([]string{"expose", "expose", "do", "do", "do", "do", "do", "forget", "stop"}).Draw(t, "what"),
			person: person, at: at, arm: rapid.SampledFrom([]string{"control", "one", "two", "none"}).Draw(t, "arm"),
			h: experiment.Happening{
				Person: person, At: at, Bought: rapid.Bool().Draw(t, "bought"), Clicked: rapid.Bool().Draw(t, "clicked"),
				Hid: rapid.IntRange(0, 5).Draw(t, "hid") == 0, Left: rapid.Bool().Draw(t, "left"),
				Minutes: rapid.Float64Range(0, 100).Draw(t, "minutes"), Rated: rapid.Bool().Draw(t, "rated"), Rating: 0.5,
			},
		}
	}), 0, 300).Draw(t, "events")
}

func play(trial *experiment.Trial, list []event) {
	for _, e := range list {
		switch e.what {
		case "expose":
			if s, ok := trial.Serve(e.person); ok && s.Expose {
				trial.Expose(e.person, trial.Arms[s.Arm].Name, 1, e.at)
			}
		case "do":
			trial.Observe(e.h)
		case "forget":
			trial.Forget(e.person)
		case "stop":
			if e.person == "u7" { // seldom
				trial.Decide(experiment.Decision{At: e.at, What: experiment.Stopped, Arm: e.arm, By: experiment.Operator})
			}
		}
	}
}

// A fold counts as a naive model does: each person once, at their first exposure,
// by what they did within the window after it and before their arm was stopped.
// The same events give the same digest.
func TestTrialAgainstNaiveModel(t *testing.T) {
	s := spec(t, "x window=10m | control | one | two")
	rapid.Check(t, func(t *rapid.T) {
		list := events(t)
		trial := experiment.NewTrial(s)
		play(trial, list)
		got := trial.Report()

		type member struct {
			arm string
			at  wire.Millis
			did [4]bool
		}
		members, all := map[wire.UserID]*member{}, []*member{}
		stopped := map[string]bool{}
		for i, e := range list {
			// What guardrails and operators decide is taken from the trial itself, played up to here.
			before := experiment.NewTrial(s)
			if slices.ContainsFunc(got.Decisions, func(d experiment.Decision) bool { return d.At == e.at }) {
				play(before, list[:i])
				for _, d := range before.Report().Decisions {
					stopped[d.Arm] = true
				}
			}
			m := members[e.person]
			switch e.what {
			case "expose":
				arm, _ := s.Assign(e.person)
				name := s.Arms[arm].Name
				if m == nil && !stopped[name] && !(stopped["one"] && stopped["two"]) {
					members[e.person] = &member{arm: name, at: e.at}
					all = append(all, members[e.person])
				}
			case "do":
				if m == nil || e.at < m.at || e.at-m.at >= 10*minute || stopped[m.arm] {
					continue
				}
				for k, did := range []bool{e.h.Bought, e.h.Clicked, e.h.Hid, e.h.Left} {
					m.did[k] = m.did[k] || did
				}
			case "forget":
				delete(members, e.person)
			case "stop":
				if e.person == "u7" && (e.arm == "one" || e.arm == "two") {
					stopped[e.arm] = true
				}
			}
			for _, d := range got.Decisions {
				if d.At == e.at {
					after := experiment.NewTrial(s)
					play(after, list[:i+1])
					for _, d := range after.Report().Decisions {
						stopped[d.Arm] = true
					}
				}
			}
		}
		for _, arm := range got.Arms {
			exposed, did := 0, [4]int{}
			for _, m := range all {
				if m.arm != arm.Name {
					continue
				}
				exposed++
				for k := range did {
					if m.did[k] {
						did[k]++
					}
				}
			}
			if arm.Exposed != exposed {
				t.Fatalf("%s: %d exposed, want %d", arm.Name, arm.Exposed, exposed)
			}
			for k, metric := range []experiment.Metric{experiment.Purchase, experiment.Click, experiment.Hide, experiment.Leave} {
				if arm.Did[metric] != did[k] {
					t.Fatalf("%s: %s %d, want %d", arm.Name, metric, arm.Did[metric], did[k])
				}
			}
		}
		again := experiment.NewTrial(s)
		play(again, list)
		if again.Digest() != trial.Digest() {
			t.Fatal("the same events give another digest")
		}
	})
}

// life makes a trial of two arms in which everybody under the arm hides things
// and half of the others.
func harmful(t *testing.T) (*experiment.Trial, wire.Millis) {
	trial := experiment.NewTrial(spec(t, "x window=1h | control | arm"))
	chance := rand.New(rand.NewPCG(1, 1))
	at := wire.Millis(1)
	for n := 0; n < 5000; n++ {
		id := wire.UserID(fmt.Sprintf("u%d", n))
		at += 1000
		s, ok := trial.Serve(id)
		if !ok {
			return trial, at
		}
		trial.Expose(id, trial.Arms[s.Arm].Name, 0, at)
		if s.Arm == 1 || chance.Float64() < 0.3 {
			if decided := trial.Observe(experiment.Happening{Person: id, At: at + 1, Hid: true}); len(decided) > 0 {
				return trial, at
			}
		}
	}
	t.Fatal("the arm was never stopped")
	return nil, 0
}

// A guardrail stops a harmful arm: its people are served as the control, nobody
// comes in any more, nothing that they do counts, and the decision says why.
func TestGuardrailStopsAnArm(t *testing.T) {
	trial, at := harmful(t)
	r := trial.Report()
	if r.State != "stopped" || len(r.Decisions) != 1 || r.Decisions[0].By != string(experiment.Hide) || r.Decisions[0].Arm != "arm" {
		t.Fatalf("%s, %+v", r.State, r.Decisions)
	}
	if d := r.Decisions[0]; d.P > experiment.GuardLevel/2 || d.Arms <= d.Events/2 {
		t.Errorf("%+v", d)
	}
	for n := range 50 {
		id := wire.UserID(fmt.Sprintf("u%d", n))
		if s, ok := trial.Serve(id); ok && (s.Arm != 0 || s.Expose) {
			t.Fatalf("%s: %+v", id, s)
		}
	}
	if _, ok := trial.Serve("somebody-new"); ok {
		t.Error("somebody came into an experiment that is over")
	}
	before := trial.Report().Arms[1].Did[experiment.Purchase]
	for n := range 50 {
		trial.Observe(experiment.Happening{Person: wire.UserID(fmt.Sprintf("u%d", n)), At: at, Bought: true})
	}
	if after := trial.Report().Arms[1].Did[experiment.Purchase]; after != before {
		t.Errorf("%d purchases under the stopped arm count", after-before)
	}
}

// Of three arms one is stopped: how the others share the people that come from
// then on is still as it is meant.
func TestStoppedArmLeavesTheSplitAlone(t *testing.T) {
	trial := experiment.NewTrial(spec(t, "x | control | one | two:3"))
	for n := range 6000 {
		if n == 1500 {
			trial.Decide(experiment.Decision{What: experiment.Stopped, Arm: "two", By: experiment.Operator})
		}
		id := wire.UserID(fmt.Sprintf("u%d", n))
		if s, ok := trial.Serve(id); ok && s.Expose {
			trial.Expose(id, trial.Arms[s.Arm].Name, 0, wire.Millis(n+1))
		}
	}
	if r := trial.Report(); r.Split.Off || r.State != "running" || r.Arms[0].Exposed < 1100 {
		t.Errorf("%+v, %s, %d", r.Split, r.State, r.Arms[0].Exposed)
	}
}

func TestShippingAnArm(t *testing.T) {
	trial := experiment.NewTrial(spec(t, "x | control | arm"))
	ship := experiment.Decision{At: 1, What: experiment.Shipped, Arm: "arm", By: experiment.Operator}
	for _, bad := range []experiment.Decision{
		{What: experiment.Shipped, Arm: "none"}, {What: "else", Arm: "arm"}, {What: experiment.Stopped, Arm: "control"},
	} {
		if trial.Decide(bad) || trial.Can(bad.What, bad.Arm) {
			t.Errorf("%+v was taken", bad)
		}
	}
	if !trial.Can(ship.What, ship.Arm) || !trial.Decide(ship) || trial.Decide(ship) {
		t.Error("an arm is shipped once")
	}
	if s, ok := trial.Serve("anybody"); !ok || s.Arm != 1 || s.Expose {
		t.Errorf("%+v, %v", s, ok)
	}
	if r := trial.Report(); r.State != "shipped" || r.Shipped != "arm" {
		t.Errorf("%s, %s", r.State, r.Shipped)
	}
}

// A list is drafted fairly: it has everything once, every pick is the best of
// its ranker's that was left, each round has one pick of each, and either ranker
// is as often first.
func TestInterleave(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 12).Draw(t, "candidates")
		ranking := func(name string) []int {
			list := make([]int, n)
			for i := range list {
				list[i] = i
			}
			return rapid.Permutation(list).Draw(t, name)
		}
		first, second := ranking("first"), ranking("second")
		limit := rapid.IntRange(0, 14).Draw(t, "limit")
		chance := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		list := experiment.Interleave(slices.Clone(first), slices.Clone(second), limit, func() bool { return chance.Uint64()&1 == 1 })
		if len(list) != min(n, limit) {
			t.Fatalf("%d of %d, at most %d", len(list), n, limit)
		}
		taken := map[int]bool{}
		for i, p := range list {
			ranking := first
			if p.Second {
				ranking = second
			}
			for _, at := range ranking {
				if !taken[at] {
					if at != p.At {
						t.Fatalf("pick %d is %d, and %d is better", i, p.At, at)
					}
					break
				}
			}
			taken[p.At] = true
			if i%2 == 1 && list[i-1].Second == p.Second {
				t.Fatalf("picks %d and %d are one ranker's", i-1, i)
			}
		}
	})
	chance := rand.New(rand.NewPCG(2, 2))
	led := 0
	for range 10_000 {
		if experiment.Interleave([]int{0, 1}, []int{1, 0}, 2, func() bool { return chance.Uint64()&1 == 1 })[0].Second {
			led++
		}
	}
	if led < 4800 || led > 5200 {
		t.Errorf("the second ranker was first %d of 10000 times", led)
	}
}

// The first click in a list wins it, and only for what was in the list.
func TestFirstClickWinsTheList(t *testing.T) {
	trial := experiment.NewTrial(spec(t, "x interleave window=1h | control | rule"))
	click := func(person wire.UserID, item string) {
		trial.Observe(experiment.Happening{Person: person, Item: item, At: 2000, Clicked: true})
	}
	for _, id := range []wire.UserID{"ana", "ben"} {
		s, _ := trial.Serve(id)
		trial.Expose(id, trial.Arms[s.Arm].Name, 0, 1000)
		trial.Show(id, "l1", "a", "rule", 1500)
		trial.Show(id, "l1", "b", "control", 1500)
	}
	click("ana", "elsewhere")
	click("ana", "a")
	click("ana", "b") // the list was won
	trial.Show("ben", "l2", "c", "control", 1600)
	click("ben", "a") // of a list that another took the place of
	click("ben", "c")
	click("eve", "c") // never came in
	if d := trial.Report().Draft; d == nil || d.Lists != 2 || d.Second != 1 {
		t.Errorf("%+v", d)
	}
}

package quiz_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/wire"
)

// seen is all that the people of a class are shown, but for the drafts. Of
// ana and ben, only ana's personal views are in it.
func (c *class) seen(t fataler, shown []views) []byte {
	var all []any
	for _, v := range shown {
		if v.staff != nil {
			continue
		}
		all = append(all, v.all, v.personal["ana"])
	}
	tally, _ := c.state.Tally()
	own, standing := c.state.Mine("ana")
	return encode(t, append(all, c.state.Snapshot(who), tally, own, standing))
}

// Two classes differ in what is correct in the question before them, or in
// what another person picked. Until the reveal nobody can tell one from the
// other by anything that is ever shown; at the reveal they can.
func TestNothingLeaksBeforeTheReveal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := ask(0)
		keys := rapid.SampledFrom([][2][]int{{{0}, {3}}, {{1}, {2}}, {{0, 1}, {0, 2}}, {{0, 1}, {0, 1, 2, 3}}}).Draw(t, "keys")
		picks := rapid.SliceOfNDistinct(rapid.IntRange(0, 3), 1, len(keys[0]), rapid.ID[int])
		bens := picks.Draw(t, "ben's picks")
		others := bens
		if rapid.Bool().Draw(t, "ben picks otherwise there") {
			others = picks.Draw(t, "ben's other picks")
		}
		twins := [2]*class{newClass(), newClass()}
		do := func(by wire.Actor, one, other quiz.Command) (same bool) {
			t.Helper()
			var seen [2][]byte
			for i, cmd := range []quiz.Command{one, other} {
				shown, err := twins[i].do(by, cmd)
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
		do(maya, quiz.Create{Title: "Quiz", Questions: []quiz.Draft{first, ask(keys[0]...)}},
			quiz.Create{Title: "Quiz", Questions: []quiz.Draft{first, ask(keys[1]...)}})
		both(maya, quiz.Ask{Quiz: 1})
		both(ana, quiz.Answer{Quiz: 1, Choices: []int{0}})
		both(maya, quiz.Close{Quiz: 1})
		both(maya, quiz.Reveal{Quiz: 1})
		both(maya, quiz.Ask{Quiz: 1})

		steps := []func(){
			func() { both(ana, quiz.Answer{Quiz: 1, Question: 1, Choices: picks.Draw(t, "ana's picks")}) },
			func() { both(ana, quiz.Answer{Quiz: 1, Question: 1, Choices: picks.Draw(t, "ana's second thought")}) },
			func() { both(ana, quiz.Answer{Quiz: 1, Question: 0, Choices: []int{1}}) },
			func() { both(maya, quiz.Finish{Quiz: 1}) }, // refused: the question is open
			func() {
				a := quiz.Answer{Quiz: 1, Question: 1, Choices: bens}
				b := quiz.Answer{Quiz: 1, Question: 1, Choices: others}
				if !do(ben, a, b) {
					t.Fatalf("ben's answer tells the classes apart")
				}
			},
		}
		for _, step := range rapid.Permutation(steps).Draw(t, "order") {
			for _, twin := range twins {
				twin.wait(time.Second)
			}
			step()
		}
		for _, twin := range twins {
			twin.wait(20 * time.Second)
		}
		both(wire.System, quiz.Tick{})
		both(ana, quiz.Answer{Quiz: 1, Question: 1, Choices: []int{2}})
		if do(maya, quiz.Reveal{Quiz: 1}, quiz.Reveal{Quiz: 1}) {
			t.Fatalf("the reveal shows nothing")
		}
	})
}

// What was revealed never changes: not by answers, late or other, nor by any
// step out of turn, until the next question is asked.
func TestResultStands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newClass()
		do := func(by wire.Actor, cmd quiz.Command) { _, _ = c.do(by, cmd) }
		do(maya, quiz.Create{Title: "Quiz", Questions: []quiz.Draft{ask(0), ask(1)}})
		do(maya, quiz.Ask{Quiz: 1})
		do(ana, quiz.Answer{Quiz: 1, Choices: []int{0}})
		do(maya, quiz.Close{Quiz: 1})
		do(maya, quiz.Reveal{Quiz: 1})
		result := encode(t, c.state.Snapshot(who))
		for range rapid.IntRange(1, 8).Draw(t, "attempts") {
			c.wait(time.Second)
			do(rapid.SampledFrom([]wire.Actor{ana, ben, maya, wire.System}).Draw(t, "by"), rapid.SampledFrom([]quiz.Command{
				quiz.Answer{Quiz: 1, Choices: []int{0}, At: wire.At(c.now) - 5000},
				quiz.Answer{Quiz: 1, Choices: []int{3}},
				quiz.Answer{Quiz: 1, Question: 1, Choices: []int{1}},
				quiz.Close{Quiz: 1}, quiz.Reveal{Quiz: 1}, quiz.Tick{}, quiz.Drop{Quiz: 1},
				quiz.Edit{Quiz: 1, Create: quiz.Create{Title: "Other", Questions: []quiz.Draft{ask(3)}}},
			}).Draw(t, "attempt"))
			if now := encode(t, c.state.Snapshot(who)); !bytes.Equal(now, result) {
				t.Fatalf("the result was\n%s\nand is\n%s", result, now)
			}
		}
	})
}

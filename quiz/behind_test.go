package quiz_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/internal/classtest"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/wire"
)

func millis(n wire.Millis) time.Duration { return time.Duration(n) * time.Millisecond }

// behindClass asks one question of so many seconds in a class that ana sees
// late by so much.
func behindClass(t classtest.T, seconds int, behind wire.Millis) *class {
	t.Helper()
	c := newClass()
	d := ask(2)
	d.Seconds = &seconds
	c.Must(t, maya, quiz.Create{Title: "Quiz", Questions: []quiz.Draft{d}})
	c.Must(t, maya, quiz.Ask{Quiz: 1, Behind: map[wire.UserID]wire.Millis{ana.User: behind}})
	return c
}

// Whoever needs as long after the question has opened for them gets the same
// points, and is before or behind the same people on the board, however late
// their picture is: also over pauses, which they see as late.
func TestLatePicturesAreFair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seconds := rapid.SampledFrom([]int{0, 10, 20}).Draw(t, "seconds")
		reaction := wire.Millis(rapid.IntRange(0, 9_900).Draw(t, "reaction"))
		pause := wire.Millis(rapid.SampledFrom([]int{-1, 200, 3_000}).Draw(t, "paused after"))
		if pause == reaction {
			reaction++
		}
		answer := func(behind wire.Millis) (e quiz.Answered, took wire.Millis) {
			c := behindClass(t, seconds, behind)
			at := reaction
			for now := wire.Millis(0); ; now++ { // the class's time, and what is done in it
				switch {
				case pause >= 0 && now == pause:
					c.Must(t, maya, quiz.Pause{Quiz: 1})
				case pause >= 0 && now == pause+2_500:
					c.Must(t, maya, quiz.Resume{Quiz: 1})
				}
				if pause >= 0 && reaction > pause {
					at = reaction + 2_500
				}
				if now == at+behind {
					c.Must(t, ana, quiz.Answer{Quiz: 1, Choices: []int{2}})
					e := c.Log[c.Last()-1].(quiz.Answered)
					return e, e.At - c.State.Run.AskedAt
				}
				c.Wait(time.Millisecond)
			}
		}
		near, nearTook := answer(0)
		far, farTook := answer(wire.Millis(rapid.IntRange(0, int(quiz.MaxBehind)).Draw(t, "behind")))
		if near.Points != far.Points || nearTook != farTook {
			t.Fatalf("%d points after %d ms, and with a late picture %d after %d", near.Points, nearTook, far.Points, farTook)
		}
	})
}

// An answer is taken up to the end of its author's own time and no later, by
// whatever the question is closed; nobody gains more than the bound.
func TestNoAnswerAfterOnesOwnTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		behind := wire.Millis(rapid.IntRange(-10, 9_000).Draw(t, "behind"))
		c := behindClass(t, 10, behind)
		end := 10_000 + min(max(0, behind), quiz.MaxBehind)
		if rapid.Bool().Draw(t, "closed by hand") {
			after := wire.Millis(rapid.IntRange(1, 9_999).Draw(t, "after"))
			c.Wait(millis(after))
			c.Must(t, maya, quiz.Close{Quiz: 1})
			end -= 10_000 - after
		}
		off := wire.Millis(rapid.IntRange(-3000, 3000).Draw(t, "off"))
		at := c.State.Run.AskedAt + end + off
		if at < wire.At(c.Now) {
			return // before it is closed
		}
		c.Now = at.Time()
		_, _ = c.Do(wire.System, quiz.Tick{})
		_, err := c.Do(ana, quiz.Answer{Quiz: 1, Choices: []int{2}})
		want := ""
		if off >= 0 {
			want = "quiz.closed"
		}
		if code(err) != want {
			t.Fatalf("%d ms from the end of one who is %d ms late: %v", off, behind, err)
		}
	})
}

// Nobody learns what is right, nor does the quiz end, before the last of those
// who see it late has answered or had their time; then it does.
func TestNothingIsRevealedBeforeTheLastHasHadTheirTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		late := map[wire.UserID]wire.Millis{}
		for _, user := range []wire.UserID{"ana", "ben"} {
			late[user] = wire.Millis(rapid.IntRange(0, 5000).Draw(t, string(user)))
		}
		c := newClass()
		c.Must(t, maya, quiz.Create{Title: "Quiz", Questions: []quiz.Draft{ask(2)}})
		c.Must(t, maya, quiz.Ask{Quiz: 1, Behind: late})
		c.Wait(time.Second)
		answered := rapid.Bool().Draw(t, "ana has answered")
		if answered {
			c.Must(t, ana, quiz.Answer{Quiz: 1, Choices: []int{2}})
		}
		c.Must(t, maya, quiz.Close{Quiz: 1})
		wait := late["ben"]
		if !answered {
			wait = max(wait, late["ana"])
		}
		after := max(0, wait+wire.Millis(rapid.SampledFrom([]int{-1, 0, 1, -3000, 3000}).Draw(t, "asked for off the end")))
		c.Wait(millis(after))
		for _, cmd := range []quiz.Command{quiz.Finish{Quiz: 1}, quiz.Reveal{Quiz: 1}} {
			_, err := quiz.Decide(&c.State, c.Now, maya, cmd)
			if got := code(err); (got == "quiz.settling") != (after < wait) || got != "" && after >= wait {
				t.Fatalf("%T %d ms after the close, when the last has %d: %v", cmd, after, wait, err)
			}
			if e, refused := err.(*wire.Error); refused && e.RetryMS != int64(wait-after) {
				t.Fatalf("it says to come back in %d ms, not in %d", e.RetryMS, wait-after)
			}
		}
	})
}

// By how much somebody is late is found for each question anew.
func TestBehindHoldsForOneQuestion(t *testing.T) {
	c := newClass()
	c.Must(t, maya, quiz.Create{Title: "Quiz", Questions: []quiz.Draft{ask(2), ask(2)}})
	c.Must(t, maya, quiz.Ask{Quiz: 1, Behind: map[wire.UserID]wire.Millis{ana.User: 2000}})
	c.Must(t, maya, quiz.Close{Quiz: 1})
	c.Wait(2 * time.Second)
	c.Must(t, maya, quiz.Reveal{Quiz: 1})
	c.Must(t, maya, quiz.Ask{Quiz: 1})
	c.Wait(21 * time.Second)
	if _, err := c.Do(ana, quiz.Answer{Quiz: 1, Question: 1, Choices: []int{2}}); code(err) != "quiz.closed" {
		t.Errorf("an answer a second after the end: %v", err)
	}
}

// The end of the class ends it all: what is revealed then can be answered by
// nobody any more.
func TestTheEndOfTheClassWaitsForNobody(t *testing.T) {
	c := behindClass(t, 10, 3000)
	c.Must(t, maya, quiz.Close{Quiz: 1})
	for _, e := range quiz.EndAll(&c.State) {
		c.Apply(wire.System.User, e)
	}
	if _, err := c.Do(ana, quiz.Answer{Quiz: 1, Choices: []int{2}}); code(err) != "quiz.closed" {
		t.Errorf("after the end: %v", err)
	}
	if v := c.State.Snapshot(who); v.Phase != quiz.PhaseFinished || v.Current.Settles != 0 {
		t.Errorf("the quiz is %s and settles at %d", v.Phase, v.Current.Settles)
	}
}

// A class that everybody sees at once reads in the log as it always has.
func TestNobodyBehindLeavesNoTrace(t *testing.T) {
	c := behindClass(t, 10, 0)
	if got, want := string(encode(t, c.Log[1])), `{"quiz":1,"question":0}`; got != want {
		t.Errorf("the log has %s, not %s", got, want)
	}
}

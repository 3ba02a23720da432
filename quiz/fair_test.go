package quiz_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/internal/classtest"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/wire"
)

// after answers rightly after thinking so long, over a way that takes so long
// there and back and of which the server knows lag, and returns the points.
func after(t classtest.T, seconds int, think, trip, lag wire.Millis) int {
	t.Helper()
	c := newClass()
	d := ask(2)
	d.Seconds = &seconds
	if _, err := c.Do(maya, quiz.Create{Title: "Quiz", Questions: []quiz.Draft{d}}); err != nil {
		t.Fatalf("%v", err)
	}
	_, _ = c.Do(maya, quiz.Ask{Quiz: 1})
	c.Wait(time.Duration(think+trip) * time.Millisecond)
	if _, err := c.Do(ana, quiz.Answer{Quiz: 1, Choices: []int{2}, At: wire.At(c.Now), Lag: lag}); err != nil {
		t.Fatalf("after %d and %d ms: %v", think, trip, err)
	}
	return c.Log[c.Last()-1].(quiz.Answered).Points
}

// Two who think equally long are at most 6 points of 1,000 apart in 10 seconds,
// though the one's way is 20 ms and the other's 400.
func TestTheWayIsNotTheirFault(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		think := wire.Millis(rapid.IntRange(0, 9_500).Draw(t, "think"))
		trip := wire.Millis(rapid.IntRange(20, 400).Draw(t, "trip"))
		near := after(t, 10, think, 20, 20)
		most := 6
		if think < quiz.Quick && think+trip-min(trip, quiz.MaxLag) >= quiz.Quick { // what the cap leaves of the way crosses the formula's jump
			most += 1000 - quiz.Score(1000, quiz.Quick, 10_000)
		}
		if far := after(t, 10, think, trip, min(trip, quiz.MaxLag)); near-far > most || far > near {
			t.Fatalf("%d ms of thinking over 20 ms give %d, over %d ms %d", think, near, trip, far)
		}
	})
}

// Whoever makes the way look longer, by however much, gains at most 8 points of
// 1,000 in 20 seconds, and never answers after the bell by more than the cap.
func TestHoldingPongsGainsLittle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		think := wire.Millis(rapid.IntRange(int(quiz.Quick+quiz.MaxLag), 19_900).Draw(t, "think"))
		lie := wire.Millis(rapid.IntRange(0, 1_000_000).Draw(t, "lie"))
		honest := after(t, 20, think, 0, 0)
		if got := after(t, 20, think, 0, lie); got-honest > 8 || got < honest {
			t.Fatalf("%d instead of %d points", got, honest)
		}
		c := newClass()
		c.must2(t, quiz.Create{Title: "Quiz", Questions: []quiz.Draft{ask(2)}}, quiz.Ask{Quiz: 1})
		c.Wait(20*time.Second + time.Duration(quiz.MaxLag)*time.Millisecond)
		if _, err := c.Do(ana, quiz.Answer{Quiz: 1, Choices: []int{2}, At: wire.At(c.Now), Lag: lie}); code(err) != "quiz.closed" {
			t.Fatalf("late: %v", err)
		}
	})
}

// must2 carries out commands of the staff's.
func (c *class) must2(t classtest.T, commands ...quiz.Command) {
	t.Helper()
	for _, cmd := range commands {
		if _, err := c.Do(maya, cmd); err != nil {
			t.Fatalf("%T: %v", cmd, err)
		}
	}
}

// Whatever the type, the mode and the answer, it is worth no less than nothing
// and no more than the question, besides what a run of right answers adds.
func TestPointsAreWithinTheirBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newClass()
		create := drawCreate(t)
		d := drawQuestion(t, pick(t, "type", types...))
		create.Questions, create.Teams = []quiz.Draft{ask(0), d}, nil
		c.must2(t, create, quiz.Ask{Quiz: 1, Seed: rapid.Uint64().Draw(t, "seed")})
		_, _ = c.Do(ana, quiz.Answer{Quiz: 1, Choices: []int{0}})
		c.must2(t, quiz.Close{Quiz: 1}, quiz.Reveal{Quiz: 1}, quiz.Ask{Quiz: 1})
		c.Wait(time.Duration(rapid.IntRange(0, 9000).Draw(t, "wait")) * time.Millisecond)
		a := drawReply(t, d, quiz.Answer{Quiz: 1, Question: 1})
		a.Lag = wire.Millis(rapid.IntRange(-10, 1000).Draw(t, "lag"))
		limit := wire.Millis(*d.Seconds) * 1000
		_, err := c.Do(ana, a)
		if took := wire.At(c.Now) - c.State.Run.AskedAt; limit > 0 && took >= limit+quiz.MaxLag && err == nil {
			t.Fatalf("an answer after %d of %d ms is taken", took, limit)
		}
		if err != nil {
			return
		}
		e := c.Log[c.Last()-1].(quiz.Answered)
		switch {
		case e.Points < 0 || e.Points > *d.Points || e.Bonus < 0 || e.Bonus > create.Streak:
			t.Fatalf("%d points and %d for a question of %d", e.Points, e.Bonus, *d.Points)
		case e.Right && e.Points == 0 && *d.Points > 1, !e.Right && e.Bonus > 0, !e.Right && create.Scoring != quiz.Partial && e.Points > 0:
			t.Fatalf("right: %v, and %d points", e.Right, e.Points)
		}
	})
}

// A leader board of 5,000 players and 12 teams is small.
func TestBoardIsSmall(t *testing.T) {
	c := newClass()
	teams := make([]string, quiz.MaxTeams)
	for i := range teams {
		teams[i] = fmt.Sprintf("Team number %d", i+1)
	}
	c.must2(t, quiz.Create{Title: "Quiz", Questions: []quiz.Draft{ask(2)}, Teams: teams, Streak: 500}, quiz.Ask{Quiz: 1})
	for i, by := range players() {
		c.Wait(time.Millisecond)
		c.Must(t, by, quiz.Answer{Quiz: 1, Choices: []int{i % 4}})
	}
	c.Must(t, maya, quiz.Close{Quiz: 1})
	shown, err := c.Do(maya, quiz.Reveal{Quiz: 1})
	if err != nil {
		t.Fatal(err)
	}
	frame := wire.Numbered(123456, 123455, shown[0].All.Type, encode(t, shown[0].All.Data))
	if len(frame) > 2048 {
		t.Errorf("%d bytes: %s", len(frame), frame)
	}
	t.Logf("%d bytes", len(frame))
}

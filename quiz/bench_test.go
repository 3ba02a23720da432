package quiz_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/wire"
)

const crowd = 5000

func players() []wire.Actor {
	out := make([]wire.Actor, crowd)
	for i := range out {
		out[i] = wire.Actor{User: wire.UserID(fmt.Sprintf("u%026d", i)), Role: wire.Viewer}
	}
	return out
}

// BenchmarkAnswer is one answer of a class of 5,000: decided and applied.
func BenchmarkAnswer(b *testing.B) {
	questions := make([]quiz.Draft, wire.MaxAsked)
	for i := range questions {
		questions[i] = ask(2)
	}
	everybody := players()
	var c *class
	var id uint64
	var h wire.Head
	question := -1
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%crowd == 0 { // everybody has answered: the next question
			b.StopTimer()
			if question++; question%len(questions) == 0 {
				c, question = newClass(), 0
				id = c.begin(b, questions...)
			} else {
				for _, cmd := range []quiz.Command{quiz.Close{Quiz: id}, quiz.Reveal{Quiz: id}, quiz.Ask{Quiz: id}} {
					c.Must(b, maya, cmd)
				}
			}
			h = wire.Head{Seq: c.Last() + 1, At: wire.At(c.Now)}
			b.StartTimer()
		}
		by := everybody[i%crowd]
		events, err := quiz.Decide(&c.State, c.Now, by, quiz.Answer{Quiz: id, Question: question, Choices: []int{i % 4}})
		if err != nil {
			b.Fatal(err)
		}
		h.By = by.User
		for _, e := range events {
			c.State.Apply(h, e)
		}
	}
}

// BenchmarkReveal is the reveal to 5,000 players: decided, applied, and
// everybody's own view made.
func BenchmarkReveal(b *testing.B) {
	everybody := players()
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		c := newClass()
		id := c.begin(b, ask(2))
		for i, by := range everybody {
			c.Must(b, by, quiz.Answer{Quiz: id, Choices: []int{i % 4}, At: wire.At(c.Now)})
			c.Wait(time.Millisecond)
		}
		c.Must(b, maya, quiz.Close{Quiz: id})
		b.StartTimer()
		c.Must(b, maya, quiz.Reveal{Quiz: id})
	}
}

// BenchmarkSnapshotOfWords is the quiz for a newcomer while the class looks at
// what 5,000 have typed.
func BenchmarkSnapshotOfWords(b *testing.B) {
	c := newClass()
	id := c.begin(b, quiz.Draft{Type: quiz.TypeText, Text: "Which city?", Accept: []string{"Paris"}})
	for i, by := range players() {
		c.Must(b, by, quiz.Answer{Quiz: id, Text: fmt.Sprintf("Paris %d", i%1000), At: wire.At(c.Now)})
	}
	c.Must(b, maya, quiz.Close{Quiz: id})
	c.Must(b, maya, quiz.Reveal{Quiz: id})
	b.ReportAllocs()
	for b.Loop() {
		c.State.Snapshot(who)
	}
}

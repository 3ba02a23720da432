package survey_test

import (
	"fmt"
	"testing"

	"github.com/lyceum-live/lyceum/survey"
	"github.com/lyceum-live/lyceum/wire"
)

// BenchmarkTally is what the staff's figures cost each time that somebody has
// answered, when ten thousand people have.
func BenchmarkTally(b *testing.B) {
	c := newClass()
	id := c.Must(b, maya, survey.Create{Title: "How was it?", Open: true, Items: []survey.Draft{
		{Type: survey.NPS, Text: "Would you recommend it?"}, {Type: survey.Text, Text: "What was good?"}, {Type: survey.Text, Text: "What was not?"},
	}})
	answer := func(i int) {
		value := i % 11
		c.Must(b, wire.Actor{User: wire.UserID(fmt.Sprintf("user-%05d", i)), Role: wire.Viewer}, survey.Answer{Survey: id, Answers: []*survey.Reply{
			{Value: &value}, {Text: fmt.Sprintf("the %dth example", i)}, {Text: fmt.Sprintf("%d was too fast", c.Last())},
		}})
	}
	const people = 10_000
	for i := range people {
		answer(i)
	}
	for i := 0; b.Loop(); i++ {
		answer(i % people)
		c.State.Tally(id)
	}
}

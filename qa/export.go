package qa

import (
	"maps"
	"slices"

	"github.com/lyceum-live/lyceum/wire"
)

// Row is a question or, under it, an answer, as the staff takes a board home.
type Row struct {
	ID        uint64
	Question  uint64 // of an answer: its question
	Answer    uint64 // of a reply: the answer it replies to
	At        wire.Millis
	By        string // a name; "" for an anonymous asker
	Anonymous bool
	Expert    bool
	Text      string
	State     string
	Votes     int
	Labels    []string
	Into      uint64 // of a question merged into another
}

// Rows returns the whole board, oldest first, each question followed by its
// answers. What was rejected is left out: only its asker may see it.
func (s *State) Rows(who func(wire.UserID) wire.Person) []Row {
	var rows []Row
	for _, id := range slices.Sorted(maps.Keys(s.Questions)) {
		q := s.Questions[id]
		if q.Status == Refused {
			continue
		}
		rows = append(rows, Row{
			ID: q.ID, At: q.At, By: q.asker(who).Name, Anonymous: q.Anonymous, Text: q.Text.Text,
			State: q.state(), Votes: q.Votes, Labels: q.Labels, Into: q.Into,
		})
		for _, w := range q.Answers {
			rows = append(rows, Row{
				ID: w.ID, Question: q.ID, Answer: w.Answer, At: w.At, By: who(w.By).Name, Expert: w.Expert, Text: w.Text.Text,
			})
		}
	}
	return rows
}

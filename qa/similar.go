package qa

import (
	"maps"
	"slices"

	"github.com/lyceum-live/lyceum/internal/text"
	"github.com/lyceum-live/lyceum/wire"
)

// Similar asks which questions are likely the same as a text, or as a question
// of the board. It changes nothing.
type Similar struct {
	Text     string `json:"text,omitzero"`
	Question uint64 `json:"question,omitzero"`
}

type (
	// SimilarView answers [Similar], the likest first.
	SimilarView struct {
		Questions []Likely `json:"questions"`
	}
	// Likely is a question that is likely the same.
	Likely struct {
		ID       uint64  `json:"id"`
		Text     string  `json:"text"`
		Votes    int     `json:"votes"`
		Answered bool    `json:"answered"`
		State    string  `json:"state"`
		Score    float64 `json:"score"` // 0.5 to 1
	}
)

// MaxSimilar is how many questions [State.Similar] names.
const MaxSimilar = 5

// Similar finds what by may see. It is for the owner of s alone: it keeps an
// index beside the state, which is made with the first search.
func (s *State) Similar(by wire.Actor, c Similar) (SimilarView, error) {
	if c.Question != 0 {
		q, err := s.question(c.Question, by)
		if err != nil {
			return SimilarView{}, err
		}
		c.Text, c.Question = q.Text.Text, q.ID
	}
	var v SimilarView
	if c.Text == "" { // nothing written, or erased
		return v, nil
	}
	words, err := wire.CleanText(c.Text, wire.MaxAsk, true)
	if err != nil {
		return SimilarView{}, wire.ErrText.In("text")
	}
	// What by may not see is passed over, so that no more is found than this.
	for _, hit := range s.search(words, MaxSimilar+1+MaxHeld) {
		q := s.Questions[hit.ID]
		if q == nil || q.ID == c.Question || !q.visible(by.Role.Staff()) {
			continue
		}
		v.Questions = append(v.Questions, Likely{q.ID, q.Text.Text, q.Votes, q.Answered, q.state(), hit.Score})
		if len(v.Questions) == MaxSimilar {
			break
		}
	}
	return v, nil
}

func (s *State) search(words string, most int) []text.Hit {
	if s.index == nil {
		s.index = text.NewIndex()
		for _, id := range slices.Backward(slices.Sorted(maps.Keys(s.Questions))) { // the newest find room
			s.reindex(id)
		}
	}
	return s.index.Near(words, most)
}

// reindex brings the index up to date with a question, if there is an index.
func (s *State) reindex(id uint64) {
	if s.index == nil {
		return
	}
	if q := s.Questions[id]; q != nil && q.visible(true) && q.Text.Text != "" {
		s.index.Add(id, q.Text.Text)
	} else {
		s.index.Remove(id)
	}
}

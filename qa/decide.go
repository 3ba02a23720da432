package qa

import (
	"fmt"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// Decide says what c would change: the events to append, none if it is
// already so, or a refusal. It changes nothing.
func Decide(s *State, _ time.Time, by wire.Actor, c Command) ([]Event, error) {
	if !by.Role.AtLeast(c.least()) {
		return nil, wire.ErrForbidden
	}
	switch c := c.(type) {
	case Ask:
		return s.decideAsk(by, c)
	case Upvote:
		q, err := s.question(c.Question)
		if err != nil || q.By == by.User || s.upvoted(by.User, q) {
			return nil, err
		}
		return []Event{Upvoted{q.ID, q.By}}, nil
	case Unvote:
		q, err := s.question(c.Question)
		if err != nil || !s.upvoted(by.User, q) {
			return nil, err
		}
		return []Event{Unvoted{q.ID}}, nil
	case Answer:
		return s.decideAnswer(by, c)
	case Pin:
		q, err := s.question(c.Question)
		if err != nil || s.Pinned == q.ID {
			return nil, err
		}
		return []Event{Pinned{q.ID}}, nil
	case Unpin:
		q, err := s.question(c.Question)
		if err != nil || s.Pinned != q.ID {
			return nil, err
		}
		return []Event{Unpinned{q.ID}}, nil
	case Delete:
		if q, _ := s.find(c.Item); q == nil {
			return nil, wire.ErrNotFound.In("item")
		}
		return []Event{Deleted(c)}, nil
	}
	panic(fmt.Sprintf("qa: unknown command %T", c))
}

func (s *State) decideAsk(by wire.Actor, c Ask) ([]Event, error) {
	c, err := c.Clean()
	if err != nil {
		return nil, err
	}
	if len(s.Questions) >= MaxQuestions {
		return nil, ErrFull
	}
	if m := s.Members[by.User]; m != nil && m.Waiting >= MaxWaiting {
		return nil, ErrWaiting
	}
	return []Event{Asked{wire.Own(by.User, c.Text)}}, nil
}

func (s *State) decideAnswer(by wire.Actor, c Answer) ([]Event, error) {
	q, err := s.question(c.Question)
	if err != nil {
		return nil, err
	}
	if c, err = c.Clean(); err != nil {
		return nil, err
	}
	aloud := c.Text == ""
	if aloud && q.Answered {
		return nil, nil
	}
	if !aloud && len(q.Answers) >= MaxAnswers {
		return nil, ErrAnswers
	}
	return []Event{Answered{q.ID, aloud, wire.Own(by.User, c.Text)}}, nil
}

func (s *State) question(id uint64) (*Question, error) {
	if q := s.Questions[id]; q != nil {
		return q, nil
	}
	return nil, wire.ErrNotFound.In("question")
}

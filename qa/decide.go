package qa

import (
	"fmt"
	"slices"
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
		q, err := s.onBoard(c.Question, by)
		if err != nil || q.By == by.User || s.upvoted(by.User, q) {
			return nil, err
		}
		return []Event{Upvoted{q.ID, q.By}}, nil
	case Unvote:
		q, err := s.onBoard(c.Question, by)
		if err != nil || !s.upvoted(by.User, q) {
			return nil, err
		}
		return []Event{Unvoted{q.ID}}, nil
	case Answer:
		return s.decideAnswer(by, c)
	case Reply:
		return s.decideReply(by, c)
	case Label:
		q, err := s.question(c.Question, by)
		if err != nil {
			return nil, err
		}
		if c, err = c.Clean(); err != nil || slices.Equal(q.Labels, c.Labels) {
			return nil, err
		}
		return []Event{Labelled{q.ID, c.Labels}}, nil
	case Pin:
		q, err := s.onBoard(c.Question, by)
		if err != nil || s.Pinned == q.ID {
			return nil, err
		}
		return []Event{Pinned{q.ID}}, nil
	case Unpin:
		q, err := s.question(c.Question, by)
		if err != nil || s.Pinned != q.ID {
			return nil, err
		}
		return []Event{Unpinned{q.ID}}, nil
	case Focus:
		return s.decideFocus(by, c)
	case Dismiss, Restore, Approve, Reject:
		return s.decideStatus(by, c)
	case Merge:
		return s.decideMerge(by, c)
	case Hold:
		if s.Hold == c.On {
			return nil, nil
		}
		return []Event{Held(c)}, nil
	case Expert:
		if s.expert(c.User) == c.On {
			return nil, nil
		}
		if c.On && len(s.Experts) >= MaxExperts {
			return nil, ErrExperts
		}
		return []Event{Invited(c)}, nil
	case Delete:
		return s.decideDelete(c)
	}
	panic(fmt.Sprintf("qa: unknown command %T", c))
}

func (s *State) decideAsk(by wire.Actor, c Ask) ([]Event, error) {
	c, err := c.Clean()
	if err != nil {
		return nil, err
	}
	held := (s.Hold || c.Held) && !by.Role.Staff()
	if len(s.Questions) >= MaxQuestions || held && len(s.held()) >= MaxHeld {
		return nil, ErrFull
	}
	if m := s.Members[by.User]; m != nil && m.Waiting >= MaxWaiting {
		return nil, ErrWaiting
	}
	return []Event{Asked{wire.Own(by.User, c.Text), c.Anonymous, held}}, nil
}

// decideAnswer lets experts answer in writing; that a question was answered
// aloud is for the staff to say, and ends its being answered now.
func (s *State) decideAnswer(by wire.Actor, c Answer) ([]Event, error) {
	aloud := c.Text == ""
	if !by.Role.Staff() && (aloud || !s.expert(by.User)) {
		return nil, wire.ErrForbidden
	}
	q, err := s.onBoard(c.Question, by)
	if err != nil {
		return nil, err
	}
	if c, err = c.Clean(); err != nil {
		return nil, err
	}
	if !aloud && len(q.Answers) >= MaxAnswers {
		return nil, ErrAnswers
	}
	var events []Event
	if !aloud || !q.Answered {
		events = append(events, Answered{q.ID, aloud, wire.Own(by.User, c.Text), s.writesAsExpert(by)})
	}
	if aloud && s.Focus == q.ID {
		events = append(events, Focused{})
	}
	return events, nil
}

func (s *State) decideReply(by wire.Actor, c Reply) ([]Event, error) {
	if !by.Role.Staff() && !s.expert(by.User) {
		return nil, wire.ErrForbidden
	}
	if c.Question == 0 && c.Answer != 0 {
		if q, _ := s.find(c.Answer); q != nil {
			c.Question = q.ID
		}
	}
	q, err := s.onBoard(c.Question, by)
	if err != nil {
		return nil, err
	}
	if c.Answer != 0 && !slices.ContainsFunc(q.Answers, func(w Written) bool { return w.ID == c.Answer }) {
		return nil, wire.ErrNotFound.In("answer")
	}
	text, err := wire.CleanText(c.Text, wire.MaxAsk, true)
	if err != nil {
		return nil, wire.ErrText.In("text")
	}
	if len(q.Answers) >= MaxAnswers {
		return nil, ErrAnswers
	}
	return []Event{Replied{q.ID, c.Answer, wire.Own(by.User, text), s.writesAsExpert(by)}}, nil
}

// writesAsExpert reports whether somebody writes by the host's invitation, and
// not as one of the staff.
func (s *State) writesAsExpert(by wire.Actor) bool { return !by.Role.Staff() && s.expert(by.User) }

func (s *State) decideFocus(by wire.Actor, c Focus) ([]Event, error) {
	if c.Question != 0 {
		q, err := s.onBoard(c.Question, by)
		if err != nil {
			return nil, err
		}
		c.Question = q.ID
	}
	if s.Focus == c.Question {
		return nil, nil
	}
	return []Event{Focused(c)}, nil
}

func (s *State) decideStatus(by wire.Actor, c Command) ([]Event, error) {
	// A question that stands at to already is left; for the change it must
	// stand at from.
	decide := func(id uint64, from, to Status, e func(*Question) Event) ([]Event, error) {
		q, err := s.question(id, by)
		switch {
		case err != nil || q.Status == to:
			return nil, err
		case q.Status != from:
			return nil, ErrState.In("question")
		}
		return []Event{e(q)}, nil
	}
	switch c := c.(type) {
	case Dismiss:
		return decide(c.Question, OnBoard, SetAside, func(q *Question) Event { return Dismissed{q.ID} })
	case Restore:
		return decide(c.Question, SetAside, OnBoard, func(q *Question) Event { return Restored{q.ID} })
	case Approve:
		return decide(c.Question, Waits, OnBoard, func(q *Question) Event { return Approved{q.ID, q.By, q.Anonymous} })
	case Reject:
		return decide(c.Question, Waits, Refused, func(q *Question) Event { return Rejected{q.ID} })
	}
	panic(fmt.Sprintf("qa: %T changes no status", c))
}

func (s *State) decideMerge(by wire.Actor, c Merge) ([]Event, error) {
	into, err := s.onBoard(c.Into, by)
	if err != nil {
		return nil, renamed(err, "into")
	}
	from, err := s.question(c.From, by)
	switch {
	case err != nil:
		return nil, renamed(err, "from")
	case from == into && c.From != c.Into: // merged before
		return nil, nil
	case from == into:
		return nil, wire.ErrField.In("into")
	case len(from.Answers)+len(into.Answers) > MaxAnswers:
		return nil, ErrAnswers
	case len(from.Merged)+len(into.Merged) >= MaxMerged:
		return nil, ErrMerged
	}
	return []Event{Merged{from.ID, into.ID}}, nil
}

func (s *State) decideDelete(c Delete) ([]Event, error) {
	q, _ := s.find(c.Item)
	if q == nil || q.Status == Refused || q.Status == Gone {
		return nil, wire.ErrNotFound.In("item")
	}
	e := Deleted{Item: c.Item}
	if q.ID == c.Item {
		e.Held = q.Status == Waits
		if e.Held || q.Anonymous {
			e.Asker = q.By
		}
	}
	return []Event{e}, nil
}

// question returns a question that by may see: what was merged is what it was
// merged into.
func (s *State) question(id uint64, by wire.Actor) (*Question, error) {
	q := s.Questions[id]
	if q != nil && q.Status == Gone {
		q = s.Questions[q.Into]
	}
	if q == nil || !q.visible(by.Role.Staff()) {
		return nil, wire.ErrNotFound.In("question")
	}
	return q, nil
}

// onBoard returns a question that by may see, if it stands on the board.
func (s *State) onBoard(id uint64, by wire.Actor) (*Question, error) {
	q, err := s.question(id, by)
	if err == nil && q.Status != OnBoard {
		return nil, ErrState.In("question")
	}
	return q, err
}

// renamed is a refusal about another field.
func renamed(err error, field string) error { return wire.Public(err).In(field) }

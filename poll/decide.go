package poll

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
	case Create:
		return s.decideCreate(by, c)
	case Edit:
		return s.decideEdit(by, c)
	case Open:
		p := s.Polls[c.Poll]
		switch {
		case p == nil:
			return nil, wire.ErrNotFound.In("poll")
		case p.Phase == PhaseOpen:
			return nil, nil
		case p.Phase == PhaseClosed:
			return nil, ErrClosed
		case s.full():
			return nil, ErrMany
		}
		return []Event{Opened{p.ID}}, nil
	case Vote:
		return s.decideVote(by, c)
	case Close:
		p := s.Polls[c.Poll]
		switch {
		case p == nil:
			return nil, wire.ErrNotFound.In("poll")
		case p.Phase == PhaseDraft:
			return nil, ErrClosed
		case p.Phase == PhaseClosed:
			return nil, nil
		}
		return []Event{Closed{p.ID}}, nil
	case Drop:
		p, err := s.draft(c.Poll)
		if err != nil {
			return nil, err
		}
		return []Event{Dropped{p.ID}}, nil
	}
	panic(fmt.Sprintf("poll: unknown command %T", c))
}

// CloseAll returns the events that close whatever is open: the class ends.
func CloseAll(s *State) []Event {
	var events []Event
	for _, id := range s.OpenIDs() {
		events = append(events, Closed{id})
	}
	return events
}

func (s *State) decideCreate(by wire.Actor, c Create) ([]Event, error) {
	c, err := c.Clean()
	if err != nil {
		return nil, err
	}
	if len(s.Polls) >= MaxPolls || c.Open && s.full() {
		return nil, ErrMany
	}
	return []Event{Created{c.question(by.User), c.Open}}, nil
}

func (s *State) decideEdit(by wire.Actor, c Edit) ([]Event, error) {
	p, err := s.draft(c.Poll)
	if err != nil {
		return nil, err
	}
	clean, err := c.Clean()
	if err != nil {
		return nil, err
	}
	if clean.Open && s.full() {
		return nil, ErrMany
	}
	return []Event{Edited{p.ID, clean.question(by.User), clean.Open}}, nil
}

func (s *State) decideVote(by wire.Actor, c Vote) ([]Event, error) {
	p := s.Polls[c.Poll]
	if p == nil || p.Phase == PhaseDraft { // viewers do not learn of drafts
		return nil, wire.ErrNotFound.In("poll")
	}
	if p.Phase != PhaseOpen {
		return nil, ErrClosed
	}
	b, err := c.ballot(p)
	if err != nil {
		return nil, err
	}
	if p.Votes[by.User] == b {
		return nil, nil
	}
	return []Event{Voted{p.ID, slices.Collect(b.All())}}, nil
}

// draft returns the poll if it still may be changed.
func (s *State) draft(id uint64) (*Poll, error) {
	p := s.Polls[id]
	switch {
	case p == nil:
		return nil, wire.ErrNotFound.In("poll")
	case p.Phase == PhaseOpen:
		return nil, ErrOpen
	case p.Phase == PhaseClosed:
		return nil, ErrClosed
	}
	return p, nil
}

// full reports whether no more polls can be open at a time.
func (s *State) full() bool { return len(s.OpenIDs()) >= MaxShown }

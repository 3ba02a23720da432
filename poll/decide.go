package poll

import (
	"fmt"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// Decide says what c would change: the events to append, none if it is
// already so, or a refusal. It changes nothing.
func Decide(s *State, now time.Time, by wire.Actor, c Command) ([]Event, error) {
	if !by.Role.AtLeast(c.least()) {
		return nil, wire.ErrForbidden
	}
	switch c := c.(type) {
	case Create:
		c, err := c.clean()
		if err != nil {
			return nil, err
		}
		return s.decideCreate(by, c)
	case Quick:
		made, err := c.create()
		if err != nil {
			return nil, err
		}
		return s.decideCreate(by, made)
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
	case Retract:
		p, err := s.voting(c.Poll)
		if err != nil {
			return nil, err
		}
		name, err := s.voter(p, by.User)
		switch {
		case err != nil:
			return nil, err
		case !p.Has(name):
			return nil, nil
		case p.Secret:
			return []Event{Withdrawn{p.ID, name}}, nil
		}
		return []Event{Retracted{p.ID}}, nil
	case Remove:
		return s.decideRemove(c)
	case Show:
		p, err := s.opened(c.Poll)
		switch {
		case err != nil:
			return nil, err
		case !p.known():
			return nil, ErrSecret
		case p.visible():
			return nil, nil
		}
		return []Event{Revealed{p.ID}}, nil
	case Close:
		p, err := s.opened(c.Poll)
		if err != nil || p.Phase == PhaseClosed {
			return nil, err
		}
		return p.close(wire.At(now), c.Wait), nil
	case Drop:
		p, err := s.draft(c.Poll)
		if err != nil {
			return nil, err
		}
		return []Event{Dropped{p.ID}}, nil
	case Tick:
		if by != wire.System {
			return nil, wire.ErrForbidden
		}
		var events []Event
		for _, p := range s.sorted(func(p *Poll) bool { return p.Phase == PhaseOpen && p.Until != 0 }) {
			events = append(events, p.close(wire.At(now), 0)...)
		}
		return events, nil
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

// close ends the voting in an open poll, after a while if some are to be waited
// for; a second wish does not make the while longer.
func (p *Poll) close(now, wait wire.Millis) []Event {
	switch {
	case p.Until != 0 && now < p.Until:
		return nil
	case p.Until == 0 && wait > 0:
		return []Event{Closing{p.ID, now + min(wait, MaxWait)}}
	}
	return []Event{Closed{p.ID}}
}

func (s *State) decideCreate(by wire.Actor, c Create) ([]Event, error) {
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
	clean, err := c.clean()
	if err != nil {
		return nil, err
	}
	if clean.Open && s.full() {
		return nil, ErrMany
	}
	return []Event{Edited{p.ID, clean.question(by.User), clean.Open}}, nil
}

func (s *State) decideVote(by wire.Actor, c Vote) ([]Event, error) {
	p, err := s.voting(c.Poll)
	if err != nil {
		return nil, err
	}
	e, err := c.voted(p, by.User)
	if err != nil {
		return nil, err
	}
	name, err := s.voter(p, by.User)
	if err != nil {
		return nil, err
	}
	if p.kind() == KindChoice {
		if p.Votes[name] == ballotOf(e.Choices) {
			return nil, nil
		}
	} else if before, again := p.Given[name]; again && before.same(givenOf(e, 0)) {
		return nil, nil
	}
	if p.Secret {
		return []Event{conceal(e, name)}, nil
	}
	return []Event{e}, nil
}

// opened returns the poll if it is no draft any more, for the staff.
func (s *State) opened(id uint64) (*Poll, error) {
	p := s.Polls[id]
	switch {
	case p == nil:
		return nil, wire.ErrNotFound.In("poll")
	case p.Phase == PhaseDraft:
		return nil, ErrClosed
	}
	return p, nil
}

// voting returns the poll if votes may be given and taken back. Viewers do not
// learn of drafts.
func (s *State) voting(id uint64) (*Poll, error) {
	p := s.Polls[id]
	switch {
	case p == nil || p.Phase == PhaseDraft:
		return nil, wire.ErrNotFound.In("poll")
	case p.Phase == PhaseClosed:
		return nil, ErrClosed
	}
	return p, nil
}

// Outcome returns what is to follow when the poll closes with the votes as
// they are: the act of the choice that has more than every other. Where
// nobody has voted or two are equal, nothing follows: nobody has decided.
func Outcome(s *State, id uint64) (Then, bool) {
	p := s.Polls[id]
	if p == nil || len(p.Then) == 0 {
		return Then{}, false
	}
	best, tied := 0, false
	for i := 1; i < len(p.Counts); i++ {
		switch {
		case p.Counts[i] > p.Counts[best]:
			best, tied = i, false
		case p.Counts[i] == p.Counts[best]:
			tied = true
		}
	}
	if tied || len(p.Counts) == 0 || p.Counts[best] == 0 || p.Then[best] == nil {
		return Then{}, false
	}
	return *p.Then[best], true
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

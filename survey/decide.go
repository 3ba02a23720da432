package survey

import (
	"fmt"
	"slices"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// Decide says what c would change: the events to append, none if it is
// already so, or a refusal. It changes nothing.
func Decide(s *State, now time.Time, by wire.Actor, c Command) ([]Event, error) {
	if !by.Role.AtLeast(c.least()) {
		return nil, wire.ErrForbidden
	}
	at := wire.At(now)
	switch c := c.(type) {
	case Create:
		over := c.Over
		c, err := c.clean()
		if err != nil {
			return nil, err
		}
		if len(s.Surveys) >= MaxSurveys || c.Open && s.full() {
			return nil, ErrMany
		}
		return []Event{Created{c.form(by.User), c.Open, until(at, c.Hours, c.Open && over)}}, nil
	case Edit:
		p, err := s.draft(c.Survey)
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
		return []Event{Edited{p.ID, clean.form(by.User), clean.Open, until(at, clean.Hours, clean.Open && c.Over)}}, nil
	case Open:
		p := s.Surveys[c.Survey]
		switch {
		case p == nil:
			return nil, wire.ErrNotFound.In("survey")
		case p.Phase == PhaseOpen:
			return nil, nil
		case p.Phase == PhaseClosed:
			return nil, ErrClosed
		case s.full():
			return nil, ErrMany
		}
		return []Event{Opened{p.ID, until(at, p.Hours, c.Over)}}, nil
	case Answer:
		return s.decideAnswer(at, by, c)
	case Show:
		return s.decideShow(c)
	case Close:
		p := s.Surveys[c.Survey]
		switch {
		case p == nil:
			return nil, wire.ErrNotFound.In("survey")
		case p.Phase == PhaseDraft:
			return nil, ErrClosed
		case p.Phase == PhaseClosed:
			return nil, nil
		}
		return []Event{Closed{p.ID}}, nil
	case Drop:
		p, err := s.draft(c.Survey)
		if err != nil {
			return nil, err
		}
		return []Event{Dropped{p.ID}}, nil
	case Tick:
		var events []Event
		for _, p := range s.opened() {
			if p.Until != 0 && p.Until <= at {
				events = append(events, Closed{p.ID})
			}
		}
		return events, nil
	}
	panic(fmt.Sprintf("survey: unknown command %T", c))
}

// End returns the events of the class's end: what waits for it opens, as far
// as there is room, and what is open stays so for its while.
func End(s *State, now time.Time) []Event {
	at := wire.At(now)
	var events []Event
	open := s.opened()
	for _, p := range open {
		events = append(events, Opened{p.ID, until(at, p.Hours, true)})
	}
	n := len(open)
	for _, p := range s.drafts() {
		if p.When == WhenEnd && n < MaxShown {
			events = append(events, Opened{p.ID, until(at, p.Hours, true)})
			n++
		}
	}
	return events
}

// until is when what is open for so many hours closes by itself: known only
// once the class is over.
func until(now wire.Millis, hours int, over bool) wire.Millis {
	if !over {
		return 0
	}
	return now + wire.Millis((time.Duration(hours) * time.Hour).Milliseconds())
}

func (s *State) decideAnswer(now wire.Millis, by wire.Actor, c Answer) ([]Event, error) {
	p := s.Surveys[c.Survey]
	switch {
	case by.Role.Staff():
		return nil, wire.ErrForbidden // it is about their class
	case p == nil || p.Phase == PhaseDraft: // viewers do not learn of drafts
		return nil, wire.ErrNotFound.In("survey")
	case p.Phase == PhaseClosed || p.Until != 0 && now >= p.Until:
		return nil, ErrClosed
	}
	name, owner, err := s.pen(p, by.User)
	if err != nil {
		return nil, err
	}
	given, err := c.given(p, owner)
	if err != nil {
		return nil, err
	}
	if before, again := p.Answers[name]; again && slices.EqualFunc(before.Given, given, Given.same) {
		return nil, nil
	}
	if p.Anonymous {
		return []Event{Balloted{p.ID, name, given}}, nil
	}
	return []Event{Answered{p.ID, given}}, nil
}

func (s *State) decideShow(c Show) ([]Event, error) {
	p := s.Surveys[c.Survey]
	switch {
	case p == nil:
		return nil, wire.ErrNotFound.In("survey")
	case p.Phase == PhaseOpen:
		return nil, ErrOpen // those who have yet to answer would go with the others
	case p.Phase == PhaseDraft:
		return nil, ErrClosed
	}
	shown := ShownFigures
	if c.Words {
		shown = ShownAll
	}
	if p.Shown == shown || p.Shown == ShownAll {
		return nil, nil // what has been shown is not taken back
	}
	return []Event{Revealed{p.ID, shown}}, nil
}

// draft returns the survey if it still may be changed.
func (s *State) draft(id uint64) (*Survey, error) {
	p := s.Surveys[id]
	switch {
	case p == nil:
		return nil, wire.ErrNotFound.In("survey")
	case p.Phase == PhaseOpen:
		return nil, ErrOpen
	case p.Phase == PhaseClosed:
		return nil, ErrClosed
	}
	return p, nil
}

// full reports whether no more surveys can be open at a time.
func (s *State) full() bool { return len(s.opened()) >= MaxShown }

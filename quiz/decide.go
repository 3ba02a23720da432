package quiz

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
		return s.decideCreate(by, c)
	case Edit:
		return s.decideEdit(by, c)
	case Drop:
		if err := s.unasked(c.Quiz); err != nil {
			return nil, err
		}
		return []Event{Dropped(c)}, nil
	case Ask:
		return s.decideAsk(c)
	case Answer:
		return s.decideAnswer(wire.At(now), by, c)
	case Close:
		r, err := s.begun(c.Quiz)
		if err != nil || r.Phase != PhaseOpen {
			return nil, err
		}
		return []Event{Closed{r.ID, r.Question}}, nil
	case Reveal:
		r, err := s.begun(c.Quiz)
		switch {
		case err != nil:
			return nil, err
		case r.Phase == PhaseOpen:
			return nil, ErrOrder
		case r.Phase != PhaseClosed:
			return nil, nil
		}
		return []Event{Revealed{r.ID, r.Question, r.right()}}, nil
	case Finish:
		r, err := s.begun(c.Quiz)
		if err != nil {
			return nil, err
		}
		if r.Phase == PhaseOpen {
			return nil, ErrOrder
		}
		return EndAll(s), nil
	case Tick:
		if by != wire.System {
			return nil, wire.ErrForbidden
		}
		if at := s.Alarm(); at.IsZero() || now.Before(at) {
			return nil, nil
		}
		return []Event{Closed{s.Run.ID, s.Run.Question}}, nil
	}
	panic(fmt.Sprintf("quiz: unknown command %T", c))
}

// Alarm returns when the open question's time is over and a [Tick] is due,
// the zero time if no question is open.
func (s *State) Alarm() time.Time {
	if s.Run == nil || s.Run.Phase != PhaseOpen {
		return time.Time{}
	}
	return s.Run.Deadline.Time()
}

// EndAll returns the events that bring the running quiz to its end, whatever
// it is at: the class ends. Nobody loses points for it.
func EndAll(s *State) []Event {
	if !s.running() {
		return nil
	}
	r := s.Run
	var events []Event
	switch r.Phase {
	case PhaseOpen:
		events = append(events, Closed{r.ID, r.Question}, Revealed{r.ID, r.Question, r.right()})
	case PhaseClosed:
		events = append(events, Revealed{r.ID, r.Question, r.right()})
	}
	return append(events, Finished{r.ID})
}

func (s *State) decideCreate(by wire.Actor, c Create) ([]Event, error) {
	c, err := c.Clean()
	if err != nil {
		return nil, err
	}
	if s.prepared() >= MaxQuizzes {
		return nil, ErrMany
	}
	return []Event{Created{c.quiz(by.User)}}, nil
}

func (s *State) decideEdit(by wire.Actor, c Edit) ([]Event, error) {
	if err := s.unasked(c.Quiz); err != nil {
		return nil, err
	}
	clean, err := c.Clean()
	if err != nil {
		return nil, err
	}
	return []Event{Edited{c.Quiz, clean.quiz(by.User)}}, nil
}

// decideAsk opens the next question of the running quiz once the one before is
// revealed, or the first of a prepared one while no other runs.
func (s *State) decideAsk(c Ask) ([]Event, error) {
	if s.Prepared[c.Quiz] != nil {
		if s.running() {
			return nil, ErrBusy
		}
		return []Event{Asked{c.Quiz, 0}}, nil
	}
	r := s.Run
	switch {
	case r == nil || r.ID != c.Quiz:
		return nil, wire.ErrNotFound.In("quiz")
	case r.Phase == PhaseOpen:
		return nil, ErrBusy
	case r.Phase != PhaseRevealed, r.Question+1 == len(r.Questions):
		return nil, ErrOrder
	}
	return []Event{Asked{r.ID, r.Question + 1}}, nil
}

func (s *State) decideAnswer(now wire.Millis, by wire.Actor, c Answer) ([]Event, error) {
	r := s.Run
	if r == nil || r.ID != c.Quiz { // viewers do not learn of what is prepared
		return nil, wire.ErrNotFound.In("quiz")
	}
	if c.Question < 0 || c.Question > r.Question {
		return nil, wire.ErrNotFound.In("question")
	}
	q := &r.Questions[c.Question]
	if len(c.Choices) == 0 || !valid(c.Choices, len(q.Choices)) || len(c.Choices) > 1 && !q.multiple() {
		return nil, wire.ErrField.In("choices")
	}
	picks := picksOf(c.Choices)
	if g := r.Players[by.User].given(c.Question); g != nil {
		if g.Choices == picks {
			return nil, nil // resent after a reconnect: already counted
		}
		return nil, ErrAnswered
	}
	at := c.At
	if at < r.AskedAt || at > now {
		at = now // no stamp, or a clock that was set back: the moment of deciding holds
	}
	if c.Question != r.Question || r.Phase != PhaseOpen || at >= r.Deadline {
		return nil, ErrClosed
	}
	e := Answered{Quiz: r.ID, Question: c.Question, Choices: picks.list(), At: at}
	if e.Right = picks == picksOf(q.Correct); e.Right {
		e.Points = Score(q.Points, at-r.AskedAt, q.limit())
	}
	return []Event{e}, nil
}

// unasked refuses what may be done only to a quiz that is not yet begun.
func (s *State) unasked(id uint64) error {
	switch {
	case s.Prepared[id] != nil:
		return nil
	case s.Run != nil && s.Run.ID == id:
		return ErrOrder
	}
	return wire.ErrNotFound.In("quiz")
}

// begun returns the quiz if it has been begun.
func (s *State) begun(id uint64) (*Run, error) {
	switch {
	case s.Run != nil && s.Run.ID == id:
		return s.Run, nil
	case s.Prepared[id] != nil:
		return nil, ErrOrder
	}
	return nil, wire.ErrNotFound.In("quiz")
}

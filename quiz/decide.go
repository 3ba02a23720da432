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
	case Join:
		return s.decideJoin(by, c)
	case Answer:
		return s.decideAnswer(wire.At(now), by, c)
	case Pause:
		r, err := s.open(c.Quiz)
		switch {
		case err != nil || r.paused() != nil:
			return nil, err
		case len(r.Pauses) >= maxPauses:
			return nil, ErrOrder
		}
		return []Event{Paused{r.ID, r.Question}}, nil
	case Resume:
		r, err := s.open(c.Quiz)
		if err != nil || r.paused() == nil {
			return nil, err
		}
		return []Event{Resumed{r.ID, r.Question}}, nil
	case Extend:
		return s.decideExtend(wire.At(now), c)
	case Allow:
		return s.decideAllow(c)
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
		if err := r.settled(wire.At(now)); err != nil {
			return nil, err
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
		if err := r.settled(wire.At(now)); err != nil {
			return nil, err
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

// EndAll returns the events that bring the running quiz to its end, whatever
// it is at: the class ends. Nobody loses points for it, and nobody answers any
// more, also who sees it late.
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
		return []Event{Asked{c.Quiz, 0, c.Seed, late(c.Behind)}}, nil
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
	return []Event{Asked{Quiz: r.ID, Question: r.Question + 1, Behind: late(c.Behind)}}, nil
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
	reply, err := Reply{c.Choices, c.Text, c.Number, c.Texts, c.Point}.clean(q)
	if err != nil {
		return nil, err
	}
	p := r.Players[by.User]
	if g := p.given(c.Question); g != nil {
		if g.reply().equal(reply) {
			return nil, nil // resent after a reconnect: already counted
		}
		return nil, ErrAnswered
	}
	at := c.At
	if at < r.AskedAt || at > now {
		at = now // no stamp, or a clock that was set back: the moment of deciding holds
	}
	if c.Question != r.Question {
		return nil, ErrClosed
	}
	at = max(r.AskedAt, at-min(max(0, c.Lag), MaxLag)-r.Behind[by.User])
	own := s.Allowed[by.User]
	if err := r.takes(at, own); err != nil {
		return nil, err
	}
	return []Event{r.answered(by.User, p, reply, at, own)}, nil
}

// answered is the event of an answer to the current question, marked.
func (r *Run) answered(by wire.UserID, p *Player, reply Reply, at wire.Millis, own Allowance) Answered {
	q := r.current()
	e := Answered{Quiz: r.ID, Question: r.Question, Choices: reply.Choices, Number: reply.Number, Texts: owned(by, reply.Texts), Point: reply.Point, At: at}
	if reply.Text != "" {
		e.Text = wire.Own(by, reply.Text)
	}
	streak := 0
	if p != nil {
		streak = p.Streak
	}
	marks, of := reply.mark(q, r.Shown)
	full, share, points, bonus := r.worth(q, marks, of, r.elapsed(at), own.of(q.limit()), streak)
	if e.Right, e.Points, e.Bonus = full, points, bonus; !full {
		e.Share = share
	}
	if len(r.Teams) > 0 && (p == nil || p.Team == 0) {
		e.Team = r.smallest()
	}
	return e
}

// decideExtend moves the deadline of the open question; if that is over
// already, and only some who have more time still answer, to after now.
func (s *State) decideExtend(now wire.Millis, c Extend) ([]Event, error) {
	r, err := s.open(c.Quiz)
	switch {
	case err != nil:
		return nil, err
	case c.Seconds < 1 || c.Seconds > MaxExtend:
		return nil, wire.ErrField.In("seconds")
	case r.Deadline == 0:
		return nil, ErrOrder // it has no limit
	}
	if p := r.paused(); p != nil {
		now = p.From
	}
	return []Event{Extended{r.ID, r.Question, max(0, now-r.Deadline) + wire.Millis(c.Seconds)*1000}}, nil
}

func (s *State) decideAllow(c Allow) ([]Event, error) {
	if !c.User.Valid() {
		return nil, wire.ErrField.In("user")
	}
	if c.Untimed {
		c.Times = 0
	} else if !(1 <= c.Times && c.Times <= MaxTimes) {
		return nil, wire.ErrField.In("times")
	}
	if c.Times == 1 {
		c.Times = 0 // the usual
	}
	had, has := s.Allowed[c.User]
	switch {
	case had == c.Allowance:
		return nil, nil
	case !has && len(s.Allowed) >= MaxAllows:
		return nil, ErrAllows
	}
	return []Event{Allowed(c)}, nil
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

// open returns the quiz if its question is open.
func (s *State) open(id uint64) (*Run, error) {
	r, err := s.begun(id)
	if err == nil && r.Phase != PhaseOpen {
		return nil, ErrOrder
	}
	return r, err
}

// Plays reports whether the staff may answer in a quiz, which then hides its
// key from them while it runs.
func (s *State) Plays(id uint64) bool { return s.Run != nil && s.Run.ID == id && s.Run.Play }

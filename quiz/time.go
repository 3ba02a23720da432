package quiz

import (
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// MaxLag is the most of the way of an answer that is taken off the time it
// took. Under Kahoot's slope it is worth 7.5 points of 1,000 in 20 seconds, so
// much is all that a client gains who makes its way look longer.
const MaxLag wire.Millis = 300

// Bounds of accommodations.
const (
	MaxTimes  = 10
	MaxExtend = 600  // seconds at a time
	MaxAllows = 1000 // members who have more time
)

// Allowance is the time that a member has to answer in: so many times the
// usual one, or as much as they need.
type Allowance struct {
	Times   float64 `json:"times,omitzero"`
	Untimed bool    `json:"untimed,omitzero"`
}

// of returns a limit as it is for the member; 0: none.
func (a Allowance) of(limit wire.Millis) wire.Millis {
	switch {
	case a.Untimed:
		return 0
	case a.Times > 1:
		return wire.Millis(float64(limit) * a.Times)
	}
	return limit
}

// Span is a time during which the clock stood still.
type Span struct {
	From wire.Millis `json:"from"`
	To   wire.Millis `json:"to"` // 0: it still does
}

// paused returns the pause that lasts, nil if the clock runs.
func (r *Run) paused() *Span {
	if n := len(r.Pauses); n > 0 && r.Pauses[n-1].To == 0 {
		return &r.Pauses[n-1]
	}
	return nil
}

// elapsed is how long the clock had run at a time, without its pauses.
func (r *Run) elapsed(at wire.Millis) wire.Millis {
	took := at - r.AskedAt
	for _, p := range r.Pauses {
		until := p.To
		if until == 0 || until > at {
			until = at
		}
		took -= max(0, until-p.From)
	}
	return max(0, took)
}

// deadline is when the current question ends for a member who has that
// allowance; 0: not before it is closed.
func (r *Run) deadline(a Allowance) wire.Millis {
	limit := r.current().limit()
	own := a.of(limit)
	if limit == 0 || own == 0 {
		return 0
	}
	return r.Deadline + own - limit
}

// takes refuses an answer to the current question that counts as given at a
// time. What was given in time counts also when the close was decided first;
// while the clock stands still, nothing is taken.
func (r *Run) takes(at wire.Millis, a Allowance) error {
	if r.Phase != PhaseOpen && (r.Phase != PhaseClosed || at >= r.ClosedAt) {
		return ErrClosed
	}
	for _, p := range r.Pauses {
		if at >= p.From && (p.To == 0 || at < p.To) {
			return ErrPaused
		}
	}
	if end := r.deadline(a); end != 0 && at >= end {
		return ErrClosed
	}
	return nil
}

// Alarm returns when the open question's time is over, for those as well who
// have more of it and have not answered, and a [Tick] is due: the zero time if
// none is. While the clock stands still, the question has no limit, or
// somebody without a limit has not answered, only the staff closes it.
func (s *State) Alarm() time.Time {
	r := s.Run
	if r == nil || r.Phase != PhaseOpen || r.Deadline == 0 || r.paused() != nil {
		return time.Time{}
	}
	last := r.Deadline
	for user, a := range s.Allowed {
		if r.Players[user].given(r.Question) != nil {
			continue
		}
		own := r.deadline(a)
		if own == 0 {
			return time.Time{}
		}
		last = max(last, own)
	}
	return last.Time()
}

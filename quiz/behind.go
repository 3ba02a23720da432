package quiz

import "github.com/lyceum-live/lyceum/wire"

// MaxBehind is the most by which somebody's picture is taken to be late.
const MaxBehind wire.Millis = 5000

// Some see the class a few seconds late, and with it the question. Who did, and
// by how much, is found when it is asked and holds for that question: their own
// time is the class's less that much. So they have as long to answer as all the
// others, are paid for the same speed, and see the clock stop and run when they
// see it said. The question closes for the class at its time; theirs come in a
// little later, and nothing is revealed before the last of them is over.

// ErrSettling refuses a reveal while some may still answer.
var ErrSettling = &wire.Error{Code: "quiz.settling", Text: "some see the class a few seconds late and may still answer"}

// late is who sees the class late by how much, within its bounds; nil: nobody.
func late(by map[wire.UserID]wire.Millis) map[wire.UserID]wire.Millis {
	var out map[wire.UserID]wire.Millis
	for user, behind := range by {
		if behind <= 0 {
			continue
		}
		if out == nil {
			out = map[wire.UserID]wire.Millis{}
		}
		out[user] = min(behind, MaxBehind)
	}
	return out
}

// settlesAt is when everybody's time for the closed question is over; 0: it is,
// as far as anybody has yet to answer.
func (r *Run) settlesAt() wire.Millis {
	if r.Phase != PhaseClosed {
		return 0
	}
	var slowest wire.Millis
	for user, behind := range r.Behind {
		if r.Players[user].given(r.Question) == nil {
			slowest = max(slowest, behind)
		}
	}
	if slowest == 0 {
		return 0
	}
	return r.ClosedAt + slowest
}

// settled refuses what tells the answer as long as somebody may give one.
func (r *Run) settled(now wire.Millis) error {
	if at := r.settlesAt(); now < at {
		return ErrSettling.After(int64(at - now))
	}
	return nil
}

// behind is by how much the open or closed question comes late to somebody.
func (r *Run) behind(user wire.UserID) wire.Millis {
	if r.Phase != PhaseOpen && r.Phase != PhaseClosed {
		return 0
	}
	return r.Behind[user]
}

package quiz

import (
	"cmp"
	"maps"
	"slices"

	"github.com/lyceum-live/lyceum/wire"
)

// Scoring says what a right answer is worth.
type Scoring string

// The modes of scoring. A quiz that says none scores by speed.
const (
	Speed    Scoring = "speed"    // the faster, the more: see [Score]; all or nothing
	Accuracy Scoring = "accuracy" // all the points, whenever it comes; all or nothing
	Partial  Scoring = "partial"  // one part each for what is right, and off for what is wrong
)

// A run of right answers adds StreakStep for the second, twice that for the
// third and so on, at most as much as the quiz says, which is at most MaxStreak.
const (
	StreakStep = 100
	MaxStreak  = 500
)

// Quick is the time within which a right answer gets all the points.
const Quick wire.Millis = 500

// Score returns the points for a right answer that took so long, to a question
// worth points within limit. It is the formula that Kahoot! publishes
// (https://support.kahoot.com/hc/en-us/articles/115002303908-How-points-work):
//
//	points · (1 − took/(2·limit)), rounded half up, and all points below half a second
//
// so that the last moment is still worth half. It counts in whole milliseconds
// and is exact. Where several choices are correct, exactly these have to be
// picked; anything else is worth nothing.
func Score(points int, took, limit wire.Millis) int {
	if took < Quick {
		return points
	}
	whole := 2 * int64(limit)
	left := whole - int64(min(took, limit))
	return int((2*int64(points)*left + whole) / (2 * whole)) // ⌊x + ½⌋ of x = points·left/whole
}

// worth is what an answer is worth that took so long, of a member whose time
// is limit (0: not limited) and whose last answers were right streak times on
// end: whether all is right, the share that is, points and the run's bonus.
func (r *Run) worth(q *Question, marks []int8, of int, took, limit wire.Millis, streak int) (full bool, share float64, points, bonus int) {
	right, wrong := tally(marks)
	left := max(0, right-wrong)
	full = right == of && wrong == 0
	switch {
	case r.Scoring == Partial:
		points = (2*q.Points*left + of) / (2 * of) // rounded half up
		share = float64(left) / float64(of)
	case !full:
	case r.Scoring == Accuracy || limit == 0:
		points = q.Points
	default:
		points = Score(q.Points, took, limit)
	}
	if full {
		share = 1
		if q.Points > 0 {
			bonus = min(r.Streak, StreakStep*streak)
		}
	}
	return full, share, points, bonus
}

// score adds the points for the current question to the totals.
func (r *Run) score() {
	for _, p := range r.Players {
		g := p.given(r.Question)
		if g == nil || !g.Right {
			p.Streak = 0
		} else {
			p.Streak++
		}
		if g != nil && g.total() > 0 {
			p.Score += g.total()
			p.Reached = g.At
		}
	}
}

// rank gives every player a rank and makes the board. Equal scores share a
// rank and the next one is left out (1, 2, 2, 4); among them, those who
// reached the score earlier come first on the board.
func (r *Run) rank() {
	type entry struct {
		user wire.UserID
		*Player
	}
	order := make([]entry, 0, len(r.Players))
	for user, p := range r.Players {
		order = append(order, entry{user, p})
	}
	slices.SortFunc(order, func(a, b entry) int {
		return cmp.Or(
			cmp.Compare(b.Score, a.Score),
			cmp.Compare(a.Reached, b.Reached),
			cmp.Compare(a.user, b.user),
		)
	})
	for i, e := range order {
		if e.Rank = i + 1; i > 0 && e.Score == order[i-1].Score {
			e.Rank = order[i-1].Rank
		}
	}
	r.Ranked = len(order)
	r.Board = make([]Place, min(len(order), BoardSize))
	for i := range r.Board {
		r.Board[i] = Place{order[i].Rank, order[i].user, order[i].Score}
	}
	r.compareTeams()
}

// right returns who answered the current question rightly, in order.
func (r *Run) right() []wire.UserID {
	var users []wire.UserID
	for _, user := range slices.Sorted(maps.Keys(r.Players)) {
		if g := r.Players[user].given(r.Question); g != nil && g.Right {
			users = append(users, user)
		}
	}
	return users
}

package quiz

import (
	"cmp"
	"maps"
	"slices"

	"github.com/lyceum-live/lyceum/wire"
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

// score adds the points for the current question to the totals.
func (r *Run) score() {
	for _, p := range r.Players {
		if g := p.given(r.Question); g != nil && g.Points > 0 {
			p.Score += g.Points
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

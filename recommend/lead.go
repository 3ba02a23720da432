package recommend

import "math"

// lead keeps the blend honest: beside it stand yardsticks, single features
// that rank well alone somewhere. For persons of one warmth it keeps what the
// blend and every yardstick would have earned from the outcomes, all of them
// being asked each time, and lets the best one rank. So the ranking is, but
// for the time it takes to see it, never below the best decayed popularity or
// the best neighbours, whatever the audience is like.
type lead struct {
	features []int     // of the yardsticks
	rewards  []float64 // faded; of the blend, then of each yardstick
	leader   int       // in rewards
}

const (
	leadFade   = 0.9995 // what an outcome's reward keeps at the next one
	leadStart  = 25.0   // what the blend has earned beforehand: a yardstick needs evidence
	leadMargin = 1.005  // by how much another must be better to take over
)

func newLead(features []feature) lead {
	l := lead{rewards: []float64{leadStart}}
	for i, f := range features {
		if f.yardstick {
			l.features = append(l.features, i)
			l.rewards = append(l.rewards, 0)
		}
	}
	return l
}

// feature returns the column that leads, if not the blend does.
func (l *lead) feature() (at int, ok bool) {
	if l.leader == 0 {
		return 0, false
	}
	return l.features[l.leader-1], true
}

// judge rewards all for how they rank candidate chosen; the blend's scores
// are in q.scores.
func (l *lead) judge(q *query, chosen int) {
	for n := range l.rewards {
		column := q.scores
		if n > 0 {
			column = q.columns[l.features[n-1]]
		}
		l.rewards[n] = l.rewards[n]*leadFade + reward(column, chosen)
	}
	best := l.leader
	for n, r := range l.rewards {
		if r > l.rewards[best] {
			best = n
		}
	}
	if l.rewards[best] > l.rewards[l.leader]*leadMargin {
		l.leader = best
	}
}

// nearTop is what the first place earns beyond being among the first twenty.
// It only decides between rankings that put the same share there.
const nearTop = 0.2

// reward is what a ranking earns that has the chosen candidate where column
// puts it: one for a place among the first twenty, and a little more the
// nearer it is to the top. Equals share the middle of their places.
func reward(column []float32, chosen int) float64 {
	s, higher, equal := column[chosen], 0, 0
	for _, x := range column {
		if x > s {
			higher++
		} else if x == s {
			equal++
		}
	}
	rank := higher + (equal+1)/2
	switch {
	case rank > 20:
		return 0
	case rank > 10:
		return 1
	}
	return 1 + nearTop/math.Log2(1+float64(rank))
}

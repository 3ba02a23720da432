package offpolicy

import (
	"fmt"
	"math"
)

// Row is one thing that was done and what came of it.
type Row struct {
	Context    string // what the policy saw, of which there are few
	Action     string
	Reward     float64
	Propensity float64 // with which the log's policy did it, more than 0
}

// Log calls each with its rows in order, the same each time it is called.
type Log func(each func(Row) error) error

// Policy is with which probability each action is taken in each context.
type Policy map[string]map[string]float64

// UsualClip is the weight beyond which rows count as that, unless somebody
// wants it otherwise: where rewards are rare, few rows of large weight make an
// interval that is too narrow.
const UsualClip = 10

// MostCells bounds the contexts times actions that a log may have.
const MostCells = 1 << 20

// Frequencies is the policy that did what a log says, as often as it says: the
// mean over the log of a policy that changed meanwhile.
func Frequencies(log Log) (Policy, error) {
	p, sums := Policy{}, map[string]float64{}
	cells := 0
	err := log(func(r Row) error {
		if p[r.Context] == nil {
			p[r.Context] = map[string]float64{}
		}
		if _, known := p[r.Context][r.Action]; !known {
			if cells++; cells > MostCells {
				return fmt.Errorf("more than %d actions by context", MostCells)
			}
		}
		p[r.Context][r.Action]++
		sums[r.Context]++
		return nil
	})
	for context, actions := range p {
		for action := range actions {
			actions[action] /= sums[context]
		}
	}
	return p, err
}

// Mean returns the mean reward of a log, which is its own policy's value, with
// its interval.
func Mean(log Log) (Interval, int, error) {
	var m moments
	err := log(func(r Row) error { m.add(r.Reward); return nil })
	return m.interval(m.n), int(m.n), err
}

// Interval is an estimate with its interval of 95 %.
type Interval struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Holds reports whether x is in the interval.
func (i Interval) Holds(x float64) bool { return i.Low <= x && x <= i.High }

// Result is what a target policy would have brought by one log.
type Result struct {
	Rows      int      `json:"rows"`
	Effective float64  `json:"effective"` // rows that as much would be known from on the policy's own log: (Σw)²/Σw²
	Weight    float64  `json:"weight"`    // mean of w: 1 where the log has all that the target does
	Most      float64  `json:"most"`      // largest weight, before the clip
	Clip      float64  `json:"clip"`      // 0: none
	Clipped   float64  `json:"clipped"`   // share of rows
	Lost      float64  `json:"lost"`      // share of the weight that the clip took
	IPS       Interval `json:"ips"`
	SNIPS     Interval `json:"snips"`
	DR        Interval `json:"dr"`
}

// folds is of how many parts each is left out once when q is learned.
const folds = 5

// cell is what is known of an action in a context, by the fold of the row.
type cell struct{ n, sum [folds]float64 }

// Estimate estimates what target brings from a log. clip 0 is none.
func Estimate(log Log, target Policy, clip float64) (Result, error) {
	if clip < 0 || math.IsNaN(clip) {
		return Result{}, fmt.Errorf("clip %v is not a weight", clip)
	}
	q, err := learn(log)
	if err != nil {
		return Result{}, err
	}
	expected := map[string]*[folds]float64{} // of the target, by context
	out := Result{Clip: clip}
	var ips, dr moments
	var s selfNormalized
	all, kept, row := 0.0, 0.0, uint64(0)
	err = log(func(r Row) error {
		if !(r.Propensity > 0 && r.Propensity <= 1) || math.IsNaN(r.Reward) || math.IsInf(r.Reward, 0) {
			return fmt.Errorf("row %d: propensity %v, reward %v", row+1, r.Propensity, r.Reward)
		}
		f := foldOf(row)
		row++
		w := target[r.Context][r.Action] / r.Propensity
		out.Most = max(out.Most, w)
		all += w
		if clip > 0 && w > clip {
			w = clip
			out.Clipped++
		}
		kept += w
		e := expected[r.Context]
		if e == nil {
			e = q.expect(r.Context, target[r.Context])
			expected[r.Context] = e
		}
		ips.add(w * r.Reward)
		dr.add(e[f] + w*(r.Reward-q.of(r.Context, r.Action, f)))
		s.add(w, r.Reward)
		return nil
	})
	if err != nil {
		return Result{}, err
	}
	if row == 0 || kept == 0 {
		return Result{}, fmt.Errorf("%d rows, and nothing in them that the target does", row)
	}
	out.Rows, out.Weight = int(row), all/float64(row)
	out.Clipped /= float64(row)
	out.Lost = 1 - kept/all
	out.Effective = s.w * s.w / s.ww
	out.IPS, out.SNIPS, out.DR = ips.interval(out.Effective), s.interval(), dr.interval(out.Effective)
	return out, nil
}

// foldOf spreads rows over the folds without regard to their order, in which
// there may be a rhythm.
func foldOf(row uint64) int {
	row += 0x9e3779b97f4a7c15 // the finalizer of splitmix64 (Steele, Lea and Flood 2014)
	row = (row ^ row>>30) * 0xbf58476d1ce4e5b9
	row = (row ^ row>>27) * 0x94d049bb133111eb
	return int((row ^ row>>31) % folds)
}

// rewards is what actions bring, learned with each fold left out.
type rewards struct {
	cells    map[string]map[string]*cell
	contexts map[string]*cell
	all      cell
}

func learn(log Log) (*rewards, error) {
	q := &rewards{cells: map[string]map[string]*cell{}, contexts: map[string]*cell{}}
	row, count := uint64(0), 0
	err := log(func(r Row) error {
		f := foldOf(row)
		row++
		if q.cells[r.Context] == nil {
			q.cells[r.Context], q.contexts[r.Context] = map[string]*cell{}, &cell{}
		}
		c := q.cells[r.Context][r.Action]
		if c == nil {
			if count++; count > MostCells {
				return fmt.Errorf("more than %d actions by context", MostCells)
			}
			c = &cell{}
			q.cells[r.Context][r.Action] = c
		}
		for _, sum := range []*cell{c, q.contexts[r.Context], &q.all} {
			sum.n[f]++
			sum.sum[f] += r.Reward
		}
		return nil
	})
	return q, err
}

// drawn is by how many rows the mean of an action is drawn to that of its
// context, and that to the mean of all.
const drawn = 20

// of is what an action brings, by the rows of other folds than f.
func (q *rewards) of(context, action string, f int) float64 {
	n, sum := q.all.without(f)
	mean := sum / max(1, n)
	if c := q.contexts[context]; c != nil {
		n, sum = c.without(f)
		mean = (sum + drawn*mean) / (n + drawn)
	}
	if c := q.cells[context][action]; c != nil {
		n, sum = c.without(f)
		mean = (sum + drawn*mean) / (n + drawn)
	}
	return mean
}

// expect is what a policy brings in a context, for each fold.
func (q *rewards) expect(context string, policy map[string]float64) *[folds]float64 {
	var e [folds]float64
	for action, p := range policy {
		for f := range e {
			e[f] += p * q.of(context, action, f)
		}
	}
	return &e
}

func (c *cell) without(f int) (n, sum float64) {
	for k := range folds {
		if k != f {
			n += c.n[k]
			sum += c.sum[k]
		}
	}
	return n, sum
}

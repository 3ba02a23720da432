package recommend

import "math"

// blend ranks candidates by a linear score over all models' features and
// learns its weights from every outcome: the item that was taken up should
// have scored above the other candidates of that moment. That is one step of
// gradient ascent on the log-likelihood of a softmax over the candidates,
// with a step size of its own for each weight (AdaGrad).
//
// What everybody teaches goes into shared weights; persons of whom nothing,
// little or more is known have weights of their own on top, so that what is
// learned from regulars never spoils a newcomer's list. The weights start
// from the features' priors and so rank sensibly before the first outcome.
type blend struct {
	features []feature
	shared   weights
	own      [warmths]weights
	learned  uint64 // outcomes learned from
}

type weights struct {
	w []float64
	g []float64 // sums of squared gradients
}

// warmth is how much is known of a person.
type warmth uint8

const (
	cold warmth = iota // nothing taken up yet
	few                // 1 to 4 items
	warm               // more
	warmths
)

func warmthOf(p *person) warmth {
	switch {
	case p == nil || p.taken == 0:
		return cold
	case p.taken < 5:
		return few
	}
	return warm
}

const (
	step     = 0.05 // AdaGrad's step size
	ownStep  = 0.03 // of the weights for one warmth
	caution  = 1.0  // starts the sums of squares, so that the first steps are small
	maxSlope = 5.0  // no outcome moves a weight by a larger gradient
)

func newBlend(features []feature) *blend {
	b := &blend{features: features, shared: newWeights(len(features))}
	for i, f := range features {
		b.shared.w[i] = f.warm
	}
	for k := range b.own {
		b.own[k] = newWeights(len(features))
		for i, f := range features {
			b.own[k].w[i] = [warmths]float64{f.cold, f.few, f.warm}[k] - f.warm
		}
	}
	return b
}

func newWeights(n int) weights {
	w := weights{w: make([]float64, n), g: make([]float64, n)}
	for i := range w.g {
		w.g[i] = caution
	}
	return w
}

// weight is what feature i counts for persons of this warmth.
func (b *blend) weight(i int, k warmth) float64 { return b.shared.w[i] + b.own[k].w[i] }

// score fills q.scores from q.columns.
func (b *blend) score(q *query) {
	k := warmthOf(q.person)
	q.scores = append(q.scores[:0], make([]float32, len(q.items))...)
	for i := range b.features {
		w := float32(b.weight(i, k))
		if w == 0 {
			continue
		}
		for c, x := range q.columns[i] {
			q.scores[c] += w * x
		}
	}
}

// learn takes one step towards ranking candidate chosen above the others.
func (b *blend) learn(q *query, chosen int) {
	if len(q.items) < 2 {
		return
	}
	b.score(q)
	top := q.scores[0]
	for _, s := range q.scores {
		top = max(top, s)
	}
	sum := float32(0)
	for c, s := range q.scores {
		q.scores[c] = float32(math.Exp(float64(s - top)))
		sum += q.scores[c]
	}
	k := warmthOf(q.person)
	b.learned++
	for i := range b.features {
		expected := float32(0)
		column := q.columns[i]
		for c, p := range q.scores {
			expected += p * column[c]
		}
		slope := float64(column[chosen] - expected/sum)
		if slope == 0 || math.IsNaN(slope) {
			continue
		}
		slope = max(-maxSlope, min(maxSlope, slope))
		b.shared.move(i, slope, step)
		b.own[k].move(i, slope, ownStep)
	}
}

func (w *weights) move(i int, slope, step float64) {
	w.g[i] += slope * slope
	w.w[i] += step * slope / math.Sqrt(w.g[i])
}

func (b *blend) digest(d *digester) {
	d.uint(b.learned)
	d.floats(b.shared.w)
	d.floats(b.shared.g)
	for k := range b.own {
		d.floats(b.own[k].w)
		d.floats(b.own[k].g)
	}
}

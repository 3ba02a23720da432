package recommend

import "math"

// blend ranks candidates by a linear score over all models' features and
// learns its weights from every outcome: the item that was taken up should
// have scored above the other candidates of that moment. That is one step of
// gradient ascent on the log-likelihood of a softmax over the candidates,
// with a step size of its own for each weight (AdaGrad).
//
// What everybody teaches goes into shared weights; persons of whom nothing,
// little or more is known have weights of their own on top, and so have
// moments by how long ago the person's last wish was: what is learned from
// regulars never spoils a newcomer's list, and somebody in the midst of things
// is served otherwise than somebody who comes back. The weights start from the
// features' priors and so rank sensibly before the first outcome.
//
// The lead watches over the blend: see [lead].
type blend struct {
	features []feature
	sets     [blendSets]weights
	leads    [warmths]lead
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

// pace is how long ago a person's last wish was.
type pace uint8

const (
	unpaced pace = iota // there was none
	amidst              // within minutes
	sitting             // within hours
	daily               // within a day and a half
	rare
	paces
)

func paceOf(q *query) pace {
	const minute = 60_000
	if q.person == nil || len(q.person.history) == 0 {
		return unpaced
	}
	h := q.person.history
	switch ago := q.now - h[len(h)-1].at; {
	case ago < 5*minute:
		return amidst
	case ago < 120*minute:
		return sitting
	case ago < 36*60*minute:
		return daily
	}
	return rare
}

// The sets of weights that are added up: one for all, one for each warmth,
// one for each pace.
const (
	sharedSet = 0
	warmthSet = 1
	paceSet   = warmthSet + int(warmths)
	blendSets = paceSet + int(paces)
)

func setsOf(q *query) [3]int {
	return [3]int{sharedSet, warmthSet + int(warmthOf(q.person)), paceSet + int(paceOf(q))}
}

const (
	step     = 0.05 // AdaGrad's step size
	ownStep  = 0.03 // of the weights for one warmth or pace
	caution  = 1.0  // starts the sums of squares, so that the first steps are small
	maxSlope = 5.0  // no outcome moves a weight by a larger gradient
)

func newBlend(features []feature) *blend {
	b := &blend{features: features}
	for k := range b.sets {
		b.sets[k] = newWeights(len(features))
	}
	for i, f := range features {
		b.sets[sharedSet].w[i] = f.warm
		for k, w := range [warmths]float64{f.cold, f.few, f.warm} {
			b.sets[warmthSet+k].w[i] = w - f.warm
		}
	}
	for k := range b.leads {
		b.leads[k] = newLead(features)
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

// weight is what feature i counts where these sets apply.
func (b *blend) weight(i int, sets [3]int) (w float64) {
	for _, k := range sets {
		w += b.sets[k].w[i]
	}
	return w
}

// weightFor is what feature i counts for persons of a warmth, at no pace.
func (b *blend) weightFor(i int, k warmth) float64 {
	return b.sets[sharedSet].w[i] + b.sets[warmthSet+int(k)].w[i]
}

// weigh fills q.scores from q.columns by the weights alone.
func (b *blend) weigh(q *query) {
	sets := setsOf(q)
	q.scores = growTo(q.scores, len(q.items))[:len(q.items)]
	clear(q.scores)
	for i := range b.features {
		if w := float32(b.weight(i, sets)); w != 0 {
			for c, x := range q.columns[i] {
				q.scores[c] += w * x
			}
		}
	}
}

// score fills q.scores: by the weights, or by whoever leads instead.
func (b *blend) score(q *query) {
	b.weigh(q)
	if at, ok := b.leads[warmthOf(q.person)].feature(); ok {
		const hint = 1e-3 // the weights order what the leading feature leaves equal
		for c, x := range q.columns[at] {
			q.scores[c] = x + hint*q.scores[c]/(1+abs(q.scores[c]))
		}
	}
}

func abs(x float32) float32 { return max(x, -x) }

// learn takes one step towards ranking candidate chosen above the others. Of
// what is past only the shared weights learn: how much was known of the
// person then, and how they came to it, is not known.
func (b *blend) learn(q *query, chosen int, past bool) {
	if len(q.items) < 2 {
		return
	}
	b.weigh(q)
	if !past {
		b.leads[warmthOf(q.person)].judge(q, chosen)
	}
	top := q.scores[0]
	for _, s := range q.scores {
		top = max(top, s)
	}
	sum := float32(0)
	for c, s := range q.scores {
		q.scores[c] = expOf(s - top)
		sum += q.scores[c]
	}
	sets := setsOf(q)
	b.learned++
	for i := range b.features {
		column := q.columns[i]
		slope := float64(column[chosen] - dot(q.scores, column)/sum)
		if slope == 0 || math.IsNaN(slope) {
			continue
		}
		slope = max(-maxSlope, min(maxSlope, slope))
		for n, k := range sets {
			by := ownStep
			if n == 0 {
				by = step
			} else if past {
				break
			}
			b.sets[k].move(i, slope, by)
		}
	}
}

// dot is the inner product of two columns of one length.
func dot(a, b []float32) float32 {
	var sums [4]float32 // side by side: one sum would wait for itself
	for b = b[:len(a)]; len(a) >= 4; a, b = a[4:], b[4:] {
		sums[0] += a[0] * b[0]
		sums[1] += a[1] * b[1]
		sums[2] += a[2] * b[2]
		sums[3] += a[3] * b[3]
	}
	for i := range a {
		sums[0] += a[i] * b[i]
	}
	return sums[0] + sums[1] + sums[2] + sums[3]
}

func (w *weights) move(i int, slope, step float64) {
	w.g[i] += slope * slope
	w.w[i] += step * slope / math.Sqrt(w.g[i])
}

// expOf is e to the power of x, for x up to 0, to about four digits.
func expOf(x float32) float32 {
	if x < -80 {
		return 0
	}
	y := x * math.Log2E
	n := int32(y - 1) // towards 0 from a number below -1: the floor, or one less
	f := y - float32(n)
	// 2^f for f in (0, 2], as the square of 2^(f/2).
	h := f * (math.Ln2 / 2)
	p := 1 + h*(1+h*(1./2+h*(1./6+h*(1./24+h*(1./120+h/720)))))
	return p * p * math.Float32frombits(uint32(n+127)<<23)
}

func (b *blend) digest(d *digester) {
	d.uint(b.learned)
	for k := range b.sets {
		d.floats(b.sets[k].w)
		d.floats(b.sets[k].g)
	}
	for k := range b.leads {
		d.floats(b.leads[k].rewards)
		d.uint(uint64(b.leads[k].leader))
	}
}

package experiment

import "math"

// Odds bets on whose doing each of a row of events is: an arm's or the
// control's. If the arm makes no difference, each is the arm's with probability
// null, the arm's weight among the two, independently of all before: people came
// into the arms by chance, and whatever they were going to do, they do.
//
// The bet against that is a mixture over all probabilities by a beta
// distribution round null (Robbins 1970; for experiments Lindon and Malek,
// "Anytime-valid inference for multinomial count data", NeurIPS 2022):
//
//	M = B(a+k, b+n-k) / B(a, b) / (null^k (1-null)^(n-k))
//
// M is a martingale of mean 1, so sup M ≥ 1/α has a probability of at most α.
// That is exact for any n, and needs no estimate of a variance.
type Odds struct {
	null, a, b float64
	n, k       float64
	most       float64 // sup of log M
}

// NewOdds returns a test that is quickest to find an arm under which events
// are 1+effect times as likely as under the control.
func NewOdds(null, effect float64) Odds {
	shift := shifted(null, 1+effect) - null
	trust := null * (1 - null) / (shift * shift) // that of a beta distribution as wide as the shift
	return Odds{null: null, a: trust * null, b: trust * (1 - null)}
}

// shifted is the arm's share of the events when it makes them ratio times as
// likely.
func shifted(null, ratio float64) float64 { return null * ratio / (null*ratio + 1 - null) }

// Add counts an event: the arm's, or the control's.
func (o *Odds) Add(arm bool) {
	o.n++
	if arm {
		o.k++
	}
	o.most = max(o.most, o.wealth(o.null))
}

// wealth is the logarithm of M against an arm's share of so much.
func (o *Odds) wealth(share float64) float64 {
	return logBeta(o.a+o.k, o.b+o.n-o.k) - logBeta(o.a, o.b) - o.likely(share)
}

// likely is the logarithm of how likely the events are at an arm's share.
func (o *Odds) likely(share float64) float64 {
	return o.k*math.Log(share) + (o.n-o.k)*math.Log(1-share)
}

// P is the always-valid p-value of the arm making no difference (Johari,
// Koomen, Pekelis and Walsh, Operations Research 2022).
func (o *Odds) P() float64 { return math.Exp(-o.most) }

// N returns how many events there were, and how many were the arm's.
func (o *Odds) N() (all, arms int) { return int(o.n), int(o.k) }

const tip = 1e-9 // the ends of the scale of shares

// Ratio returns how many times as likely events are under the arm, as
// estimated, and the confidence sequence at 1-level: the ratios against which M
// has never been as large as 1/level now.
func (o *Odds) Ratio(level float64) (ratio, low, high float64) {
	ratioOf := func(share float64) float64 { return share / (1 - share) * (1 - o.null) / o.null }
	if o.n == 0 {
		return 1, 0, math.Inf(1)
	}
	// At the mean so far the events are likeliest, so it is not refused.
	bound := o.wealth(o.null) + o.likely(o.null) + math.Log(level)
	edge := func(out float64) float64 {
		in := max(tip, min(1-tip, o.k/o.n))
		if o.likely(out) > bound {
			return out
		}
		for range 40 {
			if mid := (in + out) / 2; o.likely(mid) > bound {
				in = mid
			} else {
				out = mid
			}
		}
		return out
	}
	low, high = ratioOf(edge(tip)), ratioOf(edge(1-tip))
	if o.k == o.n {
		high = math.Inf(1)
	}
	if o.k == 0 {
		low = 0
	}
	return ratioOf((o.k + 0.5) / (o.n + 1)), low, high
}

// Power returns the probability that the test, at a level, finds an arm with a
// true ratio within so many events. It is exact: the distribution over the
// counts is carried on event by event, without those that have alarmed.
func (o Odds) Power(ratio, level float64, events int) float64 {
	found := 0.0
	o.walk(ratio, level, events, func(_ int, p float64) bool { found = p; return false })
	return found
}

// needed returns the least number of events within which a true ratio is found
// with that probability, or 0 if that takes more than most.
func (o Odds) needed(ratio, level, power float64, most int) int {
	needed := 0
	o.walk(ratio, level, most, func(n int, p float64) bool {
		if p >= power {
			needed = n
		}
		return needed > 0
	})
	return needed
}

// walk calls each with the probability of an alarm within n events, for n from
// 1 on, until it says that this will do.
func (o Odds) walk(ratio, level float64, most int, each func(n int, found float64) (enough bool)) {
	share := shifted(o.null, ratio)
	bound := -math.Log(level)
	alive := make([]float64, most+2) // by k
	alive[0] = 1
	low, high := 0, 0 // the counts that are alive are low to high
	found := 0.0
	start := logBeta(o.a, o.b)
	logArm, logControl := math.Log(o.null), math.Log(1-o.null)
	for n := 1; n <= most; n++ {
		alive[high+1] = 0
		for k := high; k >= low; k-- {
			p := alive[k]
			alive[k+1] += p * share
			alive[k] = p * (1 - share)
		}
		high++
		alarms := func(k int) bool {
			x := float64(k)
			return logBeta(o.a+x, o.b+float64(n)-x)-start-x*logArm-(float64(n)-x)*logControl >= bound
		}
		for low <= high && float64(low) < float64(n)*o.null && alarms(low) {
			found += alive[low]
			alive[low] = 0
			low++
		}
		for high >= low && float64(high) > float64(n)*o.null && alarms(high) {
			found += alive[high]
			alive[high] = 0
			high--
		}
		if each(n, found) || low > high {
			return
		}
	}
}

// Harm bets that an arm makes what nobody wants more likely. It is one-sided:
// where the arm makes it less likely or as likely, M is a supermartingale. The
// bet is spread over a few ratios, and so exact from the first event on.
type Harm struct {
	null float64
	n, k float64
	log  [len(harms)]float64
	most float64
}

var harms = [...]float64{1.1, 1.25, 1.5, 2, 4}

// NewHarm returns a guard over events of which the arm's share is null by
// right.
func NewHarm(null float64) Harm { return Harm{null: null} }

// Add counts an event: the arm's, or the control's.
func (h *Harm) Add(arm bool) {
	h.n++
	if arm {
		h.k++
	}
	top := math.Inf(-1)
	for i, ratio := range harms {
		share := shifted(h.null, ratio)
		if arm {
			h.log[i] += math.Log(share / h.null)
		} else {
			h.log[i] += math.Log((1 - share) / (1 - h.null))
		}
		top = max(top, h.log[i])
	}
	sum := 0.0
	for _, x := range h.log {
		sum += math.Exp(x - top)
	}
	h.most = max(h.most, top+math.Log(sum/float64(len(harms))))
}

// P is the always-valid p-value of the arm doing no harm.
func (h *Harm) P() float64 { return math.Exp(-h.most) }

// Shares watches whether people come into the arms in the shares that were
// meant. Where they do not, something is broken and no comparison means
// anything (Fabijan et al., KDD 2019). The test is that of Lindon and Malek: a
// Dirichlet mixture round the shares that are meant.
type Shares struct {
	meant  []float64 // 0 for arms that are no more
	counts []float64
	left   float64 // sum of meant
	n      float64 // of counts of arms that are left
	log    float64 // of M, kept up event by event
	most   float64
}

// shareTrust is how narrow the mixture is: that of as many people. It is
// quickest to find shares that are off by a few percent.
const shareTrust = 1000

// NewShares returns the watch over arms with these weights.
func NewShares(weights []float64) Shares {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	s := Shares{meant: make([]float64, len(weights)), counts: make([]float64, len(weights)), left: 1}
	for i, w := range weights {
		s.meant[i] = w / sum
	}
	return s
}

// Add counts a person who came into an arm. The mixture predicts the next arm
// as if from the people so far and shareTrust more, as is meant.
func (s *Shares) Add(arm int) {
	if s.meant[arm] == 0 {
		return
	}
	predicted := (shareTrust*s.meant[arm] + s.counts[arm]) / (shareTrust*s.left + s.n)
	s.log += math.Log(predicted / s.meant[arm] * s.left)
	s.counts[arm]++
	s.n++
	s.most = max(s.most, s.log)
}

// Drop says that nobody more comes into an arm: what is watched from now on is
// how the others share the people.
func (s *Shares) Drop(arm int) {
	s.left -= s.meant[arm]
	s.n -= s.counts[arm]
	s.meant[arm], s.counts[arm] = 0, 0
}

// P is the always-valid p-value of all being as it is meant.
func (s *Shares) P() float64 { return math.Exp(-s.most) }

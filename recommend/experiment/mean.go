package experiment

import "math"

// Mean compares the means of something under an arm and under the control,
// over people who come one by one, each in the arm with probability share. With
// each comes what was known of them before they were exposed; what follows from
// that is taken off (CUPED: Deng, Xu, Kohavi and Walker, WSDM 2013).
//
// What is summed is, for each person, the augmented inverse-probability score
//
//	ψ = m₁ - m₀ + Z/share (Y - m₁) - (1-Z)/(1-share) (Y - m₀)
//
// where Z says whether they are in the arm and m is what is expected under
// either: the arm's mean so far and a slope over the covariate, from the people
// before them alone. So the mean of ψ is the difference, whatever m is worth
// (Robins, Rotnitzky and Zhao 1994), and ψ less it a martingale difference.
//
// The bet is a normal mixture with the variance of ψ as it is known so far
// (Robbins 1970; mSPRT: Johari et al. 2022). With an estimated variance that is
// valid as the least number of people grows (Waudby-Smith, Arbour, Sinha,
// Kennedy and Ramdas, "Time-uniform central limit theory and asymptotic
// confidence sequences", 2024): nothing is said before [least] people of each
// side, and a test simulates that the level holds, for skewed outcomes too.
type Mean struct {
	share  float64
	sides  [2]side
	slope  regression
	n      float64
	sum    float64
	square float64 // sum of squared distances of ψ from its mean
	fourth float64 // sum of their squares
	most   float64 // sup of log of the bet
}

// side is what is known of the people under the control (0) or the arm (1).
type side struct{ n, y, yy, x float64 }

// regression keeps the sums for the slope of y over x within the sides.
type regression struct{ xx, xy float64 }

const (
	least    = 100  // people of each side before anything is said
	inEffect = 50   // and so many in effect, as few of them make out most of the variance: people over kurtosis
	tunedFor = 2000 // people for which the mixture is narrowest
)

// NewMean returns the comparison for arms of these weights.
func NewMean(control, arm float64) Mean { return Mean{share: arm / (control + arm)} }

// Add counts a person: what came of them, and what was known before.
func (m *Mean) Add(arm bool, y, x float64) {
	if math.IsNaN(y) || math.IsInf(y, 0) || math.IsNaN(x) || math.IsInf(x, 0) {
		return
	}
	z := 0
	if arm {
		z = 1
	}
	expected := [2]float64{m.expect(0, x), m.expect(1, x)}
	psi := expected[1] - expected[0]
	if arm {
		psi += (y - expected[1]) / m.share
	} else {
		psi -= (y - expected[0]) / (1 - m.share)
	}
	// People come first to be learned from: without an expectation of either
	// side, ψ would be mostly noise.
	if m.sides[0].n >= learnFrom && m.sides[1].n >= learnFrom {
		m.n++
		far := psi - m.sum/max(1, m.n-1)
		m.sum += psi
		d := far * (psi - m.sum/m.n)
		m.square += d
		m.fourth += d * d
	}
	s := &m.sides[z]
	before := s.x / max(1, s.n)
	s.n++
	s.y += y
	s.yy += y * y
	s.x += x
	if s.n > 1 {
		m.slope.xx += (x - before) * (x - s.x/s.n)
		m.slope.xy += (x - before) * (y - s.y/s.n)
	}
	if m.ready() {
		m.most = max(m.most, m.wealth(0))
	}
}

// learnFrom is how many people of each side only teach what to expect.
const learnFrom = 20

func (m *Mean) expect(z int, x float64) float64 {
	s := &m.sides[z]
	if s.n == 0 {
		return 0
	}
	e := s.y / s.n
	if m.slope.xx > 0 && m.sides[0].n+m.sides[1].n >= 2*learnFrom {
		e += m.slope.xy / m.slope.xx * (x - s.x/s.n)
	}
	return e
}

func (m *Mean) ready() bool {
	return m.sides[0].n >= least && m.sides[1].n >= least && m.square > 0 && m.square*m.square >= inEffect*m.fourth
}

// width² of the mixture, in units of the variance of ψ: narrowest at tunedFor
// people for a level of 5 % (Waudby-Smith et al., appendix B.2).
var mixture = func() float64 {
	l := -2 * math.Log(0.05)
	return (l + math.Log(l+1)) / tunedFor
}()

// wealth is the logarithm of the bet against a difference of so much.
func (m *Mean) wealth(difference float64) float64 {
	variance := m.square / (m.n - 1)
	s := m.sum - m.n*difference
	grown := 1 + m.n*mixture
	return mixture*s*s/(2*variance*grown) - math.Log(grown)/2
}

// P is the always-valid p-value of there being no difference; 1 while there
// are too few people.
func (m *Mean) P() float64 { return math.Exp(-m.most) }

// Difference returns the difference as estimated, and the confidence sequence
// at 1-level. ok is false while there are too few people.
func (m *Mean) Difference(level float64) (difference, low, high float64, ok bool) {
	if m.n < 2 {
		return 0, math.Inf(-1), math.Inf(1), false
	}
	difference = m.sum / m.n
	if !m.ready() {
		return difference, math.Inf(-1), math.Inf(1), false
	}
	variance := m.square / (m.n - 1)
	grown := 1 + m.n*mixture
	width := math.Sqrt(2 * variance * grown / mixture * (math.Log(grown)/2 - math.Log(level)))
	return difference, difference - width/m.n, difference + width/m.n, true
}

// Of returns how many people of a side there are, and their mean.
func (m *Mean) Of(arm bool) (n int, mean float64) {
	s := m.sides[0]
	if arm {
		s = m.sides[1]
	}
	return int(s.n), s.y / max(1, s.n)
}

// Saved is the share of the variance that the covariate takes off.
func (m *Mean) Saved() float64 {
	within := 0.0
	for _, s := range m.sides {
		if s.n > 0 {
			within += s.yy - s.y*s.y/s.n
		}
	}
	if m.slope.xx <= 0 || within <= 0 {
		return 0
	}
	return min(1, m.slope.xy*m.slope.xy/m.slope.xx/within)
}

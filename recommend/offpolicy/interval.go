package offpolicy

import "math"

// moments are those of numbers that come one by one (Welford 1962).
type moments struct{ n, mean, square float64 }

func (m *moments) add(x float64) {
	m.n++
	far := x - m.mean
	m.mean += far / m.n
	m.square += far * (x - m.mean)
}

// interval is that of the mean, where so many rows count in effect.
func (m *moments) interval(effective float64) Interval {
	if m.n < 2 {
		return Interval{m.mean, math.Inf(-1), math.Inf(1)}
	}
	half := student(effective-1) * math.Sqrt(m.square/(m.n-1)/m.n)
	return Interval{m.mean, m.mean - half, m.mean + half}
}

// selfNormalized are the sums for SNIPS and its variance.
type selfNormalized struct {
	w, ww, wr, wwr, wwrr float64
	www, wwwr, wwwrr     float64 // for each row's leverage, to the first order
}

func (s *selfNormalized) add(w, r float64) {
	s.w += w
	s.ww += w * w
	s.wr += w * r
	s.wwr += w * w * r
	s.wwrr += w * w * r * r
	s.www += w * w * w
	s.wwwr += w * w * w * r
	s.wwwrr += w * w * w * r * r
}

// interval is by the delta method: the ratio less its value is the mean of
// w(r-v) over that of w. A row of much weight draws the value to itself, so that
// what is left of it is too small by the share h = w/Σw of the weight that it
// has; 1/(1-h)² makes up for that, here to the first order in h.
func (s *selfNormalized) interval() Interval {
	v := s.wr / s.w
	plain := s.wwrr - 2*v*s.wwr + v*v*s.ww
	lever := s.wwwrr - 2*v*s.wwwr + v*v*s.www
	half := student(s.w*s.w/s.ww-1) * math.Sqrt(max(0, plain+2*lever/s.w)) / s.w
	return Interval{v, v - half, v + half}
}

// student is the 97.5 % quantile of Student's t (Cornish and Fisher's
// expansion: Abramowitz and Stegun, 26.7.5), of the normal law as the degrees
// of freedom grow.
func student(freedom float64) float64 {
	const z = 1.959963984540054
	n := max(freedom, 2)
	z3, z5, z7 := z*z*z, z*z*z*z*z, z*z*z*z*z*z*z
	return z + (z3+z)/(4*n) + (5*z5+16*z3+3*z)/(96*n*n) + (3*z7+19*z5+17*z3-15*z)/(384*n*n*n)
}

package experiment

import (
	"math"

	"github.com/lyceum-live/lyceum/wire"
)

// Point is how a comparison stood at a moment, for plots.
type Point struct {
	At       wire.Millis `json:"at"`
	N        int         `json:"n"`        // events or people by then
	Estimate float64     `json:"estimate"` // a ratio for shares, a difference for means
	Low      *float64    `json:"low"`      // null: not bounded yet
	High     *float64    `json:"high"`
	P        float64     `json:"p"`
}

// history keeps how one arm's comparisons stood at moments that are spread
// evenly over time: when there are too many, every second goes and the step
// doubles. What a moment says is worked out when somebody asks.
type history struct {
	step    wire.Millis
	moments []moment
}

type moment struct {
	at     wire.Millis
	shares [len(shareMetrics)]Odds
	means  [len(meanMetrics)]Mean
}

const (
	mostMoments = 120
	firstStep   = wire.Millis(60_000)
)

func (h *history) note(at wire.Millis, v *versus) {
	if n := len(h.moments); n > 0 && at < h.moments[n-1].at+h.step {
		return
	}
	h.step = max(h.step, firstStep)
	h.moments = append(h.moments, moment{at, v.shares, v.means})
	if len(h.moments) < mostMoments {
		return
	}
	h.step *= 2
	kept := h.moments[:0]
	for i, m := range h.moments {
		if i%2 == 1 { // the newest stays
			kept = append(kept, m)
		}
	}
	h.moments = kept
}

// line is a metric's comparison over time, as point says it of each moment.
func (h *history) line(point func(*moment) Point) []Point {
	line := make([]Point, len(h.moments))
	for i := range h.moments {
		line[i] = point(&h.moments[i])
	}
	return line
}

func (o *Odds) point(at wire.Millis, level float64) Point {
	ratio, low, high := o.Ratio(level)
	n, _ := o.N()
	return Point{At: at, N: n, Estimate: ratio, Low: bounded(low), High: bounded(high), P: o.P()}
}

func (m *Mean) point(at wire.Millis, level float64) Point {
	difference, low, high, _ := m.Difference(level)
	return Point{At: at, N: int(m.n), Estimate: difference, Low: bounded(low), High: bounded(high), P: m.P()}
}

// bounded is x, or nil where there is no bound.
func bounded(x float64) *float64 {
	if math.IsInf(x, 0) || math.IsNaN(x) {
		return nil
	}
	return &x
}

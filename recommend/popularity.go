package recommend

import (
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// popularity counts how much an item is wanted, at several half-lives at
// once, and how often it is seen. No half-life is right for every audience:
// the blend learns which to trust.
type popularity struct {
	clocks []decay
	counts [][]float64 // by clock, then item
	tops   [][]ref     // by clock: the items with the highest counts, best first

	seen       decay
	seenCounts []float64
	wantCounts []float64 // with the same decay as seen: wanted when seen

	ratings []rating // by item

	suggestible func(ref) bool // items that may stand in a top list
}

// rating is how those who took an item up valued it.
type rating struct {
	sum   float32
	count uint32
}

const (
	topSize  = 128                // items of each top list
	seenHalf = 3 * 24 * time.Hour // half-life of how often an item is seen
)

func newPopularity(halves []time.Duration, suggestible func(ref) bool) *popularity {
	m := &popularity{seen: newDecay(seenHalf), suggestible: suggestible}
	for _, h := range halves {
		m.clocks = append(m.clocks, newDecay(h))
	}
	m.counts = make([][]float64, len(halves))
	m.tops = make([][]ref, len(halves))
	return m
}

func (m *popularity) features() []feature {
	list := make([]feature, 0, len(m.clocks)+2)
	for i := range m.clocks {
		name := "popular." + shortDuration(time.Duration(m.clocks[i].half)*time.Millisecond)
		w := 1.2 / float64(len(m.clocks))
		list = append(list, feature{name: name, group: byPopularity, cold: w, few: 0.8 * w, warm: 0.6 * w, yardstick: true})
	}
	return append(list,
		feature{name: "seen", group: byPopularity},
		feature{name: "rate", group: byPopularity, cold: 0.1, few: 0.1, warm: 0.1})
}

func (m *popularity) grow(n int) {
	for i := range m.counts {
		m.counts[i] = growTo(m.counts[i], n)
	}
	m.seenCounts = growTo(m.seenCounts, n)
	m.wantCounts = growTo(m.wantCounts, n)
	m.ratings = growTo(m.ratings, n)
}

func (m *popularity) observe(f *fact) {
	m.grow(int(f.item) + 1)
	if f.seen {
		g := m.seen.grow(f.at, func(k float64) { scale(m.seenCounts, k); scale(m.wantCounts, k) })
		m.seenCounts[f.item] += g
		if f.outcome {
			m.wantCounts[f.item] += g
		}
	}
	if f.outcome {
		m.ratings[f.item].sum += float32(f.strength)
		m.ratings[f.item].count++
	}
	if f.gain <= 0 {
		return
	}
	for i := range m.clocks {
		g := m.clocks[i].grow(f.at, func(k float64) { scale(m.counts[i], k) })
		m.counts[i][f.item] += f.gain * g
		m.raise(i, f.item)
	}
}

// raise puts an item whose count has grown in its place of the top list.
// Counts of one clock keep their order until one grows, so the list is always
// exact and never sorted anew.
func (m *popularity) raise(clock int, item ref) {
	top, counts := m.tops[clock], m.counts[clock]
	at := slices.Index(top, item)
	if at < 0 {
		if !m.suggestible(item) {
			return
		}
		if len(top) < topSize {
			top = append(top, item)
		} else if counts[item] > counts[top[len(top)-1]] {
			top[len(top)-1] = item
		} else {
			return
		}
		at = len(top) - 1
	}
	for ; at > 0 && counts[top[at]] > counts[top[at-1]]; at-- {
		top[at], top[at-1] = top[at-1], top[at]
	}
	m.tops[clock] = top
}

// relist builds the top lists anew, when what may be suggested has changed.
func (m *popularity) relist() {
	for clock, counts := range m.counts {
		top := m.tops[clock][:0]
		for i := range counts {
			if counts[i] > 0 && m.suggestible(ref(i)) {
				top = append(top, ref(i))
			}
		}
		slices.SortStableFunc(top, func(a, b ref) int {
			switch {
			case counts[a] > counts[b]:
				return -1
			case counts[a] < counts[b]:
				return 1
			}
			return int(int64(a) - int64(b))
		})
		m.tops[clock] = slices.Clone(top[:min(len(top), topSize)])
	}
}

func (m *popularity) propose(q *query) {
	for _, top := range m.tops {
		for _, item := range top {
			q.add(item)
		}
	}
}

// count is how much an item is wanted at now, by one clock.
func (m *popularity) count(clock int, item ref, now wire.Millis) float64 {
	if int(item) >= len(m.counts[clock]) {
		return 0
	}
	return m.counts[clock][item] * m.clocks[clock].shrink(now)
}

func (m *popularity) score(q *query, columns [][]float32) {
	for clock := range m.clocks {
		shrink, counts, column := m.clocks[clock].shrink(q.now), m.counts[clock], columns[clock]
		for c, item := range q.items {
			n := 0.0
			if int(item) < len(counts) {
				n = counts[item] * shrink
			}
			column[c] = logOf(float32(n) + 0.05)
		}
	}
	seen, rate := columns[len(m.clocks)], columns[len(m.clocks)+1]
	shrink := m.seen.shrink(q.now)
	for c, item := range q.items {
		n, k := 0.0, 0.0
		if int(item) < len(m.seenCounts) {
			n, k = m.seenCounts[item]*shrink, m.wantCounts[item]*shrink
		}
		seen[c] = logOf(float32(n) + 0.5)
		rate[c] = logOf(float32(k+1)) - logOf(float32(n+4))
	}
}

func (m *popularity) digest(d *digester) {
	for i := range m.counts {
		d.floats(m.counts[i])
		for _, item := range m.tops[i] {
			d.uint(uint64(item))
		}
	}
	d.floats(m.seenCounts)
	d.floats(m.wantCounts)
	for _, r := range m.ratings {
		d.float(float64(r.sum))
		d.uint(uint64(r.count))
	}
}

func growTo[T any](s []T, n int) []T {
	if len(s) >= n {
		return s
	}
	return append(s, make([]T, n-len(s))...)
}

func scale(s []float64, k float64) {
	for i := range s {
		s[i] *= k
	}
}

// logOf is the natural logarithm to about four digits, which is all that a
// feature needs, in a fraction of the time.
func logOf(x float32) float32 {
	bits := math.Float32bits(x)
	e := float32(int32(bits>>23)-127) * math.Ln2
	m := math.Float32frombits(bits&0x7fffff|0x3f800000) - 1 // 0 to 1
	return e + m*(0.99949556+m*(-0.49190896+m*(0.28947478+m*(-0.13606275+m*0.03215845))))
}

// seenBy is how often the item is seen, on a scale of its own.
func (m *popularity) seenBy(item ref) float32 {
	if int(item) >= len(m.seenCounts) {
		return 0
	}
	return float32(m.seenCounts[item])
}

// rating is the mean of how the item was valued, drawn to the middle while
// few have.
func (m *popularity) rating(item ref) float32 {
	r := rating{}
	if int(item) < len(m.ratings) {
		r = m.ratings[item]
	}
	return (r.sum + 2*0.5) / float32(r.count+2)
}

// shortDuration writes a half-life as a feature's name.
func shortDuration(d time.Duration) string {
	if d >= 24*time.Hour && d%(24*time.Hour) == 0 {
		return strconv.Itoa(int(d/(24*time.Hour))) + "d"
	}
	return d.String()
}

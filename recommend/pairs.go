package recommend

import "math"

// pairs counts which items go together, streaming and bounded: for each item
// a table of the others that were met with it most, every pair counted under
// two half-lives. Nearness is the cosine of the two items' decayed columns of
// the matrix of persons' values, kept exact pair by pair as values grow, and
// shrunk towards 0 where little has been seen.
type pairs struct {
	clocks  [2]decay
	limit   int
	rows    []row
	inverse [][2]float32 // by item: 1 over the root of its norms
}

// row is one item's norm and its table.
type row struct {
	norm  [2]float64 // sum of squared values
	ids   []ref
	pairs [][2]float32 // decayed sums of products, beside ids
}

const (
	slow, fast  = 0, 1
	shrinkPairs = 0.1 // pairs seen at which nearness counts half
)

func (m *pairs) grow(n int) {
	m.rows = growTo(m.rows, n)
	m.inverse = growTo(m.inverse, n)
}

// count is what a fact counts now under each clock.
func (m *pairs) count(f *fact) (g [2]float64) {
	for k := range m.clocks {
		g[k] = m.clocks[k].grow(f.at, func(by float64) { m.rescale(k, by) })
	}
	return g
}

// lengthen adds to an item's norms.
func (m *pairs) lengthen(item ref, by float64, g [2]float64) {
	r := &m.rows[item]
	for k := range g {
		r.norm[k] += by * g[k]
	}
	m.invert(item)
}

func (m *pairs) invert(item ref) {
	for k, n := range m.rows[item].norm {
		m.inverse[item][k] = 0
		if n > 0 {
			m.inverse[item][k] = float32(1 / math.Sqrt(n))
		}
	}
}

// join adds to the pair of two items, in the tables of both.
func (m *pairs) join(a, b ref, by float64, g [2]float64) {
	add := [2]float32{float32(by * g[slow]), float32(by * g[fast])}
	m.rows[a].raise(b, add, m.limit)
	m.rows[b].raise(a, add, m.limit)
}

// raise adds to a pair. A full table gives up its weakest pair for a new one:
// a pair that matters comes back and stays, so heavy ones are never lost.
func (r *row) raise(other ref, by [2]float32, limit int) {
	for i, id := range r.ids {
		if id == other {
			r.pairs[i][slow] += by[slow]
			r.pairs[i][fast] += by[fast]
			return
		}
	}
	if len(r.ids) < limit {
		r.ids = append(roomFor(r.ids, limit), other)
		r.pairs = append(roomFor(r.pairs, limit), by)
		return
	}
	weakest := 0
	for i := range r.pairs {
		if r.pairs[i][slow] < r.pairs[weakest][slow] {
			weakest = i
		}
	}
	r.ids[weakest], r.pairs[weakest] = other, by
}

func (m *pairs) rescale(clock int, by float64) {
	for i := range m.rows {
		r := &m.rows[i]
		r.norm[clock] *= by
		for j := range r.pairs {
			r.pairs[j][clock] *= float32(by)
		}
		m.invert(ref(i))
	}
}

// near is how near the pair at r.pairs[i] of the item is, under one clock.
func (m *pairs) near(item ref, i, clock int, shrink float32) float32 {
	r := &m.rows[item]
	pair := r.pairs[i][clock]
	seen := pair * shrink
	if seen <= 0 {
		return 0
	}
	return pair * m.inverse[item][clock] * m.inverse[r.ids[i]][clock] * seen / (seen + shrinkPairs)
}

// pairScratch is a query's working memory: sums by item, under each clock.
type pairScratch struct {
	sums    [][2]float32
	touched []ref
}

func (s *pairScratch) reset(n int) {
	for _, item := range s.touched {
		s.sums[item] = [2]float32{}
	}
	s.touched = s.touched[:0]
	s.sums = growTo(s.sums, n)
}

// around adds the nearness of all that goes with an item, times by.
func (m *pairs) around(s *pairScratch, item ref, by float32, shrink [2]float32) {
	if int(item) >= len(m.rows) {
		return
	}
	r := &m.rows[item]
	mine := m.inverse[item]
	mine[slow] *= by * shrink[slow]
	mine[fast] *= by * shrink[fast]
	for i, id := range r.ids {
		pair, other := r.pairs[i], m.inverse[id]
		sums := &s.sums[id]
		if sums[slow] == 0 {
			s.touched = append(s.touched, id)
		}
		sums[slow] += pair[slow] * pair[slow] / (pair[slow]*shrink[slow] + shrinkPairs) * mine[slow] * other[slow]
		sums[fast] += pair[fast] * pair[fast] / (pair[fast]*shrink[fast] + shrinkPairs) * mine[fast] * other[fast]
	}
}

// shrinks is what the counters of both clocks are multiplied by at q.now.
func (m *pairs) shrinks(q *query) [2]float32 {
	return [2]float32{float32(m.clocks[slow].shrink(q.now)), float32(m.clocks[fast].shrink(q.now))}
}

func (m *pairs) digest(d *digester) {
	for i := range m.rows {
		r := &m.rows[i]
		d.floats(r.norm[:])
		for j, id := range r.ids {
			d.uint(uint64(id))
			d.float(float64(r.pairs[j][slow]))
			d.float(float64(r.pairs[j][fast]))
		}
	}
}

// roomFor makes room for one more in a table that may have so many, and for
// no more than those.
func roomFor[T any](table []T, limit int) []T {
	if len(table) < cap(table) {
		return table
	}
	return append(make([]T, 0, min(limit, max(4, 2*len(table)))), table...)
}

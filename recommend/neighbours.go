package recommend

import (
	"math"
	"time"
)

// neighbours is streaming item-to-item co-occurrence: items are near when the
// same persons want them. It keeps, for each item, a bounded table of its
// nearest others, with every pair counted under two half-lives. Nearness is
// the cosine of the two items' decayed columns of the matrix of persons'
// strongest wishes, kept exact pair by pair as wishes grow, and shrunk
// towards 0 where little has been seen.
type neighbours struct {
	clocks [2]decay
	limit  int
	rows   []row
}

// row is one item's norm and its table.
type row struct {
	norm  [2]float64 // sum of squared wishes
	ids   []ref
	pairs [][2]float32 // decayed sums of products, beside ids
}

const (
	slow, fast = 0, 1

	pairBack    = 48  // items of a person's history that a new wish is paired with
	pairFade    = 0.9 // each further one back counts this much less
	shrinkPairs = 0.1 // pairs seen at which nearness counts half
	nearKeep    = 320 // candidates kept of those that the tables hold
)

func newNeighbours(slowHalf, fastHalf time.Duration, limit int) *neighbours {
	return &neighbours{clocks: [2]decay{newDecay(slowHalf), newDecay(fastHalf)}, limit: limit}
}

func (m *neighbours) features() []feature {
	return []feature{
		{name: "near.slow", group: byNeighbours, few: 0.6, warm: 0.6},
		{name: "near.fast", group: byNeighbours, few: 0.3, warm: 0.3},
		{name: "near.last", group: byNeighbours, few: 0.2, warm: 0.2},
		{name: "near.any", group: byNeighbours},
	}
}

func (m *neighbours) observe(f *fact) {
	m.rows = growTo(m.rows, int(f.item)+1)
	if f.gain <= 0 {
		return
	}
	var g [2]float64
	for k := range m.clocks {
		g[k] = m.clocks[k].grow(f.at, func(by float64) { m.rescale(k, by) })
	}
	mine := &m.rows[f.item]
	after := f.before + f.gain
	for k := range g {
		mine.norm[k] += (after*after - f.before*f.before) * g[k]
	}
	fade := 1.0
	h := f.person.history
	for i := len(h) - 1; i >= 0 && len(h)-i <= pairBack; i-- {
		if other := h[i].item; other != f.item {
			by := [2]float32{}
			for k := range g {
				by[k] = float32(f.gain * float64(h[i].strength) * fade * g[k])
			}
			mine.raise(other, by, m.limit)
			m.rows[other].raise(f.item, by, m.limit)
		}
		fade *= pairFade
	}
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
		r.ids = append(r.ids, other)
		r.pairs = append(r.pairs, by)
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

func (m *neighbours) rescale(clock int, by float64) {
	for i := range m.rows {
		r := &m.rows[i]
		r.norm[clock] *= by
		for j := range r.pairs {
			r.pairs[j][clock] *= float32(by)
		}
	}
}

// nearScratch is a query's working memory: sums by item.
type nearScratch struct {
	sums    [][4]float32
	touched []ref
}

const (
	sumSlow, sumFast, sumLast, sumAny = 0, 1, 2, 3
)

// near is how near the pair at r.pairs[i] is, under one clock.
func (m *neighbours) near(r *row, i, clock int, shrink float64) float64 {
	norm := r.norm[clock] * m.rows[r.ids[i]].norm[clock]
	pair := float64(r.pairs[i][clock])
	if norm <= 0 || pair <= 0 {
		return 0
	}
	return pair / math.Sqrt(norm) * (pair * shrink / (pair*shrink + shrinkPairs))
}

func (m *neighbours) propose(q *query) {
	s := &q.near
	for _, item := range s.touched {
		s.sums[item] = [4]float32{}
	}
	s.touched = s.touched[:0]
	s.sums = growTo(s.sums, len(q.mark))
	shrink := [2]float64{m.clocks[slow].shrink(q.now), m.clocks[fast].shrink(q.now)}
	for _, k := range q.context {
		if int(k.item) >= len(m.rows) {
			continue
		}
		r := &m.rows[k.item]
		for i, id := range r.ids {
			sums := &s.sums[id]
			if sums[sumAny] == 0 {
				s.touched = append(s.touched, id)
			}
			a := float32(m.near(r, i, slow, shrink[slow]))
			b := float32(m.near(r, i, fast, shrink[fast]))
			sums[sumSlow] += a * k.long
			sums[sumFast] += b * k.long
			sums[sumLast] += b * k.short
			sums[sumAny] += k.long
		}
	}
	for _, item := range topBy(s.touched, nearKeep, func(item ref) float32 {
		return s.sums[item][sumSlow] + s.sums[item][sumFast]
	}) {
		q.add(item)
	}
}

func (m *neighbours) score(q *query, columns [][]float32) {
	for c, item := range q.items {
		sums := &q.near.sums[item]
		columns[0][c] = logOf(0.01 + sums[sumSlow])
		columns[1][c] = logOf(0.01 + sums[sumFast])
		columns[2][c] = logOf(0.01 + sums[sumLast])
		if sums[sumAny] > 0 {
			columns[3][c] = 1
		}
	}
}

// because returns what of the query's context speaks most for the item.
func (m *neighbours) because(q *query, item ref) (known, bool) {
	var best known
	most := 0.0
	shrink := m.clocks[slow].shrink(q.now)
	for _, k := range q.context {
		if int(k.item) >= len(m.rows) {
			continue
		}
		r := &m.rows[k.item]
		for i, id := range r.ids {
			if id != item {
				continue
			}
			if by := m.near(r, i, slow, shrink) * float64(k.long); by > most {
				best, most = k, by
			}
		}
	}
	return best, most > 0
}

func (m *neighbours) digest(d *digester) {
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

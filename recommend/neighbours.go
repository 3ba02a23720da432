package recommend

import "time"

// neighbours is streaming item-to-item co-occurrence: items are near when the
// same persons want them.
type neighbours struct{ pairs }

const (
	pairBack = 40  // items of a person's history that a new wish is paired with
	pairFade = 0.9 // each further one back counts this much less
	nearKeep = 256 // candidates kept of those that the tables hold
)

func newNeighbours(slowHalf, fastHalf time.Duration, limit int) *neighbours {
	return &neighbours{pairs{clocks: [2]decay{newDecay(slowHalf), newDecay(fastHalf)}, limit: limit}}
}

func (m *neighbours) features() []feature {
	return []feature{
		{name: "near.slow", group: byNeighbours, few: 0.4, warm: 0.4, yardstick: true},
		{name: "near.fast", group: byNeighbours, few: 0.3, warm: 0.3, yardstick: true},
	}
}

func (m *neighbours) observe(f *fact) {
	m.grow(int(f.item) + 1)
	if f.gain <= 0 {
		return
	}
	g := m.count(f)
	after := f.before + f.gain
	m.lengthen(f.item, after*after-f.before*f.before, g)
	by := 1.0
	h := f.person.history
	for i := len(h) - 1; i >= 0 && len(h)-i <= pairBack; i-- {
		if h[i].item != f.item {
			m.join(f.item, h[i].item, f.gain*float64(h[i].strength)*by, g)
		}
		by *= pairFade
	}
}

func (m *neighbours) propose(q *query) {
	s := &q.near
	s.reset(len(q.mark))
	shrink := m.shrinks(q)
	for _, k := range q.context {
		m.around(s, k.item, k.weight, shrink)
	}
	for _, item := range topBy(s.touched, nearKeep, func(item ref) float32 {
		return s.sums[item][slow] + s.sums[item][fast]
	}) {
		q.add(item)
	}
}

func (m *neighbours) score(q *query, columns [][]float32) {
	for c, item := range q.items {
		sums := &q.near.sums[item]
		columns[0][c] = logOf(0.01 + sums[slow])
		columns[1][c] = logOf(0.01 + sums[fast])
	}
}

// because returns what of the query's context speaks most for the item.
func (m *neighbours) because(q *query, item ref) (known, bool) {
	var best known
	most := float32(0)
	shrink := m.shrinks(q)
	for _, k := range q.context {
		if int(k.item) >= len(m.rows) {
			continue
		}
		for i, id := range m.rows[k.item].ids {
			if id != item {
				continue
			}
			if by := m.near(k.item, i, slow, shrink[slow]) * k.weight; by > most {
				best, most = k, by
			}
		}
	}
	return best, most > 0
}

// company is the same of what people are shown or play, liked or not: which
// items come before the same eyes. Where a feed or a page decides what is
// seen, it says what a person is about to meet.
type company struct{ pairs }

const (
	companySlow  = 60 * 24 * time.Hour
	companyFast  = 2 * 24 * time.Hour
	companyFade  = 0.95 // each further one back counts this much less
	companyLimit = 72   // items of a table
	companyKeep  = 256  // candidates kept of those that the tables hold
	seenBack     = 32   // items seen last that are remembered of a person
)

func newCompany() *company {
	return &company{pairs{clocks: [2]decay{newDecay(companySlow), newDecay(companyFast)}, limit: companyLimit}}
}

func (m *company) features() []feature {
	return []feature{{name: "company", group: byNeighbours, few: 0.3, warm: 0.3, yardstick: true}}
}

func (m *company) observe(f *fact) {
	m.grow(int(f.item) + 1)
	if !f.seen || f.person.sawLately(f.item) {
		return
	}
	g := m.count(f)
	m.lengthen(f.item, 1, g)
	by := 1.0
	for i := len(f.person.views) - 1; i >= 0; i-- {
		m.join(f.item, f.person.views[i], by, g)
		by *= companyFade
	}
}

func (m *company) propose(q *query) {
	s := &q.company
	s.reset(len(q.mark))
	if q.person == nil {
		return
	}
	shrink := m.shrinks(q)
	by := float32(1)
	for i := len(q.person.views) - 1; i >= 0; i-- {
		m.around(s, q.person.views[i], by, shrink)
		by *= fade
	}
	for _, item := range topBy(s.touched, companyKeep, func(item ref) float32 { return s.sums[item][slow] }) {
		q.add(item)
	}
}

func (m *company) score(q *query, columns [][]float32) {
	for c, item := range q.items {
		columns[0][c] = logOf(0.01 + q.company.sums[item][slow])
	}
}

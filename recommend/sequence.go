package recommend

import "time"

// sequence learns what people take up next after an item, in order: rules of
// the first order, with up to a few steps between, decayed and bounded.
type sequence struct {
	clock decay
	rows  []followers
}

// followers is what came after one item.
type followers struct {
	total  float64
	ids    []ref
	counts []float32
}

const (
	sequenceHalf  = 10 * 24 * time.Hour
	sequenceSteps = 4     // items back that a new one is taken to follow
	sequenceFade  = 0.5   // each further one back counts this much less
	sequenceLimit = 48    // followers kept of an item
	sequenceDoubt = 3.0   // followers seen at which a rule counts half or so
	sequenceFloor = 0.002 // what the share of one that never followed counts as
)

func newSequence() *sequence { return &sequence{clock: newDecay(sequenceHalf)} }

func (m *sequence) features() []feature {
	return []feature{{name: "next", group: byNeighbours, few: 0.2, warm: 0.2, yardstick: true}}
}

func (m *sequence) observe(f *fact) {
	m.rows = growTo(m.rows, int(f.item)+1)
	if f.gain <= 0 {
		return
	}
	by := f.gain * m.clock.grow(f.at, m.rescale)
	h := f.person.history
	for i := len(h) - 1; i >= 0 && len(h)-i <= sequenceSteps; i-- {
		if h[i].item != f.item {
			m.rows[h[i].item].raise(f.item, by)
		}
		by *= sequenceFade
	}
}

func (r *followers) raise(item ref, by float64) {
	r.total += by
	weakest := 0
	for i, id := range r.ids {
		if id == item {
			r.counts[i] += float32(by)
			return
		}
		if r.counts[i] < r.counts[weakest] {
			weakest = i
		}
	}
	if len(r.ids) < sequenceLimit {
		r.ids, r.counts = append(roomFor(r.ids, sequenceLimit), item), append(roomFor(r.counts, sequenceLimit), float32(by))
		return
	}
	r.ids[weakest], r.counts[weakest] = item, float32(by)
}

func (m *sequence) rescale(by float64) {
	for i := range m.rows {
		r := &m.rows[i]
		r.total *= by
		for j := range r.counts {
			r.counts[j] *= float32(by)
		}
	}
}

// sumScratch is a query's working memory: a sum by item.
type sumScratch struct {
	sums    []float32
	touched []ref
}

func (s *sumScratch) reset(n int) {
	for _, item := range s.touched {
		s.sums[item] = 0
	}
	s.touched = s.touched[:0]
	s.sums = growTo(s.sums, n)
}

func (s *sumScratch) add(item ref, by float32) {
	if s.sums[item] == 0 {
		s.touched = append(s.touched, item)
	}
	s.sums[item] += by
}

func (m *sequence) propose(q *query) {
	q.next.reset(len(q.mark))
	doubt := sequenceDoubt / m.clock.shrink(q.now)
	weight := float32(1)
	for i, k := range q.context {
		if i > sequenceSteps {
			break
		}
		if int(k.item) < len(m.rows) {
			r := &m.rows[k.item]
			by := weight / float32(r.total+doubt)
			for j, id := range r.ids {
				q.next.add(id, by*r.counts[j])
			}
		}
		weight *= sequenceFade
	}
	for _, item := range q.next.touched {
		q.add(item)
	}
}

func (m *sequence) score(q *query, columns [][]float32) {
	for c, item := range q.items {
		columns[0][c] = logOf(sequenceFloor + q.next.sums[item])
	}
}

func (m *sequence) digest(d *digester) {
	for i := range m.rows {
		r := &m.rows[i]
		d.float(r.total)
		for j, id := range r.ids {
			d.uint(uint64(id))
			d.float(float64(r.counts[j]))
		}
	}
}

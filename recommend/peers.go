package recommend

import (
	"math"
	"time"
)

// peers is neighbours among people: those who lately took up what this person
// took up, and what else they took up, fresh things first (VSKNN: Ludewig and
// Jannach, 2018). It keeps for each item the persons who wanted it last.
type peers struct {
	rings []ring
}

// ring holds the last few persons who wanted an item.
type ring struct {
	persons []*person
	next    int // place that is overwritten next, once it is full
	count   int // persons ever
}

const (
	ringSize  = 64                 // persons of an item
	peersBack = 16                 // items of the query that look for peers
	peersKept = 100                // nearest peers that are asked
	peersDeep = 20                 // items of a peer's history that count
	peersHalf = 4 * 24 * time.Hour // age at which what a peer took up counts half
	peersBase = 0.02
)

func (m *peers) features() []feature {
	return []feature{{name: "peers", group: byNeighbours, few: 0.3, warm: 0.3, yardstick: true}}
}

func (m *peers) observe(f *fact) {
	m.rings = growTo(m.rings, int(f.item)+1)
	if f.gain <= 0 {
		return
	}
	r := &m.rings[f.item]
	for _, p := range r.persons {
		if p == f.person {
			return
		}
	}
	r.count++
	if len(r.persons) < ringSize {
		r.persons = append(roomFor(r.persons, ringSize), f.person)
		return
	}
	r.persons[r.next] = f.person
	r.next = (r.next + 1) % ringSize
}

// peerScratch is a query's working memory.
type peerScratch struct {
	alike   []float32 // by a person's place
	touched []ref     // places
	found   []*person // beside touched
	order   []ref     // into touched
	sumScratch
}

func (m *peers) propose(q *query) {
	s := &q.peers
	for _, place := range s.touched {
		s.alike[place] = 0
	}
	s.touched, s.found, s.order = s.touched[:0], s.found[:0], s.order[:0]
	s.sumScratch.reset(len(q.mark))
	for i, k := range q.context {
		if i == peersBack {
			break
		}
		if int(k.item) >= len(m.rings) {
			continue
		}
		r := &m.rings[k.item]
		by := k.weight / float32(math.Log(2+float64(r.count)))
		for _, p := range r.persons {
			if p == q.person || p.gone {
				continue
			}
			if int(p.place) >= len(s.alike) {
				s.alike = growTo(s.alike, int(p.place)+int(p.place)/4+64)
			}
			if s.alike[p.place] == 0 {
				s.touched, s.found = append(s.touched, p.place), append(s.found, p)
				s.order = append(s.order, ref(len(s.order)))
			}
			s.alike[p.place] += by
		}
	}
	for _, n := range topBy(s.order, peersKept, func(n ref) float32 { return s.alike[s.touched[n]] }) {
		alike, h := s.alike[s.touched[n]], s.found[n].history
		for i := len(h) - 1; i >= 0 && len(h)-i <= peersDeep; i-- {
			age := max(0, float32(q.now-h[i].at)/float32(peersHalf.Milliseconds()))
			s.add(h[i].item, alike*h[i].strength/(1+age))
		}
	}
}

func (m *peers) score(q *query, columns [][]float32) {
	for c, item := range q.items {
		columns[0][c] = logOf(peersBase + q.peers.sums[item])
	}
}

func (m *peers) digest(d *digester) {
	for i := range m.rings {
		d.uint(uint64(m.rings[i].count))
		for _, p := range m.rings[i].persons {
			d.h.Write([]byte(p.id))
		}
	}
}

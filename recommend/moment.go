package recommend

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// moment knows what time and the person's own screen say about an item: how
// new it is, whether it is on air or about to be, whether it was shown to
// them already without their taking it up.
type moment struct {
	entries  func() []entry
	sessions []ref // those in the catalogue
	byAge    []ref // all in the catalogue, oldest first
}

const (
	newestBack    = 48  // newest items that every query looks at
	exploreWithin = 256 // newest items that exploration draws from
)

func (m *moment) clear() { m.sessions, m.byAge = m.sessions[:0], m.byAge[:0] }

func (m *moment) list(item ref) {
	m.byAge = append(m.byAge, item)
	if m.entries()[item].Kind == Session {
		m.sessions = append(m.sessions, item)
	}
}

func (m *moment) settle() {
	list := m.entries()
	slices.SortStableFunc(m.byAge, func(a, b ref) int { return cmp.Compare(list[a].Created, list[b].Created) })
}

// newest calls each with up to n items that came into the catalogue before
// now, the newest first.
func (m *moment) newest(now wire.Millis, n int, each func(ref)) {
	list := m.entries()
	end := sort.Search(len(m.byAge), func(i int) bool { return list[m.byAge[i]].Created > now })
	for i := end - 1; i >= 0 && i >= end-n; i-- {
		each(m.byAge[i])
	}
}

func (m *moment) features() []feature {
	return []feature{
		{name: "soon", group: byTime, cold: 1.5, few: 1.5, warm: 1.5},
		{name: "new", group: byTime, cold: 0.3, few: 0.2, warm: 0.2},
		{name: "shown", group: bySeen, cold: -0.5, few: -0.5, warm: -0.5},
		{name: "begun", group: bySeen, cold: 0.2, few: 0.2, warm: 0.2},
	}
}

func (m *moment) observe(*fact) {}

// propose adds what begins soon and what is new.
func (m *moment) propose(q *query) {
	m.newest(q.now, newestBack, func(item ref) { q.add(item) })
	list := m.entries()
	for _, item := range m.sessions {
		if list[item].soon(q.now) > 0.04 { // within a day
			q.add(item)
		}
	}
}

func (m *moment) score(q *query, columns [][]float32) {
	list := m.entries()
	const day = float32(24 * time.Hour / time.Millisecond)
	for c, item := range q.items {
		e := &list[item]
		columns[0][c] = e.soon(q.now)
		if e.Created > 0 && e.Created <= q.now {
			columns[1][c] = 1 / (1 + float32(q.now-e.Created)/day)
		}
	}
	if q.person == nil {
		return
	}
	for _, t := range q.person.touched {
		if c, ok := q.at(t.item); ok {
			columns[2][c] = float32(min(t.shown, 3))
			if t.flags&taken != 0 {
				columns[3][c] = 1 // joined, but not had yet: a class that they left
			}
		}
	}
}

func (m *moment) digest(*digester) {}

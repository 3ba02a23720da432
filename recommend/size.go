package recommend

import "unsafe"

// Size is how much memory the engine's knowledge takes.
type Size struct {
	Persons, Items         int
	PersonBytes, ItemBytes int // in all
}

// perEntry is about what a map's entry costs beside its key and value.
const perEntry = 16

// Size adds up what is kept of persons and of items, from the capacities of
// its tables.
func (e *Engine) Size() Size {
	e.mu.RLock()
	defer e.mu.RUnlock()
	s := Size{Persons: len(e.people.byID), Items: len(e.entries)}
	for id, p := range e.people.byID {
		s.PersonBytes += perEntry + int(unsafe.Sizeof(id)+unsafe.Sizeof(p)+unsafe.Sizeof(*p)) + len(id) +
			bytesOf(p.history) + bytesOf(p.touched) + bytesOf(p.views)
	}
	s.ItemBytes = bytesOf(e.entries) + bytesOf(e.moment.sessions) + bytesOf(e.moment.byAge)
	for id, item := range e.byID {
		s.ItemBytes += perEntry + int(unsafe.Sizeof(id)+unsafe.Sizeof(item))
		it := &e.entries[item]
		s.ItemBytes += len(id) + len(it.Title) + len(it.Text) + len(it.Author) + bytesOf(it.Tags)
	}
	for _, m := range e.models {
		s.ItemBytes += m.bytes()
	}
	return s
}

func bytesOf[T any](s []T) int {
	var one T
	return cap(s) * int(unsafe.Sizeof(one))
}

func (m *pairs) bytes() (n int) {
	n = bytesOf(m.rows) + bytesOf(m.inverse)
	for i := range m.rows {
		n += bytesOf(m.rows[i].ids) + bytesOf(m.rows[i].pairs)
	}
	return n
}

func (m *sequence) bytes() (n int) {
	n = bytesOf(m.rows)
	for i := range m.rows {
		n += bytesOf(m.rows[i].ids) + bytesOf(m.rows[i].counts)
	}
	return n
}

func (m *peers) bytes() (n int) {
	n = bytesOf(m.rings)
	for i := range m.rings {
		n += bytesOf(m.rings[i].persons)
	}
	return n
}

func (m *popularity) bytes() (n int) {
	for i := range m.counts {
		n += bytesOf(m.counts[i]) + bytesOf(m.tops[i])
	}
	return n + bytesOf(m.seenCounts) + bytesOf(m.wantCounts) + bytesOf(m.ratings)
}

func (m *content) bytes() (n int) {
	n = bytesOf(m.items) + bytesOf(m.names) + bytesOf(m.posts) + bytesOf(m.idf)
	for i := range m.items {
		n += bytesOf(m.items[i].words) + bytesOf(m.items[i].tags)
	}
	for t, name := range m.names {
		n += perEntry + 2*len(name) + bytesOf(m.posts[t])
	}
	return n
}

func (m *moment) bytes() int { return 0 }

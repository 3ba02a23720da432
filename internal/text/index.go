package text

import (
	"cmp"
	"slices"
)

// MaxQuestions is how many questions an [Index] holds.
const MaxQuestions = 2000

// Index finds among the questions of a class those that are like a new one.
// It is not safe for many goroutines at once.
type Index struct {
	questions []*question
	ids       []uint64
	at        map[uint64]int    // place of an id
	words     map[uint64][]post // by feature
	parts     map[uint64][]post
	scratch   []shared
}

type post struct {
	place  int32
	weight float32
}

// shared is what the question at a place has in common with the one asked.
type shared struct {
	words, parts float32
	seen         bool
}

// Hit is a question that is like another.
type Hit struct {
	ID    uint64
	Score float64 // as by Similar
}

// NewIndex returns an index without questions.
func NewIndex() *Index {
	return &Index{at: map[uint64]int{}, words: map[uint64][]post{}, parts: map[uint64][]post{}}
}

// Add takes in a question, in place of what was known under its id. It reports
// whether there was room.
func (x *Index) Add(id uint64, text string) bool {
	x.Remove(id)
	if len(x.at) >= MaxQuestions {
		return false
	}
	q := sketch(Fold(begin(text, maxQuestion)))
	place := slices.Index(x.questions, nil)
	if place < 0 {
		place = len(x.questions)
		x.questions, x.ids = append(x.questions, nil), append(x.ids, 0)
	}
	x.questions[place], x.ids[place] = q, id
	x.at[id] = place
	for _, f := range q.words {
		x.words[f.key] = append(x.words[f.key], post{int32(place), f.weight})
	}
	for _, f := range q.parts {
		x.parts[f.key] = append(x.parts[f.key], post{int32(place), f.weight})
	}
	return true
}

// Remove forgets a question: one that was merged or dismissed.
func (x *Index) Remove(id uint64) {
	place, known := x.at[id]
	if !known {
		return
	}
	drop := func(posts map[uint64][]post, list []feature) {
		for _, f := range list {
			left := slices.DeleteFunc(posts[f.key], func(p post) bool { return p.place == int32(place) })
			if posts[f.key] = left; len(left) == 0 {
				delete(posts, f.key)
			}
		}
	}
	drop(x.words, x.questions[place].words)
	drop(x.parts, x.questions[place].parts)
	x.questions[place] = nil
	delete(x.at, id)
}

// Len is how many questions the index holds.
func (x *Index) Len() int { return len(x.at) }

// Near returns at most n questions that are likely the same as text, by
// [Duplicate]: the likest first, of equally like ones the lower id.
func (x *Index) Near(text string, n int) []Hit {
	q := sketch(Fold(begin(text, maxQuestion)))
	x.scratch = append(x.scratch[:0], make([]shared, len(x.questions))...)
	var touched []int32
	touch := func(p post) *shared {
		s := &x.scratch[p.place]
		if !s.seen {
			s.seen = true
			touched = append(touched, p.place)
		}
		return s
	}
	for _, f := range q.words {
		for _, p := range x.words[f.key] {
			touch(p).words += min(f.weight, p.weight)
		}
	}
	for _, f := range q.parts {
		for _, p := range x.parts[f.key] {
			touch(p).parts += min(f.weight, p.weight)
		}
	}
	var hits []Hit
	for _, place := range touched {
		s := x.scratch[place]
		if score := q.judge(x.questions[place], s.words, s.parts); score >= Duplicate {
			hits = append(hits, Hit{x.ids[place], score})
		}
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID))
	})
	return hits[:min(len(hits), max(n, 0))]
}

package recommend

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/lyceum-live/lyceum/internal/text"
)

// content knows what items are about: the words of their titles and texts,
// their tags and their authors. Two items are alike by the cosine of their
// words, weighted by how rare these are in the catalogue (TF-IDF), and by the
// Jaccard overlap of their tags. It needs no behaviour at all, so it alone
// can place an item that nobody has seen.
type content struct {
	items []about
	terms map[string]term // of words, "#tag" and "@author"
	names []string        // of terms
	posts [][]ref         // by term: the items that have it, oldest first
	idf   []float32       // by term: how rare it is, as of settle
	words int             // items that have words
}

// term is a word, a tag or an author in the tables.
type term uint32

// about is what one item is about.
type about struct {
	words  []counted // sorted by term
	norm   float32   // of the words' TF-IDF vector
	tags   []term    // sorted
	author term
	signed bool // author is known
}

type counted struct {
	term term
	n    float32 // 1 + ln(times), more for the title
}

const (
	titleWords  = 2.0 // a word of the title counts as much as this many of the text
	postBack    = 48  // newest items of a term that a query looks at
	topicTerms  = 12  // terms of a query that propose candidates
	topicBack   = 12  // items of the context that make a query's topic
	wordsInHalf = 0.5 // share of the words in the likeness of two items; tags have the rest
)

func newContent() *content { return &content{terms: map[string]term{}} }

func (m *content) features() []feature {
	return []feature{
		{name: "words", group: byContent, cold: 2.5, few: 1, warm: 0.6},
		{name: "tags", group: byContent, cold: 2.5, few: 1, warm: 0.6},
		{name: "author", group: byContent, cold: 0.5, few: 0.5, warm: 0.5},
	}
}

func (m *content) intern(name string) term {
	t, ok := m.terms[name]
	if !ok {
		t = term(len(m.names))
		m.terms[name] = t
		m.names = append(m.names, name)
		m.posts = append(m.posts, nil)
	}
	return t
}

// learn takes in what an item is about, in place of what was known of it.
// Norms are stale until settle.
func (m *content) learn(item ref, it *Item) {
	m.items = growTo(m.items, int(item)+1)
	m.forget(item)
	a := &m.items[item]
	counts := map[string]float64{}
	var order []string
	for i, s := range []string{it.Title, it.Text} {
		for _, w := range text.Terms(s) {
			if counts[w] == 0 {
				order = append(order, w)
			}
			if counts[w]++; i == 0 {
				counts[w] += titleWords - 1
			}
		}
	}
	for _, w := range order {
		t := m.intern(w)
		a.words = append(a.words, counted{t, float32(1 + math.Log(counts[w]))})
		m.posts[t] = append(m.posts[t], item)
	}
	if len(a.words) > 0 {
		m.words++
	}
	slices.SortFunc(a.words, func(x, y counted) int { return cmp.Compare(x.term, y.term) })
	for _, tag := range it.Tags {
		if tag = strings.Join(text.Terms(tag), " "); tag == "" {
			continue
		}
		t := m.intern("#" + tag)
		if at, known := slices.BinarySearch(a.tags, t); !known {
			a.tags = slices.Insert(a.tags, at, t)
			m.posts[t] = append(m.posts[t], item)
		}
	}
	if it.Author != "" {
		a.author, a.signed = m.intern("@"+it.Author), true
		m.posts[a.author] = append(m.posts[a.author], item)
	}
}

func (m *content) forget(item ref) {
	if int(item) >= len(m.items) {
		return
	}
	a := &m.items[item]
	drop := func(t term) {
		m.posts[t] = slices.DeleteFunc(m.posts[t], func(r ref) bool { return r == item })
	}
	for _, w := range a.words {
		drop(w.term)
	}
	for _, t := range a.tags {
		drop(t)
	}
	if a.signed {
		drop(a.author)
	}
	if len(a.words) > 0 {
		m.words--
	}
	*a = about{}
}

// settle works out how rare every term has become (its smoothed inverse
// document frequency) and the norms that follow.
func (m *content) settle() {
	m.idf = growTo(m.idf, len(m.names))
	for t := range m.idf {
		m.idf[t] = float32(math.Log(1 + float64(m.words+1)/float64(len(m.posts[t])+1)))
	}
	for i := range m.items {
		a := &m.items[i]
		sum := 0.0
		for _, w := range a.words {
			v := float64(w.n * m.idf[w.term])
			sum += v * v
		}
		a.norm = float32(math.Sqrt(sum))
	}
}

// topicScratch is a query's working memory: what its context is about.
type topicScratch struct {
	weight  []float32 // by term
	touched []term
	norm    float32 // of the words
	tags    float32 // sum of the tags' weights
	tagNorm float32 // length of the vector of them
	authors float32
	words   []term // those touched that are words
	tagged  []term // and those that are tags
	order   []term
}

func (m *content) observe(*fact) {} // what an item is about does not change by being liked

func (m *content) propose(q *query) {
	s := &q.topic
	for _, t := range s.touched {
		s.weight[t] = 0
	}
	s.weight = growTo(s.weight, len(m.names))
	s.touched, s.norm, s.tags, s.tagNorm, s.authors = s.touched[:0], 0, 0, 0, 0
	put := func(t term, by float32) {
		if s.weight[t] == 0 {
			s.touched = append(s.touched, t)
		}
		s.weight[t] += by
	}
	total := float32(0)
	for i, k := range q.context {
		if i == topicBack {
			break
		}
		total += k.weight
	}
	if total <= 0 {
		return
	}
	words, tags := s.words[:0], s.tagged[:0]
	for i, k := range q.context {
		if i == topicBack {
			break
		}
		if int(k.item) >= len(m.items) {
			continue
		}
		a, share := &m.items[k.item], k.weight/total
		for _, w := range a.words {
			if s.weight[w.term] == 0 {
				words = append(words, w.term)
			}
			put(w.term, share*w.n*m.idf[w.term]/a.norm)
		}
		for _, t := range a.tags {
			if s.weight[t] == 0 {
				tags = append(tags, t)
			}
			put(t, share)
			s.tags += share
		}
		if a.signed {
			put(a.author, share)
			s.authors += share
		}
	}
	sum := 0.0
	for _, t := range words {
		sum += float64(s.weight[t]) * float64(s.weight[t])
	}
	s.norm = float32(math.Sqrt(sum))
	sum = 0
	for _, t := range tags {
		sum += float64(s.weight[t]) * float64(s.weight[t])
	}
	s.tagNorm = float32(math.Sqrt(sum))
	s.words, s.tagged = words, tags

	// The terms that say most, by weight and rarity, bring their newest items.
	order := append(s.order[:0], s.touched...)
	s.order = order
	slices.SortFunc(order, func(a, b term) int {
		x, y := s.weight[a]*m.idf[a], s.weight[b]*m.idf[b]
		switch {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return int(int64(a) - int64(b))
	})
	for _, t := range order[:min(len(order), topicTerms)] {
		posts := m.posts[t]
		for i := len(posts) - 1; i >= 0 && len(posts)-i <= postBack; i-- {
			q.add(posts[i])
		}
	}
}

func (m *content) score(q *query, columns [][]float32) {
	s := &q.topic
	if len(s.touched) == 0 {
		return
	}
	for c, item := range q.items {
		if int(item) >= len(m.items) {
			continue
		}
		a := &m.items[item]
		columns[0][c] = m.wordCosine(s, a)
		columns[1][c] = tagJaccard(s, a)
		if a.signed {
			columns[2][c] = s.weight[a.author]
		}
	}
}

func (m *content) wordCosine(s *topicScratch, a *about) float32 {
	if s.norm == 0 || a.norm == 0 {
		return 0
	}
	dot := float32(0)
	for _, w := range a.words {
		if by := s.weight[w.term]; by != 0 {
			dot += by * w.n * m.idf[w.term]
		}
	}
	return dot / (s.norm * a.norm)
}

// tagJaccard is the weighted Jaccard overlap: sum of minima over sum of maxima.
func tagJaccard(s *topicScratch, a *about) float32 {
	both := float32(0)
	for _, t := range a.tags {
		both += min(s.weight[t], 1)
	}
	if both == 0 {
		return 0
	}
	return both / (s.tags + float32(len(a.tags)) - both)
}

// alike is how alike two items are, from 0 to 1.
func (m *content) alike(a, b ref) float64 {
	if int(a) >= len(m.items) || int(b) >= len(m.items) {
		return 0
	}
	x, y := &m.items[a], &m.items[b]
	cosine := 0.0
	if x.norm > 0 && y.norm > 0 {
		for i, j := 0, 0; i < len(x.words) && j < len(y.words); {
			switch w, v := x.words[i], y.words[j]; {
			case w.term < v.term:
				i++
			case w.term > v.term:
				j++
			default:
				r := m.idf[w.term]
				cosine += float64(w.n * v.n * r * r)
				i, j = i+1, j+1
			}
		}
		cosine /= float64(x.norm) * float64(y.norm)
	}
	both := 0
	for _, t := range x.tags {
		if _, ok := slices.BinarySearch(y.tags, t); ok {
			both++
		}
	}
	jaccard := 0.0
	if both > 0 {
		jaccard = float64(both) / float64(len(x.tags)+len(y.tags)-both)
	}
	switch {
	case len(x.words) == 0 || len(y.words) == 0:
		return jaccard
	case len(x.tags) == 0 || len(y.tags) == 0:
		return cosine
	}
	return wordsInHalf*cosine + (1-wordsInHalf)*jaccard
}

// because returns the tag that speaks most for the item, if one does.
func (m *content) because(q *query, item ref, it *Item) (string, bool) {
	if int(item) >= len(m.items) {
		return "", false
	}
	best, most := "", float32(0)
	for _, tag := range it.Tags {
		t, ok := m.terms["#"+strings.Join(text.Terms(tag), " ")]
		if ok && int(t) < len(q.topic.weight) && q.topic.weight[t] > most {
			best, most = tag, q.topic.weight[t]
		}
	}
	return best, most > 0
}

// digest is of what items are about; it follows from the catalogue alone.
func (m *content) digest(d *digester) {
	for i := range m.items {
		d.float(float64(m.items[i].norm))
		d.uint(uint64(len(m.items[i].tags)))
	}
}

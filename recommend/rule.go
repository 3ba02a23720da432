package recommend

import "math"

// Rule names the ranking by the plain rule of similarity and rating, a
// yardstick that needs no learning of weights.
const Rule = "rule"

// rule fills q.scores with p_ij = S_ij r_j / Σ_k S_ik r_k: S is the cosine of
// what person i has liked with item j, by words and tags, r is how item j was
// rated by those who took it up, and the sum is over all candidates k. A
// person of whom nothing is known is as near to every item.
func (e *Engine) rule(q *query) {
	q.scores = growTo(q.scores, len(q.items))[:len(q.items)]
	sum := float32(0)
	for c, item := range q.items {
		s := float32(1)
		if len(q.topic.touched) > 0 {
			s = e.content.cosine(&q.topic, item)
		}
		q.scores[c] = s * e.popular.rating(item)
		sum += q.scores[c]
	}
	if sum > 0 {
		for c := range q.scores {
			q.scores[c] /= sum
		}
	}
}

// cosine is that of what a query is about with an item: the mean of their
// words' and their tags', or what there is.
func (m *content) cosine(s *topicScratch, item ref) float32 {
	if int(item) >= len(m.items) {
		return 0
	}
	a := &m.items[item]
	words, tags := m.wordCosine(s, a), float32(0)
	if len(a.tags) > 0 && s.tagNorm > 0 {
		for _, t := range a.tags {
			tags += s.weight[t]
		}
		tags /= s.tagNorm * float32(math.Sqrt(float64(len(a.tags))))
	}
	switch {
	case len(a.tags) == 0:
		return words
	case len(a.words) == 0:
		return tags
	}
	return wordsInHalf*words + (1-wordsInHalf)*tags
}

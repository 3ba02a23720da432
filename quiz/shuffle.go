package quiz

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
)

// Chance of a quiz is drawn once, when it begins, and is in the log: a replay
// shows and draws the same. Everything is the seed's digest for a purpose, so
// that one that is shown tells nothing of another.

// digest is a number made of the seed for a purpose.
func digest(seed uint64, purpose string, n int) uint64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d/%s/%d", seed, purpose, n))
	return binary.BigEndian.Uint64(sum[:])
}

// shuffled returns 0 to n-1 in an order made of the seed.
func shuffled(seed uint64, purpose string, n int) []int {
	type place struct {
		index int
		key   uint64
	}
	places := make([]place, n)
	for i := range places {
		places[i] = place{i, digest(seed, purpose, i)}
	}
	slices.SortFunc(places, func(a, b place) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.index, b.index)) })
	out := make([]int, n)
	for i, p := range places {
		out[i] = p.index
	}
	return out
}

// shownOrder is the order in which what is to be brought into an order, or the
// rights of pairs, are shown: nil for other types. Whoever does not know the
// seed cannot tell the right order from it.
func shownOrder(seed uint64, question int, q *Question) []int {
	if kind := q.kind(); kind != TypeOrder && kind != TypeMatch {
		return nil
	}
	return shuffled(seed, fmt.Sprintf("shown %d", question), q.parts())
}

// drawn returns n of the questions, in their author's order.
func drawn(seed uint64, questions []Question, n int) []Question {
	if n <= 0 || n >= len(questions) {
		return questions
	}
	indexes := slices.Sorted(slices.Values(shuffled(seed, "draw", len(questions))[:n]))
	out := make([]Question, n)
	for i, index := range indexes {
		out[i] = questions[index]
	}
	return out
}

// publicSeed is the number by which a page shows each member the choices in
// another order: 32 bits, which JavaScript counts exactly.
func publicSeed(seed uint64) uint32 { return max(1, uint32(digest(seed, "choices", 0))) }

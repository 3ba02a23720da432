package quiz

import (
	"iter"
	"math/bits"
	"slices"
)

// Picks is the set of choices that somebody picked: bit i is choice i. It is
// two bytes, because a room keeps one for every person and question.
type Picks uint16

// picksOf returns the set of the choices, which [Decide] has found valid.
func picksOf(choices []int) Picks {
	var p Picks
	for _, choice := range choices {
		p |= 1 << choice
	}
	return p
}

// All yields the choices in p in order.
func (p Picks) All() iter.Seq[int] {
	return func(yield func(int) bool) {
		for ; p != 0; p &= p - 1 {
			if !yield(bits.TrailingZeros16(uint16(p))) {
				return
			}
		}
	}
}

// list returns the choices in p in order.
func (p Picks) list() []int { return slices.Collect(p.All()) }

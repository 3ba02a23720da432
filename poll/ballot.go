package poll

import (
	"iter"
	"math/bits"
)

// Ballot is the set of choices that somebody picked: bit i is choice i. It is
// two bytes, because a room keeps one for every person and poll.
type Ballot uint16

// ballotOf returns the set of the choices, which [Decide] has found valid.
func ballotOf(choices []int) Ballot {
	var b Ballot
	for _, choice := range choices {
		b |= 1 << choice
	}
	return b
}

// All yields the choices in b in order.
func (b Ballot) All() iter.Seq[int] {
	return func(yield func(int) bool) {
		for ; b != 0; b &= b - 1 {
			if !yield(bits.TrailingZeros16(uint16(b))) {
				return
			}
		}
	}
}

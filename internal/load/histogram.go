package load

import (
	"math"
	"math/bits"
	"time"
)

// Histogram counts durations in buckets that are at most 1/128 of their value
// wide, whatever the value. It takes the same memory for one value as for a
// billion. The zero value is empty and ready. It is not safe for several
// goroutines.
type Histogram struct {
	counts [buckets]uint64
	n      uint64
	max    time.Duration
}

const (
	fineBits = 7 // each power of two has 1<<fineBits buckets
	fine     = 1 << fineBits
	buckets  = (64 - fineBits) * fine
)

// bucketOf returns the bucket of v. Values below 2*fine have one each.
func bucketOf(v uint64) int {
	shift := max(bits.Len64(v)-fineBits-1, 0)
	return shift*fine + int(v>>shift)
}

// topOf returns the largest value of a bucket.
func topOf(bucket int) uint64 {
	shift := max(bucket/fine-1, 0)
	return (uint64(bucket-shift*fine)+1)<<shift - 1
}

// Add counts d. A negative one, from a clock that was read early, is 0.
func (h *Histogram) Add(d time.Duration) {
	d = max(d, 0)
	h.counts[bucketOf(uint64(d))]++
	h.n++
	h.max = max(h.max, d)
}

// Merge counts all that other has counted.
func (h *Histogram) Merge(other *Histogram) {
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.n += other.n
	h.max = max(h.max, other.max)
}

// Count returns how many durations were added.
func (h *Histogram) Count() uint64 { return h.n }

// Quantile returns the smallest value that at least the share p of all are not
// above (the nearest rank), rounded up to the end of its bucket; 0 if there is
// none.
func (h *Histogram) Quantile(p float64) time.Duration {
	if h.n == 0 {
		return 0
	}
	rank := min(max(uint64(math.Ceil(p*float64(h.n))), 1), h.n)
	for i, n := range h.counts {
		if n >= rank {
			return min(time.Duration(topOf(i)), h.max)
		}
		rank -= n
	}
	return h.max
}

// figures names what was counted.
func (h *Histogram) figures(name string) []Figure {
	return []Figure{
		millis(name+" p50", h.Quantile(0.5)), millis(name+" p99", h.Quantile(0.99)),
		millis(name+" p999", h.Quantile(0.999)), millis(name+" max", h.max),
	}
}

func millis(name string, d time.Duration) Figure {
	return Figure{Name: name, Value: ms(d), Unit: "ms"}
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

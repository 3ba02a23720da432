package report

import (
	"math"
	"slices"
)

// Fewer answers than these say nothing of a question.
const (
	leastTakers = 10 // for its discrimination
	leastThird  = 2  // for who picked what in the upper and lower third
)

// discrimination says how well a question tells those who know from those who
// do not: the point-biserial correlation of having it right (0 or 1) with the
// number of other questions of the quiz that somebody had right,
//
//	r = (M₁ − M₀) / s · √(n₁·n₀ / n²)
//
// where M₁ and M₀ are the means of that number among those who had the
// question right and wrong, n₁ and n₀ how many these are, and s its standard
// deviation over all n who answered. Leaving the question itself out of the
// number keeps it from correlating with itself (Henrysson, "Correction of
// item-total correlations in item analysis", Psychometrika 28, 1963; Crocker
// and Algina, Introduction to Classical and Modern Test Theory, 1986, ch. 14).
// What was left open counts as not right. It is nil where fewer than
// leastTakers have answered, all or none were right, or all others' numbers
// are the same.
func discrimination(right []bool, rest []float64) *float64 {
	n := len(right)
	if n < leastTakers {
		return nil
	}
	var n1, sum1, sum0 float64
	for i, is := range right {
		if is {
			n1++
			sum1 += rest[i]
		} else {
			sum0 += rest[i]
		}
	}
	n0 := float64(n) - n1
	if n1 == 0 || n0 == 0 {
		return nil
	}
	mean, squares := (sum1+sum0)/float64(n), 0.0
	for _, x := range rest {
		squares += (x - mean) * (x - mean)
	}
	if squares == 0 {
		return nil
	}
	s := math.Sqrt(squares / float64(n))
	r := (sum1/n1 - sum0/n0) / s * math.Sqrt(n1*n0) / float64(n)
	r = min(1, max(-1, r)) // rounding may leave it a hair beyond
	return &r
}

// quartiles are those of Hyndman and Fan's type 7 ("Sample quantiles in
// statistical packages", The American Statistician 50, 1996), which
// spreadsheets use as well: between two values in proportion. nil for none.
func quartiles(list []float64) *Quartiles {
	if len(list) == 0 {
		return nil
	}
	sorted := slices.Sorted(slices.Values(list))
	at := func(p float64) float64 {
		place := p * float64(len(sorted)-1)
		low := int(place)
		high := min(low+1, len(sorted)-1)
		return math.Round(sorted[low] + (place-float64(low))*(sorted[high]-sorted[low]))
	}
	return &Quartiles{Q1: at(0.25), Median: at(0.5), Q3: at(0.75)}
}

// third is how many the upper and the lower third of n have, 0 if that is too
// few to tell anything.
func third(n int) int {
	if n/3 < leastThird {
		return 0
	}
	return n / 3
}

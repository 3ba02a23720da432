package poll

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Bounds of a result, which every viewer gets up to five times a second while
// the poll is open, and with every welcome afterwards.
const (
	MaxCloud    = 60       // words of a cloud
	MaxTexts    = 50       // answers in people's own words, the newest
	openBytes   = 4 << 10  // of them together, as long as the poll is open
	closedBytes = 16 << 10 // and afterwards
	maxBins     = 12       // of numbers
)

// Result is what came out of a poll in which nothing is chosen.
type Result struct {
	N int `json:"n"` // people

	// Rating, scale and number; absent as long as nobody has voted.
	Mean      *float64 `json:"mean,omitzero"`
	Median    *float64 `json:"median,omitzero"`
	Histogram []int    `json:"histogram,omitzero"`
	From      float64  `json:"from,omitzero"` // where the histogram begins
	Step      float64  `json:"step,omitzero"` // and how wide a bar is; stars and steps of a scale: 1

	Texts []string    `json:"texts,omitzero"` // newest first
	Words []WordCount `json:"words,omitzero"` // most frequent first
}

// WordCount is a word of a cloud and how often it was given.
type WordCount struct {
	Word string `json:"word"`
	N    int    `json:"n"`
}

// outcome returns what has been given, or nil where choices are counted. It
// must not be changed.
func (p *Poll) outcome() *Result {
	if p.result == nil {
		switch p.kind() {
		case KindRating, KindScale, KindNumber:
			p.result = p.numbers()
		case KindText:
			p.result = p.texts()
		case KindCloud:
			if p.cloud == nil {
				p.cloud = cloud{}
				for user, given := range p.Given {
					p.cloud.add(given.Counted, p.weight(user))
				}
			}
			p.result = &Result{N: p.voters(), Words: p.cloud.top()}
		}
	}
	return p.result
}

// numbers sums numbers up, each as often as it weighs. They are added in their
// order, so that the sum does not depend on the order of the people.
func (p *Poll) numbers() *Result {
	r := &Result{N: p.voters()}
	type weighed struct {
		value  float64
		weight int
	}
	all := make([]weighed, 0, r.N)
	for user, given := range p.Given {
		all = append(all, weighed{given.Value, p.weight(user)})
	}
	slices.SortFunc(all, func(a, b weighed) int {
		return cmp.Or(cmp.Compare(a.value, b.value), cmp.Compare(a.weight, b.weight))
	})
	var bins int
	switch p.kind() {
	case KindRating:
		r.From, r.Step, bins = 1, 1, p.Stars
	case KindScale:
		r.From, r.Step, bins = p.Min, 1, int(p.MaxValue-p.Min)+1
	default:
		if r.N > 0 {
			r.From, r.Step, bins = binning(all[0].value, all[r.N-1].value)
		}
	}
	if bins > 0 {
		r.Histogram = make([]int, bins)
	}
	if r.N == 0 {
		return r
	}
	sum, total := 0.0, 0
	for _, w := range all {
		sum += w.value * float64(w.weight)
		total += w.weight
		r.Histogram[min(bins-1, max(0, int(math.Floor((w.value-r.From)/r.Step))))] += w.weight
	}
	at := func(place int) float64 { // of all votes in their order
		for _, w := range all {
			if place -= w.weight; place < 0 {
				return w.value
			}
		}
		return all[len(all)-1].value
	}
	mean := sum / float64(total)
	median := (at((total-1)/2) + at(total/2)) / 2
	r.Mean, r.Median = &mean, &median
	return r
}

// binning divides the numbers from low to high into at most [maxBins] bars
// whose borders are round: 1, 2 or 5 times a power of ten.
func binning(low, high float64) (from, step float64, bins int) {
	if low == high {
		return low, 1, 1
	}
	power := math.Pow(10, math.Floor(math.Log10((high-low)/(maxBins-2))))
	for _, times := range []float64{1, 2, 5, 10} {
		step = times * power
		from = math.Floor(low/step) * step
		if bins = int(math.Floor((high-from)/step)) + 1; bins <= maxBins {
			break
		}
	}
	return from, step, min(bins, maxBins)
}

// texts returns the newest answers in people's own words.
func (p *Poll) texts() *Result {
	r := &Result{N: p.voters()}
	seqs := make([]uint64, 0, len(p.Given))
	for _, given := range p.Given {
		if given.Text.Text != "" { // else its author has been forgotten
			seqs = append(seqs, given.Seq)
		}
	}
	slices.Sort(seqs) // thousands of numbers, of which the newest say which answers are put in order
	seqs = seqs[max(0, len(seqs)-MaxTexts):]
	said := make([]Given, 0, len(seqs))
	for _, given := range p.Given {
		if given.Text.Text != "" && given.Seq >= seqs[0] {
			said = append(said, given)
		}
	}
	slices.SortFunc(said, func(a, b Given) int { return cmp.Compare(b.Seq, a.Seq) })
	bytes, most := 0, closedBytes
	if p.Phase == PhaseOpen {
		most = openBytes
	}
	for _, given := range said {
		if bytes += len(given.Text.Text); bytes > most {
			break
		}
		r.Texts = append(r.Texts, given.Text.Text)
	}
	return r
}

// cloud counts words: by what they are counted by, and for each how often it
// was written in which way.
type cloud map[string]map[string]int

func (c cloud) add(words []Word, by int) {
	for _, w := range words {
		if w.Text.Text == "" { // its author has been forgotten
			continue
		}
		ways := c[w.key()]
		if ways == nil {
			ways = map[string]int{}
			c[w.key()] = ways
		}
		if ways[w.Text.Text] += by; ways[w.Text.Text] == 0 {
			delete(ways, w.Text.Text)
		}
		if len(ways) == 0 {
			delete(c, w.key())
		}
	}
}

// top returns the most frequent words, each as it is written most often.
func (c cloud) top() []WordCount {
	words := make([]WordCount, 0, len(c))
	for _, ways := range c {
		var word WordCount
		best := 0
		for way, n := range ways {
			if n > best || n == best && way < word.Word {
				word.Word, best = way, n
			}
			word.N += n
		}
		words = append(words, word)
	}
	slices.SortFunc(words, func(a, b WordCount) int {
		return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Word, b.Word))
	})
	return words[:min(len(words), MaxCloud)]
}

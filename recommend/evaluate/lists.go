package evaluate

import (
	"math"

	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/wire"
)

// listLength is how many places of a ranking count as the list that is shown.
const listLength = 20

// Lists is what the lists of one model are like, beyond whether they hit.
type Lists struct {
	Coverage    float64 // share of the items ever taken up that stand in some list
	Diversity   float64 // mean distance of two items of a list, 1 - Jaccard of their tags
	Novelty     float64 // mean surprise, bits: -log2 of an item's share of all that was taken up
	Bias        float64 // mean popularity of what is listed over that of what was taken up
	Calibration float64 // mean divergence, nats, of a list's tags from those that the person took up (Steck, 2018)
}

// observer keeps what the measures of lists need.
type observer struct {
	tags   map[string][]string
	taken  map[string]int // by item, ever
	total  int
	tastes map[wire.UserID]map[string]float64
	chosen float64 // sum of the popularity of what was taken up when lists were looked at
	looked int
}

func newObserver(catalog []recommend.Item) *observer {
	o := &observer{tags: map[string][]string{}, taken: map[string]int{}, tastes: map[wire.UserID]map[string]float64{}}
	for _, it := range catalog {
		o.tags[it.ID] = it.Tags
	}
	return o
}

// took notes that a person took an item up.
func (o *observer) took(r *Row) {
	o.taken[r.Item]++
	o.total++
	taste := o.tastes[r.Person]
	if taste == nil {
		taste = map[string]float64{}
		o.tastes[r.Person] = taste
	}
	for _, t := range o.tags[r.Item] {
		taste[t] += 1 / float64(len(o.tags[r.Item]))
	}
}

// share is an item's share of all that was taken up, so far.
func (o *observer) share(item string) float64 {
	return (float64(o.taken[item]) + 0.5) / (float64(o.total) + 1)
}

// listTally adds up one model's lists.
type listTally struct {
	lists, pairs, tasted             int
	items                            int
	in                               map[string]bool
	distance, surprise, share, apart float64
}

func (t *listTally) add(o *observer, list []recommend.Ranked, person wire.UserID) {
	if t.in == nil {
		t.in = map[string]bool{}
	}
	list = list[:min(len(list), listLength)]
	t.lists++
	mix, mixed := map[string]float64{}, 0.0
	for i, it := range list {
		t.in[it.ID] = true
		t.items++
		t.surprise -= math.Log2(o.share(it.ID))
		t.share += o.share(it.ID)
		tags := o.tags[it.ID]
		for _, tag := range tags {
			mix[tag] += 1 / float64(len(tags))
		}
		if len(tags) > 0 {
			mixed++
		}
		for _, other := range list[:i] {
			t.distance += distance(tags, o.tags[other.ID])
			t.pairs++
		}
	}
	if taste := o.tastes[person]; len(taste) > 0 && mixed > 0 {
		t.apart += divergence(taste, mix, mixed)
		t.tasted++
	}
}

// distance is 1 - the Jaccard overlap of two sets of tags.
func distance(a, b []string) float64 {
	if len(a)+len(b) == 0 {
		return 1
	}
	both := 0
	for _, x := range a {
		for _, y := range b {
			if x == y {
				both++
			}
		}
	}
	return 1 - float64(both)/float64(len(a)+len(b)-both)
}

// divergence is the Kullback-Leibler divergence of a list's tags from a
// person's, where the list's are mixed with a little of the person's so that
// what is missing costs much but not everything.
func divergence(taste, mix map[string]float64, mixed float64) float64 {
	const little = 0.01
	total := 0.0
	for _, w := range taste {
		total += w
	}
	sum := 0.0
	for tag, w := range taste {
		p := w / total
		q := (1-little)*mix[tag]/mixed + little*p
		sum += p * math.Log(p/q)
	}
	return sum
}

func (t *listTally) measures(o *observer) Lists {
	per := func(sum float64, n int) float64 { return sum / float64(max(1, n)) }
	l := Lists{
		Coverage:  per(float64(len(t.in)), len(o.taken)),
		Diversity: per(t.distance, t.pairs), Novelty: per(t.surprise, t.items),
		Calibration: per(t.apart, t.tasted),
	}
	if o.chosen > 0 {
		l.Bias = per(t.share, t.items) / per(o.chosen, o.looked)
	}
	return l
}

package recommend

import (
	"math"
	"slices"

	"github.com/lyceum-live/lyceum/wire"
)

// uptake predicts how likely somebody who is shown an item takes it up. It is
// a logistic regression over smoothed rates (of the item, the person, the
// item's author and tags, and of the person with items like it), learned from
// every showing with a step size of its own for each weight. Its predictions
// are probabilities: of those it calls 30 %, about 30 % come true.
//
// An outcome that follows a showing which was taken for a refusal takes that
// back.
type uptake struct {
	content *content
	entries func() []entry

	all     odds
	items   []itemOdds
	terms   []odds // by term: of authors and tags
	weights [uptakeFeatures]float64
	slopes  [uptakeFeatures]float64 // sums of squared gradients
	x       [uptakeFeatures]float64 // of whoever holds the engine for writing
}

// odds counts showings and what came of them.
type odds struct {
	shown, taken float32
	share        float32 // sum of the shares watched
}

// itemOdds is what is known of an item's showings.
type itemOdds struct {
	odds
	lately      float32 // moving mean of what came of them
	latelyShare float32
	bias        float32 // of the item beyond its rates, learned
	slope       float32
}

const (
	uptakeStep = 0.05
	biasStep   = 0.03
	latelyPart = 0.1 // of one showing in a moving mean
	personPart = 0.15
	metBack    = 256 // items met that are looked through for ones like it
)

// rate is the share taken, drawn to prior as if by that many showings.
func (o odds) rate(prior, by float64) float64 {
	return (float64(o.taken) + prior*by) / (float64(o.shown) + by)
}

func (o *odds) add(taken, share float32) {
	o.shown++
	o.taken += taken
	o.share += share
}

func (o odds) meanShare() float64 { return (float64(o.share) + 0.8) / (float64(o.shown) + 2) }

// logit is the logarithm of the odds of p.
func logit(p float64) float64 {
	p = max(1e-4, min(1-1e-4, p))
	return math.Log(p / (1 - p))
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

const uptakeFeatures = 28

// describe fills x with what is known of the person meeting the item at now.
func (m *uptake) describe(x *[uptakeFeatures]float64, p *person, item ref, now wire.Millis) {
	e := &m.entries()[item]
	base := m.all.rate(0.3, 3)
	var it itemOdds
	if int(item) < len(m.items) {
		it = m.items[item]
	}
	var met odds
	var mood, moodShare float64
	gap := 20.0
	if p != nil {
		met, mood, moodShare = p.met, float64(p.mood), float64(p.moodShare)
		if p.lastAt > 0 {
			gap = math.Log1p(max(0, float64(now-p.lastAt)/1000))
		}
	}
	ofItem, ofPerson := it.rate(base, 10), met.rate(base, 4)
	log := func(n float32, by float64) float64 { return math.Log1p(float64(n)) / by }
	n := 0
	put := func(v float64) { x[n] = v; n++ }
	put(1)
	put(logit(ofItem))
	put(logit(ofPerson))
	put(log(it.shown, 4))
	put(log(met.shown, 3))
	put(it.meanShare())
	put(met.meanShare())
	put(float64(it.lately))
	put(float64(it.latelyShare))
	put(mood)
	put(moodShare)
	put(gap / 5)

	author, tags := m.about(item)
	put(logit(author.rate(ofItem, 10)) - logit(ofItem))
	put(logit(tags.rate(base, 20)))
	same := m.like(p, item, e)
	for _, o := range same {
		put(logit(o.rate(ofPerson, 3)) - logit(ofPerson))
		put(log(o.shown, 1))
	}
	if e.Duration > 0 {
		length := math.Log(e.Duration.Seconds() / 30)
		put(length)
		put(length * length / 4)
	} else {
		put(0)
		put(0)
	}
	if e.Created > 0 && e.Created <= now {
		put(math.Log1p(float64(now-e.Created)/86_400_000) - 2)
	} else {
		put(0)
	}
	t := p.touch(item)
	put(float64(min(t.shown, 3)))
	if t.flags&taken != 0 {
		put(1)
	} else {
		put(0)
	}
	const day = 86_400_000
	hour := float64(now%day) / day * 2 * math.Pi
	put(math.Sin(hour))
	put(math.Cos(hour))
}

// about returns how showings of the same author, and of the same tags, went.
func (m *uptake) about(item ref) (author, tags odds) {
	if int(item) >= len(m.content.items) {
		return
	}
	a := &m.content.items[item]
	if a.signed && int(a.author) < len(m.terms) {
		author = m.terms[a.author]
	}
	for _, t := range a.tags {
		if int(t) < len(m.terms) {
			o := m.terms[t]
			tags.shown += o.shown
			tags.taken += o.taken
		}
	}
	return author, tags
}

// like returns how the person took to what they met by the same author, of
// the same tags, and of about the same length.
func (m *uptake) like(p *person, item ref, e *entry) (like [3]odds) {
	if p == nil {
		return like
	}
	about := func(item ref) *about {
		if int(item) < len(m.content.items) {
			return &m.content.items[item]
		}
		return &nothing
	}
	entries := m.entries()
	mine := about(item)
	length := lengthOf(e)
	for _, t := range p.touched[:min(len(p.touched), metBack)] {
		if t.item == item {
			continue
		}
		took := float32(0)
		if t.flags&taken != 0 {
			took = 1
		}
		other := about(t.item)
		if mine.signed && other.signed && mine.author == other.author {
			like[0].add(took, 0)
		}
		if slices.ContainsFunc(mine.tags, func(x term) bool { return slices.Contains(other.tags, x) }) {
			like[1].add(took, 0)
		}
		if length > 0 && lengthOf(&entries[t.item]) == length {
			like[2].add(took, 0)
		}
	}
	return like
}

var nothing about

// lengthOf is the step of a scale of lengths on which the item stands, or 0.
func lengthOf(e *entry) int {
	if e.Duration <= 0 {
		return 0
	}
	return 1 + max(0, min(11, int(math.Log2(e.Duration.Seconds()/3)*2)))
}

// predict is the probability that the person takes the item up.
func (m *uptake) predict(x *[uptakeFeatures]float64, item ref) float64 {
	sum := 0.0
	for i, w := range m.weights {
		sum += w * x[i]
	}
	if int(item) < len(m.items) {
		sum += float64(m.items[item].bias)
	}
	return sigmoid(sum)
}

// observe learns from a showing and what came of it.
func (m *uptake) observe(f *fact) {
	h := f.person.history
	if !f.seen || f.again && len(h) > 0 && h[len(h)-1].item == f.item {
		return // still at it: what came of the showing is known already
	}
	m.items = growTo(m.items, int(f.item)+1)
	m.terms = growTo(m.terms, len(m.content.names))
	took, share := float32(0), float32(f.share)
	if f.outcome || f.again {
		took = 1
	}
	it, p := &m.items[f.item], f.person
	m.describe(&m.x, p, f.item, f.at)
	m.learn(&m.x, it, f.item, float64(took), f.outcome && p.touch(f.item).shown > 0)
	m.all.add(took, share)
	it.add(took, share)
	it.lately += latelyPart * (took - it.lately)
	it.latelyShare += latelyPart * (share - it.latelyShare)
	if int(f.item) < len(m.content.items) {
		a := &m.content.items[f.item]
		if a.signed {
			m.terms[a.author].add(took, share)
		}
		for _, t := range a.tags {
			m.terms[t].add(took, share)
		}
	}
	p.met.add(took, share)
	p.mood += personPart * (took - p.mood)
	p.moodShare += personPart * (share - p.moodShare)
}

// learn takes one step towards the outcome. If again is true, the same
// showing was counted as a refusal when it happened, and that step is undone.
func (m *uptake) learn(x *[uptakeFeatures]float64, it *itemOdds, item ref, took float64, again bool) {
	p := m.predict(x, item)
	by := took - p
	if again {
		by += p
	}
	for i := range m.weights {
		slope := by * x[i]
		m.slopes[i] += slope * slope
		m.weights[i] += uptakeStep * slope / math.Sqrt(m.slopes[i]+1)
	}
	it.slope += float32(by * by)
	it.bias += biasStep * float32(by) / float32(math.Sqrt(float64(it.slope)+1))
}

func newUptake(c *content, entries func() []entry) *uptake {
	m := &uptake{content: c, entries: entries}
	m.weights[1], m.weights[2] = 0.5, 0.5
	return m
}

func (m *uptake) features() []feature       { return nil }
func (m *uptake) propose(*query)            {}
func (m *uptake) score(*query, [][]float32) {}
func (m *uptake) bytes() int                { return bytesOf(m.items) + bytesOf(m.terms) }
func (m *uptake) digest(d *digester) {
	d.floats(m.weights[:])
	d.floats(m.slopes[:])
	for i := range m.items {
		it := &m.items[i]
		d.floats([]float64{float64(it.shown), float64(it.taken), float64(it.share), float64(it.lately), float64(it.bias), float64(it.slope)})
	}
}

// Chance is the probability that the person takes the item up if they are
// shown it now. ok is false for an item that is not known.
func (e *Engine) Chance(person wire.UserID, item string, now wire.Millis) (p float64, ok bool) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	at, ok := e.byID[item]
	if !ok {
		return 0, false
	}
	var x [uptakeFeatures]float64
	e.uptake.describe(&x, e.people.byID[person], at, now)
	return e.uptake.predict(&x, at), true
}

package recommend

import "github.com/lyceum-live/lyceum/wire"

// model is one way to guess what a person wants. All models learn from every
// behaviour in a time that does not grow with the log, and none forgets to
// stay within its bounds.
//
// observe is called with the engine locked for writing; propose and score with
// it locked for reading, by several goroutines at once, so what they need for
// one question lives in the query.
type model interface {
	// features names the columns that score writes.
	features() []feature

	// observe learns from one fact.
	observe(f *fact)

	// propose adds items worth ranking to the query.
	propose(q *query)

	// score writes the model's columns for all q.items; they come zeroed.
	score(q *query, columns [][]float32)

	// bytes is about how much memory the model takes.
	bytes() int

	// digest writes all that was learned to d.
	digest(d *digester)
}

// feature is one column of what is known about a candidate.
type feature struct {
	name  string
	group group

	// The weights that the blend starts from, for persons of whom nothing is
	// known, little, and more.
	cold, few, warm float64

	yardstick bool // ranks well alone: the blend must not fall below it
}

// group says which kind of reason a feature speaks for.
type group uint8

const (
	byPopularity group = iota
	byNeighbours
	byContent
	byTime
	bySeen
	groups
)

// fact is a behaviour as the models see it.
type fact struct {
	person   *person // as before the fact
	item     ref
	at       wire.Millis
	strength float64 // how much it says that the person wants the item
	gain     float64 // strength beyond what this person had shown for the item
	before   float64 // what they had shown
	outcome  bool    // the person's first time of taking the item up
	again    bool    // they took it up once more
	seen     bool    // it was shown or played: whoever sees it could have wanted it
	hasty    bool    // part of a list brought in at once, see hasty
	past     bool    // brought in later, see Kind.Past
	share    float64 // of the item that was played, 0 to 1
}

// known is one item that a query starts from.
type known struct {
	item   ref
	weight float32 // weight, falling with age
	inRoom bool    // the room's own session, not the person's history
}

// query is one question to the models: what may this person want now. It
// owns the working memory for the answer.
type query struct {
	now     wire.Millis
	person  *person // nil for somebody unknown
	context []known

	accept func(ref) bool
	reads  []string // languages that a list keeps to; none: any
	items  []ref    // accepted candidates, in the order of proposal
	mark   []uint32 // by item: the epoch in which it was proposed or ruled out
	place  []uint32 // by item: where it is in items, once they are described
	epoch  uint32

	columns [][]float32
	scores  []float32
	sorting []ref

	near    pairScratch
	company pairScratch
	next    sumScratch
	peers   peerScratch
	topic   topicScratch
}

// add proposes an item.
func (q *query) add(item ref) bool {
	if q.mark[item] == q.epoch {
		return false
	}
	q.mark[item] = q.epoch
	if !q.accept(item) {
		return false
	}
	q.items = append(q.items, item)
	return true
}

// without rules an item out, before any is proposed.
func (q *query) without(item ref) { q.mark[item] = q.epoch }

// withoutHad rules out what the person had, has dismissed, or took an
// interest in after a moment.
func (q *query) withoutHad(p *person, since wire.Millis) {
	if p == nil {
		return
	}
	for _, t := range p.touched {
		if t.flags&(consumed|dismissed) != 0 {
			q.without(t.item)
		}
	}
	for i := len(p.history) - 1; i >= 0 && p.history[i].at > since; i-- {
		q.without(p.history[i].item)
	}
}

// at returns the item's place in q.items, if it is a candidate. It is known
// once the candidates are described.
func (q *query) at(item ref) (int, bool) {
	c := int(q.place[item])
	return c, c < len(q.items) && q.items[c] == item
}

// allows reports whether the item could be suggested, candidate or not.
func (q *query) allows(item ref) bool {
	if q.mark[item] == q.epoch {
		_, candidate := q.at(item)
		return candidate // or ruled out
	}
	return q.accept(item)
}

// reset makes the query ready for another question over n items and as many
// columns as the blend has.
func (q *query) reset(n int) {
	if len(q.mark) < n {
		q.mark = make([]uint32, n+n/4+16)
		q.place = make([]uint32, len(q.mark))
		q.epoch = 0
	}
	q.epoch++
	if q.epoch == 0 { // wrapped round: every old mark would look new
		clear(q.mark)
		q.epoch = 1
	}
	q.items, q.context, q.person, q.accept = q.items[:0], q.context[:0], nil, nil
	q.reads = nil
}

// The history fades in a query.
const (
	fade     = 0.9 // each further one back counts this much less
	lookBack = 40  // items of the history that a query starts from
)

// from makes the person's history, and the session of the room they are in,
// what the query starts from.
func (q *query) from(p *person, room ref, inRoom bool) {
	q.person = p
	if inRoom {
		q.context = append(q.context, known{item: room, weight: 1, inRoom: true})
	}
	if p == nil {
		return
	}
	weight := float32(1)
	for i := len(p.history) - 1; i >= 0 && len(p.history)-i <= lookBack; i-- {
		l := p.history[i]
		if !inRoom || l.item != room {
			q.context = append(q.context, known{item: l.item, weight: weight * l.strength})
		}
		weight *= fade
	}
}

package recommend

import (
	"cmp"
	"slices"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// Request asks what one person may want now.
type Request struct {
	Person   wire.UserID // "" for somebody unknown
	Room     wire.RoomID // where they are, if in a class
	RoomItem string      // that class in the catalogue; if "", it is found by the room
	Moment   string      // why now; goes into the suggestions as it is
	Now      wire.Millis
	Limit    int      // suggestions wanted, 1 to [MaxLimit]
	Kinds    []string // [Session], [Video]; none: all
	Langs    []string // that the person reads, as far as is known (BCP 47)
	Push     bool     // unasked for: the frequency cap applies, and this counts towards it
}

// MaxLimit is the longest list of suggestions.
const MaxLimit = 100

// Suggestion is one item for one person, and all that is needed to explain
// and to judge it later.
type Suggestion struct {
	Item       Item
	Reason     Reason
	Score      float64 // of the blend; comparable within one list only
	Propensity float64 // probability that the item came into this list, given the state
	Arm        string  // experiment arm
	Model      string  // name and version of what ranked it
	Moment     string
}

// Model names what ranks: it changes when suggestions of two versions should
// not be judged together.
const Model = "blend/1"

// Suggest answers a request, best first. It returns none if a push would be
// one too many or nothing is worth it.
func (e *Engine) Suggest(r Request) []Suggestion {
	r.Limit = max(1, min(r.Limit, MaxLimit))
	if r.Push && !e.pushes.allows(r.Person, r.Room, r.Now, e.config.PushGap, e.config.PushPerDay) {
		return nil
	}
	q := e.queries.Get().(*query)
	defer e.queries.Put(q)
	list := e.suggest(q, r)
	if r.Push && len(list) > 0 && !e.pushes.take(r.Person, r.Room, r.Now, e.config.PushGap, e.config.PushPerDay) {
		return nil // another push of the same moment was quicker
	}
	return list
}

func (e *Engine) suggest(q *query, r Request) []Suggestion {
	e.mu.RLock()
	defer e.mu.RUnlock()
	order := e.rank(q, r, e.config.Rest)
	if len(order) == 0 {
		return nil
	}
	order = e.readable(q, r, order)
	picks := e.diversify(q, order, r.Limit)
	picks = e.explore(q, picks, r.Limit)
	means := q.means()
	list := make([]Suggestion, 0, len(picks))
	for _, p := range picks {
		list = append(list, Suggestion{
			Item: e.entries[p.item].Item, Reason: e.reason(q, p, means),
			Score: float64(p.score), Propensity: p.propensity,
			Arm: e.config.Arm, Model: Model, Moment: r.Moment,
		})
	}
	return list
}

// Ranked is one item of a ranking, before policy.
type Ranked struct {
	ID    string
	Score float64
}

// Rank returns the first limit candidates as the blend orders them: with
// nothing that the person cannot have, and before any policy of variety,
// exploration or frequency. It is what an evaluation measures.
func (e *Engine) Rank(r Request, limit int) []Ranked {
	q := e.queries.Get().(*query)
	defer e.queries.Put(q)
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.ranked(q, e.rank(q, r, 0), limit)
}

// RankBy is Rank by one feature alone instead of the blend, as a yardstick.
// It ranks nothing for a name that is not in [Engine.Features].
func (e *Engine) RankBy(feature string, r Request, limit int) []Ranked {
	at := slices.Index(e.Features(), feature)
	if at < 0 {
		return nil
	}
	q := e.queries.Get().(*query)
	defer e.queries.Put(q)
	e.mu.RLock()
	defer e.mu.RUnlock()
	e.rank(q, r, 0)
	copy(q.scores, q.columns[at])
	return e.ranked(q, q.order(), limit)
}

// Features names the columns that the blend weighs.
func (e *Engine) Features() []string {
	names := make([]string, len(e.blend.features))
	for i, f := range e.blend.features {
		names[i] = f.name
	}
	return names
}

// Weights returns what each feature counts now for persons of whom nothing,
// little and more is known.
func (e *Engine) Weights() map[string][3]float64 {
	e.mu.RLock()
	defer e.mu.RUnlock()
	m := make(map[string][3]float64, len(e.blend.features))
	for i, f := range e.blend.features {
		m[f.name] = [3]float64{e.blend.weight(i, cold), e.blend.weight(i, few), e.blend.weight(i, warm)}
	}
	return m
}

func (e *Engine) ranked(q *query, order []int, limit int) []Ranked {
	list := make([]Ranked, 0, min(limit, len(order)))
	for _, c := range order[:min(limit, len(order))] {
		list = append(list, Ranked{e.entries[q.items[c]].ID, float64(q.scores[c])})
	}
	return list
}

// rank gathers, describes and scores the candidates and returns their places
// in q.items, best first. What the person took an interest in within the last
// rest is no candidate: it is not news to them.
func (e *Engine) rank(q *query, r Request, rest time.Duration) []int {
	q.reset(len(e.entries))
	q.now = r.Now
	room, inRoom := e.byID[r.RoomItem]
	if !inRoom && r.Room != "" {
		room, inRoom = e.byRoom[r.Room]
	}
	p := e.people.byID[r.Person]
	q.from(p, room, inRoom)
	q.accept = func(item ref) bool {
		it := &e.entries[item]
		return it.available(r.Now) && !(inRoom && item == room) &&
			(len(r.Kinds) == 0 || slices.Contains(r.Kinds, it.Kind)) &&
			p.touch(item).flags&(consumed|dismissed) == 0 &&
			!p.likedSince(item, r.Now-wire.Millis(rest.Milliseconds()))
	}
	e.gather(q)
	e.describe(q)
	e.blend.score(q)
	return q.order()
}

// order returns the places in q.items by q.scores, best first.
func (q *query) order() []int {
	order := make([]int, len(q.items))
	for c := range order {
		order[c] = c
	}
	slices.SortFunc(order, func(a, b int) int {
		if q.scores[a] != q.scores[b] {
			return cmp.Compare(q.scores[b], q.scores[a])
		}
		return cmp.Compare(q.items[a], q.items[b])
	})
	return order
}

// means returns each column's mean over the candidates.
func (q *query) means() []float32 {
	means := make([]float32, len(q.columns))
	for i, column := range q.columns {
		for _, x := range column {
			means[i] += x
		}
		means[i] /= float32(max(1, len(column)))
	}
	return means
}

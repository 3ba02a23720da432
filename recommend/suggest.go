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
	Propensity float64 // probability that the item came into this list, given the state; 0 where two rankers drafted it: not known
	Arm        string  // experiment arm
	Model      string  // name and version of what ranked it
	Moment     string
	Explored   float64 // with which probability the place was drawn to be learned of, if it was
	Draft      string  // experiment/arm whose ranker picked it, in lists that two have drafted
}

// Model names what ranks: it changes when suggestions of two versions should
// not be judged together.
const Model = "blend/3"

// Blend names the ranking that serves, for [Engine.RankBy].
const Blend = "blend"

// Suggest answers a request, best first. It returns none if a push would be
// one too many or nothing is worth it.
func (e *Engine) Suggest(r Request) []Suggestion {
	r.Limit = max(1, min(r.Limit, MaxLimit))
	e.mu.RLock()
	m := e.mannerFor(r.Person)
	e.mu.RUnlock()
	if r.Push && !e.pushes.allows(r.Person, r.Room, r.Now, m.gap, m.perDay) {
		return nil
	}
	q := e.queries.Get().(*query)
	defer e.queries.Put(q)
	list := e.suggest(q, r, &m)
	if r.Push && len(list) > 0 && !e.pushes.take(r.Person, r.Room, r.Now, m.gap, m.perDay) {
		return nil // another push of the same moment was quicker
	}
	return list
}

func (e *Engine) suggest(q *query, r Request, m *manner) []Suggestion {
	e.mu.RLock()
	defer e.mu.RUnlock()
	e.rank(q, r, e.config.Rest)
	places := e.readable(q, r)
	if len(places) == 0 {
		return nil
	}
	var picks []pick
	model := Model
	if m.draft != nil {
		picks = e.draft(q, places, m, r.Limit)
	} else {
		if m.ranker != Blend {
			e.scoreBy(m.ranker, q)
			model = m.ranker
		}
		picks = e.diversify(q, q.best(places, window(r.Limit)), r.Limit, m.diversity)
		picks = e.explore(q, picks, r.Limit, m.explore)
	}
	if r.Push {
		picks = e.worth(q, picks, m.floor)
	}
	means := q.means()
	list := make([]Suggestion, 0, len(picks))
	for _, p := range picks {
		list = append(list, Suggestion{
			Item: e.entries[p.item].Item, Reason: e.reason(q, p, means),
			Score: float64(p.score), Propensity: p.propensity,
			Arm: m.arm, Model: model, Moment: r.Moment, Explored: p.explored, Draft: p.draft,
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
	e.rank(q, r, 0)
	return e.ranked(q, limit)
}

// RankBy is Rank by the named models: the blend for "blend", the rule for
// [Rule], and for a name of [Engine.Features] that feature alone. Candidates
// are gathered and described once. A name that is not known ranks nothing.
func (e *Engine) RankBy(names []string, r Request, limit int) [][]Ranked {
	q := e.queries.Get().(*query)
	defer e.queries.Put(q)
	e.mu.RLock()
	defer e.mu.RUnlock()
	e.rank(q, r, 0)
	lists := make([][]Ranked, len(names))
	for n, name := range names {
		if e.scoreBy(name, q) {
			lists[n] = e.ranked(q, limit)
		}
	}
	return lists
}

// scoreBy fills q.scores by a model of that name, if there is one.
func (e *Engine) scoreBy(name string, q *query) bool {
	at := slices.IndexFunc(e.blend.features, func(f feature) bool { return f.name == name })
	switch {
	case name == Blend:
		e.blend.score(q)
	case name == Rule:
		e.rule(q)
	case at >= 0:
		copy(q.scores, q.columns[at])
	default:
		return false
	}
	return true
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
		m[f.name] = [3]float64{e.blend.weightFor(i, cold), e.blend.weightFor(i, few), e.blend.weightFor(i, warm)}
	}
	return m
}

func (e *Engine) ranked(q *query, limit int) []Ranked {
	order := q.best(q.all(), limit)
	list := make([]Ranked, 0, len(order))
	for _, c := range order {
		list = append(list, Ranked{e.entries[q.items[c]].ID, float64(q.scores[c])})
	}
	return list
}

// rank gathers, describes and scores the candidates. What the person took an
// interest in within the last rest is no candidate: it is not news to them.
func (e *Engine) rank(q *query, r Request, rest time.Duration) {
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
		return it.available(r.Now) && (len(r.Kinds) == 0 || slices.Contains(r.Kinds, it.Kind))
	}
	q.withoutHad(p, r.Now-wire.Millis(rest.Milliseconds()))
	if inRoom {
		q.without(room)
	}
	e.gather(q)
	e.describe(q)
	e.blend.score(q)
}

// all returns the places of all candidates.
func (q *query) all() []int {
	places := make([]int, len(q.items))
	for c := range places {
		places[c] = c
	}
	return places
}

// best orders the n candidates with the highest scores of those places, best
// first, and returns their places. Equals are ordered by item.
func (q *query) best(places []int, n int) []int {
	order := append(q.sorting[:0], make([]ref, len(places))...)
	for i, c := range places {
		order[i] = q.items[c]
	}
	q.sorting = order
	score := func(item ref) float32 { return q.scores[q.place[item]] }
	order = topBy(order, n, score)
	slices.SortFunc(order, func(a, b ref) int {
		if x, y := score(a), score(b); x != y {
			return cmp.Compare(y, x)
		}
		return cmp.Compare(a, b)
	})
	for i, item := range order {
		places[i] = int(q.place[item])
	}
	return places[:len(order)]
}

// means returns each column's mean over the candidates.
func (q *query) means() []float32 {
	means := make([]float32, len(q.columns))
	for i, column := range q.columns {
		var sums [4]float32 // side by side: one sum would wait for itself
		for ; len(column) >= 4; column = column[4:] {
			sums[0] += column[0]
			sums[1] += column[1]
			sums[2] += column[2]
			sums[3] += column[3]
		}
		for _, x := range column {
			sums[0] += x
		}
		means[i] = (sums[0] + sums[1] + sums[2] + sums[3]) / float32(max(1, len(q.items)))
	}
	return means
}

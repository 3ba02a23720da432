package recommend

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// pick is one candidate that policy has let through.
type pick struct {
	place      int // in q.items; -1 if exploration brought it
	item       ref
	score      float32
	propensity float64
	explored   float64 // probability of being drawn, if it was
	draft      string  // experiment/arm whose ranker picked it
}

// window is how many candidates variety chooses from.
func window(limit int) int { return limit + limit/2 + 10 }

// diversify picks a list from the order of rank by maximal marginal relevance
// (Carbonell and Goldstein, 1998): each next item is the best by its rank
// less its likeness to those picked already. No author has more than their
// share of the list.
func (e *Engine) diversify(q *query, order []int, limit int, variety float64) []pick {
	window := order
	best, worst := q.scores[window[0]], q.scores[window[len(window)-1]]
	spread := float64(max(best-worst, 1e-6))
	variety = max(0, variety)
	near := make([]float64, len(window)) // likeness to the nearest pick
	gone := make([]bool, len(window))
	authors := map[string]int{}
	picks := make([]pick, 0, min(limit, len(window)))
	for len(picks) < limit {
		next, most := -1, 0.0
		for w, c := range window {
			if gone[w] {
				continue
			}
			value := (1-variety)*float64(q.scores[c]-worst)/spread - variety*near[w]
			if next < 0 || value > most {
				next, most = w, value
			}
		}
		if next < 0 {
			break
		}
		c := window[next]
		item := q.items[c]
		gone[next] = true
		if a := e.entries[item].Author; a != "" {
			if authors[a]++; e.config.PerAuthor > 0 && authors[a] >= e.config.PerAuthor {
				for w, other := range window { // that was their share of the list
					gone[w] = gone[w] || e.entries[q.items[other]].Author == a
				}
			}
		}
		picks = append(picks, pick{place: c, item: item, score: q.scores[c], propensity: 1})
		if variety > 0 {
			for w, other := range window {
				if !gone[w] {
					near[w] = max(near[w], e.content.alike(item, q.items[other]))
				}
			}
		}
	}
	return picks
}

// readable returns the places of the candidates without those in a language
// that the person has given no sign of reading, unless too little would be
// left. A sign is what they say, the language of the class they are in, and
// those of what they liked.
func (e *Engine) readable(q *query, r Request) []int {
	var reads []string
	sign := func(lang string) {
		if primary := primaryOf(lang); primary != "" && !slices.Contains(reads, primary) {
			reads = append(reads, primary)
		}
	}
	for _, lang := range r.Langs {
		sign(lang)
	}
	for _, k := range q.context {
		sign(e.entries[k.item].Lang)
	}
	places := q.all()
	if len(reads) == 0 {
		return places
	}
	kept := make([]int, 0, len(places))
	for _, c := range places {
		if isIn(e.entries[q.items[c]].Lang, reads) {
			kept = append(kept, c)
		}
	}
	if len(kept) < r.Limit {
		return places
	}
	q.reads = reads // what exploration brings, too
	return kept
}

// isIn reports whether an item's language is one of those, or not known.
func isIn(lang string, reads []string) bool {
	primary := primaryOf(lang)
	return primary == "" || slices.Contains(reads, primary)
}

// primaryOf is the primary subtag of a language tag (RFC 5646, section 2.2.1).
func primaryOf(lang string) string {
	primary, _, _ := strings.Cut(lang, "-")
	return strings.ToLower(primary)
}

// explore gives the last place of a few lists to one of the newest items that
// have been seen least, drawn evenly, so that the engine learns of what it
// would not show. The propensities say how likely each item's place was.
func (e *Engine) explore(q *query, picks []pick, limit int, share float64) []pick {
	if share <= 0 || len(picks) < limit {
		return picks // all that there is has been picked
	}
	pool := e.littleSeen(q, picks)
	if len(pool) == 0 {
		return picks
	}
	last := &picks[len(picks)-1]
	e.chance.Lock()
	exploring, drawn := e.chance.Float64() < share, e.chance.IntN(len(pool))
	e.chance.Unlock()
	if !exploring {
		last.propensity = 1 - share
		return picks
	}
	*last = pick{place: -1, item: pool[drawn], propensity: share / float64(len(pool)), explored: share}
	return picks
}

// worth drops what is too unlikely to be taken up for anybody to be told of it
// unasked.
func (e *Engine) worth(q *query, picks []pick, floor float64) []pick {
	var x [uptakeFeatures]float64
	return slices.DeleteFunc(picks, func(p pick) bool {
		e.uptake.describe(&x, q.person, p.item, q.now)
		return e.uptake.predict(&x, p.item) < floor
	})
}

// littleSeen returns the items that exploration may draw for this query.
func (e *Engine) littleSeen(q *query, picks []pick) []ref {
	var pool []ref
	e.moment.newest(q.now, exploreWithin, func(item ref) {
		if t := q.person.touch(item); t.shown > 0 || !q.allows(item) {
			return
		}
		if q.reads != nil && !isIn(e.entries[item].Lang, q.reads) {
			return
		}
		for _, p := range picks {
			if p.item == item {
				return
			}
		}
		pool = append(pool, item)
	})
	if e.config.ExploreOf > 0 {
		pool = topBy(pool, e.config.ExploreOf, func(item ref) float32 { return -e.popular.seenBy(item) })
	}
	return pool
}

// pushLedger remembers who was pushed what when, for the frequency cap. It
// keeps a day or two in two generations; what is older falls away with the
// generation before. A restart forgets it.
type pushLedger struct {
	mu       sync.Mutex
	limit    int // persons of one generation
	since    wire.Millis
	now, old map[wire.UserID][]pushed
}

type pushed struct {
	room wire.RoomID
	at   wire.Millis
}

const pushDay = wire.Millis(24 * time.Hour / time.Millisecond)

func newPushLedger(limit int) pushLedger {
	return pushLedger{limit: limit, now: map[wire.UserID][]pushed{}}
}

// allows reports whether a push is within the cap.
func (l *pushLedger) allows(person wire.UserID, room wire.RoomID, at wire.Millis, gap time.Duration, perDay int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.within(l.recent(person, at), room, at, gap, perDay)
}

// take counts a push if it is within the cap.
func (l *pushLedger) take(person wire.UserID, room wire.RoomID, at wire.Millis, gap time.Duration, perDay int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := l.recent(person, at)
	if !l.within(list, room, at, gap, perDay) {
		return false
	}
	if at >= l.since+pushDay || len(l.now) >= l.limit {
		l.old, l.now, l.since = l.now, map[wire.UserID][]pushed{}, at
	}
	l.now[person] = append(list, pushed{room, at})
	return true
}

// recent returns the pushes of the day before at.
func (l *pushLedger) recent(person wire.UserID, at wire.Millis) []pushed {
	list, ok := l.now[person]
	if !ok {
		list = l.old[person]
	}
	from := 0
	for from < len(list) && list[from].at <= at-pushDay {
		from++
	}
	return list[from:]
}

func (l *pushLedger) within(list []pushed, room wire.RoomID, at wire.Millis, gap time.Duration, perDay int) bool {
	if perDay > 0 && len(list) >= perDay {
		return false
	}
	for _, p := range list {
		if p.room == room && at-p.at < wire.Millis(gap.Milliseconds()) {
			return false
		}
	}
	return true
}

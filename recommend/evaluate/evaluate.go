// Package evaluate replays recorded behaviours through the serving engine and
// measures how well it would have guessed each next one.
//
// The protocol is prequential (test, then train), with full ranking: before
// each scored event the engine is asked for its ranking as of that moment,
// having been fed every earlier row and nothing else; then it is fed the row.
// What it measures is [recommend.Engine.Rank], the ranking before policy,
// with the configuration that serves. It keeps nothing on disk.
package evaluate

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/wire"
)

// Options say what to replay and what to score.
type Options struct {
	Config  recommend.Config
	Targets []string    // behaviours that are to be guessed; Any: all of them
	Cutoff  wire.Millis // rows from here on are scored
	Until   wire.Millis // and rows before here; 0: to the end
	Models  []string    // names that [recommend.Engine.RankBy] knows; none: the blend alone
}

// Any as a target means every behaviour.
const Any = "any"

// Blend names the ranking that serves.
const Blend = recommend.Blend

// depth is how far down a ranking is looked at: beyond it nothing is scored.
const depth = 100

// Result is what one replay showed.
type Result struct {
	Protocol string             `json:"protocol"`
	Scored   int                `json:"scored"`
	Models   map[string]Metrics `json:"models"`
	Static   map[string]Static  `json:"static"`

	Rows    int              `json:"-"`
	Persons int              `json:"-"` // of the static split
	Digest  string           `json:"-"` // of the models after the last row
	Lists   map[string]Lists `json:"-"`
	Chance  Chance           `json:"-"`
	Size    recommend.Size   `json:"-"`
	// Weights of the blend after the last row, for persons of whom nothing,
	// little and more is known.
	Weights map[string][3]float64 `json:"-"`
}

// Metrics are averages over the scored events. Cold ones are a person's first
// target event, few ones their second to fifth.
type Metrics struct {
	HR10     float64 `json:"hr10"`
	HR20     float64 `json:"hr20"`
	NDCG10   float64 `json:"ndcg10"`
	MRR      float64 `json:"mrr"`
	ColdHR20 float64 `json:"cold_hr20"`
	UpdateUS float64 `json:"update_us"` // feeding one row, mean
	RankUS   float64 `json:"rank_us"`   // one ranking, mean

	Cold    int     `json:"-"`
	Few     int     `json:"-"`
	FewHR20 float64 `json:"-"`
}

// tally adds up one model's metrics.
type tally struct {
	n, cold, few      int
	hr10, hr20        int
	coldHR20, fewHR20 int
	ndcg, mrr         float64
	ranking           time.Duration
	lists             listTally
}

func (t *tally) add(rank, before int) {
	hit20 := 0
	if rank <= 20 {
		hit20 = 1
	}
	t.n++
	t.hr20 += hit20
	if rank <= 10 {
		t.hr10++
		t.ndcg += 1 / math.Log2(1+float64(rank))
	}
	if rank <= 100 {
		t.mrr += 1 / float64(rank)
	}
	switch {
	case before == 0:
		t.cold++
		t.coldHR20 += hit20
	case before < 5:
		t.few++
		t.fewHR20 += hit20
	}
}

func (t *tally) metrics() Metrics {
	share := func(k, n int) float64 { return float64(k) / float64(max(1, n)) }
	n := float64(max(1, t.n))
	return Metrics{
		HR10: share(t.hr10, t.n), HR20: share(t.hr20, t.n), NDCG10: t.ndcg / n, MRR: t.mrr / n,
		Cold: t.cold, ColdHR20: share(t.coldHR20, t.cold), Few: t.few, FewHR20: share(t.fewHR20, t.few),
		RankUS: float64(t.ranking.Microseconds()) / n,
	}
}

// Replay runs the protocol over rows, which are sorted by time.
func Replay(ctx context.Context, catalog []recommend.Item, rows []Row, o Options) (Result, error) {
	if len(o.Models) == 0 {
		o.Models = []string{Blend}
	}
	var now wire.Millis
	e, err := recommend.New(o.Config, discard{}, func() time.Time { return now.Time() }, rand.NewPCG(1, 2))
	if err != nil {
		return Result{}, err
	}
	known := map[string]bool{}
	for _, it := range catalog {
		known[it.ID] = true
	}
	for _, r := range rows {
		if !known[r.Item] {
			known[r.Item] = true
			catalog = append(catalog, recommend.Item{ID: r.Item, Kind: recommend.Video, Created: never})
		}
	}
	e.SetCatalog(catalog)

	singles := slices.DeleteFunc(slices.Clone(o.Models), func(name string) bool { return name == Blend })
	had := map[pair]bool{}
	count := map[wire.UserID]int{}
	tallies := map[string]*tally{}
	for _, name := range o.Models {
		tallies[name] = &tally{}
	}
	look := newObserver(catalog)
	after := divide(rows, &o)
	result := Result{Protocol: "PQ", Rows: len(rows), Models: map[string]Metrics{}, Lists: map[string]Lists{}, Persons: len(after.persons)}
	var feeding time.Duration
	var guesses []guess
	informs := slices.ContainsFunc(rows, func(r Row) bool { return shows(r.Behavior) && !o.wants(r.Behavior) })
	for i := range rows {
		r := &rows[i]
		if err := ctx.Err(); err != nil {
			return Result{}, err
		}
		if result.Static == nil && r.At >= o.Cutoff {
			result.Static = after.measure(e, o.Models, o.Cutoff)
		}
		now = r.At
		wanted, key := o.wants(r.Behavior), pair{r.Person, r.Item}
		if wanted && !had[key] {
			if !r.History && r.At >= o.Cutoff && !o.ended(r.At) {
				result.Scored++
				score(e, r, tallies, singles, count[r.Person], look, result.Scored%lookEvery == 0)
			}
			had[key] = true
			count[r.Person]++
			look.took(r)
		}
		if informs && !r.History && r.At >= o.Cutoff && !o.ended(r.At) && (wanted || shows(r.Behavior)) {
			p, _ := e.Chance(r.Person, r.Item, r.At)
			guesses = append(guesses, guess{r.Person, p, wanted})
		}
		began := time.Now()
		if _, err := e.Observe(ctx, []recommend.Behavior{r.behavior(i, wanted)}); err != nil {
			return Result{}, fmt.Errorf("%s:%d: %w", r.File, r.Line, err)
		}
		feeding += time.Since(began)
	}
	if result.Static == nil {
		result.Static = map[string]Static{}
	}
	result.Digest, result.Weights, result.Size = e.Digest(), e.Weights(), e.Size()
	result.Chance = chanceOf(guesses)
	for name, t := range tallies {
		metrics := t.metrics()
		metrics.UpdateUS = float64(feeding.Microseconds()) / float64(max(1, len(rows)))
		result.Models[name] = metrics
		result.Lists[name] = t.lists.measures(look)
	}
	return result, nil
}

// lookEvery is how many scored events there are to one whose lists are looked
// at for more than the hit.
const lookEvery = 10

// score asks for the rankings before r is known. The blend is asked by itself,
// as it is in service, so that its time is that of service; the others share
// one question.
func score(e *recommend.Engine, r *Row, tallies map[string]*tally, singles []string, before int, look *observer, closely bool) {
	if closely {
		look.chosen += look.share(r.Item)
		look.looked++
	}
	note := func(name string, list []recommend.Ranked, took time.Duration) {
		t := tallies[name]
		t.ranking += took
		t.add(rankOf(list, r.Item), before)
		if closely {
			t.lists.add(look, list, r.Person)
		}
	}
	request := recommend.Request{Person: r.Person, Now: r.At}
	if tallies[Blend] != nil {
		began := time.Now()
		list := e.Rank(request, depth)
		note(Blend, list, time.Since(began))
	}
	if len(singles) == 0 {
		return
	}
	began := time.Now()
	lists := e.RankBy(singles, request, depth)
	took := time.Since(began)
	for m, name := range singles {
		note(name, lists[m], took)
	}
}

type pair struct {
	person wire.UserID
	item   string
}

// rankOf is the item's rank in the list, where equal scores share the middle
// of their places; beyond the list it is as good as not there.
func rankOf(list []recommend.Ranked, item string) int {
	for i := range list {
		if list[i].ID != item {
			continue
		}
		higher, ties := 0, 0
		for j := range list {
			switch {
			case list[j].Score > list[i].Score:
				higher++
			case list[j].Score == list[i].Score && j != i:
				ties++
			}
		}
		return 1 + higher + ties/2
	}
	return math.MaxInt32
}

// behavior is the row in the engine's words. What is to be guessed is what
// consumes the item; nothing else does.
func (r *Row) behavior(i int, wanted bool) recommend.Behavior {
	b := recommend.Behavior{ID: strconv.Itoa(i), Person: r.Person, Item: r.Item, At: r.At}
	switch {
	case wanted && r.History:
		b.Kind = "watched"
	case wanted && r.Behavior == "rate":
		b.Kind, b.Weight = "rate", max(0, min(r.Weight, 10))
	case wanted:
		b.Kind = "watch"
	default:
		b.Kind = aside(r.Behavior)
		if b.Kind == "click" {
			b.Weight = max(0, min(r.Weight, 5))
		}
	}
	return b
}

// aside names the engine's kind for a behaviour that is not to be guessed.
func aside(behavior string) string {
	switch behavior {
	case "impression", "comment", "share", "like", "ask", "vote", "answer", "leave", "browse", "hide":
		return behavior
	case "hate":
		return "hide"
	case "follow", "buy", "purchase", "rate", "subscribe", "long_view":
		return "like"
	case "watch", "click":
		return "click"
	}
	return "browse"
}

// discard is a store of nothing: a replay is its own record.
type discard struct{}

func (discard) AppendBehaviors(_ context.Context, b []recommend.Behavior) ([]bool, error) {
	fresh := make([]bool, len(b))
	for i := range fresh {
		fresh[i] = true
	}
	return fresh, nil
}

func (discard) ReadBehaviors(context.Context, int64, int) ([]recommend.Behavior, int64, error) {
	return nil, 0, nil
}

func (discard) SaveModel(context.Context, string, int64, []byte) error { return nil }

func (discard) Model(context.Context, string) (int64, []byte, error) { return 0, nil, nil }

package offpolicy_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/recommend/offpolicy"
	"github.com/lyceum-live/lyceum/wire"
)

// pages gives a list page by page, as a store does.
func pages(list []recommend.Behavior) offpolicy.Pages {
	return func(after int64, limit int) ([]recommend.Behavior, int64, error) {
		end := min(len(list), int(after)+min(limit, 7))
		return list[after:end], int64(end), nil
	}
}

func impression(person wire.UserID, item string, at wire.Millis, s recommend.Served) recommend.Behavior {
	s.Arm = "default"
	return recommend.Behavior{Person: person, Item: item, Kind: "impression", At: at, Served: s}
}

// Of our own log the places count that chance had a hand in, each with what came
// of it in time.
func TestOwnSuggestions(t *testing.T) {
	const hour = wire.Millis(3_600_000)
	best, drawn := recommend.Served{Propensity: 0.9}, recommend.Served{Propensity: 0.02, Explored: 0.1}
	did := func(person wire.UserID, item, kind string, at wire.Millis) recommend.Behavior {
		return recommend.Behavior{Person: person, Item: item, Kind: kind, At: at}
	}
	list := []recommend.Behavior{
		impression("ana", "a", 1, best),
		impression("ana", "b", 1, recommend.Served{Propensity: 1}), // nothing by chance
		impression("ben", "a", 2, drawn),
		impression("eve", "a", 3, best),
		impression("eve", "c", 3, recommend.Served{Draft: "x/y"}), // of two rankers: not known how likely
		did("ana", "b", "click", 4),
		did("ana", "a", "hide", 4), // no taking up
		did("ben", "a", "watch", 5),
		did("ben", "a", "buy", 6), // counts once
		did("eve", "a", "click", 3+hour),
		impression("eve", "a", 4+hour, best), // shown again
		did("eve", "a", "click", 5+hour),
		impression("dan", "a", 6+hour, best),
		did("dan", "a", "click", 5+hour), // comes late, and was before it
	}
	var got []string
	err := offpolicy.Own(pages(list), time.Hour)(func(r offpolicy.Row) error {
		got = append(got, fmt.Sprint(r.Context, " ", r.Action, " ", r.Propensity, " ", r.Reward))
		return nil
	})
	want := []string{"default best 0.9 0", "default drawn 0.1 1", "default best 0.9 0", "default best 0.9 1", "default best 0.9 0"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v", got, err)
	}
}

// From a log that draws a tenth of its places, what drawing none, a quarter or
// all would bring is estimated as it is.
func TestSharesOfExploration(t *testing.T) {
	chance := rand.New(rand.NewPCG(6, 6))
	var list []recommend.Behavior
	for n := range 20_000 {
		person, at := wire.UserID(fmt.Sprintf("u%d", n)), wire.Millis(1000*n)
		served, takes := recommend.Served{Propensity: 0.9}, 0.2
		if chance.Float64() < 0.1 {
			served, takes = recommend.Served{Propensity: 0.01, Explored: 0.1}, 0.05
		}
		list = append(list, impression(person, "a", at, served))
		if chance.Float64() < takes {
			list = append(list, recommend.Behavior{Person: person, Item: "a", Kind: "click", At: at + 500})
		}
	}
	got, err := offpolicy.Explore(offpolicy.Own(pages(list), time.Minute), []float64{0, 0.25, 1}, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range got {
		truth := 0.2*(1-e.Share) + 0.05*e.Share
		for name, i := range map[string]offpolicy.Interval{"IPS": e.Result.IPS, "SNIPS": e.Result.SNIPS, "DR": e.Result.DR} {
			if !i.Holds(truth) || math.Abs(i.Value-truth) > 0.02 {
				t.Errorf("share %v: %s %+v, it is %v", e.Share, name, i, truth)
			}
		}
	}
	if _, err := offpolicy.Explore(offpolicy.Own(pages(nil), time.Minute), []float64{0}, 0); err == nil {
		t.Error("an empty log is judged")
	}
}

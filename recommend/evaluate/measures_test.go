package evaluate

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/wire"
)

// The area under the curve is the share of pairs in the right order.
func TestAUC(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(0, 40).Draw(rt, "guesses")
		list := make([]guess, n)
		for i := range list {
			list[i] = guess{p: rapid.SampledFrom([]float64{0.1, 0.2, 0.5, 0.9}).Draw(rt, "p"), taken: rapid.Bool().Draw(rt, "taken")}
		}
		right, pairs := 0.0, 0.0
		for _, a := range list {
			for _, b := range list {
				if a.taken && !b.taken {
					pairs++
					if a.p > b.p {
						right++
					} else if a.p == b.p {
						right += 0.5
					}
				}
			}
		}
		got, ok := auc(list)
		if ok != (pairs > 0) || ok && math.Abs(got-right/pairs) > 1e-9 {
			rt.Fatalf("got %v, %v; want %v of %v", got, ok, right, pairs)
		}
	})
}

func TestChanceOf(t *testing.T) {
	var list []guess
	for i := range 100 { // of two persons: one always right, one always the wrong way round
		taken := i%2 == 0
		p := 0.25
		if taken == (i < 50) {
			p = 0.75
		}
		person := wire.UserID("right")
		if i >= 50 {
			person = "wrong"
		}
		list = append(list, guess{person, p, taken})
	}
	c := chanceOf(list)
	if want := -(math.Log(0.75) + math.Log(0.25)) / 2; math.Abs(c.LogLoss-want) > 1e-9 || c.AUC != 0.5 || c.GAUC != 0.5 || c.Shown != 100 {
		t.Errorf("got %+v, want a log loss of %v", c, want)
	}
	if none := chanceOf(nil); none != (Chance{}) {
		t.Errorf("of nothing: %+v", none)
	}
}

func TestDivideAtTheCutoff(t *testing.T) {
	row := func(person, item, behavior string, at int64) Row {
		return Row{Person: wire.UserID(person), Item: item, Behavior: behavior, At: wire.Millis(at)}
	}
	rows := []Row{
		row("a", "x", "watch", 1), row("b", "y", "impression", 2), row("c", "z", "watch", 3),
		row("a", "y", "watch", 10),   // counts
		row("a", "x", "watch", 11),   // had before
		row("a", "new", "watch", 12), // not seen before the cutoff
		row("b", "x", "watch", 13),   // b had no target event before
		row("a", "y", "watch", 14),   // again
		row("c", "x", "watch", 15),   // counts
		row("c", "y", "impression", 16),
		row("c", "y", "watch", 20), // too late
	}
	s := divide(rows, &Options{Targets: []string{"watch"}, Cutoff: 10, Until: 20})
	if !slices.Equal(s.persons, []wire.UserID{"a", "c"}) || len(s.relevant["a"]) != 1 || !s.relevant["a"]["y"] || len(s.relevant["c"]) != 1 || !s.relevant["c"]["x"] {
		t.Errorf("got %v, %v", s.persons, s.relevant)
	}
}

func TestStaticMeasures(t *testing.T) {
	var s Static
	s.add([]recommend.Ranked{{ID: "x"}, {ID: "y"}, {ID: "z"}}, map[string]bool{"y": true, "w": true})
	precision, recall := 1.0/20, 0.5
	ndcg := (1 / math.Log2(3)) / (1 + 1/math.Log2(3))
	want := Static{precision, recall, 2 * precision * recall / (precision + recall), ndcg}
	if math.Abs(s.NDCG20-want.NDCG20) > 1e-12 || s.Precision20 != want.Precision20 || s.Recall20 != want.Recall20 || math.Abs(s.F1At20-want.F1At20) > 1e-12 {
		t.Errorf("got %+v, want %+v", s, want)
	}
}

func TestListMeasures(t *testing.T) {
	o := newObserver([]recommend.Item{{ID: "x", Tags: []string{"a", "b"}}, {ID: "y", Tags: []string{"b"}}, {ID: "z", Tags: []string{"c"}}})
	for range 3 {
		o.took(&Row{Person: "p", Item: "x"})
	}
	o.took(&Row{Person: "q", Item: "z"})
	o.chosen, o.looked = o.share("x"), 1
	var l listTally
	l.add(o, []recommend.Ranked{{ID: "x"}, {ID: "y"}}, "p")
	got := l.measures(o)
	if got.Coverage != 1 || got.Diversity != 0.5 {
		t.Errorf("coverage %v, diversity %v", got.Coverage, got.Diversity)
	}
	if want := (o.share("x") + o.share("y")) / 2 / o.share("x"); math.Abs(got.Bias-want) > 1e-12 {
		t.Errorf("popularity bias %v, want %v", got.Bias, want)
	}
	if got.Calibration <= 0 {
		t.Errorf("a list with more of b than p has is calibrated by %v", got.Calibration)
	}
	var same listTally
	same.add(o, []recommend.Ranked{{ID: "x"}}, "p")
	if d := same.measures(o).Calibration; math.Abs(d) > 1e-12 {
		t.Errorf("a list of the person's own tags is off by %v", d)
	}
}

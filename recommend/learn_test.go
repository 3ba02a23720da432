package recommend

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/wire"
)

func TestExpOf(t *testing.T) {
	for x := float32(0); x > -79; x -= 0.0137 {
		if got, want := float64(expOf(x)), math.Exp(float64(x)); math.Abs(got-want) > 1e-4*want {
			t.Fatalf("e^%v: got %v, want %v", x, got, want)
		}
	}
	if expOf(-1e9) != 0 || expOf(float32(math.Inf(-1))) != 0 {
		t.Error("the power of a large negative number is not 0")
	}
}

func TestDot(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a := rapid.SliceOfN(rapid.Float32Range(-3, 3), 0, 40).Draw(rt, "a")
		b := rapid.SliceOfN(rapid.Float32Range(-3, 3), len(a), len(a)).Draw(rt, "b")
		want := 0.0
		for i := range a {
			want += float64(a[i]) * float64(b[i])
		}
		if got := float64(dot(a, b)); math.Abs(got-want) > 1e-3 {
			rt.Fatalf("got %v, want %v", got, want)
		}
	})
}

// A reward is that of the place by sorting.
func TestReward(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		column := rapid.SliceOfN(rapid.SampledFrom([]float32{0, 1, 2, 3}), 1, 60).Draw(rt, "scores")
		chosen := rapid.IntRange(0, len(column)-1).Draw(rt, "chosen")
		better, same := 0, -1
		for _, x := range column {
			if x > column[chosen] {
				better++
			} else if x == column[chosen] {
				same++
			}
		}
		rank, want := 1+better+same/2, 0.0
		if rank <= 20 {
			want = 1
		}
		if rank <= 10 {
			want += nearTop / math.Log2(1+float64(rank))
		}
		if got := reward(column, chosen); got != want {
			rt.Fatalf("rank %d: got %v, want %v", rank, got, want)
		}
	})
}

// A yardstick that ranks better than the blend takes over, for those persons
// alone, and gives way when it no longer does.
func TestTheLeadGoesToWhatRanksBest(t *testing.T) {
	good := feature{name: "good", yardstick: true}
	b := newBlend([]feature{good, {name: "bad"}})
	r := rand.New(rand.NewPCG(1, 1))
	moment := func(useful bool) (q *query, chosen int) {
		q = &query{columns: [][]float32{make([]float32, 200), make([]float32, 200)}, items: make([]ref, 200)}
		chosen = r.IntN(200)
		for c := range q.items {
			q.columns[0][c], q.columns[1][c] = r.Float32(), r.Float32()
		}
		if useful {
			q.columns[0][chosen] = 2
		}
		return q, chosen
	}
	lead := &b.leads[cold]
	for range 200 {
		q, chosen := moment(true)
		clear(q.scores)
		q.scores = make([]float32, 200) // the blend knows nothing
		lead.judge(q, chosen)
	}
	if at, ok := lead.feature(); !ok || at != 0 {
		t.Fatal("a feature that is always right does not lead")
	}
	if _, ok := b.leads[warm].feature(); ok {
		t.Error("it leads for others too")
	}
	q, chosen := moment(true)
	b.score(q)
	for c := range q.scores {
		if c != chosen && q.scores[c] >= q.scores[chosen] {
			t.Fatal("the list is not by what leads")
		}
	}
	for range 6000 {
		q, chosen := moment(false)
		q.scores = make([]float32, 200)
		q.scores[chosen] = 1
		lead.judge(q, chosen)
	}
	if _, ok := lead.feature(); ok {
		t.Error("a feature that is no use any more still leads")
	}
}

// The rules of what follows what, against all of them counted plainly.
func TestSequence(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const items = 6
		m := newSequence()
		m.rows = growTo(m.rows, items)
		p := person{}
		var want [items][items]float64
		begin := wire.Millis(1_780_000_000_000)
		at := begin
		for range rapid.IntRange(0, 60).Draw(rt, "events") {
			at += wire.Millis(rapid.IntRange(0, 40*3_600_000).Draw(rt, "pause"))
			item := ref(rapid.IntRange(0, items-1).Draw(rt, "item"))
			f := fact{person: &p, item: item, at: at, strength: 1, gain: 1}
			by := math.Exp2(float64(at-begin) / float64(sequenceHalf.Milliseconds()))
			for back := 1; back <= min(sequenceSteps, len(p.history)); back++ {
				if from := p.history[len(p.history)-back].item; from != item {
					want[from][item] += by
				}
				by *= sequenceFade
			}
			m.observe(&f)
			p.like(item, 1, at, 64)
		}
		shrink := m.clock.shrink(at)
		naive := math.Exp2(-float64(at-begin) / float64(sequenceHalf.Milliseconds()))
		for i := range m.rows {
			total := 0.0
			for k, j := range m.rows[i].ids {
				if got := float64(m.rows[i].counts[k]) * shrink; math.Abs(got-want[i][j]*naive) > 1e-3 {
					rt.Fatalf("%d after %d: got %v, want %v", j, i, got, want[i][j]*naive)
				}
			}
			for j := range want[i] {
				total += want[i][j] * naive
			}
			if got := m.rows[i].total * shrink; math.Abs(got-total) > 1e-3 {
				rt.Fatalf("after %d: got %v in all, want %v", i, got, total)
			}
		}
	})
}

// What a forgotten person did is no longer asked for, and their place in the
// tables is another's.
func TestForgottenPersonsAreNoPeers(t *testing.T) {
	pp := newPeople(2)
	m := &peers{}
	a := pp.meet("a")
	m.observe(&fact{person: a, item: 1, gain: 1})
	a.like(1, 1, 1, 8)
	a.like(2, 1, 2, 8)
	pp.meet("b")
	asks := func() float32 {
		q := &query{now: 3, context: []known{{item: 1, weight: 1}}}
		q.reset(8)
		q.context = []known{{item: 1, weight: 1}}
		m.propose(q)
		return q.peers.sums[2]
	}
	if asks() == 0 {
		t.Fatal("what a peer took up does not count")
	}
	c := pp.meet("c")
	if !a.gone || c.place != a.place && len(pp.byID) != 2 {
		t.Fatal("the least active was not forgotten")
	}
	if len(a.history) != 0 || asks() != 0 {
		t.Error("what somebody forgotten took up still counts")
	}
}

// An item that no model proposed could have stood in no list. That somebody
// found it all the same teaches the blend nothing, and is nobody's merit.
func TestWhatNobodyProposedTeachesTheBlendNothing(t *testing.T) {
	at := wire.Millis(1_780_000_000_000)
	e, err := New(Config{}, nowhere{}, func() time.Time { return at.Time() }, rand.NewPCG(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	items := make([]Item, 400)
	for i := range items { // older ones first: the newest are proposed to everybody
		items[i] = Item{ID: fmt.Sprint("v", i), Kind: Video, Created: at - wire.Millis(1000-i)*3_600_000}
	}
	e.SetCatalog(items)
	watch := func(person, item string) {
		t.Helper()
		at += 60_000
		b := Behavior{ID: fmt.Sprint(at), Person: wire.UserID(person), Item: item, Kind: "watch", At: at}
		if _, err := e.Observe(context.Background(), []Behavior{b}); err != nil {
			t.Fatal(err)
		}
	}
	watch("ana", "v399")
	before := e.blend.learned
	if before == 0 {
		t.Fatal("an outcome among the candidates teaches nothing")
	}
	rewards := e.blend.leads[cold].rewards[0]
	watch("ben", "v0") // old, and never taken up
	if e.blend.learned != before || e.blend.leads[cold].rewards[0] != rewards {
		t.Error("the blend learned from an item that it could not have ranked")
	}
}

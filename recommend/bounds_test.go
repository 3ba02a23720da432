package recommend

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/wire"
)

// nowhere stores nothing, and everything is new to it.
type nowhere struct{}

func (nowhere) AppendBehaviors(_ context.Context, list []Behavior) ([]bool, error) {
	fresh := make([]bool, len(list))
	for i := range fresh {
		fresh[i] = true
	}
	return fresh, nil
}

func (nowhere) ReadBehaviors(context.Context, int64, int) ([]Behavior, int64, error) {
	return nil, 0, nil
}
func (nowhere) SaveModel(context.Context, string, int64, []byte) error { return nil }
func (nowhere) Model(context.Context, string) (int64, []byte, error)   { return 0, nil, nil }

// crowd is an engine over n items on 40 topics that persons have been busy
// with, each mostly within two topics.
func crowd(tb testing.TB, n, persons, behaviors int) (*Engine, *rand.Rand, *wire.Millis) {
	tb.Helper()
	at := wire.Millis(1_780_000_000_000)
	e, err := New(Config{}, nowhere{}, func() time.Time { return at.Time() }, rand.NewPCG(3, 4))
	if err != nil {
		tb.Fatal(err)
	}
	items := make([]Item, n)
	for i := range items {
		items[i] = Item{
			ID: fmt.Sprint("v", i), Kind: Video, Title: fmt.Sprintf("Lesson %d on topic %d", i, i%40),
			Text: "What to know and how to begin, with an example from practice", Tags: []string{fmt.Sprint("t", i%40)},
			Author: fmt.Sprint("a", i%300), Created: at - wire.Millis(i)*60_000,
		}
	}
	e.SetCatalog(items)
	r := rand.New(rand.NewPCG(5, 6))
	for i := range behaviors {
		at += 500
		if err := busy(e, r, at, i, n, persons); err != nil {
			tb.Fatal(err)
		}
	}
	return e, r, &at
}

// busy has somebody do something.
func busy(e *Engine, r *rand.Rand, at wire.Millis, i, n, persons int) error {
	person := r.IntN(persons)
	topic := (person*7 + r.IntN(2)*13) % 40
	item := (int(math.Abs(r.NormFloat64())*float64(n)/120)*40 + topic) % n
	kind := "impression"
	if r.IntN(3) == 0 {
		kind = "watch"
	}
	_, err := e.Observe(context.Background(), []Behavior{{
		ID: fmt.Sprint(i), Person: wire.UserID(fmt.Sprint("p", person)), Item: fmt.Sprint("v", item), Kind: kind, At: at,
	}})
	return err
}

func TestMemoryIsBounded(t *testing.T) {
	e, _, _ := crowd(t, 500, 20, 15_000)
	for i := range e.near.rows {
		if n := len(e.near.rows[i].ids); n > e.config.Neighbours {
			t.Fatalf("item %d has %d neighbours", i, n)
		}
	}
	for _, m := range e.models {
		switch m := m.(type) {
		case *company:
			for i := range m.rows {
				if n := len(m.rows[i].ids); n > companyLimit || cap(m.rows[i].ids) > companyLimit || cap(m.rows[i].pairs) > companyLimit {
					t.Fatalf("item %d is seen with %d others", i, n)
				}
			}
		case *sequence:
			for i := range m.rows {
				if n := len(m.rows[i].ids); n > sequenceLimit {
					t.Fatalf("item %d has %d followers", i, n)
				}
			}
		case *peers:
			for i := range m.rings {
				if n := len(m.rings[i].persons); n > ringSize {
					t.Fatalf("item %d remembers %d persons", i, n)
				}
			}
		}
	}
	for clock := range e.popular.tops {
		if n := len(e.popular.tops[clock]); n > topSize {
			t.Errorf("top list %d has %d items", clock, n)
		}
	}
	size := e.Size()
	if per := size.ItemBytes / size.Items; per > 4<<10 {
		t.Errorf("%d bytes an item", per)
	}
	for p := e.people.newest; p != nil; p = p.older {
		if len(p.history) > e.config.History || len(p.touched) > 500 || len(p.views) > seenBack {
			t.Fatalf("%s has a history of %d and touched %d", p.id, len(p.history), len(p.touched))
		}
	}
}

// The top lists are kept up one item at a time; sorting gives the same.
func TestTopListsAreExact(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := newPopularity([]time.Duration{time.Hour, 30 * time.Hour}, func(ref) bool { return true })
		n := rapid.SampledFrom([]int{5, 50, 400}).Draw(rt, "items")
		at := wire.Millis(1_780_000_000_000)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		for range 600 {
			at += wire.Millis(r.IntN(4_000_000)) // weeks in all: counters are rescaled
			m.observe(&fact{item: ref(r.IntN(n)), at: at - wire.Millis(r.IntN(2)*3_600_000), gain: r.Float64() + 0.1, strength: 1})
		}
		for clock := range m.tops {
			var want []ref
			for i, c := range m.counts[clock] {
				if c > 0 {
					want = append(want, ref(i))
				}
			}
			slices.SortFunc(want, func(a, b ref) int {
				if m.counts[clock][a] > m.counts[clock][b] {
					return -1
				}
				return 1
			})
			want = want[:min(len(want), topSize)]
			if !slices.Equal(m.tops[clock], want) {
				rt.Fatalf("top of clock %d is %v, sorting gives %v", clock, m.tops[clock], want)
			}
		}
	})
}

// Nearness kept up pair by pair is the cosine of the decayed matrix.
func TestNeighboursAreCosine(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const items, persons = 6, 5
		half := 10 * time.Hour
		m := newNeighbours(half, half, 128)
		m.grow(items)
		var wish [persons][items]float64
		people := make([]person, persons)
		var pairs [items][items]float64
		var norms [items]float64
		begin := wire.Millis(1_780_000_000_000)
		at := begin
		for range rapid.IntRange(0, 60).Draw(rt, "events") {
			at += wire.Millis(rapid.IntRange(0, 4*3_600_000).Draw(rt, "pause"))
			u, i := rapid.IntRange(0, persons-1).Draw(rt, "person"), rapid.IntRange(0, items-1).Draw(rt, "item")
			s := rapid.SampledFrom([]float64{0.25, 0.5, 1}).Draw(rt, "strength")
			g := math.Exp2(float64(at-begin) / float64(half.Milliseconds()))
			f := fact{person: &people[u], item: ref(i), at: at, strength: s, before: float64(people[u].wish(ref(i)))}
			f.gain = max(0, s-f.before)
			if f.gain > 0 {
				// The naive matrix: every pair grows by the wish's growth.
				norms[i] += (s*s - wish[u][i]*wish[u][i]) * g
				h := people[u].history
				for back := range h {
					j := h[len(h)-1-back].item
					if int(j) != i {
						by := f.gain * wish[u][j] * math.Pow(pairFade, float64(back)) * g
						pairs[i][j] += by
						pairs[j][i] += by
					}
				}
			}
			m.observe(&f)
			if f.gain > 0 {
				wish[u][i] = s
				people[u].like(ref(i), float32(s), at, 64)
			}
		}
		shrink := float32(m.clocks[slow].shrink(at))
		naive := math.Exp2(-float64(at-begin) / float64(half.Milliseconds()))
		for i := range m.rows {
			r := &m.rows[i]
			for k, j := range r.ids {
				pair := pairs[i][j] * naive
				want := pair / math.Sqrt(norms[i]*naive*norms[j]*naive) * pair / (pair + shrinkPairs)
				if got := float64(m.near(ref(i), k, slow, shrink)); math.Abs(got-want) > 1e-4 {
					rt.Fatalf("near %d and %d: got %v, want %v", i, j, got, want)
				}
			}
		}
	})
}

func TestTopBy(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		values := rapid.SliceOfN(rapid.SampledFrom([]float32{0, 1, 2, 3, 4, 5}), 1, 60).Draw(rt, "values")
		list := make([]ref, len(values))
		for i := range list {
			list[i] = ref(i)
		}
		want := slices.Clone(list)
		slices.SortStableFunc(want, func(a, b ref) int { return int(values[b] - values[a]) })
		n := rapid.IntRange(1, len(list)).Draw(rt, "n")
		got := topBy(list, n, func(i ref) float32 { return values[i] })
		want = want[:n]
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			rt.Fatalf("got %v, want %v", got, want)
		}
	})
}

func TestLogOf(t *testing.T) {
	for x := float32(1e-6); x < 1e9; x *= 1.0137 {
		if got, want := float64(logOf(x)), math.Log(float64(x)); math.Abs(got-want) > 1e-4 {
			t.Fatalf("log of %v: got %v, want %v", x, got, want)
		}
	}
}

func TestClocksThatJump(t *testing.T) {
	m := newPopularity([]time.Duration{time.Hour}, func(ref) bool { return true })
	at := wire.Millis(1_000)
	for _, jump := range []time.Duration{0, time.Hour, 50 * 365 * 24 * time.Hour, -40 * 365 * 24 * time.Hour, time.Minute} {
		at += wire.Millis(jump.Milliseconds())
		m.observe(&fact{item: 1, at: at, gain: 1, strength: 1})
		if n := m.count(0, 1, at); math.IsNaN(n) || math.IsInf(n, 0) {
			t.Fatalf("after %v: count is %v", jump, n)
		}
	}
}

func BenchmarkObserve(b *testing.B) {
	e, r, at := crowd(b, 10_000, 2_000, 30_000)
	b.ResetTimer()
	for i := range b.N {
		*at += 500
		if err := busy(e, r, *at, i, 10_000, 2_000); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSuggest20Of10000(b *testing.B) {
	e, r, at := crowd(b, 10_000, 2_000, 30_000)
	b.ResetTimer()
	for range b.N {
		e.Suggest(Request{Person: wire.UserID(fmt.Sprint("p", r.IntN(2_000))), Now: *at, Limit: 20})
	}
}

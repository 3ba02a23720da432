package storetest

import (
	"fmt"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/wire"
)

func testBehaviors(t *testing.T, place Place) {
	t.Run("answers as the model does", func(t *testing.T) { modelBehaviors(t, place) })

	t.Run("a reader misses none that come meanwhile", func(t *testing.T) {
		const writers, each = 8, 40
		s := start(t, place)
		seen := map[string]bool{}
		atOnce(writers+1, func(i int) {
			if i < writers {
				for n := range each {
					b := recommend.Behavior{ID: fmt.Sprint(i, "-", n), Person: "ana", Item: "go-101", Kind: "joined"}
					if _, err := s.AppendBehaviors(t.Context(), []recommend.Behavior{b}); err != nil {
						t.Errorf("append: %v", err)
						return
					}
				}
				return
			}
			for at := int64(0); len(seen) < writers*each && !t.Failed(); {
				got, last, err := s.ReadBehaviors(t.Context(), at, 5)
				if err != nil {
					t.Errorf("read: %v", err)
					return
				}
				for _, b := range got {
					if seen[b.ID] {
						t.Errorf("%s came twice", b.ID)
					}
					seen[b.ID] = true
				}
				at = last
			}
		})
		same(t, "seen", len(seen), writers*each)
	})

	t.Run("an id counts once whoever is first", func(t *testing.T) {
		s := start(t, place)
		var fresh atomic.Int64
		atOnce(10, func(int) {
			for n := range 10 {
				b := recommend.Behavior{ID: fmt.Sprint(n), Person: "ana", Item: "x", Kind: "voted"}
				news, err := s.AppendBehaviors(t.Context(), []recommend.Behavior{b})
				if err != nil {
					t.Errorf("append: %v", err)
				} else if news[0] {
					fresh.Add(1)
				}
			}
		})
		same(t, "fresh", fresh.Load(), int64(10))
	})
}

// modelBehaviors compares a store with a slice, call by call.
func modelBehaviors(t *testing.T, place Place) {
	rapid.Check(t, func(rt *rapid.T) {
		s := startIn(t, rt, place)
		ctx := t.Context()
		var all []recommend.Behavior
		known := map[string]bool{}
		rt.Repeat(map[string]func(*rapid.T){
			"append": func(rt *rapid.T) {
				behaviors := make([]recommend.Behavior, rapid.IntRange(0, 6).Draw(rt, "behaviors"))
				want := make([]bool, len(behaviors))
				for i := range behaviors {
					b := recommend.Behavior{
						ID:     fmt.Sprint("b", rapid.IntRange(0, 40).Draw(rt, "id")),
						Person: wire.UserID(rapid.StringN(0, 5, -1).Draw(rt, "person")),
						Item:   rapid.StringN(0, 5, -1).Draw(rt, "item"),
						Kind:   rapid.SampledFrom([]string{"joined", "watched"}).Draw(rt, "kind"),
						Weight: rapid.Float64Range(-1e6, 1e6).Draw(rt, "weight"),
						At:     wire.Millis(rapid.Int64().Draw(rt, "at")),
						Room:   rapid.SampledFrom([]wire.RoomID{"", "go-101"}).Draw(rt, "room"),
						Served: rapid.SampledFrom([]recommend.Served{{}, {
							Arm: "默认", Model: "blend/3", List: "go-101/7", Place: 2, Propensity: 0.95, Explored: 0.05, Draft: "rankers/rule",
						}}).Draw(rt, "served"),
					}
					behaviors[i] = b
					if want[i] = !known[b.ID]; want[i] {
						known[b.ID] = true
						all = append(all, b)
					}
				}
				fresh, err := s.AppendBehaviors(ctx, behaviors)
				must(rt, err)
				same(rt, "fresh", fresh, want)
			},
			"read": func(rt *rapid.T) {
				limit := rapid.IntRange(1, 20).Draw(rt, "limit")
				var got []recommend.Behavior
				for at := int64(0); ; {
					page, last, err := s.ReadBehaviors(ctx, at, limit)
					must(rt, err)
					if len(page) > limit || (len(page) == 0) != (last == at) || last < at {
						rt.Fatalf("after %d: %d behaviours, last %d", at, len(page), last)
					}
					if len(page) == 0 {
						break
					}
					got, at = append(got, page...), last
				}
				same(rt, "behaviours", append([]recommend.Behavior{}, got...), append([]recommend.Behavior{}, all...))
			},
			"reopen": func(rt *rapid.T) {
				if rapid.IntRange(0, 3).Draw(rt, "really") == 0 {
					s.reopen()
				}
			},
		})
	})
}

func testModels(t *testing.T, place Place) {
	s := start(t, place)
	at, data, err := s.Model(t.Context(), "cooccurrence")
	must(t, err)
	same(t, "first position", at, int64(0))
	if data != nil {
		t.Fatalf("a model that was never saved has %d bytes", len(data))
	}
	must(t, s.SaveModel(t.Context(), "cooccurrence", 10, []byte("ten")))
	must(t, s.SaveModel(t.Context(), "popularity", 7, []byte{0, 1, 2}))
	must(t, s.SaveModel(t.Context(), "cooccurrence", 12, []byte("twelve")))
	for range 2 {
		at, data, err = s.Model(t.Context(), "cooccurrence")
		must(t, err)
		same(t, "position", at, int64(12))
		same(t, "model", string(data), "twelve")
		at, data, err = s.Model(t.Context(), "popularity")
		must(t, err)
		same(t, "position", at, int64(7))
		same(t, "model", data, []byte{0, 1, 2})
		s.reopen()
	}
}

package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/reward"
	"github.com/lyceum-live/lyceum/wire"
)

func testLedger(t *testing.T, place Place) {
	t.Run("answers as the model does", func(t *testing.T) { modelLedger(t, place) })

	t.Run("a key counts once whoever is first", func(t *testing.T) {
		const writers, keys = 12, 20
		s := start(t, place)
		var fresh [keys]atomic.Int64
		atOnce(writers, func(int) {
			for k := range keys {
				e := reward.Entry{Key: fmt.Sprint("a/", k, "/answered/ana"), User: "ana", Points: 10, Rule: "answered", Room: "a", Seq: uint64(k), At: 1}
				news, balances, err := s.Grant(t.Context(), []reward.Entry{e})
				if err != nil {
					t.Errorf("grant: %v", err)
					return
				}
				if news[0] {
					fresh[k].Add(1)
				}
				if b := balances["ana"]; b < int64(10*(k+1)) || b > 10*keys {
					t.Errorf("balance %d after key %d", b, k)
				}
			}
		})
		for k := range fresh {
			if n := fresh[k].Load(); n != 1 {
				t.Errorf("key %d was new %d times", k, n)
			}
		}
		balance, err := s.Balance(t.Context(), "ana")
		must(t, err)
		same(t, "balance", balance, int64(10*keys))
	})

	t.Run("balances equal the sums whatever goes on", func(t *testing.T) {
		s := start(t, place)
		atOnce(8, func(i int) {
			for n := range 30 {
				user := wire.UserID(fmt.Sprint("u", (i+n)%4))
				entries := []reward.Entry{
					{Key: fmt.Sprint(i, "/", n), User: user, Points: int64(n - 10), Rule: "r", Room: "a"},
					{Key: fmt.Sprint("shared/", n), User: "all", Points: 1, Rule: "r", Room: "a"},
				}
				if _, _, err := s.Grant(t.Context(), entries); err != nil {
					t.Errorf("grant: %v", err)
				}
			}
		})
		for _, user := range []wire.UserID{"u0", "u1", "u2", "u3", "all", "nobody"} {
			balance, err := s.Balance(t.Context(), user)
			must(t, err)
			sum := int64(0)
			for _, e := range wholeHistory(t, s, user, 7) {
				sum += e.Points
			}
			same(t, string(user), balance, sum)
		}
	})

	t.Run("a page reads on while new entries come", func(t *testing.T) {
		s := start(t, place)
		grant := func(from, to int) {
			for i := from; i < to; i++ {
				_, _, err := s.Grant(t.Context(), []reward.Entry{{Key: fmt.Sprint(i), User: "ana", Points: 1}})
				must(t, err)
			}
		}
		grant(0, 10)
		first, next, err := s.History(t.Context(), "ana", "", 4)
		must(t, err)
		grant(10, 15)
		second, _, err := s.History(t.Context(), "ana", next, 4)
		must(t, err)
		same(t, "entries", keysOf(append(first, second...)), []string{"9", "8", "7", "6", "5", "4", "3", "2"})
	})

	t.Run("a cursor of another user is refused", func(t *testing.T) {
		s := start(t, place)
		var entries []reward.Entry
		for _, user := range []wire.UserID{"ana", "ben"} {
			for i := range 3 {
				entries = append(entries, reward.Entry{Key: fmt.Sprint(user, i), User: user, Points: 1})
			}
		}
		_, _, err := s.Grant(t.Context(), entries)
		must(t, err)
		_, next, err := s.History(t.Context(), "ben", "", 1)
		must(t, err)
		for _, before := range []string{next, "nonsense"} {
			if got, _, err := s.History(t.Context(), "ana", before, 5); err == nil {
				t.Errorf("before %q: %d entries and no error", before, len(got))
			}
		}
	})
}

// modelLedger compares a store with one slice of entries, call by call.
func modelLedger(t *testing.T, place Place) {
	rapid.Check(t, func(rt *rapid.T) {
		s := startIn(t, rt, place)
		ctx := t.Context()
		users := rapid.SampledFrom([]wire.UserID{"ana", "ben", "cy"})
		var ledger []reward.Entry
		balance := func(user wire.UserID) (sum int64) {
			for _, e := range ledger {
				if e.User == user {
					sum += e.Points
				}
			}
			return sum
		}
		rt.Repeat(map[string]func(*rapid.T){
			"grant": func(rt *rapid.T) {
				entries := make([]reward.Entry, rapid.IntRange(0, 6).Draw(rt, "entries"))
				wantFresh := make([]bool, len(entries))
				wantBalances := map[wire.UserID]int64{}
				for i := range entries {
					entries[i] = reward.Entry{
						Key:    fmt.Sprint("k", rapid.IntRange(0, 30).Draw(rt, "key")),
						User:   users.Draw(rt, "user"),
						Points: rapid.Int64Range(-1e9, 1e9).Draw(rt, "points"),
						Rule:   rapid.SampledFrom([]string{"answered", "correct"}).Draw(rt, "rule"),
						Room:   "go-101",
						Seq:    rapid.Uint64Range(0, 1<<40).Draw(rt, "seq"),
						At:     wire.Millis(rapid.Int64().Draw(rt, "at")),
					}
					if wantFresh[i] = !slices.Contains(keysOf(ledger), entries[i].Key); wantFresh[i] {
						ledger = append(ledger, entries[i])
					}
				}
				for _, e := range entries {
					wantBalances[e.User] = balance(e.User)
				}
				fresh, balances, err := s.Grant(ctx, entries)
				must(rt, err)
				same(rt, "fresh", fresh, wantFresh)
				same(rt, "balances", balances, wantBalances)
			},
			"balance": func(rt *rapid.T) {
				user := users.Draw(rt, "user")
				got, err := s.Balance(ctx, user)
				must(rt, err)
				same(rt, "balance", got, balance(user))
			},
			"balances": func(rt *rapid.T) {
				asked := rapid.SliceOfN(users, 0, 150).Draw(rt, "users")
				got, err := s.Balances(ctx, append(asked, "nobody"))
				must(rt, err)
				for _, user := range asked {
					same(rt, "balance", got[user], balance(user))
				}
				for _, user := range asked {
					delete(got, user)
				}
				same(rt, "balance", got["nobody"], int64(0)) // missing or not
				delete(got, "nobody")
				same(rt, "others", len(got), 0)
			},
			"history": func(rt *rapid.T) {
				user := users.Draw(rt, "user")
				got := wholeHistory(rt, s, user, rapid.IntRange(1, 9).Draw(rt, "page"))
				want := slices.DeleteFunc(slices.Clone(ledger), func(e reward.Entry) bool { return e.User != user })
				slices.Reverse(want)
				same(rt, "history", append([]reward.Entry{}, got...), append([]reward.Entry{}, want...))
			},
			"reopen": func(rt *rapid.T) {
				if rapid.IntRange(0, 3).Draw(rt, "really") == 0 {
					s.reopen()
				}
			},
		})
	})
}

// wholeHistory reads all of the user's entries, page by page.
func wholeHistory(t fataler, s *opened, user wire.UserID, page int) (all []reward.Entry) {
	t.Helper()
	for before := ""; ; {
		entries, next, err := s.History(context.Background(), user, before, page)
		must(t, err)
		if len(entries) > page || len(entries) == 0 && next != "" || len(entries) < page && next != "" {
			t.Fatalf("a page of %d has %d entries and cursor %q", page, len(entries), next)
		}
		all = append(all, entries...)
		if next == "" {
			return all
		}
		before = next
	}
}

func keysOf(entries []reward.Entry) []string {
	keys := make([]string, len(entries))
	for i, e := range entries {
		keys[i] = e.Key
	}
	return keys
}

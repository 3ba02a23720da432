package reward_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/reward"
	"github.com/lyceum-live/lyceum/wire"
)

var noon = wire.At(time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC))

func fact(rule reward.Rule, change ...func(*reward.Fact)) reward.Fact {
	f := reward.Fact{Rule: rule, Room: "go-101", Seq: 70, At: noon, User: "uana"}
	switch rule {
	case reward.Voted:
		f.Of = 62
	case reward.Upvoted:
		f.Of, f.By = 61, "uben"
	}
	for _, c := range change {
		c(&f)
	}
	return f
}

func TestFor(t *testing.T) {
	rules := reward.NewRules(reward.Default)
	for _, tt := range []struct {
		fact   reward.Fact
		key    string
		points int64
	}{
		{fact(reward.Answered), "go-101/70/answered/uana", 5},
		{fact(reward.Correct), "go-101/70/correct/uana", 10},
		{fact(reward.Asked), "go-101/70/asked/uana", 5},
		{fact(reward.Voted), "go-101/62/voted/uana", 3},
		{fact(reward.Upvoted), "go-101/61/upvoted/uana/uben", 2},
		{fact(reward.Stayed), "go-101/2026-03-14/stayed/uana", 20},
	} {
		want := []reward.Entry{{Key: tt.key, User: "uana", Points: tt.points, Rule: tt.fact.Rule, Room: "go-101", Seq: 70, At: noon}}
		if got := rules.For(tt.fact); !slices.Equal(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

func TestNothingIsEarned(t *testing.T) {
	off := reward.Default
	off.Voted = 0
	for name, f := range map[string]reward.Fact{
		"by a rule that is off":      fact(reward.Voted),
		"by an unknown rule":         fact("smiled"),
		"by one's own upvote":        fact(reward.Upvoted, func(f *reward.Fact) { f.By = f.User }),
		"by nobody's upvote":         fact(reward.Upvoted, func(f *reward.Fact) { f.By = "" }),
		"by an upvote of nothing":    fact(reward.Upvoted, func(f *reward.Fact) { f.Of = 0 }),
		"by the room itself":         fact(reward.Asked, func(f *reward.Fact) { f.User = wire.System.User }),
		"by nobody":                  fact(reward.Asked, func(f *reward.Fact) { f.User = "" }),
		"by a name that could forge": fact(reward.Asked, func(f *reward.Fact) { f.User = "uana/uben" }),
		"in no room":                 fact(reward.Asked, func(f *reward.Fact) { f.Room = "" }),
	} {
		if got := reward.NewRules(off).For(f); len(got) != 0 {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

// TestWhatIsTheSameFact tells pairs of facts and expects them to count once or
// twice.
func TestWhatIsTheSameFact(t *testing.T) {
	later := func(f *reward.Fact) { f.Seq++; f.At++ }
	tests := []struct {
		name   string
		first  reward.Fact
		second reward.Fact
		counts int
	}{
		{"told again", fact(reward.Asked), fact(reward.Asked), 1},
		{"another question", fact(reward.Asked), fact(reward.Asked, later), 2},
		{"a vote changed", fact(reward.Voted), fact(reward.Voted, later), 1},
		{"a vote in another poll", fact(reward.Voted), fact(reward.Voted, later, func(f *reward.Fact) { f.Of = 69 }), 2},
		{"an upvote taken back and given again", fact(reward.Upvoted), fact(reward.Upvoted, later), 1},
		{"an upvote by somebody else", fact(reward.Upvoted), fact(reward.Upvoted, later, func(f *reward.Fact) { f.By = "ucai" }), 2},
		{"an upvote of another question", fact(reward.Upvoted), fact(reward.Upvoted, later, func(f *reward.Fact) { f.Of = 63 }), 2},
		{"ended twice in a day", fact(reward.Stayed), fact(reward.Stayed, later), 1},
		{"ended again next week", fact(reward.Stayed), fact(reward.Stayed, func(f *reward.Fact) { f.At += 7 * 24 * 3600_000 }), 2},
		{"in another room", fact(reward.Stayed), fact(reward.Stayed, func(f *reward.Fact) { f.Room = "go-102" }), 2},
		{"by another person", fact(reward.Asked), fact(reward.Asked, func(f *reward.Fact) { f.User = "uben" }), 2},
		{"for another rule", fact(reward.Answered), fact(reward.Correct), 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bank := reward.NewBank(reward.NewRules(reward.Default), newLedger())
			first, err := bank.Earn(t.Context(), []reward.Fact{tt.first})
			if err != nil {
				t.Fatal(err)
			}
			second, err := bank.Earn(t.Context(), []reward.Fact{tt.second})
			if err != nil {
				t.Fatal(err)
			}
			if got := len(first) + len(second); got != tt.counts {
				t.Errorf("counted %d times, want %d", got, tt.counts)
			}
		})
	}
}

func TestGainsTellTheBalanceAfterEach(t *testing.T) {
	bank := reward.NewBank(reward.NewRules(reward.Default), newLedger())
	gains, err := bank.Earn(t.Context(), []reward.Fact{
		fact(reward.Asked), fact(reward.Answered), fact(reward.Answered),
		fact(reward.Voted, func(f *reward.Fact) { f.User = "uben" }), fact(reward.Correct),
	})
	want := []reward.Gain{{"uana", 5, 5, "asked"}, {"uana", 5, 10, "answered"}, {"uben", 3, 3, "voted"}, {"uana", 10, 20, "correct"}}
	if err != nil || !slices.Equal(gains, want) {
		t.Errorf("got %+v, %v", gains, err)
	}
}

// caps are low, so that random classes reach them.
var caps = reward.Config{Answered: 5, Correct: 10, Asked: 5, Upvoted: 2, Voted: 3, Stayed: 20, AskedCap: 2, UpvotedCap: 3}

var people = []wire.UserID{"uana", "uben"}

// often has the capped rules more than once.
var often = []reward.Rule{
	reward.Answered, reward.Correct, reward.Voted, reward.Stayed,
	reward.Asked, reward.Asked, reward.Asked, reward.Upvoted, reward.Upvoted, reward.Upvoted,
}

func drawFact(t *rapid.T) reward.Fact {
	return reward.Fact{
		Rule: rapid.SampledFrom(often).Draw(t, "rule"),
		Room: rapid.SampledFrom([]wire.RoomID{"a", "a", "a", "b"}).Draw(t, "room"),
		Seq:  rapid.Uint64Range(1, 12).Draw(t, "seq"),
		At:   noon + wire.Millis(rapid.IntRange(0, 1).Draw(t, "day")*24*3600_000),
		User: rapid.SampledFrom(people).Draw(t, "user"),
		Of:   rapid.Uint64Range(1, 3).Draw(t, "of"),
		By:   rapid.SampledFrom([]wire.UserID{"uana", "uben", "ucai", "udan"}).Draw(t, "by"),
	}
}

// due is what a person should have in the end, by the plainest account: their
// different facts of each room and rule, at most as many as the cap.
func due(facts []reward.Fact, user wire.UserID) (sum int64) {
	type kind struct {
		room wire.RoomID
		rule reward.Rule
	}
	different := map[kind]map[string]bool{}
	worth := map[reward.Rule]int64{"answered": 5, "correct": 10, "asked": 5, "upvoted": 2, "voted": 3, "stayed": 20}
	atMost := map[reward.Rule]int{"asked": 2, "upvoted": 3}
	for _, f := range facts {
		what := fmt.Sprint(f.Seq)
		switch f.Rule {
		case "voted":
			what = fmt.Sprint(f.Of)
		case "stayed":
			what = fmt.Sprint(f.At)
		case "upvoted":
			if what = fmt.Sprint(f.Of, f.By); f.By == user {
				continue
			}
		}
		if k := (kind{f.Room, f.Rule}); f.User == user {
			if different[k] == nil {
				different[k] = map[string]bool{}
			}
			different[k][what] = true
		}
	}
	for k, facts := range different {
		n := len(facts)
		if limit := atMost[k.rule]; limit > 0 {
			n = min(n, limit)
		}
		sum += int64(n) * worth[k.rule]
	}
	return sum
}

// TestLedgerAgainstModel tells random facts, some again and again, in any
// order and in parts, through failing stores and restarts, and expects every
// balance to be what is due, and the sum of the entries.
func TestLedgerAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		facts := rapid.SliceOfN(rapid.Custom(drawFact), 1, 80).Draw(t, "facts")
		store := newLedger()
		failing := rapid.Bool().Draw(t, "failing")
		if failing {
			store.fail = func() (bool, bool) {
				n := rapid.IntRange(0, 3).Draw(t, "fails")
				return n >= 2, n == 3
			}
		}
		bank := reward.NewBank(reward.NewRules(caps), store)
		heard := map[wire.UserID]int64{}
		for range rapid.IntRange(1, 3).Draw(t, "times") {
			order := rapid.Permutation(facts).Draw(t, "order")
			for len(order) > 0 {
				if rapid.IntRange(0, 9).Draw(t, "restart") == 9 {
					bank = reward.NewBank(reward.NewRules(caps), store)
				}
				n := rapid.IntRange(1, len(order)).Draw(t, "part")
				gains, err := bank.Earn(t.Context(), order[:n])
				for _, g := range gains {
					if heard[g.User] += g.Gained; heard[g.User] != g.Balance && !failing {
						t.Fatalf("%+v: heard of %d so far", g, heard[g.User])
					}
				}
				switch {
				case err == nil:
					order = order[n:]
				case !errors.Is(err, errStore):
					t.Fatal(err)
				}
			}
		}
		store.fail = nil // it is well again, for those who ask
		for _, user := range people {
			balance, err := bank.Balance(t.Context(), user)
			if err != nil {
				t.Fatal(err)
			}
			var sum int64
			entries, next, err := bank.History(t.Context(), user, "", 200)
			if err != nil || next != "" {
				t.Fatal(err, next)
			}
			for _, e := range entries {
				sum += e.Points
			}
			if want := due(facts, user); balance != want || sum != want || (heard[user] != want && !failing) {
				t.Fatalf("%s: balance %d, sum %d, heard %d; due %d", user, balance, sum, heard[user], want)
			}
		}
	})
}

// TestManyTellAtOnce has eight followers tell the same facts of four rooms at
// the same time.
func TestManyTellAtOnce(t *testing.T) {
	store := newLedger()
	bank := reward.NewBank(reward.NewRules(caps), store)
	var facts []reward.Fact
	for seq := range uint64(20) {
		for _, room := range []wire.RoomID{"a", "b", "c", "d"} {
			facts = append(facts,
				reward.Fact{Rule: reward.Asked, Room: room, Seq: seq + 1, At: noon, User: "uana"},
				reward.Fact{Rule: reward.Upvoted, Room: room, Seq: seq + 1, Of: seq + 1, At: noon, User: "uana", By: "uben"},
				reward.Fact{Rule: reward.Answered, Room: room, Seq: seq + 1, At: noon, User: "uben"})
		}
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	heard := map[wire.UserID]int64{}
	for i := range 8 {
		mine := slices.Clone(facts)
		rand.New(rand.NewPCG(1, uint64(i))).Shuffle(len(mine), func(i, j int) { mine[i], mine[j] = mine[j], mine[i] })
		wg.Go(func() {
			for part := range slices.Chunk(mine, 7) {
				gains, err := bank.Earn(t.Context(), part)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				for _, g := range gains {
					heard[g.User] += g.Gained
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for user, want := range map[wire.UserID]int64{"uana": 4 * (2*5 + 3*2), "uben": 4 * 20 * 5} {
		if got, _ := bank.Balance(t.Context(), user); got != want || heard[user] != want {
			t.Errorf("%s: balance %d, heard %d; want %d", user, got, heard[user], want)
		}
	}
}

// TestCapCountsEntriesOnce walks up to a cap past what was told before and
// past an answer of the store that got lost.
func TestCapCountsEntriesOnce(t *testing.T) {
	asked := func(seqs ...uint64) (facts []reward.Fact) {
		for _, seq := range seqs {
			facts = append(facts, fact(reward.Asked, func(f *reward.Fact) { f.Seq = seq }))
		}
		return facts
	}
	store := newLedger()
	low := reward.Default
	low.AskedCap = 3
	bank := reward.NewBank(reward.NewRules(low), store)
	for _, tt := range []struct {
		facts []reward.Fact
		lost  bool
		gains int
	}{
		{asked(1), false, 1},
		{asked(1, 2), false, 1},
		{asked(2, 3), true, 0}, // written, but nobody heard
		{asked(4, 3), false, 0},
		{asked(5), false, 0},
	} {
		store.fail = func() (bool, bool) { return tt.lost, true }
		gains, err := bank.Earn(t.Context(), tt.facts)
		if (err != nil) != tt.lost || len(gains) != tt.gains {
			t.Errorf("%v: got %v, %v", tt.facts, gains, err)
		}
	}
	if got, _ := bank.Balance(t.Context(), "uana"); got != 15 {
		t.Errorf("balance %d, want three times 5", got)
	}
}

// TestCapIsReadOnce holds the price of a cap: one reading of a history, for
// those alone who do something that is capped.
func TestCapIsReadOnce(t *testing.T) {
	store := newLedger()
	bank := reward.NewBank(reward.NewRules(reward.Default), store)
	for seq := range uint64(2000) {
		if _, err := bank.Earn(t.Context(), []reward.Fact{fact(reward.Answered, func(f *reward.Fact) { f.Seq = seq + 1 })}); err != nil {
			t.Fatal(err)
		}
	}
	if store.reads != 0 {
		t.Errorf("%d readings for a rule without a cap", store.reads)
	}
	for seq := range uint64(100) {
		if _, err := bank.Earn(t.Context(), []reward.Fact{fact(reward.Asked, func(f *reward.Fact) { f.Seq = seq + 3000 })}); err != nil {
			t.Fatal(err)
		}
	}
	if store.reads != 4 { // 2,000 entries in pages of 500
		t.Errorf("%d readings, want 4", store.reads)
	}
	if got, _ := bank.Balance(t.Context(), "uana"); got != 2000*5+5*5 {
		t.Errorf("balance %d", got)
	}
}

func TestHistoryIsPaged(t *testing.T) {
	bank := reward.NewBank(reward.NewRules(reward.Default), newLedger())
	for seq := range uint64(120) {
		if _, err := bank.Earn(t.Context(), []reward.Fact{fact(reward.Answered, func(f *reward.Fact) { f.Seq = seq + 1 })}); err != nil {
			t.Fatal(err)
		}
	}
	var sizes []int
	last := uint64(121)
	for cursor, first := "", true; first || cursor != ""; first = false {
		page, next, err := bank.History(t.Context(), "uana", cursor, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page {
			if e.Seq != last-1 {
				t.Fatalf("%d comes after %d", e.Seq, last)
			}
			last = e.Seq
		}
		sizes, cursor = append(sizes, len(page)), next
	}
	if !slices.Equal(sizes, []int{50, 50, 20}) {
		t.Errorf("got pages of %v", sizes)
	}
}

func TestErrorsNameTheRoomAndNobody(t *testing.T) {
	store := newLedger()
	store.fail = func() (bool, bool) { return true, false }
	bank := reward.NewBank(reward.NewRules(reward.Default), store)
	_, err := bank.Earn(t.Context(), []reward.Fact{fact(reward.Asked)})
	if !errors.Is(err, errStore) || !strings.Contains(err.Error(), "go-101") || strings.Contains(err.Error(), "uana") {
		t.Errorf("got %v", err)
	}
}

// TestDefaultIsWhatTheTagsSay keeps the two places that say it together.
func TestDefaultIsWhatTheTagsSay(t *testing.T) {
	v := reflect.ValueOf(reward.Default)
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if said := f.Tag.Get("default"); said != fmt.Sprint(v.Field(i).Int()) || f.Tag.Get("doc") == "" || f.Tag.Get("unit") == "" {
			t.Errorf("%s: tags %q, default %d", f.Name, f.Tag, v.Field(i).Int())
		}
	}
}

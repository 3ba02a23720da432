package reward_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lyceum-live/lyceum/reward"
	"github.com/lyceum-live/lyceum/wire"
)

// slow is a ledger whose every call takes a while, of which the effect is
// somewhere in the middle. How long is a matter of dice.
type slow struct {
	*ledger
	wait func()
}

func (s slow) Grant(ctx context.Context, entries []reward.Entry) ([]bool, map[wire.UserID]int64, error) {
	s.wait()
	defer s.wait()
	return s.ledger.Grant(ctx, entries)
}

func (s slow) Balances(ctx context.Context, users []wire.UserID) (map[wire.UserID]int64, error) {
	s.wait()
	defer s.wait()
	return s.ledger.Balances(ctx, users)
}

// dice lets others go first, up to most times; another sequence for each seed.
func dice(seed uint64, most int) func() {
	var mu sync.Mutex
	chance := rand.New(rand.NewPCG(seed, 1))
	return func() {
		mu.Lock()
		n := chance.IntN(most)
		mu.Unlock()
		for range n {
			runtime.Gosched()
		}
	}
}

// TestAHerdReadsBalancesTogether: a class that comes in costs the ledger a few
// readings, and none when it comes back.
func TestAHerdReadsBalancesTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newLedger()
		bank := reward.NewBank(reward.NewRules(reward.Default), slow{store, func() { time.Sleep(time.Millisecond) }})
		if _, err := bank.Earn(context.Background(), []reward.Fact{fact(reward.Asked, func(f *reward.Fact) { f.User = "u7" })}); err != nil {
			t.Fatal(err)
		}
		herd := func() {
			var all sync.WaitGroup
			for i := range 1000 {
				all.Go(func() {
					want := int64(0)
					if i == 7 {
						want = 5
					}
					got, err := bank.Balance(context.Background(), wire.UserID(fmt.Sprint("u", i)))
					if err != nil || got != want {
						t.Errorf("u%d: %d, %v; want %d", i, got, err, want)
					}
				})
			}
			all.Wait()
		}
		herd()
		if len(store.asked) > 2 {
			t.Errorf("readings of %v for 1000 people", store.asked)
		}
		before := len(store.asked)
		herd()
		if more := len(store.asked) - before; more != 0 {
			t.Errorf("%d readings when they came back", more)
		}
	})
}

// TestABalanceIsNeverOlder has people earn in several rooms at once while
// others keep asking what they have: every answer is a sum that the ledger
// had between question and answer, what Latest says only grows, and in the end
// all agree.
func TestABalanceIsNeverOlder(t *testing.T) {
	for seed := range uint64(200) {
		func() {
			store := newLedger()
			bank := reward.NewBank(reward.NewRules(reward.Default), slow{store, dice(seed, 20)})
			roll := dice(seed+1000, 30)
			truth := func(user wire.UserID) int64 {
				store.mu.Lock()
				defer store.mu.Unlock()
				return store.sum(user)
			}
			var earning, asking sync.WaitGroup
			var over atomic.Bool
			for _, room := range []wire.RoomID{"a", "b", "c"} {
				earning.Go(func() {
					for seq := range uint64(10) {
						roll()
						facts := []reward.Fact{
							{Rule: reward.Answered, Room: room, Seq: seq + 1, At: noon, User: "uana"},
							{Rule: reward.Answered, Room: room, Seq: seq + 1, At: noon, User: people[seq%2]},
						}
						if _, err := bank.Earn(context.Background(), facts); err != nil {
							t.Error(err)
						}
					}
				})
			}
			for _, user := range people {
				asking.Go(func() {
					last := int64(0)
					for !over.Load() {
						roll()
						low := truth(user)
						got, err := bank.Balance(context.Background(), user)
						if high := truth(user); err != nil || got > high || got < last {
							t.Errorf("seed %d: %s has %d (%v), had %d; %d to %d is true", seed, user, got, err, last, low, high)
						}
						if told, ok := bank.Latest(user); ok {
							if told < last || told > truth(user) {
								t.Errorf("seed %d: %s is told %d after %d", seed, user, told, last)
							}
							last = told
						}
					}
				})
			}
			earning.Wait()
			over.Store(true)
			asking.Wait()
			for _, user := range people {
				got, err := bank.Balance(context.Background(), user)
				latest, ok := bank.Latest(user)
				if want := truth(user); err != nil || got != want || !ok || latest != want {
					t.Errorf("seed %d: %s has %d, %v, and is told %d, %v; the ledger says %d", seed, user, got, err, latest, ok, want)
				}
			}
		}()
	}
}

// TestABalanceIsReadAgainAfterAFailure: nobody knows what a failed grant wrote.
func TestABalanceIsReadAgainAfterAFailure(t *testing.T) {
	store := newLedger()
	bank := reward.NewBank(reward.NewRules(reward.Default), store)
	earn := func(seq uint64) error {
		_, err := bank.Earn(t.Context(), []reward.Fact{fact(reward.Answered, func(f *reward.Fact) { f.Seq = seq })})
		return err
	}
	if err := earn(1); err != nil {
		t.Fatal(err)
	}
	if got, ok := bank.Latest("uana"); !ok || got != 5 {
		t.Errorf("after a grant: %d, %v", got, ok)
	}
	store.fail = func() (bool, bool) { return true, true } // written, and the answer lost
	if err := earn(2); err == nil {
		t.Fatal("it did not fail")
	}
	if got, ok := bank.Latest("uana"); ok {
		t.Errorf("believed %d after a failure", got)
	}
	if _, err := bank.Balance(t.Context(), "uana"); !errors.Is(err, errStore) {
		t.Errorf("got %v from a store that fails", err)
	}
	store.fail = nil
	if got, err := bank.Balance(t.Context(), "uana"); err != nil || got != 10 {
		t.Errorf("read again: %d, %v", got, err)
	}
}

// TestOneWhoLeavesDoesNotEndTheReading: whoever reads for the others reads on.
func TestOneWhoLeavesDoesNotEndTheReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		second := func() { time.Sleep(time.Second) }
		bank := reward.NewBank(reward.NewRules(reward.Default), slow{newLedger(), second})
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
				if i%2 == 0 {
					ctx, cancel = context.WithTimeout(context.Background(), 500*time.Millisecond)
				}
				defer cancel()
				_, err := bank.Balance(ctx, wire.UserID(fmt.Sprint("u", i)))
				if err != nil && (i%2 != 0 || !errors.Is(err, context.DeadlineExceeded)) {
					t.Errorf("u%d: %v", i, err)
				}
			})
		}
		all.Wait()
	})
}

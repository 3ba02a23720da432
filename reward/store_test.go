package reward_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"

	"github.com/lyceum-live/lyceum/reward"
	"github.com/lyceum-live/lyceum/wire"
)

var errStore = errors.New("the store cannot be reached")

// ledger keeps entries in memory as the contract says. fail decides for each
// Grant whether it fails, and whether the entries are there nevertheless, as
// when an answer is lost on its way. A key twice in one Grant is more than the
// contract asks a store to bear.
type ledger struct {
	mu      sync.Mutex
	entries []reward.Entry
	keys    map[string]bool
	reads   int
	asked   []int // how many balances each reading asked for
	fail    func() (fails, written bool)
}

func newLedger() *ledger { return &ledger{keys: map[string]bool{}} }

func (l *ledger) Grant(_ context.Context, entries []reward.Entry) ([]bool, map[wire.UserID]int64, error) {
	runtime.Gosched() // as a disk would, let others go first
	l.mu.Lock()
	defer l.mu.Unlock()
	fails, written := false, true
	if l.fail != nil {
		if fails, written = l.fail(); fails && !written {
			return nil, nil, errStore
		}
	}
	fresh, balances, now := make([]bool, len(entries)), map[wire.UserID]int64{}, map[string]bool{}
	for i, e := range entries {
		if now[e.Key] {
			return nil, nil, errors.New("a key twice: " + e.Key)
		}
		now[e.Key] = true
		if !l.keys[e.Key] {
			fresh[i], l.keys[e.Key] = true, true
			l.entries = append(l.entries, e)
		}
		balances[e.User] = 0
	}
	if fails {
		return nil, nil, errStore
	}
	for user := range balances {
		balances[user] = l.sum(user)
	}
	return fresh, balances, nil
}

func (l *ledger) sum(user wire.UserID) (sum int64) {
	for _, e := range l.entries {
		if e.User == user {
			sum += e.Points
		}
	}
	return sum
}

func (l *ledger) Balance(_ context.Context, user wire.UserID) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sum(user), nil
}

func (l *ledger) Balances(_ context.Context, users []wire.UserID) (map[wire.UserID]int64, error) {
	defer runtime.Gosched()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = append(l.asked, len(users))
	if l.fail != nil {
		if fails, _ := l.fail(); fails {
			return nil, errStore
		}
	}
	balances := map[wire.UserID]int64{}
	for _, user := range users {
		if sum := l.sum(user); sum != 0 {
			balances[user] = sum
		}
	}
	return balances, nil
}

func (l *ledger) History(_ context.Context, user wire.UserID, before string, limit int) (page []reward.Entry, next string, err error) {
	defer runtime.Gosched()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads++
	found := before == ""
	for _, e := range slices.Backward(l.entries) {
		if e.User != user {
			continue
		}
		if found {
			if len(page) == limit {
				return page, page[limit-1].Key, nil
			}
			page = append(page, e)
		}
		found = found || e.Key == before
	}
	return page, "", nil
}

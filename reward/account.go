package reward

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

const (
	maxAccounts = 65_536                // people whose balance is remembered
	readTries   = 3                     // of a balance that changes while it is read
	gather      = 10 * time.Millisecond // that a reading waits for others to ask too
)

// accounts remembers balances, so that a class that comes in, or comes back,
// reads each from the store once, and those of many people at a time.
//
// A balance is believed when it was read, or came with a grant, while no grant
// of that person was under way. From then on what is granted is added to it:
// sums do not care in which order grants end. A grant that may have been
// written or not makes it unknown again.
type accounts struct {
	store   Store
	reading chan struct{} // holds a token while balances are being read

	mu    sync.Mutex
	known map[wire.UserID]*account
	next  *reading // who will be asked for next; nil: nobody
}

// account is one person's. It is kept while somebody holds it.
type account struct {
	balance int64
	known   bool
	held    int    // grants and readings under way
	grants  int    // grants under way
	changes uint64 // grants that have begun or ended
}

// reading is one reading of many balances.
type reading struct {
	people map[wire.UserID]uint64 // the account's changes when it began
	then   []func(found map[wire.UserID]int64, err error)
}

func newAccounts(store Store) *accounts {
	return &accounts{store: store, reading: make(chan struct{}, 1), known: map[wire.UserID]*account{}}
}

// latest returns a balance that is in memory.
func (s *accounts) latest(user wire.UserID) (balance int64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.known[user]; a != nil && a.known {
		return a.balance, true
	}
	return 0, false
}

// find calls then with a person's balance: at once if it is known, and
// otherwise after a reading that serves all who ask at about the same time.
func (s *accounts) find(user wire.UserID, tries int, then func(balance int64, err error)) {
	s.mu.Lock()
	if a := s.known[user]; a != nil && a.known {
		balance := a.balance
		s.mu.Unlock()
		then(balance, nil)
		return
	}
	defer s.mu.Unlock()
	if s.next == nil {
		s.next = &reading{people: map[wire.UserID]uint64{}}
		go s.read() // ends with the reading
	}
	s.next.people[user] = 0
	s.next.then = append(s.next.then, func(found map[wire.UserID]int64, err error) {
		if _, known := s.latest(user); known || err != nil || tries == 1 {
			then(found[user], err)
			return
		}
		s.find(user, tries-1, then) // it changes all the time
	})
}

// read asks the store for everybody of the next reading.
func (s *accounts) read() {
	s.reading <- struct{}{}
	time.Sleep(gather)
	s.mu.Lock()
	r := s.next
	s.next = nil
	users := make([]wire.UserID, 0, len(r.people))
	for user := range r.people {
		a := s.hold(user)
		r.people[user] = a.changes
		users = append(users, user)
	}
	s.mu.Unlock()
	found, err := s.store.Balances(context.Background(), users)
	s.mu.Lock()
	for user, changes := range r.people {
		a := s.known[user]
		if err == nil && !a.known && a.grants == 0 && a.changes == changes {
			a.balance, a.known = found[user], true
		}
		a.held--
	}
	s.trim()
	s.mu.Unlock()
	<-s.reading
	for _, then := range r.then {
		then(found, err)
	}
}

// begin notes that entries are about to be granted.
func (s *accounts) begin(entries []Entry) *grant {
	g := &grant{accounts: s, people: map[wire.UserID]uint64{}}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range entries {
		if _, noted := g.people[e.User]; noted {
			continue
		}
		a := s.hold(e.User)
		a.grants++
		a.changes++
		g.people[e.User] = a.changes
	}
	return g
}

// grant is one call of the store's Grant under way.
type grant struct {
	*accounts
	people map[wire.UserID]uint64 // the account's changes when it began
}

// done notes what was written. balances are the store's word.
func (g *grant) done(entries []Entry, fresh []bool, balances map[wire.UserID]int64) {
	added := make(map[wire.UserID]int64, len(g.people))
	for i, e := range entries {
		if fresh[i] {
			added[e.User] += e.Points
		}
	}
	g.end(func(user wire.UserID, a *account) {
		switch {
		case a.known:
			a.balance += added[user]
		case a.grants == 1 && a.changes == g.people[user]: // there was no other
			a.balance, a.known = balances[user], true
		}
	})
}

// failed notes that nobody knows what was written.
func (g *grant) failed() { g.end(func(_ wire.UserID, a *account) { a.known = false }) }

func (g *grant) end(each func(wire.UserID, *account)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for user := range g.people {
		a := g.known[user]
		each(user, a)
		a.grants--
		a.changes++
		a.held--
	}
	g.trim()
}

// hold returns a person's account and keeps it. It is called with mu held.
func (s *accounts) hold(user wire.UserID) *account {
	a := s.known[user]
	if a == nil {
		a = &account{}
		s.known[user] = a
	}
	a.held++
	return a
}

// trim forgets accounts that nobody holds while there are too many: any will
// do, for they can be read again.
func (s *accounts) trim() {
	for user, a := range s.known {
		if len(s.known) <= maxAccounts {
			return
		}
		if a.held == 0 {
			delete(s.known, user)
		}
	}
}

// Balance is the sum of all that a person has earned.
func (b *Bank) Balance(ctx context.Context, user wire.UserID) (int64, error) {
	type answer struct {
		balance int64
		err     error
	}
	answers := make(chan answer, 1)
	b.Find(user, func(balance int64, err error) { answers <- answer{balance, err} })
	select {
	case a := <-answers:
		return a.balance, a.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// Find calls then once with the sum of all that a person has earned: before it
// returns, or later on a goroutine that others wait for too, so then must not
// block.
func (b *Bank) Find(user wire.UserID, then func(balance int64, err error)) {
	b.accounts.find(user, readTries, func(balance int64, err error) {
		if err != nil {
			err = fmt.Errorf("balance: %w", err)
		}
		then(balance, err)
	})
}

// Latest is the sum of all that a person has earned, if it is known without
// asking the store. It never waits. What one asker is told is never older than
// what another was told before.
func (b *Bank) Latest(user wire.UserID) (balance int64, ok bool) { return b.accounts.latest(user) }

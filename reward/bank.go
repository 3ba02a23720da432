package reward

import (
	"cmp"
	"context"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"sync"

	"github.com/lyceum-live/lyceum/wire"
)

const (
	stripes    = 64   // rooms that earn at the same time, at most
	maxTallies = 8192 // people in rooms whose capped entries are remembered
	readPage   = 500  // entries read at once to count a cap
	maxHistory = 200  // entries of one page for people
)

// Bank gives points by rules and keeps them in a store. It is safe for many
// goroutines; facts of one room are counted in turn, those of different rooms
// side by side.
type Bank struct {
	rules Rules
	store Store
	seed  maphash.Seed
	turns [stripes]sync.Mutex // a room's is held while its caps are counted and written

	accounts *accounts
	written  *written

	mu      sync.Mutex
	tallies map[tallyKey]tally // what may be read from the store again at any time
}

// tally holds the keys of a person's entries from one room, of capped rules
// only, so a handful. Its room's turn guards what is in it.
type tally map[Rule]map[string]struct{}

type tallyKey struct {
	room wire.RoomID
	user wire.UserID
}

// Gain is one reward as the person who earned it hears of it.
type Gain struct {
	User    wire.UserID
	Gained  int64
	Balance int64 // after this gain
	Rule    Rule
}

// View is how the person hears of it; with nothing gained, of their balance.
func (g Gain) View() wire.View {
	return wire.View{Type: "points.balance", Data: struct {
		Balance int64  `json:"balance"`
		Gained  int64  `json:"gained"`
		Rule    string `json:"rule"`
	}{g.Balance, g.Gained, g.Rule}}
}

// NewBank returns a bank that keeps its ledger in store.
func NewBank(rules Rules, store Store) *Bank {
	seed := maphash.MakeSeed()
	return &Bank{
		rules: rules, store: store, seed: seed,
		accounts: newAccounts(store), written: newWritten(seed), tallies: map[tallyKey]tally{},
	}
}

// Earn writes what the facts earn and returns the gains that are new, in the
// order of the facts. When it returns, they are durable. Facts that were told
// before, or are beyond a cap, gain nothing.
//
// After an error some rooms' facts may have been written: tell them all again.
func (b *Bank) Earn(ctx context.Context, facts []Fact) ([]Gain, error) {
	var gains []Gain
	for len(facts) > 0 {
		room := facts[0].Room
		var here, rest []Fact
		for _, f := range facts {
			if f.Room == room {
				here = append(here, f)
			} else {
				rest = append(rest, f)
			}
		}
		facts = rest
		g, err := b.earnIn(ctx, room, here)
		if err != nil {
			return gains, fmt.Errorf("points in %s: %w", room, err)
		}
		gains = append(gains, g...)
	}
	return gains, nil
}

// earnIn gives what facts of one room earn.
func (b *Bank) earnIn(ctx context.Context, room wire.RoomID, facts []Fact) ([]Gain, error) {
	turn := &b.turns[maphash.Comparable(b.seed, room)%stripes]
	turn.Lock()
	defer turn.Unlock()

	var entries []Entry
	seen := map[string]bool{}
	pending := map[tallyKey]tally{} // capped entries that this call would add
	for _, f := range facts {
		for _, e := range b.rules.For(f) {
			if seen[e.Key] || b.written.has(e.Key) {
				continue
			}
			seen[e.Key] = true
			ok, err := b.within(ctx, e, pending)
			if err != nil {
				return nil, err
			}
			if ok {
				entries = append(entries, e)
			}
		}
	}
	if len(entries) == 0 {
		return nil, nil
	}
	grant := b.accounts.begin(entries)
	fresh, balances, err := b.store.Grant(ctx, entries)
	if err != nil {
		grant.failed()
		// They may be in the ledger or not: let it be asked again.
		b.forget(pending)
		return nil, fmt.Errorf("grant %d: %w", len(entries), err)
	}
	grant.done(entries, fresh, balances)
	b.written.add(entries)
	b.remember(pending)
	return gainsOf(entries, fresh, balances), nil
}

// within reports whether the entry keeps to its rule's cap, and counts it in
// pending if so. An entry that the ledger has is within it, for it changes
// nothing.
func (b *Bank) within(ctx context.Context, e Entry, pending map[tallyKey]tally) (bool, error) {
	limit := b.rules.Cap(e.Rule)
	if limit <= 0 {
		return true, nil
	}
	who := tallyKey{e.Room, e.User}
	t, err := b.tally(ctx, who)
	if err != nil {
		return false, err
	}
	if _, there := t[e.Rule][e.Key]; there {
		return true, nil
	}
	if len(t[e.Rule])+len(pending[who][e.Rule]) >= limit {
		return false, nil
	}
	if pending[who] == nil {
		pending[who] = tally{}
	}
	pending[who].add(e)
	return true, nil
}

// tally returns what the ledger has of a person's capped entries in a room. It
// reads the person's whole history, once: a person comes to few rooms, and the
// ledger then needs no count of its own that could disagree with its entries.
func (b *Bank) tally(ctx context.Context, who tallyKey) (tally, error) {
	b.mu.Lock()
	t, ok := b.tallies[who]
	b.mu.Unlock()
	if ok {
		return t, nil
	}
	t = tally{}
	for cursor := ""; ; {
		entries, next, err := b.store.History(ctx, who.user, cursor, readPage)
		if err != nil {
			return nil, fmt.Errorf("count what was earned: %w", err)
		}
		for _, e := range entries {
			if e.Room == who.room && b.rules.Cap(e.Rule) > 0 {
				t.add(e)
			}
		}
		if next == "" {
			break
		}
		cursor = next
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for other := range b.tallies { // any will do: it can be read again
		if len(b.tallies) < maxTallies {
			break
		}
		delete(b.tallies, other)
	}
	b.tallies[who] = t
	return t, nil
}

func (t tally) add(e Entry) {
	if t[e.Rule] == nil {
		t[e.Rule] = map[string]struct{}{}
	}
	t[e.Rule][e.Key] = struct{}{}
}

// remember adds what has been written to the tallies that are still held.
func (b *Bank) remember(pending map[tallyKey]tally) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for who, added := range pending {
		t, held := b.tallies[who]
		if !held {
			continue
		}
		for rule, keys := range added {
			for key := range keys {
				t.add(Entry{Rule: rule, Key: key})
			}
		}
	}
}

func (b *Bank) forget(pending map[tallyKey]tally) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for who := range pending {
		delete(b.tallies, who)
	}
}

// gainsOf tells each fresh entry as a gain. The store says each person's
// balance after all of them; going back from there gives that after each.
func gainsOf(entries []Entry, fresh []bool, balances map[wire.UserID]int64) []Gain {
	var gains []Gain
	balances = maps.Clone(balances)
	for i, e := range slices.Backward(entries) {
		if fresh[i] {
			gains = append(gains, Gain{e.User, e.Points, balances[e.User], e.Rule})
			balances[e.User] -= e.Points
		}
	}
	slices.Reverse(gains)
	return gains
}

// History returns a page of what a person has earned, newest first, and the
// cursor of the next page ("" at the end). Without a limit a page has 50
// entries, and never more than 200.
func (b *Bank) History(ctx context.Context, user wire.UserID, before string, limit int) (entries []Entry, next string, err error) {
	limit = min(cmp.Or(max(limit, 0), 50), maxHistory)
	entries, next, err = b.store.History(ctx, user, before, limit)
	if err != nil {
		return nil, "", fmt.Errorf("history: %w", err)
	}
	return entries, next, nil
}

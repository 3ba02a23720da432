package room

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"
)

// keeper remembers how to rebuild a room's state: a snapshot, and every event
// since. From these it saves newer snapshots beside the room's loop, which
// hands it events and never waits for it, and gives the state back when the
// store has refused what was already applied.
//
// A snapshot is of the state as it was some events ago ([Config.Recent]): who
// reopens the room then has the views since, for clients that come back.
type keeper struct {
	room   *Room
	recent int // events that stay behind the snapshot
	wake   chan struct{}
	stop   chan struct{}
	done   chan struct{}

	mu   sync.Mutex
	base []byte // the state at a position; nil: the empty state
	tail []kept // the events since then, oldest first
	size int    // of tail when the next snapshot is due
}

// kept is a committed event with its command's key, if it was the first of one.
type kept struct {
	Happened
	key string
}

func newKeeper(r *Room, base []byte, tail []kept) *keeper {
	k := &keeper{
		room: r, recent: r.config.Recent, base: base, tail: tail,
		wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
	k.size = k.due()
	go k.run()
	return k
}

// The larger the state, the further apart its snapshots, so that an event pays
// for no more than so many bytes of them; but never so far that folding what
// came since would take long.
const (
	bytesAnEvent = 250
	farthest     = 20_000 // events
)

// due is the length of the tail at which a snapshot is to be taken.
func (k *keeper) due() int {
	return k.recent + max(k.room.config.Snapshot, min(len(k.base)/bytesAnEvent, farthest))
}

// add takes what was committed.
func (k *keeper) add(events []kept) {
	k.mu.Lock()
	k.tail = append(k.tail, events...)
	due := len(k.tail) >= k.size
	k.mu.Unlock()
	if due {
		select {
		case k.wake <- struct{}{}:
		default:
		}
	}
}

// close saves a last snapshot, if there is much to fold without it, and
// returns when it is written.
func (k *keeper) close() {
	close(k.stop)
	<-k.done
}

func (k *keeper) run() {
	defer close(k.done)
	for {
		select {
		case <-k.wake:
			k.save()
		case <-k.stop:
			k.mu.Lock()
			much := len(k.tail) > k.recent+k.room.config.Snapshot/2
			k.mu.Unlock()
			if much {
				k.save()
			}
			return
		}
	}
}

// save moves the snapshot forward. When it cannot be written, the tail grows a
// while before it is tried again: the log has everything.
func (k *keeper) save() {
	began := time.Now()
	k.mu.Lock()
	base, events := k.base, k.tail[:max(0, len(k.tail)-k.recent)] // never changed, only dropped
	k.mu.Unlock()
	if len(events) == 0 {
		return
	}
	data, err := k.room.house.vault.snapshot(k.room.config.History, base, events)
	if err == nil {
		s := Snapshot{Seq: events[len(events)-1].Head.Seq, Data: data}
		for _, e := range events {
			if e.key != "" {
				s.Keys = appendDone(s.Keys, digestOf(e.Head.By, e.key), e.Head.Seq)
			}
		}
		err = k.room.house.log.SaveSnapshot(context.Background(), k.room.id, s)
	}
	k.room.house.Observer.Saved(len(data), time.Since(began), err)
	if err != nil {
		k.room.logger.Warn("snapshot not saved; the log has everything", zap.Error(err))
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err == nil {
		k.base, k.tail = data, slices.Clone(k.tail[len(events):])
		k.size = k.due()
	} else {
		k.size = len(k.tail) + k.room.config.Snapshot
	}
}

// state builds the state anew from what is committed.
func (k *keeper) state() (*State, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.room.house.vault.state(k.room.config.History, k.base, k.tail)
}

// state folds events into the state of a snapshot.
func (v *Vault) state(history int, base []byte, events []kept) (s *State, err error) {
	defer func() { // a fault of the rules must not take the server along
		if p := recover(); p != nil {
			s, err = nil, fmt.Errorf("fold: panic: %v", p)
		}
	}()
	s = NewState(history)
	if base != nil {
		if err := v.unmarshal(context.Background(), base, s); err != nil {
			return nil, fmt.Errorf("snapshot: %w", err)
		}
		if s.V != stateVersion {
			return nil, fmt.Errorf("snapshot: version %d, not %d", s.V, stateVersion)
		}
		s.Keep = history
	}
	for _, e := range events {
		if e.Head.Seq != s.Seq+1 {
			return nil, fmt.Errorf("event %d follows %d", e.Head.Seq, s.Seq)
		}
		s.Apply(e.Head, e.Event)
	}
	return s, nil
}

// snapshot folds events into the state of a snapshot, and encodes it.
func (v *Vault) snapshot(history int, base []byte, events []kept) ([]byte, error) {
	s, err := v.state(history, base, events)
	if err != nil {
		return nil, err
	}
	return v.marshal(context.Background(), s)
}

// keptOf pairs a draft's events with the keys of their commands.
func keptOf(records []Record, events []Happened) []kept {
	list := make([]kept, len(events))
	for i, e := range events {
		list[i] = kept{e, records[i].Key}
	}
	return list
}

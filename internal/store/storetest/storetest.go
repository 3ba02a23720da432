// Package storetest holds every store to the contracts that the rooms, the
// ledger, the recommender and the question banks state on their interfaces.
//
// It knows no store. [Run] plays each contract's promises against whatever it
// is given, some by example, the most by random calls whose answers a naive
// model in memory must give, too, and some by many goroutines at once.
package storetest

import (
	"fmt"
	"reflect"
	"sync"
	"testing"

	"github.com/lyceum-live/lyceum/quiz/bank"
	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/reward"
	"github.com/lyceum-live/lyceum/room"
)

// Everything is all that a store keeps.
type Everything interface {
	room.Log
	room.Keys
	room.Cursors
	reward.Store
	recommend.Store
	bank.Store
	Close() error
}

// Place makes room for one empty store and returns what opens it. Opened
// again after Close, a store has everything that it acknowledged.
type Place func(t *testing.T) (open func() Everything)

// Run holds the stores that place makes to all contracts.
func Run(t *testing.T, place Place) {
	t.Run("log", func(t *testing.T) { testLog(t, place) })
	t.Run("trim", func(t *testing.T) { testTrim(t, place) })
	t.Run("keys", func(t *testing.T) { testKeys(t, place) })
	t.Run("cursors", func(t *testing.T) { testCursors(t, place) })
	t.Run("ledger", func(t *testing.T) { testLedger(t, place) })
	t.Run("behaviors", func(t *testing.T) { testBehaviors(t, place) })
	t.Run("models", func(t *testing.T) { testModels(t, place) })
	t.Run("bank", func(t *testing.T) { testBank(t, place) })
}

// opened is a store that can be closed and opened again in the middle of a
// test.
type opened struct {
	Everything
	t    fataler
	open func() Everything
}

// fataler is what *testing.T and *rapid.T have in common for us.
type fataler interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

func start(t *testing.T, place Place) *opened {
	t.Helper()
	return startIn(t, t, place)
}

// startIn opens a store that lives as long as in, a random run within t.
func startIn(t *testing.T, in fataler, place Place) *opened {
	t.Helper()
	open := place(t)
	s := &opened{open(), in, open}
	in.Cleanup(func() { s.close() })
	return s
}

func (s *opened) close() {
	s.t.Helper()
	if err := s.Close(); err != nil {
		s.t.Fatalf("close: %v", err)
	}
}

func (s *opened) reopen() {
	s.t.Helper()
	s.close()
	s.Everything = s.open()
}

// atOnce runs f(0) to f(n-1) at the same time and waits for all.
func atOnce(n int, f func(i int)) {
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-begin
			f(i)
		})
	}
	close(begin)
	all.Wait()
}

func must(t fataler, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected: %v", err)
	}
}

func same(t fataler, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%s:\n got %s\nwant %s", what, clip(got), clip(want))
	}
}

// clip prints v as far as it helps.
func clip(v any) string {
	const most = 2000
	s := fmt.Sprintf("%#v", v)
	if len(s) > most {
		s = s[:most] + "…"
	}
	return s
}

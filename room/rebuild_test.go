package room_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// poisoned is a store under which so many appends panic.
type poisoned struct {
	*memory
	left, opened atomic.Int32
}

func (p *poisoned) OpenLog(ctx context.Context, id wire.RoomID) (room.LogInfo, error) {
	p.opened.Add(1)
	return p.memory.OpenLog(ctx, id)
}

func (p *poisoned) Append(ctx context.Context, id wire.RoomID, after uint64, records []room.Record) error {
	if after > 0 && p.left.Add(-1) >= 0 {
		panic("poison")
	}
	return p.memory.Append(ctx, id, after, records)
}

// TestARoomThatFailsAgainAndAgain is not rebuilt without end for one who comes in.
func TestARoomThatFailsAgainAndAgain(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		store := &poisoned{memory: c.store}
		store.left.Store(1000)
		c.house.Close()
		c.house = room.NewHouse(room.Config{}, store, room.NewVault(store), c.pool, zap.NewNop())
		if _, err := c.connect(physics, "ana", wire.Viewer, nil); err == nil {
			t.Error("let in")
		}
		if err := c.house.Do(context.Background(), physics, wire.System, room.Set{Title: "new"}); err == nil {
			t.Error("done")
		}
		if n := store.opened.Load(); n > 10 {
			t.Errorf("opened %d times", n)
		}
	})
}

// TestARoomThatCannotBegin leaves nothing behind.
func TestARoomThatCannotBegin(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		c.house.Title = func(wire.RoomID) string { panic("no title") }
		before := runtime.NumGoroutine()
		for range 20 {
			if _, err := c.house.Open(context.Background(), physics); err == nil {
				t.Fatal("opened")
			}
		}
		synctest.Wait()
		if n := runtime.NumGoroutine() - before; n > 2 {
			t.Errorf("%d goroutines are left", n)
		}
	})
}

package main

import (
	"context"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/internal/fanout"
	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// TestWhatHasJustHappened is told by the room's clock: when the system's date
// is set an hour on, or back, while a class is held, its events are no older.
func TestWhatHasJustHappened(t *testing.T) {
	for _, jump := range []time.Duration{0, time.Hour, -time.Hour} {
		t.Run(jump.String(), func(t *testing.T) {
			store, err := sqlite.Open(t.Context(), t.TempDir(), sqlite.Config{}, zap.NewNop())
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			pool := fanout.NewPool(fanout.Config{})
			defer pool.Close()
			house := room.NewHouse(room.Config{}, store, room.NewVault(store), pool, zap.NewNop())
			house.Date = func() time.Time { return time.Now().Add(-jump) } // as it was before
			defer house.Close()
			seen := make(chan bool, 10)
			follower := room.NewFollower("test", house, store, zap.NewNop(), func(_ context.Context, id wire.RoomID, events []room.Happened) error {
				for _, e := range events {
					if _, ok := e.Event.(room.Ended); ok {
						seen <- justNow(house, id, e.Head)
					}
				}
				return nil
			})
			defer follower.Close()
			for _, c := range []room.Command{room.Open{}, room.End{}} {
				if err := house.Do(t.Context(), "algebra", wire.System, c); err != nil {
					t.Fatal(err)
				}
			}
			if !<-seen {
				t.Error("the class has ended and is left on the air")
			}
		})
	}
}

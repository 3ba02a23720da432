package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/internal/fanout"
	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/signaling"
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

// TestRemovedAfterAll: a guest who was removed from the stage is cut off however
// late that is heard of.
func TestRemovedAfterAll(t *testing.T) {
	store, err := sqlite.Open(t.Context(), t.TempDir(), sqlite.Config{}, zap.NewNop())
	noError(t, err)
	defer func() { noError(t, store.Close()) }()
	pool := fanout.NewPool(fanout.Config{})
	defer pool.Close()
	house := room.NewHouse(room.Config{}, store, room.NewVault(store), pool, zap.NewNop())
	defer house.Close()
	engine, err := media.NewEngine(media.Config{Listen: "127.0.0.1:0"}, zap.NewNop())
	noError(t, err)
	defer func() { noError(t, engine.Close()) }()
	stage := signaling.New(engine, zap.NewNop())
	defer stage.Close()
	const class wire.RoomID = "go-101"
	gus := stage.Peer(class, "gus", signaling.Rights{}, func(string, any) {})
	defer gus.Close()
	may := func() bool {
		_, err := gus.Handle(t.Context(), "media.publish", wire.Raw(`{"sdp":"none","sources":{}}`))
		return !errors.Is(err, signaling.ErrForbidden)
	}
	stage.SetFloor(class, signaling.Floor{Pinned: -1, Guests: map[wire.UserID]signaling.Grant{"gus": {Seat: 1, Camera: true}}})
	if !may() {
		t.Fatal("a guest may not send")
	}
	gone := room.Happened{Head: wire.Head{Seq: 1, At: house.Now(class) - 10*wire.Millis(recent.Milliseconds())}, Event: room.GuestGone{User: "gus"}}
	noError(t, endMedia(stage, house, 0, zap.NewNop())(t.Context(), class, []room.Happened{gone}))
	if may() {
		t.Error("whoever was removed sends on")
	}
}

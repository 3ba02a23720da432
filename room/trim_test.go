package room_test

import (
	"context"
	"errors"
	"testing"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// halfTrimmed is a store in which one room cannot be trimmed.
type halfTrimmed struct {
	*memory
	trimmed []wire.RoomID
}

func (s *halfTrimmed) Trim(_ context.Context, id wire.RoomID, _ wire.Millis, _ []string) (int, error) {
	if id == "algebra" {
		return 0, errors.New("damaged")
	}
	s.trimmed = append(s.trimmed, id)
	return 0, nil
}

// TestARoomThatCannotBeTrimmed keeps nothing of the others.
func TestARoomThatCannotBeTrimmed(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		for _, id := range []wire.RoomID{"algebra", "physics"} {
			if _, err := c.store.OpenLog(context.Background(), id); err != nil {
				t.Fatal(err)
			}
		}
		store := &halfTrimmed{memory: c.store}
		house := room.NewHouse(room.Config{}, store, room.NewVault(store), c.pool, zap.NewNop())
		if _, err := house.Trim(context.Background(), house.Date()); err == nil {
			t.Error("nobody hears of it")
		}
		if len(store.trimmed) != 1 {
			t.Errorf("%d of the others were trimmed", len(store.trimmed))
		}
	})
}

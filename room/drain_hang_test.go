package room_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// TestDrainIsOver when its context is, whatever a store does.
func TestDrainIsOver(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host := c.join("hana", wire.Host)
		c.store.setDelay(time.Hour)
		go func() { _ = host.do(room.Say{Text: "x"}) }()
		synctest.Wait()
		began := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		c.house.Drain(ctx, time.Second)
		if took := time.Since(began); took > 6*time.Second {
			t.Errorf("it took %v", took)
		}
		c.store.setDelay(0)
	})
}

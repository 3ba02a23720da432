package room_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// left counts who has left, as the log tells.
func (c *class) left() (n int) {
	for _, r := range c.store.log(physics) {
		if r.Kind == "room.left" {
			n++
		}
	}
	return n
}

// TestAQuietClassIsRestarted: nothing has happened for a while when the server
// is restarted, and nobody has left for that.
func TestAQuietClassIsRestarted(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		c.join("hana", wire.Host)
		c.join("ana", wire.Viewer)
		time.Sleep(10 * time.Minute)
		c.stop()
		time.Sleep(time.Second)
		c.start(room.Config{})
		c.join("hana", wire.Host)
		c.join("ana", wire.Viewer)
		if n := c.left(); n != 0 {
			t.Errorf("%d have left, as the log tells", n)
		}
	})
}

// TestALongDrain: whoever was sent away, and is to come back, has not left.
func TestALongDrain(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		const people = 300
		for i := range people {
			c.join(wire.UserID(fmt.Sprint("u", i)), wire.Viewer)
		}
		c.house.Drain(context.Background(), time.Minute)
		synctest.Wait()
		c.stop()
		time.Sleep(time.Second)
		c.start(room.Config{})
		if n := c.left(); n != 0 {
			t.Errorf("%d have left, as the log tells", n)
		}
		time.Sleep(time.Minute) // nobody came back
		c.join("dan", wire.Viewer)
		if n := c.left(); n != people {
			t.Errorf("%d have left, as the log tells", n)
		}
	})
}

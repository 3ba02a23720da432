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

// TestAQuietClassIsKilled: the server cannot say that it stops. What is known
// of the last server that ran says for how long there was none.
func TestAQuietClassIsKilled(t *testing.T) {
	for _, tt := range []struct {
		name  string
		seen  time.Duration // before the kill; 0: not at all
		down  time.Duration
		left  int
		after time.Duration // of the last event, as the log tells
	}{
		{"nothing is known", 0, time.Second, 2, 0},
		{"seen lately", 20 * time.Second, time.Second, 0, 0},
		{"seen lately, and down for long", 20 * time.Second, time.Hour, 2, 10*time.Minute - 20*time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inClass(t, room.Config{}, func(c *class) {
				c.join("hana", wire.Host)
				c.join("ana", wire.Viewer)
				log := c.store.log(physics)
				last := log[len(log)-1].At
				time.Sleep(10 * time.Minute)
				seen := wire.At(time.Now().Add(-tt.seen))
				c.store.setRefuse(room.ErrUnavailable) // it has no time for last words
				c.stop()
				c.store.setRefuse(nil)
				time.Sleep(tt.down)
				c.start(room.Config{})
				if tt.seen > 0 {
					c.house.Attended(physics, seen)
				}
				c.join("hana", wire.Host)
				c.join("ana", wire.Viewer)
				if n := c.left(); n != tt.left {
					t.Errorf("%d have left, as the log tells", n)
				}
				for _, r := range c.store.log(physics) {
					if after := time.Duration(r.At-last) * time.Millisecond; r.Kind == "room.left" && (after-tt.after).Abs() > 100*time.Millisecond {
						t.Errorf("%s has left %v after the last event", r.By, after)
					}
				}
			})
		})
	}
}

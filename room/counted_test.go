package room_test

import (
	"testing"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// TestSocketsAreCountedWhileTheStoreRefuses.
func TestSocketsAreCountedWhileTheStoreRefuses(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host := c.join("hana", wire.Host)
		c.store.setRefuse(room.ErrFull)
		_ = host.do(room.Say{Text: "x"})
		for range 3 {
			c.join("hana", wire.Host)
		}
		if n := c.house.InUse()[physics].Sockets; n != 4 {
			t.Errorf("%d sockets of 4", n)
		}
		c.store.setRefuse(nil)
	})
}

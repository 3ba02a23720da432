package room_test

import (
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// TestBackAtTheLastMoment: whoever comes back while the store is busy, and is
// still in the inbox when their grace ends, has come back.
func TestBackAtTheLastMoment(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host, ana := c.join("hana", wire.Host), c.join("ana", wire.Viewer)
		ana.leave()
		time.Sleep(10*time.Second - 100*time.Millisecond) // of her grace
		c.store.setDelay(200 * time.Millisecond)
		if err := host.session.Submit(room.Say{Text: "hurry"}, "hurry", time.Now(), func(uint64, any, error) {}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond) // the store is busy until after its end
		ana = c.join("ana", wire.Viewer)
		c.store.setDelay(0)
		time.Sleep(time.Minute)
		if n := c.house.InUse()[physics].Count; n != 2 || ana.closeCode() != 0 {
			t.Errorf("%d are here, and there are sockets of 2 (closed: %d)", n, ana.closeCode())
		}
	})
}

// TestBackWhileTheStoreRefuses: a room is opened while the store refuses. Who
// comes back meanwhile, and stays, is here when it can be written again.
func TestBackWhileTheStoreRefuses(t *testing.T) {
	for _, outage := range []time.Duration{10 * time.Second, 2 * time.Minute} {
		t.Run(outage.String(), func(t *testing.T) {
			inClass(t, room.Config{}, func(c *class) {
				host := c.join("hana", wire.Host)
				c.join("ana", wire.Viewer)
				host.must(room.Go{Sources: []string{"camera"}})
				c.stop()
				c.store.setRefuse(room.ErrFull)
				c.start(room.Config{})
				ana := c.join("ana", wire.Viewer)
				time.Sleep(outage)
				c.store.setRefuse(nil)
				time.Sleep(2 * time.Minute)
				if n := c.house.InUse()[physics].Count; n != 1 || ana.closeCode() != 0 {
					t.Errorf("%d are here, and there is a socket of 1 (closed: %d)", n, ana.closeCode())
				}
				if err := ana.do(room.Say{Text: "still here"}); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

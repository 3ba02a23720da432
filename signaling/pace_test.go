package signaling_test

import (
	"errors"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/signaling"
	"github.com/lyceum-live/lyceum/wire"
)

// TestWatchingAndStoppingIsBounded: each beginning opens a connection.
func TestWatchingAndStoppingIsBounded(t *testing.T) {
	house := newHouse(t, time.Second)
	h := newHost(t, house.join(t, "r", "host", signaling.Rights{Publish: true}))
	h.publish()
	h.film(t)
	s := house.join(t, "r", "viewer", signaling.Rights{})
	for range 20 {
		if _, err := s.request("media.watch", struct{}{}); errors.Is(err, wire.ErrBusy) {
			return
		}
		s.must("media.stop", struct{}{})
	}
	t.Fatal("twenty connections at once")
}

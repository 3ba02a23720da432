package signaling_test

import (
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/signaling"
)

// TestAViewerWhoNamesTooManyStreamsIsCutOff: a report of a kilobyte can name a
// hundred streams, and each would be remembered.
func TestAViewerWhoNamesTooManyStreamsIsCutOff(t *testing.T) {
	house := newHouse(t, time.Second)
	h := newHost(t, house.join(t, "r", "host", signaling.Rights{Publish: true}))
	h.publish()
	h.film(t)
	w := newWatcher(t, house.join(t, "r", "viewer", signaling.Rights{}))
	gone := make(chan struct{})
	var once sync.Once
	w.pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateClosed || s == webrtc.PeerConnectionStateFailed {
			once.Do(func() { close(gone) })
		}
	})
	w.must("media.watch", struct{}{})
	w.accept()
	w.until(media.Camera, "frames", has('m', 1))
	report := &rtcp.FullIntraRequest{SenderSSRC: 1, MediaSSRC: 1}
	for i := range uint32(100) {
		report.FIR = append(report.FIR, rtcp.FIREntry{SSRC: 1000 + i})
	}
	if err := w.pc.WriteRTCP([]rtcp.Packet{report}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-gone:
	case <-time.After(patience):
		t.Fatal("the connection goes on")
	}
}

package signaling_test

import (
	"errors"
	"testing"
	"time"

	"github.com/pion/rtp"

	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/signaling"
	"github.com/lyceum-live/lyceum/wire"
)

// floor is a stage on which gus has the first seat.
func floor(seq uint64, microphone, camera bool) signaling.Floor {
	return signaling.Floor{Seq: seq, Pinned: 0, Guests: map[wire.UserID]signaling.Grant{"gus": {Seat: 1, Microphone: microphone, Camera: camera}}}
}

// TestGuestsAreSeenWhileTheyHaveASeat: nobody sends without one; with one they
// are seen and heard beside the host, by all but themselves; what is refused
// of theirs is not forwarded; and without it they are cut off.
func TestGuestsAreSeenWhileTheyHaveASeat(t *testing.T) {
	const mic, cam = media.Source("guest-1/microphone"), media.Source("guest-1/camera")
	house := newHouse(t, 10*time.Second)
	ana := newHost(t, house.join(t, "go-101", "ana", may))
	ana.publish()
	ana.film(t)
	gus := newHost(t, house.join(t, "go-101", "gus", signaling.Rights{}))
	text, sources := gus.offerSDP()
	if _, err := gus.request("media.publish", publishData{text, sources}); !errors.Is(err, signaling.ErrForbidden) {
		t.Fatalf("somebody without a seat sends: %v", err)
	}
	w := newWatcher(t, house.join(t, "go-101", "ben", signaling.Rights{}))
	w.must("media.watch", map[string]string{"quality": "high"})
	for len(w.accept().Sources) < 2 {
	}

	house.service.SetFloor("go-101", floor(7, true, true))
	gus.publish()
	gus.film(t)
	for len(w.accept().Sources) < 4 {
	}
	some := func(p []*rtp.Packet) bool { return len(p) > 10 }
	for _, source := range []media.Source{media.Camera, media.Microphone, cam, mic} {
		w.until(source, "host and guest", some)
	}
	w.until(cam, "a small picture beside the host's", func(p []*rtp.Packet) bool {
		rid, _ := layerOf(p[len(p)-1])
		return rid == 'l'
	})
	own := newWatcher(t, house.join(t, "go-101", "gus", signaling.Rights{}))
	own.must("media.watch", map[string]string{"quality": "high"})
	if offer := own.accept(); len(offer.Sources) != 2 {
		t.Errorf("the guest is sent %v", offer.Sources)
	}

	// What the host turns off, is off at once; the rest goes on.
	count := func(s media.Source) int {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.got[s])
	}
	more := func(s media.Source, n int) {
		before := count(s)
		w.until(s, "more", func(p []*rtp.Packet) bool { return len(p) >= before+n })
	}
	house.service.SetFloor("go-101", floor(8, false, true))
	more(cam, 60) // what was under way has come
	silent := count(mic)
	more(cam, 100)
	if now := count(mic); now > silent {
		t.Errorf("%d packets of a guest's who is muted", now-silent)
	}
	house.service.SetFloor("go-101", floor(7, true, true)) // late, and out of date
	more(cam, 60)
	if now := count(mic); now > silent {
		t.Error("an older floor counts after a newer one")
	}
	house.service.SetFloor("go-101", floor(9, true, true))
	more(mic, 10)
	w.mu.Lock()
	packets := w.got[mic]
	w.mu.Unlock()
	for i := 1; i < len(packets); i++ { // what was refused leaves no gap to repair
		if packets[i].SequenceNumber != packets[i-1].SequenceNumber+1 {
			t.Errorf("number %d after %d", packets[i].SequenceNumber, packets[i-1].SequenceNumber)
		}
	}

	// Taken off the stage, the guest is cut off, though sending on.
	house.service.SetFloor("go-101", signaling.Floor{Seq: 10, Pinned: -1})
	if end := gus.ended(0); end.PC != "send" || end.Reason != "forbidden" {
		t.Errorf("the guest is told %+v", end)
	}
	for len(w.accept().Sources) > 2 {
	}
	more(media.Camera, 30)
	gone := count(cam)
	more(media.Camera, 60)
	if now := count(cam); now > gone {
		t.Errorf("%d packets of somebody who has no seat any more", now-gone)
	}
	if _, err := gus.request("media.publish", publishData{text, sources}); !errors.Is(err, signaling.ErrForbidden) {
		t.Errorf("who was removed sends again: %v", err)
	}
}

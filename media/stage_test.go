package media

import (
	"testing"

	"github.com/pion/webrtc/v4"
)

// TestWhoIsReplacedWhileLostDoesNotTakeTheSourceBack: the newest publisher has
// the source, also if the one before comes back by an ICE restart.
func TestWhoIsReplacedWhileLostDoesNotTakeTheSourceBack(t *testing.T) {
	e := testEngine(t)
	stage := e.NewStage(func() {})
	var taken []string
	open := func(name string) *Ingest {
		in, err := e.NewIngest(stage, func(webrtc.PeerConnectionState) {}, func(s Source) { taken = append(taken, name+" "+string(s)) })
		if err != nil {
			t.Fatal(err)
		}
		in.lines["0"] = &line{codec: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}}
		t.Cleanup(func() { in.Close(0) })
		return in
	}
	a, b := open("a"), open("b")
	a.state(webrtc.PeerConnectionStateConnected)
	a.Assign(map[string]Source{"0": Camera})
	a.state(webrtc.PeerConnectionStateFailed) // the network is gone for a while
	b.state(webrtc.PeerConnectionStateConnected)
	b.Assign(map[string]Source{"0": Camera})     // another page takes over
	a.state(webrtc.PeerConnectionStateConnected) // and the first comes back by an ICE restart
	stage.mu.Lock()
	owner := stage.slots[0].owner
	stage.mu.Unlock()
	if owner != b {
		t.Fatal("the page that had been replaced takes the source back")
	}
	if len(taken) != 1 || taken[0] != "a camera" {
		t.Fatalf("who was told of a loss: %v", taken)
	}
}

// TestWhatIsDroppedStaysOff whatever its publisher's connection does.
func TestWhatIsDroppedStaysOff(t *testing.T) {
	e := testEngine(t)
	stage := e.NewStage(func() {})
	in, err := e.NewIngest(stage, func(webrtc.PeerConnectionState) {}, func(Source) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(0) })
	in.lines["0"] = &line{codec: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}}
	in.state(webrtc.PeerConnectionStateConnected)
	in.Assign(map[string]Source{"0": Camera})
	stage.Drop()
	in.settle() // a larger layer begins, or ICE comes back
	if on := stage.OnAir(); len(on) > 0 {
		t.Fatalf("%v on air after the end", on)
	}
}

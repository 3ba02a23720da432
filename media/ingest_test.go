package media

import (
	"testing"

	"github.com/pion/webrtc/v4"
)

// TestWhatIsClosedWhileItGoesOnAirComesOffAgain: a publisher
// is closed between its camera and its microphone.
func TestWhatIsClosedWhileItGoesOnAirComesOffAgain(t *testing.T) {
	e := testEngine(t)
	var in *Ingest
	stage := e.NewStage(func() {
		if closing := in; closing != nil {
			in = nil
			closing.Close(0)
		}
	})
	opened, err := e.NewIngest(stage, func(webrtc.PeerConnectionState) {}, func(Source) {})
	if err != nil {
		t.Fatal(err)
	}
	opened.lines["0"] = &line{codec: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}}
	opened.lines["1"] = &line{codec: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000}}
	opened.up = true
	in = opened
	opened.Assign(map[string]Source{"0": Camera, "1": Microphone})
	if on := stage.OnAir(); len(on) > 0 {
		t.Fatalf("%v of a closed publisher is on air", on)
	}
}

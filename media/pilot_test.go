package media

import (
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/lyceum-live/lyceum/internal/silent"
)

// guest is a viewer's browser, played by Pion over a real socket.
type guest struct {
	t      *testing.T
	v      *Viewer
	pc     *webrtc.PeerConnection
	tracks chan *webrtc.TrackRemote
}

// joinGuest joins one that tells when packets came, or does not.
func joinGuest(t *testing.T, e *Engine, s *Stage, tells bool, shown func(Shown)) *guest {
	m, r := &webrtc.MediaEngine{}, &interceptor.Registry{}
	if err := m.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	if tells {
		if err := webrtc.ConfigureTWCCSender(m, r); err != nil {
			t.Fatal(err)
		}
	}
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.LoggerFactory = silent.Pion{}
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithInterceptorRegistry(r), webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	g := &guest{t: t, pc: pc, tracks: make(chan *webrtc.TrackRemote, 8)}
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		g.tracks <- track
		for {
			if _, _, err := track.ReadRTP(); err != nil {
				return
			}
		}
	})
	if g.v, err = e.NewViewer(s, Auto, shown); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		g.v.Close()
		if err := pc.GracefulClose(); err != nil {
			t.Error(err)
		}
	})
	connected := make(chan struct{}, 1)
	g.v.PC().OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateConnected {
			connected <- struct{}{}
		}
	})
	g.negotiate()
	select {
	case <-connected:
	case <-time.After(10 * time.Second):
		t.Fatal("not connected")
	}
	g.v.Connected()
	return g
}

// negotiate offers the guest what is on air.
func (g *guest) negotiate() {
	g.t.Helper()
	if _, err := g.v.Program(); err != nil {
		g.t.Fatal(err)
	}
	offer, err := g.v.PC().CreateOffer(nil)
	if err != nil {
		g.t.Fatal(err)
	}
	describe(g.t, g.v.PC(), offer, g.pc)
	answer, err := g.pc.CreateAnswer(nil)
	if err != nil {
		g.t.Fatal(err)
	}
	describe(g.t, g.pc, answer, g.v.PC())
}

// describe sets a description with its candidates at both ends.
func describe(t *testing.T, from *webrtc.PeerConnection, d webrtc.SessionDescription, to *webrtc.PeerConnection) {
	t.Helper()
	gathered := webrtc.GatheringCompletePromise(from)
	if err := from.SetLocalDescription(d); err != nil {
		t.Fatal(err)
	}
	<-gathered
	if err := to.SetRemoteDescription(*from.LocalDescription()); err != nil {
		t.Fatal(err)
	}
}

// studio films three layers into a stage, in real time, until the test ends.
func studio(t *testing.T, e *Engine, rates [levels]int) (*Stage, *line) {
	s := e.NewStage(func() {})
	l := &line{codec: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}}
	var keys [levels]chan struct{}
	for i := range l.layers {
		keys[i] = make(chan struct{}, 1)
		l.layers[i].Store(newLayer(e, Camera, level(i), webrtc.MimeTypeVP8, 90000, func() {
			select {
			case keys[i] <- struct{}{}:
			default:
			}
		}))
	}
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for frame, seq := 0, [levels]uint16{}; ; frame++ {
			for i := range l.layers {
				key := frame == 0
				select {
				case <-keys[i]:
					key = true
				default:
				}
				n := rates[i]/50/8/1000 + 1
				for k := range n {
					h := rtp.Header{Version: 2, SequenceNumber: seq[i], Timestamp: uint32(frame) * 1800, Marker: k == n-1}
					raw, _ := h.Marshal()
					raw = append(raw, vp8Payload(uint16(frame), uint8(frame), k == 0, key && k == 0, 320<<i, 180<<i)...)
					l.layers[i].Load().push(append(raw, make([]byte, rates[i]/50/8/n)...), time.Now())
					seq[i]++
				}
			}
			select {
			case <-tick.C:
			case <-stop:
				return
			}
		}
	}()
	t.Cleanup(func() { close(stop); <-done })
	s.attach(Camera, l, nil)
	return s, l
}

// TestAViewerIsProbedAndGoesUp is the whole way over a real connection: numbers
// on packets, feedback, a probe by retransmissions, and the next layer.
func TestAViewerIsProbedAndGoesUp(t *testing.T) {
	e := testEngine(t)
	s, _ := studio(t, e, camera3)
	shown := make(chan Shown, 16)
	g := joinGuest(t, e, s, true, func(now Shown) { shown <- now })
	for deadline := time.After(20 * time.Second); ; {
		var at Shown
		select {
		case at = <-shown:
		case <-deadline:
			t.Fatal("not on the largest layer after 20 s")
		}
		if at.Layer == "h" {
			break
		}
	}
	g.v.writer.wait(func() {
		if !g.v.steered(time.Now()) {
			t.Error("it went up without having heard of its packets")
		}
		if g.v.tracks[0].rtxSeq == 0 {
			t.Error("it went up without a probe")
		}
		if g.v.tracks[0].sendTime != nil {
			t.Error("packets carry both a number and a time of sending")
		}
	})
}

// TestAViewerThatTellsNothingHasTimesOfSending: its browser estimates itself.
func TestAViewerThatTellsNothingHasTimesOfSending(t *testing.T) {
	e := testEngine(t)
	s, _ := studio(t, e, camera3)
	g := joinGuest(t, e, s, false, func(Shown) {})
	<-g.tracks
	g.v.writer.wait(func() {
		if g.v.pilot != nil || g.v.tracks[0].wideNumber != nil {
			t.Error("it is sent numbers that it did not ask for")
		}
	})
}

// TestAnotherCodecComesOverTheSameConnection: the teacher's page changes its
// codec on air.
func TestAnotherCodecComesOverTheSameConnection(t *testing.T) {
	e := testEngine(t)
	s, _ := studio(t, e, camera3)
	g := joinGuest(t, e, s, true, func(Shown) {})
	if got := (<-g.tracks).Codec().MimeType; got != webrtc.MimeTypeVP8 {
		t.Fatalf("%s came first", got)
	}
	h264 := newLayer(e, Camera, high, webrtc.MimeTypeH264, 90000, func() {})
	l := &line{codec: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeH264, ClockRate: 90000}}
	l.layers[high].Store(h264)
	s.attach(Camera, l, nil)
	g.negotiate()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for seq := uint16(0); ; seq++ {
		select {
		case track := <-g.tracks:
			if got := track.Codec().MimeType; got != webrtc.MimeTypeH264 {
				t.Fatalf("%s came", got)
			}
			return
		case <-tick.C:
			h := rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: uint32(seq) * 1800, Marker: true}
			raw, _ := h.Marshal()
			h264.push(append(raw, 0x67, 66, 0, 31), time.Now())
		case <-deadline:
			t.Fatal("the other codec did not come")
		}
	}
}

package signaling_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/signaling"
	"github.com/lyceum-live/lyceum/wire"
)

// stageNews collects what OnStage says of one room.
func stageNews(house *house) <-chan []media.Source {
	news := make(chan []media.Source, 100)
	house.service.OnStage(func(_ wire.RoomID, sources []media.Source) { news <- sources })
	return news
}

func awaitStage(t *testing.T, news <-chan []media.Source, want ...media.Source) {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case on := <-news:
			if slices.Equal(on, want) {
				return
			}
		case <-deadline:
			t.Fatalf("%v was never on air", want)
		}
	}
}

func TestRefusals(t *testing.T) {
	house := newHouse(t, time.Second)
	h := newHost(t, house.join(t, "go-101", "ana", may))
	viewer := house.join(t, "go-101", "ben", signaling.Rights{})
	text, sources := h.offerSDP()
	mids := map[media.Source]string{}
	for mid, source := range sources {
		mids[source] = mid
	}
	camera, sound := mids[media.Camera], mids[media.Microphone]
	host := "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
	vp9 := host + "m=video 9 UDP/TLS/RTP/SAVPF 98\r\na=mid:0\r\na=sendonly\r\na=rtpmap:98 VP9/90000\r\n"
	type data = map[string]any
	good := data{"candidate": "candidate:1 1 udp 2113937151 192.0.2.1 54321 typ host", "sdpMid": "0", "sdpMLineIndex": 0}
	for _, tt := range []struct {
		name string
		by   *socket
		kind string
		data any
		want error
	}{
		{"a viewer publishes", viewer, "media.publish", data{"sdp": text, "sources": sources}, signaling.ErrForbidden},
		{"no description", h.socket, "media.publish", data{"sdp": "", "sources": data{}}, signaling.ErrSDP},
		{"nonsense", h.socket, "media.publish", data{"sdp": "v=0\r\nnonsense", "sources": data{}}, signaling.ErrSDP},
		{"no lines", h.socket, "media.publish", data{"sdp": host, "sources": data{}}, signaling.ErrSDP},
		{"a hundred lines", h.socket, "media.publish", data{"sdp": host + strings.Repeat("m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n", 100), "sources": data{}}, signaling.ErrSDP},
		{"no encryption", h.socket, "media.publish", data{"sdp": strings.ReplaceAll(text, "a=fingerprint", "a=finger"), "sources": data{}}, signaling.ErrSDP},
		{"a line that is not there", h.socket, "media.publish", data{"sdp": text, "sources": data{"nine": "camera"}}, signaling.ErrSDP},
		{"a voice as a picture", h.socket, "media.publish", data{"sdp": text, "sources": data{sound: "camera"}}, signaling.ErrSDP},
		{"an unknown source", h.socket, "media.publish", data{"sdp": text, "sources": data{camera: "drone"}}, wire.ErrField},
		{"one source twice", h.socket, "media.publish", data{"sdp": text, "sources": data{camera: "camera", sound: "camera"}}, nil /* either is wrong */},
		{"too many sources", h.socket, "media.publish", data{"sdp": text, "sources": data{"1": "camera", "2": "camera", "3": "camera", "4": "camera", "5": "camera"}}, wire.ErrField},
		{"an unknown codec", h.socket, "media.publish", data{"sdp": vp9, "sources": data{"0": "camera"}}, signaling.ErrUnsupported},
		{"a foreign field", h.socket, "media.publish", data{"sdp": text, "sources": data{}, "layers": 3}, wire.ErrField},
		{"a quality that is none", viewer, "media.watch", data{"quality": "best"}, wire.ErrField},
		{"a type that is none", viewer, "media.record", data{}, wire.ErrType},
		{"data for what has none", viewer, "media.restart", data{"now": true}, wire.ErrField},
		{"a candidate for no connection", viewer, "media.candidate", data{"pc": "both", "candidate": good}, wire.ErrField},
		{"a broken candidate", viewer, "media.candidate", data{"pc": "recv", "candidate": data{"candidate": "candidate:1 x"}}, signaling.ErrSDP},
		{"a long candidate", viewer, "media.candidate", data{"pc": "recv", "candidate": data{"candidate": strings.Repeat("x", 1000)}}, signaling.ErrSDP},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.by.request(tt.kind, tt.data)
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if _, ours := errors.AsType[*wire.Error](err); !ours {
				t.Errorf("%v is not an error that a client can act on", err)
			}
		})
	}
	if on := house.service.OnAir("go-101"); len(on) != 0 {
		t.Fatalf("on air after refusals: %v", on)
	}

	// All that left the host able to publish.
	h.publish()
	for i := range 70 {
		_, err := h.request("media.candidate", data{"pc": "send", "candidate": good})
		if refused := errors.Is(err, signaling.ErrSDP); refused != (i >= 64) {
			t.Fatalf("candidate %d: %v", i, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := viewer.peer.Handle(ctx, "media.watch", wire.Raw(`{}`)); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("a caller that is gone: %v", err)
	}
}

func TestAnswersThatComeTooLateOrWrong(t *testing.T) {
	house := newHouse(t, time.Second)
	h := newHost(t, house.join(t, "go-101", "ana", may))
	h.publish()
	h.film(t)
	w := newWatcher(t, house.join(t, "go-101", "ben", signaling.Rights{}))
	w.must("media.watch", map[string]string{"quality": "low"})
	offer, at := w.offer(0)
	w.must("media.answer", answerData{"anything at all", offer.Generation - 1}) // ignored
	if _, err := w.request("media.answer", answerData{"v=0\r\nnonsense", offer.Generation}); !errors.Is(err, signaling.ErrSDP) {
		t.Fatalf("nonsense for an answer: %v", err)
	}
	bad := strings.ReplaceAll(offer.SDP, "a=ice-ufrag", "a=ice-nothing")
	if _, err := w.request("media.answer", answerData{bad, offer.Generation}); !errors.Is(err, signaling.ErrSDP) {
		t.Fatalf("an answer without ICE: %v", err)
	}
	if e := w.ended(at); e != (signaling.Ended{PC: "recv", Reason: "answer"}) {
		t.Errorf("told %+v", e)
	}
	w.at = at
	w.must("media.restart", map[string]string{})
	w.accept()
	w.until(media.Camera, "a picture after a restart", has('l', 10))

	busy := false
	for range 20 {
		_, err := w.request("media.restart", map[string]string{})
		if e, ok := errors.AsType[*wire.Error](err); ok && errors.Is(err, wire.ErrBusy) && e.RetryMS > 0 {
			busy = true
		}
	}
	if !busy {
		t.Error("a client may have connections opened without end")
	}
}

func TestRightsTakenBackEndThePublication(t *testing.T) {
	house := newHouse(t, time.Hour)
	news := stageNews(house)
	h := newHost(t, house.join(t, "go-101", "ana", may))
	h.publish()
	h.film(t)
	awaitStage(t, news, media.Camera, media.Microphone)
	w := newWatcher(t, house.join(t, "go-101", "ben", signaling.Rights{}))
	w.must("media.watch", map[string]string{})
	w.accept()
	w.until(media.Microphone, "sound", func(p []*rtp.Packet) bool { return len(p) > 0 })

	h.peer.SetRights(signaling.Rights{})
	if e := h.ended(0); e != (signaling.Ended{PC: "send", Reason: "forbidden"}) {
		t.Errorf("told %+v", e)
	}
	awaitStage(t, news)
	if offer := w.accept(); len(offer.Sources) != 0 {
		t.Errorf("viewers are offered %v", offer.Sources)
	}
	text, sources := newHost(t, h.socket).offerSDP()
	if _, err := h.request("media.publish", publishData{text, sources}); !errors.Is(err, signaling.ErrForbidden) {
		t.Errorf("publishing again: %v", err)
	}
}

func TestLostPublisherIsWaitedForAndThenGivenUp(t *testing.T) {
	house := newHouse(t, 300*time.Millisecond)
	news := stageNews(house)
	s := house.join(t, "go-101", "ana", may)
	h := newHost(t, s)
	h.publish()
	stop, _ := h.film(t)
	awaitStage(t, news, media.Camera, media.Microphone)
	stop()
	lost := time.Now()
	s.peer.Close()
	if on := house.service.OnAir("go-101"); len(on) != 2 {
		t.Errorf("on air right after the loss: %v", on)
	}
	awaitStage(t, news)
	if d := time.Since(lost); d < 300*time.Millisecond {
		t.Errorf("given up after %v", d)
	}
}

// TestPublisherComesBackWithoutASeam: the host's socket breaks and another
// takes its place. Viewers are not asked for anything and see one stream.
func TestPublisherComesBackWithoutASeam(t *testing.T) {
	house := newHouse(t, time.Minute)
	first := house.join(t, "go-101", "ana", may)
	h := newHost(t, first)
	h.publish()
	stop, _ := h.film(t)
	w := newWatcher(t, house.join(t, "go-101", "ben", signaling.Rights{}))
	w.must("media.watch", map[string]string{"quality": "medium"})
	for len(w.accept().Sources) < 2 {
	}
	w.until(media.Camera, "a picture", has('m', 30))
	stop()
	first.peer.Close()

	again := newHost(t, house.join(t, "go-101", "ana", may))
	before := len(w.until(media.Camera, "what came", func([]*rtp.Packet) bool { return true }))
	again.publish()
	again.film(t)
	packets := w.until(media.Camera, "a picture from the new connection", func(p []*rtp.Packet) bool { return len(p) > before+30 })
	whole(t, packets[:before+30])
	w.socket.mu.Lock()
	defer w.socket.mu.Unlock()
	for _, m := range w.messages[w.at:] {
		if m.kind == "media.offer" {
			t.Error("viewers had to negotiate because the host's socket broke")
		}
	}
}

func TestNewestPublisherHasTheSource(t *testing.T) {
	house := newHouse(t, time.Second)
	news := stageNews(house)
	h := newHost(t, house.join(t, "go-101", "ana", may))
	h.publish()
	h.film(t)
	awaitStage(t, news, media.Camera, media.Microphone)
	other := newHost(t, house.join(t, "go-101", "ana", may))
	other.publish()
	other.film(t)
	if e := h.ended(0); e != (signaling.Ended{PC: "send", Reason: "replaced"}) {
		t.Errorf("told %+v", e)
	}
	other.must("media.unpublish", map[string]string{})
	awaitStage(t, news)
}

func TestICERestartKeepsTheStream(t *testing.T) {
	house := newHouse(t, time.Second)
	h := newHost(t, house.join(t, "go-101", "ana", may))
	h.publish()
	h.film(t)
	w := newWatcher(t, house.join(t, "go-101", "ben", signaling.Rights{}))
	w.must("media.watch", map[string]string{"quality": "low"})
	w.accept()
	w.until(media.Camera, "a picture", has('l', 10))

	offer, err := h.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.pc.SetLocalDescription(offer); err != nil {
		t.Fatal(err)
	}
	sources := map[string]media.Source{}
	for _, tr := range h.pc.GetTransceivers() {
		sources[tr.Mid()] = media.Source(tr.Sender().Track().ID())
	}
	reply := h.must("media.publish", publishData{h.pc.LocalDescription().SDP, sources}).(signaling.Answer)
	if err := h.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: reply.SDP}); err != nil {
		t.Fatal(err)
	}
	now := len(w.until(media.Camera, "what came", func([]*rtp.Packet) bool { return true }))
	w.until(media.Camera, "a picture after the restart", func(p []*rtp.Packet) bool { return len(p) > now+60 })
}

func TestAudioOnlyAndBack(t *testing.T) {
	house := newHouse(t, time.Second)
	h := newHost(t, house.join(t, "go-101", "ana", may))
	h.publish()
	h.film(t)
	w := newWatcher(t, house.join(t, "go-101", "ben", signaling.Rights{}))
	w.must("media.watch", map[string]string{"quality": "audio"})
	for len(w.accept().Sources) < 2 {
	}
	w.until(media.Microphone, "sound", func(p []*rtp.Packet) bool { return len(p) > 50 })
	if got := w.until(media.Camera, "", func([]*rtp.Packet) bool { return true }); len(got) > 0 {
		t.Fatalf("%d packets of picture for one who wants none", len(got))
	}
	w.must("media.watch", map[string]string{"quality": "low"})
	w.until(media.Camera, "the picture", has('l', 10))
	w.must("media.stop", map[string]string{})
}

func TestSourcesCanBeTakenOffAndPutOnAgain(t *testing.T) {
	house := newHouse(t, time.Second)
	news := stageNews(house)
	h := newHost(t, house.join(t, "go-101", "ana", may))
	h.publish()
	h.film(t)
	awaitStage(t, news, media.Camera, media.Microphone)
	change := func(without media.Source) {
		text, sources := h.offerSDP()
		for mid, s := range sources {
			if s == without {
				delete(sources, mid)
			}
		}
		reply := h.must("media.publish", publishData{text, sources}).(signaling.Answer)
		if err := h.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: reply.SDP}); err != nil {
			t.Fatal(err)
		}
	}
	w := newWatcher(t, house.join(t, "go-101", "ben", signaling.Rights{}))
	w.must("media.watch", map[string]string{"quality": "low"})
	w.accept()
	w.until(media.Camera, "a picture", has('l', 10))
	change(media.Camera)
	awaitStage(t, news, media.Microphone)
	if offer := w.accept(); len(offer.Sources) != 1 {
		t.Errorf("offered %v", offer.Sources)
	}
	change("")
	awaitStage(t, news, media.Camera, media.Microphone)
	w.accept()
	now := len(w.until(media.Camera, "what came", func([]*rtp.Packet) bool { return true }))
	w.until(media.Camera, "the picture again", func(p []*rtp.Packet) bool { return len(p) > now+10 })
}

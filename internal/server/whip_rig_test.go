package server_test

import (
	"encoding/binary"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

const patience = 15 * time.Second

// post is one request of a WHIP or WHEP client, and what was answered.
type post struct {
	method, path, token, kind, match, origin, body string
}

type response struct {
	status int
	header http.Header
	body   string
}

func (r *rig) do(p post) response {
	r.t.Helper()
	res, b := r.send(p.method, p.path, p.token, strings.NewReader(p.body), "Content-Type", p.kind, "If-Match", p.match, "Origin", p.origin)
	return response{res.StatusCode, res.Header, string(b)}
}

const (
	sdpKind      = "application/sdp"
	fragmentKind = "application/trickle-ice-sdpfrag"
)

// encoder is a streaming program: a picture in one codec, and sound.
type encoder struct {
	t        testing.TB
	pc       *webrtc.PeerConnection
	video    *webrtc.TrackLocalStaticRTP
	sound    *webrtc.TrackLocalStaticRTP
	location string
	tag      string
	answer   string
	states   *states
}

// states lets a test wait for a connection's states.
type states struct {
	mu      sync.Mutex
	now     webrtc.PeerConnectionState
	changed chan struct{}
}

func watchStates(pc *webrtc.PeerConnection) *states {
	s := &states{changed: make(chan struct{})}
	pc.OnConnectionStateChange(func(webrtc.PeerConnectionState) { // pion's calls come in no order
		s.mu.Lock()
		defer s.mu.Unlock()
		s.now = pc.ConnectionState()
		close(s.changed)
		s.changed = make(chan struct{})
	})
	return s
}

func (s *states) until(t testing.TB, want webrtc.PeerConnectionState) {
	t.Helper()
	deadline := time.After(patience)
	for {
		s.mu.Lock()
		now, changed := s.now, s.changed
		s.mu.Unlock()
		if now == want {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("the connection is %v, want %v", now, want)
		}
	}
}

func newPC(t testing.TB) *webrtc.PeerConnection {
	t.Helper()
	m := &webrtc.MediaEngine{}
	if err := m.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	api := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithInterceptorRegistry(&interceptor.Registry{}), webrtc.WithSettingEngine(settings))
	pc, err := api.NewPeerConnection(webrtc.Configuration{BundlePolicy: webrtc.BundlePolicyMaxBundle})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pc.Close() })
	return pc
}

func offerOf(t testing.TB, pc *webrtc.PeerConnection, options *webrtc.OfferOptions) string {
	t.Helper()
	offer, err := pc.CreateOffer(options)
	if err != nil {
		t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(offer); err != nil {
		t.Fatal(err)
	}
	<-gathered
	return pc.LocalDescription().SDP
}

func newEncoder(t testing.TB, mime string) *encoder {
	t.Helper()
	e := &encoder{t: t, pc: newPC(t)}
	e.states = watchStates(e.pc)
	track := func(mime, id string) *webrtc.TrackLocalStaticRTP {
		track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, id, "encoder")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
			t.Fatal(err)
		}
		return track
	}
	e.sound = track(webrtc.MimeTypeOpus, "sound")
	e.video = track(mime, "video")
	return e
}

// publish posts the encoder's offer and waits for its connection.
func (e *encoder) publish(r *rig, token string) {
	e.t.Helper()
	got := r.do(post{method: "POST", path: "/v1/rooms/algebra/whip", token: token, kind: sdpKind, body: offerOf(e.t, e.pc, nil)})
	if got.status != http.StatusCreated || got.header.Get("Content-Type") != sdpKind || got.header.Get("Accept-Patch") != fragmentKind {
		e.t.Fatalf("POST: %d %v %s", got.status, got.header, got.body)
	}
	e.location, e.tag, e.answer = got.header.Get("Location"), got.header.Get("ETag"), got.body
	if e.location == "" || len(e.tag) < 10 {
		e.t.Fatalf("POST: no session in %v", got.header)
	}
	e.accept(got.body)
	e.states.until(e.t, webrtc.PeerConnectionStateConnected)
}

func (e *encoder) accept(answer string) {
	e.t.Helper()
	if err := e.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		e.t.Fatal(err)
	}
}

// film sends a whole picture and some sound every 10 ms until the test ends.
func (e *encoder) film(mark byte) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for n := uint16(0); ; n++ {
			payload := []byte{0x90, 0xe0, 0x80 | byte(n>>8&0x7f), byte(n), byte(n), 0, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 64, 1, 180, 0, mark}
			if e.video.Codec().MimeType == webrtc.MimeTypeH264 {
				payload = []byte{24, 0, 8, 0x67, 0x42, 0xe0, 0x1f, 0x8c, 0x68, 0x14, 0x19, 0, 2, 0x68, 0xce, 0, 3, 0x65, 0x88, mark}
			}
			_ = e.video.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: n, Timestamp: uint32(n) * 900, Marker: true}, Payload: payload})
			sound := binary.BigEndian.AppendUint16([]byte{mark}, n)
			_ = e.sound.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: n, Timestamp: uint32(n) * 480}, Payload: sound})
			select {
			case <-tick.C:
			case <-quit:
				return
			}
		}
	}()
	var once sync.Once
	stop = func() { once.Do(func() { close(quit); <-done }) }
	e.t.Cleanup(stop)
	return stop
}

// screen is what a receiving connection shows: packets by kind and mark.
type screen struct {
	mu    sync.Mutex
	got   map[string]int // "video" or "audio" and the encoder's mark
	mimes map[string]string
	more  chan struct{}
}

func watchTracks(pc *webrtc.PeerConnection) *screen {
	s := &screen{got: map[string]int{}, mimes: map[string]string{}, more: make(chan struct{})}
	s.of(pc)
	return s
}

// of shows what comes over a connection.
func (s *screen) of(pc *webrtc.PeerConnection) {
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			p, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			if len(p.Payload) == 0 {
				continue
			}
			kind, mark := track.Kind().String(), p.Payload[len(p.Payload)-1]
			if kind == "audio" {
				mark = p.Payload[0]
			}
			s.mu.Lock()
			s.got[kind+string(mark)]++
			s.mimes[kind] = track.Codec().MimeType
			close(s.more)
			s.more = make(chan struct{})
			s.mu.Unlock()
		}
	})
}

// both waits for so many more packets of both kinds.
func (s *screen) both(t testing.TB, mark byte, n int) {
	t.Helper()
	s.mu.Lock()
	video, audio := s.got["video"+string(mark)]+n, s.got["audio"+string(mark)]+n
	s.mu.Unlock()
	deadline := time.After(patience)
	for {
		s.mu.Lock()
		done := s.got["video"+string(mark)] >= video && s.got["audio"+string(mark)] >= audio
		more := s.more
		s.mu.Unlock()
		if done {
			return
		}
		select {
		case <-more:
		case <-deadline:
			t.Fatalf("of encoder %c came %v", mark, s.counts())
		}
	}
}

func (s *screen) counts() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.got)
}

// player is a WHEP client.
type player struct {
	pc       *webrtc.PeerConnection
	screen   *screen
	states   *states
	location string
	tag      string
	answer   string
}

func newPlayer(t testing.TB) *player {
	t.Helper()
	p := &player{pc: newPC(t)}
	p.screen, p.states = watchTracks(p.pc), watchStates(p.pc)
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
		if _, err := p.pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func (p *player) play(r *rig, token string) {
	r.t.Helper()
	got := r.do(post{method: "POST", path: "/v1/rooms/algebra/whep", token: token, kind: sdpKind, body: offerOf(r.t, p.pc, nil)})
	if got.status != http.StatusCreated {
		r.t.Fatalf("POST whep: %d %s", got.status, got.body)
	}
	p.location, p.tag, p.answer = got.header.Get("Location"), got.header.Get("ETag"), got.body
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: got.body}); err != nil {
		r.t.Fatalf("%v in\n%s", err, got.body)
	}
	p.states.until(r.t, webrtc.PeerConnectionStateConnected)
}

// watch has a socket's viewer receive, as a page does.
func (b *browser) watch() *screen {
	b.t.Helper()
	pc := newPC(b.t)
	s := watchTracks(pc)
	b.id++
	b.send(fmt.Sprintf(`{"id":%d,"type":"media.watch","data":{}}`, b.id))
	go func() { // answers each offer until the socket ends
		for {
			m, err := b.read()
			if err != nil {
				return
			}
			var offer struct {
				SDP        string
				Generation int
			}
			if m.Type == "media.ended" { // a page asks for another connection
				pc = newPC(b.t)
				s.of(pc)
				b.id++
				b.send(fmt.Sprintf(`{"id":%d,"type":"media.restart","data":{}}`, b.id))
			}
			if m.Type != "media.offer" || decode(m.Data, &offer) != nil || pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer.SDP}) != nil {
				continue
			}
			answer, err := pc.CreateAnswer(nil)
			if err != nil || pc.SetLocalDescription(answer) != nil {
				return
			}
			b.id++
			b.send(fmt.Sprintf(`{"id":%d,"type":"media.answer","data":{"sdp":%s,"generation":%d}}`, b.id, encode(pc.LocalDescription().SDP), offer.Generation))
		}
	}()
	return s
}

// credentials are the ICE words of a description.
func credentials(sdp string) (ufrag, pwd string) {
	for line := range strings.Lines(sdp) {
		line = strings.TrimSpace(line)
		if v, ok := strings.CutPrefix(line, "a=ice-ufrag:"); ok {
			ufrag = v
		}
		if v, ok := strings.CutPrefix(line, "a=ice-pwd:"); ok {
			pwd = v
		}
	}
	return ufrag, pwd
}

// renewed is an answer with another ICE session.
func renewed(answer, fragment string) string {
	ufrag, pwd := credentials(answer)
	newUfrag, newPwd := credentials(fragment)
	return strings.ReplaceAll(strings.ReplaceAll(answer, ufrag, newUfrag), pwd, newPwd)
}

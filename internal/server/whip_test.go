package server_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/internal/server"
	"github.com/lyceum-live/lyceum/wire"
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
	req, err := http.NewRequest(p.method, r.http.URL+p.path, strings.NewReader(p.body))
	if err != nil {
		r.t.Fatal(err)
	}
	for name, value := range map[string]string{"Content-Type": p.kind, "If-Match": p.match, "Origin": p.origin} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
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
	pc.OnConnectionStateChange(func(now webrtc.PeerConnectionState) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.now = now
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

func TestWhatAnEncoderSendsIsOnAir(t *testing.T) {
	for _, mime := range []string{webrtc.MimeTypeVP8, webrtc.MimeTypeH264} {
		t.Run(mime, func(t *testing.T) {
			r := newRig(t, server.Config{})
			host := r.join("ana", wire.Host)
			e := newEncoder(t, mime)
			e.publish(r, r.token("ana", wire.Host))
			e.film('a')
			m := host.until(func(m message) bool { return m.Type == "stage.changed" && strings.Contains(string(m.Data), "camera") })
			if !strings.Contains(string(m.Data), `"microphone"`) || !strings.Contains(string(m.Data), `"ana"`) {
				m = host.until(func(m message) bool {
					return m.Type == "stage.changed" && strings.Contains(string(m.Data), `"microphone"`)
				})
			}
			viewer := r.join("ben", wire.Viewer).watch()
			viewer.both(t, 'a', 20)
			p := newPlayer(t)
			p.play(r, r.token("cem", wire.Viewer))
			p.screen.both(t, 'a', 20)
			p.screen.mu.Lock()
			if got := p.screen.mimes["video"]; got != mime {
				t.Errorf("the player gets %s", got)
			}
			p.screen.mu.Unlock()

			if got := r.do(post{method: "DELETE", path: e.location, token: r.token("ben", wire.Host)}); got.status != http.StatusNotFound {
				t.Errorf("another's DELETE: %d", got.status)
			}
			if got := r.do(post{method: "DELETE", path: e.location, token: r.token("ana", wire.Host)}); got.status != http.StatusOK {
				t.Errorf("DELETE: %d %s", got.status, got.body)
			}
			e.states.until(t, webrtc.PeerConnectionStateClosed)
			if got := r.do(post{method: "DELETE", path: e.location, token: r.token("ana", wire.Host)}); got.status != http.StatusNotFound {
				t.Errorf("DELETE again: %d", got.status)
			}
			if got := r.do(post{method: "DELETE", path: p.location, token: r.token("cem", wire.Viewer)}); got.status != http.StatusOK {
				t.Errorf("DELETE of the player: %d", got.status)
			}
			p.states.until(t, webrtc.PeerConnectionStateClosed)
		})
	}
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

func TestICERestartKeepsMedia(t *testing.T) {
	r := newRig(t, server.Config{})
	r.join("ana", wire.Host)
	token := r.token("ana", wire.Host)
	e := newEncoder(t, webrtc.MimeTypeVP8)
	e.publish(r, token)
	e.film('a')
	p := newPlayer(t)
	r.eventually("a player is let in", func() bool {
		got := r.do(post{method: "POST", path: "/v1/rooms/algebra/whep", token: r.token("cem", wire.Viewer), kind: sdpKind, body: fixtureWHEP})
		return got.status == http.StatusCreated
	})
	p.play(r, r.token("cem", wire.Viewer))
	p.screen.both(t, 'a', 20)

	restart := func(pc *webrtc.PeerConnection, location, token, answer string) (string, string) {
		offer := offerOf(t, pc, &webrtc.OfferOptions{ICERestart: true})
		ufrag, pwd := credentials(offer)
		fragment := "a=ice-ufrag:" + ufrag + "\r\na=ice-pwd:" + pwd + "\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
		got := r.do(post{method: "PATCH", path: location, token: token, kind: fragmentKind, match: "*", body: fragment})
		if got.status != http.StatusOK || got.header.Get("Content-Type") != fragmentKind {
			t.Fatalf("restart: %d %s", got.status, got.body)
		}
		next := renewed(answer, got.body)
		if next == answer {
			t.Fatal("the answer is still that of the old ICE session")
		}
		if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: next}); err != nil {
			t.Fatal(err)
		}
		return got.header.Get("ETag"), fragment
	}
	tag, fragment := restart(e.pc, e.location, token, e.answer)
	if tag == e.tag {
		t.Error("another ICE session has the same tag")
	}
	restart(p.pc, p.location, r.token("cem", wire.Viewer), p.answer)
	p.screen.both(t, 'a', 100)

	candidate := "a=candidate:1 1 udp 2130706431 127.0.0.1 50000 typ host\r\n"
	for _, tt := range []struct {
		name, match, kind, body string
		want                    int
	}{
		{"a candidate", tag, fragmentKind, fragment + candidate, http.StatusNoContent},
		{"by a list of tags", `"x", ` + tag, fragmentKind, fragment + candidate, http.StatusNoContent},
		{"without a condition", "", fragmentKind, fragment + candidate, http.StatusPreconditionRequired},
		{"of the old ICE session", e.tag, fragmentKind, fragment + candidate, http.StatusPreconditionFailed},
		{"by a weak tag", "W/" + tag, fragmentKind, fragment + candidate, http.StatusPreconditionFailed},
		{"a restart by tag", tag, fragmentKind, strings.Replace(fragment, "ice-ufrag:", "ice-ufrag:x", 1), http.StatusPreconditionFailed},
		{"another type", tag, sdpKind, fragment, http.StatusUnsupportedMediaType},
		{"nonsense", tag, fragmentKind, "hello", http.StatusBadRequest},
		{"a broken candidate", tag, fragmentKind, fragment + "a=candidate:1 1 udp x\r\n", http.StatusBadRequest},
		{"a thousand candidates", tag, fragmentKind, fragment + strings.Repeat(candidate, 1000), http.StatusBadRequest},
		{"too long", tag, fragmentKind, strings.Repeat("a=x:y\r\n", 20_000), http.StatusRequestEntityTooLarge},
		{"short words", "*", fragmentKind, "a=ice-ufrag:abc\r\na=ice-pwd:short\r\n", http.StatusBadRequest},
	} {
		if got := r.do(post{method: "PATCH", path: e.location, token: token, kind: tt.kind, match: tt.match, body: tt.body}); got.status != tt.want {
			t.Errorf("%s: %d %s, want %d", tt.name, got.status, got.body, tt.want)
		}
	}
	for i := range 70 { // drop by drop
		got := r.do(post{method: "PATCH", path: e.location, token: token, kind: fragmentKind, match: tag, body: fragment + candidate})
		if got.status != http.StatusNoContent {
			if i < 50 || got.status != http.StatusBadRequest {
				t.Errorf("candidate %d: %d", i, got.status)
			}
			break
		}
		if i == 69 {
			t.Error("candidates are not counted")
		}
	}
	p.screen.both(t, 'a', 20)
}

func TestAnEncoderTakesOverAndIsTakenOver(t *testing.T) {
	r := newRig(t, server.Config{})
	r.join("ana", wire.Host)
	token := r.token("ana", wire.Host)
	first := newEncoder(t, webrtc.MimeTypeVP8)
	first.publish(r, token)
	first.film('a')
	viewer := r.join("ben", wire.Viewer).watch()
	viewer.both(t, 'a', 10)
	second := newEncoder(t, webrtc.MimeTypeH264)
	second.publish(r, token)
	second.film('b')
	viewer.both(t, 'b', 20)
	first.states.until(t, webrtc.PeerConnectionStateClosed)
	r.eventually("the first session is over", func() bool {
		return r.do(post{method: "DELETE", path: first.location, token: token}).status == http.StatusNotFound
	})
}

func TestAPublishingTokenIsGoodForNothingElse(t *testing.T) {
	r := newRig(t, server.Config{})
	r.join("ana", wire.Host)
	status, got := r.call("POST", "/v1/rooms/algebra/encoder", r.token("ana", wire.Host), `{"hours":2}`)
	if status != http.StatusOK {
		t.Fatal(status, got)
	}
	token, _ := got["token"].(string)
	if url, _ := got["url"].(string); url != r.http.URL+"/v1/rooms/algebra/whip" {
		t.Errorf("url %q", url)
	}
	if left := time.Until(time.UnixMilli(int64(got["expires"].(float64)))); left < time.Hour || left > 2*time.Hour {
		t.Errorf("good for %v", left)
	}
	for _, role := range []wire.Role{wire.Viewer, wire.Moderator} {
		if status, _ := r.call("POST", "/v1/rooms/algebra/encoder", r.token("ben", role), `{}`); status != http.StatusForbidden {
			t.Errorf("%s: %d", role, status)
		}
	}
	if status, _ := r.call("POST", "/v1/rooms/algebra/links", token, `{"role":"viewer"}`); status != http.StatusUnauthorized {
		t.Errorf("links: %d", status)
	}
	if status, _ := r.call("GET", "/v1/me/points", token, ""); status != http.StatusUnauthorized {
		t.Errorf("points: %d", status)
	}
	if got := r.do(post{method: "POST", path: "/v1/rooms/algebra/whep", token: token, kind: sdpKind, body: fixtureWHEP}); got.status != http.StatusUnauthorized {
		t.Errorf("whep: %d", got.status)
	}
	e := newEncoder(t, webrtc.MimeTypeVP8)
	e.publish(r, token)
}

func TestSessionsOverHTTPAreRefused(t *testing.T) {
	r := newRig(t, server.Config{})
	r.join("ana", wire.Host)
	claims := auth.Claims{Kind: auth.Room, Room: algebra, User: "ana", Name: "Ana", Role: wire.Host, Expires: time.Now().Add(time.Hour)}
	elsewhere, old, unopened := claims, claims, claims
	elsewhere.Room = "geometry"
	unopened.Room = "geometry"
	old.Expires = time.Now().Add(-time.Hour)
	const host, viewer = "host", "viewer" // for each case another, for each has a pace
	audio, video := section("audio"), section("video")
	for i, tt := range []struct {
		name, way, token, kind, body string
		want                         int
		code                         string
	}{
		{"no token", "whip", "", sdpKind, fixtureOBS, 401, "auth.token"},
		{"a foreign token", "whip", r.mint(elsewhere), sdpKind, fixtureOBS, 403, "auth.room"},
		{"an old token", "whip", r.mint(old), sdpKind, fixtureOBS, 401, "auth.expired"},
		{"a viewer's token", "whip", viewer, sdpKind, fixtureOBS, 403, "media.forbidden"},
		{"a moderator's token", "whip", r.token("mo", wire.Moderator), sdpKind, fixtureOBS, 403, "media.forbidden"},
		{"not SDP", "whip", host, "application/json", "{}", 415, "wire.media_type"},
		{"no type", "whip", host, "", fixtureOBS, 415, "wire.media_type"},
		{"huge", "whip", host, sdpKind, fixtureOBS + strings.Repeat("a=x:y\r\n", 20_000), 413, "wire.too_long"},
		{"empty", "whip", host, sdpKind, "", 400, "media.sdp"},
		{"broken", "whip", host, sdpKind, "v=0\r\nnonsense", 400, "media.sdp"},
		{"without media", "whip", host, sdpKind, head(), 400, "media.sdp"},
		{"without mids", "whip", host, sdpKind, strings.ReplaceAll(fixtureOBS, "a=mid:", "a=x-mid:"), 400, "media.sdp"},
		{"without a bundle", "whip", host, sdpKind, strings.ReplaceAll(fixtureOBS, "a=group:BUNDLE 0 1\r\n", ""), 400, "media.sdp"},
		{"receiving", "whip", host, sdpKind, strings.ReplaceAll(fixtureOBS, "a=sendonly", "a=recvonly"), 400, "media.sdp"},
		{"AV1", "whip", host, sdpKind, strings.ReplaceAll(fixtureOBS, "H264/90000", "AV1/90000"), 422, "media.unsupported"},
		{"G.711", "whip", host, sdpKind, strings.ReplaceAll(fixtureOBS, "opus/48000/2", "PCMU/8000"), 422, "media.unsupported"},
		{"data", "whip", host, sdpKind, head() + strings.Replace(audio, "m=audio 9 UDP/TLS/RTP/SAVPF 111", "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", 1), 422, "media.unsupported"},
		{"two pictures", "whip", host, sdpKind, head() + video + strings.Replace(video, "a=mid:1", "a=mid:0", 1), 406, "media.tracks"},
		{"two streams", "whip", host, sdpKind, strings.Replace(fixtureOBS, "a=msid:stream stream-video", "a=msid:other stream-video", 1), 406, "media.tracks"},
		{"a player without a token", "whep", "", sdpKind, fixtureWHEP, 401, "auth.token"},
		{"a player while nothing is on air", "whep", viewer, sdpKind, fixtureWHEP, 409, "media.idle"},
		{"a player that sends", "whep", viewer, sdpKind, fixtureOBS, 400, "media.sdp"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.token == host || tt.token == viewer {
				tt.token = r.token(wire.UserID(fmt.Sprintf("%s%d", tt.token, i)), wire.Role(tt.token))
			}
			got := r.do(post{method: "POST", path: "/v1/rooms/algebra/" + tt.way, token: tt.token, kind: tt.kind, body: tt.body})
			if got.status != tt.want || !strings.Contains(got.body, `"`+tt.code+`"`) {
				t.Errorf("%d %s, want %d %s", got.status, got.body, tt.want, tt.code)
			}
			if tt.want == 409 && got.header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
		})
	}
	if got := r.do(post{method: "POST", path: "/v1/rooms/geometry/whip", token: r.mint(unopened), kind: sdpKind, body: fixtureOBS}); got.status != http.StatusNotFound {
		t.Errorf("a class that nobody has opened: %d", got.status)
	}
	for _, method := range []string{"GET", "PUT", "PATCH", "DELETE"} {
		if got := r.do(post{method: method, path: "/v1/rooms/algebra/whip", token: r.token("ana", wire.Host)}); got.status != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, got.status)
		}
	}
	for _, method := range []string{"GET", "PUT", "POST"} {
		if got := r.do(post{method: method, path: "/v1/rooms/algebra/whip/x", token: r.token("ana", wire.Host)}); got.status != http.StatusMethodNotAllowed {
			t.Errorf("%s of a session: %d", method, got.status)
		}
	}
}

func TestOtherOriginsOnlyWhereConfigured(t *testing.T) {
	for _, tt := range []struct {
		origins []string
		origin  string
		allowed bool
	}{
		{nil, "https://player.example.org", false},
		{[]string{"player.example.org"}, "https://player.example.org", true},
		{[]string{"*.example.org"}, "https://Player.example.org", true},
		{[]string{"player.example.org"}, "https://evil.example.org", false},
		{[]string{"*"}, "null", false},
	} {
		r := newRig(t, server.Config{Origins: tt.origins})
		got := r.do(post{method: "OPTIONS", path: "/v1/rooms/algebra/whep", origin: tt.origin})
		if got.status != http.StatusNoContent || got.header.Get("Accept-Post") != sdpKind {
			t.Errorf("OPTIONS: %d %v", got.status, got.header)
		}
		want := ""
		if tt.allowed {
			want = tt.origin
		}
		if have := got.header.Get("Access-Control-Allow-Origin"); have != want {
			t.Errorf("%v: %s may: %q", tt.origins, tt.origin, have)
		}
		if tt.allowed && (!strings.Contains(got.header.Get("Access-Control-Allow-Headers"), "If-Match") || !strings.Contains(got.header.Get("Access-Control-Expose-Headers"), "Location")) {
			t.Errorf("headers %v", got.header)
		}
	}
}

func TestOffersAsProgramsWriteThem(t *testing.T) {
	for name, offer := range map[string]string{"OBS": fixtureOBS, "OBS, simulcast": fixtureOBSSimulcast, "GStreamer": fixtureGStreamer} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, server.Config{})
			r.join("ana", wire.Host)
			got := r.do(post{method: "POST", path: "/v1/rooms/algebra/whip", token: r.token("ana", wire.Host), kind: sdpKind, body: offer})
			if got.status != http.StatusCreated {
				t.Fatalf("%d %s", got.status, got.body)
			}
			for _, want := range []string{"a=group:BUNDLE 0 1", "a=recvonly", "a=candidate:", "a=setup:"} {
				if !strings.Contains(got.body, want) {
					t.Errorf("no %s in\n%s", want, got.body)
				}
			}
			if strings.Contains(offer, "simulcast") && !strings.Contains(got.body, "a=simulcast:recv 0;1;2") {
				t.Errorf("no layers in\n%s", got.body)
			}
			if strings.Contains(got.body, "m=video 0") {
				t.Errorf("refused:\n%s", got.body)
			}
		})
	}
}

func TestSessionsOfOnePersonAreBounded(t *testing.T) {
	r := newRig(t, server.Config{})
	r.join("ana", wire.Host)
	token := r.token("ana", wire.Host)
	var locations []string
	for range 5 {
		got := r.do(post{method: "POST", path: "/v1/rooms/algebra/whip", token: token, kind: sdpKind, body: fixtureOBS})
		if got.status != http.StatusCreated {
			t.Fatalf("%d %s", got.status, got.body)
		}
		locations = append(locations, got.header.Get("Location"))
	}
	for i, location := range locations {
		want := http.StatusOK
		if i == 0 {
			want = http.StatusNotFound // it made way
		}
		if got := r.do(post{method: "DELETE", path: location, token: token}); got.status != want {
			t.Errorf("session %d: %d, want %d", i, got.status, want)
		}
	}
}

func TestSessionsEndWithTheToken(t *testing.T) {
	r := newRig(t, server.Config{})
	r.join("ana", wire.Host)
	e := newEncoder(t, webrtc.MimeTypeVP8)
	e.publish(r, r.mint(auth.Claims{Kind: auth.Publishing, Room: algebra, User: "ana", Name: "Ana", Role: wire.Host, Expires: time.Now().Add(2*time.Second - auth.Leeway)}))
	e.states.until(t, webrtc.PeerConnectionStateClosed)
}

func TestNobodyPublishesIntoAClassThatIsOver(t *testing.T) {
	r := newRig(t, server.Config{})
	host := r.join("ana", wire.Host)
	token := r.token("ana", wire.Host)
	e := newEncoder(t, webrtc.MimeTypeVP8)
	e.publish(r, token)
	e.film('a')
	host.until(func(m message) bool { return m.Type == "stage.changed" })
	p := newPlayer(t)
	p.play(r, r.token("cem", wire.Viewer))
	if m := host.ask("room.end", "k2", `{}`); m.Type != "ok" {
		t.Fatalf("end: %s %s", m.Type, m.Data)
	}
	r.stage.EndRoom(algebra)
	e.states.until(t, webrtc.PeerConnectionStateClosed)
	p.states.until(t, webrtc.PeerConnectionStateClosed)
	again := newEncoder(t, webrtc.MimeTypeVP8)
	got := r.do(post{method: "POST", path: "/v1/rooms/algebra/whip", token: token, kind: sdpKind, body: offerOf(t, again.pc, nil)})
	if got.status != http.StatusConflict || !strings.Contains(got.body, "room.ended") {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestWhoIsExpelledSeesNoMore(t *testing.T) {
	r := newRig(t, server.Config{})
	host := r.join("ana", wire.Host)
	r.join("cem", wire.Viewer)
	e := newEncoder(t, webrtc.MimeTypeVP8)
	e.publish(r, r.token("ana", wire.Host))
	e.film('a')
	host.until(func(m message) bool { return m.Type == "stage.changed" })
	banned, other := newPlayer(t), newPlayer(t)
	banned.play(r, r.token("cem", wire.Viewer))
	other.play(r, r.token("dan", wire.Viewer))
	if m := host.ask("mod.ban", "k1", `{"user":"cem"}`); m.Type != "ok" {
		t.Fatalf("ban: %s %s", m.Type, m.Data)
	}
	r.stage.Expel(algebra, "cem")
	banned.states.until(t, webrtc.PeerConnectionStateClosed)
	got := r.do(post{method: "POST", path: "/v1/rooms/algebra/whep", token: r.token("cem", wire.Viewer), kind: sdpKind, body: fixtureWHEP})
	if got.status != http.StatusForbidden || !strings.Contains(got.body, "mod.banned") {
		t.Errorf("%d %s", got.status, got.body)
	}
	other.screen.both(t, 'a', 20)
}

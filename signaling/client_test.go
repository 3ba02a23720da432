package signaling_test

import (
	"context"
	"encoding/binary"
	"sync"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/signaling"
	"github.com/lyceum-live/lyceum/wire"
)

// patience is how long a test waits for what must happen.
const patience = 10 * time.Second

// house is a server's media: an engine on a free port and the service.
type house struct {
	engine  *media.Engine
	service *signaling.Service
	tcp     string // where media is taken over TCP; "": nowhere
}

func newHouse(t *testing.T, grace time.Duration) *house { return newHouseAt(t, "127.0.0.1:0", grace) }

func newHouseAt(t *testing.T, listen string, grace time.Duration) *house {
	t.Helper()
	engine, err := media.NewEngine(media.Config{Listen: listen, Grace: grace}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	h := &house{engine: engine, service: signaling.New(engine, zap.NewNop())}
	t.Cleanup(func() {
		h.service.Close()
		if err := engine.Close(); err != nil {
			t.Errorf("close engine: %v", err)
		}
	})
	return h
}

// socket is a client's side of a room's socket.
type socket struct {
	t    *testing.T
	peer *signaling.Peer

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced with each message
	messages []message
}

type message struct {
	kind string
	data any
}

func (h *house) join(t *testing.T, room wire.RoomID, user wire.UserID, rights signaling.Rights) *socket {
	s := &socket{t: t, changed: make(chan struct{})}
	s.peer = h.service.Peer(room, user, rights, func(kind string, data any) {
		s.mu.Lock()
		s.messages = append(s.messages, message{kind, data})
		close(s.changed)
		s.changed = make(chan struct{})
		s.mu.Unlock()
	})
	t.Cleanup(s.peer.Close)
	return s
}

func (s *socket) request(kind string, data any) (any, error) {
	s.t.Helper()
	b, err := wire.Encode(data)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.peer.Handle(context.Background(), kind, b)
}

func (s *socket) must(kind string, data any) any {
	s.t.Helper()
	reply, err := s.request(kind, data)
	if err != nil {
		s.t.Fatalf("%s: %v", kind, err)
	}
	return reply
}

// next waits for a message from position from on that pred wants, and returns
// it with the position after it.
func (s *socket) next(from int, what string, pred func(message) bool) (message, int) {
	s.t.Helper()
	deadline := time.After(patience)
	for {
		s.mu.Lock()
		for i := from; i < len(s.messages); i++ {
			if pred(s.messages[i]) {
				m := s.messages[i]
				s.mu.Unlock()
				return m, i + 1
			}
		}
		from = len(s.messages)
		changed := s.changed
		s.mu.Unlock()
		select {
		case <-changed:
		case <-deadline:
			s.t.Fatalf("no %s within %v", what, patience)
		}
	}
}

func (s *socket) offer(from int) (signaling.Offer, int) {
	m, next := s.next(from, "media.offer", func(m message) bool { return m.kind == "media.offer" })
	return m.data.(signaling.Offer), next
}

func (s *socket) ended(from int) signaling.Ended {
	m, _ := s.next(from, "media.ended", func(m message) bool { return m.kind == "media.ended" })
	return m.data.(signaling.Ended)
}

// host publishes three synthetic VP8 layers and a microphone.
type host struct {
	*socket
	pc     *webrtc.PeerConnection
	camera *webrtc.RTPSender
	layers [3]*source
	sound  *webrtc.TrackLocalStaticRTP
	plis   chan uint32 // SSRCs for which a keyframe was asked
	up     chan struct{}
}

// source is one synthetic layer. Its packets say which they are.
type source struct {
	track *webrtc.TrackLocalStaticRTP
	rid   byte
	index int
	ext   map[uint8][]byte
	seq   uint16
	frame int
	sent  int
}

var rids = [3]string{"l", "m", "h"}

func newHost(t *testing.T, s *socket) *host { return newHostOf(t, s, rids) }

// newHostOf is a host that calls its layers so, the smallest first or last.
func newHostOf(t *testing.T, s *socket, rids [3]string) *host {
	t.Helper()
	m := &webrtc.MediaEngine{}
	if err := m.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	if err := webrtc.ConfigureSimulcastExtensionHeaders(m); err != nil {
		t.Fatal(err)
	}
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	api := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithInterceptorRegistry(&interceptor.Registry{}), webrtc.WithSettingEngine(settings))
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	h := &host{socket: s, pc: pc, plis: make(chan uint32, 1000), up: make(chan struct{})}
	t.Cleanup(func() { _ = pc.Close() })
	var once sync.Once
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(h.up) })
		}
	})
	for i, rid := range rids {
		track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "camera", "host", webrtc.WithRTPStreamID(rid))
		if err != nil {
			t.Fatal(err)
		}
		h.layers[i] = &source{track: track, rid: rid[0], index: i, seq: uint16(65500 + 100*i)}
		if i == 0 {
			h.camera, err = pc.AddTrack(track)
		} else {
			err = h.camera.AddEncoding(track)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	h.sound, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "microphone", "host")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pc.AddTrack(h.sound); err != nil {
		t.Fatal(err)
	}
	for _, rid := range rids {
		go func() {
			for {
				packets, _, err := h.camera.ReadSimulcastRTCP(rid)
				if err != nil {
					return
				}
				for _, p := range packets {
					if pli, ok := p.(*rtcp.PictureLossIndication); ok {
						h.plis <- pli.MediaSSRC
					}
				}
			}
		}()
	}
	return h
}

// offerSDP makes the host's offer and says which line is what.
func (h *host) offerSDP() (string, map[string]media.Source) {
	h.t.Helper()
	if h.pc.SignalingState() == webrtc.SignalingStateStable { // else the last offer still waits
		offer, err := h.pc.CreateOffer(nil)
		if err != nil {
			h.t.Fatal(err)
		}
		if err := h.pc.SetLocalDescription(offer); err != nil {
			h.t.Fatal(err)
		}
	}
	sources := map[string]media.Source{}
	for _, tr := range h.pc.GetTransceivers() {
		sources[tr.Mid()] = media.Source(tr.Sender().Track().ID())
	}
	return h.pc.LocalDescription().SDP, sources
}

type publishData struct {
	SDP     string                  `json:"sdp"`
	Sources map[string]media.Source `json:"sources"`
}

// publish negotiates and connects.
func (h *host) publish() {
	h.t.Helper()
	text, sources := h.offerSDP()
	reply := h.must("media.publish", publishData{text, sources}).(signaling.Answer)
	h.connect(reply.SDP)
}

// connect takes the answer, waits for the connection and reads the extension ids.
func (h *host) connect(answer string) {
	h.t.Helper()
	if err := h.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		h.t.Fatal(err)
	}
	select {
	case <-h.up:
	case <-time.After(patience):
		h.t.Fatal("the sending connection did not come up")
	}
	mid := h.pc.GetTransceivers()[0].Mid()
	for _, l := range h.layers {
		l.ext = map[uint8][]byte{}
		for _, e := range h.camera.GetParameters().HeaderExtensions {
			switch e.URI {
			case sdp.SDESMidURI:
				l.ext[uint8(e.ID)] = []byte(mid)
			case sdp.SDESRTPStreamIDURI:
				l.ext[uint8(e.ID)] = []byte{l.rid}
			}
		}
	}
}

// picture sends one frame of three packets on every layer, and one packet of
// sound.
func (h *host) picture(key bool) {
	h.t.Helper()
	for _, l := range h.layers {
		l.send(h.t, key, 3)
	}
	l := h.layers[0]
	p := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: uint16(l.frame), Timestamp: uint32(l.frame) * 960}, Payload: []byte("sound")}
	if err := h.sound.WriteRTP(p); err != nil {
		h.t.Fatal(err)
	}
}

func (s *source) send(t *testing.T, key bool, packets int) {
	t.Helper()
	for i := range packets {
		pid := uint16(s.frame+1000*s.index) & 0x7fff
		b := []byte{0x80, 0xe0, byte(pid>>8) | 0x80, byte(pid), byte(s.frame), 0}
		if i == 0 {
			b[0] |= 0x10
			if key {
				b = append(b, 0x10, 0, 0, 0x9d, 0x01, 0x2a)
				b = binary.LittleEndian.AppendUint16(b, uint16(160<<s.index))
				b = binary.LittleEndian.AppendUint16(b, uint16(90<<s.index))
			} else {
				b = append(b, 0x11)
			}
		}
		b = append(b, s.rid, byte(s.sent>>24), byte(s.sent>>16), byte(s.sent>>8), byte(s.sent))
		p := &rtp.Packet{Header: rtp.Header{
			Version: 2, SequenceNumber: s.seq, Timestamp: uint32(s.frame)*3000 + uint32(s.index)*1e6, Marker: i == packets-1,
		}, Payload: b}
		for id, v := range s.ext {
			if err := p.SetExtension(id, v); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.track.WriteRTP(p); err != nil {
			t.Fatal(err)
		}
		s.seq++
		s.sent++
	}
	s.frame++
}

// film sends a frame of every layer each 10 ms, the first of them whole, until
// stopped; a frame is whole again whenever asked for.
func (h *host) film(t *testing.T) (stop func(), ask func()) {
	quit, done, keys := make(chan struct{}), make(chan struct{}), make(chan struct{}, 1)
	ask = func() {
		select {
		case keys <- struct{}{}:
		default:
		}
	}
	go func() {
		defer close(done)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		key := true
		for {
			h.picture(key)
			key = false
			select {
			case <-keys:
				key = true
			case <-h.plis:
				key = true
			default:
			}
			select {
			case <-tick.C:
			case <-quit:
				return
			}
		}
	}()
	var once sync.Once
	stop = func() { once.Do(func() { close(quit); <-done }) }
	t.Cleanup(stop)
	return stop, ask
}

// watcher is a viewer's browser: it answers offers and keeps what comes.
type watcher struct {
	*socket
	pc  *webrtc.PeerConnection
	api *webrtc.API
	at  int // messages seen

	rewrite func(sdp string) string // changes what it is told; nil: nothing

	mu      sync.Mutex
	sources map[string]media.Source
	got     map[media.Source][]*rtp.Packet
	ssrc    map[media.Source]webrtc.SSRC
	more    chan struct{} // closed and replaced with each packet
	drop    func(*rtp.Packet) bool
	rtx     int
}

func newWatcher(t *testing.T, s *socket) *watcher {
	t.Helper()
	m := &webrtc.MediaEngine{}
	if err := m.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	w := &watcher{
		socket: s, got: map[media.Source][]*rtp.Packet{}, ssrc: map[media.Source]webrtc.SSRC{}, more: make(chan struct{}),
		api: webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithInterceptorRegistry(&interceptor.Registry{}), webrtc.WithSettingEngine(settings)),
	}
	w.open()
	return w
}

// open begins a fresh connection.
func (w *watcher) open() {
	pc, err := w.api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.pc = pc
	w.t.Cleanup(func() { _ = pc.Close() })
	pc.OnTrack(func(track *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
		mid := r.RTPTransceiver().Mid()
		for {
			p, attributes, err := track.ReadRTP()
			if err != nil {
				return
			}
			w.mu.Lock()
			source := w.sources[mid]
			w.ssrc[source] = track.SSRC()
			if attributes.Get(webrtc.AttributeRtxSsrc) != nil {
				w.rtx++
			}
			if w.drop == nil || !w.drop(p) {
				w.got[source] = append(w.got[source], p)
			}
			close(w.more)
			w.more = make(chan struct{})
			w.mu.Unlock()
		}
	})
}

type answerData struct {
	SDP        string `json:"sdp"`
	Generation int    `json:"generation"`
}

// accept waits for the next offer and answers it.
func (w *watcher) accept() signaling.Offer {
	w.t.Helper()
	offer, at := w.offer(w.at)
	w.at = at
	w.mu.Lock()
	w.sources = offer.Sources
	w.mu.Unlock()
	if w.rewrite != nil {
		offer.SDP = w.rewrite(offer.SDP)
	}
	if err := w.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer.SDP}); err != nil {
		w.t.Fatal(err)
	}
	answer, err := w.pc.CreateAnswer(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.pc.SetLocalDescription(answer); err != nil {
		w.t.Fatal(err)
	}
	w.must("media.answer", answerData{w.pc.LocalDescription().SDP, offer.Generation})
	return offer
}

// until waits until pred holds of the packets of a source.
func (w *watcher) until(s media.Source, what string, pred func([]*rtp.Packet) bool) []*rtp.Packet {
	w.t.Helper()
	deadline := time.After(patience)
	for {
		w.mu.Lock()
		got := append([]*rtp.Packet(nil), w.got[s]...)
		more := w.more
		w.mu.Unlock()
		if pred(got) {
			return got
		}
		select {
		case <-more:
		case <-deadline:
			w.t.Fatalf("%s: not within %v; %d packets came", what, patience, len(got))
		}
	}
}

// layerOf says which layer a packet is of, and which of that layer's.
func layerOf(p *rtp.Packet) (rid byte, n int) {
	b := p.Payload[len(p.Payload)-5:]
	return b[0], int(binary.BigEndian.Uint32(b[1:]))
}

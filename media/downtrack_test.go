package media

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"go.uber.org/goleak"
	"go.uber.org/zap"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// screen is the far end of a DownTrack: it keeps what is written to it, in the
// place of a negotiated connection.
type screen struct {
	mu      sync.Mutex
	packets []rtp.Packet
	more    chan struct{}
	closed  chan struct{}
}

func newScreen(t testing.TB) *screen {
	s := &screen{more: make(chan struct{}), closed: make(chan struct{})}
	t.Cleanup(func() { close(s.closed) })
	return s
}

func (s *screen) WriteRTP(h *rtp.Header, payload []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.packets = append(s.packets, rtp.Packet{Header: h.Clone(), Payload: append([]byte(nil), payload...)})
	close(s.more)
	s.more = make(chan struct{})
	return len(payload), nil
}

func (s *screen) Write([]byte) (int, error) { return 0, nil }

// Read blocks: this far end never reports.
func (s *screen) Read([]byte, interceptor.Attributes) (int, interceptor.Attributes, error) {
	<-s.closed
	return 0, nil, fmt.Errorf("closed")
}

func (s *screen) CodecParameters() []webrtc.RTPCodecParameters {
	return append(codecs(webrtc.RTPCodecTypeVideo), codecs(soundKind)...)
}
func (s *screen) HeaderExtensions() []webrtc.RTPHeaderExtensionParameter {
	return []webrtc.RTPHeaderExtensionParameter{{URI: absSendTimeURI, ID: 3}}
}
func (s *screen) SSRC() webrtc.SSRC                       { return 77 }
func (s *screen) SSRCRetransmission() webrtc.SSRC         { return 0 }
func (s *screen) SSRCForwardErrorCorrection() webrtc.SSRC { return 0 }
func (s *screen) WriteStream() webrtc.TrackLocalWriter    { return s }
func (s *screen) ID() string                              { return "" }
func (s *screen) RTCPReader() interceptor.RTCPReader      { return s }

// until waits for n packets.
func (s *screen) until(t *testing.T, n int) []rtp.Packet {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		s.mu.Lock()
		packets, more := append([]rtp.Packet(nil), s.packets...), s.more
		s.mu.Unlock()
		if len(packets) >= n {
			return packets
		}
		select {
		case <-more:
		case <-deadline:
			t.Fatalf("%d packets of %d", len(packets), n)
		}
	}
}

// wait is like do, and returns when f is done or the writer has ended.
func (w *writer) wait(f func()) {
	finished := make(chan struct{})
	w.do(func() { f(); close(finished) })
	select {
	case <-finished:
	case <-w.done:
	}
}

func testEngine(t testing.TB) *Engine {
	e, err := NewEngine(Config{Listen: "127.0.0.1:0"}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// camera is a layer that a test films.
type camera struct {
	*layer
	asks  atomic.Int32
	frame int
	seq   uint16
}

// onAirCamera puts a camera with one VP8 layer on a new stage.
func onAirCamera(e *Engine, asked func()) (*Stage, *camera) {
	stage := e.NewStage(func() {})
	c := &camera{seq: 65530}
	codec := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}
	c.layer = newLayer(e, Camera, high, codec.MimeType, codec.ClockRate, func() { c.asks.Add(1); asked() })
	l := &line{codec: codec}
	l.layers[high].Store(c.layer)
	stage.attach(Camera, l, nil)
	return stage, c
}

// film pushes one frame of three packets.
func (c *camera) film(key bool) {
	for i := range 3 {
		h := rtp.Header{Version: 2, SequenceNumber: c.seq, Timestamp: uint32(c.frame) * 3000, Marker: i == 2}
		raw, _ := h.Marshal()
		c.push(append(raw, vp8Payload(uint16(c.frame), uint8(c.frame), i == 0, key && i == 0, 1280, 720)...), time.Now())
		c.seq++
	}
	c.frame++
}

// watchCamera joins a viewer who gets the camera on a screen.
func watchCamera(t testing.TB, e *Engine, s *Stage) (*screen, *DownTrack) {
	v, err := e.NewViewer(s, Auto, func(Shown) {})
	if err != nil {
		t.Fatal(err)
	}
	track := &DownTrack{viewer: v, source: Camera, codec: s.program()[0].codec, feed: s.feed(Camera), shown: none}
	v.writer.do(func() { v.tracks = append(v.tracks, track) })
	far := newScreen(t)
	if _, err := track.Bind(far); err != nil {
		t.Fatal(err)
	}
	v.Connected()
	t.Cleanup(v.Close)
	return far, track
}

func TestLateViewerBeginsWithTheCachedKeyframe(t *testing.T) {
	e := testEngine(t)
	stage, camera := onAirCamera(e, func() {})
	camera.film(true)
	for range 60 {
		camera.film(false)
	}
	far, _ := watchCamera(t, e, stage)
	far.until(t, 61*3)
	for range 20 {
		camera.film(false)
	}
	packets := far.until(t, 81*3)
	if _, _, key := vp8Keyframe(mustVP8(t, packets[0].Payload), packets[0].Payload); !key {
		t.Fatal("it does not begin with a keyframe")
	}
	for i := 1; i < len(packets); i++ {
		a, b := packets[i-1], packets[i]
		if b.SequenceNumber != a.SequenceNumber+1 {
			t.Fatalf("packet %d: number %d after %d", i, b.SequenceNumber, a.SequenceNumber)
		}
		d := b.Timestamp - a.Timestamp
		switch {
		case !a.Marker && d != 0:
			t.Fatalf("packet %d: a frame changed its time by %d", i, d)
		case a.Marker && i < 61*3 && (d == 0 || d > 100):
			t.Fatalf("packet %d: %d ticks between cached frames: they shall be shown at once", i, d)
		case a.Marker && i >= 61*3 && d != 3000:
			t.Fatalf("packet %d: %d ticks between frames as they come, want 3000", i, d)
		}
	}
	if n := camera.asks.Load(); n != 0 {
		t.Errorf("%d keyframes asked for; the cached one was enough", n)
	}
	if len(packets[0].GetExtension(3)) != 3 {
		t.Error("no send time on the packets: browsers estimate nothing without")
	}
}

func mustVP8(t *testing.T, b []byte) vp8Descriptor {
	d, ok := parseVP8(b)
	if !ok {
		t.Fatalf("%x is not VP8", b)
	}
	return d
}

// TestTwoHundredJoinsAskForOneKeyframe: the camera has been running without a
// keyframe in reach, then a whole class comes at once.
func TestTwoHundredJoinsAskForOneKeyframe(t *testing.T) {
	e := testEngine(t)
	asked := make(chan struct{}, 100)
	stage, camera := onAirCamera(e, func() { asked <- struct{}{} })
	camera.film(false)
	began := time.Now()
	var class []*screen
	for range 200 {
		far, _ := watchCamera(t, e, stage)
		class = append(class, far)
	}
	<-asked
	camera.film(false) // not yet: nobody may begin with this
	camera.film(true)
	camera.film(false)
	for _, far := range class {
		packets := far.until(t, 6)
		if _, _, key := vp8Keyframe(mustVP8(t, packets[0].Payload), packets[0].Payload); !key {
			t.Fatal("a viewer began without a keyframe")
		}
	}
	if n, most := int(camera.asks.Load()), 1+int(time.Since(began)/keyframeEvery); n > most {
		t.Errorf("%d keyframes asked for in %v, want at most %d", n, time.Since(began), most)
	}
}

func TestPacketsAreSentAgainAsTheyWereWithoutRTX(t *testing.T) {
	e := testEngine(t)
	stage, camera := onAirCamera(e, func() {})
	camera.film(true)
	far, track := watchCamera(t, e, stage)
	far.until(t, 3)
	track.viewer.writer.wait(func() { track.rewriter.current().pictID += 5 }) // as after a switch
	for range 50 {
		camera.film(false)
	}
	packets := far.until(t, 51*3)
	nack := func(numbers ...uint16) feedback {
		return feedback{track: track, packets: []rtcp.Packet{&rtcp.TransportLayerNack{MediaSSRC: 77, Nacks: rtcp.NackPairsFromSequenceNumbers(numbers)}}}
	}
	lost := packets[20]
	track.viewer.writer.reports <- nack(lost.SequenceNumber)
	again := far.until(t, len(packets)+1)[len(packets)]
	if again.SequenceNumber != lost.SequenceNumber || again.Timestamp != lost.Timestamp || string(again.Payload) != string(lost.Payload) {
		t.Errorf("sent again as %v, was %v", again, lost)
	}

	// Everything, over and over: it has its share and no more.
	var all []uint16
	for _, p := range packets {
		all = append(all, p.SequenceNumber)
	}
	began := time.Now()
	for range 20 {
		track.viewer.writer.reports <- nack(all...)
	}
	track.viewer.writer.wait(func() {})
	far.mu.Lock()
	n := len(far.packets) - len(packets) - 1
	far.mu.Unlock()
	if most := resendBudget * (2 + int(time.Since(began)/tickEvery)); n > most {
		t.Errorf("%d sent again, want at most %d", n, most)
	}
}

// TestWhatWaitsIsNotSentTwice: packets wait for the writer while the viewer
// reads the very same ones from the cache.
func TestWhatWaitsIsNotSentTwice(t *testing.T) {
	w := newWriter(0, nil)
	l := newLayer(&Engine{writers: []*writer{w}}, Camera, high, webrtc.MimeTypeVP8, 90000, func() {})
	camera := &camera{layer: l}
	far := newScreen(t)
	v := &Viewer{stage: &Stage{}, writer: w, quality: High, chooser: newChooser(), onLayer: func(Shown) {}, connected: true}
	track := &DownTrack{viewer: v, source: Camera, feed: &feed{}, bound: true, out: far, shown: none}
	track.want(l)
	camera.film(true) // waits
	track.join(l, l.cache.joint(time.Now(), joinAge), time.Now())
	camera.film(false) // waits as well
	for len(w.packets) > 0 {
		w.forwardRun(<-w.packets)
	}
	packets := far.until(t, 6)
	if len(packets) != 6 {
		t.Fatalf("%d packets of 6", len(packets))
	}
	for i := 1; i < len(packets); i++ {
		if packets[i].SequenceNumber != packets[i-1].SequenceNumber+1 {
			t.Fatalf("number %d after %d", packets[i].SequenceNumber, packets[i-1].SequenceNumber)
		}
	}
}

// TestLayersMeetOnThePublishersClock: two layers count time from different
// numbers; the publisher's reports say how they belong together.
func TestLayersMeetOnThePublishersClock(t *testing.T) {
	now := newClock()
	a, b := &layer{clock: 90000}, &layer{clock: 90000}
	a.report.Store(&clockPoint{ntp: ntp(now), ts: 1000, at: now})
	b.report.Store(&clockPoint{ntp: ntp(now.Add(-500 * time.Millisecond)), ts: 4_000_000_000, at: now})
	track := &DownTrack{}
	first := &packet{seq: 1 << 32, ts: 1000, payload: []byte{0}}
	track.rewriter.begin(a, first, 50_000, 0)
	track.rewriter.forward(first)
	track.lastAt = now
	// A frame of b filmed 100 ms after that one, which reaches us 130 ms after it.
	next := &packet{seq: 1 << 32, ts: 4_000_000_000 + 54_000}
	ts := track.nextTS(b, next, now.Add(130*time.Millisecond))
	if off := int32(ts - (50_000 + 9000)); max(off, -off) > 2 {
		t.Errorf("it goes on at %d, want %d", ts, 50_000+9000)
	}
	b.report.Store(&clockPoint{ntp: ntp(now.Add(time.Hour)), ts: 7, at: now}) // a publisher that cannot be right
	if ts := track.nextTS(b, next, now.Add(130*time.Millisecond)); ts != 50_000+11_700 {
		t.Errorf("without reports it goes on at %d, want %d", ts, 50_000+11_700)
	}
}

func TestAFullQueueKeepsRoomForSound(t *testing.T) {
	w := newWriter(0, nil)
	picture, sound := delivery{layer: &layer{video: true}}, delivery{layer: &layer{}}
	for w.offer(picture) {
	}
	if len(w.packets) > queueLength-soundRoom+1 {
		t.Fatalf("%d pictures in a queue of %d", len(w.packets), queueLength)
	}
	for range soundRoom / 2 {
		if !w.offer(sound) {
			t.Fatal("sound was dropped while there was room for it")
		}
	}
}

func TestStageKeepsALostSourceForItsPublisher(t *testing.T) {
	e := testEngine(t)
	changes := make(chan []Source, 10)
	var stage *Stage
	stage = e.NewStage(func() { changes <- stage.OnAir() })
	first, second := &Ingest{}, &Ingest{}
	camera := &line{codec: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}}

	stage.attach(Camera, camera, first)
	if on := <-changes; len(on) != 1 {
		t.Fatalf("on air: %v", on)
	}
	stage.detach(Camera, first, time.Hour)
	stage.detach(Camera, first, time.Hour)
	if before := stage.attach(Camera, camera, second); before != first {
		t.Error("who was lost is not told that the source is another's now")
	}
	stage.detach(Camera, first, 0) // too late: it is another's
	if on := stage.OnAir(); len(on) != 1 {
		t.Fatalf("on air: %v", on)
	}
	if before := stage.attach(Camera, camera, first); before != second {
		t.Error("nobody was told that the source was taken over")
	}
	if len(changes) != 0 {
		t.Error("viewers were told of changes that they cannot see")
	}
	stage.detach(Camera, first, 10*time.Millisecond)
	select {
	case on := <-changes:
		if len(on) != 0 {
			t.Errorf("after grace: %v", on)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it stayed on air after its grace")
	}
}

func TestConfigIsChecked(t *testing.T) {
	for _, bad := range []Config{
		{Listen: "nowhere"}, {PublicIPs: []string{"example.org"}}, {Grace: -1}, {Lost: time.Millisecond},
	} {
		if bad.Check() == nil {
			t.Errorf("%+v passed", bad)
		}
	}
	if err := (Config{}).Check(); err != nil {
		t.Errorf("the defaults do not pass: %v", err)
	}
}

// discard takes packets and forgets them.
type discard struct {
	screen
	taken *int
}

func (d *discard) WriteRTP(_ *rtp.Header, payload []byte) (int, error) {
	*d.taken++
	return len(payload), nil
}

// BenchmarkForward is the work for one packet of 1.2 kB and N viewers without
// encryption and network: choosing, rewriting and dispatching.
func BenchmarkForward(b *testing.B) {
	for _, uri := range []string{absSendTimeURI, transportCCURI} {
		name := map[string]string{absSendTimeURI: "send-time", transportCCURI: "numbered"}[uri]
		for _, n := range []int{1, 100, 1000} {
			b.Run(fmt.Sprintf("%s/viewers=%d", name, n), func(b *testing.B) { benchmarkForward(b, uri, n) })
		}
	}
}

func benchmarkForward(b *testing.B, uri string, n int) {
	w := newWriter(0, nil)
	e := &Engine{writers: []*writer{w}}
	l := newLayer(e, Camera, high, webrtc.MimeTypeVP8, 90000, func() {})
	feed := &feed{}
	taken := 0
	for range n {
		v := &Viewer{stage: &Stage{}, writer: w, quality: High, chooser: newChooser(), onLayer: func(Shown) {}, connected: true}
		v.pilot = &pilot{estimator: *newEstimator(time.Now())}
		t := &DownTrack{viewer: v, source: Camera, feed: feed, bound: true, out: &discard{taken: &taken}, shown: none}
		t.header = rtp.Header{Version: 2}
		t.wideNumber, t.sendTime, _ = extensions(&t.header, []webrtc.RTPHeaderExtensionParameter{{URI: uri, ID: 3}})
		t.want(l)
	}
	payload := func(key bool, frame int) []byte {
		return append(vp8Payload(uint16(frame), uint8(frame), true, key, 1280, 720), make([]byte, 1190)...)
	}
	parse := func(key bool, i int) *packet {
		h := rtp.Header{Version: 2, SequenceNumber: uint16(i), Timestamp: uint32(i) * 3000, Marker: true}
		raw, _ := h.Marshal()
		p, _ := l.parser.parse(append(raw, payload(key, i)...), time.Now())
		return p
	}
	// A switch first, so that picture ids really have to be rewritten.
	w.forwardRun(delivery{l, parse(true, 0)})
	for _, t := range l.outs[0] {
		t.rewriter.segments[0].pictID += 5
	}
	packets := make([]*packet, 1024)
	for i := range packets {
		packets[i] = parse(false, i+1)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		w.forwardRun(delivery{l, packets[i%len(packets)]})
	}
	if want := (b.N + 1) * n; taken != want {
		b.Fatalf("%d packets came through, want %d", taken, want)
	}
	b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "packets/s")
}

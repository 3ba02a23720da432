package media

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
)

// Ingest is one publisher's peer connection. What its lines bring is on air
// while a line is assigned to a source and the connection stands.
type Ingest struct {
	stage *Stage
	pc    *webrtc.PeerConnection
	watch func(webrtc.PeerConnectionState)
	taken func(Source)

	needed chan struct{} // a paused layer is
	ended  chan struct{} // closed by Close
	once   sync.Once     // closes it

	mu       sync.Mutex
	lines    map[string]*line // by mid
	assigned map[string]Source
	ranks    map[string]level // of layers whose names do not tell it
	refused  map[Source]bool  // not forwarded now
	up       bool
	closed   bool
}

// NewIngest opens a publisher's peer connection to the stage. watch is told
// the connection's states; taken, that another publisher now has the source.
// Neither may block.
func (e *Engine) NewIngest(s *Stage, watch func(webrtc.PeerConnectionState), taken func(Source)) (*Ingest, error) {
	pc, err := e.connect(e.nextSenders())
	if err != nil {
		return nil, fmt.Errorf("new ingest: %w", err)
	}
	in := &Ingest{
		stage: s, pc: pc, watch: watch, taken: taken,
		needed: make(chan struct{}, 1), ended: make(chan struct{}),
		lines: map[string]*line{}, assigned: map[string]Source{},
	}
	pc.OnTrack(in.track)
	// pion calls from goroutines of their own, in no order: what is asked is
	// what the state is, not what it was told to be.
	pc.OnConnectionStateChange(func(webrtc.PeerConnectionState) { in.state(pc.ConnectionState()) })
	return in, nil
}

// PC is the publisher's peer connection, for negotiating.
func (in *Ingest) PC() *webrtc.PeerConnection { return in.pc }

// Assign says which lines, by mid, are which source. Sources that were
// assigned before and are not now go off the air at once.
func (in *Ingest) Assign(sources map[string]Source) {
	in.mu.Lock()
	before := in.assigned
	in.assigned = maps.Clone(sources)
	if in.assigned == nil {
		in.assigned = map[string]Source{}
	}
	in.mu.Unlock()
	still := slices.Collect(maps.Values(sources))
	for _, s := range before {
		if !slices.Contains(still, s) {
			in.stage.detach(s, in, 0)
		}
	}
	in.settle()
}

// Refuse has what comes for these sources dropped, from the next packet on, and
// that of all others forwarded. They stay on air, dark and silent, so that
// nothing is negotiated when they go on.
func (in *Ingest) Refuse(refused ...Source) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.refused = map[Source]bool{}
	for _, s := range refused {
		in.refused[s] = true
	}
	for mid, source := range in.assigned {
		if l := in.lines[mid]; l != nil {
			l.shut.Store(in.refused[source])
		}
	}
}

// Rank says which layers the publisher's simulcast streams are, by their RIDs,
// the largest picture first. Without it they are called "h", "m" and "l".
func (in *Ingest) Rank(rids []string) {
	ranks := map[string]level{}
	for i, rid := range rids {
		switch i {
		case 0:
			ranks[rid] = high
		case len(rids) - 1:
			ranks[rid] = low
		case 1:
			ranks[rid] = medium
		}
	}
	in.mu.Lock()
	in.ranks = ranks
	in.mu.Unlock()
}

func (in *Ingest) levelOf(rid string) (level, bool) {
	in.mu.Lock()
	lv, ok := in.ranks[rid]
	named := len(in.ranks) > 0 && rid != ""
	in.mu.Unlock()
	if named {
		return lv, ok
	}
	return levelOf(rid)
}

// settle puts every assigned line that has come on air.
func (in *Ingest) settle() {
	on := map[Source]*line{}
	in.mu.Lock()
	if in.up && !in.closed {
		for mid, source := range in.assigned {
			if l := in.lines[mid]; l != nil {
				l.shut.Store(in.refused[source])
				on[source] = l
			}
		}
	}
	in.mu.Unlock()
	for _, source := range sources {
		if l := on[source]; l != nil {
			before := in.stage.attach(source, l, in)
			if !in.has(source) { // closed, or assigned anew, in the meantime
				in.stage.detach(source, in, 0)
			}
			if before != nil {
				before.lose(source)
			}
		}
	}
}

// has reports whether the source is assigned and may be on air.
func (in *Ingest) has(s Source) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.up && slices.Contains(slices.Collect(maps.Values(in.assigned)), s)
}

// lose forgets a source that another publisher has taken.
func (in *Ingest) lose(s Source) {
	in.forget(s)
	in.taken(s)
}

// forget undoes the assignment of a source.
func (in *Ingest) forget(s Source) {
	in.mu.Lock()
	defer in.mu.Unlock()
	maps.DeleteFunc(in.assigned, func(_ string, assigned Source) bool { return assigned == s })
}

// Close ends the connection. What it had on air stays for grace, silent, so
// that the publisher may come back; without grace it goes off at once.
func (in *Ingest) Close(grace time.Duration) {
	in.once.Do(func() { close(in.ended) })
	in.mu.Lock()
	in.closed, in.up = true, false
	in.mu.Unlock()
	in.release(grace)
	in.stage.engine.disconnect(in.pc)
}

func (in *Ingest) release(grace time.Duration) {
	in.mu.Lock()
	gone := slices.Collect(maps.Values(in.assigned))
	in.mu.Unlock()
	for _, s := range gone {
		in.stage.detach(s, in, grace)
	}
}

func (in *Ingest) state(s webrtc.PeerConnectionState) {
	switch s {
	case webrtc.PeerConnectionStateConnected:
		in.setUp(true)
		in.settle()
	case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
		in.setUp(false)
		in.release(in.stage.engine.config.Grace)
	}
	in.watch(s)
}

func (in *Ingest) setUp(up bool) {
	in.mu.Lock()
	in.up = up && !in.closed
	in.mu.Unlock()
}

// track is called for each incoming stream when its first packet is here.
func (in *Ingest) track(t *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
	lv, ok := in.levelOf(t.RID())
	if !ok {
		return // a layer that we have no name for: nobody can choose it
	}
	mid := r.RTPTransceiver().Mid()
	codec := t.Codec()
	in.mu.Lock()
	if in.closed {
		in.mu.Unlock()
		return
	}
	l := in.lines[mid]
	if l == nil || l.codec.MimeType != codec.MimeType {
		l = &line{codec: codec.RTPCodecCapability}
		in.lines[mid] = l
	}
	source, known := in.assigned[mid]
	if !known || source.Kind() != t.Kind() {
		source = Camera
		if t.Kind() == soundKind {
			source = Microphone
		}
	}
	ask := func() {
		_ = in.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(t.SSRC())}})
	}
	begin := func() *layer {
		layer := newLayer(in.stage.engine, source, lv, codec.MimeType, codec.ClockRate, ask)
		layer.parser.voice = voiceExtension(r)
		layer.neededAt.Store(time.Now().UnixNano())
		layer.wake = func() {
			select {
			case in.needed <- struct{}{}:
			default: // already
			}
		}
		l.layers[lv].Store(layer)
		return layer
	}
	first := begin()
	in.mu.Unlock()

	go in.reports(r, t.RID(), uint32(t.SSRC()), &l.layers[lv])
	in.settle()
	in.read(t, l, &l.layers[lv], first, begin)
}

// read passes on what comes until the connection or the line ends. After it was
// shut for a while, a line goes on as another layer: to its viewers what comes
// then follows what came before without a gap.
func (in *Ingest) read(t *webrtc.TrackRemote, l *line, at *atomic.Pointer[layer], now *layer, begin func() *layer) {
	defer func() { at.CompareAndSwap(now, nil) }()
	b := make([]byte, receiveMTU)
	for {
		n, _, err := t.Read(b)
		if err != nil {
			return
		}
		if l.shut.Load() {
			at.CompareAndSwap(now, nil)
			now = nil
			continue
		}
		if now == nil {
			now = begin()
		}
		now.push(b[:n], time.Now())
	}
}

// reports notes the publisher's sender reports until the line ends.
func (in *Ingest) reports(r *webrtc.RTPReceiver, rid string, ssrc uint32, at *atomic.Pointer[layer]) {
	b := make([]byte, receiveMTU)
	for {
		var n int
		var err error
		if rid == "" {
			n, _, err = r.Read(b)
		} else {
			n, _, err = r.ReadSimulcast(b, rid)
		}
		if err != nil {
			return
		}
		packets, err := rtcp.Unmarshal(b[:n])
		if err != nil {
			continue
		}
		for _, p := range packets {
			if sr, ok := p.(*rtcp.SenderReport); ok && sr.SSRC == ssrc {
				l := at.Load()
				if l == nil { // shut
					continue
				}
				l.report.Store(&clockPoint{ntp: sr.NTPTime, ts: sr.RTPTime, at: time.Now()})
			}
		}
	}
}

package media

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
)

// estimateLife is how long a browser's estimate of its bandwidth counts.
const estimateLife = 5 * time.Second

// Shown tells which layer a viewer gets now. Layer is "l", "m" or "h", or "" for
// none while the link bears the sound alone; the size is that of the picture, 0
// where its codec does not tell.
type Shown struct {
	Source        Source
	Layer         string
	Width, Height int
}

// Viewer is one receiving peer connection.
//
// Whoever negotiates for it calls [Viewer.Program], [Viewer.SetQuality] and
// [Viewer.Close] from one goroutine; the rest belongs to the viewer's writer.
type Viewer struct {
	stage   *Stage
	pc      *webrtc.PeerConnection
	writer  *writer
	onLayer func(Shown)

	// Owned by the negotiator.
	lines map[lineKey]*webrtc.RTPTransceiver
	own   int // a seat, and one, of which nothing is sent: the viewer's own; 0: none

	// Owned by the writer.
	tracks     []*DownTrack
	mirror     int // own, as the writer knows it
	connected  bool
	quality    Quality
	chooser    *chooser
	estimate   int // bits a second, from the browser
	estimateAt time.Time
	pilot      *pilot // nil: the connection does not number its packets through
	ticks      int
}

// lineKey names one line of the viewer's connection: a source never changes
// its codec within a line.
type lineKey struct {
	source Source
	mime   string
}

// Line is one source in the viewer's session description.
type Line struct {
	Source      Source
	Transceiver *webrtc.RTPTransceiver
}

// NewViewer opens a receiving peer connection to the stage. onLayer is called
// by a writer and must not block.
func (e *Engine) NewViewer(s *Stage, q Quality, onLayer func(Shown)) (*Viewer, error) {
	in, w := &intake{}, e.nextWriter()
	pc, err := e.connect(viewerAPI(e.viewers, e.common, in, batchMux{e.socketOf(w).mux, w.batch}))
	if err != nil {
		return nil, fmt.Errorf("new viewer: %w", err)
	}
	in.full = func() { e.disconnect(pc) }
	v := &Viewer{
		stage: s, pc: pc, writer: w, onLayer: onLayer,
		lines: map[lineKey]*webrtc.RTPTransceiver{}, quality: q, chooser: newChooser(),
	}
	in.heed = v.heed
	v.writer.do(func() { v.writer.viewers = append(v.writer.viewers, v) })
	return v, nil
}

// PC is the viewer's peer connection, for negotiating.
func (v *Viewer) PC() *webrtc.PeerConnection { return v.pc }

// Program returns the lines of all that is on air, after adding those that the
// connection did not have. Their mids are known once the offer is set.
func (v *Viewer) Program() ([]Line, error) {
	var lines []Line
	for _, on := range v.stage.program() {
		if on.source.Seat() == v.own-1 {
			continue
		}
		key := lineKey{on.source, strings.ToLower(on.codec.MimeType)}
		tr := v.lines[key]
		if tr == nil {
			var err error
			if tr, err = v.add(on); err != nil {
				return nil, fmt.Errorf("add %s: %w", on.source, err)
			}
			v.lines[key] = tr
		}
		lines = append(lines, Line{on.source, tr})
	}
	return lines, nil
}

func (v *Viewer) add(on onAir) (*webrtc.RTPTransceiver, error) {
	t := &DownTrack{viewer: v, source: on.source, codec: on.codec, feed: v.stage.feed(on.source), shown: none}
	tr, err := v.pc.AddTransceiverFromTrack(t, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		return nil, err
	}
	if err := tr.SetCodecPreferences(codecsFor(on.codec)); err != nil {
		return nil, err
	}
	v.writer.do(func() { v.tracks = append(v.tracks, t) })
	return tr, nil
}

// Connected starts the sending: what was sent before the connection stood
// would be lost.
func (v *Viewer) Connected() {
	v.writer.do(func() {
		v.connected = true
		v.follow(time.Now())
	})
}

// SetQuality changes the viewer's choice of picture.
func (v *Viewer) SetQuality(q Quality) {
	v.writer.do(func() {
		v.quality = q
		v.follow(time.Now())
	})
}

// SetOwn says which seat is the viewer's own: nobody is sent their own voice.
// It holds from the next [Viewer.Program] on; -1: none.
func (v *Viewer) SetOwn(seat int) {
	if v.own == seat+1 {
		return
	}
	v.own = seat + 1
	v.writer.do(func() {
		v.mirror = seat + 1
		v.follow(time.Now())
	})
}

// Close ends the connection.
func (v *Viewer) Close() {
	v.writer.do(func() {
		v.connected = false
		for _, t := range v.tracks {
			t.idle()
		}
		v.writer.viewers = slices.DeleteFunc(v.writer.viewers, func(o *Viewer) bool { return o == v })
	})
	v.stage.engine.disconnect(v.pc)
}

// allowed is the largest layer of a source that the viewer may have now.
func (v *Viewer) allowed(s Source) level {
	seat, most := s.Seat(), v.quality.level()
	switch {
	case seat == v.mirror-1:
		return none
	case s.Kind() == soundKind:
		return high
	case v.quality == Auto && seat > 0: // as the host's picture, with which it shares the way
		most = v.chooser.levels[Camera.index()]
	case v.quality == Auto:
		most = v.chooser.levels[s.index()]
	}
	if s == Screen {
		return most
	}
	return min(most, v.stage.fitting(seat))
}

func (v *Viewer) follow(now time.Time) {
	for _, t := range v.tracks {
		t.follow(now)
	}
}

// tick is called ten times a second: every tick each track looks where it
// should be, every tenth the chooser looks at how the viewer fares.
func (v *Viewer) tick(now time.Time) {
	if !v.connected {
		return
	}
	for _, t := range v.tracks {
		t.budget = resendBudget
	}
	if v.steered(now) {
		v.steer(now)
	}
	if v.ticks++; v.ticks%10 == 0 {
		if v.quality == Auto && !v.steered(now) {
			v.chooser.look(v.sight(now))
		}
		v.sendReports(now)
	}
	v.follow(now)
}

// sight gathers what the chooser needs.
func (v *Viewer) sight(now time.Time) sight {
	s := sight{now: now}
	if now.Sub(v.estimateAt) < estimateLife {
		s.estimate = v.estimate
	}
	for _, t := range v.tracks {
		line := t.feed.line.Load()
		if !t.bound || line == nil || !strings.EqualFold(line.codec.MimeType, t.codec.MimeType) {
			continue
		}
		s.loss = max(s.loss, t.loss)
		if t.Kind() == soundKind || t.source.Seat() > 0 { // what is not chosen by what it costs
			if t.current != nil {
				s.sound += t.current.bitrate(now)
			}
			continue
		}
		i := t.source.index()
		s.shown[i] = true
		for l := range line.layers {
			if layer := line.layers[l].Load(); layer != nil {
				s.rates[i][l] = layer.bitrate(now)
			}
		}
	}
	return s
}

func (v *Viewer) sendReports(now time.Time) {
	var packets []rtcp.Packet
	for _, t := range v.tracks {
		if r := t.senderReport(now); r != nil {
			packets = append(packets, r)
		}
	}
	if len(packets) > 0 {
		_ = v.pc.WriteRTCP(packets) // a connection that is gone says so elsewhere
	}
}

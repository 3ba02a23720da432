package media

import (
	"fmt"
	"strings"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

const (
	joinAge      = 3 * time.Second // the oldest keyframe that a viewer may begin with
	catchRun     = 40              // packets in one run to a viewer that catches up
	resendBudget = 100             // packets sent again to one track in each tick
)

// DownTrack is one source on its way to one viewer: a [webrtc.TrackLocal] that
// follows one layer at a time.
//
//	idle ──wanted──▶ waiting ──keyframe──▶ following ──wanted another──▶ following and waiting
//	idle ──cached keyframe──▶ catching up ──level──▶ following
//
// All but the first block of fields belongs to the viewer's writer.
type DownTrack struct {
	viewer *Viewer
	source Source
	codec  webrtc.RTPCodecCapability
	feed   *feed

	bound      bool
	out        webrtc.TrackLocalWriter
	header     rtp.Header
	wideNumber []byte // of the header's extension: see transportCCURI; nil: not negotiated
	sendTime   []byte // abs-send-time, likewise; nil where there is a wideNumber
	ssrc       uint32
	rtxSSRC    uint32 // 0: no RTX, what is lost is sent again as it was
	pt         uint8
	rtxPT      uint8
	rtxSeq     uint16

	rewriter rewriter
	current  *layer // what is being sent
	wanted   *layer // what shall be, from its next keyframe on
	catching bool   // the cache is read, not what comes
	resuming bool   // level with the cache: the next frame is live
	cursor   uint64 // next number to be read from the cache; older ones were
	lastIn   uint32 // newest timestamp sent, on the layer's clock
	lastAt   time.Time
	given    uint64 // up to this number the viewer is sent nothing again: see [Viewer.giveUp]
	needKey  bool   // the viewer asked for a keyframe and has not got it yet
	budget   int
	loss     float64
	packets  uint32
	octets   uint32
	shown    level // told to the viewer last
	shownKey int64 // and the picture's size then
}

// ID, RID, StreamID and Kind make a DownTrack a [webrtc.TrackLocal].
func (t *DownTrack) ID() string                { return t.source.track() }
func (t *DownTrack) RID() string               { return "" }
func (t *DownTrack) StreamID() string          { return t.source.group() }
func (t *DownTrack) Kind() webrtc.RTPCodecType { return t.source.Kind() }

// Bind is called when a negotiation has settled how the track is sent.
func (t *DownTrack) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	codec, ok := pick(c.CodecParameters(), t.codec)
	if !ok {
		return webrtc.RTPCodecParameters{}, fmt.Errorf("bind %s: %w", t.source, webrtc.ErrUnsupportedCodec)
	}
	header := rtp.Header{Version: 2}
	number, sendTime, err := extensions(&header, c.HeaderExtensions())
	if err != nil {
		return webrtc.RTPCodecParameters{}, fmt.Errorf("bind %s: %w", t.source, err)
	}
	rtxPT, rtx := rtxOf(c.CodecParameters(), codec.PayloadType)
	t.viewer.writer.do(func() {
		t.out, t.header, t.wideNumber, t.sendTime = c.WriteStream(), header, number, sendTime
		if v := t.viewer; number != nil && v.pilot == nil {
			v.pilot = &pilot{estimator: *newEstimator(time.Now())}
		}
		t.ssrc, t.pt = uint32(c.SSRC()), uint8(codec.PayloadType)
		if rtx {
			t.rtxSSRC, t.rtxPT = uint32(c.SSRCRetransmission()), uint8(rtxPT)
		}
		t.bound, t.budget = true, resendBudget
		t.follow(time.Now())
	})
	go t.listen(c)
	return codec, nil
}

// Unbind ends the sending.
func (t *DownTrack) Unbind(webrtc.TrackLocalContext) error {
	t.viewer.writer.do(func() {
		t.idle()
		t.bound = false
	})
	return nil
}

// listen reads what the viewer's browser says about this track until the
// track's sender stops.
func (t *DownTrack) listen(c webrtc.TrackLocalContext) {
	b := make([]byte, 1500)
	reader := c.RTCPReader()
	for {
		n, _, err := reader.Read(b, nil)
		if err != nil {
			return
		}
		packets, err := rtcp.Unmarshal(b[:n])
		if err != nil {
			continue
		}
		r := feedback{track: t, packets: packets}
		select {
		case t.viewer.writer.reports <- r:
		default: // flooded; what matters will be said again
		}
	}
}

// feedback is one RTCP packet from a viewer, about one track or more; or about
// when packets came, whatever their track.
type feedback struct {
	track   *DownTrack
	packets []rtcp.Packet

	viewer   *Viewer // nil: about a track
	arrivals []byte
}

func (t *DownTrack) report(r feedback, now time.Time) {
	if !t.bound {
		return
	}
	for _, p := range r.packets {
		switch p := p.(type) {
		case *rtcp.TransportLayerNack:
			if p.MediaSSRC != t.ssrc {
				continue
			}
			for _, pair := range p.Nacks {
				pair.Range(func(seq uint16) bool { return t.resend(seq, now) })
			}
		case *rtcp.PictureLossIndication:
			if p.MediaSSRC == t.ssrc {
				t.askKeyframe(now)
			}
		case *rtcp.FullIntraRequest:
			for _, e := range p.FIR {
				if e.SSRC == t.ssrc {
					t.askKeyframe(now)
				}
			}
		case *rtcp.ReceiverEstimatedMaximumBitrate:
			t.viewer.estimate, t.viewer.estimateAt = int(min(p.Bitrate, 1e9)), now
		case *rtcp.ReceiverReport:
			t.heard(p.Reports)
		case *rtcp.SenderReport:
			t.heard(p.Reports)
		}
	}
}

func (t *DownTrack) heard(reports []rtcp.ReceptionReport) {
	for _, r := range reports {
		if r.SSRC == t.ssrc {
			t.loss = float64(r.FractionLost) / 256
		}
	}
}

func (t *DownTrack) askKeyframe(now time.Time) {
	if t.current != nil {
		t.needKey = true
		t.current.needKeyframe(now)
	}
}

// follow looks at what is on air and at what the viewer may have, and goes
// there. It is called on every tick and whenever either changes.
func (t *DownTrack) follow(now time.Time) {
	if !t.bound || !t.viewer.connected {
		return
	}
	target := t.target(now)
	if t.current != nil {
		t.current.need(now)
	}
	if target != nil {
		target.need(now)
		target = t.meanwhile(target, now)
	}
	switch {
	case target == nil:
		t.untell()
		t.idle()
	case target == t.current:
		t.want(nil)
		if t.needKey {
			t.current.needKeyframe(now)
		}
	case target.video && (t.current == nil || !t.current.sent(now)):
		age := joinAge
		if t.viewer.tight(now) {
			age = tightAge
		}
		if p := target.cache.joint(now, age); p != nil {
			t.join(target, p, now)
			return
		}
		fallthrough
	default:
		t.want(target)
		target.needKeyframe(now)
	}
}

// meanwhile is the layer to go to while target has yet to come: target itself if
// what is sent can be gone on with, else the nearest that does come.
func (t *DownTrack) meanwhile(target *layer, now time.Time) *layer {
	if target.sent(now) || t.current != nil && t.current.sent(now) {
		return target
	}
	line := t.feed.line.Load()
	if line == nil {
		return target
	}
	l := nearest(target.level, func(l level) bool {
		layer := line.layers[l].Load()
		return layer != nil && layer.sent(now)
	})
	if l == none {
		return target
	}
	return line.layers[l].Load()
}

// target is the layer that should be sent now, or nil.
func (t *DownTrack) target(now time.Time) *layer {
	line := t.feed.line.Load()
	if line == nil || !strings.EqualFold(line.codec.MimeType, t.codec.MimeType) {
		return nil
	}
	want := t.viewer.allowed(t.source)
	if want == none {
		return nil
	}
	l := nearest(want, func(l level) bool {
		layer := line.layers[l].Load()
		return layer != nil && layer.offered(now)
	})
	if l == none { // on air, but nothing comes: wait where we are
		return t.current
	}
	return line.layers[l].Load()
}

// want waits for the next keyframe of l; nil: for none.
func (t *DownTrack) want(l *layer) {
	if l == t.wanted {
		return
	}
	w := t.viewer.writer
	if t.wanted != nil && t.wanted != t.current {
		w.leave(t.wanted, t)
	}
	t.wanted = l
	if l != nil {
		w.listen(l, t)
	}
}

// idle follows nothing.
func (t *DownTrack) idle() {
	t.want(nil)
	if t.current != nil {
		t.viewer.writer.leave(t.current, t)
		t.current = nil
	}
	t.catching, t.resuming = false, false
	t.shown = none
}

// turn makes l the layer that is sent.
func (t *DownTrack) turn(l *layer) {
	if t.wanted == l {
		t.wanted = nil // and listen on
	}
	t.want(nil)
	if t.current != nil && t.current != l {
		t.viewer.writer.leave(t.current, t)
	}
	t.current = l
	t.viewer.writer.listen(l, t)
	t.catching, t.resuming, t.cursor, t.needKey = false, false, 0, false
}

// join begins with what l's cache holds from keyframe p on.
func (t *DownTrack) join(l *layer, p *packet, now time.Time) {
	ts := t.nextTS(l, p, now)
	t.turn(l)
	t.rewriter.begin(l, p, ts, catchUp)
	t.catching, t.cursor, t.lastIn = true, p.seq, p.ts
	if t.catchUp(now) {
		t.viewer.writer.catch(t)
	}
}

// catchUp sends the next run from the cache. It returns false when the track
// is level with what comes, or has turned to something else.
func (t *DownTrack) catchUp(now time.Time) bool {
	if !t.catching {
		return false
	}
	for range catchRun {
		if t.cursor >= t.current.cache.edge() {
			t.catching, t.resuming = false, true
			return false
		}
		p := t.current.cache.get(t.cursor)
		t.cursor++
		if p != nil {
			t.forward(p, now)
		}
	}
	return true
}

// take is given every packet of the layers that the track listens to.
func (t *DownTrack) take(l *layer, p *packet, now time.Time) {
	switch {
	case l == t.current:
		if !t.catching && p.seq >= t.cursor { // else it was, or will be, read from the cache
			t.forward(p, now)
		}
	case l == t.wanted && (p.key || !l.video):
		ts := t.nextTS(l, p, now)
		t.turn(l)
		t.rewriter.begin(l, p, ts, 0)
		t.lastIn = p.ts
		t.forward(p, now)
	}
}

// nextTS is the timestamp at which p of layer l goes on: by the publisher's
// clock if it has told us enough, else by ours.
func (t *DownTrack) nextTS(l *layer, p *packet, now time.Time) uint32 {
	s := t.rewriter.current()
	if s == nil {
		return p.ts
	}
	ours := t.rewriter.ts + l.ticks(now.Sub(t.lastAt))
	if s.shift == 0 {
		if from, ok := l.aligned(p.ts, s.layer); ok {
			theirs := s.at(from)
			if off := int64(int32(theirs - ours)); max(off, -off) < int64(l.clock) {
				return theirs
			}
		}
	}
	return ours
}

func (t *DownTrack) forward(p *packet, now time.Time) {
	if t.resuming && int32(p.ts-t.lastIn) > 0 {
		t.rewriter.resume(p, t.rewriter.ts+(p.ts-t.lastIn))
		t.resuming = false
	}
	s, ok := t.rewriter.forward(p)
	if !ok {
		return
	}
	if int32(p.ts-t.lastIn) >= 0 {
		t.lastIn, t.lastAt = p.ts, now
	}
	t.stampHeader(p, s, now)
	payload := t.change(t.viewer.writer.scratch[:0], p, s)
	if n, err := t.out.WriteRTP(&t.header, payload); err != nil || n == 0 {
		return
	}
	t.packets++
	t.octets += uint32(len(payload))
	if p.key {
		t.needKey = false
		t.tell()
	}
}

// resend answers a NACK from the layer's cache. It returns false when the
// track has had its share of repetitions for now.
func (t *DownTrack) resend(seq uint16, now time.Time) bool {
	_, p, s, ok := t.sentAs(seq)
	if !ok || s.seq <= t.given {
		return true
	}
	if t.budget--; t.budget < 0 {
		return false
	}
	if t.rtxSSRC != 0 {
		t.sendAgain(p, s, now)
		return true
	}
	t.stampHeader(p, s, now)
	_, _ = t.out.WriteRTP(&t.header, t.change(t.viewer.writer.scratch[:0], p, s))
	return true
}

// sentAs finds the packet that the viewer was sent under a number.
func (t *DownTrack) sentAs(seq uint16) (l *layer, p *packet, s stamp, ok bool) {
	l, in, out, ok := t.rewriter.locate(seq)
	if !ok {
		return nil, nil, s, false
	}
	if p = l.cache.get(in); p == nil {
		return nil, nil, s, false
	}
	s, ok = t.rewriter.again(l, p, out)
	return l, p, s, ok
}

func (t *DownTrack) stampHeader(p *packet, s stamp, now time.Time) {
	h := &t.header
	h.Marker, h.PayloadType, h.SSRC = p.marker, t.pt, t.ssrc
	h.SequenceNumber, h.Timestamp = uint16(s.seq), s.ts
	switch {
	case t.wideNumber != nil:
		n := t.viewer.pilot.sent(now, len(p.payload))
		t.wideNumber[0], t.wideNumber[1] = byte(n>>8), byte(n)
	case t.sendTime != nil: // 6.18 seconds
		v := ntp(now) >> 14
		t.sendTime[0], t.sendTime[1], t.sendTime[2] = byte(v>>16), byte(v>>8), byte(v)
	}
}

// change returns p's payload with the viewer's picture id: p's own if that is
// the same, else a copy in scratch.
func (t *DownTrack) change(scratch []byte, p *packet, s stamp) []byte {
	if p.vp8.pictureAt == 0 && p.vp8.tl0At == 0 || s.picture == p.vp8.picture && s.tl0 == p.vp8.tl0 {
		return p.payload
	}
	b := append(scratch, p.payload...)
	p.vp8.put(b, s.picture, s.tl0)
	return b
}

// tell lets the viewer know which layer it gets, when that changes.
func (t *DownTrack) tell() {
	size := t.current.size.Load()
	if t.shown == t.current.level && t.shownKey == size {
		return
	}
	t.shown, t.shownKey = t.current.level, size
	width, height := t.current.dimensions()
	t.viewer.onLayer(Shown{Source: t.source, Layer: t.current.level.String(), Width: width, Height: height})
}

// untell lets the viewer know that there is no picture although there is one on
// air and the viewer would have it: the link bears the sound alone.
func (t *DownTrack) untell() {
	if t.shown != none && t.viewer.quality == Auto && t.feed.line.Load() != nil {
		t.viewer.onLayer(Shown{Source: t.source})
	}
}

// senderReport says which moment the track's timestamps stand for, so that the
// viewer's browser keeps sound and picture together (RFC 3550, section 6.4.1).
func (t *DownTrack) senderReport(now time.Time) *rtcp.SenderReport {
	s := t.rewriter.current()
	if !t.bound || t.current == nil || s == nil || s.layer != t.current || s.shift != 0 {
		return nil
	}
	c := t.current.report.Load()
	if c == nil {
		return nil
	}
	since := now.Sub(c.at)
	return &rtcp.SenderReport{
		SSRC:        t.ssrc,
		NTPTime:     c.ntp + ntpSpan(since),
		RTPTime:     s.at(c.ts + t.current.ticks(since)),
		PacketCount: t.packets,
		OctetCount:  t.octets,
	}
}

// ntp returns t as NTP writes it: 32.32 bits of seconds since 1900.
func ntp(t time.Time) uint64 {
	const from1900 = 2208988800
	return uint64(t.Unix()+from1900)<<32 | uint64(t.Nanosecond())<<32/uint64(time.Second)
}

func ntpSpan(d time.Duration) uint64 {
	return uint64(d/time.Second)<<32 + uint64(d%time.Second)<<32/uint64(time.Second)
}

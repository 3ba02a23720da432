package media

import (
	"encoding/binary"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

const (
	probeCrowd  = 64                     // viewers of one writer that are probed at a time
	paddingSize = 255                    // bytes: the most that RTP can say (RFC 3550, section 5.1)
	heardLife   = 10 * time.Second       // that a viewer is steered by what was heard last
	tightAge    = 300 * time.Millisecond // the oldest keyframe to begin with on a link that is full
)

// pilot is what a viewer is steered by once its connection numbers its packets
// through. It belongs to the viewer's writer.
type pilot struct {
	estimator
	probe  *probe    // nil: none runs
	repeat uint16    // how far back the next packet is that a probe repeats
	halted time.Time // when a picture last waited for its keyframe
}

// heed gives the writer a piece of the browser's feedback on when packets came.
// It is called by the connection's reader and does not wait.
func (v *Viewer) heed(b []byte) {
	select {
	case v.writer.reports <- feedback{viewer: v, arrivals: append([]byte(nil), b...)}:
	default: // flooded; what comes next will do
	}
}

// arrivals takes a piece of that feedback.
func (v *Viewer) arrivals(b []byte, now time.Time) {
	if v.pilot == nil || !v.connected {
		return
	}
	w := v.writer
	var ok bool
	if w.arrivals, ok = readArrivals(w.arrivals[:0], b); !ok {
		return
	}
	v.pilot.report(now, w.arrivals)
	v.steer(now)
}

// steered reports whether the estimator says what the viewer may have. A
// browser from which nothing is heard goes by its reports: see [chooser.look].
func (v *Viewer) steered(now time.Time) bool {
	return v.pilot != nil && now.Sub(v.pilot.heard) < heardLife
}

// steer looks at the link, goes where the chooser says, and probes.
func (v *Viewer) steer(now time.Time) {
	p := v.pilot
	if v.quality != Auto {
		p.probe = nil
		return
	}
	r, s := p.read(now), v.sight(now)
	if p.probe != nil {
		switch p.probe.judge(now, &p.estimator) {
		case confirmed:
			p.proven, p.provenAt, p.probe = p.probe.to, now, nil
			r.proven = p.proven
		case refuted:
			p.probe = nil
			v.chooser.failed(now)
		}
	}
	r.unprobed = v.padded() == nil
	if v.halted() {
		p.halted = now
	}
	r.halted = now.Sub(p.halted) < throughMost
	before := v.chooser.levels
	want := v.chooser.steer(s, r)
	if v.chooser.levels != before {
		v.giveUp(now)
		v.follow(now)
	}
	if want > 0 && p.probe == nil && len(v.writer.probing) < probeCrowd {
		p.probe = newProbe(now, v.chooser.used(s), want, p.bytes, r.loss)
		v.writer.fill(v)
	}
}

// giveUp stops the layers that are more than the link bears, before the
// keyframes of smaller ones are there: sound must not wait behind them, nor
// behind what of them was lost and is asked for again.
func (v *Viewer) giveUp(now time.Time) {
	for _, t := range v.tracks {
		if c := t.current; c != nil && c.video && c.level > v.allowed(t.source) && t.target(now) != c {
			shown := t.shown
			t.idle()
			t.shown, t.given = shown, t.rewriter.seq
		}
	}
}

// halted reports whether a picture is not sent until its keyframe is there.
func (v *Viewer) halted() bool {
	for _, t := range v.tracks {
		if t.bound && t.current == nil && t.wanted != nil && t.wanted.video {
			return true
		}
	}
	return false
}

// tight reports whether the link has enough to do with what is under way.
func (v *Viewer) tight(now time.Time) bool { return v.steered(now) && !v.pilot.fullAt.IsZero() }

// padded is the track that a probe is sent on: one with retransmissions, whose
// numbers are nobody's but ours. One that shows something comes first.
func (v *Viewer) padded() *DownTrack {
	var found *DownTrack
	for _, t := range v.tracks {
		if t.bound && t.rtxSSRC != 0 && t.wideNumber != nil && (found == nil || t.current != nil) {
			found = t
		}
	}
	return found
}

// fill sends what the viewer's probe is due. It returns false when no probe
// runs any more.
func (v *Viewer) fill(now time.Time) bool {
	if v.pilot == nil || v.pilot.probe == nil || !v.connected {
		return false
	}
	t := v.padded()
	if t == nil {
		return false
	}
	p := v.pilot
	for range probeBurst {
		due := p.probe.due(now, p.bytes)
		if due <= 0 {
			break
		}
		if !t.repeat(&p.repeat, now) {
			t.pad(now)
		}
	}
	return true
}

// repeat sends one of the last packets again, as if it had been lost.
func (t *DownTrack) repeat(back *uint16, now time.Time) bool {
	const reach = 64
	if t.current == nil {
		return false
	}
	*back = (*back + 1) % reach
	l, p, s, ok := t.sentAs(uint16(t.rewriter.seq) - *back)
	if !ok || l != t.current || len(p.payload) == 0 {
		return false
	}
	t.sendAgain(p, s, now)
	return true
}

// pad sends a packet of nothing.
func (t *DownTrack) pad(now time.Time) {
	padding := t.viewer.writer.scratch[:paddingSize]
	clear(padding)
	padding[paddingSize-1] = paddingSize
	t.stampHeader(&packet{payload: padding}, stamp{ts: t.rewriter.ts}, now)
	t.header.Padding = true
	t.asRepetition()
	_, _ = t.out.WriteRTP(&t.header, padding)
	t.header.Padding = false
}

// asRepetition turns the header into one of the retransmissions' stream.
func (t *DownTrack) asRepetition() {
	t.header.SSRC, t.header.PayloadType, t.header.SequenceNumber = t.rtxSSRC, t.rtxPT, t.rtxSeq
	t.rtxSeq++
}

// sendAgain sends a packet on the retransmissions' stream (RFC 4588, section 4):
// the number that it was sent under goes in front of the payload.
func (t *DownTrack) sendAgain(p *packet, s stamp, now time.Time) {
	t.stampHeader(p, s, now)
	payload := append(binary.BigEndian.AppendUint16(t.viewer.writer.scratch[:0], uint16(s.seq)), p.payload...)
	p.vp8.put(payload[2:], s.picture, s.tl0)
	t.asRepetition()
	_, _ = t.out.WriteRTP(&t.header, payload)
}

// extensions readies the header for what was negotiated: the number that counts
// all packets through, or else the time of sending, by which browsers estimate
// their bandwidth themselves.
func extensions(h *rtp.Header, negotiated []webrtc.RTPHeaderExtensionParameter) (number, sendTime []byte, err error) {
	ids := map[string]uint8{}
	for _, e := range negotiated {
		ids[e.URI] = uint8(e.ID)
	}
	// The header keeps what it is given and is changed with it.
	if id, ok := ids[transportCCURI]; ok {
		number = make([]byte, 2)
		return number, nil, h.SetExtension(id, number)
	}
	if id, ok := ids[absSendTimeURI]; ok {
		sendTime = make([]byte, 3)
		return nil, sendTime, h.SetExtension(id, sendTime)
	}
	return nil, nil, nil
}

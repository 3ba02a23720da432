package media

import (
	"strings"
	"time"

	"github.com/pion/webrtc/v4"
)

// How a tap reads.
const (
	tapPatience = 500 * time.Millisecond  // that a lost packet has to come after all
	tapKeyEvery = 1800 * time.Millisecond // after a keyframe the next is asked for: with the way there and back, every two seconds
	tapBegin    = 2 * time.Second         // that a publisher who has just begun has to send its largest picture too
	tapUp       = 500 * time.Millisecond  // that a larger picture must have been sent before it is gone over to
	tapJoint    = 200 * time.Millisecond  // the oldest keyframe with which it is gone over to: no moment twice
	tapUpAgain  = 10 * time.Second        // likewise, after it had to be left once
)

// Unit is one RTP packet that a [Tap] read, in the order of its stream.
type Unit struct {
	Source Source
	Mime   string
	Clock  uint32    // ticks a second of TS
	Stream uint64    // changes with the publisher and the layer: timestamps of two streams are not related
	TS     uint32    // as the publisher sent it
	Wall   time.Time // TS by the publisher's own clock, from its sender reports (RFC 3550, section 6.4); zero: not known yet
	At     time.Time // when the packet came in
	Marker bool
	// Payload belongs to the cache and is never changed.
	Payload []byte
	Key     bool // the first packet of a keyframe
	Lost    bool // packets are missing before this one; a picture goes on with a keyframe
}

// Tap reads what some sources of a stage have on air, for whoever needs the
// packets themselves, in order: a recording.
//
// It reads the layers' caches, as a viewer that catches up does, and nothing
// is sent to it: forwarding does not know of it and cannot be held up by it.
// A packet that is missing is waited for a little, since the publisher was
// asked for it again; then, or when the reader comes so late that the cache has
// gone on without it, a picture is continued at its next keyframe, and the unit
// there says that something was lost.
//
// A tap belongs to one goroutine.
type Tap struct {
	taps    []*sourceTap
	streams uint64
}

// sourceTap is how far one source was read.
type sourceTap struct {
	source Source
	want   level // the layer that is read where it is sent
	feed   *feed
	line   *line
	lineAt time.Time // when line came on air, or was first seen there
	layer  *layer    // nil: nothing to read
	next   *layer    // a better one, to be gone over to at its keyframe

	stream  uint64
	cursor  uint64    // next number to be read; 0: none yet
	missing time.Time // since when that one is waited for
	lost    bool      // something is missing before it
	needKey bool      // only a keyframe is of use
	keyAt   time.Time // of the last keyframe read
	since   time.Time // when next began to be sent
	fell    bool      // a larger picture was left since the source came on air
}

// Tap begins to read the sources, pictures in their largest layer. It need not
// be closed.
func (s *Stage) Tap(sources ...Source) *Tap { return s.TapAt(High, sources...) }

// TapAt begins to read the sources, pictures in the layer that q names, or in
// the nearest that is sent. It need not be closed.
func (s *Stage) TapAt(q Quality, sources ...Source) *Tap {
	t := &Tap{}
	for _, source := range sources {
		want := high
		if source.Kind() != soundKind {
			want = max(q.level(), low)
		}
		t.taps = append(t.taps, &sourceTap{source: source, want: want, feed: s.feed(source)})
	}
	return t
}

// Layers are those of a picture that can be had now, the largest first.
func (s *Stage) Layers(source Source, now time.Time) (list []Quality) {
	line := s.feed(source).line.Load()
	if line == nil {
		return nil
	}
	for _, q := range []Quality{High, Medium, Low} {
		if l := line.layers[q.level()].Load(); l != nil && l.offered(now) {
			list = append(list, q)
		}
	}
	return list
}

// Codec is that of a source that is on air, or waits for its publisher.
func (s *Stage) Codec(source Source) (mime string, ok bool) {
	if line := s.feed(source).line.Load(); line != nil {
		return line.codec.MimeType, true
	}
	return "", false
}

// OnAir reports whether a source is on air, or waits for its publisher, and
// with which codec.
func (t *Tap) OnAir(source Source) (mime string, ok bool) {
	for _, s := range t.taps {
		if s.source == source {
			if line := s.feed.line.Load(); line != nil {
				return line.codec.MimeType, true
			}
		}
	}
	return "", false
}

// Read gives take everything that has come since the last call. It does not
// wait. It should be called some twenty times a second; see [Tap] for what
// happens when it is called late.
func (t *Tap) Read(now time.Time, take func(Unit)) {
	for _, s := range t.taps {
		t.follow(s, now)
		if s.layer != nil {
			s.read(now, take)
		}
	}
}

// follow chooses the layer to read: the best up to the wanted one that is sent. A better one must
// have been sent for a while, so that a publisher whose bandwidth flaps does
// not change the picture's size each time.
func (t *Tap) follow(s *sourceTap, now time.Time) {
	line := s.feed.line.Load()
	if line == nil {
		s.layer, s.next, s.fell = nil, nil, false
		return
	}
	if line != s.line {
		s.line, s.lineAt = line, now
	}
	up := tapUp
	if s.fell {
		up = tapUpAgain
	}
	s.need(now)
	at := nearest(s.want, func(l level) bool {
		layer := line.layers[l].Load()
		return layer != nil && layer.sent(now)
	})
	if at == none {
		return // on air, but nothing comes: wait where we are
	}
	if at < s.want && now.Sub(s.lineAt) < tapBegin && (s.layer == nil || !s.layer.sent(now)) {
		return // browsers begin with the small ones: so that the picture's size does not change at once
	}
	best := line.layers[at].Load()
	switch {
	case best == nil || best == s.layer:
		s.next = nil
	case s.layer == nil || !s.layer.sent(now) || best.level <= s.layer.level:
		s.fell = s.fell || s.layer != nil && best.level < s.layer.level && s.layer.level <= s.want
		t.turn(s, best, now)
	case s.next != best:
		s.next, s.since = best, now
	case now.Sub(s.since) >= up:
		best.needKeyframe(now)
		if p := best.cache.joint(now, tapJoint); p != nil {
			t.turn(s, best, now)
		}
	}
}

// need says that the layer that is read is needed, and the one that should be.
func (s *sourceTap) need(now time.Time) {
	if s.layer != nil {
		s.layer.need(now)
	}
	best := nearest(s.want, func(l level) bool {
		layer := s.line.layers[l].Load()
		return layer != nil && layer.offered(now)
	})
	if best != none {
		s.line.layers[best].Load().need(now)
	}
}

// turn reads l from now on: a picture from its last keyframe, if that is here.
func (t *Tap) turn(s *sourceTap, l *layer, now time.Time) {
	t.streams++
	*s = sourceTap{source: s.source, want: s.want, feed: s.feed, line: s.line, lineAt: s.lineAt, layer: l, stream: t.streams, needKey: l.video, keyAt: now, fell: s.fell}
	s.cursor = l.cache.edge()
	if p := l.cache.joint(now, joinAge); p != nil {
		s.cursor = p.seq
	}
}

func (s *sourceTap) read(now time.Time, take func(Unit)) {
	l := s.layer
	edge := l.cache.edge()
	if s.cursor == 0 { // the layer had nothing yet
		s.cursor = l.cache.first()
	}
	if reach := l.cache.reach(); edge > s.cursor+reach {
		s.cursor = edge - reach/2
		s.skip()
	}
	for s.cursor > 0 && s.cursor < edge {
		p := l.cache.get(s.cursor)
		if p == nil {
			if s.missing.IsZero() {
				s.missing = now
			}
			if now.Sub(s.missing) < tapPatience {
				break
			}
			s.cursor++
			s.skip()
			continue
		}
		s.cursor++
		s.missing = time.Time{}
		if len(p.payload) == 0 || s.needKey && !p.key {
			continue
		}
		if p.key {
			s.needKey, s.keyAt = false, now
		}
		take(s.unit(p))
		s.lost = false
	}
	if l.video && (s.needKey || now.Sub(s.keyAt) >= tapKeyEvery) && l.sent(now) {
		l.needKeyframe(now)
	}
}

// skip notes that a packet is gone for good.
func (s *sourceTap) skip() {
	s.lost, s.needKey = true, s.layer.video
}

func (s *sourceTap) unit(p *packet) Unit {
	l := s.layer
	u := Unit{
		Source: s.source, Mime: l.parser.mime, Clock: l.clock, Stream: s.stream, TS: p.ts, At: p.at,
		Marker: p.marker, Payload: p.payload, Key: p.key, Lost: s.lost,
	}
	if r := l.report.Load(); r != nil {
		u.Wall = ntpTime(r.ntp).Add(time.Duration(int32(p.ts-r.ts)) * time.Second / time.Duration(l.clock))
	}
	if strings.EqualFold(u.Mime, webrtc.MimeTypeOpus) {
		u.Key = true // a decoder can begin with any
	}
	return u
}

// ntpTime reads a sender report's clock: 32.32 seconds since 1900.
func ntpTime(ntp uint64) time.Time {
	const until1970 = 2208988800
	return time.Unix(int64(ntp>>32)-until1970, int64(ntp&0xffffffff)*int64(time.Second)>>32)
}

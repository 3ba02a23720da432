package media

import (
	"encoding/binary"
	"math/rand/v2"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// world is one class on a made clock: a host with three layers and a voice, the
// server's own viewer, tracks and writer, and a link to a browser that tells
// when packets came.
type world struct {
	now, began time.Time
	chance     *rand.Rand
	w          *writer
	v          *Viewer
	picture    *DownTrack
	line       *line
	voice      *layer
	filmed     [levels]reel
	spoken     uint16
	keyAfter   time.Duration // from a request to the keyframe

	link    linkModel
	far     farEnd
	back    []told // feedback under way to the server
	waiting []waitingPacket
}

// reel is how far one layer's film is.
type reel struct {
	rate  int // bits a second
	seq   uint16
	frame int
	keyAt time.Time // a keyframe was asked for and comes then; zero: not
	off   bool
}

// waitingPacket is one that the host's own pacing holds back.
type waitingPacket struct {
	at  time.Time
	to  *layer
	raw []byte
}

// linkModel is a queue before a rate, and then a way that delays and loses.
type linkModel struct {
	rate   int           // bits a second; 0: nothing gets through
	queue  time.Duration // the longest wait
	delay  time.Duration
	jitter time.Duration // wanders, and keeps the order
	loss   float64

	free, last time.Time
	drawn      time.Time
	from, to   float64
	under      []datagramModel

	offered int64 // bytes that were sent, for the test to take
}

type datagramModel struct {
	number uint16
	voice  bool
	at     time.Time
}

// farEnd is the browser.
type farEnd struct {
	came    []arrival // not told yet
	told    uint16    // one past the newest told of
	any     bool
	next    time.Time
	voiceAt time.Time
	silence time.Duration // longest between two packets of the voice
}

type told struct {
	at time.Time
	b  []byte
}

// wireOut is a track's way onto the link.
type wireOut struct {
	world *world
	voice bool
}

func (o wireOut) WriteRTP(h *rtp.Header, payload []byte) (int, error) {
	o.world.link.send(o.world, binary.BigEndian.Uint16(h.GetExtension(5)), len(payload)+perPacket, o.voice)
	return len(payload), nil
}

func (wireOut) Write([]byte) (int, error) { return 0, nil }

func newWorld(seed uint64, l linkModel) *world {
	x := &world{began: time.Unix(1_700_000_000, 0), chance: rand.New(rand.NewPCG(seed, 1)), link: l}
	x.now, x.keyAfter = x.began, 40*time.Millisecond
	x.w = newWriter(0, nil)
	x.w.clock = func() time.Time { return x.now }
	e := &Engine{writers: []*writer{x.w}}
	x.line = &line{codec: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}}
	for l, rate := range camera3 {
		x.filmed[l] = reel{rate: rate, seq: uint16(1000 * l)}
		f := &x.filmed[l]
		x.line.layers[l].Store(newLayer(e, Camera, level(l), webrtc.MimeTypeVP8, 90000, func() {
			if f.keyAt.IsZero() {
				f.keyAt = x.now.Add(x.keyAfter)
			}
		}))
	}
	x.voice = newLayer(e, Microphone, high, webrtc.MimeTypeOpus, 48000, func() {})
	sound := &line{codec: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000}}
	sound.layers[high].Store(x.voice)

	x.v = &Viewer{stage: &Stage{}, writer: x.w, quality: Auto, chooser: newChooser(), onLayer: func(Shown) {}, connected: true}
	x.v.pilot = &pilot{estimator: *newEstimator(x.now)}
	open := func(source Source, line *line, ssrc uint32) *DownTrack {
		f := &feed{}
		f.line.Store(line)
		t := &DownTrack{viewer: x.v, source: source, codec: line.codec, feed: f, bound: true, shown: none, ssrc: ssrc,
			out: wireOut{x, source == Microphone}, header: rtp.Header{Version: 2}, budget: resendBudget}
		t.wideNumber, _, _ = extensions(&t.header, []webrtc.RTPHeaderExtensionParameter{{URI: transportCCURI, ID: 5}})
		x.v.tracks = append(x.v.tracks, t)
		return t
	}
	x.picture = open(Camera, x.line, 1)
	x.picture.rtxSSRC = 2
	open(Microphone, sound, 3)
	return x
}

// run plays d, and calls each every millisecond.
func (x *world) run(d time.Duration, each func()) {
	for end := x.now.Add(d); x.now.Before(end); {
		x.now = x.now.Add(time.Millisecond)
		x.film()
		x.link.deliver(x)
		x.listen()
		if ms := x.now.Sub(x.began).Milliseconds(); ms%5 == 0 {
			x.w.catchUp(x.now)
			x.w.fillUp(x.now)
			if ms%100 == 0 {
				x.v.tick(x.now)
			}
		}
		if each != nil {
			each()
		}
	}
}

// film has the host send what is due.
func (x *world) film() {
	since := x.now.Sub(x.began).Milliseconds()
	if since%20 == 0 {
		h := rtp.Header{Version: 2, SequenceNumber: x.spoken, Timestamp: uint32(since) * 48, Marker: true}
		raw, _ := h.Marshal()
		x.voice.push(append(raw, make([]byte, 80)...), x.now)
		x.spoken++
	}
	if since%33 == 0 {
		for l := range x.filmed {
			if !x.filmed[l].off {
				x.frame(level(l))
			}
		}
	}
	kept := x.waiting[:0]
	for _, p := range x.waiting {
		if p.at.After(x.now) {
			kept = append(kept, p)
			continue
		}
		p.to.push(p.raw, x.now)
	}
	x.waiting = kept
	for len(x.w.packets) > 0 {
		x.w.forwardRun(<-x.w.packets)
	}
}

// frame films one frame: they differ in size, and a keyframe is five of them.
func (x *world) frame(l level) {
	f := &x.filmed[l]
	bytes := int(float64(f.rate) / 30 / 8 * (0.7 + 0.6*x.chance.Float64()))
	key := f.frame == 0 || !f.keyAt.IsZero() && !f.keyAt.After(x.now)
	if key {
		bytes, f.keyAt = bytes*5, time.Time{}
	}
	n := bytes/1150 + 1
	gap := min(25*time.Millisecond/time.Duration(n), 2*time.Millisecond)
	for i := range n {
		h := rtp.Header{Version: 2, SequenceNumber: f.seq, Timestamp: uint32(x.now.Sub(x.began).Milliseconds()) * 90, Marker: i == n-1}
		raw, _ := h.Marshal()
		raw = append(raw, vp8Payload(uint16(f.frame), uint8(f.frame), i == 0, key && i == 0, 320<<l, 180<<l)...)
		raw = append(raw, make([]byte, bytes/n)...)
		x.waiting = append(x.waiting, waitingPacket{x.now.Add(gap * time.Duration(i)), x.line.layers[l].Load(), raw})
		f.seq++
	}
	f.frame++
}

func (l *linkModel) send(x *world, number uint16, bytes int, voice bool) {
	l.offered += int64(bytes)
	if l.rate == 0 || l.loss > 0 && x.chance.Float64() < l.loss {
		return
	}
	if l.free.Before(x.now) {
		l.free = x.now
	}
	if l.free.Sub(x.now) > l.queue {
		return
	}
	l.free = l.free.Add(time.Duration(bytes) * 8 * time.Second / time.Duration(l.rate))
	if x.now.Sub(l.drawn) >= 40*time.Millisecond {
		l.from, l.to, l.drawn = l.to, x.chance.Float64(), x.now
	}
	wandered := l.from + (l.to-l.from)*float64(x.now.Sub(l.drawn))/float64(40*time.Millisecond)
	at := l.free.Add(l.delay + time.Duration(wandered*float64(l.jitter)))
	if at.Before(l.last) {
		at = l.last
	}
	l.last = at
	l.under = append(l.under, datagramModel{number, voice, at})
}

func (l *linkModel) deliver(x *world) {
	n := 0
	for ; n < len(l.under) && !l.under[n].at.After(x.now); n++ {
		d := l.under[n]
		x.far.came = append(x.far.came, arrival{seq: d.number, received: true, at: d.at.Sub(x.began) + 77*time.Hour})
		if d.voice {
			if !x.far.voiceAt.IsZero() {
				x.far.silence = max(x.far.silence, d.at.Sub(x.far.voiceAt))
			}
			x.far.voiceAt = d.at
		}
	}
	l.under = l.under[n:]
}

// listen has the browser tell every tenth of a second, and the server hear it.
func (x *world) listen() {
	f := &x.far
	if len(f.came) > 0 && !x.now.Before(f.next) {
		f.next = x.now.Add(100 * time.Millisecond)
		first := f.came[0].seq
		if f.any {
			first = f.told
		}
		last := f.came[len(f.came)-1].seq
		b := writeFeedback(first, last, f.came)
		f.any, f.told, f.came = true, last+1, f.came[:0]
		x.back = append(x.back, told{x.now.Add(x.link.delay), b})
	}
	for len(x.back) > 0 && !x.back[0].at.After(x.now) {
		x.v.arrivals(x.back[0].b, x.now)
		x.back = x.back[1:]
	}
}

// writeFeedback is a browser's: all packets from first to last, of which some came.
func writeFeedback(first, last uint16, list []arrival) []byte {
	at := map[uint16]time.Duration{}
	for _, a := range list {
		at[a.seq] = a.at
	}
	count := int(last-first) + 1
	reference := list[0].at / referenceUnit
	b := make([]byte, 20)
	b[0], b[1] = 0x8f, 205
	binary.BigEndian.PutUint16(b[12:], first)
	binary.BigEndian.PutUint16(b[14:], uint16(count))
	binary.BigEndian.PutUint32(b[16:], uint32(reference)<<8)
	before := reference * referenceUnit
	var deltas []byte
	for i := 0; i < count; i += 7 {
		chunk := uint16(0xc000)
		for k := range min(7, count-i) {
			when, ok := at[first+uint16(i+k)]
			if !ok {
				continue
			}
			chunk |= 2 << (12 - 2*k)
			units := (when - before) / arrivalUnit
			deltas = binary.BigEndian.AppendUint16(deltas, uint16(int16(units)))
			before += units * arrivalUnit
		}
		b = binary.BigEndian.AppendUint16(b, chunk)
	}
	b = append(b, deltas...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)/4-1))
	return b
}

func (x *world) level() level {
	if x.picture.current == nil {
		return none
	}
	return x.picture.current.level
}

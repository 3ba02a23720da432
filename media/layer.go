package media

import (
	"sync"
	"sync/atomic"
	"time"
)

// keyframeEvery bounds keyframe requests for each layer: a keyframe costs
// every viewer of the layer, whoever asked for it.
const keyframeEvery = time.Second

// layer is one incoming RTP stream: a whole microphone, or one simulcast size
// of a picture. Its reader goroutine calls push; the writers read the rest.
type layer struct {
	level level
	clock uint32 // ticks a second of its timestamps
	video bool
	quiet time.Duration // without packets for this long, it is not sent any more
	cache *cache

	writers  []*writer
	interest []atomic.Int32 // by writer: how many tracks listen there
	outs     [][]*DownTrack // by writer, each owned by that writer

	lastAt  atomic.Int64 // Unix nanoseconds of the last packet; 0: none yet
	rate    atomic.Int64 // bits a second of the wire, smoothed
	size    atomic.Int64 // width<<32 | height of the last keyframe
	report  atomic.Pointer[clockPoint]
	dropped atomic.Int64 // packets that a full writer did not take

	loud atomic.Int64 // see hear

	neededAt  atomic.Int64 // Unix nanoseconds: see need
	paused    atomic.Bool  // the publisher was asked not to send it: see [Ingest.Spare]
	resumedAt atomic.Int64 // Unix nanoseconds; it was asked to again
	wake      func()       // has a paused layer looked at; does not block

	asking sync.Mutex
	asks   throttle
	ask    func() // sends a keyframe request to the publisher

	// Owned by the reader goroutine.
	parser  parser
	counted int // bits since meterAt
	meterAt time.Time
	metered int64 // half seconds, up to those that count
}

// clockPoint joins a publisher's wall clock with a layer's timestamps: its
// last RTCP sender report, and when that came.
type clockPoint struct {
	ntp uint64 // 32.32 seconds since 1900
	ts  uint32
	at  time.Time
}

func newLayer(e *Engine, source Source, lv level, mime string, clock uint32, ask func()) *layer {
	size := 1024
	if source.Kind() == soundKind {
		size = 256
	}
	quiet := 1500 * time.Millisecond
	if source == Screen { // a still screen is hardly sent at all
		quiet = 5 * time.Second
	}
	return &layer{
		level: lv, clock: clock, video: source.Kind() != soundKind, quiet: quiet,
		cache: newCache(size), writers: e.writers,
		interest: make([]atomic.Int32, len(e.writers)), outs: make([][]*DownTrack, len(e.writers)),
		asks: throttle{every: keyframeEvery}, ask: ask, wake: func() {},
		parser: parser{mime: mime},
	}
}

// push takes one datagram from the publisher.
func (l *layer) push(raw []byte, now time.Time) {
	p, ok := l.parser.parse(raw, now)
	if !ok || !l.cache.put(p) {
		return
	}
	l.meter(len(p.payload)+perPacket, now)
	if l.parser.voice != 0 {
		l.hear()
	}
	l.lastAt.Store(now.UnixNano())
	if p.key && p.width > 0 {
		l.size.Store(int64(p.width)<<32 | int64(p.height))
	}
	for i, w := range l.writers {
		if l.interest[i].Load() > 0 && !w.offer(delivery{l, p}) {
			l.dropped.Add(1)
		}
	}
}

// meter keeps the rate: half seconds' means, of which the first count alike and
// each later one a quarter, so that a keyframe is no other rate.
func (l *layer) meter(bytes int, now time.Time) {
	if l.meterAt.IsZero() {
		l.meterAt = now
	}
	if span := now.Sub(l.meterAt); span >= 500*time.Millisecond {
		l.metered = min(l.metered+1, 4)
		rate, old := int64(float64(l.counted)/span.Seconds()), l.rate.Load()
		l.rate.Store(max(old+(rate-old)/l.metered, 1))
		l.counted, l.meterAt = 0, now
	}
	l.counted += bytes * 8
}

// sent reports whether the publisher sends this layer now.
func (l *layer) sent(now time.Time) bool {
	at := l.lastAt.Load()
	return at > 0 && now.UnixNano()-at < int64(l.quiet)
}

// bitrate is what the layer costs, in bits a second: 0 if it cannot be had. One
// that has only begun counts as something.
func (l *layer) bitrate(now time.Time) int {
	if !l.offered(now) {
		return 0
	}
	return max(int(l.rate.Load()), 1)
}

// needKeyframe asks the publisher for a keyframe unless it was asked within
// the last second. Whoever still waits then asks again.
func (l *layer) needKeyframe(now time.Time) {
	if !l.video {
		return
	}
	l.asking.Lock()
	ok := l.asks.allow(now)
	l.asking.Unlock()
	if ok {
		l.ask()
	}
}

// dimensions returns the size of the last keyframe's picture, or zeros.
func (l *layer) dimensions() (width, height int) {
	v := l.size.Load()
	return int(v >> 32), int(v & 0xffffffff)
}

// ticks converts a span to the layer's clock.
func (l *layer) ticks(d time.Duration) uint32 {
	return uint32(int64(d) * int64(l.clock) / int64(time.Second))
}

// aligned returns the timestamp that ts of layer l has on the clock of layer
// from, which both publisher's reports tell; not ok before both have come.
func (l *layer) aligned(ts uint32, from *layer) (uint32, bool) {
	a, b := from.report.Load(), l.report.Load()
	if a == nil || b == nil {
		return 0, false
	}
	// Seconds between the two reports on the publisher's clock, in ticks.
	between := int64(b.ntp-a.ntp) >> 8 * int64(l.clock) >> 24
	return a.ts + uint32(between) + (ts - b.ts), true
}

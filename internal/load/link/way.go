package link

import (
	"math/rand/v2"
	"time"
)

// Shape says what one way does to datagrams. The zero Shape passes all on at
// once.
type Shape struct {
	Loss    float64       // share lost
	Burst   float64       // mean number lost in a row; up to 1: each by itself
	Delay   time.Duration // of every datagram
	Jitter  time.Duration // the most that comes to it; it wanders, and keeps their order
	Reorder float64       // share that overtakes what is under way
	Rate    int           // bits a second, with IP and UDP headers; 0: unlimited
	Queue   time.Duration // the longest wait for the rate, beyond which they are dropped; 0: [queueTime]
}

const (
	queueTime = 200 * time.Millisecond
	wander    = 40 * time.Millisecond // from one draw of jitter to the next
	headers   = 28                    // bytes of IPv4 and UDP that a datagram costs beside its own
)

// Counts are what came of the datagrams of one way.
type Counts struct {
	In, Out int64
	Bytes   int64 // of those that went out
	Lost    int64 // by chance
	Dropped int64 // by a full queue
	Held    int64 // still under way
}

// way decides what becomes of each datagram. It does no I/O and reads no clock.
type way struct {
	shape  Shape
	chance *rand.Rand

	losing   bool      // within a burst
	free     time.Time // when the rate has done with all before
	last     time.Time // the latest arrival so far
	drawn    time.Time // when the jitter was drawn
	from, to float64   // shares of Jitter, before and after
}

func newWay(seed, stream uint64) *way {
	return &way{chance: rand.New(rand.NewPCG(seed, stream))}
}

// fate of one datagram.
type fate int

const (
	passes fate = iota
	lost
	dropped
)

// take decides on a datagram of so many bytes that came at now, not before any
// other: when it arrives, or why it never does.
func (w *way) take(now time.Time, size int) (arrives time.Time, f fate) {
	if w.lose() {
		return time.Time{}, lost
	}
	out := now
	if w.shape.Rate > 0 {
		if w.free.Before(now) {
			w.free = now
		}
		if w.free.Sub(now) > w.queue() {
			return time.Time{}, dropped
		}
		w.free = w.free.Add(time.Duration(size+headers) * 8 * time.Second / time.Duration(w.shape.Rate))
		out = w.free
	}
	if w.shape.Reorder > 0 && w.chance.Float64() < w.shape.Reorder {
		return out, passes // by a shorter path, before those that wait
	}
	out = out.Add(w.shape.Delay + w.jitter(now))
	if out.Before(w.last) {
		out = w.last
	}
	w.last = out
	return out, passes
}

// lose is the chain of Gilbert: within a burst the next is lost too, so often
// that bursts have their mean length, and bursts begin so often that the share
// is right.
func (w *way) lose() bool {
	p, burst := w.shape.Loss, max(w.shape.Burst, 1)
	switch {
	case p <= 0:
		w.losing = false
	case p >= 1:
		w.losing = true
	case burst == 1:
		w.losing = w.chance.Float64() < p
	case w.losing:
		w.losing = w.chance.Float64() >= 1/burst
	default:
		w.losing = w.chance.Float64() < p/((1-p)*burst)
	}
	return w.losing
}

// jitter wanders from draw to draw.
func (w *way) jitter(now time.Time) time.Duration {
	if w.shape.Jitter <= 0 {
		return 0
	}
	if since := now.Sub(w.drawn); w.drawn.IsZero() || since >= wander {
		w.from, w.to, w.drawn = w.to, w.chance.Float64(), now
	}
	part := float64(now.Sub(w.drawn)) / float64(wander)
	return time.Duration((w.from + (w.to-w.from)*part) * float64(w.shape.Jitter))
}

func (w *way) queue() time.Duration {
	if w.shape.Queue > 0 {
		return w.shape.Queue
	}
	return queueTime
}

// reshape changes what is done from now on. What the old rate still holds keeps
// its place, and takes the time that it was given.
func (w *way) reshape(s Shape, now time.Time) {
	w.shape = s
	if s.Rate == 0 || w.free.Sub(now) > w.queue() {
		w.free = time.Time{}
	}
}

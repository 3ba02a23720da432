package fanout

import (
	"slices"
	"sort"
	"time"
)

// ring keeps the newest frames of a feed. A position counts the bytes from the
// feed's beginning; bytes once written never change, so that a run of them may
// be read while the ring goes on.
type ring struct {
	limit    int       // bytes to keep
	segments []segment // oldest first
	size     int       // bytes in all segments
	end      uint64    // position after the last byte
	marks    []mark    // numbered frames still in the ring, in order
	last     uint64    // number of the newest numbered frame
}

// segment is a run of frames. A frame never crosses from one to the next.
type segment struct {
	start  uint64
	buf    []byte
	closed time.Time // when the next one was begun
}

// mark is where the numbered frame that follows prev begins.
type mark struct{ prev, pos uint64 }

const (
	minSegment = 4 << 10
	maxSegment = 64 << 10
)

// add appends a frame. seq is its number, or 0 for one without.
func (r *ring) add(seq uint64, payload []byte) {
	if seq != 0 {
		r.marks = append(r.marks, mark{r.last, r.end})
		r.last = seq
	}
	need := len(payload) + headSize
	n := len(r.segments)
	if n == 0 || cap(r.segments[n-1].buf)-len(r.segments[n-1].buf) < need {
		room := minSegment
		if n > 0 {
			now := time.Now()
			r.segments[n-1].closed = now
			room = min(2*cap(r.segments[n-1].buf), maxSegment)
			r.trim(now)
		}
		r.segments = append(r.segments, segment{start: r.end, buf: make([]byte, 0, max(room, need))})
		n = len(r.segments)
	}
	s := &r.segments[n-1]
	before := len(s.buf)
	s.buf = AppendFrame(s.buf, payload)
	r.size += len(s.buf) - before
	r.end += uint64(len(s.buf) - before)
}

// trim lets the oldest segments go while the ring is too large. What is young
// may stay beyond that, for even a quick socket needs a moment to take what
// one large batch brings.
func (r *ring) trim(now time.Time) {
	const young, beyond = 2 * time.Second, 16
	drop := 0
	for drop < len(r.segments)-1 && r.size-len(r.segments[drop].buf) >= r.limit {
		if r.size < beyond*r.limit && now.Sub(r.segments[drop].closed) < young {
			break
		}
		r.size -= len(r.segments[drop].buf)
		drop++
	}
	if drop == 0 {
		return
	}
	r.segments = slices.Delete(r.segments, 0, drop)
	start := r.segments[0].start
	old := sort.Search(len(r.marks), func(i int) bool { return r.marks[i].pos >= start })
	r.marks = slices.Delete(r.marks, 0, old)
}

// holds says whether the ring still has what follows position at.
func (r *ring) holds(at uint64) bool {
	return at == r.end || len(r.segments) > 0 && at >= r.segments[0].start
}

// read appends to pieces the bytes that follow position at, as many as
// pieces' capacity has room for, and returns the position behind them. ok is
// false when the ring has left that position behind.
func (r *ring) read(at uint64, pieces [][]byte) (_ [][]byte, to uint64, ok bool) {
	if !r.holds(at) {
		return pieces, at, false
	}
	if at == r.end {
		return pieces, at, true
	}
	i := len(r.segments) - 1 // where nearly all sockets are
	if at < r.segments[i].start {
		i = sort.Search(len(r.segments), func(i int) bool { return r.segments[i].start > at }) - 1
	}
	for ; i < len(r.segments) && len(pieces) < cap(pieces); i++ {
		s := r.segments[i]
		pieces = append(pieces, s.buf[at-s.start:len(s.buf):len(s.buf)])
		at = s.start + uint64(len(s.buf))
	}
	return pieces, at, true
}

// after returns the position of what follows number seq.
func (r *ring) after(seq uint64) (pos uint64, ok bool) {
	if seq == r.last {
		return r.end, true
	}
	i := sort.Search(len(r.marks), func(i int) bool { return r.marks[i].prev >= seq })
	if i == len(r.marks) || r.marks[i].prev != seq {
		return 0, false
	}
	return r.marks[i].pos, true
}

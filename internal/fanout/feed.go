package fanout

import (
	"slices"
	"sort"
	"sync"
	"time"
)

// Feed is what one audience hears: frames in order, kept in a ring of bytes.
// Publish and Subscribe are for one goroutine, the room's owner; sockets read
// at their own pace.
type Feed struct {
	pool *Pool

	mu       sync.Mutex
	segments []segment // oldest first; bytes once written never change
	size     int       // bytes in all segments
	end      uint64    // position after the last byte
	marks    []mark    // numbered frames still in the ring, in order
	last     uint64    // number of the newest numbered frame
	members  [][]*Conn // a list for each shard
	dirty    []bool    // the shard already knows that there is something new
}

// segment is a run of frames. A frame never crosses from one to the next.
type segment struct {
	start uint64
	buf   []byte
	at    time.Time // of its last frame
}

// mark is where the numbered frame that follows prev begins.
type mark struct{ prev, pos uint64 }

const maxSegment = 64 << 10

// NewFeed returns an empty feed whose newest number is last.
func (p *Pool) NewFeed(last uint64) *Feed {
	return &Feed{
		pool: p, last: last,
		members: make([][]*Conn, len(p.shards)), dirty: make([]bool, len(p.shards)),
	}
}

// Last is the number of the newest numbered frame, or what the feed began with.
func (f *Feed) Last() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}

// Publish adds a payload. seq is its number, or 0 for one without. Nothing is
// written before Flush.
func (f *Feed) Publish(seq uint64, payload []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if seq != 0 {
		f.marks = append(f.marks, mark{f.last, f.end})
		f.last = seq
	}
	need := len(payload) + 10
	n := len(f.segments)
	if n == 0 || cap(f.segments[n-1].buf)-len(f.segments[n-1].buf) < need {
		room := 4 << 10
		if n > 0 {
			room = min(2*cap(f.segments[n-1].buf), maxSegment)
		}
		f.segments = append(f.segments, segment{start: f.end, buf: make([]byte, 0, max(room, need))})
		n++
	}
	s := &f.segments[n-1]
	before := len(s.buf)
	s.buf = AppendFrame(s.buf, payload)
	s.at = time.Now()
	f.size += len(s.buf) - before
	f.end += uint64(len(s.buf) - before)
	f.trim()
}

// trim lets the oldest segments go while the ring is too large. What is young
// may stay beyond that, for even a quick socket needs a moment to take what
// one large batch brings.
func (f *Feed) trim() {
	const young, beyond = 2 * time.Second, 16
	drop := 0
	for drop < len(f.segments)-1 && f.size-len(f.segments[drop].buf) >= f.pool.config.Ring {
		if f.size < beyond*f.pool.config.Ring && time.Since(f.segments[drop].at) < young {
			break
		}
		f.size -= len(f.segments[drop].buf)
		drop++
	}
	if drop == 0 {
		return
	}
	f.segments = slices.Delete(f.segments, 0, drop)
	start := f.segments[0].start
	old := sort.Search(len(f.marks), func(i int) bool { return f.marks[i].pos >= start })
	f.marks = slices.Delete(f.marks, 0, old)
}

// Flush lets every socket have what was published.
func (f *Feed) Flush() {
	f.mu.Lock()
	var wake []*shard
	for i := range f.members {
		if len(f.members[i]) > 0 && !f.dirty[i] {
			f.dirty[i] = true
			wake = append(wake, f.pool.shards[i])
		}
	}
	f.mu.Unlock()
	for _, s := range wake {
		s.addFeed(f)
	}
}

// take returns the sockets of one shard, which is about to bring them up to
// date. The list starts at another socket each time, or the same students
// would always be last.
func (f *Feed) take(s *shard, into []*Conn) []*Conn {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, mine := range f.pool.shards {
		if mine != s {
			continue
		}
		f.dirty[i] = false // also when the last member has just left
		if len(f.members[i]) > 0 {
			first := int(f.end % uint64(len(f.members[i])))
			into = append(append(into, f.members[i][first:]...), f.members[i][:first]...)
		}
	}
	return into
}

// Message is one payload in pieces. A piece may be shared by many sockets: it
// is not copied and must never change.
type Message [][]byte

// Subscribe sends first (to this socket alone) and then lets c hear all that is
// published from now on. A socket hears one feed: an earlier one is left.
func (f *Feed) Subscribe(c *Conn, first ...Message) {
	f.mu.Lock()
	at := f.end
	f.mu.Unlock()
	f.subscribe(c, at, first)
}

// Resume is Subscribe for a socket that has seen number after: it hears what
// it missed first. It reports false, and does nothing, when the ring does not
// reach back so far.
func (f *Feed) Resume(c *Conn, after uint64, first ...Message) bool {
	f.mu.Lock()
	at, ok := f.end, after == f.last
	if i := sort.Search(len(f.marks), func(i int) bool { return f.marks[i].prev >= after }); !ok && i < len(f.marks) && f.marks[i].prev == after {
		at, ok = f.marks[i].pos, true
	}
	f.mu.Unlock()
	if ok {
		f.subscribe(c, at, first)
	}
	return ok
}

func (f *Feed) subscribe(c *Conn, at uint64, first []Message) {
	old, alive := c.hear(f, at, first)
	if !alive {
		return
	}
	if old != nil && old != f {
		old.drop(c)
	}
	f.mu.Lock()
	if !slices.Contains(f.members[c.shard], c) {
		f.members[c.shard] = append(f.members[c.shard], c)
	}
	f.mu.Unlock()
	if !c.hears(f) { // closed in between
		f.drop(c)
		return
	}
	c.wake()
}

// drop forgets c.
func (f *Feed) drop(c *Conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := f.members[c.shard]
	if i := slices.Index(list, c); i >= 0 {
		list[i] = list[len(list)-1]
		list[len(list)-1] = nil
		f.members[c.shard] = list[:len(list)-1]
	}
}

// from returns the longest run of bytes at position at, and the position
// behind it. ok is false when the ring has left that position behind.
func (f *Feed) from(at uint64) (b []byte, next uint64, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if at == f.end {
		return nil, at, true
	}
	if len(f.segments) == 0 || at < f.segments[0].start {
		return nil, at, false
	}
	i := sort.Search(len(f.segments), func(i int) bool { return f.segments[i].start > at }) - 1
	s := f.segments[i]
	return s.buf[at-s.start:], s.start + uint64(len(s.buf)), true
}

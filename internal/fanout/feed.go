package fanout

import (
	"sync"
	"time"
)

// Feed is what one audience hears: frames in order, kept in a ring of bytes.
// Publish and Subscribe are for one goroutine, the room's owner; sockets read
// at their own pace.
type Feed struct {
	pool *Pool

	mu      sync.Mutex // taken after a Conn's, never before one
	ring    ring
	flushed uint64 // position up to which the shards know
	pace    pace
	timer   *time.Timer // ends a gathering; nil until the first one
	gathers bool        // the timer runs
	members [][]*Conn   // a list for each shard
	dirty   []bool      // the shard already knows that there is something new

	measures bool // how long the ways to its sockets are is to be known
}

// Message is one payload in pieces. A piece may be shared by many sockets: it
// is not copied and must never change.
type Message [][]byte

// Last is the number of the newest numbered frame, or what the feed began with.
func (f *Feed) Last() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ring.last
}

// Publish adds a payload. seq is its number, or 0 for one without. Nothing is
// written for its sake before a flush; a socket that is written to anyway may
// get it earlier.
func (f *Feed) Publish(seq uint64, payload []byte) {
	f.mu.Lock()
	f.ring.add(seq, payload)
	f.mu.Unlock()
	f.pool.published.Add(1)
}

// Flush lets every socket have what was published: at once, or, while the
// feed is busy, together with what else comes within [Config.Window].
func (f *Feed) Flush() { f.flush(false) }

// FlushNow is Flush for what may not wait, such as a question that opens.
func (f *Feed) FlushNow() { f.flush(true) }

func (f *Feed) flush(urgent bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.flushed == f.ring.end || f.gathers && !urgent {
		return
	}
	wait := f.pace.wait(time.Now(), urgent)
	if wait == 0 {
		f.release()
		return
	}
	f.gathers = true
	if f.timer == nil {
		f.timer = time.AfterFunc(wait, f.gathered)
	} else {
		f.timer.Reset(wait)
	}
}

// gathered ends a gathering. All of it may have gone with something urgent.
func (f *Feed) gathered() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gathers = false
	if f.flushed != f.ring.end {
		f.pace.wait(time.Now(), true)
		f.release()
	}
}

// release tells the shards. It is called with mu held.
func (f *Feed) release() {
	f.flushed = f.ring.end
	for i := range f.members {
		if len(f.members[i]) > 0 && !f.dirty[i] {
			f.dirty[i] = true
			f.pool.shards[i].addFeed(f)
		}
	}
}

// take returns the sockets of one shard, which is about to bring them up to
// date. The list starts at another socket each time, or the same students
// would always be last.
func (f *Feed) take(shard int, into []*Conn) []*Conn {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dirty[shard] = false // also when the last member has just left
	list := f.members[shard]
	if len(list) == 0 {
		return into
	}
	first := int(f.ring.end % uint64(len(list)))
	return append(append(into, list[first:]...), list[:first]...)
}

// Subscribe sends first (to this socket alone) and then lets c hear all that is
// published from now on. A socket hears one feed: an earlier one is left.
func (f *Feed) Subscribe(c *Conn, first ...Message) {
	f.mu.Lock()
	at := f.ring.end
	f.mu.Unlock()
	c.hear(f, at, first)
}

// Resume is Subscribe for a socket that has seen number after: it hears what
// it missed first. It reports false, and does nothing, when the ring does not
// reach back so far.
func (f *Feed) Resume(c *Conn, after uint64, first ...Message) bool {
	f.mu.Lock()
	at, ok := f.ring.after(after)
	f.mu.Unlock()
	if ok {
		c.hear(f, at, first)
	}
	return ok
}

// add makes c, whose lock is held and which is no member of any feed, one of
// this feed's, and reports whether the feed measures.
func (f *Feed) add(c *Conn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := f.members[c.shard]
	c.place = int32(len(list))
	f.members[c.shard] = append(list, c)
	return f.measures
}

// drop forgets c, whose lock is held and which is a member.
func (f *Feed) drop(c *Conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := f.members[c.shard]
	last := len(list) - 1
	list[c.place] = list[last]
	list[c.place].place = c.place
	list[last] = nil
	f.members[c.shard] = list[:last]
}

// holds says whether the ring still has what follows position at.
func (f *Feed) holds(at uint64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ring.holds(at)
}

// behind is how many bytes follow position at.
func (f *Feed) behind(at uint64) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return int(f.ring.end - at)
}

// kept is how many bytes the ring has.
func (f *Feed) kept() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ring.size
}

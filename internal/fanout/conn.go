package fanout

import (
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Conn is the writing half of one socket. coder/websocket gets it as its
// net.Conn: its control frames (always one Write each) go through the same
// queue as our data, so frames never mix.
type Conn struct {
	// What every flush looks at comes first: a feed of thousands of sockets
	// pays for each line of memory that is not in the cache.
	mu      sync.Mutex
	over    bool   // closed, or cut off and about to be
	blocked bool   // the kernel will say when it takes more
	busy    bool   // a goroutine of its own writes
	watched bool   // the gate knows its descriptor
	at      uint64 // position in feed of what comes next, between two frames
	feed    *Feed
	raw     syscall.RawConn // nil where there is no descriptor: a pipe, TLS; never changes

	// What waits for this socket alone goes in this order, and before the feed.
	rest  []byte   // of a frame of the feed that was begun
	queue [][]byte // pieces of framed messages; may be shared
	own   []byte   // framed personal messages and control frames
	left  int      // bytes of the frame that stands half written

	farewell *time.Timer // closes a socket that was told why; nil before

	net.Conn
	pool   *Pool
	onCut  func(Reason)
	number uint64
	shard  int32
	place  int32         // in its feed's list; guarded by the feed's lock
	slot   int32         // in its pool's list; guarded by the pool's lock
	heard  atomic.Uint32 // the pool's beat
	queued atomic.Bool   // waits in its shard's list
	fresh  bool          // in the pool's list of those to be measured; guarded by its lock

	// How long its way is; guarded by mu.
	trip   uint16 // the least, in milliseconds
	pongs  uint8  // round trips, up to enoughPongs
	pinged uint8  // for the sake of that
	ponged uint32 // number of the ping that was answered last
}

// NewConn takes over the writing half of c; nobody else may write to it or
// close it. onCut is called at most once, on a goroutine of its own, when the
// socket was cut off and closed.
func (p *Pool) NewConn(c net.Conn, onCut func(Reason)) *Conn {
	n := p.next.Add(1)
	w := &Conn{
		Conn: c, pool: p, number: n, shard: int32(n % uint64(len(p.shards))), onCut: onCut,
		raw: descriptor(c, p.config.Kernel), ponged: p.pings.newest(),
	}
	w.Heard()
	p.enlist(w)
	return w
}

// Heard notes that something came from the other end.
func (c *Conn) Heard() {
	if now := c.pool.beat.Load(); c.heard.Load() != now {
		c.heard.Store(now)
	}
}

// Read reads for coder/websocket, and notes that the other end lives.
func (c *Conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.Heard()
	}
	return n, err
}

// Send queues a payload for this socket alone. It does not wait for the feed's
// gathering, and takes along what the feed has gathered.
func (c *Conn) Send(payload []byte) {
	c.mu.Lock()
	if c.over {
		c.mu.Unlock()
		return
	}
	full := func() bool { // one frame may always wait
		return len(c.own) > 0 && len(c.own)+len(payload) > c.pool.config.Own
	}
	if full() && c.raw != nil {
		c.mu.Unlock()
		c.flushHere() // perhaps the shard only had no time yet
		c.mu.Lock()
	}
	if full() {
		c.cut(CutFull)
	}
	if c.over {
		c.mu.Unlock()
		return
	}
	c.own = AppendFrame(c.own, payload)
	c.mu.Unlock()
	c.wake()
}

// Write queues a control frame of coder/websocket's.
func (c *Conn) Write(frame []byte) (int, error) {
	c.mu.Lock()
	ok := !c.over && len(c.own)+len(frame) <= c.pool.config.Own+8*maxControl
	if ok {
		c.own = append(c.own, frame...)
	}
	c.mu.Unlock()
	if !ok {
		return 0, net.ErrClosed
	}
	c.wake()
	return len(frame), nil
}

// ping asks the other end whether it lives, and how far away. One to which
// nothing can be written has other worries.
func (c *Conn) ping(frame []byte) {
	c.mu.Lock()
	ok := !c.over && !c.blocked && len(c.own) == 0
	if ok {
		c.own = append(c.own, frame...)
	}
	c.mu.Unlock()
	if ok {
		c.wake()
	}
}

// Close leaves the feed and closes the socket. What still waits and fits into
// the socket's buffer is written first: a close frame, for instance.
func (c *Conn) Close() error {
	c.flushHere()
	c.mu.Lock()
	c.end()
	if c.farewell != nil && c.farewell.Stop() {
		c.farewell.Reset(0)
	}
	c.mu.Unlock()
	c.pool.strike(c)
	return c.Conn.Close()
}

// flushHere writes on the caller's goroutine.
func (c *Conn) flushHere() {
	w := c.pool.spare.Get().(*writer)
	c.flush(w, true)
	w.forget()
	c.pool.writes.Add(w.writes.Swap(0))
	c.pool.bytes.Add(w.bytes.Swap(0))
	c.pool.spare.Put(w)
}

// Leave stops hearing the feed; personal frames still come.
func (c *Conn) Leave() {
	c.mu.Lock()
	c.leave()
	c.mu.Unlock()
}

// leave is Leave with mu held.
func (c *Conn) leave() {
	if c.feed != nil {
		c.feed.drop(c)
		c.feed = nil
	}
}

// end stops all writing. It is called with mu held.
func (c *Conn) end() {
	c.over = true
	c.leave()
	c.rest, c.queue, c.own = nil, nil, nil
	if c.blocked {
		c.blocked = false
		c.pool.gate.forget(c)
	}
}

// hear makes f the feed of c, from position at, after first.
func (c *Conn) hear(f *Feed, at uint64, first []Message) {
	c.mu.Lock()
	if c.over {
		c.mu.Unlock()
		return
	}
	c.enqueue(first)
	if c.feed != f {
		c.leave()
		if f.add(c) {
			c.sample()
		}
	}
	c.feed, c.at = f, at
	c.mu.Unlock()
	c.wake()
}

// enqueue lets messages wait behind what waits already, without copying their
// pieces. It is called with mu held.
func (c *Conn) enqueue(messages []Message) {
	if len(messages) == 0 {
		return
	}
	n := len(c.queue) + 1
	for _, m := range messages {
		n += 1 + len(m)
	}
	queue := append(make([][]byte, 0, n), c.queue...)
	if len(c.own) > 0 {
		queue, c.own = append(queue, c.own), nil
	}
	heads := make([]byte, 0, headSize*len(messages))
	for _, m := range messages {
		size := 0
		for _, piece := range m {
			size += len(piece)
		}
		before := len(heads)
		heads = appendHead(heads, size)
		queue = append(queue, heads[before:])
		for _, piece := range m {
			if len(piece) > 0 {
				queue = append(queue, piece)
			}
		}
	}
	c.queue = queue
}

func (c *Conn) wake() {
	if !c.queued.Swap(true) {
		c.pool.shards[c.shard].addConn(c)
	}
}

// outbox is how many bytes wait, and whether the socket takes no more.
func (c *Conn) outbox() (bytes int, waiting bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	bytes = len(c.rest) + len(c.own)
	for _, piece := range c.queue {
		bytes += len(piece)
	}
	if c.feed != nil {
		bytes += c.feed.behind(c.at)
	}
	return bytes, c.blocked || c.busy
}

package fanout

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Reason says why a socket was cut off.
type Reason int

// Why a socket was cut off.
const (
	CutSlow   Reason = iota // it did not take what was sent to it
	CutSilent               // nothing was heard of it
	CutBroken               // writing to it failed
)

// Conn is the writing half of one socket. coder/websocket gets it as its
// net.Conn: its control frames (always one Write each) go through the same
// queue as our data, so frames never mix.
type Conn struct {
	net.Conn
	pool   *Pool
	shard  int
	number uint32
	raw    syscall.RawConn // nil where there is no descriptor: a pipe, TLS
	onCut  func(Reason)
	heard  atomic.Int64 // Unix milliseconds
	queued atomic.Bool  // waits in its shard's list

	mu       sync.Mutex
	part     []byte   // begun and not yet taken by the socket: goes first
	first    [][]byte // pieces of framed messages that go before own; may be shared
	own      []byte   // framed personal messages and control frames
	feed     *Feed
	at       uint64 // position in feed of what comes next, between two frames
	draining bool   // a goroutine of its own writes
	dead     bool

	// The write under way; the callback is made once, so that a write
	// allocates nothing.
	out []byte
	n   int
	err error
	try func(fd uintptr) bool
}

// NewConn takes over the writing half of c. onCut is called at most once, on
// a goroutine of its own, when the socket was cut off and closed.
func (p *Pool) NewConn(c net.Conn, onCut func(Reason)) *Conn {
	n := p.next.Add(1)
	w := &Conn{Conn: c, pool: p, number: n, shard: int(n) % len(p.shards), onCut: onCut}
	w.Heard()
	if sc, ok := c.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			w.raw = raw
			w.try = func(fd uintptr) bool {
				w.n, w.err = syscall.Write(int(fd), w.out)
				return true
			}
		}
	}
	p.mu.Lock()
	p.conns[w] = struct{}{}
	p.mu.Unlock()
	return w
}

// Heard notes that something came from the other end.
func (c *Conn) Heard() { c.heard.Store(time.Now().UnixMilli()) }

// Read reads for coder/websocket, and notes that the other end lives.
func (c *Conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.Heard()
	}
	return n, err
}

// Send queues a payload for this socket alone.
func (c *Conn) Send(payload []byte) {
	c.mu.Lock()
	if c.dead {
		c.mu.Unlock()
		return
	}
	if len(c.own)+len(payload) > c.pool.config.Own {
		c.mu.Unlock()
		c.cut(CutSlow)
		return
	}
	c.own = AppendFrame(c.own, payload)
	c.mu.Unlock()
	c.wake()
}

// Write queues a control frame of coder/websocket's.
func (c *Conn) Write(frame []byte) (int, error) {
	if !c.control(frame) {
		return 0, net.ErrClosed
	}
	return len(frame), nil
}

func (c *Conn) control(frame []byte) bool {
	c.mu.Lock()
	ok := !c.dead && len(c.own)+len(frame) <= c.pool.config.Own+1024
	if ok {
		c.own = append(c.own, frame...)
	}
	c.mu.Unlock()
	if ok {
		c.wake()
	}
	return ok
}

// Close leaves the feed and closes the socket. What still waits and fits into
// the socket's buffer is written first: a close frame, for instance.
func (c *Conn) Close() error {
	c.flush()
	c.mu.Lock()
	c.dead = true
	feed := c.feed
	c.feed, c.first, c.own, c.part = nil, nil, nil, nil
	c.mu.Unlock()
	if feed != nil {
		feed.drop(c)
	}
	c.pool.mu.Lock()
	delete(c.pool.conns, c)
	c.pool.mu.Unlock()
	return c.Conn.Close()
}

// Leave stops hearing the feed; personal frames still come.
func (c *Conn) Leave() {
	c.mu.Lock()
	feed := c.feed
	c.feed = nil
	c.mu.Unlock()
	if feed != nil {
		feed.drop(c)
	}
}

// hear makes f the feed of c, from position at, after first.
func (c *Conn) hear(f *Feed, at uint64, first []Message) (old *Feed, alive bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead {
		return nil, false
	}
	if len(c.own) > 0 && len(first) > 0 {
		c.first = append(c.first, c.own)
		c.own = nil
	}
	for _, m := range first {
		size := 0
		for _, piece := range m {
			size += len(piece)
		}
		c.first = append(append(c.first, appendHead(nil, size)), m...)
	}
	old, c.feed, c.at = c.feed, f, at
	return old, true
}

func (c *Conn) hears(f *Feed) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.feed == f
}

func (c *Conn) wake() {
	if !c.queued.Swap(true) {
		c.pool.shards[c.shard].addConn(c)
	}
}

// closeIdle is a close frame (RFC 6455, section 5.5.1) with code 4005.
var closeIdle = []byte{0x88, 2, 4005 >> 8, 4005 & 0xff}

// cut gives the socket up and closes it. One that was silent is told so, if
// nothing stands half written before it.
func (c *Conn) cut(why Reason) {
	c.mu.Lock()
	first := !c.dead
	c.dead = true
	if first && why == CutSilent && len(c.part) == 0 && c.raw != nil {
		c.out = closeIdle
		_ = c.raw.Write(c.try)
		c.out = nil
	}
	feed := c.feed
	c.feed, c.first, c.own, c.part = nil, nil, nil, nil
	c.mu.Unlock()
	if !first {
		return
	}
	if feed != nil {
		feed.drop(c)
	}
	if why != CutBroken {
		c.pool.cut.Add(1)
	}
	go func() {
		_ = c.Conn.Close()
		c.onCut(why)
	}()
}

// next returns what is to be written now. It is called with mu held.
func (c *Conn) next() (b []byte, ok bool) {
	if len(c.part) > 0 {
		return c.part, true
	}
	if len(c.first) > 0 {
		c.part, c.first = c.first[0], c.first[1:]
		return c.part, true
	}
	if len(c.own) > 0 {
		c.part, c.first, c.own = c.own, nil, nil
		return c.part, true
	}
	if c.feed == nil {
		return nil, true
	}
	b, next, ok := c.feed.from(c.at)
	if ok {
		c.part, c.at = b, next
	}
	return c.part, ok
}

// flush writes as much as the socket takes without waiting.
func (c *Conn) flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.dead && !c.draining {
		b, ok := c.next()
		if !ok {
			go c.cut(CutSlow)
			return
		}
		if len(b) == 0 {
			return
		}
		if c.raw == nil {
			c.drain()
			return
		}
		c.out = b
		err := c.raw.Write(c.try)
		c.out = nil
		if err == nil {
			err = c.err
		}
		c.pool.writes.Add(1)
		switch {
		case err == nil:
			c.took(c.n)
		case errors.Is(err, syscall.EAGAIN):
			c.pool.blocked.Add(1)
			c.drain()
			return
		case errors.Is(err, syscall.EINTR):
		default:
			go c.cut(CutBroken)
			return
		}
	}
}

func (c *Conn) took(n int) {
	c.pool.bytes.Add(uint64(n))
	if c.part = c.part[min(n, len(c.part)):]; len(c.part) == 0 {
		c.part = nil
	}
}

// drain starts a goroutine that writes for this socket alone, and waits where
// it must, until the socket has caught up. It is called with mu held.
func (c *Conn) drain() {
	c.draining = true
	go func() {
		for {
			c.mu.Lock()
			b, ok := c.next()
			if !ok || len(b) == 0 || c.dead {
				_ = c.SetWriteDeadline(time.Time{}) // or it would meet a write of the shard's
				c.draining = false
				c.mu.Unlock()
				if !ok {
					c.cut(CutSlow)
				}
				return
			}
			c.mu.Unlock()
			// Small pieces, so that a slow but living socket shows progress.
			if len(b) > 16<<10 {
				b = b[:16<<10]
			}
			_ = c.SetWriteDeadline(time.Now().Add(c.pool.config.Stall))
			n, err := c.Conn.Write(b)
			c.pool.writes.Add(1)
			c.mu.Lock()
			c.took(n)
			c.mu.Unlock()
			if err != nil {
				why := CutBroken
				if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
					why = CutSlow
				}
				c.cut(why)
				return
			}
		}
	}()
}

package fanout

import (
	"errors"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// maxPieces is how many runs of bytes one system call takes.
const maxPieces = 32

// writer is what a goroutine needs to write to any number of sockets without
// allocating: the pieces of the call under way and its outcome.
type writer struct {
	pieces [][]byte
	n      int
	err    error
	vector vector
	try    func(fd uintptr) bool // made once
	run    run

	writes, bytes atomic.Uint64
}

func newWriter() *writer {
	w := &writer{pieces: make([][]byte, 0, 2*maxPieces), run: run{pieces: make([][]byte, 0, maxPieces)}}
	w.try = w.call
	return w
}

// write writes pieces in one call that never blocks, and returns how many
// bytes the socket took.
func (w *writer) write(raw syscall.RawConn) (int, error) {
	w.n, w.err = 0, nil
	err := raw.Write(w.try)
	if err == nil {
		err = w.err
	}
	w.writes.Add(1)
	w.bytes.Add(uint64(w.n))
	return w.n, err
}

// run is what a socket at one position of a feed is to be written. Nearly all
// sockets of a feed are at the same one, so it is looked up once for them all.
type run struct {
	feed     *Feed
	from, to uint64
	pieces   [][]byte
	more     bool // there is more than one call takes
	ok       bool // the ring holds it
}

func (r *run) load(f *Feed, at uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r.feed, r.from = f, at
	r.pieces, r.to, r.ok = f.ring.read(at, r.pieces[:0])
	r.more = r.to != f.ring.end
}

// forget lets go of what was written.
func (w *writer) forget() {
	clear(w.pieces)
	clear(w.run.pieces)
	w.run = run{pieces: w.run.pieces[:0]}
}

// flush writes as much as the socket takes without waiting. fresh says that
// w.run may be older than what is to be written.
func (c *Conn) flush(w *writer, fresh bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over || c.blocked || c.busy {
		return
	}
	if c.raw == nil {
		if c.waits() {
			c.busy = true
			go c.pump()
		}
		return
	}
	for more := true; more; {
		if c.feed != nil && (fresh || w.run.from != c.at || w.run.feed != c.feed) {
			w.run.load(c.feed, c.at)
		}
		if c.feed != nil && !w.run.ok {
			c.cut(CutBehind)
			return
		}
		var size int
		size, more = c.gather(w)
		if size == 0 {
			return
		}
		alone := c.alone()
		n, err := w.write(c.raw)
		switch {
		case n == size && alone:
			c.at = w.run.to
		case err == nil, errors.Is(err, syscall.EAGAIN):
			c.took(w, n)
			if n < size {
				c.block()
				return
			}
		default:
			c.cut(CutBroken)
			return
		}
	}
}

// alone says that nothing but the feed has something for this socket.
func (c *Conn) alone() bool { return len(c.rest) == 0 && len(c.queue) == 0 && len(c.own) == 0 }

// waits says that something is to be written.
func (c *Conn) waits() bool { return !c.alone() || c.feed != nil && c.feed.behind(c.at) > 0 }

// gather puts into w what is to be written now, and says how much it is and
// whether something is left for another call. w.run is what follows c.at.
func (c *Conn) gather(w *writer) (size int, more bool) {
	clear(w.pieces)
	pieces := w.pieces[:0]
	if len(c.rest) > 0 {
		pieces = append(pieces, c.rest)
	}
	queue := c.queue[:min(len(c.queue), maxPieces-2)]
	pieces = append(pieces, queue...)
	more = len(queue) < len(c.queue)
	if !more {
		if len(c.own) > 0 {
			pieces = append(pieces, c.own)
		}
		if c.feed != nil {
			pieces = append(pieces, w.run.pieces...)
			more = w.run.more
		}
	}
	for _, p := range pieces {
		size += len(p)
	}
	w.pieces = pieces
	return size, more
}

// took notes that the socket took the first n bytes of what was gathered.
func (c *Conn) took(w *writer, n int) {
	c.left = unfinished(w.pieces, c.left, n)
	n = consume(&c.rest, n)
	for len(c.queue) > 0 {
		if n = consume(&c.queue[0], n); c.queue[0] != nil {
			return
		}
		c.queue = c.queue[1:]
	}
	c.queue = nil
	n = consume(&c.own, n)
	c.at += uint64(n)
	if n == 0 || c.left == 0 {
		return
	}
	// A frame of the feed stands half written: the position is behind it.
	c.at += uint64(c.left)
	for _, piece := range w.run.pieces {
		if n < len(piece) {
			c.rest = piece[n : n+c.left]
			return
		}
		n -= len(piece)
	}
}

// consume takes up to n bytes from the front of b, which becomes nil when
// nothing is left, and returns how many were more than it had.
func consume(b *[]byte, n int) (more int) {
	if n < len(*b) {
		*b = (*b)[n:]
		return 0
	}
	n -= len(*b)
	*b = nil
	return n
}

// block lets the kernel say when the socket takes more. It is called with mu
// held.
func (c *Conn) block() {
	c.pool.blocked.Add(1)
	if g := c.pool.theGate(); g != nil && g.add(c) {
		c.blocked = true
		return
	}
	c.busy = true
	go c.pump()
}

// unblock is called when the socket takes more.
func (c *Conn) unblock() {
	c.mu.Lock()
	c.blocked = false
	c.mu.Unlock()
	c.wake()
}

// pump writes for a socket that has no descriptor to write to without waiting,
// or that the kernel cannot watch, until nothing is left.
func (c *Conn) pump() {
	timeout := c.pool.config.Stall
	for {
		c.mu.Lock()
		b, ok := c.claim()
		if c.over || len(b) == 0 {
			_ = c.SetWriteDeadline(time.Time{})
			c.busy, c.left = false, 0
			if !ok {
				c.cut(CutBehind)
			}
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
		// Small pieces, so that a slow but living socket shows progress.
		_ = c.SetWriteDeadline(time.Now().Add(timeout))
		n, err := c.Conn.Write(b[:min(len(b), 16<<10)])
		c.pool.writes.Add(1)
		c.pool.bytes.Add(uint64(n))
		c.mu.Lock()
		consume(&c.rest, n)
		if err != nil && !(n > 0 && errors.Is(err, os.ErrDeadlineExceeded)) {
			why := CutBroken
			if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
				why = CutSlow
			}
			c.cut(why)
		}
		c.mu.Unlock()
	}
}

// claim returns what a pump is to write next, which from then on goes before
// all else. ok is false when the ring has left the socket behind. It is called
// with mu held.
func (c *Conn) claim() (b []byte, ok bool) {
	for len(c.rest) == 0 && len(c.queue) > 0 {
		c.rest, c.queue = c.queue[0], c.queue[1:]
	}
	if len(c.rest) == 0 && len(c.own) > 0 {
		c.rest, c.own = c.own, nil
	}
	if len(c.rest) == 0 && c.feed != nil {
		r := run{pieces: make([][]byte, 0, 1)}
		r.load(c.feed, c.at)
		if !r.ok {
			return nil, false
		}
		if len(r.pieces) > 0 {
			c.rest, c.at = r.pieces[0], r.to
		}
	}
	return c.rest, true
}

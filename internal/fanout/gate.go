package fanout

import (
	"sync"
	"time"
)

// gate knows the sockets that take no more. The kernel says when one takes
// more again; the gate sees to it that this happens in time.
type gate struct {
	pool  *Pool
	poll  *poll
	check time.Duration // between two looks at those who wait

	mu      sync.Mutex // taken after a Conn's, never before one
	waiting map[uint64]*wait
}

// wait is one socket's.
type wait struct {
	conn   *Conn
	since  time.Time // when there last was progress
	unsent int       // bytes that the kernel holds for it
}

// theGate returns the pool's gate, which is opened for the first socket that
// needs it; nil if there can be none here.
func (p *Pool) theGate() *gate {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gate != nil || p.ended {
		return p.gate
	}
	poll, err := newPoll()
	if err != nil {
		return nil // each such socket gets a goroutine
	}
	g := &gate{
		pool: p, poll: poll, check: min(max(p.config.Stall/10, time.Millisecond), time.Second),
		waiting: map[uint64]*wait{},
	}
	p.gate = g
	p.done.Go(g.run)
	p.done.Go(g.watch)
	return g
}

func (g *gate) close() { g.poll.close() }

// add watches c, whose lock is held.
func (g *gate) add(c *Conn) bool {
	g.mu.Lock()
	g.waiting[c.number] = &wait{conn: c, since: time.Now(), unsent: unsent(c.raw)}
	g.mu.Unlock()
	if err := g.poll.arm(c.raw, c.number, c.watched); err != nil {
		g.forget(c)
		return false
	}
	c.watched = true
	return true
}

func (g *gate) forget(c *Conn) { g.remove(c.number) }

func (g *gate) remove(number uint64) *Conn {
	g.mu.Lock()
	defer g.mu.Unlock()
	w := g.waiting[number]
	if w == nil {
		return nil
	}
	delete(g.waiting, number)
	return w.conn
}

// run lets those go on whose socket takes more.
func (g *gate) run() {
	for g.poll.wait(func(number uint64) {
		if c := g.remove(number); c != nil {
			c.unblock()
		}
	}) {
	}
}

// watch cuts off those who have made no progress or whom the ring has left
// behind. What the other end acknowledges is progress, too: the kernel asks
// for more only when a good part of its buffer is free.
func (g *gate) watch() {
	tick := time.NewTicker(g.check)
	defer tick.Stop()
	var all []*wait
	for {
		select {
		case <-g.pool.stop:
			return
		case <-tick.C:
		}
		g.mu.Lock()
		all = all[:0]
		for _, w := range g.waiting {
			all = append(all, w)
		}
		g.mu.Unlock()
		now := time.Now()
		for _, w := range all {
			g.look(w, now)
		}
		clear(all)
	}
}

func (g *gate) look(w *wait, now time.Time) {
	c := w.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.blocked {
		return
	}
	if c.feed != nil && !c.feed.holds(c.at) {
		c.cut(CutBehind)
		return
	}
	if n := unsent(c.raw); n < w.unsent {
		w.unsent, w.since = n, now
	}
	if now.Sub(w.since) >= g.pool.config.Stall {
		c.cut(CutSlow)
	}
}

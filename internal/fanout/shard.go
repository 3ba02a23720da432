package fanout

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// How many sockets are written to before personal frames that came in the
// meantime have their turn, and before the rest of the server has: about half
// a millisecond and two.
const (
	turn  = 64
	yield = 256
)

// shard is one writing goroutine and its list of work.
type shard struct {
	index int
	wake  chan struct{}

	// Owned by run.
	writer  *writer
	members []*Conn // of the feed in hand
	ready   []*Conn
	fed     []*Feed

	mu    sync.Mutex
	feeds []*Feed // have frames that their sockets have not seen
	conns []*Conn // have frames of their own
	some  atomic.Bool
}

func (s *shard) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *shard) addConn(c *Conn) {
	s.mu.Lock()
	s.conns = append(s.conns, c)
	s.some.Store(true)
	s.mu.Unlock()
	s.poke()
}

func (s *shard) addFeed(f *Feed) {
	s.mu.Lock()
	s.feeds = append(s.feeds, f)
	s.mu.Unlock()
	s.poke()
}

func (s *shard) run(stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-s.wake:
		}
		s.serveConns()
		s.mu.Lock()
		s.fed, s.feeds = s.feeds, s.fed[:0]
		s.mu.Unlock()
		for _, f := range s.fed {
			s.serveFeed(f)
		}
		clear(s.fed)
	}
}

// serveConns writes to the sockets that have frames of their own.
func (s *shard) serveConns() {
	s.mu.Lock()
	s.ready, s.conns = s.conns, s.ready[:0]
	s.some.Store(false)
	s.mu.Unlock()
	for i, c := range s.ready {
		c.queued.Store(false)
		c.flush(s.writer, true)
		if i%yield == yield-1 {
			runtime.Gosched()
		}
	}
	clear(s.ready)
	s.writer.forget()
}

// serveFeed brings the feed's sockets up to date.
func (s *shard) serveFeed(f *Feed) {
	s.members = f.take(s.index, s.members[:0])
	for i, c := range s.members {
		c.flush(s.writer, false)
		if i%turn == turn-1 && s.some.Load() {
			s.serveConns()
		}
		if i%yield == yield-1 {
			runtime.Gosched()
		}
	}
	clear(s.members)
	s.writer.forget()
}

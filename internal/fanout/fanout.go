// Package fanout brings a class's frames to its sockets.
//
// A [Feed] is what one audience of one room hears: a bounded ring of frames
// that were encoded and framed once. A [Conn] is the writing half of one
// socket: it remembers its position in the feed, never a copy of it. A [Pool]
// has a few goroutines, one a core, that take all that waits for a socket and
// write it in one call that never blocks.
//
// A socket that takes no more gets a goroutine of its own until it has caught
// up. One that makes no progress for [Config.Stall], or whose position has
// left the ring, is cut off with a close code that says "come back": the
// class never waits for anybody.
//
// The package knows nothing of rooms or messages, and reads nothing: reading
// stays with coder/websocket.
package fanout

import (
	"encoding/binary"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Config says how much a slow socket is borne with. The zero value means the
// defaults.
type Config struct {
	Shards int           `yaml:"shards" default:"0" doc:"writing goroutines; 0 means one a core"`
	Ring   int           `yaml:"ring" default:"1048576" doc:"bytes of frames that a feed keeps for slow and returning sockets"`
	Own    int           `yaml:"own" default:"1048576" doc:"bytes of personal frames that may wait for one socket"`
	Stall  time.Duration `yaml:"stall" default:"10s" doc:"how long a socket may take nothing before it is cut off"`
	Ping   time.Duration `yaml:"ping" default:"25s" doc:"time between two pings to a socket"`
	Silent time.Duration `yaml:"silent" default:"60s" doc:"how long a socket may be silent before it is cut off"`
}

func (c Config) withDefaults() Config {
	if c.Shards <= 0 {
		c.Shards = runtime.GOMAXPROCS(0)
	}
	if c.Ring <= 0 {
		c.Ring = 1 << 20
	}
	if c.Own <= 0 {
		c.Own = 1 << 20
	}
	if c.Stall <= 0 {
		c.Stall = 10 * time.Second
	}
	if c.Ping <= 0 {
		c.Ping = 25 * time.Second
	}
	if c.Silent <= 0 {
		c.Silent = 60 * time.Second
	}
	return c
}

// Stats counts what a pool has done since it was made.
type Stats struct {
	Writes  uint64 // write calls
	Bytes   uint64 // bytes the sockets took
	Blocked uint64 // times a socket took no more and got a goroutine of its own
	Cut     uint64 // sockets cut off for being slow or silent
}

// Pool writes for any number of feeds and sockets.
type Pool struct {
	config Config
	shards []*shard
	next   atomic.Uint32
	stop   chan struct{}
	done   sync.WaitGroup

	writes, bytes, blocked, cut atomic.Uint64

	mu    sync.Mutex
	conns map[*Conn]struct{} // all that are open, for pings and the watch on silence
}

// NewPool starts a pool. Close ends it.
func NewPool(config Config) *Pool {
	p := &Pool{config: config.withDefaults(), stop: make(chan struct{}), conns: map[*Conn]struct{}{}}
	for range p.config.Shards {
		s := &shard{wake: make(chan struct{}, 1)}
		p.shards = append(p.shards, s)
		p.done.Go(func() { s.run(p.stop) })
	}
	p.done.Go(p.watch)
	return p
}

// Close ends the pool's goroutines. Sockets are left as they are.
func (p *Pool) Close() {
	close(p.stop)
	p.done.Wait()
}

// Stats returns the counts so far.
func (p *Pool) Stats() Stats {
	return Stats{p.writes.Load(), p.bytes.Load(), p.blocked.Load(), p.cut.Load()}
}

var pingFrame = []byte{0x89, 0}

// watch pings every socket and cuts off the silent ones. It goes round once
// in a quarter of the ping time and takes a quarter of the sockets each time,
// so that pings do not come in one burst.
func (p *Pool) watch() {
	const parts = 4
	tick := time.NewTicker(p.config.Ping / parts)
	defer tick.Stop()
	var conns []*Conn
	for round := uint32(0); ; round++ {
		select {
		case <-p.stop:
			return
		case <-tick.C:
		}
		conns = conns[:0]
		p.mu.Lock()
		for c := range p.conns {
			if c.number%parts == round%parts {
				conns = append(conns, c)
			}
		}
		p.mu.Unlock()
		silent := time.Now().Add(-p.config.Silent).UnixMilli()
		for _, c := range conns {
			if c.heard.Load() < silent {
				c.cut(CutSilent)
				continue
			}
			c.control(pingFrame)
		}
	}
}

// shard is one writing goroutine's list of work.
type shard struct {
	wake chan struct{}

	mu    sync.Mutex
	feeds []*Feed // have frames that their sockets have not seen
	conns []*Conn // have frames of their own
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
	var feeds []*Feed
	var conns, members []*Conn
	for {
		select {
		case <-stop:
			return
		case <-s.wake:
		}
		s.mu.Lock()
		feeds, s.feeds = s.feeds, feeds[:0]
		conns, s.conns = s.conns, conns[:0]
		s.mu.Unlock()
		for _, c := range conns {
			c.queued.Store(false)
			c.flush()
		}
		for _, f := range feeds {
			members = f.take(s, members[:0])
			for _, c := range members {
				c.flush()
			}
		}
		clear(feeds)
		clear(conns)
		clear(members)
	}
}

// AppendFrame appends payload as one final, unmasked WebSocket text frame
// (RFC 6455, section 5.2). A server's frames are not masked, so the same
// bytes serve every socket.
func AppendFrame(dst, payload []byte) []byte {
	return append(appendHead(dst, len(payload)), payload...)
}

func appendHead(dst []byte, size int) []byte {
	dst = append(dst, 0x81)
	switch {
	case size < 126:
		return append(dst, byte(size))
	case size < 1<<16:
		return binary.BigEndian.AppendUint16(append(dst, 126), uint16(size))
	}
	return binary.BigEndian.AppendUint64(append(dst, 127), uint64(size))
}

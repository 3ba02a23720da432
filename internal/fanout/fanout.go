// Package fanout brings a class's frames to its sockets.
//
// A [Feed] is what one audience of one room hears: a bounded ring of frames
// that were encoded and framed once. A [Conn] is the writing half of one
// socket: it remembers its position in the feed, never a copy of it. A [Pool]
// has a few goroutines, one a core, that take all that waits for a socket and
// write it in one call that never blocks.
//
//	open ──takes no more──▶ blocked ──takes again──▶ open …
//	open, blocked ──too slow, silent, broken──▶ cut off ──▶ closed
//
// A feed that is flushed seldom is written at once; past some 60 flushes a
// second they are gathered for [Config.Window], so that one system call brings
// many frames. [Feed.FlushNow] is for what may not wait.
//
// A socket that takes no more costs a position in the ring and an entry in the
// kernel's list of those to watch, no goroutine. One that makes no progress
// for [Config.Stall], or whose position has left the ring, is cut off with a
// close code that says "come back": the class never waits for anybody.
//
// Pings tell whether a socket lives, and by their pongs how long its way is:
// [Conn.Lag].
//
// The package knows nothing of rooms or messages, and reads nothing: reading
// stays with coder/websocket.
package fanout

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"weak"
)

// Config says how much a slow socket is borne with. A zero means the default,
// except for Window and Kernel.
type Config struct {
	Shards int           `yaml:"shards" default:"0" doc:"writing goroutines; 0 means one a core"`
	Window time.Duration `yaml:"window" default:"16ms" doc:"how long a busy feed gathers frames for one write; 0: never"`
	Ring   int           `yaml:"ring" default:"1048576" doc:"bytes of frames that a feed keeps for slow and returning sockets"`
	Own    int           `yaml:"own" default:"262144" doc:"bytes of personal frames that may wait for one socket"`
	Kernel int           `yaml:"kernel" default:"32768" doc:"bytes of frames that the kernel may hold for one socket; 0: as it likes"`
	Stall  time.Duration `yaml:"stall" default:"10s" doc:"how long a socket may take nothing before it is cut off"`
	Ping   time.Duration `yaml:"ping" default:"12s" doc:"time between two pings to a socket"`
	Silent time.Duration `yaml:"silent" default:"26s" doc:"how long a socket may be silent before it is cut off"`
}

func (c Config) withDefaults() Config {
	if c.Shards <= 0 {
		c.Shards = runtime.GOMAXPROCS(0)
	}
	if c.Ring <= 0 {
		c.Ring = 1 << 20
	}
	if c.Own <= 0 {
		c.Own = 256 << 10
	}
	if c.Stall <= 0 {
		c.Stall = 10 * time.Second
	}
	if c.Ping <= 0 {
		c.Ping = 12 * time.Second
	}
	if c.Silent <= 0 {
		c.Silent = 26 * time.Second
	}
	return c
}

// Pool writes for any number of feeds and sockets.
type Pool struct {
	config Config
	shards []*shard
	next   atomic.Uint64 // numbers the sockets
	beat   atomic.Uint32 // counts the rounds of watch: a clock that costs nothing to read
	stop   chan struct{}
	done   sync.WaitGroup
	pings  pings

	published, blocked atomic.Uint64
	writes, bytes      atomic.Uint64 // of those who are no shard
	cut                [Reasons]atomic.Uint64
	spare              sync.Pool // of *writer, for those who are no shard

	mu    sync.Mutex
	conns [groups][]*Conn // all that are open, by their number
	feeds map[weak.Pointer[Feed]]struct{}
	sweep int   // how many feeds are kept before those that ended are looked for
	gate  *gate // nil until the first socket blocks
	ended bool
}

// NewPool starts a pool. Close ends it.
func NewPool(config Config) *Pool {
	p := &Pool{config: config.withDefaults(), stop: make(chan struct{}), feeds: map[weak.Pointer[Feed]]struct{}{}}
	p.spare.New = func() any { return newWriter() }
	for i := range p.config.Shards {
		s := &shard{index: i, wake: make(chan struct{}, 1), writer: newWriter()}
		p.shards = append(p.shards, s)
		p.done.Go(func() { s.run(p.stop) })
	}
	p.done.Go(p.watch)
	return p
}

// Close ends the pool's goroutines. Sockets are left as they are.
func (p *Pool) Close() {
	p.mu.Lock()
	p.ended = true
	gate := p.gate
	p.mu.Unlock()
	close(p.stop)
	if gate != nil {
		gate.close()
	}
	p.done.Wait()
}

// NewFeed returns an empty feed whose newest number is last.
func (p *Pool) NewFeed(last uint64) *Feed {
	f := &Feed{
		pool: p, ring: ring{limit: p.config.Ring, last: last}, pace: pace{window: p.config.Window},
		members: make([][]*Conn, len(p.shards)), dirty: make([]bool, len(p.shards)),
	}
	p.mu.Lock()
	p.feeds[weak.Make(f)] = struct{}{}
	if len(p.feeds) > p.sweep {
		p.forgetFeeds()
		p.sweep = 2*len(p.feeds) + 16
	}
	p.mu.Unlock()
	return f
}

// forgetFeeds drops the feeds that nobody holds any more. It is called with mu
// held.
func (p *Pool) forgetFeeds() {
	for w := range p.feeds {
		if w.Value() == nil {
			delete(p.feeds, w)
		}
	}
}

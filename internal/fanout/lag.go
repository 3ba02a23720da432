package fanout

import (
	"crypto/rand"
	"encoding/binary"
	"math"
	"slices"
	"sync"
	"time"
)

// How long the way to a socket and back takes is measured by its pings: each
// carries a number that nobody can guess, and the pong that brings it back says
// when it was sent. The least of [leastPongs] or more is what [Conn.Lag] says:
// whoever holds pongs back can only make it longer, and only by holding them
// all. A pong that names no ping of late, or one that this socket has answered
// already or that is older, is ignored.
//
// Every socket is pinged now and then anyway. The sockets of a feed that
// measures ([Feed.Measure]) are pinged more often until they have answered
// [enoughPongs]: those of a small class at every beat or two, those of a large one
// in turns.
const (
	leastPongs  = 5
	enoughPongs = 8
	mostPings   = 12  // to a socket that does not answer
	turnPings   = 500 // in one beat, to all sockets together
	sharePings  = 256 // sockets that get the same ping: its time is that of the first
	pingSlots   = 128 // pings that are remembered: some seconds' where there are most
)

// pings are those under way, and who is to be pinged more often.
type pings struct {
	mu    sync.Mutex // taken after a Conn's and a Feed's, never before one
	sent  [pingSlots]ping
	last  uint32  // number of the newest
	fresh []*Conn // not measured often enough; those whose turn is next come first
}

type ping struct {
	payload uint64
	number  uint32
	at      time.Time
}

// next makes a ping that is sent now, and returns its frame. The low bits of
// its payload say where it is remembered, the others are chance.
func (p *pings) next() []byte {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	payload := binary.BigEndian.Uint64(b[:])&^(pingSlots-1) | uint64(p.last%pingSlots)
	p.sent[payload%pingSlots] = ping{payload, p.last, time.Now()}
	return appendPing(nil, payload)
}

// find returns the ping that a pong answers.
func (p *pings) find(pong []byte) (ping, bool) {
	if len(pong) != 8 {
		return ping{}, false
	}
	payload := binary.BigEndian.Uint64(pong)
	p.mu.Lock()
	defer p.mu.Unlock()
	found := p.sent[payload%pingSlots]
	return found, found.number != 0 && found.payload == payload
}

// newest is the number of the last ping, 0 if there was none.
func (p *pings) newest() uint32 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

// add makes c one of those that are pinged more often.
func (p *pings) add(c *Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !c.fresh {
		c.fresh = true
		p.fresh = append(p.fresh, c)
	}
}

// turn takes those whose turn it is off the list, and back puts them behind
// the others again, or leaves them out.
func (p *pings) turn(into []*Conn) []*Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := min((len(p.fresh)+1)/2, turnPings)
	into = append(into, p.fresh[:n]...)
	p.fresh = slices.Delete(p.fresh, 0, n)
	return into
}

func (p *pings) back(c *Conn, again bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.fresh = again; again {
		p.fresh = append(p.fresh, c)
	}
}

// sound pings those sockets whose turn it is.
func (p *Pool) sound(turn []*Conn) []*Conn {
	turn = p.pings.turn(turn[:0])
	var frame []byte
	for i, c := range turn {
		if i%sharePings == 0 {
			frame = p.pings.next()
		}
		p.pings.back(c, c.sounded(frame))
	}
	clear(turn)
	return turn
}

// sounded sends a ping for the sake of its pong, and reports whether another
// is to follow.
func (c *Conn) sounded(frame []byte) bool {
	c.mu.Lock()
	again := !c.over && c.feed != nil && c.pongs < enoughPongs && c.pinged < mostPings && c.feed.measuring()
	if again {
		c.pinged++
	}
	c.mu.Unlock()
	if again {
		c.ping(frame)
	}
	return again
}

// Pong notes the payload of a pong that has just been read.
func (c *Conn) Pong(payload []byte) {
	answered, ok := c.pool.pings.find(payload)
	if !ok {
		return
	}
	trip := uint16(min(time.Since(answered.at).Milliseconds(), math.MaxUint16))
	c.mu.Lock()
	defer c.mu.Unlock()
	if int32(answered.number-c.ponged) <= 0 { // answered, or sent before this socket was there
		return
	}
	c.ponged = answered.number
	if c.pongs == 0 || trip < c.trip {
		c.trip = trip
	}
	c.pongs = min(c.pongs+1, enoughPongs)
}

// Lag is how long a frame and its answer are on their way at least, in whole
// milliseconds: the least of five or more round trips, and nothing before that.
func (c *Conn) Lag() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pongs < leastPongs {
		return 0
	}
	return time.Duration(c.trip) * time.Millisecond
}

// Measure says whether the ways to the feed's sockets are to be known soon:
// whether answers will be timed.
func (f *Feed) Measure(on bool) {
	var members []*Conn
	f.mu.Lock()
	if on && !f.measures {
		for _, list := range f.members {
			members = append(members, list...)
		}
	}
	f.measures = on
	f.mu.Unlock()
	for _, c := range members {
		c.mu.Lock()
		c.sample()
		c.mu.Unlock()
	}
}

func (f *Feed) measuring() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.measures
}

// sample has c pinged more often for a while, if it needs that. It is called
// with mu held.
func (c *Conn) sample() {
	if !c.over && c.pongs < enoughPongs {
		c.pinged = 0
		c.pool.pings.add(c)
	}
}

// Package outbox holds what waits for one connection that may be slow: a
// viewer's over TCP. Whoever puts never waits.
//
//	put ──urgent──▶ first ──┐
//	put ──picture─▶ after ──┴▶ take
//
// What is urgent goes first: sound, checks, keys and reports. Pictures wait for
// half a second at most: when they would for longer, frames are dropped, each
// from the packet on at which there was no room, until half of what waited has
// left. The viewer's browser asks again for what it misses, and its reports
// bring it to a smaller layer, as after losses elsewhere.
//
// Encrypted packets are told apart by what of them is not: nothing here reads
// what they carry.
package outbox

import (
	"encoding/binary"
	"net"
	"sync"
	"time"
)

// PacketBytes is what the largest packet may have.
const PacketBytes = 2048

const (
	urgentMost  = 128                    // packets
	pictureMost = 1024                   // packets
	pictureAge  = 500 * time.Millisecond // that the oldest may have waited when another comes
	pictureBack = pictureAge / 2         // until which one that was full stays so
	cutFor      = 100 * time.Millisecond // that a frame stays cut off: longer than its packets take to come, not until they are asked for again
	takenBytes  = 8 << 10                // of pictures that are taken before sound has its turn again
	soundType   = 111                    // payload type of Opus as we offer it, and as browsers do
	prefix      = 2                      // bytes of length before a packet (RFC 4571, section 2)
)

// IsMedia tells RTP from RTCP, STUN and DTLS (RFC 7983, RFC 5761).
func IsMedia(b []byte) bool {
	return len(b) >= 12 && b[0]>>6 == 2 && (b[1] < 192 || b[1] > 223)
}

// Packet is one that waited.
type Packet struct {
	From net.Addr // as it was put

	n  int
	at time.Time
	b  [prefix + PacketBytes]byte
}

// Bytes are the packet's.
func (p *Packet) Bytes() []byte { return p.b[prefix:p.n] }

// Framed are the packet's bytes with their number before them (RFC 4571).
func (p *Packet) Framed() []byte { return p.b[:p.n] }

// Free gives the packet's memory back: it is of no use afterwards.
func (p *Packet) Free() {
	p.From = nil
	pool.Put(p)
}

var pool = sync.Pool{New: func() any { return new(Packet) }}

// Outbox is made by [New].
type Outbox struct {
	more chan struct{} // something waits; closed with the outbox

	mu       sync.Mutex
	urgent   fifo
	pictures fifo
	cut      frame // that was dropped last
	cutAt    time.Time
	full     bool // frames are dropped
	closed   bool
}

// frame names a frame of one stream: its SSRC and timestamp.
type frame struct{ ssrc, ts uint32 }

// New returns an outbox.
func New() *Outbox { return &Outbox{more: make(chan struct{}, 1)} }

// Put queues a copy of a packet. It reports false if it drops it.
func (o *Outbox) Put(b []byte, from net.Addr, now time.Time) bool {
	if len(b) == 0 || len(b) > PacketBytes {
		return false
	}
	p := pool.Get().(*Packet)
	p.From, p.at = from, now
	binary.BigEndian.PutUint16(p.b[:], uint16(len(b)))
	p.n = prefix + copy(p.b[prefix:], b)
	if !o.add(p, IsMedia(b) && b[1]&0x7f != soundType) {
		p.Free()
		return false
	}
	return true
}

func (o *Outbox) add(p *Packet, picture bool) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.closed:
		return false
	case picture && !o.room(p), !picture && o.urgent.len() >= urgentMost:
		return false
	case picture:
		o.pictures.push(p)
	default:
		o.urgent.push(p)
	}
	o.tell()
	return true
}

// tell wakes whoever takes.
func (o *Outbox) tell() {
	select {
	case o.more <- struct{}{}:
	default:
	}
}

// room reports whether a picture's packet may wait.
func (o *Outbox) room(p *Packet) bool {
	b := p.Bytes()
	of := frame{ssrc: binary.BigEndian.Uint32(b[8:]), ts: binary.BigEndian.Uint32(b[4:])}
	age := time.Duration(0)
	if o.pictures.len() > 0 {
		age = p.at.Sub(o.pictures.first().at)
	}
	same := of == o.cut && p.at.Sub(o.cutAt) < cutFor
	if o.full && age <= pictureBack && o.pictures.len() <= pictureMost/2 && !same {
		o.full = false
	}
	if !o.full && (age > pictureAge || o.pictures.len() >= pictureMost) {
		o.full = true
	}
	if o.full || same {
		o.cut, o.cutAt = of, p.at
		return false
	}
	return true
}

// Take waits for packets, and appends those that are to be sent next to list:
// all that is urgent, and some pictures. It returns false when the outbox is
// closed.
func (o *Outbox) Take(list []*Packet) ([]*Packet, bool) {
	for range o.more {
		o.mu.Lock()
		for o.urgent.len() > 0 {
			list = append(list, o.urgent.pop())
		}
		for bytes := 0; o.pictures.len() > 0 && bytes < takenBytes; {
			p := o.pictures.pop()
			bytes += p.n
			list = append(list, p)
		}
		if o.pictures.len() > 0 {
			o.tell()
		}
		o.mu.Unlock()
		if len(list) > 0 {
			return list, true
		}
	}
	return list, false
}

// Close drops what waits. Take returns false from then on.
func (o *Outbox) Close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return
	}
	o.closed = true
	for _, q := range []*fifo{&o.urgent, &o.pictures} {
		for q.len() > 0 {
			q.pop().Free()
		}
	}
	close(o.more)
}

// fifo is a queue that keeps its memory while it is used.
type fifo struct {
	list []*Packet
	from int
}

func (q *fifo) len() int       { return len(q.list) - q.from }
func (q *fifo) first() *Packet { return q.list[q.from] }

func (q *fifo) push(p *Packet) {
	if q.from > 0 && len(q.list) == cap(q.list) {
		n := copy(q.list, q.list[q.from:])
		clear(q.list[n:])
		q.list, q.from = q.list[:n], 0
	}
	q.list = append(q.list, p)
}

func (q *fifo) pop() *Packet {
	p := q.list[q.from]
	q.list[q.from] = nil
	if q.from++; q.from == len(q.list) {
		q.list, q.from = q.list[:0], 0
	}
	return p
}

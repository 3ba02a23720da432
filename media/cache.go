package media

import (
	"sync"
	"time"
)

// cache keeps a layer's last packets, by sequence number, for viewers that
// lost some (NACK) and for viewers that join: those begin at the last
// keyframe. One layer has one cache, however many viewers it has.
type cache struct {
	mu    sync.RWMutex
	ring  []*packet
	next  uint64 // one past the highest number seen; 0: nothing yet
	key   uint64 // first packet of the last keyframe; 0: none yet
	keyAt time.Time
}

func newCache(size int) *cache { return &cache{ring: make([]*packet, size)} }

// put adds a packet. It reports whether it is new: a repetition, or one older
// than the cache reaches, is not.
func (c *cache) put(p *packet) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.next > 0 && p.seq+uint64(len(c.ring)) < c.next {
		return false
	}
	at := &c.ring[p.seq%uint64(len(c.ring))]
	if *at != nil && (*at).seq >= p.seq {
		return false
	}
	*at = p
	c.next = max(c.next, p.seq+1)
	if p.key && p.seq > c.key {
		c.key, c.keyAt = p.seq, p.at
	}
	return true
}

// get returns the packet with the extended number, or nil.
func (c *cache) get(seq uint64) *packet {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if p := c.ring[seq%uint64(len(c.ring))]; p != nil && p.seq == seq {
		return p
	}
	return nil
}

// edge returns one past the highest number seen.
func (c *cache) edge() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.next
}

// first returns the oldest number that may still be here, or 0 before there is any.
func (c *cache) first() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	oldest := uint64(0)
	for _, p := range c.ring {
		if p != nil && (oldest == 0 || p.seq < oldest) {
			oldest = p.seq
		}
	}
	return oldest
}

// reach is how many numbers back from the edge the cache keeps.
func (c *cache) reach() uint64 { return uint64(len(c.ring)) }

// joint returns the first packet of the last keyframe, if it came within age
// and everything after it may still be here.
func (c *cache) joint(now time.Time, age time.Duration) *packet {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.key == 0 || now.Sub(c.keyAt) > age || c.next-c.key > uint64(len(c.ring)) {
		return nil
	}
	return c.ring[c.key%uint64(len(c.ring))]
}

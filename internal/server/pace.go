package server

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// pace bounds how often each of many sources may do something. The zero value
// is ready; it forgets sources when there are too many, which is lenient.
type pace struct {
	every time.Duration
	burst int

	mu      sync.Mutex
	sources map[string]*rate.Limiter
}

const maxSources = 20_000

func (p *pace) allow(source string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.sources[source]
	if l == nil {
		if p.sources == nil || len(p.sources) >= maxSources {
			p.sources = map[string]*rate.Limiter{}
		}
		l = rate.NewLimiter(rate.Every(p.every), p.burst)
		p.sources[source] = l
	}
	return l.AllowN(now, 1)
}

// bucket bounds what one socket sends: one token for each message, of which
// there are at most burst, and rate more each second. It belongs to one
// goroutine; the zero value is full.
type bucket struct {
	taken float64 // tokens that are not back yet
	at    time.Time
}

// take takes a token, and reports false if there is none.
func (b *bucket) take(now time.Time, rate float64, burst int) bool {
	b.taken = max(0, b.taken-rate*max(0, now.Sub(b.at).Seconds()))
	b.at = now
	if b.taken+1 > float64(burst) {
		return false
	}
	b.taken++
	return true
}

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

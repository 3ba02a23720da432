package operator

import (
	"net/netip"
	"sync"
	"time"
)

const (
	patience     = 5           // wrong secrets before the first lock-out
	firstLockout = time.Minute // doubles with each wrong secret after it
	mostLockout  = time.Hour
	forgetAfter  = time.Hour // without a wrong secret, from the end of a lock-out
	maxSources   = 4096      // that are remembered one by one
)

// lockout remembers who gave wrong secrets. While a source is locked out even
// the right secret is refused: else guessing would go on. Its memory is
// bounded: sources that it has no room for are locked out together. The zero
// value is ready.
type lockout struct {
	mu      sync.Mutex
	sources map[netip.Prefix]*strikes
	others  strikes
	swept   time.Time
}

// strikes are the wrong secrets of one source.
type strikes struct {
	count int
	until time.Time // locked out before
	last  time.Time
}

func (s *strikes) forgotten(now time.Time) bool {
	return !now.Before(s.until.Add(forgetAfter)) && !now.Before(s.last.Add(forgetAfter))
}

// verdict is what becomes of a request. Zero means that it counts for what it
// is.
type verdict struct {
	wait  time.Duration // how long its source is locked out
	began bool          // just now
}

// try counts a secret that was given.
func (l *lockout) try(source netip.Prefix, right bool, now time.Time) verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.of(source, now)
	if s.forgotten(now) {
		*s = strikes{}
	}
	if now.Before(s.until) {
		return verdict{wait: s.until.Sub(now)}
	}
	if right {
		*s = strikes{}
		delete(l.sources, source)
		return verdict{}
	}
	s.count++
	s.last = now
	if s.count < patience {
		return verdict{}
	}
	wait := mostLockout
	if more := s.count - patience; more < 6 { // 2^6 minutes are more than the most
		wait = min(wait, firstLockout<<more)
	}
	s.until = now.Add(wait)
	return verdict{wait, true}
}

// of returns the strikes of a source.
func (l *lockout) of(source netip.Prefix, now time.Time) *strikes {
	if s := l.sources[source]; s != nil {
		return s
	}
	if len(l.sources) >= maxSources && now.Sub(l.swept) >= time.Minute {
		l.swept = now
		for source, s := range l.sources {
			if s.forgotten(now) {
				delete(l.sources, source)
			}
		}
	}
	if len(l.sources) >= maxSources {
		return &l.others
	}
	if l.sources == nil {
		l.sources = map[netip.Prefix]*strikes{}
	}
	s := &strikes{}
	l.sources[source] = s
	return s
}

package fanout

import "time"

// burst is how many flushes a feed may make at once before they are gathered.
const burst = 8

// pace says when a feed may be flushed: at once as long as that happens less
// than once in a window on average, with some allowance for a burst; otherwise
// once in a window.
type pace struct {
	window time.Duration // none if not above 0
	whole  time.Time     // when the allowance for a burst is whole again
}

// wait asks to flush now. It returns 0, and counts the flush, or how long to
// gather first. What is urgent counts, and never waits.
func (p *pace) wait(now time.Time, urgent bool) time.Duration {
	if p.window <= 0 {
		return 0
	}
	if p.whole.Before(now) {
		p.whole = now
	}
	ahead := p.whole.Sub(now)
	if over := ahead - (burst-1)*p.window; over > 0 && !urgent {
		return over
	}
	p.whole = now.Add(min(ahead+p.window, burst*p.window))
	return 0
}

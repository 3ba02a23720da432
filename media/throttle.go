package media

import "time"

// throttle lets something happen at most once in each period.
type throttle struct {
	every time.Duration
	last  time.Time
}

// allow reports whether it may happen now, and if so counts it.
func (t *throttle) allow(now time.Time) bool {
	if !t.last.IsZero() && now.Sub(t.last) < t.every {
		return false
	}
	t.last = now
	return true
}

package media

import (
	"context"
	"fmt"
	"time"

	"github.com/lyceum-live/lyceum/internal/load"
)

// Joins measures l.Viewers viewers who come evenly within l.Within, to a host
// who sends a keyframe only when one is asked for: how long each waits for the
// first picture, and how many keyframes that costs the host, which everybody
// who is there already has to take.
func Joins(ctx context.Context, t load.Target, l Load) (r load.Result, err error) {
	err = hold(ctx, t, l, true, func(a *audience, h *host) error {
		// What the host began with is too old to begin with by then.
		if err := rest(ctx, max(l.Settle, joinAge)); err != nil {
			return err
		}
		before := h.asked.Load()
		began := time.Now()
		viewers, err := a.arrive(ctx, l.Viewers, l.Within)
		if err != nil {
			return err
		}
		defer leave(viewers)
		seconds := time.Since(began).Seconds()
		asked, least := h.keyframes(int(before))
		r = load.Result{Measure: fmt.Sprintf("joins in %v", l.Within), Server: t.Name, Viewers: l.Viewers}
		waits(&r, viewers)
		figure(&r, "joins a second", float64(l.Viewers)/seconds, "")
		figure(&r, "keyframes asked for", float64(asked), "")
		if asked > 1 {
			figure(&r, "between two of them at least", least.Seconds(), "s")
		}
		return nil
	})
	return r, err
}

// joinAge is more than any server keeps a keyframe for newcomers.
const joinAge = 4 * time.Second

// keyframes says how many the host was asked for since it had been asked for so
// many, and how soon one after the other.
func (h *host) keyframes(since int) (n int, least time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	asks := h.asks[since:]
	for i := range asks {
		if i == 0 {
			continue
		}
		if after := asks[i].Sub(asks[i-1]); least == 0 || after < least {
			least = after
		}
	}
	return len(asks), least
}

// arrive lets n viewers join, evenly within a time, and waits until each has
// its first picture.
func (a *audience) arrive(ctx context.Context, n int, within time.Duration) ([]*viewer, error) {
	began := time.Now()
	return a.admit(ctx, n, func(i int, join func() error) error {
		if err := rest(ctx, time.Until(began.Add(within*time.Duration(i)/time.Duration(n)))); err != nil {
			return err
		}
		return join()
	})
}

// waits adds how long viewers waited for their first picture.
func waits(r *load.Result, viewers []*viewer) {
	var wait load.Histogram
	for _, v := range viewers {
		wait.Add(v.door.since().Sub(v.begun))
	}
	for _, q := range []struct {
		name string
		p    float64
	}{{"join to first picture p50", 0.5}, {"join to first picture p95", 0.95}, {"join to first picture max", 1}} {
		figure(r, q.name, float64(wait.Quantile(q.p))/1e6, "ms")
	}
}

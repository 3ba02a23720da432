package load

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// The way back of Lyceum's own pages: a random part of a time that doubles with
// every failure.
const (
	backFirst = time.Second
	backMost  = 30 * time.Second
)

// backoff is how long a page waits after so many failures in a row.
func backoff(failures int) time.Duration {
	return rand.N(min(backFirst<<min(failures, 8), backMost))
}

const (
	aroundCut = time.Second      // of messages before the cut, and after the last is back
	backTime  = 60 * time.Second // for all to be back
)

// returns is what becomes of viewers who were cut off. Each lane has one, which
// belongs to its lock.
type returns struct {
	ctx      context.Context // when it ends, nobody comes back any more
	failures map[*socket]int
	lost     map[*socket]time.Duration // when those who are away were cut off

	whole, snapshots int // came back and heard what was missed; were given the room anew
	failed           int // tries that failed, or sockets that the server cut off
	last             time.Duration
	joins, outages   Histogram
}

// cut hangs a socket up and lets it come back.
func (r *returns) cut(s *socket) {
	r.lost[s] = clock()
	s.hangUp()
	r.again(s)
}

func (r *returns) again(s *socket) {
	time.AfterFunc(backoff(r.failures[s]), func() {
		s.do(func() {
			if r.ctx.Err() == nil && s.phase == closed {
				s.after = true
				s.open(clock())
			}
		})
	})
}

func (r *returns) opened(s *socket, at time.Duration) {
	since, away := r.lost[s]
	if !away {
		return
	}
	delete(r.lost, s)
	delete(r.failures, s)
	if s.resumed {
		r.whole++
	} else {
		r.snapshots++
	}
	r.joins.Add(at - s.began)
	r.outages.Add(at - since)
	r.last = max(r.last, at)
}

func (r *returns) gone(s *socket) {
	r.failed++
	if _, away := r.lost[s]; away {
		r.failures[s]++
	} else {
		r.lost[s] = clock()
	}
	r.again(s)
}

// Resume cuts all viewers off at once while l.Rate messages a second go on.
// Each comes back as a page does, with its position, after a random wait of up
// to a second that doubles with every failure, and hears what it missed, or
// takes a snapshot. Gaps and doubles are over the whole history of each.
func Resume(ctx context.Context, t Target, l Load) (Result, error) {
	if l.Viewers < 1 || l.Rate <= 0 {
		return Result{}, errNothing
	}
	c, err := gather(ctx, t, t.room("resume"), l)
	if err != nil {
		return Result{}, err
	}
	defer c.leave()
	if err := rest(ctx, l.settle()); err != nil {
		return Result{}, err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	hush, published := c.talk(ctx, l)
	defer hush()
	if err := rest(ctx, aroundCut); err != nil {
		return Result{}, err
	}

	all := make(map[*lane]*returns, len(c.lanes))
	for _, lane := range c.lanes {
		all[lane] = &returns{ctx: ctx, failures: map[*socket]int{}, lost: map[*socket]time.Duration{}}
	}
	c.listen(events{
		opened: func(s *socket, at time.Duration) { all[s.lane].opened(s, at) },
		lost:   func(s *socket, _ error) { all[s.lane].gone(s) },
	})
	before, known := t.usage()
	cut := clock()
	for _, s := range c.viewers {
		s.do(func() { all[s.lane].cut(s) })
	}
	took := clock() - cut
	await(ctx, backTime, func() bool { return c.away(all) == 0 })
	after, _ := t.usage()
	if err := rest(ctx, aroundCut); err != nil {
		return Result{}, err
	}
	hush()
	if err := <-published; err != nil && !errors.Is(err, context.Canceled) {
		return Result{}, err
	}
	await(ctx, lastWait, func() bool { return c.behind() == 0 })
	away, behind := c.away(all), c.behind()
	stop()
	c.leave()

	sum := returns{}
	for _, r := range all {
		sum.whole += r.whole
		sum.snapshots += r.snapshots
		sum.failed += r.failed
		sum.last = max(sum.last, r.last)
		sum.joins.Merge(&r.joins)
		sum.outages.Merge(&r.outages)
	}
	got := c.total()
	r := Result{Measure: "resume", Server: t.Name, Viewers: l.Viewers}
	r.add("messages meanwhile", l.Rate, "/s")
	r.add("cut off within", took.Seconds(), "s")
	r.add("all back after", (sum.last - cut).Seconds(), "s")
	r.add("not back", float64(away), "")
	r.add("resumed whole", float64(sum.whole), "")
	r.add("by a snapshot", float64(sum.snapshots), "")
	r.add("tries that failed", float64(sum.failed), "")
	r.Figures = append(r.Figures, sum.joins.figures("in after")...)
	r.Figures = append(r.Figures, millis("away p50", sum.outages.Quantile(0.5)), millis("away p99", sum.outages.Quantile(0.99)))
	if known {
		r.add("CPU of the server", ms(after.CPU-before.CPU)/float64(l.Viewers), "ms a return")
	}
	r.add("behind in the end", float64(behind), "")
	r.add("gaps", float64(got.gaps), "")
	r.add("doubles", float64(got.doubles), "")
	return r, nil
}

// talk lets the speaker send messages until hush is called.
func (c *crowd) talk(ctx context.Context, l Load) (hush func(), published <-chan error) {
	talking, hush := context.WithCancel(ctx)
	each := time.Duration(float64(time.Second) / l.Rate)
	p := &plan{start: clock(), each: each, n: int(2*backTime/each) + 1}
	c.plan.Store(p)
	done := make(chan error, 1)
	go func() {
		done <- c.publish(talking, p, l.Size, func(c *crowd, _ int) *socket { return c.speaker })
	}()
	return hush, done
}

// away is how many viewers have not come back.
func (c *crowd) away(all map[*lane]*returns) (n int) {
	for _, l := range c.lanes {
		l.mu.Lock()
		n += len(all[l].lost)
		l.mu.Unlock()
	}
	return n
}

// behind is how many viewers have not heard what the speaker has heard last.
func (c *crowd) behind() (n int) {
	var last uint64
	c.speaker.do(func() { last = c.speaker.last })
	for _, s := range c.viewers {
		s.do(func() {
			if s.last != last {
				n++
			}
		})
	}
	return n
}

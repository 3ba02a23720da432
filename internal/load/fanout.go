package load

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

// chatterEvery is how often each viewer writes when all chat.
const chatterEvery = 30 * time.Second

// Fanout measures how the messages of one person reach all viewers: l.Rate
// messages of l.Size bytes a second.
func Fanout(ctx context.Context, t Target, l Load) (Result, error) {
	n := int(l.Rate * l.Length.Seconds())
	each := time.Duration(float64(time.Second) / l.Rate)
	return spread(ctx, t, l, "fanout", n, each, func(c *crowd, _ int) *socket { return c.speaker })
}

// Chat measures the same where all viewers chat a little: each of them writes
// one message in 30 seconds.
func Chat(ctx context.Context, t Target, l Load) (Result, error) {
	each := chatterEvery / time.Duration(max(l.Viewers, 1))
	n := int(l.Length / each)
	return spread(ctx, t, l, "chat", n, each, func(c *crowd, mark int) *socket {
		return c.viewers[mark*7919%len(c.viewers)] // 7919 is prime: neighbours do not follow each other
	})
}

// spread sends n marked messages at even times and measures what arrives at
// every viewer.
func spread(ctx context.Context, t Target, l Load, measure string, n int, each time.Duration, by func(c *crowd, mark int) *socket) (Result, error) {
	if n < 1 || l.Viewers < 1 {
		return Result{}, errNothing
	}
	c, err := gather(ctx, t, t.room(measure), l)
	if err != nil {
		return Result{}, err
	}
	defer c.leave()
	if err := rest(ctx, l.settle()); err != nil {
		return Result{}, err
	}
	var refused refusals
	var lost atomic.Int64
	c.listen(events{
		reply: func(_ *socket, _ uint64, r reply, _ time.Duration) { refused.note(r.refusal) },
		lost:  func(*socket, error) { lost.Add(1) },
	})
	before, known := t.usage()
	ownBefore := ownUsage()
	peak := watchPeak(t)
	quiet := c.total()
	p := &plan{start: clock() + 50*time.Millisecond, each: each, n: n}
	c.plan.Store(p)
	if err := c.publish(ctx, p, l.Size, by); err != nil {
		peak()
		return Result{}, err
	}
	await(ctx, lastWait, func() bool { return c.delivered() >= (int64(n)-refused.n.Load())*int64(l.Viewers) })
	resident := peak()
	after, _ := t.usage()
	own := ownUsage() - ownBefore
	got := c.total()
	c.leave()
	sent := n - int(refused.n.Load())
	took := max(got.lastAt-p.start, time.Duration(n)*each)
	r := Result{Measure: measure, Server: t.Name, Viewers: l.Viewers, Notes: refused.notes()}
	r.add("messages", l.perSecond(n, each), "/s")
	r.add("delivered", float64(got.delivered), "")
	r.add("throughput", float64(got.delivered)/took.Seconds(), "/s")
	r.add("refused", float64(n-sent), "")
	r.add("missing", float64(int64(sent)*int64(l.Viewers)-got.delivered), "")
	r.add("gaps", float64(got.gaps), "")
	r.add("doubles", float64(got.doubles), "")
	r.add("sockets lost", float64(lost.Load()), "")
	r.Figures = append(r.Figures, got.late.figures("late")...)
	r.Figures = append(r.Figures, millis("of it sent late p99", c.slips.Quantile(0.99)))
	if known {
		r.add(cpuFigure, (after.CPU-before.CPU).Seconds()/max(float64(got.delivered), 1)*1e6, "s a million")
		r.add("memory of the server", float64(resident)/(1<<20), "MiB")
	}
	if own > 0 {
		r.add("CPU of the tool", own.Seconds()/max(float64(got.delivered), 1)*1e6, "s a million")
	}
	r.add("read", float64(got.bytes-quiet.bytes)/max(float64(got.delivered), 1), "bytes a delivery")
	r.add("together", float64(got.delivered)/max(float64(got.reads-quiet.reads), 1), "deliveries a read")
	return r, nil
}

// perSecond is the rate that was asked for.
func (l Load) perSecond(n int, each time.Duration) float64 {
	return float64(n) / (time.Duration(n) * each).Seconds()
}

// publish sends the marked messages of a plan, each at its time. What is late
// is sent at once.
func (c *crowd) publish(ctx context.Context, p *plan, size int, by func(c *crowd, mark int) *socket) error {
	for mark := range p.n {
		text := c.speaks.say(c.last.Add(1), marked(mark, size))
		if err := until(ctx, p.at(mark)); err != nil {
			return err
		}
		s := by(c, mark)
		var err error
		s.do(func() { err = s.send(text) })
		c.slips.Add(clock() - p.at(mark))
		if err != nil && s == c.speaker {
			return fmt.Errorf("send: %w", err)
		}
	}
	return nil
}

// marked is a message's text: its mark, filled up to its size.
func marked(mark, size int) string {
	text := fmt.Sprintf("#%d ", mark)
	fill := size - len(text) - 1
	if fill < 0 {
		return text + "."
	}
	return text + strings.Repeat("and so on ", fill/10+1)[:fill] + "."
}

// watchPeak follows the server's memory until the returned function is
// called, which says how much it was at most.
func watchPeak(t Target) func() int64 {
	if t.Usage == nil {
		return func() int64 { return 0 }
	}
	stop, done := make(chan struct{}), make(chan int64)
	go func() {
		var most int64
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			if u, ok := t.usage(); ok {
				most = max(most, u.Resident)
			}
			select {
			case <-tick.C:
			case <-stop:
				done <- most
				return
			}
		}
	}()
	return func() int64 { close(stop); return <-done }
}

package load

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var errMemory = errors.New("the server's memory cannot be read from here")

const (
	primed     = 200 // viewers who come and go before anything is measured
	primeTimes = 3   // the settling time, for what they left behind to be given back
)

// Memory measures what a viewer costs the server in resident memory: idle, and
// while l.Rate messages a second are sent to all. What the kernel keeps for a
// socket is not in it. It means something from some hundred viewers on.
func Memory(ctx context.Context, t Target, l Load) (Result, error) {
	if t.Usage == nil {
		return Result{}, errMemory
	}
	if l.Viewers < 1 {
		return Result{}, errNothing
	}
	room := t.room("memory")
	few := l
	few.Viewers = min(primed, l.Viewers)
	first, err := gather(ctx, t, room, few)
	if err != nil {
		return Result{}, err
	}
	first.leave()
	if err := rest(ctx, primeTimes*l.settle()); err != nil {
		return Result{}, err
	}
	empty, err := t.Usage()
	if err != nil {
		return Result{}, fmt.Errorf("memory: %w", err)
	}
	peak := watchPeak(t)
	c, err := gather(ctx, t, room, l)
	joining := peak()
	if err != nil {
		return Result{}, err
	}
	defer c.leave()
	if err := rest(ctx, primeTimes*l.settle()); err != nil {
		return Result{}, err
	}
	idle, err := t.Usage()
	if err != nil {
		return Result{}, fmt.Errorf("memory: %w", err)
	}
	p := &plan{start: clock(), each: time.Duration(float64(time.Second) / l.Rate), n: max(int(l.Rate*l.Length.Seconds()), 1)}
	c.plan.Store(p)
	peak = watchPeak(t)
	err = c.publish(ctx, p, l.Size, func(c *crowd, _ int) *socket { return c.speaker })
	await(ctx, lastWait, func() bool { return c.delivered() >= int64(p.n)*int64(l.Viewers) })
	loaded := peak()
	if err != nil {
		return Result{}, err
	}
	r := Result{Measure: "memory", Server: t.Name, Viewers: l.Viewers}
	each := func(bytes int64) float64 { return float64(bytes) / float64(l.Viewers) / 1024 }
	r.add("without viewers", float64(empty.Resident)/(1<<20), "MiB")
	r.add("idle", each(idle.Resident-empty.Resident), "KiB a viewer")
	r.add("loaded, at most", each(loaded-empty.Resident), "KiB a viewer")
	r.add("while they came in, at most", each(joining-empty.Resident), "KiB a viewer")
	r.add("idle, whole server", each(idle.Resident), "KiB a viewer")
	r.add("loaded, whole server", each(loaded), "KiB a viewer")
	r.add("missing", float64(int64(p.n)*int64(l.Viewers)-c.delivered()), "")
	return r, nil
}

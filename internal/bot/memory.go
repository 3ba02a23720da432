package bot

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var errMemory = errors.New("the server's memory cannot be read from here")

const (
	primed    = 200              // viewers who come and go before anything is measured
	primeTime = 4 * time.Second  // for what they left behind to be given back
	loadTime  = 3 * time.Second  // for which the viewers are written to
	loadEach  = time.Second / 20 // between two messages
)

// Memory measures what a viewer costs the server in resident memory: idle,
// and while messages are sent to all. What the kernel keeps for a socket is not
// in it. It means something only where the
// server collects its garbage early, and from some hundred viewers on.
func Memory(ctx context.Context, t Target, l Load) (Result, error) {
	if t.Usage == nil {
		return Result{}, errMemory
	}
	room := t.Room("memory")
	host, leave, err := attend(ctx, t, room)
	if err != nil {
		return Result{}, err
	}
	defer leave()
	first, err := gather(ctx, t, room, primed, nil, nil)
	if err != nil {
		return Result{}, err
	}
	first.leave()
	if err := until(ctx, time.Now().Add(primeTime)); err != nil {
		return Result{}, err
	}
	empty, err := t.Usage()
	if err != nil {
		return Result{}, fmt.Errorf("memory: %w", err)
	}
	c, err := gather(ctx, t, room, l.Viewers, nil, nil)
	if err != nil {
		return Result{}, err
	}
	defer c.leave()
	if err := until(ctx, time.Now().Add(primeTime)); err != nil {
		return Result{}, err
	}
	idle, err := t.Usage()
	if err != nil {
		return Result{}, fmt.Errorf("memory: %w", err)
	}
	peak := watchPeak(t)
	start := time.Now()
	for mark := range int(loadTime / loadEach) {
		err := until(ctx, start.Add(time.Duration(mark)*loadEach))
		if err == nil {
			_, err = host.Command(ctx, "chat.say", sayData{Text: marked(mark)})
		}
		if err != nil && !refused(err) {
			peak()
			return Result{}, err
		}
	}
	loaded := peak()
	each := func(bytes int64) float64 { return float64(bytes-empty.Resident) / float64(l.Viewers) / 1024 }
	return Result{Measure: "memory", Viewers: l.Viewers, Figures: []Figure{
		{"without viewers", float64(empty.Resident) / (1 << 20), "MiB"},
		{"idle", each(idle.Resident), "KiB a viewer"},
		{"loaded", each(loaded), "KiB a viewer"},
	}}, nil
}

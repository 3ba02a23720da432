package bot

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// messageSize is how many bytes a measured chat message's text has.
const messageSize = 250

// chatterEvery is how often each viewer writes when all chat.
const chatterEvery = 30 * time.Second

// Fanout measures how a host's messages reach all viewers: l.Rate messages of
// 250 bytes a second. How late one is counts from the moment at which it was
// to be sent, so that a server that holds up the sender does not look quicker.
func Fanout(ctx context.Context, t Target, l Load) (Result, error) {
	n := int(l.Rate * l.Length.Seconds())
	each := time.Duration(float64(time.Second) / l.Rate)
	return spreadOut(ctx, t, l, "fanout", n, each, nil)
}

// Chatter measures the same where all viewers chat a little: each of them
// writes one message in 30 seconds.
func Chatter(ctx context.Context, t Target, l Load) (Result, error) {
	each := chatterEvery / time.Duration(max(l.Viewers, 1))
	n := int(l.Length / each)
	return spreadOut(ctx, t, l, "chat", n, each, func(c *crowd, mark int, text []byte) error {
		i := mark * 7919 % len(c.taps) // 7919 is prime: neighbours do not follow each other
		return c.taps[i].Send(requestFrame(uint64(mark)+2, "chat.say", key(), text))
	})
}

// spreadOut sends n marked messages at even times, by the host or by send, and
// measures what arrives at every viewer.
func spreadOut(ctx context.Context, t Target, l Load, measure string, n int, each time.Duration, send func(c *crowd, mark int, data []byte) error) (Result, error) {
	if n < 1 || l.Viewers < 1 {
		return Result{}, errNothing
	}
	room := t.Room(measure)
	host, leave, err := attend(ctx, t, room)
	if err != nil {
		return Result{}, err
	}
	defer leave()
	var start atomic.Int64 // of the plan, in Unix nanoseconds
	var end atomic.Int64   // when the last message arrived anywhere
	planned := func(mark int) time.Time { return time.Unix(0, start.Load()).Add(time.Duration(mark) * each) }
	var refusals atomic.Int64
	c, err := gather(ctx, t, room, l.Viewers, func(_ int, y *tally) {
		y.late = make([]time.Duration, 0, n)
		y.arrived = func(mark int) time.Duration {
			now := time.Now()
			end.Store(now.UnixNano())
			return now.Sub(planned(mark))
		}
	}, func(_ int, frame []byte) {
		if send != nil && contains(frame, refusedReply) {
			refusals.Add(1)
		}
	})
	if err != nil {
		return Result{}, err
	}
	defer c.leave()
	if err := until(ctx, time.Now().Add(settle)); err != nil {
		return Result{}, err
	}
	before, known := t.usage()
	peak := watchPeak(t)
	start.Store(time.Now().Add(50 * time.Millisecond).UnixNano())
	var sending sync.WaitGroup
	for mark := range n {
		if err := until(ctx, planned(mark)); err != nil {
			return Result{}, err
		}
		data, err := wire.Encode(sayData{Text: marked(mark)})
		if err != nil {
			return Result{}, err
		}
		if send != nil {
			if err := send(c, mark, data); err != nil {
				return Result{}, fmt.Errorf("send: %w", err)
			}
			continue
		}
		sending.Go(func() { // does not wait for the reply before the next
			if _, err := host.Command(ctx, "chat.say", sayData{Text: marked(mark)}); err != nil {
				refusals.Add(1)
			}
		})
	}
	sending.Wait()
	await(ctx, lastWait, func() bool { return c.received() >= (int64(n)-refusals.Load())*int64(l.Viewers) })
	resident := peak()
	after, _ := t.usage()
	c.leave()
	r := c.report(measure, n, int(refusals.Load()), time.Duration(end.Load()-start.Load()))
	if known {
		delivered := max(float64(c.received()), 1)
		r.Figures = append(r.Figures,
			Figure{"CPU of the server", (after.CPU - before.CPU).Seconds() / delivered * 1e6, "s a million"},
			Figure{"memory of the server", float64(resident) / (1 << 20), "MiB"})
	}
	return r, nil
}

// marked is a message's text: its mark, filled up to its size.
func marked(mark int) string {
	text := fmt.Sprintf("#%d ", mark)
	return text + strings.Repeat("and so on ", messageSize/10)[:messageSize-len(text)-1] + "."
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

// report adds up what all taps counted.
func (c *crowd) report(measure string, sent, refused int, took time.Duration) Result {
	var late []time.Duration
	gaps, doubles := 0, 0
	for _, y := range c.tallies {
		late = append(late, y.late...)
		gaps += y.gaps
		doubles += y.doubles
	}
	r := Result{Measure: measure, Viewers: len(c.taps), Figures: []Figure{
		{"sent", float64(sent), ""},
		{"refused", float64(refused), ""},
		{"delivered", float64(len(late)), ""},
		{"missing", float64((sent-refused)*len(c.taps) - len(late)), ""},
		{"gaps", float64(gaps), ""},
		{"doubles", float64(doubles), ""},
		{"throughput", float64(len(late)) / max(took.Seconds(), 1e-9), "/s"},
	}}
	r.Figures = append(r.Figures, spread("late", late)...)
	return r
}

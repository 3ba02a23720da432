package bot

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lyceum-live/lyceum/wire"
)

// Target is a server under measurement.
type Target struct {
	URL string
	// Room names a room for one measurement; a fresh one where it can be had.
	Room func(measure string) wire.RoomID
	// Token gives somebody a room token.
	Token func(room wire.RoomID, name string, role wire.Role) (string, error)
	// Usage says what the server has used so far; nil where that cannot be known.
	Usage func() (Usage, error)
}

// Usage is what a process has used.
type Usage struct {
	CPU      time.Duration
	Resident int64 // bytes
}

// Load says how hard to press.
type Load struct {
	Viewers int
	Rate    float64       // messages a second, of the host in a fan-out
	Length  time.Duration // of the sending
}

// Figure is one measured value.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

// Result is what a measurement found.
type Result struct {
	Measure string   `json:"measure"`
	Viewers int      `json:"viewers"`
	Figures []Figure `json:"figures"`
}

const (
	openers  = 32               // sockets that are opened at a time
	openTime = 2 * time.Minute  // for all of them
	settle   = 2 * time.Second  // after they are open, for the signals of presence to end
	lastWait = 15 * time.Second // for what was sent to arrive
)

// crowd is many taps in one room, each with its reader.
type crowd struct {
	taps    []*Tap
	tallies []*tally
	readers sync.WaitGroup
	joins   []time.Duration // how long each opening took
	took    time.Duration   // until all were open
}

// gather opens n taps as quickly as it can. hear is called by each tap's
// reader with every frame, after the tally has taken it; it may be nil.
func gather(ctx context.Context, t Target, room wire.RoomID, n int, prepare func(i int, y *tally), hear func(i int, frame []byte)) (*crowd, error) {
	ctx, stop := context.WithTimeout(ctx, openTime)
	defer stop()
	tokens := make([]string, n)
	for i := range tokens {
		var err error
		if tokens[i], err = t.Token(room, fmt.Sprintf("Viewer %d", i+1), wire.Viewer); err != nil {
			return nil, fmt.Errorf("a viewer's token: %w", err)
		}
	}
	c := &crowd{taps: make([]*Tap, n), tallies: make([]*tally, n), joins: make([]time.Duration, n)}
	var g errgroup.Group
	g.SetLimit(openers)
	began := time.Now()
	for i := range n {
		g.Go(func() error {
			at := time.Now()
			tap, err := OpenTap(ctx, t.URL, room, tokens[i])
			if err != nil {
				return fmt.Errorf("viewer %d of %d: %w", i+1, n, err)
			}
			c.joins[i] = time.Since(at)
			y := &tally{}
			if prepare != nil {
				prepare(i, y)
			}
			c.taps[i], c.tallies[i] = tap, y
			c.readers.Go(func() {
				for {
					frame, err := tap.Next()
					if err != nil {
						return // closed by us, or lost: then the counts show it
					}
					y.take(frame)
					if hear != nil {
						hear(i, frame)
					}
				}
			})
			return nil
		})
	}
	err := g.Wait()
	c.took = time.Since(began)
	if err != nil {
		c.leave()
		return nil, err
	}
	return c, nil
}

// leave closes all taps and waits for their readers.
func (c *crowd) leave() {
	for _, t := range c.taps {
		if t != nil {
			t.Close()
		}
	}
	c.readers.Wait()
}

func (c *crowd) received() (n int64) {
	for _, y := range c.tallies {
		n += y.received.Load()
	}
	return n
}

// await waits until done, ctx or the time for it is over; it looks every few
// milliseconds, which costs nothing beside what is measured.
func await(ctx context.Context, limit time.Duration, done func() bool) {
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// until waits for a moment.
func until(ctx context.Context, at time.Time) error {
	t := time.NewTimer(time.Until(at))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// attend keeps a host's socket open and heard, and gives its commands.
func attend(ctx context.Context, t Target, room wire.RoomID) (*Client, func(), error) {
	token, err := t.Token(room, "Host", wire.Host)
	if err != nil {
		return nil, nil, fmt.Errorf("the host's token: %w", err)
	}
	c, err := Dial(ctx, t.URL, room, token, langEN)
	if err != nil {
		return nil, nil, err
	}
	var heard sync.WaitGroup
	heard.Go(func() {
		for range c.Messages() {
		}
	})
	leave := func() { c.Close(); heard.Wait() }
	if _, err := c.Command(ctx, "room.open", struct{}{}); err != nil {
		leave()
		return nil, nil, fmt.Errorf("open the class: %w", err)
	}
	return c, leave, nil
}

// usage is t.Usage where there is one.
func (t Target) usage() (Usage, bool) {
	if t.Usage == nil {
		return Usage{}, false
	}
	u, err := t.Usage()
	return u, err == nil
}

// Joins measures how quickly people come in.
func Joins(ctx context.Context, t Target, l Load) (Result, error) {
	room := t.Room("join")
	_, leave, err := attend(ctx, t, room)
	if err != nil {
		return Result{}, err
	}
	defer leave()
	before, known := t.usage()
	c, err := gather(ctx, t, room, l.Viewers, nil, nil)
	if err != nil {
		return Result{}, err
	}
	after, _ := t.usage()
	c.leave()
	r := Result{Measure: "join", Viewers: l.Viewers}
	r.Figures = append(r.Figures, Figure{"joins", float64(l.Viewers) / c.took.Seconds(), "/s"})
	r.Figures = append(r.Figures, spread("join", c.joins)...)
	if known {
		r.Figures = append(r.Figures, Figure{"CPU of the server", ms(after.CPU-before.CPU) / float64(l.Viewers), "ms a join"})
	}
	return r, nil
}

var errNothing = errors.New("nothing to measure: raise the rate, the time or the viewers")

// key is an idempotency key.
func key() string { return rand.Text() }

package room

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// Drain sends everybody away before the server stops: each socket is told when
// to come back, and closed, bit by bit over a time. Nobody is let in any more.
// It returns when all are gone or ctx is done.
func (h *House) Drain(ctx context.Context, over time.Duration) {
	h.mu.Lock()
	h.draining = true
	h.mu.Unlock()
	people := 0
	for _, r := range h.ready() {
		people += r.status.Load().Sockets
	}
	const step = 50 * time.Millisecond
	tick := time.NewTicker(step)
	defer tick.Stop()
	for end := time.Now().Add(over); ; {
		left := 0
		steps := max(1, int((time.Until(end)+step-1)/step)+1)
		for _, r := range h.ready() {
			n, err := r.dismiss(ctx, steps, people)
			if err == nil {
				left += n
			}
		}
		if left == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// A server that restarts is expected back after a second, and then takes so
// many people a second.
const (
	backAfter   = time.Second
	backASecond = 2500
)

// forNext is longer than any drain: whether those who are sent away come back
// is for the next server to find out.
const forNext = time.Hour

// backIn says when one of so many people should come back, in milliseconds.
func backIn(people int) int64 {
	window := time.Duration(people) * time.Second / backASecond
	return (backAfter + rand.N(max(window, 500*time.Millisecond))).Milliseconds()
}

// dismiss sends one part in parts of those who are still here away, and
// returns how many remain. people is how many the server had.
func (r *Room) dismiss(ctx context.Context, parts, people int) (int, error) {
	left := make(chan int, 1)
	err := r.ask(ctx, ask{then: func(uint64, any, error) {
		r.config.Grace = forNext
		n := (r.count + parts - 1) / parts
		for _, list := range r.sessions {
			for _, s := range list {
				if n == 0 {
					break
				}
				n--
				s.Conn.Send(wire.Signal("server.closing", r.encode(struct {
					Retry int64 `json:"retry_ms"`
				}{backIn(people)})))
				r.detach(s)
				s.Close(wire.CloseRestart)
			}
		}
		left <- r.count
	}})
	if err != nil {
		return 0, err
	}
	select {
	case n := <-left:
		return n, nil
	case <-r.done:
		return 0, ErrGone
	case <-ctx.Done(): // its store takes longer than there is time
		return 0, ctx.Err()
	}
}

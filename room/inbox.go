package room

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/wire"
)

// ask is something on its way to the owner.
type ask struct {
	user wire.UserID
	role wire.Role // as the token says
	key  string
	cmd  Command // nil: only then
	at   time.Time
	seen *checked // by the machine check; nil: nothing was found
	from *Session // whose share of the inbox it takes; nil: nobody's
	then func(seq uint64, data any, err error)
}

// taken gives the sender back their place in the inbox.
func (a ask) taken() ask {
	if a.from != nil {
		a.from.waiting.Add(-1)
	}
	return a
}

// ask hands a to the owner and waits for room in the inbox.
func (r *Room) ask(ctx context.Context, a ask) error {
	a.at = time.Now()
	select {
	case r.asks <- a:
		return nil
	case <-r.done:
		return ErrGone
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Do carries out c and waits for what becomes of it: the position of its
// first event, a query's answer, or a refusal.
func (r *Room) Do(ctx context.Context, by wire.Actor, key string, c Command) (seq uint64, data any, err error) {
	type result struct {
		seq  uint64
		data any
		err  error
	}
	results := make(chan result, 1)
	a := ask{user: by.User, role: by.Role, key: key, cmd: c, seen: r.house.check(c), then: func(seq uint64, data any, err error) {
		results <- result{seq, data, err}
	}}
	if err := r.ask(ctx, a); err != nil {
		return 0, nil, err
	}
	x, err := await(r, results)
	if err != nil {
		return 0, nil, err
	}
	return x.seq, x.data, x.err
}

// look lets the owner do something that changes nothing, and waits for it.
func (r *Room) look(ctx context.Context, do func() error) error {
	done := make(chan error, 1) // buffered: the loop never waits for a caller
	if err := r.ask(ctx, ask{then: func(uint64, any, error) { done <- do() }}); err != nil {
		return err
	}
	said, err := await(r, done)
	return cmp.Or(err, said)
}

// await returns what the owner answers, also if that was the last thing it did.
func await[T any](r *Room, answers <-chan T) (answer T, err error) {
	select {
	case answer = <-answers:
		return answer, nil
	case <-r.done:
	}
	select {
	case answer = <-answers:
		return answer, nil
	default:
		return answer, ErrGone
	}
}

// Submit hands a command of this session's to the room without waiting. then
// is called once, on the room's goroutine, and must not block; not at all if
// the room ends first, whose sockets are then closed. One socket has a small
// share of the inbox, so that it cannot fill it for the others; beyond that,
// and when the inbox is full, Submit returns [wire.ErrBusy].
func (s *Session) Submit(c Command, key string, at time.Time, then func(seq uint64, data any, err error)) error {
	if s.waiting.Add(1) > int32(s.room.config.Share) {
		s.waiting.Add(-1)
		return wire.ErrBusy.After(1000)
	}
	a := ask{user: s.User, role: s.Role, key: key, cmd: s.stamp(c, at), seen: s.room.house.check(c), at: at, from: s, then: then}
	select {
	case s.room.asks <- a:
		return nil
	case <-s.room.done:
		return ErrGone
	default:
		s.waiting.Add(-1)
		return wire.ErrBusy.After(1000)
	}
}

// stamp gives an answer the time at which it arrived and how long the question
// and it were on their way, and what begins a quiz its chance.
func (s *Session) stamp(c Command, at time.Time) Command {
	switch c := c.(type) {
	case quiz.Answer:
		c.At = s.room.clock.at(at)
		c.Lag = wire.Millis(s.Conn.Lag().Milliseconds())
		return c
	case quiz.Ask:
		var seed [8]byte
		_, _ = rand.Read(seed[:]) // never fails (crypto/rand)
		c.Seed = binary.BigEndian.Uint64(seed[:])
		return c
	}
	return s.entitled(c)
}

// lately is the last commands that a room decided, for the log of its failure.
// It holds no word of what was in them.
type lately struct {
	ring [16]late
	next int
}

type late struct {
	after uint64 // position of the log
	cmd   Command
}

func (l *lately) add(after uint64, c Command) {
	l.ring[l.next%len(l.ring)] = late{after, c}
	l.next++
}

// list names the commands, oldest first.
func (l *lately) list() []string {
	var names []string
	for i := range l.ring {
		x := l.ring[(l.next+i)%len(l.ring)]
		if x.cmd == nil {
			continue
		}
		name := fmt.Sprintf("%T", x.cmd)
		if spec := specOf(x.cmd); spec != nil {
			name = spec.Name
		}
		names = append(names, fmt.Sprintf("%s after %d", name, x.after))
	}
	return names
}

package room_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/lyceum-live/lyceum/internal/fanout"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// simLine is one connection of a simulated client: a network that takes what
// the server writes, stalls, and breaks wherever it is told to, also in the
// middle of a frame. Its serve does for the room what the server's socket does.
type simLine struct {
	client  *simClient
	life    *simLife
	session *room.Session
	conn    *fanout.Conn
	gone    chan struct{} // closed when the line is broken or the server closes it
	done    chan struct{} // closed when serve has returned

	mu       sync.Mutex
	broken   bool           // nothing passes any more
	told     wire.CloseCode // the server's goodbye; 0: none
	toldAt   time.Time
	joined   bool          // Join has returned
	refused  error         // what it said
	bytes    []byte        // written and not yet a whole frame
	got      []simGot      // whole messages that the client has not looked at
	snap     int           // breaks in the middle of the numbered view that comes after so many; -1: never
	stalled  chan struct{} // not nil: takes nothing until it is closed
	late     bool          // has ever stalled: what it brings is old
	some     int           // but so many bytes
	deadline time.Time
}

// simGot is a message and how far the log had come when it was written.
type simGot struct {
	message
	last     uint64
	foreign  bool // the room that is open may not know all of it, or it was long on its way
	compared bool
	at       time.Time
}

// connect opens a line and begins to join.
func (c *simClient) connect() {
	l := &simLine{client: c, life: c.sim.life, gone: make(chan struct{}), done: make(chan struct{}), snap: -1}
	l.conn = l.life.pool.NewConn(l, func(fanout.Reason) { l.breaks() })
	l.session = &room.Session{
		User: c.user, Name: "name of " + string(c.user), Role: c.role, Admin: c.admin, Conn: l.conn,
		Close: func(code wire.CloseCode) {
			l.mu.Lock()
			defer l.mu.Unlock()
			if l.told == 0 {
				l.told, l.toldAt = code, time.Now()
				l.goneNow()
			}
		},
	}
	var after *room.Position
	if c.at != nil {
		p := *c.at
		after = &p
	}
	c.line = l
	go l.serve(after)
}

// serve joins, waits for the line's end, and leaves.
func (l *simLine) serve(after *room.Position) {
	defer close(l.done)
	err := l.life.house.Join(context.Background(), l.client.room, l.session, 1, after)
	l.mu.Lock()
	l.joined, l.refused = true, err
	l.mu.Unlock()
	if err == nil {
		<-l.gone
		l.session.Leave()
	}
	time.Sleep(time.Millisecond) // the close handshake: what was sent before has arrived
	_ = l.conn.Close()
}

// goneNow closes gone once. It is called with mu held.
func (l *simLine) goneNow() {
	select {
	case <-l.gone:
	default:
		close(l.gone)
	}
}

// breaks ends the line without a word.
func (l *simLine) breaks() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.breakNow()
}

func (l *simLine) breakNow() {
	l.broken = true
	l.goneNow()
	if l.stalled != nil {
		close(l.stalled)
		l.stalled = nil
	}
}

// stall makes the line take so many bytes more and then nothing.
func (l *simLine) stall(some int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stalled == nil && !l.broken {
		l.stalled, l.some, l.late = make(chan struct{}), some, true
	}
}

func (l *simLine) flows() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stalled != nil {
		close(l.stalled)
		l.stalled = nil
	}
}

func (l *simLine) Write(b []byte) (n int, err error) {
	for {
		l.mu.Lock()
		if l.broken {
			l.mu.Unlock()
			return n, net.ErrClosed
		}
		stalled, deadline := l.stalled, l.deadline
		part := b[n:]
		if stalled != nil {
			part = part[:min(len(part), l.some)]
			l.some -= len(part)
		}
		n += len(part)
		l.take(part)
		broken := l.broken
		l.mu.Unlock()
		switch {
		case broken:
			return n, io.ErrClosedPipe
		case n == len(b):
			return n, nil
		}
		var late <-chan time.Time
		if !deadline.IsZero() {
			t := time.NewTimer(time.Until(deadline))
			late = t.C
			defer t.Stop()
		}
		select {
		case <-stalled:
		case <-late:
			return n, os.ErrDeadlineExceeded
		}
	}
}

// take reads frames as a browser would. It is called with mu held.
func (l *simLine) take(b []byte) {
	l.bytes = append(l.bytes, b...)
	for {
		op, payload, rest, ok := simFrame(l.bytes)
		if !ok {
			return
		}
		l.bytes = rest
		if op != 0x81 {
			continue
		}
		var list []message
		if len(payload) > 0 && payload[0] != '[' {
			list = make([]message, 1)
			if err := json.Unmarshal(payload, &list[0]); err != nil {
				l.client.sim.fail("%s: broken message %q: %v", l.client.name, payload, err)
			}
		} else if err := json.Unmarshal(payload, &list); err != nil {
			l.client.sim.fail("%s: broken messages %q: %v", l.client.name, payload, err)
		}
		for _, m := range list {
			l.hear(m)
		}
	}
}

// hear keeps a message, and looks at once whether it may be known yet.
func (l *simLine) hear(m message) {
	g := simGot{message: m, at: time.Now()}
	g.last, g.foreign = l.client.sim.disk.stand(l.client.room)
	g.foreign = g.foreign || l.late
	if m.Seq > g.last {
		l.client.sim.fail("%s was shown %s %d, and the log ends at %d: seen before it was durable", l.client.name, m.Type, m.Seq, g.last)
	}
	l.got = append(l.got, g)
}

// lose lets only so many numbered views of what has arrived get through, and
// returns how many more there might have been; less than 0: some are lost.
// What comes before a new welcome is not counted: whether it was still written
// is a matter of luck.
func (l *simLine) lose(keep int) int {
	from := 0
	for i, g := range l.got {
		if g.Type == "welcome" {
			from = i
		}
	}
	for i := from; i < len(l.got); i++ {
		if l.got[i].Seq == 0 {
			continue
		}
		if keep--; keep < 0 {
			l.got = l.got[:i]
			break
		}
	}
	return keep
}

func simFrame(b []byte) (op byte, payload, rest []byte, ok bool) {
	if len(b) < 2 {
		return 0, nil, b, false
	}
	n, head := int(b[1]), 2
	switch {
	case n == 126 && len(b) >= 4:
		n, head = int(binary.BigEndian.Uint16(b[2:])), 4
	case n == 127 && len(b) >= 10:
		n, head = int(binary.BigEndian.Uint64(b[2:])), 10
	case n >= 126:
		return 0, nil, b, false
	}
	if len(b) < head+n {
		return 0, nil, b, false
	}
	return b[0], b[head : head+n], b[head+n:], true
}

func (l *simLine) SetWriteDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deadline = t
	return nil
}

func (l *simLine) Close() error {
	l.breaks()
	return nil
}

func (l *simLine) Read([]byte) (int, error)        { <-l.gone; return 0, io.EOF }
func (l *simLine) SetDeadline(time.Time) error     { return nil }
func (l *simLine) SetReadDeadline(time.Time) error { return nil }
func (l *simLine) LocalAddr() net.Addr             { return &net.UnixAddr{} }
func (l *simLine) RemoteAddr() net.Addr            { return &net.UnixAddr{} }

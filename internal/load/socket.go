package load

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

type phase uint8

const (
	closed phase = iota
	dialling
	upgrading
	greeting
	open
)

// line is the way out of a socket. Neither method may block for long.
type line interface {
	write(b []byte) error
	close()
}

// socket is one person's WebSocket. Its lane's lock guards it.
type socket struct {
	crowd  *crowd
	lane   *lane
	number int // among the viewers; -1: the one who speaks
	role   wire.Role
	token  string

	phase phase
	line  line
	began time.Duration // when the opening was planned
	rest  []byte        // the beginning of a frame that has not come whole

	// What it has heard.
	last    uint64 // position of the last numbered view, or mark
	after   bool   // comes back: says last in its hello
	resumed bool   // the last welcome was followed by what was missed

	waiting map[uint64]chan<- []byte // replies that somebody waits for
	welcome chan<- []byte            // if not nil, gets the welcome's data
}

func (s *socket) viewer() bool { return s.number >= 0 }

// Closed says that the socket has ended, and with which code; the code is -1
// where there was no close frame.
type Closed struct{ Code wire.CloseCode }

func (c *Closed) Error() string {
	if c.Code < 0 {
		return "the socket was closed"
	}
	return fmt.Sprintf("the socket was closed with %d", c.Code)
}

// notNow refuses a socket or a hello for the moment.
type notNow struct{ reply string }

func (n *notNow) Error() string { return "not let in: " + n.reply }

// again reports whether a page would come back after the error.
func again(err error) bool {
	if _, ok := errors.AsType[*notNow](err); ok {
		return true
	}
	closed, ok := errors.AsType[*Closed](err)
	return ok && closed.Code >= 0 && closed.Code.Again()
}

// dialled begins the opening handshake (RFC 6455, section 4.1).
func (s *socket) dialled() {
	s.phase = upgrading
	if err := s.line.write(s.crowd.request); err != nil {
		s.fail(err)
	}
}

// send writes a text frame.
func (s *socket) send(text []byte) error {
	if s.phase == closed || s.line == nil {
		return net.ErrClosed
	}
	return s.line.write(appendMasked(make([]byte, 0, len(text)+14), opText, text))
}

var errHead = errors.New("the answer to the upgrade is too long")

// arrive takes what was read, and returns the part of it that is not a whole
// frame yet and how many bytes are needed for that.
func (s *socket) arrive(b []byte, at time.Duration) (rest []byte, need int, err error) {
	if s.phase == upgrading {
		end := bytes.Index(b, []byte("\r\n\r\n"))
		if end < 0 {
			if len(b) > 8<<10 {
				return nil, 0, errHead
			}
			return b, len(b) + 1, nil
		}
		if err := s.crowd.upgraded(b[:end+2]); err != nil {
			return nil, 0, err
		}
		b = b[end+4:]
		s.phase = greeting
		hello := s.crowd.speaks.hello(s)
		if hello == nil {
			s.opened(at)
		} else if err := s.send(hello); err != nil {
			return nil, 0, err
		}
	}
	for len(b) > 0 {
		op, payload, n, err := cut(b)
		if err != nil {
			return nil, 0, err
		}
		if n > len(b) {
			return b, n, nil
		}
		b = b[n:]
		switch op {
		case opText:
			if err := s.crowd.speaks.take(s, payload, at); err != nil {
				return nil, 0, err
			}
		case opPing:
			if err := s.line.write(appendMasked(nil, opPong, payload)); err != nil {
				return nil, 0, err
			}
		case opPong:
		case opClose:
			code := wire.CloseCode(-1)
			if len(payload) >= 2 {
				code = wire.CloseCode(binary.BigEndian.Uint16(payload))
			}
			return nil, 0, &Closed{code}
		default: // no server that is measured sends binary or fragments
			return nil, 0, errFrame
		}
		if s.phase == closed { // by who heard the frame
			return nil, 0, nil
		}
	}
	return nil, 0, nil
}

// opened notes that the socket hears from now on.
func (s *socket) opened(at time.Duration) {
	s.phase = open
	s.crowd.live.Add(1)
	s.lane.joins.Add(at - s.began)
	if on := s.lane.on.opened; on != nil {
		on(s, at)
	}
}

// fail ends the socket, and says so.
func (s *socket) fail(err error) {
	if s.phase == closed {
		return
	}
	s.hangUp()
	if on := s.lane.on.lost; on != nil {
		on(s, err)
	}
}

// hangUp ends the socket without ceremony.
func (s *socket) hangUp() {
	if s.phase == open {
		s.crowd.live.Add(-1)
	}
	s.phase, s.rest = closed, nil
	if s.line != nil {
		s.line.close()
		s.line = nil
	}
	for id, reply := range s.waiting {
		close(reply)
		delete(s.waiting, id)
	}
}

// events are what a measurement wants to hear. They are called with the lane's
// lock held and must not wait.
type events struct {
	opened func(s *socket, at time.Duration)
	lost   func(s *socket, err error)
	reply  func(s *socket, re uint64, r reply, at time.Duration)
	// other is any view or signal that is not a marked message.
	other func(s *socket, kind, data []byte, at time.Duration)
}

// reply is what became of a request.
type reply struct {
	seq     uint64 // what was carried out stands there in the log; 0: nowhere
	refusal []byte // what a refusal says; nil: it was carried out
}

// numbered notes a view that stands at seq, after prev. It reports whether the
// view is new.
func (s *socket) numbered(seq, prev uint64) bool {
	switch {
	case seq <= s.last:
		s.lane.doubles++
		return false
	case prev != s.last:
		s.lane.gaps++
	}
	s.last = seq
	return true
}

// marked notes a marked message that was planned for mark's time.
func (s *socket) marked(mark uint64, at time.Duration) {
	if !s.viewer() {
		return
	}
	p := s.crowd.plan.Load()
	if p == nil || mark >= uint64(p.n) {
		return // of an earlier measurement
	}
	s.lane.late.Add(at - p.at(int(mark)))
	s.lane.lastAt = at
	s.lane.delivered.Add(1)
}

// plan says when marked messages are to be sent.
type plan struct {
	start time.Duration
	each  time.Duration
	n     int
}

func (p *plan) at(mark int) time.Duration { return p.start + time.Duration(mark)*p.each }

// counts are what a lane has counted. All but delivered belong to its lock.
type counts struct {
	gaps, doubles int
	bytes         uint64
	reads         uint64
	late, joins   Histogram
	lastAt        time.Duration // when the last marked message was read
	message       int           // bytes of the message that is being heard
	delivered     atomic.Int64
}

// began is where the tool's own clock begins.
var began = time.Now()

// clock is the time since the tool began. It never jumps.
func clock() time.Duration { return time.Since(began) }

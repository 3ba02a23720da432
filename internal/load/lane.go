package load

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// lane is a share of the sockets, with its counts. One thread reads all of
// them where that can be; else each has a goroutine.
type lane struct {
	mu sync.Mutex
	on events
	counts
	poll    *poller // nil: a goroutine for each socket
	readers sync.WaitGroup
}

// pullSize is how much is read at a time. It fits into a core's cache.
const pullSize = 256 << 10

var errBehind = errors.New("the server does not take what is written to it")

// open dials for a socket. It returns at once; what becomes of it is told by
// the lane's events. It is called with the lane's lock held.
func (s *socket) open(planned time.Duration) {
	s.phase, s.began, s.rest, s.resumed = dialling, planned, nil, false
	if s.lane.poll == nil {
		s.lane.readers.Go(s.dial)
		return
	}
	if err := s.lane.poll.dial(s); err != nil {
		s.fail(err)
	}
}

// dial opens and reads a socket on a goroutine of its own.
func (s *socket) dial() {
	const dialTime = 30 * time.Second
	d := net.Dialer{Timeout: dialTime}
	if from := s.crowd.source(); from.IsValid() {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))
	}
	var conn net.Conn
	var err error
	if s.crowd.tls != nil {
		conn, err = tls.DialWithDialer(&d, "tcp", s.crowd.host, s.crowd.tls)
	} else {
		conn, err = d.Dial("tcp", s.crowd.host)
	}
	s.lane.mu.Lock()
	if err == nil && s.phase != dialling { // hung up meanwhile
		_ = conn.Close()
		err = net.ErrClosed
	}
	if err != nil {
		s.fail(err)
		s.lane.mu.Unlock()
		return
	}
	own := &netLine{conn}
	s.line = own
	s.dialled()
	s.lane.mu.Unlock()
	b, have := make([]byte, 4<<10), 0
	for {
		n, err := conn.Read(b[have:])
		at := clock()
		have += n
		s.lane.mu.Lock()
		if s.line != own { // hung up, and perhaps opened again
			s.lane.mu.Unlock()
			return
		}
		s.lane.reads++
		s.lane.bytes += uint64(n)
		rest, need, wrong := s.arrive(b[:have], at)
		if wrong == nil && err != nil {
			wrong = err
			if errors.Is(err, io.EOF) {
				wrong = &Closed{-1}
			}
		}
		if wrong != nil {
			s.fail(wrong)
			s.lane.mu.Unlock()
			return
		}
		s.lane.mu.Unlock()
		if need > len(b) {
			b = append(make([]byte, 0, need), rest...)[:need]
			have = len(rest)
			continue
		}
		have = copy(b, rest)
	}
}

// netLine writes to a connection of the standard library's.
type netLine struct{ conn net.Conn }

func (l *netLine) write(b []byte) error {
	_ = l.conn.SetWriteDeadline(time.Now().Add(5 * time.Second))
	_, err := l.conn.Write(b)
	if errors.Is(err, syscall.EAGAIN) {
		err = errBehind
	}
	return err
}

func (l *netLine) close() { _ = l.conn.Close() }

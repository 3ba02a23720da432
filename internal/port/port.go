// Package port lets one TCP port take pages and media: who reaches the pages
// reaches the class, whatever else a firewall shuts.
//
//	accepted ──first bytes──▶ HTTP, TLS: a connection of [Port.Pages]
//	                     ├──▶ a framed STUN check: one of [Port.Media] (RFC 6544, RFC 4571)
//	                     ├──▶ plain STUN: one of [Port.Relay] (RFC 8656)
//	                     └──▶ closed: anything else, or nothing in time
//
// The first byte of HTTP and of TLS decides, and is looked at without being
// taken where the system can do that: such connections are handed on as they
// were accepted. Connections that have not said what they are are bounded, and
// the oldest of them makes way.
//
// It reads no further than it must, and knows no HTTP, no ICE and no TURN.
package port

import (
	"container/list"
	"errors"
	"net"
	"sync"
	"time"
)

// Config bounds connections that have not said what they are. The zero value
// means the defaults.
type Config struct {
	First time.Duration // that the first bytes may take
	Most  int           // such connections at a time
}

func (c Config) withDefaults() Config {
	if c.First <= 0 {
		c.First = 10 * time.Second
	}
	if c.Most <= 0 {
		c.Most = 4096
	}
	return c
}

// youth is how long a connection may be silent without having to make way.
const youth = time.Second

// Kind is what a connection turned out to be.
type Kind int

// The kinds.
const (
	Pages Kind = iota // HTTP, or TLS
	Media             // ICE over TCP
	Relay             // TURN over TCP
	kinds
	nothing Kind = -1
)

// Port takes connections and tells them apart.
type Port struct {
	listener net.Listener
	config   Config
	shares   [kinds]*share // nil: such connections are closed
	done     chan struct{} // closed when the port closes
	once     sync.Once     // closes done
	running  sync.WaitGroup

	mu        sync.Mutex
	undecided list.List     // of waiting, the oldest first
	room      chan struct{} // something was decided
	closed    bool
}

// waiting is a connection that has not said what it is.
type waiting struct {
	conn  net.Conn
	since time.Time
}

// Open takes connections from l for listeners of those kinds; of other kinds
// they are closed. The port closes l.
func Open(l net.Listener, c Config, serves ...Kind) *Port {
	p := &Port{listener: l, config: c.withDefaults(), done: make(chan struct{}), room: make(chan struct{}, 1)}
	for _, k := range serves {
		p.shares[k] = &share{port: p, conns: make(chan net.Conn), gone: make(chan struct{}), failed: make(chan struct{})}
	}
	p.running.Go(p.accept)
	return p
}

// Listener is where the connections of a kind are accepted; nil: they are not.
// To close it is to refuse that kind from then on; the port stays open for the
// others.
func (p *Port) Listener(k Kind) net.Listener {
	if s := p.shares[k]; s != nil {
		return s
	}
	return nil
}

// Addr is the port's address.
func (p *Port) Addr() net.Addr { return p.listener.Addr() }

// Close closes the port, its listeners, and the connections that nobody has
// accepted.
func (p *Port) Close() error {
	err := p.stop()
	p.running.Wait()
	return err
}

func (p *Port) stop() error {
	err := net.ErrClosed
	p.once.Do(func() {
		close(p.done)
		err = p.listener.Close()
		p.mu.Lock()
		p.closed = true
		for e := p.undecided.Front(); e != nil; e = e.Next() {
			_ = e.Value.(*waiting).conn.Close()
		}
		p.mu.Unlock()
	})
	return err
}

func (p *Port) accept() {
	retry := 5 * time.Millisecond
	for p.hasRoom() {
		conn, err := p.listener.Accept()
		if err != nil {
			if !p.pause(err, &retry) {
				return
			}
			continue
		}
		retry = 5 * time.Millisecond
		p.mu.Lock()
		if p.closed {
			p.mu.Unlock()
			_ = conn.Close()
			return
		}
		place := p.undecided.PushBack(&waiting{conn, time.Now()})
		p.mu.Unlock()
		p.running.Go(func() { p.decide(conn, place) })
	}
}

// pause waits after an error that may pass, such as too many open files. It
// returns false when the listener is of no use any more; then those who accept
// are told why.
func (p *Port) pause(err error, retry *time.Duration) bool {
	if passing, ok := errors.AsType[net.Error](err); ok && passing.Timeout() || isExhausted(err) {
		select {
		case <-time.After(*retry):
			*retry = min(2**retry, time.Second)
			return true
		case <-p.done:
			return false
		}
	}
	for _, s := range p.shares {
		if s != nil {
			s.fail(err)
		}
	}
	return false
}

// hasRoom waits until one more connection may be undecided. Where there are
// too many, the one that has been silent for longest makes way, but not before
// it had a second to speak. It returns false when the port closes.
func (p *Port) hasRoom() bool {
	for {
		wait := youth
		p.mu.Lock()
		if p.undecided.Len() < p.config.Most {
			p.mu.Unlock()
			return true
		}
		if oldest := p.undecided.Front().Value.(*waiting); time.Since(oldest.since) >= youth {
			_ = oldest.conn.Close() // its goroutine takes it off the list
		} else {
			wait -= time.Since(oldest.since)
		}
		p.mu.Unlock()
		select {
		case <-p.room:
		case <-time.After(wait):
		case <-p.done:
			return false
		}
	}
}

// decide finds out what a connection is and hands it on.
func (p *Port) decide(conn net.Conn, place *list.Element) {
	_ = conn.SetReadDeadline(time.Now().Add(p.config.First))
	kind, as, err := identify(conn)
	p.mu.Lock()
	p.undecided.Remove(place)
	p.mu.Unlock()
	select {
	case p.room <- struct{}{}:
	default: // the one who waits is told already
	}
	if err != nil || kind == nothing || p.shares[kind] == nil || conn.SetReadDeadline(time.Time{}) != nil {
		_ = conn.Close()
		return
	}
	s := p.shares[kind]
	select {
	case s.conns <- as:
	case <-s.gone:
		_ = conn.Close()
	case <-p.done:
		_ = conn.Close()
	}
}

// share is the listener of one kind.
type share struct {
	port   *Port
	conns  chan net.Conn
	gone   chan struct{} // closed when it is
	once   sync.Once     // closes gone
	failed chan struct{} // closed when the port fails
	err    error         // why; set before failed is closed
}

func (s *share) fail(err error) {
	s.err = err
	close(s.failed)
}

// Accept implements [net.Listener].
func (s *share) Accept() (net.Conn, error) {
	select {
	case <-s.gone: // also where somebody waits
		return nil, net.ErrClosed
	default:
	}
	select {
	case c := <-s.conns:
		return c, nil
	case <-s.failed:
		return nil, s.err
	case <-s.gone:
	case <-s.port.done:
	}
	return nil, net.ErrClosed
}

// Addr implements [net.Listener].
func (s *share) Addr() net.Addr { return s.port.Addr() }

// Close implements [net.Listener].
func (s *share) Close() error {
	s.once.Do(func() { close(s.gone) })
	return nil
}

package media

import (
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/stun/v4"

	"github.com/lyceum-live/lyceum/media/outbox"
)

const (
	tcpPacket  = outbox.PacketBytes     // bytes of the largest packet over TCP, from either side
	tcpFirst   = 5 * time.Second        // that a connection has to say whose it is
	tcpLinks   = 8                      // connections of one ICE session to one address of ours
	tcpWaiting = 64                     // packets that wait for ICE to read them
	tcpBehind  = 200 * time.Millisecond // that a new connection lets UDP go ahead
)

var errNoTCP = errors.New("media: no TCP port takes media")

// tcpMux gives out what comes over TCP to the ICE sessions that it is for
// (RFC 6544): passive candidates, each on the port that browsers are told. It
// is an [ice.TCPMux] of our own: it knows every session before anybody can
// connect to it, so nothing is kept for unknown ones, and what is written to a
// connection never waits for it.
//
//	accepted ──first check names a session──▶ a tcpLink of its tcpConn
//
// ICE prefers UDP but takes what answers first, so a fresh connection is given
// to it a moment late.
type tcpMux struct {
	mu        sync.Mutex
	addr      *net.TCPAddr // that browsers are told; nil: there is none
	conns     map[string][]*tcpConn
	listeners map[net.Listener]struct{}
	closed    bool
	serving   sync.WaitGroup
}

func newTCPMux() *tcpMux {
	return &tcpMux{conns: map[string][]*tcpConn{}, listeners: map[net.Listener]struct{}{}}
}

// serve takes connections from l until either is closed. public is the port
// that browsers are told; 0: l's own.
func (m *tcpMux) serve(l net.Listener, public int) {
	addr, ok := l.Addr().(*net.TCPAddr)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || !ok {
		_ = l.Close()
		return
	}
	m.addr = &net.TCPAddr{IP: addr.IP, Port: cmp.Or(public, addr.Port), Zone: addr.Zone}
	m.listeners[l] = struct{}{}
	m.serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			m.serving.Go(func() { m.enter(conn) })
		}
	})
}

// enter reads whose a connection is, and then what it brings.
func (m *tcpMux) enter(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	_ = conn.SetReadDeadline(time.Now().Add(tcpFirst))
	first := make([]byte, tcpPacket)
	n, err := readFramed(conn, first)
	if err != nil {
		return
	}
	c := m.find(firstUser(first[:n]), conn)
	if c == nil {
		return
	}
	l, ok := c.join(conn)
	if !ok {
		return
	}
	defer c.leave(l)
	m.serving.Go(l.write)
	ahead := time.NewTimer(tcpBehind)
	defer ahead.Stop()
	select {
	case <-ahead.C:
	case <-c.done:
		return
	}
	l.read(first, n)
}

// firstUser is the session that a check names, or "".
func firstUser(packet []byte) string {
	if !stun.IsMessage(packet) {
		return ""
	}
	msg := &stun.Message{Raw: packet}
	if msg.Decode() != nil || msg.Type != stun.BindingRequest {
		return ""
	}
	user, err := msg.Get(stun.AttrUsername)
	if err != nil {
		return ""
	}
	ours, _, _ := strings.Cut(string(user), ":")
	return ours
}

// find returns the session's part at the address that was connected to, or at
// another of its family: behind a translation the addresses are not the same.
func (m *tcpMux) find(user string, conn net.Conn) (found *tcpConn) {
	local := addrPortOf(conn.LocalAddr()).Addr()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.conns[user] {
		if c.ip == local {
			return c
		}
		if c.ip.Is4() == local.Is4() {
			found = c
		}
	}
	return found
}

// GetConnByUfrag implements [ice.TCPMux].
func (m *tcpMux) GetConnByUfrag(user string, _ bool, local net.IP) (net.PacketConn, error) {
	ip, ok := netip.AddrFromSlice(local)
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.closed:
		return nil, io.ErrClosedPipe
	case m.addr == nil || !ok:
		return nil, errNoTCP
	}
	ip = ip.Unmap()
	for _, c := range m.conns[user] {
		if c.ip == ip {
			return c.share(), nil
		}
	}
	c := &tcpConn{
		mux: m, user: user, ip: ip, addr: &net.TCPAddr{IP: local, Port: m.addr.Port},
		in: make(chan *tcpPiece, tcpWaiting), done: make(chan struct{}), links: map[netip.AddrPort]*tcpLink{},
	}
	m.conns[user] = append(m.conns[user], c)
	return c.share(), nil
}

// LocalAddr tells ICE which of the machine's addresses have candidates.
func (m *tcpMux) LocalAddr() net.Addr {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.addr == nil {
		return &net.TCPAddr{}
	}
	return m.addr
}

// RemoveConnByUfrag implements [ice.TCPMux].
func (m *tcpMux) RemoveConnByUfrag(user string) {
	m.mu.Lock()
	conns := m.conns[user]
	delete(m.conns, user)
	m.mu.Unlock()
	for _, c := range conns {
		c.close()
	}
}

func (m *tcpMux) forget(c *tcpConn) {
	m.mu.Lock()
	defer m.mu.Unlock()
	left := m.conns[c.user][:0:0]
	for _, other := range m.conns[c.user] {
		if other != c {
			left = append(left, other)
		}
	}
	if len(left) == 0 {
		delete(m.conns, c.user)
		return
	}
	m.conns[c.user] = left
}

// Close implements [ice.TCPMux]: it ends all connections and listeners, and
// waits for what they run.
func (m *tcpMux) Close() error {
	m.mu.Lock()
	m.closed = true
	var conns []*tcpConn
	for _, list := range m.conns {
		conns = append(conns, list...)
	}
	clear(m.conns)
	for l := range m.listeners {
		_ = l.Close()
	}
	m.mu.Unlock()
	for _, c := range conns {
		c.close()
	}
	m.serving.Wait()
	return nil
}

// tcpConn is one ICE session's candidate at one address of ours: all that has
// connected to it, as one connection of packets.
type tcpConn struct {
	mux  *tcpMux
	user string
	ip   netip.Addr   // that is connected to
	addr *net.TCPAddr // that browsers are told
	in   chan *tcpPiece
	done chan struct{} // closed when it is
	once sync.Once     // closes done

	last atomic.Pointer[tcpLink] // that was written to

	mu     sync.Mutex
	links  map[netip.AddrPort]*tcpLink
	shares int // given out and not closed
}

// tcpPiece is a packet that waits for ICE.
type tcpPiece struct {
	b    [tcpPacket]byte
	n    int
	from netip.AddrPort
}

var tcpPieces = sync.Pool{New: func() any { return new(tcpPiece) }}

// join adds a connection to the session's. A session has few; the one more
// is not let in.
func (c *tcpConn) join(conn net.Conn) (*tcpLink, bool) {
	l := newTCPLink(c, conn)
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.done:
		return nil, false
	default:
	}
	if _, known := c.links[l.peer]; known || len(c.links) >= tcpLinks || !l.peer.IsValid() {
		return nil, false
	}
	c.links[l.peer] = l
	return l, true
}

func (c *tcpConn) leave(l *tcpLink) {
	l.close()
	c.mu.Lock()
	delete(c.links, l.peer)
	c.last.CompareAndSwap(l, nil)
	c.mu.Unlock()
}

// link finds the connection to an address, or nil.
func (c *tcpConn) link(to netip.AddrPort) *tcpLink {
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	if l := c.last.Load(); l != nil && l.peer == to {
		return l
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.links[to]
	if l != nil { // with the mutex held: one that leaves is not the last again
		c.last.Store(l)
	}
	return l
}

func (c *tcpConn) share() *tcpShare {
	c.mu.Lock()
	c.shares++
	c.mu.Unlock()
	return &tcpShare{tcpConn: c, gone: make(chan struct{})}
}

func (c *tcpConn) close() {
	c.once.Do(func() {
		close(c.done)
		c.mux.forget(c)
		c.mu.Lock()
		links := make([]*tcpLink, 0, len(c.links))
		for _, l := range c.links {
			links = append(links, l)
		}
		c.mu.Unlock()
		for _, l := range links {
			l.close()
		}
	})
}

// tcpShare is a tcpConn as one candidate has it; several have the same one
// where an address is told as others. The last to close it ends it.
type tcpShare struct {
	*tcpConn
	gone chan struct{}
	once sync.Once // closes gone
}

// ReadFromAddrPort implements [ice.AddrPortReaderWriter].
func (s *tcpShare) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	select {
	case p := <-s.in:
		n, from := copy(b, p.b[:p.n]), p.from
		tcpPieces.Put(p)
		return n, from, nil
	case <-s.gone:
	case <-s.done:
	}
	return 0, netip.AddrPort{}, io.EOF
}

// WriteToAddrPort implements [ice.AddrPortReaderWriter]. It never waits: what
// there is no room for is dropped, as UDP would.
func (s *tcpShare) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	select {
	case <-s.gone:
		return 0, io.ErrClosedPipe
	case <-s.done:
		return 0, io.ErrClosedPipe
	default:
	}
	l := s.link(to)
	if l == nil {
		return 0, os.ErrNotExist // ICE will find out by its checks
	}
	l.out.Put(b, nil, time.Now())
	return len(b), nil
}

// ReadFrom implements [net.PacketConn].
func (s *tcpShare) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := s.ReadFromAddrPort(b)
	return n, net.TCPAddrFromAddrPort(from), err
}

// WriteTo implements [net.PacketConn].
func (s *tcpShare) WriteTo(b []byte, to net.Addr) (int, error) {
	return s.WriteToAddrPort(b, addrPortOf(to))
}

// Close implements [net.PacketConn].
func (s *tcpShare) Close() error {
	s.once.Do(func() {
		close(s.gone)
		s.mu.Lock()
		s.shares--
		last := s.shares == 0
		s.mu.Unlock()
		if last {
			s.close()
		}
	})
	return nil
}

// LocalAddr implements [net.PacketConn].
func (s *tcpShare) LocalAddr() net.Addr { return s.addr }

// SetDeadline and the others implement [net.PacketConn]; nothing here waits
// for what a deadline would end.
func (s *tcpShare) SetDeadline(time.Time) error      { return nil }
func (s *tcpShare) SetReadDeadline(time.Time) error  { return nil }
func (s *tcpShare) SetWriteDeadline(time.Time) error { return nil }

// addrPortOf is an address as a key: an IPv4 one is never written as IPv6.
func addrPortOf(a net.Addr) netip.AddrPort {
	var ap netip.AddrPort
	switch a := a.(type) {
	case *net.TCPAddr:
		ap = a.AddrPort()
	case *net.UDPAddr:
		ap = a.AddrPort()
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

// readFramed reads a packet with its length before it (RFC 4571, section 2).
func readFramed(r io.Reader, b []byte) (int, error) {
	if _, err := io.ReadFull(r, b[:2]); err != nil {
		return 0, err
	}
	n := int(binary.BigEndian.Uint16(b))
	if n > len(b) {
		return 0, io.ErrShortBuffer
	}
	_, err := io.ReadFull(r, b[:n])
	return n, err
}

package relay

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/pion/turn/v5"

	"github.com/lyceum-live/lyceum/media/outbox"
)

const (
	peersMost  = 16    // media addresses that one allocation may use
	peerBuffer = 2048  // bytes of the largest packet
	firstPort  = 10000 // that names an allocation; only even ones do
	lastPort   = 65534
)

var (
	errFull    = errors.New("relay: no more relays")
	errForeign = errors.New("relay: that is no media socket of this server")
	errOnlyUDP = errors.New("relay: only UDP is relayed")
)

// generator opens allocations for the TURN library.
type generator struct{ s *Server }

// Validate implements [turn.RelayAddressGenerator].
func (generator) Validate() error { return nil }

// AllocatePacketConn implements [turn.RelayAddressGenerator]. The address that
// it returns is a name: nobody is to be found there.
func (g generator) AllocatePacketConn(c turn.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	if c.UserID == "" { // asked for an even port, of which we have no others
		return nobody{}, &net.UDPAddr{IP: net.IPv4zero, Port: firstPort}, nil
	}
	a, err := g.s.allocate(c.UserID, c.Network == "udp4")
	if err != nil {
		return nil, nil, err
	}
	return a, a.addr, nil
}

// AllocateListener implements [turn.RelayAddressGenerator].
func (generator) AllocateListener(turn.AllocateListenerConfig) (net.Listener, net.Addr, error) {
	return nil, nil, errOnlyUDP
}

// AllocateConn implements [turn.RelayAddressGenerator].
func (generator) AllocateConn(turn.AllocateConnConfig) (net.Conn, error) { return nil, errOnlyUDP }

// allocation is what one client has open: the way of its packets to our media
// sockets, and back.
type allocation struct {
	server *Server
	user   string
	addr   *net.UDPAddr // by which it is called
	back   *outbox.Outbox
	taken  []*outbox.Packet // from back, and not yet read; owned by who reads
	at     int              // in taken
	up     *rate.Limiter    // of all that its person has
	down   *rate.Limiter

	mu     sync.Mutex
	peers  map[netip.AddrPort]*net.UDPConn
	astray int // channels to what is no media socket
	closed bool
}

// person is one who has allocations, and what all of them may carry.
type person struct {
	open     int
	up, down *rate.Limiter
}

// has is how many allocations a user has. It is called with the mutex held.
func (s *Server) has(user string) int {
	if p := s.persons[user]; p != nil {
		return p.open
	}
	return 0
}

// allocate opens an allocation for a user, within the quotas.
func (s *Server) allocate(user string, four bool) (*allocation, error) {
	var ip netip.Addr
	for _, p := range s.sockets.Peers() {
		if p.Addr().Is4() == four {
			ip = p.Addr()
			break
		}
	}
	if !ip.IsValid() {
		return nil, errForeign // no media socket of ours has that family
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.open) >= s.config.Total || s.has(user) >= s.config.Each {
		return nil, errFull
	}
	if s.port += 2; s.port >= lastPort {
		s.port = firstPort
	}
	p := s.persons[user]
	if p == nil {
		p = &person{up: limiter(s.config.Rate), down: limiter(s.config.Rate)}
		s.persons[user] = p
	}
	p.open++
	a := &allocation{
		server: s, user: user, addr: &net.UDPAddr{IP: ip.AsSlice(), Port: int(s.port)}, back: outbox.New(),
		up: p.up, down: p.down, peers: map[netip.AddrPort]*net.UDPConn{},
	}
	s.open[a] = struct{}{}
	return a, nil
}

// limiter bounds bytes; it lets a key frame through at once.
func limiter(bits int) *rate.Limiter { return rate.NewLimiter(rate.Limit(bits/8), max(bits/8, 64<<10)) }

// may reports whether so many bytes may be carried now.
func (a *allocation) may(l *rate.Limiter, n int) bool {
	now := time.Now()
	return l.AllowN(now, n) && (a.server.all == nil || a.server.all.AllowN(now, n))
}

// WriteTo carries a packet of the client's to a media socket. What is beyond
// the rate is lost, as elsewhere on the way.
func (a *allocation) WriteTo(b []byte, to net.Addr) (int, error) {
	udp, ok := to.(*net.UDPAddr)
	if !ok {
		return 0, errForeign
	}
	at := udp.AddrPort()
	peer, err := a.peer(netip.AddrPortFrom(at.Addr().Unmap(), at.Port()), udp)
	if err != nil {
		return 0, err
	}
	if a.may(a.up, len(b)) {
		_, _ = peer.Write(b) // a media socket that is gone is said elsewhere
	}
	return len(b), nil
}

// peer is the socket to a media address; with its first packet it is opened.
func (a *allocation) peer(at netip.AddrPort, as *net.UDPAddr) (*net.UDPConn, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil, net.ErrClosed
	}
	if conn := a.peers[at]; conn != nil {
		return conn, nil
	}
	here, ok := a.server.sockets.Peer(at)
	if !ok || len(a.peers) >= peersMost {
		return nil, errForeign
	}
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(here))
	if err != nil {
		return nil, err
	}
	a.peers[at] = conn
	a.server.serving.Go(func() { a.hear(conn, as) })
	return conn, nil
}

// hear takes what a media socket sends, until the allocation ends.
func (a *allocation) hear(conn *net.UDPConn, as *net.UDPAddr) {
	b := make([]byte, peerBuffer)
	for {
		n, err := conn.Read(b)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err == nil && a.may(a.down, n):
			a.back.Put(b[:n], as, time.Now())
		}
	}
}

// ReadFrom gives the client's next packet.
func (a *allocation) ReadFrom(b []byte) (int, net.Addr, error) {
	if a.at == len(a.taken) {
		taken, ok := a.back.Take(a.taken[:0])
		if a.taken, a.at = taken, 0; !ok {
			return 0, nil, net.ErrClosed
		}
	}
	p := a.taken[a.at]
	a.at++
	n, from := copy(b, p.Bytes()), p.From
	p.Free()
	return n, from, nil
}

// Close ends the allocation.
func (a *allocation) Close() error {
	a.mu.Lock()
	if a.closed {
		a.mu.Unlock()
		return nil
	}
	a.closed = true
	for _, conn := range a.peers {
		_ = conn.Close()
	}
	a.mu.Unlock()
	a.back.Close()
	s := a.server
	s.mu.Lock()
	delete(s.open, a)
	if p := s.persons[a.user]; p.open == 1 {
		delete(s.persons, a.user)
	} else {
		p.open--
	}
	s.mu.Unlock()
	return nil
}

// LocalAddr implements [net.PacketConn].
func (a *allocation) LocalAddr() net.Addr { return a.addr }

// SetDeadline and the others implement [net.PacketConn]; nobody here uses them.
func (*allocation) SetDeadline(time.Time) error      { return nil }
func (*allocation) SetReadDeadline(time.Time) error  { return nil }
func (*allocation) SetWriteDeadline(time.Time) error { return nil }

// nobody is opened and closed to see which port is free.
type nobody struct{ net.PacketConn }

func (nobody) Close() error                           { return nil }
func (nobody) ReadFrom([]byte) (int, net.Addr, error) { return 0, nil, os.ErrClosed }

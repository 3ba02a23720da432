package relay

import (
	"net"
	"net/netip"
)

// admits lets permissions and channels be made only for addresses of our own
// media. Which port is asked for is seen where something is sent: to any but a
// media socket's, nothing is.
func (s *Server) admits(_ net.Addr, peer net.IP) bool {
	ip, ok := netip.AddrFromSlice(peer)
	if !ok {
		return false
	}
	for _, p := range s.sockets.Peers() {
		if p.Addr() == ip.Unmap() {
			return true
		}
	}
	return false
}

// mayOpen says whether somebody may have one allocation more.
func (s *Server) mayOpen(user, _ string, from net.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.closed && len(s.open) < s.config.Total && s.has(user) < s.config.Each &&
		s.addresses[addressOf(from)] < s.config.Neighbours
}

// opened counts an allocation of an address, and lets its connection stay.
func (s *Server) opened(from, _ net.Addr, _, _, _ string, _ net.Addr, _ int) {
	s.mu.Lock()
	s.addresses[addressOf(from)]++
	s.mu.Unlock()
	s.intake.settled(from)
}

// bound ends an allocation whose client goes on binding channels to ports of
// ours that are no media socket's: nothing comes through them, but the library
// keeps each, and there are as many as there are numbers.
func (s *Server) bound(_, _ net.Addr, _, _, _ string, relay, peer net.Addr, _ uint16) {
	to, ok := peer.(*net.UDPAddr)
	if !ok {
		return
	}
	at := to.AddrPort()
	if _, ours := s.sockets.Peer(netip.AddrPortFrom(at.Addr().Unmap(), at.Port())); ours {
		return
	}
	s.mu.Lock()
	var of *allocation
	for a := range s.open {
		if net.Addr(a.addr) == relay {
			of = a
		}
	}
	s.mu.Unlock()
	if of != nil && of.strays() {
		_ = of.Close()
	}
}

// strays counts a channel that leads nowhere, and reports whether that is one
// too many.
func (a *allocation) strays() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.astray++
	return a.astray > peersMost
}

// ended forgets it again.
func (s *Server) ended(from, _ net.Addr, _, _, _ string) {
	at := addressOf(from)
	s.mu.Lock()
	if s.addresses[at]--; s.addresses[at] <= 0 {
		delete(s.addresses, at)
	}
	s.mu.Unlock()
	s.intake.over(from)
}

// addressOf is what a client counts under: its IPv4 address, or the network of
// its IPv6 address, of which a machine has as many as it likes.
func addressOf(a net.Addr) netip.Addr {
	var ip netip.Addr
	switch a := a.(type) {
	case *net.UDPAddr:
		ip = a.AddrPort().Addr()
	case *net.TCPAddr:
		ip = a.AddrPort().Addr()
	}
	if ip = ip.Unmap(); ip.Is6() {
		if network, err := ip.WithZone("").Prefix(64); err == nil {
			return network.Addr()
		}
	}
	return ip
}

package media

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/transport/v5"
	"github.com/pion/transport/v5/stdnet"
	"github.com/pion/webrtc/v4"
	"go.uber.org/zap"
)

const (
	socketBuffer = 16 << 20 // bytes asked of the kernel for each direction
	socketEnough = 1 << 20  // bytes below which a keyframe to a full class may be lost
)

// socket is one UDP port, with what reads it. A viewer's writer sends by the
// socket that its connection goes through; publishers are dealt out.
type socket struct {
	conn    *net.UDPConn
	mux     *ice.UDPMuxDefault // nil until the writers have their descriptors
	senders *webrtc.API
}

// openSockets listens on neighbouring ports; where the first is 0, on free ones.
func openSockets(c Config, log *zap.Logger) (list []*socket, err error) {
	defer func() {
		if err != nil {
			closeSockets(list)
		}
	}()
	addr, err := net.ResolveUDPAddr("udp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("media.listen: %w", err)
	}
	for i := range c.Ports {
		at := *addr
		if at.Port != 0 {
			at.Port += i
		}
		conn, err := net.ListenUDP("udp", &at)
		if err != nil {
			return list, listenError(at, c, err)
		}
		_ = conn.SetWriteBuffer(socketBuffer)
		_ = conn.SetReadBuffer(socketBuffer)
		if n := readBuffer(conn); i == 0 && n > 0 && n < socketEnough {
			log.Warn("the kernel allows only small UDP buffers; raise net.core.rmem_max and wmem_max for large classes", zap.Int("bytes", n))
		}
		list = append(list, &socket{conn: conn})
	}
	return list, nil
}

// listenError says what an operator can do about it.
func listenError(at net.UDPAddr, c Config, err error) error {
	option := "media.listen"
	if c.Ports > 1 {
		option = "media.listen and media.ports"
	}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s: another program has UDP port %d: %w", option, at.Port, err)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%s: %s is no address of this machine; behind a NAT, listen on :%d and set media.public_ips: %w", option, at.IP, at.Port, err)
	}
	return fmt.Errorf("%s: %w", option, err)
}

func closeSockets(list []*socket) {
	for _, s := range list {
		if s.mux != nil {
			_ = s.mux.Close()
		}
		_ = s.conn.Close()
	}
}

// port is the socket's.
func (s *socket) port() uint16 { return s.addr().Port() }

func (s *socket) addr() netip.AddrPort { return s.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

// reach is how this machine itself reaches the socket by an address's family;
// false: it does not.
func (s *socket) reach(family netip.Addr) (netip.AddrPort, bool) {
	at := s.addr()
	ip := at.Addr().Unmap()
	switch {
	case !ip.IsUnspecified():
		return netip.AddrPortFrom(ip, at.Port()), ip.Is4() == family.Is4()
	case family.Is4():
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), at.Port()), true
	default:
		return netip.AddrPortFrom(netip.IPv6Loopback(), at.Port()), ip.Is6()
	}
}

// interfacesFor is how long the machine's addresses are taken to be the same.
const interfacesFor = 10 * time.Second

// machine tells ICE the machine's addresses. They are looked up now and then:
// a machine gets others while it runs, and every connection asks.
type machine struct {
	*stdnet.Net

	mu   sync.Mutex
	at   time.Time // when they were looked up
	list []*transport.Interface
}

func newMachine() (*machine, error) {
	std, err := stdnet.NewNet()
	if err != nil {
		return nil, err
	}
	return &machine{Net: std}, nil
}

// Interfaces implements [transport.Net]. Addresses that mean something on one
// link alone are left out: browsers cannot use them.
func (n *machine) Interfaces() ([]*transport.Interface, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.list != nil && time.Since(n.at) < interfacesFor {
		return n.list, nil
	}
	fresh, err := stdnet.NewNet()
	if err != nil {
		return n.list, err
	}
	found, err := fresh.Interfaces()
	if err != nil {
		return n.list, err
	}
	list := make([]*transport.Interface, 0, len(found))
	for _, i := range found {
		kept := transport.NewInterface(i.Interface)
		addrs, _ := i.Addrs() // an interface without any says so with an error
		for _, a := range addrs {
			if ip, ok := a.(*net.IPNet); !ok || !ip.IP.IsLinkLocalUnicast() {
				kept.AddAddress(a)
			}
		}
		list = append(list, kept)
	}
	n.list, n.at = list, time.Now()
	return list, nil
}

// addresses are those by which browsers are told to reach a socket.
func (e *Engine) addresses(s *socket) []netip.Addr {
	var list []netip.Addr
	for _, ip := range e.config.PublicIPs {
		if addr, err := netip.ParseAddr(ip); err == nil {
			list = append(list, addr.Unmap())
		}
	}
	for _, a := range s.mux.GetListenAddresses() {
		list = append(list, addrPortOf(a).Addr())
	}
	return list
}

// Peer says how this machine itself reaches one of its media sockets by an
// address that browsers are told; false: that is no address of them.
func (e *Engine) Peer(at netip.AddrPort) (netip.AddrPort, bool) {
	for _, s := range e.sockets {
		if s.port() != at.Port() {
			continue
		}
		for _, ip := range e.addresses(s) {
			if ip == at.Addr() {
				return s.reach(ip)
			}
		}
	}
	return netip.AddrPort{}, false
}

// Peers are the addresses by which browsers are told to reach the sockets.
func (e *Engine) Peers() []netip.AddrPort {
	var list []netip.AddrPort
	for _, s := range e.sockets {
		for _, ip := range e.addresses(s) {
			list = append(list, netip.AddrPortFrom(ip, s.port()))
		}
	}
	return list
}

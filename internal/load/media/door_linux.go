package media

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// door is a viewer's socket as Pion sees it: only what is not read leanly
// comes in by it. It is a net.PacketConn.
type door struct {
	*sock
	closed chan struct{}
	once   sync.Once
}

func newDoor(l *lane, big int, all bool) (*door, error) {
	room := 64
	if all {
		room = 4096
	}
	s, err := l.open(big, make(chan datagram, room), all)
	if err != nil {
		return nil, err
	}
	return &door{sock: s, closed: make(chan struct{})}, nil
}

// ReadFromAddrPort and WriteToAddrPort spare the ICE agent its allocations.
func (d *door) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	select {
	case p := <-d.in:
		return copy(b, p.b), p.from, nil
	case <-d.closed:
		return 0, netip.AddrPort{}, net.ErrClosed
	}
}

func (d *door) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	d.lane.mu.Lock() // the descriptor may be another's once it is closed
	defer d.lane.mu.Unlock()
	if d.sock.closed {
		return 0, net.ErrClosed
	}
	if err := unix.Sendto(d.fd, b, 0, &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().Unmap().As4()}); err != nil {
		return 0, err
	}
	return len(b), nil
}

func (d *door) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := d.ReadFromAddrPort(b)
	if err != nil {
		return 0, nil, err
	}
	return n, net.UDPAddrFromAddrPort(from), nil
}

func (d *door) WriteTo(b []byte, to net.Addr) (int, error) {
	return d.WriteToAddrPort(b, to.(*net.UDPAddr).AddrPort())
}

func (d *door) LocalAddr() net.Addr {
	return &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1).To4(), Port: int(d.port)}
}

func (d *door) Close() error {
	d.once.Do(func() {
		close(d.closed)
		d.sock.close()
	})
	return nil
}

func (d *door) SetDeadline(time.Time) error      { return nil }
func (d *door) SetReadDeadline(time.Time) error  { return nil }
func (d *door) SetWriteDeadline(time.Time) error { return nil }

package media

import (
	"io"
	"net"
	"net/netip"
	"sync/atomic"

	"github.com/pion/ice/v4"

	"github.com/lyceum-live/lyceum/media/outbox"
)

// batchMux is the engine's mux for the viewers of one writer: their media goes
// into that writer's batch, all else (STUN, DTLS, RTCP) the mux's own way.
type batchMux struct {
	*ice.UDPMuxDefault
	batch *batch
}

func (m batchMux) GetConn(ufrag string, addr net.Addr) (net.PacketConn, error) {
	c, err := m.UDPMuxDefault.GetConn(ufrag, addr)
	if err != nil {
		return nil, err
	}
	direct, ok := c.(addrPortConn)
	if !ok {
		return c, nil
	}
	return &batchConn{addrPortConn: direct, batch: m.batch}, nil
}

// addrPortConn is a connection with the path that spares the ICE agent an
// allocation for each packet; batchConn keeps it.
type addrPortConn interface {
	net.PacketConn
	ice.AddrPortReaderWriter
}

// batchConn is one viewer's share of the socket.
type batchConn struct {
	addrPortConn
	batch  *batch
	closed atomic.Bool
}

// WriteToAddrPort puts media into the batch. The mux need not see it: it
// learnt the viewer's address from the checks that went there before.
func (c *batchConn) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	if !outbox.IsMedia(b) {
		return c.addrPortConn.WriteToAddrPort(b, to)
	}
	if c.closed.Load() {
		return 0, io.ErrClosedPipe
	}
	if !c.batch.add(b, to) {
		return c.addrPortConn.WriteToAddrPort(b, to)
	}
	return len(b), nil
}

func (c *batchConn) Close() error {
	c.closed.Store(true)
	return c.addrPortConn.Close()
}

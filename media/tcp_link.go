package media

import (
	"bufio"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/lyceum-live/lyceum/media/outbox"
)

const (
	tcpUnsent = 16 << 10         // bytes that the kernel may hold before it sends them
	tcpQuiet  = time.Minute      // without a packet: longer than ICE lets a path be
	tcpStall  = 10 * time.Second // that one write may take
)

// tcpLink is one connection over TCP. One goroutine reads it, and one writes
// what waits in its outbox.
type tcpLink struct {
	conn *tcpConn
	net  net.Conn
	peer netip.AddrPort
	out  *outbox.Outbox
	once sync.Once // closes it
}

func newTCPLink(c *tcpConn, conn net.Conn) *tcpLink {
	holdLittle(conn)
	return &tcpLink{conn: c, net: conn, peer: addrPortOf(conn.RemoteAddr()), out: outbox.New()}
}

// close ends the connection; its goroutines follow.
func (l *tcpLink) close() {
	l.once.Do(func() {
		l.out.Close()
		_ = l.net.Close()
	})
}

// read gives ICE what comes, after the n bytes of the packet in first, until
// the connection ends.
func (l *tcpLink) read(first []byte, n int) {
	if !l.take(first[:n]) {
		return
	}
	r := bufio.NewReaderSize(l.net, 4<<10)
	var until time.Time
	for {
		if now := time.Now(); until.Sub(now) < tcpQuiet/2 {
			until = now.Add(tcpQuiet)
			_ = l.net.SetReadDeadline(until)
		}
		p := tcpPieces.Get().(*tcpPiece)
		var err error
		if p.n, err = readFramed(r, p.b[:]); err != nil {
			tcpPieces.Put(p)
			return
		}
		p.from = l.peer
		select {
		case l.conn.in <- p:
		case <-l.conn.done:
			tcpPieces.Put(p)
			return
		}
	}
}

// take gives ICE one packet.
func (l *tcpLink) take(b []byte) bool {
	p := tcpPieces.Get().(*tcpPiece)
	p.n, p.from = copy(p.b[:], b), l.peer
	select {
	case l.conn.in <- p:
		return true
	case <-l.conn.done:
		tcpPieces.Put(p)
		return false
	}
}

// write sends what waits until the connection ends.
func (l *tcpLink) write() {
	defer l.close()
	var parcel []*outbox.Packet
	var vectors net.Buffers
	for {
		var ok bool
		if parcel, ok = l.out.Take(parcel[:0]); !ok {
			return
		}
		vectors = vectors[:0]
		for _, p := range parcel {
			vectors = append(vectors, p.Framed())
		}
		_ = l.net.SetWriteDeadline(time.Now().Add(tcpStall))
		rest := vectors // is consumed
		_, err := rest.WriteTo(writerOf(l.net))
		for _, p := range parcel {
			p.Free()
		}
		if err != nil {
			return
		}
	}
}

// writerOf is what a connection is written to: where another was wrapped to
// put back what was read of it, that one, which takes several buffers at once.
func writerOf(c net.Conn) net.Conn {
	if w, ok := c.(interface{ NetConn() net.Conn }); ok {
		return w.NetConn()
	}
	return c
}

package media

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"golang.org/x/sys/unix"
	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/internal/silent"
)

// open opens a socket on the loopback that closes with the test.
func open(t testing.TB, network, address string) *net.UDPConn {
	t.Helper()
	addr, err := net.ResolveUDPAddr(network, address)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.ListenUDP(network, addr)
	if err != nil {
		t.Skipf("%s: %v", address, err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func openBatch(t testing.TB, conn *net.UDPConn) *batch {
	t.Helper()
	b, err := newBatch(conn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.close)
	return b
}

func addrOf(c *net.UDPConn) netip.AddrPort { return c.LocalAddr().(*net.UDPAddr).AddrPort() }

// receive reads one datagram; the loopback has it at once.
func receive(t rapid.TB, c *net.UDPConn) []byte {
	t.Helper()
	b := make([]byte, 2048)
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	n, err := c.Read(b)
	if err != nil {
		t.Fatalf("a packet is missing: %v", err)
	}
	return b[:n]
}

// nothing fails if a datagram waits: what the kernel was given on the loopback
// is there when the call has returned.
func nothing(t rapid.TB, c *net.UDPConn) {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = raw.Control(func(fd uintptr) {
		if n, _, err := unix.Recvfrom(int(fd), make([]byte, 2048), unix.MSG_DONTWAIT); !errors.Is(err, unix.EAGAIN) {
			t.Errorf("a packet of %d bytes too many (%v)", n, err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestBatchOrder: whatever is added in whatever sizes, and whenever it is
// flushed, each viewer gets its own packets, whole and in order, and nothing
// waits after a flush.
func TestBatchOrder(t *testing.T) {
	for _, family := range []struct{ name, network, listen, peer string }{
		{"IPv4", "udp4", "127.0.0.1:0", "127.0.0.1:0"},
		{"IPv6", "udp6", "[::1]:0", "[::1]:0"},
		{"both", "udp", ":0", "127.0.0.1:0"},
	} {
		for _, segments := range []bool{true, false} {
			t.Run(family.name, func(t *testing.T) {
				b := openBatch(t, open(t, family.network, family.listen))
				b.segments = b.segments && segments
				var peers []*net.UDPConn
				for range 3 {
					peers = append(peers, open(t, "udp", family.peer))
				}
				rapid.Check(t, func(t *rapid.T) {
					var waiting [3][][]byte
					flush := func() {
						b.flush()
						for i, c := range peers {
							for k, want := range waiting[i] {
								if got := receive(t, c); string(got) != string(want) {
									t.Fatalf("peer %d, packet %d: %d bytes that begin with %x; want %d with %x", i, k, len(got), got[:4], len(want), want[:4])
								}
							}
							nothing(t, c)
							waiting[i] = nil
						}
					}
					n := uint32(0)
					for range rapid.IntRange(1, 30).Draw(t, "runs") {
						peer := rapid.IntRange(0, 2).Draw(t, "peer")
						size := rapid.SampledFrom([]int{12, 100, 1200, 1201, batchPacket}).Draw(t, "size")
						for range rapid.SampledFrom([]int{1, 2, 7, 40}).Draw(t, "packets") {
							p := make([]byte, size)
							n++
							binary.BigEndian.PutUint32(p, n)
							if !b.add(p, addrOf(peers[peer])) {
								t.Fatal("a packet was not taken")
							}
							waiting[peer] = append(waiting[peer], append([]byte(nil), p...))
							clear(p) // the batch has its own copy
						}
						if len(waiting[0])+len(waiting[1])+len(waiting[2]) >= 60 || rapid.Bool().Draw(t, "flush") {
							flush()
						}
					}
					flush()
				})
			})
		}
	}
}

// TestBatchFull: a batch that is full leaves by itself, so that no packet
// waits for more than batchLength others; and in one call, whatever the family
// of its addresses.
func TestBatchFull(t *testing.T) {
	for _, listen := range []string{"127.0.0.1:0", ":0"} {
		b, peer := openBatch(t, open(t, "udp", listen)), open(t, "udp4", "127.0.0.1:0")
		_ = peer.SetReadBuffer(1 << 20)
		for i := range batchLength + 1 {
			b.add(binary.BigEndian.AppendUint64(make([]byte, 12), uint64(i)), addrOf(peer))
		}
		for i := range batchLength {
			if got := binary.BigEndian.Uint64(receive(t, peer)[12:]); got != uint64(i) {
				t.Fatalf("%s: packet %d came as number %d", listen, i, got)
			}
		}
		nothing(t, peer)
		if b.calls != 1 {
			t.Errorf("%s: %d calls for a full batch", listen, b.calls)
		}
		b.flush()
		receive(t, peer)
		b.flush() // of nothing
		if b.calls != 2 {
			t.Errorf("%s: %d calls for a batch and one packet", listen, b.calls)
		}
	}
}

// TestBatchOversize: what does not fit is for the caller, after what came
// before it.
func TestBatchOversize(t *testing.T) {
	b, peer := openBatch(t, open(t, "udp4", "127.0.0.1:0")), open(t, "udp4", "127.0.0.1:0")
	b.add(make([]byte, 50), addrOf(peer))
	if b.add(make([]byte, batchPacket+1), addrOf(peer)) {
		t.Error("an oversized packet was taken")
	}
	if got := len(receive(t, peer)); got != 50 {
		t.Errorf("%d bytes came first", got)
	}
}

// TestBatchUnreachable: an address that the kernel refuses costs nobody else
// anything, neither before nor behind it.
func TestBatchUnreachable(t *testing.T) {
	b, peer := openBatch(t, open(t, "udp4", "127.0.0.1:0")), open(t, "udp4", "127.0.0.1:0")
	nowhere := netip.MustParseAddrPort("127.0.0.1:0") // no port
	for _, to := range []netip.AddrPort{nowhere, addrOf(peer), nowhere, nowhere, addrOf(peer), nowhere} {
		b.add(make([]byte, 20), to)
	}
	b.flush()
	receive(t, peer)
	receive(t, peer)
	nothing(t, peer)
}

// TestBatchApart: where the kernel refuses several packets as one message,
// they go one by one, in order, and none twice or not at all.
func TestBatchApart(t *testing.T) {
	conn, peer := open(t, "udp4", "127.0.0.1:0"), open(t, "udp4", "127.0.0.1:0")
	b := openBatch(t, conn)
	if !b.segments {
		t.Skip("the kernel has no UDP_SEGMENT")
	}
	err := b.raw.Control(func(fd uintptr) { // segments must be given checksums
		if err := unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_NO_CHECK, 1); err != nil {
			t.Fatal(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for round := range 2 {
		for i := range 12 {
			b.add(binary.BigEndian.AppendUint64(make([]byte, 12), uint64(i)), addrOf(peer))
		}
		b.add(make([]byte, 13), addrOf(peer)) // ends the message
		b.add(make([]byte, 99), addrOf(peer)) // another
		before := b.calls
		b.flush()
		for i := range 12 {
			if got := binary.BigEndian.Uint64(receive(t, peer)[12:]); got != uint64(i) {
				t.Fatalf("round %d: packet %d came as number %d", round, got, i)
			}
		}
		if a, c := len(receive(t, peer)), len(receive(t, peer)); a != 13 || c != 99 {
			t.Errorf("round %d: then %d and %d bytes", round, a, c)
		}
		nothing(t, peer)
		if b.calls-before < 14 {
			t.Fatalf("round %d: %d calls: the kernel took them as one message", round, b.calls-before)
		}
	}
}

// stutter is a socket that is full again and again: it waits for no room, and
// tries again.
type stutter struct {
	syscall.RawConn
	waits int
}

func (s *stutter) Write(f func(fd uintptr) bool) error {
	return s.Control(func(fd uintptr) {
		for !f(fd) {
			s.waits++
		}
	})
}

// TestBatchNoRoom: a kernel that takes a few messages at a time and then none
// gets them all in the end, in order.
func TestBatchNoRoom(t *testing.T) {
	b := openBatch(t, open(t, "udp4", "127.0.0.1:0"))
	peers := []*net.UDPConn{open(t, "udp4", "127.0.0.1:0"), open(t, "udp4", "127.0.0.1:0")}
	full := &stutter{RawConn: b.raw}
	b.raw = full
	b.call = func(fd uintptr) bool {
		all := b.groups
		b.groups = min(b.sent+2, all)
		b.send(fd)
		b.groups = all
		return b.sent == all
	}
	for i := range 20 {
		b.add(binary.BigEndian.AppendUint64(make([]byte, 12), uint64(i)), addrOf(peers[i%2]))
	}
	b.flush()
	for i := range 20 {
		if got := binary.BigEndian.Uint64(receive(t, peers[i%2])[12:]); got != uint64(i) {
			t.Fatalf("packet %d came as number %d", got, i)
		}
	}
	if full.waits != 9 {
		t.Errorf("it waited %d times", full.waits)
	}
}

// TestBatchClosed: what waits when the socket closes is given up, and whoever
// still adds or flushes is not held up.
func TestBatchClosed(t *testing.T) {
	b, peer := openBatch(t, open(t, "udp4", "127.0.0.1:0")), open(t, "udp4", "127.0.0.1:0")
	b.add(make([]byte, 20), addrOf(peer))
	b.close()
	for range 3 * batchLength {
		b.add(make([]byte, 20), addrOf(peer))
	}
	b.flush()
	b.flush()
	nothing(t, peer)
}

// TestBatchConn: media goes into the batch, all else directly, and a closed
// connection takes neither.
func TestBatchConn(t *testing.T) {
	conn, peer := open(t, "udp4", "127.0.0.1:0"), open(t, "udp4", "127.0.0.1:0")
	b := openBatch(t, conn)
	mux := ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: conn, Logger: silent.Pion{}})
	t.Cleanup(func() { _ = mux.Close() })
	c, err := batchMux{mux, b}.GetConn("viewer", conn.LocalAddr())
	if err != nil {
		t.Fatal(err)
	}
	out, ok := c.(ice.AddrPortReaderWriter)
	if !ok {
		t.Fatal("the path without allocations is lost")
	}
	write := func(first, second byte) error {
		_, err := out.WriteToAddrPort(append([]byte{first, second}, make([]byte, 18)...), addrOf(peer))
		return err
	}
	for _, direct := range [][2]byte{{0, 1}, {22, 254}, {0x80, 200}, {0x81, 206}} { // STUN, DTLS, RTCP
		if err := write(direct[0], direct[1]); err != nil {
			t.Fatal(err)
		}
		if got := receive(t, peer); got[0] != direct[0] {
			t.Errorf("%x came for %x", got[0], direct[0])
		}
	}
	for _, payloadType := range []byte{96, 96 | 0x80, 111} {
		if err := write(0x90, payloadType); err != nil {
			t.Fatal(err)
		}
	}
	nothing(t, peer)
	b.flush()
	for range 3 {
		receive(t, peer)
	}
	p := append([]byte{0x90, 96}, make([]byte, 1200)...)
	to := addrOf(peer)
	if n := testing.AllocsPerRun(1000, func() { _, _ = out.WriteToAddrPort(p, to) }); n > 0 {
		t.Errorf("%v allocations for a packet", n)
	}
	b.flush()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if write(0x90, 96) == nil || write(0, 1) == nil {
		t.Error("a closed connection takes packets")
	}
}

// BenchmarkBatch compares what a packet to one of a hundred viewers costs by
// itself and in batches.
func BenchmarkBatch(b *testing.B) {
	for _, run := range []int{0, 1, 8} {
		b.Run(map[int]string{0: "direct", 1: "batched", 8: "runs"}[run], func(b *testing.B) {
			conn := open(b, "udp4", "127.0.0.1:0")
			batch := openBatch(b, conn)
			var to []netip.AddrPort
			for range 100 {
				to = append(to, addrOf(open(b, "udp4", "127.0.0.1:0"))) // full soon: then the kernel drops
			}
			p := make([]byte, 1236)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if run == 0 {
					_, _ = conn.WriteToUDPAddrPort(p, to[i%len(to)])
				} else {
					batch.add(p, to[i/run%len(to)])
				}
			}
		})
	}
}

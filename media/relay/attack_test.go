package relay

import (
	"encoding/binary"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
)

// raw speaks STUN by hand, over UDP from one port.
type raw struct {
	t     *testing.T
	conn  *net.UDPConn
	nonce stun.Nonce
}

func newRaw(t *testing.T, s *Server) *raw {
	t.Helper()
	conn, err := net.Dial("udp", s.at(t, "turn", "udp"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	r := &raw{t: t, conn: conn.(*net.UDPConn)}
	first, _ := r.ask(stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest)))
	if err := r.nonce.GetFrom(first); err != nil {
		t.Fatalf("no nonce: %v", err)
	}
	return r
}

// ask returns the answer to a request; false: there is none.
func (r *raw) ask(m *stun.Message) (*stun.Message, bool) {
	r.t.Helper()
	if _, err := r.conn.Write(m.Raw); err != nil {
		r.t.Fatal(err)
	}
	b := make([]byte, 2048)
	_ = r.conn.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
	n, err := r.conn.Read(b)
	if err != nil {
		return nil, false
	}
	reply := &stun.Message{Raw: b[:n]}
	if err := reply.Decode(); err != nil {
		r.t.Fatalf("%x: %v", b[:n], err)
	}
	return reply, true
}

// as asks with somebody's name and password.
func (r *raw) as(username, password string, method stun.Method, more ...stun.Setter) (*stun.Message, bool) {
	r.t.Helper()
	setters := append([]stun.Setter{stun.TransactionID, stun.NewType(method, stun.ClassRequest)}, more...)
	setters = append(setters, stun.NewUsername(username), stun.NewRealm(realm), r.nonce,
		stun.MessageIntegrity(turn.GenerateAuthKey(username, realm, password)))
	m, err := stun.Build(setters...)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.ask(m)
}

func granted(m *stun.Message, answered bool) bool {
	return answered && m.Type.Class == stun.ClassSuccessResponse
}

// plain is an attribute as it is written.
type plain struct {
	kind  stun.AttrType
	value []byte
}

func (p plain) AddTo(m *stun.Message) error {
	m.Add(p.kind, p.value)
	return nil
}

// peerAttr names an IPv4 address (RFC 8489, section 14.2).
func peerAttr(at netip.AddrPort) plain {
	ip := at.Addr().As4()
	b := binary.BigEndian.AppendUint16([]byte{0, 1}, at.Port()^0x2112)
	b = binary.BigEndian.AppendUint32(b, binary.BigEndian.Uint32(ip[:])^0x2112a442)
	return plain{stun.AttrXORPeerAddress, b}
}

var (
	overUDP = plain{stun.AttrRequestedTransport, []byte{17, 0, 0, 0}}
	overTCP = plain{stun.AttrRequestedTransport, []byte{6, 0, 0, 0}}
)

// TestAnothersAllocation: whoever can send from a client's address and port,
// as behind one NAT, but has another name, can neither use nor end its
// allocation; and nobody may have one over TCP.
func TestAnothersAllocation(t *testing.T) {
	t.Parallel()
	media := newEcho(t, "127.0.0.1:0")
	s := open(t, Config{}, media)
	ana, anas, _ := s.Credentials("ana")
	ben, bens, _ := s.Credentials("ben")
	r := newRaw(t, s)
	if granted(r.as(ana, anas, stun.MethodAllocate, overTCP)) {
		t.Error("TCP is relayed")
	}
	if !granted(r.as(ana, anas, stun.MethodAllocate, overUDP)) {
		t.Fatal("no allocation")
	}
	if granted(r.as(ben, bens, stun.MethodCreatePermission, peerAttr(media.known[0]))) {
		t.Error("another has a permission")
	}
	channel := plain{stun.AttrChannelNumber, []byte{0x40, 0, 0, 0}}
	if granted(r.as(ben, bens, stun.MethodChannelBind, channel, peerAttr(media.known[0]))) {
		t.Error("another binds a channel")
	}
	if granted(r.as(ben, bens, stun.MethodRefresh, plain{stun.AttrLifetime, []byte{0, 0, 0, 0}})) {
		t.Error("another ends it")
	}
	if granted(r.as(ana, bens, stun.MethodCreatePermission, peerAttr(media.known[0]))) {
		t.Error("a wrong password is taken")
	}
	if !granted(r.as(ana, anas, stun.MethodCreatePermission, peerAttr(media.known[0]))) {
		t.Error("its own client may not use it")
	}
}

// TestChannelsElsewhere: a channel to another port of our address carries
// nothing; one to another address is not bound at all.
func TestChannelsElsewhere(t *testing.T) {
	t.Parallel()
	media := newEcho(t, "127.0.0.1:0")
	inside, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = inside.Close() }()
	s := open(t, Config{}, media)
	ana, anas, _ := s.Credentials("ana")
	r := newRaw(t, s)
	if !granted(r.as(ana, anas, stun.MethodAllocate, overUDP)) {
		t.Fatal("no allocation")
	}
	for _, ip := range []string{"10.0.0.1", "169.254.169.254", "127.0.0.2", "255.255.255.255"} {
		at := netip.AddrPortFrom(netip.MustParseAddr(ip), media.known[0].Port())
		if granted(r.as(ana, anas, stun.MethodChannelBind, plain{stun.AttrChannelNumber, []byte{0x40, 1, 0, 0}}, peerAttr(at))) {
			t.Errorf("a channel to %s is bound", ip)
		}
	}
	own := inside.LocalAddr().(*net.UDPAddr).AddrPort()
	r.as(ana, anas, stun.MethodChannelBind, plain{stun.AttrChannelNumber, []byte{0x40, 2, 0, 0}}, peerAttr(own))
	if !granted(r.as(ana, anas, stun.MethodChannelBind, plain{stun.AttrChannelNumber, []byte{0x40, 3, 0, 0}}, peerAttr(media.known[0]))) {
		t.Fatal("no channel to the media")
	}
	for range 10 {
		if _, err := r.conn.Write([]byte{0x40, 2, 0, 8, 'e', 'l', 's', 'e', 'w', 'h', 'e', 'r'}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.conn.Write([]byte{0x40, 3, 0, 4, 'h', 'e', 'r', 'e'}); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 100)
	_ = r.conn.SetReadDeadline(time.Now().Add(patience))
	if n, err := r.conn.Read(b); err != nil || string(b[4:n]) != "here" {
		t.Fatalf("%q came (%v)", b[:n], err)
	}
	_ = inside.SetReadDeadline(time.Now().Add(100 * time.Millisecond)) // what was sent is there
	if n, _, err := inside.ReadFrom(b); err == nil {
		t.Errorf("%q came where nothing may", b[:n])
	}
}

// TestNoise: what is no TURN brings nobody's server down, nor anybody's else's
// allocation.
func TestNoise(t *testing.T) {
	t.Parallel()
	media := newEcho(t, "127.0.0.1:0")
	s := open(t, Config{}, media)
	relayed, err := s.member(t, "ana", "turn", "tcp").Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = relayed.Close() }()
	says(t, relayed, media.known[0], "before the noise")
	for _, noise := range [][]byte{
		nil, {0}, {0x40}, {0x40, 0, 0xff, 0xff, 1, 2, 3, 4, 5, 6}, make([]byte, 1400), {0, 3, 0, 0, 0x21, 0x12, 0xa4, 0x42},
		append([]byte{0, 3, 0xff, 0xfc, 0x21, 0x12, 0xa4, 0x42}, make([]byte, 1200)...),
	} {
		for _, transport := range []string{"udp", "tcp"} {
			conn, err := net.Dial(transport, s.at(t, "turn", transport))
			if err != nil {
				t.Fatal(err)
			}
			_, _ = conn.Write(noise)
			_ = conn.Close()
		}
	}
	says(t, relayed, media.known[0], "after the noise")
}

// TestChannelsWithoutEnd: whoever binds channels to all that is no media socket
// has no allocation any more, long before the library has kept them all.
func TestChannelsWithoutEnd(t *testing.T) {
	t.Parallel()
	media := newEcho(t, "127.0.0.1:0")
	s := open(t, Config{}, media)
	ana, anas, _ := s.Credentials("ana")
	r := newRaw(t, s)
	if !granted(r.as(ana, anas, stun.MethodAllocate, overUDP)) {
		t.Fatal("no allocation")
	}
	bound := 0
	for n := range uint16(100) {
		at := netip.AddrPortFrom(media.known[0].Addr(), 20_000+n)
		if at.Port() == media.known[0].Port() {
			continue
		}
		if !granted(r.as(ana, anas, stun.MethodChannelBind, plain{stun.AttrChannelNumber, []byte{0x40, byte(n), 0, 0}}, peerAttr(at))) {
			break
		}
		bound++
	}
	if bound > 2*peersMost {
		t.Errorf("%d channels to nowhere are bound", bound)
	}
}

// failing is a listener that fails for a moment, as when files are exhausted.
type failing struct {
	net.Listener
	left int
}

func (f *failing) Accept() (net.Conn, error) {
	if f.left > 0 {
		f.left--
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return f.Listener.Accept()
}

// TestListenerFailsForAMoment: the relay goes on where it could take nobody for
// a while.
func TestListenerFailsForAMoment(t *testing.T) {
	t.Parallel()
	media := newEcho(t, "127.0.0.1:0")
	s := open(t, Config{}, media)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Serve(&failing{l, 3}, 0)
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Write(stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	if _, err := conn.Read(make([]byte, 100)); err != nil {
		t.Errorf("nobody answers: %v", err)
	}
}

// TestOtherTransport: an allocation over UDP does not keep open a connection
// over TCP from the same address and port.
func TestOtherTransport(t *testing.T) {
	t.Parallel()
	i := newIntake(Config{}.withDefaults())
	defer func() { _ = i.Close() }()
	here, there := net.Pipe()
	defer func() { _ = here.Close() }()
	at := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 4000}
	go i.take(addressed{there, at})
	if _, err := i.Accept(); err != nil {
		t.Fatal(err)
	}
	i.over(&net.UDPAddr{IP: at.IP, Port: at.Port})
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.client(&net.UDPAddr{IP: at.IP, Port: at.Port}) != nil || i.client(at) == nil {
		t.Error("a connection is found by another's address, or not by its own")
	}
}

// addressed is a connection from an address.
type addressed struct {
	net.Conn
	from net.Addr
}

func (a addressed) RemoteAddr() net.Addr { return a.from }

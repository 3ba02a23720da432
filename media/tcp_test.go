package media

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun/v4"
	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/media/relay"
)

// oneTCP is a listener of connections that are given to it.
type oneTCP struct {
	conns chan net.Conn
	gone  chan struct{}
}

func (l *oneTCP) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.gone:
		return nil, net.ErrClosed
	}
}
func (l *oneTCP) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7} }
func (l *oneTCP) Close() error   { close(l.gone); return nil }

// unbuffered is a connection that holds nothing between its ends.
type unbuffered struct{ net.Conn }

func (unbuffered) LocalAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7} }
func (unbuffered) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8}
}

func frameOf(b []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...)
}

// TestTCPNeverWaits: to a connection that takes nothing, everything can be
// written at once; when it takes again, it gets the sound, the pictures that
// there was room for, and then what is new; and it ends with its session.
func TestTCPNeverWaits(t *testing.T) {
	m := newTCPMux()
	l := &oneTCP{conns: make(chan net.Conn), gone: make(chan struct{})}
	m.serve(l, 0)
	conn, err := m.GetConnByUfrag("ana", false, net.IPv4(127, 0, 0, 1))
	if err != nil {
		t.Fatal(err)
	}
	alias, err := m.GetConnByUfrag("ana", false, net.IPv4(127, 0, 0, 1)) // the same address, told as another
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := net.Pipe()
	l.conns <- unbuffered{ours}
	check := stun.MustBuild(stun.TransactionID, stun.BindingRequest, stun.NewUsername("ana:x"))
	if _, err := theirs.Write(frameOf(check.Raw)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 2048)
	n, from, err := conn.ReadFrom(b)
	if err != nil || string(b[:n]) != string(check.Raw) {
		t.Fatalf("%x came (%v)", b[:n], err)
	}
	if err := alias.Close(); err != nil {
		t.Fatal(err)
	}

	packet := func(kind byte, n uint32) []byte {
		p := make([]byte, 1200)
		p[0], p[1] = 0x80, kind
		binary.BigEndian.PutUint32(p[4:], n)
		return p
	}
	for i := range uint32(3000) {
		if _, err := conn.WriteTo(packet(96, i), from); err != nil {
			t.Fatal(err)
		}
		if i%100 == 0 {
			if _, err := conn.WriteTo(packet(111, i), from); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := conn.WriteTo(packet(96, 1), &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9}); err == nil {
		t.Error("somebody who is not there was written to")
	}
	sounds, pictures := uint32(0), 0
	_ = theirs.SetReadDeadline(time.Now().Add(10 * time.Second))
	for sounds < 30 || pictures < 1024 {
		n, err := readFramed(theirs, b)
		if err != nil || n != 1200 {
			t.Fatalf("%d bytes (%v) after %d pictures and %d sounds", n, err, pictures, sounds)
		}
		if b[1] == 111 {
			if got := binary.BigEndian.Uint32(b[4:]); got != 100*sounds {
				t.Fatalf("sound %d came as number %d", got, sounds)
			}
			sounds++
			if pictures > 20 && sounds < 30 {
				t.Fatalf("%d pictures before all of the sound", pictures)
			}
		} else {
			pictures++
		}
	}
	if _, err := conn.WriteTo(packet(96, 5000), from); err != nil {
		t.Fatal(err)
	}
	for { // some were written while room was made
		if _, err := readFramed(theirs, b); err != nil {
			t.Fatal(err)
		}
		if binary.BigEndian.Uint32(b[4:]) == 5000 {
			break
		}
	}

	m.RemoveConnByUfrag("ana")
	if _, err := theirs.Read(b); err == nil {
		t.Error("the connection stays without its session")
	}
	if _, _, err := conn.ReadFrom(b); !errors.Is(err, io.EOF) {
		t.Errorf("it is still read: %v", err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := m.GetConnByUfrag("ben", false, net.IPv4(127, 0, 0, 1)); err == nil {
		t.Error("a closed mux gives connections out")
	}
	if len(m.conns) != 0 {
		t.Errorf("%d sessions are left", len(m.conns))
	}
}

// TestTCPWithoutPort: without a TCP port nobody is told of any.
func TestTCPWithoutPort(t *testing.T) {
	m := newTCPMux()
	if _, err := m.GetConnByUfrag("ana", false, net.IPv4(127, 0, 0, 1)); err == nil {
		t.Error("a connection was given out")
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestPeer: the relay is led to our media sockets by the addresses that browsers
// are told, and by no others.
func TestPeer(t *testing.T) {
	for _, c := range []struct {
		listen  string
		public  []string
		to, via string // "": nowhere
	}{
		{"127.0.0.1:0", nil, "127.0.0.1", "127.0.0.1"},
		{"127.0.0.1:0", nil, "127.0.0.2", ""},
		{"127.0.0.1:0", []string{"203.0.113.7"}, "203.0.113.7", "127.0.0.1"},
		{"127.0.0.1:0", []string{"203.0.113.7"}, "203.0.113.8", ""},
		{"0.0.0.0:0", nil, "127.0.0.1", "127.0.0.1"},
		{"0.0.0.0:0", nil, "10.99.99.99", ""},
		{"0.0.0.0:0", nil, "0.0.0.0", ""},
		{"0.0.0.0:0", nil, "::1", ""},
		{"0.0.0.0:0", nil, "169.254.169.254", ""},
	} {
		e := newEngineWith(t, Config{Listen: c.listen, PublicIPs: c.public, Ports: 2})
		port := e.sockets[1].port()
		got, ok := e.Peer(netip.AddrPortFrom(netip.MustParseAddr(c.to), port))
		if ok != (c.via != "") || ok && got != netip.AddrPortFrom(netip.MustParseAddr(c.via), port) {
			t.Errorf("%s %v: %s is reached by %s, %v", c.listen, c.public, c.to, got, ok)
		}
		other := port
		for other == e.sockets[0].port() || other == e.sockets[1].port() {
			other++
		}
		if _, ok := e.Peer(netip.AddrPortFrom(netip.MustParseAddr(c.to), other)); ok {
			t.Errorf("%s: port %d is reached, which is none of ours", c.listen, other)
		}
	}
}

func newEngineWith(t *testing.T, c Config) *Engine {
	t.Helper()
	e, err := NewEngine(c, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// TestConfigurations: what cannot work is said at the start, with the option's
// name.
func TestConfigurations(t *testing.T) {
	busy, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = busy.Close() }()
	for want, c := range map[string]Config{
		"media.listen: another program has":              {Listen: busy.LocalAddr().String()},
		"media.listen: 192.0.2.1 is no address of this":  {Listen: "192.0.2.1:0"},
		"media.ports: must be from 1 to 64":              {Listen: "127.0.0.1:65535", Ports: 2},
		"media.tcp: \"yes\" is not pages, off":           {TCP: "yes"},
		"media.public_ips: \"example.org\" is not an IP": {PublicIPs: []string{"example.org"}},
		"media.public_ips: 0.0.0.0 is no address":        {PublicIPs: []string{"0.0.0.0"}},
		"2001:db8::1 is IPv6, and media.listen is IPv4":  {Listen: "0.0.0.0:0", PublicIPs: []string{"2001:db8::1"}},
		"203.0.113.7 is IPv4, and media.listen is IPv6":  {Listen: "[2001:db8::1]:0", PublicIPs: []string{"203.0.113.7"}},
		"media.relay: nobody can reach it":               {TCP: TCPOff, Relay: relay.Config{On: true}},
		"media.relay.secret":                             {Relay: relay.Config{On: true, Secret: "short"}},
	} {
		e, err := NewEngine(c, zap.NewNop())
		if err == nil {
			_ = e.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v; want %s", c, err, want)
		}
	}
	for _, c := range []Config{{}, {PublicIPs: []string{"203.0.113.7", "2001:db8::1"}}, {TCP: ":8443"}, {TCP: TCPOff}, {Listen: ":9000", Ports: 4}} {
		if err := c.Check(); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

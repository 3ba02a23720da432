package relay

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/turn/v5"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/internal/silent"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 10 * time.Second

// public is what browsers know the media socket by, beside its own address.
var public = netip.MustParseAddr("203.0.113.7")

// echo is a media socket that sends back what it gets.
type echo struct {
	conn  *net.UDPConn
	known []netip.AddrPort
}

func newEcho(t testing.TB, at string) *echo {
	t.Helper()
	addr, err := net.ResolveUDPAddr("udp", at)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenUDP("udp", addr)
	if err != nil {
		t.Skip(err) // a machine without IPv6
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		b := make([]byte, 2048)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			_, _ = conn.WriteToUDPAddrPort(b[:n], from)
		}
	}()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	e := &echo{conn: conn}
	own := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	e.known = []netip.AddrPort{own}
	if own.Addr().Is4() {
		e.known = append(e.known, netip.AddrPortFrom(public, own.Port()))
	}
	return e
}

func (e *echo) Peers() []netip.AddrPort { return e.known }

func (e *echo) Peer(at netip.AddrPort) (netip.AddrPort, bool) {
	for _, k := range e.known {
		if k == at {
			return e.known[0], true
		}
	}
	return netip.AddrPort{}, false
}

func open(t testing.TB, c Config, media *echo) *Server {
	t.Helper()
	c.On = true
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	s, err := Open(c, media, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// at is where the server's clients come by a way.
func (s *Server) at(t testing.TB, scheme, transport string) string {
	t.Helper()
	for _, url := range s.URLs("127.0.0.1") {
		if rest, ok := strings.CutPrefix(url, scheme+":"); ok {
			if host, ok := strings.CutSuffix(rest, "?transport="+transport); ok {
				return host
			}
		}
	}
	t.Fatalf("no way by %s over %s: %v", scheme, transport, s.URLs("127.0.0.1"))
	return ""
}

// dial is a client of the relay's, with somebody's name and password.
func dial(t testing.TB, s *Server, scheme, transport, username, password string) *turn.Client {
	t.Helper()
	at := s.at(t, scheme, transport)
	var conn net.PacketConn
	switch {
	case transport == "udp":
		c, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		conn = c
	default:
		c, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		if scheme == "turns" {
			c = tls.Client(c, &tls.Config{InsecureSkipVerify: true})
		}
		conn = turn.NewSTUNConn(c)
	}
	c, err := turn.NewClient(&turn.ClientConfig{
		TURNServerAddr: at, Conn: conn, Username: username, Password: password, LoggerFactory: silent.Pion{}, RTO: 2 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Listen(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); _ = conn.Close() })
	return c
}

func (s *Server) member(t testing.TB, person, scheme, transport string) *turn.Client {
	username, password, _ := s.Credentials(person)
	return dial(t, s, scheme, transport, username, password)
}

// says sends to an address through an allocation and waits for the echo.
func says(t testing.TB, relayed net.PacketConn, to netip.AddrPort, text string) {
	t.Helper()
	_ = relayed.SetReadDeadline(time.Now().Add(patience))
	if _, err := relayed.WriteTo([]byte(text), net.UDPAddrFromAddrPort(to)); err != nil {
		t.Fatalf("to %s: %v", to, err)
	}
	b := make([]byte, 2048)
	n, from, err := relayed.ReadFrom(b)
	if err != nil {
		t.Fatalf("from %s: %v", to, err)
	}
	if got := from.(*net.UDPAddr).AddrPort(); string(b[:n]) != text || got != to {
		t.Fatalf("%q came from %s, want %q from %s", b[:n], got, text, to)
	}
}

// pair writes a fresh certificate and its key.
func pair(t testing.TB, dir string, serial int64) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	certificate, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{certificate: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, key
}

// TestRelaysToOurMedia: over every way, by every address that browsers know the
// media by, each as itself, and again after much.
func TestRelaysToOurMedia(t *testing.T) {
	t.Parallel()
	media := newEcho(t, "127.0.0.1:0")
	certificate, key := pair(t, t.TempDir(), 1)
	s := open(t, Config{TLS: "127.0.0.1:0", Certificate: certificate, Key: key}, media)
	for _, way := range [][2]string{{"turn", "udp"}, {"turn", "tcp"}, {"turns", "tcp"}} {
		relayed, err := s.member(t, "ana", way[0], way[1]).Allocate()
		if err != nil {
			t.Fatalf("%v: %v", way, err)
		}
		for i := range 100 {
			says(t, relayed, media.known[i%2], strings.Repeat("packet "+strconv.Itoa(i), 1+i))
		}
		if err := relayed.Close(); err != nil {
			t.Errorf("%v: %v", way, err)
		}
	}
}

// TestIPv6: a client that comes over IPv6 reaches the media over it.
func TestIPv6(t *testing.T) {
	t.Parallel()
	media := newEcho(t, "[::1]:0")
	s := open(t, Config{Listen: "[::1]:0"}, media)
	username, password, _ := s.Credentials("ana")
	conn, err := net.ListenPacket("udp", "[::1]:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	at := strings.Replace(s.at(t, "turn", "udp"), "127.0.0.1", "[::1]", 1)
	c, err := turn.NewClient(&turn.ClientConfig{
		TURNServerAddr: at, Conn: conn, Username: username, Password: password, LoggerFactory: silent.Pion{},
		RequestedAddressFamily: turn.RequestedAddressFamilyIPv6,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Listen(); err != nil {
		t.Fatal(err)
	}
	relayed, err := c.Allocate()
	if err != nil {
		t.Fatal(err)
	}
	says(t, relayed, media.known[0], "over IPv6")
	_ = relayed.Close()
}

// TestNothingElseIsReached: whatever a client asks for, nothing leaves for an
// address that is not our media's; not on this machine either, by another port.
func TestNothingElseIsReached(t *testing.T) {
	t.Parallel()
	media := newEcho(t, "127.0.0.1:0")
	inside, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}) // what must not be found
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = inside.Close() }()
	s := open(t, Config{}, media)
	for _, transport := range []string{"udp", "tcp"} {
		c := s.member(t, "ana", "turn", transport)
		relayed, err := c.Allocate()
		if err != nil {
			t.Fatal(err)
		}
		for _, ip := range []string{
			"10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "127.0.0.2", "0.0.0.0", "100.64.0.1",
			"8.8.8.8", "203.0.113.8", "224.0.0.1", "255.255.255.255", "::1", "::ffff:10.0.0.1", "fd00::1", "fe80::1",
		} {
			to := &net.UDPAddr{IP: net.ParseIP(ip), Port: media.conn.LocalAddr().(*net.UDPAddr).Port}
			if err := c.CreatePermission(to); err == nil {
				t.Errorf("%s: %s may be sent to", transport, ip)
			}
			if _, err := relayed.WriteTo([]byte("hello"), to); err == nil {
				t.Errorf("%s: something was sent to %s", transport, ip)
			}
		}
		// Another port at an address that may be sent to; the client library
		// binds a channel to it after the first packet.
		for range 20 {
			_, _ = relayed.WriteTo([]byte("hello"), inside.LocalAddr())
			says(t, relayed, media.known[0], "still there")
		}
		_ = inside.SetReadDeadline(time.Now().Add(100 * time.Millisecond)) // what was sent is there
		if n, _, err := inside.ReadFrom(make([]byte, 100)); err == nil {
			t.Errorf("%s: %d bytes came where none may", transport, n)
		}
		_ = relayed.Close()
	}
}

// TestNobodyIsHeardFromOutside: an allocation is no address to which anybody
// could send.
func TestNobodyIsHeardFromOutside(t *testing.T) {
	t.Parallel()
	media := newEcho(t, "127.0.0.1:0")
	s := open(t, Config{}, media)
	relayed, err := s.member(t, "ana", "turn", "udp").Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = relayed.Close() }()
	says(t, relayed, media.known[0], "one")
	s.mu.Lock()
	var ours []netip.AddrPort
	for a := range s.open {
		a.mu.Lock()
		for _, conn := range a.peers {
			ours = append(ours, conn.LocalAddr().(*net.UDPAddr).AddrPort())
		}
		a.mu.Unlock()
	}
	s.mu.Unlock()
	other, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	for _, to := range ours {
		_, _ = other.WriteToUDPAddrPort([]byte("from elsewhere"), to)
	}
	says(t, relayed, media.known[0], "two") // and not what came from elsewhere
}

// TestPasswords: only a password of this server's for that very name opens an
// allocation, and only in its time.
func TestPasswords(t *testing.T) {
	t.Parallel()
	media := newEcho(t, "127.0.0.1:0")
	s, stranger := open(t, Config{}, media), open(t, Config{}, media)
	username, password, until := s.Credentials("ana")
	other, _, _ := s.Credentials("ben")
	foreign, theirs, _ := stranger.Credentials("ana")
	later := strconv.FormatInt(until.Add(time.Hour).Unix(), 10) + strings.TrimLeft(username, "0123456789")
	if strings.Contains(username, "ana") {
		t.Errorf("%s names the person", username)
	}
	for name, c := range map[string][2]string{
		"another's name": {other, password}, "longer": {later, password}, "another server's": {foreign, theirs},
		"no password": {username, ""}, "no time": {"ana", password}, "no name": {strconv.FormatInt(until.Unix(), 10), password},
		"nothing": {":", ""}, "a huge time": {"99999999999999999999:x", password},
	} {
		if relayed, err := dial(t, s, "turn", "tcp", c[0], c[1]).Allocate(); err == nil {
			t.Errorf("%s: opens an allocation", name)
			_ = relayed.Close()
		}
	}
	relayed, err := dial(t, s, "turn", "tcp", username, password).Allocate()
	if err != nil {
		t.Fatal(err)
	}
	s.now = func() time.Time { return until }
	says(t, relayed, media.known[0], "what is open stays open")
	if again, err := dial(t, s, "turn", "tcp", username, password).Allocate(); err == nil {
		t.Error("an expired password opens an allocation")
		_ = again.Close()
	}
	_ = relayed.Close()
}

// TestQuotas: a flood opens no more allocations than it may, and what is closed
// makes room.
func TestQuotas(t *testing.T) {
	t.Parallel()
	media := newEcho(t, "127.0.0.1:0")
	for name, c := range map[string]Config{
		"each":       {Each: 5, Neighbours: 100, Total: 100},
		"neighbours": {Each: 100, Neighbours: 5, Total: 100},
		"total":      {Each: 100, Neighbours: 100, Total: 5},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, c, media)
			var mu sync.Mutex
			var got []net.PacketConn
			var all sync.WaitGroup
			for i := range 30 {
				all.Go(func() {
					transport := "tcp"
					if name == "neighbours" { // over TCP, their connections are counted already
						transport = "udp"
					}
					at, err := net.Dial(transport, s.at(t, "turn", transport))
					if err != nil {
						return
					}
					conn := net.PacketConn(turn.NewSTUNConn(at))
					if transport == "udp" {
						conn = oneWay{at.(*net.UDPConn)}
					}
					person := "ana"
					if name != "each" {
						person += strconv.Itoa(i)
					}
					username, password, _ := s.Credentials(person)
					c, err := turn.NewClient(&turn.ClientConfig{
						TURNServerAddr: at.RemoteAddr().String(), Conn: conn, Username: username, Password: password,
						LoggerFactory: silent.Pion{}, RTO: time.Second,
					})
					if err != nil || c.Listen() != nil {
						t.Error("no client", err)
						return
					}
					t.Cleanup(func() { c.Close(); _ = at.Close() })
					if relayed, err := c.Allocate(); err == nil {
						mu.Lock()
						got = append(got, relayed)
						mu.Unlock()
					}
				})
			}
			all.Wait()
			if len(got) != 5 {
				t.Fatalf("%d allocations were opened", len(got))
			}
			for _, relayed := range got {
				_ = relayed.Close()
			}
			settles(t, "nothing is left of them", func() bool {
				s.mu.Lock()
				defer s.mu.Unlock()
				return len(s.open)+len(s.persons)+len(s.addresses) == 0
			})
			relayed, err := s.member(t, "ana", "turn", "udp").Allocate()
			if err != nil {
				t.Fatalf("none may be opened any more: %v", err)
			}
			_ = relayed.Close()
		})
	}
}

// oneWay is a connected socket, for those who say each time where to.
type oneWay struct{ *net.UDPConn }

func (c oneWay) WriteTo(b []byte, _ net.Addr) (int, error) { return c.Write(b) }

// settles waits until done holds.
func settles(t *testing.T, what string, done func() bool) {
	t.Helper()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for late := time.After(patience); !done(); {
		select {
		case <-again.C:
		case <-late:
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// TestRate: what is beyond a person's share is lost, and nothing waits; another
// allocation of theirs has no share of its own, somebody else's has.
func TestRate(t *testing.T) {
	t.Parallel()
	media := newEcho(t, "127.0.0.1:0")
	s := open(t, Config{Rate: 64_000}, media)
	relayed, err := s.member(t, "ana", "turn", "udp").Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = relayed.Close() }()
	s.mu.Lock()
	var a *allocation
	for a = range s.open {
	}
	s.mu.Unlock()
	packet := make([]byte, 1000)
	for range 500 {
		if _, err := a.WriteTo(packet, net.UDPAddrFromAddrPort(media.known[0])); err != nil {
			t.Fatal(err)
		}
	}
	if left := a.up.Tokens(); left > 2000 {
		t.Errorf("%.0f bytes might still be sent", left)
	}
	if a.may(a.down, 1<<20) {
		t.Error("a megabyte at once")
	}
	for person, most := range map[string]float64{a.user: 2000, "somebody else": 1 << 20} {
		other, err := s.allocate(person, true)
		if err != nil {
			t.Fatal(err)
		}
		if left := other.up.Tokens(); left > most || most > 2000 && left < 2000 {
			t.Errorf("%s may send %.0f bytes by another", person, left)
		}
		_ = other.Close()
	}
}

// TestSilentClients: a connection that opens nothing is closed, and a machine
// has only so many.
func TestSilentClients(t *testing.T) {
	t.Parallel()
	media := newEcho(t, "127.0.0.1:0")
	s := open(t, Config{Neighbours: 3}, media)
	s.intake.mu.Lock()
	s.intake.patience = 300 * time.Millisecond
	s.intake.mu.Unlock()
	var conns []net.Conn
	for range 5 {
		c, err := net.Dial("tcp", s.at(t, "turn", "tcp"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		conns = append(conns, c)
	}
	for i, c := range conns {
		_ = c.SetReadDeadline(time.Now().Add(patience))
		if _, err := c.Read(make([]byte, 1)); err == nil || isTimeout(err) {
			t.Errorf("connection %d stays: %v", i, err)
		}
	}
	says := s.member(t, "ana", "turn", "tcp")
	if relayed, err := says.Allocate(); err != nil {
		t.Errorf("nobody gets in any more: %v", err)
	} else {
		_ = relayed.Close()
	}
}

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout()
}

// TestCertificateIsRenewed: a new one in the files is used without a restart,
// and a broken one is not.
func TestCertificateIsRenewed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certificateFile, key := pair(t, dir, 1)
	c := &certificate{config: Config{Certificate: certificateFile, Key: key}, log: zap.NewNop()}
	serial := func() int64 {
		c.looked = time.Time{}
		got, err := c.get(nil)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := x509.ParseCertificate(got.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		return parsed.SerialNumber.Int64()
	}
	if serial() != 1 {
		t.Fatal("another certificate")
	}
	pair(t, dir, 2)
	later := time.Now().Add(time.Minute)
	if err := os.Chtimes(certificateFile, later, later); err != nil {
		t.Fatal(err)
	}
	if got := serial(); got != 2 {
		t.Errorf("certificate %d is used", got)
	}
	if err := os.WriteFile(certificateFile, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := serial(); got != 2 {
		t.Errorf("certificate %d is used", got)
	}
}

func TestConfigurations(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]Config{
		"no certificate": {On: true, TLS: ":5349"}, "no port": {On: true, Listen: "here"}, "no TLS port": {On: true, TLS: "x:y"},
		"a short secret": {On: true, Secret: "short"},
	} {
		if c.Check() == nil {
			t.Errorf("%s is no error", name)
		}
	}
	if err := (Config{TLS: ":5349"}).Check(); err != nil {
		t.Errorf("a relay that is off: %v", err)
	}
}

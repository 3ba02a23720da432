package port_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/internal/port"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 10 * time.Second

func open(t testing.TB, c port.Config, serves ...port.Kind) *port.Port {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := port.Open(l, c, serves...)
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func dial(t testing.TB, p *port.Port) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c
}

// accepts takes the next connection of a kind.
func accepts(t testing.TB, l net.Listener) net.Conn {
	t.Helper()
	got := make(chan net.Conn, 1)
	go func() {
		if c, err := l.Accept(); err == nil {
			got <- c
		}
	}()
	select {
	case c := <-got:
		t.Cleanup(func() { _ = c.Close() })
		_ = c.SetDeadline(time.Now().Add(patience))
		return c
	case <-time.After(patience):
		t.Fatal("nobody comes")
		return nil
	}
}

// stun is a message with so many bytes of attributes.
func stun(kind uint16, attributes int) []byte {
	b := binary.BigEndian.AppendUint16(nil, kind)
	b = binary.BigEndian.AppendUint16(b, uint16(attributes))
	b = binary.BigEndian.AppendUint32(b, 0x2112a442)
	return append(b, make([]byte, 12+attributes)...)
}

func framed(b []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...)
}

var beginnings = map[port.Kind][][]byte{
	port.Pages: {
		[]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), []byte("POST /v1 HTTP/1.1\r\n"), []byte("OPTIONS * HTTP/1.1\r\n"),
		[]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), {0x16, 3, 1, 2, 0, 1}, []byte("x"),
	},
	port.Media: {framed(stun(1, 0)), framed(stun(1, 76)), framed(stun(1, 1400))},
	port.Relay: {stun(3, 8), stun(1, 0), stun(3, 100)},
}

// TestKinds: each connection comes out where it belongs, with every byte that
// was sent, in whatever pieces.
func TestKinds(t *testing.T) {
	p := open(t, port.Config{}, port.Pages, port.Media, port.Relay)
	rapid.Check(t, func(rt *rapid.T) {
		kind := rapid.SampledFrom([]port.Kind{port.Pages, port.Media, port.Relay}).Draw(rt, "kind")
		sent := append(bytes.Clone(rapid.SampledFrom(beginnings[kind]).Draw(rt, "beginning")), rapid.SliceOfN(rapid.Byte(), 0, 100).Draw(rt, "more")...)
		c := dial(t, p)
		for rest := sent; len(rest) > 0; {
			n := min(rapid.SampledFrom([]int{1, 2, 7, 5000}).Draw(rt, "piece"), len(rest))
			if _, err := c.Write(rest[:n]); err != nil {
				rt.Fatal(err)
			}
			rest = rest[n:]
		}
		_ = c.(*net.TCPConn).CloseWrite()
		in := accepts(t, p.Listener(kind))
		got, err := io.ReadAll(in)
		if err != nil || !bytes.Equal(got, sent) {
			rt.Fatalf("%x came of %x (%v)", got, sent, err)
		}
		if _, plain := in.(*net.TCPConn); kind == port.Pages && !plain {
			rt.Fatalf("a page's connection is a %T", in)
		}
		_ = in.Close()
		_ = c.Close()
	})
}

// TestPagesAreUndisturbed: HTTP, and HTTP/2 over TLS, beside everything else.
func TestPagesAreUndisturbed(t *testing.T) {
	hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) })
	for _, secure := range []bool{false, true} {
		p := open(t, port.Config{}, port.Pages, port.Media)
		s := httptest.NewUnstartedServer(hello)
		_ = s.Listener.Close()
		s.Listener = p.Listener(port.Pages)
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		want := "HTTP/1.1"
		if secure {
			s.EnableHTTP2 = true
			s.StartTLS()
			want = "HTTP/2.0"
		} else {
			s.Start()
		}
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				noise := dial(t, p)
				_, _ = noise.Write(framed(stun(1, 8)))
				r, err := s.Client().Get(s.URL)
				if err != nil {
					t.Error(err)
					return
				}
				defer func() { _ = r.Body.Close() }()
				if b, _ := io.ReadAll(r.Body); string(b) != want {
					t.Errorf("served by %q", b)
				}
			})
		}
		all.Wait()
		s.Close()
		_ = p.Close()
	}
}

// closed reports whether the other end closes a connection.
func closed(c net.Conn) bool {
	_, err := c.Read(make([]byte, 1))
	var timeout net.Error
	return err != nil && !(errors.As(err, &timeout) && timeout.Timeout())
}

// TestGarbage: what is neither pages nor media is closed, at once or after its
// time, and whoever comes after is served.
func TestGarbage(t *testing.T) {
	p := open(t, port.Config{First: 200 * time.Millisecond}, port.Pages, port.Media)
	for name, bytes := range map[string][]byte{
		"zeros": make([]byte, 100), "an empty frame": {0, 0}, "half a frame": framed(stun(1, 8))[:10], "a huge length": {7, 0xff, 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42},
		"no cookie": framed(make([]byte, 40)), "another method": framed(stun(3, 8)), "an answer": framed(stun(0x101, 8)),
		"another length": append(framed(stun(1, 8))[:3], 0xff), "a relay's, where there is none": stun(3, 8), "nothing": nil,
		"a check that is too long": framed(stun(1, 1500)),
		"a frame that never ends":  append([]byte{5, 0}, stun(1, 0x500-20)[:200]...),
	} {
		c := dial(t, p)
		if _, err := c.Write(bytes); err != nil {
			t.Fatal(err)
		}
		if !closed(c) {
			t.Errorf("%s: the connection stays", name)
		}
	}
	c := dial(t, p)
	_, _ = c.Write([]byte("GET"))
	accepts(t, p.Listener(port.Pages))
}

// TestFlood: of silent connections there are never more than may be, the oldest
// make way, and who speaks is served.
func TestFlood(t *testing.T) {
	p := open(t, port.Config{Most: 8, First: time.Minute}, port.Pages)
	var silent []net.Conn
	for range 30 {
		silent = append(silent, dial(t, p))
	}
	began := time.Now()
	c := dial(t, p)
	if _, err := c.Write([]byte("GET")); err != nil {
		t.Fatal(err)
	}
	got := accepts(t, p.Listener(port.Pages))
	if got.RemoteAddr().String() != c.LocalAddr().String() {
		t.Fatal("somebody else was served")
	}
	if !closed(silent[0]) {
		t.Error("the oldest stays")
	}
	t.Logf("served behind 30 silent connections after %v", time.Since(began).Round(time.Millisecond))
}

// TestNobodyAccepts: connections that were told apart and that nobody takes end
// with the port.
func TestNobodyAccepts(t *testing.T) {
	p := open(t, port.Config{}, port.Pages, port.Media)
	var conns []net.Conn
	for range 5 {
		for _, b := range [][]byte{[]byte("GET"), framed(stun(1, 8)), nil} {
			c := dial(t, p)
			_, _ = c.Write(b)
			conns = append(conns, c)
		}
	}
	if err := p.Listener(port.Media).Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Listener(port.Media).Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a closed listener accepts: %v", err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	for i, c := range conns {
		if !closed(c) {
			t.Errorf("connection %d stays", i)
		}
	}
	if _, err := p.Listener(port.Pages).Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a closed port accepts: %v", err)
	}
}

// broken is a listener that fails.
type broken struct{ net.Listener }

func (broken) Accept() (net.Conn, error) { return nil, errors.New("broken") }

// TestFailure: those who accept are told why there is nothing to accept.
func TestFailure(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := port.Open(broken{l}, port.Config{}, port.Pages)
	defer func() { _ = p.Close() }()
	if _, err := p.Listener(port.Pages).Accept(); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("told %v", err)
	}
}

// TestPipes: a connection without a descriptor is told apart as well.
func TestPipes(t *testing.T) {
	l := &pipes{conns: make(chan net.Conn), gone: make(chan struct{})}
	p := port.Open(l, port.Config{}, port.Pages)
	defer func() { _ = p.Close() }()
	ours, theirs := net.Pipe()
	go func() {
		l.conns <- ours
		_, _ = theirs.Write([]byte("GET / HTTP/1.1"))
		_ = theirs.Close()
	}()
	if b, err := io.ReadAll(accepts(t, p.Listener(port.Pages))); err != nil || string(b) != "GET / HTTP/1.1" {
		t.Errorf("%q came (%v)", b, err)
	}
}

type pipes struct {
	conns chan net.Conn
	gone  chan struct{}
}

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.gone:
		return nil, net.ErrClosed
	}
}
func (l *pipes) Addr() net.Addr { return &net.TCPAddr{} }
func (l *pipes) Close() error   { close(l.gone); return nil }

// BenchmarkConnection is what a connection's way through the port costs.
func BenchmarkConnection(b *testing.B) {
	for name, listen := range map[string]func() (net.Listener, net.Addr){
		"bare": func() (net.Listener, net.Addr) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = l.Close() })
			return l, l.Addr()
		},
		"shared": func() (net.Listener, net.Addr) {
			p := open(b, port.Config{}, port.Pages, port.Media)
			return p.Listener(port.Pages), p.Addr()
		},
	} {
		b.Run(name, func(b *testing.B) {
			l, addr := listen()
			for b.Loop() {
				c, err := net.Dial("tcp", addr.String())
				if err != nil {
					b.Fatal(err)
				}
				_, _ = c.Write([]byte("GET"))
				in, err := l.Accept()
				if err != nil {
					b.Fatal(err)
				}
				_, _ = in.Read(make([]byte, 3))
				_ = c.(*net.TCPConn).SetLinger(0)
				_ = c.Close()
				_ = in.Close()
			}
		})
	}
}

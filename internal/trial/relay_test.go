package trial

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// relay stands between people and a server on loopback, and does to their
// bytes what bad networks do.
type relay struct {
	addr   string
	target string
	delay  time.Duration          // of every byte, both ways
	cut    func(*rand.Rand) int64 // after how many bytes, both ways together, a connection is cut; nil: never
	lossy  float64                // part of the pieces that come late, with all behind them, as where TCP sends a lost one again
	echo   bool                   // every command frame of a client is sent twice

	listener net.Listener
	running  sync.WaitGroup
	dead     atomic.Bool   // takes bytes and passes none on, without closing anything
	lost     chan net.Addr // clients of connections that were alive, and that the server has closed since
	cuts     atomic.Int64
	echoes   atomic.Int64

	mu     sync.Mutex
	chance *rand.Rand
	conns  map[net.Conn]bool
	closed bool
}

// listen starts a relay before the server. Set its fields in the function.
func listen(t *testing.T, s *server, seed uint64, set func(*relay)) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{
		addr: l.Addr().String(), target: s.addr, listener: l, lost: make(chan net.Addr, 1024),
		chance: rand.New(rand.NewPCG(seed, 1)), conns: map[net.Conn]bool{},
	}
	set(r)
	r.running.Go(r.accept)
	t.Cleanup(r.close)
	return r
}

func (r *relay) close() {
	_ = r.listener.Close()
	r.mu.Lock()
	r.closed = true
	for c := range r.conns {
		_ = c.Close()
	}
	r.mu.Unlock()
	r.running.Wait()
}

// mend makes connections from now on last.
func (r *relay) mend() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cut = nil
}

// keep notes an open connection. It reports false when the relay has ended.
func (r *relay) keep(c net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conns[c] = true
	return !r.closed
}

func (r *relay) drop(c net.Conn) {
	_ = c.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, c)
}

func (r *relay) accept() {
	for {
		client, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.running.Go(func() { r.join(client) })
	}
}

// join passes bytes on between a client and the server until one of them ends.
func (r *relay) join(client net.Conn) {
	defer r.drop(client)
	if !r.keep(client) {
		return
	}
	alive := !r.dead.Load()
	server, err := net.Dial("tcp", r.target)
	if err != nil {
		return
	}
	defer r.drop(server)
	if !r.keep(server) {
		return
	}
	left := &atomic.Int64{}
	left.Store(1 << 62)
	r.mu.Lock()
	if r.cut != nil {
		left.Store(r.cut(r.chance))
	}
	r.mu.Unlock()
	end := sync.OnceFunc(func() {
		_ = client.Close()
		_ = server.Close()
	})
	var both sync.WaitGroup
	both.Go(func() {
		defer func() {
			if !r.dead.Load() { // or the server does not learn that the client is gone
				end()
			}
		}()
		out := io.Writer(&rough{relay: r, Conn: server, left: left, cut: end})
		if r.echo {
			r.repeat(out, client)
			return
		}
		r.pass(out, client)
	})
	both.Go(func() {
		r.pass(&rough{relay: r, Conn: client, left: left, cut: end}, server)
		if !r.dead.Load() {
			end()
			return
		}
		if alive { // the client does not learn of it
			r.lost <- client.RemoteAddr()
		}
	})
	both.Wait()
}

// rough writes to one end, unless the connection is to be cut first.
type rough struct {
	net.Conn
	relay *relay
	left  *atomic.Int64
	cut   func()
}

func (w *rough) Write(b []byte) (int, error) {
	if w.relay.dead.Load() {
		return len(b), nil
	}
	if left := w.left.Add(-int64(len(b))); left < 0 {
		_, _ = w.Conn.Write(b[:max(0, int64(len(b))+left)])
		w.relay.cuts.Add(1)
		w.cut()
		return 0, net.ErrClosed
	}
	return w.Conn.Write(b)
}

// pass copies what comes, later by the delay.
func (r *relay) pass(to io.Writer, from io.Reader) {
	if r.delay == 0 && r.lossy == 0 {
		_, _ = io.Copy(to, from)
		return
	}
	type piece struct {
		due time.Time
		b   []byte
	}
	pieces := make(chan piece, 4096) // what is under way: more than a connection has in one delay
	done := make(chan struct{})
	go func() {
		defer close(done)
		for p := range pieces {
			<-time.After(time.Until(p.due))
			if _, err := to.Write(p.b); err != nil {
				for range pieces { // the reader ends next
				}
				return
			}
		}
	}()
	for {
		b := make([]byte, 4096)
		n, err := from.Read(b)
		if n > 0 {
			pieces <- piece{time.Now().Add(r.delay + r.late()), b[:n]}
		}
		if err != nil {
			close(pieces)
			<-done
			return
		}
	}
}

// late is how much later than the delay a piece comes: mostly not at all, and
// otherwise as long as it takes until TCP repeats it.
func (r *relay) late() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lossy == 0 || r.chance.Float64() >= r.lossy {
		return 0
	}
	return time.Duration((0.2 + 0.4*r.chance.Float64()) * float64(time.Second))
}

// repeat passes a client's frames on, and those that have an idempotency key
// a second time, byte for byte: duplicate delivery.
func (r *relay) repeat(to io.Writer, from io.Reader) {
	in := bufio.NewReader(from)
	for { // the request's head
		line, err := in.ReadBytes('\n')
		if _, failed := to.Write(line); err != nil || failed != nil {
			return
		}
		if len(bytes.TrimSpace(line)) == 0 {
			break
		}
	}
	for {
		frame, text, err := readFrame(in)
		if err != nil {
			return
		}
		times := 1
		if bytes.Contains(text, []byte(`"key":`)) {
			times = 2
			r.echoes.Add(1)
		}
		for range times {
			if _, err := to.Write(frame); err != nil {
				return
			}
		}
	}
}

// readFrame reads a client's frame (RFC 6455, section 5.2): its bytes, and its
// payload without the mask.
func readFrame(in *bufio.Reader) (frame, text []byte, err error) {
	frame = make([]byte, 2, 256)
	if _, err := io.ReadFull(in, frame); err != nil {
		return nil, nil, err
	}
	more := func(n int) ([]byte, error) {
		at := len(frame)
		frame = append(frame, make([]byte, n)...)
		_, err := io.ReadFull(in, frame[at:])
		return frame[at:], err
	}
	size := uint64(frame[1] & 0x7f)
	switch size {
	case 126:
		b, err := more(2)
		if err != nil {
			return nil, nil, err
		}
		size = uint64(binary.BigEndian.Uint16(b))
	case 127:
		b, err := more(8)
		if err != nil {
			return nil, nil, err
		}
		size = binary.BigEndian.Uint64(b)
	}
	mask, err := more(4)
	if err != nil {
		return nil, nil, err
	}
	key := [4]byte(mask)
	payload, err := more(int(size))
	if err != nil {
		return nil, nil, err
	}
	text = bytes.Clone(payload)
	for i := range text {
		text[i] ^= key[i%4]
	}
	return frame, text, nil
}

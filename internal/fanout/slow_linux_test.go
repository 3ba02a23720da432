package fanout_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/internal/fanout"
)

// narrow is pair with a client whose kernel takes little, as over a network:
// small segments and a small buffer.
func narrow(t *testing.T) (server, client net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialer := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) (err error) {
		control := raw.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_MAXSEG, 536)
			if err == nil {
				err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4<<10)
			}
		})
		return errors.Join(err, control)
	}}
	if client, err = dialer.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close(); client.Close() })
	return server, client
}

// lastWords reads what is left, which must be whole frames, numbered in order,
// and a close frame, and returns the frames' number and the code.
func lastWords(t *testing.T, client net.Conn) (frames int, code uint16) {
	t.Helper()
	_ = client.SetReadDeadline(time.Now().Add(20 * time.Second))
	r := bufio.NewReader(client)
	for {
		op, p, err := readFrame(r)
		switch {
		case err != nil:
			t.Fatalf("after %d frames: %v", frames, err)
		case op == 0x88:
			return frames, binary.BigEndian.Uint16(p)
		case op == 0x81 && binary.BigEndian.Uint64(p) == uint64(frames+1):
			frames++
		case op != 0x89:
			t.Fatalf("frame %d: opcode %x, number %d", frames, op, binary.BigEndian.Uint64(p))
		}
	}
}

// numbered publishes n frames of the given size from number first on.
func numbered(feed *fanout.Feed, first, n, size int) {
	p := make([]byte, size)
	for i := range n {
		binary.BigEndian.PutUint64(p, uint64(first+i))
		feed.Publish(uint64(first+i), p)
	}
	feed.FlushNow()
}

// eventually waits for something that no channel tells.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	limit := time.After(20 * time.Second)
	for !ok() {
		select {
		case <-limit:
			t.Fatalf("never: %s", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// TestWhoIsTooSlowIsTold: each way of being too slow ends in close code 4001
// behind whole frames, though the kernel's buffer was full and a frame stood
// half written.
func TestWhoIsTooSlowIsTold(t *testing.T) {
	var pool *fanout.Pool
	tests := []struct {
		name   string
		config fanout.Config
		why    fanout.Reason
		work   func(*fanout.Feed, *fanout.Conn)
	}{
		{"takes nothing", fanout.Config{Ring: 8 << 20, Stall: 200 * time.Millisecond}, fanout.CutSlow,
			func(f *fanout.Feed, _ *fanout.Conn) { numbered(f, 1, 1000, 999) }},
		{"falls off the ring", fanout.Config{Ring: 64 << 10}, fanout.CutBehind,
			func(f *fanout.Feed, _ *fanout.Conn) {
				numbered(f, 1, 200, 999)
				eventually(t, "blocked", func() bool { return pool.Stats().Waiting == 1 })
				numbered(f, 201, 5000, 999)
			}},
		{"too much of its own", fanout.Config{Own: 64 << 10}, fanout.CutFull,
			func(_ *fanout.Feed, c *fanout.Conn) {
				p := make([]byte, 2000)
				for n := range uint64(1000) {
					binary.BigEndian.PutUint64(p, n+1)
					c.Send(p)
				}
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.config.Kernel = 16 << 10
			pool = fanout.NewPool(tt.config)
			defer pool.Close()
			feed := pool.NewFeed(0)
			server, client := narrow(t)
			c, ends := watched(pool, server)
			defer c.Close()
			feed.Subscribe(c)
			tt.work(feed, c)
			eventually(t, "cut off", func() bool { return pool.Stats().Cut[tt.why] == 1 })
			frames, code := lastWords(t, client)
			if code != 4001 || frames < 3 {
				t.Errorf("%d frames, close code %d", frames, code)
			}
			c.Close() // as the reader does that meets the end
			if e := <-ends; e.why != tt.why {
				t.Errorf("told %v", e.why)
			}
		})
	}
}

// TestSlowButSteady: a socket that takes little, but goes on taking, is borne
// with for as long as the ring holds what it has not had.
func TestSlowButSteady(t *testing.T) {
	const stall = time.Second
	pool := fanout.NewPool(fanout.Config{Ring: 8 << 20, Kernel: 32 << 10, Stall: stall})
	defer pool.Close()
	feed := pool.NewFeed(0)
	server, client := narrow(t)
	c, ends := watched(pool, server)
	defer c.Close()
	feed.Subscribe(c)
	const frames = 1000
	numbered(feed, 1, frames, 999)
	start := time.Now()
	r := bufio.NewReaderSize(client, 16)
	var got bytes.Buffer
	for tick := time.NewTicker(10 * time.Millisecond); time.Since(start) < 3*stall; <-tick.C {
		if _, err := io.CopyN(&got, r, 1<<10); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case e := <-ends:
		t.Fatalf("cut off: %+v", e)
	default:
	}
	if s := pool.Stats(); s.Waiting != 1 || s.Outbox == 0 {
		t.Errorf("it is not slow: %+v", s)
	}
	all := bufio.NewReader(io.MultiReader(&got, r))
	for n := uint64(1); n <= frames; n++ {
		if _, p, err := readFrame(all); err != nil || binary.BigEndian.Uint64(p) != n {
			t.Fatalf("frame %d: %v", n, err)
		}
	}
}

// TestSomeReadNothing: of 1,000 sockets 100 read nothing. The others hear all;
// the hundred cost little and no goroutine, and those that read again hear all
// as well.
func TestSomeReadNothing(t *testing.T) {
	const all, deaf, frames, size = 1000, 100, 400, 999
	pool := fanout.NewPool(fanout.Config{Ring: 8 << 20, Kernel: 32 << 10, Stall: time.Hour, Silent: time.Hour, Ping: time.Hour})
	defer pool.Close()
	feed := pool.NewFeed(0)
	var clients []net.Conn
	var conns []*fanout.Conn
	for i := range all {
		connect := pair
		if i < deaf {
			connect = narrow
		}
		server, client := connect(t)
		c := pool.NewConn(server, func(why fanout.Reason) { t.Errorf("socket %d cut off: %v", i, why) })
		defer c.Close()
		feed.Subscribe(c)
		clients, conns = append(clients, client), append(conns, c)
	}
	hear := func(clients []net.Conn) <-chan string {
		results := make(chan string, len(clients))
		for _, client := range clients {
			go func() {
				r := bufio.NewReader(client)
				for n := uint64(1); n <= frames; n++ {
					if _, p, err := readFrame(r); err != nil || binary.BigEndian.Uint64(p) != n {
						results <- fmt.Sprintf("frame %d: %v", n, err)
						return
					}
				}
				results <- ""
			}()
		}
		return results
	}
	check := func(n int, results <-chan string) {
		t.Helper()
		for range n {
			if result := <-results; result != "" {
				t.Error(result)
			}
		}
	}
	memory := func() (heap uint64, goroutines int) {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc, runtime.NumGoroutine()
	}
	quick := hear(clients[deaf:])
	for n := 1; n <= frames; n += 4 {
		numbered(feed, n, 4, size)
	}
	check(all-deaf, quick)
	eventually(t, "only the deaf wait", func() bool { return pool.Stats().Waiting == deaf })
	heap, goroutines := memory()
	s := pool.Stats()
	if s.Outbox < deaf*frames*size/2 || s.Ring > frames*(size+10) || s.Cut != [fanout.Reasons]uint64{} {
		t.Errorf("%+v", s)
	}
	check(deaf/2, hear(clients[:deaf/2]))
	eventually(t, "half of the deaf have caught up", func() bool { return pool.Stats().Waiting == deaf/2 })
	for _, c := range conns[deaf/2 : deaf] {
		c.Close()
	}
	after, left := memory()
	// What half of them cost, beside noise: much less than what waits for them.
	if cost := int64(heap-after) / (deaf / 2); cost > 8<<10 {
		t.Errorf("a socket that waits costs %d bytes", cost)
	}
	if goroutines > left+2 {
		t.Errorf("%d goroutines with %d sockets waiting, %d without", goroutines, deaf, left)
	}
}

// TestBrokenSocket: one whose other end is gone is cut off as soon as it is
// written to.
func TestBrokenSocket(t *testing.T) {
	pool := fanout.NewPool(fanout.Config{})
	defer pool.Close()
	feed := pool.NewFeed(0)
	server, client := pair(t)
	c, ends := watched(pool, server)
	feed.Subscribe(c)
	client.Close()
	for n := 1; ; n++ {
		numbered(feed, n, 1, 100)
		select {
		case e := <-ends:
			if e.why != fanout.CutBroken {
				t.Errorf("%v", e.why)
			}
			if s := pool.Stats(); s.Connections != 0 || s.Cut[fanout.CutBroken] != 1 {
				t.Errorf("%+v", s)
			}
			c.Close()
			return
		case <-time.After(time.Millisecond):
		}
	}
}

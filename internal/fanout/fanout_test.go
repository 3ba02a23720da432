package fanout_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/lyceum-live/lyceum/internal/fanout"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// readFrame reads one frame as a browser would.
func readFrame(r *bufio.Reader) (op byte, payload []byte, err error) {
	head := make([]byte, 2)
	if _, err = io.ReadFull(r, head); err != nil {
		return 0, nil, err
	}
	n := uint64(head[1])
	switch n {
	case 126:
		b := make([]byte, 2)
		if _, err = io.ReadFull(r, b); err != nil {
			return 0, nil, err
		}
		n = uint64(binary.BigEndian.Uint16(b))
	case 127:
		b := make([]byte, 8)
		if _, err = io.ReadFull(r, b); err != nil {
			return 0, nil, err
		}
		n = binary.BigEndian.Uint64(b)
	}
	payload = make([]byte, n)
	_, err = io.ReadFull(r, payload)
	return head[0], payload, err
}

// pair returns the two ends of a real socket.
func pair(t *testing.T) (server, client net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	accepted := make(chan net.Conn, 1)
	go func() {
		c, _ := l.Accept()
		accepted <- c
	}()
	if client, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	server = <-accepted
	t.Cleanup(func() { server.Close(); client.Close() })
	return server, client
}

// pipe is a pair without a descriptor, as under TLS or in a bubble.
func pipe(t *testing.T) (server, client net.Conn) {
	server, client = net.Pipe()
	t.Cleanup(func() { server.Close(); client.Close() })
	return server, client
}

// ending is how a socket was cut off.
type ending struct {
	why   fanout.Reason
	after time.Duration
}

// watched makes a Conn whose end is told.
func watched(pool *fanout.Pool, server net.Conn) (*fanout.Conn, chan ending) {
	start := time.Now()
	ends := make(chan ending, 1)
	return pool.NewConn(server, func(why fanout.Reason) { ends <- ending{why, time.Since(start)} }), ends
}

// TestResume lets sockets come back at every number that was ever given: they
// hear exactly what they missed, or are told that the ring has forgotten it.
func TestResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := fanout.NewPool(fanout.Config{Ring: 16 << 10, Silent: 1000 * time.Hour})
		defer pool.Close()
		feed := pool.NewFeed(7)
		numbers := []uint64{7}
		for n := uint64(8); n < 600; n += 1 + n%3 {
			feed.Publish(0, []byte("signal"))
			feed.Publish(n, fmt.Appendf(nil, "%d %0200d", n, 0))
			numbers = append(numbers, n)
			time.Sleep(time.Second) // what is young stays in any case
		}
		resumed := 0
		for i, after := range numbers {
			server, client := pipe(t)
			c := pool.NewConn(server, func(fanout.Reason) {})
			ok := feed.Resume(c, after, fanout.Message{[]byte("wel"), []byte("come")})
			if !ok {
				if resumed > 0 {
					t.Fatalf("%d is forgotten though an older one is not", after)
				}
				c.Close()
				continue
			}
			resumed++
			r := bufio.NewReader(client)
			if _, p, err := readFrame(r); err != nil || string(p) != "welcome" {
				t.Fatalf("first: %q %v", p, err)
			}
			for _, want := range numbers[i+1:] {
				var got uint64
				for got == 0 {
					_, p, err := readFrame(r)
					if err != nil {
						t.Fatal(err)
					}
					_, _ = fmt.Sscan(string(p), &got)
				}
				if got != want {
					t.Fatalf("after %d: got %d, want %d", after, got, want)
				}
			}
			c.Close()
		}
		if resumed < 10 || resumed == len(numbers) {
			t.Errorf("%d of %d could resume; the ring should hold some", resumed, len(numbers))
		}
		server, _ := pipe(t)
		c := pool.NewConn(server, func(fanout.Reason) {})
		defer c.Close()
		for _, never := range []uint64{0, 9, 10_000} {
			if feed.Resume(c, never) {
				t.Errorf("resumed after %d, which was never a number of this feed", never)
			}
		}
	})
}

// TestFeedOutlivesItsMembers: whoever comes after the last one has left, in
// the very moment of a flush, hears what comes.
func TestFeedOutlivesItsMembers(t *testing.T) {
	pool := fanout.NewPool(fanout.Config{Shards: 1})
	defer pool.Close()
	feed := pool.NewFeed(0)
	for n := uint64(1); n < 300; n += 2 {
		server, _ := pair(t)
		c := pool.NewConn(server, func(fanout.Reason) {})
		feed.Subscribe(c)
		feed.Publish(n, []byte("one"))
		feed.Flush()
		c.Close()
		server, client := pair(t)
		c = pool.NewConn(server, func(fanout.Reason) {})
		feed.Subscribe(c, fanout.Message{[]byte("welcome")})
		r := bufio.NewReader(client)
		for _, want := range []string{"welcome", "two"} {
			if want == "two" {
				feed.Publish(n+1, []byte(want))
				feed.Flush()
			}
			_ = client.SetReadDeadline(time.Now().Add(10 * time.Second))
			if _, p, err := readFrame(r); err != nil || string(p) != want {
				t.Fatalf("%d: heard %q, want %q (%v)", n, p, want, err)
			}
		}
		c.Close()
	}
}

// TestLargeBatchesAndWelcomes: neither more than the ring at once nor a welcome
// beyond the bound of personal frames costs anybody their socket.
func TestLargeBatchesAndWelcomes(t *testing.T) {
	pool := fanout.NewPool(fanout.Config{Shards: 1, Ring: 64 << 10, Own: 64 << 10})
	defer pool.Close()
	feed := pool.NewFeed(0)
	var readers sync.WaitGroup
	const frames = 300
	var conns []*fanout.Conn
	for range 4 {
		server, client := pair(t)
		c := pool.NewConn(server, func(why fanout.Reason) { t.Errorf("cut off: %v", why) })
		conns = append(conns, c)
		feed.Subscribe(c, fanout.Message{make([]byte, 100<<10), make([]byte, 1)})
		c.Send([]byte("points"))
		readers.Go(func() {
			r := bufio.NewReader(client)
			for range frames + 2 {
				if _, _, err := readFrame(r); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for n := range uint64(frames) {
		feed.Publish(n+1, make([]byte, 2200))
	}
	feed.Flush()
	readers.Wait()
	for _, c := range conns {
		c.Close()
	}
}

package fanout_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
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

// TestEverySocketHearsAll sends shared and personal frames of all sizes to
// sockets that read at different paces: each hears every shared frame once
// and in order, and its own frames in order, all whole.
func TestEverySocketHearsAll(t *testing.T) {
	for name, connect := range map[string]func(*testing.T) (net.Conn, net.Conn){"socket": pair, "pipe": pipe} {
		t.Run(name, func(t *testing.T) {
			pool := fanout.NewPool(fanout.Config{Ring: 64 << 20, Own: 64 << 20})
			defer pool.Close()
			feed := pool.NewFeed(0)
			const sockets, frames = 8, 400
			random := rand.New(rand.NewPCG(1, 2))
			var readers sync.WaitGroup
			var conns []*fanout.Conn
			for i := range sockets {
				server, client := connect(t)
				c := pool.NewConn(server, func(why fanout.Reason) { t.Errorf("socket %d cut off: %v", i, why) })
				feed.Subscribe(c, fanout.Message{[]byte("own"), []byte(" "), []byte("0")})
				conns = append(conns, c)
				pace := rand.New(rand.NewPCG(uint64(i), 3))
				readers.Go(func() {
					r := bufio.NewReaderSize(client, 16+pace.IntN(4096))
					shared, own := 0, 0
					for shared < frames || own < frames {
						op, p, err := readFrame(r)
						if err != nil || op != 0x81 {
							t.Errorf("socket %d: frame %x: %v", i, op, err)
							return
						}
						var kind string
						var n int
						if _, err := fmt.Sscanf(string(p[:min(len(p), 24)]), "%s %d", &kind, &n); err != nil {
							t.Errorf("socket %d: broken frame %.30q", i, p)
							return
						}
						want := &shared
						if kind == "own" {
							want = &own
						}
						if n != *want {
							t.Errorf("socket %d: %s %d, want %d", i, kind, n, *want)
							return
						}
						*want++
					}
				})
			}
			for n := range frames {
				payload := make([]byte, 24+random.IntN(1<<random.IntN(17)))
				copy(payload, fmt.Sprintf("shared %d ", n))
				feed.Publish(uint64(n+1), payload)
				if random.IntN(3) == 0 {
					feed.Flush()
				}
				if n > 0 {
					for _, c := range conns {
						c.Send(fmt.Appendf(nil, "own %d", n))
					}
				}
			}
			feed.Flush()
			readers.Wait()
			for _, c := range conns {
				c.Close()
			}
		})
	}
}

// TestSlowSocketIsCut has one socket that reads nothing beside one that does:
// the slow one is cut off when the ring has gone round, the other misses nothing.
func TestSlowSocketIsCut(t *testing.T) {
	pool := fanout.NewPool(fanout.Config{Ring: 1 << 20, Stall: 50 * time.Millisecond})
	defer pool.Close()
	feed := pool.NewFeed(0)
	cut := make(chan fanout.Reason, 1)
	slowServer, _ := pair(t)
	slow := pool.NewConn(slowServer, func(why fanout.Reason) { cut <- why })
	feed.Subscribe(slow)
	server, client := pair(t)
	fast := pool.NewConn(server, func(why fanout.Reason) { t.Errorf("the fast one is cut off: %v", why) })
	feed.Subscribe(fast)
	defer fast.Close()

	r := bufio.NewReader(client)
	payload := make([]byte, 32<<10)
	for n := uint64(1); ; n++ {
		binary.BigEndian.PutUint64(payload, n)
		feed.Publish(n, payload)
		feed.Flush()
		_, p, err := readFrame(r)
		if err != nil || binary.BigEndian.Uint64(p) != n {
			t.Fatalf("frame %d: %v", n, err)
		}
		select {
		case why := <-cut:
			if why != fanout.CutSlow && why != fanout.CutBroken {
				t.Errorf("cut off for %v", why)
			}
			slow.Close()
			return
		default:
		}
		if n > 1<<14 {
			t.Fatal("a socket that reads nothing was never cut off")
		}
	}
}

// TestStalledAndSilentSocketsAreCut uses fake time: a pipe whose other end
// does nothing is cut off after the stall, and one that takes everything but
// never says anything after the silence.
func TestStalledAndSilentSocketsAreCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := fanout.NewPool(fanout.Config{Stall: 10 * time.Second, Ping: 25 * time.Second, Silent: 60 * time.Second})
		defer pool.Close()
		start := time.Now()
		type end struct {
			why   fanout.Reason
			after time.Duration
		}
		watch := func(server net.Conn) (*fanout.Conn, chan end) {
			ends := make(chan end, 1)
			return pool.NewConn(server, func(why fanout.Reason) { ends <- end{why, time.Since(start)} }), ends
		}
		stalledServer, _ := pipe(t)
		stalled, stalledEnd := watch(stalledServer)
		stalled.Send([]byte("hello"))
		silentServer, silentClient := pipe(t)
		silent, silentEnd := watch(silentServer)
		go io.Copy(io.Discard, silentClient)

		if e := <-stalledEnd; e.why != fanout.CutSlow || e.after != 10*time.Second {
			t.Errorf("stalled: %+v", e)
		}
		if e := <-silentEnd; e.why != fanout.CutSilent || e.after < 60*time.Second || e.after > 90*time.Second {
			t.Errorf("silent: %+v", e)
		}
		stalled.Close()
		silent.Close()
		synctest.Wait()
	})
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

// TestSlowForAWhile: a socket that was slow and has caught up lives on.
func TestSlowForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := fanout.NewPool(fanout.Config{Own: 64 << 20, Stall: time.Second, Silent: 1000 * time.Hour, Ping: 1000 * time.Hour})
		defer pool.Close()
		server, client := pipe(t)
		c := pool.NewConn(server, func(why fanout.Reason) { t.Errorf("cut off: %v", why) })
		defer c.Close()
		r := bufio.NewReader(client)
		for _, text := range []string{"one", "two"} {
			c.Send([]byte(text))
			time.Sleep(time.Second / 2) // late, but not too late
			if _, p, err := readFrame(r); err != nil || string(p) != text {
				t.Fatalf("%q: %q %v", text, p, err)
			}
			time.Sleep(time.Minute) // for much longer than the stall
		}
	})
	pool := fanout.NewPool(fanout.Config{Own: 64 << 20, Stall: 50 * time.Millisecond})
	defer pool.Close()
	server, client := pair(t)
	c := pool.NewConn(server, func(why fanout.Reason) { t.Errorf("cut off: %v", why) })
	defer c.Close()
	r := bufio.NewReader(client)
	for c.Send(make([]byte, 8<<20)); pool.Stats().Blocked == 0; {
		runtime.Gosched() // until the socket takes no more
	}
	if _, p, err := readFrame(r); err != nil || len(p) != 8<<20 {
		t.Fatal(len(p), err)
	}
	<-time.After(100 * time.Millisecond) // beyond the deadline of the slow writes
	c.Send([]byte("hello"))
	if _, p, err := readFrame(r); err != nil || string(p) != "hello" {
		t.Errorf("%q %v", p, err)
	}
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

package fanout_test

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/internal/fanout"
)

// pinged makes a socket and calls got with each ping that comes to its client.
func pinged(t *testing.T, pool *fanout.Pool, got func(c *fanout.Conn, payload []byte)) *fanout.Conn {
	t.Helper()
	server, client := pipe(t)
	c := pool.NewConn(server, func(fanout.Reason) {})
	go func() {
		r := bufio.NewReader(client)
		for {
			switch op, p, err := readFrame(r); {
			case err != nil:
				return
			case op == 0x89:
				got(c, p)
			}
		}
	}()
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// TestLag answers pings after any times, so that pongs overtake one another
// and some never come, and compares with the rule in plain words: of the pongs,
// those that answer a newer ping than all before count; five of them or more
// give the least time, fewer nothing.
func TestLag(t *testing.T) {
	type way struct{ arrives, takes time.Duration }
	rapid.Check(t, func(rt *rapid.T) {
		beats := rapid.SliceOfN(rapid.IntRange(0, 4), 1, 14).Draw(rt, "beats")
		rest := rapid.SliceOfNDistinct(rapid.IntRange(0, 199), len(beats), len(beats), rapid.ID[int]).Draw(rt, "rest")
		var ways []way // of the pings, in their order
		var lag time.Duration
		synctest.Test(t, func(t *testing.T) {
			pool := fanout.NewPool(fanout.Config{})
			defer pool.Close()
			feed := pool.NewFeed(0)
			feed.Measure(true)
			start := time.Now()
			c := pinged(t, pool, func(c *fanout.Conn, payload []byte) {
				n := len(ways)
				if n >= len(beats) {
					return
				}
				takes := time.Duration(200*beats[n]+rest[n]) * time.Millisecond // a beat is 200 ms: none arrive together
				ways = append(ways, way{time.Since(start) + takes, takes})
				time.AfterFunc(takes, func() { c.Pong(payload) })
			})
			feed.Subscribe(c)
			time.Sleep(10 * time.Second)
			synctest.Wait()
			lag = c.Lag()
			_ = c.Close()
			synctest.Wait()
		})
		order := make([]int, len(ways))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int { return cmp.Compare(ways[a].arrives, ways[b].arrives) })
		last, counted, least := -1, 0, time.Hour
		for _, i := range order {
			if i > last {
				last, counted, least = i, counted+1, min(least, ways[i].takes)
			}
		}
		if counted < 5 {
			least = 0
		}
		if lag != least {
			rt.Fatalf("%v instead of %v of %v", lag, least, ways)
		}
	})
}

// TestForgedPongs: what answers no ping of late changes nothing, nor does a
// pong that comes twice, that was for somebody earlier, or that is held beyond
// the pool's memory.
func TestForgedPongs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := fanout.NewPool(fanout.Config{})
		defer pool.Close()
		feed := pool.NewFeed(0)
		feed.Measure(true)
		var heard [][]byte
		collect := func(_ *fanout.Conn, p []byte) { heard = append(heard, p) }
		first := pinged(t, pool, collect)
		feed.Subscribe(first)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if len(heard) < 8 {
			t.Fatalf("%d pings", len(heard))
		}
		// Somebody who came later knows all of them.
		c := pool.NewConn(alone(t), func(fanout.Reason) {})
		defer c.Close()
		for _, p := range heard {
			c.Pong(p)
		}
		if c.Lag() != 0 {
			t.Errorf("by pings that were sent before it was there: %v", c.Lag())
		}
		_ = first.Close()
		heard = nil
		c = pinged(t, pool, collect)
		feed.Subscribe(c)
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		one := heard[0]
		for range 20 { // one is one, however often
			c.Pong(one)
			time.Sleep(time.Millisecond)
		}
		number := binary.BigEndian.Uint64(one)
		for i := range uint64(1000) { // its neighbours are none
			c.Pong(binary.BigEndian.AppendUint64(nil, number+1+i))
			c.Pong(binary.BigEndian.AppendUint64(nil, i))
		}
		c.Pong(nil)
		c.Pong(one[:7])
		c.Pong(append(slices.Clone(one), 0))
		if c.Lag() != 0 {
			t.Errorf("by one pong and many forged ones: %v", c.Lag())
		}
	})
}

// alone is the server's end of a pipe whose client says and hears nothing.
func alone(t *testing.T) net.Conn {
	server, _ := pipe(t)
	return server
}

// TestMeasuringEnds: while a feed measures, each socket is pinged until it is
// known, or some times if it does not answer, and a large class in turns; then
// as seldom as ever.
func TestMeasuringEnds(t *testing.T) {
	for _, tt := range []struct {
		name    string
		sockets int
		answer  bool
		most    int           // pings to each while it is measured
		within  time.Duration // how long that takes
		atOnce  int           // pings in one beat
	}{
		{"one", 1, true, 9, 2 * time.Second, 1},
		{"a class", 30, true, 9, 4 * time.Second, 20},
		{"a class that does not answer", 30, false, 13, 6 * time.Second, 20},
		{"a large one", 3000, true, 11, 12 * time.Second, 810}, // with those pinged anyway
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pool := fanout.NewPool(fanout.Config{Silent: time.Hour})
				defer pool.Close()
				feed := pool.NewFeed(0)
				var mu sync.Mutex
				at, each := map[time.Duration]int{}, map[*fanout.Conn]int{}
				start := time.Now()
				for range tt.sockets {
					feed.Subscribe(pinged(t, pool, func(c *fanout.Conn, p []byte) {
						mu.Lock()
						at[time.Since(start)]++
						each[c]++
						mu.Unlock()
						if tt.answer {
							time.Sleep(40 * time.Millisecond)
							c.Pong(p)
						}
					}))
				}
				feed.Measure(true)
				time.Sleep(tt.within + 100*time.Millisecond)
				synctest.Wait()
				mu.Lock()
				for c, n := range each {
					if n > tt.most || tt.answer && c.Lag() != 40*time.Millisecond {
						t.Errorf("%d pings, %v", n, c.Lag())
					}
				}
				if len(each) != tt.sockets {
					t.Errorf("%d of %d sockets are pinged", len(each), tt.sockets)
				}
				for when, n := range at {
					if n > tt.atOnce {
						t.Errorf("%d pings at once, after %v", n, when)
					}
				}
				clear(each)
				mu.Unlock()
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				mu.Lock()
				defer mu.Unlock()
				for _, n := range each {
					if n > 11 {
						t.Errorf("%d pings in two minutes afterwards", n)
					}
				}
			})
		})
	}
}

package fanout_test

import (
	"bufio"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lyceum-live/lyceum/internal/fanout"
)

// TestStalledPipe: without a descriptor, too, whoever takes nothing is cut off
// after the stall, and whoever takes something in time is not.
func TestStalledPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := fanout.NewPool(fanout.Config{Stall: 10 * time.Second, Silent: 1000 * time.Hour, Ping: 1000 * time.Hour})
		defer pool.Close()
		server, _ := pipe(t)
		stalled, ends := watched(pool, server)
		stalled.Send([]byte("hello"))
		if e := <-ends; e.why != fanout.CutSlow || e.after != 10*time.Second {
			t.Errorf("stalled: %+v", e)
		}
		stalled.Close()

		server, client := pipe(t)
		late := pool.NewConn(server, func(why fanout.Reason) { t.Errorf("cut off: %v", why) })
		defer late.Close()
		r := bufio.NewReader(client)
		for _, text := range []string{"one", "two"} {
			late.Send([]byte(text))
			time.Sleep(9 * time.Second) // late, but not too late
			if _, p, err := readFrame(r); err != nil || string(p) != text {
				t.Fatalf("%q: %q %v", text, p, err)
			}
			time.Sleep(time.Minute) // for much longer than the stall
		}
		synctest.Wait()
	})
}

// TestHalfOpen: by default, whoever is not heard of any more is found within
// 35 s and told so; pings never come in a burst, and whoever answers stays.
func TestHalfOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := fanout.NewPool(fanout.Config{})
		defer pool.Close()
		const sockets, gone = 600, 100
		start := time.Now()
		left := start.Add(100*time.Second + 123*time.Millisecond)
		var conns []*fanout.Conn
		var ended []chan ending
		pings := make(chan time.Duration, 100*sockets)
		codes := make(chan uint16, sockets)
		for i := range sockets {
			server, client := pipe(t)
			c, ends := watched(pool, server)
			conns, ended = append(conns, c), append(ended, ends)
			go func() {
				r := bufio.NewReader(client)
				for {
					op, p, err := readFrame(r)
					switch {
					case err != nil:
						return
					case op == 0x88:
						codes <- binary.BigEndian.Uint16(p)
					case op == 0x89:
						pings <- time.Since(start)
						if i >= gone || time.Now().Before(left) {
							c.Heard() // the pong
						}
					}
				}
			}()
		}
		for i := range gone {
			e := <-ended[i]
			if late := e.after - left.Sub(start); e.why != fanout.CutSilent || late > 35*time.Second || late < 10*time.Second {
				t.Errorf("found %v after it was gone: %v", late, e.why)
			}
			if code := <-codes; code != 4005 {
				t.Errorf("close code %d", code)
			}
		}
		time.Sleep(10 * time.Minute)
		for i := gone; i < sockets; i++ {
			select {
			case e := <-ended[i]:
				t.Errorf("a living one is cut off: %+v", e)
			default:
			}
		}
		for _, c := range conns {
			c.Close()
		}
		synctest.Wait()
		close(pings)
		at := map[time.Duration]int{}
		for when := range pings {
			at[when]++
		}
		most, total := 0, 0
		for _, n := range at {
			most, total = max(most, n), total+n
		}
		if most > sockets/20 {
			t.Errorf("%d pings at once", most)
		}
		if s := pool.Stats(); s.Cut[fanout.CutSilent] != gone || s.Connections != 0 {
			t.Errorf("%+v", s)
		}
		// 500 for 12 minutes and more, 100 for two, one in 15 s each.
		if total < 500*46 || total > 600*56 {
			t.Errorf("%d pings", total)
		}
	})
}

// TestReasonsHaveNames: they are labels of metrics.
func TestReasonsHaveNames(t *testing.T) {
	var names []string
	for r := range fanout.Reasons {
		names = append(names, r.String())
	}
	if slices.Contains(names, "unknown") || len(slices.Compact(slices.Sorted(slices.Values(names)))) != len(names) {
		t.Error(strings.Join(names, " "))
	}
}

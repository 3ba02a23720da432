package fanout_test

import (
	"bufio"
	"encoding/binary"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lyceum-live/lyceum/internal/fanout"
)

const window = 16 * time.Millisecond

// arrival is when a frame came, and when it was published.
type arrival struct {
	number  uint64
	at, due time.Duration
}

// withWindow runs f in a bubble, with a feed that has a window and one socket
// that hears it. Frames carry when they were published.
func withWindow(t *testing.T, f func(feed *fanout.Feed, c *fanout.Conn, publish func(), arrivals <-chan arrival)) {
	synctest.Test(t, func(t *testing.T) {
		pool := fanout.NewPool(fanout.Config{Window: window, Ping: 1000 * time.Hour, Silent: 1000 * time.Hour})
		defer pool.Close()
		feed := pool.NewFeed(0)
		server, client := pipe(t)
		c := pool.NewConn(server, func(why fanout.Reason) { t.Errorf("cut off: %v", why) })
		defer c.Close()
		feed.Subscribe(c)
		start := time.Now()
		arrivals := make(chan arrival, 100_000)
		go func() {
			defer close(arrivals)
			r := bufio.NewReader(client)
			for {
				_, p, err := readFrame(r)
				if err != nil {
					return
				}
				arrivals <- arrival{
					binary.BigEndian.Uint64(p), time.Since(start), time.Duration(binary.BigEndian.Uint64(p[8:])),
				}
			}
		}()
		number := uint64(0)
		f(feed, c, func() {
			number++
			p := binary.BigEndian.AppendUint64(nil, number)
			feed.Publish(number, binary.BigEndian.AppendUint64(p, uint64(time.Since(start))))
		}, arrivals)
	})
}

// TestNoWindowBelowItsRate: frames that come seldom, or in a short burst, are
// not delayed at all, for however long.
func TestNoWindowBelowItsRate(t *testing.T) {
	withWindow(t, func(feed *fanout.Feed, _ *fanout.Conn, publish func(), arrivals <-chan arrival) {
		sent := 0
		send := func(n int) {
			for range n {
				publish()
				feed.Flush()
				synctest.Wait()
				sent++
			}
		}
		for i := range 3000 { // 50 a second, unevenly
			time.Sleep(20*time.Millisecond + time.Duration(i%5-2)*9*time.Millisecond)
			send(1)
		}
		for range 20 {
			time.Sleep(time.Second)
			send(8)
		}
		for range sent {
			if a := <-arrivals; a.at != a.due {
				t.Fatalf("frame %d is %v late", a.number, a.at-a.due)
			}
		}
	})
}

// TestWindowAboveItsRate: a busy feed is written once in a window, nothing
// waits for longer than that, and afterwards frames go at once again.
func TestWindowAboveItsRate(t *testing.T) {
	withWindow(t, func(feed *fanout.Feed, _ *fanout.Conn, publish func(), arrivals <-chan arrival) {
		const rate, seconds = 700, 20
		for range rate * seconds {
			publish()
			feed.Flush()
			time.Sleep(time.Second / rate)
		}
		time.Sleep(time.Second)
		publish()
		feed.Flush()
		synctest.Wait()
		moments := map[time.Duration]bool{}
		for n := range uint64(rate * seconds) {
			a := <-arrivals
			if a.number != n+1 || a.at-a.due > window {
				t.Fatalf("frame %d is number %d, %v late", n, a.number, a.at-a.due)
			}
			moments[a.at] = true
		}
		if most := int(seconds*time.Second/window) + 10; len(moments) > most {
			t.Errorf("written %d times, not %d", len(moments), most)
		}
		if a := <-arrivals; a.at != a.due {
			t.Errorf("after the rush: %v late", a.at-a.due)
		}
	})
}

// TestUrgentSkipsTheWindow: what may not wait does not, and takes along what
// was gathered before it; nor does a personal frame.
func TestUrgentSkipsTheWindow(t *testing.T) {
	withWindow(t, func(feed *fanout.Feed, c *fanout.Conn, publish func(), arrivals <-chan arrival) {
		sent := uint64(0)
		busy := func() {
			for range 30 {
				publish()
				feed.Flush()
				synctest.Wait()
				sent++
			}
		}
		heard := func() (n uint64) {
			synctest.Wait()
			for {
				select {
				case a := <-arrivals:
					if a.number != 0 {
						n++
					}
				default:
					return n
				}
			}
		}
		busy()
		if n := heard(); n == sent || n == 0 {
			t.Fatalf("%d of %d came at once", n, sent)
		} else {
			sent -= n
		}
		publish()
		sent++
		feed.FlushNow()
		if n := heard(); n != sent {
			t.Errorf("urgent: %d of %d came at once", n, sent)
		}
		sent = 0
		busy()
		early := heard()
		c.Send(make([]byte, 16))
		if n := heard(); early+n != sent {
			t.Errorf("personal: %d and %d of %d came at once", early, n, sent)
		}
		time.Sleep(time.Second)
		if n := heard(); n != 0 {
			t.Errorf("%d came twice", n)
		}
	})
}

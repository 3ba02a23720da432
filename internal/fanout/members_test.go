package fanout_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/internal/fanout"
)

// TestComingsAndGoings has sockets come, change between two feeds, leave, and
// be closed from elsewhere at any moment, while both feeds go on. Whoever is
// there hears the feed that its last welcome named, from there on, with no gap.
func TestComingsAndGoings(t *testing.T) {
	const steps, most = 3000, 60
	pool := fanout.NewPool(fanout.Config{Shards: 3, Window: time.Millisecond})
	defer pool.Close()
	feeds := []*fanout.Feed{pool.NewFeed(0), pool.NewFeed(0)}
	last := []int{0, 0}
	random := rand.New(rand.NewPCG(1, 2))
	type member struct {
		conn *fanout.Conn
		feed int
		done chan string // what went wrong; "" when it was closed or heard "bye"
	}
	follow := func(client net.Conn, done chan<- string) {
		r := bufio.NewReader(client)
		feed, next := -1, 0
		for {
			op, p, err := readFrame(r)
			if err != nil {
				done <- ""
				return
			}
			var kind string
			var f, n int
			if op != 0x81 {
				continue // a ping
			}
			if _, err := fmt.Sscan(string(p), &kind, &f, &n); err != nil {
				done <- fmt.Sprintf("%q: %v", p, err)
				return
			}
			switch {
			case kind == "welcome":
				feed, next = f, n+1
			case kind == "bye":
				if f != feed || n != next-1 {
					done <- fmt.Sprintf("ends with %q, at %d of feed %d", p, next-1, feed)
				} else {
					done <- ""
				}
				return
			case f != feed || n != next:
				done <- fmt.Sprintf("%q instead of %d of feed %d", p, next, feed)
				return
			default:
				next++
			}
		}
	}
	var members []member
	var gone sync.WaitGroup
	var results []chan string
	welcome := func(m *member, feed int) {
		m.feed = feed
		feeds[feed].Subscribe(m.conn, fanout.Message{[]byte("welcome "), {}, fmt.Appendf(nil, "%d %d", feed, last[feed])})
	}
	for range steps {
		feed := random.IntN(2)
		who := 0
		if len(members) > 0 {
			who = random.IntN(len(members))
		}
		switch random.IntN(10) {
		case 0, 1:
			if len(members) == most {
				continue
			}
			server, client := pair(t)
			m := member{conn: pool.NewConn(server, func(why fanout.Reason) { t.Errorf("cut off: %v", why) }), done: make(chan string, 1)}
			go follow(client, m.done)
			welcome(&m, feed)
			members, results = append(members, m), append(results, m.done)
		case 2:
			if len(members) > 0 {
				welcome(&members[who], feed)
			}
		case 3:
			if len(members) > most/2 {
				c := members[who].conn
				gone.Go(func() { c.Close() }) // while the feeds go on
				members[who] = members[len(members)-1]
				members = members[:len(members)-1]
			}
		default:
			last[feed]++
			feeds[feed].Publish(uint64(last[feed]), fmt.Appendf(nil, "said %d %d", feed, last[feed]))
			feeds[feed].Flush()
		}
	}
	gone.Wait()
	if n := pool.Stats().Connections; n != len(members) {
		t.Errorf("%d connections, want %d", n, len(members))
	}
	for f, feed := range feeds {
		feed.Publish(0, fmt.Appendf(nil, "bye %d %d", f, last[f]))
		feed.FlushNow()
	}
	for _, result := range results {
		if wrong := <-result; wrong != "" {
			t.Error(wrong)
		}
	}
	for _, m := range members {
		m.conn.Close()
	}
}

package trial

import (
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// TestHalfOpen lets connections die without a word: nobody closes anything,
// only nothing comes through any more. The server finds out and counts those
// people as gone, the clients find out and come back, and what they asked for
// in between counts once.
func TestHalfOpen(t *testing.T) {
	builtServer(t)
	t.Parallel()
	const people = 20
	found, gone := 6*time.Second, 8*time.Second
	flags := []string{"--sockets.ping", "400ms", "--sockets.silent", "1600ms", "--room.grace", "1s"}
	ways := usual
	ways.ping, ways.answer, ways.welcome = 2*time.Second, time.Second, 2*time.Second
	if long() { // as it is delivered
		found, gone, flags, ways = 35*time.Second, 40*time.Second, nil, usual
	}
	s := newServer(t, t.TempDir(), flags...)
	c := newClass(t, s, seedOf(t), rooms[0])
	line := listen(t, s, c.seed, func(*relay) {})
	host := c.comes(t, rooms[0], wire.Host)
	var count atomic.Int64
	host.hears = func(kind string, data []byte) {
		var presence struct{ Count int64 }
		if kind == "room.presence" && json.Unmarshal(data, &presence) == nil {
			count.Store(presence.Count)
		}
	}
	for range people {
		p := c.comes(t, rooms[0], wire.Viewer)
		p.addr, p.habits = line.addr, ways
	}
	s.up(t)
	for _, p := range c.people {
		c.enter(p)
	}
	c.gather(t, patience)
	eventually(t, "the host is told of everybody", patience, func() bool { return count.Load() == people+1 })

	line.dead.Store(true)
	died := time.Now()
	for i, p := range c.people {
		p.wish("chat.say", map[string]any{"text": fmt.Sprint("does anybody hear me? ", i)})
	}
	left := make(chan time.Duration, 1)
	go func() {
		for _, p := range c.people[1:] {
			for p.here() && pass(t.Context(), 5*time.Millisecond) {
			}
		}
		left <- time.Since(died)
	}()
	for n := range people {
		select {
		case <-line.lost:
		case <-time.After(time.Until(died.Add(2 * patience))):
			t.Fatalf("the server has found %d of %d dead connections", n, people)
		}
	}
	server := time.Since(died)
	eventually(t, "only the host is here", 2*patience, func() bool { return count.Load() == 1 })
	presence := time.Since(died)
	client := <-left
	line.dead.Store(false)
	healed := time.Now()
	c.gather(t, patience)
	back := time.Since(healed)
	eventually(t, "the host is told of everybody again", patience, func() bool { return count.Load() == people+1 })
	t.Logf("found by the server after %v, by the clients after %v; presence right after %v; all back %v after the line was",
		server.Round(time.Millisecond), client.Round(time.Millisecond), presence.Round(time.Millisecond), back.Round(time.Millisecond))
	if server > found {
		t.Errorf("the server needed %v to find dead connections, more than %v", server, found)
	}
	if presence > gone {
		t.Errorf("presence was wrong for %v, more than %v", presence, gone)
	}
	c.finish(t).report(t)
}

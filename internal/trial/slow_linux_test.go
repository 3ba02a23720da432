package trial

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// TestSlowConsumers lets a tenth of a class stop reading, and some read 1 KiB
// a second, while 50 messages a second flow. The others miss nothing and the
// server's memory stays bounded; the slow ones end complete.
func TestSlowConsumers(t *testing.T) {
	viewers, stopped, trickle, rounds := 200, 20, 4, 1
	before, during := 4*time.Second, 9*time.Second
	// Little patience and long messages, so that what takes a minute is seen
	// within seconds.
	word := "词"
	if raced {
		viewers, stopped = 40, 8
	}
	flags := []string{"--sockets.stall", "2s"}
	if long() {
		viewers, stopped, trickle, rounds = 1000, 100, 10, 3
		before, during, flags = 30*time.Second, 30*time.Second, nil
		word = "w"
	}
	s := newServer(t, t.TempDir(), flags...)
	c := newClass(t, s, seedOf(t), rooms[0])
	host := c.comes(t, rooms[0], wire.Host)
	clock := &latencies{}
	var slow []*person
	for i := range viewers {
		p := c.comes(t, rooms[0], wire.Viewer)
		if i < stopped+trickle {
			p.choke, p.line = newChoke(), ethernet
			p.habits.ping = time.Hour // it is as if asleep
			slow = append(slow, p)
			continue
		}
		p.hears = clock.listener()
	}
	s.up(t)
	for _, p := range c.people {
		if p.choke == nil {
			c.enter(p)
		}
	}
	eventually(t, "the others are here", patience, func() bool { return c.present() == len(c.people)-len(slow) })

	const rate = 50 // messages a second
	speak := func(length time.Duration) {
		began := time.Now()
		for n := range int(length.Seconds() * rate) {
			planned := began.Add(time.Duration(n) * time.Second / rate)
			if !pass(t.Context(), time.Until(planned)) {
				return
			}
			host.wish("chat.say", map[string]any{
				"text": fmt.Sprintf("%d %s", planned.UnixNano(), strings.Repeat(word, 400)),
			})
		}
		eventually(t, "the host is answered", patience, func() bool { return host.pending() == 0 })
	}
	speak(time.Second) // to warm up
	clock.take()
	var quiet, loaded []time.Duration
	var ratios []float64
	memory := s.resident()
	most := s.watchMemory(t)
	for round := range rounds {
		speak(before)
		first := clock.take()
		if round == 0 {
			for _, p := range slow {
				c.enter(p)
			}
		}
		c.gather(t, patience)
		for i, p := range slow {
			if i < stopped {
				p.choke.stop()
			} else {
				p.choke.slow(1 << 10)
			}
		}
		speak(during)
		second := clock.take()
		for _, p := range slow {
			p.choke.release()
		}
		t.Logf("the others' latency without the slow: p50 %v, p99 %v; with them: p50 %v, p99 %v",
			part(first, 0.5), part(first, 0.99), part(second, 0.5), part(second, 0.99))
		ratios = append(ratios, float64(part(second, 0.99))/float64(max(part(first, 0.99), time.Millisecond)))
		quiet, loaded = append(quiet, first...), append(loaded, second...)
		c.gather(t, patience)
	}
	rise := most() - memory
	v := c.finish(t)

	resumed, anew, whole := 0, 0, 0
	for _, p := range slow {
		if len(p.visits) == 2 { // the first, and that of the end
			whole++
			continue
		}
		for _, visit := range p.visits[1 : len(p.visits)-1] {
			if visit.resumed {
				resumed++
			} else {
				anew++
			}
		}
	}
	slices.Sort(ratios)
	t.Logf("%d viewers, of whom %d read nothing and %d read 1 KiB/s: the others' p99 is %.2f times that without them (median of %d, %.2f to %.2f)",
		viewers, stopped, trickle, ratios[len(ratios)/2], rounds, ratios[0], ratios[len(ratios)-1])
	t.Logf("the server's memory was %d KiB before and rose by %d KiB at most; of the slow, %d heard all on one socket, others came back %d times with what they missed and %d times with a snapshot",
		memory>>10, rise>>10, whole, resumed, anew)
	v.report(t)
	if want := (viewers - len(slow)) * rounds * int(before.Seconds()*rate); len(quiet) < want {
		t.Errorf("%d deliveries without the slow, of %d", len(quiet), want)
	}
	if want := (viewers - len(slow)) * rounds * int(during.Seconds()*rate); len(loaded) < want {
		t.Errorf("%d deliveries with the slow, of %d", len(loaded), want)
	}
	if rise > 64<<20 {
		t.Errorf("the server's memory rose by %d MiB", rise>>20)
	}
	if resumed+anew == 0 {
		t.Error("nobody was so slow that it mattered: this says little")
	}
}

// ethernet makes a connection over loopback as those over a network are: with
// segments of 1,448 bytes, for with loopback's 64 KiB the system would buffer
// megabytes for each socket, and a small window.
func ethernet(_, _ string, c syscall.RawConn) error {
	var err error
	controlErr := c.Control(func(fd uintptr) {
		err = errors.Join(
			syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_MAXSEG, 1448),
			syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 32<<10))
	})
	return errors.Join(controlErr, err)
}

// latencies gathers how long messages were under way, from their planned time.
type latencies struct {
	mu  sync.Mutex
	all []*latency
}

type latency struct {
	mu    sync.Mutex
	times []time.Duration
}

// listener hears for one person.
func (l *latencies) listener() func(string, []byte) {
	one := &latency{}
	l.mu.Lock()
	l.all = append(l.all, one)
	l.mu.Unlock()
	return func(kind string, data []byte) {
		if kind != "chat.said" {
			return
		}
		now := time.Now().UnixNano()
		_, text, _ := strings.Cut(string(data), `"text":"`)
		planned, _, _ := strings.Cut(text, " ")
		if at, err := strconv.ParseInt(planned, 10, 64); err == nil {
			one.mu.Lock()
			one.times = append(one.times, time.Duration(now-at))
			one.mu.Unlock()
		}
	}
}

// take returns what was gathered, once it gets no more.
func (l *latencies) take() []time.Duration {
	for last := -1; ; {
		n := 0
		for _, one := range l.all {
			one.mu.Lock()
			n += len(one.times)
			one.mu.Unlock()
		}
		if n == last {
			break
		}
		last = n
		<-time.After(300 * time.Millisecond)
	}
	var all []time.Duration
	for _, one := range l.all {
		one.mu.Lock()
		all = slices.Concat(all, one.times)
		one.times = nil
		one.mu.Unlock()
	}
	return all
}

package fanout_test

import (
	"bufio"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/internal/fanout"
)

// listener is the other end of one socket: it reads at the pace that the test
// allows and keeps what it heard.
type listener struct {
	conn   *fanout.Conn
	client net.Conn

	mu     sync.Mutex
	change sync.Cond
	paused bool
	shared []string // what came of the feed
	own    []string // what came for this socket alone, control frames too
	err    error
}

func listen(client net.Conn, paused bool) *listener {
	l := &listener{client: client, paused: paused}
	l.change.L = &l.mu
	go func() {
		r := bufio.NewReaderSize(client, 16)
		for {
			l.mu.Lock()
			for l.paused {
				l.change.Wait()
			}
			l.mu.Unlock()
			op, p, err := readFrame(r)
			l.mu.Lock()
			switch {
			case err != nil:
				l.err = err
			case op == 0x81 && p[0] == 's':
				l.shared = append(l.shared, label(p))
			default:
				l.own = append(l.own, fmt.Sprintf("%x%s", op, label(p)))
			}
			l.change.Broadcast()
			l.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return l
}

// label is a frame's name and its length, which stands for its padding.
func label(p []byte) string {
	name := p
	for i, b := range p {
		if b == ' ' {
			name = p[:i]
			break
		}
	}
	return fmt.Sprintf("%s/%d", name, len(p))
}

func (l *listener) pause(paused bool) {
	l.mu.Lock()
	l.paused = paused
	l.change.Broadcast()
	l.mu.Unlock()
}

// heard waits until as much has come as is expected, or the socket ends.
func (l *listener) heard(shared, own int) ([]string, []string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for (len(l.shared) < shared || len(l.own) < own) && l.err == nil {
		l.change.Wait()
	}
	return l.shared, l.own, l.err
}

// TestEverySocketHearsAll gives random work to a pool beside a naive model of
// it: frames of all sizes, published and flushed in any way; frames for one
// socket; control frames; readers that pause, leave, and come back with a
// number. Each socket hears exactly the feed from where it came in, and all
// that was for it alone, each in order, all whole.
func TestEverySocketHearsAll(t *testing.T) {
	for name, connect := range map[string]func(*testing.T) (net.Conn, net.Conn){"socket": pair, "pipe": pipe} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) { everySocketHearsAll(t, rt, connect) })
		})
	}
}

// modelSocket is what the model knows of a socket.
type modelSocket struct {
	*listener
	from int // index of the first shared frame that it is to hear
	own  []string
	dead bool
}

func everySocketHearsAll(t *testing.T, rt *rapid.T, connect func(*testing.T) (net.Conn, net.Conn)) {
	pool := fanout.NewPool(fanout.Config{
		Shards: rapid.IntRange(1, 3).Draw(rt, "shards"),
		Window: time.Duration(rapid.IntRange(0, 3).Draw(rt, "window")) * time.Millisecond,
		Kernel: rapid.SampledFrom([]int{0, 1 << 10, 16 << 10}).Draw(rt, "kernel"),
		Ring:   64 << 20, Own: 64 << 20,
	})
	defer pool.Close()
	feed := pool.NewFeed(0)
	type frame struct {
		number uint64
		label  string
	}
	var frames []frame
	var sockets []*modelSocket
	payload := func(name string, max int) []byte {
		p := make([]byte, len(name)+1+rapid.IntRange(0, max).Draw(rt, "padding"))
		p[copy(p, name)] = ' '
		return p
	}
	personal := func(s *modelSocket, op byte, p []byte) { s.own = append(s.own, fmt.Sprintf("%x%s", op, label(p))) }
	join := func(resume bool) {
		server, client := connect(t)
		s := &modelSocket{listener: listen(client, rapid.Bool().Draw(rt, "asleep")), from: len(frames)}
		s.conn = pool.NewConn(server, func(why fanout.Reason) { t.Errorf("cut off: %v", why) })
		if rapid.Bool().Draw(rt, "early") {
			s.conn.Send([]byte("early"))
			personal(s, 0x81, []byte("early"))
		}
		welcome := payload(fmt.Sprintf("w%d", len(sockets)), 100_000)
		cut := rapid.IntRange(0, len(welcome)).Draw(rt, "cut")
		message := fanout.Message{welcome[:cut], welcome[cut:]}
		personal(s, 0x81, welcome)
		if resume {
			var after uint64
			if i := rapid.IntRange(-1, len(frames)-1).Draw(rt, "seen"); i >= 0 {
				for ; i >= 0 && after == 0; i-- {
					after = frames[i].number
				}
			}
			for i, f := range slices.Backward(frames) {
				if f.number > after {
					s.from = i // what has no number and comes before is forgotten
				}
			}
			if !feed.Resume(s.conn, after, message) {
				rt.Fatalf("cannot resume after %d", after)
			}
		} else {
			feed.Subscribe(s.conn, message)
		}
		sockets = append(sockets, s)
	}
	join(false)
	rt.Repeat(map[string]func(*rapid.T){
		"publish": func(*rapid.T) {
			for range rapid.IntRange(1, 20).Draw(rt, "frames") {
				f := frame{label: fmt.Sprintf("s%d", len(frames))}
				if rapid.IntRange(0, 3).Draw(rt, "signal") > 0 {
					f.number = uint64(len(frames) + 1)
				}
				p := payload(f.label, rapid.SampledFrom([]int{100, 300, 3000, 70_000}).Draw(rt, "size"))
				feed.Publish(f.number, p)
				f.label = label(p)
				frames = append(frames, f)
			}
			if rapid.Bool().Draw(rt, "flush") {
				feed.Flush()
			}
		},
		"flush now": func(*rapid.T) { feed.FlushNow() },
		"send": func(*rapid.T) {
			s := rapid.SampledFrom(sockets).Draw(rt, "to")
			p := payload(fmt.Sprintf("o%d", len(s.own)), 5000)
			if s.conn.Send(p); !s.dead {
				personal(s, 0x81, p)
			}
		},
		"control": func(*rapid.T) {
			s := rapid.SampledFrom(sockets).Draw(rt, "to")
			p := fmt.Appendf(nil, "c%d", len(s.own))
			if _, err := s.conn.Write(append([]byte{0x8a, byte(len(p))}, p...)); (err != nil) != s.dead {
				rt.Fatalf("control frame: %v", err)
			} else if !s.dead {
				personal(s, 0x8a, p)
			}
		},
		"pause": func(*rapid.T) {
			rapid.SampledFrom(sockets).Draw(rt, "who").pause(rapid.Bool().Draw(rt, "paused"))
		},
		"join": func(*rapid.T) {
			if len(sockets) < 8 {
				join(false)
			}
		},
		"resume": func(*rapid.T) {
			if len(sockets) < 8 {
				join(true)
			}
		},
		"close": func(*rapid.T) {
			s := rapid.SampledFrom(sockets).Draw(rt, "who")
			s.conn.Close()
			s.client.Close()
			s.dead = true
		},
	})
	feed.Flush()
	open := 0
	for i, s := range sockets {
		s.pause(false)
		want := make([]string, 0, len(frames))
		for _, f := range frames[s.from:] {
			want = append(want, f.label)
		}
		if s.dead { // what it heard is a beginning of what it was to hear
			shared, own, _ := s.heard(len(frames)+1, 0)
			same(rt, fmt.Sprintf("socket %d, shared", i), shared, want[:min(len(shared), len(want))])
			same(rt, fmt.Sprintf("socket %d, own", i), own, s.own[:min(len(own), len(s.own))])
			continue
		}
		open++
		shared, own, err := s.heard(len(want), len(s.own))
		if err != nil {
			rt.Errorf("socket %d: %v", i, err)
		}
		same(rt, fmt.Sprintf("socket %d, shared", i), shared, want)
		same(rt, fmt.Sprintf("socket %d, own", i), own, s.own)
	}
	stats := pool.Stats()
	if stats.Connections != open || stats.Published != uint64(len(frames)) || stats.Cut != [fanout.Reasons]uint64{} {
		rt.Errorf("%d open, %d published: %+v", open, len(frames), stats)
	}
	for _, s := range sockets {
		s.conn.Close()
		s.client.Close()
	}
}

func same(rt *rapid.T, what string, got, want []string) {
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			rt.Fatalf("%s: frame %d of %d, wanted %d: got %.60q, want %.60q", what, i, len(got), len(want), got[min(i, len(got)):], want[min(i, len(want)):])
		}
	}
}

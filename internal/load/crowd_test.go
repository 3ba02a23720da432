package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"github.com/lyceum-live/lyceum/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// classroom is a server that another implementation of RFC 6455 speaks for: it
// welcomes whoever says hello and then does with the socket what lesson says.
func classroom(t *testing.T, secure bool, lesson func(ctx context.Context, ws *websocket.Conn, hello string) error) *httptest.Server {
	t.Helper()
	var lessons sync.WaitGroup
	var begins sync.Mutex // orders a lesson's beginning before the wait for its end, which a socket does not for the race detector
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begins.Lock()
		lessons.Add(1)
		begins.Unlock()
		defer lessons.Done()
		ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{wire.Subprotocol}})
		if err != nil {
			return
		}
		defer ws.CloseNow()
		ctx, stop := context.WithTimeout(r.Context(), 20*time.Second)
		defer stop()
		_, hello, err := ws.Read(ctx)
		if err == nil {
			err = lesson(ctx, ws, string(hello))
		}
		if err != nil && ctx.Err() == nil && !errors.Is(err, io.EOF) {
			t.Errorf("the lesson: %v", err)
		}
	}))
	if secure {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(func() {
		begins.Lock()
		defer begins.Unlock()
		lessons.Wait() // a socket is no request to the server, which would not wait
		server.Close()
	})
	return server
}

// each runs a test over both kinds of lanes.
func each(t *testing.T, test func(t *testing.T, open func(t *testing.T, url string, n int) *crowd)) {
	kinds := map[string]func(*crowd){
		"one thread": func(*crowd) {},
		"a goroutine each": func(c *crowd) {
			for _, l := range c.lanes {
				if l.poll != nil {
					l.poll.stop()
					l.poll = nil
				}
			}
		},
	}
	for name, make := range kinds {
		t.Run(name, func(t *testing.T) {
			test(t, func(t *testing.T, url string, n int) *crowd {
				c, err := newCrowd(t.Context(), Target{URL: url, Token: func(_ wire.RoomID, name string, _ wire.Role) (string, error) {
					return "token of " + name, nil
				}}, "algebra", n, Load{})
				if err != nil {
					t.Fatal(err)
				}
				make(c)
				t.Cleanup(c.leave)
				return c
			})
		})
	}
}

const welcome = `{"re":1,"type":"welcome","data":{"you":{},"epoch":"e","seq":5,"now":1,"resumed":false,"room":{"id":"algebra"}}}`

// TestReadsWhatAnotherImplementationWrites: frames of every length of the
// header, larger than any buffer, pings that must be answered, the close code.
func TestReadsWhatAnotherImplementationWrites(t *testing.T) {
	each(t, func(t *testing.T, open func(*testing.T, string, int) *crowd) {
		const sockets = 3
		lengths := []int{40, 125, 126, 127, 4000, 65535, 65536, 300_000, 50, 2 << 20, 9000}
		var mu sync.Mutex
		hellos := map[string]bool{}
		server := classroom(t, false, func(ctx context.Context, ws *websocket.Conn, hello string) error {
			mu.Lock()
			hellos[hello] = true
			mu.Unlock()
			frames := []string{`{"type":"room.presence","data":{"count":1}}`, welcome}
			for _, n := range lengths {
				head := `{"type":"x","data":"`
				frames = append(frames, head+strings.Repeat("y", n-len(head)-2)+`"}`)
			}
			for _, f := range frames {
				if err := ws.Write(ctx, websocket.MessageText, []byte(f)); err != nil {
					return err
				}
			}
			ctx = ws.CloseRead(ctx)
			if err := ws.Ping(ctx); err != nil {
				return fmt.Errorf("ping: %w", err)
			}
			_ = ws.Close(websocket.StatusCode(wire.CloseRestart), "")
			return nil
		})
		c := open(t, server.URL, sockets)
		heard := make([][]int, sockets)
		ends := make(chan error, sockets)
		c.listen(events{
			other: func(s *socket, _, data []byte, _ time.Duration) {
				if strings.Trim(string(data), `y"`) == "" {
					heard[s.number] = append(heard[s.number], len(data)+len(`{"type":"x","data":}`))
				}
			},
			lost: func(s *socket, err error) { ends <- err },
		})
		for _, s := range c.viewers {
			s.do(func() { s.open(clock()) })
		}
		for range sockets {
			if closed, ok := errors.AsType[*Closed](<-ends); !ok || closed.Code != wire.CloseRestart {
				t.Errorf("the end: %v", closed)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		for i := range heard {
			if fmt.Sprint(heard[i]) != fmt.Sprint(lengths) {
				t.Errorf("viewer %d heard %v, want %v", i, heard[i], lengths)
			}
			if want := fmt.Sprintf(`{"id":1,"type":"hello","data":{"token":"token of Viewer %d"}}`, i+1); !hellos[want] {
				t.Errorf("no hello %s in %v", want, hellos)
			}
		}
	})
}

// TestComesBackWithItsPosition: the second hello names the last view heard,
// and what follows is no gap.
func TestComesBackWithItsPosition(t *testing.T) {
	each(t, func(t *testing.T, open func(*testing.T, string, int) *crowd) {
		server := classroom(t, false, func(ctx context.Context, ws *websocket.Conn, hello string) error {
			say := func(frames ...string) error {
				return ws.Write(ctx, websocket.MessageText, []byte("["+strings.Join(frames, ",")+"]"))
			}
			view := func(seq, prev uint64) string {
				return string(wire.Numbered(seq, prev, "room.slowed", []byte(`{"slow":1}`)))
			}
			var err error
			if strings.Contains(hello, `"after":{"epoch":"e","seq":9}`) {
				err = say(strings.Replace(strings.Replace(welcome, `,"room":{"id":"algebra"}`, "", 1), `"resumed":false`, `"resumed":true`, 1), view(12, 9))
			} else {
				err = say(welcome, view(7, 5), view(9, 7))
			}
			if err == nil {
				_, _, err = ws.Read(ctx)
			}
			return err
		})
		c := open(t, server.URL, 1)
		s := c.viewers[0]
		for round, want := range []uint64{9, 12} {
			if _, err := c.come(t.Context(), c.viewers, 0); err != nil {
				t.Fatal(err)
			}
			await(t.Context(), 10*time.Second, func() (there bool) {
				s.do(func() { there = s.last >= want })
				return
			})
			s.do(func() {
				if s.last != want || s.lane.gaps != 0 || s.lane.doubles != 0 || s.resumed != (round == 1) {
					t.Errorf("round %d: at %d, gaps %d, doubles %d, resumed %v", round, s.last, s.lane.gaps, s.lane.doubles, s.resumed)
				}
				s.hangUp()
				s.after = true
			})
		}
	})
}

// TestSecure: a server behind TLS is read too.
func TestSecure(t *testing.T) {
	server := classroom(t, true, func(ctx context.Context, ws *websocket.Conn, _ string) error {
		if err := ws.Write(ctx, websocket.MessageText, []byte(welcome)); err != nil {
			return err
		}
		_, _, err := ws.Read(ctx)
		return err
	})
	c, err := newCrowd(t.Context(), Target{URL: server.URL}, "algebra", 2, Load{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.leave()
	c.tls.RootCAs = server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	c.tls.ServerName = "example.com" // as its certificate says
	if _, err := c.come(t.Context(), c.viewers, 0); err != nil {
		t.Fatal(err)
	}
}

// TestComesAgain: who is told to come again does.
func TestComesAgain(t *testing.T) {
	var hellos atomic.Int32
	server := classroom(t, false, func(ctx context.Context, ws *websocket.Conn, _ string) error {
		if hellos.Add(1) == 1 {
			if err := ws.Write(ctx, websocket.MessageText, []byte(`{"re":1,"type":"error","data":{"code":"wire.busy","text":"no","retry_ms":100}}`)); err != nil {
				return err
			}
			_ = ws.Close(websocket.StatusCode(wire.CloseRestart), "")
			return nil
		}
		if err := ws.Write(ctx, websocket.MessageText, []byte(welcome)); err != nil {
			return err
		}
		_, _, err := ws.Read(ctx)
		return err
	})
	c, err := newCrowd(t.Context(), Target{URL: server.URL}, "algebra", 1, Load{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.leave()
	if _, err := c.come(t.Context(), c.viewers, 0); err != nil || hellos.Load() != 2 || c.failed.Load() != 1 {
		t.Errorf("%d hellos, %d tries failed: %v", hellos.Load(), c.failed.Load(), err)
	}
	for want, errs := range map[bool][]error{
		true:  {&Closed{wire.CloseRestart}, &Closed{wire.CloseSlow}, c.upgraded([]byte("HTTP/1.1 503 Service Unavailable\r\n"))},
		false: {&Closed{-1}, &Closed{wire.CloseBanned}, errFrame, c.upgraded([]byte("HTTP/1.1 404 Not Found\r\n"))},
	} {
		for _, err := range errs {
			if again(err) != want {
				t.Errorf("again after %v: %v", err, !want)
			}
		}
	}
}

// TestRefusals: what keeps a viewer out is said.
func TestRefusals(t *testing.T) {
	each(t, func(t *testing.T, open func(*testing.T, string, int) *crowd) {
		refuses := classroom(t, false, func(ctx context.Context, ws *websocket.Conn, _ string) error {
			return ws.Write(ctx, websocket.MessageText, []byte(`{"re":1,"type":"error","data":{"code":"room.full","text":"no"}}`))
		})
		absent := httptest.NewServer(http.NotFoundHandler())
		url := absent.URL
		for _, tt := range []struct{ url, want string }{{refuses.URL, "room.full"}, {url, "404"}} {
			c := open(t, tt.url, 1)
			_, err := c.come(t.Context(), c.viewers, 0)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: %v", tt.want, err)
			}
		}
		absent.Close()
		c := open(t, url, 1)
		if _, err := c.come(t.Context(), c.viewers, 0); err == nil {
			t.Error("nobody is there, and a viewer came in")
		}
	})
}

// TestSourcesDoNotRunOut: the ports of one address are not all taken.
func TestSourcesDoNotRunOut(t *testing.T) {
	c := &crowd{target: Target{URL: "http://127.0.0.1:80"}, speaks: lyceum{}}
	if err := c.find(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	used := map[string]int{}
	for range 20_000 {
		used[c.source().String()]++
	}
	for from, n := range used {
		if n > portsOfOne {
			t.Errorf("%d sockets from %s", n, from)
		}
	}
	if !bytes.Contains(c.request, []byte("GET /v1/rooms/a/socket HTTP/1.1\r\nHost: 127.0.0.1:80\r\n")) {
		t.Errorf("the request is %s", c.request)
	}
}

// TestBackoff: a page's way back, for every number of failures.
func TestBackoff(t *testing.T) {
	for failures := range 70 {
		most := min(time.Second<<min(failures, 10), 30*time.Second)
		for range 50 {
			if d := backoff(failures); d < 0 || d >= most {
				t.Fatalf("after %d failures: %v", failures, d)
			}
		}
	}
}

package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/catalog"
	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/internal/fanout"
	"github.com/lyceum-live/lyceum/internal/server"
	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/reward"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// TestTheWayIsTakenOff has members with long ways, short ways and ways that
// they make look longer answer one question after the same time of their own,
// over real WebSockets on fake time.
func TestTheWayIsTakenOff(t *testing.T) {
	const think = 2500 * time.Millisecond
	near := member{trip: 20 * time.Millisecond}
	for _, tt := range []struct {
		name    string
		seconds int
		other   member
		from    int // points that other may have more than near
		to      int
	}{
		{"a long way", 10, member{trip: 400 * time.Millisecond}, -6, 0},
		{"a longer one than is taken off", 10, member{trip: 700 * time.Millisecond}, -21, -19},
		{"just what is taken off", 10, member{trip: 300 * time.Millisecond}, 0, 0},
		{"one who holds every pong", 20, member{trip: 20 * time.Millisecond, hold: 900 * time.Millisecond}, 1, 8},
		{"one who holds all but one", 20, member{trip: 20 * time.Millisecond, hold: 900 * time.Millisecond, honest: 3}, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				points := play(t, tt.seconds, time.Minute, 12*time.Second, think, near, tt.other)
				if d := points[1] - points[0]; points[0] == 0 || d < tt.from || d > tt.to {
					t.Errorf("%d points, and near by %d", points[1], points[0])
				}
			})
		})
	}
}

// TestKnownInTime: whoever has been in the class for a good minute is known
// also when a quiz is written and asked at once; and newcomers within seconds,
// where one is prepared.
func TestKnownInTime(t *testing.T) {
	for _, tt := range []struct {
		name             string
		stayed, prepared time.Duration
	}{
		{"asked at once", 70 * time.Second, 0},
		{"newcomers", 0, 4 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				points := play(t, 10, tt.stayed, tt.prepared, time.Second, member{trip: 20 * time.Millisecond}, member{trip: 300 * time.Millisecond})
				if points[0] != points[1] || points[0] == 0 {
					t.Errorf("%v", points)
				}
			})
		})
	}
}

// member is somebody who answers.
type member struct {
	trip   time.Duration // there and back
	hold   time.Duration // before a pong
	honest int           // the pong that is not held; 0: none
}

// play has people come in and stay for a while, and asks a question some time
// after it was written, which everybody answers rightly after thinking so long;
// it returns their points.
func play(t *testing.T, seconds int, stayed, prepared, think time.Duration, members ...member) []int {
	t.Helper()
	c := newDistant(t)
	mo := c.join("mo", wire.Moderator, member{})
	var all []*guest
	for i, m := range members {
		all = append(all, c.join(wire.UserID(fmt.Sprint("member", i)), wire.Viewer, m))
	}
	time.Sleep(stayed)
	quiz := mo.ask("quiz.create", fmt.Sprintf(
		`{"title":"Quiz","questions":[{"text":"Which?","choices":["a","b"],"correct":[1],"points":1000,"seconds":%d}]}`, seconds))
	time.Sleep(prepared)
	mo.ask("quiz.ask", fmt.Sprintf(`{"quiz":%d}`, quiz))
	for _, g := range all {
		go func() {
			g.until("quiz.asked")
			time.Sleep(think)
			g.ask("quiz.answer", fmt.Sprintf(`{"quiz":%d,"question":0,"choices":[1]}`, quiz))
		}()
	}
	time.Sleep(think + 2*time.Second)
	mo.ask("quiz.close", fmt.Sprintf(`{"quiz":%d}`, quiz))
	mo.ask("quiz.reveal", fmt.Sprintf(`{"quiz":%d}`, quiz))
	points := make([]int, len(all))
	for i, g := range all {
		for { // the last quiz.mine is that of the reveal
			var mine struct {
				Points *int `json:"points"`
			}
			if err := json.Unmarshal(g.until("quiz.mine").Data, &mine); err != nil {
				t.Fatal(err)
			}
			if mine.Points != nil {
				points[i] = *mine.Points
				break
			}
		}
	}
	return points
}

// distant is a server whose sockets are pipes, for fake time, over a real store.
type distant struct {
	t     *testing.T
	keys  *auth.Keys
	conns chan net.Conn
}

func newDistant(t *testing.T) *distant {
	t.Helper()
	ctx, log, dir := context.Background(), zap.NewNop(), t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	store, err := sqlite.Open(ctx, dir, sqlite.Config{}, log)
	must(err)
	keys, err := auth.LoadOrCreate(filepath.Join(dir, "auth.key"))
	must(err)
	shelf, err := catalog.New([]catalog.Item{{ID: "algebra-1", Kind: catalog.Session, Title: "Algebra", Room: algebra}}, time.Now)
	must(err)
	engine, err := recommend.New(recommend.Config{}, store, time.Now, rand.NewPCG(1, 2))
	must(err)
	pool := fanout.NewPool(fanout.Config{})
	house := room.NewHouse(room.Config{}, store, room.NewVault(store), pool, log)
	s, err := server.New(server.Config{}, server.Parts{
		House: house, Pool: pool, Keys: keys, Once: &auth.OneTime{}, APIKeys: &auth.APIKeys{}, Catalog: shelf,
		Points: reward.NewBank(reward.NewRules(reward.Default), store), Behaviors: engine, Log: log,
		Static: fstest.MapFS{
			"i18n/en.json": {Data: []byte(`{}`)}, "i18n/zh-CN.json": {Data: []byte(`{}`)},
			"index.html": {Data: []byte("<!doctype html>")}, "class.html": {Data: []byte("<!doctype html>")},
		},
	})
	must(err)
	d := &distant{t: t, keys: keys, conns: make(chan net.Conn)}
	web := &http.Server{Handler: s}
	go func() { _ = web.Serve(d) }()
	t.Cleanup(func() {
		house.Close()
		_ = web.Close()
		s.Close(ctx)
		pool.Close()
		must(store.Close())
		time.Sleep(2 * time.Second) // what is still on its way, or held, arrives
		synctest.Wait()
	})
	return d
}

// Accept, Close and Addr make it the server's listener.
func (d *distant) Accept() (net.Conn, error) {
	if c, ok := <-d.conns; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (d *distant) Close() error   { close(d.conns); return nil }
func (d *distant) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

// dial connects to the server over a way that takes so long each way.
func (d *distant) dial(way time.Duration) net.Conn {
	client, near := net.Pipe()
	far, server := net.Pipe()
	go carry(far, near, way)
	go carry(near, far, way)
	d.conns <- server
	return client
}

// carry brings what it reads to the other side, so much later.
func carry(to, from net.Conn, late time.Duration) {
	type piece struct {
		due   time.Time
		bytes []byte
	}
	under := make(chan piece, 1000) // way
	go func() {
		defer close(under)
		for {
			b := make([]byte, 4096)
			n, err := from.Read(b)
			if n > 0 {
				under <- piece{time.Now().Add(late), b[:n]}
			}
			if err != nil {
				return
			}
		}
	}()
	for p := range under {
		time.Sleep(time.Until(p.due))
		_, _ = to.Write(p.bytes)
	}
	_, _ = to.Close(), from.Close()
}

// guest is somebody's socket. What comes is kept in order.
type guest struct {
	t    *testing.T
	ws   *websocket.Conn
	next uint64
	come chan message
}

func (d *distant) join(user wire.UserID, role wire.Role, m member) *guest {
	d.t.Helper()
	token, err := d.keys.Mint(auth.Claims{
		Kind: auth.Room, Room: algebra, User: user, Name: string(user), Role: role, Issued: time.Now(), Expires: time.Now().Add(time.Hour),
	})
	if err != nil {
		d.t.Fatal(err)
	}
	pongs := 0
	ws, _, err := websocket.Dial(context.Background(), "ws://lyceum/v1/rooms/algebra/socket", &websocket.DialOptions{
		Subprotocols: []string{wire.Subprotocol},
		HTTPClient: &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			return d.dial(m.trip / 2), nil
		}}},
		OnPingReceived: func(context.Context, []byte) bool {
			if pongs++; m.hold > 0 && pongs != m.honest {
				time.Sleep(m.hold)
			}
			return true
		},
	})
	if err != nil {
		d.t.Fatal(err)
	}
	ws.SetReadLimit(-1)
	g := &guest{t: d.t, ws: ws, come: make(chan message, 1000)}
	go func() {
		for {
			_, b, err := ws.Read(context.Background())
			if err != nil {
				close(g.come)
				return
			}
			var m message
			_ = json.Unmarshal(b, &m)
			g.come <- m
		}
	}()
	d.t.Cleanup(func() { _ = ws.CloseNow() })
	g.send("hello", fmt.Sprintf(`{"token":%q}`, token))
	g.until("welcome")
	return g
}

func (g *guest) send(kind, data string) {
	g.next++
	key := ""
	if kind != "hello" {
		key = fmt.Sprintf(`"key":"k%d",`, g.next)
	}
	frame := fmt.Sprintf(`{"id":%d,"type":%q,%s"data":%s}`, g.next, kind, key, data)
	if err := g.ws.Write(context.Background(), websocket.MessageText, []byte(frame)); err != nil {
		g.t.Errorf("%s: %v", kind, err)
	}
}

// ask sends a command that must succeed, and returns the position of its event.
func (g *guest) ask(kind, data string) (seq uint64) {
	g.send(kind, data)
	for m := range g.come {
		if m.Re != g.next {
			continue
		}
		var ok struct{ Seq uint64 }
		if err := json.Unmarshal(m.Data, &ok); err != nil || m.Type != "ok" {
			g.t.Errorf("%s: %s %s", kind, m.Type, m.Data)
		}
		return ok.Seq
	}
	return 0
}

// until reads on to a message of a kind.
func (g *guest) until(kind string) message {
	for m := range g.come {
		if m.Type == kind {
			return m
		}
	}
	g.t.Errorf("no %s", kind)
	return message{}
}

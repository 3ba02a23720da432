package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/catalog"
	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/internal/fanout"
	"github.com/lyceum-live/lyceum/internal/files"
	"github.com/lyceum-live/lyceum/internal/server"
	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/media/hls"
	"github.com/lyceum-live/lyceum/media/relay"
	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/reward"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/signaling"
	"github.com/lyceum-live/lyceum/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a whole server over a real store, on a real socket.
type rig struct {
	t      testing.TB
	http   *httptest.Server
	store  *sqlite.Store
	keys   *auth.Keys
	once   *auth.OneTime
	house  *room.House
	stage  *signaling.Service
	sfu    *media.Engine
	config server.Config
	files  string // the folder of uploaded ones
}

const algebra wire.RoomID = "algebra"

func newRig(t testing.TB, config server.Config) *rig {
	t.Helper()
	ctx := context.Background()
	log := zap.NewNop()
	r := &rig{t: t, once: &auth.OneTime{}, config: config}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	var err error
	r.store, err = sqlite.Open(ctx, dir, sqlite.Config{}, log)
	must(err)
	r.keys, err = auth.LoadOrCreate(filepath.Join(dir, "auth.key"))
	must(err)
	shelf, err := catalog.New([]catalog.Item{
		{ID: "algebra-1", Kind: catalog.Session, Title: "Algebra", Room: algebra, Tags: []string{"maths"}},
		{ID: "sets", Kind: catalog.Video, Title: "Sets", URL: "/videos/sets", Tags: []string{"maths"}},
	}, time.Now)
	must(err)
	engine, err := recommend.New(recommend.Config{}, r.store, time.Now, rand.NewPCG(1, 2))
	must(err)
	engine.SetCatalog([]recommend.Item{{ID: "algebra-1", Kind: "session"}, {ID: "sets", Kind: "video"}})
	pool := fanout.NewPool(fanout.Config{})
	sfu, err := media.NewEngine(media.Config{Listen: "127.0.0.1:0", Relay: relay.Config{On: true}}, log)
	must(err)
	r.sfu = sfu
	stage := signaling.New(sfu, log)
	r.stage = stage
	broadcasts := hls.New(hls.Config{}, stage.Stage, func(wire.RoomID) {}, log)
	t.Cleanup(broadcasts.Close)
	r.house = room.NewHouse(room.Config{}, r.store, room.NewVault(r.store), pool, log)
	r.files = filepath.Join(dir, files.Folder)
	uploads, err := files.Open(r.files, files.Config{})
	must(err)
	keys, err := auth.ParseAPIKeys([]string{"shop=a-long-secret-of-the-shop"})
	must(err)
	s, err := server.New(config, server.Parts{
		House: r.house, Pool: pool, Media: stage, Keys: r.keys, Once: r.once, APIKeys: keys, Catalog: shelf,
		Points: reward.NewBank(reward.NewRules(reward.Default), r.store), Bank: r.store, Behaviors: engine, Experiments: engine, Files: uploads, HLS: broadcasts, Log: log,
		Static: fstest.MapFS{
			"i18n/en.json":    {Data: []byte(`{"error.wire.key":"a key, please","qa.anonymous":"Anonymous"}`)},
			"i18n/zh-CN.json": {Data: []byte(`{"error.wire.key":"缺少键","qa.anonymous":"匿名"}`)},
			"index.html":      {Data: []byte("<!doctype html><title>Lyceum</title>")},
			"class.html":      {Data: []byte("<!doctype html><title>Class</title>")},
			"pages/class.js":  {Data: []byte("export {}")},
			"pages/long.js":   {Data: []byte(strings.Repeat("export {};\n", 500))},
		},
		Recommend: func(wire.UserID, string, string, int) []server.Recommended { return nil },
	})
	must(err)
	r.http = httptest.NewServer(s)
	t.Cleanup(func() {
		r.house.Close()
		r.http.Close()
		drain, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		s.Close(drain)
		stage.Close()
		must(sfu.Close())
		pool.Close()
		must(r.store.Close())
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	return r
}

// token mints a token for a person in algebra.
func (r *rig) token(user wire.UserID, role wire.Role) string {
	return r.mint(auth.Claims{Kind: auth.Room, Room: algebra, User: user, Name: string(user), Role: role, Expires: time.Now().Add(time.Hour)})
}

func (r *rig) mint(c auth.Claims) string {
	r.t.Helper()
	if c.Issued.IsZero() {
		c.Issued = time.Now().Add(-2 * time.Hour)
	}
	token, err := r.keys.Mint(c)
	if err != nil {
		r.t.Fatal(err)
	}
	return token
}

// dial opens a socket. header may be nil.
func (r *rig) dial(path string, header http.Header) (*websocket.Conn, *http.Response, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return websocket.Dial(ctx, strings.Replace(r.http.URL, "http", "ws", 1)+path, &websocket.DialOptions{
		Subprotocols: []string{wire.Subprotocol}, HTTPHeader: header,
	})
}

// browser is a client's end of a socket.
type browser struct {
	t  testing.TB
	ws *websocket.Conn
	id uint64
}

type message struct {
	Re   uint64          `json:"re"`
	Seq  uint64          `json:"seq"`
	Type string          `json:"type"`
	Data json.RawMessage `json:"data"`
}

func (r *rig) open(path string) *browser {
	r.t.Helper()
	ws, _, err := r.dial(path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	ws.SetReadLimit(4 << 20)
	r.t.Cleanup(func() { _ = ws.CloseNow() })
	return &browser{t: r.t, ws: ws}
}

// join opens a socket and says hello.
func (r *rig) join(user wire.UserID, role wire.Role) *browser {
	r.t.Helper()
	b := r.open("/v1/rooms/algebra/socket")
	b.send(fmt.Sprintf(`{"id":1,"type":"hello","data":{"token":%q}}`, r.token(user, role)))
	b.id = 1
	if m := b.until(func(m message) bool { return m.Re == 1 }); m.Type != "welcome" {
		r.t.Fatalf("%s: %s %s", user, m.Type, m.Data)
	}
	return b
}

func (b *browser) send(frame string) {
	b.t.Helper()
	b.write(websocket.MessageText, []byte(frame))
}

func (b *browser) write(kind websocket.MessageType, frame []byte) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := b.ws.Write(ctx, kind, frame); err != nil {
		b.t.Logf("write: %v", err) // the server may have closed already
	}
}

// read returns the next message or the reason why there is none.
func (b *browser) read() (message, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, p, err := b.ws.Read(ctx)
	var m message
	if err == nil {
		err = json.Unmarshal(p, &m)
	}
	return m, err
}

// until reads on to the first message that will do.
func (b *browser) until(do func(message) bool) message {
	b.t.Helper()
	for {
		m, err := b.read()
		if err != nil {
			b.t.Fatalf("waiting: %v", err)
		}
		if do(m) {
			return m
		}
	}
}

// ask sends a request and returns its reply.
func (b *browser) ask(kind, key, data string) message {
	b.t.Helper()
	b.id++
	id := b.id
	b.send(fmt.Sprintf(`{"id":%d,"type":%q,"key":%q,"data":%s}`, id, kind, key, data))
	return b.until(func(m message) bool { return m.Re == id })
}

// closed reads on to the close code, and returns the last error's code too.
func (b *browser) closed() (code websocket.StatusCode, refusal string) {
	b.t.Helper()
	for {
		m, err := b.read()
		if err != nil {
			return websocket.CloseStatus(err), refusal
		}
		if m.Type == "error" {
			refusal = b.code(m)
		}
	}
}

func (b *browser) code(m message) string {
	b.t.Helper()
	var e struct{ Code string }
	if err := json.Unmarshal(m.Data, &e); err != nil {
		b.t.Fatal(err)
	}
	return e.Code
}

// call makes an HTTP request and returns the status and the decoded answer.
func (r *rig) call(method, path, token, body string) (int, map[string]any) {
	r.t.Helper()
	res, b := r.send(method, path, token, strings.NewReader(body), "Content-Type", "application/json")
	out := map[string]any{}
	_ = json.Unmarshal(b, &out)
	return res.StatusCode, out
}

// send makes a request with headers by name and value; empty ones are left out.
func (r *rig) send(method, path, token string, body io.Reader, headers ...string) (*http.Response, []byte) {
	r.t.Helper()
	req, err := http.NewRequest(method, r.http.URL+path, body)
	if err != nil {
		r.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i+1] != "" {
			req.Header.Set(headers[i], headers[i+1])
		}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return res, b
}

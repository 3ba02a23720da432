package bot_test

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/catalog"
	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/internal/bot"
	"github.com/lyceum-live/lyceum/internal/fanout"
	"github.com/lyceum-live/lyceum/internal/server"
	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/reward"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/signaling"
	"github.com/lyceum-live/lyceum/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const algebra wire.RoomID = "algebra"

// rig is a whole server over a real store, on a real socket.
type rig struct {
	t     testing.TB
	url   string
	keys  *auth.Keys
	house *room.House
}

func newRig(t testing.TB) *rig {
	t.Helper()
	ctx, log, dir := context.Background(), zap.NewNop(), t.TempDir()
	r := &rig{t: t}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	store, err := sqlite.Open(ctx, dir, sqlite.Config{}, log)
	must(err)
	r.keys, err = auth.LoadOrCreate(filepath.Join(dir, "auth.key"))
	must(err)
	shelf, err := catalog.New([]catalog.Item{{ID: "algebra-1", Kind: catalog.Session, Title: "Algebra", Room: algebra}}, time.Now)
	must(err)
	engine, err := recommend.New(recommend.Config{}, store, time.Now, rand.NewPCG(1, 2))
	must(err)
	pool := fanout.NewPool(fanout.Config{})
	sfu, err := media.NewEngine(media.Config{Listen: "127.0.0.1:0"}, log)
	must(err)
	stage := signaling.New(sfu, log)
	r.house = room.NewHouse(room.Config{}, store, room.NewVault(store), pool, log)
	s, err := server.New(server.Config{Guests: true, Rate: 10000, Burst: 10000}, server.Parts{
		House: r.house, Pool: pool, Media: stage, Keys: r.keys, Once: &auth.OneTime{}, APIKeys: &auth.APIKeys{}, Catalog: shelf,
		Points: reward.NewBank(reward.NewRules(reward.Default), store), Behaviors: engine, Log: log,
		Static:    fstest.MapFS{"i18n/en.json": {Data: []byte(`{}`)}, "i18n/zh-CN.json": {Data: []byte(`{}`)}},
		Recommend: func(wire.UserID, string, string, int) []server.Recommended { return nil },
	})
	must(err)
	h := httptest.NewServer(s)
	r.url = h.URL
	t.Cleanup(func() {
		r.house.Close()
		h.Close()
		drain, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		s.Close(drain)
		stage.Close()
		must(sfu.Close())
		pool.Close()
		must(store.Close())
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	return r
}

func (r *rig) token(id wire.RoomID, name string, role wire.Role) (string, error) {
	now := time.Now()
	return r.keys.Mint(auth.Claims{
		Kind: auth.Room, Room: id, User: auth.NewUserID(), Name: name, Role: role, Issued: now, Expires: now.Add(time.Hour),
	})
}

func (r *rig) dial(name string, role wire.Role) *bot.Client {
	r.t.Helper()
	token, err := r.token(algebra, name, role)
	if err != nil {
		r.t.Fatal(err)
	}
	c, err := bot.Dial(r.t.Context(), r.url, algebra, token, "en")
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(c.Close)
	return c
}

func (r *rig) must(c *bot.Client, kind string, data any) uint64 {
	r.t.Helper()
	seq, err := c.Command(r.t.Context(), kind, data)
	if err != nil {
		r.t.Fatalf("%s: %v", kind, err)
	}
	return seq
}

type object = map[string]any

func TestClientAsksAndHears(t *testing.T) {
	r := newRig(t)
	ana, ben := r.dial("Ana", wire.Viewer), r.dial("Ben", wire.Viewer)
	if you := ana.Welcome.You; you.Name != "Ana" || you.Role != wire.Viewer {
		t.Errorf("welcome: %+v", you)
	}
	seq := r.must(ana, "chat.say", object{"text": "hello"})
	for m := range ben.Messages() {
		var said bot.Said
		if m.Type != "chat.said" {
			continue
		}
		if err := m.Read(&said); err != nil || said.ID != seq || said.By.Name != "Ana" || m.Seq != seq {
			t.Errorf("heard %+v of %d: %v", said, seq, err)
		}
		break
	}
	var pong struct {
		Now wire.Millis `json:"now"`
	}
	if err := ana.Query(t.Context(), "ping", object{}, &pong); err != nil || pong.Now == 0 {
		t.Errorf("ping: %v %v", pong, err)
	}
	_, err := ana.Command(t.Context(), "poll.create", object{"text": "A", "choices": []string{"B", "C"}})
	if refusal, ok := errors.AsType[*wire.Error](err); !ok || !errors.Is(refusal, wire.ErrForbidden) {
		t.Errorf("a viewer's poll: %v", err)
	}
}

func TestClientKnowsWhyItEnded(t *testing.T) {
	r := newRig(t)
	ana, host := r.dial("Ana", wire.Viewer), r.dial("Hana", wire.Host)
	r.must(host, "mod.ban", object{"user": ana.Welcome.You.ID})
	for range ana.Messages() { // until the socket ends
	}
	if closed, ok := errors.AsType[*bot.Closed](ana.Err()); !ok || closed.Code != wire.CloseBanned || closed.Again() {
		t.Errorf("banned: %v", ana.Err())
	}
	if _, err := ana.Command(t.Context(), "chat.say", object{"text": "x"}); err == nil {
		t.Error("a closed socket took a command")
	}
	if _, err := bot.Dial(t.Context(), r.url, algebra, "no token", "en"); err == nil {
		t.Error("came in without a token")
	}
}

// TestSceneIsWhatALatecomerSees: the views heard since the beginning make the
// same scene as the snapshot at the end.
func TestSceneIsWhatALatecomerSees(t *testing.T) {
	r := newRig(t)
	host, early := r.dial("Hana", wire.Host), r.dial("Ana", wire.Viewer)
	r.must(host, "room.open", object{})
	first := r.must(early, "qa.ask", object{"text": "Why?"})
	second := r.must(host, "qa.ask", object{"text": "How?"})
	r.must(early, "qa.upvote", object{"question": second})
	r.must(host, "qa.pin", object{"question": second})
	r.must(host, "qa.answer", object{"question": first, "text": "Because."})
	poll := r.must(host, "poll.create", object{"text": "A or B?", "choices": []string{"A", "B"}, "open": true})
	r.must(early, "poll.vote", object{"poll": poll, "choices": []int{1}})
	r.must(host, "poll.close", object{"poll": poll})
	open := r.must(host, "poll.create", object{"text": "C or D?", "choices": []string{"C", "D"}, "open": true})
	gone := r.must(early, "chat.say", object{"text": "rude"})
	r.must(host, "mod.delete", object{"item": gone})
	quiz := r.must(host, "quiz.create", object{"title": "Q", "questions": []object{{"text": "1?", "choices": []string{"a", "b"}, "correct": []int{0}}}})
	r.must(host, "quiz.ask", object{"quiz": quiz})
	r.must(early, "quiz.answer", object{"quiz": quiz, "question": 0, "choices": []int{0}})
	r.must(host, "quiz.close", object{"quiz": quiz})
	r.must(host, "quiz.reveal", object{"quiz": quiz})
	last := r.must(host, "chat.say", object{"text": "that was it"})

	scene, seen, voted := early.Welcome.Room, false, false
	for m := range early.Messages() {
		if err := scene.Hear(m); err != nil {
			t.Fatal(err)
		}
		seen, voted = seen || m.Seq == last, voted || m.Type == "qa.votes"
		if seen && voted {
			break
		}
	}
	late := r.dial("Ben", wire.Viewer).Welcome.Room
	if p := scene.Poll(open); p == nil || p.Phase != "open" {
		t.Errorf("the open poll: %+v", p)
	}
	if q := scene.Top(func(*bot.Question) bool { return true }); q == nil || q.ID != second || q.Votes != 1 {
		t.Errorf("the top question: %+v", q)
	}
	byID := map[uint64]bot.Question{}
	for _, q := range late.Questions { // the board has an order of its own
		byID[q.ID] = q
	}
	for _, q := range scene.Questions {
		if byID[q.ID] != q {
			t.Errorf("question\n got %+v\nwant %+v", q, byID[q.ID])
		}
	}
	scene.Questions, late.Questions, scene.Count, late.Count = nil, nil, 0, 0
	got, _ := json.Marshal(scene)
	want, _ := json.Marshal(late)
	var a, b any
	_, _ = json.Unmarshal(got, &a), json.Unmarshal(want, &b)
	if !reflect.DeepEqual(a, b) {
		t.Errorf("scene\n got %s\nwant %s", got, want)
	}
}

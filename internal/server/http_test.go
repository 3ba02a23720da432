package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/lyceum-live/lyceum/internal/server"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

func code(out map[string]any) string {
	e, _ := out["error"].(map[string]any)
	c, _ := e["code"].(string)
	return c
}

func TestGuestsJoinAndComeBackAsThemselves(t *testing.T) {
	r := newRig(t, server.Config{Guests: true})
	status, first := r.call("POST", "/v1/rooms/algebra/join", "", `{"name":"  Ana  "}`)
	if status != 200 || first["role"] != "viewer" {
		t.Fatalf("%d %v", status, first)
	}
	user := func(out map[string]any) map[string]any { return out["user"].(map[string]any) }
	if user(first)["name"] != "Ana" {
		t.Errorf("name %q", user(first)["name"])
	}
	_, again := r.call("POST", "/v1/rooms/algebra/join", "", `{"name":"Ana B","user":"`+first["token"].(string)+`"}`)
	if user(again)["id"] != user(first)["id"] {
		t.Error("an earlier token does not make the same person")
	}
	_, other := r.call("POST", "/v1/rooms/algebra/join", "", `{"name":"Ana"}`)
	if user(other)["id"] == user(first)["id"] {
		t.Error("two people are one")
	}
	for body, want := range map[string]string{
		`{"name":""}`: "wire.text",
		`{"name":"` + strings.Repeat("n", 41) + `"}`: "wire.text",
		`{"name":"x","role":"host"}`:                 "wire.field",
		`{`:                                          "wire.malformed",
		`{"name":"` + strings.Repeat("n", 70<<10) + `"}`: "wire.too_long",
	} {
		if _, out := r.call("POST", "/v1/rooms/algebra/join", "", body); code(out) != want {
			t.Errorf("%.40s: %v, want %s", body, out, want)
		}
	}
	if status, out := r.call("POST", "/v1/rooms/nowhere/join", "", `{"name":"x"}`); status != 404 {
		t.Errorf("a room that does not exist: %d %v", status, out)
	}
	closed := newRig(t, server.Config{Guests: false})
	if status, out := closed.call("POST", "/v1/rooms/algebra/join", "", `{"name":"x"}`); status != 403 || code(out) != "auth.guests" {
		t.Errorf("without guests: %d %v", status, out)
	}
}

func TestTheHostLinkWorksOnceAndInvitesOthers(t *testing.T) {
	r := newRig(t, server.Config{Guests: true})
	secret, _ := r.once.Make(algebra, time.Now())
	if _, out := r.call("POST", "/v1/rooms/algebra/claim", "", `{"secret":"`+secret+`","name":""}`); code(out) != "wire.text" {
		t.Errorf("without a name: %v", out)
	}
	if status, _ := r.call("POST", "/v1/rooms/geometry/claim", "", `{"secret":"`+secret+`","name":"Hana"}`); status != 403 {
		t.Errorf("for another room: %d", status)
	}
	status, host := r.call("POST", "/v1/rooms/algebra/claim", "", `{"secret":"`+secret+`","name":"Hana"}`)
	if status != 200 || host["role"] != "host" {
		t.Fatalf("%d %v", status, host)
	}
	if status, _ := r.call("POST", "/v1/rooms/algebra/claim", "", `{"secret":"`+secret+`","name":"Eve"}`); status != 403 {
		t.Errorf("a second time: %d", status)
	}
	token := host["token"].(string)
	status, link := r.call("POST", "/v1/rooms/algebra/links", token, `{"role":"moderator"}`)
	url, _ := link["url"].(string)
	page, invitation, found := strings.Cut(url, "#invite=")
	if status != 200 || !found || page != r.http.URL+"/moderate/algebra" {
		t.Fatalf("%d %v", status, link)
	}
	status, mod := r.call("POST", "/v1/rooms/algebra/redeem", "", `{"invitation":"`+invitation+`","name":"Mo"}`)
	if status != 200 || mod["role"] != "moderator" {
		t.Errorf("%d %v", status, mod)
	}
	for name, by := range map[string]string{"a moderator": mod["token"].(string), "nobody": "", "a viewer": r.token("ana", wire.Viewer)} {
		if status, out := r.call("POST", "/v1/rooms/algebra/links", by, `{"role":"host"}`); status < 400 {
			t.Errorf("%s invites: %v", name, out)
		}
	}
	if status, _ := r.call("POST", "/v1/rooms/geometry/links", token, `{"role":"host"}`); status != 403 {
		t.Errorf("the host of algebra invites to geometry: %d", status)
	}
	if status, _ := r.call("POST", "/v1/rooms/geometry/redeem", "", `{"invitation":"`+invitation+`","name":"Mo"}`); status != 403 {
		t.Errorf("an invitation to algebra opens geometry: %d", status)
	}
}

func TestBehaviorsAreTakenLineByLine(t *testing.T) {
	r := newRig(t, server.Config{Guests: true})
	token := r.token("ana", wire.Viewer)
	lines := strings.Join([]string{
		`{"id":"1","item":"sets","kind":"browse"}`,
		`{"id":"1","item":"sets","kind":"browse"}`,
		`{"id":"2","item":"nothing","kind":"browse"}`,
		`{"id":"3","item":"sets","kind":"buy"}`,
		`{"id":"4","item":"sets","kind":"watch","weight":1e9}`,
		`{"id":"5","item":"sets","kind":"like","person":"ben"}`,
		`broken`,
		``,
		`{"id":"6","item":"sets","kind":"like"}`,
	}, "\n")
	status, out := r.call("POST", "/v1/behaviors", token, lines)
	if status != 200 || out["accepted"] != 2.0 || out["repeated"] != 1.0 {
		t.Errorf("%d %v", status, out)
	}
	rejected := out["rejected"].([]any)
	want := map[float64]string{3: "recommend.item", 4: "wire.field", 5: "recommend.weight", 6: "auth.forbidden", 7: "wire.malformed"}
	if len(rejected) != len(want) {
		t.Errorf("rejected: %v", rejected)
	}
	for _, x := range rejected {
		line := x.(map[string]any)
		if want[line["line"].(float64)] != line["code"] {
			t.Errorf("line %v: %v, want %s", line["line"], line["code"], want[line["line"].(float64)])
		}
	}
	if status, _ := r.call("POST", "/v1/behaviors", "", lines); status != 401 {
		t.Errorf("without a token: %d", status)
	}
	if status, out := r.call("POST", "/v1/behaviors", "a-long-secret-of-the-shop", strings.Repeat("\n", 2<<20)); status != 413 {
		t.Errorf("2 MiB: %d %v", status, out)
	}
	if status, out := r.call("POST", "/v1/behaviors", token, strings.Repeat(`{"item":"sets","kind":"browse"}`+"\n", 101)); status != 413 {
		t.Errorf("a page that sends 101 lines: %d %v", status, out)
	}
	for range 30 {
		if status, _ = r.call("POST", "/v1/behaviors", token, ""); status == 429 {
			break
		}
	}
	if status != 429 {
		t.Errorf("a page that never stops is not slowed: %d", status)
	}
	status, out = r.call("POST", "/v1/behaviors", "a-long-secret-of-the-shop", `{"id":"1","person":"ben","item":"sets","kind":"like"}`)
	if status != 200 || out["accepted"] != 1.0 {
		t.Errorf("with an API key: %d %v", status, out)
	}
}

func TestListsAndPages(t *testing.T) {
	r := newRig(t, server.Config{Guests: true})
	_, out := r.call("GET", "/v1/sessions", "", "")
	session := out["sessions"].([]any)[0].(map[string]any)
	if session["room"] != "algebra" || session["phase"] != "waiting" || session["count"] != 0.0 {
		t.Errorf("announced: %v", session)
	}
	host := r.join("hana", wire.Host)
	if m := host.ask("room.open", "k", `{}`); m.Type != "ok" {
		t.Fatalf("%s", m.Data)
	}
	_, out = r.call("GET", "/v1/sessions", "", "")
	session = out["sessions"].([]any)[0].(map[string]any)
	if session["phase"] != "live" || session["count"] != 1.0 {
		t.Errorf("live: %v", session)
	}
	if status, out := r.call("GET", "/v1/me/points", r.token("ana", wire.Viewer), ""); status != 200 || out["balance"] != 0.0 {
		t.Errorf("points: %d %v", status, out)
	}
	if status, out := r.call("GET", "/v1/me/points?after=nothing", r.token("ana", wire.Viewer), ""); status != 400 || out["error"].(map[string]any)["field"] != "after" {
		t.Errorf("a cursor that never was: %d %v", status, out)
	}
	for path, want := range map[string]int{
		"/healthz": 200, "/": 200, "/class/algebra": 200, "/static/pages/class.js": 200, "/static/pages/long.js": 200,
		"/v1/rooms/algebra": 200, "/v1/rooms/nowhere": 404, "/v1/rooms/No!": 404, "/v1/nothing": 404,
		"/static/class.html": 404, "/static/../go.mod": 404, "/static/%2e%2e/go.mod": 404, "/static/": 404, "/nothing": 404,
	} {
		res, err := http.Get(r.http.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, want)
		}
		if path == "/static/pages/long.js" && !res.Uncompressed {
			t.Errorf("%s was not compressed", path)
		}
		if strings.HasPrefix(path, "/class") && !strings.Contains(res.Header.Get("Content-Security-Policy"), "script-src 'self';") {
			t.Errorf("%s: policy %q", path, res.Header.Get("Content-Security-Policy"))
		}
	}
}

// newDoor is a server without what lies behind its door.
func newDoor(t *testing.T, parts server.Parts) *server.Server {
	t.Helper()
	if parts.Log == nil {
		parts.Log = zap.NewNop()
	}
	parts.Static = fstest.MapFS{
		"i18n/en.json":    {Data: []byte(`{}`)},
		"i18n/zh-CN.json": {Data: []byte(`{}`)},
		"index.html":      {Data: []byte("<!doctype html>")},
	}
	s, err := server.New(server.Config{Guests: true}, parts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// knock sends a request and returns the answer with its error code.
func knock(s http.Handler, method, path string) (*httptest.ResponseRecorder, string) {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	var body map[string]any
	_ = json.Unmarshal(w.Body.Bytes(), &body)
	return w, code(body)
}

func TestWrongMethodsAreToldTheRightOnes(t *testing.T) {
	s := newDoor(t, server.Parts{})
	for path, allow := range map[string]string{
		"/v1/sessions":              "GET, HEAD",
		"/v1/rooms/algebra":         "GET, HEAD",
		"/v1/rooms/algebra/socket":  "GET, HEAD",
		"/v1/rooms/algebra/join":    "POST",
		"/v1/rooms/algebra/claim":   "POST",
		"/v1/rooms/algebra/links":   "POST",
		"/v1/rooms/algebra/redeem":  "POST",
		"/v1/me/points":             "GET, HEAD",
		"/v1/behaviors":             "POST",
		"/v1/rooms/algebra/nothing": "",
		"/v1/nothing":               "",
		"/v1/":                      "",
	} {
		for _, method := range []string{"GET", "POST", "PUT", "DELETE", "OPTIONS", "BREW"} {
			if slices.Contains(strings.Split(allow, ", "), method) {
				continue
			}
			w, code := knock(s, method, path)
			status, want := http.StatusMethodNotAllowed, "wire.method"
			if allow == "" {
				status, want = http.StatusNotFound, "wire.not_found"
			}
			if w.Code != status || code != want || w.Header().Get("Allow") != allow {
				t.Errorf("%s %s: %d %s, Allow %q", method, path, w.Code, code, w.Header().Get("Allow"))
			}
		}
	}
}

func TestReadiness(t *testing.T) {
	var broken error
	s := newDoor(t, server.Parts{Check: func() error { return broken }})
	for _, tt := range []struct {
		err    error
		status int
		code   string
	}{
		{nil, 200, ""},
		{room.ErrFull, 503, "store.full"},
		{fmt.Errorf("write: %w", room.ErrUnavailable), 503, "store.unavailable"},
		{fmt.Errorf("out of the blue"), 503, "internal"},
		{nil, 200, ""},
	} {
		broken = tt.err
		if w, code := knock(s, "GET", "/readyz"); w.Code != tt.status || code != tt.code || s.Ready() != tt.err {
			t.Errorf("%v: %d %s", tt.err, w.Code, w.Body)
		}
		if w, _ := knock(s, "GET", "/healthz"); w.Code != 200 || w.Body.String() != "ok\n" {
			t.Errorf("health, while %v: %d %s", tt.err, w.Code, w.Body)
		}
	}
	s.Drain()
	if w, code := knock(s, "GET", "/readyz"); w.Code != 503 || code != "room.closing" {
		t.Errorf("while draining: %d %s", w.Code, w.Body)
	}
	if w, _ := knock(s, "GET", "/healthz"); w.Code != 200 {
		t.Errorf("health, while draining: %d %s", w.Code, w.Body)
	}
}

// TestNobodyNewWhileDraining: each way into a class is closed, with a time to
// come back that is not the same for all; whoever is in stays and is answered.
func TestNobodyNewWhileDraining(t *testing.T) {
	r := newRig(t, server.Config{Guests: true})
	ana := r.join("ana", wire.Viewer)
	s := r.http.Config.Handler.(*server.Server)
	s.Drain()
	times := map[int]bool{}
	for range 40 {
		for _, way := range []string{
			"GET /v1/rooms/algebra/socket", "GET /v1/rooms/algebra/admin",
			"POST /v1/rooms/algebra/join", "POST /v1/rooms/algebra/claim", "POST /v1/rooms/algebra/redeem",
		} {
			method, path, _ := strings.Cut(way, " ")
			w, code := knock(s, method, path)
			after, err := strconv.Atoi(w.Header().Get("Retry-After"))
			if w.Code != 503 || code != "room.closing" || err != nil || after < 1 || after > 5 || w.Header().Get("Connection") != "close" {
				t.Fatalf("%s: %d %s %v", way, w.Code, w.Body, w.Header())
			}
			times[after] = true
		}
	}
	if len(times) < 3 {
		t.Errorf("all are told to come back at once: after %v seconds", times)
	}
	if _, res, err := r.dial("/v1/rooms/algebra/socket", nil); err == nil || res == nil || res.StatusCode != 503 {
		t.Errorf("a socket: %v %v", res, err)
	}
	if w, _ := knock(s, "GET", "/v1/rooms/algebra"); w.Code != 200 {
		t.Errorf("a question: %d", w.Code)
	}
	if m := ana.ask("chat.say", "k", `{"text":"still here"}`); m.Type != "ok" {
		t.Errorf("a member: %s %s", m.Type, m.Data)
	}
}

// ears remember what was served.
type ears struct {
	mu    sync.Mutex
	heard []string
}

func (e *ears) Served(route string, status int, took time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if took < 0 {
		status = -1
	}
	e.heard = append(e.heard, fmt.Sprintf("%s = %d", route, status))
}

// TestObserverHearsRoutesAndNeverPaths: what is asked for becomes one of the
// routes there are.
func TestObserverHearsRoutesAndNeverPaths(t *testing.T) {
	e := &ears{}
	s := newDoor(t, server.Parts{Observer: e})
	for _, request := range []string{
		"GET /", "GET /healthz", "GET /v1/rooms/secret-room/links", "GET /v1/secret", "GET /secret",
		"GET /static/secret.js", "GET /v1/rooms/SECRET/socket", "HEAD /",
	} {
		method, path, _ := strings.Cut(request, " ")
		knock(s, method, path)
	}
	want := []string{
		"GET /{$} = 200", "GET /healthz = 200", "/v1/ = 405", "/v1/ = 404", " = 404",
		"GET /static/{path...} = 404", "GET /v1/rooms/{room}/socket = 404", "GET /{$} = 200",
	}
	if !slices.Equal(e.heard, want) {
		t.Errorf("heard %q\nwant  %q", e.heard, want)
	}
}

// TestPanicFailsOneRequest: it is answered and counted as our fault, and logged
// without a word about the client.
func TestPanicFailsOneRequest(t *testing.T) {
	seen, logs := observer.New(zap.DebugLevel)
	e := &ears{}
	s := newDoor(t, server.Parts{Observer: e, Log: zap.New(seen), Check: func() error { panic("a fault of ours") }})
	front := httptest.NewServer(s)
	t.Cleanup(func() {
		front.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	res, err := http.Get(front.URL + "/readyz?secret")
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(res.Body)
	res.Body.Close()
	if res.StatusCode != 500 || !strings.Contains(string(b), `"internal"`) {
		t.Errorf("%d %s", res.StatusCode, b)
	}
	if !slices.Equal(e.heard, []string{"GET /readyz = 500"}) {
		t.Errorf("heard %q", e.heard)
	}
	if logs.Len() != 1 || logs.All()[0].ContextMap()["route"] != "GET /readyz" || strings.Contains(fmt.Sprint(logs.All()), "secret") {
		t.Errorf("logged %v", logs.All())
	}
	if status, err := http.Get(front.URL + "/healthz"); err != nil || status.StatusCode != 200 {
		t.Errorf("afterwards: %v %v", status, err)
	} else {
		status.Body.Close()
	}
}

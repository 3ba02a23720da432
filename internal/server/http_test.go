package server_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/internal/server"
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

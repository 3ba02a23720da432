package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/internal/server"
	"github.com/lyceum-live/lyceum/wire"
)

// texts are those of the questions in an answer.
func textsOf(t *testing.T, out map[string]any) string {
	t.Helper()
	var texts []string
	list, _ := out["questions"].([]any)
	for _, item := range list {
		texts = append(texts, item.(map[string]any)["question"].(map[string]any)["text"].(string))
	}
	return strings.Join(texts, "|")
}

// A bank goes with its owner from class to class, and nobody else sees it.
func TestBankIsItsOwners(t *testing.T) {
	r := newRig(t, server.Config{})
	host := r.token("hana", wire.Host)
	status, out := r.call("POST", "/v1/bank/questions", host, `{"questions":[
		{"text":"什麼是並發？","choices":["a","b"],"correct":[0],"tags":["Go","並發"]},
		{"text":"What is a channel?","choices":["a","b"],"correct":[0],"tags":["go"]},
		{"type":"numeric","text":"How many cores?","ranges":[{"min":2,"max":2}]},
		{"text":"What is a channel?","choices":["a","b"],"correct":[0],"points":0,"explanation":"twice"}]}`)
	if status != 200 || out["added"] != 3.0 || out["known"] != 1.0 {
		t.Fatalf("%d %v", status, out)
	}
	id := uint64(out["questions"].([]any)[1].(map[string]any)["id"].(float64))

	elsewhere := r.mint(auth.Claims{Kind: auth.Room, Room: "geometry", User: "hana", Name: "Hana", Role: wire.Moderator, Expires: time.Now().Add(time.Hour)})
	for query, want := range map[string]string{
		"":                  "How many cores?|What is a channel?|什麼是並發？",
		"?q=CHANNEL":        "What is a channel?",
		"?q=并发":             "什麼是並發？",
		"?q=what+cores":     "",
		"?tag=ＧＯ":           "What is a channel?|什麼是並發？",
		"?tag=go&tag=并发":    "什麼是並發？",
		"?type=numeric":     "How many cores?",
		"?type=choice&q=go": "What is a channel?|什麼是並發？",
		"?limit=1":          "How many cores?",
	} {
		parts, err := url.ParseQuery(strings.TrimPrefix(query, "?"))
		if err != nil {
			t.Fatal(err)
		}
		if _, out := r.call("GET", "/v1/bank/questions?"+parts.Encode(), elsewhere, ""); textsOf(t, out) != want {
			t.Errorf("%s: %s", query, textsOf(t, out))
		}
	}
	_, page := r.call("GET", "/v1/bank/questions?limit=2", host, "")
	_, next := r.call("GET", fmt.Sprintf("/v1/bank/questions?limit=2&before=%v", page["next"]), host, "")
	if textsOf(t, next) != "什麼是並發？" || next["next"] != 0.0 || next["total"] != 3.0 {
		t.Errorf("the second page: %v", next)
	}
	if _, tags := r.call("GET", "/v1/bank/tags", host, ""); fmt.Sprint(tags["tags"]) != "[map[count:2 tag:Go] map[count:1 tag:並發]]" {
		t.Errorf("tags %v", tags)
	}

	one := fmt.Sprint("/v1/bank/questions/", id)
	changed := `{"text":"What is a buffered channel?","choices":["a","b"],"correct":[1]}`
	for what, token := range map[string]string{"a viewer": r.token("hana", wire.Viewer), "nobody": "", "another": r.token("otto", wire.Host)} {
		for method, path := range map[string]string{"PUT": one, "DELETE": one, "GET": "/v1/bank/questions"} {
			status, out := r.call(method, path, token, changed)
			switch {
			case what == "another" && method == "GET":
				if textsOf(t, out) != "" {
					t.Errorf("another sees %s", textsOf(t, out))
				}
			case what == "another" && status != 404, what != "another" && status != 401 && status != 403:
				t.Errorf("%s, %s: %d %v", what, method, status, out)
			}
		}
	}
	if status, out := r.call("PUT", one, host, `{"text":"什麼是並發？","choices":["a","b"],"correct":[0]}`); status != http.StatusConflict {
		t.Errorf("one that is there: %d %v", status, out)
	}
	if status, out := r.call("PUT", one, host, changed); status != 200 || out["id"] != float64(id) {
		t.Errorf("changed: %d %v", status, out)
	}
	if status, out := r.call("DELETE", one, host, ""); status != 200 || out["question"].(map[string]any)["text"] != "What is a buffered channel?" {
		t.Errorf("removed: %d %v", status, out)
	}
	if status, _ := r.call("DELETE", one, host, ""); status != 404 {
		t.Errorf("removed twice: %d", status)
	}
}

func TestBankRefusals(t *testing.T) {
	r := newRig(t, server.Config{})
	host := r.token("hana", wire.Host)
	many, err := json.Marshal(map[string]any{"questions": make([]map[string]string, 101)})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ method, path, body, code, field string }{
		{"POST", "/v1/bank/questions", `{"questions":[]}`, "wire.field", "questions"},
		{"POST", "/v1/bank/questions", string(many), "wire.field", "questions"},
		{"POST", "/v1/bank/questions", `{"questions":[{"text":"a","choices":["a","b"],"correct":[0]},{"text":"b","choices":["a","b"]}]}`, "wire.field", "questions[1].correct"},
		{"POST", "/v1/bank/questions", `{"question":[]}`, "wire.field", "question"},
		{"PUT", "/v1/bank/questions/99", `{"text":"a","choices":["a","b"],"correct":[0]}`, "wire.not_found", ""},
		{"PUT", "/v1/bank/questions/x", `{}`, "wire.not_found", ""},
		{"GET", "/v1/bank/questions?limit=101", "", "wire.field", "limit"},
		{"GET", "/v1/bank/questions?before=-1", "", "wire.field", "before"},
		{"GET", "/v1/bank/draw", "", "wire.field", "n"},
		{"GET", "/v1/bank/draw?n=101", "", "wire.field", "n"},
		{"GET", "/v1/bank/export?format=gift", "", "formats.nothing", ""},
		{"GET", "/v1/bank/export?format=doc", "", "wire.field", "format"},
	} {
		_, out := r.call(tt.method, tt.path, host, tt.body)
		refusal, _ := out["error"].(map[string]any)
		if refusal["code"] != tt.code || tt.field != "" && refusal["field"] != tt.field {
			t.Errorf("%s %s: %v", tt.method, tt.path, out)
		}
	}
	if _, out := r.call("GET", "/v1/bank/questions", host, ""); out["total"] != 0.0 {
		t.Errorf("something of it was kept: %v", out)
	}
}

// Drawn are questions that fit, none twice; a file holds all that fit.
func TestBankDrawsAndExports(t *testing.T) {
	r := newRig(t, server.Config{})
	host := r.token("hana", wire.Host)
	var list []string
	for i := range 230 {
		tag := "even"
		if i%2 == 1 {
			tag = "odd"
		}
		list = append(list, fmt.Sprintf(`{"text":"Question %d","choices":["a","b"],"correct":[0],"tags":[%q]}`, i, tag))
	}
	for some := range slices.Chunk(list, 100) {
		if status, out := r.call("POST", "/v1/bank/questions", host, `{"questions":[`+strings.Join(some, ",")+`]}`); status != 200 {
			t.Fatalf("%d %v", status, out)
		}
	}
	draws := map[string]bool{}
	for range 5 {
		_, out := r.call("GET", "/v1/bank/draw?n=20&tag=Odd", host, "")
		seen := map[string]bool{}
		for text := range strings.SplitSeq(textsOf(t, out), "|") {
			var n int
			if _, err := fmt.Sscanf(text, "Question %d", &n); err != nil || n%2 == 0 || seen[text] {
				t.Errorf("drawn: %s", text)
			}
			seen[text] = true
		}
		if len(seen) != 20 || out["of"] != 115.0 {
			t.Errorf("%d of %v", len(seen), out["of"])
		}
		draws[textsOf(t, out)] = true
	}
	if len(draws) < 5 { // of 115 choose 20, in order
		t.Errorf("5 draws are only %d", len(draws))
	}
	if _, out := r.call("GET", "/v1/bank/draw?n=100&q=229", host, ""); textsOf(t, out) != "Question 229" {
		t.Errorf("drawn: %s", textsOf(t, out))
	}
	status, _, file := r.get("/v1/bank/export?format=csv&tag=even", host)
	if n := strings.Count(string(file), "Question "); status != 200 || n < 115 || strings.Contains(string(file), "Question 229") {
		t.Errorf("%d with %d questions", status, n)
	}
}

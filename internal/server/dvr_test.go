package server_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/internal/server"
	"github.com/lyceum-live/lyceum/media/record"
	"github.com/lyceum-live/lyceum/wire"
)

// TestGoingBackIsTheHostsToAllow: while a class goes on, viewers see what was
// recorded of it unless its host has switched that off; the staff always does,
// and everybody when it has ended.
func TestGoingBackIsTheHostsToAllow(t *testing.T) {
	r := newRig(t, server.Config{})
	host, ana := r.join("hana", wire.Host), r.join("ana", wire.Viewer)
	dir := t.TempDir()
	at := filepath.Join(dir, "algebra", "7")
	if err := os.MkdirAll(at, 0o700); err != nil {
		t.Fatal(err)
	}
	manifest := `{"v":1,"id":7,"room":"algebra","title":"Algebra","started":1000,"files":[{"name":"host-001.mp4","set":"host","start":0,"length":60000,"video":true,"done":true}]%s}`
	put := func(more string) string {
		if err := os.WriteFile(filepath.Join(at, "manifest.json"), fmt.Appendf(nil, manifest, more), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(at, "host-001.mp4"), []byte("film"), 0o600); err != nil {
			t.Fatal(err)
		}
		archive, err := record.Open(dir, record.Config{}, record.Told{}, zap.NewNop())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(archive.Close)
		return serveRecordings(t, r, archive)
	}
	url := put("")
	paths := []string{"/v1/rooms/algebra/recordings/7", "/v1/rooms/algebra/recordings/7/host-001.mp4"}
	see := func(what, user string, role wire.Role, want int) {
		t.Helper()
		for _, path := range paths {
			if status, _, body := ask(t, "GET", url+path, nil, "Authorization", "Bearer "+r.token(wire.UserID(user), role)); status != want {
				t.Errorf("%s: %s: %d %s", what, path, status, body)
			}
		}
	}
	see("from the beginning", "ana", wire.Viewer, http.StatusOK)
	if m := ana.ask("record.replay", "k1", `{"on":false}`); m.Type != "error" {
		t.Error("a viewer switches it off")
	}
	if m := host.ask("record.replay", "k2", `{"on":false}`); m.Type != "ok" {
		t.Fatalf("%s", m.Data)
	}
	see("switched off", "ana", wire.Viewer, http.StatusForbidden)
	see("switched off", "hana", wire.Host, http.StatusOK)
	if m := host.ask("record.start", "k3", `{}`); m.Type != "ok" {
		t.Fatal(m)
	}
	changed := ana.until(func(m message) bool { return m.Type == "record.changed" })
	if strings.Contains(string(changed.Data), "replay") {
		t.Errorf("viewers are told that they may: %s", changed.Data)
	}
	host.ask("record.replay", "k4", `{"on":true}`)
	if changed = ana.until(func(m message) bool { return m.Type == "record.changed" }); !strings.Contains(string(changed.Data), `"replay":true`) {
		t.Errorf("switched on again: %s", changed.Data)
	}
	see("switched on again", "ana", wire.Viewer, http.StatusOK)
	host.ask("record.replay", "k5", `{"on":false}`)
	url = put(`,"ended":61000`)
	see("when it has ended", "ana", wire.Viewer, http.StatusOK)
}

// TestStaffWithRecordings: what the class knows of somebody counts, not what
// their token says; they make clips of what they see, and what is deleted is
// in the class's record.
func TestStaffWithRecordings(t *testing.T) {
	r := newRig(t, server.Config{})
	url, _ := newCinema(t, r)
	host := r.join("hana", wire.Host)
	r.join("ana", wire.Viewer)
	r.join("mo", wire.Moderator)
	bearer := func(user wire.UserID, role wire.Role) []string {
		return []string{"Authorization", "Bearer " + r.token(user, role), "Content-Type", "application/json"}
	}
	one := url + "/v1/rooms/algebra/recordings/7"
	clip := func(user wire.UserID, role wire.Role, body string) int {
		status, _, _ := ask(t, "POST", one+"/clips", strings.NewReader(body), bearer(user, role)...)
		return status
	}
	if status := clip("mo", wire.Moderator, `{"from":10000,"to":20000,"title":"The proof"}`); status != http.StatusNoContent {
		t.Errorf("a moderator's clip: %d", status)
	}
	marked := host.until(func(m message) bool { return m.Type == "clip.marked" })
	if !strings.Contains(string(marked.Data), `"recording":7,"from":11000,"to":21000,"title":"The proof"`) {
		t.Errorf("marked: %s", marked.Data)
	}
	for _, bad := range []string{`{"from":-1,"to":9000}`, `{"from":5000,"to":5500}`, `{"from":0,"to":60001}`, `{"from":9000,"to":1000}`, `{}`, `{"from":0,"to":9000,"title":"` + strings.Repeat("x", 200) + `"}`} {
		if status := clip("mo", wire.Moderator, bad); status != http.StatusBadRequest && status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", bad, status)
		}
	}
	if status := clip("ana", wire.Viewer, `{"from":0,"to":9000}`); status != http.StatusForbidden {
		t.Errorf("a viewer's clip: %d", status)
	}
	if m := host.ask("role.set", "k1", `{"user":"mo","role":"viewer"}`); m.Type != "ok" {
		t.Fatalf("%s", m.Data)
	}
	if m := host.ask("role.set", "k2", `{"user":"ana","role":"moderator"}`); m.Type != "ok" {
		t.Fatalf("%s", m.Data)
	}
	if status := clip("mo", wire.Moderator, `{"from":0,"to":9000}`); status != http.StatusForbidden {
		t.Errorf("one who is a moderator no more: %d", status)
	}
	if status := clip("ana", wire.Viewer, `{"from":0,"to":9000}`); status != http.StatusNoContent {
		t.Errorf("one who has become a moderator: %d", status)
	}
	if status, _, body := ask(t, "DELETE", one, nil, bearer("ana", wire.Viewer)...); status != http.StatusForbidden {
		t.Errorf("a moderator deletes: %d %s", status, body)
	}
	if status, _, body := ask(t, "DELETE", one, nil, bearer("hana", wire.Host)...); status != http.StatusNoContent {
		t.Errorf("a host deletes: %d %s", status, body)
	}
	acted := host.until(func(m message) bool { return m.Type == "mod.acted" && strings.Contains(string(m.Data), "record.") })
	if !strings.Contains(string(acted.Data), `"act":"record.delete"`) || !strings.Contains(string(acted.Data), `"item":7`) || !strings.Contains(string(acted.Data), `"id":"hana"`) {
		t.Errorf("the class's record: %s", acted.Data)
	}
}

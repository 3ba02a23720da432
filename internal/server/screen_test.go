package server_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/lyceum-live/lyceum/internal/server"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// What the machine check says is kept at the door and over sockets.
func TestTheMachineCheckOverSockets(t *testing.T) {
	r := newRig(t, server.Config{Guests: true})
	r.house.Screen = func(text string) room.Checked {
		c := room.Checked{Text: strings.ReplaceAll(text, "darn", "****"), Block: strings.Contains(text, "vile"), Hold: strings.Contains(text, "spam")}
		if c.Text != text || c.Block || c.Hold {
			c.Rule = "words"
		}
		return c
	}
	for name, want := range map[string]string{"Ana": "Ana", "darn Ana": "**** Ana", "vile": "", "spam": ""} {
		status, answer := r.call(http.MethodPost, "/v1/rooms/algebra/join", "", `{"name":"`+name+`"}`)
		if want == "" {
			if refusal, _ := answer["error"].(map[string]any); status < 400 || status >= 500 || refusal["code"] != "mod.blocked" || refusal["field"] != "name" {
				t.Errorf("the name %q: status %d, %v", name, status, answer)
			}
		} else if user, _ := answer["user"].(map[string]any); status != http.StatusOK || user["name"] != want {
			t.Errorf("the name %q: status %d, %v", name, status, answer)
		}
	}

	mo, ana, ben := r.join("mo", wire.Moderator), r.join("ana", wire.Viewer), r.join("ben", wire.Viewer)
	if m := ana.ask("chat.say", "k1", `{"text":"vile"}`); m.Type != "error" || ana.code(m) != "mod.blocked" {
		t.Errorf("a blocked message: %s %s", m.Type, m.Data)
	}
	if m := ana.ask("chat.say", "k2", `{"text":"x","Hold":""}`); m.Type != "error" || ana.code(m) != "wire.field" {
		t.Errorf("a verdict of one's own: %s %s", m.Type, m.Data)
	}
	if m := ana.ask("chat.say", "k3", `{"text":"darn spam"}`); m.Type != "ok" {
		t.Fatalf("a message that is held: %s %s", m.Type, m.Data)
	}
	held := mo.until(func(m message) bool { return m.Type == "chat.held" })
	var item struct {
		ID   uint64
		Text string
	}
	if err := json.Unmarshal(held.Data, &item); err != nil || item.Text != "**** spam" {
		t.Fatalf("%v: %s", err, held.Data)
	}
	data, _ := json.Marshal(map[string]uint64{"item": item.ID})
	if m := mo.ask("mod.approve", "k4", string(data)); m.Type != "ok" {
		t.Fatalf("approve: %s %s", m.Type, m.Data)
	}
	if m := mo.ask("mod.approve", "k5", string(data)); m.Type != "error" || mo.code(m) != "wire.not_found" {
		t.Errorf("approve what is gone: %s %s", m.Type, m.Data)
	}
	said := ben.until(func(m message) bool {
		if m.Type == "chat.held" || m.Type == "chat.mine" {
			t.Errorf("another viewer gets %s", m.Type)
		}
		return m.Type == "chat.said"
	})
	if !strings.Contains(string(said.Data), `"**** spam"`) || strings.Contains(string(said.Data), "held") {
		t.Errorf("the class reads %s", said.Data)
	}
}

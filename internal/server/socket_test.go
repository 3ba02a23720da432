package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/internal/server"
	"github.com/lyceum-live/lyceum/reward"
	"github.com/lyceum-live/lyceum/wire"
)

// TestBadFrames sends all that is wrong in a frame of somebody who is in:
// each gets its own answer, the room is as it was, and the class goes on.
func TestBadFrames(t *testing.T) {
	r := newRig(t, server.Config{Guests: true})
	ana, ben := r.join("ana", wire.Viewer), r.join("ben", wire.Viewer)
	written := func() (events int) {
		t.Helper()
		records, err := r.store.Read(t.Context(), algebra, 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, record := range records {
			if record.Kind != "room.entered" && record.Kind != "room.left" {
				events++
			}
		}
		return events
	}
	before := written()
	deep := func(n int) string { return strings.Repeat(`[`, n) + strings.Repeat(`]`, n) }
	for i, tt := range []struct{ name, frame, code string }{
		{"not JSON", `hello`, "wire.malformed"},
		{"cut off", `{"id":7,"type":"chat.say"`, "wire.malformed"},
		{"two values", `{"id":7,"type":"ping"} {}`, "wire.malformed"},
		{"an array", `[]`, "wire.field"},
		{"no type", `{"id":7}`, "wire.field"},
		{"unknown type", `{"id":7,"type":"chat.shout","key":"k","data":{}}`, "wire.type"},
		{"foreign field", `{"id":7,"type":"chat.say","key":"k","data":{"text":"x","role":"host"}}`, "wire.field"},
		{"field of another case", `{"id":7,"type":"chat.say","key":"k","data":{"Text":"x"}}`, "wire.field"},
		{"repeated field", `{"id":7,"type":"chat.say","key":"k","data":{"text":"x","text":"y"}}`, "wire.field"},
		{"wrong type of field", `{"id":7,"type":"chat.say","key":"k","data":{"text":7}}`, "wire.field"},
		{"missing field", `{"id":7,"type":"poll.vote","key":"k","data":{}}`, "wire.not_found"},
		{"no key", `{"id":7,"type":"chat.say","data":{"text":"x"}}`, "wire.key"},
		{"long key", `{"id":7,"type":"chat.say","key":"` + strings.Repeat("k", 65) + `","data":{"text":"x"}}`, "wire.key"},
		{"empty text", `{"id":7,"type":"chat.say","key":"k","data":{"text":" \u200b "}}`, "wire.text"},
		{"long text", `{"id":7,"type":"chat.say","key":"k","data":{"text":"` + strings.Repeat("长", 501) + `"}}`, "wire.text"},
		{"lone surrogate", `{"id":7,"type":"chat.say","key":"k","data":{"text":"\ud800"}}`, "wire.malformed"},
		{"nested 33 deep", `{"id":7,"type":"chat.say","key":"k","data":` + deep(32) + `}`, "wire.depth"},
		{"nested 60,000 deep", deep(30_000), "wire.depth"},
		{"a host's command", `{"id":7,"type":"room.end","key":"k","data":{}}`, "auth.forbidden"},
		{"a moderator's command", `{"id":7,"type":"mod.ban","key":"k","data":{"user":"ben"}}`, "auth.forbidden"},
		{"a second hello", `{"id":7,"type":"hello","data":{"token":"x"}}`, "wire.type"},
		{"media without right", `{"id":7,"type":"media.publish","data":{"sdp":"v=0","sources":{}}}`, "media.forbidden"},
		{"unknown media", `{"id":7,"type":"media.explode","data":{}}`, "wire.type"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := r.join(wire.UserID(fmt.Sprint("p", i)), wire.Viewer) // anew: ten broken frames close a socket
			k.send(tt.frame)
			m := k.until(func(m message) bool { return m.Type == "error" })
			if code := k.code(m); code != tt.code {
				t.Errorf("got %s, want %s", code, tt.code)
			}
			if m := k.ask("ping", "", `{}`); m.Type != "ok" {
				t.Errorf("the socket does not go on: %s", m.Type)
			}
			_ = k.ws.CloseNow()
		})
	}
	if after := written(); after != before {
		t.Errorf("the room has changed: %d events, were %d", after, before)
	}
	if m := ana.ask("chat.say", "k1", `{"text":"still here"}`); m.Type != "ok" {
		t.Errorf("ana: %s %s", m.Type, m.Data)
	}
	ben.until(func(m message) bool { return m.Type == "chat.said" })
}

// TestBadSockets closes those who do not speak the protocol with the code
// that says so.
func TestBadSockets(t *testing.T) {
	r := newRig(t, server.Config{Guests: true})
	r.join("mo", wire.Moderator)
	claims := func(change func(*auth.Claims)) string {
		c := auth.Claims{Kind: auth.Room, Room: algebra, User: "ana", Name: "Ana", Role: wire.Viewer, Expires: time.Now().Add(time.Hour)}
		change(&c)
		return r.mint(c)
	}
	hello := func(token string) string { return fmt.Sprintf(`{"id":1,"type":"hello","data":{"token":%q}}`, token) }
	class, admin := "/v1/rooms/algebra/socket", "/v1/rooms/algebra/admin"
	for _, tt := range []struct {
		name, path, frame string
		close             wire.CloseCode
		code              string
	}{
		{"no hello first", class, `{"id":1,"type":"ping"}`, wire.CloseProtocol, "wire.type"},
		{"broken hello", class, `{`, wire.CloseProtocol, "wire.malformed"},
		{"no token", class, hello(""), wire.CloseToken, "auth.token"},
		{"broken token", class, hello("a.b.c"), wire.CloseToken, "auth.token"},
		{"token of another room", class, hello(claims(func(c *auth.Claims) { c.Room = "geometry" })), wire.CloseToken, "auth.room"},
		{"expired token", class, hello(claims(func(c *auth.Claims) { c.Expires = time.Now().Add(-time.Hour) })), wire.CloseExpired, "auth.expired"},
		{"an invitation is no token", class, hello(r.mint(auth.Claims{Kind: auth.Invitation, Room: algebra, Role: wire.Host, Expires: time.Now().Add(time.Hour)})), wire.CloseToken, "auth.token"},
		{"viewer at the moderators' socket", admin, hello(claims(func(*auth.Claims) {})), wire.CloseRefused, "auth.forbidden"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := r.open(tt.path)
			b.send(tt.frame)
			code, refusal := b.closed()
			if code != websocket.StatusCode(tt.close) || refusal != tt.code {
				t.Errorf("closed with %d after %q, want %d after %q", code, refusal, tt.close, tt.code)
			}
		})
	}
	t.Run("says nothing", func(t *testing.T) {
		hasty := newRig(t, server.Config{Hello: 50 * time.Millisecond})
		if code, _ := hasty.open(class).closed(); code != websocket.StatusCode(wire.CloseHello) {
			t.Errorf("closed with %d", code)
		}
	})
	t.Run("binary", func(t *testing.T) {
		b := r.join("ana", wire.Viewer)
		b.write(websocket.MessageBinary, []byte(`{"id":2,"type":"ping"}`))
		if code, _ := b.closed(); code != websocket.StatusUnsupportedData {
			t.Errorf("closed with %d", code)
		}
	})
	t.Run("not UTF-8", func(t *testing.T) {
		b := r.join("ana", wire.Viewer)
		b.write(websocket.MessageText, []byte("{\"id\":2,\"type\":\"\xff\"}"))
		if code, _ := b.closed(); code != websocket.StatusInvalidFramePayloadData {
			t.Errorf("closed with %d", code)
		}
	})
	t.Run("too long", func(t *testing.T) {
		b := r.join("ana", wire.Viewer)
		b.write(websocket.MessageText, make([]byte, wire.MaxFrame+1))
		if code, _ := b.closed(); code != websocket.StatusMessageTooBig {
			t.Errorf("closed with %d", code)
		}
	})
	t.Run("broken again and again", func(t *testing.T) {
		b := r.join("ana", wire.Viewer)
		for range 12 {
			b.write(websocket.MessageText, []byte("{"))
		}
		if code, _ := b.closed(); code != websocket.StatusCode(wire.CloseProtocol) {
			t.Errorf("closed with %d", code)
		}
	})
	t.Run("without the subprotocol", func(t *testing.T) {
		ws, _, err := websocket.Dial(t.Context(), strings.Replace(r.http.URL, "http", "ws", 1)+class, nil)
		if err != nil {
			t.Fatal(err)
		}
		b := &browser{t: t, ws: ws}
		if code, _ := b.closed(); code != websocket.StatusCode(wire.CloseProtocol) {
			t.Errorf("closed with %d", code)
		}
	})
}

func TestForeignOriginsAreTurnedAway(t *testing.T) {
	r := newRig(t, server.Config{Guests: true, Origins: []string{"school.example"}})
	host := strings.TrimPrefix(r.http.URL, "http://")
	for origin, want := range map[string]int{
		"http://" + host:              http.StatusSwitchingProtocols,
		"https://school.example":      http.StatusSwitchingProtocols,
		"https://SCHOOL.example":      http.StatusSwitchingProtocols,
		"":                            http.StatusSwitchingProtocols, // no browser; the token decides
		"https://evil.example":        http.StatusForbidden,
		"https://school.example.evil": http.StatusForbidden,
		"https://a.school.example":    http.StatusForbidden,
		"http://" + host + "1":        http.StatusForbidden,
		"null":                        http.StatusForbidden,
	} {
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		ws, res, err := r.dial("/v1/rooms/algebra/socket", header)
		if err == nil {
			_ = ws.CloseNow()
		}
		if res == nil || res.StatusCode != want {
			t.Errorf("origin %q: %v, want %d", origin, res, want)
		}
	}
}

// TestFloods: one who sends too much is told so, and loses nothing but that.
func TestFloods(t *testing.T) {
	r := newRig(t, server.Config{Guests: true, Rate: 1, Burst: 5})
	ana := r.join("ana", wire.Viewer)
	for i := range 20 {
		ana.send(fmt.Sprintf(`{"id":%d,"type":"chat.say","key":"k%d","data":{"text":"x"}}`, i+2, i))
	}
	ok, refused := 0, 0
	for ok+refused < 20 {
		switch m := ana.until(func(m message) bool { return m.Re != 0 }); {
		case m.Type == "ok":
			ok++
		case ana.code(m) == "wire.rate":
			refused++
		default:
			t.Fatalf("%s %s", m.Type, m.Data)
		}
	}
	if ok < 5 || ok > 8 {
		t.Errorf("%d of 20 went through a burst of 5", ok)
	}
}

func TestErrorsSpeakTheSocketsLanguage(t *testing.T) {
	r := newRig(t, server.Config{Guests: true})
	b := r.open("/v1/rooms/algebra/socket")
	b.send(fmt.Sprintf(`{"id":1,"type":"hello","data":{"token":%q,"lang":"zh-Hans"}}`, r.token("ana", wire.Viewer)))
	b.until(func(m message) bool { return m.Type == "welcome" })
	b.send(`{"id":2,"type":"chat.say","data":{"text":"x"}}`)
	if m := b.until(func(m message) bool { return m.Re == 2 }); !strings.Contains(string(m.Data), "缺少键") {
		t.Errorf("got %s", m.Data)
	}
}

// TestRoomsAreApart: what happens in one room is not heard in another.
func TestRoomsAreApart(t *testing.T) {
	r := newRig(t, server.Config{Guests: true})
	ana := r.join("ana", wire.Viewer)
	other := r.open("/v1/rooms/geometry/socket")
	other.send(fmt.Sprintf(`{"id":1,"type":"hello","data":{"token":%q}}`, r.mint(auth.Claims{
		Kind: auth.Room, Room: "geometry", User: "gil", Name: "Gil", Role: wire.Viewer, Expires: time.Now().Add(time.Hour)})))
	other.until(func(m message) bool { return m.Type == "welcome" })
	ana.ask("chat.say", "k", `{"text":"only algebra"}`)
	other.id = 1
	other.ask("chat.say", "k", `{"text":"only geometry"}`)
	for _, b := range []*browser{ana, other} {
		b.id++
		b.send(fmt.Sprintf(`{"id":%d,"type":"ping"}`, b.id))
		b.until(func(m message) bool {
			if b == other && strings.Contains(string(m.Data), "only algebra") {
				t.Error("geometry heard algebra")
			}
			return m.Re == b.id
		})
	}
}

// TestHalfOpenHandshakesAreBounded: sockets that say nothing hold up nobody for
// longer than the time for a hello, and not more of them than are allowed.
func TestHalfOpenHandshakesAreBounded(t *testing.T) {
	const most = 5
	r := newRig(t, server.Config{Handshakes: most, Hello: 300 * time.Millisecond})
	r.join("ana", wire.Viewer) // who is in takes no place
	quiet := make([]*browser, most)
	for i := range quiet {
		quiet[i] = r.open("/v1/rooms/algebra/socket")
	}
	ws, res, err := r.dial("/v1/rooms/algebra/socket", nil)
	if err == nil {
		_ = ws.CloseNow()
	}
	if res == nil || res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
		t.Errorf("one too many: %v, %v", res, err)
	}
	for _, b := range quiet {
		if code, _ := b.closed(); code != websocket.StatusCode(wire.CloseHello) {
			t.Errorf("closed with %d", code)
		}
	}
	deadline := time.Now().Add(5 * time.Second)
	for { // the places are free again a moment after the goodbye
		ws, _, err := r.dial("/v1/rooms/algebra/socket", nil)
		if err == nil {
			_ = ws.CloseNow()
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the places are not free again")
		}
	}
}

// TestWhoIgnoresTheGoodbyeIsCutOff: no close handshake, no hello, no place.
func TestWhoIgnoresTheGoodbyeIsCutOff(t *testing.T) {
	r := newRig(t, server.Config{Hello: 100 * time.Millisecond})
	c, err := net.Dial("tcp", r.http.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = fmt.Fprintf(c, "GET /v1/rooms/algebra/socket HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: %s\r\n\r\n", r.http.Listener.Addr(), wire.Subprotocol)
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	heard, err := io.ReadAll(c)
	if goodbye := []byte{0x88, 2, byte(wire.CloseHello >> 8), byte(wire.CloseHello & 0xff)}; err != nil || !bytes.Contains(heard, goodbye) {
		t.Errorf("heard %q, %v", heard, err)
	}
}

// TestAHerdIsToldWhenToComeBack: more than the server lets in at once are
// refused before anything is begun for them, and come in when they were told.
func TestAHerdIsToldWhenToComeBack(t *testing.T) {
	r := newRig(t, server.Config{Joins: 20})
	var herd sync.WaitGroup
	var refused atomic.Int64
	for i := range 40 {
		herd.Go(func() {
			user := wire.UserID(fmt.Sprint("p", i))
			for {
				b := r.open("/v1/rooms/algebra/socket")
				b.send(fmt.Sprintf(`{"id":1,"type":"hello","data":{"token":%q}}`, r.token(user, wire.Viewer)))
				m, err := b.read()
				if err != nil {
					t.Error(err)
					return
				}
				if m.Type == "welcome" {
					return
				}
				var e wire.Error
				if err := json.Unmarshal(m.Data, &e); err != nil || e.Code != wire.ErrBusy.Code || e.RetryMS < 100 || e.RetryMS > 5000 {
					t.Errorf("%s: %s", user, m.Data)
					return
				}
				if code, _ := b.closed(); code != websocket.StatusCode(wire.CloseRestart) {
					t.Errorf("%s: closed with %d", user, code)
				}
				refused.Add(1)
				<-time.After(time.Duration(e.RetryMS) * time.Millisecond)
			}
		})
	}
	herd.Wait()
	if n := refused.Load(); n < 20 || n > 60 {
		t.Errorf("%d were sent away", n)
	}
	status, ok, err := r.house.Status(t.Context(), algebra)
	if err != nil || !ok || status.Count != 40 {
		t.Errorf("%d are here, %v", status.Count, err)
	}
}

// TestPointsFollowTheWelcome: everybody hears what they have, after the
// welcome and once for each of their sockets.
func TestPointsFollowTheWelcome(t *testing.T) {
	r := newRig(t, server.Config{})
	if _, _, err := r.store.Grant(t.Context(), []reward.Entry{{Key: "k", User: "ana", Points: 7, Rule: "asked", Room: algebra, Seq: 1, At: 1}}); err != nil {
		t.Fatal(err)
	}
	first, second := r.join("ana", wire.Viewer), r.join("ana", wire.Viewer)
	for _, b := range []*browser{first, second} {
		m := b.until(func(m message) bool { return m.Type == "points.balance" })
		if string(m.Data) != `{"balance":7,"gained":0,"rule":""}` {
			t.Errorf("got %s", m.Data)
		}
	}
	first.id++
	first.send(fmt.Sprintf(`{"id":%d,"type":"ping"}`, first.id))
	first.until(func(m message) bool {
		if m.Type == "points.balance" {
			t.Error("told again of another socket")
		}
		return m.Re == first.id
	})
}

package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/internal/server"
	"github.com/lyceum-live/lyceum/wire"
)

func TestWhatAnEncoderSendsIsOnAir(t *testing.T) {
	for _, mime := range []string{webrtc.MimeTypeVP8, webrtc.MimeTypeH264} {
		t.Run(mime, func(t *testing.T) {
			r := newRig(t, server.Config{})
			host := r.join("ana", wire.Host)
			e := newEncoder(t, mime)
			e.publish(r, r.token("ana", wire.Host))
			e.film('a')
			m := host.until(func(m message) bool { return m.Type == "stage.changed" && strings.Contains(string(m.Data), "camera") })
			if !strings.Contains(string(m.Data), `"microphone"`) || !strings.Contains(string(m.Data), `"ana"`) {
				m = host.until(func(m message) bool {
					return m.Type == "stage.changed" && strings.Contains(string(m.Data), `"microphone"`)
				})
			}
			viewer := r.join("ben", wire.Viewer).watch()
			viewer.both(t, 'a', 20)
			p := newPlayer(t)
			p.play(r, r.token("cem", wire.Viewer))
			p.screen.both(t, 'a', 20)
			p.screen.mu.Lock()
			if got := p.screen.mimes["video"]; got != mime {
				t.Errorf("the player gets %s", got)
			}
			p.screen.mu.Unlock()

			if got := r.do(post{method: "DELETE", path: e.location, token: r.token("ben", wire.Host)}); got.status != http.StatusNotFound {
				t.Errorf("another's DELETE: %d", got.status)
			}
			if got := r.do(post{method: "DELETE", path: e.location, token: r.token("ana", wire.Host)}); got.status != http.StatusOK {
				t.Errorf("DELETE: %d %s", got.status, got.body)
			}
			e.states.until(t, webrtc.PeerConnectionStateClosed)
			if got := r.do(post{method: "DELETE", path: e.location, token: r.token("ana", wire.Host)}); got.status != http.StatusNotFound {
				t.Errorf("DELETE again: %d", got.status)
			}
			if got := r.do(post{method: "DELETE", path: p.location, token: r.token("cem", wire.Viewer)}); got.status != http.StatusOK {
				t.Errorf("DELETE of the player: %d", got.status)
			}
			p.states.until(t, webrtc.PeerConnectionStateClosed)
		})
	}
}

func TestICERestartKeepsMedia(t *testing.T) {
	r := newRig(t, server.Config{})
	r.join("ana", wire.Host)
	token := r.token("ana", wire.Host)
	e := newEncoder(t, webrtc.MimeTypeVP8)
	e.publish(r, token)
	e.film('a')
	p := newPlayer(t)
	r.eventually("a player is let in", func() bool {
		got := r.do(post{method: "POST", path: "/v1/rooms/algebra/whep", token: r.token("cem", wire.Viewer), kind: sdpKind, body: fixtureWHEP})
		return got.status == http.StatusCreated
	})
	p.play(r, r.token("cem", wire.Viewer))
	p.screen.both(t, 'a', 20)

	restart := func(pc *webrtc.PeerConnection, location, token, answer string) (string, string) {
		offer := offerOf(t, pc, &webrtc.OfferOptions{ICERestart: true})
		ufrag, pwd := credentials(offer)
		fragment := "a=ice-ufrag:" + ufrag + "\r\na=ice-pwd:" + pwd + "\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
		got := r.do(post{method: "PATCH", path: location, token: token, kind: fragmentKind, match: "*", body: fragment})
		if got.status != http.StatusOK || got.header.Get("Content-Type") != fragmentKind {
			t.Fatalf("restart: %d %s", got.status, got.body)
		}
		next := renewed(answer, got.body)
		if next == answer {
			t.Fatal("the answer is still that of the old ICE session")
		}
		if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: next}); err != nil {
			t.Fatal(err)
		}
		return got.header.Get("ETag"), fragment
	}
	tag, fragment := restart(e.pc, e.location, token, e.answer)
	if tag == e.tag {
		t.Error("another ICE session has the same tag")
	}
	restart(p.pc, p.location, r.token("cem", wire.Viewer), p.answer)
	p.screen.both(t, 'a', 100)

	candidate := "a=candidate:1 1 udp 2130706431 127.0.0.1 50000 typ host\r\n"
	for _, tt := range []struct {
		name, match, kind, body string
		want                    int
	}{
		{"a candidate", tag, fragmentKind, fragment + candidate, http.StatusNoContent},
		{"by a list of tags", `"x", ` + tag, fragmentKind, fragment + candidate, http.StatusNoContent},
		{"without a condition", "", fragmentKind, fragment + candidate, http.StatusPreconditionRequired},
		{"of the old ICE session", e.tag, fragmentKind, fragment + candidate, http.StatusPreconditionFailed},
		{"by a weak tag", "W/" + tag, fragmentKind, fragment + candidate, http.StatusPreconditionFailed},
		{"a restart by tag", tag, fragmentKind, strings.Replace(fragment, "ice-ufrag:", "ice-ufrag:x", 1), http.StatusPreconditionFailed},
		{"another type", tag, sdpKind, fragment, http.StatusUnsupportedMediaType},
		{"nonsense", tag, fragmentKind, "hello", http.StatusBadRequest},
		{"a broken candidate", tag, fragmentKind, fragment + "a=candidate:1 1 udp x\r\n", http.StatusBadRequest},
		{"a thousand candidates", tag, fragmentKind, fragment + strings.Repeat(candidate, 1000), http.StatusBadRequest},
		{"too long", tag, fragmentKind, strings.Repeat("a=x:y\r\n", 20_000), http.StatusRequestEntityTooLarge},
		{"short words", "*", fragmentKind, "a=ice-ufrag:abc\r\na=ice-pwd:short\r\n", http.StatusBadRequest},
	} {
		if got := r.do(post{method: "PATCH", path: e.location, token: token, kind: tt.kind, match: tt.match, body: tt.body}); got.status != tt.want {
			t.Errorf("%s: %d %s, want %d", tt.name, got.status, got.body, tt.want)
		}
	}
	for i := range 70 { // drop by drop
		got := r.do(post{method: "PATCH", path: e.location, token: token, kind: fragmentKind, match: tag, body: fragment + candidate})
		if got.status != http.StatusNoContent {
			if i < 50 || got.status != http.StatusBadRequest {
				t.Errorf("candidate %d: %d", i, got.status)
			}
			break
		}
		if i == 69 {
			t.Error("candidates are not counted")
		}
	}
	p.screen.both(t, 'a', 20)
}

func TestAnEncoderTakesOverAndIsTakenOver(t *testing.T) {
	r := newRig(t, server.Config{})
	r.join("ana", wire.Host)
	token := r.token("ana", wire.Host)
	first := newEncoder(t, webrtc.MimeTypeVP8)
	first.publish(r, token)
	first.film('a')
	viewer := r.join("ben", wire.Viewer).watch()
	viewer.both(t, 'a', 10)
	second := newEncoder(t, webrtc.MimeTypeH264)
	second.publish(r, token)
	second.film('b')
	viewer.both(t, 'b', 20)
	first.states.until(t, webrtc.PeerConnectionStateClosed)
	r.eventually("the first session is over", func() bool {
		return r.do(post{method: "DELETE", path: first.location, token: token}).status == http.StatusNotFound
	})
}

func TestAPublishingTokenIsGoodForNothingElse(t *testing.T) {
	r := newRig(t, server.Config{})
	r.join("ana", wire.Host)
	status, got := r.call("POST", "/v1/rooms/algebra/encoder", r.token("ana", wire.Host), `{"hours":2}`)
	if status != http.StatusOK {
		t.Fatal(status, got)
	}
	token, _ := got["token"].(string)
	if url, _ := got["url"].(string); url != r.http.URL+"/v1/rooms/algebra/whip" {
		t.Errorf("url %q", url)
	}
	if left := time.Until(time.UnixMilli(int64(got["expires"].(float64)))); left < time.Hour || left > 2*time.Hour {
		t.Errorf("good for %v", left)
	}
	for _, role := range []wire.Role{wire.Viewer, wire.Moderator} {
		if status, _ := r.call("POST", "/v1/rooms/algebra/encoder", r.token("ben", role), `{}`); status != http.StatusForbidden {
			t.Errorf("%s: %d", role, status)
		}
	}
	if status, _ := r.call("POST", "/v1/rooms/algebra/links", token, `{"role":"viewer"}`); status != http.StatusUnauthorized {
		t.Errorf("links: %d", status)
	}
	if status, _ := r.call("GET", "/v1/me/points", token, ""); status != http.StatusUnauthorized {
		t.Errorf("points: %d", status)
	}
	if got := r.do(post{method: "POST", path: "/v1/rooms/algebra/whep", token: token, kind: sdpKind, body: fixtureWHEP}); got.status != http.StatusUnauthorized {
		t.Errorf("whep: %d", got.status)
	}
	e := newEncoder(t, webrtc.MimeTypeVP8)
	e.publish(r, token)
}

func TestSessionsOverHTTPAreRefused(t *testing.T) {
	r := newRig(t, server.Config{})
	r.join("ana", wire.Host)
	claims := auth.Claims{Kind: auth.Room, Room: algebra, User: "ana", Name: "Ana", Role: wire.Host, Expires: time.Now().Add(time.Hour)}
	elsewhere, old, unopened := claims, claims, claims
	elsewhere.Room = "geometry"
	unopened.Room = "geometry"
	old.Expires = time.Now().Add(-time.Hour)
	const host, viewer = "host", "viewer" // for each case another, for each has a pace
	audio, video := section("audio"), section("video")
	for i, tt := range []struct {
		name, way, token, kind, body string
		want                         int
		code                         string
	}{
		{"no token", "whip", "", sdpKind, fixtureOBS, 401, "auth.token"},
		{"a foreign token", "whip", r.mint(elsewhere), sdpKind, fixtureOBS, 403, "auth.room"},
		{"an old token", "whip", r.mint(old), sdpKind, fixtureOBS, 401, "auth.expired"},
		{"a viewer's token", "whip", viewer, sdpKind, fixtureOBS, 403, "media.forbidden"},
		{"a moderator's token", "whip", r.token("mo", wire.Moderator), sdpKind, fixtureOBS, 403, "media.forbidden"},
		{"not SDP", "whip", host, "application/json", "{}", 415, "wire.media_type"},
		{"no type", "whip", host, "", fixtureOBS, 415, "wire.media_type"},
		{"huge", "whip", host, sdpKind, fixtureOBS + strings.Repeat("a=x:y\r\n", 20_000), 413, "wire.too_long"},
		{"empty", "whip", host, sdpKind, "", 400, "media.sdp"},
		{"broken", "whip", host, sdpKind, "v=0\r\nnonsense", 400, "media.sdp"},
		{"without media", "whip", host, sdpKind, head(), 400, "media.sdp"},
		{"without mids", "whip", host, sdpKind, strings.ReplaceAll(fixtureOBS, "a=mid:", "a=x-mid:"), 400, "media.sdp"},
		{"without a bundle", "whip", host, sdpKind, strings.ReplaceAll(fixtureOBS, "a=group:BUNDLE 0 1\r\n", ""), 400, "media.sdp"},
		{"receiving", "whip", host, sdpKind, strings.ReplaceAll(fixtureOBS, "a=sendonly", "a=recvonly"), 400, "media.sdp"},
		{"AV1", "whip", host, sdpKind, strings.ReplaceAll(fixtureOBS, "H264/90000", "AV1/90000"), 422, "media.unsupported"},
		{"G.711", "whip", host, sdpKind, strings.ReplaceAll(fixtureOBS, "opus/48000/2", "PCMU/8000"), 422, "media.unsupported"},
		{"data", "whip", host, sdpKind, head() + strings.Replace(audio, "m=audio 9 UDP/TLS/RTP/SAVPF 111", "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", 1), 422, "media.unsupported"},
		{"two pictures", "whip", host, sdpKind, head() + video + strings.Replace(video, "a=mid:1", "a=mid:0", 1), 406, "media.tracks"},
		{"two streams", "whip", host, sdpKind, strings.Replace(fixtureOBS, "a=msid:stream stream-video", "a=msid:other stream-video", 1), 406, "media.tracks"},
		{"a player without a token", "whep", "", sdpKind, fixtureWHEP, 401, "auth.token"},
		{"a player while nothing is on air", "whep", viewer, sdpKind, fixtureWHEP, 409, "media.idle"},
		{"a player that sends", "whep", viewer, sdpKind, fixtureOBS, 400, "media.sdp"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.token == host || tt.token == viewer {
				tt.token = r.token(wire.UserID(fmt.Sprintf("%s%d", tt.token, i)), wire.Role(tt.token))
			}
			got := r.do(post{method: "POST", path: "/v1/rooms/algebra/" + tt.way, token: tt.token, kind: tt.kind, body: tt.body})
			if got.status != tt.want || !strings.Contains(got.body, `"`+tt.code+`"`) {
				t.Errorf("%d %s, want %d %s", got.status, got.body, tt.want, tt.code)
			}
			if tt.want == 409 && got.header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
		})
	}
	if got := r.do(post{method: "POST", path: "/v1/rooms/geometry/whip", token: r.mint(unopened), kind: sdpKind, body: fixtureOBS}); got.status != http.StatusNotFound {
		t.Errorf("a class that nobody has opened: %d", got.status)
	}
	for _, method := range []string{"GET", "PUT", "PATCH", "DELETE"} {
		if got := r.do(post{method: method, path: "/v1/rooms/algebra/whip", token: r.token("ana", wire.Host)}); got.status != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, got.status)
		}
	}
	for _, method := range []string{"GET", "PUT", "POST"} {
		if got := r.do(post{method: method, path: "/v1/rooms/algebra/whip/x", token: r.token("ana", wire.Host)}); got.status != http.StatusMethodNotAllowed {
			t.Errorf("%s of a session: %d", method, got.status)
		}
	}
}

func TestOtherOriginsOnlyWhereConfigured(t *testing.T) {
	for _, tt := range []struct {
		origins []string
		origin  string
		allowed bool
	}{
		{nil, "https://player.example.org", false},
		{[]string{"player.example.org"}, "https://player.example.org", true},
		{[]string{"*.example.org"}, "https://Player.example.org", true},
		{[]string{"player.example.org"}, "https://evil.example.org", false},
		{[]string{"*"}, "null", false},
	} {
		r := newRig(t, server.Config{Origins: tt.origins})
		got := r.do(post{method: "OPTIONS", path: "/v1/rooms/algebra/whep", origin: tt.origin})
		if got.status != http.StatusNoContent || got.header.Get("Accept-Post") != sdpKind {
			t.Errorf("OPTIONS: %d %v", got.status, got.header)
		}
		want := ""
		if tt.allowed {
			want = tt.origin
		}
		if have := got.header.Get("Access-Control-Allow-Origin"); have != want {
			t.Errorf("%v: %s may: %q", tt.origins, tt.origin, have)
		}
		if tt.allowed && (!strings.Contains(got.header.Get("Access-Control-Allow-Headers"), "If-Match") || !strings.Contains(got.header.Get("Access-Control-Expose-Headers"), "Location")) {
			t.Errorf("headers %v", got.header)
		}
	}
}

func TestOffersAsProgramsWriteThem(t *testing.T) {
	for name, offer := range map[string]string{"OBS": fixtureOBS, "OBS, simulcast": fixtureOBSSimulcast, "GStreamer": fixtureGStreamer} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, server.Config{})
			r.join("ana", wire.Host)
			got := r.do(post{method: "POST", path: "/v1/rooms/algebra/whip", token: r.token("ana", wire.Host), kind: sdpKind, body: offer})
			if got.status != http.StatusCreated {
				t.Fatalf("%d %s", got.status, got.body)
			}
			for _, want := range []string{"a=group:BUNDLE 0 1", "a=recvonly", "a=candidate:", "a=setup:"} {
				if !strings.Contains(got.body, want) {
					t.Errorf("no %s in\n%s", want, got.body)
				}
			}
			if strings.Contains(offer, "simulcast") && !strings.Contains(got.body, "a=simulcast:recv 0;1;2") {
				t.Errorf("no layers in\n%s", got.body)
			}
			if strings.Contains(got.body, "m=video 0") {
				t.Errorf("refused:\n%s", got.body)
			}
		})
	}
}

func TestSessionsOfOnePersonAreBounded(t *testing.T) {
	r := newRig(t, server.Config{})
	r.join("ana", wire.Host)
	token := r.token("ana", wire.Host)
	var locations []string
	for range 5 {
		got := r.do(post{method: "POST", path: "/v1/rooms/algebra/whip", token: token, kind: sdpKind, body: fixtureOBS})
		if got.status != http.StatusCreated {
			t.Fatalf("%d %s", got.status, got.body)
		}
		locations = append(locations, got.header.Get("Location"))
	}
	for i, location := range locations {
		want := http.StatusOK
		if i == 0 {
			want = http.StatusNotFound // it made way
		}
		if got := r.do(post{method: "DELETE", path: location, token: token}); got.status != want {
			t.Errorf("session %d: %d, want %d", i, got.status, want)
		}
	}
}

func TestSessionsEndWithTheToken(t *testing.T) {
	r := newRig(t, server.Config{})
	r.join("ana", wire.Host)
	e := newEncoder(t, webrtc.MimeTypeVP8)
	e.publish(r, r.mint(auth.Claims{Kind: auth.Publishing, Room: algebra, User: "ana", Name: "Ana", Role: wire.Host, Expires: time.Now().Add(2*time.Second - auth.Leeway)}))
	e.states.until(t, webrtc.PeerConnectionStateClosed)
}

func TestNobodyPublishesIntoAClassThatIsOver(t *testing.T) {
	r := newRig(t, server.Config{})
	host := r.join("ana", wire.Host)
	token := r.token("ana", wire.Host)
	e := newEncoder(t, webrtc.MimeTypeVP8)
	e.publish(r, token)
	e.film('a')
	host.until(func(m message) bool { return m.Type == "stage.changed" })
	p := newPlayer(t)
	p.play(r, r.token("cem", wire.Viewer))
	if m := host.ask("room.end", "k2", `{}`); m.Type != "ok" {
		t.Fatalf("end: %s %s", m.Type, m.Data)
	}
	r.stage.EndRoom(algebra)
	e.states.until(t, webrtc.PeerConnectionStateClosed)
	p.states.until(t, webrtc.PeerConnectionStateClosed)
	again := newEncoder(t, webrtc.MimeTypeVP8)
	got := r.do(post{method: "POST", path: "/v1/rooms/algebra/whip", token: token, kind: sdpKind, body: offerOf(t, again.pc, nil)})
	if got.status != http.StatusConflict || !strings.Contains(got.body, "room.ended") {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestWhoIsExpelledSeesNoMore(t *testing.T) {
	r := newRig(t, server.Config{})
	host := r.join("ana", wire.Host)
	r.join("cem", wire.Viewer)
	e := newEncoder(t, webrtc.MimeTypeVP8)
	e.publish(r, r.token("ana", wire.Host))
	e.film('a')
	host.until(func(m message) bool { return m.Type == "stage.changed" })
	banned, other := newPlayer(t), newPlayer(t)
	banned.play(r, r.token("cem", wire.Viewer))
	other.play(r, r.token("dan", wire.Viewer))
	if m := host.ask("mod.ban", "k1", `{"user":"cem"}`); m.Type != "ok" {
		t.Fatalf("ban: %s %s", m.Type, m.Data)
	}
	r.stage.Expel(algebra, "cem")
	banned.states.until(t, webrtc.PeerConnectionStateClosed)
	got := r.do(post{method: "POST", path: "/v1/rooms/algebra/whep", token: r.token("cem", wire.Viewer), kind: sdpKind, body: fixtureWHEP})
	if got.status != http.StatusForbidden || !strings.Contains(got.body, "mod.banned") {
		t.Errorf("%d %s", got.status, got.body)
	}
	other.screen.both(t, 'a', 20)
}

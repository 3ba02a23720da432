package server_test

import (
	"bytes"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"

	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/internal/server"
	"github.com/lyceum-live/lyceum/wire"
)

// sends plays a real film (H.264, a keyframe every two seconds) through the
// encoder's connection, without sound.
func (e *encoder) sends(t *testing.T) {
	t.Helper()
	raw, err := os.ReadFile("../../media/hls/testdata/high.h264")
	if err != nil {
		t.Fatal(err)
	}
	track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeH264, ClockRate: 90000}, "video", "encoder")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range e.pc.GetSenders() {
		if s.Track() == e.video {
			if err := s.ReplaceTrack(track); err != nil {
				t.Fatal(err)
			}
		}
	}
	var units [][]byte
	var unit []byte
	for _, nal := range bytes.Split(raw, []byte{0, 0, 1}) {
		if nal = bytes.TrimRight(nal, "\x00"); len(nal) == 0 {
			continue
		}
		unit = append(append(unit, 0, 0, 0, 1), nal...)
		if kind := nal[0] & 0x1f; kind == 1 || kind == 5 {
			units, unit = append(units, unit), nil
		}
	}
	quit, done := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(quit); <-done })
	go func() {
		defer close(done)
		tick := time.NewTicker(time.Second / 30)
		defer tick.Stop()
		for n := 0; ; n++ {
			_ = track.WriteSample(media.Sample{Data: units[n%len(units)], Duration: time.Second / 30})
			select {
			case <-tick.C:
			case <-quit:
				return
			}
		}
	}()
}

// TestHLS: a publisher's picture comes to who may see it as a playlist with
// parts that can be read, to a cache with leave to keep them, and to nobody else.
func TestHLS(t *testing.T) {
	t.Parallel()
	r := newRig(t, server.Config{Guests: true})
	host := r.join("ana", wire.Host)
	ben, eve := r.token("ben", wire.Viewer), r.token("eve", wire.Viewer)
	const at = "/v1/rooms/algebra/hls"

	if status, answer := r.call("GET", at, ben, ""); status != http.StatusOK || answer["state"] != "idle" {
		t.Fatalf("nothing is on air: %d %v", status, answer)
	}
	e := newEncoder(t, webrtc.MimeTypeH264)
	e.publish(r, r.token("ana", wire.Host))
	e.sends(t)
	host.until(func(m message) bool { return m.Type == "stage.changed" && strings.Contains(string(m.Data), "camera") })

	r.eventually("LL-HLS runs", func() bool {
		_, answer := r.call("GET", at, ben, "")
		return answer["state"] == "running" && answer["picture"] == "shown"
	})
	res, b := r.send("GET", at+"/live.m3u8", ben, nil)
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "application/vnd.apple.mpegurl" || res.Header.Get("Cache-Control") != "private, max-age=1" {
		t.Fatalf("live.m3u8: %d %v", res.StatusCode, res.Header)
	}
	if !strings.Contains(string(b), "RESOLUTION=320x180") {
		t.Errorf("the multivariant playlist:\n%s", b)
	}
	list := at + "/" + regexp.MustCompile(`(?m)^\S+/high/live\.m3u8$`).FindString(string(b))
	dir := strings.TrimSuffix(list, "live.m3u8")
	_, b = r.send("GET", list, ben, nil)
	hint := regexp.MustCompile(`PRELOAD-HINT:TYPE=PART,URI="([^"]+)"`).FindStringSubmatch(string(b))
	opening := regexp.MustCompile(`MAP:URI="([^"]+)"`).FindStringSubmatch(string(b))
	if hint == nil || opening == nil {
		t.Fatalf("the playlist:\n%s", b)
	}
	var init fmp4.Init
	if _, b := r.send("GET", dir+opening[1], ben, nil); init.Unmarshal(bytes.NewReader(b)) != nil || len(init.Tracks) != 2 {
		t.Errorf("the initialization section: %+v", init)
	}
	var parts fmp4.Parts
	res, b = r.send("GET", dir+hint[1], ben, nil) // waits for it
	if res.StatusCode != http.StatusOK || parts.Unmarshal(b) != nil || len(parts) != 1 || len(parts[0].Tracks) != 2 {
		t.Fatalf("the part that comes next: %d, %d bytes, %d parts", res.StatusCode, len(b), len(parts))
	}
	if got := res.Header.Get("Cache-Control"); got != "private, max-age=3600, immutable" {
		t.Errorf("a part is to be kept as %q", got)
	}

	// A cache with a key of its own may keep things for all.
	if res, _ := r.send("GET", dir+hint[1], "a-long-secret-of-the-shop", nil); res.StatusCode != http.StatusOK || res.Header.Get("Cache-Control") != "public, max-age=3600, immutable" {
		t.Errorf("for a cache: %d %v", res.StatusCode, res.Header)
	}
	if res, b := r.send("GET", at+"/plain.m3u8", "a-long-secret-of-the-shop", nil); res.StatusCode != http.StatusOK || strings.Contains(string(b), "live.m3u8") {
		t.Errorf("plain.m3u8: %d\n%s", res.StatusCode, b)
	}

	// By the cookie, which goes nowhere else.
	res, _ = r.send("GET", at, ben, nil)
	cookies := res.Cookies()
	if len(cookies) != 1 || cookies[0].Path != at || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteStrictMode {
		t.Fatalf("cookies: %v", cookies)
	}
	if res, _ := r.send("GET", dir+opening[1], "", nil, "Cookie", cookies[0].Name+"="+cookies[0].Value); res.StatusCode != http.StatusOK {
		t.Errorf("by the cookie: %d", res.StatusCode)
	}

	elsewhere := r.mint(auth.Claims{Kind: auth.Room, Room: "other", User: "zoe", Name: "Zoe", Role: wire.Viewer, Expires: time.Now().Add(time.Hour)})
	for _, bad := range []struct {
		token, path string
		status      int
		code        string
	}{
		{"", list, 401, "auth.token"},
		{"nonsense", list, 401, "auth.token"},
		{elsewhere, list, 403, "auth.room"},
		{ben, dir + "99999.0.m4s", 404, "hls.none"},
		{ben, dir + "%2e%2e/%2e%2e/secret", 404, "hls.none"},
		{ben, at + "/%2e%2e%2fposter", 404, "hls.none"},
		{ben, list + "?_HLS_msn=99999", 400, "hls.ahead"},
		{ben, list + "?_HLS_msn=-1", 400, "wire.field"},
		{ben, list + "?_HLS_part=1", 400, "wire.field"},
		{ben, "/v1/rooms/empty/hls/live.m3u8", 403, "auth.room"},
	} {
		status, answer := r.call("GET", bad.path, bad.token, "")
		refusal, _ := answer["error"].(map[string]any)
		if status != bad.status || refusal["code"] != bad.code {
			t.Errorf("%s: %d %v", bad.path, status, answer)
		}
	}

	// Who is banned has seen the last of it within seconds.
	if status, _ := r.call("GET", list, eve, ""); status != http.StatusOK {
		t.Errorf("before the ban: %d", status)
	}
	r.join("eve", wire.Viewer)
	host.ask("mod.ban", "ban-eve", `{"user":"eve"}`)
	r.eventually("the ban holds here", func() bool {
		status, _ := r.call("GET", list, eve, "")
		return status == http.StatusForbidden
	})
}

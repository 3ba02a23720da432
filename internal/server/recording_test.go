package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/jpeg"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/catalog"
	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/internal/server"
	"github.com/lyceum-live/lyceum/media/record"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// manifest is of a recording of algebra: a film, a clip and three chapters.
const manifest = `{"v":1,"id":7,"room":"algebra","title":"Algebra","started":1000,"ended":61000,
"files":[{"name":"host-001.mp4","set":"host","start":0,"length":60000,"video":true,"width":640,"height":360,"done":true}],
"chapters":[{"at":0,"kind":"segment","ref":3},{"at":20000,"kind":"question","ref":9},{"at":40000,"kind":"poll","ref":12}],
"clips":[{"id":8,"from":0,"to":30000,"name":"clip-8.mp4","length":30000}]}`

const filmBytes = "not really a film"

// newCinema is a server with that recording, beside the rig's own.
func newCinema(t *testing.T, r *rig) (url string, shelf *catalog.Catalog) {
	t.Helper()
	dir := t.TempDir()
	at := filepath.Join(dir, "algebra", "7")
	if err := os.MkdirAll(at, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"manifest.json": manifest, "host-001.mp4": filmBytes, "clip-8.mp4": "a clip"} {
		if err := os.WriteFile(filepath.Join(at, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	archive, err := record.Open(dir, record.Config{}, record.Told{}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(archive.Close)
	shelf, err = catalog.New(nil, time.Now)
	if err == nil {
		err = shelf.Add(catalog.Item{ID: record.Public(algebra, 8), Kind: catalog.Video, Title: "A clip"})
	}
	if err != nil {
		t.Fatal(err)
	}
	return serveWith(t, r, archive, shelf), shelf
}

// serveRecordings serves an archive beside the rig's own parts.
func serveRecordings(t *testing.T, r *rig, archive *record.Archive) string {
	shelf, err := catalog.New(nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return serveWith(t, r, archive, shelf)
}

func serveWith(t *testing.T, r *rig, archive *record.Archive, shelf *catalog.Catalog) string {
	t.Helper()
	s, err := server.New(server.Config{}, server.Parts{
		House: r.house, Keys: r.keys, Catalog: shelf, Log: zap.NewNop(), Recordings: archive,
		ChapterWords: func(context.Context, record.Manifest) []string { return []string{"Sets --> & <b>\nmaps", "", "Ready?"} },
		Static: fstest.MapFS{
			"i18n/en.json":    {Data: []byte(`{"recording.kind.question":"A question was answered"}`)},
			"i18n/zh-CN.json": {Data: []byte(`{"recording.kind.question":"回答问题"}`)},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	return h.URL
}

// ask makes a request with headers given as name and value in turn.
func ask(t *testing.T, method, url string, body io.Reader, headers ...string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(b)
}

// TestRecordingsAreForTheClass: with a token of the room they are listed, and
// from then on a film plays with a cookie that is of no other use; without one,
// with that of another room, and for those who are banned, there is nothing.
func TestRecordingsAreForTheClass(t *testing.T) {
	r := newRig(t, server.Config{})
	url, _ := newCinema(t, r)
	r.join("ana", wire.Viewer)
	list, film := url+"/v1/rooms/algebra/recordings", url+"/v1/rooms/algebra/recordings/7/host-001.mp4"
	bearer := func(token string) []string { return []string{"Authorization", "Bearer " + token} }

	status, header, body := ask(t, "GET", list, nil, bearer(r.token("ana", wire.Viewer))...)
	if status != http.StatusOK || !strings.Contains(body, `"id":7`) || strings.Contains(body, "host-001") {
		t.Fatalf("the list: %d %s", status, body)
	}
	cookies, err := http.ParseSetCookie(header.Get("Set-Cookie"))
	if err != nil || !cookies.HttpOnly || cookies.SameSite != http.SameSiteStrictMode || cookies.Path != "/v1/rooms/algebra/recordings" {
		t.Fatalf("the cookie: %v, %v", cookies, err)
	}
	cookie := []string{"Cookie", cookies.Name + "=" + cookies.Value}

	status, header, body = ask(t, "GET", film, nil, append(cookie, "Range", "bytes=4-9")...)
	if status != http.StatusPartialContent || body != "really" || header.Get("Content-Type") != "video/mp4" || header.Get("Content-Range") != "bytes 4-9/17" {
		t.Errorf("a range: %d %q %v", status, body, header)
	}
	if status, _, _ = ask(t, "GET", film, nil, append(cookie, "Range", "bytes=99-")...); status != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("a range beyond the end: %d", status)
	}

	other := r.mint(auth.Claims{Kind: auth.Room, Room: "geometry", User: "ana", Name: "Ana", Role: wire.Host, Expires: time.Now().Add(time.Hour)})
	past := r.mint(auth.Claims{Kind: auth.Room, Room: algebra, User: "ana", Name: "Ana", Role: wire.Viewer, Expires: time.Now().Add(-time.Hour)})
	for name, headers := range map[string][]string{
		"nothing": nil, "another room's token": bearer(other), "an old token": bearer(past), "nonsense": bearer("x"),
		"another room's cookie": {"Cookie", cookies.Name + "=" + other},
	} {
		for _, path := range []string{list, list + "/7", film, list + "/7/chapters.vtt"} {
			if status, _, body := ask(t, "GET", path, nil, headers...); status != http.StatusUnauthorized && status != http.StatusForbidden {
				t.Errorf("with %s: %s: %d %s", name, path, status, body)
			}
		}
	}
	for _, path := range []string{"/7/manifest.json", "/7/clip-8.mp4", "/7/poster.jpg", "/7/..%2f7%2fhost-001.mp4", "/7/%2e%2e", "/8", "/x", "/-1", "/8/host-001.mp4"} {
		if status, _, body := ask(t, "GET", list+path, nil, cookie...); status != http.StatusNotFound {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}

	if err := r.house.Do(t.Context(), algebra, wire.System, room.Ban{User: "ana"}); err != nil {
		t.Fatal(err)
	}
	if status, _, body := ask(t, "GET", film, nil, cookie...); status != http.StatusForbidden {
		t.Errorf("banned: %d %s", status, body)
	}
}

func TestChaptersOfARecording(t *testing.T) {
	r := newRig(t, server.Config{})
	url, _ := newCinema(t, r)
	token := r.token("ana", wire.Viewer)
	status, _, body := ask(t, "GET", url+"/v1/rooms/algebra/recordings/7", nil, "Authorization", "Bearer "+token)
	var view struct {
		Chapters []struct {
			At          int64
			Kind, Title string
		}
		Files []struct{ URL, Type, Set string }
	}
	if err := json.Unmarshal([]byte(body), &view); err != nil || status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	if len(view.Chapters) != 3 || view.Chapters[1].Title != "" || view.Chapters[2].Title != "Ready?" ||
		len(view.Files) != 1 || view.Files[0].URL != "/v1/rooms/algebra/recordings/7/host-001.mp4" || view.Files[0].Type != "video/mp4" {
		t.Errorf("%+v", view)
	}
	_, header, vtt := ask(t, "GET", url+"/v1/rooms/algebra/recordings/7/chapters.vtt", nil, "Authorization", "Bearer "+token, "Accept-Language", "zh-CN")
	want := "WEBVTT\n\n00:00:00.000 --> 00:00:20.000\nSets --&gt; &amp; &lt;b&gt; maps\n\n00:00:20.000 --> 00:00:40.000\n回答问题\n\n00:00:40.000 --> 00:01:00.000\nReady?\n"
	if vtt != want || header.Get("Content-Type") != "text/vtt; charset=utf-8" {
		t.Errorf("got %q", vtt)
	}
}

// TestWhatHostsDoWithRecordings: they alone, and not by a cookie, post posters
// and delete; what is deleted is out of the catalogue too.
func TestWhatHostsDoWithRecordings(t *testing.T) {
	r := newRig(t, server.Config{})
	url, shelf := newCinema(t, r)
	host, ana := r.token("hana", wire.Host), r.token("ana", wire.Viewer)
	clip := url + "/v1/clips/" + record.Public(algebra, 8) + ".mp4"
	if status, _, body := ask(t, "GET", clip, nil); status != http.StatusOK || body != "a clip" {
		t.Errorf("the clip: %d %s", status, body)
	}
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, image.NewRGBA(image.Rect(0, 0, 8, 8)), nil); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, token string
		body        []byte
		want        int
	}{
		{"a host", host, picture.Bytes(), http.StatusNoContent},
		{"a viewer", ana, picture.Bytes(), http.StatusForbidden},
		{"no picture", host, []byte("GIF89a"), http.StatusBadRequest},
		{"a large one", host, append(picture.Bytes(), make([]byte, 600<<10)...), http.StatusBadRequest},
	} {
		if status, _, body := ask(t, "POST", url+"/v1/rooms/algebra/poster", bytes.NewReader(tt.body), "Authorization", "Bearer "+tt.token); status != tt.want {
			t.Errorf("a poster by %s: %d %s", tt.name, status, body)
		}
	}
	one := url + "/v1/rooms/algebra/recordings/7"
	for _, headers := range [][]string{{"Authorization", "Bearer " + ana}, {"Cookie", "lyceum-recordings=" + host}, nil} {
		if status, _, body := ask(t, "DELETE", one, nil, headers...); status != http.StatusForbidden && status != http.StatusUnauthorized {
			t.Errorf("deleted with %v: %d %s", headers, status, body)
		}
	}
	if status, _, body := ask(t, "DELETE", one, nil, "Authorization", "Bearer "+host); status != http.StatusNoContent {
		t.Errorf("delete: %d %s", status, body)
	}
	if len(shelf.Videos()) > 0 {
		t.Error("the clip is still in the catalogue")
	}
	for _, gone := range []string{one, clip} {
		if status, _, _ := ask(t, "GET", gone, nil, "Authorization", "Bearer "+host); status != http.StatusNotFound {
			t.Errorf("%s: %d", gone, status)
		}
	}
}

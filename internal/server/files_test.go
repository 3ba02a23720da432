package server_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/internal/server"
	"github.com/lyceum-live/lyceum/wire"
)

func somePicture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 24))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// uploaded names what is in the folder of uploaded files.
func (r *rig) uploaded() (names []string) {
	r.t.Helper()
	entries, err := os.ReadDir(r.files)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestUpload(t *testing.T) {
	r := newRig(t, server.Config{})
	maya := r.token("maya", wire.Host)
	picture := somePicture(t)
	status, f := r.call("POST", "/v1/rooms/algebra/files", maya, string(picture))
	url, _ := f["url"].(string)
	if _, ours := wire.FileOf(url); status != 200 || !ours || f["kind"] != "image" || f["type"] != "image/png" ||
		f["bytes"] != float64(len(picture)) || f["width"] != 40.0 || f["height"] != 24.0 || len(f) != 6 {
		t.Fatalf("%d %v", status, f)
	}
	if status, again := r.call("POST", "/v1/rooms/algebra/files", r.token("mod", wire.Moderator), string(picture)); status != 200 || again["url"] != url {
		t.Errorf("the same once more: %d %v", status, again)
	}

	res, b := r.send("GET", url, "", nil)
	for name, want := range map[string]string{
		"Content-Type": "image/png", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox",
		"Cache-Control": "private, max-age=31536000, immutable", "Accept-Ranges": "bytes", "Cross-Origin-Resource-Policy": "same-origin",
		"ETag": `"` + strings.TrimPrefix(url, "/v1/files/") + `"`,
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if res.StatusCode != 200 || !bytes.Equal(b, picture) {
		t.Errorf("%d with %d bytes", res.StatusCode, len(b))
	}
	for _, tt := range []struct {
		name, header, value string
		status              int
		body                string
	}{
		{"a part", "Range", "bytes=1-3", 206, "PNG"},
		{"its end", "Range", "bytes=-4", 206, string(picture[len(picture)-4:])},
		{"beyond its end", "Range", "bytes=100000-", 416, ""},
		{"what is known", "If-None-Match", res.Header.Get("ETag"), 304, ""},
		{"a part of another", "If-Range", `"other"`, 200, string(picture)},
	} {
		got, b := r.send("GET", url, "", nil, tt.header, tt.value)
		if got.StatusCode != tt.status || tt.status != 416 && string(b) != tt.body {
			t.Errorf("%s: %d %q", tt.name, got.StatusCode, b)
		}
	}
	if res, b := r.send("HEAD", url, "", nil); res.StatusCode != 200 || len(b) != 0 || res.ContentLength != int64(len(picture)) {
		t.Errorf("HEAD: %d, %d bytes", res.StatusCode, res.ContentLength)
	}
}

func TestUploadsAreRefused(t *testing.T) {
	r := newRig(t, server.Config{})
	maya, picture := r.token("maya", wire.Host), string(somePicture(t))
	demoted := r.token("mod", wire.Moderator)
	host := r.join("maya", wire.Host)
	r.join("mod", wire.Moderator)
	if m := host.ask("role.set", "k1", `{"user":"mod","role":"viewer"}`); m.Type != "ok" {
		t.Fatalf("%s %s", m.Type, m.Data)
	}
	for _, tt := range []struct {
		name, path, token, body string
		status                  int
		code                    string
	}{
		{"nobody", "/v1/rooms/algebra/files", "", picture, 401, "auth.token"},
		{"a viewer", "/v1/rooms/algebra/files", r.token("ana", wire.Viewer), picture, 403, "auth.forbidden"},
		{"who was a moderator", "/v1/rooms/algebra/files", demoted, picture, 403, "auth.forbidden"},
		{"another room's host", "/v1/rooms/history/files", maya, picture, 403, "auth.room"},
		{"HTML", "/v1/rooms/algebra/files", maya, "<!doctype html><script>alert(1)</script>", 415, "file.type"},
		{"SVG", "/v1/rooms/algebra/files", maya, `<svg xmlns="http://www.w3.org/2000/svg"/>`, 415, "file.type"},
		{"half a picture", "/v1/rooms/algebra/files", maya, picture[:len(picture)/2], 422, "file.broken"},
		{"nothing", "/v1/rooms/algebra/files", maya, "", 415, "file.type"},
		{"too much", "/v1/rooms/algebra/files", maya, picture + strings.Repeat("x", 9<<20), 413, "file.large"},
	} {
		status, answer := r.call("POST", tt.path, tt.token, tt.body)
		refusal, _ := answer["error"].(map[string]any)
		if status != tt.status || refusal["code"] != tt.code {
			t.Errorf("%s: %d %v, want %d %s", tt.name, status, answer, tt.status, tt.code)
		}
	}
	for _, path := range []string{
		"/v1/files/", "/v1/files/..%2f..%2fauth.key", "/v1/files/%2e%2e", "/v1/files/" + strings.Repeat("0", 64), "/v1/files/" + strings.Repeat("z", 64),
		"/v1/files/" + strings.Repeat("0", 64) + "%00", "/v1/files/..%5c..%5cauth.key",
	} {
		if res, b := r.send("GET", path, "", nil); res.StatusCode != 404 || !strings.Contains(string(b), "wire.not_found") {
			t.Errorf("%s: %d %s", path, res.StatusCode, b)
		}
	}
}

// What is a picture and may be taken for a page is served as a picture, in
// which nothing runs, without what was hung on behind it.
func TestPolyglot(t *testing.T) {
	r := newRig(t, server.Config{})
	page := "<html><script>alert(document.domain)</script></html>"
	_, f := r.call("POST", "/v1/rooms/algebra/files", r.token("maya", wire.Host), string(somePicture(t))+page)
	res, b := r.send("GET", fmt.Sprint(f["url"]), "", nil, "Accept", "text/html")
	if bytes.Contains(b, []byte("script")) || res.Header.Get("Content-Type") != "image/png" || res.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("a picture: %v %q", res.Header, b)
	}
	// A sound is kept as it came; its type and the policy are what holds.
	_, f = r.call("POST", "/v1/rooms/algebra/files", r.token("maya", wire.Host), "ID3\x04\x00\x00\x00\x00\x02\x01"+page)
	res, b = r.send("GET", fmt.Sprint(f["url"]), "", nil, "Accept", "text/html")
	if !bytes.Contains(b, []byte(page)) || res.Header.Get("Content-Type") != "audio/mpeg" || res.Header.Get("X-Content-Type-Options") != "nosniff" ||
		!strings.Contains(res.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("a sound: %v %q", res.Header, b)
	}
}

// raw sends the beginning of an upload over a connection of its own.
func (r *rig) raw(length int64, body []byte) net.Conn {
	r.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(r.http.URL, "http://"))
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	head := fmt.Sprintf("POST /v1/rooms/algebra/files HTTP/1.1\r\nHost: lyceum\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n", r.token("maya", wire.Host), length)
	if _, err := c.Write(append([]byte(head), body...)); err != nil {
		r.t.Fatal(err)
	}
	return c
}

// Who claims to send four gigabytes is refused before they have, and so is who
// sends a picture and claims too much for one.
func TestClaimedLength(t *testing.T) {
	r := newRig(t, server.Config{})
	for _, body := range [][]byte{nil, somePicture(t)} {
		length := int64(4 << 30)
		if body != nil {
			length = 9 << 20
			body = append(body, make([]byte, 8<<10)...) // enough to see what it is
		}
		answer := make([]byte, 512)
		n, err := r.raw(length, body).Read(answer)
		if err != nil || !bytes.HasPrefix(answer, []byte("HTTP/1.1 413 ")) {
			t.Errorf("%d bytes claimed: %q, %v", length, answer[:n], err)
		}
	}
}

// An upload that ends too early is answered so where somebody still listens,
// and leaves nothing; the next one is kept.
func TestTruncatedUpload(t *testing.T) {
	r := newRig(t, server.Config{})
	picture := somePicture(t)
	c := r.raw(int64(len(picture)), picture[:len(picture)-3])
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil || !bytes.HasPrefix(answer, []byte("HTTP/1.1 400 ")) || !bytes.Contains(answer, []byte("file.cut")) {
		t.Errorf("%q, %v", answer, err)
	}
	if status, f := r.call("POST", "/v1/rooms/algebra/files", r.token("maya", wire.Host), string(picture)); status != 200 {
		t.Errorf("the next: %d %v", status, f)
	}
	if left := r.uploaded(); len(left) != 1 {
		t.Errorf("there is %v", left)
	}
}

package operator_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/lyceum-live/lyceum/internal/metrics/operator"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "open-sesame-open-sesame"

func TestWhichAddressesNeedASecret(t *testing.T) {
	for _, tt := range []struct {
		listen, secret string
		ok             bool
	}{
		{operator.Default, "", true},
		{"", "", true},
		{"localhost:0", "", true},
		{"LocalHost:0", "", true},
		{"[::1]:0", "", true},
		{"127.8.9.10:0", "", true},
		{"[::ffff:127.0.0.1]:0", "", true},
		{"unix:/run/lyceum.sock", "", true},
		{":9464", "", false},
		{"0.0.0.0:9464", "", false},
		{"[::]:9464", "", false},
		{"192.0.2.1:9464", "", false},
		{"ops.example.org:9464", "", false},
		{"localhost.example.org:9464", "", false},
		{":9464", secret, true},
		{":9464", "fifteen-letters", false},
		{operator.Default, "short", false},
		{"unix:", "", false},
		{"9464", "", false},
	} {
		if err := (operator.Config{Listen: tt.listen, Secret: tt.secret}).Check(); (err == nil) != tt.ok {
			t.Errorf("listen %q with secret %q: %v", tt.listen, tt.secret, err)
		}
		if tt.ok {
			continue
		}
		if d, err := operator.Open(operator.Config{Listen: tt.listen, Secret: tt.secret}, pages, zap.NewNop()); err == nil {
			d.Close(t.Context())
			t.Errorf("listen %q with secret %q was opened", tt.listen, tt.secret)
		}
	}
}

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

var pages = operator.Pages{
	Metrics: says("figures"), Health: says("alive"), Readiness: says("ready"),
	Open:   map[string]http.Handler{"GET /page": says("a page"), "GET /static/{path...}": says("a file")},
	Closed: map[string]http.Handler{"GET /v1/things": says("things"), "POST /v1/things/{name}": says("done")},
}

// rig is an open door and a way to knock.
type rig struct {
	t      *testing.T
	door   *operator.Door
	client *http.Client
	url    string
}

func open(t *testing.T, c operator.Config, log *zap.Logger) *rig {
	t.Helper()
	d, err := operator.Open(c, pages, log)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, door: d, url: "http://" + d.Addr(), client: &http.Client{Transport: &http.Transport{}}}
	if path, isUnix := strings.CutPrefix(d.Addr(), "unix:"); isUnix {
		r.url = "http://operators"
		r.client.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		}}
	}
	t.Cleanup(func() {
		r.client.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		d.Close(ctx)
	})
	return r
}

// get asks for a page with headers "Name: value" and returns what came.
func (r *rig) get(path string, headers ...string) (int, string, http.Header) {
	r.t.Helper()
	req, err := http.NewRequest(http.MethodGet, r.url+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
		if name == "Host" {
			req.Host = value
		}
	}
	res, err := r.client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return res.StatusCode, string(b), res.Header
}

func TestPages(t *testing.T) {
	r := open(t, operator.Config{Listen: "127.0.0.1:0"}, zap.NewNop())
	for path, want := range map[string]string{
		"/metrics": "figures", "/healthz": "alive", "/readyz": "ready",
		"/debug/pprof/": "goroutine", "/debug/pprof/goroutine?debug=1": "goroutine profile",
	} {
		if status, body, _ := r.get(path); status != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %.60s", path, status, body)
		}
	}
	// The command line may hold secrets; all else is nothing.
	for _, path := range []string{"/debug/pprof/cmdline", "/", "/v1/sessions", "/debug/vars"} {
		if status, body, _ := r.get(path); status != 404 || strings.Contains(body, os.Args[0]) {
			t.Errorf("%s: %d %.60s", path, status, body)
		}
	}
}

// TestPagesOfABrowserAreNoOperators: neither by another name for this machine
// nor from another site.
func TestPagesOfABrowserAreNoOperators(t *testing.T) {
	r := open(t, operator.Config{Listen: "127.0.0.1:0"}, zap.NewNop())
	for header, want := range map[string]int{
		"Host: evil.example:9464":         403,
		"Host: 127.0.0.1.evil.example":    403,
		"Host: localhost:9464":            200,
		"Host: [::1]:9464":                200,
		"Host: 127.0.0.1":                 200,
		"Sec-Fetch-Site: cross-site":      403,
		"Sec-Fetch-Site: same-site":       403,
		"Sec-Fetch-Site: none":            200,
		"Sec-Fetch-Site: same-origin":     200,
		"Authorization: Bearer something": 200,
	} {
		if status, _, _ := r.get("/metrics", header); status != want {
			t.Errorf("%s: %d, want %d", header, status, want)
		}
	}
}

// A page and its files come without the secret, and nothing else does by their
// addresses; not even those come to pages of other sites.
func TestOpenPages(t *testing.T) {
	r := open(t, operator.Config{Listen: "127.0.0.1:0", Secret: secret}, zap.NewNop())
	right := "Authorization: Bearer " + secret
	for path, want := range map[string]string{"/page": "a page", "/static/a/b.js": "a file"} {
		if status, body, _ := r.get(path); status != 200 || body != want {
			t.Errorf("%s: %d %s", path, status, body)
		}
		if status, _, _ := r.get(path, "Sec-Fetch-Site: cross-site"); status != 403 {
			t.Errorf("%s for a page of another site: %d", path, status)
		}
	}
	for _, path := range []string{"/v1/things", "/page/more", "/static/../metrics", "/static/%2e%2e/metrics", "/v1/things/page", "/", "/nothing"} {
		if status, body, _ := r.get(path); status == 200 && body != "a file" {
			t.Errorf("%s without the secret: %d %s", path, status, body)
		}
	}
	if status, body, _ := r.get("/v1/things", right); status != 200 || body != "things" {
		t.Errorf("with the secret: %d %s", status, body)
	}
	for header, want := range map[string]int{right: 200, "Authorization: Bearer guess": 401, "Accept: */*": 401} {
		name, value, _ := strings.Cut(header, ": ")
		req, err := http.NewRequest(http.MethodPost, r.url+"/v1/things/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set(name, value)
		res, err := r.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", name, res.StatusCode, want)
		}
	}
}

func TestSecret(t *testing.T) {
	seen, logs := observer.New(zap.DebugLevel)
	r := open(t, operator.Config{Listen: "127.0.0.1:0", Secret: secret}, zap.New(seen))
	right := "Authorization: Bearer " + secret
	for _, tt := range []struct {
		header string
		want   int
	}{
		{"Host: metrics.example.org", 401}, // under any name, but not without the secret
		{"Authorization: Basic " + secret, 401},
		{"Authorization: Bearer ", 401},
		{right, 200},
		{"Authorization: bearer " + secret, 200},
		{"Authorization: Bearer " + secret[:len(secret)-1], 401},
		{"Authorization: Bearer " + secret + "x", 401},
	} {
		status, body, header := r.get("/metrics", tt.header)
		if status != tt.want || (status == 200) != (body == "figures") {
			t.Errorf("%s: %d %s, want %d", tt.header, status, body, tt.want)
		}
		if status == 401 && !strings.HasPrefix(header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%s: WWW-Authenticate %q", tt.header, header.Get("WWW-Authenticate"))
		}
	}
	r.get("/metrics", right) // forgives the two that were wrong
	for _, path := range []string{"/metrics", "/healthz", "/readyz", "/debug/pprof/"} {
		if status, _, _ := r.get(path); status != 401 {
			t.Errorf("%s without a secret: %d", path, status)
		}
	}
	for i := range 5 {
		status, _, _ := r.get("/metrics", "Authorization: Bearer guess")
		if want := map[bool]int{true: 429, false: 401}[i == 4]; status != want {
			t.Errorf("guess %d: %d, want %d", i+1, status, want)
		}
	}
	status, _, header := r.get("/metrics", right)
	if status != 429 || header.Get("Retry-After") == "" {
		t.Errorf("the right secret while locked out: %d, Retry-After %q", status, header.Get("Retry-After"))
	}
	if n := logs.Len(); n != 1 {
		t.Errorf("%d lines were logged", n)
	}
	for _, line := range logs.All() {
		for _, private := range []string{"127.0.0.1", secret, "guess"} {
			if text := line.Message; strings.Contains(text, private+" ") || len(line.ContextMap()) != 1 {
				t.Errorf("logged: %s %v", text, line.ContextMap())
			}
		}
	}
}

func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ops")
	// What a server that was killed has left behind is no hindrance.
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	left.Close()

	r := open(t, operator.Config{Listen: "unix:" + path}, zap.NewNop())
	if status, body, _ := r.get("/metrics"); status != 200 || body != "figures" {
		t.Errorf("%d %s", status, body)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v: others can open it", info, err)
	}
	if _, err := operator.Open(operator.Config{Listen: "unix:" + path}, pages, zap.NewNop()); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a second one at the same path: %v", err)
	}
	r.client.CloseIdleConnections()
	r.door.Close(t.Context())
	if rest, _ := os.ReadDir(filepath.Dir(path)); len(rest) != 0 {
		t.Errorf("left behind: %v", rest)
	}

	file := filepath.Join(t.TempDir(), "notes")
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := operator.Open(operator.Config{Listen: "unix:" + file}, pages, zap.NewNop()); err == nil {
		t.Error("a file of somebody's was replaced")
	}
}

func TestTakenAddress(t *testing.T) {
	r := open(t, operator.Config{Listen: "127.0.0.1:0"}, zap.NewNop())
	_, err := operator.Open(operator.Config{Listen: r.door.Addr()}, pages, zap.NewNop())
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a second one: %v", err)
	}
}

// TestOpenConnectionsAreBounded: connections that say nothing wait in the
// kernel's queue once there are enough; when one goes, the next is served.
func TestOpenConnectionsAreBounded(t *testing.T) {
	r := open(t, operator.Config{Listen: "127.0.0.1:0"}, zap.NewNop())
	var idle []net.Conn
	dial := func() net.Conn {
		c, err := net.Dial("tcp", r.door.Addr())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	served := func(c net.Conn, patience time.Duration) bool {
		_ = c.SetReadDeadline(time.Now().Add(patience))
		_, err := c.Read(make([]byte, 1))
		return err == nil
	}
	const request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
	for range 64 { // each is accepted before the next comes
		c := dial()
		_, _ = io.WriteString(c, request)
		if !served(c, 10*time.Second) {
			t.Fatalf("connection %d is not served", len(idle)+1)
		}
		idle = append(idle, c)
	}
	late := dial()
	_, _ = io.WriteString(late, request)
	if served(late, 100*time.Millisecond) {
		t.Error("connection 65 is served")
	}
	idle[0].Close()
	if !served(late, 10*time.Second) {
		t.Error("a place is free and nobody gets it")
	}
}

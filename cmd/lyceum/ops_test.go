package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"go.uber.org/zap"
	"go.yaml.in/yaml/v3"

	"github.com/lyceum-live/lyceum/internal/bot"
	"github.com/lyceum-live/lyceum/internal/metrics/operator"
	"github.com/lyceum-live/lyceum/wire"
)

// holdServer runs a server in this process until the test ends.
func holdServer(t *testing.T, args ...string) *installation {
	t.Helper()
	c, _, err := loadConfig("serve", append([]string{
		"--http.addr", "127.0.0.1:0", "--media.listen", "127.0.0.1:0", "--ops.listen", "127.0.0.1:0",
		"--data.dir", t.TempDir(), "--log.level", "error", "--http.drain", "0s",
	}, args...), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	up, ended := make(chan *installation, 1), make(chan error, 1)
	go func() { ended <- runServer(ctx, c, io.Discard, func(in *installation) { up <- in }) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	select {
	case in := <-up:
		return in
	case err := <-ended:
		ended <- nil
		t.Fatalf("the server did not start: %v", err)
		return nil
	}
}

// get returns what a page says.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// figures are what a scrape shows.
type figures map[string]*dto.MetricFamily

func scrape(t *testing.T, in *installation) (figures, string) {
	t.Helper()
	status, text := get(t, "http://"+in.door.Addr()+"/metrics")
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return families, text
}

// of sums what a family has under some labels.
func (f figures) of(name string, labels ...string) float64 {
	sum := 0.0
	for _, m := range f[name].GetMetric() {
		matches := 0
		for _, l := range m.GetLabel() {
			for i := 0; i < len(labels); i += 2 {
				if l.GetName() == labels[i] && l.GetValue() == labels[i+1] {
					matches++
				}
			}
		}
		if 2*matches == len(labels) {
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return sum
}

// TestMetricsOfALiveClass: what people do shows in the figures, as it should,
// and nothing of who they are.
func TestMetricsOfALiveClass(t *testing.T) {
	const class, name, text = wire.RoomID("planted-room"), "Planted Name", "a planted text"
	in := holdServer(t)
	before, _ := scrape(t, in)

	token := func(name string, role wire.Role) string {
		token, err := in.pass(class, name, role)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	join := func(token string) *bot.Client {
		c, err := bot.Dial(t.Context(), in.url, class, token, "en")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		go func() {
			for range c.Messages() { // ends with the socket
			}
		}()
		return c
	}
	do := func(c *bot.Client, kind string, data map[string]any) {
		if _, err := c.Command(t.Context(), kind, data); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
	}
	planted := token(name, wire.Viewer)
	host, viewer := join(token("A host", wire.Host)), join(planted)
	do(host, "room.open", map[string]any{})
	const said = 5
	for range said {
		do(viewer, "chat.say", map[string]any{"text": text})
	}
	do(viewer, "qa.ask", map[string]any{"text": text})
	_, err := viewer.Command(t.Context(), "mod.slow", map[string]any{"seconds": 5})
	if e, ok := errors.AsType[*wire.Error](err); !ok || e.Code != "auth.forbidden" {
		t.Fatalf("a viewer slows the class: %v", err)
	}
	get(t, in.url+"/v1/rooms/"+string(class))
	get(t, in.url+"/planted/path")

	// Followers come after the acknowledgement.
	var after figures
	var body string
	for deadline := time.Now().Add(20 * time.Second); ; {
		after, body = scrape(t, in)
		if after.of("lyceum_follower_events_total", "follower", "points") >= after.of("lyceum_room_events_total") || time.Now().After(deadline) {
			break
		}
	}

	moved := func(name string, labels ...string) float64 {
		return after.of(name, labels...) - before.of(name, labels...)
	}
	for _, tt := range []struct {
		least, most float64
		name        string
		labels      []string
	}{
		{1, 1, "lyceum_room_open_seconds", nil},
		{2, 2, "lyceum_welcomes_total", []string{"kind", "snapshot"}},
		{0, 0, "lyceum_welcomes_total", []string{"kind", "resumed"}},
		{said + 4, said + 6, "lyceum_room_events_total", nil}, // title, two entered, opened, asked and what was said
		{5, 40, "lyceum_room_batch_commands", nil},
		{5, 40, "lyceum_room_inbox_wait_seconds", nil},
		{5, 40, "lyceum_room_append_seconds", nil},
		{1, 1, "lyceum_refusals_total", []string{"code", "auth.forbidden"}},
		{0, 0, "lyceum_refusals_total", []string{"code", "other"}},
		{0, 0, "lyceum_room_failures_total", nil},
		{2, 2, "lyceum_http_requests_total", []string{"route", "GET /v1/rooms/{room}/socket", "status", "1xx"}},
		{1, 1, "lyceum_http_requests_total", []string{"route", "GET /v1/rooms/{room}", "status", "2xx"}},
		{1, 1, "lyceum_http_requests_total", []string{"route", "none", "status", "4xx"}},
		{4, 4, "lyceum_http_request_duration_seconds", nil},
		{2, 2, "lyceum_people", nil},
		{2, 2, "lyceum_room_sockets", nil},
		{2, 2, "lyceum_sockets", nil},
		{said, 100, "lyceum_frames_total", nil},
		{0, 0, "lyceum_socket_evictions_total", nil},
		{1, 1, "lyceum_rooms", []string{"phase", "live"}},
		{0, 0, "lyceum_ready", nil}, // it was and is
		{8, 1000, "lyceum_socket_writes_total", nil},
		{1000, 1e6, "lyceum_socket_sent_bytes_total", nil},
		{5, 100, "lyceum_store_commits_total", nil},
		{10, 1000, "lyceum_store_rows_total", nil},
		{5, 100, "lyceum_store_commit_seconds", nil},
		{10, 1000, "lyceum_store_writes_total", nil},
		{said + 4, said + 6, "lyceum_follower_events_total", []string{"follower", "points"}},
		{0, 0, "lyceum_follower_failures_total", nil},
	} {
		if got := moved(tt.name, tt.labels...); got < tt.least || got > tt.most {
			t.Errorf("%s%v moved by %v, want %v to %v", tt.name, tt.labels, got, tt.least, tt.most)
		}
	}
	if after.of("lyceum_ready") != 1 || after.of("go_goroutines") < 5 || after.of("process_open_fds") < 5 {
		t.Error("no readiness, or nothing of the process")
	}
	for _, private := range []string{
		string(class), name, "Planted", text, "planted", planted, "127.0.0.1", string(viewer.Welcome.You.ID), in.config.Data.Dir,
	} {
		if strings.Contains(body, private) {
			t.Errorf("%q is in the output", private)
		}
	}

	// Every family has a help and a type, and a name by the conventions.
	for family, f := range after {
		if f.GetHelp() == "" || f.GetType() == dto.MetricType_UNTYPED {
			t.Errorf("%s: type %s, help %q", family, f.GetType(), f.GetHelp())
		}
	}
	problems, err := promlint.New(strings.NewReader(body)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// TestAlertsAskForWhatThereIs: each name in the sample alerts is one that the
// server has, under labels that it has.
func TestAlertsAskForWhatThereIs(t *testing.T) {
	b, err := os.ReadFile("../../configs/prometheus/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	if err := yaml.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	in := holdServer(t)
	get(t, in.url+"/healthz")
	there, _ := scrape(t, in)
	names := regexp.MustCompile(`\b(?:lyceum|process|go)_\w+`)
	selected := regexp.MustCompile(`(\w+)\{(\w+)=`)
	alerts := 0
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			alerts++
			for _, name := range names.FindAllString(rule.Expr, -1) {
				base := strings.TrimSuffix(name, "_bucket")
				if there[base] == nil || (base != name) != (there[base].GetType() == dto.MetricType_HISTOGRAM) {
					t.Errorf("%s asks for %s, which the server does not have", rule.Alert, name)
				}
			}
			for _, m := range selected.FindAllStringSubmatch(rule.Expr, -1) {
				if name, label := m[1], m[2]; label != "job" && !slices.ContainsFunc(there[name].GetMetric(), func(m *dto.Metric) bool {
					return slices.ContainsFunc(m.GetLabel(), func(l *dto.LabelPair) bool { return l.GetName() == label })
				}) {
					t.Errorf("%s asks for %s by %s", rule.Alert, name, label)
				}
			}
		}
	}
	if alerts < 10 {
		t.Errorf("%d alerts were read", alerts)
	}
}

// TestReadinessOfAServer: on both listeners, and with the reason.
func TestReadinessOfAServer(t *testing.T) {
	in := holdServer(t)
	both := func(path, want string, status int) {
		t.Helper()
		for _, base := range []string{in.url, "http://" + in.door.Addr()} {
			if got, body := get(t, base+path); got != status || !strings.Contains(body, want) {
				t.Errorf("%s: %d %s, want %d %s", path, got, body, status, want)
			}
		}
	}
	both("/readyz", "ok", 200)
	key := filepath.Join(in.config.Data.Dir, keyFile)
	if err := os.Rename(key, key+".away"); err != nil {
		t.Fatal(err)
	}
	both("/readyz", `"auth.keys"`, 503)
	both("/healthz", "ok", 200)
	if err := os.Rename(key+".away", key); err != nil {
		t.Fatal(err)
	}
	both("/readyz", "ok", 200)
}

// TestFullStoreIsNotReady: a server whose store can take no more says so, and
// lives.
func TestFullStoreIsNotReady(t *testing.T) {
	in := holdServer(t, "--store.max_bytes", "400KiB", "--room.messages", "100000", "--room.commands", "100000", "--access.rate", "10000", "--access.burst", "100000")
	token, err := in.pass("waves", "Ana", wire.Viewer)
	if err != nil {
		t.Fatal(err)
	}
	ana, err := bot.Dial(t.Context(), in.url, "waves", token, "en")
	if err != nil {
		t.Fatal(err)
	}
	defer ana.Close()
	go func() {
		for range ana.Messages() { // ends with the socket
		}
	}()
	// Small writes may still find room between two that do not: readiness says
	// how the last one fared.
	text := strings.Repeat("x", 500)
	status, body := 200, ""
	for deadline := time.Now().Add(20 * time.Second); status == 200; status, body = get(t, in.url+"/readyz") {
		_, err := ana.Command(t.Context(), "chat.say", map[string]any{"text": text})
		if e, refused := errors.AsType[*wire.Error](err); err != nil && (!refused || e.Code != "store.full") || time.Now().After(deadline) {
			t.Fatalf("the store does not fill: %v", err)
		}
	}
	if status != 503 || !strings.Contains(body, `"store.full"`) {
		t.Errorf("ready: %d %s", status, body)
	}
	if status, _ := get(t, in.url+"/healthz"); status != 200 {
		t.Errorf("health: %d", status)
	}
	if figures, _ := scrape(t, in); figures.of("lyceum_refusals_total", "code", "store.full") < 1 {
		t.Error("the refusal was not counted")
	}
}

// TestOperatorsAddress: the default may be taken, one that was chosen may not,
// and none may be open to others without a secret.
func TestOperatorsAddress(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	run := func(args ...string) (*installation, error) {
		c, _, err := loadConfig("serve", append([]string{
			"--http.addr", "127.0.0.1:0", "--media.listen", "127.0.0.1:0", "--data.dir", t.TempDir(), "--log.level", "error",
		}, args...), nil)
		if err != nil {
			return nil, err
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var in *installation
		err = runServer(ctx, c, io.Discard, func(up *installation) { in = up; stop() })
		return in, err
	}
	if _, err := run("--ops.listen", taken.Addr().String()); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("an address that is taken: %v", err)
	}
	if in, err := run("--ops.listen", ""); err != nil || in.door != nil {
		t.Errorf("none: %v", err)
	}
	if _, err := run("--ops.listen", ":0"); err == nil || !strings.Contains(err.Error(), "secret") {
		t.Errorf("open to all: %v", err)
	}
	if in, err := run("--ops.listen", ":0", "--ops.secret", "a-secret-of-enough-letters"); err != nil || in.door == nil {
		t.Errorf("with a secret: %v", err)
	}
	if _, err := run("--ops.secret", "short"); err == nil || strings.Contains(err.Error(), "short") {
		t.Errorf("a short secret: %v", err)
	}
	// Whoever has the default now, this process or another: it is taken.
	if other, err := net.Listen("tcp", operator.Default); err == nil {
		defer other.Close()
	}
	if in, err := run(); err != nil || in.door != nil {
		t.Errorf("the default, taken: %v", err)
	}
}

// trims remembers what a house was asked to let go of.
type trims struct {
	at, before []time.Time
	fail       bool
}

func (h *trims) Trim(_ context.Context, before time.Time) (int, error) {
	h.at, h.before = append(h.at, time.Now()), append(h.before, before)
	if h.fail {
		return 0, fmt.Errorf("not today")
	}
	return 1, nil
}

func TestRetention(t *testing.T) {
	const keep = 30 * 24 * time.Hour
	synctest.Test(t, func(t *testing.T) {
		h := &trims{fail: true}
		began := time.Now()
		stop := retain(h, keep, zap.NewNop())
		time.Sleep(3*24*time.Hour + time.Hour)
		stop()
		if len(h.at) != 4 || h.at[0].Sub(began) != firstTrim {
			t.Fatalf("trimmed at %v", h.at)
		}
		for i, at := range h.at {
			if at.Sub(h.at[0]) != time.Duration(i)*24*time.Hour || at.Sub(h.before[i]) != keep {
				t.Errorf("at %v what is older than %v", at, h.before[i])
			}
		}
		for _, none := range []time.Duration{0, -time.Hour} {
			h = &trims{}
			stop := retain(h, none, zap.NewNop())
			time.Sleep(72 * time.Hour)
			stop()
			if len(h.at) > 0 {
				t.Errorf("keep %v: something went", none)
			}
		}
	})
}

package metrics_test

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/internal/fanout"
	"github.com/lyceum-live/lyceum/internal/metrics"
	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// scrape asks as Prometheus does, and returns the text too.
func scrape(t *testing.T, m *metrics.Metrics) (map[string]*dto.MetricFamily, string) {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler(zap.NewNop()).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	text := w.Body.String()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return families, text
}

// value sums the metrics of a family whose labels include those given.
func value(families map[string]*dto.MetricFamily, name string, labels ...string) float64 {
	sum := 0.0
	for _, m := range families[name].GetMetric() {
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

// full returns metrics of which every family has something to show.
func full() *metrics.Metrics {
	m := metrics.New()
	m.Sockets(func() fanout.Stats { return fanout.Stats{} })
	m.Store(func() sqlite.Stats { return sqlite.Stats{} })
	m.Rooms(func() map[wire.RoomID]room.Status {
		return map[wire.RoomID]room.Status{"a": {Phase: room.Live, Count: 3}, "b": {Phase: room.Live, Count: 4}, "c": {Phase: room.Over}}
	})
	m.Media([]string{"camera", "screen"}, func() map[string]int { return map[string]int{"camera": 2} })
	m.Ready(func() error { return nil })
	m.Served("GET /", 200, time.Millisecond)
	_ = m.Followed("points", func(context.Context, wire.RoomID, []room.Happened) error { return nil })(context.Background(), "a",
		[]room.Happened{{Head: wire.Head{At: wire.At(time.Now())}}})
	return m
}

// TestLint holds names, types and helps to Prometheus' conventions.
func TestLint(t *testing.T) {
	families, text := scrape(t, full())
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	for name, f := range families {
		ours := strings.HasPrefix(name, "lyceum_")
		if !ours && !strings.HasPrefix(name, "go_") && !strings.HasPrefix(name, "process_") && !strings.HasPrefix(name, "promhttp_") {
			t.Errorf("%s has a name of nobody's", name)
		}
		if ours && (len(f.GetHelp()) < 10 || !strings.HasSuffix(f.GetHelp(), ".")) {
			t.Errorf("%s is not explained: %q", name, f.GetHelp())
		}
	}
}

// TestWhatRoomsReport: each report moves the figures that it should, and only
// those.
func TestWhatRoomsReport(t *testing.T) {
	m := full()
	failure := errors.New("no")
	for _, tt := range []struct {
		name   string
		report func()
		moves  map[string]float64
	}{
		{"a batch", func() {
			m.Batched(room.Batch{Commands: 3, Events: 2, Waited: time.Millisecond, Append: time.Millisecond})
		},
			map[string]float64{"lyceum_room_batch_commands": 1, "lyceum_room_events_total": 2, "lyceum_room_inbox_wait_seconds": 1, "lyceum_room_append_seconds": 1}},
		{"a batch of queries", func() { m.Batched(room.Batch{Commands: 3}) },
			map[string]float64{"lyceum_room_batch_commands": 1, "lyceum_room_inbox_wait_seconds": 1}},
		{"a refusal", func() { m.Refused("chat.slow") }, map[string]float64{"lyceum_refusals_total": 1}},
		{"a welcome", func() { m.Welcomed(true) }, map[string]float64{"lyceum_welcomes_total": 1}},
		{"an opening", func() { m.Opened(10, time.Second, nil) }, map[string]float64{"lyceum_room_open_seconds": 1, "lyceum_room_open_records": 1}},
		{"a failed opening", func() { m.Opened(0, time.Second, failure) }, map[string]float64{"lyceum_room_open_failures_total": 1}},
		{"a snapshot", func() { m.Saved(10, time.Second, nil) }, map[string]float64{"lyceum_room_snapshot_seconds": 1, "lyceum_room_snapshot_bytes": 1}},
		{"a failed snapshot", func() { m.Saved(0, time.Second, failure) }, map[string]float64{"lyceum_room_snapshot_failures_total": 1}},
		{"a panic", func() { m.Failed() }, map[string]float64{"lyceum_room_failures_total": 1}},
		{"a commit", func() { m.Committed(5, 9, time.Millisecond) },
			map[string]float64{"lyceum_store_commit_seconds": 1, "lyceum_store_commit_writes": 1, "lyceum_store_commit_rows": 1}},
		{"a request", func() { m.Served("GET /", 404, time.Second) },
			map[string]float64{"lyceum_http_requests_total": 1, "lyceum_http_request_duration_seconds": 1}},
		{"a follower's failure", func() {
			_ = m.Followed("points", func(context.Context, wire.RoomID, []room.Happened) error { return failure })(context.Background(), "a", nil)
		}, map[string]float64{"lyceum_follower_failures_total": 1}},
		{"a follower's work", func() {
			_ = m.Followed("points", func(context.Context, wire.RoomID, []room.Happened) error { return nil })(context.Background(), "a", make([]room.Happened, 3))
		}, map[string]float64{"lyceum_follower_events_total": 3, "lyceum_follower_handle_seconds": 1, "lyceum_follower_lag_seconds": 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before, _ := scrape(t, m)
			tt.report()
			after, _ := scrape(t, m)
			for name := range after {
				if !strings.HasPrefix(name, "lyceum_") {
					continue
				}
				if moved := value(after, name) - value(before, name); moved != tt.moves[name] {
					t.Errorf("%s moved by %v, want %v", name, moved, tt.moves[name])
				}
			}
		})
	}
}

// TestLabelsAreBounded: whatever is reported, there are no more series than
// the known codes, classes and phases make.
func TestLabelsAreBounded(t *testing.T) {
	m := full()
	for i := range 1000 {
		m.Refused("code." + strconv.Itoa(i))
		m.Served("", i, time.Millisecond)
	}
	families, _ := scrape(t, m)
	if n := len(families["lyceum_refusals_total"].GetMetric()); n != len(metrics.Codes)+1 {
		t.Errorf("%d series of refusals for %d codes", n, len(metrics.Codes))
	}
	if got := value(families, "lyceum_refusals_total", "code", "other"); got != 1000 {
		t.Errorf("%v other refusals", got)
	}
	if n := len(families["lyceum_http_requests_total"].GetMetric()); n != 1+6 {
		t.Errorf("%d series of requests", n)
	}
	if got := value(families, "lyceum_http_requests_total", "route", "none", "status", "4xx"); got != 100 {
		t.Errorf("%v requests of class 4xx", got)
	}
}

func TestWhatIsRead(t *testing.T) {
	m := metrics.New()
	var failure error
	m.Ready(func() error { return failure })
	m.Rooms(func() map[wire.RoomID]room.Status {
		return map[wire.RoomID]room.Status{"a": {Phase: room.Live, Count: 3, Sockets: 5}, "b": {Phase: room.Live, Count: 4, Sockets: 4}, "c": {Phase: room.Over}}
	})
	m.Media([]string{"camera", "screen"}, func() map[string]int { return map[string]int{"camera": 2} })
	m.Sockets(func() fanout.Stats {
		s := fanout.Stats{Connections: 12, Waiting: 2, Outbox: 999, Published: 4}
		s.Cut[fanout.CutBehind] = 3
		s.Cut[fanout.CutSilent] = 1
		return s
	})
	reads := 0
	m.Store(func() sqlite.Stats {
		reads++
		return sqlite.Stats{Jobs: 7, Waiting: 3}
	})
	families, text := scrape(t, m)
	for _, tt := range []struct {
		want   float64
		name   string
		labels []string
	}{
		{7, "lyceum_people", nil},
		{9, "lyceum_room_sockets", nil},
		{12, "lyceum_sockets", nil},
		{2, "lyceum_sockets_waiting", nil},
		{999, "lyceum_outbox_bytes", nil},
		{4, "lyceum_frames_total", nil},
		{3, "lyceum_socket_evictions_total", []string{"reason", "behind"}},
		{1, "lyceum_socket_evictions_total", []string{"reason", "silent"}},
		{0, "lyceum_socket_evictions_total", []string{"reason", "slow"}},
		{2, "lyceum_rooms", []string{"phase", "live"}},
		{1, "lyceum_rooms", []string{"phase", "ended"}},
		{0, "lyceum_rooms", []string{"phase", "waiting"}},
		{2, "lyceum_media_sources", []string{"source", "camera"}},
		{1, "lyceum_ready", nil},
		{7, "lyceum_store_writes_total", nil},
		{3, "lyceum_store_queue_writes", nil},
	} {
		if got := value(families, tt.name, tt.labels...); got != tt.want {
			t.Errorf("%s%v is %v, want %v", tt.name, tt.labels, got, tt.want)
		}
	}
	if reads != 1 {
		t.Errorf("the store was asked %d times for one scrape", reads)
	}
	if strings.Contains(text, `"a"`) {
		t.Error("a room's id is in the output")
	}
	failure = room.ErrFull
	if families, _ = scrape(t, m); value(families, "lyceum_ready") != 0 {
		t.Error("ready, though not able")
	}
}

// TestCodesAreThoseOfTheServer reads every error that the server declares.
func TestCodesAreThoseOfTheServer(t *testing.T) {
	root := filepath.Join("..", "..")
	declared := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); name == "node_modules" || name == "testdata" || len(name) > 2 && name[0] == '.' {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if code, ok := codeOf(n); ok {
				declared[code] = true
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for code := range declared {
		if !slices.Contains(metrics.Codes, code) {
			t.Errorf("%s is declared and not counted by its name", code)
		}
	}
	for _, code := range metrics.Codes {
		if !declared[code] {
			t.Errorf("%s is counted and nowhere declared", code)
		}
	}
	if !slices.IsSorted(metrics.Codes) {
		t.Error("the codes are not in order")
	}
}

// codeOf reads Error{Code: "…"}, with or without its package.
func codeOf(n ast.Node) (string, bool) {
	literal, ok := n.(*ast.CompositeLit)
	if !ok {
		return "", false
	}
	name := ""
	switch t := literal.Type.(type) {
	case *ast.Ident:
		name = t.Name
	case *ast.SelectorExpr:
		name = t.Sel.Name
	}
	if name != "Error" {
		return "", false
	}
	for _, e := range literal.Elts {
		pair, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		key, isKey := pair.Key.(*ast.Ident)
		text, isText := pair.Value.(*ast.BasicLit)
		if isKey && isText && key.Name == "Code" && text.Kind == token.STRING {
			code, err := strconv.Unquote(text.Value)
			return code, err == nil
		}
	}
	return "", false
}

func BenchmarkBatched(b *testing.B) {
	m := metrics.New()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m.Batched(room.Batch{Commands: 3, Events: 2, Waited: time.Millisecond, Append: time.Millisecond})
		}
	})
}

func BenchmarkServed(b *testing.B) {
	m := metrics.New()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m.Served("GET /v1/rooms/{room}/socket", 101, time.Millisecond)
		}
	})
}

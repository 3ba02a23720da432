package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/internal/load"
	"github.com/lyceum-live/lyceum/wire"
)

// measured runs bench for a moment.
func measured(t *testing.T, args ...string) *report {
	t.Helper()
	t.Setenv(asLyceum, "1") // for the processes that bench starts
	o, err := benchFlags(args)
	if err != nil {
		t.Fatal(err)
	}
	o.settle = 50 * time.Millisecond
	r, err := o.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// must checks figures that no machine may change.
func must(t *testing.T, r load.Result, want map[string]float64) {
	t.Helper()
	for name, value := range want {
		if f, ok := r.Figure(name); !ok || f.Value != value {
			t.Errorf("%s of %s: %s is %v, want %v; %q", r.Measure, r.Server, name, f.Value, value, r.Notes)
		}
	}
}

// TestBenchFanout measures a server and the bare loop in turns: all that was
// sent has arrived once and in order, and there is a ratio.
func TestBenchFanout(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the bare loop and a process's CPU are Linux's")
	}
	r := measured(t, "limit", "-viewers", "40", "-rate", "100", "-seconds", "0.5", "-rounds", "2", "-readers", "2")
	if len(r.Results) != 2 || r.Results[0].Server != "lyceum" || r.Results[1].Server != load.LimitName || len(r.Ratios) == 0 {
		t.Fatalf("%+v", r)
	}
	for _, result := range r.Results {
		must(t, result, map[string]float64{"delivered": 2000, "missing": 0, "refused": 0, "gaps": 0, "doubles": 0, "sockets lost": 0, "messages": 100})
	}
	var table, asJSON bytes.Buffer
	if err := r.printTables(&table); err != nil || !strings.Contains(table.String(), "late p99") || !strings.Contains(table.String(), "of lyceum to limit") {
		t.Errorf("the table: %v\n%s", err, &table)
	}
	var back report
	if err := r.printJSON(&asJSON); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(asJSON.Bytes(), &back); err != nil || len(back.Results) != 2 || back.Results[0].Rounds != 2 {
		t.Errorf("the JSON: %v\n%s", err, &asJSON)
	}
}

// TestBenchFast: many messages a second, several in a read.
func TestBenchFast(t *testing.T) {
	r := measured(t, "fanout", "-viewers", "30", "-rate", "1000", "-seconds", "0.5")
	must(t, r.Results[0], map[string]float64{"delivered": 15000, "missing": 0, "refused": 0, "gaps": 0, "doubles": 0})
}

// TestBenchAnswers: each answer is acknowledged and counted once.
func TestBenchAnswers(t *testing.T) {
	r := measured(t, "answers", "-viewers", "35", "-seconds", "0.5", "-voters", "20") // 35 divides a step of the order
	if len(r.Results) != 3 {
		t.Fatalf("%+v", r.Results)
	}
	must(t, r.Results[0], map[string]float64{
		"acknowledged": 35, "refused": 0, "know the total": 35, "counted": 35, "counts right": 1, "gaps": 0, "doubles": 0, "sockets lost": 0,
		"sent": 140, "over a new connection": 7, "repeats answered otherwise": 0,
	})
	if f, _ := r.Results[0].Figure("leader board, at most"); f.Value < 500 || f.Value > 2048 {
		t.Errorf("a leader board of %v bytes", f.Value)
	}
	must(t, r.Results[1], map[string]float64{"voters": 20, "refused": 0, "counts right": 1, "gaps": 0, "doubles": 0})
	must(t, r.Results[2], map[string]float64{"refused": 0, "counts right": 1})
	for _, result := range r.Results[1:] {
		if f, _ := result.Figure("acknowledged"); f.Value < 1 {
			t.Errorf("%s: %v acknowledged", result.Measure, f.Value)
		}
	}
}

func TestBenchJoin(t *testing.T) {
	r := measured(t, "join", "-viewers", "40", "-joins", "200")
	must(t, r.Results[0], map[string]float64{"still open": 40, "asked for": 200, "gaps": 0, "doubles": 0})
}

func TestBenchChat(t *testing.T) {
	r := measured(t, "chat", "-viewers", "300", "-seconds", "0.5")
	must(t, r.Results[0], map[string]float64{"delivered": 1500, "missing": 0, "refused": 0, "gaps": 0, "doubles": 0})
}

// TestBenchResume: all are back, and none has missed anything or heard it
// twice.
func TestBenchResume(t *testing.T) {
	r := measured(t, "resume", "-viewers", "40", "-rate", "40")
	must(t, r.Results[0], map[string]float64{"not back": 0, "behind in the end": 0, "gaps": 0, "doubles": 0, "resumed whole": 40, "by a snapshot": 0})
}

func TestBenchMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("a process's memory is read as on Linux")
	}
	r := measured(t, "memory", "-viewers", "40", "-seconds", "0.5")
	must(t, r.Results[0], map[string]float64{"missing": 0})
	if f, _ := r.Results[0].Figure("without viewers"); f.Value < 1 {
		t.Errorf("a server of %v MiB", f.Value)
	}
}

// TestBenchDistant measures a server that was there before, through the door
// that everybody takes.
func TestBenchDistant(t *testing.T) {
	p := start(t, t.TempDir())
	token := p.token("algebra", "Host", wire.Host)
	r := measured(t, "fanout", "-url", p.url, "-host-token", token, "-viewers", "10", "-rate", "20", "-seconds", "0.5")
	must(t, r.Results[0], map[string]float64{"delivered": 100, "missing": 0, "gaps": 0, "doubles": 0})
	if _, known := r.Results[0].Figure("CPU of the server"); known {
		t.Error("the CPU of a server that nothing is known of")
	}
}

// TestBenchPeer measures beside a Centrifugo server, where there is one.
func TestBenchPeer(t *testing.T) {
	path, err := exec.LookPath("centrifugo")
	if err != nil {
		t.Skip("no centrifugo on the path")
	}
	r := measured(t, "fanout", "-centrifugo", path, "-viewers", "20", "-rate", "50", "-seconds", "0.5")
	if len(r.Results) != 2 || r.Results[1].Server != load.PeerName {
		t.Fatalf("%+v", r.Results)
	}
	must(t, r.Results[1], map[string]float64{"delivered": 500, "missing": 0, "refused": 0, "gaps": 0, "doubles": 0})
}

// TestBenchFlags: what cannot be measured is refused with a reason.
func TestBenchFlags(t *testing.T) {
	if o, err := benchFlags([]string{"fanout", "-viewers", "max", "--", "--room.tick", "1s"}); err != nil || o.viewers != load.Fit() || len(o.server) != 2 {
		t.Errorf("%+v, %v", o, err)
	}
	for _, tt := range []struct{ args, want string }{
		{"fan", "no measurement"},
		{"fanout extra", "unexpected"},
		{"fanout -viewers 5000000", "do not fit"},
		{"fanout -viewers some", "-viewers"},
		{"fanout -rate -1", "-rate"},
		{"fanout -size 501", "-size"},
		{"fanout -rounds 0", "-rounds"},
		{"fanout -url http://localhost", "-host-token"},
		{"fanout -pid 4", "-pid"},
		{"join -limit", "belong to fanout"},
		{"answers -centrifugo x", "belong to fanout"},
	} {
		if _, err := benchFlags(strings.Fields(tt.args)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.args, err, tt.want)
		}
	}
	if _, err := roomOfToken("a.b"); err == nil {
		t.Error("a room of what is no token")
	}
	if u, err := load.ReadUsage(os.Getpid()); runtime.GOOS == "linux" && (err != nil || u.Resident < 1<<20) {
		t.Errorf("this process uses %+v, %v", u, err)
	}
}

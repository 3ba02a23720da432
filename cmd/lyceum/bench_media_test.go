package main

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/internal/load"
)

// TestBenchMedia measures a server and the bare loop for a moment, over real
// connections: everything that the host sent has come, in order, and what was
// decrypted is the very next each time.
func TestBenchMedia(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("media is measured on Linux only")
	}
	t.Setenv(asLyceum, "1") // for the processes that bench starts
	o, err := mediaFlags(strings.Fields("-viewers 5 -rate 120 -size 900 -seconds 0.7 -settle 0.1 -joins 5"))
	if err != nil {
		t.Fatal(err)
	}
	o.within = time.Second
	r, err := o.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Results) != 3 || r.Results[0].Server != "lyceum" || r.Results[1].Server != load.LimitName {
		t.Fatalf("%+v", r)
	}
	must(t, r.Results[0], map[string]float64{"lost": 0, "out of order": 0, "of these not the next": 0, "dropped by this tool": 0})
	must(t, r.Results[1], map[string]float64{"lost": 0, "refused by the kernel": 0})
	for name, least := range map[string]float64{"packets a second": 100, "decrypted and checked": 50, "join to first picture p50": 0.1} {
		if f, _ := r.Results[0].Figure(name); f.Value < least {
			t.Errorf("%s: %v", name, f.Value)
		}
	}
	if keys, _ := r.Results[2].Figure("keyframes asked for"); keys.Value < 1 || keys.Value > 3 {
		t.Errorf("five viewers in a second had the host send %v keyframes", keys.Value)
	}
	if limit, _ := r.Results[1].Figure("packets a second"); limit.Value < 100 {
		t.Errorf("the bare loop sent %v packets a second", limit.Value)
	}
	var table bytes.Buffer
	if err := r.printTables(&table); err != nil || !strings.Contains(table.String(), "kB a viewer") {
		t.Errorf("the table: %v\n%s", err, &table)
	}
}

// TestBenchMediaFlags: what cannot be measured is refused with a reason.
func TestBenchMediaFlags(t *testing.T) {
	if o, err := mediaFlags([]string{"-viewers", "7", "--", "--room.tick", "1s"}); err != nil || o.load.Viewers != 7 || len(o.server) != 2 {
		t.Errorf("%+v, %v", o, err)
	}
	for _, tt := range []struct{ args, want string }{
		{"extra", "unexpected"},
		{"-viewers 0", "-viewers"},
		{"-rate 0", "-rate"},
		{"-size 1301", "-size"},
		{"-size 100", "-size"},
		{"-seconds 0", "-seconds"},
		{"-settle -1", "-settle"},
		{"-rounds 0", "-rounds"},
		{"-joins -1", "-joins"},
	} {
		if _, err := mediaFlags(strings.Fields(tt.args)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.args, err, tt.want)
		}
	}
}

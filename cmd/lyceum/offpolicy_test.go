package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/recommend/offpolicy"
	"github.com/lyceum-live/lyceum/wire"
)

// judged runs the command and decodes what it prints.
func judged(t *testing.T, args ...string) (out struct {
	Policies    []offpolicy.Judged      `json:"policies"`
	Exploration []offpolicy.Exploration `json:"exploration"`
}) {
	t.Helper()
	var b bytes.Buffer
	if err := judgeTo(t.Context(), append(args, "-json"), &b); err != nil {
		t.Fatal(err)
	}
	if err := wire.Decode(bytes.TrimSpace(b.Bytes()), &out); err != nil {
		t.Fatalf("%s: %v", b.String(), err)
	}
	return out
}

// Of two policies over the same items, each is judged by the other's log.
func TestOffPolicyOfLogs(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, share int) string {
		var b strings.Builder
		b.WriteString("item_id,position,click,propensity_score\n")
		for n := range 2000 {
			item, p := 0, float64(share)/100
			if n%100 >= share {
				item, p = 1, 1-p
			}
			click := 0
			if (n*7919)%10 < 2+3*item { // item 1 is clicked more
				click = 1
			}
			fmt.Fprintf(&b, "%d,1,%d,%v\n", item, click, p)
		}
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	out := judged(t, "-logs", write("even.csv", 50)+","+write("keen.csv", 20))
	if len(out.Policies) != 2 {
		t.Fatalf("%+v", out)
	}
	for _, j := range out.Policies {
		if !j.SNIPS || !j.DR || j.Rows != 2000 || j.Result.Effective >= 2000 || j.Policy == j.Log {
			t.Errorf("%+v", j)
		}
	}
}

// A server's own suggestions are judged from its store.
func TestOffPolicyOfOwnSuggestions(t *testing.T) {
	dir := t.TempDir()
	store, err := sqlite.Open(t.Context(), dir, sqlite.Config{}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	var list []recommend.Behavior
	for n := range 1000 {
		person := wire.UserID(fmt.Sprintf("u%d", n))
		served := recommend.Served{Arm: "default", Place: 2, Propensity: 0.8}
		if n%5 == 0 {
			served.Propensity, served.Explored = 0.02, 0.2
		}
		list = append(list, recommend.Behavior{ID: fmt.Sprint("i", n), Person: person, Item: "go", Kind: "impression", At: wire.Millis(1000 * (n + 1)), Served: served})
		if n%5 == 0 && n%2 == 0 || n%5 != 0 && n%10 == 1 { // half of what is drawn, an eighth of what is best
			list = append(list, recommend.Behavior{ID: fmt.Sprint("c", n), Person: person, Item: "go", Kind: "click", Weight: 1, At: wire.Millis(1000*(n+1) + 1)})
		}
	}
	if _, err := store.AppendBehaviors(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	out := judged(t, "-data", dir)
	first, last := out.Exploration[0], out.Exploration[len(out.Exploration)-1]
	if first.Share != 0 || !first.Result.SNIPS.Holds(0.125) || last.Share != 1 || !last.Result.SNIPS.Holds(0.5) || last.Result.Rows != 1000 {
		t.Errorf("%+v", out.Exploration)
	}
}

func TestOffPolicyRefuses(t *testing.T) {
	for _, args := range [][]string{{}, {"-logs", "one.csv"}, {"-data", filepath.Join(t.TempDir(), "none")}, {"-logs", "a.csv,b.csv"}, {"more"}, {"-clip", "-1", "-logs", "a,b"}} {
		var b bytes.Buffer
		if err := judgeTo(t.Context(), args, &b); err == nil {
			t.Errorf("%v: %s", args, b.String())
		}
	}
}

// The figures of simulated experiments are printed, and what makes no sense is
// refused.
func TestSimulate(t *testing.T) {
	var b bytes.Buffer
	if err := simulateTo([]string{"-runs", "20", "-people", "200", "-rate", "0.3", "-lift", "1"}, &b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"nothing to find", "+100 % purchases", "plan: 136 purchases"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in\n%s", want, b.String())
		}
	}
	for _, args := range [][]string{{"-runs", "0"}, {"-rate", "0.9"}, {"-lift", "0.01"}, {"-rate", "NaN"}} {
		if err := simulateTo(args, &b); err == nil {
			t.Errorf("%v was taken", args)
		}
	}
}

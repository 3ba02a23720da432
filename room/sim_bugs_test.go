package room_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// simBugs are faults to be planted: each replaces a text of the source by
// another one. The simulation is worth what it finds of them.
var simBugs = []struct {
	name, file, is, becomes string
}{
	{
		"acknowledged before it is durable", "batch.go",
		"\tif len(b.records) > 0 {\n\t\tif err := r.append(&b); err != nil {",
		`	for i, a := range asks {
		if _, enters := a.cmd.(enter); a.cmd != nil && !enters && !isQuery(a.cmd) && a.then != nil {
			a.then(outcomes[i].seq, nil, outcomes[i].err)
			asks[i].then = nil
		}
	}
	if len(b.records) > 0 {
		if err := r.append(&b); err != nil {`,
	}, {
		"a repeated command is done again", "batch.go",
		"\tif seq, again := r.repeated(a, mark); again {\n\t\treturn outcome{seq: seq}\n", "\tif seq, again := r.repeated(a, mark); again && false {\n\t\treturn outcome{seq: seq}\n",
	}, {
		"keys are forgotten when a room is reopened", "house.go",
		"\t\t\t\tr.keys.add(digestOf(e.Head.By, key), e.Head.Seq)\n", "\t\t\t\t_ = key\n",
	}, {
		"keys are not kept with snapshots", "keeper.go",
		"if e.key != \"\" {\n\t\t\t\ts.Keys", "if e.key == \"\" {\n\t\t\t\ts.Keys",
	}, {
		"views are published before the commit", "batch.go",
		"\t\tif err := r.append(&b); err != nil {\n\t\t\tr.refuse(append(asks, rest...), err)\n\t\t\treturn\n\t\t}\n\t\tr.publish(&b)\n",
		"\t\tr.publish(&b)\n\t\tif err := r.append(&b); err != nil {\n\t\t\tr.refuse(append(asks, rest...), err)\n\t\t\treturn\n\t\t}\n",
	}, {
		"what the store refused is not taken back", "batch.go",
		"\tif err == nil {\n\t\tr.state = state\n\t\tr.arm()\n\t}\n", "\t_ = state\n",
	}, {
		"keys of what the store refused are not taken back", "batch.go",
		"\t\t\tr.keys.remove(digestOf(record.By, record.Key))\n", "\t\t\t_ = record\n",
	}, {
		"a resume begins one view too late", "../internal/fanout/ring.go",
		"return r.marks[i].pos, true", "return r.marks[min(i+1, len(r.marks)-1)].pos, true",
	}, {
		"a reopened room begins its views at a wrong number", "house.go",
		"\tif r.state.Seq == recent {\n\t\tr.open(recent)\n\t}\n\tfor", "\tif r.state.Seq == recent {\n\t\tr.open(recent + 1)\n\t}\n\tfor",
	}, {
		"a batch goes on after a change of audience", "batch.go",
		"if len(b.after) > 0 {", "if len(b.after) > 1000 {",
	}, {
		"a change of role while away is resumed", "session.go",
		" && after.Seq >= m.RoleAt {", " {",
	}, {
		"a follower does not see a gap", "follow.go",
		"b.missed || gap ||", "gap && b.missed ||",
	}, {
		"tallies of a resume come before its views alone", "session.go",
		"if after.Seq != w.Seq {", "if after.Seq > w.Seq {",
	}, {
		"a stale room goes on", "batch.go",
		"r.broken = fmt.Errorf(\"append after %d: %w\", after, err)\n", "\n",
	}, {
		"people in a room that ends are told nothing", "session.go",
		"\t\t\ts.Conn.Leave()\n\t\t\ts.Close(code)\n", "\t\t\ts.Conn.Leave()\n\t\t\t_ = code\n",
	}, {
		"a word that was removed counts again", "../poll/vote.go",
		"\t\tseen[word.Text] = true\n", "\t\t_ = word\n",
	}, {
		"who has given nothing but what is removed still counts", "../poll/remove.go",
		"\tfor _, user := range e.Whose {\n\t\tp.retract(user)\n\t}\n", "\t_ = p.retract\n",
	},
}

// TestSimFindsPlantedBugs runs the simulation against this package with one
// fault planted at a time. It builds the package for each, and so runs only
// where LYCEUM_LONG says that there is time.
func TestSimFindsPlantedBugs(t *testing.T) {
	if os.Getenv("LYCEUM_LONG") == "" {
		t.Skip("LYCEUM_LONG=1 plants bugs in the room and looks for them")
	}
	found := regexp.MustCompile(`seed=(\d+) [\s\S]*?sim_test.go:\d+: (.*)`)
	for _, bug := range simBugs {
		t.Run(bug.name, func(t *testing.T) {
			path, err := filepath.Abs(bug.file)
			if err != nil {
				t.Fatal(err)
			}
			source, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(source), bug.is); n != 1 {
				t.Fatalf("the place to plant this in %s is there %d times; look at what has become of it:\n%s", bug.file, n, bug.is)
			}
			dir := t.TempDir()
			planted, overlay := filepath.Join(dir, "planted.go"), filepath.Join(dir, "overlay.json")
			replace, _ := json.Marshal(map[string]any{"Replace": map[string]string{path: planted}})
			if err := os.WriteFile(planted, []byte(strings.Replace(string(source), bug.is, bug.becomes, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(overlay, replace, 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command("go", "test", "-overlay", overlay, "-count=1", "-timeout=5m", "-run=^TestSim$", ".", "-sim.seeds=2000").CombinedOutput()
			if err == nil {
				t.Fatalf("not found in 2000 seeds:\n%s", out)
			}
			what := found.FindSubmatch(out)
			if what == nil {
				t.Fatalf("the run failed for another reason:\n%.3000s", out)
			}
			t.Logf("found with seed %s: %.300s", what[1], what[2])
		})
	}
}

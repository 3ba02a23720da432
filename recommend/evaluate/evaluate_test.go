package evaluate_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/recommend/evaluate"
	"github.com/lyceum-live/lyceum/wire"
)

const begin = wire.Millis(1_780_000_000_000)

// town makes rows of persons who mostly keep to one of two topics, a third of
// them impressions.
func town(n int) ([]recommend.Item, []evaluate.Row) {
	r := rand.New(rand.NewPCG(1, 2))
	var items []recommend.Item
	for i := range 60 {
		items = append(items, recommend.Item{ID: fmt.Sprint("v", i), Kind: recommend.Video, Tags: []string{fmt.Sprint("t", i%2)}, Created: begin})
	}
	var rows []evaluate.Row
	at := begin
	for range n {
		at += wire.Millis(r.IntN(600_000))
		person := r.IntN(30)
		item := min(int(r.ExpFloat64()*8), 29)*2 + person%2
		behavior := "watch"
		if r.IntN(3) == 0 {
			behavior = "impression"
		}
		rows = append(rows, evaluate.Row{Person: wire.UserID(fmt.Sprint("p", person)), Item: fmt.Sprint("v", item), Behavior: behavior, At: at})
	}
	return items, rows
}

// The harness against the protocol written out naively, for a model that is
// simple enough to write out too: popularity with a half-life of a day.
func TestProtocolAgainstNaivePopularity(t *testing.T) {
	items, rows := town(1500)
	cutoff := rows[500].At
	got, err := evaluate.Replay(t.Context(), items, rows, evaluate.Options{
		Targets: []string{"watch"}, Cutoff: cutoff, Models: []string{"popular.1d", evaluate.Blend},
	})
	if err != nil {
		t.Fatal(err)
	}
	type event struct {
		item string
		at   wire.Millis
	}
	var log []event
	had := map[string]bool{}
	scored, hits10, hits20, mrr := 0, 0, 0, 0.0
	for _, row := range rows {
		if row.Behavior != "watch" {
			continue
		}
		key := string(row.Person) + "/" + row.Item
		if !had[key] && row.At >= cutoff {
			count := map[string]float64{}
			for _, e := range log {
				count[e.item] += math.Exp2(-float64(row.At-e.at) / float64(24*time.Hour/time.Millisecond))
			}
			// Candidates differ in nothing but their counts; few are equal.
			higher, ties := 0, 0
			for _, it := range items {
				if it.ID == row.Item || had[string(row.Person)+"/"+it.ID] {
					continue
				}
				switch {
				case count[it.ID] > count[row.Item]:
					higher++
				case count[it.ID] == count[row.Item]:
					ties++
				}
			}
			rank := 1 + higher + ties/2
			scored++
			if rank <= 10 {
				hits10++
			}
			if rank <= 20 {
				hits20++
			}
			mrr += 1 / float64(rank)
		}
		if !had[key] { // a person's wish for an item counts once
			log = append(log, event{row.Item, row.At})
		}
		had[key] = true
	}
	m := got.Models["popular.1d"]
	if got.Scored != scored || scored < 200 {
		t.Fatalf("%d scored, want %d and at least 200", got.Scored, scored)
	}
	n := float64(scored)
	for _, v := range []struct {
		name      string
		got, want float64
	}{{"HR@10", m.HR10, float64(hits10) / n}, {"HR@20", m.HR20, float64(hits20) / n}, {"MRR", m.MRR, mrr / n}} {
		if math.Abs(v.got-v.want) > 0.01 {
			t.Errorf("%s: got %.4f, naively %.4f", v.name, v.got, v.want)
		}
	}
	if b := got.Models[evaluate.Blend]; b.HR10 < m.HR10 {
		t.Errorf("the blend (HR@10 %.3f) is below popularity alone (%.3f)", b.HR10, m.HR10)
	}
}

func TestSameRowsSameDigest(t *testing.T) {
	items, rows := town(600)
	a, err := evaluate.Replay(t.Context(), items, rows, evaluate.Options{Targets: []string{"watch"}, Cutoff: begin})
	if err != nil {
		t.Fatal(err)
	}
	b, err := evaluate.Replay(t.Context(), items, rows, evaluate.Options{Targets: []string{"watch"}, Cutoff: math.MaxInt64})
	if err != nil {
		t.Fatal(err)
	}
	if a.Digest != b.Digest {
		t.Error("scoring changed what was learned")
	}
}

const (
	eventsHeader  = "user_id,item_id,behavior,ts,weight\n"
	catalogHeader = "item_id,title,tags,author,created_ts,duration_ms\n"
)

func write(t *testing.T, name string, content []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func zipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRunPrintsWhatItMeasured(t *testing.T) {
	var b strings.Builder
	b.WriteString(eventsHeader)
	_, rows := town(400)
	for _, r := range rows {
		fmt.Fprintf(&b, "%s,%s,%s,%d,\n", r.Person, r.Item, r.Behavior, r.At)
	}
	events := write(t, "events.csv.gz", zipped(t, b.String()))
	catalog := write(t, "catalog.csv", []byte(catalogHeader+"v0,\"Go, gently\",go|code,li,1700000000000,60000\nv1,,,,,\n"))
	args := []string{"-events", events, "-catalog", catalog, "-target", "watch", "-cutoff", fmt.Sprint(rows[200].At)}

	var out bytes.Buffer
	if err := evaluate.Run(t.Context(), append(args, "-json", "-model", "blend,near.slow"), &out); err != nil {
		t.Fatal(err)
	}
	var r evaluate.Result
	if err := wire.Decode(out.Bytes(), &r); err != nil {
		t.Fatalf("%v in %s", err, out.String())
	}
	if r.Protocol != "PQ" || r.Scored == 0 || len(r.Models) != 2 || r.Models["blend"].HR20 == 0 {
		t.Errorf("got %+v", r)
	}
	out.Reset()
	if err := evaluate.Run(t.Context(), append(args, "-model", "all"), &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"HR@20", "blend", "popular.1d", "near.slow", "words"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, out.String())
		}
	}
}

func TestBrokenFilesNameTheirLine(t *testing.T) {
	good := "p1,v1,watch,1780000000000,1\n"
	tests := []struct {
		name, file, content, want string
	}{
		{"no header", "e.csv", good, ":1: the header"},
		{"no time", "e.csv", eventsHeader + good + "p1,v1,watch,soon,1\n", ":3: ts"},
		{"not a number", "e.csv", eventsHeader + "p1,v1,watch,1780000000000,NaN\n", ":2: weight"},
		{"no person", "e.csv", eventsHeader + good + good + ",v1,watch,1780000000000,1\n", ":4: user_id"},
		{"too few cells", "e.csv", eventsHeader + good + "p1,v1\n", "line 3"},
		{"a quote left open", "e.csv", eventsHeader + good + "\"p1,v1,watch,1780000000000,1\n", "line 3"},
		{"not gzip", "e.csv.gz", eventsHeader + good, "gzip"},
		{"cut off gzip", "e.csv.gz", string(zipped(t, eventsHeader+strings.Repeat(good, 500))[:60]), "EOF"},
		{"empty", "e.csv", "", "EOF"},
		{"no item", "e.csv", eventsHeader + "p1,,watch,1780000000000,1\n", ":2: recommend.item"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := write(t, tt.file, []byte(tt.content))
			err := evaluate.Run(t.Context(), []string{"-events", file}, &bytes.Buffer{})
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), file) {
				t.Errorf("got %v, want it to say %q and name the file", err, tt.want)
			}
		})
	}
	if err := evaluate.Run(t.Context(), []string{"-events", "x.csv", "-model", "magic"}, &bytes.Buffer{}); err == nil {
		t.Error("a file that is not there and a model that is not known passed")
	}
}

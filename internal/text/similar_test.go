package text_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/internal/text"
)

// The threshold and weights were chosen on duplicates.tsv, whose negatives are
// the hard ones: a word apart. The fresh pairs were written afterwards.
func TestDuplicatesOfLabelledPairs(t *testing.T) {
	for file, least := range map[string]struct{ precision, recall float64 }{
		"duplicates.tsv":       {0.9, 0.88},
		"fresh_duplicates.tsv": {0.8, 0.5},
	} {
		for _, from := range []float64{0.4, 0.45, text.Duplicate, 0.55, 0.6} {
			found, said, are := 0, 0, 0
			for _, row := range labelled(t, file) {
				alike := text.Similar(row[1], row[2]) >= from
				if row[0] == "1" {
					are++
				}
				if alike {
					said++
				}
				if alike && row[0] == "1" {
					found++
				}
			}
			precision, recall := float64(found)/float64(said), float64(found)/float64(are)
			t.Logf("%s from %.2f on: precision %.3f, recall %.3f", file, from, precision, recall)
			if from == text.Duplicate && (precision < least.precision || recall < least.recall) {
				t.Errorf("%s: precision %.3f and recall %.3f are too low", file, precision, recall)
			}
		}
	}
}

func TestSimilar(t *testing.T) {
	tests := []struct {
		a, b        string
		least, most float64
	}{
		{"What is Go?", "what  is Ｇｏ?", 1, 1},
		{"機器學習是什麼？", "机器学习是什么?", 1, 1},
		{"", "", 1, 1},
		{"", "what", 0, 0},
		{"alpha", "课程", 0, 0},
		{"When is the homework due?", "作业什么时候交？", 0.2, text.Duplicate - 0.0001},
		{"PPT能发一下吗", "课件可以分享一下吗", text.Duplicate, 0.999},
		{"question 3", "question 4", 0, text.Duplicate - 0.01},
		{"installation of golang", "instalation of golang", text.Duplicate, 0.999},
	}
	for _, tt := range tests {
		if got := text.Similar(tt.a, tt.b); got < tt.least || got > tt.most {
			t.Errorf("%q and %q: got %.3f, want %.3f to %.3f", tt.a, tt.b, got, tt.least, tt.most)
		}
	}
}

var phrases = rapid.Custom(func(rt *rapid.T) string {
	words := rapid.SliceOfN(rapid.SampledFrom([]string{"what", "is", "the", "exam", "作业", "什么时候", "交", "bonds", "not", "不", "3", "4",
		"recursion", "?", "，", "slides", "课件", "プログラミング"}), 0, 8).Draw(rt, "words")
	s := ""
	for _, w := range words {
		s += w + " "
	}
	return s
})

func TestSimilarIsSymmetric(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a, b := phrases.Draw(rt, "a"), phrases.Draw(rt, "b")
		x, y := text.Similar(a, b), text.Similar(b, a)
		if math.Abs(x-y) > 1e-6 || x < 0 || x > 1 || text.Similar(a, a) != 1 {
			rt.Errorf("%q and %q: %v one way, %v the other", a, b, x, y)
		}
	})
}

// The index gives what comparing with every question gives.
func TestIndexIsSimilarWithAll(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		x := text.NewIndex()
		all := map[uint64]string{}
		for range rapid.IntRange(0, 30).Draw(rt, "steps") {
			id := rapid.Uint64Range(1, 12).Draw(rt, "id")
			if rapid.IntRange(0, 3).Draw(rt, "what") == 0 {
				x.Remove(id)
				delete(all, id)
				continue
			}
			all[id] = phrases.Draw(rt, "text")
			if !x.Add(id, all[id]) {
				rt.Fatal("no room")
			}
		}
		asked := phrases.Draw(rt, "asked")
		want := map[uint64]float64{}
		for id, s := range all {
			if score := text.Similar(asked, s); score >= text.Duplicate+1e-6 && hasWords(asked) {
				want[id] = score
			}
		}
		got := x.Near(asked, 100)
		for _, h := range got {
			if w, ok := want[h.ID]; ok && math.Abs(w-h.Score) > 1e-5 || h.Score < text.Duplicate {
				rt.Errorf("%q and %q: index %v, alone %v", asked, all[h.ID], h.Score, w)
			}
			delete(want, h.ID)
		}
		for id := range want {
			rt.Errorf("%q is not found by %q", all[id], asked)
		}
		if !slices.IsSortedFunc(got, func(a, b text.Hit) int {
			if a.Score > b.Score || a.Score == b.Score && a.ID < b.ID {
				return -1
			}
			return 1
		}) {
			rt.Errorf("not in order: %v", got)
		}
		if x.Len() != len(all) {
			rt.Errorf("holds %d, want %d", x.Len(), len(all))
		}
	})
}

func hasWords(s string) bool { return len(text.Terms(s)) > 0 }

func TestIndexIsBounded(t *testing.T) {
	x := text.NewIndex()
	for id := range uint64(text.MaxQuestions) {
		if !x.Add(id, fmt.Sprint("question ", id)) {
			t.Fatalf("no room for %d", id)
		}
	}
	if x.Add(1<<40, "one more") {
		t.Error("takes more than it may")
	}
	if !x.Add(7, "instead of what was there") || x.Len() != text.MaxQuestions {
		t.Error("does not replace")
	}
	x.Remove(8)
	if !x.Add(1<<40, "one more") {
		t.Error("has no room after one has gone")
	}
}

func FuzzSimilar(f *testing.F) {
	f.Add("what", "is 什么")
	f.Add("\xff", "第三题")
	f.Fuzz(func(t *testing.T, a, b string) {
		if s := text.Similar(a, b); math.IsNaN(s) || s < 0 || s > 1 {
			t.Errorf("%q and %q: %v", a, b, s)
		}
	})
}

func BenchmarkNear2000(b *testing.B) {
	text.WarmUp()
	rows := labelled(b, "duplicates.tsv")
	x, r := text.NewIndex(), rand.New(rand.NewPCG(1, 2))
	for id := range uint64(text.MaxQuestions) {
		row := rows[r.IntN(len(rows))]
		x.Add(id, row[1]+" "+rows[r.IntN(len(rows))][2])
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		x.Near(rows[i%len(rows)][2], 5)
	}
}

func BenchmarkSimilar(b *testing.B) {
	text.WarmUp()
	rows := labelled(b, "duplicates.tsv")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		row := rows[i%len(rows)]
		text.Similar(row[1], row[2])
	}
}

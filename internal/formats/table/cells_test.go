package table

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/internal/formats/bank"
)

var tricky = rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{`\`, "|", "//", "/", "->", "a", "-", ">", ";", "，", " "}), 1, 8),
	func(parts []string) string { return strings.TrimSpace("x" + strings.Join(parts, "") + "y")[1:] })

// part is a text as a reader leaves it: with no blanks round it.
func part(t *rapid.T) string {
	s := strings.TrimSpace(strings.TrimSuffix(tricky.Draw(t, "part"), rapid.SampledFrom([]string{"y", ""}).Draw(t, "end")))
	if s == "" {
		return "z"
	}
	return s
}

// TestGuardedPartsComeBack joins any parts and parts them again.
func TestGuardedPartsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want, guarded, guardedOn []string
		for range rapid.IntRange(1, 4).Draw(t, "n") {
			p := part(t)
			want = append(want, p)
			guarded = append(guarded, guard(p, tagSigns))
			guardedOn = append(guardedOn, guardOn(p, "//"))
		}
		if got := split(strings.Join(guarded, ";"), tagSigns); !slices.Equal(got, want) {
			t.Fatalf("split: got %q; want %q", got, want)
		}
		if got := splitOn(strings.Join(guardedOn, " // "), "//"); !slices.Equal(got, want) {
			t.Fatalf("splitOn: got %q; want %q", got, want)
		}
	})
}

func TestParseCSV(t *testing.T) {
	tests := []struct {
		name, text string
		want       [][]string
		skipped    []int
	}{
		{"plain", "a,b\r\nc,d\r\n", [][]string{{"a", "b"}, {"c", "d"}}, nil},
		{"quoted", "\"a,1\",\"b \"\"x\"\"\"\n\"c\nd\",e", [][]string{{"a,1", `b "x"`}, {"c\nd", "e"}}, nil},
		{"old line ends", "a,b\rc,d", [][]string{{"a", "b"}, {"c", "d"}}, nil},
		{"marks within", "a 3\" pipe,b\n\"c\"d,e", [][]string{{`a 3" pipe`, "b"}, {"cd", "e"}}, nil},
		{"not closed", "a,b\n\"c,d\ne,f\n", [][]string{{"a", "b"}, {"e", "f"}}, []int{2}},
		{"empty rows", "a,b\n\n,\n", [][]string{{"a", "b"}, {"", ""}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r bank.Result
			var got [][]string
			for _, row := range parseCSV(tt.text, ',', maxRows, &r) {
				got = append(got, row.cells)
			}
			var lines []int
			for _, s := range r.Skipped {
				lines = append(lines, s.Line)
			}
			if !slices.EqualFunc(got, tt.want, slices.Equal) || !slices.Equal(lines, tt.skipped) {
				t.Errorf("got %q, skipped %v", got, r.Skipped)
			}
		})
	}
}

// TestHeaders knows what people call their columns.
func TestHeaders(t *testing.T) {
	for _, cells := range [][]string{
		{"题干", "选项A", "选项B", "答案"},
		{"题目（必填）", "A", "B", "C", "正确答案", "解析"},
		{"題幹", "題型", "選項A", "選項B", "標準答案"},
		{"Question", "Option 1", "Option 2", "Correct Answer"},
		{"Question Text", "choice_a", "choice_b", "Answer"},
		{"问题", "选项", "答案"},
		{"Ｑｕｅｓｔｉｏｎ", "Ａ", "Ｂ", "Ａｎｓｗｅｒ"},
	} {
		if headerOf(cells) == nil {
			t.Errorf("%q is not taken for a header", cells)
		}
	}
	for _, cells := range [][]string{{"name", "age"}, {"Question"}, {"a", "b"}, {}, {"题干"}} {
		if h := headerOf(cells); h != nil {
			t.Errorf("%q is taken for a header", cells)
		}
	}
}

package bank_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/internal/formats/bank"
)

// TestAround reckons in decimals: the ends are the numbers that a person
// would write.
func TestAround(t *testing.T) {
	tests := []struct {
		number, tolerance string
		min, max          float64
	}{
		{"3.1415", "0.0005", 3.141, 3.142},
		{"0.3", "0.1", 0.2, 0.4},
		{" 1822 ", "", 1822, 1822},
		{"-5", "1e-1", -5.1, -4.9},
		{"−5", "0", -5, -5},
	}
	for _, tt := range tests {
		r, err := bank.Around(tt.number, tt.tolerance)
		if err != nil || r.Min != tt.min || r.Max != tt.max {
			t.Errorf("%s ± %s: got %v, %v", tt.number, tt.tolerance, r, err)
		}
	}
	for _, bad := range [][2]string{{"", ""}, {"four", ""}, {"1", "-1"}, {"1", "x"}, {"0x10", ""}, {"1_000", ""}, {"NaN", ""}, {"1/3", ""}, {"1e99999999", ""}} {
		if r, err := bank.Around(bad[0], bad[1]); err == nil {
			t.Errorf("%q ± %q: got %v", bad[0], bad[1], r)
		}
	}
}

// TestMiddle takes a range apart and puts it together exactly.
func TestMiddle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Float64Range(-1e6, 1e6).Draw(t, "a"), rapid.Float64Range(-1e6, 1e6).Draw(t, "b")
		r := bank.Range{Min: min(a, b), Max: max(a, b), Weight: 100}
		number, tolerance, ok := r.Middle()
		if !ok {
			return
		}
		if back, err := bank.Around(number, tolerance); err != nil || back != r {
			t.Fatalf("%v is %s ± %s, which is %v, %v", r, number, tolerance, back, err)
		}
	})
}

func TestCheck(t *testing.T) {
	choices := func(weights ...float64) []bank.Choice {
		var out []bank.Choice
		for _, w := range weights {
			out = append(out, bank.Choice{Text: "x", Weight: w})
		}
		return out
	}
	tests := []struct {
		name string
		q    bank.Question
		want string // a part of the reason, or nothing
	}{
		{"sound", bank.Question{Type: bank.Single, Text: "a", Choices: choices(0, 100)}, ""},
		{"no text", bank.Question{Type: bank.Essay}, "no text"},
		{"no type", bank.Question{Text: "a"}, "not known"},
		{"nothing right", bank.Question{Type: bank.Multi, Text: "a", Choices: choices(0, -50)}, "no correct answer"},
		{"one choice", bank.Question{Type: bank.Single, Text: "a", Choices: choices(100)}, "fewer than two"},
		{"empty choice", bank.Question{Type: bank.Single, Text: "a", Choices: []bank.Choice{{Weight: 100}, {Text: "b"}}}, "choice 1 is empty"},
		{"heavy", bank.Question{Type: bank.Single, Text: "a", Choices: choices(101, 0)}, "101%"},
		{"both true", bank.Question{Type: bank.TrueFalse, Text: "a", Choices: []bank.Choice{{Text: "True", Weight: 100}, {Text: "False", Weight: 100}}}, "exactly one"},
		{"backwards", bank.Question{Type: bank.Numeric, Text: "a", Ranges: []bank.Range{{Min: 2, Max: 1, Weight: 100}}}, "wrong way round"},
		{"two partners", bank.Question{Type: bank.Matching, Text: "a", Pairs: []bank.Pair{{Left: "l", Right: "r"}, {Left: "l", Right: "s"}}}, "two others"},
		{"no gap", bank.Question{Type: bank.Gaps, Text: "a", Pairs: []bank.Pair{{Left: "1", Right: "r"}}}, "no gap"},
		{"gap unfilled", bank.Question{Type: bank.Gaps, Text: "[[1]] [[2]]", Pairs: []bank.Pair{{Left: "1", Right: "r"}}}, "gap 2 has no correct answer"},
		{"gaps out of order", bank.Question{Type: bank.Gaps, Text: "[[2]] [[1]]"}, "not numbered in order"},
	}
	for _, tt := range tests {
		err := bank.Check(&tt.q)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v; want %q", tt.name, err, tt.want)
		}
	}
}

func TestCategoryPath(t *testing.T) {
	for path, want := range map[string]string{
		"$course$/top/Birds/Sea": "Birds/Sea", "$course$/Birds": "Birds", "top": "", "$course$/top": "", "Birds": "Birds", "topics": "topics", "": "",
	} {
		if got := bank.CategoryPath(path); got != want {
			t.Errorf("%s: got %q; want %q", path, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		c := bank.Line(rapid.String().Draw(t, "category"))
		if got := bank.CategoryPath(bank.MoodlePath(c)); got != c {
			t.Fatalf("%q comes back as %q", c, got)
		}
	})
}

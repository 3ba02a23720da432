package text_test

import (
	"testing"
	"unicode/utf8"

	"github.com/lyceum-live/lyceum/internal/text"
)

func TestIsQuestion(t *testing.T) {
	for _, row := range labelled(t, "questions.tsv") {
		if got, want := text.IsQuestion(row[1]), row[0] == "1"; got != want {
			t.Errorf("%q: got %v", row[1], got)
		}
	}
}

func FuzzIsQuestion(f *testing.F) {
	for _, s := range []string{"?", "？\"", "\xff?", "什么呢", "不不不", "what", ",,,吗"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) < text.MaxText/2 && utf8.ValidString(s) && !text.IsQuestion(s+" ok?") {
			t.Errorf("%q is no question with a question mark", s)
		}
	})
}

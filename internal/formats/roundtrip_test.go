package formats_test

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/internal/formats"
	"github.com/lyceum-live/lyceum/internal/formats/bank"
	"github.com/lyceum-live/lyceum/internal/formats/markup"
)

// holds says what a format makes of a question: the question as it must come
// back, or that it cannot be written.
func holds(f formats.Format, q formats.Question) (formats.Question, bool) {
	q.Choices, q.Pairs = slices.Clone(q.Choices), slices.Clone(q.Pairs)
	flat := func() { // the right side is plain text in the file
		for i := range q.Pairs {
			if p := &q.Pairs[i]; q.Type == bank.Matching && q.Format == bank.HTML {
				p.Right = markup.FromPlain(markup.ToPlain(p.Right))
			}
		}
	}
	switch f {
	case formats.GIFT:
		if q.Type == bank.Description {
			q.Feedback = ""
		}
		arrow := slices.ContainsFunc(q.Accept, func(a formats.Accept) bool { return strings.Contains(a.Text, "->") }) ||
			q.Type == bank.Matching && slices.ContainsFunc(q.Pairs, func(p formats.Pair) bool { return strings.Contains(p.Left, "->") })
		flat()
		return q, q.Type != bank.Gaps && !arrow
	case formats.Moodle:
		flat()
		far := slices.ContainsFunc(q.Ranges, func(r formats.Range) bool {
			_, _, ok := r.Middle()
			return !ok
		})
		return q, !far && (q.Type != bank.Gaps || !strings.Contains(q.Text, "{1:SA:"))
	}
	return q, true
}

// TestWrittenAndReadAgain writes any questions and reads them again.
func TestWrittenAndReadAgain(t *testing.T) {
	for _, f := range formats.Writable {
		t.Run(string(f), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				var questions, want []formats.Question
				for range rapid.IntRange(1, 4).Draw(t, "questions") {
					q := question(t)
					if err := bank.Check(&q); err != nil {
						t.Skip(err) // two lefts that are the same, and the like
					}
					questions = append(questions, q)
					if back, ok := holds(f, q); ok {
						want = append(want, back)
					}
				}
				var b bytes.Buffer
				left, err := formats.Write(&b, f, questions)
				if err != nil {
					t.Fatal(err)
				}
				if len(left) != len(questions)-len(want) {
					t.Fatalf("left out %v of %d questions; want %d", left, len(questions), len(questions)-len(want))
				}
				if len(want) == 0 {
					return
				}
				again := formats.Auto
				if f == formats.GIFT {
					again = f // a file of nothing but descriptions looks like any text
				}
				got, err := formats.ReadBytes("written", b.Bytes(), again)
				if err != nil {
					t.Fatalf("%v\n%s", err, shown(f, &b))
				}
				if len(got.Skipped) > 0 {
					t.Fatalf("skipped %v\n%s", got.Skipped, shown(f, &b))
				}
				for i := range max(len(want), len(got.Questions)) {
					if i >= len(want) || i >= len(got.Questions) || !reflect.DeepEqual(got.Questions[i], want[i]) {
						t.Fatalf("%d\n got %+v\nwant %+v\n%s", i, at(got.Questions, i), at(want, i), shown(f, &b))
					}
				}
			})
		})
	}
}

func at(list []formats.Question, i int) any {
	if i >= len(list) {
		return "nothing"
	}
	return list[i]
}

func shown(f formats.Format, b *bytes.Buffer) string {
	if f == formats.XLSX || f == formats.QTI {
		return ""
	}
	return b.String()
}

package sqlite_test

import (
	"fmt"
	"testing"

	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/quiz/bank"
	"github.com/lyceum-live/lyceum/wire"
)

// bankOf is n questions in both languages, of 40 tags.
func bankOf(b *testing.B, n int) []bank.Entry {
	out := make([]bank.Entry, n)
	for i := range out {
		e, err := bank.NewEntry(quiz.Draft{
			Text:    fmt.Sprintf("Question %d: which of these is right? 第 %d 题：下列哪一项是正确的？", i, i),
			Choices: []string{"the first", "the second", "第三项", "以上都不对"}, Correct: []int{i % 4},
			Tags: []string{fmt.Sprint("chapter ", i%40), "exam"}, Explanation: "Because it is so, as the chapter says.",
		})
		must(b, err)
		out[i] = e
	}
	return out
}

// BenchmarkBank puts a large import in, and searches a full bank.
func BenchmarkBank(b *testing.B) {
	s := opened(b, b.TempDir(), sqlite.Config{})
	entries := bankOf(b, bank.MaxItems)
	b.Run("add 100", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			_, _, err := s.AddQuestions(b.Context(), wire.UserID(fmt.Sprint("u", n)), 1, entries[:bank.MaxBatch])
			must(b, err)
		}
	})
	for first := 0; first < len(entries); first += bank.MaxBatch {
		_, _, err := s.AddQuestions(b.Context(), "full", 1, entries[first:first+bank.MaxBatch])
		must(b, err)
	}
	for name, f := range map[string]bank.Find{
		"all":              {Limit: 30},
		"words":            {Text: "下列 which", Limit: 30},
		"nothing fits":     {Text: "并发 nothing", Limit: 30},
		"one tag":          {Tags: []string{"Chapter 7"}, Limit: 30},
		"two tags, a word": {Tags: []string{"Chapter 7", "exam"}, Text: "第三项", Limit: 30},
	} {
		b.Run("find/"+name, func(b *testing.B) {
			q, err := f.Query()
			must(b, err)
			for b.Loop() {
				_, _, err := s.FindQuestions(b.Context(), "full", q)
				must(b, err)
			}
		})
	}
	b.Run("tags", func(b *testing.B) {
		for b.Loop() {
			_, err := s.QuestionTags(b.Context(), "full")
			must(b, err)
		}
	})
}

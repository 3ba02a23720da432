package formats_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/lyceum-live/lyceum/internal/formats"
	"github.com/lyceum-live/lyceum/internal/formats/bank"
)

// tenThousand is a large bank: as many questions as a school has in a subject.
func tenThousand() []formats.Question {
	out := make([]formats.Question, 10_000)
	for i := range out {
		q := formats.Question{
			Type: bank.Single, Title: fmt.Sprintf("Q%d", i), Text: fmt.Sprintf("<p>What is %d + %d? 请选择。</p>", i, i), Format: bank.HTML,
			Feedback: "Count on your fingers.", Tags: []string{"sums"}, Category: fmt.Sprintf("Sums/%d", i/100),
		}
		for k := range 4 {
			q.Choices = append(q.Choices, formats.Choice{Text: fmt.Sprint(2*i + k), Feedback: "No."})
		}
		q.Choices[0] = formats.Choice{Text: fmt.Sprint(2 * i), Weight: 100, Feedback: "Yes."}
		out[i] = q
	}
	return out
}

// BenchmarkTenThousand reads and writes a large bank.
func BenchmarkTenThousand(b *testing.B) {
	questions := tenThousand()
	for _, f := range formats.Writable {
		var file bytes.Buffer
		if left, err := formats.Write(&file, f, questions); err != nil || len(left) > 0 {
			b.Fatal(left, err)
		}
		b.Run("read/"+string(f), func(b *testing.B) {
			b.SetBytes(int64(file.Len()))
			b.ReportAllocs()
			for b.Loop() {
				r, err := formats.ReadBytes("bank", file.Bytes(), formats.Auto)
				if err != nil || len(r.Questions) != len(questions) {
					b.Fatal(len(r.Questions), r.Skipped, err)
				}
			}
		})
		b.Run("write/"+string(f), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var out bytes.Buffer
				if _, err := formats.Write(&out, f, questions); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

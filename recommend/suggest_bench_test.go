package recommend_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/lyceum-live/lyceum/recommend"
)

// BenchmarkSuggestLongTexts is the longest list that a page may ask for, over
// items with texts as long as a catalogue takes. Its variety compares each
// pick with all that may follow.
func BenchmarkSuggestLongTexts(b *testing.B) {
	r := rand.New(rand.NewPCG(3, 3))
	var items []recommend.Item
	for i := range 300 {
		var text strings.Builder
		for text.Len() < 8000 {
			fmt.Fprintf(&text, "word%d ", r.IntN(20_000))
		}
		it := video(fmt.Sprint("v", i), fmt.Sprint("Lesson ", i), fmt.Sprint("t", i%7))
		it.Text = text.String()
		items = append(items, it)
	}
	c := newClass(b, recommend.Config{}, items...)
	for b.Loop() {
		c.Suggest(recommend.Request{Now: c.at, Limit: 50})
	}
}

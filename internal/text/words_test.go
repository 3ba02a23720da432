package text_test

import (
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/lyceum-live/lyceum/internal/text"
)

func TestTerms(t *testing.T) {
	tests := []struct {
		text string
		want []string
	}{
		{"Goroutines and the Channels of Go", []string{"goroutine", "channel", "go"}},
		{"人工智能入门与实践", []string{"人工智能", "入门", "实践"}},
		{"Go语言高并发网络编程", []string{"go", "语言", "高", "并发", "网络", "编程"}},
		{"Ｇｏ　１０１", []string{"go", "101"}},    // full width is folded
		{"機器人設計", []string{"机器人", "设计"}},     // traditional is simplified
		{"魑魅高飞", []string{"魑魅", "魅高", "高飞"}}, // not in the dictionary: pairs
		{"プログラミング入門", []string{"プロ", "ログ", "グラ", "ラミ", "ミン", "ング", "入门"}},
		{"C++, C# and R", []string{"c++", "c#", "r"}},
		{"Études d’été", []string{"étude", "été"}},
		{"", nil},
		{"👍 !!! …", nil},
		{"the of and 的 了", nil},
	}
	for _, tt := range tests {
		if got := text.Terms(tt.text); !slices.Equal(got, tt.want) {
			t.Errorf("%q: got %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestWords(t *testing.T) {
	tests := []struct {
		text    string
		folded  string
		surface string
	}{
		{"The Channels, and a channel!", "channel channel", "Channels channel"},
		{"我喜歡線性代數課", "喜欢 线性代数", "喜歡 線性代數"},
		{"这个老师的网课真的很好", "老师 网课", "老师 网课"},
		{"Don't use C or R in 2026; it's Python3.", "c r python3", "C R Python3"},
		{"see https://example.org/a?b=c and www.example.org 谢谢", "", ""},
		{"Ｐｙｔｈｏｎ 编程", "python 编程", "Python 编程"},
		{"プログラミング を", "プログラミング", "プログラミング"},
		{"Straße", "strasse", "Straße"},
		{"", "", ""},
	}
	for _, tt := range tests {
		var folded, surface []string
		for _, w := range text.Words(tt.text) {
			folded, surface = append(folded, w.Folded), append(surface, w.Surface)
		}
		if strings.Join(folded, " ") != tt.folded || strings.Join(surface, " ") != tt.surface {
			t.Errorf("%q: got %q shown as %q", tt.text, folded, surface)
		}
	}
}

func FuzzWords(f *testing.F) {
	for _, s := range []string{"Go语言", "ｱｲｳ", "\xff\xfe", "c+++#", "é̂", "𠮷野家", "www.\xff://", "機\u0301器"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, w := range text.Terms(s) {
			if w == "" || !utf8.ValidString(w) {
				t.Errorf("%q gives the term %q", s, w)
			}
		}
		for _, w := range text.Words(s) {
			if w.Folded == "" || w.Surface == "" || text.Fold(w.Folded) != w.Folded || !utf8.ValidString(w.Folded+w.Surface) {
				t.Errorf("%q gives the word %q", s, w)
			}
		}
	})
}

func TestWordsOfManyAtOnce(t *testing.T) {
	list := comments(t)
	want := text.Words(list[len(list)-1])
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for _, s := range list {
				text.Words(s)
			}
			if got := text.Words(list[len(list)-1]); !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
	all.Wait()
}

// Nothing that a person can paste keeps a room waiting. The times are in the
// benchmark; here the texts must only be got through.
var heavy = []string{"?", "?\"", "?\"a", "a.", "？。", "么", "什么都", "不是", "but good ", "a\u0301\u0302", "ש\u05b0", "第三", "学", "x-", "ｶﾞ", "www.a ", "a?b"}

func TestHeavyTexts(t *testing.T) {
	for _, piece := range heavy {
		s := strings.Repeat(piece, 2*text.MaxText/len(piece)) + "x"
		text.Fold(s)
		text.Words(s)
		text.Terms(s)
		text.IsQuestion(s)
		text.Sentiment(s)
		text.Similar(s, s+"?")
		text.Themes([]string{s, s}, 5)
	}
}

func BenchmarkHeaviest(b *testing.B) {
	text.WarmUp()
	for _, piece := range heavy {
		s := strings.Repeat(piece, 2*text.MaxText/len(piece)) + "x"
		b.Run(piece, func(b *testing.B) {
			for b.Loop() {
				text.IsQuestion(s)
				text.Sentiment(s)
				text.Similar(s, s+"?")
				text.Words(s)
			}
		})
	}
}

// comments are what the benchmarks of this package read.
func comments(tb testing.TB) []string {
	var list []string
	for _, file := range []string{"comments_en.tsv", "comments_zh.tsv"} {
		for _, row := range labelled(tb, file) {
			list = append(list, row[1])
		}
	}
	return list
}

func BenchmarkComment(b *testing.B) {
	text.WarmUp()
	list := comments(b)
	for _, bench := range []struct {
		name string
		do   func(string)
	}{
		{"Words", func(s string) { text.Words(s) }},
		{"Terms", func(s string) { text.Terms(s) }},
		{"Sentiment", func(s string) { text.Sentiment(s) }},
		{"IsQuestion", func(s string) { text.IsQuestion(s) }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				bench.do(list[i%len(list)])
			}
		})
	}
}

// loaded measures what the dictionary takes, if nothing has loaded it before.
var loaded = sync.OnceValues(func() (megabytes, millis float64) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	began := time.Now()
	text.WarmUp()
	took := time.Since(began)
	runtime.GC()
	runtime.ReadMemStats(&after)
	return (float64(after.HeapAlloc) - float64(before.HeapAlloc)) / (1 << 20), float64(took.Microseconds()) / 1000
})

// BenchmarkDictionary tells what loading the dictionary costs, once, when it
// runs alone (-bench Dictionary).
func BenchmarkDictionary(b *testing.B) {
	megabytes, millis := loaded()
	for b.Loop() {
		text.WarmUp()
	}
	if megabytes > 1 {
		b.ReportMetric(megabytes, "MB")
		b.ReportMetric(millis, "ms/load")
	}
}

package recommend

import (
	"slices"
	"testing"
	"unicode/utf8"
)

func TestWords(t *testing.T) {
	tests := []struct {
		text string
		want []string
	}{
		{"Goroutines and the Channels of Go", []string{"goroutine", "channel", "go"}},
		{"机器学习入门与实践", []string{"机器", "学习", "入门", "实践"}},
		{"Go语言高并发网络编程", []string{"go", "语言", "高", "并发", "网络", "编程"}},
		{"Ｇｏ　１０１", []string{"go", "101"}},    // full width is folded
		{"機器學習", []string{"機器", "器學", "學習"}}, // not in the dictionary: pairs
		{"プログラミング入門", []string{"プロ", "ログ", "グラ", "ラミ", "ミン", "ング", "入門"}},
		{"C++, C# and R", []string{"c++", "c#", "r"}},
		{"Études d’été", []string{"étude", "été"}},
		{"", nil},
		{"👍 !!! …", nil},
		{"the of and 的 了", nil},
	}
	for _, tt := range tests {
		if got := Words(tt.text); !slices.Equal(got, tt.want) {
			t.Errorf("%q: got %q, want %q", tt.text, got, tt.want)
		}
	}
}

func FuzzWords(f *testing.F) {
	for _, s := range []string{"Go语言", "ｱｲｳ", "\xff\xfe", "c+++#", "é̂", "𠮷野家"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, w := range Words(s) {
			if w == "" || utf8.ValidString(s) && !utf8.ValidString(w) {
				t.Errorf("%q gives the word %q", s, w)
			}
		}
	})
}

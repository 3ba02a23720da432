package text_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/internal/text"
)

func TestFold(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"case", "PARIS", "paris"},
		{"full case folding", "Straße ΣΊΣΥΦΟΣ", "strasse σίσυφοσ"},
		{"dotted capital i", "İstanbul", "istanbul"},
		{"width", "Ｇｏ　１０１！", "go 101!"},
		{"half-width kana", "ｱｲｳ", "アイウ"},
		{"ligatures", "ﬁnal ½", "final 1⁄2"},
		{"traditional", "機器學習與資料庫", "机器学习与资料库"},
		{"variants of one character", "裏裡 爲為 說説 衆眾 麵麪 臺 颱", "里里为为说说众众面面台台"},
		{"letters that one types for another", "乾杯 瞭解 妳 顯著", "干杯了解你显著"},
		{"composed and decomposed", "cafe\u0301", "café"},
		{"heaps of marks", "h\u0300\u0301\u0302\u0303\u0304i\u0335", "hi"},
		{"marks that spell", "हिन्दी שָׁלוֹם", "हिन्दी שָׁלוֹם"},
		{"zero width", "an\u200bswer\ufeff \u202eabc\u00ad", "answer abc"},
		{"emoji selectors", "❤️", "❤"},
		{"blanks", "  a \t\n b\u3000\u00a0c ", "a b c"},
		{"blanks beside Chinese", "学 习 Go 语言 , 好", "学习go语言,好"},
		{"quotes", "“a” ‘b’ «c» 「d」《e》", `"a" 'b' "c" "d""e"`},
		{"dashes", "a—b–c‐d−e", "a-b-c-d-e"},
		{"long dash", "是——的", "是-的"},
		{"Chinese punctuation", "你好，世界。真的？！", "你好,世界.真的?!"},
		{"invalid bytes", "a\xffb", "a\ufffdb"},
		{"nothing", "\u200b \u200d", ""},
	}
	for _, tt := range tests {
		if got := text.Fold(tt.text); got != tt.want {
			t.Errorf("%s: %q gives %q, want %q", tt.name, tt.text, got, tt.want)
		}
	}
}

// strange draws texts of characters that fold in unlike ways, marks and
// controls among them.
var strange = rapid.StringOf(rapid.OneOf(
	rapid.Rune(),
	rapid.RuneFrom(nil, unicode.Mn, unicode.Cf, unicode.Han, unicode.Zs, unicode.Pd),
	rapid.SampledFrom([]rune("aAßİıſΣςΐ\u0345\u0301\u0327\u1160\u3164가ﾞカﷺ½①㍿—- \u00ad\u034f乾裏著。、“’?？")),
))

func TestFoldIsIdempotent(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := strange.Draw(rt, "text")
		once := text.Fold(s)
		if twice := text.Fold(once); twice != once {
			rt.Errorf("%+q folds to %+q and that to %+q", s, once, twice)
		}
	})
}

func TestFoldForgetsHowItWasTyped(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.StringMatching(`[a-z0-9机器学习]{1,12}( [a-z0-9]{1,5}){0,3}`).Draw(rt, "text")
		typed := strings.Map(func(r rune) rune {
			if r > ' ' && r <= '~' && rapid.Bool().Draw(rt, "wide") {
				return r + 0xfee0
			}
			return r
		}, s)
		if rapid.Bool().Draw(rt, "upper") {
			typed = strings.ToUpper(typed)
		}
		typed = strings.NewReplacer("机", "機", "学", "學", "习", "習\u200b", " ", " \u3000").Replace(typed)
		if text.Fold(typed) != text.Fold(s) {
			rt.Errorf("%q gives %q, %q gives %q", typed, text.Fold(typed), s, text.Fold(s))
		}
	})
}

func TestFoldIsBounded(t *testing.T) {
	for _, piece := range []string{"a", "学", "ﷺ", "\xff", "e\u0301", " "} {
		got := text.Fold(strings.Repeat(piece, 3*text.MaxText))
		if len(got) > text.MaxText || !utf8.ValidString(got) || text.Fold(got) != got {
			t.Errorf("much of %q: %d bytes", piece, len(got))
		}
	}
}

func TestSimplifyIsDone(t *testing.T) {
	changed := 0
	for r := rune(0x3000); r < 0xa000; r++ {
		s := text.Simplify(r)
		if text.Simplify(s) != s {
			t.Errorf("%c gives %c, and that %c", r, s, text.Simplify(s))
		}
		if s != r {
			changed++
		}
	}
	if changed < 2900 {
		t.Errorf("only %d characters have a simplified form", changed)
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"Ｇｏ", "機器", "\xff\xfe", "e\u0301\u0301", "ẞİ", "``--", "ﷺ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := text.Fold(s)
		if !utf8.ValidString(once) || text.Fold(once) != once || len(once) > text.MaxText {
			t.Errorf("%+q gives %+q, then %+q", s, once, text.Fold(once))
		}
	})
}

func BenchmarkFold(b *testing.B) {
	for name, s := range map[string]string{
		"English answer": "The Mitochondria  of the cell",
		"Chinese answer": "細胞的　線粒體（Mitochondria）",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				text.Fold(s)
			}
		})
	}
}

package recommend

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/go-ego/gse"
	"golang.org/x/text/unicode/norm"
)

// Words splits a text into the words that tell what it is about, lower-cased
// and with the width of their characters folded (NFKC). Chinese is cut by a
// dictionary, and where that knows no word, into pairs of characters;
// everything else by Unicode's letters and digits. Words that say nothing by
// themselves are left out.
func Words(text string) []string {
	var words []string
	text = strings.ToLower(norm.NFKC.String(text))
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		var n int
		switch {
		case unicode.Is(unicode.Han, r):
			n = span(text, func(r rune) bool { return unicode.Is(unicode.Han, r) })
			words = cutHan(words, text[:n])
		case unicode.In(r, unicode.Hiragana, unicode.Katakana):
			n = span(text, func(r rune) bool { return unicode.In(r, unicode.Hiragana, unicode.Katakana) || r == 'ー' })
			words = pairs(words, text[:n])
		case letter(r):
			n = span(text, letter)
			for n < len(text) && (text[n] == '+' || text[n] == '#') { // C++, C#, F#
				n++
			}
			if w := text[:n]; !stopWords[w] && (n > 1 || w == "c" || w == "r") {
				words = append(words, stem(w))
			}
		default:
			n = size
		}
		text = text[n:]
	}
	return words
}

func letter(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r)) &&
		!unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
}

// span is the length in bytes of the longest beginning of text that is all in.
func span(text string, in func(rune) bool) int {
	if i := strings.IndexFunc(text, func(r rune) bool { return !in(r) }); i >= 0 {
		return i
	}
	return len(text)
}

// stem takes the plural off an English word, so that "goroutines" meets
// "goroutine". More stemming harms names of things more than it helps.
func stem(w string) string {
	switch n := len(w); {
	case n > 4 && strings.HasSuffix(w, "ies"):
		return w[:n-3] + "y"
	case n > 3 && w[n-1] == 's' && w[n-2] != 's' && w[n-2] != 'u' && w[n-2] != 'i':
		return w[:n-1]
	}
	return w
}

// cutHan appends the words of a run of Chinese characters. Characters that
// the dictionary leaves alone (traditional ones, rare names) are joined in
// overlapping pairs.
func cutHan(words []string, text string) []string {
	single := ""
	flush := func() {
		words, single = pairs(words, single), ""
	}
	for _, w := range dictionary().cut(text) {
		if stopWords[w] {
			flush()
			continue
		}
		if utf8.RuneCountInString(w) == 1 {
			single += w
			continue
		}
		flush()
		words = append(words, w)
	}
	flush()
	return words
}

// pairs appends the overlapping pairs of characters of text, or its only one.
func pairs(words []string, text string) []string {
	runes := []rune(text)
	if len(runes) == 1 {
		return append(words, text)
	}
	for i := 0; i+1 < len(runes); i++ {
		words = append(words, string(runes[i:i+2]))
	}
	return words
}

// hanDictionary is gse's dictionary of simplified Chinese.
type hanDictionary struct {
	mu  sync.Mutex // gse does not promise to be safe for many goroutines
	seg gse.Segmenter
}

// rareWord is the frequency below which a word of the dictionary is left out.
// Of 352,000 words this keeps the 82,000 that titles are made of, for 26 MB
// and 0.2 s instead of 134 MB and 0.9 s; a word that is cut in two is still
// found by its halves.
const rareWord = 20

// dictionary loads the words when the first Chinese text is met, once.
var dictionary = sync.OnceValue(func() *hanDictionary {
	d := &hanDictionary{}
	d.seg.SkipLog = true
	d.seg.NotLoadHMM = true
	d.seg.MinTokenFreq = rareWord
	if err := d.seg.LoadDictEmbed("zh_s"); err != nil {
		panic("recommend: the dictionary in the binary is broken: " + err.Error())
	}
	return d
})

func (d *hanDictionary) cut(text string) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.seg.Cut(text, false)
}

// stopWords say nothing about a topic by themselves.
var stopWords = func() map[string]bool {
	m := map[string]bool{}
	for _, list := range []string{
		`a about after all also an and any are as at be been before but by can could did do does for
		from get had has have he her his how i if in into is it its just let ll me more most my new no not
		of on one or our out over own re s she should so some such t than that the their them then
		there these they this those to too up us use using ve very via was we were what when where
		which while who why will with you your`,
		`的 了 和 是 就 都 而 及 与 着 或 一个 没有 我们 你们 他们 她们 它们 我 你 他 她 它 在 这 那 这个 那个
		也 很 到 说 要 去 会 被 让 把 给 从 向 对 于 以 之 其 个 有 不 吗 呢 吧 啊 如何 怎么 怎样 什么 为 为什么 以及 一 上 下 中 来`,
	} {
		for w := range strings.FieldsSeq(list) {
			m[w] = true
		}
	}
	return m
}()

package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// script is how a run of characters is cut into words.
type script byte

const (
	spaced script = iota // by blanks and signs: English and most others
	han                  // by the dictionary
	kana                 // Japanese syllables
)

// token is a piece of a text that may be a word.
type token struct {
	surface string // as written
	folded  string // as compared
	at      int    // offset of surface in the text
}

// scan cuts a cleaned text into runs of one script: letters and digits with
// their marks, Chinese characters, Japanese syllables. Signs and blanks are
// left out. Runs are not folded; Chinese ones are not cut.
func scan(s string, yield func(run string, at int, kind script)) {
	for at := 0; at < len(s); {
		rest := s[at:]
		r, size := utf8.DecodeRuneInString(rest)
		n := size
		switch {
		case isHan(r):
			n = span(rest, isHan)
			yield(rest[:n], at, han)
		case isKana(r):
			n = span(rest, func(r rune) bool { return isKana(r) || r == 'ー' })
			yield(rest[:n], at, kana)
		case letter(r):
			n = span(rest, letter)
			for n < len(rest) && (rest[n] == '+' || rest[n] == '#') { // C++, C#, F#
				n++
			}
			yield(rest[:n], at, spaced)
		}
		at += n
	}
}

func isHan(r rune) bool { return r >= 0x2e80 && unicode.Is(unicode.Han, r) }

func isKana(r rune) bool {
	return r >= 0x3040 && unicode.In(r, unicode.Hiragana, unicode.Katakana)
}

func letter(r rune) bool {
	if r < 0x80 {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	return (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.In(r, unicode.Mn, unicode.Mc)) &&
		!isHan(r) && !isKana(r)
}

// span is the length in bytes of the longest beginning of text that is all in.
func span(text string, in func(rune) bool) int {
	if i := strings.IndexFunc(text, func(r rune) bool { return !in(r) }); i >= 0 {
		return i
	}
	return len(text)
}

// foldRun folds a run of one script of a cleaned text.
func foldRun(run string) string {
	if plain(run) {
		return strings.ToLower(run)
	}
	return Fold(run)
}

// simplifyRun replaces the characters of a run one by one, so that lengths in
// characters stay.
func simplifyRun(run string) string { return strings.Map(Simplify, run) }

// hanTokens cuts a run of Chinese characters into words of the dictionary, and
// tells how each was written.
func hanTokens(run string, at int, yield func(token)) {
	simple := simplifyRun(run)
	for _, w := range dictionary().cut(simple) {
		n := 0 // bytes of run that were simplified to w
		for range utf8.RuneCountInString(w) {
			_, size := utf8.DecodeRuneInString(run[n:])
			n += size
		}
		yield(token{surface: run[:n], folded: w, at: at})
		run, at = run[n:], at+n
	}
}

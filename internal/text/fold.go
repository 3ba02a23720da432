package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// MaxText is how many bytes of a text are read. The rest is as if not there.
const MaxText = 16 << 10

// maxMarks is how many combining marks a letter may carry in scripts that
// spell with them. The more of them there are, the less is said.
const maxMarks = 3

// Fold brings all ways to type the same to one form, for comparing typed
// answers and counting words; it is not for showing.
//
// Width and compatibility forms (NFKC), case (full Unicode folding: ß is ss),
// traditional and simplified Chinese (character by character), and kinds of
// quotes, dashes and full stops become one. Invisible characters, variation
// selectors and heaped combining marks go. Blanks become one space, and none
// beside Chinese characters, where writing them is a habit and not a word's
// end. Accents that make a letter (é, ñ) stay.
//
// Fold(Fold(s)) == Fold(s).
func Fold(s string) string {
	s = begin(s, MaxText)
	if plain(s) {
		return squeeze(strings.ToLower(s))
	}
	// Each step may open the way for an earlier one: a mark that is taken
	// away lets its letter join the next. It settles in two or three rounds.
	for range 6 {
		before := s
		s = norm.NFKC.String(s)
		s = cases.Fold().String(s)
		s = norm.NFKC.String(strip(s))
		s = squeeze(unify(s))
		s = strings.TrimRight(begin(s, MaxText), " ")
		if s == before {
			break
		}
	}
	return s
}

// clean is what Fold does to a text that must still read as it was written:
// without invisible characters and heaps of marks, in one width.
func clean(s string) string {
	s = begin(s, MaxText)
	if plain(s) {
		return s
	}
	return begin(norm.NFC.String(strip(norm.NFKC.String(s))), MaxText)
}

// begin is the beginning of s of at most n bytes, in whole characters.
func begin(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// plain reports whether s is printable ASCII that only case and blanks change.
func plain(s string) bool {
	dash := false
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c > '~' || c == '`' || c == '-' && dash {
			return false
		}
		dash = c == '-'
	}
	return true
}

// strip takes invisible characters out, and combining marks that belong to no
// spelling: on Latin, Greek, Cyrillic, Chinese, digits and signs every mark
// that has not joined its letter, elsewhere those past maxMarks.
func strip(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	bare, marks := true, 0 // of the last base character
	for _, r := range s {  // invalid bytes come as U+FFFD
		switch {
		case invisible(r):
		case unicode.In(r, unicode.Mn, unicode.Me):
			if marks++; !bare && marks <= maxMarks {
				b.WriteRune(r)
			}
		default:
			bare, marks = bareScript(r), 0
			b.WriteRune(r)
		}
	}
	return b.String()
}

func bareScript(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.Is(unicode.Mc, r) ||
		unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Han, unicode.Common)
}

// invisible characters: controls but for blanks, formats (zero-width joiners,
// directions, tags), variation selectors, and letters that are drawn as nothing.
func invisible(r rune) bool {
	switch {
	case r < 0x80:
		return r < ' ' && !unicode.IsSpace(r) || r == 0x7f
	case r == '\u3164' || r == '\uffa0' || r == '\u115f' || r == '\u1160' || r == '\u2800': // fillers
		return true
	case r >= '\ufe00' && r <= '\ufe0f' || r >= 0xe0100 && r <= 0xe01ef: // selectors
		return true
	case r == '\u0085':
		return false // next line, a blank
	}
	return unicode.In(r, unicode.Cf, unicode.Cc, unicode.Cs)
}

// unify replaces variants of characters: Chinese ones by the simplified form,
// punctuation by its ASCII neighbour.
func unify(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < 0x80:
			if r == '`' {
				return '\''
			}
			return r
		case r >= firstHan && r <= lastHan:
			return Simplify(r)
		}
		switch r {
		case '‘', '’', '‚', '‛', '′', 'ʹ', 'ʼ', 'ˈ', '´', '‹', '›':
			return '\''
		case '“', '”', '„', '‟', '″', '«', '»', '「', '」', '『', '』', '《', '》', '〈', '〉', '〝', '〞', '〟':
			return '"'
		case '‐', '‑', '‒', '–', '—', '―', '−', '⸺', '⸻', '﹘', '⁃', '─', '╌':
			return '-'
		case '。', '｡':
			return '.'
		case '、', '،':
			return ','
		case '؟', '⸮':
			return '?'
		case '؛':
			return ';'
		case '〜', '∼', '～':
			return '~'
		case '【', '〔', '〖':
			return '['
		case '】', '〕', '〗':
			return ']'
		case '×', '✕', '✖':
			return '×'
		case '•', '・', '‧', '∙', '⋅', '●':
			return '·'
		}
		return r
	}, s)
}

// squeeze makes of blanks one space, of none at the ends and beside Chinese,
// and of a row of dashes one dash.
func squeeze(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	blank, last := false, rune(-1)
	for _, r := range s {
		if unicode.IsSpace(r) {
			blank = true
			continue
		}
		if r == '-' && last == '-' && !blank {
			continue
		}
		if blank && last >= 0 && !unspaced(last) && !unspaced(r) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		blank, last = false, r
	}
	return b.String()
}

// unspaced reports whether the script of r is written without blanks.
func unspaced(r rune) bool {
	return r >= 0x2e80 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
}

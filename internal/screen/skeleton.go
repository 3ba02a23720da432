package screen

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/lyceum-live/lyceum/internal/text"
)

// mark is one letter or digit of a skeleton, with all that repeat it at once:
// "shiiit" is s h i×3 t.
type mark struct {
	r          rune
	run        int
	start, end int // in the text, in bytes
}

// gap is what stands before a mark.
type gap uint8

const (
	none  gap = iota
	dress     // signs that stand within words: . - _ * ~
	blank     // anything else that is no letter
)

// bones is a text brought down to what it says: letters and digits alone, in
// one width, case, alphabet and Chinese script.
type bones struct {
	marks []mark
	gaps  []gap  // before each mark
	stars []bool // stars, which may hide a letter, stand before this mark
	han   []bool // the mark belongs to a script written without blanks
}

// skeleton reads a text. Its letters are decomposed (NFKD) and lose their
// accents, so that é is e; a digit or sign in the place of a letter becomes
// that letter where a letter stands beside it.
func skeleton(s string) bones {
	var k bones
	before := blank
	star := false
	var buf [64]byte
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		start := i
		i += size
		if drops(r) {
			continue
		}
		if r < utf8.RuneSelf || r >= '一' && r <= '鿿' { // decomposes into nothing else
			before, star = k.take(r, start, i, before, star, s)
			continue
		}
		for _, d := range string(norm.NFKD.AppendString(buf[:0], s[start:i])) {
			if unicode.In(d, unicode.Mn, unicode.Me) || drops(d) {
				continue
			}
			before, star = k.take(d, start, i, before, star, s)
		}
	}
	return k
}

// take adds one decomposed character, and returns what stands before the next.
func (k *bones) take(r rune, start, end int, before gap, star bool, s string) (gap, bool) {
	letter := lookalike(unicode.ToLower(text.Simplify(r)))
	if !unicode.IsLetter(letter) && !unicode.IsDigit(letter) {
		if stand, ok := standsFor(letter); ok && beside(s, start, end) {
			letter = stand
		} else {
			switch {
			case letter == '*':
				return max(before, dress), true
			case dresses(letter):
				return max(before, dress), star
			}
			return blank, false
		}
	} else if stand, ok := standsFor(letter); ok && beside(s, start, end) {
		letter = stand
	}
	letter = sameLetter(letter)
	if n := len(k.marks); n > 0 && before == none && k.marks[n-1].r == letter {
		k.marks[n-1].run++
		k.marks[n-1].end = end
		return none, false
	}
	k.marks = append(k.marks, mark{letter, 1, start, end})
	k.gaps = append(k.gaps, before)
	k.stars = append(k.stars, star)
	k.han = append(k.han, unspaced(letter))
	return none, false
}

// beside reports whether a letter stands right before or after a digit or sign,
// so that it may itself be meant as one: in "sh1t", not in "10 $".
func beside(s string, start, end int) bool {
	after, _ := utf8.DecodeRuneInString(s[end:])
	before, _ := utf8.DecodeLastRuneInString(s[:start])
	if unicode.IsLetter(after) && !unspaced(after) {
		return true
	}
	if sign := s[start:end]; sign == "!" || sign == "！" {
		return false // ends a sentence
	}
	return unicode.IsLetter(before) && !unspaced(before)
}

// unspaced reports whether any of it is of a script written without blanks.
func (k bones) unspaced() bool {
	for _, han := range k.han {
		if han {
			return true
		}
	}
	return false
}

// joined is the marks one after the other, whatever stood between; marks that
// meet with their like run together.
func (k bones) joined() []mark { return join(k.marks) }

func join(marks []mark) []mark {
	out := make([]mark, 0, len(marks))
	for _, m := range marks {
		if n := len(out); n > 0 && out[n-1].r == m.r {
			out[n-1].run += m.run
			out[n-1].end = m.end
			continue
		}
		out = append(out, m)
	}
	return out
}

// spaced is the marks with a blank between words, and before and after if asked.
func (k bones) spaced(before, after bool) []mark {
	out := make([]mark, 0, len(k.marks)+8)
	for i, m := range k.marks {
		if i > 0 && k.gaps[i] != none || i == 0 && before {
			out = append(out, mark{r: ' ', run: 1, start: m.start, end: m.start})
		}
		out = append(out, m)
	}
	if n := len(k.marks); after && n > 0 {
		end := k.marks[n-1].end
		out = append(out, mark{r: ' ', run: 1, start: end, end: end})
	}
	return out
}

// drops reports what is drawn as nothing: it is as if not there.
func drops(r rune) bool {
	switch {
	case r < 0x80:
		return r < ' ' && r != '\n' && r != '\t' && r != '\r' || r == 0x7f
	case r == '\u115f', r == '\u1160', r == '\u3164', r == '\uffa0', r == '\u2800',
		r >= '\ufe00' && r <= '\ufe0f', r >= 0xe0100 && r <= 0xe01ef:
		return true
	}
	return unicode.In(r, unicode.Cf, unicode.Cc, unicode.Mn, unicode.Me)
}

// dresses reports signs that people put within a word to hide it. An apostrophe
// is none: "he'll" and "who're" are two words each.
func dresses(r rune) bool {
	switch r {
	case '.', '-', '_', '~', '·', '•', '|', '/', '\\', '+', '=', '^', ',', '"', ':', '‐', '–', '—':
		return true
	}
	return false
}

// standsFor is the letter that a digit or sign is drawn like.
func standsFor(r rune) (rune, bool) {
	switch r {
	case '0':
		return 'o', true
	case '1', '!', '|':
		return 'i', true
	case '3', '€':
		return 'e', true
	case '4', '@':
		return 'a', true
	case '5', '$':
		return 's', true
	case '7':
		return 't', true
	case '8':
		return 'b', true
	case '9':
		return 'g', true
	}
	return 0, false
}

// sameLetter makes one of letters that are drawn alike in many typefaces:
// l and i, of which 1 may be either.
func sameLetter(r rune) rune {
	if r == 'l' {
		return 'i'
	}
	return r
}

// unspaced reports whether the script of r is written without blanks.
func unspaced(r rune) bool {
	return r >= 0x1100 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai)
}

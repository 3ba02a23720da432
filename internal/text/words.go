package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Word is one word of a text.
type Word struct {
	Folded  string // what it is counted by: folded, English without its plural
	Surface string // as it was written, but for width and invisible characters
}

// Words returns the words that say what a text is about, in order and as often
// as they occur: for word clouds. Chinese words have two characters and more.
// Function words of both languages, numbers, single letters but C and R, and
// web addresses are left out. Counting by Folded, the commonest Surface is the
// one to show.
func Words(s string) []Word {
	var words []Word
	add := func(folded, surface string) { words = append(words, Word{folded, surface}) }
	scan(withoutAddresses(clean(s)), func(run string, at int, kind script) {
		switch kind {
		case han:
			hanTokens(run, at, func(t token) {
				if utf8.RuneCountInString(t.folded) > 1 && !stops[t.folded] {
					add(t.folded, t.surface)
				}
			})
		case kana:
			if utf8.RuneCountInString(run) > 2 {
				add(foldRun(run), run)
			}
		default:
			if w := foldRun(run); sayable(w) {
				add(stem(w), run)
			}
		}
	})
	return words
}

// sayable reports whether a folded word of letters may stand in a cloud.
func sayable(w string) bool {
	if len(w) == 1 && w != "c" && w != "r" || stops[w] {
		return false
	}
	return strings.IndexFunc(w, unicode.IsLetter) >= 0
}

// withoutAddresses blanks web addresses out, byte by byte.
func withoutAddresses(s string) string {
	if !strings.Contains(s, "://") && !strings.Contains(s, "www.") {
		return s
	}
	b := []byte(s)
	for i := 0; i < len(b); {
		n := span(s[i:], func(r rune) bool { return r > ' ' && r < 0x80 })
		if piece := s[i : i+n]; strings.Contains(piece, "://") || strings.HasPrefix(piece, "www.") {
			for j := i; j < i+n; j++ {
				b[j] = ' '
			}
		}
		i += n
		for i < len(s) && (s[i] <= ' ' || s[i] >= 0x80) {
			i++
		}
	}
	return string(b)
}

// Terms returns the words by which a catalogue is searched and compared:
// folded, in order, numbers too, and of Chinese also what the dictionary does
// not know, in overlapping pairs of characters. Few words are left out, only
// those that say nothing in a title.
func Terms(s string) []string {
	var terms []string
	scan(clean(s), func(run string, at int, kind script) {
		switch kind {
		case han:
			single := ""
			flush := func() {
				terms, single = pairs(terms, single), ""
			}
			hanTokens(run, at, func(t token) {
				switch {
				case titleStops[t.folded]:
					flush()
				case utf8.RuneCountInString(t.folded) == 1:
					single += t.folded
				default:
					flush()
					terms = append(terms, t.folded)
				}
			})
			flush()
		case kana:
			terms = pairs(terms, foldRun(run))
		default:
			w := foldRun(run)
			if w != "" && !titleStops[w] && (len(w) > 1 || w == "c" || w == "r") {
				terms = append(terms, stem(w))
			}
		}
	})
	return terms
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

// pairs appends the overlapping pairs of characters of text, or its only one.
func pairs(words []string, text string) []string {
	runes := []rune(text)
	if len(runes) == 0 {
		return words
	}
	if len(runes) == 1 {
		return append(words, text)
	}
	for i := 0; i+1 < len(runes); i++ {
		words = append(words, string(runes[i:i+2]))
	}
	return words
}

package wire

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Longest texts, in characters (Unicode code points).
const (
	MaxName    = 40
	MaxChat    = 500
	MaxAsk     = 600  // a question, and an answer to one
	MaxTitle   = 160  // a poll's, quiz's or class's title
	MaxChoice  = 120  // one choice of a poll or a quiz question
	MaxReason  = 200  // why a moderator did something
	MaxChoices = 12   // choices of one poll or quiz question
	MaxAsked   = 100  // questions of one quiz
	MaxList    = 1000 // ids in one list that a client sends
)

// CleanText returns s as a person meant it: composed (NFC), without the
// controls that reorder or hide text, with runs of blanks at the ends removed.
// It refuses with [ErrText] what is then empty or longer than max characters,
// and what is not UTF-8. Line breaks are kept only where lines is true.
func CleanText(s string, max int, lines bool) (string, error) {
	if !utf8.ValidString(s) {
		return "", ErrText
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			if lines && r != '\r' {
				return r
			}
			return ' '
		case r == '\u200d', r == '\ufe0f': // joins emoji, picks their colour form
			return r
		case unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), r == '\u2028', r == '\u2029':
			return -1
		}
		return r
	}, norm.NFC.String(s))
	s = strings.TrimSpace(s)
	if strings.Trim(s, "\u200d\ufe0f \n\t") == "" || utf8.RuneCountInString(s) > max {
		return "", ErrText
	}
	return s, nil
}

// Package markup turns what formats hold into the markup of a question and
// back: plain text, HTML and XHTML.
//
// It converts and never cleans: HTML that a stranger wrote is still theirs.
package markup

import (
	"html"
	"regexp"
	"strings"

	"github.com/lyceum-live/lyceum/internal/formats/bank"
)

// Piece is a text of a question with the markup that it is in.
type Piece struct {
	Text   *string
	Markup bank.Markup
}

// Unify gives all pieces of a question one markup and returns it: that of the
// first, its text, unless another piece needs HTML to keep what it has.
func Unify(pieces ...Piece) bank.Markup {
	out := bank.Plain
	if len(pieces) > 0 {
		out = pieces[0].Markup
	}
	if out == bank.Plain {
		for _, p := range pieces {
			if p.Markup != out && !Bare(*p.Text) {
				out = bank.HTML
			}
		}
	}
	for _, p := range pieces {
		if p.Markup == bank.Plain && out == bank.HTML {
			*p.Text = FromPlain(*p.Text)
		}
	}
	return out
}

// element is the beginning or end of an element of HTML, as people write it:
// a < b > c is none.
var element = regexp.MustCompile(`(?i)</?(a|abbr|acronym|address|article|aside|audio|b|bdi|bdo|big|blockquote|br|caption|center|cite|code|col|colgroup|dd|del|details|dfn|div|dl|dt|em|figcaption|figure|font|footer|h[1-6]|header|hr|i|iframe|img|ins|kbd|li|main|mark|math|nav|object|ol|p|picture|pre|q|rp|rt|ruby|s|samp|script|section|small|source|span|strike|strong|style|sub|summary|sup|svg|table|tbody|td|tfoot|th|thead|time|tr|tt|u|ul|var|video|wbr)(\s+[a-z][\w:-]*\s*=\s*("[^"]*"|'[^']*'|[^\s"'<>]+))*\s*/?>`)

// LooksHTML says whether a text has elements of HTML in it.
func LooksHTML(s string) bool { return strings.ContainsRune(s, '<') && element.MatchString(s) }

// Bare says whether s means the same in HTML and as plain text.
func Bare(s string) bool { return !strings.ContainsAny(s, "<>&\n") }

// FromPlain is plain text as HTML.
func FromPlain(s string) string {
	return strings.ReplaceAll(Escape(s), "\n", "<br>")
}

// Escape is a text within HTML or XML.
func Escape(s string) string { return escaper.Replace(s) }

// EscapeAttr is a text within a quoted attribute.
func EscapeAttr(s string) string { return attrEscaper.Replace(s) }

var (
	escaper     = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	attrEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\n", "&#10;", "\t", "&#9;")

	breaks = regexp.MustCompile(`(?i)[ \t]*(<br\s*/?>|</p>|</div>|</li>|</tr>|</h[1-6]>)[ \t]*\n?`)
	tags   = regexp.MustCompile(`(?s)<!--.*?-->|</?[A-Za-z][^>]*>`)
)

// ToPlain is what a person reads of HTML, without its pictures.
func ToPlain(s string) string {
	s = breaks.ReplaceAllString(s, "\n")
	s = tags.ReplaceAllString(s, "")
	s = strings.ReplaceAll(html.UnescapeString(s), "\u00a0", " ")
	return bank.Clean(s)
}

// PlainOf is a text of a question as plain text.
func PlainOf(s string, m bank.Markup) string {
	if m == bank.HTML {
		return ToPlain(s)
	}
	return s
}

package exchange

import (
	"path"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/lyceum-live/lyceum/internal/formats/bank"
)

// Plain is what a person reads of a text.
func Plain(s string, m bank.Markup) string {
	if m != bank.HTML {
		return s
	}
	plain, _ := read(s)
	return plain
}

// Bounds of HTML, beyond which a text is no text that somebody wrote.
const (
	deepest   = 200       // elements inside one another
	mostTags  = 20_000    // of one text
	mostShown = 20        // pictures, sounds and films of one text that are named
	allTags   = 1_000_000 // of all texts of a file: a few seconds' work
)

// reader puts together the text of HTML.
type reader struct {
	out   strings.Builder
	media []string
	blank bool // a blank is due before the next word
	item  bool // and the sign of a list's item
	pre   int  // within so many elements that keep their blanks
}

// read is the text of HTML, and what it shows or plays. Elements never come
// through: what is left is what stands between them, as it is read.
func read(s string) (text string, media []string) {
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(s), body)
	if err != nil { // a reader of a string does not fail
		return "", nil
	}
	var r reader
	for _, n := range nodes {
		r.node(n, 0)
	}
	return bank.Clean(r.out.String()), r.media
}

func (r *reader) node(n *html.Node, depth int) {
	if depth > deepest {
		return
	}
	switch n.Type {
	case html.TextNode:
		r.text(n.Data)
		return
	case html.ElementNode:
	default:
		return
	}
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Head, atom.Title, atom.Template, atom.Noscript:
		return
	case atom.Br, atom.Hr:
		r.line()
		return
	case atom.Img, atom.Audio, atom.Video, atom.Source, atom.Iframe, atom.Object, atom.Embed, atom.Svg:
		r.show(n)
		return
	case atom.Sup, atom.Sub:
		r.raised(n, depth)
		return
	case atom.Math:
		if tex := annotation(n, depth); tex != "" {
			r.text(`\(` + tex + `\)`)
			return
		}
	case atom.Td, atom.Th:
		r.blank = r.blank || r.out.Len() > 0
	case atom.Li:
		r.item = true
	case atom.Pre:
		r.pre++
		defer func() { r.pre-- }()
	}
	block := blocks[n.DataAtom]
	if block {
		r.line()
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		r.node(c, depth+1)
	}
	if block {
		r.line()
	}
}

var blocks = map[atom.Atom]bool{
	atom.P: true, atom.Div: true, atom.Li: true, atom.Ul: true, atom.Ol: true, atom.Tr: true, atom.Table: true, atom.Pre: true,
	atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true, atom.H5: true, atom.H6: true, atom.Blockquote: true,
	atom.Dl: true, atom.Dt: true, atom.Dd: true, atom.Figure: true, atom.Figcaption: true, atom.Section: true, atom.Article: true,
	atom.Header: true, atom.Footer: true, atom.Caption: true, atom.Address: true, atom.Details: true, atom.Summary: true,
}

// text adds words; blanks between them count as one, as a browser shows them.
func (r *reader) text(s string) {
	if r.pre > 0 {
		r.out.WriteString(s)
		return
	}
	for _, c := range s {
		if unicode.IsSpace(c) { // a blank that must not break is one here
			r.blank = true
			continue
		}
		if r.blank && !r.fresh() {
			r.out.WriteByte(' ')
		}
		if r.item {
			r.out.WriteString("• ")
		}
		r.blank, r.item = false, false
		r.out.WriteRune(c)
	}
}

// fresh reports whether a line has just begun.
func (r *reader) fresh() bool {
	s := r.out.String()
	return s == "" || s[len(s)-1] == '\n'
}

// line begins a new line, if the present one has something in it.
func (r *reader) line() {
	r.blank = false
	if !r.fresh() {
		r.out.WriteByte('\n')
	}
}

// show says in a picture's place what its author says of it, and remembers
// what was shown.
func (r *reader) show(n *html.Node) {
	at, alt := "", ""
	for _, a := range n.Attr {
		switch a.Key {
		case "src", "data":
			at = a.Val
		case "alt":
			alt = a.Val
		}
	}
	for c := n.FirstChild; c != nil && at == ""; c = c.NextSibling {
		for _, a := range c.Attr {
			if c.DataAtom == atom.Source && a.Key == "src" {
				at = a.Val
			}
		}
	}
	if strings.TrimSpace(alt) != "" {
		r.text("[" + strings.TrimSpace(alt) + "]")
	}
	r.shown(mediaName(n.Data, at))
}

// shown remembers the first of what was shown.
func (r *reader) shown(names ...string) {
	for _, name := range names {
		if len(r.media) < mostShown && !slices.Contains(r.media, name) {
			r.media = append(r.media, name)
		}
	}
}

// mediaName is what a note calls something that is shown: never a whole
// address, which may be as long as a picture.
func mediaName(element, at string) string {
	if at == "" || strings.HasPrefix(at, "data:") {
		return element
	}
	at, _, _ = strings.Cut(at, "?")
	return bank.Clip(bank.Line(path.Base(at)), 60)
}

// raised writes what stands above or below the line: H₂O, x², x^(n+1).
func (r *reader) raised(n *html.Node, depth int) {
	var inner reader
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		inner.node(c, depth+1)
	}
	r.shown(inner.media...)
	s := bank.Line(inner.out.String())
	if s == "" {
		return
	}
	table, sign := superscript, "^"
	if n.DataAtom == atom.Sub {
		table, sign = subscript, "_"
	}
	written := true
	small := strings.Map(func(c rune) rune {
		if to, ok := table[c]; ok {
			return to
		}
		written = false
		return c
	}, s)
	switch {
	case written:
		r.text(small)
	case len([]rune(s)) == 1:
		r.text(sign + s)
	default:
		r.text(sign + "(" + s + ")")
	}
}

var (
	superscript = pairsOf("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
	subscript   = pairsOf("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
)

func pairsOf(from, to string) map[rune]rune {
	out, signs := map[rune]rune{}, []rune(to)
	for i, c := range []rune(from) {
		out[c] = signs[i]
	}
	return out
}

// annotation is the TeX that a formula says that it was made of.
func annotation(n *html.Node, depth int) string {
	if depth > deepest {
		return ""
	}
	if n.Type == html.ElementNode && n.Data == "annotation" {
		for _, a := range n.Attr {
			if a.Key == "encoding" && strings.Contains(strings.ToLower(a.Val), "tex") && n.FirstChild != nil {
				return strings.TrimSpace(n.FirstChild.Data)
			}
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if tex := annotation(c, depth+1); tex != "" {
			return tex
		}
	}
	return ""
}

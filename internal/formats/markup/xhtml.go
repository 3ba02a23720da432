package markup

import (
	"encoding/xml"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/lyceum-live/lyceum/internal/formats/bounded"
)

var void = []string{"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}

// mathML is the namespace in which XHTML has formulas.
const mathML = "http://www.w3.org/1998/Math/MathML"

// XHTML is HTML as well-formed XML. Scripts are left out: no format of
// questions has a place for them.
func XHTML(s string) string {
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(s), body)
	if err != nil {
		return Escape(s)
	}
	var out strings.Builder
	for _, n := range nodes {
		writeXHTML(&out, n, 0)
	}
	return out.String()
}

func writeXHTML(out *strings.Builder, n *html.Node, depth int) {
	switch {
	case n.Type == html.TextNode:
		out.WriteString(Escape(legal(n.Data)))
		return
	case n.Type != html.ElementNode || n.Data == "script" || n.Data == "style" || depth > bounded.MaxDepth/2:
		return
	}
	out.WriteString("<" + n.Data)
	if n.Data == "math" {
		out.WriteString(` xmlns="` + mathML + `"`)
	}
	var seen []string
	for _, a := range n.Attr {
		if a.Key == "xmlns" || !xmlName(a.Key) || slices.Contains(seen, a.Key) {
			continue
		}
		seen = append(seen, a.Key)
		out.WriteString(" " + a.Key + `="` + EscapeAttr(legal(a.Val)) + `"`)
	}
	if n.FirstChild == nil && slices.Contains(void, n.Data) {
		out.WriteString("/>")
		return
	}
	out.WriteString(">")
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		writeXHTML(out, c, depth+1)
	}
	out.WriteString("</" + n.Data + ">")
}

// xmlName says whether an attribute that HTML lets through may stand in XML.
func xmlName(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_'
		if !letter && (i == 0 || !(r >= '0' && r <= '9' || r == '-' || r == '.')) {
			return false
		}
	}
	return s != ""
}

// legal is s without the characters that XML cannot hold.
func legal(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}, s)
}

// XMLText is a text within an element, whatever characters it has.
func XMLText(s string) string { return Escape(legal(s)) }

// FromXML is the content of an XML element as HTML. Where replace answers for
// an element, that is taken in its place.
func FromXML(nodes []*bounded.Node, replace func(*bounded.Node) (string, bool)) string {
	var out strings.Builder
	for _, n := range nodes {
		writeHTML(&out, n, replace)
	}
	return out.String()
}

func writeHTML(out *strings.Builder, n *bounded.Node, replace func(*bounded.Node) (string, bool)) {
	if n.Name == "" {
		out.WriteString(Escape(n.Text))
		return
	}
	if s, ok := replace(n); ok {
		out.WriteString(s)
		return
	}
	out.WriteString("<" + n.Name)
	for _, a := range n.Attrs {
		if a.Name.Local == "xmlns" || a.Name.Space == "xmlns" || strings.Contains(a.Value, "\x00") {
			continue
		}
		out.WriteString(" " + a.Name.Local + `="` + attr(a) + `"`)
	}
	out.WriteString(">")
	if len(n.Children) == 0 && slices.Contains(void, n.Name) {
		return
	}
	for _, c := range n.Children {
		writeHTML(out, c, replace)
	}
	out.WriteString("</" + n.Name + ">")
}

func attr(a xml.Attr) string {
	return strings.NewReplacer("&", "&amp;", `"`, "&quot;").Replace(a.Value)
}

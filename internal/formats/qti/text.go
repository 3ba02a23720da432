package qti

import (
	"encoding/xml"
	"net/url"
	"slices"
	"strings"

	"github.com/lyceum-live/lyceum/internal/formats/bank"
	"github.com/lyceum-live/lyceum/internal/formats/bounded"
	"github.com/lyceum-live/lyceum/internal/formats/markup"
)

// Classes with which a written text says what it was.
const (
	ownClass  = "lyceum-"
	ownPlain  = ownClass + string(bank.Plain)
	ownHTML   = ownClass + string(bank.HTML)
	ownMark   = ownClass + string(bank.Markdown)
	ownGaps   = ownClass + "gaps"
	ownOthers = ownClass + "entry" // beside the text: no part of it
)

func unescaped(ref string) string {
	if s, err := url.PathUnescape(ref); err == nil {
		return s
	}
	return ref
}

// normal gives an item of QTI 3 the names of QTI 2: qti-simple-choice is
// simpleChoice there.
func normal(n *bounded.Node) *bounded.Node {
	n.Walk(func(c *bounded.Node) bool {
		if rest, ok := strings.CutPrefix(c.Name, "qti-"); ok {
			c.Name = camel(rest)
			for i := range c.Attrs {
				a := &c.Attrs[i].Name
				if !strings.HasPrefix(a.Local, "data-") && !strings.HasPrefix(a.Local, "aria-") {
					a.Local = camel(a.Local)
				}
			}
		}
		return true
	})
	return n
}

func camel(s string) string {
	parts := strings.Split(s, "-")
	for i, p := range parts[1:] {
		if p != "" {
			parts[i+1] = strings.ToUpper(p[:1]) + p[1:]
		}
	}
	return strings.Join(parts, "")
}

// texts collects the texts of one item.
type texts struct {
	r      *reader
	own    bank.Markup // how our own writer says that they are written, or nothing
	pieces []markup.Piece
	gap    func(*bounded.Node) string // what stands in the place of an entry
	err    error
}

// put reads the content of an element as a text of the question.
func (t *texts) put(into *string, nodes ...*bounded.Node) {
	text, m := t.of(nodes)
	*into = bank.Clean(text)
	if *into != "" {
		t.pieces = append(t.pieces, markup.Piece{Text: into, Markup: m})
	}
}

// of is the content of nodes and how it is written: plain where nothing but
// paragraphs is in it.
func (t *texts) of(nodes []*bounded.Node) (string, bank.Markup) {
	switch {
	case t.own == bank.HTML:
		return markup.FromXML(nodes, t.replace), bank.HTML
	case t.own != "":
		var s strings.Builder
		for _, n := range nodes {
			t.plain(&s, n)
		}
		return s.String(), t.own
	}
	for _, n := range nodes {
		collapse(n, false)
	}
	if !slices.ContainsFunc(nodes, t.needsHTML) {
		var s strings.Builder
		for _, n := range nodes {
			t.plain(&s, n)
		}
		return tidy(s.String()), bank.Plain
	}
	return markup.FromXML(nodes, t.replace), bank.HTML
}

// hidden is what is no part of the text that people read at first.
func hidden(name string) bool {
	switch name {
	case "rubricBlock", "feedbackInline", "feedbackBlock", "modalFeedback", "stylesheet", "templateBlock", "templateInline",
		"infoControl", "endAttemptInteraction", "script", "style", "title", "companionMaterialsInfo":
		return true
	}
	return false
}

// transparent is what has no meaning of its own round its content.
func transparent(name string) bool {
	switch name {
	case "itemBody", "prompt", "contentBody", "gapMatchInteraction", "simpleChoice", "blockquote_", "interactionBody":
		return true
	}
	return false
}

func block(name string) bool {
	return name == "p" || name == "div" || name == "prompt" || strings.HasSuffix(name, "Interaction") && !inline(name)
}

func inline(name string) bool {
	return name == "textEntryInteraction" || name == "inlineChoiceInteraction" || name == "endAttemptInteraction"
}

// needsHTML says whether plain text would lose something of n.
func (t *texts) needsHTML(n *bounded.Node) bool {
	switch {
	case n.Name == "" || hidden(n.Name) || n.Name == "br" || n.Name == "gap":
		return false
	case strings.HasSuffix(n.Name, "Interaction"):
		return slices.ContainsFunc(content(n), t.needsHTML)
	case n.Name != "p" && n.Name != "div" && n.Name != "span" && !transparent(n.Name):
		return true
	}
	return slices.ContainsFunc(n.Children, t.needsHTML)
}

// content is what people read of an interaction before its choices.
func content(n *bounded.Node) []*bounded.Node {
	var out []*bounded.Node
	for _, c := range n.Children {
		switch {
		case c.Name == "prompt":
			out = append(out, c)
		case n.Name == "gapMatchInteraction" && c.Name != "gapText" && c.Name != "gapImg":
			out = append(out, c)
		}
	}
	return out
}

// plain writes what a person reads of n, line by line.
func (t *texts) plain(s *strings.Builder, n *bounded.Node) {
	switch {
	case n.Name == "":
		s.WriteString(n.Text)
		return
	case n.Name == "br":
		s.WriteByte('\n')
		return
	case hidden(n.Name):
		return
	case inline(n.Name) || n.Name == "gap":
		s.WriteString(t.gap(n))
		return
	}
	if block(n.Name) && t.own == "" {
		s.WriteByte('\n')
		defer s.WriteByte('\n')
	}
	children := n.Children
	if strings.HasSuffix(n.Name, "Interaction") {
		children = content(n)
	}
	for _, c := range children {
		t.plain(s, c)
	}
}

// replace is what HTML has for the elements that only QTI knows.
func (t *texts) replace(n *bounded.Node) (string, bool) {
	switch {
	case hidden(n.Name):
		return "", true
	case inline(n.Name) || n.Name == "gap":
		return t.gap(n), true
	case n.Name == "prompt":
		return "<p>" + markup.FromXML(n.Children, t.replace) + "</p>", true
	case strings.HasSuffix(n.Name, "Interaction"):
		return markup.FromXML(content(n), t.replace), true
	case transparent(n.Name):
		return markup.FromXML(n.Children, t.replace), true
	case n.Name == "img" || n.Name == "audio" || n.Name == "video" || n.Name == "source":
		t.resolve(n, "src")
	case n.Name == "object" && n.Attr("data") != "":
		return t.object(n), true
	}
	return "", false
}

// resolve puts a package's picture into the element that shows it.
func (t *texts) resolve(n *bounded.Node, attr string) {
	for i := range n.Attrs {
		if n.Attrs[i].Name.Local != attr {
			continue
		}
		address, err := t.r.picture(n.Attrs[i].Value)
		if err != nil {
			t.err = err
			return
		}
		n.Attrs[i].Value = address
	}
}

// object is a picture, sound or film as HTML shows it today.
func (t *texts) object(n *bounded.Node) string {
	name, attrs := "img", []xml.Attr{{Name: xml.Name{Local: "alt"}, Value: strings.TrimSpace(n.Content())}}
	switch kind, _, _ := strings.Cut(n.Attr("type"), "/"); kind {
	case "audio", "video":
		name, attrs = kind, []xml.Attr{{Name: xml.Name{Local: "controls"}}}
	}
	for _, a := range []string{"width", "height"} {
		if v := n.Attr(a); v != "" {
			attrs = append(attrs, xml.Attr{Name: xml.Name{Local: a}, Value: v})
		}
	}
	shown := &bounded.Node{Name: name, Attrs: append([]xml.Attr{{Name: xml.Name{Local: "src"}, Value: n.Attr("data")}}, attrs...)}
	return markup.FromXML([]*bounded.Node{shown}, t.replace)
}

// collapse makes one blank of the blanks and line breaks with which an
// author's tool indented a text.
func collapse(n *bounded.Node, kept bool) {
	if n.Name == "" && !kept {
		words := strings.Join(strings.Fields(n.Text), " ")
		if words == "" && n.Text != "" {
			words = " "
		} else if words != "" {
			if strings.ContainsAny(n.Text[:1], " \t\n") {
				words = " " + words
			}
			if strings.ContainsAny(n.Text[len(n.Text)-1:], " \t\n") {
				words += " "
			}
		}
		n.Text = words
		return
	}
	kept = kept || n.Name == "pre"
	for _, c := range n.Children {
		collapse(c, kept)
	}
}

// tidy drops the empty lines between blocks and the blanks round lines.
func tidy(s string) string {
	var lines []string
	for l := range strings.SplitSeq(s, "\n") {
		if l = strings.TrimSpace(l); l != "" {
			lines = append(lines, l)
		}
	}
	return strings.Join(lines, "\n")
}

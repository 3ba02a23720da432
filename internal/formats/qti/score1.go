package qti

import (
	"slices"
	"strconv"
	"strings"

	"github.com/lyceum-live/lyceum/internal/formats/bank"
	"github.com/lyceum-live/lyceum/internal/formats/bounded"
	"github.com/lyceum-live/lyceum/internal/formats/markup"
)

// points is what a condition of QTI 1.2 adds to the score, where it says.
func points(c *bounded.Node) (float64, bool) {
	for _, s := range c.All("setvar") {
		v, err := strconv.ParseFloat(strings.TrimSpace(s.Content()), 64)
		if err != nil {
			continue
		}
		if strings.EqualFold(s.Attr("action"), "Subtract") {
			v = -v
		}
		return v, true
	}
	return 0, false
}

// positive is the comparisons of a condition that are not within a not.
func positive(c *bounded.Node) []*bounded.Node {
	var out []*bounded.Node
	c.Child("conditionvar").Walk(func(n *bounded.Node) bool {
		if n.Name == "varequal" {
			out = append(out, n)
		}
		return n.Name != "not"
	})
	return out
}

// most is the greatest score, as declared or as the rules can give it.
func (p *parserV1) most(single bool) float64 {
	declared, best, sum := 0.0, 0.0, 0.0
	for _, v := range p.n.Find("decvar") {
		if m, err := strconv.ParseFloat(v.Attr("maxvalue"), 64); err == nil {
			declared = max(declared, m)
		}
	}
	for _, c := range p.conditions {
		if w, _ := points(c); w > 0 {
			best, sum = max(best, w), sum+w
		}
	}
	if !single {
		best = sum
	}
	if declared > 0 && declared >= best {
		return declared
	}
	return best
}

// weights is what each choice is worth. Rules either name one choice each, or
// the whole set of right ones at once.
func (p *parserV1) weights(ident string, labels []*bounded.Node) map[string]float64 {
	single := p.q.Type == bank.Single
	out := map[string]float64{}
	var set []string
	for _, c := range p.conditions {
		w, _ := points(c)
		var named []string
		for _, v := range positive(c) {
			if v.Attr("respident") == ident || v.Attr("respident") == "" {
				named = append(named, strings.TrimSpace(v.Content()))
			}
		}
		whole := len(named) > 1 && len(c.Find("or")) == 0 || len(c.Find("not")) > 0
		switch {
		case len(named) == 0 || w == 0:
		case whole && !single:
			if w > 0 && len(named) > len(set) {
				set = named
			}
		default:
			for _, id := range named {
				out[id] += w
			}
		}
	}
	if len(set) > 0 {
		clear(out)
		for _, id := range set {
			out[id] = bank.Share(len(set))
		}
		return out
	}
	most := p.most(single)
	for id, w := range out {
		if most > 0 {
			out[id] = min(100, max(-100, bank.Weight(100*w/most)))
		}
	}
	return out
}

// linked is the feedback that a rule shows for one choice, or nil.
func (p *parserV1) linked(ident, choice string) *bounded.Node {
	for _, c := range p.conditions {
		eq := positive(c)
		if len(eq) != 1 || eq[0].Attr("respident") != ident || strings.TrimSpace(eq[0].Content()) != choice {
			continue
		}
		for _, d := range c.All("displayfeedback") {
			if fb := p.feedbackOf(d.Attr("linkrefid")); fb != nil && !general(d.Attr("linkrefid")) {
				return fb
			}
		}
	}
	return nil
}

func (p *parserV1) feedbackOf(ident string) *bounded.Node {
	for _, fb := range p.n.All("itemfeedback") {
		if fb.Attr("ident") == ident {
			return fb
		}
	}
	return nil
}

// general says whether feedback of that name is for everybody, as exporters
// call it.
func general(ident string) bool {
	ident = strings.ToLower(ident)
	if strings.Contains(ident, "correct") { // to those who were right, or wrong
		return false
	}
	return strings.Contains(ident, "general") || strings.Contains(ident, "solution")
}

func (p *parserV1) feedback() {
	for _, fb := range p.n.All("itemfeedback") {
		if general(fb.Attr("ident")) && p.q.Feedback == "" {
			p.put(&p.q.Feedback, fb)
		}
	}
}

// put reads the material in n as a text of the question.
func (p *parserV1) put(into *string, n *bounded.Node) {
	text, m := p.material(n)
	if *into = bank.Clean(text); *into != "" {
		p.pieces = append(p.pieces, markup.Piece{Text: into, Markup: m})
	}
}

// material is all material in n.
func (p *parserV1) material(n *bounded.Node) (string, bank.Markup) {
	var parts []part1
	n.Walk(func(c *bounded.Node) bool {
		if f, ok := p.shown(c); ok {
			parts = append(parts, f)
			return false
		}
		return true
	})
	return join(parts)
}

// presented is what is shown before the answers, with gaps where texts are
// typed.
func (p *parserV1) presented(n *bounded.Node) (string, bank.Markup) {
	var parts []part1
	lists := len(p.responses) == 1
	n.Walk(func(c *bounded.Node) bool {
		switch c.Name {
		case "response_lid":
			if lists { // with the question before its choices
				for _, m := range c.All("material") {
					text, kind := p.material(m)
					parts = append(parts, part1{text, kind, false})
				}
			}
			return false
		case "response_str", "response_num":
			for _, m := range c.All("material") {
				text, kind := p.material(m)
				parts = append(parts, part1{text, kind, true})
			}
			parts = append(parts, part1{p.gap(), bank.Plain, true})
			return false
		}
		if f, ok := p.shown(c); ok {
			parts = append(parts, f)
			return false
		}
		return true
	})
	if k := len(parts); k > 1 && parts[k-1].text == "_____" {
		parts = parts[:k-1] // nothing follows: the answer comes after the text
	}
	return join(parts)
}

// part1 is one text of several; inline ones stay on the line.
type part1 struct {
	text   string
	kind   bank.Markup
	inline bool
}

// shown is what one element shows by itself.
func (p *parserV1) shown(c *bounded.Node) (part1, bool) {
	switch c.Name {
	case "mattext", "matemtext":
		text := strings.TrimSpace(c.Content())
		kind := bank.Plain
		if strings.Contains(c.Attr("texttype"), "html") || markup.LooksHTML(text) {
			kind = bank.HTML
		}
		return part1{text, kind, true}, true
	case "matimage":
		address, err := p.r.picture(c.Attr("uri"))
		if err != nil {
			p.err = err
		}
		return part1{`<img src="` + markup.EscapeAttr(address) + `">`, bank.HTML, true}, true
	case "matbreak":
		return part1{"\n", bank.Plain, true}, true
	}
	return part1{}, false
}

// join puts parts together, as HTML where one of them is.
func join(parts []part1) (string, bank.Markup) {
	html := slices.ContainsFunc(parts, func(f part1) bool { return f.kind == bank.HTML && !markup.Bare(f.text) })
	var out strings.Builder
	for i, f := range parts {
		if f.kind == bank.Plain && html {
			f.text = markup.FromPlain(f.text)
		}
		if i > 0 && out.Len() > 0 && f.text != "\n" {
			out.WriteByte(" \n"[btoi(!f.inline)])
		}
		out.WriteString(f.text)
	}
	if html {
		return out.String(), bank.HTML
	}
	return out.String(), bank.Plain
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

package qti

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lyceum-live/lyceum/internal/formats/bank"
	"github.com/lyceum-live/lyceum/internal/formats/bounded"
	"github.com/lyceum-live/lyceum/internal/formats/markup"
)

// itemV1 reads an item of QTI 1.2.
func (r *reader) itemV1(n *bounded.Node) {
	id := cmp.Or(n.Attr("ident"), n.Attr("title"))
	p := &parserV1{n: n, r: r}
	if err := p.read(); err != nil {
		r.result.Skip(n.Line, id, err.Error())
		return
	}
	p.q.Title = n.Attr("title")
	p.q.Tags, p.q.Category = r.meta.tags, r.meta.category
	r.result.Add(p.q, n.Line, id)
}

// parserV1 fills in one question of QTI 1.2.
type parserV1 struct {
	r      *reader
	n      *bounded.Node
	q      bank.Question
	pieces []markup.Piece
	err    error

	responses  []*bounded.Node
	conditions []*bounded.Node // respcondition
	gap        func() string   // what stands in the place of a response
}

func (p *parserV1) read() error {
	presentation := p.n.Child("presentation")
	if presentation == nil {
		return errors.New("the item presents nothing")
	}
	for _, proc := range p.n.All("resprocessing") {
		p.conditions = append(p.conditions, proc.All("respcondition")...)
	}
	var odd string
	presentation.Walk(func(c *bounded.Node) bool {
		switch c.Name {
		case "response_lid", "response_str", "response_num":
			p.responses = append(p.responses, c)
			return true
		case "response_xy", "response_grp", "response_extension", "render_hotspot", "render_slider":
			odd = c.Name
		}
		return true
	})
	if odd != "" {
		return fmt.Errorf("the response %s is not supported", odd)
	}
	p.gap = func() string { return "_____" }
	if err := p.question(); err != nil {
		return err
	}
	text, m := p.presented(presentation)
	if p.q.Type == bank.Gaps {
		text = p.named(text)
	}
	p.q.Text = bank.Clean(text)
	p.pieces = slices.Insert(p.pieces, 0, markup.Piece{Text: &p.q.Text, Markup: m})
	p.feedback()
	if p.err != nil {
		return p.err
	}
	p.q.Format = markup.Unify(p.pieces...)
	if p.q.Text == "" {
		p.q.Text = bank.Line(p.n.Attr("title"))
	}
	return nil
}

// kind is what Canvas and others call a question, or nothing.
func (p *parserV1) kind() string {
	for _, f := range p.n.Find("qtimetadatafield") {
		switch label := strings.TrimSpace(f.Child("fieldlabel").Content()); label {
		case "question_type", "qmd_questiontype", "qmd_itemtype", "cc_profile":
			return strings.ToLower(strings.TrimSpace(f.Child("fieldentry").Content()))
		}
	}
	return ""
}

func (p *parserV1) question() error {
	kind := p.kind()
	switch kind {
	case "calculated_question", "file_upload_question":
		return fmt.Errorf("a %s is not supported", strings.ReplaceAll(kind, "_", " "))
	case "text_only_question":
		p.q.Type = bank.Description
		return nil
	case "essay_question", "essay", "cc.essay.v0p1":
		p.q.Type = bank.Essay
		return nil
	}
	if len(p.responses) == 0 {
		p.q.Type = bank.Description
		return nil
	}
	first := p.responses[0]
	choices := !slices.ContainsFunc(p.responses, func(n *bounded.Node) bool { return n.Name != "response_lid" })
	switch {
	case choices && len(p.responses) == 1:
		return p.choice(first)
	case choices && (kind == "fill_in_multiple_blanks_question" || kind == "multiple_dropdowns_question"):
		return p.blanks()
	case choices:
		return p.matching()
	case slices.ContainsFunc(p.responses, func(n *bounded.Node) bool { return n.Name == "response_lid" }):
		return errors.New("the item has several unlike responses, which is not supported")
	case len(p.responses) > 1:
		return p.entries()
	case first.Name == "response_num" || kind == "numerical_question" || p.compares() || p.numeric(first):
		return p.numbers()
	}
	return p.typed(first)
}

// numeric says whether a blank takes numbers.
func (p *parserV1) numeric(n *bounded.Node) bool {
	for _, f := range n.Find("render_fib") {
		if t := strings.ToLower(f.Attr("fibtype")); t == "decimal" || t == "integer" || t == "scientific" {
			return true
		}
	}
	return false
}

// compares says whether the rules compare with more or less than a number.
func (p *parserV1) compares() bool {
	for _, c := range p.conditions {
		for _, name := range []string{"vargte", "vargt", "varlte", "varlt"} {
			if len(c.Find(name)) > 0 {
				return true
			}
		}
	}
	return false
}

func (p *parserV1) choice(n *bounded.Node) error {
	labels := n.Find("response_label")
	switch strings.ToLower(n.Attr("rcardinality")) {
	case "ordered":
		return p.order(n, labels)
	case "multiple":
		p.q.Type = bank.Multi
	default:
		p.q.Type = bank.Single
	}
	weights := p.weights(n.Attr("ident"), labels)
	p.q.Choices = make([]bank.Choice, len(labels)) // pieces point into it
	for i, l := range labels {
		c := &p.q.Choices[i]
		c.Weight = weights[l.Attr("ident")]
		p.put(&c.Text, l)
		if fb := p.linked(n.Attr("ident"), l.Attr("ident")); fb != nil {
			p.put(&c.Feedback, fb)
		}
	}
	trueFalse(&p.q)
	return nil
}

func (p *parserV1) order(n *bounded.Node, labels []*bounded.Node) error {
	p.q.Type = bank.Ordering
	var sequence []string
	for _, c := range p.conditions {
		if _, found := points(c); !found {
			continue
		}
		for _, v := range c.Find("varequal") {
			if v.Attr("respident") == n.Attr("ident") {
				sequence = append(sequence, strings.TrimSpace(v.Content()))
			}
		}
		if len(sequence) > 0 {
			break
		}
	}
	if len(sequence) == 0 {
		return errNoCorrect
	}
	if len(sequence) != len(labels) {
		return errors.New("its right order does not name all items")
	}
	p.q.Choices = make([]bank.Choice, len(labels))
	for i, id := range sequence {
		at := slices.IndexFunc(labels, func(l *bounded.Node) bool { return l.Attr("ident") == id })
		if at < 0 {
			return fmt.Errorf("its right order names %q, which is none of its items", bank.Clip(id, 40))
		}
		p.q.Choices[i].Weight = 100
		p.put(&p.q.Choices[i].Text, labels[at])
	}
	return nil
}

// typed reads a text that may be typed, or an essay where nothing is right.
func (p *parserV1) typed(n *bounded.Node) error {
	most := p.most(true)
	for _, c := range p.conditions {
		w, ok := points(c)
		for _, v := range positive(c) {
			if text := strings.TrimSpace(v.Content()); text != "" && (w > 0 || !ok) {
				weight := 100.0
				if ok && most > 0 {
					weight = min(100, bank.Weight(100*w/most))
				}
				p.q.Accept = append(p.q.Accept, bank.Accept{Text: text, Weight: weight})
			}
		}
	}
	if p.q.Type = bank.Text; len(p.q.Accept) == 0 {
		rows, _ := strconv.Atoi(first(n.Find("render_fib")).Attr("rows"))
		if p.kind() != "" || rows < 2 && len(p.conditions) > 0 {
			return errNoCorrect
		}
		p.q.Type = bank.Essay
	}
	return nil
}

func first(list []*bounded.Node) *bounded.Node {
	if len(list) == 0 {
		return &bounded.Node{}
	}
	return list[0]
}

// entries reads several blanks in one text.
func (p *parserV1) entries() error {
	p.q.Type = bank.Gaps
	for i, n := range p.responses {
		for _, v := range p.accepted(n.Attr("ident")) {
			p.q.Pairs = append(p.q.Pairs, bank.Pair{Left: strconv.Itoa(i + 1), Right: v})
		}
	}
	n := 0
	p.gap = func() string {
		n++
		return bank.Gap(n)
	}
	return nil
}

// accepted is what is right in one response of several.
func (p *parserV1) accepted(ident string) []string {
	var out []string
	for _, c := range p.conditions {
		if w, ok := points(c); ok && w <= 0 {
			continue
		}
		for _, v := range positive(c) {
			text := strings.TrimSpace(v.Content())
			if v.Attr("respident") == ident && text != "" && !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
	}
	return out
}

// numbers reads the numbers and ranges that the rules compare with.
func (p *parserV1) numbers() error {
	p.q.Type = bank.Numeric
	most := p.most(true)
	for _, c := range p.conditions {
		w, ok := points(c)
		if ok && w <= 0 {
			continue
		}
		weight := 100.0
		if ok && most > 0 {
			weight = min(100, bank.Weight(100*w/most))
		}
		low, high := "", ""
		var exact []string
		c.Child("conditionvar").Walk(func(v *bounded.Node) bool {
			switch number := strings.TrimSpace(v.Content()); v.Name {
			case "not":
				return false
			case "vargte", "vargt":
				low = number
			case "varlte", "varlt":
				high = number
			case "varequal":
				exact = append(exact, number)
			}
			return true
		})
		var within *bank.Range
		if low != "" && high != "" {
			r, err := bank.Between(low, high)
			if err != nil {
				return err
			}
			r.Weight = weight
			within = &r
			p.q.Ranges = append(p.q.Ranges, r)
		} else if low != "" || high != "" {
			return errors.New("a range has only one end, which is not supported")
		}
		for _, e := range exact {
			r, err := bank.Around(e, "")
			if err != nil {
				return err
			}
			if r.Weight = weight; within == nil || r.Min < within.Min || r.Max > within.Max {
				p.q.Ranges = append(p.q.Ranges, r)
			}
		}
	}
	return nil
}

// matching reads several lists of the same choices, each with what it
// belongs to before it.
func (p *parserV1) matching() error {
	p.q.Type = bank.Matching
	labels := p.responses[0].Find("response_label")
	for _, n := range p.responses[1:] {
		same := slices.EqualFunc(labels, n.Find("response_label"), func(a, b *bounded.Node) bool {
			return bank.Line(a.Content()) == bank.Line(b.Content())
		})
		if !same {
			return errors.New("the item has several unlike responses, which is not supported")
		}
	}
	used := map[string]bool{}
	p.q.Pairs = make([]bank.Pair, 0, len(p.responses)+len(labels)) // pieces point into it
	add := func() *bank.Pair {
		p.q.Pairs = append(p.q.Pairs, bank.Pair{})
		return &p.q.Pairs[len(p.q.Pairs)-1]
	}
	for _, n := range p.responses {
		right := p.accepted(n.Attr("ident"))
		if len(right) != 1 {
			return errors.New("something in it belongs to nothing, or to several")
		}
		list := n.Find("response_label")
		at := slices.IndexFunc(list, func(l *bounded.Node) bool { return l.Attr("ident") == right[0] })
		if at < 0 {
			return fmt.Errorf("its answer %q is none of its choices", bank.Clip(right[0], 40))
		}
		pair := add()
		p.put(&pair.Left, &bounded.Node{Children: n.All("material")})
		p.put(&pair.Right, list[at])
		used[bank.Line(list[at].Content())] = true
	}
	for _, l := range labels {
		if !used[bank.Line(l.Content())] {
			p.put(&add().Right, l)
		}
	}
	return nil
}

// blanks reads Canvas' blanks: [name] in the text, and for each the choices
// that are right.
func (p *parserV1) blanks() error {
	p.q.Type = bank.Gaps
	return nil
}

// named puts gaps in the places of Canvas' [name]s, in the text's order.
func (p *parserV1) named(text string) string {
	type place struct {
		at   int
		name string
		n    *bounded.Node
	}
	var places []place
	for _, n := range p.responses {
		name := "[" + strings.TrimSpace(first(n.All("material")).Content()) + "]"
		if n.Name != "response_lid" {
			return text
		}
		if at := strings.Index(text, name); at >= 0 {
			places = append(places, place{at, name, n})
		} else {
			p.err = fmt.Errorf("its text has no blank %s", bank.Clip(name, 40))
		}
	}
	slices.SortFunc(places, func(a, b place) int { return cmp.Compare(a.at, b.at) })
	var out strings.Builder
	from := 0
	for i, pl := range places {
		if pl.at < from {
			continue
		}
		out.WriteString(text[from:pl.at] + bank.Gap(i+1))
		from = pl.at + len(pl.name)
		for _, id := range p.accepted(pl.n.Attr("ident")) {
			for _, l := range pl.n.Find("response_label") {
				if l.Attr("ident") == id {
					t, m := p.material(l)
					p.q.Pairs = append(p.q.Pairs, bank.Pair{Left: strconv.Itoa(i + 1), Right: markup.PlainOf(t, m)})
				}
			}
		}
	}
	return out.String() + text[from:]
}

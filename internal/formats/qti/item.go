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

// item reads an item of QTI 2, or of QTI 3 with the names of QTI 2.
func (r *reader) item(n *bounded.Node) {
	id := cmp.Or(n.Attr("identifier"), n.Attr("title"))
	p := &itemParser{n: n, texts: texts{r: r}, responses: map[string]*response{}}
	if err := p.read(); err != nil {
		r.result.Skip(n.Line, id, err.Error())
		return
	}
	p.q.Title = n.Attr("title")
	p.q.Tags, p.q.Category = r.meta.tags, r.meta.category
	r.result.Add(p.q, n.Line, id)
}

// itemParser fills in one question.
type itemParser struct {
	texts
	n         *bounded.Node
	q         bank.Question
	responses map[string]*response
	rules     *bounded.Node // responseProcessing
	most      float64       // the declared greatest score, or 0
}

func (p *itemParser) read() error {
	if len(p.n.Find("templateDeclaration")) > 0 {
		return errors.New("the item is made by a template, which is not supported")
	}
	p.declarations()
	body := p.n.Child("itemBody")
	if body == nil {
		return errors.New("the item has no body")
	}
	var found []*bounded.Node
	body.Walk(func(c *bounded.Node) bool {
		if strings.HasSuffix(c.Name, "Interaction") && c.Name != "endAttemptInteraction" {
			found = append(found, c)
			return false
		}
		return !hidden(c.Name)
	})
	own := p.ownText(body)
	if err := p.interactions(found, own); err != nil {
		return err
	}
	if own != nil {
		p.put(&p.q.Text, own.Children...)
	} else {
		p.put(&p.q.Text, body)
	}
	// The text comes first where the pieces' markup is settled.
	if k := len(p.pieces); k > 1 {
		p.pieces[0], p.pieces[k-1] = p.pieces[k-1], p.pieces[0]
	}
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

// ownText is the text that our writer marked, or nil.
func (p *itemParser) ownText(body *bounded.Node) *bounded.Node {
	for _, c := range body.All("div") {
		for _, class := range strings.Fields(c.Attr("class")) {
			switch class {
			case ownPlain, ownHTML, ownMark:
				p.own = bank.Markup(strings.TrimPrefix(class, ownClass))
				return c
			}
		}
	}
	return nil
}

func (p *itemParser) interactions(found []*bounded.Node, own *bounded.Node) error {
	p.gap = func(*bounded.Node) string { return "_____" }
	if len(found) == 0 {
		p.q.Type = bank.Description
		return nil
	}
	if !slices.ContainsFunc(found, func(n *bounded.Node) bool { return !inline(n.Name) }) {
		single := len(found) == 1 && found[0].Name == "textEntryInteraction" &&
			(own == nil || !strings.Contains(own.Attr("class"), ownGaps))
		if single {
			return p.entry(found[0])
		}
		return p.gaps(found)
	}
	if len(found) > 1 {
		return errors.New("the item has several interactions, which is not supported")
	}
	n := found[0]
	switch n.Name {
	case "choiceInteraction":
		return p.choice(n)
	case "orderInteraction":
		return p.order(n)
	case "matchInteraction":
		return p.match(n)
	case "associateInteraction":
		return p.associate(n)
	case "gapMatchInteraction":
		return p.gapMatch(n)
	case "extendedTextInteraction":
		p.q.Type = bank.Essay
		return nil
	case "sliderInteraction":
		return p.numeric(n)
	}
	return fmt.Errorf("the interaction %s is not supported", n.Name)
}

func (p *itemParser) choice(n *bounded.Node) error {
	res := p.response(n)
	p.q.Type = bank.Single
	if res.cardinality == "multiple" || res.cardinality == "" && n.Attr("maxChoices") != "" && n.Attr("maxChoices") != "1" {
		p.q.Type = bank.Multi
	}
	list := n.All("simpleChoice")
	weights := p.weights(res, p.q.Type == bank.Single)
	p.q.Choices = make([]bank.Choice, len(list)) // pieces point into it
	for i, c := range list {
		out := &p.q.Choices[i]
		out.Weight = weights[c.Attr("identifier")]
		p.put(&out.Text, c.Children...)
		if fb := c.Find("feedbackInline"); len(fb) > 0 {
			p.put(&out.Feedback, fb[0].Children...)
		} else if fb := p.modal(c.Attr("identifier")); fb != nil {
			p.put(&out.Feedback, fb.Children...)
		}
	}
	trueFalse(&p.q)
	return nil
}

// trueFalse makes a question whose two choices say true and false one of
// that type.
func trueFalse(q *bank.Question) {
	if q.Type != bank.Single || len(q.Choices) != 2 {
		return
	}
	truth := func(i int) string { return strings.ToLower(markup.ToPlain(q.Choices[i].Text)) }
	a, b := truth(0), truth(1)
	if a == "false" && b == "true" {
		q.Choices[0], q.Choices[1] = q.Choices[1], q.Choices[0]
		a, b = b, a
	}
	w := [2]float64{q.Choices[0].Weight, q.Choices[1].Weight}
	if a == "true" && b == "false" && (w == [2]float64{100, 0} || w == [2]float64{0, 100}) {
		q.Type = bank.TrueFalse
		q.Choices[0].Text, q.Choices[1].Text = "True", "False"
	}
}

func (p *itemParser) order(n *bounded.Node) error {
	p.q.Type = bank.Ordering
	list := n.All("simpleChoice")
	sequence := p.response(n).correct
	if len(sequence) == 0 {
		return errNoCorrect
	}
	if len(sequence) != len(list) {
		return errors.New("its right order does not name all items")
	}
	p.q.Choices = make([]bank.Choice, len(list))
	for i, id := range sequence {
		c := byID(list, id)
		if c == nil {
			return fmt.Errorf("its right order names %q, which is none of its items", bank.Clip(id, 40))
		}
		p.q.Choices[i].Weight = 100
		p.put(&p.q.Choices[i].Text, c.Children...)
	}
	return nil
}

func byID(list []*bounded.Node, id string) *bounded.Node {
	for _, c := range list {
		if c.Attr("identifier") == id {
			return c
		}
	}
	return nil
}

func (p *itemParser) match(n *bounded.Node) error {
	sets := n.All("simpleMatchSet")
	if len(sets) != 2 {
		return errors.New("it does not have two sets to match")
	}
	lefts, rights := sets[0].All("simpleAssociableChoice"), sets[1].All("simpleAssociableChoice")
	return p.pairs(p.response(n), lefts, rights)
}

// associate reads pairs out of one set: in each, the one named first is left.
func (p *itemParser) associate(n *bounded.Node) error {
	list := n.All("simpleAssociableChoice")
	res := p.response(n)
	var lefts, rights []*bounded.Node
	left := map[string]bool{}
	for _, pair := range res.pairs() {
		if c := byID(list, pair[0]); c != nil && !left[pair[0]] {
			left[pair[0]] = true
			lefts = append(lefts, c)
		}
	}
	for _, c := range list {
		if !left[c.Attr("identifier")] {
			rights = append(rights, c)
		}
	}
	return p.pairs(res, lefts, rights)
}

// pairs reads what belongs together; what belongs to nothing is a distractor.
func (p *itemParser) pairs(res *response, lefts, rights []*bounded.Node) error {
	p.q.Type = bank.Matching
	partner, used := map[string]string{}, map[string]bool{}
	for _, pair := range res.pairs() {
		if byID(lefts, pair[0]) == nil {
			pair[0], pair[1] = pair[1], pair[0]
		}
		if byID(lefts, pair[0]) == nil || byID(rights, pair[1]) == nil {
			return errors.New("its right pairs name what it does not have")
		}
		if partner[pair[0]] != "" {
			return errors.New("something in it belongs to two others")
		}
		partner[pair[0]], used[pair[1]] = pair[1], true
	}
	if len(partner) == 0 {
		return errNoCorrect
	}
	p.q.Pairs = make([]bank.Pair, 0, len(lefts)+len(rights)) // pieces point into it
	add := func(left, right *bounded.Node) {
		p.q.Pairs = append(p.q.Pairs, bank.Pair{})
		pair := &p.q.Pairs[len(p.q.Pairs)-1]
		if left != nil {
			p.put(&pair.Left, left.Children...)
		}
		p.put(&pair.Right, right.Children...)
	}
	for _, l := range lefts {
		id := partner[l.Attr("identifier")]
		if id == "" {
			return errors.New("something in it belongs to nothing")
		}
		add(l, byID(rights, id))
	}
	for _, c := range rights {
		if !used[c.Attr("identifier")] {
			add(nil, c)
		}
	}
	return nil
}

func (p *itemParser) gapMatch(n *bounded.Node) error {
	p.q.Type = bank.Gaps
	into := map[string][]string{}
	for _, pair := range p.response(n).pairs() {
		into[pair[1]] = append(into[pair[1]], pair[0])
	}
	for i, g := range n.Find("gap") {
		for _, id := range into[g.Attr("identifier")] {
			c := byID(n.All("gapText"), id)
			if c == nil {
				return errors.New("its gaps take pictures, which is not supported")
			}
			p.q.Pairs = append(p.q.Pairs, bank.Pair{Left: strconv.Itoa(i + 1), Right: p.typed(c)})
		}
	}
	p.numbered()
	return nil
}

// numbered puts [[1]], [[2]] … where the entries are.
func (p *itemParser) numbered() {
	n := 0
	p.gap = func(*bounded.Node) string {
		n++
		return bank.Gap(n)
	}
}

// typed is a text without markup.
func (p *itemParser) typed(n *bounded.Node) string {
	text, m := p.of(n.Children)
	return bank.Line(markup.PlainOf(text, m))
}

// gaps reads several entries in one text.
func (p *itemParser) gaps(found []*bounded.Node) error {
	p.q.Type = bank.Gaps
	for i, n := range found {
		left := strconv.Itoa(i + 1)
		for _, v := range p.response(n).right() {
			if n.Name == "inlineChoiceInteraction" {
				c := byID(n.All("inlineChoice"), v)
				if c == nil {
					return fmt.Errorf("its answer %q is none of its choices", bank.Clip(v, 40))
				}
				v = p.typed(c)
			}
			p.q.Pairs = append(p.q.Pairs, bank.Pair{Left: left, Right: v})
		}
	}
	p.numbered()
	return nil
}

// entry reads a single text or number to be typed.
func (p *itemParser) entry(n *bounded.Node) error {
	res := p.response(n)
	switch res.baseType {
	case "integer", "float":
		return p.numeric(n)
	}
	p.q.Type = bank.Text
	weights := p.weights(res, true)
	for _, v := range res.keys() {
		p.q.Accept = append(p.q.Accept, bank.Accept{Text: v, Weight: weights[v]})
	}
	return nil
}

func (p *itemParser) numeric(n *bounded.Node) error {
	p.q.Type = bank.Numeric
	res := p.response(n)
	ranges, err := p.ranges(res)
	if err != nil {
		return err
	}
	if len(ranges) == 0 {
		weights := p.weights(res, true)
		for _, v := range res.keys() {
			r, err := bank.Around(v, "")
			if err != nil {
				return err
			}
			r.Weight = weights[v]
			ranges = append(ranges, r)
		}
	}
	p.q.Ranges = ranges
	return nil
}

// modal is the feedback of that name, or nil.
func (p *itemParser) modal(id string) *bounded.Node {
	for _, fb := range p.n.All("modalFeedback") {
		if fb.Attr("identifier") == id && fb.Attr("showHide") != "hide" {
			return fb
		}
	}
	return nil
}

// feedback reads what is not feedback to one choice.
func (p *itemParser) feedback() {
	choices := map[string]bool{}
	for _, c := range p.n.Find("simpleChoice") {
		choices[c.Attr("identifier")] = true
	}
	var all []*bounded.Node
	for _, fb := range p.n.All("modalFeedback") {
		if !choices[fb.Attr("identifier")] {
			if len(all) > 0 {
				all = append(all, &bounded.Node{Name: "br"})
			}
			all = append(all, fb.Children...)
		}
	}
	p.put(&p.q.Feedback, all...)
}

package gift

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/lyceum-live/lyceum/internal/formats/bank"
	"github.com/lyceum-live/lyceum/internal/formats/markup"
)

// auto is Moodle's own markup, until it is known which it is.
const auto bank.Markup = "moodle"

// parser fills in one question. Pieces are the texts with markup, kept until
// all of them are known.
type parser struct {
	q        *bank.Question
	declared bank.Markup
	pieces   []markup.Piece
}

// head reads the question's own text, whose markup the others inherit.
func (p *parser) head(s string) {
	p.declared = auto
	text, m := p.marked(s)
	p.declared = m
	p.q.Text = text
	p.pieces = append(p.pieces, markup.Piece{Text: &p.q.Text, Markup: m})
}

// piece reads another text with markup.
func (p *parser) piece(into *string, s string) {
	text, m := p.marked(s)
	*into = text
	if text != "" {
		p.pieces = append(p.pieces, markup.Piece{Text: into, Markup: m})
	}
}

// marked reads a text that may begin with its markup in brackets.
func (p *parser) marked(s string) (string, bank.Markup) {
	s = strings.TrimSpace(s)
	m := p.declared
	if name, rest, ok := strings.Cut(s, "]"); ok && strings.HasPrefix(name, "[") {
		switch name[1:] {
		case "plain", "html", "markdown", "moodle":
			m, s = bank.Markup(name[1:]), rest
		}
	}
	return reveal(s), m
}

var entity = regexp.MustCompile(`&(lt|gt|amp|nbsp|quot|#\d+|#[xX][0-9a-fA-F]+);`)

// finish gives all texts one markup.
func (p *parser) finish() {
	rich := false
	for _, t := range p.pieces {
		rich = rich || t.Markup == auto && (markup.LooksHTML(*t.Text) || entity.MatchString(*t.Text))
	}
	for i := range p.pieces {
		t := &p.pieces[i]
		if t.Markup != auto {
			continue
		}
		t.Markup = bank.Plain
		if rich {
			t.Markup = bank.HTML
			*t.Text = strings.ReplaceAll(*t.Text, "\n", "<br>\n")
		}
	}
	p.q.Format = markup.Unify(p.pieces...)
}

func (p *parser) answers(s string) error {
	word, _, _ := strings.Cut(s, "#")
	word = strings.TrimSpace(word)
	switch {
	case s == "":
		p.q.Type = bank.Essay
		return nil
	case s[0] == '#':
		return p.numeric(s[1:])
	case s[0] == '>':
		return p.ordering(s[1:])
	case strings.Contains(s, "~"):
		return p.choices(s)
	case strings.Contains(s, "=") && strings.Contains(s, "->"):
		return p.matching(s)
	case word == "T" || word == "F" || strings.EqualFold(word, "TRUE") || strings.EqualFold(word, "FALSE"):
		p.trueFalse(strings.EqualFold(word[:1], "T"), s)
		return nil
	}
	return p.text(s)
}

// fields parts answers at their signs, without what is empty before the first.
func fields(s, sign string) []string {
	out := strings.Split(s, sign)
	if strings.TrimSpace(out[0]) == "" {
		out = out[1:]
	}
	return out
}

var weighted = regexp.MustCompile(`^%(-?\d{1,4}(?:\.\d*)?)%`)

// weight takes the percentage off an answer.
func weight(s string, without float64) (float64, string) {
	s = strings.TrimSpace(s)
	m := weighted.FindStringSubmatch(s)
	if m == nil {
		return without, s
	}
	w, _ := strconv.ParseFloat(strings.TrimSuffix(m[1], "."), 64)
	return w, s[len(m[0]):]
}

func (p *parser) choices(s string) error {
	p.q.Type = bank.Multi
	if strings.Contains(s, "=") {
		p.q.Type = bank.Single
	}
	parts := fields(strings.ReplaceAll(s, "=", "~="), "~")
	p.q.Choices = make([]bank.Choice, len(parts)) // pieces point into it
	for i, part := range parts {
		part, right := strings.CutPrefix(strings.TrimSpace(part), "=")
		without := 0.0
		if right {
			without = 100
		}
		w, rest := weight(part, without)
		text, feedback, _ := strings.Cut(rest, "#")
		c := &p.q.Choices[i]
		c.Weight = w
		p.piece(&c.Text, text)
		p.piece(&c.Feedback, feedback)
	}
	return nil
}

// trueFalse reads {T#to who is wrong#to who is right}.
func (p *parser) trueFalse(truth bool, s string) {
	p.q.Type = bank.TrueFalse
	p.q.Choices = []bank.Choice{{Text: "True"}, {Text: "False"}}
	right, wrong := &p.q.Choices[0], &p.q.Choices[1]
	if !truth {
		right, wrong = wrong, right
	}
	right.Weight = 100
	parts := strings.SplitN(s, "#", 3)
	if len(parts) > 1 {
		p.piece(&wrong.Feedback, parts[1])
	}
	if len(parts) > 2 {
		p.piece(&right.Feedback, parts[2])
	}
}

func (p *parser) text(s string) error {
	p.q.Type = bank.Text
	for _, part := range fields(s, "=") {
		w, rest := weight(part, 100)
		answer, _, _ := strings.Cut(rest, "#")
		text, _ := p.marked(answer)
		if text == "*" && w <= 0 {
			continue // only carries feedback to whoever is wrong
		}
		p.q.Accept = append(p.q.Accept, bank.Accept{Text: text, Weight: w})
	}
	return nil
}

func (p *parser) numeric(s string) error {
	p.q.Type = bank.Numeric
	s, _, _ = strings.Cut(s, "~") // what is left is feedback to whoever is wrong
	for _, part := range fields(s, "=") {
		w, rest := weight(part, 100)
		answer, _, _ := strings.Cut(rest, "#")
		answer = reveal(answer)
		if answer == "*" && w <= 0 {
			continue
		}
		r, err := numbers(answer)
		if err != nil {
			return err
		}
		r.Weight = w
		p.q.Ranges = append(p.q.Ranges, r)
	}
	return nil
}

// numbers reads 3, 3:0.5 or 2.5..3.5.
func numbers(s string) (bank.Range, error) {
	if s == "*" {
		return bank.Range{}, errors.New("any number is right: that is not supported")
	}
	if low, high, ok := strings.Cut(s, ".."); ok && low != "" {
		return bank.Between(low, high)
	}
	number, tolerance, ok := strings.Cut(s, ":")
	if ok && strings.TrimSpace(tolerance) == "" {
		return bank.Range{}, fmt.Errorf("%q has no tolerance after its colon", bank.Clip(s, 40))
	}
	return bank.Around(number, tolerance)
}

func (p *parser) matching(s string) error {
	p.q.Type = bank.Matching
	parts := fields(s, "=")
	p.q.Pairs = make([]bank.Pair, len(parts))
	for i, part := range parts {
		left, right, ok := strings.Cut(part, "->")
		if !ok {
			return fmt.Errorf("%q has no ->, which all pairs need", bank.Clip(reveal(part), 40))
		}
		pair := &p.q.Pairs[i]
		p.piece(&pair.Left, left)
		pair.Right = reveal(right)
		p.pieces = append(p.pieces, markup.Piece{Text: &pair.Right, Markup: bank.Plain})
	}
	return nil
}

var settings = regexp.MustCompile(`^[\sA-Z0-9_]*$`)

// ordering reads the items of {>4 ALL VERTICAL …}, one a line, or each after
// an equals sign.
func (p *parser) ordering(s string) error {
	p.q.Type = bank.Ordering
	first, rest, _ := strings.Cut(s, "\n")
	if !settings.MatchString(first) {
		rest = s
	}
	sign := "\n"
	if strings.HasPrefix(strings.TrimSpace(rest), "=") {
		sign = "="
	}
	var items []string
	for _, item := range strings.Split(rest, sign) {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	p.q.Choices = make([]bank.Choice, len(items))
	for i, item := range items {
		p.q.Choices[i].Weight = 100
		p.piece(&p.q.Choices[i].Text, item)
	}
	return nil
}

var (
	block    = regexp.MustCompile(`(?s)\{([^{}]*)\}`)
	strong   = regexp.MustCompile(`(?s)^\s*([~=>]|#\s*[=%\d.-]|(T|F|TRUE|FALSE)\s*(#.*)?$)`)
	essay    = regexp.MustCompile(`(?m)[\p{L}\p{N}?.!:？。！：）] *\{\s*\}\s*$`)
	category = regexp.MustCompile(`(?m)^\s*\$CATEGORY:`)
	titled   = regexp.MustCompile(`(?m)^\s*::[^\n]*::`)
)

// Looks says whether a text is likely to be GIFT.
func Looks(text string) bool {
	text = text[:min(len(text), 256<<10)]
	if category.MatchString(text) || titled.MatchString(text) {
		return true
	}
	text = protect(text)
	for _, m := range block.FindAllStringSubmatch(text, -1) {
		if strong.MatchString(m[1]) {
			return true
		}
	}
	return essay.MatchString(text)
}

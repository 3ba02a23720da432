// Package moodle reads and writes Moodle XML (docs.moodle.org, "Moodle XML
// format").
//
// Read: multichoice, truefalse, shortanswer, numerical, matching, ordering,
// essay, description, category; cloze, gapselect and ddwtos as gaps. Files in
// the XML become data: addresses where their texts show them. A gap of a cloze
// that offers choices keeps the right ones; what earns part of the weight
// there is not kept.
//
// Skipped, each with its reason: calculated questions and others of types
// that nothing here can hold, gaps for a number with a tolerance, gaps with
// several answers.
//
// Not kept: feedback to typed answers, combined feedback, penalties, units,
// hints, ids; the wildcard * of a short answer is read as a star.
//
// Moodle XML cannot hold markup in the right side of a pair, which is
// flattened, and markup of feedback to a single gap.
package moodle

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

// Read reads a file. The error says that none of it may be read.
func Read(text string) (bank.Result, error) {
	var r bank.Result
	category := ""
	files := budget(bounded.MaxFile)
	err := bounded.Items(text, "question", func(n *bounded.Node) {
		kind := strings.TrimSpace(n.Attr("type"))
		if kind == "category" {
			category = bank.CategoryPath(textOf(n.Child("category")))
			return
		}
		p := &parser{n: n, files: &files}
		p.q.Title = bank.Line(textOf(n.Child("name")))
		id := cmp.Or(bank.Line(n.Child("idnumber").Content()), p.q.Title)
		if err := p.question(kind); err != nil {
			r.Skip(n.Line, id, err.Error())
			return
		}
		p.q.Category = category
		for _, t := range n.Child("tags").All("tag") {
			p.q.Tags = append(p.q.Tags, textOf(t))
		}
		r.Add(p.q, n.Line, id)
	}, func(line int, err error) {
		r.Skip(line, "", err.Error())
	})
	if err != nil {
		return bank.Result{}, err
	}
	return r, nil
}

// parser fills in one question.
type parser struct {
	n      *bounded.Node
	q      bank.Question
	pieces []markup.Piece
	files  *budget
}

// textOf is the text of an element that wraps it in <text>, or not.
func textOf(n *bounded.Node) string {
	if t := n.Child("text"); t != nil {
		return strings.TrimSpace(t.Content())
	}
	if n == nil {
		return ""
	}
	var s strings.Builder
	for _, c := range n.Children {
		s.WriteString(c.Text)
	}
	return strings.TrimSpace(s.String())
}

// rich reads a text with markup, and the files in it.
func (p *parser) rich(into *string, n *bounded.Node) error {
	if n == nil {
		return nil
	}
	text := textOf(n)
	if text == "" {
		return nil
	}
	m := markupOf(n.Attr("format"), text)
	text, err := p.files.embed(text, n.All("file"))
	if err != nil {
		return err
	}
	*into = bank.Clean(text)
	p.pieces = append(p.pieces, markup.Piece{Text: into, Markup: m})
	return nil
}

// plain reads a text that is shown as it stands.
func (p *parser) plain(into *string, text string) {
	*into = bank.Clean(text)
	p.pieces = append(p.pieces, markup.Piece{Text: into, Markup: bank.Plain})
}

func markupOf(format, text string) bank.Markup {
	switch format {
	case "html":
		return bank.HTML
	case "markdown":
		return bank.Markdown
	case "plain_text":
		return bank.Plain
	}
	if markup.LooksHTML(text) {
		return bank.HTML
	}
	return bank.Plain
}

func (p *parser) question(kind string) error {
	if err := p.rich(&p.q.Text, p.n.Child("questiontext")); err != nil {
		return err
	}
	if p.q.Text == "" {
		p.plain(&p.q.Text, p.q.Title)
	}
	if err := p.rich(&p.q.Feedback, p.n.Child("generalfeedback")); err != nil {
		return err
	}
	var err error
	switch kind {
	case "multichoice":
		p.q.Type = bank.Multi
		if s := strings.TrimSpace(p.n.Child("single").Content()); s == "true" || s == "1" {
			p.q.Type = bank.Single
		}
		err = p.choices()
	case "truefalse":
		err = p.trueFalse()
	case "shortanswer":
		err = p.text()
	case "numerical":
		err = p.numeric()
	case "matching", "match", "ddmatch":
		err = p.matching()
	case "ordering", "order":
		err = p.ordering()
	case "essay":
		p.q.Type = bank.Essay
	case "description":
		p.q.Type = bank.Description
	case "cloze", "multianswer":
		p.q.Format = markup.Unify(p.pieces...)
		return p.cloze()
	case "gapselect", "ddwtos":
		p.q.Format = markup.Unify(p.pieces...)
		return p.selected(kind)
	case "":
		return errors.New("the question has no type")
	default:
		return fmt.Errorf("questions of Moodle's type %q are not supported", bank.Clip(kind, 40))
	}
	if err == nil && len(p.pieces) > 0 {
		p.q.Format = markup.Unify(p.pieces...)
	}
	return err
}

// fraction reads an answer's weight.
func fraction(n *bounded.Node) (float64, error) {
	s := cmp.Or(strings.TrimSpace(n.Attr("fraction")), "0")
	w, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, fmt.Errorf("the fraction %q is not a number", bank.Clip(s, 40))
	}
	return bank.Weight(w), nil
}

func (p *parser) choices() error {
	answers := p.n.All("answer")
	p.q.Choices = make([]bank.Choice, len(answers)) // pieces point into it
	for i, a := range answers {
		c := &p.q.Choices[i]
		w, err := fraction(a)
		if err != nil {
			return err
		}
		c.Weight = w
		if err := p.rich(&c.Text, a); err != nil {
			return err
		}
		if err := p.rich(&c.Feedback, a.Child("feedback")); err != nil {
			return err
		}
	}
	return nil
}

// ordering reads items, whose fractions are their places.
func (p *parser) ordering() error {
	p.q.Type = bank.Ordering
	if err := p.choices(); err != nil {
		return err
	}
	p.q.Format = markup.Unify(p.pieces...)
	p.pieces = nil
	slices.SortStableFunc(p.q.Choices, func(a, b bank.Choice) int { return cmp.Compare(a.Weight, b.Weight) })
	for i := range p.q.Choices {
		p.q.Choices[i].Weight, p.q.Choices[i].Feedback = 100, ""
	}
	return nil
}

func (p *parser) trueFalse() error {
	p.q.Type = bank.TrueFalse
	p.q.Choices = []bank.Choice{{Text: "True"}, {Text: "False"}}
	for _, a := range p.n.All("answer") {
		c := &p.q.Choices[0]
		switch strings.ToLower(textOf(a)) {
		case "true":
		case "false":
			c = &p.q.Choices[1]
		default:
			return fmt.Errorf("the answer %q is neither true nor false", bank.Clip(textOf(a), 40))
		}
		w, err := fraction(a)
		if err != nil {
			return err
		}
		c.Weight = w
		if err := p.rich(&c.Feedback, a.Child("feedback")); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) text() error {
	p.q.Type = bank.Text
	for _, a := range p.n.All("answer") {
		w, err := fraction(a)
		if err != nil {
			return err
		}
		text := textOf(a)
		if text == "*" && w <= 0 {
			continue // only carries feedback to whoever is wrong
		}
		p.q.Accept = append(p.q.Accept, bank.Accept{Text: strings.ReplaceAll(text, `\*`, "*"), Weight: w})
	}
	return nil
}

func (p *parser) numeric() error {
	p.q.Type = bank.Numeric
	for _, a := range p.n.All("answer") {
		w, err := fraction(a)
		if err != nil {
			return err
		}
		text := textOf(a)
		if text == "*" {
			if w > 0 {
				return errors.New("any number is right: that is not supported")
			}
			continue
		}
		r, err := bank.Around(text, a.Child("tolerance").Content())
		if err != nil {
			return err
		}
		r.Weight = w
		p.q.Ranges = append(p.q.Ranges, r)
	}
	return nil
}

func (p *parser) matching() error {
	p.q.Type = bank.Matching
	subs := p.n.All("subquestion")
	p.q.Pairs = make([]bank.Pair, len(subs))
	for i, s := range subs {
		pair := &p.q.Pairs[i]
		if err := p.rich(&pair.Left, s); err != nil {
			return err
		}
		p.plain(&pair.Right, textOf(s.Child("answer")))
	}
	return nil
}

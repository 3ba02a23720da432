package quiz

import (
	"slices"

	"github.com/lyceum-live/lyceum/internal/text"
	"github.com/lyceum-live/lyceum/wire"
)

// Reply is what somebody answers, as it comes from them: one of its fields, by
// the question's type.
type Reply struct {
	Choices []int    `json:"choices,omitzero"` // picked; to order and to match: what is shown, place by place
	Text    string   `json:"text,omitzero"`
	Number  *float64 `json:"number,omitzero"`
	Texts   []string `json:"texts,omitzero"` // gap by gap; "" is left open
	Point   *Point   `json:"point,omitzero"` // at a picture
}

// Entry is an answer that is not a set of choices, as a room keeps it.
type Entry struct {
	Places []int           `json:"places,omitzero"`
	Text   wire.Personal   `json:"text,omitzero"`
	Number *float64        `json:"number,omitzero"`
	Texts  []wire.Personal `json:"texts,omitzero"`
	Point  *Point          `json:"point,omitzero"`
}

// clean returns what the reply says to a question, or which field is wrong.
func (a Reply) clean(q *Question) (Reply, error) {
	var out Reply
	kind := q.kind()
	picks := kind == TypeChoice || kind == TypeTrueFalse || kind == TypeOrder || kind == TypeMatch
	switch {
	case !picks && len(a.Choices) > 0:
		return out, wire.ErrField.In("choices")
	case kind != TypeText && a.Text != "":
		return out, wire.ErrField.In("text")
	case kind != TypeNumeric && a.Number != nil:
		return out, wire.ErrField.In("number")
	case kind != TypeGaps && len(a.Texts) > 0:
		return out, wire.ErrField.In("texts")
	case kind != TypeHotspot && a.Point != nil:
		return out, wire.ErrField.In("point")
	}
	switch kind {
	case TypeChoice, TypeTrueFalse:
		if len(a.Choices) == 0 || !valid(a.Choices, len(q.Choices)) || len(a.Choices) > 1 && !q.multiple() {
			return out, wire.ErrField.In("choices")
		}
		out.Choices = slices.Sorted(slices.Values(a.Choices))
	case TypeOrder:
		if len(a.Choices) != len(q.Choices) || !valid(a.Choices, len(q.Choices)) {
			return out, wire.ErrField.In("choices")
		}
		out.Choices = slices.Clone(a.Choices)
	case TypeMatch:
		n := len(q.Pairs)
		if len(a.Choices) != n || slices.ContainsFunc(a.Choices, func(i int) bool { return i < 0 || i >= n }) {
			return out, wire.ErrField.In("choices")
		}
		out.Choices = slices.Clone(a.Choices)
	case TypeText:
		clean, err := wire.CleanText(a.Text, wire.MaxChoice, false)
		if err != nil {
			return out, wire.ErrText.In("text")
		}
		out.Text = clean
	case TypeNumeric:
		if a.Number == nil || !(-maxNumber <= *a.Number && *a.Number <= maxNumber) {
			return out, wire.ErrField.In("number")
		}
		out.Number = a.Number
	case TypeGaps:
		if len(a.Texts) != len(q.Gaps) {
			return out, wire.ErrField.In("texts")
		}
		out.Texts = make([]string, len(a.Texts))
		said := false
		for i, filled := range a.Texts {
			if filled == "" {
				continue
			}
			clean, err := wire.CleanText(filled, wire.MaxChoice, false)
			if err != nil {
				return out, wire.ErrText.In("texts")
			}
			out.Texts[i], said = clean, true
		}
		if !said {
			return out, wire.ErrField.In("texts")
		}
	case TypeHotspot:
		if a.Point == nil {
			return out, wire.ErrField.In("point")
		}
		point, ok := a.Point.clean()
		if !ok {
			return out, wire.ErrField.In("point")
		}
		out.Point = &point
	}
	return out, nil
}

// mark says of each part of the question (see [Question.parts]; a picture is
// one) whether the reply, which is clean, has it right: 1, -1 for wrong, 0 for neither; and of
// how many rights a full answer consists. shown is the order in which the
// choices to order, or the rights to match, are shown.
func (a Reply) mark(q *Question, shown []int) (marks []int8, of int) {
	sign := func(right bool) int8 {
		if right {
			return 1
		}
		return -1
	}
	switch q.kind() {
	case TypeChoice, TypeTrueFalse:
		marks = make([]int8, len(q.Choices))
		for _, choice := range a.Choices {
			marks[choice] = sign(slices.Contains(q.Correct, choice))
		}
		return marks, len(q.Correct)
	case TypeOrder:
		for place, i := range a.Choices {
			marks = append(marks, sign(shown[i] == place))
		}
	case TypeMatch:
		for left, i := range a.Choices { // two rights may read the same
			marks = append(marks, sign(q.Pairs[shown[i]].Right.Text == q.Pairs[left].Right.Text))
		}
	case TypeText:
		marks = append(marks, sign(accepts(q.Accept, a.Text)))
	case TypeNumeric:
		marks = append(marks, sign(slices.ContainsFunc(q.Ranges, func(r Range) bool { return r.Min <= *a.Number && *a.Number <= r.Max })))
	case TypeGaps:
		for i, filled := range a.Texts {
			switch filled {
			case "":
				marks = append(marks, 0)
			default:
				marks = append(marks, sign(accepts(q.Gaps[i], filled)))
			}
		}
	case TypeHotspot:
		marks = append(marks, sign(slices.ContainsFunc(q.Areas, func(area Area) bool { return area.has(*a.Point) })))
	}
	return marks, len(marks)
}

// accepts reports whether a typed text is one of the accepted ones.
func accepts(accept []wire.Personal, typed string) bool {
	folded := text.Fold(typed)
	return folded != "" && slices.ContainsFunc(accept, func(p wire.Personal) bool { return text.Fold(p.Text) == folded })
}

// tally returns how many parts are right and how many wrong.
func tally(marks []int8) (right, wrong int) {
	for _, mark := range marks {
		switch mark {
		case 1:
			right++
		case -1:
			wrong++
		}
	}
	return right, wrong
}

// entry is what of the reply is not a set of choices, nil if it is one.
func (a Reply) entry(by wire.UserID, q *Question) *Entry {
	switch q.kind() {
	case TypeOrder, TypeMatch:
		return &Entry{Places: a.Choices}
	case TypeText:
		return &Entry{Text: wire.Own(by, a.Text)}
	case TypeNumeric:
		return &Entry{Number: a.Number}
	case TypeGaps:
		return &Entry{Texts: owned(by, a.Texts)}
	case TypeHotspot:
		return &Entry{Point: a.Point}
	}
	return nil
}

// reply is what was answered, in the form in which it came.
func (g *Given) reply() Reply {
	switch e := g.Entry; {
	case e == nil:
		return Reply{Choices: g.Choices.list()}
	case e.Texts != nil:
		return Reply{Texts: texts(e.Texts)}
	default:
		return Reply{Choices: e.Places, Text: e.Text.Text, Number: e.Number, Point: e.Point}
	}
}

// equal reports whether two replies say the same.
func (a Reply) equal(b Reply) bool {
	if (a.Number == nil) != (b.Number == nil) || a.Number != nil && *a.Number != *b.Number {
		return false
	}
	if (a.Point == nil) != (b.Point == nil) || a.Point != nil && *a.Point != *b.Point {
		return false
	}
	return a.Text == b.Text && slices.Equal(a.Choices, b.Choices) && slices.Equal(a.Texts, b.Texts)
}

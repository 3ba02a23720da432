package exchange

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/lyceum-live/lyceum/internal/formats/bank"
	"github.com/lyceum-live/lyceum/quiz"
)

// errMarks says that a text would be read as one with gaps.
var errMarks = errors.New("its marks for gaps are not those of its answers")

// errHotspot says that a question is about a picture.
var errHotspot = errors.New("a point in a picture is asked for, and files are written without pictures")

// FromQuiz is a question of a quiz, which is clean, as one of a file, or why
// no file holds it. What it shows or plays is not in the file.
func FromQuiz(d quiz.Draft) (bank.Question, error) {
	title := bank.Clip(bank.Line(bank.EachGap(d.Text, func(int) string { return "…" })), 60)
	q := bank.Question{Title: title, Text: d.Text, Format: bank.Plain, Feedback: d.Explanation, Tags: tags(d)}
	switch d.Type {
	case "", quiz.TypeChoice:
		return q, choices(&q, d)
	case quiz.TypeTrueFalse:
		if slices.ContainsFunc(sides, func(s Sides) bool { return slices.Equal(d.Choices, s[:]) }) && len(d.Correct) == 1 {
			q.Type = bank.TrueFalse
			q.Choices = []bank.Choice{{Text: "True"}, {Text: "False"}}
			q.Choices[d.Correct[0]].Weight = 100
			return q, nil
		}
		q.Tags = append(q.Tags, trueFalseTag)
		return q, choices(&q, d)
	case quiz.TypeText:
		q.Type = bank.Text
		for _, s := range d.Accept {
			q.Accept = append(q.Accept, bank.Accept{Text: s, Weight: 100})
		}
	case quiz.TypeNumeric:
		q.Type = bank.Numeric
		for _, r := range d.Ranges {
			q.Ranges = append(q.Ranges, bank.Range{Min: r.Min, Max: r.Max, Weight: 100})
		}
	case quiz.TypeOrder:
		q.Type = bank.Ordering
		for _, s := range d.Choices {
			q.Choices = append(q.Choices, bank.Choice{Text: s, Weight: 100})
		}
	case quiz.TypeMatch:
		q.Type = bank.Matching
		for _, p := range d.Pairs {
			q.Pairs = append(q.Pairs, bank.Pair{Left: p.Left, Right: p.Right})
		}
	case quiz.TypeGaps:
		q.Type = bank.Gaps
		for i, gap := range d.Gaps {
			for _, s := range gap {
				q.Pairs = append(q.Pairs, bank.Pair{Left: strconv.Itoa(i + 1), Right: s})
			}
		}
		marks := 0
		bank.EachGap(d.Text, func(int) string { marks++; return "" })
		if marks != len(d.Gaps) {
			return q, errMarks
		}
	case quiz.TypeHotspot:
		return q, errHotspot
	default:
		return q, fmt.Errorf("no format of files holds a question of the type %q", d.Type)
	}
	return q, nil
}

// choices writes what is picked. Where several are right, a wrong one takes as
// much away as a right one earns: a program that does not mark by our rule
// would otherwise give all points to whoever ticks everything.
func choices(q *bank.Question, d quiz.Draft) error {
	right, wrong := 100.0, 0.0
	q.Type = bank.Single
	if n := len(d.Correct); n > 1 {
		q.Type = bank.Multi
		right = bank.Share(n)
		wrong = -right
	}
	for i, s := range d.Choices {
		c := bank.Choice{Text: s, Weight: wrong}
		if slices.Contains(d.Correct, i) {
			c.Weight = right
		}
		q.Choices = append(q.Choices, c)
	}
	return nil
}

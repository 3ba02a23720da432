package table

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/lyceum-live/lyceum/internal/cell"
	"github.com/lyceum-live/lyceum/internal/formats/bank"
)

// mostOptions is how many options have a letter.
const mostOptions = 26

// sheet is questions as a table.
type sheet struct {
	header []string
	rows   [][]string
}

var errOptions = fmt.Errorf("a table has room for %d choices or pairs", mostOptions)

// sheetOf puts questions into a table, whose cells are of at most so many
// characters, and says which have no place in it.
func sheetOf(questions []bank.Question, longest int) (sheet, []bank.Skipped) {
	var left bank.Result
	var lines []*line
	options, feedback := 0, 0
	for i := range questions {
		q := &questions[i]
		l, err := lineOf(q)
		if err == nil && longest > 0 && l.longest() > longest {
			err = fmt.Errorf("a cell of a spreadsheet holds %d characters", longest)
		}
		if err != nil {
			left.Skip(0, q.Title, err.Error())
			continue
		}
		lines = append(lines, l)
		options, feedback = max(options, len(l.options)), max(feedback, len(l.feedback))
	}
	s := sheet{header: []string{"Type", "Category", "Title", "Question", "Format"}}
	for i := range options {
		s.header = append(s.header, "Option "+letter(i))
	}
	s.header = append(s.header, "Answer", "Weights")
	for i := range feedback {
		s.header = append(s.header, "Feedback "+letter(i))
	}
	s.header = append(s.header, "Explanation", "Tags")
	for _, l := range lines {
		cells := []string{l.kind, l.category, l.title, l.text, l.format}
		cells = append(cells, padded(l.options, options)...)
		cells = append(cells, l.answer, l.weights)
		cells = append(cells, padded(l.feedback, feedback)...)
		cells = append(cells, l.explanation, l.tags)
		for i, c := range cells {
			cells[i] = cell.Text(c)
		}
		s.rows = append(s.rows, cells)
	}
	return s, left.Skipped
}

func letter(i int) string { return string(rune('A' + i)) }

func padded(list []string, n int) []string {
	return append(slices.Clone(list), make([]string, n-len(list))...)
}

func (l *line) longest() int {
	n := 0
	for _, s := range append(append([]string{l.text, l.answer, l.explanation, l.tags}, l.options...), l.feedback...) {
		units := 1 // an apostrophe
		for _, r := range s {
			units += 1 + int(r>>16)&1
		}
		n = max(n, units)
	}
	return n
}

// lineOf is a question as a row.
func lineOf(q *bank.Question) (*line, error) {
	if err := bank.Check(q); err != nil {
		return nil, err
	}
	if len(q.Choices) > mostOptions || q.Type == bank.Matching && len(q.Pairs) > mostOptions {
		return nil, errOptions
	}
	l := &line{kind: string(q.Type), title: q.Title, text: q.Text, format: string(q.Format), category: q.Category, explanation: q.Feedback}
	var tags []string
	for _, t := range q.Tags {
		tags = append(tags, guard(t, tagSigns))
	}
	l.tags = strings.Join(tags, ";")
	switch q.Type {
	case bank.Single, bank.Multi:
		l.writeChoices(q)
	case bank.TrueFalse:
		l.writeFeedback(q)
		l.answer = "False"
		if q.Choices[0].Weight > 0 {
			l.answer = "True"
		}
	case bank.Text:
		var list []string
		var weights []float64
		for _, a := range q.Accept {
			list, weights = append(list, guard(a.Text, "|")), append(weights, a.Weight)
		}
		l.answer = strings.Join(list, "|")
		l.writeWeights(weights)
	case bank.Numeric:
		var list []string
		var weights []float64
		for _, r := range q.Ranges {
			cell := bank.Digits(r.Min)
			if r.Min != r.Max {
				cell += ".." + bank.Digits(r.Max)
			}
			list, weights = append(list, cell), append(weights, r.Weight)
		}
		l.answer = strings.Join(list, "|")
		l.writeWeights(weights)
	case bank.Matching:
		for _, p := range q.Pairs {
			l.options = append(l.options, strings.TrimSpace(guardOn(p.Left, "->")+" -> "+p.Right))
		}
	case bank.Ordering:
		for i, c := range q.Choices {
			l.options = append(l.options, c.Text)
			l.answer += letter(i)
		}
		l.answer = apart(l.answer, l.options)
	case bank.Gaps:
		var list []string
		for _, variants := range q.Variants() {
			for i, v := range variants {
				variants[i] = guardOn(v, "//")
			}
			list = append(list, guard(strings.Join(variants, " // "), "|"))
		}
		l.answer = strings.Join(list, "|")
	}
	return l, nil
}

func (l *line) writeChoices(q *bank.Question) {
	right, usual := 0, true
	for i, c := range q.Choices {
		l.options = append(l.options, c.Text)
		if c.Weight > 0 {
			right++
			l.answer += letter(i)
		}
	}
	l.answer = apart(l.answer, l.options)
	l.writeFeedback(q)
	var weights []string
	for _, c := range q.Choices {
		weights = append(weights, bank.Digits(c.Weight))
		full := 100.0
		if q.Type == bank.Multi {
			full = bank.Share(right)
		}
		usual = usual && (c.Weight == 0 || c.Weight == full)
	}
	if !usual || q.Type == bank.Single && right > 1 {
		l.weights = strings.Join(weights, "|")
	}
}

// apart is the letters of an answer, parted where they would otherwise read
// like one of the options.
func apart(letters string, options []string) string {
	for _, sign := range []string{"", ",", ", ", ";", "; "} {
		answer := strings.Join(strings.Split(letters, ""), sign)
		if len(letters) == 1 || !slices.ContainsFunc(options, func(o string) bool { return strings.EqualFold(o, answer) }) {
			return answer
		}
	}
	return strings.Join(strings.Split(letters, ""), " | ")
}

func (l *line) writeFeedback(q *bank.Question) {
	for i, c := range q.Choices {
		if c.Feedback != "" {
			put(&l.feedback, i, c.Feedback)
		}
	}
}

func (l *line) writeWeights(weights []float64) {
	if !slices.ContainsFunc(weights, func(w float64) bool { return w != 100 }) {
		return
	}
	var out []string
	for _, w := range weights {
		out = append(out, bank.Digits(w))
	}
	l.weights = strings.Join(out, "|")
}

// WriteCSV writes a table with commas, every cell in quotation marks, as
// UTF-8 with a byte-order mark, without which Excel misreads it.
func WriteCSV(w io.Writer, questions []bank.Question) ([]bank.Skipped, error) {
	s, left := sheetOf(questions, 0)
	out := cell.NewCSV(w)
	out.Row(s.header)
	for _, row := range s.rows {
		out.Row(row)
	}
	return left, out.Flush()
}

var errWorkbook = errors.New("the workbook is damaged")

// Package table reads and writes questions as rows: CSV in whatever it parts
// its cells with, XLSX, and Kahoot's spreadsheet.
//
// The header says what the columns are, in English or Chinese (题干, 题型,
// 选项A, 答案, 解析, 标签, 分类 …), anywhere in the first 40 rows. Columns for
// points and difficulty are passed over, and seconds to answer in are kept.
// Without a type column the type is told by the options and the answer.
//
// In a cell: an answer to a choice is letters (AC; A,C), numbers (1,3) or the
// option itself; typed answers are parted by |, gaps by | and what may be typed
// in one gap by //; a range is 3.1..3.2, 3±0.1 or 3:0.1; a pair is left ->
// right; tags are parted by semicolons or commas. A backslash before such a
// sign makes it a part of the text. Gaps are [[1]], ____ or （ ）.
//
// Formulas are text: none is ever computed. What is written and begins with
// = + - @, a tab or a line break has an apostrophe before it, which reading
// takes away again, so that no spreadsheet runs it.
//
// A table holds at most 26 choices or pairs of a question and 32,767
// characters in a cell of XLSX; [Write] leaves longer questions out and says so.
package table

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lyceum-live/lyceum/internal/cell"
	"github.com/lyceum-live/lyceum/internal/formats/bank"
)

// fromRows reads questions below a header.
func fromRows(r *bank.Result, rows []row, kahoot bool) error {
	below, h := findHeader(rows, kahoot)
	if h == nil {
		if kahoot {
			return errors.New("this is not Kahoot's template: no row names Question, Answer 1 and Correct answer(s)")
		}
		return errNoHeader
	}
	h.kahoot = kahoot || h.kahoot && h.timed
	for _, row := range below {
		l := h.line(row)
		if l.empty() {
			continue
		}
		q, err := l.question()
		if err != nil {
			r.Skip(row.line, id(l), err.Error())
			continue
		}
		r.Add(q, row.line, id(l))
	}
	return nil
}

func id(l *line) string {
	if l.title != "" {
		return l.title
	}
	return bank.Clip(bank.Line(l.text), 60)
}

// line is the cells of a row by what they mean.
type line struct {
	kind, title, text, format, answer, weights string
	explanation, tags, category, seconds       string
	options, feedback                          []string // with gaps where cells are empty
	kahoot                                     bool
}

func (h *header) line(r row) *line {
	l := &line{kahoot: h.kahoot}
	for i, c := range r.cells {
		c = cell.Bare(bank.Clean(c))
		if c == "" {
			continue
		}
		if n, ok := h.options[i]; ok {
			put(&l.options, n, c)
			continue
		}
		if n, ok := h.feedback[i]; ok {
			put(&l.feedback, n, c)
			continue
		}
		switch h.roles[i] {
		case typeColumn:
			l.kind = c
		case titleColumn:
			l.title = c
		case textColumn:
			l.text = c
		case formatColumn:
			l.format = c
		case optionsColumn:
			l.options = splitOptions(c)
		case answerColumn:
			l.answer = c
		case weightsColumn:
			l.weights = c
		case explanationColumn:
			l.explanation = c
		case timeColumn:
			l.seconds = c
		case tagsColumn:
			l.tags = c
		case categoryColumn:
			l.category = c
		}
	}
	return l
}

func put(list *[]string, n int, s string) {
	if n < 0 || n >= 100 {
		return
	}
	for len(*list) <= n {
		*list = append(*list, "")
	}
	(*list)[n] = s
}

func (l *line) empty() bool {
	return l.text == "" && l.answer == "" && !slices.ContainsFunc(l.options, func(s string) bool { return s != "" })
}

// question reads a row.
func (l *line) question() (bank.Question, error) {
	q := bank.Question{Title: l.title, Text: l.text, Feedback: l.explanation, Category: l.category}
	q.Tags = split(l.tags, tagSigns)
	if n, err := strconv.Atoi(strings.TrimSpace(strings.TrimRight(l.seconds, "s秒 "))); err == nil && n > 0 {
		q.Seconds = n
	}
	switch strings.ToLower(l.format) {
	case "", "plain", "text":
		q.Format = bank.Plain
	case "html":
		q.Format = bank.HTML
	case "markdown", "md":
		q.Format = bank.Markdown
	default:
		return q, fmt.Errorf("the format %q is not known", bank.Clip(l.format, 40))
	}
	if l.text == "" {
		return q, errors.New("it has no text")
	}
	if q.Type = types[word(l.kind)]; q.Type == "" {
		if l.kind != "" {
			return q, fmt.Errorf("the type %q is not known", bank.Clip(l.kind, 40))
		}
		q.Type = l.guess()
	}
	return q, l.fill(&q)
}

// guess is the type of a row that does not say it.
func (l *line) guess() bank.Type {
	n := 0
	for _, o := range l.options {
		if o != "" {
			n++
		}
	}
	_, truth := truths[strings.ToLower(l.answer)]
	switch _, err := bank.Number(l.answer); {
	case n > 0:
		return bank.Single // several right answers make it multi
	case truth && err != nil:
		return bank.TrueFalse
	case l.answer == "":
		return bank.Essay
	case strings.Contains(l.text, bank.Gap(1)):
		return bank.Gaps
	case err == nil || rangeCell.MatchString(l.answer):
		return bank.Numeric
	case len(blank.FindAllString(l.text, 2)) == 2:
		return bank.Gaps
	}
	return bank.Text
}

func (l *line) fill(q *bank.Question) error {
	switch q.Type {
	case bank.Single, bank.Multi:
		return l.choices(q)
	case bank.TrueFalse:
		return l.trueFalse(q)
	case bank.Text:
		for _, a := range split(l.answer, "|") {
			q.Accept = append(q.Accept, bank.Accept{Text: a, Weight: 100})
		}
		return l.weigh(len(q.Accept), func(i int, w float64) { q.Accept[i].Weight = w })
	case bank.Numeric:
		return l.numeric(q)
	case bank.Matching:
		return l.matching(q)
	case bank.Ordering:
		return l.ordering(q)
	case bank.Gaps:
		return l.gaps(q)
	case bank.Essay:
		if l.answer != "" { // what a good answer says
			q.Feedback = strings.TrimSpace(l.answer + "\n" + q.Feedback)
		}
	}
	return nil
}

// weigh reads the weights of n answers, where the row has them.
func (l *line) weigh(n int, set func(int, float64)) error {
	if l.weights == "" {
		return nil
	}
	list := split(l.weights, "|;；")
	if len(list) != n {
		return fmt.Errorf("it has %d answers and %d weights", n, len(list))
	}
	for i, s := range list {
		w, err := bank.Number(strings.TrimSuffix(s, "%"))
		if err != nil {
			return fmt.Errorf("weight %d: %w", i+1, err)
		}
		set(i, w)
	}
	return nil
}

func (l *line) choices(q *bank.Question) error {
	at := map[int]int{} // option to choice, for options that are there
	for i, o := range l.options {
		if o == "" {
			continue
		}
		at[i] = len(q.Choices)
		c := bank.Choice{Text: o}
		if i < len(l.feedback) {
			c.Feedback = l.feedback[i]
		}
		q.Choices = append(q.Choices, c)
	}
	if l.weights != "" {
		return l.weigh(len(q.Choices), func(i int, w float64) { q.Choices[i].Weight = w })
	}
	if l.answer == "" {
		return errors.New("it has no correct answer")
	}
	right, err := l.chosen()
	if err != nil {
		return err
	}
	if q.Type == bank.Single && len(right) > 1 {
		if l.kind != "" && !slices.Contains(loose, word(l.kind)) {
			return fmt.Errorf("it is a single choice with %d correct answers", len(right))
		}
		q.Type = bank.Multi
	}
	for _, i := range right {
		c, ok := at[i]
		if !ok {
			return fmt.Errorf("the answer %q is none of its options", bank.Clip(l.answer, 40))
		}
		if q.Choices[c].Weight = 100; q.Type == bank.Multi {
			q.Choices[c].Weight = bank.Share(len(right))
		}
	}
	if l.kind == "" || l.kahoot {
		asTrueFalse(q)
	}
	return nil
}

// chosen is the options that an answer names, counted from 0.
func (l *line) chosen() ([]int, error) {
	if one := len(l.answer) == 1 && letters.MatchString(strings.ToUpper(l.answer)); !l.kahoot && !one {
		if i := slices.IndexFunc(l.options, func(o string) bool { return strings.EqualFold(o, l.answer) }); i >= 0 {
			return []int{i}, nil
		}
	}
	var out []int
	add := func(i int) {
		if !slices.Contains(out, i) {
			out = append(out, i)
		}
	}
	parts := strings.FieldsFunc(l.answer, func(r rune) bool { return strings.ContainsRune(" \t\n,;|&，；、/", r) })
	for _, p := range parts {
		up := strings.ToUpper(p)
		n, err := strconv.Atoi(strings.TrimSuffix(p, ".0"))
		switch {
		case err == nil:
			add(n - 1)
		case letters.MatchString(up):
			for _, c := range up {
				add(int(c - 'A'))
			}
		default:
			return l.texts()
		}
	}
	return out, nil
}

// texts is the options whose texts an answer repeats, parted by bars,
// semicolons or line breaks.
func (l *line) texts() ([]int, error) {
	var out []int
	for _, s := range split(l.answer, "|;；\n") {
		i := slices.IndexFunc(l.options, func(o string) bool { return strings.EqualFold(o, s) })
		if i < 0 {
			return nil, fmt.Errorf("the answer %q is none of its options", bank.Clip(s, 40))
		}
		out = append(out, i)
	}
	return out, nil
}

func asTrueFalse(q *bank.Question) {
	if q.Type != bank.Single || len(q.Choices) != 2 {
		return
	}
	first, second := strings.ToLower(q.Choices[0].Text), strings.ToLower(q.Choices[1].Text)
	if !slices.Contains(plainTruths, first) || !slices.Contains(plainTruths, second) || truths[first] == truths[second] {
		return
	}
	a := truths[first]
	if !a {
		q.Choices[0], q.Choices[1] = q.Choices[1], q.Choices[0]
	}
	q.Type = bank.TrueFalse
	q.Choices[0].Text, q.Choices[1].Text = "True", "False"
}

// truths is how tables say yes and no.
var truths = map[string]bool{
	"t": true, "true": true, "yes": true, "y": true, "对": true, "正确": true, "是": true, "√": true, "✓": true, "✔": true, "對": true, "正確": true,
	"f": false, "false": false, "no": false, "n": false, "错": false, "错误": false, "否": false, "×": false, "✗": false, "✘": false, "x": false, "錯": false, "錯誤": false,
}

// plainTruths are the options that make a question one of true or false: yes
// and no may be the answers to any.
var plainTruths = []string{"true", "false", "对", "错", "正确", "错误", "對", "錯", "正確", "錯誤"}

func (l *line) trueFalse(q *bank.Question) error {
	q.Choices = []bank.Choice{{Text: "True"}, {Text: "False"}}
	for i, f := range l.feedback[:min(len(l.feedback), 2)] {
		q.Choices[i].Feedback = f
	}
	answer := strings.ToLower(strings.TrimSpace(l.answer))
	if answer == "" {
		return errors.New("it has no correct answer")
	}
	if len(l.options) > 0 { // 对 and 错 as options, and a letter as the answer
		if right, err := l.chosen(); err == nil && len(right) == 1 && right[0] >= 0 && right[0] < len(l.options) {
			answer = strings.ToLower(l.options[right[0]])
		}
	}
	truth, ok := truths[answer]
	switch {
	case ok:
	case answer == "1" || answer == "a":
		truth = true
	case answer == "0" || answer == "2" || answer == "b":
		truth = false
	default:
		return fmt.Errorf("the answer %q is neither true nor false", bank.Clip(l.answer, 40))
	}
	if truth {
		q.Choices[0].Weight = 100
	} else {
		q.Choices[1].Weight = 100
	}
	return nil
}

package gift

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/lyceum-live/lyceum/internal/formats/bank"
	"github.com/lyceum-live/lyceum/internal/formats/markup"
)

// Write writes questions and says which of them GIFT cannot hold.
func Write(w io.Writer, questions []bank.Question) ([]bank.Skipped, error) {
	var left bank.Result
	out := bufio.NewWriter(w)
	category := ""
	for i := range questions {
		q := &questions[i]
		body, err := body(q)
		if err != nil {
			left.Skip(0, q.Title, err.Error())
			continue
		}
		if q.Category != category {
			category = q.Category
			fmt.Fprintf(out, "$CATEGORY: %s\n\n", bank.MoodlePath(category))
		}
		if len(q.Tags) > 0 {
			out.WriteString("//")
			for _, t := range q.Tags {
				fmt.Fprintf(out, " [tag:%s]", strings.NewReplacer(`\`, `\\`, `]`, `\]`).Replace(t))
			}
			out.WriteByte('\n')
		}
		fmt.Fprintf(out, "%s%s%s\n\n", title(q), head(q), body)
	}
	return left.Skipped, out.Flush()
}

var escape = strings.NewReplacer(`\`, `\\`, "~", `\~`, "=", `\=`, "#", `\#`, "{", `\{`, "}", `\}`, ":", `\:`, "\n", `\n`)

func title(q *bank.Question) string {
	if q.Title == "" {
		return ""
	}
	return "::" + escape.Replace(q.Title) + "::"
}

// head is the question's text, with its markup where it is not plain beyond
// doubt.
func head(q *bank.Question) string {
	prefix := ""
	texts := []string{q.Text, q.Feedback}
	for _, c := range q.Choices {
		texts = append(texts, c.Text, c.Feedback)
	}
	for _, p := range q.Pairs {
		texts = append(texts, p.Left)
	}
	special := slices.ContainsFunc(texts, func(s string) bool { return strings.ContainsAny(s, "<>&") })
	if special || q.Format != bank.Plain || strings.ContainsAny(q.Text[:1], "[/:$") {
		prefix = "[" + string(q.Format) + "]"
	}
	return prefix + escape.Replace(q.Text)
}

// piece is a text whose markup is the question's; what could be taken for
// markup or a weight is kept from it.
func piece(q *bank.Question, s string) string {
	if s != "" && strings.ContainsAny(s[:1], "[%/") {
		return "[" + string(q.Format) + "]" + escape.Replace(s)
	}
	return escape.Replace(s)
}

func feedback(q *bank.Question, s string) string {
	if s == "" {
		return ""
	}
	return "#" + piece(q, s)
}

func percent(w float64) string { return "%" + bank.Digits(w) + "%" }

var (
	errGaps   = errors.New("GIFT cannot hold gaps in a text")
	errSingle = errors.New("GIFT cannot hold a single choice none of which has 100%")
	errArrow  = errors.New("GIFT cannot hold -> in an answer")

	errPicture = errors.New("GIFT cannot hold a picture in the right side of a pair")
)

// body is the answers in their braces.
func body(q *bank.Question) (string, error) {
	if err := bank.Check(q); err != nil {
		return "", err
	}
	var lines []string
	switch q.Type {
	case bank.Description:
		return "", nil
	case bank.Gaps:
		return "", errGaps
	case bank.TrueFalse:
		return trueFalse(q), nil
	case bank.Essay:
	case bank.Single, bank.Multi:
		var err error
		if lines, err = choices(q); err != nil {
			return "", err
		}
	case bank.Text:
		for _, a := range q.Accept {
			if strings.Contains(a.Text, "->") {
				return "", errArrow
			}
			weight := ""
			if a.Weight != 100 || strings.HasPrefix(a.Text, "%") {
				weight = percent(a.Weight)
			}
			text := escape.Replace(a.Text)
			if strings.HasPrefix(text, "[") {
				text = "[plain]" + text
			}
			lines = append(lines, "="+weight+text)
		}
	case bank.Numeric:
		lines = append(lines, "#")
		for _, r := range q.Ranges {
			weight := ""
			if r.Weight != 100 {
				weight = percent(r.Weight)
			}
			lines = append(lines, "="+weight+numeric(r))
		}
	case bank.Matching:
		for _, p := range q.Pairs {
			if strings.Contains(p.Left, "->") {
				return "", errArrow
			}
			right := markup.PlainOf(p.Right, q.Format)
			if right == "" {
				return "", errPicture
			}
			lines = append(lines, "="+piece(q, p.Left)+" -> "+escape.Replace(right))
		}
	case bank.Ordering:
		lines = append(lines, fmt.Sprintf(">%d ALL VERTICAL", len(q.Choices)))
		for _, c := range q.Choices {
			lines = append(lines, piece(q, c.Text))
		}
	}
	if q.Feedback != "" {
		lines = append(lines, "####"+piece(q, q.Feedback))
	}
	switch {
	case len(lines) == 0:
		return "{}", nil
	case q.Type == bank.Numeric:
		return "{" + strings.Join(lines, "\n\t") + "\n}", nil
	case q.Type == bank.Ordering:
		return "{" + strings.Join(lines, "\n") + "\n}", nil
	}
	return "{\n\t" + strings.Join(lines, "\n\t") + "\n}", nil
}

func choices(q *bank.Question) ([]string, error) {
	var lines []string
	full, others := 0, 0
	for _, c := range q.Choices {
		sign := "~"
		switch {
		case q.Type == bank.Single && c.Weight == 100 && (full == 0 || others > 0 || len(lines)+1 < len(q.Choices)):
			sign = "="
			full++
		case c.Weight != 0:
			sign += percent(c.Weight)
			others++
		default:
			others++
		}
		lines = append(lines, sign+piece(q, c.Text)+feedback(q, c.Feedback))
	}
	if q.Type == bank.Single && full == 0 {
		return nil, errSingle
	}
	return lines, nil
}

func trueFalse(q *bank.Question) string {
	right, wrong, word := q.Choices[0], q.Choices[1], "TRUE"
	if wrong.Weight > 0 {
		right, wrong, word = wrong, right, "FALSE"
	}
	s := "{" + word
	if wrong.Feedback != "" || right.Feedback != "" {
		s += "#" + piece(q, wrong.Feedback)
	}
	s += feedback(q, right.Feedback)
	if q.Feedback != "" {
		s += "####" + piece(q, q.Feedback)
	}
	return s + "}"
}

func numeric(r bank.Range) string {
	if r.Min == r.Max {
		return bank.Digits(r.Min) + ":0"
	}
	return bank.Digits(r.Min) + ".." + bank.Digits(r.Max)
}

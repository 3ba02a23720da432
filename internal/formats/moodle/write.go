package moodle

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/lyceum-live/lyceum/internal/formats/bank"
	"github.com/lyceum-live/lyceum/internal/formats/markup"
)

// Write writes questions and says which of them Moodle XML cannot hold.
func Write(w io.Writer, questions []bank.Question) ([]bank.Skipped, error) {
	var left bank.Result
	out := bufio.NewWriter(w)
	out.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<quiz>\n")
	category := ""
	for i := range questions {
		q := &questions[i]
		x := &writer{q: q}
		if err := x.question(); err != nil {
			left.Skip(0, q.Title, err.Error())
			continue
		}
		if q.Category != category {
			category = q.Category
			fmt.Fprintf(out, "<question type=\"category\"><category><text>%s</text></category></question>\n",
				markup.XMLText(bank.MoodlePath(category)))
		}
		out.WriteString(x.out.String())
	}
	out.WriteString("</quiz>\n")
	return left.Skipped, out.Flush()
}

var kinds = map[bank.Type]string{
	bank.Single: "multichoice", bank.Multi: "multichoice", bank.TrueFalse: "truefalse", bank.Text: "shortanswer",
	bank.Numeric: "numerical", bank.Matching: "matching", bank.Ordering: "ordering", bank.Gaps: "cloze",
	bank.Essay: "essay", bank.Description: "description",
}

var formats = map[bank.Markup]string{bank.Plain: "plain_text", bank.HTML: "html", bank.Markdown: "markdown"}

// writer writes one question.
type writer struct {
	q   *bank.Question
	out strings.Builder
}

func (w *writer) printf(format string, args ...any) { fmt.Fprintf(&w.out, format, args...) }

// rich writes a text with the question's markup.
func (w *writer) rich(element, attrs, text, inside string) {
	var files []string
	if w.q.Format == bank.HTML {
		text, files = extract(text)
	}
	w.printf("  <%s%s format=\"%s\"><text>%s</text>%s%s</%s>\n",
		element, attrs, formats[w.q.Format], content(text), strings.Join(files, ""), inside, element)
}

// content is a text within an element: as a section of its own where it would
// be hard to read otherwise.
func content(text string) string {
	if !strings.ContainsAny(text, "<>&") {
		return markup.XMLText(text)
	}
	return "<![CDATA[" + strings.ReplaceAll(text, "]]>", "]]]]><![CDATA[>") + "]]>"
}

var (
	errCloze   = errors.New("a text with gaps in which something else looks like one has no place in Moodle XML")
	errPicture = errors.New("a picture in the right side of a pair has no place in Moodle XML")
	errFar     = errors.New("a range whose ends are so unlike in size has no place in Moodle XML")
)

func (w *writer) question() error {
	q := w.q
	if err := bank.Check(q); err != nil {
		return err
	}
	text := q.Text
	if q.Type == bank.Gaps {
		if clozeStart.MatchString(text) {
			return errCloze
		}
		text = w.cloze()
	}
	w.printf("<question type=\"%s\">\n  <name><text>%s</text></name>\n", kinds[q.Type], markup.XMLText(q.Title))
	w.rich("questiontext", "", text, "")
	w.rich("generalfeedback", "", q.Feedback, "")
	switch q.Type {
	case bank.Single, bank.Multi:
		w.printf("  <single>%t</single>\n  <shuffleanswers>true</shuffleanswers>\n  <answernumbering>abc</answernumbering>\n", q.Type == bank.Single)
		w.choices()
	case bank.TrueFalse:
		for i, c := range q.Choices {
			w.answer([]string{"true", "false"}[i], c.Weight, w.feedback(c.Feedback))
		}
	case bank.Text:
		w.printf("  <usecase>0</usecase>\n")
		for _, a := range q.Accept {
			w.answer(strings.ReplaceAll(a.Text, "*", `\*`), a.Weight, "")
		}
	case bank.Numeric:
		for _, r := range q.Ranges {
			number, tolerance, ok := r.Middle()
			if !ok {
				return errFar
			}
			w.answer(number, r.Weight, "<tolerance>"+tolerance+"</tolerance>")
		}
	case bank.Matching:
		w.printf("  <shuffleanswers>true</shuffleanswers>\n")
		for _, p := range q.Pairs {
			right := markup.PlainOf(p.Right, q.Format)
			if right == "" {
				return errPicture
			}
			w.rich("subquestion", "", p.Left, "<answer><text>"+markup.XMLText(right)+"</text></answer>")
		}
	case bank.Ordering:
		w.printf("  <layouttype>VERTICAL</layouttype>\n  <selecttype>ALL</selecttype>\n")
		for i, c := range q.Choices {
			w.rich("answer", fmt.Sprintf(` fraction="%d"`, i+1), c.Text, "")
		}
	}
	if len(q.Tags) > 0 {
		w.printf("  <tags>")
		for _, t := range q.Tags {
			w.printf("<tag><text>%s</text></tag>", markup.XMLText(t))
		}
		w.printf("</tags>\n")
	}
	w.printf("</question>\n")
	return nil
}

func (w *writer) choices() {
	for _, c := range w.q.Choices {
		w.rich("answer", fmt.Sprintf(` fraction="%s"`, bank.Digits(c.Weight)), c.Text, w.feedback(c.Feedback))
	}
}

func (w *writer) feedback(text string) string {
	if text == "" {
		return ""
	}
	inner := &writer{q: w.q}
	inner.rich("feedback", "", text, "")
	return strings.TrimSpace(inner.out.String())
}

// answer writes an answer that is typed.
func (w *writer) answer(text string, weight float64, inside string) {
	w.printf("  <answer fraction=\"%s\" format=\"moodle_auto_format\"><text>%s</text>%s</answer>\n",
		bank.Digits(weight), markup.XMLText(text), inside)
}

var clozeEscape = strings.NewReplacer(`\`, `\\`, "}", `\}`, "#", `\#`, "~", `\~`, `"`, `\"`, "/", `\/`)

// cloze is the text with what may be typed in its gaps.
func (w *writer) cloze() string {
	variants := w.q.Variants()
	return bank.EachGap(w.q.Text, func(n int) string {
		var answers []string
		for _, v := range variants[n-1] {
			if w.q.Format == bank.HTML {
				v = markup.Escape(v)
			}
			answers = append(answers, "="+clozeEscape.Replace(v))
		}
		return "{1:SHORTANSWER:" + strings.Join(answers, "~") + "}"
	})
}

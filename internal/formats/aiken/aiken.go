// Package aiken reads Aiken, the simplest format of multiple choice
// (docs.moodle.org, "Aiken format"):
//
//	Which is a mammal?
//	A. Trout
//	B. Whale
//	ANSWER: B
//
// More than Moodle reads: a text of several lines, small letters, several
// answers (ANSWER: A, C), and 答案 for ANSWER. It has no writer, since it holds
// nothing but this.
package aiken

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/lyceum-live/lyceum/internal/formats/bank"
)

var (
	choice = regexp.MustCompile(`^([A-Za-z])(?:[.)][ \t]+|[．）、][ \t\x{3000}]*)(\S.*)$`)
	answer = regexp.MustCompile(`(?i)^(?:ANSWERS?|答案)[ \t]*[:：](.*)$`)
	letter = regexp.MustCompile(`^[A-Za-z](?:[\s,;，、和&]*[A-Za-z])*[.)]?$`)
)

// item is a question as far as it has been read.
type item struct {
	line    int
	text    []string
	choices []bank.Choice
	letters string   // what the choices are called, one letter each
	tail    []string // lines after the last choice: its own, or the next question
	blank   bool     // a blank line came since
}

// Read reads a file.
func Read(text string) bank.Result {
	var r bank.Result
	var it item
	n := 0
	for raw := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		if r.Full() {
			return r
		}
		n++
		it.read(&r, bank.Clean(raw), n)
	}
	if it.line > 0 {
		it.end(&r, "")
	}
	return r
}

func (it *item) read(r *bank.Result, line string, n int) {
	if line == "" {
		it.blank = true
		return
	}
	if m := answer.FindStringSubmatch(line); m != nil {
		it.begin(n)
		it.end(r, strings.TrimSpace(m[1]))
		return
	}
	if m := choice.FindStringSubmatch(line); m != nil {
		if again := strings.EqualFold(m[1], "A") && len(it.choices) > 1 && len(it.tail) > 0; again {
			// The one before has no answer, and what came after its last
			// choice is the next question.
			text := it.tail
			it.tail = nil
			it.end(r, "")
			it.begin(n - len(text))
			it.text = text
		}
		if len(it.text) > 0 && it.expects(m[1]) {
			it.settle()
			it.choices = append(it.choices, bank.Choice{Text: m[2]})
			it.letters += strings.ToUpper(m[1])
			it.blank = false
			return
		}
	}
	if len(it.choices) > 0 && it.blank {
		it.end(r, "")
	}
	it.begin(n)
	if it.blank = false; len(it.choices) == 0 {
		it.text = append(it.text, line)
	} else {
		it.tail = append(it.tail, line)
	}
}

func (it *item) begin(line int) {
	if it.line == 0 {
		it.line = line
	}
}

// settle gives the lines after a choice to it.
func (it *item) settle() {
	if k := len(it.choices); k > 0 && len(it.tail) > 0 {
		it.choices[k-1].Text += "\n" + strings.Join(it.tail, "\n")
	}
	it.tail = nil
}

// expects says whether a choice of that letter comes next.
func (it *item) expects(letter string) bool {
	return len(it.letters) < 26 && strings.ToUpper(letter)[0] == byte('A'+len(it.letters))
}

// end adds a question whose answer is known, or says why not.
func (it *item) end(r *bank.Result, letters string) {
	it.settle()
	defer func() { *it = item{} }()
	q := bank.Question{Type: bank.Single, Text: strings.Join(it.text, "\n"), Choices: it.choices}
	id := bank.Clip(bank.Line(q.Text), 60)
	switch {
	case letters == "" && len(it.choices) == 0:
		r.Skip(it.line, id, "it has neither choices nor an answer")
		return
	case letters == "":
		r.Skip(it.line, id, "it has no ANSWER line")
		return
	case !letter.MatchString(letters):
		r.Skip(it.line, id, fmt.Sprintf("the answer %q is not a letter", bank.Clip(letters, 40)))
		return
	}
	var right []int
	for _, l := range strings.ToUpper(letters) {
		if l < 'A' || l > 'Z' {
			continue
		}
		at := strings.IndexRune(it.letters, l)
		if at < 0 {
			r.Skip(it.line, id, fmt.Sprintf("the answer %c is none of its choices", l))
			return
		}
		if q.Choices[at].Weight == 0 {
			q.Choices[at].Weight = 1
			right = append(right, at)
		}
	}
	for _, at := range right {
		q.Choices[at].Weight = bank.Share(len(right))
	}
	if len(right) > 1 {
		q.Type = bank.Multi
	}
	r.Add(q, it.line, id)
}

var looksChoice = regexp.MustCompile(`(?m)^[ \t]*[A-Za-z][.)．）、]`)
var looksAnswer = regexp.MustCompile(`(?mi)^[ \t]*(ANSWERS?|答案)[ \t]*[:：][ \t]*[A-Z]`)

// Looks says whether a text is likely to be Aiken.
func Looks(text string) bool {
	text = text[:min(len(text), 256<<10)]
	return looksAnswer.MatchString(text) && looksChoice.MatchString(text)
}

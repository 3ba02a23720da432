// Package bank is what every question format of ours is read into and written
// from: questions as a teacher's bank holds them, and what was left out and
// why.
//
// A [Question] is plain data. What each type uses:
//
//	single, multi  choices with weights; feedback to each
//	truefalse      two choices, True and False, one of which has weight 100
//	text           accept: what may be typed
//	numeric        ranges: numbers that are right; a tolerance is a range
//	matching       pairs; a pair without a left side is a distractor
//	ordering       choices in the right order, all of weight 100
//	gaps           text has [[1]], [[2]] …; pairs tell what may be typed in
//	               each: left is the gap's number, one pair a variant
//	essay          nothing: a person reads the answer
//	description    nothing: it is no question
//
// Format is that of everything read by people: text, choices, feedback and
// both sides of a pair. What is typed (accept, gaps) is plain. HTML is as
// somebody wrote it: a page must clean it before it shows it.
//
// The package does no I/O. [Check] never repairs: it says what is wrong.
package bank

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Type says how a question is answered.
type Type string

// The types.
const (
	Single      Type = "single"
	Multi       Type = "multi"
	TrueFalse   Type = "truefalse"
	Text        Type = "text"
	Numeric     Type = "numeric"
	Matching    Type = "matching"
	Ordering    Type = "ordering"
	Gaps        Type = "gaps"
	Essay       Type = "essay"
	Description Type = "description"
)

// Types is all of them.
var Types = []Type{Single, Multi, TrueFalse, Text, Numeric, Matching, Ordering, Gaps, Essay, Description}

// Markup says how a question's text is written.
type Markup string

// The kinds of markup.
const (
	Plain    Markup = "plain"
	HTML     Markup = "html"
	Markdown Markup = "markdown"
)

// Question is one item of a bank. Weights are in percent, -100 to 100.
type Question struct {
	Type     Type     `json:"type"`
	Title    string   `json:"title"`
	Text     string   `json:"text"`
	Format   Markup   `json:"format"`
	Choices  []Choice `json:"choices"`
	Accept   []Accept `json:"accept"`
	Ranges   []Range  `json:"ranges"`
	Pairs    []Pair   `json:"pairs"`
	Feedback string   `json:"feedback"` // shown to everybody afterwards: the explanation
	Tags     []string `json:"tags"`
	Category string   `json:"category"` // its path, parted by slashes
	Seconds  int      `json:"-"`        // to answer in, where the file says so; 0: it does not
}

// Choice is one of several to choose from, or one item to put in order.
type Choice struct {
	Text     string  `json:"text"`
	Weight   float64 `json:"weight"`
	Feedback string  `json:"feedback"`
}

// Accept is an answer that may be typed.
type Accept struct {
	Text   string  `json:"text"`
	Weight float64 `json:"weight"`
}

// Range is numbers that earn a weight, both ends among them.
type Range struct {
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	Weight float64 `json:"weight"`
}

// Pair is a left side and what belongs to it.
type Pair struct {
	Left  string `json:"left"`
	Right string `json:"right"`
}

// Skipped is an item that was not read or not written, and why. Line counts
// from 1 (rows of a spreadsheet likewise) and is 0 where there are no lines.
// ID is what the file calls the item: an identifier or a title.
type Skipped struct {
	Line   int    `json:"line"`
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

// Result is what a file held. Lines says where each question begins.
type Result struct {
	Questions []Question `json:"questions"`
	Skipped   []Skipped  `json:"skipped"`
	Lines     []int      `json:"-"`
}

// MaxItems is how many items of a file are read: far more than anybody has, and
// few enough to be read in a second or two.
const MaxItems = 50_000

// Full reports whether a file has as many items as are read, or more.
func (r *Result) Full() bool { return len(r.Questions)+len(r.Skipped) >= MaxItems }

// Add keeps q where it is sound, and says why not where it is not.
func (r *Result) Add(q Question, line int, id string) {
	q.clean()
	if err := Check(&q); err != nil {
		r.Skip(line, cmp.Or(id, q.Title), err.Error())
		return
	}
	r.Questions = append(r.Questions, q)
	r.Lines = append(r.Lines, line)
}

// String is what a person reads of it.
func (s Skipped) String() string {
	if s.ID == "" {
		return fmt.Sprintf("line %d: %s", s.Line, s.Reason)
	}
	return fmt.Sprintf("line %d (%s): %s", s.Line, s.ID, s.Reason)
}

// Skip says that an item was left out.
func (r *Result) Skip(line int, id, reason string) {
	r.Skipped = append(r.Skipped, Skipped{line, Clip(id, 120), reason})
}

// Clip shortens s to at most n characters.
func Clip(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:n-1]) + "…"
}

// Clean is s as all readers leave it: line breaks are \n, other controls are
// gone, blanks at the ends too.
func Clean(s string) string {
	if strings.ContainsRune(s, '\r') {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	s = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r == '\ufeff' || r == '\ufffe' || r == '\uffff' {
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

// Line is s on one line.
func Line(s string) string { return strings.Join(strings.Fields(Clean(s)), " ") }

func (q *Question) clean() {
	q.Title, q.Category = Line(q.Title), Line(q.Category)
	q.Text, q.Feedback = Clean(q.Text), Clean(q.Feedback)
	for i := range q.Choices {
		c := &q.Choices[i]
		c.Text, c.Feedback = Clean(c.Text), Clean(c.Feedback)
	}
	for i := range q.Accept {
		q.Accept[i].Text = Line(q.Accept[i].Text)
	}
	for i := range q.Pairs {
		p := &q.Pairs[i]
		p.Left, p.Right = Clean(p.Left), Clean(p.Right)
		if q.Type == Gaps {
			p.Right = Line(p.Right)
		}
	}
	var tags []string
	for _, t := range q.Tags {
		if t = Line(t); t != "" && !slices.Contains(tags, t) {
			tags = append(tags, t)
		}
	}
	q.Tags = tags
	q.Format = cmp.Or(q.Format, Plain)
}

// Weight rounds a percentage to five decimals, as far as formats agree.
func Weight(percent float64) float64 { return math.Round(percent*1e5) / 1e5 }

// Share is the weight of each of n right choices among several.
func Share(n int) float64 { return Weight(100 / float64(n)) }

// Gap is the placeholder of the n-th gap, counted from 1.
func Gap(n int) string { return "[[" + strconv.Itoa(n) + "]]" }

// CategoryPath is a category without the words with which Moodle says where
// its tree begins: $course$/top/Birds is Birds.
func CategoryPath(s string) string {
	s = strings.TrimSpace(s)
	for _, root := range []string{"$course$", "$system$", "$cat$", "$module$", "$coursecat$"} {
		s = cutStep(s, root)
	}
	return cutStep(s, "top")
}

func cutStep(s, step string) string {
	if s == step {
		return ""
	}
	rest, ok := strings.CutPrefix(s, step+"/")
	if !ok {
		return s
	}
	return strings.TrimSpace(rest)
}

// MoodlePath is the opposite of [CategoryPath].
func MoodlePath(category string) string {
	if category == "" {
		return "$course$/top"
	}
	return "$course$/top/" + category
}

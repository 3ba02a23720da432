package bank

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Bounds of one question. They are far above what a class can use; they keep
// a made-up file from becoming a question that no page can show.
const (
	maxText    = 8 << 20 // with the pictures in it
	maxChoices = 1000
)

var (
	errNoText    = errors.New("it has no text")
	errNoCorrect = errors.New("it has no correct answer")
	errLong      = errors.New("it is too long")
)

// Check says what is wrong with a question, in words for its author.
func Check(q *Question) error {
	if q.Text == "" {
		return errNoText
	}
	if len(q.Text)+len(q.Feedback) > maxText {
		return errLong
	}
	if n := len(q.Choices) + len(q.Accept) + len(q.Ranges) + len(q.Pairs); n > maxChoices {
		return fmt.Errorf("it has %d answers; at most %d are read", n, maxChoices)
	}
	for _, w := range q.weights() {
		if math.IsNaN(w) || w < -100 || w > 100 {
			return fmt.Errorf("the weight %v%% is not between -100%% and 100%%", w)
		}
	}
	switch q.Type {
	case Single, Multi, TrueFalse, Ordering:
		return q.checkChoices()
	case Text:
		return q.checkAccept()
	case Numeric:
		return q.checkRanges()
	case Matching:
		return q.checkPairs()
	case Gaps:
		return q.checkGaps()
	case Essay, Description:
		return nil
	}
	return fmt.Errorf("questions of the type %q are not known", q.Type)
}

func (q *Question) weights() []float64 {
	var out []float64
	for _, c := range q.Choices {
		out = append(out, c.Weight)
	}
	for _, a := range q.Accept {
		out = append(out, a.Weight)
	}
	for _, r := range q.Ranges {
		out = append(out, r.Weight)
	}
	return out
}

func right(weights []float64) bool {
	return slices.ContainsFunc(weights, func(w float64) bool { return w > 0 })
}

func (q *Question) checkChoices() error {
	if len(q.Choices) < 2 {
		return errors.New("it has fewer than two choices")
	}
	for i, c := range q.Choices {
		if c.Text == "" {
			return fmt.Errorf("choice %d is empty", i+1)
		}
	}
	if !right(q.weights()) {
		return errNoCorrect
	}
	if q.Type == TrueFalse && (len(q.Choices) != 2 || q.Choices[0].Text != "True" || q.Choices[1].Text != "False" || q.Choices[0].Weight+q.Choices[1].Weight != 100 ||
		q.Choices[0].Weight*q.Choices[1].Weight != 0) {
		return errors.New("of true and false, exactly one must be right")
	}
	return nil
}

func (q *Question) checkAccept() error {
	for i, a := range q.Accept {
		if a.Text == "" {
			return fmt.Errorf("accepted answer %d is empty", i+1)
		}
	}
	if !right(q.weights()) {
		return errNoCorrect
	}
	return nil
}

func (q *Question) checkRanges() error {
	for _, r := range q.Ranges {
		if math.IsNaN(r.Min) || math.IsNaN(r.Max) || math.IsInf(r.Min, 0) || math.IsInf(r.Max, 0) {
			return errors.New("a range does not end at numbers")
		}
		if r.Min > r.Max {
			return fmt.Errorf("the range from %v to %v is the wrong way round", r.Min, r.Max)
		}
	}
	if !right(q.weights()) {
		return errNoCorrect
	}
	return nil
}

func (q *Question) checkPairs() error {
	lefts := map[string]string{}
	for _, p := range q.Pairs {
		if p.Right == "" {
			return fmt.Errorf("nothing belongs to %q", Clip(p.Left, 40))
		}
		if before, twice := lefts[p.Left]; twice && p.Left != "" && before != p.Right {
			return fmt.Errorf("%q belongs to two others", Clip(p.Left, 40))
		}
		lefts[p.Left] = p.Right
	}
	if delete(lefts, ""); len(lefts) < 2 {
		return errors.New("it has fewer than two pairs")
	}
	return nil
}

var placeholder = regexp.MustCompile(`\[\[(\d{1,4})\]\]`)

// checkGaps wants each gap in the text once, numbered from 1 in order, and
// something to be typed in each.
func (q *Question) checkGaps() error {
	found := placeholder.FindAllStringSubmatch(q.Text, -1)
	if len(found) == 0 {
		return errors.New("its text has no gap")
	}
	for i, m := range found {
		if m[1] != strconv.Itoa(i+1) {
			return fmt.Errorf("its gaps are not numbered in order: %s", m[0])
		}
	}
	filled, last := make([]bool, len(found)), 0
	for _, p := range q.Pairs {
		n, err := strconv.Atoi(p.Left)
		if err != nil || n < 1 || n > len(found) || n < last {
			return fmt.Errorf("there is no gap %q at this place", Clip(p.Left, 40))
		}
		if p.Right == "" {
			return fmt.Errorf("an answer of gap %d is empty", n)
		}
		filled[n-1], last = true, n
	}
	if i := slices.Index(filled, false); i >= 0 {
		return fmt.Errorf("gap %d has no correct answer", i+1)
	}
	return nil
}

// EachGap is text with put's result in the place of each gap.
func EachGap(text string, put func(n int) string) string {
	return placeholder.ReplaceAllStringFunc(text, func(m string) string {
		n, _ := strconv.Atoi(strings.Trim(m, "[]"))
		return put(n)
	})
}

// Variants is what may be typed in each gap, in the gaps' order.
func (q *Question) Variants() [][]string {
	var out [][]string
	for _, p := range q.Pairs {
		n, err := strconv.Atoi(p.Left)
		if err != nil || n < 1 || n > maxChoices {
			continue
		}
		for len(out) < n {
			out = append(out, nil)
		}
		out[n-1] = append(out[n-1], p.Right)
	}
	return out
}

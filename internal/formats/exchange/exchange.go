// Package exchange turns questions of files into questions of quizzes, and
// back.
//
//	file ── formats.Read ──▶ bank.Question ── [Import] ──▶ quiz.Draft
//	file ◀─ formats.Write ── bank.Question ◀─ [Export] ─── quiz.Draft
//
// A quiz marks at once and by one rule, so it says less than a file can: an
// essay, a description, and answers that earn a part of the points are left
// out, with the reason. What only accompanies a question (feedback to a single
// choice, a picture, a penalty) is left behind and told as a note. What comes
// through is right where it was right in the file, and wrong where it was
// wrong.
//
// HTML becomes the plain text that a person reads of it: nothing of its
// elements is left, and scripts and styles are gone. Markdown stays as it is.
//
// What a quiz says beyond files travels in tags, which all formats have:
// quiz:points=500, quiz:seconds=0 where they are not the usual, and
// quiz:truefalse where the two sides are in words of the author's own.
// Written to a file and read again, a question is the same. Blanks within what
// is to be typed and within tags count as one.
package exchange

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lyceum-live/lyceum/internal/formats/bank"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/wire"
)

// Sides is what true and false are called where a file does not say.
type Sides [2]string

// sides are those of the pages' languages: a file calls them true and false.
var sides = []Sides{{"True", "False"}, {"对", "错"}}

// SidesIn is the sides in a language.
func SidesIn(lang string) Sides {
	if strings.HasPrefix(lang, "zh") {
		return sides[1]
	}
	return sides[0]
}

// Note is what was left behind of a question that came through.
type Note struct {
	Question int    `json:"question"` // its place in the list, from 0
	Line     int    `json:"line"`
	ID       string `json:"id"`
	Reason   string `json:"reason"`
}

// Imported is what of a file can be asked in a quiz.
type Imported struct {
	Questions []quiz.Draft   `json:"questions"`
	Skipped   []bank.Skipped `json:"skipped"`
	Notes     []Note         `json:"notes"`
}

// idFrom is how many bytes of a text a question without a title is called by.
const idFrom = 4 << 10

// Import turns what was read of a file into questions of a quiz. What the
// reader skipped stays skipped.
func Import(r bank.Result, named Sides) Imported {
	out := Imported{Questions: []quiz.Draft{}, Skipped: append([]bank.Skipped{}, r.Skipped...), Notes: []Note{}}
	tags := allTags
	for i := range r.Questions {
		q := &r.Questions[i]
		line := 0
		if i < len(r.Lines) {
			line = r.Lines[i]
		}
		id := q.Title
		if id == "" {
			id = bank.Line(Plain(strings.ToValidUTF8(q.Text[:min(len(q.Text), idFrom)], ""), q.Format))
		}
		id = bank.Clip(id, 60)
		d, notes, err := toQuiz(q, named, &tags)
		if err != nil {
			out.Skipped = append(out.Skipped, bank.Skipped{Line: line, ID: id, Reason: err.Error()})
			continue
		}
		for _, note := range notes {
			out.Notes = append(out.Notes, Note{len(out.Questions), line, id, note})
		}
		out.Questions = append(out.Questions, d)
	}
	slices.SortStableFunc(out.Skipped, func(a, b bank.Skipped) int { return cmp.Compare(a.Line, b.Line) })
	return out
}

// Export turns questions of a quiz into those of files. What no format holds
// is left out; what was left behind of a question is a note. The line of either
// is the question's place in the list, from 1.
func Export(drafts []quiz.Draft) (questions []bank.Question, left, notes []bank.Skipped) {
	for i, d := range drafts {
		of := bank.Skipped{Line: i + 1, ID: bank.Clip(bank.Line(d.Text), 60)}
		q, err := FromQuiz(d)
		if err != nil {
			of.Reason = err.Error()
			left = append(left, of)
			continue
		}
		var r bank.Result // as a reader would take it
		if r.Add(q, i+1, ""); len(r.Skipped) > 0 {
			of.Reason = r.Skipped[0].Reason
			left = append(left, of)
			continue
		}
		questions = append(questions, r.Questions[0])
		if d.Media != nil || slices.ContainsFunc(d.Images, func(at string) bool { return at != "" }) {
			of.Reason = mediaLeft
			notes = append(notes, of)
		}
	}
	return questions, left, notes
}

const mediaLeft = "what it shows or plays was left out"

// What a quiz says beyond files, as tags.
const (
	pointsTag    = "quiz:points="
	secondsTag   = "quiz:seconds="
	trueFalseTag = "quiz:truefalse"

	longestTag = 40 // characters, as in a quiz
)

// tagged takes from a file's tags, and from its category, what a quiz says of
// the question.
func tagged(q *bank.Question, d *quiz.Draft, notes *[]string) (ownSides bool) {
	words := q.Tags
	for step := range strings.SplitSeq(q.Category, "/") {
		words = append(words[:len(words):len(words)], step)
	}
	number := func(tag, prefix string) *int {
		n, err := strconv.Atoi(strings.TrimPrefix(tag, prefix))
		if err != nil {
			return nil
		}
		return &n
	}
	lost := 0
	for _, tag := range words {
		switch {
		case strings.HasPrefix(tag, pointsTag):
			d.Points = number(tag, pointsTag)
			continue
		case strings.HasPrefix(tag, secondsTag):
			d.Seconds = number(tag, secondsTag)
			continue
		case tag == trueFalseTag:
			ownSides = true
			continue
		}
		clean, err := wire.CleanText(tag, longestTag, false)
		switch {
		case strings.TrimSpace(tag) == "" || slices.Contains(d.Tags, clean):
		case err != nil || len(d.Tags) >= quiz.MaxTags:
			lost++
		default:
			d.Tags = append(d.Tags, clean)
		}
	}
	if lost > 0 {
		*notes = append(*notes, fmt.Sprintf("tags left out: %d", lost))
	}
	if d.Seconds == nil && q.Seconds > 0 {
		seconds := min(max(q.Seconds, quiz.MinSeconds), quiz.MaxSeconds)
		d.Seconds = &seconds
	}
	return ownSides
}

// tags writes what [tagged] reads.
func tags(d quiz.Draft) []string {
	out := slices.Clone(d.Tags)
	if d.Points != nil && *d.Points != quiz.DefaultPoints {
		out = append(out, pointsTag+strconv.Itoa(*d.Points))
	}
	if d.Seconds != nil && *d.Seconds != quiz.DefaultSeconds {
		out = append(out, secondsTag+strconv.Itoa(*d.Seconds))
	}
	return out
}

package quiz

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lyceum-live/lyceum/internal/text"
	"github.com/lyceum-live/lyceum/wire"
)

// Type says how a question is answered.
type Type string

// The types of question. One that says none is of choices.
const (
	TypeChoice    Type = "choice"    // one or more of the choices
	TypeTrueFalse Type = "truefalse" // one of two
	TypeNumeric   Type = "numeric"   // a number within one of the ranges
	TypeText      Type = "text"      // words, compared as [text.Fold] leaves them
	TypeOrder     Type = "order"     // the choices brought into their order
	TypeMatch     Type = "match"     // for each left its right
	TypeGaps      Type = "gaps"      // words for each gap of the text
	TypeHotspot   Type = "hotspot"   // a point within one of the areas of a picture
)

// Bounds of a question.
const (
	MaxText    = 600  // characters of a question, and of its explanation
	MaxPoints  = 3000 // for one question, without what a run of right answers adds
	MinSeconds = 5    // to answer in, if there is a limit
	MaxSeconds = 600
	MaxAccept  = 20 // variants of a text, of one gap, or ranges
	MaxPairs   = 12
	MaxGaps    = 12
	MaxTags    = 10
	maxTag     = 40   // characters
	maxNumber  = 1e15 // beyond it a float64 is not sure of its units
)

// What a question is worth and how long it is open unless its author says
// otherwise.
const (
	DefaultPoints  = 1000
	DefaultSeconds = 20
)

// Question is one question of a quiz, with its key.
type Question struct {
	Type        Type              `json:"type,omitzero"` // "": of choices
	Text        wire.Personal     `json:"text"`
	Media       *Media            `json:"media,omitzero"`
	Choices     []wire.Personal   `json:"choices"`         // to order: in the right order
	Images      []string          `json:"images,omitzero"` // of each choice, "" for none
	Correct     []int             `json:"correct"`         // indexes of Choices, in order
	Accept      []wire.Personal   `json:"accept,omitzero"` // for a text
	Ranges      []Range           `json:"ranges,omitzero"` // for a number
	Pairs       []Pair            `json:"pairs,omitzero"`  // to match
	Gaps        [][]wire.Personal `json:"gaps,omitzero"`   // what each takes
	Areas       []Area            `json:"areas,omitzero"`  // to point at
	Points      int               `json:"points"`          // for the fastest right answer
	Seconds     int               `json:"seconds"`         // 0: no limit
	Explanation wire.Personal     `json:"explanation,omitzero"`
	Tags        []string          `json:"tags,omitzero"`
}

// Range holds the numbers from Min to Max, both included.
type Range struct {
	Min float64 `json:"min"`
	Max float64 `json:"max"`
}

// Pair is what belongs together.
type Pair struct {
	Left  wire.Personal `json:"left"`
	Right wire.Personal `json:"right"`
}

// kind is the question's type; logs of old say none.
func (q *Question) kind() Type {
	if q.Type == "" {
		return TypeChoice
	}
	return q.Type
}

// multiple reports whether several choices are to be picked.
func (q *Question) multiple() bool { return q.kind() == TypeChoice && len(q.Correct) > 1 }

// limit is the time to answer in, 0 without a limit.
func (q *Question) limit() wire.Millis { return wire.Millis(q.Seconds) * 1000 }

// parts is how many things of the question answers are counted by: those that
// are right or wrong by themselves (places, pairs, gaps or, where choices are
// picked, choices), or the cells of a picture.
func (q *Question) parts() int {
	switch q.kind() {
	case TypeMatch:
		return len(q.Pairs)
	case TypeGaps:
		return len(q.Gaps)
	case TypeHotspot:
		return HeatSide * HeatSide
	}
	return len(q.Choices)
}

type (
	// Draft is one question of a quiz that is written: see [Question]. Points
	// are [DefaultPoints] and seconds [DefaultSeconds] if they are not given.
	Draft struct {
		Type        Type        `json:"type,omitzero"`
		Text        string      `json:"text"`
		Media       *DraftMedia `json:"media,omitzero"`
		Choices     []string    `json:"choices,omitzero"`
		Images      []string    `json:"images,omitzero"`
		Correct     []int       `json:"correct,omitzero"`
		Accept      []string    `json:"accept,omitzero"`
		Ranges      []Range     `json:"ranges,omitzero"`
		Pairs       []DraftPair `json:"pairs,omitzero"`
		Gaps        [][]string  `json:"gaps,omitzero"`
		Areas       []Area      `json:"areas,omitzero"`
		Points      *int        `json:"points,omitzero"`
		Seconds     *int        `json:"seconds,omitzero"`
		Explanation string      `json:"explanation,omitzero"`
		Tags        []string    `json:"tags,omitzero"`
	}
	// DraftPair is a [Pair] that is written.
	DraftPair struct {
		Left  string `json:"left"`
		Right string `json:"right"`
	}
)

// clean returns d with its texts cleaned and its defaults filled in, or says
// which field is wrong. Its fields are named after path.
func (d Draft) clean(path string) (Draft, error) {
	out := Draft{Type: d.Type}
	if out.Type == TypeChoice {
		out.Type = "" // as in logs of old
	}
	var err error
	if out.Text, err = wire.CleanText(d.Text, MaxText, true); err != nil {
		return Draft{}, wire.ErrText.In(path + "text")
	}
	if out.Media, err = d.Media.clean(path); err != nil {
		return Draft{}, err
	}
	if d.Explanation != "" {
		if out.Explanation, err = wire.CleanText(d.Explanation, MaxText, true); err != nil {
			return Draft{}, wire.ErrText.In(path + "explanation")
		}
	}
	if len(d.Tags) > MaxTags {
		return Draft{}, wire.ErrField.In(path + "tags")
	}
	if out.Tags, err = cleanTexts(d.Tags, maxTag, path+"tags"); err != nil {
		return Draft{}, err
	}
	if err := out.cleanKey(d, path); err != nil {
		return Draft{}, err
	}
	points, seconds := DefaultPoints, DefaultSeconds
	if d.Points != nil {
		points = *d.Points
	}
	if d.Seconds != nil {
		seconds = *d.Seconds
	}
	if points < 0 || points > MaxPoints {
		return Draft{}, wire.ErrField.In(path + "points")
	}
	if seconds != 0 && (seconds < MinSeconds || seconds > MaxSeconds) {
		return Draft{}, wire.ErrField.In(path + "seconds")
	}
	out.Points, out.Seconds = &points, &seconds
	return out, nil
}

// cleanKey takes from d what a question of its type is made of, and refuses
// what is missing or belongs to another type.
func (out *Draft) cleanKey(d Draft, path string) (err error) {
	uses := map[string]bool{}
	switch d.Type {
	case "", TypeChoice, TypeTrueFalse:
		uses["choices"], uses["correct"], uses["images"] = true, true, true
		most := wire.MaxChoices
		if d.Type == TypeTrueFalse {
			most = 2
		}
		if out.Choices, err = cleanList(d.Choices, 2, most, path+"choices"); err != nil {
			return err
		}
		if len(d.Correct) == 0 || !valid(d.Correct, len(out.Choices)) || d.Type == TypeTrueFalse && len(d.Correct) > 1 {
			return wire.ErrField.In(path + "correct")
		}
		out.Correct = slices.Sorted(slices.Values(d.Correct))
		if out.Images, err = cleanImages(d.Images, len(out.Choices), path+"images"); err != nil {
			return err
		}
	case TypeOrder:
		uses["choices"] = true
		if out.Choices, err = cleanList(d.Choices, 2, wire.MaxChoices, path+"choices"); err != nil {
			return err
		}
		if different(out.Choices) < len(out.Choices) { // or two orders would be right
			return wire.ErrField.In(path + "choices")
		}
	case TypeText:
		uses["accept"] = true
		if out.Accept, err = cleanAccept(d.Accept, path+"accept"); err != nil {
			return err
		}
	case TypeNumeric:
		uses["ranges"] = true
		if len(d.Ranges) == 0 || len(d.Ranges) > MaxAccept {
			return wire.ErrField.In(path + "ranges")
		}
		for i, r := range d.Ranges {
			if !(-maxNumber <= r.Min && r.Min <= r.Max && r.Max <= maxNumber) {
				return wire.ErrField.In(fmt.Sprintf("%sranges[%d]", path, i))
			}
		}
		out.Ranges = slices.Clone(d.Ranges)
	case TypeMatch:
		uses["pairs"] = true
		if len(d.Pairs) < 2 || len(d.Pairs) > MaxPairs {
			return wire.ErrField.In(path + "pairs")
		}
		lefts, rights := make([]string, len(d.Pairs)), make([]string, len(d.Pairs))
		for i, pair := range d.Pairs {
			at := fmt.Sprintf("%spairs[%d].", path, i)
			if lefts[i], err = wire.CleanText(pair.Left, wire.MaxChoice, false); err != nil {
				return wire.ErrText.In(at + "left")
			}
			if rights[i], err = wire.CleanText(pair.Right, wire.MaxChoice, false); err != nil {
				return wire.ErrText.In(at + "right")
			}
			out.Pairs = append(out.Pairs, DraftPair{lefts[i], rights[i]})
		}
		if different(lefts) < len(lefts) || different(rights) < 2 {
			return wire.ErrField.In(path + "pairs")
		}
	case TypeGaps:
		uses["gaps"] = true
		if len(d.Gaps) == 0 || len(d.Gaps) > MaxGaps {
			return wire.ErrField.In(path + "gaps")
		}
		for i, gap := range d.Gaps {
			accept, err := cleanAccept(gap, fmt.Sprintf("%sgaps[%d]", path, i))
			if err != nil {
				return err
			}
			out.Gaps = append(out.Gaps, accept)
		}
		if !marked(out.Text, len(out.Gaps)) {
			return wire.ErrField.In(path + "text")
		}
	case TypeHotspot:
		uses["areas"] = true
		if out.Areas, err = cleanAreas(d.Areas, out.Media, path); err != nil {
			return err
		}
	default:
		return wire.ErrField.In(path + "type")
	}
	for _, field := range []struct {
		name  string
		given int
	}{
		{"choices", len(d.Choices)}, {"correct", len(d.Correct)}, {"accept", len(d.Accept)},
		{"ranges", len(d.Ranges)}, {"pairs", len(d.Pairs)}, {"gaps", len(d.Gaps)},
		{"images", len(d.Images)}, {"areas", len(d.Areas)},
	} {
		if field.given > 0 && !uses[field.name] {
			return wire.ErrField.In(path + field.name)
		}
	}
	return nil
}

// marked reports whether the text has the marks [[1]] to [[n]], each once and
// in order.
func marked(text string, n int) bool {
	for i := 1; i <= n; i++ {
		_, after, found := strings.Cut(text, fmt.Sprintf("[[%d]]", i))
		if !found || strings.Count(text, fmt.Sprintf("[[%d]]", i)) > 1 {
			return false
		}
		text = after
	}
	return true
}

// cleanList cleans texts of which there must be so many.
func cleanList(texts []string, least, most int, path string) ([]string, error) {
	if len(texts) < least || len(texts) > most {
		return nil, wire.ErrField.In(path)
	}
	return cleanTexts(texts, wire.MaxChoice, path)
}

// cleanAccept does so for accepted variants: each must have something left
// when it is folded, or nothing anybody types could be equal to it.
func cleanAccept(texts []string, path string) ([]string, error) {
	out, err := cleanList(texts, 1, MaxAccept, path)
	for i, variant := range out {
		if text.Fold(variant) == "" {
			return nil, wire.ErrText.In(fmt.Sprintf("%s[%d]", path, i))
		}
	}
	return out, err
}

func cleanTexts(texts []string, most int, path string) (out []string, err error) {
	if len(texts) == 0 {
		return nil, nil
	}
	out = make([]string, len(texts))
	for i, text := range texts {
		if out[i], err = wire.CleanText(text, most, false); err != nil {
			return nil, wire.ErrText.In(fmt.Sprintf("%s[%d]", path, i))
		}
	}
	return out, nil
}

// different counts the texts that differ.
func different(texts []string) int {
	return len(slices.Compact(slices.Sorted(slices.Values(texts))))
}

// valid reports whether list names choices out of n, none of them twice.
func valid(list []int, n int) bool {
	var seen Picks
	for _, choice := range list {
		if choice < 0 || choice >= n || seen&(1<<choice) != 0 {
			return false
		}
		seen |= 1 << choice
	}
	return true
}

// question returns what d asks, as by's words. d is clean.
func (d Draft) question(by wire.UserID) Question {
	q := Question{
		Type: d.Type, Text: wire.Own(by, d.Text), Media: d.Media.own(by), Choices: owned(by, d.Choices), Images: d.Images,
		Correct: d.Correct, Accept: owned(by, d.Accept), Ranges: d.Ranges, Areas: d.Areas, Points: *d.Points, Seconds: *d.Seconds, Tags: d.Tags,
	}
	for _, pair := range d.Pairs {
		q.Pairs = append(q.Pairs, Pair{wire.Own(by, pair.Left), wire.Own(by, pair.Right)})
	}
	for _, gap := range d.Gaps {
		q.Gaps = append(q.Gaps, owned(by, gap))
	}
	if d.Explanation != "" {
		q.Explanation = wire.Own(by, d.Explanation)
	}
	return q
}

func owned(by wire.UserID, texts []string) []wire.Personal {
	var out []wire.Personal
	for _, text := range texts {
		out = append(out, wire.Own(by, text))
	}
	return out
}

func texts(list []wire.Personal) []string {
	out := make([]string, len(list))
	for i, item := range list {
		out[i] = item.Text
	}
	return out
}

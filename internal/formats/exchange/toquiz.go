package exchange

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lyceum-live/lyceum/internal/formats/bank"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/wire"
)

// Why a question is not for a quiz.
var (
	errEssay       = errors.New("an essay: a quiz marks at once, and nobody reads the answers")
	errDescription = errors.New("a description: nothing is asked in it")
	errPartly      = errors.New("an answer earns a part of the points: in a quiz it is right or wrong")
	errEither      = errors.New("more than one choice is right by itself: in a quiz all right choices are picked together")
	errShares      = errors.New("the right choices earn different shares: in a quiz each earns the same")
	errKeyless     = errors.New("it has no correct answer")
	errSame        = errors.New("two things to be put in order read the same")
	errLefts       = errors.New("two left sides read the same")
	errRights      = errors.New("all right sides read the same")
)

// importer turns one question.
type importer struct {
	q     *bank.Question
	d     quiz.Draft
	notes []string
	media []string // what its texts show
	tags  *int     // that may still be read of the file
}

// ToQuiz is a question of a file as one of a quiz, with what was left behind,
// or why it is none.
func ToQuiz(q *bank.Question, named Sides) (d quiz.Draft, notes []string, err error) {
	tags := allTags
	return toQuiz(q, named, &tags)
}

func toQuiz(q *bank.Question, named Sides, tags *int) (d quiz.Draft, notes []string, err error) {
	in := importer{q: q, tags: tags}
	ownSides := tagged(q, &in.d, &in.notes)
	if in.d.Text, err = in.text("its text", q.Text, quiz.MaxText, true); err != nil {
		return quiz.Draft{}, nil, err
	}
	if q.Feedback != "" {
		if in.d.Explanation, err = in.text("its explanation", q.Feedback, quiz.MaxText, true); err != nil {
			in.notes = append(in.notes, "its explanation was left out: "+strings.TrimPrefix(err.Error(), "its explanation "))
		}
	}
	if err := in.key(named, ownSides); err != nil {
		return quiz.Draft{}, nil, err
	}
	if slices.ContainsFunc(q.Choices, func(c bank.Choice) bool { return c.Feedback != "" }) {
		in.notes = append(in.notes, "feedback to single choices was left out")
	}
	if len(in.media) > 0 {
		in.notes = append(in.notes, mediaLeft+": "+bank.Clip(strings.Join(in.media, ", "), 200))
	}
	// The quiz has the last word, so that what was imported can be asked.
	clean, err := quiz.Create{Title: "?", Questions: []quiz.Draft{in.d}}.Clean()
	if err != nil {
		return quiz.Draft{}, nil, fmt.Errorf("a quiz cannot hold it: %s", strings.TrimPrefix(wire.Public(err).Field, "questions[0]."))
	}
	return clean.Questions[0], in.notes, nil
}

// text is a text as plain text of at most so many characters.
func (in *importer) text(what, s string, most int, lines bool) (string, error) {
	plain, shown := s, []string(nil)
	if in.q.Format == bank.HTML {
		n := strings.Count(s, "<")
		if n > mostTags || n > *in.tags {
			return "", fmt.Errorf("%s holds more HTML than is read", what)
		}
		*in.tags -= n
		plain, shown = read(s)
	}
	for _, m := range shown {
		if len(in.media) < mostShown && !slices.Contains(in.media, m) {
			in.media = append(in.media, m)
		}
	}
	clean, err := wire.CleanText(plain, most, lines)
	switch {
	case err == nil:
		return clean, nil
	case utf8.RuneCountInString(plain) > most:
		return "", fmt.Errorf("%s is longer than %d characters", what, most)
	case len(shown) > 0:
		return "", fmt.Errorf("%s is only a picture, sound or film", what)
	}
	return "", fmt.Errorf("%s is empty", what)
}

// key takes what is right.
func (in *importer) key(named Sides, ownSides bool) error {
	switch in.q.Type {
	case bank.Single, bank.Multi:
		return in.choices(ownSides)
	case bank.TrueFalse:
		in.d.Type, in.d.Choices, in.d.Correct = quiz.TypeTrueFalse, named[:], []int{0}
		if in.q.Choices[1].Weight > 0 {
			in.d.Correct = []int{1}
		}
		if ownSides { // a format that knows true and false by their names has turned them round
			in.d.Choices, in.d.Correct[0] = []string{"False", "True"}, 1-in.d.Correct[0]
		}
		return nil
	case bank.Text:
		return in.accept()
	case bank.Numeric:
		return in.ranges()
	case bank.Matching:
		return in.pairs()
	case bank.Ordering:
		in.d.Type = quiz.TypeOrder
		if err := in.options(); err != nil {
			return err
		}
		if len(slices.Compact(slices.Sorted(slices.Values(in.d.Choices)))) < len(in.d.Choices) {
			return errSame
		}
		return nil
	case bank.Gaps:
		return in.gaps()
	case bank.Essay:
		return errEssay
	case bank.Description:
		return errDescription
	}
	return fmt.Errorf("questions of the type %q have no place in a quiz", in.q.Type)
}

// options takes the texts of the choices.
func (in *importer) options() error {
	if n := len(in.q.Choices); n > wire.MaxChoices {
		return fmt.Errorf("it has %d choices; a quiz shows at most %d", n, wire.MaxChoices)
	}
	for i, c := range in.q.Choices {
		s, err := in.text(fmt.Sprintf("choice %d", i+1), c.Text, wire.MaxChoice, false)
		if err != nil {
			return err
		}
		in.d.Choices = append(in.d.Choices, s)
	}
	return nil
}

func (in *importer) choices(ownSides bool) error {
	if err := in.options(); err != nil {
		return err
	}
	var rights []float64
	for i, c := range in.q.Choices {
		if c.Weight > 0 {
			in.d.Correct, rights = append(in.d.Correct, i), append(rights, c.Weight)
		}
	}
	share := bank.Share(len(rights))
	switch {
	case len(rights) == 0:
		return errKeyless
	case in.q.Type == bank.Single && len(rights) == 1 && rights[0] != 100:
		return errPartly
	case in.q.Type == bank.Single && len(rights) > 1 && slices.Max(rights) == 100 && slices.Min(rights) < 100:
		return errPartly
	case in.q.Type == bank.Single && len(rights) > 1:
		return errEither
	case !alike(rights):
		return errShares
	}
	if slices.ContainsFunc(in.q.Choices, func(c bank.Choice) bool {
		return c.Weight < 0 && !(in.q.Type == bank.Multi && math.Abs(c.Weight+share) < 0.01)
	}) {
		in.notes = append(in.notes, "penalties were left out: a quiz has its own rule for wrong choices")
	}
	if ownSides && len(in.d.Choices) == 2 && len(in.d.Correct) == 1 {
		in.d.Type = quiz.TypeTrueFalse
	}
	return nil
}

// alike reports whether all are the same share, as files round them.
func alike(rights []float64) bool { return slices.Max(rights)-slices.Min(rights) < 0.01 }

// accepted takes what is right and leaves what earns nothing; what earns a
// part has no place.
func accepted(weight float64) (right bool, err error) {
	if weight > 0 && weight < 100 {
		return false, errPartly
	}
	return weight == 100, nil
}

func (in *importer) accept() error {
	in.d.Type = quiz.TypeText
	for _, a := range in.q.Accept {
		right, err := accepted(a.Weight)
		if err != nil {
			return err
		}
		if right {
			in.d.Accept = append(in.d.Accept, a.Text)
		}
	}
	if slices.ContainsFunc(in.d.Accept, func(s string) bool { return strings.Contains(s, "*") }) {
		in.notes = append(in.notes, "* in an accepted answer means the sign itself, not anything")
	}
	return typed("its accepted answers", in.d.Accept)
}

// typed says what is wrong with texts that people are to type.
func typed(what string, list []string) error {
	if len(list) > quiz.MaxAccept {
		return fmt.Errorf("%s are %d; a quiz holds at most %d", what, len(list), quiz.MaxAccept)
	}
	for _, s := range list {
		if utf8.RuneCountInString(s) > wire.MaxChoice {
			return fmt.Errorf("one of %s is longer than %d characters", what, wire.MaxChoice)
		}
	}
	return nil
}

func (in *importer) ranges() error {
	in.d.Type = quiz.TypeNumeric
	for _, r := range in.q.Ranges {
		right, err := accepted(r.Weight)
		if err != nil {
			return err
		}
		if right {
			in.d.Ranges = append(in.d.Ranges, quiz.Range{Min: r.Min, Max: r.Max})
		}
	}
	if len(in.d.Ranges) > quiz.MaxAccept {
		return fmt.Errorf("its ranges are %d; a quiz holds at most %d", len(in.d.Ranges), quiz.MaxAccept)
	}
	return nil
}

func (in *importer) pairs() error {
	in.d.Type = quiz.TypeMatch
	lefts, rights, loose := map[string]string{}, map[string]bool{}, 0
	for i, p := range in.q.Pairs {
		if p.Left == "" {
			loose++
			continue
		}
		left, err := in.text(fmt.Sprintf("left side %d", i+1), p.Left, wire.MaxChoice, false)
		if err != nil {
			return err
		}
		right, err := in.text(fmt.Sprintf("right side %d", i+1), p.Right, wire.MaxChoice, false)
		if err != nil {
			return err
		}
		if before, twice := lefts[left]; twice && before != right {
			return errLefts
		} else if twice {
			continue
		}
		lefts[left], rights[right] = right, true
		in.d.Pairs = append(in.d.Pairs, quiz.DraftPair{Left: left, Right: right})
	}
	switch n := len(in.d.Pairs); {
	case n > quiz.MaxPairs:
		return fmt.Errorf("it has %d pairs; a quiz shows at most %d", n, quiz.MaxPairs)
	case n < 2:
		return errLefts
	case len(rights) < 2:
		return errRights
	}
	if loose > 0 {
		in.notes = append(in.notes, fmt.Sprintf("right sides that belong to nothing were left out: %d", loose))
	}
	return nil
}

func (in *importer) gaps() error {
	in.d.Type, in.d.Gaps = quiz.TypeGaps, in.q.Variants()
	if n := len(in.d.Gaps); n > quiz.MaxGaps {
		return fmt.Errorf("it has %d gaps; a quiz shows at most %d", n, quiz.MaxGaps)
	}
	for i, gap := range in.d.Gaps {
		if err := typed(fmt.Sprintf("the answers of gap %d", i+1), gap); err != nil {
			return err
		}
	}
	return nil
}

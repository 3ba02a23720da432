package quiz

import (
	"fmt"
	"slices"

	"github.com/lyceum-live/lyceum/wire"
)

// Command is a wish about quizzes. Its name on the wire is its name here:
// "quiz.answer" is [Answer]. [Tick] is the server's own.
type Command interface {
	least() wire.Role // who may give it
}

type (
	// Create prepares a quiz.
	Create struct {
		Title     string  `json:"title"`
		Questions []Draft `json:"questions"`
	}
	// Draft is one question of a quiz that is written. Points are
	// [DefaultPoints] and seconds [DefaultSeconds] if they are not given.
	Draft struct {
		Text    string   `json:"text"`
		Choices []string `json:"choices"`
		Correct []int    `json:"correct"` // indexes of Choices
		Points  *int     `json:"points,omitzero"`
		Seconds *int     `json:"seconds,omitzero"`
	}
	// Edit writes a quiz anew, before its first question is asked.
	Edit struct {
		Quiz uint64 `json:"quiz"`
		Create
	}
	// Drop throws a quiz away, before its first question is asked.
	Drop struct {
		Quiz uint64 `json:"quiz"`
	}
	// Ask opens the next question; the first one begins the quiz.
	Ask struct {
		Quiz uint64 `json:"quiz"`
	}
	// Answer picks choices, once for each question. At is when the server read
	// it, and is not the client's to say.
	Answer struct {
		Quiz     uint64      `json:"quiz"`
		Question int         `json:"question"`
		Choices  []int       `json:"choices"`
		At       wire.Millis `json:"-"`
	}
	// Close ends the answering before its time.
	Close struct {
		Quiz uint64 `json:"quiz"`
	}
	// Reveal shows what was correct and adds the points.
	Reveal struct {
		Quiz uint64 `json:"quiz"`
	}
	// Finish ends the quiz with its final board. A question that is closed is
	// revealed first.
	Finish struct {
		Quiz uint64 `json:"quiz"`
	}
	// Tick closes a question whose time is over. Only [wire.System] gives it,
	// at [State.Alarm].
	Tick struct{}
)

// What a question is worth and how long it is open unless its author says
// otherwise.
const (
	DefaultPoints  = 1000
	DefaultSeconds = 20
)

func (Create) least() wire.Role { return wire.Moderator }
func (Drop) least() wire.Role   { return wire.Moderator }
func (Ask) least() wire.Role    { return wire.Moderator }
func (Answer) least() wire.Role { return wire.Viewer }
func (Close) least() wire.Role  { return wire.Moderator }
func (Reveal) least() wire.Role { return wire.Moderator }
func (Finish) least() wire.Role { return wire.Moderator }
func (Tick) least() wire.Role   { return wire.Host }

// Clean returns c with its texts cleaned and its defaults filled in, or says
// which field is wrong.
func (c Create) Clean() (Create, error) {
	title, err := wire.CleanText(c.Title, wire.MaxTitle, false)
	if err != nil {
		return Create{}, wire.ErrText.In("title")
	}
	if len(c.Questions) < 1 || len(c.Questions) > wire.MaxAsked {
		return Create{}, wire.ErrField.In("questions")
	}
	questions := make([]Draft, len(c.Questions))
	for i, q := range c.Questions {
		if questions[i], err = q.clean(fmt.Sprintf("questions[%d].", i)); err != nil {
			return Create{}, err
		}
	}
	return Create{title, questions}, nil
}

// clean does the same for one question; its fields are named after path.
func (d Draft) clean(path string) (Draft, error) {
	text, err := wire.CleanText(d.Text, wire.MaxTitle, true)
	if err != nil {
		return Draft{}, wire.ErrText.In(path + "text")
	}
	if len(d.Choices) < 2 || len(d.Choices) > wire.MaxChoices {
		return Draft{}, wire.ErrField.In(path + "choices")
	}
	choices := make([]string, len(d.Choices))
	for i, choice := range d.Choices {
		if choices[i], err = wire.CleanText(choice, wire.MaxChoice, false); err != nil {
			return Draft{}, wire.ErrText.In(fmt.Sprintf("%schoices[%d]", path, i))
		}
	}
	if len(d.Correct) == 0 || !valid(d.Correct, len(choices)) {
		return Draft{}, wire.ErrField.In(path + "correct")
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
	if seconds < MinSeconds || seconds > MaxSeconds {
		return Draft{}, wire.ErrField.In(path + "seconds")
	}
	return Draft{text, choices, slices.Sorted(slices.Values(d.Correct)), &points, &seconds}, nil
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

// quiz returns what c asks, as by's words. c is clean.
func (c Create) quiz(by wire.UserID) Quiz {
	quiz := Quiz{Title: wire.Own(by, c.Title), Questions: make([]Question, len(c.Questions))}
	for i, d := range c.Questions {
		q := Question{Text: wire.Own(by, d.Text), Correct: d.Correct, Points: *d.Points, Seconds: *d.Seconds}
		for _, choice := range d.Choices {
			q.Choices = append(q.Choices, wire.Own(by, choice))
		}
		quiz.Questions[i] = q
	}
	return quiz
}

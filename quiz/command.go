package quiz

import (
	"fmt"

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
		Title     string   `json:"title"`
		Questions []Draft  `json:"questions"`
		Scoring   Scoring  `json:"scoring,omitzero"`
		Streak    int      `json:"streak,omitzero"` // the most that a run of right answers adds; 0: nothing
		Teams     []string `json:"teams,omitzero"`
		Shuffle   bool     `json:"shuffle,omitzero"` // each member sees the choices in another order
		Draw      int      `json:"draw,omitzero"`    // so many of the questions, at random; 0: all
		Play      bool     `json:"play,omitzero"`    // the staff may play
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
	// Ask opens the next question; the first one begins the quiz. Seed is the
	// server's, from a good source: whoever can guess it can tell a right order
	// from what is shown. Behind is by how much those see the class late who do,
	// by what the server has sent them.
	Ask struct {
		Quiz   uint64                      `json:"quiz"`
		Seed   uint64                      `json:"-"`
		Behind map[wire.UserID]wire.Millis `json:"-"`
	}
	// Join plays for a team, the first of which is 1, until the first answer.
	// Who answers without a team is put into the smallest.
	Join struct {
		Quiz uint64 `json:"quiz"`
		Team int    `json:"team"`
	}
	// Answer answers, once for each question. At is when the server read it and
	// Lag how long it was on its way at least (see [MaxLag]); neither is the
	// client's to say.
	Answer struct {
		Quiz     uint64      `json:"quiz"`
		Question int         `json:"question"`
		Choices  []int       `json:"choices,omitzero"` // see [Reply] for the five
		Text     string      `json:"text,omitzero"`
		Number   *float64    `json:"number,omitzero"`
		Texts    []string    `json:"texts,omitzero"`
		Point    *Point      `json:"point,omitzero"`
		At       wire.Millis `json:"-"`
		Lag      wire.Millis `json:"-"`
	}
	// Pause stops the clock of the open question, and with it the answering.
	Pause struct {
		Quiz uint64 `json:"quiz"`
	}
	// Resume lets it run again.
	Resume struct {
		Quiz uint64 `json:"quiz"`
	}
	// Extend gives the open question more time.
	Extend struct {
		Quiz    uint64 `json:"quiz"`
		Seconds int    `json:"seconds"`
	}
	// Allow gives a member more time in every quiz of the room: so many times
	// the usual one, of which 1 is the usual again, or no limit at all.
	Allow struct {
		User wire.UserID `json:"user"`
		Allowance
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

func (Create) least() wire.Role { return wire.Moderator }
func (Drop) least() wire.Role   { return wire.Moderator }
func (Ask) least() wire.Role    { return wire.Moderator }
func (Join) least() wire.Role   { return wire.Viewer }
func (Answer) least() wire.Role { return wire.Viewer }
func (Pause) least() wire.Role  { return wire.Moderator }
func (Resume) least() wire.Role { return wire.Moderator }
func (Extend) least() wire.Role { return wire.Moderator }
func (Allow) least() wire.Role  { return wire.Moderator }
func (Close) least() wire.Role  { return wire.Moderator }
func (Reveal) least() wire.Role { return wire.Moderator }
func (Finish) least() wire.Role { return wire.Moderator }
func (Tick) least() wire.Role   { return wire.Host }

// Clean returns c with its texts cleaned and its defaults filled in, or says
// which field is wrong.
func (c Create) Clean() (Create, error) {
	out := c
	var err error
	if out.Title, err = wire.CleanText(c.Title, wire.MaxTitle, false); err != nil {
		return Create{}, wire.ErrText.In("title")
	}
	if len(c.Questions) < 1 || len(c.Questions) > wire.MaxAsked {
		return Create{}, wire.ErrField.In("questions")
	}
	out.Questions = make([]Draft, len(c.Questions))
	for i, q := range c.Questions {
		if out.Questions[i], err = q.clean(fmt.Sprintf("questions[%d].", i)); err != nil {
			return Create{}, err
		}
	}
	switch c.Scoring {
	case Speed:
		out.Scoring = "" // as in logs of old
	case "", Accuracy, Partial:
	default:
		return Create{}, wire.ErrField.In("scoring")
	}
	if c.Streak < 0 || c.Streak > MaxStreak {
		return Create{}, wire.ErrField.In("streak")
	}
	if len(c.Teams) == 1 || len(c.Teams) > MaxTeams {
		return Create{}, wire.ErrField.In("teams")
	}
	if out.Teams, err = cleanTexts(c.Teams, wire.MaxName, "teams"); err != nil {
		return Create{}, err
	}
	if different(out.Teams) < len(out.Teams) {
		return Create{}, wire.ErrField.In("teams")
	}
	if c.Draw < 0 || c.Draw > len(c.Questions) {
		return Create{}, wire.ErrField.In("draw")
	}
	return out, nil
}

// quiz returns what c asks, as by's words. c is clean.
func (c Create) quiz(by wire.UserID) Quiz {
	quiz := Quiz{
		Title: wire.Own(by, c.Title), Questions: make([]Question, len(c.Questions)),
		Scoring: c.Scoring, Streak: c.Streak, Teams: owned(by, c.Teams), Shuffle: c.Shuffle, Draw: c.Draw, Play: c.Play,
	}
	for i, d := range c.Questions {
		quiz.Questions[i] = d.question(by)
	}
	return quiz
}

package quiz_test

import (
	"testing"

	"github.com/lyceum-live/lyceum/internal/classtest"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/wire"
)

var (
	ana  = wire.Actor{User: "ana", Role: wire.Viewer}
	ben  = wire.Actor{User: "ben", Role: wire.Viewer}
	maya = wire.Actor{User: "maya", Role: wire.Moderator}
)

// who knows everybody.
func who(user wire.UserID) wire.Person {
	return wire.Person{ID: user, Name: "Name of " + string(user), Role: wire.Viewer}
}

// class is a room with nothing but quizzes.
type class struct {
	*classtest.Class[quiz.State, quiz.Event, quiz.Command]
}

type views = classtest.Views

var (
	encode = classtest.Encode
	code   = classtest.Code
)

var rules = classtest.Rules[quiz.State, quiz.Event, quiz.Command]{
	Decide: quiz.Decide,
	Apply:  (*quiz.State).Apply,
	See: func(s *quiz.State, h wire.Head, e quiz.Event) (v views) {
		v.All, v.Staff, v.Personal = s.Views(h, e, who)
		return v
	},
}

func newClass() *class { return &class{classtest.New(rules)} }

// ask is a question of four choices, twenty seconds and a thousand points.
func ask(correct ...int) quiz.Draft {
	return quiz.Draft{Text: "Which?", Choices: []string{"a", "b", "c", "d"}, Correct: correct}
}

// begin prepares a quiz and asks its first question.
func (c *class) begin(t testing.TB, questions ...quiz.Draft) (id uint64) {
	t.Helper()
	id = c.Must(t, maya, quiz.Create{Title: "Quiz", Questions: questions})
	c.Must(t, maya, quiz.Ask{Quiz: id})
	return id
}

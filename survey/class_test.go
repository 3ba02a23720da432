package survey_test

import (
	"github.com/lyceum-live/lyceum/internal/classtest"
	"github.com/lyceum-live/lyceum/survey"
	"github.com/lyceum-live/lyceum/wire"
)

var (
	ana  = wire.Actor{User: "ana", Role: wire.Viewer}
	ben  = wire.Actor{User: "ben", Role: wire.Viewer}
	cleo = wire.Actor{User: "cleo", Role: wire.Viewer}
	maya = wire.Actor{User: "maya", Role: wire.Moderator}
)

// class is a room with nothing but surveys.
type class struct {
	*classtest.Class[survey.State, survey.Event, survey.Command]
}

type views = classtest.Views

var (
	encode = classtest.Encode
	code   = classtest.Code
)

var rules = classtest.Rules[survey.State, survey.Event, survey.Command]{
	Decide: survey.Decide,
	Apply:  (*survey.State).Apply,
	See: func(s *survey.State, h wire.Head, e survey.Event) (v views) {
		v.All, v.Staff, v.Personal = s.Views(h, e)
		return v
	},
	Conceals: (*survey.State).Conceals,
}

func newClass() *class {
	c := &class{classtest.New(rules)}
	c.State.Secrets = func(id uint64) (survey.Secret, error) {
		return survey.Secret{Key: []byte{byte(id), 1, 2, 3}, Words: survey.WordsID("room", id)}, nil
	}
	return c
}

// Reload does not forget the keys.
func (c *class) Reload(t classtest.T) survey.State {
	t.Helper()
	again := c.Class.Reload(t)
	again.Secrets = c.State.Secrets
	return again
}

// end ends the class.
func (c *class) end() (shown []views) {
	for _, e := range survey.End(&c.State, c.Now) {
		shown = append(shown, c.Apply(wire.System.User, e))
	}
	return shown
}

package poll_test

import (
	"github.com/lyceum-live/lyceum/internal/classtest"
	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/wire"
)

var (
	ana  = wire.Actor{User: "ana", Role: wire.Viewer}
	ben  = wire.Actor{User: "ben", Role: wire.Viewer}
	maya = wire.Actor{User: "maya", Role: wire.Moderator}
)

// class is a room with nothing but polls.
type class struct {
	*classtest.Class[poll.State, poll.Event, poll.Command]
}

type views = classtest.Views

var (
	encode = classtest.Encode
	code   = classtest.Code
)

var rules = classtest.Rules[poll.State, poll.Event, poll.Command]{
	Decide: poll.Decide,
	Apply:  (*poll.State).Apply,
	See: func(s *poll.State, h wire.Head, e poll.Event) (v views) {
		v.All, v.Staff, v.Personal = s.Views(h, e, nil)
		return v
	},
	Conceals: (*poll.State).Conceals,
}

func newClass() *class { return &class{classtest.New(rules)} }

// keep gives the class the keys of secret polls.
func (c *class) keep() {
	c.State.Pseudonyms = func(id uint64) ([]byte, error) { return []byte{byte(id), 1, 2, 3}, nil }
}

// Reload does not forget the keys.
func (c *class) Reload(t classtest.T) poll.State {
	t.Helper()
	again := c.Class.Reload(t)
	again.Pseudonyms = c.State.Pseudonyms
	return again
}

package qa_test

import (
	"github.com/lyceum-live/lyceum/internal/classtest"
	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/wire"
)

var (
	ana  = wire.Actor{User: "ana", Role: wire.Viewer}
	ben  = wire.Actor{User: "ben", Role: wire.Viewer}
	maya = wire.Actor{User: "maya", Role: wire.Moderator}
	hana = wire.Actor{User: "hana", Role: wire.Host}
)

// who knows everybody.
func who(user wire.UserID) wire.Person {
	return wire.Person{ID: user, Name: "Name of " + string(user), Role: wire.Viewer}
}

// class is a room with nothing but a question board.
type class struct {
	*classtest.Class[qa.State, qa.Event, qa.Command]
}

type views = classtest.Views

var (
	encode = classtest.Encode
	code   = classtest.Code
)

var rules = classtest.Rules[qa.State, qa.Event, qa.Command]{
	Decide: qa.Decide,
	Apply:  (*qa.State).Apply,
	See: func(s *qa.State, h wire.Head, e qa.Event) (v views) {
		v.All, v.Staff, v.Personal = s.Views(h, e, who)
		return v
	},
}

func newClass() *class { return &class{classtest.New(rules)} }

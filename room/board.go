package room

import (
	"context"
	"time"

	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/wire"
)

// decideBoard decides a command of the question board. What keeps people's
// questions back or lets people answer is audited, as moderators' acts are;
// an entry never tells who asked anonymously.
func (s *State) decideBoard(now time.Time, by wire.Actor, c qa.Command) ([]Event, error) {
	if c, is := c.(qa.Expert); is && s.People[c.User] == nil {
		return nil, wire.ErrNotFound.In("user")
	}
	events, err := lift(qa.Decide(&s.Board, now, by, c))
	if err != nil || len(events) == 0 {
		return nil, err
	}
	about := func(act string, question uint64) []Event {
		author, secret := s.Board.Author(question)
		if secret {
			author = ""
		}
		return append(events, Acted{Act: act, Target: author, Item: question})
	}
	switch c := c.(type) {
	case qa.Hold:
		return append(events, Acted{Act: "qa.hold", Reason: wire.Own(by.User, onOff(c.On))}), nil
	case qa.Expert:
		return append(events, Acted{Act: "qa.expert", Target: c.User, Reason: wire.Own(c.User, onOff(c.On))}), nil
	case qa.Approve:
		return about("qa.approve", c.Question), nil
	case qa.Reject:
		return about("qa.reject", c.Question), nil
	case qa.Dismiss:
		return about("qa.dismiss", c.Question), nil
	case qa.Restore:
		return about("qa.restore", c.Question), nil
	case qa.Merge:
		return about("qa.merge", c.From), nil
	}
	return events, nil
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// Questions returns the whole question board for by, who must be of the staff
// now: a token may say less or more than the host has said since.
func (h *House) Questions(ctx context.Context, id wire.RoomID, by wire.Actor) (rows []qa.Row, err error) {
	err = h.within(ctx, id, func(r *Room) error {
		rows, err = r.questions(ctx, by)
		return err
	})
	return rows, err
}

func (r *Room) questions(ctx context.Context, by wire.Actor) ([]qa.Row, error) {
	var rows []qa.Row
	err := r.look(ctx, func() error {
		m := r.state.People[by.User]
		switch {
		case !r.state.roleOf(by.User, by.Role).Staff():
			return wire.ErrForbidden
		case m != nil && holds(m.Banned, r.clock.at(time.Now())):
			return ErrBanned
		}
		rows = r.state.Board.Rows(r.state.person)
		return nil
	})
	return rows, err
}

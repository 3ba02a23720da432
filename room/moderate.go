package room

import (
	"slices"
	"time"

	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/wire"
)

// decideModeration decides a moderator's act. What it changes is one event,
// and the audit entry is the next.
func (s *State) decideModeration(now time.Time, by wire.Actor, c Command) ([]Event, error) {
	switch c := c.(type) {
	case Delete:
		return s.decideDelete(now, by, c)
	case Mute:
		m, reason, err := s.target(by, c.User, c.Reason, c.Seconds, false)
		if err != nil {
			return nil, err
		}
		until := until(now, c.Seconds)
		if m.Muted == until {
			return nil, nil
		}
		return append(s.guestGone(c.User),
			Muted{c.User, until},
			Acted{Act: "mod.mute", Target: c.User, Reason: reason, Seconds: c.Seconds},
		), nil
	case Unmute:
		m, reason, err := s.target(by, c.User, c.Reason, 0, true)
		if err != nil || m.Muted == 0 {
			return nil, err
		}
		return []Event{Muted{c.User, 0}, Acted{Act: "mod.unmute", Target: c.User, Reason: reason}}, nil
	case Ban:
		m, reason, err := s.target(by, c.User, c.Reason, c.Seconds, false)
		if err != nil {
			return nil, err
		}
		until := until(now, c.Seconds)
		if m.Banned == until {
			return nil, nil
		}
		return append(append(s.handDown(c.User), s.guestGone(c.User)...),
			Banned{c.User, until, reason},
			Acted{Act: "mod.ban", Target: c.User, Reason: reason, Seconds: c.Seconds},
		), nil
	case Unban:
		m, reason, err := s.target(by, c.User, c.Reason, 0, true)
		if err != nil || m.Banned == 0 {
			return nil, err
		}
		return []Event{Banned{User: c.User}, Acted{Act: "mod.unban", Target: c.User, Reason: reason}}, nil
	case Slow:
		if c.Seconds < 0 || c.Seconds > maxSlow {
			return nil, wire.ErrField.In("seconds")
		}
		if c.Seconds == s.Slow {
			return nil, nil
		}
		return []Event{Slowed(c), Acted{Act: "mod.slow", Seconds: c.Seconds}}, nil
	}
	panic("room: not a moderator's command")
}

// handDown takes somebody's hand down, if it is up.
func (s *State) handDown(user wire.UserID) []Event {
	if slices.Contains(s.Hands, user) {
		return []Event{HandLowered{user}}
	}
	return nil
}

func (s *State) decideDelete(now time.Time, by wire.Actor, c Delete) ([]Event, error) {
	var events []Event
	var author, target wire.UserID
	if i := slices.IndexFunc(s.Chat, func(m Message) bool { return m.ID == c.Item }); i >= 0 {
		author, target = s.Chat[i].By, s.Chat[i].By
		events = []Event{Deleted{c.Item}}
	} else {
		found, err := qa.Decide(&s.Board, now, by, qa.Delete{Item: c.Item})
		if err != nil {
			return nil, err
		}
		var secret bool
		if author, secret = s.Board.Author(c.Item); !secret {
			target = author
		}
		events = lifted(found)
	}
	if events == nil {
		return nil, wire.ErrNotFound.In("item")
	}
	reason, err := cleanReason(author, c.Reason)
	if err != nil {
		return nil, err
	}
	return append(events, Acted{Act: "mod.delete", Target: target, Item: c.Item, Reason: reason}), nil
}

// target returns whom an act concerns, if by may act on them: on those of a
// lower role, and a host may lift anything from anybody.
func (s *State) target(by wire.Actor, user wire.UserID, reason string, seconds int64, lifts bool) (*Member, wire.Personal, error) {
	m := s.People[user]
	if m == nil {
		return nil, wire.Personal{}, wire.ErrNotFound.In("user")
	}
	if m.Now().AtLeast(by.Role) && !(lifts && by.Role == wire.Host) {
		return nil, wire.Personal{}, wire.ErrForbidden
	}
	if seconds < 0 || seconds > maxMute {
		return nil, wire.Personal{}, wire.ErrField.In("seconds")
	}
	text, err := cleanReason(user, reason)
	return m, text, err
}

// cleanReason returns why a moderator did something, as text about its owner.
func cleanReason(owner wire.UserID, reason string) (wire.Personal, error) {
	if reason == "" {
		return wire.Own(owner, ""), nil
	}
	text, err := wire.CleanText(reason, wire.MaxReason, false)
	if err != nil {
		return wire.Personal{}, wire.ErrText.In("reason")
	}
	return wire.Own(owner, text), nil
}

func until(now time.Time, seconds int64) wire.Millis {
	if seconds == 0 {
		return Forever
	}
	return wire.At(now) + wire.Millis(seconds*1000)
}

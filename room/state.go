package room

import (
	"slices"

	"github.com/lyceum-live/lyceum/internal/text"
	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/survey"
	"github.com/lyceum-live/lyceum/wire"
)

// Phase is where a class stands.
type Phase string

// The phases of a class.
const (
	Waiting Phase = "waiting"
	Live    Phase = "live"
	Over    Phase = "ended"
)

// Forever as a time means "until lifted".
const Forever wire.Millis = -1

// State is a room as its log tells it. It is a value to fold events into and
// to save as a snapshot; all its fields are part of that snapshot.
type State struct {
	V         int                     `json:"v"`   // version of this shape
	Seq       uint64                  `json:"seq"` // position of the last event
	At        wire.Millis             `json:"at"`  // and its time
	Title     string                  `json:"title"`
	Phase     Phase                   `json:"phase"`
	StartedAt wire.Millis             `json:"started_at"`
	EndedAt   wire.Millis             `json:"ended_at"`
	Topic     wire.Personal           `json:"topic,omitzero"`   // what it is about at the moment
	Segment   wire.Personal           `json:"segment,omitzero"` // the part of the class that goes on
	Pinned    string                  `json:"pinned,omitzero"`  // item of the catalogue
	Slow      int64                   `json:"slow"`             // seconds
	Stage     Stage                   `json:"stage"`
	Seating   Seating                 `json:"seating,omitzero"` // of guests
	Recording Recording               `json:"recording,omitzero"`
	People    map[wire.UserID]*Member `json:"people"`
	Order     []wire.UserID           `json:"order"` // people in the order of their first coming
	Here      int                     `json:"here"`  // how many are present
	Chat      []Message               `json:"chat"`
	Keep      int                     `json:"keep"`          // messages kept in Chat
	Held      []HeldMessage           `json:"held,omitzero"` // that wait for approval or were rejected, oldest first
	Hands     []wire.UserID           `json:"hands"`         // oldest first
	Board     qa.State                `json:"board"`
	Polls     poll.State              `json:"polls"`
	Quiz      quiz.State              `json:"quiz"`
	Surveys   survey.State            `json:"surveys,omitzero"`
	Pulse     []PulseView             `json:"pulse,omitzero"` // notes of this class, oldest first
	Captions  Captions                `json:"captions,omitzero"`
	Acts      []Act                   `json:"acts"` // what moderators did, oldest first
}

// Stage is what is on air.
type Stage struct {
	By      wire.UserID `json:"by,omitzero"`
	Since   wire.Millis `json:"since,omitzero"`
	Sources []string    `json:"sources"`
}

// Member is somebody who has been in the room.
type Member struct {
	Name     wire.Personal `json:"name"`
	Role     wire.Role     `json:"role"`              // as the token says
	Granted  wire.Role     `json:"granted,omitzero"`  // in its place, if the host said so
	RoleAt   uint64        `json:"role_at,omitzero"`  // position at which the role last changed
	Here     bool          `json:"here,omitzero"`     // present now
	Since    wire.Millis   `json:"since,omitzero"`    // present since, or last left
	Attended int64         `json:"attended,omitzero"` // milliseconds of the live class, before Since
	Stayed   bool          `json:"stayed,omitzero"`   // to the end of a class of this room
	SaidAt   wire.Millis   `json:"said_at,omitzero"`
	Muted    wire.Millis   `json:"muted,omitzero"`  // until; Forever; 0: not
	Banned   wire.Millis   `json:"banned,omitzero"` // likewise
	Reason   wire.Personal `json:"reason,omitzero"` // of the ban
}

// Now returns the role that counts: a host is one by their token alone, others
// are what a host has said, if one has.
func (m *Member) Now() wire.Role { return m.as(m.Role) }

// as returns the role that counts with a token that says role.
func (m *Member) as(role wire.Role) wire.Role {
	if m.Granted != "" && role != wire.Host {
		return m.Granted
	}
	return role
}

// holds reports whether a time until which something holds is not yet over.
func holds(until, now wire.Millis) bool { return until == Forever || until > now }

// Message is one line of the chat.
type Message struct {
	ID      uint64        `json:"id"`
	By      wire.UserID   `json:"by"`
	At      wire.Millis   `json:"at"`
	Text    wire.Personal `json:"text"`
	ReplyTo uint64        `json:"reply_to,omitzero"`

	asks text.Asked
}

// Act is an entry of the audit.
type Act struct {
	Seq     uint64        `json:"seq"`
	At      wire.Millis   `json:"at"`
	By      wire.UserID   `json:"by"`
	Act     string        `json:"act"`
	Target  wire.UserID   `json:"target,omitzero"`
	Item    uint64        `json:"item,omitzero"`
	Reason  wire.Personal `json:"reason,omitzero"`
	Seconds int64         `json:"seconds,omitzero"`
}

// maxActs bounds the audit entries kept in the state; the log has them all.
const maxActs = 5000

// stateVersion is the version of the shape of a [State] in a snapshot. One of
// another version is left aside, and the log folded in its place.
const stateVersion = 2

// NewState returns the state of an empty log. It keeps the last keep messages.
func NewState(keep int) *State {
	return &State{
		V: stateVersion, Phase: Waiting, Keep: keep,
		People: map[wire.UserID]*Member{},
	}
}

// Apply folds the next event of the log into s. It cannot fail: what could be
// wrong was refused by [Decide].
func (s *State) Apply(h wire.Head, e Event) {
	s.Seq, s.At = h.Seq, h.At
	switch e := e.(type) {
	case Entered:
		s.enter(h, e)
	case Left:
		s.leave(s.People[h.By], h.At)
	case Said:
		s.People[h.By].SaidAt = h.At
		s.say(Message{ID: h.Seq, By: h.By, At: h.At, Text: e.Text, ReplyTo: e.ReplyTo})
	case Withheld, Approved, Rejected:
		s.applyHeld(h, e)
	case Deleted:
		s.Chat = slices.DeleteFunc(s.Chat, func(m Message) bool { return m.ID == e.Item })
	case HandRaised:
		s.Hands = append(s.Hands, h.By)
	case HandLowered:
		s.lower(e.User)
	case Opened:
		s.Phase, s.StartedAt, s.EndedAt, s.Pulse = Live, h.At, 0, nil
		for _, m := range s.People {
			m.Attended, m.Stayed = 0, false
		}
	case Ended:
		s.Phase, s.EndedAt, s.Stage, s.Hands, s.Captions = Over, h.At, Stage{}, nil, Captions{}
		s.Seating.clear()
	case Stayed:
		for _, id := range e.Users {
			s.People[id].Stayed = true
		}
	case Titled:
		s.Title = e.Title
	case TopicSet:
		s.Topic = e.Topic
	case SegmentSet:
		s.Segment = e.Segment
	case ItemPinned:
		s.Pinned = e.Item
	case RoleSet:
		m := s.People[e.User]
		m.Granted, m.RoleAt = e.Role, h.Seq
	case StageSet:
		since := h.At
		if len(s.Stage.Sources) > 0 {
			since = s.Stage.Since
		}
		if s.Stage = (Stage{}); len(e.Sources) > 0 {
			s.Stage = Stage{h.By, since, e.Sources}
		}
	case GuestInvited, GuestReady, GuestSeated, GuestGone, GuestSwitched, GuestPinned, GuestMoved, StageLaidOut, StageRuled:
		s.applyGuests(h, e)
	case RecordStarted, RecordStopped, ReplaySet:
		s.applyRecord(h, e)
	case Captioned, CaptionFixed:
		s.applyCaption(h, e)
	case Muted:
		s.People[e.User].Muted = e.Until
	case Banned:
		m := s.People[e.User]
		m.Banned, m.Reason = e.Until, e.Reason
		if e.Until != 0 {
			s.leave(m, h.At)
			s.lower(e.User)
		}
	case Slowed:
		s.Slow = e.Seconds
	case Acted:
		if len(s.Acts) >= maxActs {
			s.Acts = slices.Delete(s.Acts, 0, maxActs/10)
		}
		s.Acts = append(s.Acts, Act{h.Seq, h.At, h.By, e.Act, e.Target, e.Item, e.Reason, e.Seconds})
	case qa.Event:
		s.Board.Apply(h, e)
	case poll.Event:
		s.Polls.Apply(h, e)
	case quiz.Event:
		s.Quiz.Apply(h, e)
	case survey.Event:
		s.Surveys.Apply(h, e)
	case PulseNoted:
		s.notePulse(h, e)
	}
}

// say adds to the chat, of which the newest are kept.
func (s *State) say(m Message) {
	s.Chat = append(s.Chat, m)
	if over := len(s.Chat) - s.Keep; over > 0 {
		s.Chat = slices.Delete(s.Chat, 0, over)
	}
}

func (s *State) enter(h wire.Head, e Entered) {
	m := s.People[h.By]
	if m == nil {
		m = &Member{}
		s.People[h.By] = m
		s.Order = append(s.Order, h.By)
	}
	if m.Role != e.Role {
		m.RoleAt = h.Seq
	}
	m.Name, m.Role = e.Name, e.Role
	if !m.Here && !e.Quiet {
		m.Here, m.Since = true, h.At
		s.Here++
	}
}

func (s *State) leave(m *Member, at wire.Millis) {
	if m == nil || !m.Here {
		return
	}
	m.Attended += s.attending(m, at)
	m.Here, m.Since = false, at
	s.Here--
	s.lower(m.Name.Owner)
}

// attending is how much of the live class m has been present for since they
// came in, in milliseconds.
func (s *State) attending(m *Member, now wire.Millis) int64 {
	if !m.Here || s.Phase == Waiting {
		return 0
	}
	until := now
	if s.Phase == Over {
		until = s.EndedAt
	}
	return max(0, int64(until-max(m.Since, s.StartedAt)))
}

func (s *State) lower(user wire.UserID) {
	s.Hands = slices.DeleteFunc(s.Hands, func(u wire.UserID) bool { return u == user })
}

// person is how others see user.
func (s *State) person(user wire.UserID) wire.Person {
	p := wire.Person{ID: user, Role: wire.Viewer}
	if m := s.People[user]; m != nil {
		p.Name, p.Role = m.Name.Text, m.Now()
	}
	return p
}

// roleOf is the role that counts for somebody whose token says role.
func (s *State) roleOf(user wire.UserID, role wire.Role) wire.Role {
	if m := s.People[user]; m != nil {
		return m.as(role)
	}
	return role
}

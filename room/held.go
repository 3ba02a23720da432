package room

import (
	"slices"

	"github.com/lyceum-live/lyceum/wire"
)

// ErrQueue is the refusal of a message that would have to wait for approval
// where too many wait already.
var ErrQueue = &wire.Error{Code: "mod.queue", Text: "too many messages wait for approval; try again later", RetryMS: 15000}

// Bounds on the messages that wait for approval or were rejected.
const (
	maxHeld     = 200  // that wait, in a room
	maxOwnHeld  = 5    // that wait, of one person
	maxRejected = 1000 // rejected ones kept for their authors, in a room
	maxOwnShown = 20   // of one person that are shown to them
)

// Events of messages that wait for approval.
type (
	// Withheld: a message waits until a moderator has seen it.
	Withheld struct {
		Text    wire.Personal `json:"text"`
		ReplyTo uint64        `json:"reply_to,omitzero"`
		Rule    string        `json:"rule"` // of the machine check
	}
	// Approved: it is in the chat, as its author's message of now.
	Approved struct {
		Item    uint64        `json:"item"`
		Author  wire.UserID   `json:"author"`
		Text    wire.Personal `json:"text"`
		ReplyTo uint64        `json:"reply_to,omitzero"`
	}
	// Rejected: only its author sees it.
	Rejected struct {
		Item uint64 `json:"item"`
	}
)

// HeldMessage is a message that waits for approval, or was rejected.
type HeldMessage struct {
	ID       uint64        `json:"id"`
	By       wire.UserID   `json:"by"`
	At       wire.Millis   `json:"at"`
	Text     wire.Personal `json:"text"`
	ReplyTo  uint64        `json:"reply_to,omitzero"`
	Rule     string        `json:"rule"`
	Rejected bool          `json:"rejected,omitzero"`
}

type (
	// HeldMessageView is what the staff sees of a message that waits.
	HeldMessageView struct {
		ID      uint64      `json:"id"`
		By      wire.Person `json:"by"`
		Text    string      `json:"text"`
		At      wire.Millis `json:"at"`
		ReplyTo uint64      `json:"reply_to,omitzero"`
		Rule    string      `json:"rule"`
	}
	// OwnHeldView is what its author sees of it.
	OwnHeldView struct {
		ID    uint64      `json:"id"`
		Text  string      `json:"text"`
		At    wire.Millis `json:"at"`
		State string      `json:"state"` // waiting, rejected
	}
	// OwnHeldViews is the data of "chat.mine".
	OwnHeldViews struct {
		Held []OwnHeldView `json:"held"`
	}
)

// decideHeld lets a message wait.
func (s *State) decideHeld(by wire.Actor, text string, c Say) ([]Event, error) {
	waiting, own := 0, 0
	for i := range s.Held {
		if m := &s.Held[i]; !m.Rejected {
			waiting++
			if m.By == by.User {
				own++
			}
		}
	}
	if waiting >= maxHeld || own >= maxOwnHeld {
		return nil, ErrQueue
	}
	return []Event{Withheld{wire.Own(by.User, text), c.ReplyTo, c.Hold}}, nil
}

// decideApproval lets a message that waits into the chat, or keeps it out.
// Whoever acts first has it; for others it is gone.
func (s *State) decideApproval(c Command) ([]Event, error) {
	find := func(item uint64) (*HeldMessage, error) {
		if i := slices.IndexFunc(s.Held, func(m HeldMessage) bool { return m.ID == item && !m.Rejected }); i >= 0 {
			return &s.Held[i], nil
		}
		return nil, wire.ErrNotFound.In("item")
	}
	switch c := c.(type) {
	case Approve:
		m, err := find(c.Item)
		if err != nil {
			return nil, err
		}
		return []Event{
			Approved{m.ID, m.By, m.Text, m.ReplyTo},
			Acted{Act: "mod.approve", Target: m.By, Item: m.ID, Reason: wire.Own(m.By, "")},
		}, nil
	case Reject:
		m, err := find(c.Item)
		if err != nil {
			return nil, err
		}
		reason, err := cleanReason(m.By, c.Reason)
		if err != nil {
			return nil, err
		}
		return []Event{Rejected{m.ID}, Acted{Act: "mod.reject", Target: m.By, Item: m.ID, Reason: reason}}, nil
	}
	panic("room: not about a message that waits")
}

// applyHeld folds what becomes of messages that wait.
func (s *State) applyHeld(h wire.Head, e Event) {
	switch e := e.(type) {
	case Withheld:
		s.People[h.By].SaidAt = h.At
		s.Held = append(s.Held, HeldMessage{ID: h.Seq, By: h.By, At: h.At, Text: e.Text, ReplyTo: e.ReplyTo, Rule: e.Rule})
	case Approved:
		s.Held = slices.DeleteFunc(s.Held, func(m HeldMessage) bool { return m.ID == e.Item })
		s.say(Message{ID: h.Seq, By: e.Author, At: h.At, Text: e.Text, ReplyTo: e.ReplyTo})
	case Rejected:
		i := slices.IndexFunc(s.Held, func(m HeldMessage) bool { return m.ID == e.Item })
		s.Held[i].Rejected = true
		author := s.Held[i].By
		s.forgetRejected(maxOwnShown, func(m *HeldMessage) bool { return m.By == author })
		s.forgetRejected(maxRejected, func(*HeldMessage) bool { return true })
	}
}

// forgetRejected keeps the newest of some messages that were rejected.
func (s *State) forgetRejected(most int, of func(*HeldMessage) bool) {
	n := 0
	for i := len(s.Held) - 1; i >= 0; i-- {
		if m := &s.Held[i]; m.Rejected && of(m) {
			if n++; n > most {
				s.Held = slices.Delete(s.Held, i, i+1)
			}
		}
	}
}

// viewsHeld is what people see of e, just after it was applied.
func (s *State) viewsHeld(h wire.Head, e Event) seen {
	switch e := e.(type) {
	case Withheld:
		return seen{staff: &wire.View{Type: "chat.held", Data: s.heldMessage(&s.Held[len(s.Held)-1])}, personal: s.mineHeld(h.By)}
	case Approved:
		message := s.message(&s.Chat[len(s.Chat)-1])
		v := toAll("chat.said", message)
		message.Held = e.Item
		v.staff = &wire.View{Type: "chat.said", Data: message}
		v.personal = s.mineHeld(e.Author)
		return v
	case Rejected:
		v := seen{staff: &wire.View{Type: "chat.rejected", Data: struct {
			ID uint64 `json:"id"`
		}{e.Item}}}
		if i := slices.IndexFunc(s.Held, func(m HeldMessage) bool { return m.ID == e.Item }); i >= 0 {
			v.personal = s.mineHeld(s.Held[i].By)
		}
		return v
	}
	return seen{}
}

func (s *State) heldMessage(m *HeldMessage) HeldMessageView {
	return HeldMessageView{m.ID, s.person(m.By), m.Text.Text, m.At, m.ReplyTo, m.Rule}
}

// waiting is the queue of those who approve, oldest first.
func (s *State) waiting() []HeldMessageView {
	var views []HeldMessageView
	for i := range s.Held {
		if m := &s.Held[i]; !m.Rejected {
			views = append(views, s.heldMessage(m))
		}
	}
	return views
}

// ownHeld is what somebody wrote that waits or was rejected, oldest first.
func (s *State) ownHeld(user wire.UserID) []OwnHeldView {
	var views []OwnHeldView
	for i := range s.Held {
		if m := &s.Held[i]; m.By == user {
			state := "waiting"
			if m.Rejected {
				state = "rejected"
			}
			views = append(views, OwnHeldView{m.ID, m.Text.Text, m.At, state})
		}
	}
	return views
}

func (s *State) mineHeld(user wire.UserID) map[wire.UserID]wire.View {
	return map[wire.UserID]wire.View{user: {Type: "chat.mine", Data: OwnHeldViews{s.ownHeld(user)}}}
}

package room

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/survey"
	"github.com/lyceum-live/lyceum/wire"
)

// What a room refuses.
var (
	ErrOver   = &wire.Error{Code: "room.ended", Text: "the class has ended"}
	ErrCrowd  = &wire.Error{Code: "room.full", Text: "the room is full; try again later", RetryMS: 15000}
	ErrSlow   = &wire.Error{Code: "chat.slow", Text: "slow mode is on; wait a little"}
	ErrMuted  = &wire.Error{Code: "mod.muted", Text: "you cannot write at the moment"}
	ErrBanned = &wire.Error{Code: "mod.banned", Text: "you have been removed from this class"}
)

// Emojis are the reactions that a viewer may send.
var Emojis = []string{"👍", "❤️", "👏", "😂", "🎉", "😮", "🤔", "🙏"}

// Sources are the kinds of picture and sound that a host may have on air.
var Sources = []string{"camera", "microphone", "screen", "screen-audio"}

const (
	maxMute  = 366 * 24 * 3600 // seconds
	maxSlow  = 600             // seconds
	maxHands = 1000
	stayedIn = 500 // people named in one Stayed or Participated event
)

// Decide says what c would change: the events to append, none if c is already
// so, or a refusal. It changes nothing. by.Role is the role that counts.
func Decide(s *State, now time.Time, by wire.Actor, c Command) ([]Event, error) {
	if err := s.admit(wire.At(now), by, c); err != nil {
		return nil, err
	}
	switch c := c.(type) {
	case enter:
		return s.decideEnter(wire.At(now), by, c)
	case leave:
		if m := s.People[by.User]; m != nil && m.Here {
			return append(append(s.handDown(by.User), s.guestGone(by.User)...), Left{int64(wire.At(now)-m.Since) / 1000, m.Now()}), nil
		}
		return nil, nil
	case tick:
		return s.decideTick(now)
	case notePulse:
		return s.decidePulse(c), nil
	case Say:
		return s.decideSay(wire.At(now), by, c)
	case RaiseHand:
		if slices.Contains(s.Hands, by.User) {
			return nil, nil
		}
		if len(s.Hands) >= maxHands {
			return nil, wire.ErrBusy
		}
		return []Event{HandRaised{}}, nil
	case LowerHand:
		user := c.User
		if user == "" {
			user = by.User
		}
		if user != by.User && !by.Role.Staff() {
			return nil, wire.ErrForbidden
		}
		return s.handDown(user), nil
	case Open:
		if s.Phase == Live {
			return nil, nil
		}
		return []Event{Opened{}}, nil
	case End:
		return s.decideEnd(now)
	case Set:
		title, err := wire.CleanText(c.Title, wire.MaxTitle, false)
		if err != nil {
			return nil, wire.ErrText.In("title")
		}
		if title == s.Title {
			return nil, nil
		}
		return []Event{Titled{title}}, nil
	case SetTopic:
		topic, err := label(by, c.Topic, "topic")
		if err != nil || topic.Text == s.Topic.Text {
			return nil, err
		}
		return []Event{TopicSet{topic}}, nil
	case SetSegment:
		segment, err := label(by, c.Segment, "segment")
		if err != nil || segment.Text == s.Segment.Text {
			return nil, err
		}
		return []Event{SegmentSet{segment}}, nil
	case PinItem:
		switch {
		case c.Item == s.Pinned:
			return nil, nil
		case c.Item == "":
			return []Event{ItemPinned{}}, nil
		}
		return suggested(ItemPinned(c), c.Item)
	case SetRole:
		return s.decideRole(by, c)
	case Go:
		return s.decideStage(by, c)
	case StageInvite, StageAccept, StageLeave, StageAdmit, StageRemove, StageSwitch, StagePin, StageMove, StageLayout, StageRules:
		return s.decideGuests(wire.At(now), by, c)
	case RecordStart, RecordStop, RecordFailed, RecordDeleted, SetReplay, MarkClip, CutClip:
		return s.decideRecord(wire.At(now), c)
	case Caption, CaptionBlocks, FixCaption:
		return s.decideCaption(wire.At(now), by, c)
	case Click:
		return suggested(Clicked(c), c.Item)
	case Dismiss:
		return suggested(Dismissed(c), c.Item)
	case Delete, Mute, Unmute, Ban, Unban, Slow:
		return s.decideModeration(now, by, c)
	case Approve, Reject:
		return s.decideApproval(c)
	case qa.Command:
		return s.decideBoard(now, by, c)
	case poll.Command:
		return s.decidePoll(now, by, c)
	case quiz.Command:
		return lift(quiz.Decide(&s.Quiz, now, by, c))
	case survey.Command:
		return s.decideSurvey(now, by, c)
	}
	panic(fmt.Sprintf("room: unknown command %T", c))
}

// admit holds what is true of every command: the role that its kind needs,
// and that the muted write nothing and viewers change nothing after the end.
func (s *State) admit(now wire.Millis, by wire.Actor, c Command) error {
	spec := specOf(c)
	if spec == nil || by == wire.System { // the server's own
		return nil
	}
	if !by.Role.AtLeast(spec.Least) {
		return wire.ErrForbidden
	}
	m := s.People[by.User]
	if m == nil {
		return wire.ErrForbidden // only those who have come in may act
	}
	if holds(m.Banned, now) {
		return ErrBanned
	}
	if is, right := captioning(c); is && !right && !by.Role.Staff() {
		return wire.ErrForbidden
	}
	switch c := c.(type) {
	case Say, qa.Ask, qa.Answer, qa.Reply, React, poll.Vote, Caption, CaptionBlocks, FixCaption, DraftCaption:
		if answer, is := c.(qa.Answer); is && answer.Text == "" {
			break // aloud
		}
		if vote, is := c.(poll.Vote); is && vote.Text == "" && len(vote.Words) == 0 {
			break // it writes nothing
		}
		if err := mayWrite(m, now); err != nil {
			return err
		}
	case quiz.Answer:
		if by.Role.Staff() && !s.Quiz.Plays(c.Quiz) {
			return wire.ErrForbidden // they see the answers in the drafts
		}
	case quiz.Join:
		if by.Role.Staff() && !s.Quiz.Plays(c.Quiz) {
			return wire.ErrForbidden
		}
	case quiz.Allow:
		if s.People[c.User] == nil {
			return wire.ErrNotFound.In("user")
		}
	case survey.Answer:
		return s.mayAnswer(m, now, c)
	case Click, Dismiss:
		return nil // a suggestion is taken up after the class as well
	}
	if s.Phase == Over && !by.Role.Staff() && !spec.Query {
		return ErrOver
	}
	if s.Phase == Over {
		switch c.(type) {
		case poll.Open, poll.Quick, quiz.Ask, Go, RecordStart, StageInvite, StageAdmit:
			return ErrOver
		}
	}
	return nil
}

// mayWrite refuses those who are muted.
func mayWrite(m *Member, now wire.Millis) error {
	switch {
	case m.Muted == Forever:
		return ErrMuted
	case holds(m.Muted, now):
		return ErrMuted.After(int64(m.Muted - now))
	}
	return nil
}

// decideTick ends what has had its time.
func (s *State) decideTick(now time.Time) ([]Event, error) {
	events, err := lift(quiz.Decide(&s.Quiz, now, wire.System, quiz.Tick{}))
	if err != nil {
		return nil, err
	}
	polls, pollErr := s.decidePoll(now, wire.System, poll.Tick{})
	surveys, err := s.decideSurvey(now, wire.System, survey.Tick{})
	events = append(append(events, polls...), surveys...)
	if len(events) > 0 { // what can close does not wait for the key of what cannot, which is asked for again
		return events, nil
	}
	return nil, cmp.Or(pollErr, err)
}

func (s *State) decideEnter(now wire.Millis, by wire.Actor, c enter) ([]Event, error) {
	m := s.People[by.User]
	if m != nil && holds(m.Banned, now) {
		return nil, ErrBanned
	}
	if m != nil && (m.Here || c.Quiet) && m.Name.Text == c.Name && m.Role == c.Role {
		return nil, nil
	}
	return []Event{Entered{wire.Own(by.User, c.Name), c.Role, c.Quiet}}, nil
}

func (s *State) decideSay(now wire.Millis, by wire.Actor, c Say) ([]Event, error) {
	text, err := wire.CleanText(c.Text, wire.MaxChat, true)
	if err != nil {
		return nil, wire.ErrText.In("text")
	}
	if c.ReplyTo != 0 && !slices.ContainsFunc(s.Chat, func(m Message) bool { return m.ID == c.ReplyTo }) {
		return nil, wire.ErrNotFound.In("reply_to")
	}
	if s.Slow > 0 && !by.Role.Staff() {
		if wait := s.People[by.User].SaidAt + wire.Millis(s.Slow*1000) - now; wait > 0 {
			return nil, ErrSlow.After(int64(wait))
		}
	}
	if c.Hold != "" {
		return s.decideHeld(by, text, c)
	}
	return []Event{Said{wire.Own(by.User, text), c.ReplyTo}}, nil
}

// decideEnd ends what is open, then the class, opens the surveys that wait for
// that, and names those who stayed: present at the end and for at least half
// of the class.
func (s *State) decideEnd(now time.Time) ([]Event, error) {
	if s.Phase != Live {
		return nil, nil
	}
	events, err := s.closing(poll.CloseAll(&s.Polls))
	if err != nil {
		return nil, err
	}
	events = append(events, lifted(quiz.EndAll(&s.Quiz))...)
	events = append(events, s.recordOver()...)
	events = append(events, Ended{})
	events = append(events, lifted(survey.End(&s.Surveys, now))...)
	at := wire.At(now)
	half := int64(at-s.StartedAt) / 2
	var stayed []wire.UserID
	for _, id := range s.Order {
		if m := s.People[id]; m.Here && !m.Stayed && m.Now() == wire.Viewer && m.Attended+s.attending(m, at) >= half {
			stayed = append(stayed, id)
		}
	}
	for part := range slices.Chunk(stayed, stayedIn) {
		events = append(events, Stayed{part})
	}
	return events, nil
}

func (s *State) decideRole(by wire.Actor, c SetRole) ([]Event, error) {
	if c.Role != wire.Viewer && c.Role != wire.Moderator {
		return nil, wire.ErrField.In("role")
	}
	m := s.People[c.User]
	switch {
	case m == nil:
		return nil, wire.ErrNotFound.In("user")
	case m.Role == wire.Host || c.User == by.User:
		return nil, wire.ErrForbidden
	case m.Now() == c.Role:
		return nil, nil
	}
	return []Event{
		RoleSet(c),
		Acted{Act: "role.set", Target: c.User, Reason: wire.Own(c.User, string(c.Role))},
	}, nil
}

func (s *State) decideStage(by wire.Actor, c Go) ([]Event, error) {
	sources := make([]string, 0, len(c.Sources))
	for _, source := range c.Sources {
		if !slices.Contains(Sources, source) || slices.Contains(sources, source) {
			return nil, wire.ErrField.In("sources")
		}
		sources = append(sources, source)
	}
	if slices.Equal(sources, s.Stage.Sources) && (len(sources) == 0 || s.Stage.By == by.User) {
		return nil, nil
	}
	if len(sources) > 0 && s.Phase != Live {
		return []Event{Opened{}, StageSet{sources}}, nil // going on air begins the class
	}
	return []Event{StageSet{sources}}, nil
}

// suggested checks a catalogue id as far as a room can.
func suggested(e Event, item string) ([]Event, error) {
	if item == "" || len(item) > 64 || !wire.UserID(item).Valid() {
		return nil, wire.ErrField.In("item")
	}
	return []Event{e}, nil
}

func (s *State) decidePoll(now time.Time, by wire.Actor, c poll.Command) ([]Event, error) {
	events, err := poll.Decide(&s.Polls, now, by, c)
	if err != nil {
		return nil, err
	}
	if removes, ok := c.(poll.Remove); ok {
		return append(lifted(events), Acted{Act: "poll.remove", Item: removes.Poll}), nil
	}
	return s.closing(events)
}

// closing makes the events of polls the room's, each close with who took part,
// if the poll was secret, and with what the choice that has won makes follow:
// all in one batch, so that nobody sees the result without it.
func (s *State) closing(events []poll.Event) ([]Event, error) {
	var out []Event
	for _, e := range events {
		out = append(out, e)
		closed, ok := e.(poll.Closed)
		if !ok {
			continue
		}
		takers, err := s.Polls.Takers(closed.Poll, s.Order)
		if err != nil {
			return nil, err
		}
		for part := range slices.Chunk(takers, stayedIn) {
			out = append(out, poll.Participated{Poll: closed.Poll, Users: part})
		}
		then, ok := poll.Outcome(&s.Polls, closed.Poll)
		if !ok {
			continue
		}
		switch then.Act {
		case poll.ActTopic:
			out = append(out, TopicSet{then.Value})
		case poll.ActSegment:
			out = append(out, SegmentSet{then.Value})
		case poll.ActPin:
			out = append(out, ItemPinned{then.Value.Text})
		}
	}
	return out, nil
}

// label cleans a short text of the staff's that may also be taken away.
func label(by wire.Actor, text, field string) (wire.Personal, error) {
	if text == "" {
		return wire.Personal{}, nil
	}
	text, err := wire.CleanText(text, wire.MaxTitle, false)
	if err != nil {
		return wire.Personal{}, wire.ErrText.In(field)
	}
	return wire.Own(by.User, text), nil
}

// lift makes the events of a part the room's.
func lift[E any](events []E, err error) ([]Event, error) { return lifted(events), err }

func lifted[E any](events []E) []Event {
	if len(events) == 0 {
		return nil
	}
	out := make([]Event, len(events))
	for i, e := range events {
		out[i] = e
	}
	return out
}

package room

import (
	"strconv"
	"strings"

	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/survey"
	"github.com/lyceum-live/lyceum/wire"
)

// Shapes of what people see; docs/protocol.md describes them.
type (
	// RoomView is the snapshot that a newcomer gets.
	RoomView struct {
		ID        wire.RoomID       `json:"id"`
		Title     string            `json:"title"`
		Phase     Phase             `json:"phase"`
		StartedAt wire.Millis       `json:"started_at"`
		EndedAt   wire.Millis       `json:"ended_at"`
		Topic     string            `json:"topic,omitzero"`
		Segment   string            `json:"segment,omitzero"`
		Pinned    string            `json:"pinned,omitzero"`
		Slow      int64             `json:"slow"`
		Stage     StageView         `json:"stage"`
		Seats     *SeatsView        `json:"seats,omitzero"`
		Recording *RecordingView    `json:"recording,omitzero"`
		Chat      []MessageView     `json:"chat"`
		Questions []qa.QuestionView `json:"questions"`
		Board     *qa.BoardView     `json:"board,omitzero"`
		Polls     []poll.View       `json:"polls"`
		Quiz      *quiz.View        `json:"quiz"`
		Practice  []quiz.PastView   `json:"practice,omitzero"` // quizzes that are finished
		Surveys   []survey.View     `json:"surveys,omitzero"`
		Count     int               `json:"count"`
		Hands     []wire.Person     `json:"hands"`
		Captions  *CaptionsView     `json:"captions,omitzero"`
		*StaffView
	}
	// StaffView is what only the staff sees.
	StaffView struct {
		Drafts  Drafts           `json:"drafts"`
		Allowed []quiz.AllowView `json:"allowed,omitzero"` // who has more time in quizzes
		Banned  []HeldView       `json:"banned"`
		Muted   []HeldView       `json:"muted"`
		Pulse   []PulseView      `json:"pulse,omitzero"` // notes of this class, oldest first

		Records bool `json:"records,omitzero"` // every class is recorded from its beginning

		Held []HeldMessageView `json:"held,omitzero"` // messages that wait for approval, oldest first
	}
	// Drafts are activities that are prepared.
	Drafts struct {
		Polls   []poll.View      `json:"polls"`
		Quizzes []quiz.DraftView `json:"quizzes"`
		Surveys []survey.View    `json:"surveys,omitzero"`
	}
	// HeldView is somebody who is muted or banned.
	HeldView struct {
		User   wire.UserID `json:"user"`
		Name   string      `json:"name"`
		Until  wire.Millis `json:"until"`
		Reason string      `json:"reason,omitzero"`
	}
	// StageView says what is on air.
	StageView struct {
		Live    bool         `json:"live"`
		By      *wire.Person `json:"by"`
		Since   wire.Millis  `json:"since"`
		Sources []string     `json:"sources"`
	}
	// MessageView is a line of the chat.
	MessageView struct {
		ID         uint64      `json:"id"`
		By         wire.Person `json:"by"`
		Text       string      `json:"text"`
		At         wire.Millis `json:"at"`
		ReplyTo    uint64      `json:"reply_to,omitzero"`
		IsQuestion bool        `json:"is_question,omitzero"` // something is asked in it
		Held       uint64      `json:"held,omitzero"`        // for the staff, of one that has just been approved: under which it waited
	}
	// ActView is an entry of the audit.
	ActView struct {
		Seq     uint64       `json:"seq"`
		At      wire.Millis  `json:"at"`
		By      wire.Person  `json:"by"`
		Act     string       `json:"act"`
		Target  *wire.Person `json:"target"`
		Item    uint64       `json:"item"`
		Reason  string       `json:"reason"`
		Seconds int64        `json:"seconds"`
	}
	// YouView is what concerns one person alone.
	YouView struct {
		ID         wire.UserID      `json:"id"`
		Name       string           `json:"name"`
		Role       wire.Role        `json:"role"`
		Hand       bool             `json:"hand"`
		Stage      *OwnSeatView     `json:"stage,omitzero"` // on the way to it, or on it
		MutedUntil wire.Millis      `json:"muted_until"`
		Votes      map[uint64][]int `json:"votes"`
		Ballots    poll.Ballots     `json:"ballots,omitzero"`
		Upvotes    []uint64         `json:"upvotes"`
		Board      qa.OwnView       `json:"board,omitzero"`
		Answers    []quiz.Own       `json:"answers"`
		Quiz       *quiz.Standing   `json:"quiz"`
		Surveys    OwnSurveys       `json:"surveys,omitzero"` // own answers
		Held       []OwnHeldView    `json:"held,omitzero"`    // own messages that wait or were rejected
		Absent     bool             `json:"absent,omitzero"`  // not in the class that is over: may answer no survey
	}
	// OwnSurveys are one's own answers, by survey.
	OwnSurveys map[uint64][]*survey.Reply
	// PersonView is a row of people.list.
	PersonView struct {
		wire.Person
		Here       bool        `json:"here"`
		Hand       bool        `json:"hand"`
		MutedUntil wire.Millis `json:"muted_until"`
		Banned     bool        `json:"banned"`
		Since      wire.Millis `json:"since"`
	}
	// PeoplePage answers people.list.
	PeoplePage struct {
		People []PersonView `json:"people"`
		Next   string       `json:"next"`
		Count  int          `json:"count"`
	}
	// MissingPage answers poll.missing: how many of those who may vote are here
	// and have not, and the first of them.
	MissingPage struct {
		People []wire.Person `json:"people"`
		Count  int           `json:"count"`
	}
	// AuditPage answers mod.audit.
	AuditPage struct {
		Acts []ActView `json:"acts"`
		Next uint64    `json:"next"`
	}
)

// phaseView is the data of room.opened and room.ended.
type phaseView struct {
	Phase     Phase       `json:"phase"`
	StartedAt wire.Millis `json:"started_at"`
	EndedAt   wire.Millis `json:"ended_at"`
}

// seen is who sees what of one event.
type seen struct {
	all      *wire.View // viewers, and staff where staff is nil
	staff    *wire.View // staff alone
	personal map[wire.UserID]wire.View
}

func toAll(kind string, data any) seen { return seen{all: &wire.View{Type: kind, Data: data}} }

func toOne(user wire.UserID, kind string, data any) seen {
	return seen{personal: map[wire.UserID]wire.View{user: {Type: kind, Data: data}}}
}

// Views returns what people see of e, just after it was applied.
func (s *State) views(h wire.Head, e Event) seen {
	var v seen
	switch e := e.(type) {
	case Said:
		return toAll("chat.said", s.message(&s.Chat[len(s.Chat)-1]))
	case Deleted:
		return toAll("chat.deleted", struct {
			ID uint64 `json:"id"`
		}{e.Item})
	case Withheld, Approved, Rejected:
		return s.viewsHeld(h, e)
	case HandRaised:
		v = toAll("hand.raised", s.person(h.By))
		v.personal = s.changed(h.By)
	case HandLowered:
		v = toAll("hand.lowered", struct {
			ID wire.UserID `json:"id"`
		}{e.User})
		v.personal = s.changed(e.User)
	case Opened:
		return toAll("room.opened", phaseView{s.Phase, s.StartedAt, s.EndedAt})
	case Ended:
		return toAll("room.ended", phaseView{s.Phase, s.StartedAt, s.EndedAt})
	case Titled:
		return toAll("room.changed", struct {
			Title string `json:"title"`
		}{s.Title})
	case TopicSet:
		return toAll("room.topic", struct {
			Topic string `json:"topic"`
		}{e.Topic.Text})
	case SegmentSet:
		return toAll("room.segment", struct {
			Segment string `json:"segment"`
		}{e.Segment.Text})
	case ItemPinned:
		return toAll("shelf.pinned", e)
	case RoleSet:
		return toAll("role.changed", s.person(e.User))
	case StageSet:
		return toAll("stage.changed", s.stage())
	case ReplaySet:
		if s.Recording.ID == 0 {
			return v // nobody sees anything of it yet
		}
		return toAll("record.changed", s.recording())
	case GuestInvited, GuestReady, GuestSeated, GuestGone, GuestSwitched, GuestPinned, GuestMoved, StageLaidOut, StageRuled:
		return s.viewsGuests(h, e)
	case RecordStarted, RecordStopped:
		return toAll("record.changed", s.recording())
	case ClipMarked:
		return seen{staff: &wire.View{Type: "clip.marked", Data: ClipView{h.Seq, e.Recording, e.From, e.To, e.Title}}}
	case Captioned:
		return toAll("caption.said", s.cueView(h.Seq))
	case CaptionFixed:
		return toAll("caption.fixed", s.cueView(e.Cue))
	case Muted:
		return toOne(e.User, "you.changed", s.you(e.User))
	case Slowed:
		return toAll("room.slowed", struct {
			Slow int64 `json:"slow"`
		}{s.Slow})
	case Acted:
		return seen{staff: &wire.View{Type: "mod.acted", Data: s.act(s.Acts[len(s.Acts)-1])}}
	case qa.Event:
		v.all, v.staff, v.personal = s.Board.Views(h, e, s.person)
	case poll.Event:
		v.all, v.staff, v.personal = s.Polls.Views(h, e, s.person)
	case quiz.Event:
		v.all, v.staff, v.personal = s.Quiz.Views(h, e, s.person)
	case survey.Event:
		v.all, v.staff, v.personal = s.Surveys.Views(h, e)
	case PulseNoted:
		return seen{staff: &wire.View{Type: "pulse.noted", Data: s.Pulse[len(s.Pulse)-1]}}
	}
	return v
}

func (s *State) changed(user wire.UserID) map[wire.UserID]wire.View {
	return map[wire.UserID]wire.View{user: {Type: "you.changed", Data: s.you(user)}}
}

// Snapshot returns the whole room as its viewers or its staff see it.
func (s *State) Snapshot(id wire.RoomID, staff bool, now wire.Millis) RoomView {
	v := RoomView{
		ID: id, Title: s.Title, Phase: s.Phase, StartedAt: s.StartedAt, EndedAt: s.EndedAt,
		Topic: s.Topic.Text, Segment: s.Segment.Text, Pinned: s.Pinned,
		Slow: s.Slow, Stage: s.stage(), Seats: s.seating(staff), Recording: s.recording(), Count: s.Here,
		Questions: s.Board.Snapshot(s.person, staff),
		Board:     s.Board.Run(s.person),
		Polls:     s.Polls.Snapshot(staff),
		Quiz:      s.Quiz.Snapshot(s.person),
		Practice:  s.Quiz.Finished(),
		Surveys:   s.Surveys.Snapshot(staff),
		Captions:  s.captions(),
	}
	for i := range s.Chat {
		v.Chat = append(v.Chat, s.message(&s.Chat[i]))
	}
	for _, user := range s.Hands[:min(len(s.Hands), 100)] {
		v.Hands = append(v.Hands, s.person(user))
	}
	if !staff {
		return v
	}
	v.StaffView = &StaffView{
		Drafts: Drafts{s.Polls.Drafts(), s.Quiz.Drafts(), s.Surveys.Drafts()}, Allowed: s.Quiz.Accommodations(s.person), Pulse: s.Pulse, Held: s.waiting(),
	}
	for _, user := range s.Order {
		m := s.People[user]
		if holds(m.Banned, now) {
			v.Banned = append(v.Banned, HeldView{user, m.Name.Text, m.Banned, m.Reason.Text})
		}
		if holds(m.Muted, now) {
			v.Muted = append(v.Muted, HeldView{user, m.Name.Text, m.Muted, ""})
		}
	}
	return v
}

func (s *State) you(user wire.UserID) YouView {
	p := s.person(user)
	v := YouView{
		ID: user, Name: p.Name, Role: p.Role,
		Upvotes: s.Board.Mine(user), Board: s.Board.Own(user, s.person),
	}
	v.Votes, v.Ballots = s.Polls.Mine(user)
	v.Answers, v.Quiz = s.Quiz.Mine(user)
	v.Surveys, v.Absent = s.Surveys.Mine(user), s.absent(user)
	v.Held = s.ownHeld(user)
	v.Stage = s.ownSeat(user)
	if m := s.People[user]; m != nil {
		v.MutedUntil = m.Muted
	}
	for _, h := range s.Hands {
		v.Hand = v.Hand || h == user
	}
	return v
}

func (s *State) message(m *Message) MessageView {
	return MessageView{m.ID, s.person(m.By), m.Text.Text, m.At, m.ReplyTo, m.asks.In(m.Text.Text), 0}
}

func (s *State) stage() StageView {
	v := StageView{Live: len(s.Stage.Sources) > 0, Since: s.Stage.Since, Sources: s.Stage.Sources}
	if v.Live {
		by := s.person(s.Stage.By)
		v.By = &by
	}
	return v
}

func (s *State) act(a Act) ActView {
	v := ActView{a.Seq, a.At, s.person(a.By), a.Act, nil, a.Item, a.Reason.Text, a.Seconds}
	if a.Target != "" {
		target := s.person(a.Target)
		v.Target = &target
	}
	return v
}

func (s *State) listPeople(c ListPeople, now wire.Millis) (PeoplePage, error) {
	limit, err := pageLimit(c.Limit, 200)
	if err != nil {
		return PeoplePage{}, err
	}
	// First those who are here, then those who were: the list is gone through
	// twice, and a page begins somewhere on that way. The list only grows, so a
	// cursor of the second round has a mark of its own.
	const gone = "gone-"
	from, round := 0, 0
	if c.After != "" {
		index, second := strings.CutPrefix(c.After, gone)
		if from, err = strconv.Atoi(index); err != nil || from < 0 {
			return PeoplePage{}, wire.ErrField.In("after")
		}
		if second {
			round = 1
		}
	}
	page := PeoplePage{Count: s.Here}
	find := strings.ToLower(c.Find)
	hands := map[wire.UserID]bool{}
	for _, user := range s.Hands {
		hands[user] = true
	}
	rounds := 2
	if c.Here {
		rounds = 1
	}
	for ; round < rounds; round, from = round+1, 0 {
		for i := from; i < len(s.Order); i++ {
			user := s.Order[i]
			m := s.People[user]
			if m.Here != (round == 0) || find != "" && !strings.Contains(strings.ToLower(m.Name.Text), find) {
				continue
			}
			if len(page.People) == limit {
				page.Next = strconv.Itoa(i)
				if round == 1 {
					page.Next = gone + page.Next
				}
				return page, nil
			}
			row := PersonView{Person: s.person(user), Here: m.Here, Hand: hands[user], Since: m.Since, Banned: holds(m.Banned, now)}
			if holds(m.Muted, now) {
				row.MutedUntil = m.Muted
			}
			page.People = append(page.People, row)
		}
	}
	return page, nil
}

// maxMissing bounds the people that poll.missing names.
const maxMissing = 200

func (s *State) missing(c Missing) (MissingPage, error) {
	voted, err := s.Polls.Voted(c.Poll)
	if err != nil {
		return MissingPage{}, err
	}
	var page MissingPage
	for _, user := range s.Order {
		if m := s.People[user]; !m.Here || m.Now() != wire.Viewer || voted(user) {
			continue
		}
		if page.Count++; page.Count <= maxMissing {
			page.People = append(page.People, s.person(user))
		}
	}
	return page, nil
}

func (s *State) audit(c Audit) (AuditPage, error) {
	limit, err := pageLimit(c.Limit, 200)
	if err != nil {
		return AuditPage{}, err
	}
	var page AuditPage
	for i := len(s.Acts) - 1; i >= 0; i-- {
		a := s.Acts[i]
		if c.Before != 0 && a.Seq >= c.Before {
			continue
		}
		if len(page.Acts) == limit {
			page.Next = page.Acts[limit-1].Seq
			break
		}
		page.Acts = append(page.Acts, s.act(a))
	}
	return page, nil
}

func pageLimit(limit, most int) (int, error) {
	switch {
	case limit == 0:
		return 50, nil
	case limit < 0 || limit > most:
		return 0, wire.ErrField.In("limit")
	}
	return limit, nil
}

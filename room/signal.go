package room

import (
	"slices"
	"time"

	"github.com/lyceum-live/lyceum/internal/fanout"
	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/survey"
	"github.com/lyceum-live/lyceum/wire"
)

// signals are the changes that need not survive: they are gathered and sent
// at most once a tick, as they then stand.
type signals struct {
	at        time.Time // when they are to be sent; zero: nothing has changed
	sent      time.Time
	counted   time.Time // when the presence was sent
	version   uint64    // counts the sendings
	presence  bool
	quiz      bool
	pulse     bool
	speaker   bool
	surveys   map[uint64]bool
	polls     map[uint64]bool
	votes     map[uint64]bool
	reactions map[string]int
	drafts    map[string]string // of captions, by language
	back      uint64            // somebody hears again what came after this position...
	isBack    bool              // ...if so: see again
}

func (s *signals) due(now time.Time, tick time.Duration) {
	if s.at.IsZero() {
		s.at = now
		if next := s.sent.Add(tick); next.After(now) {
			s.at = next
		}
	}
}

// mark notes which signal an event changes.
func (s *signals) mark(e Event, now time.Time, tick time.Duration) {
	switch e := e.(type) {
	case Entered, Left, Banned:
		s.presence = true
	case poll.Voted:
		s.poll(e.Poll)
	case poll.Retracted:
		s.poll(e.Poll)
	case poll.Balloted:
		s.poll(e.Poll)
	case poll.Withdrawn:
		s.poll(e.Poll)
	case quiz.Answered:
		s.quiz = true
	case survey.Answered:
		s.survey(e.Survey)
	case survey.Balloted:
		s.survey(e.Survey)
	case qa.Upvoted:
		s.vote(e.Question)
	case qa.Unvoted:
		s.vote(e.Question)
	default:
		return
	}
	s.due(now, tick)
}

func (s *signals) poll(id uint64) {
	if s.polls == nil {
		s.polls = map[uint64]bool{}
	}
	s.polls[id] = true
}

func (s *signals) survey(id uint64) {
	if s.surveys == nil {
		s.surveys = map[uint64]bool{}
	}
	s.surveys[id] = true
}

func (s *signals) vote(question uint64) {
	if s.votes == nil {
		s.votes = map[uint64]bool{}
	}
	s.votes[question] = true
}

func (s *signals) react(c React, now time.Time, tick time.Duration) error {
	if !slices.Contains(Emojis, c.Emoji) {
		return wire.ErrField.In("emoji")
	}
	if s.reactions == nil {
		s.reactions = map[string]int{}
	}
	s.reactions[c.Emoji]++
	s.due(now, tick)
	return nil
}

// again marks what the views after a position show as it was then, a poll's
// first count of nobody: whoever hears these views late must hear the numbers
// of now after them. Where a whole class comes back within a tick, it is done
// for the first of them.
func (s *signals) again(state *State, after uint64, now time.Time, tick time.Duration) {
	if s.isBack && after >= s.back {
		return
	}
	s.back, s.isBack = after, true
	for _, id := range state.Polls.OpenIDs() {
		s.poll(id)
	}
	for _, id := range state.Surveys.OpenIDs() {
		s.survey(id)
	}
	for _, id := range state.Board.Since(after) {
		s.vote(id)
	}
	s.quiz = true
	s.due(now, tick)
}

// Where very many come and go, how many there are is said once a second: each
// time costs a write to everybody.
const (
	large      = 500 // people
	countLarge = time.Second
)

// sendSignals sends what has changed, if its time has come.
func (r *Room) sendSignals(now time.Time) {
	s := &r.signals
	if s.at.IsZero() || s.at.After(now) || r.broken != nil {
		return
	}
	both := func(v wire.View) {
		frame := wire.Signal(v.Type, r.encode(v.Data))
		r.all.feed.Publish(0, frame)
		r.staff.feed.Publish(0, frame)
	}
	late := s.presence && r.state.Here >= large && now.Sub(s.counted) < countLarge
	if s.presence && !late {
		s.counted = now
		both(wire.View{Type: "room.presence", Data: struct {
			Count int `json:"count"`
		}{r.state.Here}})
	}
	for id := range s.polls {
		if v, ok := r.state.Polls.Tally(id, false); ok {
			r.all.feed.Publish(0, wire.Signal(v.Type, r.encode(v.Data)))
		}
		if v, ok := r.state.Polls.Tally(id, true); ok {
			r.staff.feed.Publish(0, wire.Signal(v.Type, r.encode(v.Data)))
		}
	}
	if v, ok := r.state.Quiz.Tally(); ok && s.quiz {
		both(v)
	}
	toStaff := func(v wire.View) { r.staff.feed.Publish(0, wire.Signal(v.Type, r.encode(v.Data))) }
	for id := range s.surveys {
		if v, ok := r.state.Surveys.Tally(id); ok {
			toStaff(v)
		}
	}
	if s.pulse {
		toStaff(wire.View{Type: "pulse.tally", Data: r.tallyPulse(now)})
	}
	if s.speaker {
		both(r.speaker.view())
	}
	if len(s.votes) > 0 {
		ids := make([]uint64, 0, len(s.votes))
		for id := range s.votes {
			ids = append(ids, id)
		}
		both(r.state.Board.Votes(ids))
	}
	if heard := r.house.Reacted; heard != nil && len(s.reactions) > 0 {
		n := 0
		for _, times := range s.reactions {
			n += times
		}
		heard(r.id, r.clock.at(now), n)
	}
	if len(s.reactions) > 0 {
		both(wire.View{Type: "chat.reactions", Data: struct {
			Counts map[string]int `json:"counts"`
		}{s.reactions}})
	}
	if len(s.drafts) > 0 {
		both(wire.View{Type: "caption.drafts", Data: DraftView{s.drafts}})
	}
	*s = signals{sent: now, counted: s.counted, version: s.version + 1}
	if late { // it is sent when its time has come, with whatever else there is then
		s.presence, s.at = true, s.counted.Add(countLarge)
	}
	r.all.feed.Flush()
	r.staff.feed.Flush()
}

// standing are the signals that a socket needs which resumes: what it missed
// of them is nowhere in its feed for sure. They are encoded once for all who
// come while nothing changes.
func (r *Room) standing(a *audience, staff bool) []fanout.Message {
	if a.standing != nil {
		return a.standing
	}
	views := []wire.View{{Type: "room.presence", Data: struct {
		Count int `json:"count"`
	}{r.state.Here}}}
	for _, id := range r.state.Polls.OpenIDs() {
		if v, ok := r.state.Polls.Tally(id, staff); ok {
			views = append(views, v)
		}
	}
	if v, ok := r.state.Quiz.Tally(); ok {
		views = append(views, v)
	}
	if ids := r.state.Board.IDs(); len(ids) > 0 {
		views = append(views, r.state.Board.Votes(ids))
	}
	if staff {
		for _, id := range r.state.Surveys.OpenIDs() {
			if v, ok := r.state.Surveys.Tally(id); ok {
				views = append(views, v)
			}
		}
		// Also of no moods: those that are seen there may have faded meanwhile.
		views = append(views, wire.View{Type: "pulse.tally", Data: r.tallyPulse(time.Now())})
	}
	for _, v := range views {
		a.standing = append(a.standing, fanout.Message{wire.Signal(v.Type, r.encode(v.Data))})
	}
	return a.standing
}

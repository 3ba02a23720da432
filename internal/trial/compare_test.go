package trial

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// What the protocol says of a class, as far as the log alone decides it. Names
// and texts are encrypted there; those are compared with what people sent.
type (
	pollShown struct {
		ID     uint64 `json:"id"`
		Max    int    `json:"max"`
		Hidden bool   `json:"hidden"`
		Phase  string `json:"phase"`
		Voters int    `json:"voters"`
		Counts []int  `json:"counts"`
	}
	quizShown struct {
		ID       uint64 `json:"id"`
		Of       int    `json:"of"`
		Question int    `json:"question"`
		Phase    string `json:"phase"`
		Current  struct {
			AskedAt  int64 `json:"asked_at"`
			Deadline int64 `json:"deadline"`
			Answered int   `json:"answered"`
			Correct  []int `json:"correct"`
			Counts   []int `json:"counts"`
		} `json:"current"`
		Board []place `json:"board"`
	}
	questionShown struct {
		ID uint64 `json:"id"`
		By struct {
			ID wire.UserID `json:"id"`
		} `json:"by"`
		Votes    int                   `json:"votes"`
		Pinned   bool                  `json:"pinned"`
		Answered bool                  `json:"answered"`
		Answers  []struct{ ID uint64 } `json:"answers"`
	}
	roomShown struct {
		Phase     string                     `json:"phase"`
		Chat      []struct{ ID uint64 }      `json:"chat"`
		Questions []questionShown            `json:"questions"`
		Polls     []pollShown                `json:"polls"`
		Quiz      *quizShown                 `json:"quiz"`
		Count     int                        `json:"count"`
		Hands     []struct{ ID wire.UserID } `json:"hands"`
	}
	youShown struct {
		Votes   map[uint64][]int `json:"votes"`
		Upvotes []uint64         `json:"upvotes"`
		Hand    bool             `json:"hand"`
		Answers []struct {
			Quiz     uint64 `json:"quiz"`
			Question int    `json:"question"`
			Choices  []int  `json:"choices"`
		} `json:"answers"`
		Quiz *struct {
			Quiz  uint64 `json:"quiz"`
			Score int    `json:"score"`
			Rank  int    `json:"rank"`
			Of    int    `json:"of"`
		} `json:"quiz"`
	}
)

// show is what an audience sees of a poll.
func (p *pollOf) show(staff bool) pollShown {
	s := pollShown{ID: p.id, Max: p.max, Hidden: p.hidden, Phase: p.phase, Voters: len(p.votes)}
	if !p.hidden || p.phase == "closed" || staff {
		s.Counts = p.counts()
	}
	return s
}

func (q *quizOf) show() quizShown {
	asked := q.questions[q.at]
	s := quizShown{ID: q.id, Of: len(q.questions), Question: q.at, Phase: q.phase, Board: append([]place{}, q.places[:min(10, len(q.places))]...)}
	s.Current.AskedAt, s.Current.Deadline = q.askedAt, q.askedAt+asked.Seconds*1000
	s.Current.Answered = len(q.given[q.at])
	if q.phase == "revealed" || q.phase == "finished" {
		s.Current.Correct, s.Current.Counts = asked.Correct, make([]int, len(asked.Choices))
		for _, g := range q.given[q.at] {
			for _, choice := range g.choices {
				s.Current.Counts[choice]++
			}
		}
	}
	return s
}

// sees says what is wrong with a view of the record that was just folded.
func (m *model) sees(r room.Record, staff bool, v view) string {
	switch v.kind {
	case "poll.opened", "poll.closed":
		id := r.Seq
		if r.Kind != "poll.created" {
			var e struct{ Poll uint64 }
			_ = json.Unmarshal(r.Data, &e)
			id = e.Poll
		}
		return different(m.poll(id).show(staff), v.data)
	case "quiz.asked", "quiz.closed", "quiz.revealed", "quiz.finished":
		return different(m.quiz.show(), v.data)
	case "chat.said", "qa.asked":
		var said struct {
			ID uint64
			By struct{ ID wire.UserID }
		}
		if _ = json.Unmarshal(v.data, &said); said.ID != r.Seq || said.By.ID != r.By {
			return fmt.Sprintf("is %d by %s", said.ID, said.By.ID)
		}
	}
	return ""
}

// stands says what is wrong with a snapshot of the class as it stands.
func (m *model) stands(staff bool, data json.RawMessage) string {
	var s roomShown
	if err := json.Unmarshal(data, &s); err != nil {
		return err.Error()
	}
	if s.Phase != m.phase {
		return fmt.Sprintf("phase %s, not %s", s.Phase, m.phase)
	}
	if s.Count != len(m.here) {
		return fmt.Sprintf("%d people, not %d", s.Count, len(m.here))
	}
	var chat []uint64
	for _, line := range s.Chat {
		chat = append(chat, line.ID)
	}
	if !slices.Equal(chat, m.chat) {
		return fmt.Sprintf("chat %v, not %v", chat, m.chat)
	}
	var hands []wire.UserID
	for _, hand := range s.Hands {
		hands = append(hands, hand.ID)
	}
	if !slices.Equal(hands, m.hands[:min(100, len(m.hands))]) {
		return fmt.Sprintf("hands %v, not %v", hands, m.hands)
	}
	if len(s.Polls) != len(m.polls) {
		return fmt.Sprintf("%d polls, not %d", len(s.Polls), len(m.polls))
	}
	for i, p := range m.polls {
		if want := p.show(staff); !reflect.DeepEqual(s.Polls[i], want) {
			return fmt.Sprintf("poll %+v, not %+v", s.Polls[i], want)
		}
	}
	if (s.Quiz == nil) != (m.quiz == nil) {
		return "a quiz or none"
	}
	if s.Quiz != nil {
		if want := m.quiz.show(); !equalShown(*s.Quiz, want) {
			return fmt.Sprintf("quiz %+v, not %+v", *s.Quiz, want)
		}
	}
	if len(s.Questions) != min(200, len(m.questions)) {
		return fmt.Sprintf("%d questions, not %d", len(s.Questions), len(m.questions))
	}
	for _, got := range s.Questions {
		q := m.questions[got.ID]
		if q == nil || q.by != got.By.ID || len(q.votes) != got.Votes || q.answered != got.Answered ||
			len(q.answers) != len(got.Answers) || got.Pinned != (m.pinned == got.ID) {
			return fmt.Sprintf("question %+v, not %+v", got, q)
		}
	}
	return ""
}

// concerns says what is wrong with what a welcome says of one person.
func (m *model) concerns(user wire.UserID, data json.RawMessage) string {
	var got youShown
	if err := json.Unmarshal(data, &got); err != nil {
		return err.Error()
	}
	votes := map[uint64][]int{}
	for _, p := range m.polls {
		if picks, ok := p.votes[user]; ok {
			votes[p.id] = picks
		}
	}
	if !maps.EqualFunc(votes, got.Votes, slices.Equal) {
		return fmt.Sprintf("votes %v, not %v", got.Votes, votes)
	}
	var upvotes []uint64
	for id, q := range m.questions {
		if q.votes[user] {
			upvotes = append(upvotes, id)
		}
	}
	if slices.Sort(upvotes); !slices.Equal(upvotes, got.Upvotes) {
		return fmt.Sprintf("upvotes %v, not %v", got.Upvotes, upvotes)
	}
	if hand := slices.Contains(m.hands, user); hand != got.Hand {
		return fmt.Sprintf("hand %v, not %v", got.Hand, hand)
	}
	answers := 0
	if m.quiz != nil {
		for number, all := range m.quiz.given {
			g, answered := all[user]
			if !answered {
				continue
			}
			answers++
			for _, a := range got.Answers {
				if a.Quiz == m.quiz.id && a.Question == number && !slices.Equal(a.Choices, g.choices) {
					return fmt.Sprintf("answer %v to question %d, not %v", a.Choices, number, g.choices)
				}
			}
		}
	}
	if answers != len(got.Answers) {
		return fmt.Sprintf("%d answers, not %d", len(got.Answers), answers)
	}
	if m.quiz == nil {
		return ""
	}
	for _, p := range m.quiz.places {
		if p.ID != user {
			continue
		}
		if got.Quiz == nil || got.Quiz.Quiz != m.quiz.id || got.Quiz.Score != p.Score || got.Quiz.Rank != p.Rank || got.Quiz.Of != len(m.quiz.places) {
			return fmt.Sprintf("standing %+v, not %+v of %d", got.Quiz, p, len(m.quiz.places))
		}
	}
	return ""
}

// different says how data differs from what it should show.
func different[S any](want S, data json.RawMessage) string {
	var got S
	if err := json.Unmarshal(data, &got); err != nil {
		return err.Error()
	}
	if equalShown(got, want) {
		return ""
	}
	return fmt.Sprintf("shows %+v, not %+v", got, want)
}

// equalShown compares as JSON, where a list without members is one or null.
func equalShown(a, b any) bool { return string(encode(a)) == string(encode(b)) }

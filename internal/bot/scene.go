package bot

import (
	"slices"

	"github.com/lyceum-live/lyceum/wire"
)

// What the protocol's views hold, as far as a bot cares.
type (
	// Welcome answers hello.
	Welcome struct {
		You  You         `json:"you"`
		Seq  uint64      `json:"seq"`
		Now  wire.Millis `json:"now"`
		Room Scene       `json:"room"`
	}
	// You is the person behind a socket.
	You struct {
		wire.Person
		Hand       bool        `json:"hand"`
		MutedUntil wire.Millis `json:"muted_until"`
	}
	// Said is a chat message.
	Said struct {
		ID      uint64      `json:"id"`
		By      wire.Person `json:"by"`
		Text    string      `json:"text"`
		ReplyTo uint64      `json:"reply_to"`
	}
	// Question is one of the question board.
	Question struct {
		ID       uint64      `json:"id"`
		By       wire.Person `json:"by"`
		Text     string      `json:"text"`
		Votes    int         `json:"votes"`
		Pinned   bool        `json:"pinned"`
		Answered bool        `json:"answered"`
	}
	// Poll is an open or closed poll.
	Poll struct {
		ID      uint64   `json:"id"`
		Kind    string   `json:"kind"`
		Text    string   `json:"text"`
		Choices []string `json:"choices"`
		Max     int      `json:"max"`
		Phase   string   `json:"phase"`
		Voters  int      `json:"voters"`
		Counts  []int    `json:"counts"`
	}
	// Quiz is the running or last quiz.
	Quiz struct {
		ID       uint64 `json:"id"`
		Title    string `json:"title"`
		Of       int    `json:"of"`
		Question int    `json:"question"`
		Phase    string `json:"phase"`
		Current  struct {
			Type     string   `json:"type"`
			Text     string   `json:"text"`
			Choices  []string `json:"choices"`
			Multiple bool     `json:"multiple"`
			Answered int      `json:"answered"`
			Correct  []int    `json:"correct"`
			Counts   []int    `json:"counts"`
		} `json:"current"`
		Board []struct {
			Name  string `json:"name"`
			Score int    `json:"score"`
		} `json:"board"`
	}
	// Stage is what is on air.
	Stage struct {
		Live bool         `json:"live"`
		By   *wire.Person `json:"by"`
	}
)

// shown is how many messages, questions and polls a bot keeps in mind.
const shown = 200

// Scene is what one person sees of the class: the welcome's snapshot and what
// was heard since.
type Scene struct {
	Phase     string     `json:"phase"`
	Stage     Stage      `json:"stage"`
	Chat      []Said     `json:"chat"`
	Questions []Question `json:"questions"`
	Polls     []Poll     `json:"polls"`
	Quiz      *Quiz      `json:"quiz"`
	Count     int        `json:"count"`
}

// Hear takes in one message. What does not concern a bot is ignored.
func (s *Scene) Hear(m Message) error {
	switch m.Type {
	case "chat.said":
		return add(m, &s.Chat)
	case "qa.asked":
		return add(m, &s.Questions)
	case "poll.opened", "poll.closed":
		var p Poll
		if err := m.Read(&p); err != nil {
			return err
		}
		s.Polls = slices.DeleteFunc(s.Polls, func(q Poll) bool { return q.ID == p.ID })
		s.Polls = keep(append(s.Polls, p))
	case "quiz.asked", "quiz.closed", "quiz.revealed", "quiz.finished":
		s.Quiz = &Quiz{}
		return m.Read(s.Quiz)
	case "stage.changed":
		s.Stage = Stage{}
		return m.Read(&s.Stage)
	case "room.opened", "room.ended":
		return m.Read(s) // of a scene, it has the phase
	case "room.presence":
		return m.Read(s) // of a scene, it has the count
	case "qa.votes", "qa.answered", "qa.pinned":
		return s.hearBoard(m)
	case "chat.deleted", "qa.deleted":
		var gone struct {
			ID uint64 `json:"id"`
		}
		if err := m.Read(&gone); err != nil {
			return err
		}
		s.Chat = slices.DeleteFunc(s.Chat, func(x Said) bool { return x.ID == gone.ID })
		s.Questions = slices.DeleteFunc(s.Questions, func(x Question) bool { return x.ID == gone.ID })
	}
	return nil
}

// hearBoard takes in what changes about questions that are there.
func (s *Scene) hearBoard(m Message) error {
	var news struct {
		Question uint64         `json:"question"`
		Votes    map[uint64]int `json:"votes"`
	}
	if err := m.Read(&news); err != nil {
		return err
	}
	for i := range s.Questions {
		q := &s.Questions[i]
		switch m.Type {
		case "qa.votes":
			if n, changed := news.Votes[q.ID]; changed {
				q.Votes = n
			}
		case "qa.answered":
			q.Answered = q.Answered || q.ID == news.Question
		case "qa.pinned":
			q.Pinned = q.ID == news.Question
		}
	}
	return nil
}

// Question returns the question with that id, or nil.
func (s *Scene) Question(id uint64) *Question {
	for i := range s.Questions {
		if s.Questions[i].ID == id {
			return &s.Questions[i]
		}
	}
	return nil
}

// hasQuestion reports whether there is a question like that; i is its place.
func (s *Scene) hasQuestion(like func(i int, q Question) bool) bool {
	for i, q := range s.Questions {
		if like(i, q) {
			return true
		}
	}
	return false
}

// Poll returns the poll with that id, or nil.
func (s *Scene) Poll(id uint64) *Poll {
	for i := range s.Polls {
		if s.Polls[i].ID == id {
			return &s.Polls[i]
		}
	}
	return nil
}

// Top returns the unanswered question with the most votes among those that
// will do, the oldest of equals, or nil.
func (s *Scene) Top(do func(*Question) bool) *Question {
	var top *Question
	for i := range s.Questions {
		if q := &s.Questions[i]; !q.Answered && do(q) && (top == nil || q.Votes > top.Votes) {
			top = q
		}
	}
	return top
}

// add reads a message's data and puts it at the end of the list.
func add[T any](m Message, list *[]T) error {
	var v T
	if err := m.Read(&v); err != nil {
		return err
	}
	*list = keep(append(*list, v))
	return nil
}

// keep drops the oldest of a list that has grown too long.
func keep[T any](list []T) []T {
	if len(list) > shown {
		list = slices.Delete(list, 0, len(list)-shown)
	}
	return list
}

// picked reports whether a poll or a question is answered by picking choices,
// which is all that these students can do.
func picked(kind string, choices []string) bool {
	return (kind == "" || kind == "choice" || kind == "truefalse") && len(choices) > 1
}

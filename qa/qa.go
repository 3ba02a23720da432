// Package qa is the question board of a class.
//
//	asked ──Answer──▶ answered
//
// Anybody may ask and give each question one vote, which they may take back.
// The staff answers, in writing or aloud, and pins one question at a time in
// front of the class. A question that was answered stays answered, even if
// its answer is deleted. One's own question needs no vote of one's own.
//
// It does no I/O, starts no goroutine and reads no clock. [Decide] says what a
// command would change and [State.Apply] changes it, so replaying a room's log
// rebuilds its board exactly. Who voted is in the log and never in a view:
// views hold only how many did.
package qa

import "github.com/lyceum-live/lyceum/wire"

// Bounds of a board.
const (
	MaxQuestions = 5000 // on one board
	MaxWaiting   = 20   // unanswered questions of one person
	MaxAnswers   = 20   // written answers to one question
	MaxShown     = 200  // questions in a snapshot
)

// What a board refuses.
var (
	ErrFull    = &wire.Error{Code: "qa.full", Text: "the question board is full"}
	ErrWaiting = &wire.Error{Code: "qa.waiting", Text: "many of your questions still wait for an answer"}
	ErrAnswers = &wire.Error{Code: "qa.answers", Text: "this question has enough answers"}
)

// Question is one question on the board.
type Question struct {
	ID       uint64        `json:"id"`
	By       wire.UserID   `json:"by"`
	At       wire.Millis   `json:"at"`
	Text     wire.Personal `json:"text"`
	Votes    int           `json:"votes"`
	Answered bool          `json:"answered,omitzero"` // in writing or aloud
	Answers  []Reply       `json:"answers"`           // in writing, oldest first
}

// Reply is one written answer to a question.
type Reply struct {
	ID   uint64        `json:"id"`
	By   wire.UserID   `json:"by"`
	At   wire.Millis   `json:"at"`
	Text wire.Personal `json:"text"`
}

// Member is what the board knows of one person.
type Member struct {
	Upvotes map[uint64]struct{} `json:"upvotes"` // questions they have voted for
	Waiting int                 `json:"waiting"` // questions of theirs without an answer
}

// State is a question board. The zero value is an empty one. All its fields
// are part of a room's snapshot.
type State struct {
	Questions map[uint64]*Question    `json:"questions"`
	Pinned    uint64                  `json:"pinned"` // 0: none
	Members   map[wire.UserID]*Member `json:"members"`
}

// Apply folds e into s. It cannot fail: what could be wrong was refused by
// [Decide].
func (s *State) Apply(h wire.Head, e Event) {
	switch e := e.(type) {
	case Asked:
		if s.Questions == nil {
			s.Questions = map[uint64]*Question{}
		}
		s.Questions[h.Seq] = &Question{ID: h.Seq, By: h.By, At: h.At, Text: e.Text}
		s.member(h.By).Waiting++
	case Upvoted:
		s.member(h.By).Upvotes[e.Question] = struct{}{}
		s.Questions[e.Question].Votes++
	case Unvoted:
		delete(s.member(h.By).Upvotes, e.Question)
		s.Questions[e.Question].Votes--
	case Answered:
		q := s.Questions[e.Question]
		s.settle(q)
		if !e.Aloud {
			q.Answers = append(q.Answers, Reply{ID: h.Seq, By: h.By, At: h.At, Text: e.Text})
		}
	case Pinned:
		s.Pinned = e.Question
	case Unpinned:
		s.Pinned = 0
	case Deleted:
		s.delete(e.Item)
	}
}

// settle marks q as answered.
func (s *State) settle(q *Question) {
	if !q.Answered {
		q.Answered = true
		s.member(q.By).Waiting--
	}
}

// delete removes a question and the votes for it, or one answer.
func (s *State) delete(item uint64) {
	q, i := s.find(item)
	if q.ID != item {
		q.Answers = append(q.Answers[:i:i], q.Answers[i+1:]...)
		return
	}
	s.settle(q)
	for _, m := range s.Members {
		delete(m.Upvotes, item)
	}
	if s.Pinned == item {
		s.Pinned = 0
	}
	delete(s.Questions, item)
}

// find returns the question with this id, or the question that has this
// answer and its place among the answers; nil if there is neither.
func (s *State) find(item uint64) (*Question, int) {
	if q := s.Questions[item]; q != nil {
		return q, 0
	}
	for _, q := range s.Questions {
		for i, r := range q.Answers {
			if r.ID == item {
				return q, i
			}
		}
	}
	return nil, 0
}

// Author returns who wrote a question or an answer, "" if there is none.
func (s *State) Author(item uint64) wire.UserID {
	q, i := s.find(item)
	switch {
	case q == nil:
		return ""
	case q.ID == item:
		return q.By
	}
	return q.Answers[i].By
}

func (s *State) member(user wire.UserID) *Member {
	m := s.Members[user]
	if m == nil {
		m = &Member{Upvotes: map[uint64]struct{}{}}
		if s.Members == nil {
			s.Members = map[wire.UserID]*Member{}
		}
		s.Members[user] = m
	}
	return m
}

// upvoted reports whether user's vote is among q's.
func (s *State) upvoted(user wire.UserID, q *Question) bool {
	if m := s.Members[user]; m != nil {
		_, voted := m.Upvotes[q.ID]
		return voted
	}
	return false
}

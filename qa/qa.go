// Package qa is the question board of a class.
//
//	         Ask (held) ──▶ waiting ──Reject──▶ rejected
//	                           │ Approve
//	Ask ──────────────────▶  open  ──Answer──▶ answered
//	                        │  │ ▲
//	             merged ◀Merge  Dismiss, Restore ─▶ dismissed
//
// Anybody may ask and give each question one vote, which they may take back.
// The staff and the experts that the host has invited answer, in writing or
// aloud, and reply to each other; the staff labels questions, pins one at a
// time in front of the class and says which one is being answered now. A
// question that was answered stays answered, even if its answer is deleted.
// One's own question needs no vote of one's own, and where two questions are
// merged, whoever voted for both has voted once.
//
// Who asked anonymously is in the log, for limits and erasure, and in no view
// but the asker's own. A question that waits for approval is seen by the staff
// and its asker; one that was rejected by its asker alone. Who voted is never
// in a view: views hold only how many did.
//
// It does no I/O, starts no goroutine and reads no clock. [Decide] says what a
// command would change and [State.Apply] changes it, so replaying a room's log
// rebuilds its board exactly.
package qa

import (
	"slices"

	"github.com/lyceum-live/lyceum/internal/text"
	"github.com/lyceum-live/lyceum/wire"
)

// Bounds of a board.
const (
	MaxQuestions = 5000 // on one board, with those that are merged or rejected
	MaxWaiting   = 20   // unanswered questions of one person
	MaxAnswers   = 20   // answers and replies in writing to one question
	MaxShown     = 200  // questions in a snapshot
	MaxHeld      = 200  // that wait for approval
	MaxRejected  = 20   // of one person that are kept for them
	MaxOwn       = 200  // newest private questions that one person is told of
	MaxLabels    = 5    // on one question
	MaxLabel     = 24   // characters of one label
	MaxMerged    = 100  // questions merged into one
	MaxExperts   = 20   // invited to answer
)

// What a board refuses.
var (
	ErrFull    = &wire.Error{Code: "qa.full", Text: "the question board is full"}
	ErrWaiting = &wire.Error{Code: "qa.waiting", Text: "many of your questions still wait for an answer"}
	ErrAnswers = &wire.Error{Code: "qa.answers", Text: "this question has enough answers"}
	ErrState   = &wire.Error{Code: "qa.state", Text: "the question does not stand where this could be done"}
	ErrMerged  = &wire.Error{Code: "qa.merged", Text: "enough questions are merged into this one"}
	ErrExperts = &wire.Error{Code: "qa.experts", Text: "enough experts are invited"}
)

// Status is where a question stands besides being answered or not.
type Status string

// The statuses of a question.
const (
	OnBoard  Status = ""
	Waits    Status = "waiting"  // for approval
	Refused  Status = "rejected" // never to be on the board
	SetAside Status = "dismissed"
	Gone     Status = "merged" // into another, see Question.Into
)

// Question is one question on the board.
type Question struct {
	ID        uint64        `json:"id"`
	By        wire.UserID   `json:"by"`
	At        wire.Millis   `json:"at"`
	Text      wire.Personal `json:"text"`
	Anonymous bool          `json:"anonymous,omitzero"`
	Status    Status        `json:"status,omitzero"`
	Into      uint64        `json:"into,omitzero"`   // of a merged one
	Merged    []uint64      `json:"merged,omitzero"` // into this one, in order
	Labels    []string      `json:"labels,omitzero"`
	Votes     int           `json:"votes"`
	Answered  bool          `json:"answered,omitzero"` // in writing or aloud
	Answers   []Written     `json:"answers"`           // in writing, oldest first

	asks text.Asked
}

// Written is one written answer to a question, or a reply to one.
type Written struct {
	ID     uint64        `json:"id"`
	By     wire.UserID   `json:"by"`
	At     wire.Millis   `json:"at"`
	Text   wire.Personal `json:"text"`
	Answer uint64        `json:"answer,omitzero"` // that it replies to; it may be deleted
	Expert bool          `json:"expert,omitzero"` // by somebody invited to answer
}

// Member is what the board knows of one person.
type Member struct {
	Upvotes map[uint64]struct{} `json:"upvotes"`      // questions they have voted for
	Waiting int                 `json:"waiting"`      // questions of theirs without an answer
	Own     []uint64            `json:"own,omitzero"` // of theirs that no view shows to be theirs, in order
}

// State is a question board. The zero value is an empty one. All its fields
// are part of a room's snapshot.
type State struct {
	Questions map[uint64]*Question     `json:"questions"`
	Pinned    uint64                   `json:"pinned"`         // 0: none
	Focus     uint64                   `json:"focus,omitzero"` // being answered now; 0: none
	Hold      bool                     `json:"hold,omitzero"`  // questions wait for approval
	Members   map[wire.UserID]*Member  `json:"members"`
	Experts   map[wire.UserID]struct{} `json:"experts,omitzero"`

	index *text.Index // of those that may be found; nil until something is searched
}

// Apply folds e into s. It cannot fail: what could be wrong was refused by
// [Decide].
func (s *State) Apply(h wire.Head, e Event) {
	switch e := e.(type) {
	case Asked:
		s.ask(h, e)
	case Upvoted:
		s.member(h.By).Upvotes[e.Question] = struct{}{}
		s.Questions[e.Question].Votes++
	case Unvoted:
		delete(s.member(h.By).Upvotes, e.Question)
		s.Questions[e.Question].Votes--
	case Answered:
		q := s.Questions[e.Question]
		s.change(q, func() { q.Answered = true })
		if !e.Aloud {
			q.Answers = append(q.Answers, Written{ID: h.Seq, By: h.By, At: h.At, Text: e.Text, Expert: e.Expert})
		}
	case Replied:
		q := s.Questions[e.Question]
		q.Answers = append(q.Answers, Written{ID: h.Seq, By: h.By, At: h.At, Text: e.Text, Answer: e.Answer, Expert: e.Expert})
	case Labelled:
		q := s.Questions[e.Question]
		if q.Labels = e.Labels; len(e.Labels) == 0 {
			q.Labels = nil // as it reads from a snapshot
		}
	case Dismissed:
		q := s.Questions[e.Question]
		s.change(q, func() { q.Status = SetAside })
		s.unmark(q.ID, 0)
	case Restored:
		q := s.Questions[e.Question]
		s.change(q, func() { q.Status = OnBoard })
	case Held:
		s.Hold = e.On
	case Approved:
		q := s.Questions[e.Question]
		s.change(q, func() { q.Status = OnBoard })
		if !q.Anonymous {
			s.disown(q)
		}
	case Rejected:
		s.reject(s.Questions[e.Question])
	case Merged:
		s.merge(s.Questions[e.From], s.Questions[e.Into])
	case Invited:
		if !e.On {
			delete(s.Experts, e.User)
		} else if s.Experts == nil {
			s.Experts = map[wire.UserID]struct{}{e.User: {}}
		} else {
			s.Experts[e.User] = struct{}{}
		}
		if len(s.Experts) == 0 {
			s.Experts = nil
		}
	case Focused:
		s.Focus = e.Question
	case Pinned:
		s.Pinned = e.Question
	case Unpinned:
		s.Pinned = 0
	case Deleted:
		s.delete(e.Item)
	}
}

func (s *State) ask(h wire.Head, e Asked) {
	if s.Questions == nil {
		s.Questions = map[uint64]*Question{}
	}
	q := &Question{ID: h.Seq, By: h.By, At: h.At, Text: e.Text, Anonymous: e.Anonymous}
	if e.Held {
		q.Status = Waits
	}
	s.Questions[q.ID] = q
	s.reindex(q.ID)
	s.member(q.By).Waiting++
	if e.Held || e.Anonymous {
		s.own(q)
	}
}

// pends reports whether q counts among what its asker waits for.
func (q *Question) pends() bool {
	return !q.Answered && (q.Status == OnBoard || q.Status == Waits)
}

// change changes where q stands, and what its asker waits for with it.
func (s *State) change(q *Question, to func()) {
	before := q.pends()
	to()
	if before != q.pends() {
		if before {
			s.member(q.By).Waiting--
		} else {
			s.member(q.By).Waiting++
		}
	}
}

// unmark takes the pin and the focus from a question, or hands them on.
func (s *State) unmark(id, to uint64) {
	if s.Pinned == id {
		s.Pinned = to
	}
	if s.Focus == id {
		s.Focus = to
	}
}

// own notes a question that no view shows to be its asker's.
func (s *State) own(q *Question) {
	m := s.member(q.By)
	if i, ok := slices.BinarySearch(m.Own, q.ID); !ok {
		m.Own = slices.Insert(m.Own, i, q.ID)
	}
	if over := len(m.Own) - MaxOwn; over > 0 {
		m.Own = slices.Delete(m.Own, 0, over)
	}
}

func (s *State) disown(q *Question) {
	m := s.member(q.By)
	m.Own = slices.DeleteFunc(m.Own, func(id uint64) bool { return id == q.ID })
	if len(m.Own) == 0 {
		m.Own = nil
	}
}

// reject keeps a question for its asker alone, and no more of them than some.
func (s *State) reject(q *Question) {
	s.change(q, func() { q.Status = Refused })
	s.reindex(q.ID)
	kept := 0
	for _, id := range slices.Backward(slices.Clone(s.member(q.By).Own)) {
		if old := s.Questions[id]; old != nil && old.Status == Refused {
			if kept++; kept > MaxRejected {
				s.disown(old)
				delete(s.Questions, id)
			}
		}
	}
}

// merge makes one question of two: votes, answers, labels and marks unite.
func (s *State) merge(from, into *Question) {
	for user, m := range s.Members {
		if _, voted := m.Upvotes[from.ID]; !voted {
			continue
		}
		delete(m.Upvotes, from.ID)
		if _, twice := m.Upvotes[into.ID]; !twice && user != into.By {
			m.Upvotes[into.ID] = struct{}{}
			into.Votes++
		}
	}
	into.Answers = append(slices.Clone(into.Answers), from.Answers...)
	slices.SortFunc(into.Answers, func(a, b Written) int { return int(int64(a.ID) - int64(b.ID)) })
	if from.Answered {
		s.change(into, func() { into.Answered = true })
	}
	for _, label := range from.Labels {
		if len(into.Labels) < MaxLabels && !slices.Contains(into.Labels, label) {
			into.Labels = append(slices.Clone(into.Labels), label)
		}
	}
	for _, id := range from.Merged {
		s.Questions[id].Into = into.ID
	}
	into.Merged = slices.Concat(into.Merged, from.Merged, []uint64{from.ID})
	slices.Sort(into.Merged)
	s.change(from, func() { from.Status = Gone })
	from.Into, from.Votes, from.Answers, from.Merged = into.ID, 0, nil, nil
	s.unmark(from.ID, into.ID)
	s.own(from)
	s.reindex(from.ID)
}

// delete removes a question with what is merged into it and the votes for it,
// or one answer.
func (s *State) delete(item uint64) {
	q, i := s.find(item)
	if q.ID != item {
		q.Answers = append(q.Answers[:i:i], q.Answers[i+1:]...)
		return
	}
	for _, id := range q.Merged {
		s.disown(s.Questions[id])
		delete(s.Questions, id)
	}
	s.change(q, func() { q.Answered = true })
	s.disown(q)
	for _, m := range s.Members {
		delete(m.Upvotes, item)
	}
	s.unmark(item, 0)
	delete(s.Questions, item)
	s.reindex(item)
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

// Author returns who wrote a question or an answer, "" if there is none, and
// whether that is a secret: of an anonymous question.
func (s *State) Author(item uint64) (author wire.UserID, secret bool) {
	q, i := s.find(item)
	switch {
	case q == nil:
		return "", false
	case q.ID == item:
		return q.By, q.Anonymous
	}
	return q.Answers[i].By, false
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

// expert reports whether user was invited to answer.
func (s *State) expert(user wire.UserID) bool {
	_, is := s.Experts[user]
	return is
}

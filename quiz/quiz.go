// Package quiz runs prepared quizzes in front of a class, one timed question
// at a time.
//
//	prepared ──Ask──▶ open ──Close, deadline──▶ closed ──Reveal──▶ revealed ──Ask──▶ open …
//	                                              └──────Finish──────┴──▶ finished
//
// One quiz runs at a time. A question has one answer of each person, which
// counts if the server read it before the deadline. Points are worked out when
// an answer arrives (see [Score]) but added only at the reveal, so that no
// total tells who was right. Whoever comes late plays from the current
// question on. What is closed takes no more answers, and what is revealed
// never changes.
//
// It does no I/O, starts no goroutine and reads no clock. [Decide] says what a
// command would change and [State.Apply] changes it, so replaying a room's log
// rebuilds its quiz exactly; points are part of the log and are never worked
// out again.
//
// Events hold the answer key and belong to the log. What a person may see is
// made by [State.Views], [State.Snapshot], [State.Tally] and [State.Mine]:
// before the reveal none of them holds what is correct or how many chose what.
// The one exception is [State.Drafts], the author's own material.
package quiz

import "github.com/lyceum-live/lyceum/wire"

// Bounds of a room's quizzes.
const (
	MaxQuizzes = 50   // quizzes that are prepared and not yet finished
	MaxPoints  = 2000 // for one question
	MinSeconds = 5    // to answer one question
	MaxSeconds = 600
	BoardSize  = 10 // places on the leader board
)

// What a quiz refuses.
var (
	ErrClosed   = &wire.Error{Code: "quiz.closed", Text: "the question is closed"}
	ErrAnswered = &wire.Error{Code: "quiz.answered", Text: "you have already answered this question"}
	ErrOrder    = &wire.Error{Code: "quiz.order", Text: "that is not the quiz's next step"}
	ErrBusy     = &wire.Error{Code: "quiz.busy", Text: "a question is open, or another quiz is not finished"}
	ErrMany     = &wire.Error{Code: "quiz.many", Text: "there are too many quizzes; finish or drop one first"}
)

// Phase is where the running quiz stands.
type Phase string

// The phases of a quiz that has been begun.
const (
	PhaseOpen     Phase = "open"
	PhaseClosed   Phase = "closed"
	PhaseRevealed Phase = "revealed"
	PhaseFinished Phase = "finished"
)

// Quiz is what its author wrote.
type Quiz struct {
	Title     wire.Personal `json:"title"`
	Questions []Question    `json:"questions"`
}

// Question is one question of a quiz, with its key.
type Question struct {
	Text    wire.Personal   `json:"text"`
	Choices []wire.Personal `json:"choices"`
	Correct []int           `json:"correct"` // indexes of Choices, in order
	Points  int             `json:"points"`  // for the fastest right answer
	Seconds int             `json:"seconds"`
}

// multiple reports whether several choices are correct.
func (q *Question) multiple() bool { return len(q.Correct) > 1 }

// limit is the time to answer in.
func (q *Question) limit() wire.Millis { return wire.Millis(q.Seconds) * 1000 }

// State is a room's quizzes. The zero value has none. All its fields are part
// of a room's snapshot.
type State struct {
	Prepared map[uint64]*Quiz `json:"prepared"` // not yet begun
	Run      *Run             `json:"run"`      // the quiz that runs, or ran last; nil: none yet
}

// Run is a quiz in progress.
type Run struct {
	ID uint64 `json:"id"`
	Quiz
	Phase    Phase                   `json:"phase"`
	Question int                     `json:"question"` // the current one, from 0
	AskedAt  wire.Millis             `json:"asked_at"`
	Deadline wire.Millis             `json:"deadline"`
	Answered int                     `json:"answered"` // answers to the current question
	Counts   []int                   `json:"counts"`   // and how many chose what
	Players  map[wire.UserID]*Player `json:"players"`  // everybody who has answered
	Ranked   int                     `json:"ranked"`   // players that have a rank
	Board    []Place                 `json:"board"`    // the first of them, as of the last reveal
}

// Player is somebody who plays.
type Player struct {
	Score   int         `json:"score"`            // as of the last reveal
	Reached wire.Millis `json:"reached,omitzero"` // when the last answer that raised it arrived
	Rank    int         `json:"rank,omitzero"`    // as of the last reveal; 0: none yet
	Given   []Given     `json:"given"`            // answers, in the order of the questions
}

// Given is somebody's answer to one question.
type Given struct {
	Question int         `json:"question"`
	Choices  Picks       `json:"choices"`
	At       wire.Millis `json:"at"` // when the server read it
	Right    bool        `json:"right,omitzero"`
	Points   int         `json:"points,omitzero"`
}

// Place is a line of the leader board.
type Place struct {
	Rank  int         `json:"rank"`
	User  wire.UserID `json:"user"`
	Score int         `json:"score"`
}

// Apply folds e into s. It cannot fail: what could be wrong was refused by
// [Decide].
func (s *State) Apply(h wire.Head, e Event) {
	switch e := e.(type) {
	case Created:
		if s.Prepared == nil {
			s.Prepared = map[uint64]*Quiz{}
		}
		s.Prepared[h.Seq] = &e.Quiz
	case Edited:
		s.Prepared[e.ID] = &e.Quiz
	case Dropped:
		delete(s.Prepared, e.Quiz)
	case Asked:
		s.ask(h, e)
	case Answered:
		s.Run.answer(h, e)
	case Closed:
		s.Run.Phase = PhaseClosed
	case Revealed:
		s.Run.Phase = PhaseRevealed
		s.Run.score()
		s.Run.rank()
	case Finished:
		s.Run.Phase = PhaseFinished
	}
}

// ask opens a question; the first one begins the quiz.
func (s *State) ask(h wire.Head, e Asked) {
	if quiz := s.Prepared[e.Quiz]; quiz != nil {
		s.Run = &Run{ID: e.Quiz, Quiz: *quiz, Players: map[wire.UserID]*Player{}}
		delete(s.Prepared, e.Quiz)
	}
	r := s.Run
	r.Phase, r.Question = PhaseOpen, e.Question
	r.AskedAt, r.Deadline = h.At, h.At+r.current().limit()
	r.Answered, r.Counts = 0, make([]int, len(r.current().Choices))
}

func (r *Run) answer(h wire.Head, e Answered) {
	p := r.Players[h.By]
	if p == nil {
		p = &Player{}
		r.Players[h.By] = p
	}
	picks := picksOf(e.Choices)
	p.Given = append(p.Given, Given{e.Question, picks, e.At, e.Right, e.Points})
	r.Answered++
	for choice := range picks.All() {
		r.Counts[choice]++
	}
}

// current is the question that is, or was last, before the class.
func (r *Run) current() *Question { return &r.Questions[r.Question] }

// given returns p's answer to a question, nil if there is none.
func (p *Player) given(question int) *Given {
	if p == nil {
		return nil
	}
	for i := len(p.Given) - 1; i >= 0; i-- { // mostly it is the last
		if p.Given[i].Question == question {
			return &p.Given[i]
		}
	}
	return nil
}

// prepared reports how many quizzes are not yet finished.
func (s *State) prepared() int {
	n := len(s.Prepared)
	if s.running() {
		n++
	}
	return n
}

// running reports whether a quiz has been begun and not finished.
func (s *State) running() bool { return s.Run != nil && s.Run.Phase != PhaseFinished }

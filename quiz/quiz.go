// Package quiz runs prepared quizzes in front of a class, one question at a
// time.
//
//	prepared ──Ask──▶ open ──Close, deadline──▶ closed ──Reveal──▶ revealed ──Ask──▶ open …
//	                                              └──────Finish──────┴──▶ finished
//
// One quiz runs at a time. A question has one answer of each person, which
// counts if the server read it before the deadline; a few milliseconds that it
// was on its way are taken off, and the seconds by which somebody sees the
// class late ([MaxBehind]). Some have more time than others ([Allow]), and
// while the clock stands still ([Pause]) nobody answers. Points are worked out
// when an answer arrives, by the quiz's [Scoring], but added only at the
// reveal, so that no total tells who was right. Whoever comes late plays from
// the current question on. What is closed takes no more answers but such as
// were given before, and what is revealed never changes. A quiz that is
// finished can be practised: [State.Practice] and [State.Check].
//
// It does no I/O, starts no goroutine and reads no clock. [Decide] says what a
// command would change and [State.Apply] changes it, so replaying a room's log
// rebuilds its quiz exactly; points are part of the log and are never worked
// out again.
//
// Events hold the answer key and belong to the log. What a person may see is
// made by [State.Views], [State.Snapshot], [State.Tally] and [State.Mine]:
// before the reveal none of them holds what is correct or how many chose what,
// nor does the order tell in which things are shown. The one exception is
// [State.Drafts], the author's own material.
package quiz

import "github.com/lyceum-live/lyceum/wire"

// Bounds of a room's quizzes.
const (
	MaxQuizzes = 50 // quizzes that are prepared and not yet finished
	MaxPast    = 20 // quizzes that can be practised besides the last one
	BoardSize  = 10 // places on the leader board
	maxPauses  = 50 // of one question
)

// What a quiz refuses.
var (
	ErrClosed   = &wire.Error{Code: "quiz.closed", Text: "the question is closed"}
	ErrAnswered = &wire.Error{Code: "quiz.answered", Text: "you have already answered this question"}
	ErrOrder    = &wire.Error{Code: "quiz.order", Text: "that is not the quiz's next step"}
	ErrBusy     = &wire.Error{Code: "quiz.busy", Text: "a question is open, or another quiz is not finished"}
	ErrPaused   = &wire.Error{Code: "quiz.paused", Text: "the clock stands still; answer when it runs again"}
	ErrJoined   = &wire.Error{Code: "quiz.joined", Text: "you have answered for your team already"}
	ErrAllows   = &wire.Error{Code: "quiz.allows", Text: "too many people have more time"}
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
	Title     wire.Personal   `json:"title"`
	Questions []Question      `json:"questions"`
	Scoring   Scoring         `json:"scoring,omitzero"` // "": by speed
	Streak    int             `json:"streak,omitzero"`  // the most that a run of right answers adds
	Teams     []wire.Personal `json:"teams,omitzero"`
	Shuffle   bool            `json:"shuffle,omitzero"` // each member sees the choices in another order
	Draw      int             `json:"draw,omitzero"`    // so many of the questions; 0: all
	Play      bool            `json:"play,omitzero"`    // the staff may play
}

// State is a room's quizzes. The zero value has none. All its fields are part
// of a room's snapshot.
type State struct {
	Prepared map[uint64]*Quiz `json:"prepared"` // not yet begun
	Run      *Run             `json:"run"`      // the quiz that runs, or ran last; nil: none yet

	Past    []Past                    `json:"past,omitzero"`    // finished before, oldest first
	Allowed map[wire.UserID]Allowance `json:"allowed,omitzero"` // who has more time
}

// Run is a quiz in progress.
type Run struct {
	ID uint64 `json:"id"`
	Quiz
	Seed      uint64                      `json:"seed,omitzero"`
	Phase     Phase                       `json:"phase"`
	Question  int                         `json:"question"` // the current one, from 0
	AskedAt   wire.Millis                 `json:"asked_at"`
	Deadline  wire.Millis                 `json:"deadline"`           // 0: none
	ClosedAt  wire.Millis                 `json:"closed_at,omitzero"` // of the current question
	Pauses    []Span                      `json:"pauses,omitzero"`    // of the current question
	Behind    map[wire.UserID]wire.Millis `json:"behind,omitzero"`    // who sees the current question late by how much
	Shown     []int                       `json:"shown,omitzero"`     // the order in which it is shown, if there is one
	Answered  int                         `json:"answered"`           // answers to the current question
	Counts    []int                       `json:"counts"`             // how many picked each choice, pointed into each cell, or had each part right
	Players   map[wire.UserID]*Player     `json:"players"`            // everybody who has answered, or joined a team
	Ranked    int                         `json:"ranked"`             // players that have a rank
	Board     []Place                     `json:"board"`              // the first of them, as of the last reveal
	Standings []Team                      `json:"standings,omitzero"` // of the teams

	typed *[]WordView // the words of the current question, once it is revealed; nil: to be found
}

// Player is somebody who plays.
type Player struct {
	Score   int         `json:"score"`            // as of the last reveal
	Reached wire.Millis `json:"reached,omitzero"` // when the last answer that raised it arrived
	Rank    int         `json:"rank,omitzero"`    // as of the last reveal; 0: none yet
	Streak  int         `json:"streak,omitzero"`  // right answers on end, likewise
	Team    int         `json:"team,omitzero"`    // the first is 1; 0: none
	Given   []Given     `json:"given"`            // answers, in the order of the questions
}

// Given is somebody's answer to one question.
type Given struct {
	Question int         `json:"question"`
	Choices  Picks       `json:"choices"`
	Entry    *Entry      `json:"entry,omitzero"` // in place of Choices
	At       wire.Millis `json:"at"`             // when it counts as given
	Right    bool        `json:"right,omitzero"`
	Share    float64     `json:"share,omitzero"` // of what is right, where not all is
	Points   int         `json:"points,omitzero"`
	Bonus    int         `json:"bonus,omitzero"`
}

// total is all that the answer is worth.
func (g *Given) total() int { return g.Points + g.Bonus }

// share is how much of it is right, from 0 to 1.
func (g *Given) share() float64 {
	if g.Right {
		return 1
	}
	return g.Share
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
	case Joined:
		s.Run.join(s.Run.player(h.By), e.Team)
	case Paused:
		s.Run.Pauses = append(s.Run.Pauses, Span{From: h.At})
	case Resumed:
		s.Run.resume(h.At)
	case Extended:
		s.Run.Deadline += e.By
	case Allowed:
		s.allow(e)
	case Closed:
		s.Run.resume(h.At)
		s.Run.Phase, s.Run.ClosedAt = PhaseClosed, h.At
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
		s.retire()
		s.Run = &Run{ID: e.Quiz, Quiz: *quiz, Seed: e.Seed, Players: map[wire.UserID]*Player{}}
		s.Run.Questions = drawn(e.Seed, quiz.Questions, quiz.Draw)
		if n := len(quiz.Teams); n > 0 {
			s.Run.Standings = make([]Team, n)
		}
		delete(s.Prepared, e.Quiz)
	}
	r := s.Run
	r.Phase, r.Question, r.typed = PhaseOpen, e.Question, nil
	q := r.current()
	r.AskedAt, r.Deadline, r.ClosedAt, r.Pauses, r.Behind = h.At, 0, 0, nil, e.Behind
	if limit := q.limit(); limit > 0 {
		r.Deadline = h.At + limit
	}
	r.Shown = shownOrder(r.Seed, r.Question, q)
	r.Answered, r.Counts = 0, make([]int, q.parts())
}

func (r *Run) answer(h wire.Head, e Answered) {
	p := r.player(h.By)
	if e.Team > 0 {
		r.join(p, e.Team)
	}
	q := r.current()
	reply := Reply{Choices: e.Choices, Text: e.Text.Text, Number: e.Number, Texts: texts(e.Texts), Point: e.Point}
	g := Given{Question: e.Question, At: e.At, Right: e.Right, Share: e.Share, Points: e.Points, Bonus: e.Bonus}
	r.Answered++
	if g.Entry = reply.entry(h.By, q); g.Entry == nil {
		g.Choices = picksOf(e.Choices)
		for choice := range g.Choices.All() {
			r.Counts[choice]++
		}
	} else if g.Entry.Point != nil {
		r.Counts[g.Entry.Point.cell()]++
	} else if len(r.Counts) > 0 {
		marks, _ := reply.mark(q, r.Shown)
		for part, mark := range marks {
			if mark > 0 {
				r.Counts[part]++
			}
		}
	}
	p.Given = append(p.Given, g)
}

// player returns somebody as a player, who they are from now on.
func (r *Run) player(user wire.UserID) *Player {
	p := r.Players[user]
	if p == nil {
		p = &Player{}
		r.Players[user] = p
	}
	return p
}

// resume lets the clock run again, if it stands still: the question ends later
// by as much.
func (r *Run) resume(at wire.Millis) {
	p := r.paused()
	if p == nil {
		return
	}
	p.To = at
	if r.Deadline > 0 {
		r.Deadline += at - p.From
	}
}

func (s *State) allow(e Allowed) {
	if e.Allowance == (Allowance{}) {
		delete(s.Allowed, e.User)
		return
	}
	if s.Allowed == nil {
		s.Allowed = map[wire.UserID]Allowance{}
	}
	s.Allowed[e.User] = e.Allowance
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

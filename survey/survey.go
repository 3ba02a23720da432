// Package survey asks a class how it was: a form of several items, answered as
// a whole.
//
//	draft ──Open, or the class's end──▶ open ──Close, or its time──▶ closed
//
// A draft may be edited and dropped, and only the staff knows of it. One that
// is for the end opens when the class ends. While a survey is open every
// viewer has one set of answers, and may change it; once the class is over it
// stays open for a while, until [Survey.Until]. In an anonymous survey nobody
// learns who answered what (secret.go). What is closed never changes and never
// opens again. Viewers learn nothing of the result, not even how many have
// answered, until the staff shows it.
//
// It does no I/O, starts no goroutine and reads no clock. [Decide] says what a
// command would change and [State.Apply] changes it, so replaying a room's log
// rebuilds its surveys exactly. Who answered what is in the log, unless the
// survey is anonymous; what a person may see is made by [State.Views],
// [State.Snapshot], [State.Tally], [State.Own] and [State.Mine].
package survey

import (
	"cmp"
	"slices"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// Bounds of a room's surveys.
const (
	MaxShown   = 10  // surveys that are open or closed; one more forgets the oldest that is closed
	MaxSurveys = 100 // surveys in all, with the drafts
)

// What a survey refuses.
var (
	ErrClosed   = &wire.Error{Code: "survey.closed", Text: "the survey is not open"}
	ErrOpen     = &wire.Error{Code: "survey.open", Text: "the survey is open; close it first"}
	ErrMany     = &wire.Error{Code: "survey.many", Text: "there are too many surveys; close or drop one first"}
	ErrRequired = &wire.Error{Code: "survey.required", Text: "an item that must be answered is not"}
)

// Phase is where a survey stands.
type Phase string

// The phases of a survey.
const (
	PhaseDraft  Phase = "draft"
	PhaseOpen   Phase = "open"
	PhaseClosed Phase = "closed"
)

// When says when a survey opens.
type When string

// When a survey opens.
const (
	WhenNow When = "now" // when the staff opens it
	WhenEnd When = "end" // by itself when the class ends, if it is still a draft
)

// Shown says what viewers see of the result.
type Shown string

// What viewers see: nothing, or one of these.
const (
	ShownFigures Shown = "figures" // numbers and counts
	ShownAll     Shown = "all"     // and what people wrote
)

// Form is what a survey asks.
type Form struct {
	Title     wire.Personal `json:"title"`
	Items     []Item        `json:"items"`
	When      When          `json:"when"`
	Anonymous bool          `json:"anonymous,omitzero"` // people are known by their hashes alone
	Hours     int           `json:"hours"`              // that it stays open after the class
}

// Survey is one survey of a room.
type Survey struct {
	ID uint64 `json:"id"`
	Form
	Phase   Phase                   `json:"phase"`
	At      wire.Millis             `json:"at"`             // when it was opened; a draft: when it was written
	Until   wire.Millis             `json:"until,omitzero"` // when it closes by itself; 0: not yet known
	Answers map[wire.UserID]Answers `json:"answers"`        // of everybody who has answered
	Shown   Shown                   `json:"shown,omitzero"`

	result *Result // of the answers as they are; nil: to be found
}

// Answers are what one person has answered.
type Answers struct {
	Given []Given `json:"given"` // one for each item
	Seq   uint64  `json:"seq"`   // where they were last changed
}

// known reports whether the staff may see the result: of an anonymous survey
// only when it is closed, as counts that grow would tell whose answers are new.
func (p *Survey) known() bool {
	return p.Phase == PhaseClosed || p.Phase == PhaseOpen && !p.Anonymous
}

// State is a room's surveys. The zero value has none. All its fields are part
// of a room's snapshot.
type State struct {
	Surveys map[uint64]*Survey `json:"surveys,omitzero"`

	// Secrets is set by whoever lets people answer anonymous surveys.
	Secrets Secrets `json:"-"`
}

// Apply folds e into s. It cannot fail: what could be wrong was refused by
// [Decide].
func (s *State) Apply(h wire.Head, e Event) {
	switch e := e.(type) {
	case Created:
		if s.Surveys == nil {
			s.Surveys = map[uint64]*Survey{}
		}
		p := &Survey{ID: h.Seq, Form: e.Form, Phase: PhaseDraft, At: h.At}
		s.Surveys[p.ID] = p
		if e.Open {
			s.open(p, h.At, e.Until)
		}
	case Edited:
		p := s.Surveys[e.Survey]
		p.Form = e.Form
		if e.Open {
			s.open(p, h.At, e.Until)
		}
	case Opened:
		s.open(s.Surveys[e.Survey], h.At, e.Until)
	case Answered:
		s.Surveys[e.Survey].answer(h.By, e.Answers, h.Seq)
	case Balloted:
		s.Surveys[e.Survey].answer(e.Hash, e.Answers, h.Seq)
	case Participated: // for those who follow the log
	case Revealed:
		s.Surveys[e.Survey].Shown = e.Shown
	case Closed:
		p := s.Surveys[e.Survey]
		p.Phase, p.result = PhaseClosed, nil // now with all that it has
	case Dropped:
		delete(s.Surveys, e.Survey)
	}
}

// open opens a draft. What is open already only learns until when.
func (s *State) open(p *Survey, at, until wire.Millis) {
	p.Until = until
	if p.Phase == PhaseOpen {
		return
	}
	p.Phase, p.At, p.Answers = PhaseOpen, at, map[wire.UserID]Answers{}
	shown := s.shown()
	if len(shown) <= MaxShown {
		return
	}
	for _, old := range shown {
		if old.Phase == PhaseClosed {
			delete(s.Surveys, old.ID)
			return
		}
	}
}

// answer takes the answers in place of earlier ones.
func (p *Survey) answer(user wire.UserID, given []Given, seq uint64) {
	p.Answers[user] = Answers{given, seq}
	p.result = nil
}

// Alarm is when the first of the open surveys closes by itself; the zero time
// if none does.
func (s *State) Alarm() time.Time {
	var at wire.Millis
	for _, p := range s.Surveys {
		if p.Phase == PhaseOpen && p.Until != 0 && (at == 0 || p.Until < at) {
			at = p.Until
		}
	}
	if at == 0 {
		return time.Time{}
	}
	return at.Time()
}

// shown returns the surveys that are open or closed, oldest first.
func (s *State) shown() []*Survey {
	return s.sorted(func(p *Survey) bool { return p.Phase != PhaseDraft })
}

func (s *State) drafts() []*Survey {
	return s.sorted(func(p *Survey) bool { return p.Phase == PhaseDraft })
}

func (s *State) opened() []*Survey {
	return s.sorted(func(p *Survey) bool { return p.Phase == PhaseOpen })
}

func (s *State) sorted(which func(*Survey) bool) []*Survey {
	var found []*Survey
	for _, p := range s.Surveys {
		if which(p) {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b *Survey) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.ID, b.ID))
	})
	return found
}

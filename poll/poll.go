// Package poll asks a class for its opinion and counts the votes.
//
//	draft ──Open──▶ open ──Close, a moment after it──▶ closed
//
// A draft may be edited and dropped, and only the staff knows of it. While a
// poll is open everybody has one vote, of the poll's [Kind], and may change it
// or take it back. In a secret poll nobody learns who gave what (secret.go).
// A poll that is closed while some see the class late stays open until they
// have seen that, so that its result is everybody's ([Poll.Until]).
// What people write may be taken out by a moderator (remove.go).
// The result of a hidden poll is shown to viewers once it is closed, or only
// when the staff shows it. What is closed never changes and never opens again;
// what is then to follow is said by [Outcome].
//
// It does no I/O, starts no goroutine and reads no clock. [Decide] says what a
// command would change and [State.Apply] changes it, so replaying a room's log
// rebuilds its polls exactly. Who voted for what is in the log; what a person
// may see is made by [State.Views], [State.Snapshot], [State.Tally],
// [State.Mine] and [State.Ballots].
package poll

import (
	"cmp"
	"slices"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// Bounds of a room's polls.
const (
	MaxShown = 20  // polls that are open or closed; one more forgets the oldest that is closed
	MaxPolls = 200 // polls in all, with the drafts
)

// MaxWait is how long a poll waits at most for those who see the class late.
const MaxWait wire.Millis = 5000

// What a poll refuses.
var (
	ErrClosed = &wire.Error{Code: "poll.closed", Text: "the poll is not open"}
	ErrOpen   = &wire.Error{Code: "poll.open", Text: "the poll is already open and can no longer be changed"}
	ErrSecret = &wire.Error{Code: "poll.secret", Text: "the ballot is secret"}
	ErrMany   = &wire.Error{Code: "poll.many", Text: "there are too many polls; close or drop one first"}
)

// Phase is where a poll stands.
type Phase string

// The phases of a poll.
const (
	PhaseDraft  Phase = "draft"
	PhaseOpen   Phase = "open"
	PhaseClosed Phase = "closed"
)

// Question is what a poll asks.
type Question struct {
	Text     wire.Personal       `json:"text"`
	Kind     Kind                `json:"kind,omitzero"` // "": a choice
	Choices  []wire.Personal     `json:"choices"`
	Images   []string            `json:"images,omitzero"` // of each choice, "" for none
	Max      int                 `json:"max"`             // how many choices one person may pick
	Hidden   bool                `json:"hidden,omitzero"` // viewers do not see the result as it grows
	Shown    Shown               `json:"shown,omitzero"`  // "asked", or ""
	Stars    int                 `json:"stars,omitzero"`
	Min      float64             `json:"min,omitzero"`
	MaxValue float64             `json:"max_value,omitzero"`
	Low      wire.Personal       `json:"low,omitzero"`
	High     wire.Personal       `json:"high,omitzero"`
	Words    int                 `json:"words,omitzero"`
	Weights  map[wire.UserID]int `json:"weights,omitzero"` // of those who count more than once
	Then     []*Then             `json:"then,omitzero"`    // for each choice; nil: nothing
	Quick    string              `json:"quick,omitzero"`   // which poll in one tap it is
	Secret   bool                `json:"secret,omitzero"`  // voters are known by their hashes alone
}

// Then is what follows when a choice wins.
type Then struct {
	Act   string        `json:"act"`
	Value wire.Personal `json:"value"`
}

// Poll is one poll of a room. Those who have voted are in Votes if it is a
// choice, and in Given otherwise.
type Poll struct {
	ID uint64 `json:"id"`
	Question
	Phase    Phase                  `json:"phase"`
	At       wire.Millis            `json:"at"`             // when it was opened; a draft: when it was written
	Votes    map[wire.UserID]Ballot `json:"votes"`          // of everybody who has voted
	Given    map[wire.UserID]Given  `json:"given,omitzero"` //
	Counts   []int                  `json:"counts"`         // of Votes, for each choice; of a ranking the points
	Weight   int                    `json:"weight,omitzero"`
	Until    wire.Millis            `json:"until,omitzero"`    // when it closes by itself; 0: not yet
	Revealed bool                   `json:"revealed,omitzero"` // the staff has shown the result
	Removed  []wire.Personal        `json:"removed,omitzero"`  // words that do not count, as they are counted

	result *Result // of what is given now; nil: to be found
	cloud  cloud   // how often each word was given; nil: to be counted
}

func (p *Poll) kind() Kind {
	if p.Kind == "" {
		return KindChoice
	}
	return p.Kind
}

// Has reports whether somebody has voted.
func (p *Poll) Has(user wire.UserID) bool {
	if _, ok := p.Votes[user]; ok {
		return true
	}
	_, ok := p.Given[user]
	return ok
}

func (p *Poll) voters() int { return len(p.Votes) + len(p.Given) }

// weight is how often somebody's vote counts.
func (p *Poll) weight(user wire.UserID) int { return max(1, p.Weights[user]) }

// known reports whether the staff may see the result.
func (p *Poll) known() bool {
	return p.Phase == PhaseClosed || p.Phase == PhaseOpen && !p.Secret
}

// visible reports whether viewers may see the result.
func (p *Poll) visible() bool {
	switch {
	case !p.known():
		return false
	case !p.Hidden || p.Revealed:
		return true
	}
	return p.Phase == PhaseClosed && p.Shown != ShownAsked
}

// State is a room's polls. The zero value has none. All its fields are part
// of a room's snapshot.
type State struct {
	Polls map[uint64]*Poll `json:"polls"`

	// Pseudonyms is set by whoever lets people vote in secret polls.
	Pseudonyms Pseudonyms `json:"-"`
}

// Apply folds e into s. It cannot fail: what could be wrong was refused by
// [Decide].
func (s *State) Apply(h wire.Head, e Event) {
	switch e := e.(type) {
	case Created:
		if s.Polls == nil {
			s.Polls = map[uint64]*Poll{}
		}
		p := &Poll{ID: h.Seq, Question: e.Question, Phase: PhaseDraft, At: h.At}
		s.Polls[p.ID] = p
		if e.Open {
			s.open(p, h.At)
		}
	case Edited:
		p := s.Polls[e.Poll]
		p.Question = e.Question
		if e.Open {
			s.open(p, h.At)
		}
	case Opened:
		s.open(s.Polls[e.Poll], h.At)
	case Voted:
		s.Polls[e.Poll].vote(h.By, h.Seq, e)
	case Balloted:
		s.Polls[e.Poll].vote(e.Hash, h.Seq, Voted{Poll: e.Poll, Choices: e.Choices, Value: e.Value})
	case Withdrawn:
		s.Polls[e.Poll].retract(e.Hash)
	case Participated: // for those who follow the log
	case Retracted:
		s.Polls[e.Poll].retract(h.By)
	case Removed:
		s.Polls[e.Poll].remove(e)
	case Revealed:
		s.Polls[e.Poll].Revealed = true
	case Closing:
		s.Polls[e.Poll].Until = e.Until
	case Closed:
		p := s.Polls[e.Poll]
		p.Phase, p.Until, p.result = PhaseClosed, 0, nil // now with all that it has
	case Dropped:
		delete(s.Polls, e.Poll)
	}
}

func (s *State) open(p *Poll, at wire.Millis) {
	p.Phase, p.At = PhaseOpen, at
	p.Votes = map[wire.UserID]Ballot{}
	if p.kind() != KindChoice {
		p.Given = map[wire.UserID]Given{}
	}
	p.Counts = make([]int, len(p.Choices))
	shown := s.shown()
	if len(shown) <= MaxShown {
		return
	}
	for _, old := range shown {
		if old.Phase == PhaseClosed {
			delete(s.Polls, old.ID)
			return
		}
	}
}

// Alarm is when the first of the polls closes by itself and a [Tick] is due; the
// zero time if none does.
func (s *State) Alarm() time.Time {
	var at wire.Millis
	for _, p := range s.Polls {
		if p.Phase == PhaseOpen && p.Until != 0 && (at == 0 || p.Until < at) {
			at = p.Until
		}
	}
	if at == 0 {
		return time.Time{}
	}
	return at.Time()
}

// vote takes user's vote in place of an earlier one.
func (p *Poll) vote(user wire.UserID, seq uint64, e Voted) {
	p.retract(user)
	if p.kind() == KindChoice {
		p.Votes[user] = ballotOf(e.Choices)
	} else {
		p.Given[user] = givenOf(e, seq)
	}
	p.count(user, +1)
}

// retract takes user's vote out of the poll, if there is one.
func (p *Poll) retract(user wire.UserID) {
	if !p.Has(user) {
		return
	}
	p.count(user, -1)
	delete(p.Votes, user)
	delete(p.Given, user)
}

// count adds user's vote to what is counted, or with sign −1 takes it off.
func (p *Poll) count(user wire.UserID, sign int) {
	p.result = nil
	by := sign * p.weight(user)
	if len(p.Weights) > 0 {
		p.Weight += by
	}
	for choice := range p.Votes[user].All() {
		p.Counts[choice] += by
	}
	given := p.Given[user]
	for place, choice := range given.Order { // Borda: as many points as choices are ranked below
		p.Counts[choice] += by * (len(p.Choices) - 1 - place)
	}
	if p.cloud != nil {
		p.cloud.add(given.Counted, by)
	}
}

// shown returns the polls that are open or closed, oldest first.
func (s *State) shown() []*Poll {
	return s.sorted(func(p *Poll) bool { return p.Phase != PhaseDraft })
}

func (s *State) sorted(which func(*Poll) bool) []*Poll {
	var found []*Poll
	for _, p := range s.Polls {
		if which(p) {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b *Poll) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.ID, b.ID))
	})
	return found
}

// Package poll asks a class for its opinion and counts the votes.
//
//	draft ──Open──▶ open ──Close──▶ closed
//
// A draft may be edited and dropped, and only the staff knows of it. While a
// poll is open everybody has one vote, for one choice or for several, and may
// change it. The counts of a hidden poll are shown to viewers only once it is
// closed. What is closed never changes and never opens again.
//
// It does no I/O, starts no goroutine and reads no clock. [Decide] says what a
// command would change and [State.Apply] changes it, so replaying a room's log
// rebuilds its polls exactly. Who voted for what is in the log; what a person
// may see is made by [State.Views], [State.Snapshot], [State.Tally] and
// [State.Mine].
package poll

import (
	"cmp"
	"slices"

	"github.com/lyceum-live/lyceum/wire"
)

// Bounds of a room's polls.
const (
	MaxShown = 20  // polls that are open or closed; one more forgets the oldest that is closed
	MaxPolls = 200 // polls in all, with the drafts
)

// What a poll refuses.
var (
	ErrClosed = &wire.Error{Code: "poll.closed", Text: "the poll is not open"}
	ErrOpen   = &wire.Error{Code: "poll.open", Text: "the poll is already open and can no longer be changed"}
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
	Text    wire.Personal   `json:"text"`
	Choices []wire.Personal `json:"choices"`
	Max     int             `json:"max"`             // how many choices one person may pick
	Hidden  bool            `json:"hidden,omitzero"` // viewers see the counts only once it is closed
}

// Poll is one poll of a room.
type Poll struct {
	ID uint64 `json:"id"`
	Question
	Phase  Phase                  `json:"phase"`
	At     wire.Millis            `json:"at"`     // when it was opened; a draft: when it was written
	Votes  map[wire.UserID]Ballot `json:"votes"`  // of everybody who has voted
	Counts []int                  `json:"counts"` // of Votes, for each choice
}

// State is a room's polls. The zero value has none. All its fields are part
// of a room's snapshot.
type State struct {
	Polls map[uint64]*Poll `json:"polls"`
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
		s.Polls[e.Poll].vote(h.By, ballotOf(e.Choices))
	case Closed:
		s.Polls[e.Poll].Phase = PhaseClosed
	case Dropped:
		delete(s.Polls, e.Poll)
	}
}

func (s *State) open(p *Poll, at wire.Millis) {
	p.Phase, p.At = PhaseOpen, at
	p.Votes = map[wire.UserID]Ballot{}
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

// vote counts b as user's vote, in place of an earlier one.
func (p *Poll) vote(user wire.UserID, b Ballot) {
	for choice := range p.Votes[user].All() {
		p.Counts[choice]--
	}
	for choice := range b.All() {
		p.Counts[choice]++
	}
	p.Votes[user] = b
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

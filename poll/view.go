package poll

import (
	"slices"

	"github.com/lyceum-live/lyceum/wire"
)

type (
	// View is a poll as an audience sees it.
	View struct {
		ID      uint64      `json:"id"`
		Text    string      `json:"text"`
		Choices []string    `json:"choices"`
		Max     int         `json:"max"`
		Hidden  bool        `json:"hidden"`
		Phase   Phase       `json:"phase"`
		At      wire.Millis `json:"at"`
		Voters  int         `json:"voters"`
		Counts  *[]int      `json:"counts"` // null where this audience may not see it yet
	}
	// TallyView is the data of the signal "poll.tally".
	TallyView struct {
		Poll   uint64 `json:"poll"`
		Voters int    `json:"voters"`
		Counts *[]int `json:"counts"`
	}
	// MineView is the data of the personal view "poll.mine".
	MineView struct {
		Poll    uint64 `json:"poll"`
		Choices []int  `json:"choices"`
	}
	// DroppedView is the data of "poll.dropped".
	DroppedView struct {
		Poll uint64 `json:"poll"`
	}
)

// Views returns what people see of e, which has just been applied: everybody
// all, but the staff another view if there is one, and single persons what
// concerns them. A view that is for the staff only leaves all nil.
func (s *State) Views(h wire.Head, e Event, _ func(wire.UserID) wire.Person) (all, staff *wire.View, personal map[wire.UserID]wire.View) {
	switch e := e.(type) {
	case Created:
		all, staff = s.changed(h.Seq)
	case Edited:
		all, staff = s.changed(e.Poll)
	case Opened:
		all, staff = s.changed(e.Poll)
	case Closed:
		all, staff = s.changed(e.Poll)
	case Dropped:
		staff = &wire.View{Type: "poll.dropped", Data: DroppedView(e)}
	case Voted:
		personal = map[wire.UserID]wire.View{h.By: {Type: "poll.mine", Data: MineView(e)}}
	}
	return all, staff, personal
}

func (s *State) changed(id uint64) (all, staff *wire.View) {
	p := s.Polls[id]
	switch {
	case p.Phase == PhaseDraft:
		return nil, &wire.View{Type: "poll.drafted", Data: p.view(true)}
	case p.Phase == PhaseClosed:
		return &wire.View{Type: "poll.closed", Data: p.view(false)}, nil
	case p.Hidden:
		staff = &wire.View{Type: "poll.opened", Data: p.view(true)}
	}
	return &wire.View{Type: "poll.opened", Data: p.view(false)}, staff
}

// Snapshot returns the polls that are open or closed, oldest first.
func (s *State) Snapshot(staff bool) []View { return views(s.shown(), staff) }

// Drafts returns the drafts, oldest first: for the staff only.
func (s *State) Drafts() []View {
	return views(s.sorted(func(p *Poll) bool { return p.Phase == PhaseDraft }), true)
}

// OpenIDs returns the polls that are open, oldest first.
func (s *State) OpenIDs() []uint64 {
	var ids []uint64
	for _, p := range s.sorted(func(p *Poll) bool { return p.Phase == PhaseOpen }) {
		ids = append(ids, p.ID)
	}
	return ids
}

// Mine returns what user voted in each poll that is open or closed.
func (s *State) Mine(user wire.UserID) map[uint64][]int {
	mine := map[uint64][]int{}
	for id, p := range s.Polls {
		if b, voted := p.Votes[user]; voted {
			mine[id] = slices.Collect(b.All())
		}
	}
	return mine
}

// Tally returns the signal with the counts of an open poll as they stand.
func (s *State) Tally(id uint64, staff bool) (wire.View, bool) {
	p := s.Polls[id]
	if p == nil || p.Phase != PhaseOpen {
		return wire.View{}, false
	}
	return wire.View{Type: "poll.tally", Data: TallyView{p.ID, len(p.Votes), p.counts(staff)}}, true
}

func views(polls []*Poll, staff bool) []View {
	out := make([]View, len(polls))
	for i, p := range polls {
		out[i] = p.view(staff)
	}
	return out
}

func (p *Poll) view(staff bool) View {
	v := View{
		ID: p.ID, Text: p.Text.Text, Max: p.Max, Hidden: p.Hidden, Phase: p.Phase, At: p.At,
		Voters: len(p.Votes), Counts: p.counts(staff),
	}
	for _, choice := range p.Choices {
		v.Choices = append(v.Choices, choice.Text)
	}
	return v
}

// counts returns a copy of the counts if the audience may see them.
func (p *Poll) counts(staff bool) *[]int {
	if p.Phase == PhaseDraft || p.Hidden && p.Phase == PhaseOpen && !staff {
		return nil
	}
	counts := slices.Clone(p.Counts)
	return &counts
}

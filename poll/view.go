package poll

import (
	"slices"

	"github.com/lyceum-live/lyceum/wire"
)

type (
	// View is a poll as an audience sees it.
	View struct {
		ID       uint64              `json:"id"`
		Text     string              `json:"text"`
		Kind     Kind                `json:"kind,omitzero"` // absent: a choice
		Choices  []string            `json:"choices"`
		Images   []string            `json:"images,omitzero"` // of each choice, "" for none
		Max      int                 `json:"max"`
		Hidden   bool                `json:"hidden"`
		Shown    Shown               `json:"shown,omitzero"` // "asked", where the staff shows the result
		Revealed bool                `json:"revealed,omitzero"`
		Stars    int                 `json:"stars,omitzero"`
		Min      float64             `json:"min,omitzero"`
		MaxValue float64             `json:"max_value,omitzero"`
		Low      string              `json:"low,omitzero"`
		High     string              `json:"high,omitzero"`
		Words    int                 `json:"words,omitzero"`
		Quick    string              `json:"quick,omitzero"`
		Secret   bool                `json:"secret,omitzero"`
		Weighted bool                `json:"weighted,omitzero"` // not everybody counts once
		Weights  map[wire.UserID]int `json:"weights,omitzero"`  // staff only
		Then     []*Act              `json:"then,omitzero"`     // staff only
		Phase    Phase               `json:"phase"`
		At       wire.Millis         `json:"at"`
		Closes   wire.Millis         `json:"closes_at,omitzero"` // by itself, for some see the class late
		Voters   int                 `json:"voters"`
		Weight   int                 `json:"weight,omitzero"` // of the voters together, where it is weighted
		Counts   *[]int              `json:"counts"`          // null where this audience may not see it yet, or the kind has none
		Result   *Result             `json:"result,omitzero"` // likewise absent
	}
	// TallyView is the data of the signal "poll.tally".
	TallyView struct {
		Poll   uint64  `json:"poll"`
		Voters int     `json:"voters"`
		Weight int     `json:"weight,omitzero"`
		Counts *[]int  `json:"counts"`
		Result *Result `json:"result,omitzero"`
	}
	// MineView is the data of the personal view "poll.mine": one's own vote, or
	// nothing if it was taken back.
	MineView struct {
		Poll    uint64 `json:"poll"`
		Choices []int  `json:"choices"`
		BallotView
	}
	// BallotView is one's own vote in a poll that is not a choice or ranking.
	BallotView struct {
		Value *float64 `json:"value,omitzero"`
		Text  string   `json:"text,omitzero"`
		Words []string `json:"words,omitzero"`
	}
	// Ballots are one's own votes, by poll.
	Ballots map[uint64]BallotView
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
	case Closing:
		all, staff = s.Polls[e.Poll].views("poll.changed")
	case Closed:
		all, staff = s.changed(e.Poll)
	case Dropped:
		staff = &wire.View{Type: "poll.dropped", Data: DroppedView(e)}
	case Revealed:
		p := s.Polls[e.Poll]
		all, staff = p.views("poll.shown")
	case Removed:
		all, staff = s.Polls[e.Poll].views("poll.changed")
		personal = map[wire.UserID]wire.View{}
		for _, user := range e.Whose {
			personal[user] = wire.View{Type: "poll.mine", Data: s.Own(e.Poll, user)}
		}
	case Voted:
		personal = map[wire.UserID]wire.View{h.By: {Type: "poll.mine", Data: s.Own(e.Poll, h.By)}}
	case Retracted:
		personal = map[wire.UserID]wire.View{h.By: {Type: "poll.mine", Data: s.Own(e.Poll, h.By)}}
	}
	return all, staff, personal
}

func (s *State) changed(id uint64) (all, staff *wire.View) {
	p := s.Polls[id]
	switch p.Phase {
	case PhaseDraft:
		return nil, &wire.View{Type: "poll.drafted", Data: p.view(true)}
	case PhaseClosed:
		return p.views("poll.closed")
	}
	return p.views("poll.opened")
}

// views returns p for all and, if they see more of it, for the staff.
func (p *Poll) views(kind string) (all, staff *wire.View) {
	if !p.visible() || len(p.Weights) > 0 || len(p.Then) > 0 {
		staff = &wire.View{Type: kind, Data: p.view(true)}
	}
	return &wire.View{Type: kind, Data: p.view(false)}, staff
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

// Mine returns what user gave in each poll that is open or closed: the choices
// they picked or ranked, and what they gave in polls of another kind.
func (s *State) Mine(user wire.UserID) (choices map[uint64][]int, ballots Ballots) {
	choices = map[uint64][]int{}
	for id := range s.Polls {
		v := s.Own(id, user)
		if len(v.Choices) > 0 {
			choices[id] = v.Choices
		}
		if v.Value != nil || v.Text != "" || len(v.Words) > 0 {
			if ballots == nil {
				ballots = Ballots{}
			}
			ballots[id] = v.BallotView
		}
	}
	return choices, ballots
}

// Own returns what user gave in a poll: nothing in a secret one that is closed.
func (s *State) Own(id uint64, user wire.UserID) MineView {
	p := s.Polls[id]
	name, err := s.voter(p, user)
	if err != nil {
		return MineView{Poll: id}
	}
	return p.mine(name)
}

func (p *Poll) mine(user wire.UserID) MineView {
	v := MineView{Poll: p.ID, Choices: slices.Collect(p.Votes[user].All())}
	given, ok := p.Given[user]
	switch kind := p.kind(); {
	case !ok:
	case kind == KindRanking:
		v.Choices = slices.Clone(given.Order)
	case kind == KindText:
		v.Text = given.Text.Text
	case kind == KindCloud:
		for _, w := range given.Words {
			v.Words = append(v.Words, w.Text)
		}
	default:
		v.Value = &given.Value
	}
	return v
}

// Tally returns the signal with the result of an open poll as it stands.
func (s *State) Tally(id uint64, staff bool) (wire.View, bool) {
	p := s.Polls[id]
	if p == nil || p.Phase != PhaseOpen {
		return wire.View{}, false
	}
	v := TallyView{Poll: p.ID, Voters: p.voters()}
	if p.visible() || staff && p.known() {
		v.Weight, v.Counts, v.Result = p.Weight, p.counts(), p.outcome()
	}
	return wire.View{Type: "poll.tally", Data: v}, true
}

// Voted returns who has voted in a poll. Of a secret one nobody is told.
func (s *State) Voted(id uint64) (has func(wire.UserID) bool, err error) {
	p := s.Polls[id]
	switch {
	case p == nil || p.Phase == PhaseDraft:
		return nil, wire.ErrNotFound.In("poll")
	case p.Secret:
		return nil, ErrSecret
	}
	return p.Has, nil
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
		ID: p.ID, Text: p.Text.Text, Kind: p.Kind, Images: p.Images, Max: p.Max, Hidden: p.Hidden, Shown: p.Shown, Revealed: p.Revealed,
		Stars: p.Stars, Min: p.Min, MaxValue: p.MaxValue, Low: p.Low.Text, High: p.High.Text, Words: p.Words, Quick: p.Quick, Secret: p.Secret,
		Weighted: len(p.Weights) > 0, Phase: p.Phase, At: p.At, Closes: p.Until, Voters: p.voters(),
	}
	for _, choice := range p.Choices {
		v.Choices = append(v.Choices, choice.Text)
	}
	if staff {
		v.Weights = p.Weights
		for _, then := range p.Then {
			var act *Act
			if then != nil {
				act = &Act{then.Act, then.Value.Text}
			}
			v.Then = append(v.Then, act)
		}
	}
	if p.visible() || staff && p.known() {
		v.Weight, v.Counts, v.Result = p.Weight, p.counts(), p.outcome()
	}
	return v
}

// counts returns a copy of the counts of the choices, if there are choices.
func (p *Poll) counts() *[]int {
	if len(p.Choices) == 0 {
		return nil
	}
	counts := slices.Clone(p.Counts)
	return &counts
}

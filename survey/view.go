package survey

import (
	"github.com/lyceum-live/lyceum/wire"
)

type (
	// View is a survey as an audience sees it.
	View struct {
		ID        uint64      `json:"id"`
		Title     string      `json:"title"`
		Items     []Draft     `json:"items"`
		When      When        `json:"when"`
		Anonymous bool        `json:"anonymous,omitzero"`
		Hours     int         `json:"hours,omitzero"` // staff only
		Phase     Phase       `json:"phase"`
		At        wire.Millis `json:"at"`
		Until     wire.Millis `json:"until,omitzero"`
		Shown     Shown       `json:"shown,omitzero"`
		Answered  int         `json:"answered,omitzero"` // people; staff only
		Result    *Result     `json:"result,omitzero"`   // absent where this audience may not see it
	}
	// TallyView is the data of the signal "survey.tally", which is for the staff.
	TallyView struct {
		Survey   uint64  `json:"survey"`
		Answered int     `json:"answered"`
		Result   *Result `json:"result,omitzero"`
	}
	// MineView is the data of the personal view "survey.mine": one's own answers,
	// null for each that is left open.
	MineView struct {
		Survey  uint64   `json:"survey"`
		Answers []*Reply `json:"answers"`
	}
	// DroppedView is the data of "survey.dropped".
	DroppedView struct {
		Survey uint64 `json:"survey"`
	}
)

// Views returns what people see of e, which has just been applied: everybody
// all, but the staff another view if there is one, and single persons what
// concerns them. A view that is for the staff only leaves all nil.
func (s *State) Views(h wire.Head, e Event) (all, staff *wire.View, personal map[wire.UserID]wire.View) {
	switch e := e.(type) {
	case Created:
		all, staff = s.changed(h.Seq)
	case Edited:
		all, staff = s.changed(e.Survey)
	case Opened:
		all, staff = s.changed(e.Survey)
	case Closed:
		all, staff = s.changed(e.Survey)
	case Dropped:
		staff = &wire.View{Type: "survey.dropped", Data: DroppedView(e)}
	case Revealed:
		all, staff = s.Surveys[e.Survey].views("survey.shown")
	case Answered:
		personal = map[wire.UserID]wire.View{h.By: {Type: "survey.mine", Data: s.Own(e.Survey, h.By)}}
	}
	return all, staff, personal
}

func (s *State) changed(id uint64) (all, staff *wire.View) {
	p := s.Surveys[id]
	switch p.Phase {
	case PhaseDraft:
		return nil, &wire.View{Type: "survey.drafted", Data: p.view(true)}
	case PhaseClosed:
		return p.views("survey.closed")
	}
	return p.views("survey.opened")
}

func (p *Survey) views(kind string) (all, staff *wire.View) {
	return &wire.View{Type: kind, Data: p.view(false)}, &wire.View{Type: kind, Data: p.view(true)}
}

// Snapshot returns the surveys that are open or closed, oldest first. Viewers
// do not see what is closed unless its result is shown.
func (s *State) Snapshot(staff bool) []View {
	var out []View
	for _, p := range s.shown() {
		if staff || p.Phase == PhaseOpen || p.Shown != "" {
			out = append(out, p.view(staff))
		}
	}
	return out
}

// Drafts returns the drafts, oldest first: for the staff only.
func (s *State) Drafts() []View {
	var out []View
	for _, p := range s.drafts() {
		out = append(out, p.view(true))
	}
	return out
}

// OpenIDs returns the surveys that are open, oldest first.
func (s *State) OpenIDs() []uint64 {
	var ids []uint64
	for _, p := range s.opened() {
		ids = append(ids, p.ID)
	}
	return ids
}

// Own returns what user answered: nothing in an anonymous survey that is closed.
func (s *State) Own(id uint64, user wire.UserID) MineView {
	v := MineView{Survey: id}
	p := s.Surveys[id]
	if p == nil {
		return v
	}
	name, _, err := s.pen(p, user)
	if err != nil {
		return v
	}
	for _, g := range p.Answers[name].Given {
		v.Answers = append(v.Answers, g.reply())
	}
	return v
}

// Mine returns what user answered in each survey that is open or closed.
func (s *State) Mine(user wire.UserID) map[uint64][]*Reply {
	var mine map[uint64][]*Reply
	for id := range s.Surveys {
		if v := s.Own(id, user); len(v.Answers) > 0 {
			if mine == nil {
				mine = map[uint64][]*Reply{}
			}
			mine[id] = v.Answers
		}
	}
	return mine
}

// Tally returns the signal with the result of an open survey as it stands: for
// the staff only.
func (s *State) Tally(id uint64) (wire.View, bool) {
	p := s.Surveys[id]
	if p == nil || p.Phase != PhaseOpen {
		return wire.View{}, false
	}
	v := TallyView{Survey: p.ID, Answered: len(p.Answers)}
	if p.known() {
		v.Result = p.outcome()
	}
	return wire.View{Type: "survey.tally", Data: v}, true
}

func (p *Survey) view(staff bool) View {
	v := View{
		ID: p.ID, Title: p.Title.Text, When: p.When, Anonymous: p.Anonymous, Phase: p.Phase, At: p.At, Until: p.Until, Shown: p.Shown,
	}
	for _, item := range p.Items {
		v.Items = append(v.Items, item.draft())
	}
	switch {
	case staff:
		v.Hours, v.Answered = p.Hours, len(p.Answers)
		if p.known() {
			v.Result = p.outcome()
		}
	case p.Shown == ShownAll:
		v.Result = p.outcome()
	case p.Shown == ShownFigures:
		v.Result = p.outcome().figures()
	}
	return v
}

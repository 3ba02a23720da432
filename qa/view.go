package qa

import (
	"cmp"
	"maps"
	"slices"

	"github.com/lyceum-live/lyceum/wire"
)

type (
	// QuestionView is a question as its audience sees it. By has neither id nor
	// name where it was asked anonymously.
	QuestionView struct {
		ID         uint64      `json:"id"`
		By         wire.Person `json:"by"`
		Anonymous  bool        `json:"anonymous,omitzero"`
		Text       string      `json:"text"`
		At         wire.Millis `json:"at"`
		Votes      int         `json:"votes"`
		Pinned     bool        `json:"pinned"`
		Focus      bool        `json:"focus,omitzero"` // being answered now
		Answered   bool        `json:"answered"`
		State      string      `json:"state"` // waiting, open, answered, dismissed, rejected
		Labels     []string    `json:"labels,omitzero"`
		Merged     []uint64    `json:"merged,omitzero"`      // questions that are part of this one
		IsQuestion bool        `json:"is_question,omitzero"` // something is asked in it
		Answers    []ReplyView `json:"answers"`
	}
	// ReplyView is a written answer, or a reply to one.
	ReplyView struct {
		ID     uint64      `json:"id"`
		By     wire.Person `json:"by"`
		Text   string      `json:"text"`
		At     wire.Millis `json:"at"`
		Answer uint64      `json:"answer,omitzero"` // that it replies to
		Expert bool        `json:"expert,omitzero"`
	}
	// AnsweredView is the data of "qa.answered".
	AnsweredView struct {
		Question uint64     `json:"question"`
		Answer   *ReplyView `json:"answer"` // null: aloud
		Answered bool       `json:"answered"`
	}
	// RepliedView is the data of "qa.replied".
	RepliedView struct {
		Question uint64    `json:"question"`
		Answer   ReplyView `json:"answer"`
	}
	// PinnedView is the data of "qa.pinned" and "qa.focused".
	PinnedView struct {
		Question uint64 `json:"question"` // 0: none is now
	}
	// MergedView is the data of "qa.merged".
	MergedView struct {
		From uint64       `json:"from"` // is no longer on the board
		Into QuestionView `json:"into"`
	}
	// HeldView is the data of "qa.held".
	HeldView struct {
		Hold bool `json:"hold"`
	}
	// ExpertsView is the data of "qa.experts".
	ExpertsView struct {
		Experts []wire.Person `json:"experts"`
	}
	// BoardView is how a board is run.
	BoardView struct {
		Hold    bool          `json:"hold"`
		Experts []wire.Person `json:"experts"`
	}
	// OwnView is what the board has of one person that no other view shows to
	// be theirs. It is the data of "qa.mine".
	OwnView struct {
		Asked []uint64       `json:"asked"` // anonymous, or merged into others
		Held  []QuestionView `json:"held"`  // that wait for approval or were rejected
	}
	// DeletedView is the data of "qa.deleted".
	DeletedView struct {
		ID uint64 `json:"id"` // a question or an answer
	}
	// VotesView is the data of the signal "qa.votes".
	VotesView struct {
		Votes map[uint64]int `json:"votes"`
	}
)

// Views returns what people see of e, which has just been applied: all is for
// viewers, and for the staff where staff is nil. A vote is nobody's view and
// shows in [State.Votes].
func (s *State) Views(h wire.Head, e Event, who func(wire.UserID) wire.Person) (all, staff *wire.View, personal map[wire.UserID]wire.View) {
	switch e := e.(type) {
	case Asked:
		view := &wire.View{Type: "qa.asked", Data: s.view(s.Questions[h.Seq], who)}
		switch {
		case e.Held:
			return nil, view, s.mine(h.By, who)
		case e.Anonymous:
			return view, nil, s.mine(h.By, who)
		}
		all = view
	case Answered:
		v := AnsweredView{Question: e.Question, Answered: true}
		if !e.Aloud {
			v.Answer = &ReplyView{h.Seq, who(h.By), e.Text.Text, h.At, 0, e.Expert}
		}
		all = &wire.View{Type: "qa.answered", Data: v}
	case Replied:
		all = &wire.View{Type: "qa.replied", Data: RepliedView{e.Question, ReplyView{h.Seq, who(h.By), e.Text.Text, h.At, e.Answer, e.Expert}}}
	case Labelled:
		return s.changed(e.Question, who)
	case Dismissed:
		return s.changed(e.Question, who)
	case Restored:
		return s.changed(e.Question, who)
	case Approved:
		return &wire.View{Type: "qa.asked", Data: s.view(s.Questions[e.Question], who)}, nil, s.mine(e.Asker, who)
	case Rejected:
		return nil, &wire.View{Type: "qa.deleted", Data: DeletedView{e.Question}}, s.mine(s.Questions[e.Question].By, who)
	case Merged:
		all = &wire.View{Type: "qa.merged", Data: MergedView{e.From, s.view(s.Questions[e.Into], who)}}
		return all, nil, s.mine(s.Questions[e.From].By, who)
	case Held:
		all = &wire.View{Type: "qa.held", Data: HeldView{s.Hold}}
	case Invited:
		all = &wire.View{Type: "qa.experts", Data: ExpertsView{s.experts(who)}}
	case Focused:
		all = &wire.View{Type: "qa.focused", Data: PinnedView{s.Focus}}
	case Pinned, Unpinned:
		all = &wire.View{Type: "qa.pinned", Data: PinnedView{s.Pinned}}
	case Deleted:
		view := &wire.View{Type: "qa.deleted", Data: DeletedView{e.Item}}
		if e.Asker != "" {
			personal = s.mine(e.Asker, who)
		}
		if e.Held {
			return nil, view, personal
		}
		return view, nil, personal
	}
	return all, staff, personal
}

// changed is the view of a question that stands otherwise now.
func (s *State) changed(id uint64, who func(wire.UserID) wire.Person) (all, staff *wire.View, personal map[wire.UserID]wire.View) {
	q := s.Questions[id]
	view := &wire.View{Type: "qa.changed", Data: s.view(q, who)}
	if q.Status == Waits {
		return nil, view, s.mine(q.By, who)
	}
	return view, nil, nil
}

func (s *State) mine(user wire.UserID, who func(wire.UserID) wire.Person) map[wire.UserID]wire.View {
	return map[wire.UserID]wire.View{user: {Type: "qa.mine", Data: s.Own(user, who)}}
}

// Own returns what the board has of user that no other view shows to be
// theirs.
func (s *State) Own(user wire.UserID, who func(wire.UserID) wire.Person) OwnView {
	var v OwnView
	m := s.Members[user]
	if m == nil {
		return v
	}
	for _, id := range m.Own {
		switch q := s.Questions[id]; {
		case q.Status == Waits || q.Status == Refused:
			v.Held = append(v.Held, s.view(q, who))
		default:
			v.Asked = append(v.Asked, id)
		}
	}
	return v
}

// Run returns how the board is run, nil where nothing is out of the ordinary.
func (s *State) Run(who func(wire.UserID) wire.Person) *BoardView {
	if !s.Hold && len(s.Experts) == 0 {
		return nil
	}
	return &BoardView{s.Hold, s.experts(who)}
}

func (s *State) experts(who func(wire.UserID) wire.Person) []wire.Person {
	experts := make([]wire.Person, 0, len(s.Experts))
	for _, user := range slices.Sorted(maps.Keys(s.Experts)) {
		experts = append(experts, who(user))
	}
	return experts
}

// Snapshot returns the board, at most [MaxShown] questions of it: first what
// is being answered and the pinned one, then what waits for an answer with the
// most votes first, then what was answered and what was set aside, newest
// first. For the staff, what waits for approval follows, oldest first.
func (s *State) Snapshot(who func(wire.UserID) wire.Person, staff bool) []QuestionView {
	shown := s.shown()
	if staff {
		shown = append(shown, s.held()...)
	}
	out := make([]QuestionView, len(shown))
	for i, q := range shown {
		out[i] = s.view(q, who)
	}
	return out
}

// IDs returns the questions of a viewer's snapshot, in its order.
func (s *State) IDs() []uint64 {
	shown := s.shown()
	ids := make([]uint64, len(shown))
	for i, q := range shown {
		ids[i] = q.ID
	}
	return ids
}

// Since returns the questions that everybody sees and that were asked after a
// position, in no order.
func (s *State) Since(after uint64) []uint64 {
	var ids []uint64
	for id, q := range s.Questions {
		if id > after && q.visible(false) {
			ids = append(ids, id)
		}
	}
	return ids
}

// Mine returns the questions that user has voted for, in order.
func (s *State) Mine(user wire.UserID) []uint64 {
	if m := s.Members[user]; m != nil {
		return slices.Sorted(maps.Keys(m.Upvotes))
	}
	return nil
}

// Votes returns the signal with the votes of these questions as they stand.
// Those that are gone are left out.
func (s *State) Votes(ids []uint64) wire.View {
	votes := make(map[uint64]int, len(ids))
	for _, id := range ids {
		if q := s.Questions[id]; q != nil && q.visible(false) {
			votes[id] = q.Votes
		}
	}
	return wire.View{Type: "qa.votes", Data: VotesView{votes}}
}

// visible reports whether an audience sees q at all.
func (q *Question) visible(staff bool) bool {
	switch q.Status {
	case OnBoard, SetAside:
		return true
	case Waits:
		return staff
	}
	return false
}

func (s *State) shown() []*Question {
	var all []*Question
	for _, q := range s.Questions {
		if q.visible(false) {
			all = append(all, q)
		}
	}
	slices.SortFunc(all, s.compare)
	return all[:min(len(all), MaxShown)]
}

// held returns what waits for approval, oldest first.
func (s *State) held() []*Question {
	var held []*Question
	for _, q := range s.Questions {
		if q.Status == Waits {
			held = append(held, q)
		}
	}
	slices.SortFunc(held, func(a, b *Question) int { return cmp.Compare(a.ID, b.ID) })
	return held
}

// Shelves of the board, in order.
const (
	inFocus = iota
	inFront
	toAnswer
	settled
	aside
)

// compare orders the board.
func (s *State) compare(a, b *Question) int {
	shelf := s.shelf(a)
	if c := cmp.Compare(shelf, s.shelf(b)); c != 0 {
		return c
	}
	if shelf >= settled {
		return cmp.Compare(b.ID, a.ID)
	}
	return cmp.Or(cmp.Compare(b.Votes, a.Votes), cmp.Compare(a.ID, b.ID))
}

// shelf is the part of the board that q stands on.
func (s *State) shelf(q *Question) int {
	switch {
	case q.ID == s.Focus:
		return inFocus
	case q.ID == s.Pinned:
		return inFront
	case q.Status == SetAside:
		return aside
	case q.Answered:
		return settled
	}
	return toAnswer
}

// state names where q stands.
func (q *Question) state() string {
	switch {
	case q.Status != OnBoard:
		return string(q.Status)
	case q.Answered:
		return "answered"
	}
	return "open"
}

// asker is whom others see as q's.
func (q *Question) asker(who func(wire.UserID) wire.Person) wire.Person {
	if q.Anonymous {
		return wire.Person{Role: wire.Viewer}
	}
	return who(q.By)
}

func (s *State) view(q *Question, who func(wire.UserID) wire.Person) QuestionView {
	v := QuestionView{
		ID: q.ID, By: q.asker(who), Anonymous: q.Anonymous, Text: q.Text.Text, At: q.At,
		Votes: q.Votes, Pinned: q.ID == s.Pinned, Focus: q.ID == s.Focus, Answered: q.Answered,
		State: q.state(), Labels: q.Labels, Merged: q.Merged, IsQuestion: q.asks.In(q.Text.Text),
	}
	for _, r := range q.Answers {
		v.Answers = append(v.Answers, ReplyView{r.ID, who(r.By), r.Text.Text, r.At, r.Answer, r.Expert})
	}
	return v
}

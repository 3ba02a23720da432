package qa

import (
	"cmp"
	"maps"
	"slices"

	"github.com/lyceum-live/lyceum/wire"
)

type (
	// QuestionView is a question as everybody sees it.
	QuestionView struct {
		ID       uint64      `json:"id"`
		By       wire.Person `json:"by"`
		Text     string      `json:"text"`
		At       wire.Millis `json:"at"`
		Votes    int         `json:"votes"`
		Pinned   bool        `json:"pinned"`
		Answered bool        `json:"answered"`
		Answers  []ReplyView `json:"answers"`
	}
	// ReplyView is a written answer.
	ReplyView struct {
		ID   uint64      `json:"id"`
		By   wire.Person `json:"by"`
		Text string      `json:"text"`
		At   wire.Millis `json:"at"`
	}
	// AnsweredView is the data of "qa.answered".
	AnsweredView struct {
		Question uint64     `json:"question"`
		Answer   *ReplyView `json:"answer"` // null: aloud
		Answered bool       `json:"answered"`
	}
	// PinnedView is the data of "qa.pinned".
	PinnedView struct {
		Question uint64 `json:"question"` // 0: none is pinned now
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

// Views returns what people see of e, which has just been applied. On the
// board everybody sees the same, so staff and personal are always nil; a vote
// is nobody's view and shows in [State.Votes].
func (s *State) Views(h wire.Head, e Event, who func(wire.UserID) wire.Person) (all, staff *wire.View, personal map[wire.UserID]wire.View) {
	switch e := e.(type) {
	case Asked:
		all = &wire.View{Type: "qa.asked", Data: s.view(s.Questions[h.Seq], who)}
	case Answered:
		v := AnsweredView{Question: e.Question, Answered: true}
		if !e.Aloud {
			v.Answer = &ReplyView{h.Seq, who(h.By), e.Text.Text, h.At}
		}
		all = &wire.View{Type: "qa.answered", Data: v}
	case Pinned, Unpinned:
		all = &wire.View{Type: "qa.pinned", Data: PinnedView{s.Pinned}}
	case Deleted:
		all = &wire.View{Type: "qa.deleted", Data: DeletedView{e.Item}}
	}
	return all, nil, nil
}

// Snapshot returns the board, at most [MaxShown] questions of it: first the
// pinned one, then what waits for an answer with the most votes first, then
// what was answered, newest first.
func (s *State) Snapshot(who func(wire.UserID) wire.Person) []QuestionView {
	shown := s.shown()
	out := make([]QuestionView, len(shown))
	for i, q := range shown {
		out[i] = s.view(q, who)
	}
	return out
}

// IDs returns the questions of a snapshot, in its order.
func (s *State) IDs() []uint64 {
	shown := s.shown()
	ids := make([]uint64, len(shown))
	for i, q := range shown {
		ids[i] = q.ID
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
		if q := s.Questions[id]; q != nil {
			votes[id] = q.Votes
		}
	}
	return wire.View{Type: "qa.votes", Data: VotesView{votes}}
}

func (s *State) shown() []*Question {
	all := slices.SortedFunc(maps.Values(s.Questions), s.compare)
	return all[:min(len(all), MaxShown)]
}

// compare orders the board.
func (s *State) compare(a, b *Question) int {
	if c := cmp.Compare(s.shelf(a), s.shelf(b)); c != 0 {
		return c
	}
	if a.Answered && b.Answered {
		return cmp.Compare(b.ID, a.ID)
	}
	return cmp.Or(cmp.Compare(b.Votes, a.Votes), cmp.Compare(a.ID, b.ID))
}

// shelf is the part of the board that q stands on.
func (s *State) shelf(q *Question) int {
	switch {
	case q.ID == s.Pinned:
		return 0
	case !q.Answered:
		return 1
	}
	return 2
}

func (s *State) view(q *Question, who func(wire.UserID) wire.Person) QuestionView {
	v := QuestionView{
		ID: q.ID, By: who(q.By), Text: q.Text.Text, At: q.At,
		Votes: q.Votes, Pinned: q.ID == s.Pinned, Answered: q.Answered,
	}
	for _, r := range q.Answers {
		v.Answers = append(v.Answers, ReplyView{r.ID, who(r.By), r.Text.Text, r.At})
	}
	return v
}

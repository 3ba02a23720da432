package report

import (
	"cmp"
	"maps"
	"slices"

	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/survey"
	"github.com/lyceum-live/lyceum/wire"
)

// Polls and surveys are folded by their own rules, each in a state of its own,
// in which it is the only one: a room forgets the oldest, a report does not.

type pollFold struct {
	state        poll.State
	closed       wire.Millis
	participants map[wire.UserID]struct{} // of a secret poll that is closed
}

type surveyFold struct {
	state        survey.State
	closed       wire.Millis
	participants map[wire.UserID]struct{} // of an anonymous survey that is closed
}

func (f *Fold) applyPoll(h wire.Head, e poll.Event) {
	id := uint64(0)
	switch e := e.(type) {
	case poll.Created:
		id = h.Seq
		f.polls[id] = &pollFold{}
	case poll.Edited:
		id = e.Poll
	case poll.Opened:
		id = e.Poll
	case poll.Voted:
		id = e.Poll
	case poll.Retracted:
		id = e.Poll
	case poll.Balloted:
		id = e.Poll
	case poll.Withdrawn:
		id = e.Poll
	case poll.Removed:
		id = e.Poll
	case poll.Closing:
		id = e.Poll
	case poll.Revealed:
		id = e.Poll
	case poll.Participated:
		if p := f.polls[e.Poll]; p != nil {
			p.participants = added(p.participants, e.Users)
		}
		return
	case poll.Closed:
		if id = e.Poll; f.polls[id] != nil {
			f.polls[id].closed = h.At
		}
	case poll.Dropped:
		delete(f.polls, e.Poll)
		return
	}
	if p := f.polls[id]; p != nil && (p.state.Polls[id] != nil || id == h.Seq) {
		p.state.Apply(h, e)
	}
}

func (f *Fold) applySurvey(h wire.Head, e survey.Event) {
	id := uint64(0)
	switch e := e.(type) {
	case survey.Created:
		id = h.Seq
		f.surveys[id] = &surveyFold{}
	case survey.Edited:
		id = e.Survey
	case survey.Opened:
		id = e.Survey
	case survey.Answered:
		id = e.Survey
	case survey.Balloted:
		id = e.Survey
	case survey.Revealed:
		id = e.Survey
	case survey.Participated:
		if p := f.surveys[e.Survey]; p != nil {
			p.participants = added(p.participants, e.Users)
		}
		return
	case survey.Closed:
		if id = e.Survey; f.surveys[id] != nil {
			f.surveys[id].closed = h.At
		}
	case survey.Dropped:
		delete(f.surveys, e.Survey)
		return
	}
	if p := f.surveys[id]; p != nil {
		p.state.Apply(h, e)
	}
}

func added(to map[wire.UserID]struct{}, users []wire.UserID) map[wire.UserID]struct{} {
	if to == nil {
		to = map[wire.UserID]struct{}{}
	}
	for _, user := range users {
		to[user] = struct{}{}
	}
	return to
}

// applyBoard leaves out what concerns a question that the log has lost.
func (f *Fold) applyBoard(h wire.Head, e qa.Event) {
	known := func(ids ...uint64) bool {
		return !slices.ContainsFunc(ids, func(id uint64) bool { return f.board.Questions[id] == nil })
	}
	ok := true
	switch e := e.(type) {
	case qa.Asked:
		f.feels[h.Seq] = feel(e.Text.Text)
	case qa.Upvoted:
		if ok = known(e.Question); ok {
			f.upvotes++
		}
	case qa.Unvoted:
		m := f.board.Members[h.By]
		if ok = known(e.Question) && m != nil; ok {
			_, ok = m.Upvotes[e.Question]
		}
		if ok {
			f.upvotes--
		}
	case qa.Answered:
		ok = known(e.Question)
	case qa.Replied:
		ok = known(e.Question)
	case qa.Labelled:
		ok = known(e.Question)
	case qa.Dismissed:
		ok = known(e.Question)
	case qa.Restored:
		ok = known(e.Question)
	case qa.Approved:
		ok = known(e.Question)
	case qa.Rejected:
		ok = known(e.Question)
	case qa.Merged:
		ok = known(e.From, e.Into)
	case qa.Deleted:
		if author, _ := f.board.Author(e.Item); author == "" {
			ok = false
		}
		delete(f.feels, e.Item)
	}
	if ok {
		f.board.Apply(h, e)
	}
}

// counted reports whether a question is one of the class: those that were
// rejected are seen by nobody but their askers.
func counted(q *qa.Question) bool { return q.Status != qa.Refused }

// pollViews are the polls that have been opened, oldest first, with their folds.
func (f *Fold) pollViews() []Poll {
	var out []Poll
	for _, id := range slices.Sorted(maps.Keys(f.polls)) {
		p := f.polls[id]
		for _, v := range p.state.Snapshot(true) {
			v.Weights, v.Then = nil, nil
			out = append(out, Poll{View: v, ClosedAt: p.closed})
		}
	}
	slices.SortStableFunc(out, func(a, b Poll) int { return cmp.Compare(a.At, b.At) })
	return out
}

func (f *Fold) surveyViews() []Survey {
	var out []Survey
	for _, id := range slices.Sorted(maps.Keys(f.surveys)) {
		p := f.surveys[id]
		for _, v := range p.state.Snapshot(true) {
			s := Survey{View: v, ClosedAt: p.closed, Words: make([]*Words, len(v.Items))}
			for i, item := range v.Items {
				if item.Type == survey.Text && v.Result != nil {
					s.Words[i] = p.words(id, i)
				}
			}
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b Survey) int { return cmp.Compare(a.At, b.At) })
	return out
}

// words analyses what people wrote to an item, in the order in which the
// survey tells it, which in an anonymous one says nothing of when.
func (p *surveyFold) words(id uint64, item int) *Words {
	var list []comment
	for after, more := 0, true; more && len(list) < maxSample; {
		page, err := p.state.Page(survey.Texts{Survey: id, Item: item, After: after})
		if err != nil {
			break // the result is not known yet
		}
		for _, s := range page.Texts {
			list = append(list, comment{source: "survey", text: s, felt: feel(s)})
		}
		after, more = page.Next, page.Next > 0
	}
	var felt feeling
	for _, c := range list {
		felt.add(c.felt, 1)
	}
	return &Words{Feeling: felt.report(), Themes: themes(list, partThemes)}
}

// voted returns who has given something in a poll, as far as that may be told.
func (p *pollFold) voted(id uint64) func(wire.UserID) bool {
	q := p.state.Polls[id]
	if q == nil {
		return func(wire.UserID) bool { return false }
	}
	if q.Secret {
		return func(user wire.UserID) bool { return has(p.participants, user) }
	}
	return q.Has
}

// took returns who has answered a survey, as far as that may be told.
func (p *surveyFold) took(id uint64) func(wire.UserID) bool {
	s := p.state.Surveys[id]
	if s == nil {
		return func(wire.UserID) bool { return false }
	}
	if s.Anonymous {
		return func(user wire.UserID) bool { return has(p.participants, user) }
	}
	return func(user wire.UserID) bool { _, took := s.Answers[user]; return took }
}

func has(set map[wire.UserID]struct{}, user wire.UserID) bool {
	_, is := set[user]
	return is
}

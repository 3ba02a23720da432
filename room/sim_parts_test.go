package room_test

import (
	"cmp"
	"maps"
	"slices"

	"github.com/lyceum-live/lyceum/room"
)

func (m *simModel) foldBoard(r room.Record, d simData, by string, touched map[string]bool) bool {
	n, _ := d.Question.Int64()
	id := uint64(n)
	switch r.Kind {
	case "qa.asked":
		if p := m.people[by]; p.Muted == -1 || p.Muted > int64(r.At) {
			m.bad("%s asked at %d though muted", by, r.Seq)
		}
		q := &simQuestion{simMessage: simMessage{ID: m.seq, By: by, At: int64(r.At), Text: m.text(d.Text)}, Up: map[string]bool{}}
		m.board[m.seq] = q
		m.show("qa.asked", m.question(q))
		return true
	case "qa.deleted":
		item := simDecode[uint64](m, d.Item)
		if q := m.board[item]; q != nil {
			for user := range q.Up {
				touched[user] = true
			}
			delete(m.board, item)
			m.unmark(item)
		} else {
			for _, q := range m.board {
				q.Answers = slices.DeleteFunc(slices.Clone(q.Answers), func(a simMessage) bool { return a.ID == item })
			}
		}
		m.show("qa.deleted", map[string]any{"id": item})
		return true
	case "qa.focused":
		if q := m.board[id]; id != 0 && (q == nil || q.Aside) {
			m.bad("%d is being answered at %d, and is not on the board", id, r.Seq)
		}
		m.focus = id
		m.show("qa.focused", map[string]any{"question": id})
		return true
	case "qa.upvoted", "qa.unvoted", "qa.answered", "qa.pinned", "qa.unpinned", "qa.replied", "qa.labelled", "qa.dismissed", "qa.restored":
	default:
		return false
	}
	q := m.board[id]
	if q == nil {
		m.bad("%s at %d of question %d, which is not there", r.Kind, r.Seq, id)
		return true
	}
	switch r.Kind {
	case "qa.upvoted":
		if q.Up[by] || q.By == by {
			m.bad("%s votes twice for question %d", by, id)
		}
		q.Up[by] = true
	case "qa.unvoted":
		delete(q.Up, by)
	case "qa.answered":
		q.Answered = true
		view := map[string]any{"question": id, "answer": nil, "answered": true}
		if !d.Aloud {
			a := simMessage{ID: m.seq, By: by, At: int64(r.At), Text: m.text(d.Text)}
			q.Answers = append(q.Answers, a)
			view["answer"] = m.reply(a)
		}
		m.show("qa.answered", view)
	case "qa.replied":
		a := simMessage{ID: m.seq, By: by, At: int64(r.At), Text: m.text(d.Text), To: d.Answer}
		q.Answers = append(q.Answers, a)
		m.show("qa.replied", map[string]any{"question": id, "answer": m.answer(a)})
	case "qa.labelled":
		q.Labels = d.Labels
		m.show("qa.changed", m.question(q))
	case "qa.dismissed", "qa.restored":
		if aside := r.Kind == "qa.dismissed"; aside == q.Aside {
			m.bad("%s at %d of question %d, which is so already", r.Kind, r.Seq, id)
		} else if q.Aside = aside; aside {
			m.unmark(id)
		}
		m.show("qa.changed", m.question(q))
	case "qa.pinned":
		m.pinned = id
		m.show("qa.pinned", map[string]any{"question": id})
	case "qa.unpinned":
		m.pinned = 0
		m.show("qa.pinned", map[string]any{"question": 0})
	}
	return true
}

// unmark takes a question down that is pinned or being answered.
func (m *simModel) unmark(id uint64) {
	if m.pinned == id {
		m.pinned = 0
	}
	if m.focus == id {
		m.focus = 0
	}
}

func (m *simModel) foldPoll(r room.Record, d simData, by string, touched map[string]bool) bool {
	p := m.polls[d.Poll]
	switch r.Kind {
	case "poll.created":
		p = &simPoll{ID: m.seq}
		m.polls[m.seq] = p
		fallthrough
	case "poll.edited":
		if p == nil || r.Kind == "poll.edited" && p.Phase != "draft" {
			m.bad("%s at %d of poll %d, which is no draft", r.Kind, r.Seq, d.Poll)
			return true
		}
		p.Text, p.Choices, p.Max, p.Hidden = m.text(d.Text), m.texts(simDecode[[]simSealed](m, d.Choices)), d.Max, d.Hidden
		p.Kind, p.Shown, p.Stars, p.Words, p.Secret = d.Kind, d.Shown, d.Stars, simDecode[int](m, d.Words), d.Secret
		if r.Kind == "poll.created" {
			p.Phase, p.At = "draft", int64(r.At)
		}
		if !d.Open {
			m.showStaff("poll.drafted", m.poll(p, true))
			return true
		}
		m.openPoll(p, int64(r.At), touched)
	case "poll.opened":
		m.openPoll(p, int64(r.At), touched)
	case "poll.voted":
		if p == nil || p.Phase != "open" || p.Secret {
			m.bad("a vote at %d by %s in poll %d, which does not take it", r.Seq, by, d.Poll)
			return true
		}
		m.vote(r, d, p, by)
	case "poll.retracted":
		if p.Phase != "open" || !p.has(by) {
			m.bad("%s takes back at %d what is not there", by, r.Seq)
		}
		p.retract(by)
	case "poll.removed":
		if p.Kind == "text" {
			for _, user := range d.Whose {
				p.retract(user)
				touched[user] = true
			}
			m.showBoth("poll.changed", m.poll(p, false), m.poll(p, true))
			return true
		}
		word := p.Given[d.Places[0].By].Count[d.Places[0].N]
		p.Removed[word] = true
		for user, g := range p.Given {
			g.Count = slices.DeleteFunc(slices.Clone(g.Count), func(w string) bool { return w == word })
			p.Given[user] = g
		}
		for user, g := range p.Given {
			if len(g.Count) == 0 {
				p.retract(user)
				touched[user] = true
			}
		}
		m.showBoth("poll.changed", m.poll(p, false), m.poll(p, true))
	case "poll.revealed":
		p.Revealed = true
		m.showBoth("poll.shown", m.poll(p, false), m.poll(p, true))
	case "poll.closed":
		if p.Phase != "open" {
			m.bad("poll %d closed at %d, and was not open", d.Poll, r.Seq)
		}
		p.Phase = "closed"
		for user := range m.people {
			touched[user] = touched[user] || p.Secret // nobody has a ballot any more
		}
		m.showBoth("poll.closed", m.poll(p, false), m.poll(p, true))
	case "poll.dropped":
		delete(m.polls, d.Poll)
		m.showStaff("poll.dropped", map[string]any{"poll": d.Poll})
	default:
		return false
	}
	return true
}

// vote takes a vote, under the name of whoever gave it.
func (m *simModel) vote(r room.Record, d simData, p *simPoll, by string) {
	if p.Kind != "" {
		m.given(r, d, p, by)
		return
	}
	picks := simDecode[[]int](m, d.Choices)
	if len(picks) < 1 || len(picks) > p.Max {
		m.bad("a vote at %d for %v in poll %d, which does not take it", r.Seq, picks, d.Poll)
		return
	}
	p.Votes[by] = picks
}

// given takes a vote in a poll in which nothing is picked.
func (m *simModel) given(r room.Record, d simData, p *simPoll, by string) {
	g := simGiven{Value: d.Value}
	switch p.Kind {
	case "ranking":
		g.Order = simDecode[[]int](m, d.Choices)
		for i := range p.Choices {
			if len(g.Order) != len(p.Choices) || !slices.Contains(g.Order, i) {
				m.bad("%v at %d ranks no %d", g.Order, r.Seq, i)
			}
		}
	case "text", "cloud":
		if x := m.people[by]; x.Muted == -1 || x.Muted > int64(r.At) {
			m.bad("%s gives words at %d though muted", by, r.Seq)
		}
		if g.Text = m.text(d.Text); p.Kind == "text" {
			g.Seq = r.Seq
		}
	}
	if p.Kind == "cloud" {
		g.Words = m.texts(simDecode[[]simSealed](m, d.Words))
		for _, w := range d.Counted {
			word := m.text(w.Text)
			if g.Count = append(g.Count, word); p.Removed[word] {
				m.bad("%s counts at %d, and has been removed", word, r.Seq)
			}
		}
		if len(g.Words) > p.Words || len(g.Count) == 0 {
			m.bad("%v at %d, of which %v count", g.Words, r.Seq, g.Count)
		}
	} else if p.Kind == "rating" && (d.Value < 1 || d.Value > float64(p.Stars)) {
		m.bad("%v stars at %d", d.Value, r.Seq)
	}
	p.Given[by] = g
}

func (p *simPoll) has(user string) bool {
	_, picked := p.Votes[user]
	_, given := p.Given[user]
	return picked || given
}

func (p *simPoll) retract(user string) {
	delete(p.Votes, user)
	delete(p.Given, user)
}

const simPollsShown = 20

func (m *simModel) openPoll(p *simPoll, at int64, touched map[string]bool) {
	p.Phase, p.At, p.Votes, p.Given, p.Removed = "open", at, map[string][]int{}, map[string]simGiven{}, map[string]bool{}
	if shown := m.pollsIn("open", "closed"); len(shown) > simPollsShown {
		for _, old := range shown {
			if old.Phase == "closed" {
				for user := range old.Votes {
					touched[user] = true
				}
				for user := range old.Given {
					touched[user] = true
				}
				delete(m.polls, old.ID)
				break
			}
		}
	}
	m.showBoth("poll.opened", m.poll(p, false), m.poll(p, true))
}

func (m *simModel) pollsIn(phases ...string) []*simPoll {
	list := slices.SortedFunc(maps.Values(m.polls), func(a, b *simPoll) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.ID, b.ID))
	})
	return slices.DeleteFunc(list, func(p *simPoll) bool { return !slices.Contains(phases, p.Phase) })
}

func (m *simModel) foldQuiz(r room.Record, d simData, by string, touched map[string]bool) bool {
	run := m.run
	if run == nil {
		run = &simRun{}
	}
	question, _ := d.Question.Int64()
	switch r.Kind {
	case "quiz.created", "quiz.edited":
		id := m.seq
		if r.Kind == "quiz.edited" {
			id = d.Quiz
		}
		q := simQuiz{Title: m.text(simDecode[simSealed](m, d.Title))}
		for _, x := range d.Questions {
			q.Questions = append(q.Questions, simQuizQuestion{m.text(x.Text), m.texts(x.Choices), x.Correct, x.Points, x.Seconds})
		}
		m.prepared[id] = q
		m.showStaff("quiz.drafted", q.draft(id))
	case "quiz.dropped":
		delete(m.prepared, d.Quiz)
		m.showStaff("quiz.dropped", map[string]any{"quiz": d.Quiz})
	case "quiz.asked":
		if q, first := m.prepared[d.Quiz]; first {
			for user := range run.Players {
				touched[user] = true // the answers of the last quiz are no longer theirs
			}
			m.past = m.practice()
			m.past = m.past[max(0, len(m.past)-20):]
			run = &simRun{
				ID: d.Quiz, simQuiz: q, Players: map[string][]simAnswer{},
				Score: map[string]int{}, Reached: map[string]int64{}, Rank: map[string]int{}, Board: []map[string]any{},
			}
			delete(m.prepared, d.Quiz)
		}
		m.run = run
		run.Phase, run.Question, run.Asked = "open", int(question), int64(r.At)
		run.Till, run.Stood = run.Asked+1000*int64(run.Questions[run.Question].Seconds), nil
		m.show("quiz.asked", m.quiz())
	case "quiz.answered":
		a := simAnswer{int(question), simDecode[[]int](m, d.Choices), d.At, simDecode[bool](m, d.Right), d.Points}
		for _, other := range run.Players[by] {
			if other.Question == a.Question {
				m.bad("%s answers question %d twice, the second time at %d", by, question, r.Seq)
			}
		}
		q := run.Questions[run.Question]
		right := slices.Equal(a.Choices, q.Correct)
		switch {
		case run.stands(a.At):
			m.bad("%s answers at %d, while the clock stands still", by, r.Seq)
		case run.Phase != "open" && (run.Phase != "closed" || a.At >= run.Closed) || a.Question != run.Question || a.At < run.Asked || a.At >= run.Till:
			m.bad("an answer at %d by %s to question %d, which does not take it", r.Seq, by, question)
		case a.Right != right || !right && a.Points != 0 || right && a.Points != simPoints(q.Points, run.went(a.At), q.Seconds):
			m.bad("%s's answer %v at %d counts as %t with %d points", by, a.Choices, r.Seq, a.Right, a.Points)
		}
		run.Players[by] = append(run.Players[by], a)
	case "quiz.closed":
		if run.Phase != "open" {
			m.bad("a question closed at %d, and none was open", r.Seq)
		}
		run.goesOn(int64(r.At))
		run.Phase, run.Closed = "closed", int64(r.At)
		m.show("quiz.closed", m.quiz())
	case "quiz.paused":
		if run.Phase != "open" || run.paused() {
			m.bad("the clock is stopped at %d, and does not run", r.Seq)
		}
		run.Stood = append(run.Stood, [2]int64{int64(r.At), 0})
		m.show("quiz.paused", m.quiz())
	case "quiz.resumed":
		if !run.paused() {
			m.bad("the clock runs on at %d, and was not stopped", r.Seq)
		}
		run.goesOn(int64(r.At))
		m.show("quiz.resumed", m.quiz())
	case "quiz.extended":
		run.Till += d.Extended
		m.show("quiz.extended", m.quiz())
	case "quiz.revealed":
		run.Phase = "revealed"
		run.reveal(m)
		for user := range run.Players {
			touched[user] = true
		}
		m.show("quiz.revealed", m.quiz())
	case "quiz.finished":
		run.Phase = "finished"
		m.show("quiz.finished", m.quiz())
	default:
		return false
	}
	return true
}

func (r *simRun) paused() bool { return len(r.Stood) > 0 && r.Stood[len(r.Stood)-1][1] == 0 }

// goesOn lets the clock run again, if it was stopped.
func (r *simRun) goesOn(at int64) {
	if r.paused() {
		last := &r.Stood[len(r.Stood)-1]
		last[1] = at
		r.Till += at - last[0]
	}
}

// stands reports whether the clock stood still at a time.
func (r *simRun) stands(at int64) bool {
	return slices.ContainsFunc(r.Stood, func(s [2]int64) bool { return at >= s[0] && (s[1] == 0 || at < s[1]) })
}

// went is for how long the clock had run at a time.
func (r *simRun) went(at int64) int64 {
	took := at - r.Asked
	for _, s := range r.Stood {
		if s[1] != 0 && s[1] <= at {
			took -= s[1] - s[0]
		}
	}
	return took
}

// simPoints: all of them within half a second, then falling to half of them.
func simPoints(points int, took int64, seconds int) int {
	if took < 500 {
		return points
	}
	x := float64(points) * (1 - float64(took)/(2000*float64(seconds)))
	return int(x + 0.5 + 1e-9)
}

func (r *simRun) reveal(m *simModel) {
	users := slices.Sorted(maps.Keys(r.Players))
	for _, user := range users {
		for _, a := range r.Players[user] {
			if a.Question == r.Question && a.Points > 0 {
				r.Score[user] += a.Points
				r.Reached[user] = a.At
			}
		}
	}
	slices.SortStableFunc(users, func(a, b string) int {
		return cmp.Or(cmp.Compare(r.Score[b], r.Score[a]), cmp.Compare(r.Reached[a], r.Reached[b]))
	})
	r.Board = []map[string]any{}
	for i, user := range users {
		rank := 1
		for _, other := range users {
			if r.Score[other] > r.Score[user] {
				rank++
			}
		}
		r.Rank[user] = rank
		if i < 10 {
			r.Board = append(r.Board, map[string]any{"rank": rank, "id": user, "name": m.people[user].Name, "score": r.Score[user]})
		}
	}
}

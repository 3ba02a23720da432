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
			if delete(m.board, item); m.pinned == item {
				m.pinned = 0
			}
		} else {
			for _, q := range m.board {
				q.Answers = slices.DeleteFunc(slices.Clone(q.Answers), func(a simMessage) bool { return a.ID == item })
			}
		}
		m.show("qa.deleted", map[string]any{"id": item})
		return true
	case "qa.upvoted", "qa.unvoted", "qa.answered", "qa.pinned", "qa.unpinned":
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
	case "qa.pinned":
		m.pinned = id
		m.show("qa.pinned", map[string]any{"question": id})
	case "qa.unpinned":
		m.pinned = 0
		m.show("qa.pinned", map[string]any{"question": 0})
	}
	return true
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
		picks := simDecode[[]int](m, d.Choices)
		if p == nil || p.Phase != "open" || len(picks) < 1 || len(picks) > p.Max {
			m.bad("a vote at %d by %s for %v in poll %d, which does not take it", r.Seq, by, picks, d.Poll)
			return true
		}
		p.Votes[by] = picks
	case "poll.closed":
		if p.Phase != "open" {
			m.bad("poll %d closed at %d, and was not open", d.Poll, r.Seq)
		}
		p.Phase = "closed"
		m.show("poll.closed", m.poll(p, false))
	case "poll.dropped":
		delete(m.polls, d.Poll)
		m.showStaff("poll.dropped", map[string]any{"poll": d.Poll})
	default:
		return false
	}
	return true
}

const simPollsShown = 20

func (m *simModel) openPoll(p *simPoll, at int64, touched map[string]bool) {
	p.Phase, p.At, p.Votes = "open", at, map[string][]int{}
	if shown := m.pollsIn("open", "closed"); len(shown) > simPollsShown {
		for _, old := range shown {
			if old.Phase == "closed" {
				for user := range old.Votes {
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
		run.Till = run.Asked + 1000*int64(run.Questions[run.Question].Seconds)
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
		case run.Phase != "open" && (run.Phase != "closed" || a.At >= run.Closed) || a.Question != run.Question || a.At < run.Asked || a.At >= run.Till:
			m.bad("an answer at %d by %s to question %d, which does not take it", r.Seq, by, question)
		case a.Right != right || !right && a.Points != 0 || right && a.Points != simPoints(q.Points, a.At-run.Asked, q.Seconds):
			m.bad("%s's answer %v at %d counts as %t with %d points", by, a.Choices, r.Seq, a.Right, a.Points)
		}
		run.Players[by] = append(run.Players[by], a)
	case "quiz.closed":
		if run.Phase != "open" {
			m.bad("a question closed at %d, and none was open", r.Seq)
		}
		run.Phase, run.Closed = "closed", int64(r.At)
		m.show("quiz.closed", m.quiz())
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

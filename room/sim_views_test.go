package room_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// What the model shows: the shapes of docs/protocol.md.

// simJSON is JSON with its names in order.
func simJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("simulation: %v", err))
	}
	return string(b)
}

// simSame brings what the server sent into the form of simJSON.
func simSame(raw []byte) string {
	var plain any
	_ = json.Unmarshal(raw, &plain)
	return simJSON(plain)
}

func (m *simModel) person(user string) map[string]any {
	name := ""
	if p := m.people[user]; p != nil {
		name = p.Name
	}
	return map[string]any{"id": user, "name": name, "role": m.role(user)}
}

func (m *simModel) message(x simMessage) map[string]any {
	v := m.reply(x)
	if x.To != 0 {
		v["reply_to"] = x.To
	}
	return v
}

func (m *simModel) reply(x simMessage) map[string]any {
	return map[string]any{"id": x.ID, "by": m.person(x.By), "text": x.Text, "at": x.At}
}

func (m *simModel) phases() map[string]any {
	return map[string]any{"phase": m.phase, "started_at": m.started, "ended_at": m.ended}
}

func (m *simModel) stageView() map[string]any {
	v := map[string]any{"live": len(m.stage.Sources) > 0, "by": nil, "since": m.stage.Since, "sources": append([]string{}, m.stage.Sources...)}
	if m.stage.By != "" {
		v["by"] = m.person(m.stage.By)
	}
	return v
}

// answer is something under a question, which may reply to an answer.
func (m *simModel) answer(a simMessage) map[string]any {
	v := m.reply(a)
	if a.To != 0 {
		v["answer"] = a.To
	}
	return v
}

func (m *simModel) question(q *simQuestion) map[string]any {
	v := m.reply(q.simMessage)
	answers := []map[string]any{}
	for _, a := range q.Answers {
		answers = append(answers, m.answer(a))
	}
	v["votes"], v["pinned"], v["answered"], v["answers"] = len(q.Up), q.ID == m.pinned, q.Answered, answers
	switch v["state"] = "open"; {
	case q.Aside:
		v["state"] = "dismissed"
	case q.Answered:
		v["state"] = "answered"
	}
	if q.ID == m.focus {
		v["focus"] = true
	}
	if len(q.Labels) > 0 {
		v["labels"] = q.Labels
	}
	return v
}

func (p *simPoll) counts() []int {
	counts := make([]int, len(p.Choices))
	for _, picks := range p.Votes {
		for _, c := range picks {
			counts[c]++
		}
	}
	for _, g := range p.Given { // of a ranking: as many points as are ranked below
		for place, c := range g.Order {
			counts[c] += len(g.Order) - 1 - place
		}
	}
	return counts
}

func (m *simModel) poll(p *simPoll, staff bool) map[string]any {
	v := map[string]any{
		"id": p.ID, "text": p.Text, "choices": p.Choices, "max": p.Max, "hidden": p.Hidden,
		"phase": p.Phase, "at": p.At, "voters": len(p.Votes) + len(p.Given), "counts": nil,
	}
	for name, said := range map[string]any{"kind": p.Kind, "shown": p.Shown, "stars": p.Stars, "words": p.Words, "revealed": p.Revealed, "secret": p.Secret} {
		if said != "" && said != 0 && said != false {
			v[name] = said
		}
	}
	seen := staff || p.Revealed || p.Phase == "open" && !p.Hidden || p.Phase == "closed" && p.Shown == ""
	switch {
	case !seen || p.Phase == "draft" || p.Secret && p.Phase == "open":
	case p.Kind == "" || p.Kind == "ranking":
		v["counts"] = p.counts()
	default:
		v["result"] = p.result()
	}
	return v
}

// result is what came out of a poll in which nothing is picked.
func (p *simPoll) result() map[string]any {
	v := map[string]any{"n": len(p.Given)}
	if p.Kind == "cloud" {
		counts := map[string]int{}
		for _, g := range p.Given {
			for _, w := range g.Count {
				counts[w]++
			}
		}
		list := []map[string]any{}
		for _, w := range slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
			return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
		}) {
			list = append(list, map[string]any{"word": w, "n": counts[w]})
		}
		v["words"] = list
		return v
	}
	if p.Kind == "text" {
		texts := []string{}
		for _, g := range slices.SortedFunc(maps.Values(p.Given), func(a, b simGiven) int { return cmp.Compare(b.Seq, a.Seq) }) {
			texts = append(texts, g.Text)
		}
		if len(texts) > 0 {
			v["texts"] = texts
		}
		return v
	}
	bars, sum, all := make([]int, p.Stars), 0.0, []float64{}
	for _, g := range p.Given {
		bars[int(g.Value)-1]++
		sum += g.Value
		all = append(all, g.Value)
	}
	v["histogram"], v["from"], v["step"] = bars, 1, 1
	if n := len(all); n > 0 {
		slices.Sort(all)
		v["mean"], v["median"] = sum/float64(n), (all[(n-1)/2]+all[n/2])/2
	}
	return v
}

func (q simQuiz) draft(id uint64) map[string]any {
	questions := []map[string]any{}
	for _, x := range q.Questions {
		questions = append(questions, map[string]any{"text": x.Text, "choices": x.Choices, "correct": x.Correct, "points": x.Points, "seconds": x.Seconds})
	}
	return map[string]any{"id": id, "title": q.Title, "questions": questions}
}

func (m *simModel) quiz() map[string]any {
	r := m.run
	if r == nil {
		return nil
	}
	q := r.Questions[r.Question]
	answered, counts := 0, make([]int, len(q.Choices))
	for _, list := range r.Players {
		for _, a := range list {
			if a.Question == r.Question {
				answered++
				for _, c := range a.Choices {
					counts[c]++
				}
			}
		}
	}
	current := map[string]any{
		"question": r.Question, "text": q.Text, "choices": q.Choices, "multiple": len(q.Correct) > 1, "points": q.Points,
		"seconds": q.Seconds, "asked_at": r.Asked, "deadline": r.Till, "answered": answered, "correct": nil, "counts": nil,
	}
	if r.paused() {
		current["paused_at"] = r.Stood[len(r.Stood)-1][0]
	}
	if r.Phase == "revealed" || r.Phase == "finished" {
		current["correct"], current["counts"] = q.Correct, counts
	}
	return map[string]any{
		"id": r.ID, "title": r.Title, "of": len(r.Questions), "question": r.Question, "phase": r.Phase,
		"current": current, "board": r.Board,
	}
}

// practice names the quizzes that are over.
func (m *simModel) practice() []any {
	list := slices.Clone(m.past)
	if r := m.run; r != nil && r.Phase == "finished" {
		list = append(list, map[string]any{"id": r.ID, "title": r.Title, "of": r.Question + 1})
	}
	return list[max(0, len(list)-21):]
}

// snapshot is the room as it stands for an audience.
func (m *simModel) snapshot(staff bool) map[string]any {
	chat, hands, questions, polls := []any{}, []any{}, []any{}, []any{}
	for _, x := range m.chat {
		chat = append(chat, m.message(x))
	}
	for _, user := range m.hands {
		hands = append(hands, m.person(user))
	}
	for _, id := range slices.Sorted(maps.Keys(m.board)) {
		questions = append(questions, m.question(m.board[id]))
	}
	for _, p := range m.pollsIn("open", "closed") {
		polls = append(polls, m.poll(p, staff))
	}
	count := 0
	for _, p := range m.people {
		if p.Here {
			count++
		}
	}
	v := map[string]any{
		"id": m.id, "title": m.title, "phase": m.phase, "started_at": m.started, "ended_at": m.ended, "slow": m.slow,
		"stage": m.stageView(), "chat": chat, "questions": questions, "polls": polls, "quiz": nil, "count": count, "hands": hands,
	}
	if m.run != nil {
		v["quiz"] = m.quiz()
	}
	if list := m.practice(); len(list) > 0 {
		v["practice"] = list
	}
	if list := m.seenSurveys(staff, "open", "closed"); len(list) > 0 {
		v["surveys"] = list
	}
	if staff {
		drafts, quizzes := []any{}, []any{}
		for _, p := range m.pollsIn("draft") {
			drafts = append(drafts, m.poll(p, true))
		}
		all := maps.Clone(m.prepared)
		if m.run != nil && m.run.Phase != "finished" {
			all[m.run.ID] = m.run.simQuiz
		}
		for _, id := range slices.Sorted(maps.Keys(all)) {
			quizzes = append(quizzes, all[id].draft(id))
		}
		prepared := map[string]any{"polls": drafts, "quizzes": quizzes}
		if list := m.seenSurveys(true, "draft"); len(list) > 0 {
			prepared["surveys"] = list
		}
		if v["drafts"] = prepared; len(m.pulse) > 0 {
			v["pulse"] = m.pulse
		}
	}
	return v
}

// picked is what somebody picked, or ranked.
func (p *simPoll) picked(name string) []int {
	if g, ok := p.Given[name]; ok {
		return g.Order
	}
	return p.Votes[name]
}

// ballot is what somebody gave in a poll in which nothing is picked.
func (p *simPoll) ballot(name string) map[string]any {
	g, ok := p.Given[name]
	switch {
	case !ok || p.Kind == "ranking":
		return nil
	case p.Kind == "text":
		return map[string]any{"text": g.Text}
	case p.Kind == "cloud":
		return map[string]any{"words": g.Words}
	}
	return map[string]any{"value": g.Value}
}

// you is what concerns one person alone.
func (m *simModel) you(user string) map[string]any {
	votes, ballots, upvotes, answers := map[string]any{}, map[string]any{}, []uint64{}, []any{}
	for id, p := range m.polls {
		if picks := p.picked(m.own(p, user)); picks != nil {
			votes[fmt.Sprint(id)] = picks
		}
		if b := p.ballot(m.own(p, user)); b != nil {
			ballots[fmt.Sprint(id)] = b
		}
	}
	for _, id := range slices.Sorted(maps.Keys(m.board)) {
		if m.board[id].Up[user] {
			upvotes = append(upvotes, id)
		}
	}
	v := map[string]any{
		"id": user, "name": m.people[user].Name, "role": m.role(user), "hand": slices.Contains(m.hands, user),
		"muted_until": m.people[user].Muted, "votes": votes, "upvotes": upvotes, "quiz": nil,
	}
	if len(ballots) > 0 {
		v["ballots"] = ballots
	}
	own, absent := m.filled(user)
	if len(own) > 0 {
		v["surveys"] = own
	}
	if absent {
		v["absent"] = true
	}
	if r := m.run; r != nil {
		for _, a := range r.Players[user] {
			answers = append(answers, map[string]any{"quiz": r.ID, "question": a.Question, "choices": a.Choices})
		}
		if r.Rank[user] != 0 {
			v["quiz"] = map[string]any{"quiz": r.ID, "score": r.Score[user], "rank": r.Rank[user], "of": len(r.Rank)}
		}
	}
	v["answers"] = answers
	return v
}

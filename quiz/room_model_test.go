package quiz_test

import (
	"maps"
	"slices"

	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/wire"
)

// models are the quizzes of a room, and who has more time.
type models struct {
	all  []*model
	more map[wire.UserID]quiz.Allowance
}

func (ms *models) find(id uint64) *model {
	for _, m := range ms.all {
		if m.id == id {
			return m
		}
	}
	return nil
}

// running is the quiz that has been begun last, nil if there is none.
func (ms *models) running() *model {
	for _, m := range ms.all {
		if m.phase != "prepared" {
			return m
		}
	}
	return nil
}

// over reports whether nobody can answer the open question any more.
func (ms *models) over(m *model, now wire.Millis) bool {
	if m == nil || m.phase != "open" || m.limit() == 0 || m.still() || now < m.deadline(quiz.Allowance{}) {
		return false
	}
	for user, more := range ms.more {
		if m.of(user, m.question) == nil && (more.Untimed || now < m.deadline(more)) {
			return false
		}
	}
	return true
}

// idOf is the quiz that a command of the staff's is about.
func idOf(c quiz.Command) uint64 {
	switch c := c.(type) {
	case quiz.Edit:
		return c.Quiz
	case quiz.Drop:
		return c.Quiz
	case quiz.Ask:
		return c.Quiz
	case quiz.Close:
		return c.Quiz
	case quiz.Pause:
		return c.Quiz
	case quiz.Resume:
		return c.Quiz
	case quiz.Extend:
		return c.Quiz
	case quiz.Reveal:
		return c.Quiz
	case quiz.Finish:
		return c.Quiz
	}
	return 0
}

// outcome is the code that a command with good texts must be refused with, and
// whether things are already as it wants them.
func (ms *models) outcome(by wire.Actor, c quiz.Command, now wire.Millis) (refusal string, idle bool) {
	switch c := c.(type) {
	case quiz.Answer:
		return ms.answerOutcome(by.User, c, now)
	case quiz.Join:
		return ms.joinOutcome(by.User, c)
	}
	if by.Role == wire.Viewer {
		return "auth.forbidden", false
	}
	switch c := c.(type) {
	case quiz.Create:
		return "", false
	case quiz.Tick:
		return "", !ms.over(ms.running(), now)
	case quiz.Allow:
		if !c.Untimed && (c.Times < 1 || c.Times > 10) {
			return "wire.field", false
		}
		return "", ms.more[c.User] == usual(c.Allowance)
	}
	m := ms.find(idOf(c))
	if m == nil {
		return "wire.not_found", false
	}
	const ok, order, busy, same = "", "quiz.order", "quiz.busy", "same"
	phases := map[string]int{"prepared": 0, "open": 1, "closed": 2, "revealed": 3, "finished": 4}
	var row [5]string
	switch c := c.(type) {
	case quiz.Edit, quiz.Drop:
		row = [5]string{ok, order, order, order, order}
	case quiz.Ask:
		row = [5]string{ok, busy, order, ok, order}
		if r := ms.running(); r != nil && r.phase != "finished" {
			row[0] = busy
		}
		if m.question == len(m.ask.Questions)-1 {
			row[3] = order
		}
	case quiz.Pause:
		row = [5]string{order, ok, order, order, order}
		if m.still() {
			row[1] = same
		}
	case quiz.Resume:
		row = [5]string{order, same, order, order, order}
		if m.still() {
			row[1] = ok
		}
	case quiz.Extend:
		row = [5]string{order, ok, order, order, order}
		if m.phase == "open" && (c.Seconds < 1 || c.Seconds > 600) {
			row[1] = "wire.field"
		} else if m.phase == "open" && m.limit() == 0 {
			row[1] = order
		}
	case quiz.Close:
		row = [5]string{order, ok, same, same, same}
	case quiz.Reveal:
		row = [5]string{order, order, ok, same, same}
	case quiz.Finish:
		row = [5]string{order, order, ok, ok, same}
	}
	switch c.(type) {
	case quiz.Reveal, quiz.Finish:
		if now < m.settles() {
			row[2] = "quiz.settling"
		}
	}
	if found := row[phases[m.phase]]; found != same {
		return found, false
	}
	return "", true
}

// usual is an allowance as it is kept: the usual time is none.
func usual(a quiz.Allowance) quiz.Allowance {
	if a.Untimed || a.Times == 1 {
		a.Times = 0
	}
	return a
}

func (ms *models) joinOutcome(user wire.UserID, c quiz.Join) (refusal string, idle bool) {
	m := ms.running()
	switch {
	case m == nil || m.id != c.Quiz:
		return "wire.not_found", false
	case c.Team < 1 || c.Team > len(m.ask.Teams):
		return "wire.field", false
	case m.teams[user] == c.Team:
		return "", true
	case slices.ContainsFunc(m.given, func(g given) bool { return g.user == user }):
		return "quiz.joined", false
	case m.phase == "finished":
		return "quiz.closed", false
	}
	return "", false
}

// fits reports whether an answer is one to such a question.
func fits(d quiz.Draft, c quiz.Answer) bool {
	choices, n := 0, 0
	for i, choice := range c.Choices {
		n = max(n, choice+1)
		if choice < 0 || d.Type != quiz.TypeMatch && slices.Contains(c.Choices[:i], choice) {
			return false
		}
		choices++
	}
	text, number, texts := c.Text != "", c.Number != nil, len(c.Texts) > 0
	if d.Type == quiz.TypeHotspot {
		within := func(x float64) bool { return x >= 0 && x <= 1 }
		return c.Point != nil && !text && !number && !texts && choices == 0 && within(c.Point[0]) && within(c.Point[1])
	}
	if c.Point != nil {
		return false
	}
	switch d.Type {
	case quiz.TypeNumeric:
		return number && !text && !texts && choices == 0
	case quiz.TypeText:
		return text && !number && !texts && choices == 0
	case quiz.TypeGaps:
		return texts && !text && !number && choices == 0 && len(c.Texts) == len(d.Gaps) &&
			slices.ContainsFunc(c.Texts, func(s string) bool { return s != "" })
	}
	if text || number || texts {
		return false
	}
	switch d.Type {
	case quiz.TypeOrder:
		return choices == len(d.Choices) && n <= choices
	case quiz.TypeMatch:
		return choices == len(d.Pairs) && n <= choices
	}
	return choices > 0 && n <= len(d.Choices) && (choices == 1 || len(d.Correct) > 1)
}

// same reports whether an answer repeats one.
func same(g *given, d quiz.Draft, c quiz.Answer) bool {
	if d.Type == "" || d.Type == quiz.TypeTrueFalse {
		slices.Sort(c.Choices)
	}
	if c.Point != nil && *kept(g.say.Point) != *kept(c.Point) {
		return false
	}
	return slices.Equal(g.say.Choices, c.Choices) && g.say.Text == c.Text && slices.Equal(g.say.Texts, c.Texts) &&
		(g.say.Number == nil || *g.say.Number == *c.Number)
}

func (ms *models) answerOutcome(user wire.UserID, c quiz.Answer, now wire.Millis) (refusal string, idle bool) {
	m := ms.running()
	if m == nil || m.id != c.Quiz || c.Question < 0 || c.Question > m.question {
		return "wire.not_found", false
	}
	d := m.draft(c.Question)
	if !fits(d, c) {
		return "wire.field", false
	}
	if g := m.of(user, c.Question); g != nil {
		if same(g, d, c) {
			return "", true
		}
		return "quiz.answered", false
	}
	at := arrival(m, c, now, m.late(user))
	end := m.deadline(ms.more[user])
	switch {
	case c.Question < m.question, m.phase != "open" && m.phase != "closed", m.phase == "closed" && at >= m.closedAt:
		return "quiz.closed", false
	}
	for _, s := range m.stops {
		if s.from <= at && (s.to == 0 || at < s.to) {
			return "quiz.paused", false
		}
	}
	if end > 0 && at >= end {
		return "quiz.closed", false
	}
	return "", false
}

// arrival is when an answer counts as given, by the watch of somebody who sees
// the class late.
func arrival(m *model, c quiz.Answer, now, late wire.Millis) wire.Millis {
	at := now
	if m.askedAt <= c.At && c.At <= now {
		at = c.At
	}
	return max(m.askedAt, at-min(max(c.Lag, 0), 300)-late)
}

// change does what a command does that is neither refused nor idle. next is
// the position of its first event; shown are the texts to order or to match as
// the class sees them now.
func (ms *models) change(by wire.UserID, c quiz.Command, next uint64, now wire.Millis, shown []string) {
	m := ms.running()
	switch c := c.(type) {
	case quiz.Create:
		ms.all = append(ms.all, &model{id: next, ask: c, phase: "prepared", question: -1, teams: map[wire.UserID]int{}})
	case quiz.Edit:
		ms.find(c.Quiz).ask = c.Create
	case quiz.Drop:
		ms.all = slices.DeleteFunc(ms.all, func(m *model) bool { return m.id == c.Quiz })
	case quiz.Ask:
		m := ms.find(c.Quiz)
		if m.phase == "prepared" { // whatever ran before is forgotten
			ms.all = slices.DeleteFunc(ms.all, func(m *model) bool { return m.phase == "finished" })
		}
		m.phase, m.question, m.askedAt, m.extra, m.stops, m.shown, m.behind = "open", m.question+1, now, 0, nil, shown, c.Behind
	case quiz.Join:
		m.teams[by] = c.Team
	case quiz.Answer:
		at, limit := arrival(m, c, now, m.late(by)), m.limit()
		took := at - m.askedAt
		for _, s := range m.stops {
			if s.to <= at && s.to > 0 {
				took -= s.to - s.from
			}
		}
		if more := ms.more[by]; more.Untimed {
			limit = 0
		} else if more.Times > 1 {
			limit = wire.Millis(float64(limit) * more.Times)
		}
		if d := m.draft(c.Question); d.Type == "" || d.Type == quiz.TypeTrueFalse {
			slices.Sort(c.Choices)
		}
		if len(m.ask.Teams) > 0 && m.teams[by] == 0 {
			m.teams[by] = m.fewest()
		}
		m.given = append(m.given, given{by, c.Question, c, m.shown, at, took, limit})
	case quiz.Pause:
		m.stops = append(m.stops, stop{from: now})
	case quiz.Resume:
		m.stops[len(m.stops)-1].to = now
	case quiz.Extend:
		if m.still() {
			now = m.stops[len(m.stops)-1].from
		}
		m.extra += max(0, now-m.deadline(quiz.Allowance{})) + wire.Millis(c.Seconds)*1000
	case quiz.Allow:
		ms.more = maps.Clone(ms.more)
		ms.more[c.User] = usual(c.Allowance)
		if ms.more[c.User] == (quiz.Allowance{}) {
			delete(ms.more, c.User)
		}
	case quiz.Close, quiz.Tick:
		if m.still() {
			m.stops[len(m.stops)-1].to = now
		}
		m.phase, m.closedAt = "closed", now
	case quiz.Reveal:
		m.phase = "revealed"
		m.reveal()
	case quiz.Finish:
		if m.phase == "closed" {
			m.reveal()
		}
		m.phase = "finished"
	}
}

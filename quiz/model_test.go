package quiz_test

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/wire"
)

// model is a quiz as a patient person would keep it on paper: every answer is
// written down, and all else is worked out from them each time.
type model struct {
	id       uint64
	ask      quiz.Create
	phase    string // "prepared", or as in a view
	question int
	askedAt  wire.Millis
	given    []given
	revealed int // questions that are
}

type given struct {
	user     wire.UserID
	question int
	choices  []int // in order
	at, took wire.Millis
}

func (m *model) draft(question int) quiz.Draft { return m.ask.Questions[question] }

func (m *model) limit() wire.Millis { return wire.Millis(*m.draft(m.question).Seconds) * 1000 }

func (m *model) of(user wire.UserID, question int) *given {
	for i, g := range m.given {
		if g.user == user && g.question == question {
			return &m.given[i]
		}
	}
	return nil
}

func (m *model) right(g given) bool {
	return slices.Equal(g.choices, slices.Sorted(slices.Values(m.draft(g.question).Correct)))
}

func (m *model) points(g given) int {
	d := m.draft(g.question)
	if !m.right(g) {
		return 0
	}
	return exact(*d.Points, g.took, wire.Millis(*d.Seconds)*1000)
}

// total is somebody's score as of the last reveal, and when it was reached.
func (m *model) total(user wire.UserID) (score int, reached wire.Millis) {
	for _, g := range m.given {
		if p := m.points(g); g.user == user && g.question < m.revealed && p > 0 {
			score, reached = score+p, g.at
		}
	}
	return score, reached
}

// ranked are those who have answered something that is revealed, or had
// answered when something was: the players as of the last reveal.
func (m *model) ranked() []wire.UserID {
	var users []wire.UserID
	for _, g := range m.given {
		if g.question < m.revealed && !slices.Contains(users, g.user) {
			users = append(users, g.user)
		}
	}
	return users
}

func (m *model) rank(user wire.UserID) int {
	if !slices.Contains(m.ranked(), user) {
		return 0
	}
	mine, _ := m.total(user)
	rank := 1
	for _, other := range m.ranked() {
		if score, _ := m.total(other); score > mine {
			rank++
		}
	}
	return rank
}

func (m *model) view() quiz.View {
	d := m.draft(m.question)
	v := quiz.View{
		ID: m.id, Title: m.ask.Title, Of: len(m.ask.Questions), Question: m.question, Phase: quiz.Phase(m.phase),
		Current: quiz.CurrentView{
			Question: m.question, Text: d.Text, Choices: d.Choices, Multiple: len(d.Correct) > 1,
			Points: *d.Points, Seconds: *d.Seconds, AskedAt: m.askedAt, Deadline: m.askedAt + m.limit(),
		},
	}
	counts := make([]int, len(d.Choices))
	for _, g := range m.given {
		if g.question == m.question {
			v.Current.Answered++
			for _, choice := range g.choices {
				counts[choice]++
			}
		}
	}
	if m.phase == "revealed" || m.phase == "finished" {
		correct := slices.Sorted(slices.Values(d.Correct))
		v.Current.Correct, v.Current.Counts = &correct, &counts
	}
	for _, user := range m.ranked() {
		score, _ := m.total(user)
		v.Board = append(v.Board, quiz.PlaceView{Rank: m.rank(user), ID: user, Name: who(user).Name, Score: score})
	}
	slices.SortFunc(v.Board, func(a, b quiz.PlaceView) int {
		_, reachedA := m.total(a.ID)
		_, reachedB := m.total(b.ID)
		return cmp.Or(cmp.Compare(a.Rank, b.Rank), cmp.Compare(reachedA, reachedB), cmp.Compare(a.ID, b.ID))
	})
	v.Board = v.Board[:min(len(v.Board), quiz.BoardSize)]
	return v
}

func (m *model) mine(user wire.UserID) wire.View {
	score, _ := m.total(user)
	v := quiz.MineView{Quiz: m.id, Question: m.question, Score: score, Rank: m.rank(user), Of: len(m.ranked())}
	g := m.of(user, m.question)
	if g != nil {
		v.Choices = g.choices
	}
	if m.phase == "revealed" {
		right, points := g != nil && m.right(*g), 0
		if g != nil {
			points = m.points(*g)
		}
		v.Correct, v.Points = &right, &points
	}
	return wire.View{Type: "quiz.mine", Data: v}
}

// models are the quizzes of a room.
type models []*model

func (ms models) find(id uint64) *model {
	for _, m := range ms {
		if m.id == id {
			return m
		}
	}
	return nil
}

// running is the quiz that has been begun last, nil if there is none.
func (ms models) running() *model {
	for _, m := range ms {
		if m.phase != "prepared" {
			return m
		}
	}
	return nil
}

// outcome is the code that a command with good texts must be refused with, and
// whether things are already as it wants them.
func (ms models) outcome(by wire.Actor, c quiz.Command, now wire.Millis) (refusal string, idle bool) {
	if c, ok := c.(quiz.Answer); ok {
		return ms.answerOutcome(by.User, c, now)
	}
	if by.Role == wire.Viewer {
		return "auth.forbidden", false
	}
	var id uint64
	switch c := c.(type) {
	case quiz.Create:
		return "", false
	case quiz.Tick:
		m := ms.running()
		return "", m == nil || m.phase != "open" || now < m.askedAt+m.limit()
	case quiz.Edit:
		id = c.Quiz
	case quiz.Drop:
		id = c.Quiz
	case quiz.Ask:
		id = c.Quiz
	case quiz.Close:
		id = c.Quiz
	case quiz.Reveal:
		id = c.Quiz
	case quiz.Finish:
		id = c.Quiz
	}
	m := ms.find(id)
	if m == nil {
		return "wire.not_found", false
	}
	const ok, order, busy, same = "", "quiz.order", "quiz.busy", "same"
	phases := map[string]int{"prepared": 0, "open": 1, "closed": 2, "revealed": 3, "finished": 4}
	var row [5]string
	switch c.(type) {
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
	case quiz.Close:
		row = [5]string{order, ok, same, same, same}
	case quiz.Reveal:
		row = [5]string{order, order, ok, same, same}
	case quiz.Finish:
		row = [5]string{order, order, ok, ok, same}
	}
	if found := row[phases[m.phase]]; found != same {
		return found, false
	}
	return "", true
}

func (ms models) answerOutcome(user wire.UserID, c quiz.Answer, now wire.Millis) (refusal string, idle bool) {
	m := ms.running()
	if m == nil || m.id != c.Quiz || c.Question < 0 || c.Question > m.question {
		return "wire.not_found", false
	}
	d := m.draft(c.Question)
	if len(c.Choices) == 0 || len(c.Choices) > 1 && len(d.Correct) == 1 {
		return "wire.field", false
	}
	for i, choice := range c.Choices {
		if choice < 0 || choice >= len(d.Choices) || slices.Contains(c.Choices[:i], choice) {
			return "wire.field", false
		}
	}
	if g := m.of(user, c.Question); g != nil {
		if slices.Equal(g.choices, slices.Sorted(slices.Values(c.Choices))) {
			return "", true
		}
		return "quiz.answered", false
	}
	if c.Question < m.question || m.phase != "open" || arrival(m, c, now) >= m.askedAt+m.limit() {
		return "quiz.closed", false
	}
	return "", false
}

// arrival is when an answer counts as given.
func arrival(m *model, c quiz.Answer, now wire.Millis) wire.Millis {
	if m.askedAt <= c.At && c.At <= now {
		return c.At
	}
	return now
}

// change does what a command does that is neither refused nor idle. next is
// the position of its first event.
func (ms models) change(by wire.UserID, c quiz.Command, next uint64, now wire.Millis) models {
	switch c := c.(type) {
	case quiz.Create:
		return append(ms, &model{id: next, ask: c, phase: "prepared", question: -1})
	case quiz.Edit:
		ms.find(c.Quiz).ask = c.Create
	case quiz.Drop:
		return slices.DeleteFunc(ms, func(m *model) bool { return m.id == c.Quiz })
	case quiz.Ask:
		m := ms.find(c.Quiz)
		if m.phase == "prepared" { // whatever ran before is forgotten
			ms = slices.DeleteFunc(ms, func(m *model) bool { return m.phase == "finished" })
		}
		m.phase, m.question, m.askedAt = "open", m.question+1, now
	case quiz.Answer:
		m := ms.running()
		at := arrival(m, c, now)
		m.given = append(m.given, given{by, c.Question, slices.Sorted(slices.Values(c.Choices)), at, at - m.askedAt})
	case quiz.Close, quiz.Tick:
		ms.running().phase = "closed"
	case quiz.Reveal:
		m := ms.running()
		m.phase, m.revealed = "revealed", m.question+1
	case quiz.Finish:
		m := ms.running()
		m.phase, m.revealed = "finished", m.question+1
	}
	return ms
}

func drawCreate(t *rapid.T) quiz.Create {
	text := rapid.StringMatching(`[a-z中]{1,4}`)
	c := quiz.Create{Title: text.Draw(t, "title")}
	for range rapid.IntRange(1, 3).Draw(t, "questions") {
		points := rapid.SampledFrom([]int{0, 1, 999, 1000, 2000}).Draw(t, "points")
		seconds := rapid.IntRange(5, 8).Draw(t, "seconds")
		c.Questions = append(c.Questions, quiz.Draft{
			Text: text.Draw(t, "text"), Choices: rapid.SliceOfN(text, 2, 3).Draw(t, "choices"),
			Correct: rapid.SliceOfNDistinct(rapid.IntRange(0, 1), 1, 2, rapid.ID[int]).Draw(t, "correct"),
			Points:  &points, Seconds: &seconds,
		})
	}
	return c
}

func drawCommand(t *rapid.T, ms models, now wire.Millis) quiz.Command {
	r := ms.running()
	stray := rapid.IntRange(0, 9).Draw(t, "stray") == 0
	kinds := []string{"create", "edit", "drop", "ask", "ask", "answer", "close", "reveal", "finish", "tick"}
	switch { // mostly something that fits
	case stray:
	case len(ms) == 0:
		kinds = []string{"create"}
	case r != nil && r.phase == "open":
		kinds = []string{"answer", "answer", "answer", "answer", "answer", "close", "tick"}
	case r != nil && r.phase == "closed":
		kinds = []string{"reveal", "reveal", "reveal", "finish", "answer"}
	}
	id := uint64(rapid.IntRange(0, 2).Draw(t, "id"))
	if !stray && len(ms) > 0 {
		if id = rapid.SampledFrom(ms).Draw(t, "quiz").id; r != nil && rapid.Bool().Draw(t, "the running one") {
			id = r.id
		}
	}
	switch rapid.SampledFrom(kinds).Draw(t, "command") {
	case "create":
		return drawCreate(t)
	case "edit":
		return quiz.Edit{Quiz: id, Create: drawCreate(t)}
	case "drop":
		return quiz.Drop{Quiz: id}
	case "ask":
		return quiz.Ask{Quiz: id}
	case "close":
		return quiz.Close{Quiz: id}
	case "reveal":
		return quiz.Reveal{Quiz: id}
	case "finish":
		return quiz.Finish{Quiz: id}
	case "tick":
		return quiz.Tick{}
	}
	c := quiz.Answer{Quiz: id, Question: rapid.IntRange(-1, 3).Draw(t, "question")}
	if r != nil && !stray {
		c.Quiz, c.Question = r.id, max(0, r.question-rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(t, "before"))
	}
	c.Choices = rapid.SliceOfN(rapid.IntRange(0, 1), 1, 2).Draw(t, "picks")
	if stray {
		c.Choices = rapid.SliceOfN(rapid.IntRange(-1, 70), 0, 3).Draw(t, "wild picks")
	}
	c.At = now - wire.Millis(rapid.IntRange(-1000, 5000).Draw(t, "read before"))
	return c
}

// Whatever a class does, its quiz is what the model says, late answers are
// refused and scores are within their bounds; deciding changes nothing; and
// neither a restart from a snapshot nor a replay of the log makes a difference.
func TestQuizFollowsTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newClass()
		var ms models
		check := func(what string, got, want any) {
			if g, w := encode(t, got), encode(t, want); !bytes.Equal(g, w) {
				t.Fatalf("%s:\n got %s\nwant %s", what, g, w)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"command": func(t *rapid.T) {
				c.wait(time.Duration(rapid.SampledFrom([]int{0, 1, 300, 700, 3000}).Draw(t, "wait")) * time.Millisecond)
				now := wire.At(c.now)
				cmd := drawCommand(t, ms, now)
				by := rapid.SampledFrom([]wire.Actor{ana, ben, maya}).Draw(t, "by")
				switch cmd.(type) {
				case quiz.Tick:
					by = wire.System
				case quiz.Answer:
				default:
					if by == ben { // only ana tries what is the staff's
						by = maya
					}
				}
				want, idle := ms.outcome(by, cmd, now)
				before := encode(t, c.state)
				if _, err := quiz.Decide(&c.state, c.now, by, cmd); code(err) != want {
					t.Fatalf("%T %+v: got %v, want %q", cmd, cmd, err, want)
				}
				check("state after deciding", c.state, wire.Raw(before))
				next := c.last() + 1
				shown, _ := c.do(by, cmd)
				if want != "" || idle {
					if len(shown) > 0 {
						t.Fatalf("%T %+v made an event", cmd, cmd)
					}
					return
				}
				ms = ms.change(by.User, cmd, next, now)
				checkViews(t, ms, by.User, cmd, shown)
			},
			"restart": func(t *rapid.T) { c.state = c.reload(t) },
			"": func(t *rapid.T) {
				var drafts []quiz.DraftView
				for _, m := range ms {
					if m.phase != "finished" {
						drafts = append(drafts, m.draftView())
					}
				}
				check("drafts", c.state.Drafts(), drafts)
				m := ms.running()
				tally, open := c.state.Tally()
				if (m != nil && m.phase == "open") != open || open == c.state.Alarm().IsZero() {
					t.Fatalf("open: %v, alarm %v", open, c.state.Alarm())
				}
				if m == nil {
					check("no quiz", c.state.Snapshot(who), nil)
					return
				}
				view := m.view()
				check("quiz", c.state.Snapshot(who), view)
				if open {
					check("tally", tally.Data, quiz.TallyView{Quiz: m.id, Question: m.question, Answered: view.Current.Answered})
				}
				for _, place := range view.Board {
					most := 0
					for _, d := range m.ask.Questions[:m.revealed] {
						most += *d.Points
					}
					if place.Score < 0 || place.Score > most {
						t.Fatalf("%d is not within 0 and %d", place.Score, most)
					}
				}
				own, standing := c.state.Mine(ana.User)
				var wantOwn []quiz.Own
				for q := range m.question + 1 {
					if g := m.of(ana.User, q); g != nil {
						wantOwn = append(wantOwn, quiz.Own{Quiz: m.id, Question: q, Choices: g.choices})
					}
				}
				check("own answers", own, wantOwn)
				var wantStanding *quiz.Standing
				if rank := m.rank(ana.User); rank > 0 {
					score, _ := m.total(ana.User)
					wantStanding = &quiz.Standing{Quiz: m.id, Score: score, Rank: rank, Of: len(m.ranked())}
				}
				check("own standing", standing, wantStanding)
			},
		})
		check("replayed", c.replay(t), c.state)
	})
}

func (m *model) draftView() quiz.DraftView {
	v := quiz.DraftView{ID: m.id, Title: m.ask.Title}
	for _, d := range m.ask.Questions {
		v.Questions = append(v.Questions, quiz.QuestionView{
			Text: d.Text, Choices: d.Choices, Correct: slices.Sorted(slices.Values(d.Correct)), Points: *d.Points, Seconds: *d.Seconds,
		})
	}
	return v
}

// checkViews holds what a command's events showed against what each audience
// may see.
func checkViews(t *rapid.T, ms models, by wire.UserID, c quiz.Command, shown []views) {
	last := shown[len(shown)-1]
	var want views
	view := func(kind string) *wire.View { return &wire.View{Type: kind, Data: ms.running().view()} }
	switch c := c.(type) {
	case quiz.Create:
		want.staff = &wire.View{Type: "quiz.drafted", Data: ms[len(ms)-1].draftView()}
	case quiz.Edit:
		want.staff = &wire.View{Type: "quiz.drafted", Data: ms.find(c.Quiz).draftView()}
	case quiz.Drop:
		want.staff = &wire.View{Type: "quiz.dropped", Data: quiz.DroppedView(c)}
	case quiz.Ask:
		want.all = view("quiz.asked")
	case quiz.Answer:
		want.personal = map[wire.UserID]wire.View{by: ms.running().mine(by)}
	case quiz.Close, quiz.Tick:
		want.all = view("quiz.closed")
	case quiz.Reveal:
		want.all = view("quiz.revealed")
		want.personal = map[wire.UserID]wire.View{}
		for _, g := range ms.running().given {
			want.personal[g.user] = ms.running().mine(g.user)
		}
	case quiz.Finish:
		want.all = view("quiz.finished")
		if len(shown) == 2 && shown[0].all.Type != "quiz.revealed" {
			t.Fatalf("finishing what is closed showed %+v", shown[0])
		}
	}
	for _, pair := range [][2]any{
		{last.all, want.all}, {last.staff, want.staff},
		{slices.Sorted(maps.Keys(last.personal)), slices.Sorted(maps.Keys(want.personal))},
		{last.personal, want.personal},
	} {
		if got, wanted := encode(t, pair[0]), encode(t, pair[1]); !bytes.Equal(got, wanted) {
			t.Fatalf("%T showed\n     %s\nwant %s", c, got, wanted)
		}
	}
}

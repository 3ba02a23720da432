package quiz_test

import (
	"cmp"
	"maps"
	"math/big"
	"slices"
	"strconv"

	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/wire"
)

// model is a quiz as a patient person would keep it on paper: every answer is
// written down, and all else is worked out from them each time. What is to be
// ordered or matched is marked by its texts, not by places.
type model struct {
	id       uint64
	ask      quiz.Create
	phase    string // "prepared", or as in a view
	question int
	askedAt  wire.Millis
	closedAt wire.Millis
	extra    wire.Millis // time added by extending
	behind   map[wire.UserID]wire.Millis
	stops    []stop
	shown    []string // what is to be ordered, or the rights, as the class sees them
	given    []given
	revealed int // questions that are
	teams    map[wire.UserID]int
	seated   []wire.UserID // who had a team at the last reveal
	means    []int         // the teams' scores then
}

// stop is when the clock stood still; to is 0 while it does.
type stop struct{ from, to wire.Millis }

type given struct {
	user     wire.UserID
	question int
	say      quiz.Answer // the choices of a choice in order
	shown    []string
	at, took wire.Millis
	limit    wire.Millis // for this person; 0: none
}

func (m *model) draft(question int) quiz.Draft { return m.ask.Questions[question] }

func (m *model) limit() wire.Millis { return wire.Millis(*m.draft(m.question).Seconds) * 1000 }

func (m *model) still() bool { return len(m.stops) > 0 && m.stops[len(m.stops)-1].to == 0 }

// deadline is when the open question ends for somebody; 0: never.
func (m *model) deadline(more quiz.Allowance) wire.Millis {
	if m.limit() == 0 || more.Untimed {
		return 0
	}
	end := m.askedAt + m.limit() + m.extra
	if more.Times > 1 {
		end += wire.Millis(float64(m.limit())*more.Times) - m.limit()
	}
	for _, s := range m.stops {
		if s.to > 0 {
			end += s.to - s.from
		}
	}
	return end
}

// late is by how much later than others somebody sees the question, while that matters.
func (m *model) late(user wire.UserID) wire.Millis {
	if m.phase != "open" && m.phase != "closed" {
		return 0
	}
	return min(max(m.behind[user], 0), 5000)
}

// slow are those who see the question late.
func (m *model) slow() (users []wire.UserID) {
	for user := range m.behind {
		if m.late(user) > 0 {
			users = append(users, user)
		}
	}
	return users
}

// settles is when the last of those who have yet to answer the closed question
// cannot any more; 0 where nobody is waited for.
func (m *model) settles() (at wire.Millis) {
	for _, user := range m.slow() {
		if m.phase == "closed" && m.of(user, m.question) == nil {
			at = max(at, m.closedAt+m.late(user))
		}
	}
	return at
}

func (m *model) of(user wire.UserID, question int) *given {
	for i, g := range m.given {
		if g.user == user && g.question == question {
			return &m.given[i]
		}
	}
	return nil
}

// folds is what the typed texts of these tests are when they are folded.
var folds = map[string]string{
	"Ana": "ana", "ana": "ana", "ＡＮＡ": "ana", "北京": "北京", "北 京": "北京", "臺": "台", "台": "台", "x": "x", "y": "y",
}

func among(typed string, accept []string) bool {
	return slices.ContainsFunc(accept, func(a string) bool { return folds[a] == folds[typed] })
}

// marks says which parts of an answer are right: 1, -1 for wrong, 0 for none.
// of is how many there are to get right.
func (m *model) marks(g given) (marks []int, of int) {
	d := m.draft(g.question)
	add := func(right bool) {
		if right {
			marks = append(marks, 1)
		} else {
			marks = append(marks, -1)
		}
	}
	switch d.Type {
	case "", quiz.TypeChoice, quiz.TypeTrueFalse:
		for _, choice := range g.say.Choices {
			add(slices.Contains(d.Correct, choice))
		}
		return marks, len(d.Correct)
	case quiz.TypeOrder:
		for place, i := range g.say.Choices {
			add(g.shown[i] == d.Choices[place])
		}
	case quiz.TypeMatch:
		for left, i := range g.say.Choices {
			add(g.shown[i] == d.Pairs[left].Right)
		}
	case quiz.TypeText:
		add(among(g.say.Text, d.Accept))
	case quiz.TypeNumeric:
		add(slices.ContainsFunc(d.Ranges, func(r quiz.Range) bool { return *g.say.Number >= r.Min && *g.say.Number <= r.Max }))
	case quiz.TypeHotspot:
		x, y := grains(g.say.Point[0]), grains(g.say.Point[1])
		add(slices.ContainsFunc(d.Areas, func(a quiz.Area) bool {
			left, top, wide, high := grains(a.X), grains(a.Y), grains(a.W), grains(a.H)
			return left <= x && x <= left+wide && top <= y && y <= top+high
		}))
	case quiz.TypeGaps:
		for i, typed := range g.say.Texts {
			if typed == "" {
				marks = append(marks, 0)
			} else {
				add(among(typed, d.Gaps[i]))
			}
		}
	}
	return marks, len(marks)
}

// grains is a place in a picture in ten-thousandths.
func grains(x float64) int { return int(x*10_000 + 0.5) }

// kept is a point as it is kept.
func kept(p *quiz.Point) *quiz.Point {
	if p == nil {
		return nil
	}
	return &quiz.Point{float64(grains(p[0])) / 10_000, float64(grains(p[1])) / 10_000}
}

func count(marks []int, of int) (n int) {
	for _, mark := range marks {
		if mark == of {
			n++
		}
	}
	return n
}

func (m *model) right(g given) bool {
	marks, of := m.marks(g)
	return count(marks, 1) == of && count(marks, -1) == 0
}

// share is one part for each that is right, and one off for each that is wrong.
func (m *model) share(g given) *big.Rat {
	marks, of := m.marks(g)
	return big.NewRat(int64(max(0, count(marks, 1)-count(marks, -1))), int64(of))
}

func (m *model) points(g given) int {
	d := m.draft(g.question)
	switch {
	case m.ask.Scoring == quiz.Partial:
		x := new(big.Rat).Mul(m.share(g), big.NewRat(int64(*d.Points), 1))
		x.Add(x, big.NewRat(1, 2))
		return int(new(big.Int).Quo(x.Num(), x.Denom()).Int64())
	case !m.right(g):
		return 0
	case m.ask.Scoring == quiz.Accuracy || g.limit == 0:
		return *d.Points
	}
	return exact(*d.Points, min(g.took, g.limit), g.limit)
}

// streak is how many questions up to and with this one somebody had right on end.
func (m *model) streak(user wire.UserID, question int) (n int) {
	for ; question >= 0; question-- {
		g := m.of(user, question)
		if g == nil || !m.right(*g) {
			break
		}
		n++
	}
	return n
}

func (m *model) bonus(g given) int {
	if !m.right(g) || *m.draft(g.question).Points == 0 {
		return 0
	}
	return min(m.ask.Streak, 100*(m.streak(g.user, g.question)-1))
}

// total is somebody's score as of the last reveal, and when it was reached.
func (m *model) total(user wire.UserID) (score int, reached wire.Millis) {
	for _, g := range m.given {
		if p := m.points(g) + m.bonus(g); g.user == user && g.question < m.revealed && p > 0 {
			score, reached = score+p, g.at
		}
	}
	return score, reached
}

// ranked are the players as of the last reveal: those who have answered
// something that is revealed, or had joined a team when something was.
func (m *model) ranked() []wire.UserID {
	users := slices.Clone(m.seated)
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

func (m *model) members(team int) (users []wire.UserID) {
	for user, t := range m.teams {
		if t == team {
			users = append(users, user)
		}
	}
	return users
}

// fewest is the team with the fewest members, the first among equals.
func (m *model) fewest() int {
	best := 1
	for team := 2; team <= len(m.ask.Teams); team++ {
		if len(m.members(team)) < len(m.members(best)) {
			best = team
		}
	}
	return best
}

// reveal adds up what counts from now on.
func (m *model) reveal() {
	m.revealed = m.question + 1
	m.seated = slices.Sorted(maps.Keys(m.teams))
	m.means = nil
	for team := range m.ask.Teams {
		sum, n := 0, 0
		for _, user := range m.members(team + 1) {
			score, _ := m.total(user)
			sum, n = sum+score, n+1
		}
		m.means = append(m.means, (2*sum+n)/max(1, 2*n))
	}
}

func (m *model) face() quiz.FaceView {
	d := m.draft(m.question)
	v := quiz.FaceView{
		Type: d.Type, Text: d.Text, Media: d.Media, Choices: d.Choices, Images: d.Images, Multiple: len(d.Correct) > 1,
		Gaps: len(d.Gaps), Points: *d.Points, Seconds: *d.Seconds,
	}
	switch d.Type {
	case quiz.TypeOrder:
		v.Choices = m.shown
	case quiz.TypeMatch:
		v.Rights = m.shown
		for _, pair := range d.Pairs {
			v.Lefts = append(v.Lefts, pair.Left)
		}
	}
	return v
}

// key is what is right, and how the class did.
func (m *model) key() (v quiz.KeyView, counts []int, words []quiz.WordView) {
	d := m.draft(m.question)
	correct := slices.Sorted(slices.Values(d.Correct))
	var pairs []int
	for _, pair := range d.Pairs {
		pairs = append(pairs, slices.Index(m.shown, pair.Right))
	}
	v = quiz.KeyView{Accept: d.Accept, Ranges: d.Ranges, Pairs: pairs, Fills: d.Gaps, Areas: d.Areas, Explanation: d.Explanation}
	parts := len(d.Choices) + len(d.Pairs) + len(d.Gaps)
	if d.Type == quiz.TypeOrder {
		for _, text := range d.Choices {
			correct = append(correct, slices.Index(m.shown, text))
		}
	}
	if d.Type == quiz.TypeHotspot {
		parts = 400
	}
	counts = make([]int, parts)
	byFold := map[string]quiz.WordView{}
	var users []wire.UserID
	for _, g := range m.given {
		if g.question == m.question {
			users = append(users, g.user)
		}
	}
	slices.Sort(users)
	for _, user := range users {
		g := *m.of(user, m.question)
		typed := g.say.Text
		if g.say.Number != nil {
			typed = strconv.FormatFloat(*g.say.Number, 'f', -1, 64)
			folds[typed] = typed
		}
		if typed != "" {
			w := byFold[folds[typed]]
			if w.N == 0 {
				w.Text, w.Right = typed, m.right(g)
			}
			w.N++
			byFold[folds[typed]] = w
			continue
		}
		if g.say.Point != nil { // 20 cells across and 20 down, each 500 grains; the last has the edge
			x, y := min(19, grains(g.say.Point[0])/500), min(19, grains(g.say.Point[1])/500)
			counts[20*y+x]++
			continue
		}
		marks, _ := m.marks(g)
		for i, mark := range marks {
			switch d.Type {
			case "", quiz.TypeChoice, quiz.TypeTrueFalse:
				counts[g.say.Choices[i]]++
			default:
				counts[i] += max(0, mark)
			}
		}
	}
	for _, folded := range slices.Sorted(maps.Keys(byFold)) {
		if w := byFold[folded]; w.Right || w.N > 1 {
			words = append(words, w)
		}
	}
	slices.SortStableFunc(words, func(a, b quiz.WordView) int { return b.N - a.N })
	v.Correct = &correct
	return v, counts, words
}

func (m *model) view() quiz.View {
	v := quiz.View{
		ID: m.id, Title: m.ask.Title, Of: len(m.ask.Questions), Question: m.question, Phase: quiz.Phase(m.phase),
		Current: quiz.CurrentView{
			Question: m.question, FaceView: m.face(), AskedAt: m.askedAt, Deadline: m.deadline(quiz.Allowance{}), Settles: m.settles(),
		},
		Scoring: m.ask.Scoring, Streak: m.ask.Streak, Play: m.ask.Play,
	}
	if m.still() {
		v.Current.PausedAt = m.stops[len(m.stops)-1].from
	}
	for _, g := range m.given {
		if g.question == m.question {
			v.Current.Answered++
		}
	}
	if m.phase == "revealed" || m.phase == "finished" {
		key, counts, words := m.key()
		v.Current.KeyView, v.Current.Counts, v.Current.Words = key, &counts, words
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
	for i, name := range m.ask.Teams {
		team := quiz.TeamView{Name: name, Members: len(m.members(i + 1))}
		if m.means != nil {
			team.Score = m.means[i]
		}
		v.Teams = append(v.Teams, team)
	}
	return v
}

// mine is what somebody hears of themselves; more is the time they have.
func (m *model) mine(user wire.UserID, more quiz.Allowance) wire.View {
	score, _ := m.total(user)
	v := quiz.MineView{
		Quiz: m.id, Question: m.question, Score: score, Rank: m.rank(user), Of: len(m.ranked()), Team: m.teams[user],
		Deadline: m.personal(more), Behind: m.late(user),
	}
	if m.ask.Streak > 0 {
		v.Streak = m.streak(user, m.revealed-1)
	}
	g := m.of(user, m.question)
	if g != nil {
		v.Choices, v.Text, v.Number, v.Texts, v.Point = g.say.Choices, g.say.Text, g.say.Number, g.say.Texts, kept(g.say.Point)
	}
	if m.phase == "revealed" {
		right, points := false, 0
		if g != nil {
			right, points, v.Bonus = m.right(*g), m.points(*g)+m.bonus(*g), m.bonus(*g)
			if m.ask.Scoring == quiz.Partial {
				v.Share, _ = m.share(*g).Float64()
			}
		}
		v.Correct, v.Points = &right, &points
	}
	return wire.View{Type: "quiz.mine", Data: v}
}

// personal is the deadline that somebody with more time is told.
func (m *model) personal(more quiz.Allowance) wire.Millis {
	if m.phase != "open" || m.limit() == 0 || more == (quiz.Allowance{}) {
		return 0
	}
	return cmp.Or(m.deadline(more), -1)
}

func (m *model) draftView() quiz.DraftView {
	v := quiz.DraftView{ID: m.id, Title: m.ask.Title, Scoring: m.ask.Scoring, Streak: m.ask.Streak, Teams: m.ask.Teams, Play: m.ask.Play}
	for _, d := range m.ask.Questions {
		v.Questions = append(v.Questions, quiz.QuestionView{
			Type: d.Type, Text: d.Text, Media: d.Media, Choices: d.Choices, Images: d.Images, Areas: d.Areas, Correct: slices.Sorted(slices.Values(d.Correct)), Accept: d.Accept,
			Ranges: d.Ranges, Pairs: d.Pairs, Gaps: d.Gaps, Points: *d.Points, Seconds: *d.Seconds, Explanation: d.Explanation,
		})
	}
	return v
}

package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/lyceum-live/lyceum/internal/text"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/wire"
)

// run is a quiz that has been begun. What people answered is the quiz's own;
// the room has forgotten by the next question when it was asked.
type run struct {
	*quiz.Run
	at    wire.Millis
	asked []asked // by question
	done  *Quiz   // what came of it, once it is finished
}

// asked is what is kept of one question that was asked.
type asked struct {
	at, closed wire.Millis
	pauses     []quiz.Span
	shown      []int
	revealed   bool
	counts     []int // who had each part right, of what is not picked
	answered   int
}

func (f *Fold) applyQuiz(h wire.Head, e quiz.Event) {
	r := f.running()
	of := func(id uint64) bool { return r != nil && r.ID == id }
	switch e := e.(type) {
	case quiz.Created, quiz.Edited, quiz.Dropped, quiz.Allowed:
		f.quizzes.Apply(h, e)
	case quiz.Asked:
		drafted := f.quizzes.Prepared[e.Quiz]
		if drafted == nil && !of(e.Quiz) || drafted == nil && e.Question >= len(r.Questions) {
			return
		}
		f.quizzes.Apply(h, e)
		if drafted != nil {
			r = &run{Run: f.quizzes.Run, at: h.At, asked: make([]asked, len(f.quizzes.Run.Questions))}
			f.runs = append(f.runs, r)
		}
		r.asked[e.Question] = asked{at: h.At, shown: slices.Clone(r.Shown)}
	case quiz.Answered:
		if !of(e.Quiz) {
			return
		}
		f.quizzes.Apply(h, e)
		f.time.touch(h.At, f.here).answers++
		r.keep()
	case quiz.Joined:
		if of(e.Quiz) {
			f.quizzes.Apply(h, e)
		}
	case quiz.Paused:
		if of(e.Quiz) {
			f.quizzes.Apply(h, e)
		}
	case quiz.Resumed:
		if of(e.Quiz) {
			f.quizzes.Apply(h, e)
			r.keep()
		}
	case quiz.Extended:
		if of(e.Quiz) {
			f.quizzes.Apply(h, e)
		}
	case quiz.Closed:
		if of(e.Quiz) {
			f.quizzes.Apply(h, e)
			r.keep()
			r.asked[r.Question].closed = h.At
		}
	case quiz.Revealed:
		if of(e.Quiz) {
			f.quizzes.Apply(h, e)
			r.keep()
			r.asked[r.Question].revealed = true
		}
	case quiz.Finished:
		if of(e.Quiz) {
			f.quizzes.Apply(h, e)
			r.keep()
		}
	}
}

// keep notes what the quiz knows of the current question only.
func (r *run) keep() {
	a := &r.asked[r.Question]
	a.pauses, a.counts, a.answered = r.Pauses, r.Counts, r.Answered
}

// running is the quiz that was begun last.
func (f *Fold) running() *run {
	if n := len(f.runs); n > 0 && f.quizzes.Run == f.runs[n-1].Run {
		return f.runs[n-1]
	}
	return nil
}

// settled reports whether a question's key may be told: also to a moderator
// who plays.
func (r *run) settled(question int) bool {
	a := r.asked[question]
	return a.revealed || r.Phase == quiz.PhaseFinished && a.at > 0
}

// took is how long an answer took, without pauses.
func (a *asked) took(at wire.Millis) wire.Millis {
	took := at - a.at
	for _, p := range a.pauses {
		until := p.To
		if until == 0 || until > at {
			until = at
		}
		took -= max(0, until-p.From)
	}
	return max(0, took)
}

// quizViews is what came of each quiz, oldest first.
func (f *Fold) quizViews() []Quiz {
	out := make([]Quiz, len(f.runs))
	for i, r := range f.runs {
		if r.done == nil {
			q := r.view()
			if r.Phase != quiz.PhaseFinished {
				out[i] = q
				continue
			}
			r.done = &q
		}
		out[i] = *r.done
	}
	return out
}

// kindOf is a question's type; logs of old say none.
func kindOf(q *quiz.Question) quiz.Type { return cmp.Or(q.Type, quiz.TypeChoice) }

func picked(q *quiz.Question) bool {
	kind := kindOf(q)
	return kind == quiz.TypeChoice || kind == quiz.TypeTrueFalse
}

// taker is somebody who plays, with their answers by question.
type taker struct {
	id    wire.UserID
	p     *quiz.Player
	given []*quiz.Given
	right int // of the questions that are settled
}

func (r *run) takers() []taker {
	list := make([]taker, 0, len(r.Players))
	for _, id := range slices.Sorted(maps.Keys(r.Players)) {
		t := taker{id: id, p: r.Players[id], given: make([]*quiz.Given, len(r.Questions))}
		for i := range t.p.Given {
			g := &t.p.Given[i]
			t.given[g.Question] = g
			if g.Right && r.settled(g.Question) {
				t.right++
			}
		}
		list = append(list, t)
	}
	return list
}

func (r *run) view() Quiz {
	v := Quiz{
		ID: r.ID, Title: r.Title.Text, At: r.at, Phase: r.Phase, Of: len(r.Questions),
		Scoring: cmp.Or(r.Scoring, quiz.Speed), Players: len(r.Players),
	}
	takers := r.takers()
	if n := len(takers); n > 0 {
		sum := 0
		for _, t := range takers {
			sum += t.p.Score
		}
		mean := float64(sum) / float64(n)
		v.Mean, v.Points = &mean, sum
	}
	for i, team := range r.Standings {
		v.Teams = append(v.Teams, Team{r.Teams[i].Text, team.Score, team.Members})
	}
	order := slices.Clone(takers) // best first
	slices.SortFunc(order, func(a, b taker) int {
		return cmp.Or(cmp.Compare(b.right, a.right), cmp.Compare(b.p.Score, a.p.Score), cmp.Compare(a.id, b.id))
	})
	for i := range r.Questions {
		if r.asked[i].at > 0 {
			v.Questions = append(v.Questions, r.question(i, order))
		}
	}
	return v
}

// question analyses one question. order is everybody who plays, the best first.
func (r *run) question(i int, order []taker) Question {
	q, a := &r.Questions[i], &r.asked[i]
	v := Question{
		Number: i, Type: kindOf(q), Text: q.Text.Text, Points: q.Points, Seconds: q.Seconds, Tags: q.Tags,
		At: a.at, ClosedAt: a.closed, Answered: a.answered, Settled: r.settled(i),
	}
	if !v.Settled {
		return v
	}
	var times, rest []float64
	var right []bool
	var took []taker
	sum := 0.0
	for _, t := range order {
		g := t.given[i]
		if g == nil {
			continue
		}
		took = append(took, t)
		times = append(times, float64(a.took(g.At)))
		others := t.right
		if g.Right {
			others--
			v.Right++
			sum++
		} else {
			sum += g.Share
		}
		right, rest = append(right, g.Right), append(rest, float64(others))
	}
	if n := len(took); n > 0 {
		difficulty, mean := float64(v.Right)/float64(n), sum/float64(n)
		v.Difficulty, v.Share = &difficulty, &mean
	}
	v.Discrimination = discrimination(right, rest)
	v.Time = quartiles(times)
	v.Key = key(q)
	switch {
	case picked(q):
		v.Thirds = third(len(took))
		v.Choices = distractors(q, i, took, v.Thirds)
	case kindOf(q) == quiz.TypeText || kindOf(q) == quiz.TypeNumeric:
		v.Typed = typed(q, i, took)
	case len(v.Key) == len(a.counts):
		for part, n := range a.counts {
			v.Choices = append(v.Choices, Choice{Text: v.Key[part], Correct: true, N: n})
		}
	}
	return v
}

// distractors counts who picked what, of all and of the upper and lower third.
func distractors(q *quiz.Question, question int, took []taker, third int) []Choice {
	out := make([]Choice, len(q.Choices))
	for c := range out {
		out[c] = Choice{Text: q.Choices[c].Text, Correct: slices.Contains(q.Correct, c)}
		if third > 0 {
			out[c].Upper, out[c].Lower = new(int), new(int)
		}
	}
	for place, t := range took {
		for c := range t.given[question].Choices.All() {
			out[c].N++
			if place < third {
				*out[c].Upper++
			}
			if place >= len(took)-third && third > 0 {
				*out[c].Lower++
			}
		}
	}
	return out
}

// mostTyped is how many of the typed answers are told.
const mostTyped = 10

// typed counts what was typed, folded as it is compared.
func typed(q *quiz.Question, question int, took []taker) []Typed {
	counts := map[string]*Typed{}
	for _, t := range took {
		g := t.given[question]
		words := answerOf(q, nil, g)
		if words == "" {
			continue // its author has been forgotten
		}
		key := text.Fold(words)
		if kindOf(q) == quiz.TypeNumeric {
			key = words
		}
		if counts[key] == nil {
			counts[key] = &Typed{Text: words, Right: g.Right}
		}
		counts[key].N++
	}
	var out []Typed
	for _, c := range counts {
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b Typed) int { return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Text, b.Text)) })
	return out[:min(len(out), mostTyped)]
}

// digits is a number as people write it.
func digits(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// key is what is right, part by part; of choices, which are marked, nothing.
func key(q *quiz.Question) []string {
	var out []string
	switch kindOf(q) {
	case quiz.TypeText:
		for _, a := range q.Accept {
			out = append(out, a.Text)
		}
	case quiz.TypeNumeric:
		for _, r := range q.Ranges {
			if r.Min == r.Max {
				out = append(out, digits(r.Min))
			} else {
				out = append(out, digits(r.Min)+" … "+digits(r.Max))
			}
		}
	case quiz.TypeGaps:
		for _, gap := range q.Gaps {
			out = append(out, gap[0].Text)
		}
	case quiz.TypeOrder:
		for _, c := range q.Choices {
			out = append(out, c.Text)
		}
	case quiz.TypeMatch:
		for _, p := range q.Pairs {
			out = append(out, p.Left.Text+" → "+p.Right.Text)
		}
	}
	return out
}

// answerOf is an answer as a line of text. shown is the order in which the
// choices to order, or the rights to match, were shown.
func answerOf(q *quiz.Question, shown []int, g *quiz.Given) string {
	var parts []string
	add := func(s string) { parts = append(parts, s) }
	e := g.Entry
	switch kind := kindOf(q); {
	case picked(q):
		for c := range g.Choices.All() {
			add(q.Choices[c].Text)
		}
	case e == nil:
	case kind == quiz.TypeOrder && len(shown) == len(q.Choices):
		for _, place := range e.Places {
			add(q.Choices[shown[place]].Text)
		}
	case kind == quiz.TypeMatch && len(shown) == len(q.Pairs):
		for left, place := range e.Places {
			add(q.Pairs[left].Left.Text + " → " + q.Pairs[shown[place]].Right.Text)
		}
	case kind == quiz.TypeNumeric && e.Number != nil:
		add(digits(*e.Number))
	case kind == quiz.TypeGaps:
		for _, t := range e.Texts {
			add(t.Text)
		}
	case kind == quiz.TypeHotspot && e.Point != nil:
		add(fmt.Sprintf("%.1f %% · %.1f %%", e.Point[0]*100, e.Point[1]*100))
	default:
		add(e.Text.Text)
	}
	return strings.Join(parts, "; ")
}

package report_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/internal/report"
	"github.com/lyceum-live/lyceum/internal/text"
	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// model is a class as its teacher would note it down with a watch: it shares no
// code with the report and never sees the log.
type model struct {
	began, ended time.Time
	stays        map[wire.UserID][][2]time.Time
	present      []moment
	lines        []line
	asked        []question
	upvotes      int
	votes        map[wire.UserID]int // polls that somebody took part in, by name
	ballots      int
	given        map[int]map[wire.UserID]answer
	order        []int // questions of the quiz that were revealed
}

type moment struct {
	at time.Time
	by int
}

type line struct {
	at   time.Time
	by   wire.UserID
	text string
	gone bool
	id   uint64
}

type question struct {
	at        time.Time
	by        wire.UserID
	text      string
	anonymous bool
	answered  bool
	id        uint64
}

type answer struct {
	choice int
	right  bool
	took   time.Duration
}

const people = 12

var lines = []string{
	"I love this!", "This is terrible, too fast", "ok", "讲得太好了", "听不懂，太快了", "standing waves are great", "what are standing waves?", "not bad at all", "12",
}

// correct is the right choice of every question of the model's quiz.
const correct = 1

func (m *model) here(user wire.UserID) bool {
	s := m.stays[user]
	return len(s) > 0 && s[len(s)-1][1].IsZero()
}

// step does one thing at random in the class, as somebody who may.
func (m *model) step(t *rapid.T, c *class) {
	viewers := slices.DeleteFunc(slices.Sorted(maps.Keys(c.in)), func(u wire.UserID) bool { return u == "host" })
	someone := wire.UserID("host")
	if len(viewers) > 0 {
		someone = rapid.SampledFrom(viewers).Draw(t, "who")
	}
	now := time.Now()
	switch rapid.SampledFrom([]string{"enter", "enter", "leave", "say", "say", "say", "delete", "ask", "upvote", "answered", "wait", "wait"}).Draw(t, "what") {
	case "enter":
		u := user(rapid.IntRange(0, people-1).Draw(t, "newcomer"))
		if !m.here(u) {
			c.enter(u, wire.Viewer)
			m.stays[u] = append(m.stays[u], [2]time.Time{now})
			m.present = append(m.present, moment{now, +1})
		}
	case "leave":
		if someone != "host" {
			c.leave(someone)
			s := m.stays[someone]
			s[len(s)-1][1] = time.Now()
			m.present = append(m.present, moment{time.Now(), -1})
		}
	case "say":
		words := rapid.SampledFrom(lines).Draw(t, "words")
		c.must(someone, room.Say{Text: words})
		m.lines = append(m.lines, line{now, someone, words, false, c.last()})
	case "delete":
		if i := slices.IndexFunc(m.lines, func(l line) bool { return !l.gone }); i >= 0 {
			c.must("host", room.Delete{Item: m.lines[i].id})
			m.lines[i].gone = true
		}
	case "ask":
		q := question{at: now, by: someone, text: rapid.SampledFrom(lines).Draw(t, "words"), anonymous: rapid.Bool().Draw(t, "anonymous")}
		if c.do(someone, qa.Ask{Text: q.text, Anonymous: q.anonymous}) == nil {
			q.id = c.last()
			m.asked = append(m.asked, q)
		}
	case "upvote":
		if len(m.asked) > 0 {
			before := c.last()
			q := rapid.SampledFrom(m.asked).Draw(t, "question")
			if c.do(someone, qa.Upvote{Question: q.id}) == nil && q.by != someone {
				// A second vote is only noted.
				if page, _ := c.house.Events(context.Background(), c.id, before); len(page) == 1 && reflect.TypeOf(page[0].Event) == reflect.TypeFor[qa.Upvoted]() {
					m.upvotes++
				}
			}
		}
	case "answered":
		if i := slices.IndexFunc(m.asked, func(q question) bool { return !q.answered }); i >= 0 {
			c.must("host", qa.Answer{Question: m.asked[i].id})
			m.asked[i].answered = true
		}
	case "wait":
		time.Sleep(time.Duration(rapid.IntRange(1, 150_000).Draw(t, "ms")) * time.Millisecond)
	}
}

// vote holds a poll in which everybody may take part.
func (m *model) vote(t *rapid.T, c *class, secret bool) {
	c.must("host", poll.Create{Text: "How is it?", Choices: []string{"Good", "Bad"}, Secret: secret, Open: true})
	id := c.last()
	for _, u := range slices.Sorted(maps.Keys(c.in)) {
		if u != "host" && rapid.Bool().Draw(t, "votes") {
			c.must(u, poll.Vote{Poll: id, Choices: []int{rapid.IntRange(0, 1).Draw(t, "choice")}})
			m.votes[u]++
			m.ballots++
		}
	}
	c.must("host", poll.Close{Poll: id})
}

// quiz holds a quiz of a few questions, with time between the answers.
func (m *model) quiz(t *rapid.T, c *class) {
	n := rapid.IntRange(2, 4).Draw(t, "questions")
	var drafts []quiz.Draft
	for i := range n {
		drafts = append(drafts, quiz.Draft{Text: fmt.Sprint("Question ", i), Choices: []string{"a", "b", "c"}, Correct: []int{correct}})
	}
	c.must("host", quiz.Create{Title: "Quiz", Questions: drafts, Scoring: quiz.Accuracy})
	id := c.last()
	for i := range n {
		c.must("host", quiz.Ask{Quiz: id, Seed: 1})
		asked := time.Now()
		m.given[i] = map[wire.UserID]answer{}
		var paused time.Duration
		for _, u := range slices.Sorted(maps.Keys(c.in)) {
			if u == "host" || rapid.IntRange(0, 4).Draw(t, "abstains") == 0 {
				continue
			}
			if rapid.IntRange(0, 6).Draw(t, "pauses") == 0 {
				c.must("host", quiz.Pause{Quiz: id})
				time.Sleep(7 * time.Second)
				paused += 7 * time.Second
				c.must("host", quiz.Resume{Quiz: id})
			}
			time.Sleep(time.Duration(rapid.IntRange(0, 900).Draw(t, "ms")) * time.Millisecond)
			choice := rapid.IntRange(0, 2).Draw(t, "choice")
			at := time.Now()
			c.must(u, quiz.Answer{Quiz: id, Question: i, Choices: []int{choice}, At: wire.At(at)})
			m.given[i][u] = answer{choice, choice == correct, at.Sub(asked) - paused}
		}
		c.must("host", quiz.Close{Quiz: id})
		c.must("host", quiz.Reveal{Quiz: id})
		m.order = append(m.order, i)
	}
	c.must("host", quiz.Finish{Quiz: id})
}

// A report says of any class what somebody who watched it would say, and it
// says the same whether it was asked for on the way or only at the end.
func TestReportAgainstAWatcher(t *testing.T) {
	inHouse(t, func(c *class) {
		n := 0
		rapid.Check(t, func(rt *rapid.T) {
			n++
			c.begin(rt, wire.RoomID(fmt.Sprint("class-", n)))
			m := &model{stays: map[wire.UserID][][2]time.Time{}, votes: map[wire.UserID]int{}, given: map[int]map[wire.UserID]answer{}}
			c.enter("host", wire.Host)
			m.stays["host"] = [][2]time.Time{{time.Now()}}
			m.present = append(m.present, moment{time.Now(), +1})
			grown := report.NewFold(c.id)
			some := func() {
				for range rapid.IntRange(0, 25).Draw(rt, "steps") {
					m.step(rt, c)
				}
				c.on(grown)
				grown.Report()
			}
			some()
			c.must("host", room.Open{})
			m.began = time.Now()
			some()
			m.vote(rt, c, false)
			m.vote(rt, c, true)
			some()
			if rapid.Bool().Draw(rt, "full") { // enough for figures of questions
				for i := range people {
					if u := user(i); !m.here(u) {
						m.stays[u] = append(m.stays[u], [2]time.Time{time.Now()})
						m.present = append(m.present, moment{time.Now(), +1})
						c.enter(u, wire.Viewer)
					}
				}
			}
			m.quiz(rt, c)
			some()
			c.must("host", room.End{})
			m.ended = time.Now()
			c.on(grown)
			r := c.fold().Report()
			if !reflect.DeepEqual(r, grown.Report()) {
				rt.Fatalf("made on the way:\n%+v\nat the end:\n%+v", grown.Report(), r)
			}
			m.compare(rt, r)
			c.empty()
		})
	})
}

func (m *model) compare(t *rapid.T, r *report.Report) {
	same := func(what string, got, want any) {
		t.Helper()
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%s: got %v, want %v", what, got, want)
		}
	}
	c := r.Class
	deleted, answered, anonymous, answers, right := 0, 0, 0, 0, 0
	for _, l := range m.lines {
		if l.gone {
			deleted++
		}
	}
	byName := map[wire.UserID]int{}
	for _, q := range m.asked {
		if q.answered {
			answered++
		}
		if q.anonymous {
			anonymous++
		} else {
			byName[q.by]++
		}
	}
	for _, given := range m.given {
		for _, a := range given {
			answers++
			if a.right {
				right++
			}
		}
	}
	same("people", c.People, len(m.stays))
	same("messages", c.Messages, len(m.lines))
	same("deleted", c.Deleted, deleted)
	same("asked", []int{c.Asked, c.Answered, c.Secret, c.Upvotes}, []int{len(m.asked), answered, anonymous, m.upvotes})
	same("polls", []int{c.Polls, c.Votes}, []int{2, m.ballots})
	same("quizzes", []int{c.Quizzes, c.Items, c.Answers}, []int{1, len(m.order), answers})
	same("duration", c.Duration, wire.Millis(m.ended.Sub(m.began).Milliseconds()))

	active := 0
	for _, p := range r.People {
		said, correct, tried := 0, 0, 0
		for _, l := range m.lines {
			if l.by == p.ID {
				said++
			}
		}
		for _, given := range m.given {
			if a, ok := given[p.ID]; ok {
				tried++
				if a.right {
					correct++
				}
			}
		}
		same(string(p.ID), []int{p.Messages, p.Questions, p.Votes, p.Answered, p.Right, p.Score},
			[]int{said, byName[p.ID], m.votes[p.ID], tried, correct, 1000 * correct})
		var attended time.Duration
		for _, s := range m.stays[p.ID] {
			from, to := s[0], s[1]
			if to.IsZero() || to.After(m.ended) {
				to = m.ended
			}
			if from.Before(m.began) {
				from = m.began
			}
			attended += max(0, to.Sub(from))
		}
		same("attended by "+string(p.ID), p.Attended, wire.Millis(attended.Milliseconds()))
		if p.Role == wire.Viewer && said+byName[p.ID]+m.votes[p.ID]+tried > 0 {
			active++
		}
		better := 0
		for _, o := range r.People {
			if o.Answered > 0 && o.Score > p.Score {
				better++
			}
		}
		if tried > 0 {
			same("rank of "+string(p.ID), p.Rank, better+1)
		}
	}
	same("active", c.Active, active)
	m.compareTime(t, r)
	m.compareQuestions(t, r)
}

// compareTime recounts every minute from the beginning.
func (m *model) compareTime(t *rapid.T, r *report.Report) {
	minuteOf := func(at time.Time) wire.Millis { return wire.At(at) / 60_000 * 60_000 }
	at := map[wire.Millis]report.Point{}
	for _, p := range r.Points {
		at[p.At] = p
	}
	first, last := minuteOf(m.present[0].at), minuteOf(m.ended)
	here, i, most := 0, 0, 0
	for minute := first; minute <= last; minute += 60_000 {
		peak := here
		for ; i < len(m.present) && minuteOf(m.present[i].at) == minute; i++ {
			here += m.present[i].by
			peak = max(peak, here)
		}
		most = max(most, peak)
		said, asked, comments, felt := 0, 0, 0, []float64{}
		comment := func(by wire.UserID, words string) {
			if by == "host" {
				return
			}
			comments++
			if score, n := text.Sentiment(words); n > 0 {
				felt = append(felt, score)
			}
		}
		for _, l := range m.lines {
			if minuteOf(l.at) == minute {
				said++
				if !l.gone {
					comment(l.by, l.text)
				}
			}
		}
		for _, q := range m.asked {
			if minuteOf(q.at) == minute {
				asked++
				comment(q.by, q.text)
			}
		}
		got := at[minute]
		if got.Present != peak || got.Messages != said || got.Asked != asked || got.Comments != comments {
			t.Fatalf("minute %d: got %+v, want %d present, %d said, %d asked, %d comments", minute, got, peak, said, asked, comments)
		}
		if (got.Mean == nil) != (len(felt) == 0) {
			t.Fatalf("minute %d: feeling %v of %v", minute, got.Mean, felt)
		}
		if got.Mean != nil {
			sum := 0.0
			for _, x := range felt {
				sum += x
			}
			if math.Abs(*got.Mean-sum/float64(len(felt))) > 0.0016 {
				t.Fatalf("minute %d: feeling %v, want the mean of %v", minute, *got.Mean, felt)
			}
		}
	}
	if r.Class.Peak != most {
		t.Fatalf("peak: got %d, want %d", r.Class.Peak, most)
	}
}

// compareQuestions works the figures of each question out by other formulas.
func (m *model) compareQuestions(t *rapid.T, r *report.Report) {
	total := map[wire.UserID]int{}
	for _, given := range m.given {
		for u, a := range given {
			if a.right {
				total[u]++
			}
		}
	}
	for i, q := range r.Quizzes[0].Questions {
		given := m.given[i]
		users := slices.SortedFunc(maps.Keys(given), func(a, b wire.UserID) int {
			return cmp.Or(cmp.Compare(total[b], total[a]), cmp.Compare(a, b))
		})
		counts, upper, lower := [3]int{}, [3]int{}, [3]int{}
		right, third := 0, len(users)/3
		var took []float64
		var xs, ys []float64
		for place, u := range users {
			a := given[u]
			counts[a.choice]++
			if place < third {
				upper[a.choice]++
			}
			if place >= len(users)-third {
				lower[a.choice]++
			}
			x, rest := 0.0, float64(total[u])
			if a.right {
				right++
				x, rest = 1, rest-1
			}
			xs, ys = append(xs, x), append(ys, rest)
			took = append(took, float64(a.took.Milliseconds()))
		}
		if q.Answered != len(users) || q.Right != right {
			t.Fatalf("question %d: %d answered, %d right; want %d, %d", i, q.Answered, q.Right, len(users), right)
		}
		for choice, n := range counts {
			got := q.Choices[choice]
			if got.N != n || got.Correct != (choice == correct) {
				t.Fatalf("question %d, choice %d: %+v; want %d", i, choice, got, n)
			}
			switch {
			case len(users) < 6:
				if got.Upper != nil || got.Lower != nil {
					t.Fatalf("question %d has thirds of %d people", i, len(users))
				}
			case *got.Upper != upper[choice] || *got.Lower != lower[choice]:
				t.Fatalf("question %d, choice %d: upper %d lower %d; want %d %d", i, choice, *got.Upper, *got.Lower, upper[choice], lower[choice])
			}
		}
		if want, ok := pearson(xs, ys); len(users) < 10 || !ok {
			if q.Discrimination != nil {
				t.Fatalf("question %d: discrimination %v of %d answers", i, *q.Discrimination, len(users))
			}
		} else if q.Discrimination == nil || math.Abs(*q.Discrimination-want) > 1e-9 {
			t.Fatalf("question %d: discrimination %v, want %v", i, q.Discrimination, want)
		}
		if len(took) == 0 {
			if q.Time != nil || q.Difficulty != nil {
				t.Fatalf("question %d has figures of nobody", i)
			}
			continue
		}
		slices.Sort(took)
		if low, high := took[(len(took)-1)/2], took[len(took)/2]; math.Abs(q.Time.Median-(low+high)/2) > 1 {
			t.Fatalf("question %d: median %v of %v", i, q.Time.Median, took)
		}
		if q.Time.Q1 < took[0] || q.Time.Q1 > q.Time.Median || q.Time.Q3 < q.Time.Median || q.Time.Q3 > took[len(took)-1] {
			t.Fatalf("question %d: quartiles %+v of %v", i, *q.Time, took)
		}
	}
}

// pearson is the correlation by its own definition, which the point-biserial
// one is a case of.
func pearson(xs, ys []float64) (float64, bool) {
	mean := func(list []float64) float64 {
		sum := 0.0
		for _, x := range list {
			sum += x
		}
		return sum / float64(len(list))
	}
	if len(xs) == 0 {
		return 0, false
	}
	mx, my := mean(xs), mean(ys)
	var xy, xx, yy float64
	for i := range xs {
		xy += (xs[i] - mx) * (ys[i] - my)
		xx += (xs[i] - mx) * (xs[i] - mx)
		yy += (ys[i] - my) * (ys[i] - my)
	}
	return xy / math.Sqrt(xx*yy), xx > 1e-12 && yy > 1e-12
}

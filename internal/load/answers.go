package load

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

type (
	quizScript struct {
		Title     string         `json:"title"`
		Questions []quizQuestion `json:"questions"`
	}
	quizQuestion struct {
		Text    string   `json:"text"`
		Choices []string `json:"choices"`
		Correct []int    `json:"correct"`
		Points  int      `json:"points"`
		Seconds int      `json:"seconds"`
	}
	quizData struct {
		Quiz uint64 `json:"quiz"`
	}
)

var (
	quizTally     = []byte("quiz.tally")
	quizClosed    = []byte("quiz.closed")
	answeredField = []byte(`"answered":`)
)

var fourChoices = []string{"one", "two", "three", "four"}

// question is a quiz question under measurement.
type question struct {
	quiz    uint64
	plan    plan  // of the answers
	order   []int // who is the n-th to answer
	turn    []int // the n of each viewer
	want    []int // the counts, if all are acknowledged
	tallies []int // that each viewer was sent; owned by its lane

	// Owned by their lanes.
	acks, closes map[*lane]*Histogram

	acked, told, lost atomic.Int64
	lastAck, closing  atomic.Int64 // on the tool's clock
	refused           refusals
}

// answer is the number of the request that answers.
const answer = firstID + 1

// newQuestion plans the answers evenly over the time, in an order that is not
// that of the joins.
func newQuestion(c *crowd, quiz uint64, length time.Duration) *question {
	n := len(c.viewers)
	q := &question{
		quiz: quiz, plan: plan{start: clock() + 100*time.Millisecond, each: length / time.Duration(n), n: n},
		order: make([]int, n), turn: make([]int, n), tallies: make([]int, n), want: make([]int, len(fourChoices)),
		acks: map[*lane]*Histogram{}, closes: map[*lane]*Histogram{},
	}
	step := 7919
	for gcd(step, n) > 1 {
		step++
	}
	for turn := range q.order {
		viewer := turn * step % n
		q.order[turn], q.turn[viewer] = viewer, turn
		q.want[q.choice(viewer)]++
	}
	for _, l := range c.lanes {
		q.acks[l], q.closes[l] = &Histogram{}, &Histogram{}
	}
	return q
}

func (q *question) choice(viewer int) int { return viewer % len(fourChoices) }

// ask sends all answers, each at its time.
func (q *question) ask(ctx context.Context, c *crowd) error {
	for turn, viewer := range q.order {
		text := request(answer, "quiz.answer", key(), fmt.Appendf(nil, `{"quiz":%d,"question":0,"choices":[%d]}`, q.quiz, q.choice(viewer)))
		if err := until(ctx, q.plan.at(turn)); err != nil {
			return err
		}
		s := c.viewers[viewer]
		s.do(func() { _ = s.send(text) }) // lost: then it is not acknowledged
	}
	return nil
}

func (q *question) replied(s *socket, re uint64, refusal []byte, at time.Duration) {
	switch {
	case !s.viewer() || re != answer:
	case refusal != nil:
		q.refused.note(refusal)
	default:
		q.acks[s.lane].Add(at - q.plan.at(q.turn[s.number]))
		q.lastAck.Store(int64(at))
		q.acked.Add(1)
	}
}

func (q *question) heard(s *socket, kind, data []byte, at time.Duration) {
	switch {
	case !s.viewer():
	case bytes.Equal(kind, quizTally):
		q.tallies[s.number]++
	case bytes.Equal(kind, quizClosed):
		i := bytes.Index(data, answeredField)
		if i < 0 {
			return
		}
		if total, _ := number(data[i+len(answeredField):]); int64(total) == q.acked.Load() {
			q.closes[s.lane].Add(at - time.Duration(q.closing.Load()))
			q.told.Add(1)
		}
	}
}

// Answers measures a quiz question that all viewers answer within l.Length:
// how soon each answer is acknowledged, which means that it is durable; how
// many tallies each viewer is sent; how soon after the close all of them know
// the right total; and whether the final counts are right.
func Answers(ctx context.Context, t Target, l Load) (Result, error) {
	if l.Viewers < 1 {
		return Result{}, errNothing
	}
	room := t.room("answers")
	c, err := gather(ctx, t, room, l)
	if err != nil {
		return Result{}, err
	}
	defer c.leave()
	if err := rest(ctx, l.settle()); err != nil {
		return Result{}, err
	}
	id, err := c.command(ctx, "quiz.create", quizScript{"Measurement", []quizQuestion{
		{Text: "Which?", Choices: fourChoices, Correct: []int{1}, Points: 1000, Seconds: 600},
	}})
	if err == nil {
		_, err = c.command(ctx, "quiz.ask", quizData{id})
	}
	if err != nil {
		return Result{}, err
	}
	q := newQuestion(c, id, l.Length)
	c.listen(events{reply: q.replied, other: q.heard, lost: func(*socket, error) { q.lost.Add(1) }})
	before, known := t.usage()
	if err := q.ask(ctx, c); err != nil {
		return Result{}, err
	}
	await(ctx, lastWait, func() bool { return q.acked.Load()+q.refused.n.Load() >= int64(l.Viewers) })
	after, _ := t.usage()
	q.closing.Store(int64(clock()))
	if _, err := c.command(ctx, "quiz.close", quizData{id}); err != nil {
		return Result{}, err
	}
	await(ctx, lastWait, func() bool { return q.told.Load() >= int64(l.Viewers) })
	if _, err := c.command(ctx, "quiz.reveal", quizData{id}); err != nil {
		return Result{}, err
	}
	counts, answered, err := c.finalCounts(ctx, t, room, id)
	if err != nil {
		return Result{}, err
	}
	c.leave()
	r := Result{Measure: "answers", Server: t.Name, Viewers: l.Viewers, Notes: q.refused.notes()}
	q.report(&r, l)
	if known {
		r.add("CPU of the server", ms(after.CPU-before.CPU)/float64(l.Viewers), "ms an answer")
	}
	r.add("counted", float64(answered), "")
	r.add("counts right", yes(answered == int(q.acked.Load()) && (q.refused.n.Load() > 0 || slices.Equal(counts, q.want))), "1 = yes")
	got := c.total()
	r.add("gaps", float64(got.gaps), "")
	r.add("doubles", float64(got.doubles), "")
	return r, nil
}

// report adds what was heard. The crowd has left.
func (q *question) report(r *Result, l Load) {
	var acks, closes Histogram
	for lane := range q.acks {
		acks.Merge(q.acks[lane])
		closes.Merge(q.closes[lane])
	}
	acked := float64(q.acked.Load())
	r.add("time", l.Length.Seconds(), "s")
	r.add("acknowledged", acked, "")
	r.add("refused", float64(q.refused.n.Load()), "")
	r.add("sockets lost", float64(q.lost.Load()), "")
	r.add("answers", acked/max((time.Duration(q.lastAck.Load())-q.plan.start).Seconds(), 1e-9), "/s")
	r.Figures = append(r.Figures, acks.figures("acknowledged after")...)
	r.add("tallies, at most", float64(slices.Max(q.tallies)), "a viewer")
	r.add("know the total", float64(q.told.Load()), "viewers")
	r.Figures = append(r.Figures, millis("total after the close p50", closes.Quantile(0.5)), millis("total after the close max", closes.max))
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func yes(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// finalCounts reads the counts as a viewer who comes in afterwards sees them.
func (c *crowd) finalCounts(ctx context.Context, t Target, room wire.RoomID, id uint64) (counts []int, answered int, err error) {
	token, err := t.Token(room, "Observer", wire.Viewer)
	if err != nil {
		return nil, 0, err
	}
	welcome := make(chan []byte, 1) // buffered: the reader never waits
	s := &socket{crowd: c, lane: c.speaker.lane, number: -1, role: wire.Viewer, token: token, welcome: welcome}
	defer s.do(s.hangUp)
	if _, err := c.come(ctx, []*socket{s}, 0); err != nil {
		return nil, 0, fmt.Errorf("look at the counts: %w", err)
	}
	var seen struct {
		Room struct {
			Quiz *struct {
				ID      uint64 `json:"id"`
				Current struct {
					Answered int   `json:"answered"`
					Counts   []int `json:"counts"`
				} `json:"current"`
			} `json:"quiz"`
		} `json:"room"`
	}
	if err := json.Unmarshal(<-welcome, &seen); err != nil {
		return nil, 0, fmt.Errorf("look at the counts: %w", err)
	}
	if seen.Room.Quiz == nil || seen.Room.Quiz.ID != id {
		return nil, 0, fmt.Errorf("the quiz is not there any more")
	}
	return seen.Room.Quiz.Current.Counts, seen.Room.Quiz.Current.Answered, nil
}

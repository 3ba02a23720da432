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
	quizRevealed  = []byte("quiz.revealed")
	quizFinished  = []byte("quiz.finished")
	answeredField = []byte(`"answered":`)
)

var fourChoices = []string{"one", "two", "three", "four"}

// Every answer is sent four times under one key: as by a client that is not
// sure whether it came through. One viewer in [cutEvery] loses the connection
// with the first of them and sends the others over a new one.
const (
	repeats  = 3
	repeatIn = 100 * time.Millisecond // from one to the next
	cutEvery = 5
)

// question is a quiz question under measurement.
type question struct {
	ctx   context.Context
	quiz  uint64
	plan  plan  // of the answers
	order []int // who is the n-th to answer
	want  []int // the counts, if all are acknowledged
	all   []answerer

	// Owned by their lanes.
	heardBy map[*lane]*answered

	acked, replies, told, lost atomic.Int64
	lastAck, closing, board    atomic.Int64 // the first two on the tool's clock, then bytes
	refused                    refusals
}

// answerer is one viewer's part in it, owned by its lane.
type answerer struct {
	turn    int
	key     string
	sent    int    // times
	seq     uint64 // where the answer stands, by the first acknowledgement
	cut     bool   // loses its connection
	away    bool   // and is not back yet
	tallies int
}

// answered is what the viewers of a lane have seen.
type answered struct {
	acks, cut, closes Histogram
	otherwise         int // repeats that were answered with another position
}

// newQuestion plans the answers evenly over the time, in an order that is not
// that of the joins.
func newQuestion(ctx context.Context, c *crowd, quiz uint64, length time.Duration) *question {
	n := len(c.viewers)
	q := &question{
		ctx: ctx, quiz: quiz, plan: plan{start: clock() + 100*time.Millisecond, each: length / time.Duration(n), n: n},
		order: make([]int, n), want: make([]int, len(fourChoices)), all: make([]answerer, n), heardBy: map[*lane]*answered{},
	}
	step := 7919
	for gcd(step, n) > 1 {
		step++
	}
	for turn := range q.order {
		viewer := turn * step % n
		q.order[turn] = viewer
		q.all[viewer] = answerer{turn: turn, key: key(), cut: turn%cutEvery == cutEvery-1}
		q.want[q.choice(viewer)]++
	}
	for _, l := range c.lanes {
		q.heardBy[l] = &answered{}
	}
	return q
}

func (q *question) choice(viewer int) int { return viewer % len(fourChoices) }

// expected is how many replies there are if each request has one that reaches
// a viewer who is still there.
func (q *question) expected() int64 {
	n := int64(len(q.all)) * (1 + repeats)
	for i := range q.all {
		if q.all[i].cut {
			n--
		}
	}
	return n
}

// ask sends all answers for the first time, each at its time.
func (q *question) ask(ctx context.Context, c *crowd) error {
	for turn, viewer := range q.order {
		if err := until(ctx, q.plan.at(turn)); err != nil {
			return err
		}
		s := c.viewers[viewer]
		s.do(func() { q.send(s) })
	}
	return nil
}

// send sends a viewer's answer, and sees to its being sent again. It is called
// with the lane's lock held.
func (q *question) send(s *socket) {
	a := &q.all[s.number]
	a.sent++
	// Lost: then it is not acknowledged.
	_ = s.send(request(firstID+uint64(a.sent), "quiz.answer", a.key,
		fmt.Appendf(nil, `{"quiz":%d,"question":0,"choices":[%d]}`, q.quiz, q.choice(s.number))))
	if a.cut && a.sent == 1 {
		s.hangUp()
		q.back(s)
	} else if a.sent <= repeats {
		time.AfterFunc(repeatIn, func() { s.do(func() { q.send(s) }) })
	}
}

// back opens a viewer's socket again.
func (q *question) back(s *socket) {
	q.all[s.number].away, s.after = true, true
	s.open(clock())
}

// opened goes on with the answer of a viewer who is back.
func (q *question) opened(s *socket, _ time.Duration) {
	if s.viewer() && q.all[s.number].away {
		q.all[s.number].away = false
		q.send(s)
	}
}

// gone lets a viewer try again whom the server does not let in now.
func (q *question) gone(s *socket, err error) {
	if !s.viewer() || !q.all[s.number].away || !again(err) {
		q.lost.Add(1)
		return
	}
	time.AfterFunc(backoff(0), func() {
		s.do(func() {
			if q.ctx.Err() == nil && s.phase == closed {
				q.back(s)
			}
		})
	})
}

func (q *question) replied(s *socket, re uint64, r reply, at time.Duration) {
	if !s.viewer() || re <= firstID || re > firstID+1+repeats {
		return
	}
	q.replies.Add(1)
	if r.refusal != nil {
		q.refused.note(r.refusal)
		return
	}
	a, sum := &q.all[s.number], q.heardBy[s.lane]
	if a.seq != 0 {
		if r.seq != a.seq {
			sum.otherwise++
		}
		return
	}
	a.seq = r.seq
	acks := &sum.acks
	if a.cut {
		acks = &sum.cut
	}
	acks.Add(at - q.plan.at(a.turn))
	q.lastAck.Store(int64(at))
	q.acked.Add(1)
}

func (q *question) heard(s *socket, kind, data []byte, at time.Duration) {
	switch {
	case !s.viewer():
	case bytes.Equal(kind, quizTally):
		q.all[s.number].tallies++
	case bytes.Equal(kind, quizRevealed), bytes.Equal(kind, quizFinished):
		for size := int64(s.lane.message); ; {
			if most := q.board.Load(); size <= most || q.board.CompareAndSwap(most, size) {
				break
			}
		}
	case bytes.Equal(kind, quizClosed):
		i := bytes.Index(data, answeredField)
		if i < 0 {
			return
		}
		if total, _ := number(data[i+len(answeredField):]); int64(total) == q.acked.Load() {
			q.heardBy[s.lane].closes.Add(at - time.Duration(q.closing.Load()))
			q.told.Add(1)
		}
	}
}

// Answers measures a quiz question that all viewers answer within l.Length,
// each of them [repeats] times more than once, some over another connection:
// how soon each answer is acknowledged, which means that it is durable; how
// many tallies each viewer is sent; how soon after the close all of them know
// the right total; whether the final counts are right, with each acknowledged
// answer in them once; and how large the leader board is on its way.
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
	going, stop := context.WithCancel(ctx)
	defer stop()
	q := newQuestion(going, c, id, l.Length)
	on := events{opened: q.opened, reply: q.replied, other: q.heard, lost: q.gone}
	c.listen(on)
	before, known := t.usage()
	if err := q.ask(ctx, c); err != nil {
		return Result{}, err
	}
	await(ctx, lastWait, func() bool { return q.replies.Load() >= q.expected() })
	after, _ := t.usage()
	q.closing.Store(int64(clock()))
	if _, err := c.command(ctx, "quiz.close", quizData{id}); err != nil {
		return Result{}, err
	}
	await(ctx, lastWait, func() bool { return q.told.Load() >= int64(l.Viewers) })
	if _, err := c.command(ctx, "quiz.reveal", quizData{id}); err != nil {
		return Result{}, err
	}
	await(ctx, lastWait, func() bool { return c.behind() == 0 })
	counts, answered, err := c.finalCounts(ctx, t, room, id)
	if err != nil {
		return Result{}, err
	}
	c.listen(on)
	if _, err := c.command(ctx, "quiz.finish", quizData{id}); err != nil {
		return Result{}, err
	}
	await(ctx, lastWait, func() bool { return c.behind() == 0 })
	c.leave()
	r := Result{Measure: "answers", Server: t.Name, Viewers: l.Viewers, Notes: q.refused.notes()}
	q.report(&r, l)
	if known {
		r.add("CPU of the server", ms(after.CPU-before.CPU)/float64(l.Viewers), "ms an answer")
	}
	r.add("counted", float64(answered), "")
	r.add("counts right", yes(answered == int(q.acked.Load()) && (answered < l.Viewers || slices.Equal(counts, q.want))), "1 = yes")
	got := c.total()
	r.add("gaps", float64(got.gaps), "")
	r.add("doubles", float64(got.doubles), "")
	return r, nil
}

// report adds what was heard. The crowd has left.
func (q *question) report(r *Result, l Load) {
	var sum answered
	for _, one := range q.heardBy {
		sum.acks.Merge(&one.acks)
		sum.cut.Merge(&one.cut)
		sum.closes.Merge(&one.closes)
		sum.otherwise += one.otherwise
	}
	sent, cut, tallies := 0, 0, 0
	for i := range q.all {
		sent += q.all[i].sent
		tallies = max(tallies, q.all[i].tallies)
		if q.all[i].cut {
			cut++
		}
	}
	acked := float64(q.acked.Load())
	r.add("time", l.Length.Seconds(), "s")
	r.add("sent", float64(sent), "")
	r.add("over a new connection", float64(cut), "viewers")
	r.add("acknowledged", acked, "")
	r.add("repeats answered otherwise", float64(sum.otherwise), "")
	r.add("refused", float64(q.refused.n.Load()), "")
	r.add("sockets lost", float64(q.lost.Load()), "")
	r.add("answers", acked/max((time.Duration(q.lastAck.Load())-q.plan.start).Seconds(), 1e-9), "/s")
	r.Figures = append(r.Figures, sum.acks.figures("acknowledged after")...)
	r.Figures = append(r.Figures, millis("over a new connection p50", sum.cut.Quantile(0.5)), millis("over a new connection p99", sum.cut.Quantile(0.99)))
	r.add("tallies, at most", float64(tallies), "a viewer")
	r.add("know the total", float64(q.told.Load()), "viewers")
	r.Figures = append(r.Figures, millis("total after the close p50", sum.closes.Quantile(0.5)), millis("total after the close max", sum.closes.max))
	r.add("leader board, at most", float64(q.board.Load()), "bytes")
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

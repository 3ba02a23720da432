package bot

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// answerWithin is the time in which all viewers of the measurement answer.
const answerWithin = 2 * time.Second

// refusedReply is part of a reply that refuses. No text that somebody wrote
// has it: there, quotes are escaped.
const refusedReply = `,"type":"error","data":`

func contains(b []byte, s string) bool { return bytes.Contains(b, []byte(s)) }

// Answers measures a quiz question that all viewers answer within two
// seconds: how soon each answer is acknowledged, which means that it is
// durable, and whether the final counts are right.
func Answers(ctx context.Context, t Target, l Load) (Result, error) {
	if l.Viewers < 1 {
		return Result{}, errNothing
	}
	room := t.Room("answers")
	host, leave, err := attend(ctx, t, room)
	if err != nil {
		return Result{}, err
	}
	defer leave()
	type times struct {
		planned time.Time
		acked   atomic.Int64 // Unix nanoseconds; 0: not yet
	}
	all := make([]times, l.Viewers)
	var acked, refusals, end atomic.Int64
	c, err := gather(ctx, t, room, l.Viewers, nil, func(i int, frame []byte) {
		if !contains(frame, `{"re":2,`) {
			return
		}
		if contains(frame, refusedReply) {
			refusals.Add(1)
			return
		}
		now := time.Now().UnixNano()
		if all[i].acked.CompareAndSwap(0, now) {
			end.Store(now)
			acked.Add(1)
		}
	})
	if err != nil {
		return Result{}, err
	}
	defer c.leave()
	if err := until(ctx, time.Now().Add(settle)); err != nil {
		return Result{}, err
	}
	choices := []string{"one", "two", "three", "four"}
	id, err := host.Command(ctx, "quiz.create", quizScript{"Measurement", []quizQuestion{
		{Text: "Which?", Choices: choices, Correct: []int{1}, Points: 1000, Seconds: 60},
	}})
	if err != nil {
		return Result{}, fmt.Errorf("create the quiz: %w", err)
	}
	if _, err := host.Command(ctx, "quiz.ask", quizData{id}); err != nil {
		return Result{}, fmt.Errorf("ask: %w", err)
	}
	before, known := t.usage()
	start := time.Now().Add(50 * time.Millisecond)
	want := make([]int, len(choices))
	var sending sync.WaitGroup
	for i := range all {
		// Even over the time, in an order that is not that of the joins.
		at := start.Add(answerWithin * time.Duration(i*7919%l.Viewers) / time.Duration(l.Viewers))
		all[i].planned = at
		want[i%len(choices)]++
		data := fmt.Appendf(nil, `{"quiz":%d,"question":0,"choices":[%d]}`, id, i%len(choices))
		sending.Go(func() {
			if until(ctx, at) == nil {
				_ = c.taps[i].Send(requestFrame(2, "quiz.answer", key(), data)) // lost: then it is not acknowledged
			}
		})
	}
	sending.Wait()
	await(ctx, lastWait, func() bool { return acked.Load()+refusals.Load() >= int64(l.Viewers) })
	after, _ := t.usage()
	counts, answered, err := reveal(ctx, t, room, host, id)
	if err != nil {
		return Result{}, err
	}
	c.leave()
	var late []time.Duration
	for i := range all {
		if at := all[i].acked.Load(); at != 0 {
			late = append(late, time.Unix(0, at).Sub(all[i].planned))
		}
	}
	right := 0.0
	if answered == l.Viewers && slices.Equal(counts, want) {
		right = 1
	}
	r := Result{Measure: "answers", Viewers: l.Viewers, Figures: []Figure{
		{"acknowledged", float64(len(late)), ""},
		{"refused", float64(refusals.Load()), ""},
		{"throughput", float64(len(late)) / max(time.Duration(end.Load()-start.UnixNano()).Seconds(), 1e-9), "/s"},
	}}
	r.Figures = append(r.Figures, spread("late", late)...)
	if known {
		r.Figures = append(r.Figures, Figure{"CPU of the server", ms(after.CPU-before.CPU) / float64(l.Viewers), "ms an answer"})
	}
	r.Figures = append(r.Figures, Figure{"counted", float64(answered), ""}, Figure{"counts right", right, "1 = yes"})
	return r, nil
}

// reveal closes and reveals the question, and reads the counts as a viewer
// who comes in afterwards sees them.
func reveal(ctx context.Context, t Target, room wire.RoomID, host *Client, id uint64) (counts []int, answered int, err error) {
	for _, step := range []string{"quiz.close", "quiz.reveal"} {
		if _, err := host.Command(ctx, step, quizData{id}); err != nil {
			return nil, 0, fmt.Errorf("%s: %w", step, err)
		}
	}
	token, err := t.Token(room, "Observer", wire.Viewer)
	if err != nil {
		return nil, 0, err
	}
	c, err := Dial(ctx, t.URL, room, token, langEN)
	if err != nil {
		return nil, 0, fmt.Errorf("look at the counts: %w", err)
	}
	defer c.Close()
	q := c.Welcome.Room.Quiz
	if q == nil || q.ID != id {
		return nil, 0, fmt.Errorf("the quiz is not there any more")
	}
	return q.Current.Counts, q.Current.Answered, nil
}

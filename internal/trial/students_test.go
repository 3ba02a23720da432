package trial

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// A person waits for answers from time to time, and never has more than so
// many wishes without one.
const maxPending = 6

// study takes part in the class until ctx ends: whatever the room has at the
// moment is voted on, answered, asked about and talked about. Often several
// wishes are sent before the first is answered.
func (p *person) study(ctx context.Context, chance *rand.Rand, think time.Duration) {
	s := &student{person: p, chance: chance, answered: map[[2]uint64]bool{}}
	for pass(ctx, time.Duration(chance.Float64()*2*float64(think))) {
		w := s.act(p.room.look())
		if w == nil || chance.IntN(3) == 0 && p.pending() < maxPending {
			continue
		}
		select {
		case <-w.done:
		case <-ctx.Done():
			return
		}
	}
}

// student is a person's mind. It belongs to study.
type student struct {
	*person
	chance   *rand.Rand
	answered map[[2]uint64]bool
	said     int
	hand     bool
}

// act does one thing and returns the last wish of it, nil if there was none.
func (s *student) act(b board) *wish {
	question := [2]uint64{b.question.ID, uint64(b.question.Question)}
	if b.question.Phase == "open" && !s.answered[question] && s.chance.IntN(3) > 0 {
		s.answered[question] = true
		return s.answer(b.question)
	}
	switch n := s.chance.IntN(100); {
	case n < 30 && len(b.polls) > 0:
		return s.vote(b.polls[s.chance.IntN(len(b.polls))])
	case n < 50:
		s.said++
		data := map[string]any{"text": s.text("says")}
		if len(b.messages) > 0 && s.chance.IntN(5) == 0 {
			data["reply_to"] = s.one(b.messages)
		}
		return s.wish("chat.say", data)
	case n < 56:
		s.said++
		return s.wish("qa.ask", map[string]any{"text": s.text("asks")})
	case n < 78 && len(b.questions) > 0:
		kind := "qa.upvote"
		if s.chance.IntN(4) == 0 {
			kind = "qa.unvote"
		}
		return s.wish(kind, map[string]any{"question": s.one(b.questions)})
	case n < 84:
		kind := "hand.raise"
		if s.hand {
			kind = "hand.lower"
		}
		s.hand = !s.hand
		return s.wish(kind, map[string]any{})
	case n < 90:
		return s.suggested()
	default:
		s.query("chat.react", map[string]any{"emoji": "👏"})
		return nil
	}
}

func (s *student) text(does string) string {
	return fmt.Sprintf("%s %s %d: “ok?” <b>&amp;", s.user, does, s.said)
}

func (s *student) one(ids []uint64) uint64 { return ids[s.chance.IntN(len(ids))] }

// picks chooses up to most of so many choices, in order.
func (s *student) picks(choices, most int) []int {
	picks := s.chance.Perm(choices)[:1+s.chance.IntN(max(1, min(most, choices)))]
	slices.Sort(picks)
	return picks
}

// vote votes, and now and then changes its mind before anybody has answered.
func (s *student) vote(p openPoll) *wish {
	var w *wish
	for range 1 + max(0, s.chance.IntN(5)-2) {
		w = s.wish("poll.vote", map[string]any{"poll": p.ID, "choices": s.picks(len(p.Choices), p.Max)})
	}
	return w
}

func (s *student) answer(q openQuestion) *wish {
	most := 1
	if q.Current.Multiple {
		most = len(q.Current.Choices)
	}
	return s.wish("quiz.answer", map[string]any{
		"quiz": q.ID, "question": q.Question, "choices": s.picks(len(q.Current.Choices), most),
	})
}

// suggested takes up or dismisses what was suggested, if anything was.
func (s *student) suggested() *wish {
	s.mu.Lock()
	item := ""
	if len(s.once) > 0 {
		item, s.once = s.once[0], s.once[1:]
	}
	s.mu.Unlock()
	if item == "" {
		return nil
	}
	kind := "suggest.click"
	if s.chance.IntN(3) == 0 {
		kind = "suggest.dismiss"
	}
	return s.wish(kind, map[string]any{"item": item})
}

// teach drives polls and quizzes until ctx ends. What it has begun when the
// server dies, it goes on with when the server is back: each step waits for its
// answer.
func (p *person) teach(ctx context.Context, chance *rand.Rand, beat time.Duration) {
	step := func(kind string, data map[string]any) uint64 {
		w := p.do(ctx, kind, data)
		if w == nil {
			return 0
		}
		return w.seq
	}
	rest := func() bool { return pass(ctx, beat/2+time.Duration(chance.Float64()*float64(beat))) }
	step("room.open", map[string]any{})
	for round := 0; rest(); round++ {
		choices := make([]string, 2+chance.IntN(4))
		for i := range choices {
			choices[i] = fmt.Sprint("choice ", i)
		}
		draft := chance.IntN(3) == 0
		poll := step("poll.create", map[string]any{
			"text": fmt.Sprint("poll ", round), "choices": choices, "max": 1 + chance.IntN(len(choices)),
			"hidden": chance.IntN(3) == 0, "open": !draft,
		})
		if draft {
			step("poll.open", map[string]any{"poll": poll})
		}
		quiz := step("quiz.create", map[string]any{"title": fmt.Sprint("quiz ", round), "questions": questions(chance)})
		for range 2 {
			step("quiz.ask", map[string]any{"quiz": quiz})
			if !rest() {
				return
			}
			step("quiz.close", map[string]any{"quiz": quiz})
			if chance.IntN(4) > 0 {
				step("quiz.reveal", map[string]any{"quiz": quiz})
			}
		}
		step("quiz.finish", map[string]any{"quiz": quiz})
		step("poll.close", map[string]any{"poll": poll})
		if chance.IntN(4) == 0 {
			step("room.end", map[string]any{})
			step("room.open", map[string]any{})
		}
	}
}

func questions(chance *rand.Rand) []map[string]any {
	all := make([]map[string]any, 2)
	for i := range all {
		correct := []int{chance.IntN(3)}
		if chance.IntN(3) == 0 {
			correct = []int{0, 2}
		}
		all[i] = map[string]any{
			"text": fmt.Sprint("question ", i), "choices": []string{"a", "b", "c"}, "correct": correct,
			"points": 500 + chance.IntN(1000), "seconds": 5,
		}
	}
	return all
}

// moderate keeps order until ctx ends.
func (p *person) moderate(ctx context.Context, chance *rand.Rand, think time.Duration) {
	one := func(ids []uint64) uint64 {
		if len(ids) == 0 {
			return 0
		}
		return ids[chance.IntN(len(ids))]
	}
	for pass(ctx, think/2+time.Duration(chance.Float64()*float64(think))) {
		b := p.room.look()
		var w *wish
		switch chance.IntN(6) {
		case 0:
			w = p.do(ctx, "qa.pin", map[string]any{"question": one(b.questions)})
		case 1:
			w = p.do(ctx, "qa.answer", map[string]any{"question": one(b.questions), "text": "Because."})
		case 2, 3:
			w = p.do(ctx, "qa.answer", map[string]any{"question": one(b.questions)})
		case 4:
			w = p.do(ctx, "mod.delete", map[string]any{"item": one(b.messages), "reason": "off topic"})
		case 5:
			w = p.do(ctx, "mod.delete", map[string]any{"item": one(b.questions)})
		}
		if w == nil {
			return
		}
	}
}

package bot

import (
	"errors"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// How often things happen in a whole class; one student's share is that many
// times rarer.
const (
	chatEvery  = 2600 * time.Millisecond // besides what people say to what happens
	askEvery   = 6 * time.Second
	reactEvery = 3 * time.Second
	handEvery  = 35 * time.Second
	leaveEvery = 12 * time.Second
)

// wish is what a student wants to do now.
type wish struct {
	kind  string // of a request
	data  any
	query bool          // it needs no key
	away  time.Duration // not 0: out of the class, for so long
}

// plan is something to be decided at a moment: by then it may have lost its sense.
type plan struct {
	at   time.Time
	then func(now time.Time, s *Scene) (wish, bool)
}

// mind decides what a student wants. It does no I/O and reads no clock.
type mind struct {
	Persona
	script  *script
	decks   *decks
	learned *learned
	rng     *rand.Rand
	share   float64 // of the class: 1 over its size
	me      wire.UserID
	agenda  []plan          // by time
	quiet   time.Time       // nothing is written before
	mine    map[uint64]bool // questions on the board that wait for an answer
	quiz    uint64          // the quiz that tried is about
	tried   map[int]bool    // its questions that were answered
}

func newMind(p Persona, sc *script, d *decks, l *learned, seed uint64, class int) *mind {
	return &mind{
		Persona: p, script: sc, decks: d, learned: l, rng: rand.New(rand.NewPCG(seed, p.Taste)),
		share: 1 / float64(max(class, 1)), mine: map[uint64]bool{}, tried: map[int]bool{},
	}
}

// within returns a time between two, evenly.
func (m *mind) within(from, to time.Duration) time.Duration {
	return from + time.Duration(m.rng.Float64()*float64(to-from))
}

// chance is true so often.
func (m *mind) chance(p float64) bool { return m.rng.Float64() < p }

func (m *mind) plan(at time.Time, then func(now time.Time, s *Scene) (wish, bool)) {
	i, _ := slices.BinarySearchFunc(m.agenda, at, func(p plan, t time.Time) int { return p.at.Compare(t) })
	m.agenda = slices.Insert(m.agenda, i, plan{at, then})
}

// often does something again and again, once in mean for the whole class.
func (m *mind) often(now time.Time, mean time.Duration, eager float64, then func(now time.Time, s *Scene) (wish, bool)) {
	rate := m.share * eager / mean.Seconds()
	wait := min(m.rng.ExpFloat64()/rate, (24 * time.Hour).Seconds())
	m.plan(now.Add(time.Duration(wait*float64(time.Second))), func(now time.Time, s *Scene) (wish, bool) {
		m.often(now, mean, eager, then)
		return then(now, s)
	})
}

// next returns when there is something to decide, false if never.
func (m *mind) next() (time.Time, bool) {
	if len(m.agenda) == 0 {
		return time.Time{}, false
	}
	return m.agenda[0].at, true
}

// act decides the first plan that is due, if one is.
func (m *mind) act(now time.Time, s *Scene) (wish, bool) {
	if len(m.agenda) == 0 || m.agenda[0].at.After(now) {
		return wish{}, false
	}
	p := m.agenda[0]
	m.agenda = slices.Delete(m.agenda, 0, 1)
	return p.then(now, s)
}

// arrive makes the plans of somebody who has just come in.
func (m *mind) arrive(now time.Time, s *Scene, me wire.UserID, again bool) {
	m.me, m.agenda = me, nil
	switch {
	case again && m.chance(0.4):
		m.say(now.Add(m.within(time.Second, 6*time.Second)), m.script.Return, 0)
	case !again && m.chance(0.3):
		m.say(now.Add(m.within(time.Second, 8*time.Second)), m.script.Hello, 0)
	}
	m.often(now, chatEvery, m.Chatty, func(now time.Time, _ *Scene) (wish, bool) {
		return m.write(now, m.decks.draw(m.script.Chat.in(m.Lang)), 0)
	})
	m.often(now, askEvery, m.Curious, m.ask)
	m.often(now, reactEvery, 1, func(time.Time, *Scene) (wish, bool) { return m.react("👍", "❤️", "👏", "🤔", "😮", "🙏") })
	m.often(now, handEvery, m.Curious, m.raise)
	m.often(now, leaveEvery, 1, m.leave)
	for _, p := range s.Polls {
		m.hearPoll(now, p)
	}
	m.hearQuiz(now, s)
}

// say plans a line.
func (m *mind) say(at time.Time, l lines, replyTo uint64) {
	m.plan(at, func(now time.Time, _ *Scene) (wish, bool) {
		return m.write(now, m.decks.draw(l.in(m.Lang)), replyTo)
	})
}

type sayData struct {
	Text    string `json:"text"`
	ReplyTo uint64 `json:"reply_to,omitzero"`
}

func (m *mind) write(now time.Time, text string, replyTo uint64) (wish, bool) {
	return wish{kind: "chat.say", data: sayData{text, replyTo}}, text != "" && !now.Before(m.quiet)
}

func (m *mind) react(emojis ...string) (wish, bool) {
	return wish{kind: "chat.react", query: true, data: struct {
		Emoji string `json:"emoji"`
	}{pick(m.rng, emojis)}}, true
}

type questionData struct {
	Question uint64 `json:"question"`
}

// asked is how many questions must have come since before one is asked again.
const asked = 20

// ask puts a question on the board that does not wait there and was not
// answered lately.
func (m *mind) ask(now time.Time, s *Scene) (wish, bool) {
	for range 6 {
		q := m.script.Questions[m.rng.IntN(len(m.script.Questions))]
		lately := max(0, len(s.Questions)-asked)
		known := func(i int, x Question) bool { return x.Text == q.Ask && (!x.Answered || i >= lately) }
		if q.Lang != m.Lang || s.hasQuestion(known) {
			continue
		}
		return wish{kind: "qa.ask", data: struct {
			Text string `json:"text"`
		}{q.Ask}}, !now.Before(m.quiet)
	}
	return wish{}, false
}

func (m *mind) raise(now time.Time, _ *Scene) (wish, bool) {
	m.plan(now.Add(m.within(12*time.Second, 40*time.Second)), func(time.Time, *Scene) (wish, bool) {
		return wish{kind: "hand.lower", data: struct{}{}}, true
	})
	return wish{kind: "hand.raise", data: struct{}{}}, true
}

// leave says goodbye now and then, and goes for a while.
func (m *mind) leave(now time.Time, _ *Scene) (wish, bool) {
	m.plan(now.Add(m.within(time.Second, 3*time.Second)), func(time.Time, *Scene) (wish, bool) {
		return wish{away: m.within(15*time.Second, 70*time.Second)}, true
	})
	if !m.chance(0.3) {
		return wish{}, false
	}
	return m.write(now, m.decks.draw(m.script.Bye.in(m.Lang)), 0)
}

// hear makes plans for what happened. The scene has it already.
func (m *mind) hear(now time.Time, s *Scene, msg Message) {
	switch msg.Type {
	case "chat.said":
		m.hearSaid(now, s.Chat[len(s.Chat)-1])
	case "poll.opened":
		m.hearPoll(now, s.Polls[len(s.Polls)-1])
	case "quiz.asked":
		m.hearQuiz(now, s)
	case "quiz.mine":
		m.hearResult(now, msg)
	case "quiz.finished":
		if m.chance(0.15) {
			m.plan(now.Add(m.within(0, 3*time.Second)), func(time.Time, *Scene) (wish, bool) { return m.react("🎉", "👏") })
		}
	case "qa.asked":
		m.hearAsked(now, s.Questions[len(s.Questions)-1])
	case "qa.answered":
		m.hearAnswered(now, msg)
	case "suggest.offered":
		m.hearSuggestion(now, msg)
	}
}

// hearSaid replies to what the teacher asks the chat: some seven of a class do.
func (m *mind) hearSaid(now time.Time, said Said) {
	p := m.script.prompt(said.Text)
	if p != nil && said.By.Role == wire.Host && m.chance(min(0.6, 7*m.share*m.Chatty)) {
		m.say(now.Add(m.within(2*time.Second, 11*time.Second)), p.lines, said.ID)
	}
}

// hearPoll votes, sometimes twice, and sometimes says so.
func (m *mind) hearPoll(now time.Time, p Poll) {
	if p.Phase != "open" || !picked(p.Kind, p.Choices) || !m.chance(0.88) {
		return
	}
	vote := func(id uint64, other bool) func(time.Time, *Scene) (wish, bool) {
		return func(_ time.Time, s *Scene) (wish, bool) {
			p := s.Poll(id)
			if p == nil || p.Phase != "open" {
				return wish{}, false
			}
			return wish{kind: "poll.vote", data: struct {
				Poll    uint64 `json:"poll"`
				Choices []int  `json:"choices"`
			}{id, m.prefer(*p, other)}}, true
		}
	}
	at := now.Add(m.within(1500*time.Millisecond, 14*time.Second))
	m.plan(at, vote(p.ID, false))
	if m.chance(0.06) {
		m.plan(at.Add(m.within(2*time.Second, 5*time.Second)), vote(p.ID, true))
	}
	if m.chance(2.5 * m.share) {
		m.say(at.Add(m.within(time.Second, 3*time.Second)), m.script.Voted, 0)
	}
}

// prefer ranks the choices by how popular they are, by one's own taste and,
// where there is something to know, by one's skill.
func (m *mind) prefer(p Poll, other bool) []int {
	right := m.script.right(p.Text)
	order := make([]int, len(p.Choices))
	liking := make([]float64, len(p.Choices))
	for i, choice := range p.Choices {
		order[i] = i
		liking[i] = fancy(p.Text+choice, 0) + 1.3*fancy(p.Text+choice, m.Taste)
		if slices.Contains(right, i) {
			liking[i] += 1.2 * m.Skill
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case liking[a] > liking[b]:
			return -1
		case liking[a] < liking[b]:
			return 1
		}
		return 0
	})
	if other {
		order = order[1:]
	}
	order = order[:min(len(order), 1+m.rng.IntN(max(p.Max, 1)))]
	slices.Sort(order)
	return order
}

// fancy is how much somebody likes a text, from 0 to 1.
func fancy(text string, taste uint64) float64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text))
	x := h.Sum64() ^ taste
	x ^= x >> 33 // the finalizer of MurmurHash3 spreads what is close
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	x ^= x >> 33
	return float64(x) / math.MaxUint64
}

// hearQuiz answers the open question: who knows more is quicker.
func (m *mind) hearQuiz(now time.Time, s *Scene) {
	q := s.Quiz
	if q == nil || q.Phase != "open" || !picked(q.Current.Type, q.Current.Choices) {
		return
	}
	id, number := q.ID, q.Question
	if id != m.quiz {
		m.quiz = id
		clear(m.tried)
	}
	if m.tried[number] || !m.chance(0.93) {
		return
	}
	think := time.Duration((2 + 13*math.Pow(m.rng.Float64(), 0.6+m.Skill)) * float64(time.Second))
	m.plan(now.Add(think), func(_ time.Time, s *Scene) (wish, bool) {
		q := s.Quiz
		if q == nil || q.ID != id || q.Question != number || q.Phase != "open" {
			return wish{}, false
		}
		m.tried[number] = true
		return wish{kind: "quiz.answer", data: struct {
			Quiz     uint64 `json:"quiz"`
			Question int    `json:"question"`
			Choices  []int  `json:"choices"`
		}{id, number, m.solve(q)}}, true
	})
}

// solve knows the answer as often as the student's skill says, and guesses
// otherwise.
func (m *mind) solve(q *Quiz) []int {
	if known := m.learned.recall(q.Current.Text); known != nil && m.chance(m.Skill) {
		return known
	}
	n := len(q.Current.Choices)
	if !q.Current.Multiple {
		return []int{m.rng.IntN(n)}
	}
	guess := m.rng.Perm(n)[:1+m.rng.IntN(n)]
	slices.Sort(guess)
	return guess
}

// hearResult is glad or sorry.
func (m *mind) hearResult(now time.Time, msg Message) {
	var mine struct {
		Correct *bool `json:"correct"`
	}
	if msg.Read(&mine) != nil || mine.Correct == nil {
		return
	}
	said := m.script.Wrong
	if *mine.Correct {
		said = m.script.Right
		if m.chance(0.1) {
			m.plan(now.Add(m.within(0, 2*time.Second)), func(time.Time, *Scene) (wish, bool) { return m.react("🎉", "👏", "😂") })
		}
	}
	if m.chance(2.5 * m.share) {
		m.say(now.Add(m.within(time.Second, 5*time.Second)), said, 0)
	}
}

// hearAsked votes for what one would like to know too.
func (m *mind) hearAsked(now time.Time, q Question) {
	if q.By.ID == m.me {
		m.mine[q.ID] = true
		return
	}
	if !m.chance(0.3 * m.Curious * fancy(q.Text, 1)) {
		return
	}
	id := q.ID
	m.plan(now.Add(m.within(2*time.Second, 45*time.Second)), func(_ time.Time, s *Scene) (wish, bool) {
		q := s.Question(id)
		return wish{kind: "qa.upvote", data: questionData{id}}, q != nil && !q.Answered
	})
}

// hearAnswered thanks for an answer to one's own question.
func (m *mind) hearAnswered(now time.Time, msg Message) {
	var answered questionData
	if msg.Read(&answered) != nil {
		return
	}
	switch {
	case m.mine[answered.Question]:
		delete(m.mine, answered.Question)
		m.say(now.Add(m.within(2*time.Second, 7*time.Second)), m.script.Thanks, 0)
	case m.chance(0.04):
		m.plan(now.Add(m.within(time.Second, 6*time.Second)), func(time.Time, *Scene) (wish, bool) { return m.react("👍", "🙏") })
	}
}

// hearSuggestion takes up what is offered, or waves it away, or does neither.
func (m *mind) hearSuggestion(now time.Time, msg Message) {
	var offered struct {
		Items []struct {
			ID string `json:"id"`
		} `json:"items"`
	}
	if msg.Read(&offered) != nil || len(offered.Items) == 0 {
		return
	}
	kind := "suggest.click"
	switch luck := m.rng.Float64(); {
	case luck > 0.4:
		return
	case luck > 0.3:
		kind = "suggest.dismiss"
	}
	item := pick(m.rng, offered.Items)
	m.plan(now.Add(m.within(3*time.Second, 15*time.Second)), func(time.Time, *Scene) (wish, bool) {
		return wish{kind: kind, data: struct {
			Item string `json:"item"`
		}{item.ID}}, true
	})
}

// refused takes a refusal to heart: who may not write waits.
func (m *mind) refused(now time.Time, err error) {
	e, ok := errors.AsType[*wire.Error](err)
	if !ok {
		return
	}
	switch e.Code {
	case "mod.muted", "chat.slow", "wire.rate", "wire.busy", "room.ended":
		wait := 30 * time.Second
		if e.RetryMS > 0 {
			wait = time.Duration(e.RetryMS) * time.Millisecond
		}
		m.quiet = now.Add(wait)
	}
}

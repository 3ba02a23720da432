package bot

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/lyceum-live/lyceum/wire"
)

// Config says what class to hold, and where.
type Config struct {
	URL      string // of the server, such as http://localhost:8080
	Room     wire.RoomID
	Students int
	Watchers int     // how many of them really receive the picture
	Speed    float64 // of the class's time; 0 means 1
	Seed     uint64  // the same seed makes the same people

	// Token gives somebody a room token.
	Token func(name string, role wire.Role) (string, error)
	Log   *zap.Logger
}

// settleIn is how long it takes until all students have come in.
const settleIn = 20 * time.Second

// Class is a teacher and students. Make it with [NewClass]; Run holds it.
type Class struct {
	config  Config
	log     *zap.Logger
	script  *script
	decks   *decks
	learned *learned
	pace    Pace
	people  []Persona
	counts  counts
}

// NewClass makes up the people of a class.
func NewClass(c Config) (*Class, error) {
	s, err := loadScript()
	if err != nil {
		return nil, err
	}
	if c.Log == nil {
		c.Log = zap.NewNop()
	}
	return &Class{
		config: c, log: c.Log, script: s, decks: newDecks(c.Seed), learned: &learned{},
		people: s.personas(c.Students, c.Seed),
	}, nil
}

// Run holds the class until ctx ends. It returns an error only if the class
// cannot be held at all.
func (c *Class) Run(ctx context.Context) error {
	c.pace = NewPace(c.config.Speed)
	g, ctx := errgroup.WithContext(ctx)
	token, err := c.config.Token(c.script.Teacher, wire.Host)
	if err != nil {
		return fmt.Errorf("the teacher's token: %w", err)
	}
	t := &teacher{class: c, token: token}
	g.Go(func() error { return t.run(ctx) })
	for i, p := range c.people {
		s := &student{
			class:   c,
			mind:    newMind(p, c.script, c.decks, c.learned, c.config.Seed, c.config.Students),
			arrives: settleIn * time.Duration(i) / time.Duration(len(c.people)),
			watches: i < c.config.Watchers,
		}
		if s.token, err = c.config.Token(p.Name, wire.Viewer); err != nil {
			err = fmt.Errorf("a student's token: %w", err)
			break
		}
		g.Go(func() error { return s.run(ctx) })
	}
	if err != nil {
		g.Go(func() error { return err }) // ends those who run already
	}
	if err := g.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// sleep waits for d of the class's time; false when the class is over.
func (c *Class) sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(c.pace.Real(d))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// refused reports whether err is the server's refusal of one request, after
// which the socket goes on.
func refused(err error) bool {
	_, ok := errors.AsType[*wire.Error](err)
	return ok
}

// Stats are what the people of a class have done and got so far.
type Stats struct {
	Messages, Questions, Upvotes, Votes, Answers, Reactions, Hands, Clicks int64
	Polls, Quizzes, Replies                                                int64 // by the teacher
	Gains, Points                                                          int64 // times that a student gained, and how much
	Suggestions                                                            int64 // pushes to students
	Packets                                                                int64 // of the picture, received by all watchers
	Refusals                                                               int64
}

type counts struct {
	messages, questions, upvotes, votes, answers, reactions, hands, clicks atomic.Int64
	polls, quizzes, replies, gains, points, suggestions, packets, refusals atomic.Int64
}

// did counts what somebody did.
func (c *counts) did(kind string) {
	switch kind {
	case "chat.say":
		c.messages.Add(1)
	case "qa.ask":
		c.questions.Add(1)
	case "qa.upvote":
		c.upvotes.Add(1)
	case "qa.answer":
		c.replies.Add(1)
	case "poll.vote":
		c.votes.Add(1)
	case "poll.create":
		c.polls.Add(1)
	case "quiz.answer":
		c.answers.Add(1)
	case "quiz.finish":
		c.quizzes.Add(1)
	case "chat.react":
		c.reactions.Add(1)
	case "hand.raise":
		c.hands.Add(1)
	case "suggest.click":
		c.clicks.Add(1)
	}
}

// hear counts what somebody got.
func (c *counts) hear(m Message) {
	switch m.Type {
	case "suggest.offered":
		c.suggestions.Add(1)
	case "points.balance":
		var b struct {
			Gained int64 `json:"gained"`
		}
		if m.Read(&b) == nil && b.Gained > 0 {
			c.gains.Add(1)
			c.points.Add(b.Gained)
		}
	}
}

// Stats returns the counts as they stand.
func (c *Class) Stats() Stats {
	n := &c.counts
	return Stats{
		Messages: n.messages.Load(), Questions: n.questions.Load(), Upvotes: n.upvotes.Load(), Votes: n.votes.Load(),
		Answers: n.answers.Load(), Reactions: n.reactions.Load(), Hands: n.hands.Load(), Clicks: n.clicks.Load(),
		Polls: n.polls.Load(), Quizzes: n.quizzes.Load(), Replies: n.replies.Load(), Gains: n.gains.Load(),
		Points: n.points.Load(), Suggestions: n.suggestions.Load(), Packets: n.packets.Load(), Refusals: n.refusals.Load(),
	}
}

package qa_test

import (
	"bytes"
	"cmp"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/wire"
)

// model is a question as a patient person would keep it on paper.
type model struct {
	id       uint64
	by       wire.UserID
	at       wire.Millis
	text     string
	voters   []wire.UserID
	answered bool
	answers  []answer
}

type answer struct {
	id   uint64
	by   wire.UserID
	at   wire.Millis
	text string
}

// board predicts what becomes of every command.
type board struct {
	questions []*model
	pinned    uint64
}

func (b *board) find(id uint64) *model {
	for _, m := range b.questions {
		if m.id == id {
			return m
		}
	}
	return nil
}

// holding returns the question that has this written answer.
func (b *board) holding(id uint64) *model {
	for _, m := range b.questions {
		if slices.ContainsFunc(m.answers, func(a answer) bool { return a.id == id }) {
			return m
		}
	}
	return nil
}

func (b *board) waiting(user wire.UserID) int {
	n := 0
	for _, m := range b.questions {
		if m.by == user && !m.answered {
			n++
		}
	}
	return n
}

// outcome is the code that a command must be refused with, and whether things
// are already as it wants them.
func (b *board) outcome(by wire.Actor, c qa.Command) (refusal string, idle bool) {
	about := func(id uint64, idle func(*model) bool) (string, bool) {
		m := b.find(id)
		if m == nil {
			return "wire.not_found", false
		}
		return "", idle(m)
	}
	voted := func(m *model) bool { return slices.Contains(m.voters, by.User) }
	switch c := c.(type) {
	case qa.Ask:
		if b.waiting(by.User) >= qa.MaxWaiting {
			return "qa.waiting", false
		}
		return "", false
	case qa.Upvote:
		return about(c.Question, func(m *model) bool { return m.by == by.User || voted(m) })
	case qa.Unvote:
		return about(c.Question, func(m *model) bool { return !voted(m) })
	}
	if by.Role == wire.Viewer {
		return "auth.forbidden", false
	}
	switch c := c.(type) {
	case qa.Answer:
		if m := b.find(c.Question); m != nil && c.Text != "" && len(m.answers) >= qa.MaxAnswers {
			return "qa.answers", false
		}
		return about(c.Question, func(m *model) bool { return c.Text == "" && m.answered })
	case qa.Pin:
		return about(c.Question, func(m *model) bool { return b.pinned == m.id })
	case qa.Unpin:
		return about(c.Question, func(m *model) bool { return b.pinned != m.id })
	case qa.Delete:
		if b.find(c.Item) == nil && b.holding(c.Item) == nil {
			return "wire.not_found", false
		}
	}
	return "", false
}

// change does what a command does that is neither refused nor idle. next is
// the position of its event.
func (b *board) change(by wire.UserID, c qa.Command, next uint64, at wire.Millis) {
	mine := func(u wire.UserID) bool { return u == by }
	switch c := c.(type) {
	case qa.Ask:
		b.questions = append(b.questions, &model{id: next, by: by, at: at, text: c.Text})
	case qa.Upvote:
		m := b.find(c.Question)
		m.voters = append(m.voters, by)
	case qa.Unvote:
		m := b.find(c.Question)
		m.voters = slices.DeleteFunc(m.voters, mine)
	case qa.Answer:
		m := b.find(c.Question)
		if m.answered = true; c.Text != "" {
			m.answers = append(m.answers, answer{next, by, at, c.Text})
		}
	case qa.Pin:
		b.pinned = c.Question
	case qa.Unpin:
		b.pinned = 0
	case qa.Delete:
		if m := b.holding(c.Item); m != nil {
			m.answers = slices.DeleteFunc(m.answers, func(a answer) bool { return a.id == c.Item })
			return
		}
		b.questions = slices.DeleteFunc(b.questions, func(m *model) bool { return m.id == c.Item })
		if b.pinned == c.Item {
			b.pinned = 0
		}
	}
}

func (b *board) view(m *model) qa.QuestionView {
	v := qa.QuestionView{
		ID: m.id, By: who(m.by), Text: m.text, At: m.at,
		Votes: len(m.voters), Pinned: b.pinned == m.id, Answered: m.answered,
	}
	for _, a := range m.answers {
		v.Answers = append(v.Answers, qa.ReplyView{ID: a.id, By: who(a.by), Text: a.text, At: a.at})
	}
	return v
}

// snapshot puts the pinned one first, then those that wait by their votes,
// then the answered ones, newest first.
func (b *board) snapshot() []qa.QuestionView {
	var pinned, waiting, answered []*model
	for _, m := range b.questions {
		switch {
		case m.id == b.pinned:
			pinned = append(pinned, m)
		case !m.answered:
			waiting = append(waiting, m)
		default:
			answered = append(answered, m)
		}
	}
	slices.SortStableFunc(waiting, func(a, b *model) int { return cmp.Compare(len(b.voters), len(a.voters)) })
	slices.Reverse(answered)
	out := []qa.QuestionView{}
	for _, m := range slices.Concat(pinned, waiting, answered) {
		out = append(out, b.view(m))
	}
	return out
}

func drawCommand(t *rapid.T, b *board) qa.Command {
	id := uint64(rapid.IntRange(0, 3).Draw(t, "stray"))
	item := id
	if len(b.questions) > 0 && rapid.IntRange(0, 9).Draw(t, "known") > 0 {
		m := rapid.SampledFrom(b.questions).Draw(t, "question")
		id, item = m.id, m.id
		if len(m.answers) > 0 && rapid.Bool().Draw(t, "an answer") {
			item = rapid.SampledFrom(m.answers).Draw(t, "answer").id
		}
	}
	text := rapid.StringMatching(`[a-z中]{1,6}`)
	switch rapid.SampledFrom([]string{"ask", "upvote", "upvote", "unvote", "answer", "aloud", "pin", "unpin", "delete"}).Draw(t, "command") {
	case "ask":
		return qa.Ask{Text: text.Draw(t, "text")}
	case "upvote":
		return qa.Upvote{Question: id}
	case "unvote":
		return qa.Unvote{Question: id}
	case "answer":
		return qa.Answer{Question: id, Text: text.Draw(t, "text")}
	case "aloud":
		return qa.Answer{Question: id}
	case "pin":
		return qa.Pin{Question: id}
	case "unpin":
		return qa.Unpin{Question: id}
	}
	return qa.Delete{Item: item}
}

// Whatever a class does, its board is what the model says; deciding changes
// nothing; and neither a restart from a snapshot nor a replay of the log makes
// a difference.
func TestBoardFollowsTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, b := newClass(), &board{}
		check := func(what string, got, want any) {
			if g, w := encode(t, got), encode(t, want); !bytes.Equal(g, w) {
				t.Fatalf("%s:\n got %s\nwant %s", what, g, w)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"command": func(t *rapid.T) {
				c.now = c.now.Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "ms")) * time.Millisecond)
				by := rapid.SampledFrom([]wire.Actor{ana, ben, maya}).Draw(t, "by")
				cmd := drawCommand(t, b)
				want, idle := b.outcome(by, cmd)
				before := encode(t, c.state)
				if _, err := qa.Decide(&c.state, c.now, by, cmd); code(err) != want {
					t.Fatalf("%T %+v: got %v, want %q", cmd, cmd, err, want)
				}
				check("state after deciding", c.state, wire.Raw(before))
				shown, _ := c.do(by, cmd)
				if want != "" || idle {
					if len(shown) > 0 {
						t.Fatalf("%T %+v made an event", cmd, cmd)
					}
					return
				}
				b.change(by.User, cmd, c.last(), wire.At(c.now))
				if len(shown) != 1 || shown[0].staff != nil || shown[0].personal != nil {
					t.Fatalf("%T showed %+v", cmd, shown)
				}
				check("view", shown[0].all, b.showing(cmd, c.last()))
			},
			"restart": func(t *rapid.T) { c.state = c.reload(t) },
			"": func(t *rapid.T) {
				check("board", c.state.Snapshot(who), b.snapshot())
				votes := map[uint64]int{}
				var mine, ids []uint64
				for _, m := range b.questions {
					ids, votes[m.id] = append(ids, m.id), len(m.voters)
					if slices.Contains(m.voters, ana.User) {
						mine = append(mine, m.id)
					}
					if c.state.Author(m.id) != m.by {
						t.Fatalf("author of %d: %q", m.id, c.state.Author(m.id))
					}
					for _, a := range m.answers {
						if c.state.Author(a.id) != a.by {
							t.Fatalf("author of answer %d: %q", a.id, c.state.Author(a.id))
						}
					}
				}
				check("own votes", c.state.Mine(ana.User), mine)
				check("ids", slices.Sorted(slices.Values(c.state.IDs())), ids)
				check("votes", c.state.Votes(append(ids, 1<<40)), wire.View{Type: "qa.votes", Data: qa.VotesView{Votes: votes}})
			},
		})
		check("replayed", c.replay(t), c.state)
	})
}

// showing is the view that a command's event makes; votes make none.
func (b *board) showing(c qa.Command, seq uint64) *wire.View {
	switch c := c.(type) {
	case qa.Ask:
		return &wire.View{Type: "qa.asked", Data: b.view(b.find(seq))}
	case qa.Answer:
		v := qa.AnsweredView{Question: c.Question, Answered: true}
		if c.Text != "" {
			answers := b.view(b.find(c.Question)).Answers
			v.Answer = &answers[len(answers)-1]
		}
		return &wire.View{Type: "qa.answered", Data: v}
	case qa.Pin, qa.Unpin:
		return &wire.View{Type: "qa.pinned", Data: qa.PinnedView{Question: b.pinned}}
	case qa.Delete:
		return &wire.View{Type: "qa.deleted", Data: qa.DeletedView{ID: c.Item}}
	}
	return nil
}

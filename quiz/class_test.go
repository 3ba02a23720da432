package quiz_test

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/wire"
)

var (
	ana  = wire.Actor{User: "ana", Role: wire.Viewer}
	ben  = wire.Actor{User: "ben", Role: wire.Viewer}
	maya = wire.Actor{User: "maya", Role: wire.Moderator}
)

// who knows everybody.
func who(user wire.UserID) wire.Person {
	return wire.Person{ID: user, Name: "Name of " + string(user), Role: wire.Viewer}
}

// class is a room with nothing but quizzes: a state, and the log it came from.
type class struct {
	state quiz.State
	now   time.Time
	heads []wire.Head
	log   []quiz.Event
}

func newClass() *class { return &class{now: time.UnixMilli(1_700_000_000_000)} }

// views is what one event showed to whom.
type views struct {
	all, staff *wire.View
	personal   map[wire.UserID]wire.View
}

// do carries c out, or returns why not.
func (c *class) do(by wire.Actor, cmd quiz.Command) ([]views, error) {
	events, err := quiz.Decide(&c.state, c.now, by, cmd)
	var out []views
	for _, e := range events {
		out = append(out, c.apply(by.User, e))
	}
	return out, err
}

func (c *class) apply(by wire.UserID, e quiz.Event) views {
	h := wire.Head{Seq: uint64(len(c.log) + 1), At: wire.At(c.now), By: by}
	c.heads, c.log = append(c.heads, h), append(c.log, e)
	c.state.Apply(h, e)
	var v views
	v.all, v.staff, v.personal = c.state.Views(h, e, who)
	return v
}

// wait lets time go by.
func (c *class) wait(d time.Duration) { c.now = c.now.Add(d) }

// last is the position of the newest event, and the id of what it made.
func (c *class) last() uint64 { return uint64(len(c.log)) }

func (c *class) must(t testing.TB, by wire.Actor, cmd quiz.Command) uint64 {
	t.Helper()
	if _, err := c.do(by, cmd); err != nil {
		t.Fatalf("%T: %v", cmd, err)
	}
	return c.last()
}

type fataler interface {
	Helper()
	Fatalf(string, ...any)
}

func encode(t fataler, v any) []byte {
	t.Helper()
	b, err := wire.Encode(v)
	if err != nil {
		t.Fatalf("encode %T: %v", v, err)
	}
	return b
}

// reload is what a snapshot of the state becomes when it is read again.
func (c *class) reload(t fataler) quiz.State {
	t.Helper()
	var again quiz.State
	before := encode(t, c.state)
	if err := wire.Decode(before, &again); err != nil {
		t.Fatalf("decode the state: %v", err)
	}
	if after := encode(t, again); !bytes.Equal(before, after) {
		t.Fatalf("a snapshot changed when it was read:\n%s\n%s", before, after)
	}
	return again
}

// replay folds the log, as it reads after it was written, into a new state.
func (c *class) replay(t fataler) quiz.State {
	t.Helper()
	var s quiz.State
	for i, e := range c.log {
		again := reflect.New(reflect.TypeOf(e))
		if err := wire.Decode(encode(t, e), again.Interface()); err != nil {
			t.Fatalf("decode %T: %v", e, err)
		}
		s.Apply(c.heads[i], again.Elem().Interface().(quiz.Event))
	}
	return s
}

// code is the code of a refusal, "" for none.
func code(err error) string {
	if err == nil {
		return ""
	}
	return wire.Public(err).Code
}

// ask is a question of four choices, twenty seconds and a thousand points.
func ask(correct ...int) quiz.Draft {
	return quiz.Draft{Text: "Which?", Choices: []string{"a", "b", "c", "d"}, Correct: correct}
}

// begin prepares a quiz and asks its first question.
func (c *class) begin(t testing.TB, questions ...quiz.Draft) (id uint64) {
	t.Helper()
	id = c.must(t, maya, quiz.Create{Title: "Quiz", Questions: questions})
	c.must(t, maya, quiz.Ask{Quiz: id})
	return id
}

package qa_test

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/wire"
)

var (
	ana  = wire.Actor{User: "ana", Role: wire.Viewer}
	ben  = wire.Actor{User: "ben", Role: wire.Viewer}
	maya = wire.Actor{User: "maya", Role: wire.Moderator}
	hana = wire.Actor{User: "hana", Role: wire.Host}
)

// who knows everybody.
func who(user wire.UserID) wire.Person {
	return wire.Person{ID: user, Name: "Name of " + string(user), Role: wire.Viewer}
}

// class is a room with nothing but a question board: a state, and the log it came from.
type class struct {
	state qa.State
	now   time.Time
	heads []wire.Head
	log   []qa.Event
}

func newClass() *class { return &class{now: time.UnixMilli(1_700_000_000_000)} }

// views is what one event showed to whom.
type views struct {
	all, staff *wire.View
	personal   map[wire.UserID]wire.View
}

// do carries c out, or returns why not.
func (c *class) do(by wire.Actor, cmd qa.Command) ([]views, error) {
	events, err := qa.Decide(&c.state, c.now, by, cmd)
	var out []views
	for _, e := range events {
		out = append(out, c.apply(by.User, e))
	}
	return out, err
}

func (c *class) apply(by wire.UserID, e qa.Event) views {
	h := wire.Head{Seq: uint64(len(c.log) + 1), At: wire.At(c.now), By: by}
	c.heads, c.log = append(c.heads, h), append(c.log, e)
	c.state.Apply(h, e)
	var v views
	v.all, v.staff, v.personal = c.state.Views(h, e, who)
	return v
}

// last is the position of the newest event, and the id of what it made.
func (c *class) last() uint64 { return uint64(len(c.log)) }

func (c *class) must(t testing.TB, by wire.Actor, cmd qa.Command) uint64 {
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
func (c *class) reload(t fataler) qa.State {
	t.Helper()
	var again qa.State
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
func (c *class) replay(t fataler) qa.State {
	t.Helper()
	var s qa.State
	for i, e := range c.log {
		again := reflect.New(reflect.TypeOf(e))
		if err := wire.Decode(encode(t, e), again.Interface()); err != nil {
			t.Fatalf("decode %T: %v", e, err)
		}
		s.Apply(c.heads[i], again.Elem().Interface().(qa.Event))
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

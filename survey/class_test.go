package survey_test

import (
	"bytes"
	"reflect"
	"time"

	"github.com/lyceum-live/lyceum/survey"
	"github.com/lyceum-live/lyceum/wire"
)

var (
	ana  = wire.Actor{User: "ana", Role: wire.Viewer}
	ben  = wire.Actor{User: "ben", Role: wire.Viewer}
	cleo = wire.Actor{User: "cleo", Role: wire.Viewer}
	maya = wire.Actor{User: "maya", Role: wire.Moderator}
)

// class is a room with nothing but surveys: a state, and the log it came from.
type class struct {
	state survey.State
	now   time.Time
	heads []wire.Head
	log   []survey.Event
}

func newClass() *class {
	c := &class{now: time.UnixMilli(1_700_000_000_000)}
	c.state.Secrets = func(id uint64) (survey.Secret, error) {
		return survey.Secret{Key: []byte{byte(id), 1, 2, 3}, Words: survey.WordsID("room", id)}, nil
	}
	return c
}

// views is what one event showed to whom.
type views struct {
	all, staff *wire.View
	personal   map[wire.UserID]wire.View
}

// do carries c out, or returns why not.
func (c *class) do(by wire.Actor, cmd survey.Command) ([]views, error) {
	events, err := survey.Decide(&c.state, c.now, by, cmd)
	var out []views
	author := by.User
	if c.state.Conceals(cmd) {
		author = wire.System.User // as the room writes it down
	}
	for _, e := range events {
		out = append(out, c.apply(author, e))
	}
	return out, err
}

// end ends the class.
func (c *class) end() (shown []views) {
	for _, e := range survey.End(&c.state, c.now) {
		shown = append(shown, c.apply(wire.System.User, e))
	}
	return shown
}

func (c *class) apply(by wire.UserID, e survey.Event) views {
	h := wire.Head{Seq: c.last() + 1, At: wire.At(c.now), By: by}
	c.heads, c.log = append(c.heads, h), append(c.log, e)
	c.state.Apply(h, e)
	var v views
	v.all, v.staff, v.personal = c.state.Views(h, e)
	return v
}

// last is the position of the newest event, and the id of what it made.
func (c *class) last() uint64 { return uint64(len(c.log)) }

func (c *class) must(t fataler, by wire.Actor, cmd survey.Command) uint64 {
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
func (c *class) reload(t fataler) survey.State {
	t.Helper()
	var again survey.State
	before := encode(t, c.state)
	if err := wire.Decode(before, &again); err != nil {
		t.Fatalf("decode the state: %v", err)
	}
	if after := encode(t, again); !bytes.Equal(before, after) {
		t.Fatalf("a snapshot changed when it was read:\n%s\n%s", before, after)
	}
	again.Secrets = c.state.Secrets
	return again
}

// replay folds the log, as it reads after it was written, into a new state.
func (c *class) replay(t fataler) survey.State {
	t.Helper()
	var s survey.State
	for i, e := range c.log {
		again := reflect.New(reflect.TypeOf(e))
		if err := wire.Decode(encode(t, e), again.Interface()); err != nil {
			t.Fatalf("decode %T: %v", e, err)
		}
		s.Apply(c.heads[i], again.Elem().Interface().(survey.Event))
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

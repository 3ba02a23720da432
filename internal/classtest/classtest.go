// Package classtest holds a room in which there is one kind of activity only,
// polls or quizzes for instance, for the tests of its rules: a state, and the
// log it came from. What it does with a command is what a room does: decide,
// and apply each event. It has no rules of its own and looks into no event.
package classtest

import (
	"bytes"
	"reflect"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// T is what it needs of a test, a benchmark or a rapid.T.
type T interface {
	Helper()
	Fatalf(string, ...any)
}

// Rules are an activity's: its state S, its events E and its commands C.
type Rules[S, E, C any] struct {
	Decide func(s *S, now time.Time, by wire.Actor, c C) ([]E, error)
	Apply  func(s *S, h wire.Head, e E)
	See    func(s *S, h wire.Head, e E) Views

	// Conceals reports whether the room writes nobody down for a command; nil: never.
	Conceals func(s *S, c any) bool
}

// Views is what one event showed to whom.
type Views struct {
	All, Staff *wire.View
	Personal   map[wire.UserID]wire.View
}

// Class is a room. Tests look at its fields, and set the time.
type Class[S, E, C any] struct {
	Rules Rules[S, E, C]
	State S
	Now   time.Time
	Heads []wire.Head
	Log   []E
}

// New returns a room in which nothing has happened.
func New[S, E, C any](rules Rules[S, E, C]) *Class[S, E, C] {
	return &Class[S, E, C]{Rules: rules, Now: time.UnixMilli(1_700_000_000_000)}
}

// Do carries a command out, or returns why not.
func (c *Class[S, E, C]) Do(by wire.Actor, cmd C) ([]Views, error) {
	events, err := c.Rules.Decide(&c.State, c.Now, by, cmd)
	author := by.User
	if c.Rules.Conceals != nil && c.Rules.Conceals(&c.State, cmd) {
		author = wire.System.User
	}
	var shown []Views
	for _, e := range events {
		shown = append(shown, c.Apply(author, e))
	}
	return shown, err
}

// Must carries a command out and returns the position of the last event.
func (c *Class[S, E, C]) Must(t T, by wire.Actor, cmd C) uint64 {
	t.Helper()
	if _, err := c.Do(by, cmd); err != nil {
		t.Fatalf("%T: %v", cmd, err)
	}
	return c.Last()
}

// Apply writes an event into the log and folds it.
func (c *Class[S, E, C]) Apply(by wire.UserID, e E) Views {
	h := wire.Head{Seq: c.Last() + 1, At: wire.At(c.Now), By: by}
	c.Heads, c.Log = append(c.Heads, h), append(c.Log, e)
	c.Rules.Apply(&c.State, h, e)
	return c.Rules.See(&c.State, h, e)
}

// Wait lets time go by.
func (c *Class[S, E, C]) Wait(d time.Duration) { c.Now = c.Now.Add(d) }

// Last is the position of the newest event, and the id of what it made.
func (c *Class[S, E, C]) Last() uint64 { return uint64(len(c.Log)) }

// Reload is what a snapshot of the state becomes when it is read again.
func (c *Class[S, E, C]) Reload(t T) S {
	t.Helper()
	var again S
	before := Encode(t, c.State)
	if err := wire.Decode(before, &again); err != nil {
		t.Fatalf("decode the state: %v", err)
	}
	if after := Encode(t, again); !bytes.Equal(before, after) {
		t.Fatalf("a snapshot changed when it was read:\n%s\n%s", before, after)
	}
	return again
}

// Replay folds the log, as it reads after it was written, into a new state.
func (c *Class[S, E, C]) Replay(t T) S {
	t.Helper()
	var s S
	for i, e := range c.Log {
		again := reflect.New(reflect.TypeOf(e))
		if err := wire.Decode(Encode(t, e), again.Interface()); err != nil {
			t.Fatalf("decode %T: %v", e, err)
		}
		c.Rules.Apply(&s, c.Heads[i], again.Elem().Interface().(E))
	}
	return s
}

// Encode is how v is written.
func Encode(t T, v any) []byte {
	t.Helper()
	b, err := wire.Encode(v)
	if err != nil {
		t.Fatalf("encode %T: %v", v, err)
	}
	return b
}

// Code is the code of a refusal, "" for none.
func Code(err error) string {
	if err == nil {
		return ""
	}
	return wire.Public(err).Code
}

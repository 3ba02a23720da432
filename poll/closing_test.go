package poll_test

import (
	"bytes"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/wire"
)

// A poll that is closed while some see the class late takes everybody's votes
// until the slowest has seen that, and none after it, whatever comes in
// between; it waits no longer for being closed again, and a restart changes
// nothing.
func TestClosingWaitsForTheSlowest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newClass()
		id := c.Must(t, maya, poll.Create{Text: "?", Choices: []string{"a", "b"}, Open: true, Hidden: rapid.Bool().Draw(t, "hidden")})
		asked := rapid.IntRange(-5, 8000).Draw(t, "wait")
		wait := min(max(0, asked), 5000)
		began := c.Now
		shown, err := c.Do(maya, poll.Close{Poll: id, Wait: wire.Millis(asked)})
		if err != nil || len(shown) != 1 {
			t.Fatalf("closing showed %d views: %v", len(shown), err)
		}
		votes := 0
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			c.Wait(time.Duration(rapid.SampledFrom([]int{0, 1, 700, 2000}).Draw(t, "ms")) * time.Millisecond)
			if rapid.Bool().Draw(t, "again") {
				_, _ = c.Do(maya, poll.Close{Poll: id, Wait: 5000})
			}
			_, _ = c.Do(wire.System, poll.Tick{})
			over := c.Now.Sub(began) >= time.Duration(wait)*time.Millisecond
			_, err := c.Do(viewer(votes), poll.Vote{Poll: id, Choices: []int{0}})
			if (code(err) == "poll.closed") != over || !over && err != nil {
				t.Fatalf("%v after a close that waits %d ms: %v", c.Now.Sub(began), wait, err)
			}
			if err == nil {
				votes++
			}
			c.State = c.Reload(t)
			v := c.State.Snapshot(true)[0]
			until := wire.Millis(0)
			if !over {
				until = wire.At(began) + wire.Millis(wait)
			}
			if v.Voters != votes || (v.Phase == poll.PhaseClosed) != over || v.Closes != until || c.State.Alarm().IsZero() != over || !over && wire.At(c.State.Alarm()) != until {
				t.Fatalf("%v after: %+v, the alarm at %v", c.Now.Sub(began), v, c.State.Alarm())
			}
		}
		if got, want := encode(t, c.Replay(t)), encode(t, c.State); !bytes.Equal(got, want) {
			t.Fatalf("replayed:\n got %s\nwant %s", got, want)
		}
	})
}

// The class's clock alone closes by time, and the class's end at once.
func TestClosingEndsWithTheClass(t *testing.T) {
	c := newClass()
	id := c.Must(t, maya, poll.Create{Text: "?", Choices: []string{"a", "b"}, Open: true})
	c.Must(t, maya, poll.Close{Poll: id, Wait: 3000})
	if _, err := c.Do(maya, poll.Tick{}); code(err) != "auth.forbidden" {
		t.Errorf("a moderator's tick: %v", err)
	}
	for _, e := range poll.CloseAll(&c.State) {
		c.Apply(wire.System.User, e)
	}
	if v := c.State.Snapshot(false)[0]; v.Phase != poll.PhaseClosed || v.Closes != 0 || !c.State.Alarm().IsZero() {
		t.Errorf("after the class: %+v", v)
	}
}

package trial

import (
	"slices"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// TestReplay repeats everything that was acknowledged in a class, much later
// and in its order, as a client does whose answers were lost: each command is
// answered as the first time and changes nothing, those included that had
// nothing to change the first time.
func TestReplay(t *testing.T) {
	s := newServer(t, t.TempDir())
	c := newClass(t, s, seedOf(t), rooms[0])
	c.fill(t, 6)
	s.up(t)
	for _, p := range c.people {
		c.enter(p)
	}
	c.gather(t, patience)
	host, ana, ben := c.people[0], c.people[2], c.people[3]
	do := func(p *person, kind string, data map[string]any) uint64 {
		t.Helper()
		w := p.do(t.Context(), kind, data)
		if w == nil || w.refused != "" {
			t.Fatalf("%s: %+v", kind, w)
		}
		return w.seq
	}
	do(host, "room.open", map[string]any{})
	poll := do(host, "poll.create", map[string]any{"text": "Which?", "choices": []string{"a", "b"}, "open": true})
	question := do(ben, "qa.ask", map[string]any{"text": "Why?"})
	for _, choice := range []int{0, 0, 1} { // the second changes nothing
		do(ana, "poll.vote", map[string]any{"poll": poll, "choices": []int{choice}})
	}
	for _, kind := range []string{"qa.upvote", "qa.upvote", "qa.unvote"} {
		do(ana, kind, map[string]any{"question": question})
	}
	for _, kind := range []string{"hand.lower", "hand.raise"} {
		do(ana, kind, map[string]any{})
	}
	do(ana, "chat.say", map[string]any{"text": "once"})
	for _, kind := range []string{"qa.pin", "qa.pin", "qa.unpin"} {
		do(host, kind, map[string]any{"question": question})
	}
	for _, p := range []*person{host, ana, ben} {
		for _, w := range p.wishes {
			if err := p.again(w); err != nil {
				t.Error(err)
			}
		}
	}
	c.settle(t)
	c.end()
	c.living.Wait()
	s.stop(t)
	log := readBooks(t, s.data, c.history).logs[rooms[0]]
	last := slices.IndexFunc(log, func(r room.Record) bool { return r.Kind == "qa.unpinned" })
	for _, r := range log[last+1:] {
		if r.By != wire.System.User && r.Key != "" {
			t.Errorf("the repetition of %s of %s changed something %v later: record %d (%s)",
				r.Key, r.By, time.Duration(r.At-log[last].At)*time.Millisecond, r.Seq, r.Kind)
		}
	}
	m := newModel(rooms[0])
	for _, r := range log {
		if _, _, err := m.fold(r); err != nil {
			t.Fatal(err)
		}
	}
	if got := m.poll(poll).votes["uv2"]; !slices.Equal(got, []int{1}) {
		t.Errorf("ana voted for [1] last, and %v counts", got)
	}
}

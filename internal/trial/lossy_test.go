package trial

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestLossyNetwork puts a class, its teacher included, behind a network with
// 200 ms each way on which a tenth comes late and connections break at any
// byte: nothing is lost, repeated or out of order for it.
func TestLossyNetwork(t *testing.T) {
	builtServer(t)
	t.Parallel()
	people, length := 60, 8*time.Second
	if long() {
		people, length = 300, 60*time.Second
	}
	seed := seedOf(t)
	s := newServer(t, t.TempDir())
	c := newClass(t, s, seed, rooms[:2]...)
	c.fill(t, people)
	bad := listen(t, s, seed, func(r *relay) {
		r.delay, r.lossy = 200*time.Millisecond, 0.1
		r.cut = func(chance *rand.Rand) int64 { return 500 + chance.Int64N(150_000) }
	})
	for _, p := range c.people {
		p.addr, p.direct = bad.addr, false
	}
	s.up(t)
	c.begin(400*time.Millisecond, time.Second)
	eventually(t, "everybody has been here", patience, func() bool {
		return !slices.ContainsFunc(c.people, func(p *person) bool { return p.stays() == 0 })
	})
	pass(t.Context(), length)
	bad.mend() // so that the end comes
	v := c.finish(t)
	var said []time.Duration
	resumed, anew := 0, 0
	for _, d := range c.who {
		for _, w := range d.wishes {
			if w.kind == "chat.say" && w.sent == 1 {
				said = append(said, w.took)
			}
		}
		for _, visit := range d.visits[1:] {
			if visit.resumed {
				resumed++
			} else if !visit.final {
				anew++
			}
		}
	}
	t.Logf("%d people, %d connections cut; came back with what they missed %d, with a snapshot %d; a message that was not cut off is acknowledged after p50 %v, p99 %v",
		people, bad.cuts.Load(), resumed, anew, part(said, 0.5), part(said, 0.99))
	v.report(t)
	if bad.cuts.Load() < int64(people)/10 {
		t.Errorf("only %d connections were cut: this says little", bad.cuts.Load())
	}
}

package hls

import (
	"sync/atomic"

	"github.com/lyceum-live/lyceum/wire"
)

// gate bounds the requests that wait.
type gate struct {
	most int64
	in   atomic.Int64
}

func (g *gate) enter() bool {
	if g.in.Add(1) > g.most {
		g.in.Add(-1)
		return false
	}
	return true
}

func (g *gate) leave() { g.in.Add(-1) }

// eachAsks is how many requests of one person's are answered at a time: those of
// a few players, and not all that may wait.
const eachAsks = 32

// enter lets one more request of a person's in. A cache asks for many.
func (o *origin) enter(person wire.UserID) bool {
	if person == "" {
		return true
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.asking[person] >= eachAsks {
		return false
	}
	o.asking[person]++
	return true
}

func (o *origin) leave(person wire.UserID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.asking[person]--; o.asking[person] <= 0 {
		delete(o.asking, person)
	}
}

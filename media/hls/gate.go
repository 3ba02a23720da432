package hls

import "sync/atomic"

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

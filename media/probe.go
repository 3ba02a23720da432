package media

import "time"

// How a probe goes.
const (
	probeRamp  = 800 * time.Millisecond // from what is sent to what shall be proven
	probeHold  = 400 * time.Millisecond // at that
	probeWait  = 500 * time.Millisecond // for the last feedback
	probeSpan  = 300 * time.Millisecond // over which what gets through is measured
	probeShare = 0.95                   // of what was to be sent and not lost as before must have come
	probeExtra = 0.08                   // share lost beyond what was lost before that ends it
	probeBurst = 8                      // packets at a time at most
)

// probe finds out whether a link bears more than is sent on it, by sending more:
// packets that the viewer has had already are repeated beside what is sent
// anyway (RFC 4588), so that both together rise, slowly enough for feedback to
// end it before anybody hears it, to what shall be proven.
//
//	rising ──▶ holding ──▶ waiting for the last feedback ──▶ proven or not
//	any ──something queues, or more is lost──▶ not
//
// It does no I/O and reads no clock.
type probe struct {
	from, to int // bits a second
	begun    time.Time
	sent     int64   // bytes to the viewer before it
	loss     float64 // share lost before it
}

func newProbe(now time.Time, from, to int, sent int64, loss float64) *probe {
	return &probe{from: min(from, to), to: to, begun: now, sent: sent, loss: loss}
}

// due is how many bytes are to be sent now beside what was: sent is the bytes
// to the viewer so far.
func (p *probe) due(now time.Time, sent int64) int {
	t := now.Sub(p.begun)
	if t >= probeRamp+probeHold {
		return 0
	}
	bits := float64(p.from) * t.Seconds()
	rise := min(t, probeRamp)
	bits += float64(p.to-p.from) * rise.Seconds() * float64(rise) / float64(probeRamp) / 2
	if t > probeRamp {
		bits += float64(p.to-p.from) * (t - probeRamp).Seconds()
	}
	return int(bits/8) - int(sent-p.sent)
}

// verdict is what has come of a probe.
type verdict int

const (
	undecided verdict = iota
	confirmed
	refuted
)

// judge looks at feedback.
func (p *probe) judge(now time.Time, e *estimator) verdict {
	t := now.Sub(p.begun)
	switch {
	case e.queue(queueAhead) > queueClear || e.loss(burstSpan, burstEnough) > p.loss+probeExtra:
		return refuted
	case t > probeRamp && float64(e.rate(probeSpan)) >= float64(p.to)*(1-p.loss)*probeShare:
		return confirmed
	case t > probeRamp+probeHold+probeWait:
		return refuted
	}
	return undecided
}

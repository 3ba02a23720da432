package media

import (
	"iter"
	"math"
	"time"
)

// How the estimator reads feedback.
const (
	binSpan   = 25 * time.Millisecond // of arrivals that are counted together
	binCount  = 88
	baseSpan  = 10 * time.Second // the least delay of so long, and of so long before, is the path's own
	clockLeap = 30 * time.Second // a jump of the viewer's clock that nothing explains

	queueAhead = 100 * time.Millisecond // a queue is what the quickest of so long had to wait for
	queueFull  = 60 * time.Millisecond  // and from here on it says that more is sent than gets through
	queueLeap  = 100 * time.Millisecond // so much counts even if it is seen for half as long
	queueClear = 45 * time.Millisecond  // a probe is given up beyond it

	throughLeast = 100 * time.Millisecond // what gets through is taken over so long at least
	throughMost  = 300 * time.Millisecond // and at most
	provenFor    = 2 * time.Second        // that what a probe has shown may be built on

	pathSpan = time.Second           // a delay that is the same in this one and the one before
	pathSame = 15 * time.Millisecond // give or take so much is the path's own

	lossSpan    = 2 * time.Second        // over which loss is counted
	lossEnough  = 60                     // packets that it is told from
	burstSpan   = 400 * time.Millisecond // likewise for a link that suddenly drops most
	burstEnough = 20
	burstHigh   = 0.30                   // share that it drops then
	lateSpan    = 50 * time.Millisecond  // by which a packet may be overtaken without being lost
	silentAfter = 700 * time.Millisecond // without feedback, while packets leave
	silentSends = 10                     // that many at least
)

// estimator tells from a viewer's feedback how its link fares. It is in the
// tradition of congestion control for real-time media by delay, loss and
// delivered rate (draft-ietf-rmcat-gcc-02; Carlucci et al., "Analysis and
// Design of the Google Congestion Control for WebRTC", MMSys 2016), with two
// changes that suit a server which cannot make its packets smaller but only
// choose among layers:
//
//   - Not the gradient of the delay is watched but the queue that stands: how
//     much later than the path's own delay even the quickest packet of a tenth
//     of a second came (Arun and Balakrishnan, "Copa", NSDI 2018, section 2).
//     Jitter makes gradients of nothing; a queue spares nobody.
//   - There is no rate that grows while less is sent than the link could bear:
//     what has not been sent is not known (pion/interceptor#299). While
//     something queues, the rate that gets through is the link's capacity.
//     Otherwise the link is known to bear what came, and no more; more is
//     proven by a [probe].
//
// It has a fixed size, does no I/O and reads no clock.
type estimator struct {
	history

	heard    time.Time     // of the last feedback; zero: none yet
	heardOf  uint64        // one past the newest packet that feedback spoke of
	raw      time.Duration // the newest arrival, as the viewer's clock wraps
	clock    time.Duration // and as it would not
	bins     [binCount]bin
	begun    time.Duration    // first arrival that is in the bins
	settled  uint64           // packets before this one are known to have come or not
	running  bool             // there is a clock
	base     [2]time.Duration // least delays of this span and the last; the difference of the clocks is in them
	baseFrom time.Duration

	stoodAt  time.Time // since when anything queues; zero: nothing does
	fullAt   time.Time // since when too much queues or is lost; zero: it does not
	proven   int       // bits a second that a probe has shown to get through
	provenAt time.Time
}

// bin is what came within one binSpan.
type bin struct {
	at         int64         // clock / binSpan
	least      time.Duration // of the delays
	bytes      int32
	came, lost int32
}

// reading is what the estimator says.
type reading struct {
	full     time.Duration // for how long more has been sent than gets through; 0: it is not
	queue    time.Duration // that stands
	loss     float64       // share lost in the last two seconds
	through  int           // bits a second that came of late; while full, the link's capacity
	silent   bool          // nothing was heard for long, though packets leave
	proven   int           // bits a second that are known to get through; 0: nothing beyond what is sent
	unprobed bool          // there is nothing to probe with: a step up is a trial
	halted   bool          // a picture was not sent of late: what came is less than the link bears
}

const noDelay = time.Duration(math.MaxInt64)

func newEstimator(now time.Time) *estimator {
	e := &estimator{history: newHistory(now)}
	e.settled, e.heardOf = e.next, e.next
	e.restart(0)
	return e
}

// restart forgets all arrivals: the viewer's clock is another one.
func (e *estimator) restart(clock time.Duration) {
	e.clock, e.begun, e.baseFrom = clock, clock, clock
	e.base = [2]time.Duration{noDelay, noDelay}
	for i := range e.bins {
		e.bins[i] = bin{at: -1, least: noDelay}
	}
}

// report takes one piece of feedback.
func (e *estimator) report(now time.Time, list []arrival) {
	newest := uint64(0)
	for _, a := range list {
		n, p := e.locate(a.seq)
		if p == nil {
			continue
		}
		newest = max(newest, n)
		switch {
		case a.received && p.fate != came:
			p.fate = came
			e.arrived(a.at, p)
		case !a.received && p.fate == unknown:
			p.fate = missing
		}
	}
	if newest == 0 {
		return // it speaks of nothing that was sent
	}
	e.heard, e.heardOf = now, max(e.heardOf, newest+1)
	e.settle(newest)
	switch {
	case e.queue(queueAhead) < pathSame:
		e.stoodAt = time.Time{}
	case e.stoodAt.IsZero():
		e.stoodAt = now
	case now.Sub(e.stoodAt) >= 2*pathSpan && e.steady():
		e.base, e.baseFrom = [2]time.Duration{e.path() + e.queue(pathSpan), noDelay}, e.clock
	}
	switch full := e.filled(); {
	case !full:
		e.fullAt = time.Time{}
	case e.fullAt.IsZero():
		e.fullAt = now
	}
}

// arrived counts a packet that came.
func (e *estimator) arrived(raw time.Duration, p *sentPacket) {
	step := raw - e.raw
	if step > arrivalCycle/2 {
		step -= arrivalCycle
	} else if step < -arrivalCycle/2 {
		step += arrivalCycle
	}
	at := e.clock + step
	delay := at - time.Duration(p.at)*sendUnit
	if leap := delay - e.path(); !e.running || leap > clockLeap || leap < -clockLeap {
		at = clockLeap // leaves room below
		delay = at - time.Duration(p.at)*sendUnit
		e.restart(at)
		e.running, e.raw = true, raw
	}
	if at > e.clock {
		e.clock, e.raw = at, raw
	}
	if e.clock-e.baseFrom >= baseSpan {
		e.base, e.baseFrom = [2]time.Duration{noDelay, e.base[0]}, e.clock
	}
	e.base[0] = min(e.base[0], delay)
	if b := e.bin(at); b != nil {
		b.least = min(b.least, delay)
		b.bytes += int32(p.size)
	}
}

// path is the delay of the path itself.
func (e *estimator) path() time.Duration { return min(e.base[0], e.base[1]) }

// bin finds the bin of an arrival; nil: it is too long ago.
func (e *estimator) bin(at time.Duration) *bin {
	i := int64(at / binSpan)
	if i < 0 || i+binCount <= int64(e.clock/binSpan) {
		return nil
	}
	b := &e.bins[i%binCount]
	if b.at != i {
		*b = bin{at: i, least: noDelay}
	}
	return b
}

// settle counts what has come of the packets that were sent long enough before
// the newest one heard of.
func (e *estimator) settle(n uint64) {
	newest := e.packets[n%historyLength].at
	e.settled = max(e.settled, e.next-historyLength)
	b := e.bin(e.clock)
	for ; e.settled < n; e.settled++ {
		p := &e.packets[e.settled%historyLength]
		if span(p.at, newest) < lateSpan {
			return
		}
		switch p.fate {
		case came:
			b.came++
		case missing:
			b.lost++
		}
	}
}

// recent yields the bins of the last d of arrivals.
func (e *estimator) recent(d time.Duration) iter.Seq[*bin] {
	return func(yield func(*bin) bool) {
		last := int64(e.clock / binSpan)
		for i := last; i > last-int64(d/binSpan) && i >= 0; i-- {
			if b := &e.bins[i%binCount]; b.at == i && !yield(b) {
				return
			}
		}
	}
}

// queue is how much longer than the path takes even the quickest packet of the
// last d took.
func (e *estimator) queue(d time.Duration) time.Duration {
	least := noDelay
	for b := range e.recent(d) {
		least = min(least, b.least)
	}
	if least == noDelay {
		return 0
	}
	return least - e.path()
}

// steady reports whether what looks like a queue is the path's own delay, which
// has become another: a queue would grow or shrink, or lose what it cannot hold.
func (e *estimator) steady() bool {
	before := noDelay
	half := int64((e.clock - pathSpan) / binSpan)
	for b := range e.recent(2 * pathSpan) {
		if b.at <= half {
			before = min(before, b.least)
		}
	}
	if before == noDelay || e.loss(lossSpan, lossEnough) >= lossHigh/2 {
		return false
	}
	off := before - e.path() - e.queue(pathSpan)
	return max(off, -off) < pathSame
}

// rate is what came in the last d, in bits a second.
func (e *estimator) rate(d time.Duration) int {
	from := max((e.clock/binSpan+1)*binSpan-d, e.begun)
	bits := 0
	for b := range e.recent(d) {
		bits += int(b.bytes) * 8
	}
	return int(float64(bits) / max(e.clock-from, binSpan).Seconds())
}

// loss is the share of packets lost in the last d; 0 if they were not enough.
func (e *estimator) loss(d time.Duration, enough int) float64 {
	came, lost := 0, 0
	for b := range e.recent(d) {
		came, lost = came+int(b.came), lost+int(b.lost)
	}
	if came+lost < enough {
		return 0
	}
	return float64(lost) / float64(came+lost)
}

// read says how the link fares at now.
func (e *estimator) read(now time.Time) reading {
	r := reading{queue: e.queue(queueAhead), loss: e.loss(lossSpan, lossEnough)}
	if !e.fullAt.IsZero() {
		r.full = max(now.Sub(e.fullAt), 1)
	}
	r.through = e.rate(throughMost)
	if r.full > 0 {
		r.through = e.rate(min(max(r.full, throughLeast), throughMost))
	}
	r.silent = e.next-e.heardOf >= silentSends && now.Sub(e.heard) > silentAfter && span(e.last, e.time(now)) < silentAfter/2
	if now.Sub(e.provenAt) < provenFor {
		r.proven = e.proven
	}
	return r
}

// filled reports whether more is sent than gets through.
func (e *estimator) filled() bool {
	return e.queue(queueAhead) > queueFull || e.queue(queueAhead/2) > queueLeap || e.loss(burstSpan, burstEnough) >= burstHigh
}

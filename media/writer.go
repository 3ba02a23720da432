package media

import (
	"slices"
	"time"
)

const (
	queueLength = 4096                   // packets that wait for a writer
	soundRoom   = queueLength / 4        // of these, kept for sound
	tickEvery   = 100 * time.Millisecond // housekeeping of all viewers
	catchEvery  = 5 * time.Millisecond   // between two runs of packets to one that joins
	runLength   = 32                     // packets that are forwarded together
	clockEvery  = 8                      // tracks for which the time is looked at once
)

// delivery is one packet of one layer on its way to a writer.
type delivery struct {
	layer *layer
	p     *packet
}

// writer owns a share of all viewers: their tracks, what they were sent last
// and what they reported. It is the only goroutine that writes to them.
type writer struct {
	index   int
	clock   func() time.Time
	batch   *batch // what its viewers are sent, on its way to the kernel
	packets chan delivery
	orders  chan func()   // what others want done here
	reports chan feedback // what viewers' browsers say; dropped when full
	stop    chan struct{}
	done    chan struct{}

	// Owned by run.
	viewers  []*Viewer
	catching []*DownTrack // read from a cache until they are level with it
	probing  []*Viewer    // whose links are being probed
	pace     *time.Ticker // runs while any of both are
	scratch  []byte       // a payload being changed for one viewer
	waiting  []delivery   // of one run
	arrivals []arrival    // of one piece of feedback
}

func newWriter(index int, b *batch) *writer {
	pace := time.NewTicker(catchEvery)
	pace.Stop()
	return &writer{
		pace:    pace,
		index:   index,
		clock:   time.Now,
		batch:   b,
		packets: make(chan delivery, queueLength),
		orders:  make(chan func(), 256),
		reports: make(chan feedback, 1024),
		stop:    make(chan struct{}),
		done:    make(chan struct{}),
		scratch: make([]byte, 0, 1500),
	}
}

// offer queues a packet without waiting. Sound is dropped last.
func (w *writer) offer(d delivery) bool {
	if d.layer.video && len(w.packets) > queueLength-soundRoom {
		return false
	}
	select {
	case w.packets <- d:
		return true
	default:
		return false
	}
}

// do has f done by the writer, in turn. It must not be called by the writer.
func (w *writer) do(f func()) {
	select {
	case w.orders <- f:
	case <-w.stop:
	}
}

func (w *writer) run() {
	defer close(w.done)
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	defer w.pace.Stop()
	for {
		select {
		case d := <-w.packets:
			w.forwardRun(d)
		case f := <-w.orders:
			f()
		case r := <-w.reports:
			if r.viewer != nil {
				r.viewer.arrivals(r.arrivals, time.Now())
			} else {
				r.track.report(r, time.Now())
			}
		case now := <-tick.C:
			for _, v := range w.viewers {
				v.tick(now)
			}
		case now := <-w.pace.C:
			w.catchUp(now)
			w.fillUp(now)
			if len(w.catching)+len(w.probing) == 0 {
				w.pace.Stop()
			}
		case <-w.stop:
			return
		}
		w.batch.flush()
	}
}

// forwardRun forwards first and what waits behind it, layer by layer: the more
// has gathered, the more each viewer is sent at a time, and the less each
// packet costs.
func (w *writer) forwardRun(first delivery) {
	w.waiting = append(w.waiting[:0], first)
gather:
	for len(w.waiting) < runLength {
		select {
		case d := <-w.packets:
			w.waiting = append(w.waiting, d)
		default:
			break gather
		}
	}
	for i, d := range w.waiting {
		if d.layer != nil {
			w.forward(d.layer, w.waiting[i:])
		}
	}
	clear(w.waiting)
}

// forward gives the run's packets of l to every track of this writer that
// follows it, or waits for it, and takes them out of the run. The time is looked
// at again and again: a run to a full class takes long enough to look like a
// queue to those at its end.
func (w *writer) forward(l *layer, run []delivery) {
	var now time.Time
	for i, t := range l.outs[w.index] {
		if i%clockEvery == 0 {
			now = w.clock()
		}
		for _, d := range run {
			if d.layer == l {
				t.take(l, d.p, now)
			}
		}
	}
	for i := range run {
		if run[i].layer == l {
			run[i].layer = nil
		}
	}
}

// catch begins to send t what its layer's cache has.
func (w *writer) catch(t *DownTrack) {
	w.quicken()
	w.catching = append(w.catching, t)
}

// catchUp sends each joining track its next run of cached packets.
func (w *writer) catchUp(now time.Time) {
	w.catching = slices.DeleteFunc(w.catching, func(t *DownTrack) bool { return !t.catchUp(now) })
}

// fill begins to send v what its probe is due.
func (w *writer) fill(v *Viewer) {
	if !slices.Contains(w.probing, v) {
		w.quicken()
		w.probing = append(w.probing, v)
	}
}

// fillUp sends each viewer whose link is probed what is due.
func (w *writer) fillUp(now time.Time) {
	w.probing = slices.DeleteFunc(w.probing, func(v *Viewer) bool { return !v.fill(now) })
}

// quicken has the pace run.
func (w *writer) quicken() {
	if len(w.catching)+len(w.probing) == 0 {
		w.pace.Reset(catchEvery)
	}
}

// listen adds t to those of layer l; the publisher's packets are queued for a
// writer only where somebody listens.
func (w *writer) listen(l *layer, t *DownTrack) {
	if !slices.Contains(l.outs[w.index], t) {
		l.outs[w.index] = append(l.outs[w.index], t)
		l.interest[w.index].Add(1)
	}
}

// leave undoes listen. The list is copied: it may be walked right now.
func (w *writer) leave(l *layer, t *DownTrack) {
	if i := slices.Index(l.outs[w.index], t); i >= 0 {
		l.outs[w.index] = slices.Concat(l.outs[w.index][:i], l.outs[w.index][i+1:])
		l.interest[w.index].Add(-1)
	}
}

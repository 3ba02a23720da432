package media

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/webrtc/v4"
)

// Stage is what one room has on air.
//
//	off ──attach──▶ on ──lost──▶ on, silent ──attach──▶ on
//	                on ──taken off──▶ off     on, silent ──grace──▶ off
//
// A publisher whose connection is lost keeps its sources on air for the
// engine's grace: viewers wait with the last picture and go on where the
// publisher's new connection goes on.
type Stage struct {
	engine  *Engine
	changed func()

	feeds  [places]feed // by source
	large  atomic.Int32 // the seat whose picture is shown large
	grid   atomic.Bool  // none is larger than the others
	guests atomic.Int32 // pictures of guests on air

	mu     sync.Mutex
	slots  [places]slot // by source
	closed bool
}

// feed is where the viewers of a source find what comes in for it.
type feed struct{ line atomic.Pointer[line] }

// line is one incoming source: its codec and its simulcast layers.
type line struct {
	codec  webrtc.RTPCodecCapability
	shut   atomic.Bool // what comes is dropped: see Ingest.Refuse
	layers [levels]atomic.Pointer[layer]
}

// slot is one source's place on the stage.
type slot struct {
	on    bool
	codec webrtc.RTPCodecCapability
	owner *Ingest     // whose line it is, or was if lost
	grace *time.Timer // takes the source off; nil unless lost
	loss  int         // counts the losses, so that an old timer does nothing
}

// onAir is one source of the program.
type onAir struct {
	source Source
	codec  webrtc.RTPCodecCapability
}

// NewStage opens an empty stage. changed is called, without any lock, after
// each change of what is on air; it must not block.
func (e *Engine) NewStage(changed func()) *Stage {
	return &Stage{engine: e, changed: changed}
}

// OnAir lists the host's sources on air, in the order of [Sources].
func (s *Stage) OnAir() []Source {
	list := []Source{}
	for _, on := range s.program() {
		if on.source.Seat() == 0 {
			list = append(list, on.source)
		}
	}
	return list
}

// Empty reports whether nobody has anything on air, guests included.
func (s *Stage) Empty() bool { return len(s.program()) == 0 }

func (s *Stage) program() []onAir {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []onAir
	for i, source := range sources {
		if s.slots[i].on {
			list = append(list, onAir{source, s.slots[i].codec})
		}
	}
	return list
}

func (s *Stage) feed(source Source) *feed { return &s.feeds[source.index()] }

// attach puts a publisher's line on air. It returns the publisher that had the
// source until now, if it was another one.
func (s *Stage) attach(source Source, l *line, by *Ingest) (before *Ingest) {
	i := source.index()
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	slot := &s.slots[i]
	changed := !slot.on || slot.codec.MimeType != l.codec.MimeType
	if slot.on && slot.owner != by { // also one that is lost: it must not come back for it
		before = slot.owner
	}
	slot.stopGrace()
	slot.on, slot.codec, slot.owner = true, l.codec, by
	s.feeds[i].line.Store(l)
	s.count()
	s.mu.Unlock()

	s.kick()
	if changed {
		s.changed()
	}
	return before
}

// detach takes a publisher's source off: at once, or after grace unless it is
// attached again. What is lost may be taken off by whoever has it next.
func (s *Stage) detach(source Source, by *Ingest, grace time.Duration) {
	i := source.index()
	s.mu.Lock()
	slot := &s.slots[i]
	lost := slot.grace != nil
	if !slot.on || slot.owner != by && !lost || lost && grace > 0 {
		s.mu.Unlock()
		return
	}
	if grace > 0 && !s.closed {
		slot.loss++
		loss := slot.loss
		slot.grace = time.AfterFunc(grace, func() { s.expire(i, loss) })
		s.mu.Unlock()
		return
	}
	s.off(i)
	s.mu.Unlock()
	s.kick()
	s.changed()
}

// expire takes off what nobody came back for.
func (s *Stage) expire(i, loss int) {
	s.mu.Lock()
	if s.slots[i].grace == nil || s.slots[i].loss != loss { // came back, or was lost again
		s.mu.Unlock()
		return
	}
	s.off(i)
	s.mu.Unlock()
	s.kick()
	s.changed()
}

func (s *Stage) off(i int) {
	s.slots[i].stopGrace()
	s.slots[i] = slot{loss: s.slots[i].loss}
	s.feeds[i].line.Store(nil)
	s.count()
}

// count counts the guests' pictures on air.
func (s *Stage) count() {
	n := int32(0)
	for i := hosts; i < places; i++ {
		if s.slots[i].on && sources[i].Kind() != soundKind {
			n++
		}
	}
	s.guests.Store(n)
}

func (t *slot) stopGrace() {
	if t.grace != nil {
		t.grace.Stop()
		t.grace = nil
	}
}

// Drop takes everything off at once, also what waits for its publisher. It
// stays off until a publisher assigns it again.
func (s *Stage) Drop() {
	s.mu.Lock()
	slots := s.slots
	s.mu.Unlock()
	for i, slot := range slots {
		if slot.owner != nil {
			slot.owner.forget(sources[i])
		}
	}
	s.mu.Lock()
	any := false
	for i := range s.slots {
		any = any || s.slots[i].on
		s.off(i)
	}
	s.mu.Unlock()
	if any {
		s.kick()
		s.changed()
	}
}

// Close empties the stage for good.
func (s *Stage) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.Drop()
}

// kick lets the stage's viewers look at once at what has changed.
func (s *Stage) kick() {
	for _, w := range s.engine.writers {
		w.do(func() {
			now := time.Now()
			for _, v := range w.viewers {
				if v.stage == s && v.connected {
					v.follow(now)
				}
			}
		})
	}
}

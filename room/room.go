package room

import (
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/wire"
)

// ErrGone is returned by a room that has ended here: idle, stale or broken.
// Open it again.
var ErrGone = errors.New("the room has ended here")

// Room is one class in progress.
type Room struct {
	id     wire.RoomID
	house  *House
	config Config
	logger *zap.Logger
	clock  clock
	asks   chan ask
	stop   chan struct{} // closed to end the room
	done   chan struct{} // closed when the loop has returned
	status atomic.Pointer[Status]

	// Owned by loop.
	epoch    string
	state    *State
	keys     *doneKeys
	keeper   *keeper
	all      audience
	staff    audience
	sessions map[wire.UserID][]*Session
	count    int                       // sessions
	leaving  map[wire.UserID]time.Time // without a socket, and when that counts as gone
	leaveAt  time.Time                 // the first of these times, or earlier
	idleAt   time.Time                 // when the last socket went
	signals  signals
	retryAt  time.Time // the store refused: nothing is tried before
	retryIn  time.Duration
	refusal  error // what it said
	broken   error // the room must be rebuilt from its log
	begun    bool  // what a room must say first is in the log
	timed    bool  // a quiz is prepared or runs
	pace     map[wire.UserID]*pace
	lately   lately
	pulse    pulse
	speaker  speaker
	tickAt   time.Time // what the clock asked for was refused: not before
}

// Status is what a list of rooms shows of one.
type Status struct {
	Title   string
	Phase   Phase
	Count   int // people present
	Sockets int
}

// loop owns the room until it is idle, stopped, stale or broken.
func (r *Room) loop() {
	defer close(r.done)
	defer r.keeper.close()
	defer r.leaveAll()
	defer func() {
		if p := recover(); p != nil {
			r.broken = fmt.Errorf("panic: %v", p)
			r.house.Observer.Failed()
			r.logger.Error("a room has failed and will be rebuilt from its log", zap.Any("panic", p),
				zap.Strings("last_commands", r.lately.list()), zap.ByteString("stack", debug.Stack()))
		}
	}()
	timer := time.NewTimer(r.config.Idle)
	defer timer.Stop()
	if r.state.lastPulse() != (Pulse{}) {
		r.pulse.begin(time.Now()) // moods do not survive a restart
	}
	for r.broken == nil {
		timer.Reset(time.Until(r.wakeAt()))
		var waiting []ask
		select {
		case a := <-r.asks:
			waiting = r.drain([]ask{a.taken()})
		case <-timer.C:
			if r.isIdle() {
				return
			}
			waiting = r.drain(nil)
		case <-r.stop:
			r.sayLast()
			return
		}
		// What waits was sent before the bell: it goes first.
		if len(waiting) < maxBatch && !r.wakeAt().After(time.Now()) {
			waiting = append(waiting, r.due(waiting)...)
		}
		r.batch(waiting)
		r.fade(time.Now())
		r.sendSignals(time.Now())
	}
	r.logger.Warn("the room ends here", zap.Error(r.broken))
}

// maxBatch is how many asks are decided before anybody is answered.
const maxBatch = 4096

// drain takes all that waits, so that one append serves it all.
func (r *Room) drain(asks []ask) []ask {
	for len(r.asks) > 0 && len(asks) < maxBatch {
		asks = append(asks, (<-r.asks).taken())
	}
	return asks
}

// wakeAt is when the loop must look again though nobody asked for anything.
func (r *Room) wakeAt() time.Time {
	at := sooner(time.Now().Add(time.Hour), r.signals.at)
	for _, alarm := range []time.Time{r.state.Quiz.Alarm(), r.state.Polls.Alarm(), r.state.Surveys.Alarm()} {
		if alarm.IsZero() {
			continue
		}
		if moment := r.clock.moment(wire.At(alarm)); moment.After(r.tickAt) {
			at = sooner(at, moment)
		} else {
			at = sooner(at, r.tickAt)
		}
	}
	at = sooner(sooner(at, r.pulse.fadeAt), r.pulse.noteAt)
	if len(r.leaving) > 0 {
		at = sooner(at, r.leaveAt)
	}
	if r.count == 0 && len(r.leaving) == 0 {
		at = sooner(at, r.idleAt.Add(r.config.Idle))
	}
	if r.retryAt.After(time.Now()) { // time alone changes nothing before
		at = r.retryAt
	}
	return at
}

// sooner returns the earlier of two times, of which b may be none.
func sooner(a, b time.Time) time.Time {
	if b.IsZero() || a.Before(b) {
		return a
	}
	return b
}

// goesAt notes when somebody without a socket counts as gone.
func (r *Room) goesAt(user wire.UserID, at time.Time) {
	if len(r.leaving) == 0 || at.Before(r.leaveAt) {
		r.leaveAt = at
	}
	r.leaving[user] = at
}

func (r *Room) isIdle() bool {
	return r.count == 0 && len(r.leaving) == 0 && time.Since(r.idleAt) >= r.config.Idle
}

// due lists what the clock asks for. Whoever is among those who wait to come
// in has not gone: if they are refused, they leave later.
func (r *Room) due(waiting []ask) []ask {
	now := time.Now()
	asks := append([]ask{{at: now, user: wire.System.User, role: wire.System.Role, cmd: tick{}, then: func(_ uint64, _ any, err error) {
		if err != nil { // a key cannot be had: it is asked for again
			r.tickAt = now.Add(time.Second)
		}
	}}}, r.pulseDue(now)...)
	if len(r.leaving) == 0 || r.leaveAt.After(now) {
		return asks
	}
	back := map[wire.UserID]bool{}
	for _, a := range waiting {
		if _, enters := a.cmd.(enter); enters {
			back[a.user] = true
		}
	}
	r.leaveAt = now.Add(time.Hour)
	for _, user := range slices.Sorted(maps.Keys(r.leaving)) {
		if at := r.leaving[user]; at.After(now) {
			r.leaveAt = sooner(r.leaveAt, at)
		} else if back[user] {
			r.leaveAt = sooner(r.leaveAt, now.Add(time.Second))
		} else {
			asks = append(asks, ask{at: now, user: user, role: wire.Viewer, cmd: leave{}, then: func(_ uint64, _ any, err error) {
				if err != nil { // they leave later
					r.leaveAt = sooner(r.leaveAt, now.Add(time.Second))
					return
				}
				delete(r.leaving, user)
				delete(r.pace, user)
			}})
		}
	}
	return asks
}

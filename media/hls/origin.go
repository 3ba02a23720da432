package hls

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"
	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/wire"
)

// origin makes one room's LL-HLS while it is asked for. Its goroutine owns the
// runs; requests see them under the mutex.
type origin struct {
	service *Service
	room    wire.RoomID
	done    chan struct{} // closed when loop has returned

	mu       sync.Mutex
	asked    time.Time // when somebody last asked for something
	current  *edition  // nil: nothing is on air, or it settles
	previous *edition  // that has ended
	gone     time.Time // when it has
	state    State
	watchers map[wire.UserID]watcher
	asking   map[wire.UserID]int // requests of each that are being answered
	news     chan struct{}       // closed when current or state has changed

	// Owned by loop.
	run     *run
	since   time.Time // when what is on air began to be something else than run is
	wanted  layout    // and what that is
	foreign time.Time // when a picture that cannot be shown was seen first; zero: none is
	told    time.Time // when its publisher was asked for another codec
}

// edition is what requests see of a run.
type edition struct {
	id      string
	shelves []*shelf
}

// layout is what a run is of.
type layout struct{ any, pictures bool }

// The states of a room's LL-HLS.
const (
	Idle    = "idle"    // nothing is on air
	Waiting = "waiting" // something is, and will be here soon
	Running = "running"
)

// State is how a room's LL-HLS stands.
type State struct {
	State   string
	Picture string // "": there is none; "shown"; or its codec, which LL-HLS cannot show
	Run     string
}

func (o *origin) loop(ctx context.Context) {
	defer close(o.done)
	defer o.end()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			now := time.Now()
			if o.idle(now) && o.service.forget(o) {
				return
			}
			if err := o.poll(now); err != nil {
				o.service.log.Warn("LL-HLS begins anew", zap.String("room", string(o.room)), zap.Error(err))
				o.finish(now)
			}
		case <-ctx.Done():
			return
		}
	}
}

// poll looks what is on air, begins and ends runs, and makes what is due.
func (o *origin) poll(now time.Time) error {
	on := o.service.air(o.room)
	image, sound, foreign := find(on)
	o.convert(foreign, now)
	want := layout{any: image != "" || sound != "" || foreign != "", pictures: image != ""}
	has := layout{any: o.run != nil, pictures: o.run != nil && o.run.pace.pictures}
	if want != o.wanted {
		o.wanted, o.since = want, now
	}
	patience := settled
	if foreign != "" && image == "" && now.Sub(o.foreign) < converts {
		patience = converts
	}
	if want != has && now.Sub(o.since) >= patience {
		o.finish(now)
		if want.any {
			o.run = newRun(now, want.pictures, o.service.config.Bytes)
		}
	}
	if o.run != nil {
		o.run.follow(on, image, sound, now)
		if err := o.run.poll(now); err != nil {
			return err
		}
	}
	o.publish(want, foreign, now)
	return nil
}

// find chooses what is shown and heard, as a [media.Player] does; foreign is
// the codec of a picture that cannot be shown.
func find(on air) (image, sound media.Source, foreign string) {
	if on == nil {
		return "", "", ""
	}
	for _, source := range []media.Source{media.Screen, media.Camera} {
		mime, shown := on.codec(source)
		switch {
		case !shown || image != "":
		case strings.EqualFold(mime, webrtc.MimeTypeH264):
			image = source
		default:
			foreign = mime
		}
	}
	for _, source := range []media.Source{media.Microphone, media.ScreenAudio} {
		if _, heard := on.codec(source); heard && sound == "" {
			sound = source
		}
	}
	return image, sound, foreign
}

// convert asks the publisher of a picture that cannot be shown for one that can.
func (o *origin) convert(foreign string, now time.Time) {
	if foreign == "" {
		o.foreign = time.Time{}
		return
	}
	again := askAgain
	if o.foreign.IsZero() { // another publisher, or the same anew: it has not heard of it
		o.foreign, again = now, askAnew
	}
	if o.told.IsZero() || now.Sub(o.told) >= again {
		o.told = now
		o.service.convert(o.room)
	}
}

// finish ends the run, if there is one: its playlists say so.
func (o *origin) finish(now time.Time) {
	if o.run == nil {
		return
	}
	o.run.show(true)
	o.run = nil
	o.mu.Lock()
	if o.current != nil {
		o.previous, o.gone, o.current = o.current, now, nil
	}
	o.mu.Unlock()
}

// publish has requests see what there is now.
func (o *origin) publish(want layout, foreign string, now time.Time) {
	state := State{State: Idle}
	if want.any {
		state.State = Waiting
	}
	switch {
	case want.pictures:
		state.Picture = "shown"
	case foreign != "":
		state.Picture = foreign
	}
	var ready []*shelf
	if o.run != nil {
		for _, c := range o.run.channels {
			if c.shelf.ready() {
				ready = append(ready, c.shelf)
			}
		}
		// Where there is a picture, its sound alone is nothing to begin with; and
		// a layer that does not come is not waited for.
		all := len(ready) == len(o.run.channels)
		if len(ready) > 0 && (!o.run.pace.pictures || ready[0].name != soundName) && (all || o.current != nil || now.Sub(o.run.line.Began) > allReady) {
			state.State, state.Run = Running, o.run.id
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	changed := state != o.state
	o.state = state
	if state.State == Running && (o.current == nil || o.current.id != state.Run || len(o.current.shelves) != len(ready)) {
		o.current, changed = &edition{state.Run, ready}, true
	}
	if o.previous != nil && now.Sub(o.gone) > farewell {
		o.previous = nil
	}
	if changed {
		close(o.news)
		o.news = make(chan struct{})
	}
	o.forgetWatchers(now)
}

// idle reports whether nobody has asked for anything for a while.
func (o *origin) idle(now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return now.Sub(o.asked) >= o.service.config.Idle
}

// end lets everybody go.
func (o *origin) end() {
	o.finish(time.Now())
	o.mu.Lock()
	defer o.mu.Unlock()
	o.state = State{State: Idle}
	close(o.news)
	o.news = make(chan struct{})
}

// running waits for the run that is current.
func (o *origin) running(ctx context.Context, gate *gate) (*edition, error) {
	ctx, cancel := context.WithTimeout(ctx, firstWait)
	defer cancel()
	entered := false
	for {
		o.mu.Lock()
		current, state, news := o.current, o.state, o.news
		o.mu.Unlock()
		if current != nil {
			return current, nil
		}
		if state.State == Idle {
			return nil, ErrIdle.After(2000)
		}
		if !entered {
			if !gate.enter() {
				return nil, ErrFull.After(1000)
			}
			defer gate.leave()
			entered = true
		}
		select {
		case <-news:
		case <-o.done:
			return nil, ErrIdle.After(2000)
		case <-ctx.Done():
			return nil, ErrIdle.After(1000)
		}
	}
}

// shelf finds a rendition of the run that is current, or of the one before.
func (o *origin) shelf(run, name string) *shelf {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range []*edition{o.current, o.previous} {
		if e == nil || e.id != run {
			continue
		}
		for _, s := range e.shelves {
			if s.name == name {
				return s
			}
		}
	}
	return nil
}

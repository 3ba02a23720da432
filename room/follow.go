package room

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/wire"
)

// Follower carries every room's committed events, in order, to one part that
// must not hold rooms up: points, behaviours. Each event comes at least once:
// after a crash the last ones come again, so what a follower does must be
// safe to repeat, keyed by room and position.
//
// It normally hears of events as they are committed. What it has no room for,
// or missed while the server was down, it reads from the log.
type Follower struct {
	name    string
	house   *House
	cursors Cursors
	handle  Handle
	logger  *zap.Logger
	wake    chan struct{}
	stop    chan struct{}
	done    chan struct{}

	mu    sync.Mutex
	queue map[wire.RoomID]*backlog

	// Owned by run.
	at    map[wire.RoomID]uint64 // handled so far
	saved map[wire.RoomID]uint64 // and remembered durably
	again map[wire.RoomID]bool   // could not be handled
}

// Happened is an event that is in the log for good.
type Happened struct {
	Head  wire.Head
	Event Event
}

// Handle does with a room's events, in order, what the follower is for. On an
// error it is called again later with the same events.
type Handle func(ctx context.Context, room wire.RoomID, events []Happened) error

// backlog is what waits for a follower of one room.
type backlog struct {
	events []Happened
	missed bool // there are more in the log
}

const (
	maxBacklog  = 8192 // events of one room that wait in memory
	saveCursors = time.Second
	retryAfter  = time.Second
)

// NewFollower starts a follower. Close ends it.
func NewFollower(name string, house *House, cursors Cursors, logger *zap.Logger, handle Handle) *Follower {
	f := &Follower{
		name: name, house: house, cursors: cursors, handle: handle, logger: logger.With(zap.String("follower", name)),
		wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
		queue: map[wire.RoomID]*backlog{},
		at:    map[wire.RoomID]uint64{}, saved: map[wire.RoomID]uint64{}, again: map[wire.RoomID]bool{},
	}
	house.Follow(f)
	go f.run()
	return f
}

// offer leaves events for the follower. It never waits.
func (f *Follower) offer(id wire.RoomID, events []Happened) {
	f.mu.Lock()
	b := f.queue[id]
	if b == nil {
		b = &backlog{}
		f.queue[id] = b
	}
	n := len(b.events)
	gap := n > 0 && events[0].Head.Seq != b.events[n-1].Head.Seq+1 // the room was rebuilt in between
	if b.missed || gap || n+len(events) > maxBacklog {
		b.missed = true
	} else {
		b.events = append(b.events, events...)
	}
	f.mu.Unlock()
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

func (f *Follower) take() map[wire.RoomID]*backlog {
	f.mu.Lock()
	defer f.mu.Unlock()
	q := f.queue
	f.queue = map[wire.RoomID]*backlog{}
	return q
}

// Close lets the follower finish what it has and remembers its place.
func (f *Follower) Close() {
	close(f.stop)
	<-f.done
}

func (f *Follower) run() {
	defer close(f.done)
	ctx := context.Background()
	listed := f.list(ctx)
	save, again := time.NewTicker(saveCursors), time.NewTicker(retryAfter)
	defer save.Stop()
	defer again.Stop()
	f.work(ctx)
	for {
		select {
		case <-f.wake:
			f.work(ctx)
		case <-again.C:
			listed = listed || f.list(ctx)
			f.retry()
			f.work(ctx)
		case <-save.C:
			f.save(ctx)
		case <-f.stop:
			f.retry()
			f.work(ctx)
			f.save(ctx)
			return
		}
	}
}

// list puts every room on the list of work: there may be events from before
// the follower was started.
func (f *Follower) list(ctx context.Context) bool {
	rooms, err := f.house.log.Rooms(ctx)
	if err != nil {
		f.logger.Error("list rooms", zap.Error(err))
		return false
	}
	for _, id := range rooms {
		f.again[id] = true
	}
	f.retry()
	return true
}

// retry puts the rooms that could not be handled back on the list of work, to
// be read from the log.
func (f *Follower) retry() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id := range f.again {
		f.queue[id] = &backlog{missed: true}
	}
	clear(f.again)
}

// work handles what waits. A room that cannot be handled now holds up no
// other: it is tried again later.
func (f *Follower) work(ctx context.Context) {
	for id, b := range f.take() {
		if f.again[id] {
			continue // in turn, after what could not be handled
		}
		if err := f.follow(ctx, id, b); err != nil {
			f.logger.Error("follower must try again", zap.String("room", string(id)), zap.Error(err))
			f.again[id] = true
		}
	}
}

// follow handles a room's backlog, from the log where the backlog has gaps.
func (f *Follower) follow(ctx context.Context, id wire.RoomID, b *backlog) error {
	at, err := f.cursor(ctx, id)
	if err != nil {
		return err
	}
	events := b.events
	for len(events) > 0 && events[0].Head.Seq <= at {
		events = events[1:]
	}
	if len(events) == 0 && !b.missed {
		return nil
	}
	if len(events) == 0 || events[0].Head.Seq != at+1 {
		return f.catchUp(ctx, id)
	}
	if err := f.handle(ctx, id, events); err != nil {
		return err
	}
	f.at[id] = events[len(events)-1].Head.Seq
	if b.missed {
		return f.catchUp(ctx, id)
	}
	return nil
}

// catchUp handles what the log has beyond the cursor.
func (f *Follower) catchUp(ctx context.Context, id wire.RoomID) error {
	at, err := f.cursor(ctx, id)
	if err != nil {
		return err
	}
	for {
		page, err := f.house.log.Read(ctx, id, at, readPage)
		if err != nil || len(page) == 0 {
			return err
		}
		events, err := f.house.vault.openAll(ctx, page)
		if err != nil {
			return err
		}
		if err := f.handle(ctx, id, events); err != nil {
			return err
		}
		at = page[len(page)-1].Seq
		f.at[id] = at
	}
}

func (f *Follower) cursor(ctx context.Context, id wire.RoomID) (uint64, error) {
	if at, known := f.at[id]; known {
		return at, nil
	}
	at, err := f.cursors.Cursor(ctx, f.name, id)
	if err == nil {
		f.at[id], f.saved[id] = at, at
	}
	return at, err
}

// save remembers the places that have moved.
func (f *Follower) save(ctx context.Context) {
	for id, at := range f.at {
		if f.saved[id] == at {
			continue
		}
		if err := f.cursors.SetCursor(ctx, f.name, id, at); err != nil {
			f.logger.Warn("cursor not saved; it will be", zap.Error(err))
			return
		}
		f.saved[id] = at
	}
}

package room

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/internal/fanout"
	"github.com/lyceum-live/lyceum/wire"
)

// House keeps the rooms that are in use. It is safe for many goroutines.
type House struct {
	config Config
	log    Log
	vault  *Vault
	pool   *fanout.Pool
	logger *zap.Logger

	// Set before the first room is opened, or left as they are:

	// Title gives a new room its first title; nil: its id.
	Title func(wire.RoomID) string
	// Screen is the machine check of what viewers write, made beside the rooms'
	// loops; nil: none.
	Screen func(text string) Checked
	// Behind says by how much a person sees a room late, by what the server has
	// sent them; it must not block. nil: everybody sees it at once.
	Behind func(wire.RoomID, wire.UserID) time.Duration
	// Reacted hears how many reactions there were of late; nil: nobody does. It
	// is called on rooms' loops and must not block.
	Reacted func(id wire.RoomID, at wire.Millis, n int)
	// Records says that every class is recorded from its beginning.
	Records bool
	// Observer hears how the rooms fare.
	Observer Observer
	// Date is asked for the date when a room is opened; from then on the room
	// counts by itself.
	Date func() time.Time

	mu        sync.Mutex
	rooms     map[wire.RoomID]*opening
	known     map[wire.RoomID]bool // have a log; nil: not listed yet
	attended  map[wire.RoomID]wire.Millis
	followers []*Follower
	draining  bool // nobody is let in any more
	closed    bool
	closing   sync.Once
}

// opening is a room that is open or being opened.
type opening struct {
	ready chan struct{} // closed when room or err is set
	room  *Room
	err   error
}

// ErrClosed is returned by a house that is being closed.
var ErrClosed = &wire.Error{Code: "room.closing", Text: "the server is restarting", RetryMS: 2000}

// NewHouse returns a house over a log. Close ends its rooms.
func NewHouse(config Config, log Log, vault *Vault, pool *fanout.Pool, logger *zap.Logger) *House {
	return &House{
		config: config.withDefaults(), log: log, vault: vault, pool: pool, logger: logger,
		rooms: map[wire.RoomID]*opening{}, attended: map[wire.RoomID]wire.Millis{}, Observer: nobody{}, Date: time.Now,
	}
}

// Attended says that a room was open then with people in it, in the server that
// ran before: where that was killed in a quiet minute, the log alone would tell
// of a longer absence. It is called before the first room is opened.
func (h *House) Attended(id wire.RoomID, at wire.Millis) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.attended[id] = at
}

// attendedAt is when a room was last known to be open with people in it; 0:
// that is not known.
func (h *House) attendedAt(id wire.RoomID) wire.Millis {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.attended[id]
}

// Open returns the room, folded from its log if it is not in use yet.
func (h *House) Open(ctx context.Context, id wire.RoomID) (*Room, error) {
	if !id.Valid() {
		return nil, wire.ErrNotFound.In("room")
	}
	for {
		h.mu.Lock()
		if h.closed {
			h.mu.Unlock()
			return nil, ErrClosed
		}
		o := h.rooms[id]
		if o == nil {
			o = &opening{ready: make(chan struct{})}
			h.rooms[id] = o
			go h.open(id, o)
		}
		h.mu.Unlock()
		select {
		case <-o.ready:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if o.err != nil {
			return nil, o.err
		}
		select {
		case <-o.room.done: // ended in the meantime: open it anew
			h.forget(id, o)
		default:
			return o.room, nil
		}
	}
}

// Join brings a session into its room and welcomes it as the reply to hello
// number re. after is what the client has seen, if anything.
func (h *House) Join(ctx context.Context, id wire.RoomID, s *Session, re uint64, after *Position) error {
	h.mu.Lock()
	draining := h.draining
	h.mu.Unlock()
	if draining {
		return ErrClosed.After(backIn(0))
	}
	if err := h.vault.Ensure(ctx, s.User); err != nil {
		return storeError(err)
	}
	return h.within(ctx, id, func(r *Room) error { return r.join(ctx, s, re, after) })
}

// openings is how often a room is opened for one who asks: what ends it each
// time would otherwise go on without end.
const openings = 5

// within does something in a room, which is opened if need be, and again if it
// ends in the meantime.
func (h *House) within(ctx context.Context, id wire.RoomID, do func(*Room) error) error {
	for range openings {
		r, err := h.Open(ctx, id)
		if err != nil {
			return err
		}
		if err = do(r); !errors.Is(err, ErrGone) {
			return err
		}
	}
	return storeError(ErrGone)
}

// Do carries out a command on behalf of the server itself, in a room that is
// opened if need be.
func (h *House) Do(ctx context.Context, id wire.RoomID, by wire.Actor, c Command) error {
	key := rand.Text()
	return h.within(ctx, id, func(r *Room) error {
		_, _, err := r.Do(ctx, by, key, c)
		return err
	})
}

const tellAtOnce = 250

// Tell sends personal views into a room, if it is in use.
func (h *House) Tell(ctx context.Context, id wire.RoomID, told []Told) {
	r := h.inUse(id)
	if r == nil {
		return
	}
	for part := range slices.Chunk(told, tellAtOnce) { // the room does other things in between
		if r.Tell(ctx, part) != nil {
			return // a room that has just ended has nobody to tell
		}
	}
}

// Viewers returns who is in the room now and not of its staff.
func (h *House) Viewers(ctx context.Context, id wire.RoomID) []Viewer {
	if r := h.inUse(id); r != nil {
		viewers, _ := r.Viewers(ctx)
		return viewers
	}
	return nil
}

// InUse lists the rooms that are in memory.
func (h *House) InUse() map[wire.RoomID]Status {
	found := map[wire.RoomID]Status{}
	for _, r := range h.ready() {
		found[r.id] = *r.status.Load()
	}
	return found
}

// ready returns the rooms that are open.
func (h *House) ready() []*Room {
	h.mu.Lock()
	open := make([]*opening, 0, len(h.rooms))
	for _, o := range h.rooms {
		open = append(open, o)
	}
	h.mu.Unlock()
	var rooms []*Room
	for _, o := range open {
		select {
		case <-o.ready:
			if o.room != nil {
				rooms = append(rooms, o.room)
			}
		default:
		}
	}
	return rooms
}

func (h *House) inUse(id wire.RoomID) *Room {
	h.mu.Lock()
	o := h.rooms[id]
	h.mu.Unlock()
	if o == nil {
		return nil
	}
	select {
	case <-o.ready:
		return o.room
	default:
		return nil
	}
}

// Status returns what a list shows of a room, and false for one without a log.
func (h *House) Status(ctx context.Context, id wire.RoomID) (Status, bool, error) {
	r := h.inUse(id)
	if r == nil {
		exists, err := h.exists(ctx, id)
		if err != nil || !exists {
			return Status{}, false, err
		}
		if r, err = h.Open(ctx, id); err != nil {
			return Status{}, false, err
		}
	}
	return *r.status.Load(), true, nil
}

// Now is the time in a room, by which its events are dated; see the room's clock.
func (h *House) Now(id wire.RoomID) wire.Millis {
	if r := h.inUse(id); r != nil {
		return r.clock.at(time.Now())
	}
	return wire.At(h.Date())
}

// exists reports whether the room has a log. The store is asked for the list
// once; rooms are added as they are opened.
func (h *House) exists(ctx context.Context, id wire.RoomID) (bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.known == nil {
		h.mu.Unlock()
		rooms, err := h.log.Rooms(ctx)
		h.mu.Lock()
		if err != nil {
			return false, err
		}
		if h.known == nil {
			h.known = map[wire.RoomID]bool{}
		}
		for _, room := range rooms {
			h.known[room] = true
		}
	}
	_, open := h.rooms[id]
	return open || h.known[id], nil
}

// open folds the room from its log and starts its loop.
func (h *House) open(id wire.RoomID, o *opening) {
	o.room, o.err = h.loadSafely(context.Background(), id)
	if o.err != nil {
		h.logger.Error("open room", zap.String("room", string(id)), zap.Error(o.err))
		o.err = storeError(o.err)
		h.forget(id, o)
		close(o.ready)
		return
	}
	close(o.ready)
	o.room.loop()
	if o.room.status.Load().Count > 0 { // it is stale or broken, and its people come back
		h.Attended(id, o.room.clock.at(time.Now()))
	}
	h.forget(id, o)
}

func (h *House) forget(id wire.RoomID, o *opening) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.rooms[id] == o {
		delete(h.rooms, id)
	}
	if h.known != nil && o.err == nil {
		h.known[id] = true
	}
}

// Follow adds a follower that hears of every commit from now on. It is called
// before the first room is opened.
func (h *House) Follow(f *Follower) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.followers = append(h.followers, f)
}

// committed tells the followers; it never waits for them.
func (h *House) committed(id wire.RoomID, events []Happened) {
	h.mu.Lock()
	followers := h.followers
	h.mu.Unlock()
	for _, f := range followers {
		f.offer(id, events)
	}
}

// refused counts a refusal.
func (h *House) refused(err error) {
	if err == nil {
		return
	}
	code := wire.ErrInternal.Code
	if e, ok := errors.AsType[*wire.Error](err); ok {
		code = e.Code
	}
	h.Observer.Refused(code)
}

// Trim lets go of records that were written before a time and are no longer
// needed, in all rooms, and returns how many went.
func (h *House) Trim(ctx context.Context, before time.Time) (int, error) {
	h.mu.Lock()
	names := make([]string, len(h.followers))
	for i, f := range h.followers {
		names[i] = f.name
	}
	h.mu.Unlock()
	rooms, err := h.log.Rooms(ctx)
	if err != nil {
		return 0, err
	}
	total := 0
	var errs []error // of rooms; the others are trimmed all the same
	for _, id := range rooms {
		for n := 1; n > 0; {
			var err error
			n, err = h.log.Trim(ctx, id, wire.At(before), names)
			total += n
			if err != nil {
				errs = append(errs, fmt.Errorf("trim %s: %w", id, err))
				break
			}
		}
		if ctx.Err() != nil {
			break
		}
	}
	return total, errors.Join(errs...)
}

// Close ends all rooms: their snapshots are saved and their sockets closed
// with a code that says "come back". It may be called again.
func (h *House) Close() { h.closing.Do(h.close) }

func (h *House) close() {
	h.mu.Lock()
	h.closed = true
	open := make([]*opening, 0, len(h.rooms))
	for _, o := range h.rooms {
		open = append(open, o)
	}
	h.mu.Unlock()
	for _, o := range open {
		<-o.ready
		if o.room != nil {
			close(o.room.stop)
		}
	}
	for _, o := range open {
		if o.room != nil {
			<-o.room.done
		}
	}
}

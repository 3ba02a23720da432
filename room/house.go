package room

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime/debug"
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

	// Title gives a new room its first title; nil: its id.
	Title func(wire.RoomID) string

	mu        sync.Mutex
	rooms     map[wire.RoomID]*opening
	known     map[wire.RoomID]bool // have a log; nil: not listed yet
	followers []*Follower
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
		rooms: map[wire.RoomID]*opening{},
	}
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
	if err := h.vault.Ensure(ctx, s.User); err != nil {
		return storeError(err)
	}
	for {
		r, err := h.Open(ctx, id)
		if err != nil {
			return err
		}
		if err = r.join(ctx, s, re, after); !errors.Is(err, ErrGone) {
			return err
		}
	}
}

// Do carries out a command on behalf of the server itself, in a room that is
// opened if need be.
func (h *House) Do(ctx context.Context, id wire.RoomID, by wire.Actor, c Command) error {
	key := rand.Text()
	for {
		r, err := h.Open(ctx, id)
		if err != nil {
			return err
		}
		if _, _, err = r.Do(ctx, by, key, c); !errors.Is(err, ErrGone) {
			return err
		}
	}
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
	h.mu.Lock()
	open := make(map[wire.RoomID]*opening, len(h.rooms))
	for id, o := range h.rooms {
		open[id] = o
	}
	h.mu.Unlock()
	found := make(map[wire.RoomID]Status, len(open))
	for id, o := range open {
		select {
		case <-o.ready:
			if o.room != nil {
				found[id] = *o.room.status.Load()
			}
		default:
		}
	}
	return found
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

// loadSafely keeps a room that cannot even be folded from ending the server.
func (h *House) loadSafely(ctx context.Context, id wire.RoomID) (r *Room, err error) {
	defer func() {
		if p := recover(); p != nil {
			r, err = nil, fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return h.load(ctx, id)
}

// readPage is how many records are read from a log at a time.
const readPage = 2000

func (h *House) load(ctx context.Context, id wire.RoomID) (*Room, error) {
	info, err := h.log.OpenLog(ctx, id)
	if err != nil {
		return nil, err
	}
	r := &Room{
		id: id, house: h, config: h.config, logger: h.logger.With(zap.String("room", string(id))),
		asks: make(chan ask, h.config.Inbox), stop: make(chan struct{}), done: make(chan struct{}),
		epoch: info.Epoch, sessions: map[wire.UserID][]*Session{}, leaving: map[wire.UserID]time.Time{},
		idleAt: time.Now(), saving: make(chan struct{}, 1), pace: map[wire.UserID]*pace{},
	}
	r.saving <- struct{}{}
	if r.state, err = h.fold(ctx, r, info); err != nil {
		return nil, err
	}
	r.begin()
	if r.broken != nil {
		return nil, r.broken
	}
	// Whoever comes back from before gets a snapshot.
	r.all = audience{feed: h.pool.NewFeed(r.state.Seq)}
	r.staff = audience{feed: h.pool.NewFeed(r.state.Seq)}
	r.status.Store(&Status{r.state.Title, r.state.Phase, r.state.Here})
	return r, nil
}

// fold reads the newest snapshot and all records after it. A snapshot that
// cannot be read is left aside: the log has everything.
func (h *House) fold(ctx context.Context, r *Room, info LogInfo) (*State, error) {
	saved, err := h.log.Snapshot(ctx, r.id)
	if err != nil {
		return nil, err
	}
	at, base := saved.Seq, saved.Data
	state, err := r.fold(ctx, base, nil)
	if err != nil || at > info.Last || state.Seq != at {
		r.logger.Warn("the snapshot cannot be used; folding the whole log", zap.Error(err))
		base = nil
		if state, err = r.fold(ctx, nil, nil); err != nil {
			return nil, err
		}
	}
	r.base = base
	for state.Seq < info.Last {
		page, err := h.log.Read(ctx, r.id, state.Seq, readPage)
		if err != nil {
			return nil, err
		}
		if len(page) == 0 {
			return nil, fmt.Errorf("the log of %s ends at %d, not at %d", r.id, state.Seq, info.Last)
		}
		if err := h.vault.load(ctx, authors(page)); err != nil {
			return nil, err
		}
		if err := h.replay(ctx, state, page); err != nil {
			return nil, err
		}
		r.tail = append(r.tail, page...)
	}
	return state, nil
}

// replay folds records into a state that ends just before them.
func (h *House) replay(ctx context.Context, state *State, records []Record) error {
	for _, record := range records {
		head, e, err := h.vault.open(ctx, record)
		if err != nil {
			return err
		}
		if head.Seq != state.Seq+1 {
			return fmt.Errorf("record %d follows %d", head.Seq, state.Seq)
		}
		state.Apply(head, record.Key, e)
	}
	return nil
}

func authors(records []Record) []wire.UserID {
	users := make([]wire.UserID, 0, len(records))
	for _, r := range records {
		users = append(users, r.By)
	}
	slices.Sort(users)
	return slices.Compact(users)
}

// sayFirst drafts what a room that is opened must say before anything else:
// its title, if the log is new, and that nobody is here, if the server had
// stopped with people in it. They left when the log ends, as far as is known.
func (r *Room) sayFirst(b *draft) {
	say := func(by wire.UserID, at wire.Millis, events ...Event) {
		if err := r.write(b, at, by, "", events); err != nil {
			r.logger.Error("open room", zap.Error(err))
		}
	}
	if r.state.Seq == 0 {
		title := string(r.id)
		if r.house.Title != nil {
			title = r.house.Title(r.id)
		}
		say(wire.System.User, wire.At(time.Now()), Titled{title})
	}
	end := r.state.At
	for _, user := range r.state.Order {
		if m := r.state.People[user]; m.Here {
			say(user, end, append(r.state.handDown(user), Left{int64(end-m.Since) / 1000, m.Now()})...)
		}
	}
	if len(r.state.Stage.Sources) > 0 {
		say(wire.System.User, end, StageSet{})
	}
	r.begun = len(b.records) == 0
}

// begin says what is to be said first. If the store refuses that now, it is
// said with the next thing that happens.
func (r *Room) begin() {
	var b draft
	if r.sayFirst(&b); len(b.records) > 0 && r.append(&b) == nil {
		r.house.committed(r.id, b.events)
	}
	r.signals = signals{}
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
			<-o.room.saving // the last snapshot is written
		}
	}
}

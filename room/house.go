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

	// Set before the first room is opened, or left as they are:

	// Title gives a new room its first title; nil: its id.
	Title func(wire.RoomID) string
	// Screen is the machine check of what viewers write, made beside the rooms'
	// loops; nil: none.
	Screen func(text string) Checked
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
	began := time.Now()
	info, err := h.log.OpenLog(ctx, id)
	if err != nil {
		return nil, err
	}
	r := &Room{
		id: id, house: h, config: h.config, logger: h.logger.With(zap.String("room", string(id))),
		asks: make(chan ask, h.config.Inbox), stop: make(chan struct{}), done: make(chan struct{}),
		epoch: info.Epoch, sessions: map[wire.UserID][]*Session{}, leaving: map[wire.UserID]time.Time{},
		idleAt: time.Now(), pace: map[wire.UserID]*pace{},
	}
	records, err := r.fold(ctx, info)
	h.Observer.Opened(records, time.Since(began), err)
	if err != nil {
		return nil, err
	}
	begun := false
	defer func() { // also after a panic
		if !begun {
			r.keeper.close()
		}
	}()
	r.clock = newClock(h.Date(), r.state.At)
	r.arm()
	r.spend()
	if err := r.begin(); err != nil {
		return nil, err
	}
	begun = true
	r.report()
	return r, nil
}

// fold rebuilds the room from its newest snapshot and all records after it,
// and returns how many those are. A snapshot that cannot be read is left
// aside if the log still has everything.
func (r *Room) fold(ctx context.Context, info LogInfo) (records int, err error) {
	h := r.house
	saved, err := h.log.Snapshot(ctx, r.id)
	if err != nil {
		return 0, err
	}
	if err := h.vault.load(ctx, owners(saved.Data)); err != nil {
		return 0, err
	}
	r.keys = openDone(saved.Keys)
	r.state, err = h.vault.state(r.config.History, saved.Data, nil)
	if err == nil && (saved.Seq != r.state.Seq || saved.Seq > info.Last) {
		err = fmt.Errorf("snapshot: it is of %d and says %d, in a log up to %d", r.state.Seq, saved.Seq, info.Last)
	}
	if err != nil {
		if info.First > 1 {
			return 0, fmt.Errorf("the log begins at %d: %w", info.First, err)
		}
		r.logger.Warn("the snapshot cannot be used; folding the whole log", zap.Error(err))
		saved, r.keys = Snapshot{}, openDone(nil)
		r.state = NewState(r.config.History)
	}
	tail := make([]kept, 0, info.Last-r.state.Seq)
	recent := max(r.state.Seq, info.Last-min(info.Last, uint64(r.config.Recent)))
	if r.state.Seq == recent {
		r.open(recent)
	}
	for r.state.Seq < info.Last {
		page, err := h.log.Read(ctx, r.id, r.state.Seq, readPage)
		if err != nil {
			return 0, err
		}
		if len(page) == 0 {
			return 0, fmt.Errorf("the log of %s ends at %d, not at %d", r.id, r.state.Seq, info.Last)
		}
		events, err := h.vault.openAll(ctx, page)
		if err != nil {
			return 0, err
		}
		for i, e := range events {
			if e.Head.Seq != r.state.Seq+1 {
				return 0, fmt.Errorf("record %d follows %d", e.Head.Seq, r.state.Seq)
			}
			r.state.Apply(e.Head, e.Event)
			if key := page[i].Key; key != "" {
				r.keys.add(digestOf(e.Head.By, key), e.Head.Seq)
			}
			if r.all.feed != nil {
				r.show(r.see(e.Head, e.Event))
			}
			if r.state.Seq == recent {
				r.open(recent)
			}
			tail = append(tail, kept{e, page[i].Key})
		}
	}
	r.keeper = newKeeper(r, saved.Data, tail)
	return len(tail), nil
}

// open begins the feeds, which hear all that is folded from now on: for the
// people who come back.
func (r *Room) open(after uint64) {
	r.all = audience{feed: r.house.pool.NewFeed(after)}
	r.staff = audience{feed: r.house.pool.NewFeed(after)}
}

// openAll reads the events of a page of a log.
func (v *Vault) openAll(ctx context.Context, page []Record) ([]Happened, error) {
	if err := v.load(ctx, authors(page)); err != nil {
		return nil, err
	}
	events := make([]Happened, len(page))
	for i, record := range page {
		h, e, err := v.open(ctx, record)
		if err != nil {
			return nil, err
		}
		events[i] = Happened{h, e}
	}
	return events, nil
}

func authors(records []Record) []wire.UserID {
	users := make([]wire.UserID, 0, len(records))
	for _, r := range records {
		users = append(users, r.By)
	}
	slices.Sort(users)
	return slices.Compact(users)
}

// A server that was down for no longer than this is taken for one that was
// restarted: its people are expected back.
const (
	restart    = time.Minute
	expectBack = 30 * time.Second
)

// sayFirst drafts what a room that is opened must say before anything else:
// its title, if the log is new, and that nothing is on air and nobody here, if
// the server had stopped with people in it. After a restart they are given a
// while to come back; otherwise they left when the log ends or the room was
// last known to be open, whichever is later.
func (r *Room) sayFirst(b *draft) error {
	var failed error
	say := func(by wire.UserID, at wire.Millis, events ...Event) {
		if err := r.write(b, at, by, "", events); err != nil && failed == nil {
			failed = err
		}
	}
	now := time.Now()
	if r.state.Seq == 0 {
		title := string(r.id)
		if r.house.Title != nil {
			title = r.house.Title(r.id)
		}
		say(wire.System.User, r.clock.at(now), Titled{title})
	}
	end := max(r.state.At, min(r.house.attendedAt(r.id), r.clock.at(now)))
	away := time.Duration(r.clock.at(now)-end) * time.Millisecond
	for _, user := range r.state.Order {
		switch m := r.state.People[user]; {
		case !m.Here, r.attends(user): // who came back while the store refused is here
		case away <= restart:
			r.goesAt(user, now.Add(max(expectBack, r.config.Grace)))
		default:
			say(user, end, append(r.state.handDown(user), Left{int64(end-m.Since) / 1000, m.Now()})...)
		}
	}
	if len(r.state.Stage.Sources) > 0 {
		say(wire.System.User, max(end, r.state.At), StageSet{})
	}
	return failed
}

// sayLast notes that a room was still open which stops with people in it and
// in which nothing has happened for a while: by the log's end the next server
// sees for how long there was none.
func (r *Room) sayLast() {
	now := time.Now()
	at := r.clock.at(now)
	if r.state.Here == 0 || !r.begun || now.Before(r.retryAt) || at-r.state.At < wire.Millis((restart/4).Milliseconds()) {
		return
	}
	var b draft
	if r.write(&b, at, wire.System.User, "", []Event{Noted{}}) == nil && r.append(&b) == nil {
		r.publish(&b)
	}
}

// begin says what is to be said first. If the store refuses that now, it is
// said with the next thing that happens.
func (r *Room) begin() error {
	var b draft
	if err := r.sayFirst(&b); err != nil {
		return err
	}
	r.begun = len(b.records) == 0
	if len(b.records) > 0 && r.append(&b) == nil {
		r.publish(&b)
	}
	r.signals = signals{}
	return r.broken
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

package room

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/wire"
)

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
			say(user, end, append(append(r.state.handDown(user), r.state.guestGone(user)...), Left{int64(end-m.Since) / 1000, m.Now()})...)
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

package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/reward"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// witness is a client of the store that remembers what it asked for and when
// that was acknowledged. It has a room, people and names of its own.
type witness struct {
	id     int
	room   wire.RoomID
	chance *rand.Rand
	store  *sqlite.Store

	// now is the time that acknowledgements are stamped with: how many
	// operations of the disk came before.
	now func() int

	// refused is told of each refusal, with how many there were of this wish,
	// and says whether to ask again. nil: a refusal ends the work.
	refused func(times int, err error) error

	epoch     string
	opened    moment
	records   []room.Record // by position, also those asked for and not acknowledged
	ends      []end         // of the batches
	snapshots []snapshot
	trims     []trim
	people    []person
	grants    []grant
	behaviors []behaviors
	models    []model
	cursors   []end
}

// moment is when something was acknowledged.
type moment int

const (
	notYet moment = math.MaxInt
	always        = math.MaxInt - 1 // a cut after everything
)

// by reports whether it was acknowledged before a cut.
func (m moment) by(cut int) bool { return int(m) <= cut }

type (
	end struct {
		seq  uint64
		done moment
	}
	snapshot struct {
		room.Snapshot
		done moment
	}
	trim struct {
		first uint64 // afterwards, once it is known
		most  uint64 // the furthest that it may go
		done  moment
	}
	person struct {
		id        wire.UserID
		key       []byte
		done      moment
		destroyed bool // asked for
		gone      moment
	}
	grant struct {
		entries []reward.Entry
		done    moment
	}
	behaviors struct {
		all  []recommend.Behavior
		done moment
	}
	model struct {
		at   int64
		data []byte
		done moment
	}
)

func newWitness(s *sqlite.Store, id int, seed uint64, now func() int) *witness {
	return &witness{
		id: id, room: wire.RoomID(fmt.Sprint("room-", id)), chance: rand.New(rand.NewPCG(seed, uint64(id))),
		store: s, now: now, opened: notYet,
	}
}

// ask does what is asked until it is acknowledged.
func (w *witness) ask(what string, done *moment, do func() error) error {
	for times := 1; ; times++ {
		err := do()
		if err == nil {
			*done = moment(w.now())
			return nil
		}
		if w.refused != nil {
			err = w.refused(times, err)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
}

// work does so many random steps.
func (w *witness) work(ctx context.Context, steps int) error {
	if w.opened == notYet {
		if err := w.openLog(ctx); err != nil {
			return err
		}
	}
	for range steps {
		step := w.append
		switch n := w.chance.IntN(24); {
		case n < 3:
			step = w.snapshot
		case n < 4:
			step = w.trim
		case n < 7:
			step = w.ensureKey
		case n < 8:
			step = w.destroyKey
		case n < 11:
			step = w.grant
		case n < 13:
			step = w.behave
		case n < 14:
			step = w.model
		case n < 16:
			step = w.cursor
		}
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (w *witness) openLog(ctx context.Context) error {
	return w.ask("open log", &w.opened, func() error {
		info, err := w.store.OpenLog(ctx, w.room)
		w.epoch = info.Epoch
		return err
	})
}

func (w *witness) last() uint64 { return uint64(len(w.records)) }

func (w *witness) bytes() []byte {
	if w.chance.IntN(8) == 0 {
		return w.noise(3000 + w.chance.IntN(9000)) // more than a page
	}
	return w.noise(1 + w.chance.IntN(300))
}

func (w *witness) noise(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(w.chance.Uint32())
	}
	return b
}

func (w *witness) append(ctx context.Context) error {
	last := w.last()
	batch := make([]room.Record, 1+w.chance.IntN(5))
	for i := range batch {
		seq := last + uint64(i) + 1
		batch[i] = room.Record{
			V: 1, Seq: seq, At: wire.Millis(seq), Kind: "chat.said",
			By: wire.UserID(fmt.Sprint("u", w.id)), Key: fmt.Sprint("k", seq), Data: w.bytes(),
		}
	}
	w.records = append(w.records, batch...)
	w.ends = append(w.ends, end{w.last(), notYet})
	return w.ask("append", &w.ends[len(w.ends)-1].done, func() error {
		return w.store.Append(ctx, w.room, last, batch)
	})
}

func (w *witness) snapshot(ctx context.Context) error {
	if n := len(w.snapshots); w.last() == 0 || n > 0 && w.snapshots[n-1].Seq == w.last() {
		return w.append(ctx)
	}
	s := room.Snapshot{Seq: w.last(), Data: w.bytes(), Keys: fmt.Appendf(nil, "keys to %d;", w.last())}
	w.snapshots = append(w.snapshots, snapshot{s, notYet})
	return w.ask("save snapshot", &w.snapshots[len(w.snapshots)-1].done, func() error {
		return w.store.SaveSnapshot(ctx, w.room, s)
	})
}

func (w *witness) trim(ctx context.Context) error {
	if len(w.snapshots) == 0 {
		return w.append(ctx)
	}
	upTo := w.snapshots[len(w.snapshots)-1].Seq
	w.trims = append(w.trims, trim{most: min(upTo+1, w.last()), done: notYet})
	t := &w.trims[len(w.trims)-1]
	before := wire.Millis(1 + w.chance.Uint64N(upTo+1))
	err := w.ask("trim", new(moment), func() error {
		for n := 1; n > 0; { // a large log takes several calls
			var err error
			if n, err = w.store.Trim(ctx, w.room, before, nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return w.ask("open log", &t.done, func() error {
		info, err := w.store.OpenLog(ctx, w.room)
		t.first = info.First
		return err
	})
}

func (w *witness) ensureKey(ctx context.Context) error {
	w.people = append(w.people, person{
		id:   wire.UserID(fmt.Sprintf("p%d-%d", w.id, len(w.people))),
		done: notYet, gone: notYet,
	})
	p := &w.people[len(w.people)-1]
	return w.ask("make key", &p.done, func() (err error) {
		p.key, err = w.store.EnsureKey(ctx, p.id)
		return err
	})
}

func (w *witness) destroyKey(ctx context.Context) error {
	if len(w.people) == 0 {
		return w.ensureKey(ctx)
	}
	p := &w.people[w.chance.IntN(len(w.people))]
	p.destroyed = true
	gone := notYet
	err := w.ask("destroy key", &gone, func() error {
		for {
			err := w.store.DestroyKey(ctx, p.id)
			if !errors.Is(err, sqlite.ErrScrub) { // somebody else's checkpoint was under way
				return err
			}
		}
	})
	p.gone = min(p.gone, gone)
	return err
}

func (w *witness) grant(ctx context.Context) error {
	entries := make([]reward.Entry, 1+w.chance.IntN(4))
	for i := range entries {
		entries[i] = reward.Entry{
			Key:    fmt.Sprintf("g%d-%d-%d", w.id, len(w.grants), i),
			User:   w.student(w.chance.IntN(3)),
			Points: int64(w.chance.IntN(100)) - 20,
			Rule:   "answered", Room: w.room, Seq: w.last(), At: wire.Millis(len(w.grants)),
		}
	}
	w.grants = append(w.grants, grant{entries, notYet})
	again := []reward.Entry{}
	if n := len(w.grants) - 1; n > 0 && w.chance.IntN(2) == 0 {
		again = w.grants[w.chance.IntN(n)].entries // what was granted already counts once
	}
	return w.ask("grant", &w.grants[len(w.grants)-1].done, func() error {
		_, _, err := w.store.Grant(ctx, slices.Concat(again, entries))
		return err
	})
}

func (w *witness) student(n int) wire.UserID { return wire.UserID(fmt.Sprintf("s%d-%d", w.id, n)) }

func (w *witness) behave(ctx context.Context) error {
	all := make([]recommend.Behavior, 1+w.chance.IntN(4))
	for i := range all {
		all[i] = recommend.Behavior{
			ID:     fmt.Sprintf("b%d-%d-%d", w.id, len(w.behaviors), i),
			Person: w.student(0), Item: "v1", Kind: "watch", Weight: w.chance.Float64(), Room: w.room,
		}
	}
	w.behaviors = append(w.behaviors, behaviors{all, notYet})
	return w.ask("append behaviours", &w.behaviors[len(w.behaviors)-1].done, func() error {
		_, err := w.store.AppendBehaviors(ctx, all)
		return err
	})
}

func (w *witness) modelName() string { return fmt.Sprint("m", w.id) }

func (w *witness) model(ctx context.Context) error { return w.saveModel(ctx, w.bytes()) }

func (w *witness) saveModel(ctx context.Context, data []byte) error {
	m := model{int64(len(w.models)) + 1, data, notYet}
	w.models = append(w.models, m)
	return w.ask("save model", &w.models[len(w.models)-1].done, func() error {
		return w.store.SaveModel(ctx, w.modelName(), m.at, m.data)
	})
}

func (w *witness) cursor(ctx context.Context) error {
	seq := uint64(len(w.cursors)) + 1
	w.cursors = append(w.cursors, end{seq, notYet})
	return w.ask("set cursor", &w.cursors[len(w.cursors)-1].done, func() error {
		return w.store.SetCursor(ctx, "points", w.room, seq)
	})
}

// acked is how many of the witness's wishes were acknowledged.
func (w *witness) acked() int {
	return 1 + len(w.ends) + len(w.snapshots) + len(w.trims) + len(w.people) + len(w.grants) +
		len(w.behaviors) + len(w.models) + len(w.cursors)
}

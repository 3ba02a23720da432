package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/reward"
	"github.com/lyceum-live/lyceum/wire"
)

// errLost and errMore are the two ways to break a promise.
var (
	errLost = errors.New("lost or changed")
	errMore = errors.New("there though it was refused, or torn")
)

// check compares the store with what was acknowledged before the cut. What
// was asked for and not acknowledged may be there, whole, or not; if strict,
// it must not.
func (w *witness) check(ctx context.Context, s *sqlite.Store, cut int, strict bool) error {
	for _, part := range []struct {
		name  string
		check func(context.Context, *sqlite.Store, int, bool) error
	}{
		{"log", w.checkLog}, {"snapshot", w.checkSnapshot}, {"keys", w.checkKeys}, {"ledger", w.checkLedger},
		{"behaviours", w.checkBehaviors}, {"model", w.checkModel}, {"cursor", w.checkCursor},
	} {
		if err := part.check(ctx, s, cut, strict); err != nil {
			return fmt.Errorf("%s: %s: %w", w.room, part.name, err)
		}
	}
	return nil
}

// newest returns the last of all that was acknowledged before the cut, and
// checks that got is it, or a later one that may be there.
func newest[T any](all []T, cut int, strict bool, done func(T) moment, is func(T) bool) error {
	wanted := true // until one that must be there is passed
	for i := len(all) - 1; i >= 0 && wanted; i-- {
		if is(all[i]) {
			if strict && !done(all[i]).by(cut) {
				return errMore
			}
			return nil
		}
		wanted = !done(all[i]).by(cut)
	}
	if !wanted {
		return errLost
	}
	return errors.New("it was never asked for")
}

func (w *witness) checkLog(ctx context.Context, s *sqlite.Store, cut int, strict bool) error {
	rooms, err := s.Rooms(ctx)
	if err != nil {
		return err
	}
	if !slices.Contains(rooms, w.room) {
		if w.opened.by(cut) {
			return fmt.Errorf("the room: %w", errLost)
		}
		return nil
	}
	info, err := s.OpenLog(ctx, w.room)
	if err != nil {
		return err
	}
	if w.opened.by(cut) && info.Epoch != w.epoch {
		return fmt.Errorf("epoch %s, was %s: %w", info.Epoch, w.epoch, errLost)
	}
	if info.Last > 0 || slices.ContainsFunc(w.ends, func(e end) bool { return e.done.by(cut) }) {
		err := newest(w.ends, cut, strict, func(e end) moment { return e.done }, func(e end) bool { return e.seq == info.Last })
		if err != nil {
			return fmt.Errorf("it ends at %d: %w", info.Last, err)
		}
	}
	least, most := uint64(1), uint64(1) // where it may begin
	for _, t := range w.trims {
		if t.done.by(cut) {
			least, most = t.first, t.first
		} else {
			most = max(most, t.most) // some of its calls may have been acknowledged
		}
	}
	if info.First < least || info.First > most {
		return fmt.Errorf("it begins at %d, not in [%d, %d]: %w", info.First, least, most, errLost)
	}
	next := info.First
	for next <= info.Last {
		some, err := s.Read(ctx, w.room, next-1, 64)
		if err != nil {
			return err
		}
		if len(some) == 0 {
			return fmt.Errorf("no record %d of %d: %w", next, info.Last, errLost)
		}
		for _, r := range some {
			if r.Seq != next || next > info.Last || !reflect.DeepEqual(r, w.records[next-1]) {
				return fmt.Errorf("record %d at %d of %d: %w", r.Seq, next, info.Last, errLost)
			}
			next++
		}
	}
	if some, err := s.Read(ctx, w.room, 0, 1); err != nil || len(some) > 0 && some[0].Seq != info.First {
		return fmt.Errorf("it begins at %d and has a record before: %w", info.First, errors.Join(errMore, err))
	}
	return nil
}

func (w *witness) checkSnapshot(ctx context.Context, s *sqlite.Store, cut int, strict bool) error {
	got, err := s.Snapshot(ctx, w.room)
	if err != nil {
		return err
	}
	if got.Seq == 0 {
		if slices.ContainsFunc(w.snapshots, func(s snapshot) bool { return s.done.by(cut) }) {
			return errLost
		}
		return nil
	}
	which := -1
	err = newest(w.snapshots, cut, strict, func(s snapshot) moment { return s.done }, func(s snapshot) bool {
		return s.Seq == got.Seq && bytes.Equal(s.Data, got.Data)
	})
	if err != nil {
		return fmt.Errorf("at %d: %w", got.Seq, err)
	}
	for i, s := range w.snapshots {
		if s.Seq == got.Seq {
			which = i
		}
	}
	// The keys of snapshots before the log's beginning may be gone.
	info, err := s.OpenLog(ctx, w.room)
	if err != nil {
		return err
	}
	var want []byte
	for i := which; i >= 0; i-- {
		want = slices.Concat(w.snapshots[i].Keys, want)
		if bytes.Equal(got.Keys, want) && (i == 0 || w.snapshots[i-1].Seq < info.First) {
			return nil
		}
	}
	if w.snapshots[which].Seq < info.First && len(got.Keys) == 0 {
		return nil
	}
	return fmt.Errorf("%d bytes of command keys: %w", len(got.Keys), errLost)
}

func (w *witness) checkKeys(ctx context.Context, s *sqlite.Store, cut int, strict bool) error {
	ids := make([]wire.UserID, len(w.people))
	for i, p := range w.people {
		ids[i] = p.id
	}
	keys, err := s.Keys(ctx, ids)
	if err != nil {
		return err
	}
	for _, p := range w.people {
		key := keys[p.id]
		switch {
		case key == nil && p.done.by(cut) && !p.destroyed:
			return fmt.Errorf("%s's: %w", p.id, errLost)
		case key != nil && p.gone.by(cut):
			return fmt.Errorf("%s's was destroyed: %w", p.id, errMore)
		case key != nil && p.done.by(cut) && !bytes.Equal(key, p.key):
			return fmt.Errorf("%s's: %w", p.id, errLost)
		case key != nil && strict && !p.done.by(cut):
			return fmt.Errorf("%s's: %w", p.id, errMore)
		}
	}
	return nil
}

func (w *witness) checkLedger(ctx context.Context, s *sqlite.Store, cut int, strict bool) error {
	found := map[string]reward.Entry{}
	for i := range 3 {
		user := w.student(i)
		entries, _, err := s.History(ctx, user, "", 1e6)
		if err != nil {
			return err
		}
		sum := int64(0)
		for _, e := range entries {
			if _, twice := found[e.Key]; twice {
				return fmt.Errorf("%s is there twice: %w", e.Key, errMore)
			}
			found[e.Key] = e
			sum += e.Points
		}
		balance, err := s.Balance(ctx, user)
		if err != nil {
			return err
		}
		if balance != sum {
			return fmt.Errorf("%s has %d points, the entries sum to %d: %w", user, balance, sum, errLost)
		}
	}
	for _, g := range w.grants {
		there := 0
		for _, e := range g.entries {
			if got, ok := found[e.Key]; ok {
				there++
				if got != e {
					return fmt.Errorf("%s: %w", e.Key, errLost)
				}
			}
		}
		if err := whole("grant "+g.entries[0].Key, there, len(g.entries), g.done.by(cut), strict); err != nil {
			return err
		}
	}
	return nil
}

func (w *witness) checkBehaviors(ctx context.Context, s *sqlite.Store, cut int, strict bool) error {
	all, _, err := s.ReadBehaviors(ctx, 0, 1e6)
	if err != nil {
		return err
	}
	found := map[string]recommend.Behavior{}
	for _, b := range all {
		if _, twice := found[b.ID]; twice {
			return fmt.Errorf("%s is there twice: %w", b.ID, errMore)
		}
		found[b.ID] = b
	}
	for _, b := range w.behaviors {
		there := 0
		for _, one := range b.all {
			if got, ok := found[one.ID]; ok {
				there++
				if got != one {
					return fmt.Errorf("%s: %w", one.ID, errLost)
				}
			}
		}
		if err := whole(b.all[0].ID, there, len(b.all), b.done.by(cut), strict); err != nil {
			return err
		}
	}
	return nil
}

// whole checks that of what was asked for together all is there or nothing.
func whole(what string, there, all int, acked, strict bool) error {
	switch {
	case there < all && acked:
		return fmt.Errorf("%s: %d of %d: %w", what, there, all, errLost)
	case there > 0 && there < all, there > 0 && strict && !acked:
		return fmt.Errorf("%s: %d of %d: %w", what, there, all, errMore)
	}
	return nil
}

func (w *witness) checkModel(ctx context.Context, s *sqlite.Store, cut int, strict bool) error {
	at, data, err := s.Model(ctx, w.modelName())
	if err != nil {
		return err
	}
	if at == 0 && !slices.ContainsFunc(w.models, func(m model) bool { return m.done.by(cut) }) {
		return nil
	}
	return newest(w.models, cut, strict, func(m model) moment { return m.done }, func(m model) bool {
		return m.at == at && bytes.Equal(m.data, data)
	})
}

func (w *witness) checkCursor(ctx context.Context, s *sqlite.Store, cut int, strict bool) error {
	seq, err := s.Cursor(ctx, "points", w.room)
	if err != nil {
		return err
	}
	if seq == 0 && !slices.ContainsFunc(w.cursors, func(c end) bool { return c.done.by(cut) }) {
		return nil
	}
	return newest(w.cursors, cut, strict, func(c end) moment { return c.done }, func(c end) bool { return c.seq == seq })
}

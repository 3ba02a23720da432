package sqlite

import (
	"context"
	"database/sql/driver"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// trimStep is how many records one call of Trim lets go at most, so that the
// appends of others need not wait for long.
const trimStep = 512

// SaveSnapshot keeps a state in place of older ones, and its keys beside
// theirs. One that is not newer than what is kept changes nothing.
func (s *Store) SaveSnapshot(ctx context.Context, id wire.RoomID, snap room.Snapshot) error {
	return s.writer.do(ctx, &job{step: "save snapshot", run: func(t *tx) error {
		h, err := t.head(id)
		if err != nil {
			return err
		}
		if h == nil || snap.Seq > h.last {
			return refuse(room.ErrMoved) // the state of something that is not in this log
		}
		newest, err := t.snapshotAt(h)
		if err != nil || snap.Seq <= newest {
			return err
		}
		if len(snap.Keys) > 0 {
			if _, err := t.addCommandKeys.exec(h.room, int64(snap.Seq), snap.Keys); err != nil {
				return err
			}
		}
		_, err = t.saveSnapshot.exec(h.room, int64(snap.Seq), blob(snap.Data))
		return err
	}})
}

// snapshotAt is the position of the newest snapshot, or 0.
func (t *tx) snapshotAt(h *head) (uint64, error) {
	seq, err := t.findSnapshot.number(h.room)
	return uint64(seq), err
}

// Snapshot returns the newest snapshot with the keys of all, joined in their
// order; a zero one where there is none.
func (s *Store) Snapshot(ctx context.Context, id wire.RoomID) (room.Snapshot, error) {
	// One question, so that the keys are those of this snapshot: the first row
	// is the snapshot, the others are keys.
	type part struct {
		seq  uint64
		data []byte
	}
	rows, err := s.reads.snapshot.QueryContext(ctx, string(id))
	parts, err := collect(rows, err, func(p *part) []any {
		var kind int
		return []any{&kind, &p.seq, &p.data}
	})
	if err != nil {
		return room.Snapshot{}, failure("read snapshot", err)
	}
	if len(parts) == 0 {
		return room.Snapshot{}, nil
	}
	snap := room.Snapshot{Seq: parts[0].seq, Data: parts[0].data}
	for _, p := range parts[1:] {
		snap.Keys = append(snap.Keys, p.data...)
	}
	return snap, nil
}

// Trim lets go of the oldest records of a log, and of the keys that only they
// needed. It returns how many records went, at most trimStep.
func (s *Store) Trim(ctx context.Context, id wire.RoomID, before wire.Millis, followers []string) (gone int, err error) {
	err = s.writer.do(ctx, &job{step: "trim", run: func(t *tx) error {
		gone = 0
		h, err := t.head(id)
		if err != nil || h == nil {
			return err
		}
		last, err := t.covered(id, h, followers)
		if err != nil || last < h.first {
			return err
		}
		if u := t.tail.rooms[id]; u != nil && u.records[0].Seq <= last && u.records[0].At < before {
			if err := t.file(u, min(len(u.records), trimStep)); err != nil {
				return err
			}
		}
		if err := t.flush(); err != nil {
			return err
		}
		old := true
		err = t.times.each(func(row []driver.Value) error {
			at, err := as[int64](row[0])
			if old = old && at < int64(before); old {
				gone++
			}
			return err
		}, h.room, int64(h.first), int64(min(last, h.filed)), int64(trimStep))
		if err != nil || gone == 0 {
			return err
		}
		return t.trimTo(h, h.first+uint64(gone))
	}})
	if err != nil {
		return 0, err
	}
	return gone, nil
}

// covered is the last position that the newest snapshot and all followers
// have behind them, and that is not the log's last.
func (t *tx) covered(id wire.RoomID, h *head, followers []string) (uint64, error) {
	last, err := t.snapshotAt(h)
	if err != nil || last == 0 {
		return 0, err
	}
	for _, follower := range followers {
		seq, err := t.findCursor.number(follower, string(id))
		if err != nil {
			return 0, err
		}
		last = min(last, uint64(seq))
	}
	return min(last, h.last-1), nil
}

// trimTo makes first the oldest position that the room's log has.
func (t *tx) trimTo(h *head, first uint64) error {
	if _, err := t.trim.exec(h.room, int64(first)); err != nil {
		return err
	}
	if _, err := t.dropCommandKeys.exec(h.room, int64(first)); err != nil {
		return err
	}
	if _, err := t.setFirst.exec(int64(first), h.room); err != nil {
		return err
	}
	h.first = first
	return nil
}

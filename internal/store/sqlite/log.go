package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// OpenLog returns the room's log, and begins one if there is none.
func (s *Store) OpenLog(ctx context.Context, id wire.RoomID) (info room.LogInfo, err error) {
	err = s.writer.do(ctx, &job{step: "open log", run: func(t *tx) error {
		h, err := t.head(id)
		if err == nil && h == nil {
			if _, err := t.addRoom.exec(string(id), newEpoch()); err != nil {
				return err
			}
			h, err = t.head(id)
		}
		if err != nil {
			return err
		}
		info = room.LogInfo{Epoch: h.epoch, First: h.first, Last: h.last}
		return nil
	}})
	if err != nil {
		return room.LogInfo{}, err
	}
	return info, nil
}

// newEpoch is a name for a log that no other one has.
func newEpoch() string { return strings.ToLower(rand.Text()) }

// Append writes every record or none, directly after position after. A room
// whose log was never opened has no owner: its append has moved, too.
func (s *Store) Append(ctx context.Context, id wire.RoomID, after uint64, records []room.Record) error {
	for i := range records {
		if records[i].Seq != after+uint64(i)+1 {
			return fmt.Errorf("append after %d: record %d has position %d", after, i, records[i].Seq)
		}
	}
	return s.writer.do(ctx, &job{step: "append", run: func(t *tx) error {
		h, err := t.head(id)
		if err != nil {
			return err
		}
		if h == nil || h.last != after {
			return refuse(room.ErrMoved)
		}
		return t.append(id, h, records)
	}})
}

// Read returns up to limit records after a position, in order: those that are
// filed, and what follows them in the tail.
func (s *Store) Read(ctx context.Context, id wire.RoomID, after uint64, limit int) ([]room.Record, error) {
	if limit <= 0 {
		return nil, nil
	}
	waiting := s.tail.read(id, after, limit) // first, or one that is filed now would be missed
	if len(waiting) > 0 && waiting[0].Seq == after+1 {
		return waiting, nil
	}
	rows, err := s.reads.records.QueryContext(ctx, string(id), int64(min(after, maxSeq)), limit)
	records, err := collect(rows, err, func(r *room.Record) []any {
		return []any{&r.Seq, &r.V, &r.At, &r.Kind, &r.By, &r.Key, &r.Data}
	})
	if err != nil {
		return nil, failure("read log", err)
	}
	if len(records) > 0 {
		after = records[len(records)-1].Seq
	}
	for i := range waiting {
		if len(records) < limit && waiting[i].Seq > after {
			records = append(records, waiting[i])
		}
	}
	return records, nil
}

// Rooms lists the ids of all rooms with a log, in order.
func (s *Store) Rooms(ctx context.Context) ([]wire.RoomID, error) {
	rows, err := s.reads.rooms.QueryContext(ctx)
	ids, err := collect(rows, err, func(id *wire.RoomID) []any { return []any{id} })
	return ids, failure("list rooms", err)
}

// Cursor returns the last position that the follower handled, 0 at first.
func (s *Store) Cursor(ctx context.Context, follower string, id wire.RoomID) (seq uint64, err error) {
	err = s.reads.cursor.QueryRowContext(ctx, follower, string(id)).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return seq, failure("read cursor", err)
}

// SetCursor remembers a position durably.
func (s *Store) SetCursor(ctx context.Context, follower string, id wire.RoomID, seq uint64) error {
	return s.writer.do(ctx, &job{step: "set cursor", run: func(t *tx) error {
		_, err := t.setCursor.exec(follower, string(id), int64(min(seq, maxSeq)))
		return err
	}})
}

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
)

// maxSeq is the largest position that SQLite's integers can hold.
const maxSeq = math.MaxInt64

// reads are the questions asked on the reading connections.
type reads struct {
	records, snapshot, rooms, cursor *sql.Stmt
	key, keys                        *sql.Stmt
	balance, entry, history          *sql.Stmt
	behaviors, model                 *sql.Stmt
}

func prepareReads(ctx context.Context, db *sql.DB) (r reads, err error) {
	for _, q := range []struct {
		into **sql.Stmt
		text string
	}{
		{&r.records, `SELECT seq, v, at, kind, by, key, data FROM records
			WHERE room = (SELECT id FROM rooms WHERE name = ?) AND seq > ? ORDER BY seq LIMIT ?`},
		{&r.snapshot, `SELECT seq, data FROM snapshots WHERE room = (SELECT id FROM rooms WHERE name = ?)`},
		{&r.rooms, `SELECT name FROM rooms ORDER BY name`},
		{&r.cursor, `SELECT seq FROM cursors WHERE follower = ? AND room = ?`},
		{&r.key, `SELECT keys.key FROM key_owners JOIN keys ON keys.id = key_owners.key WHERE key_owners.user = ?`},
		{&r.keys, `SELECT key_owners.user, keys.key FROM key_owners JOIN keys ON keys.id = key_owners.key
			WHERE key_owners.user IN ` + placeholders(1, keysAtOnce)},
		{&r.balance, `SELECT points FROM balances WHERE user = ?`},
		{&r.entry, `SELECT id FROM ledger WHERE key = ? AND user = ?`},
		{&r.history, `SELECT key, user, points, rule, room, seq, at FROM ledger
			WHERE user = ? AND id < ? ORDER BY id DESC LIMIT ?`},
		{&r.behaviors, `SELECT n, id, person, item, kind, weight, at, room FROM behaviors
			WHERE n > ? ORDER BY n LIMIT ?`},
		{&r.model, `SELECT at, data FROM models WHERE name = ?`},
	} {
		if *q.into, err = db.PrepareContext(ctx, q.text); err != nil {
			return r, fmt.Errorf("prepare %s: %w", q.text, err)
		}
	}
	return r, nil
}

// collect reads all rows of an answer; fields says where a row's columns go.
func collect[T any](rows *sql.Rows, err error, fields func(*T) []any) (all []T, _ error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var one T
		if err := rows.Scan(fields(&one)...); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/lyceum-live/lyceum/wire"
)

// maxSeq is the largest position that SQLite's integers can hold.
const maxSeq = math.MaxInt64

// askAtOnce is how many people one question is about.
const askAtOnce = 64

// reads are the questions asked on the reading connections.
type reads struct {
	records, snapshot, rooms, cursor *sql.Stmt
	key, keys                        *sql.Stmt
	balance, balances                *sql.Stmt
	entry, history                   *sql.Stmt
	behaviors, model                 *sql.Stmt
	bank                             bankReads
}

func prepareReads(ctx context.Context, db *sql.DB) (r reads, err error) {
	for _, q := range []struct {
		into **sql.Stmt
		text string
	}{
		{&r.records, `SELECT seq, v, at, kind, by, key, data FROM records
			WHERE room = (SELECT id FROM rooms WHERE name = ?) AND seq > ? ORDER BY seq LIMIT ?`},
		{&r.snapshot, `SELECT 0, seq, data FROM snapshots WHERE room = (SELECT id FROM rooms WHERE name = ?1)
			UNION ALL SELECT 1, seq, keys FROM command_keys WHERE room = (SELECT id FROM rooms WHERE name = ?1)
			ORDER BY 1, 2`},
		{&r.rooms, `SELECT name FROM rooms ORDER BY name`},
		{&r.cursor, `SELECT seq FROM cursors WHERE follower = ? AND room = ?`},
		{&r.key, `SELECT keys.key FROM key_owners JOIN keys ON keys.id = key_owners.key WHERE key_owners.user = ?`},
		{&r.keys, `SELECT key_owners.user, keys.key FROM key_owners JOIN keys ON keys.id = key_owners.key
			WHERE key_owners.user IN ` + placeholders(1, askAtOnce)},
		{&r.balance, `SELECT points FROM balances WHERE user = ?`},
		{&r.balances, `SELECT user, points FROM balances WHERE user IN ` + placeholders(1, askAtOnce)},
		{&r.entry, `SELECT id FROM ledger WHERE key = ? AND user = ?`},
		{&r.history, `SELECT key, user, points, rule, room, seq, at FROM ledger
			WHERE user = ? AND id < ? ORDER BY id DESC LIMIT ?`},
		{&r.behaviors, `SELECT n, id, person, item, kind, weight, at, room, served FROM behaviors
			WHERE n > ? ORDER BY n LIMIT ?`},
		{&r.model, `SELECT at, data FROM models WHERE name = ?`},
	} {
		if *q.into, err = db.PrepareContext(ctx, q.text); err != nil {
			return r, fmt.Errorf("prepare %s: %w", q.text, err)
		}
	}
	return r, r.bank.prepare(ctx, db)
}

// ask puts a question about so many people as often as it takes; fields says
// where an answer's columns go.
func ask[T any](ctx context.Context, question *sql.Stmt, users []wire.UserID, fields func(*T) []any, each func(T)) error {
	for some := range slices.Chunk(users, askAtOnce) {
		asked := make([]any, askAtOnce)
		for i := range asked {
			asked[i] = string(some[min(i, len(some)-1)]) // the last one again fills it up
		}
		rows, err := question.QueryContext(ctx, asked...)
		found, err := collect(rows, err, fields)
		if err != nil {
			return err
		}
		for _, one := range found {
			each(one)
		}
	}
	return nil
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

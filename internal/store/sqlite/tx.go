package sqlite

import (
	"database/sql/driver"
	"fmt"
	"strings"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// recordWidths are how many records one INSERT takes, largest first: a
// statement for many rows costs less for each of them.
var recordWidths = []int{64, 8, 1}

// recordColumns is how many values a record has.
const recordColumns = 8

// maxHeads is how many logs' positions are remembered before all are
// forgotten and looked up again.
const maxHeads = 1 << 16

// head is where a room's log stands.
type head struct {
	room  int64 // rooms.id
	epoch string
	last  uint64
}

// tx is the transaction that the writer is in, and what the writer keeps from
// one to the next. Only the writer's goroutine touches it.
type tx struct {
	conn conn

	begun, committed, rolledBack stmt
	frames                       stmt

	findHead, addRoom                           stmt
	saveSnapshot, setCursor                     stmt
	findKey, addKey, ownKey, zeroKey, disownKey stmt
	addEntry, balance, addBehavior, saveModel   stmt
	addRecords                                  []stmt // one for each of recordWidths

	heads   map[wire.RoomID]*head // as they will be when this transaction is committed
	pending []driver.NamedValue   // records that wait for a statement's width
	rows    int
}

func newTx(c conn) (*tx, error) {
	t := &tx{conn: c, heads: map[wire.RoomID]*head{}, addRecords: make([]stmt, len(recordWidths))}
	type query struct {
		into *stmt
		text string
	}
	queries := []query{
		{&t.begun, `BEGIN IMMEDIATE`},
		{&t.committed, `COMMIT`},
		{&t.rolledBack, `ROLLBACK`},
		{&t.frames, `PRAGMA wal_checkpoint(NOOP)`},
		{&t.findHead, `SELECT id, epoch,
			coalesce((SELECT seq FROM records WHERE room = rooms.id ORDER BY seq DESC LIMIT 1), 0)
			FROM rooms WHERE name = ?`},
		{&t.addRoom, `INSERT INTO rooms (name, epoch) VALUES (?, ?)`},
		{&t.saveSnapshot, `INSERT INTO snapshots (room, seq, data) VALUES (?, ?, ?)
			ON CONFLICT (room) DO UPDATE SET seq = excluded.seq, data = excluded.data
			WHERE excluded.seq >= snapshots.seq`},
		{&t.setCursor, `INSERT INTO cursors (follower, room, seq) VALUES (?, ?, ?)
			ON CONFLICT (follower, room) DO UPDATE SET seq = excluded.seq`},
		{&t.findKey, `SELECT keys.id, keys.key FROM key_owners JOIN keys ON keys.id = key_owners.key
			WHERE key_owners.user = ?`},
		{&t.addKey, `INSERT INTO keys (key) VALUES (?)`},
		{&t.ownKey, `INSERT INTO key_owners (user, key) VALUES (?, last_insert_rowid())`},
		{&t.zeroKey, `UPDATE keys SET key = zeroblob(32) WHERE id = ?`},
		{&t.disownKey, `DELETE FROM key_owners WHERE user = ?`},
		{&t.addEntry, `INSERT INTO ledger (key, user, points, rule, room, seq, at)
			VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING`},
		{&t.balance, `SELECT points FROM balances WHERE user = ?`},
		{&t.addBehavior, `INSERT INTO behaviors (id, person, item, kind, weight, at, room)
			VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`},
		{&t.saveModel, `INSERT INTO models (name, at, data) VALUES (?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET at = excluded.at, data = excluded.data`},
	}
	for i, width := range recordWidths {
		queries = append(queries, query{&t.addRecords[i], `INSERT INTO records (room, seq, v, at, kind, by, key, data)
			VALUES ` + placeholders(width, recordColumns)})
	}
	for _, q := range queries {
		var err error
		if *q.into, err = c.prepare(q.text); err != nil {
			return nil, fmt.Errorf("prepare %s: %w", q.text, err)
		}
	}
	return t, nil
}

// placeholders returns "(?, ?), (?, ?)" for 2 rows of 2 columns.
func placeholders(rows, columns int) string {
	row := "(" + strings.TrimSuffix(strings.Repeat("?, ", columns), ", ") + ")"
	return strings.TrimSuffix(strings.Repeat(row+", ", rows), ", ")
}

func (t *tx) begin() error {
	t.pending, t.rows = t.pending[:0], 0
	_, err := t.begun.exec()
	return err
}

// commit makes all of the transaction durable and returns how many rows it
// wrote.
func (t *tx) commit() (rows int, err error) {
	if err := t.flush(); err != nil {
		return 0, err
	}
	_, err = t.committed.exec()
	return t.rows, err
}

// rollback undoes the transaction and forgets what would have been true
// after it.
func (t *tx) rollback() {
	_, _ = t.rolledBack.exec() // fails where SQLite has already rolled back by itself
	clear(t.heads)
}

// walFrames is how many pages the WAL holds.
func (t *tx) walFrames() (int64, error) {
	row, err := t.frames.row()
	if err != nil || row == nil {
		return 0, err
	}
	return row[1].(int64), nil
}

// head returns where the room's log stands, or nil if it has none.
func (t *tx) head(id wire.RoomID) (*head, error) {
	if h := t.heads[id]; h != nil {
		return h, nil
	}
	if err := t.flush(); err != nil { // what waits may be this room's
		return nil, err
	}
	row, err := t.findHead.row(string(id))
	if err != nil || row == nil {
		return nil, err
	}
	h := &head{room: row[0].(int64), epoch: row[1].(string), last: uint64(row[2].(int64))}
	if len(t.heads) >= maxHeads {
		clear(t.heads)
	}
	t.heads[id] = h
	return h, nil
}

// append adds records to the room's log directly after h.
func (t *tx) append(h *head, records []room.Record) error {
	for i := range records {
		r := &records[i]
		h.last++
		t.pending = append(t.pending,
			driver.NamedValue{Value: h.room},
			driver.NamedValue{Value: int64(h.last)},
			driver.NamedValue{Value: int64(r.V)},
			driver.NamedValue{Value: int64(r.At)},
			driver.NamedValue{Value: r.Kind},
			driver.NamedValue{Value: string(r.By)},
			driver.NamedValue{Value: r.Key},
			driver.NamedValue{Value: blob(r.Data)},
		)
		if len(t.pending) == recordWidths[0]*recordColumns {
			if err := t.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush hands the records that wait to SQLite.
func (t *tx) flush() error {
	rest := t.pending
	for i, width := range recordWidths {
		for n := width * recordColumns; len(rest) >= n; rest = rest[n:] {
			for j := range n {
				rest[j].Ordinal = j + 1
			}
			if _, err := t.addRecords[i].execNamed(rest[:n]); err != nil {
				return err
			}
			t.rows += width
		}
	}
	clear(t.pending) // the records' data is the callers'
	t.pending = t.pending[:0]
	return nil
}

// blob makes no data empty data: a column is never NULL here.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

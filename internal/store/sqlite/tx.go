package sqlite

import (
	"database/sql/driver"
	"fmt"
	"strings"

	"github.com/lyceum-live/lyceum/wire"
)

// widths are how many rows one INSERT takes, and how many one SELECT asks
// for, largest first: a statement for many costs less for each of them.
var widths = []int{64, 8, 1}

// maxHeads is how many logs' positions are remembered before all are
// forgotten and looked up again.
const maxHeads = 1 << 16

// head is where a room's log stands.
type head struct {
	room  int64 // rooms.id
	epoch string
	first uint64 // the oldest position that is kept, or the next one
	filed uint64 // the newest in the table records; what follows is in the tail
	last  uint64
}

// tx is the transaction that the writer is in, and what the writer keeps from
// one to the next. Only the writer's goroutine touches it.
type tx struct {
	conn conn
	tail *tail

	begun, committed, rolledBack stmt
	frames                       stmt

	findHead, addRoom, setFirst          stmt
	addArrival, dropArrivals             stmt
	findSnapshot, saveSnapshot           stmt
	addCommandKeys, dropCommandKeys      stmt
	times, trim                          stmt
	findCursor, setCursor                stmt
	findKey, lastKey, zeroKey, disownKey stmt
	addEntry, balance                    stmt
	addBehavior, saveModel               stmt
	addRecords                           []stmt // one for each of widths, as all of these
	findKeys, addKeys, ownKeys           []stmt
	bank                                 bankWrites

	// As it will be when this transaction is committed.
	heads   map[wire.RoomID]*head
	fresh   []fresh             // records that go to the tail
	arrived []*arrival          // the rows that have them
	inRows  int                 // how many of fresh are in these rows, and not in the next
	row     []byte              // the next one, which is not full yet
	rowSize int                 // of the one before it
	pending []driver.NamedValue // records that are filed and wait for a statement's width
	filing  []*unfiled          // rooms of which records are filed
	dropped int                 // rows of the tail that are deleted
	wishes  []keyWish           // people who need a key
	rows    int
}

func newTx(c conn, tail *tail) (*tx, error) {
	t := &tx{conn: c, tail: tail, heads: map[wire.RoomID]*head{}}
	type query struct {
		into *stmt
		text string
	}
	queries := []query{
		{&t.begun, `BEGIN IMMEDIATE`},
		{&t.committed, `COMMIT`},
		{&t.rolledBack, `ROLLBACK`},
		{&t.frames, `PRAGMA wal_checkpoint(NOOP)`},
		{&t.findHead, `SELECT id, epoch, first,
			coalesce((SELECT seq FROM records WHERE room = rooms.id ORDER BY seq DESC LIMIT 1), 0)
			FROM rooms WHERE name = ?`},
		{&t.addRoom, `INSERT INTO rooms (name, epoch) VALUES (?, ?)`},
		{&t.setFirst, `UPDATE rooms SET first = ? WHERE id = ?`},
		{&t.addArrival, `INSERT INTO tail (n, records) VALUES (?, ?)`},
		{&t.dropArrivals, `DELETE FROM tail WHERE n <= ?`},
		{&t.findSnapshot, `SELECT seq FROM snapshots WHERE room = ?`},
		{&t.saveSnapshot, `INSERT INTO snapshots (room, seq, data) VALUES (?, ?, ?)
			ON CONFLICT (room) DO UPDATE SET seq = excluded.seq, data = excluded.data`},
		{&t.addCommandKeys, `INSERT INTO command_keys (room, seq, keys) VALUES (?, ?, ?)`},
		{&t.dropCommandKeys, `DELETE FROM command_keys WHERE room = ? AND seq < ?`},
		{&t.times, `SELECT at FROM records WHERE room = ? AND seq >= ? AND seq <= ? ORDER BY seq LIMIT ?`},
		{&t.trim, `DELETE FROM records WHERE room = ? AND seq < ?`},
		{&t.findCursor, `SELECT seq FROM cursors WHERE follower = ? AND room = ?`},
		{&t.setCursor, `INSERT INTO cursors (follower, room, seq) VALUES (?, ?, ?)
			ON CONFLICT (follower, room) DO UPDATE SET seq = excluded.seq`},
		{&t.findKey, `SELECT key FROM key_owners WHERE user = ?`},
		{&t.lastKey, `SELECT coalesce(max(id), 0) FROM keys`},
		{&t.zeroKey, `UPDATE keys SET key = zeroblob(32) WHERE id = ?`},
		{&t.disownKey, `DELETE FROM key_owners WHERE user = ?`},
		{&t.addEntry, `INSERT INTO ledger (key, user, points, rule, room, seq, at)
			VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING`},
		{&t.balance, `SELECT points FROM balances WHERE user = ?`},
		{&t.addBehavior, `INSERT INTO behaviors (id, person, item, kind, weight, at, room, served)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`},
		{&t.saveModel, `INSERT INTO models (name, at, data) VALUES (?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET at = excluded.at, data = excluded.data`},
	}
	for _, many := range []struct {
		into    *[]stmt
		text    string
		rows    bool // the placeholders are rows of so many columns, or else one list
		columns int
	}{
		{&t.addRecords, `INSERT INTO records (room, seq, v, at, kind, by, key, data) VALUES `, true, recordColumns},
		{&t.addKeys, `INSERT INTO keys (id, key) VALUES `, true, 2},
		{&t.ownKeys, `INSERT INTO key_owners (key, user) VALUES `, true, 2},
		{&t.findKeys, `SELECT user, keys.key FROM key_owners JOIN keys ON keys.id = key_owners.key WHERE user IN `, false, 1},
	} {
		*many.into = make([]stmt, len(widths))
		for i, width := range widths {
			marks := placeholders(1, width)
			if many.rows {
				marks = placeholders(width, many.columns)
			}
			queries = append(queries, query{&(*many.into)[i], many.text + marks})
		}
	}
	for _, q := range queries {
		var err error
		if *q.into, err = c.prepare(q.text); err != nil {
			return nil, fmt.Errorf("prepare %s: %w", q.text, err)
		}
	}
	if err := t.bank.prepare(c); err != nil {
		return nil, err
	}
	return t, nil
}

// placeholders returns "(?, ?), (?, ?)" for 2 rows of 2 columns.
func placeholders(rows, columns int) string {
	row := "(" + strings.TrimSuffix(strings.Repeat("?, ", columns), ", ") + ")"
	return strings.TrimSuffix(strings.Repeat(row+", ", rows), ", ")
}

func (t *tx) begin() error {
	t.rows = 0
	if len(t.heads) >= maxHeads {
		clear(t.heads)
	}
	_, err := t.begun.exec()
	return err
}

// commit makes all of the transaction durable and returns how many rows it
// wrote.
func (t *tx) commit() (rows int, err error) {
	if err := t.flushKeys(); err != nil {
		return 0, err
	}
	if err := t.flush(); err != nil {
		return 0, err
	}
	if err := t.closeRow(); err != nil {
		return 0, err
	}
	if err := t.dropFiled(); err != nil {
		return 0, err
	}
	if _, err = t.committed.exec(); err != nil {
		return 0, err
	}
	t.settle()
	return t.rows, nil
}

// rollback undoes the transaction and forgets what would have been true
// after it.
func (t *tx) rollback() {
	_, _ = t.rolledBack.exec() // fails where SQLite has already rolled back by itself
	clear(t.heads)
	clear(t.pending)
	t.pending = t.pending[:0]
	t.wishes = t.wishes[:0]
	t.undo()
}

// walFrames is how many pages the WAL holds.
func (t *tx) walFrames() (int64, error) {
	row, err := t.frames.row()
	if err != nil || row == nil {
		return 0, err
	}
	return as[int64](row[1])
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
	var n [4]int64
	for _, i := range []int{0, 2, 3} {
		if n[i], err = as[int64](row[i]); err != nil {
			return nil, err
		}
	}
	epoch, err := as[string](row[1])
	if err != nil {
		return nil, err
	}
	h := &head{room: n[0], epoch: epoch, first: uint64(n[2]), filed: uint64(max(n[2]-1, n[3]))}
	h.last = max(h.filed, t.tail.last(id))
	t.heads[id] = h
	return h, nil
}

// blob makes no data empty data: a column is never NULL here.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

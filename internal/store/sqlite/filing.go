package sqlite

import (
	"database/sql/driver"
	"fmt"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

const (
	recordColumns = 8            // values that a record has
	rowBytes      = 256 << 10    // from which a row of the tail is full
	longAppend    = 2 * pageSize // bytes from which an append is filed at once
)

// append adds records to the room's log directly after h. A long append fills
// pages of its own and is filed at once; a short one goes to the tail, and so
// does everything that comes after what is there.
func (t *tx) append(id wire.RoomID, h *head, records []room.Record) error {
	if isLong(records) {
		if u := t.tail.rooms[id]; u != nil && len(u.records) <= 4*len(records) {
			if err := t.file(u, len(u.records)); err != nil {
				return err
			}
		}
		if h.filed == h.last {
			h.last += uint64(len(records))
			h.filed = h.last
			for i := range records {
				if err := t.put(h.room, &records[i]); err != nil {
					return err
				}
			}
			t.rows += len(records)
			return nil
		}
	}
	for i := range records {
		if t.row == nil {
			t.row = newArrival(t.rowSize)
		}
		t.row = addRecord(t.row, h.room, &records[i])
		t.fresh = append(t.fresh, fresh{id: id, number: h.room, record: records[i], end: len(t.row)})
		if len(t.row) >= rowBytes {
			if err := t.closeRow(); err != nil {
				return err
			}
		}
	}
	h.last += uint64(len(records))
	t.rows += len(records)
	return nil
}

func isLong(records []room.Record) bool {
	size := 0
	for i := range records {
		const rest = 64 // bytes of a record beside its data
		if size += len(records[i].Data) + rest; size >= longAppend {
			return true
		}
	}
	return false
}

// closeRow writes the row of the tail that is being filled.
func (t *tx) closeRow() error {
	if t.row == nil {
		return nil
	}
	b := t.row
	t.row, t.rowSize = nil, len(b)
	sealArrival(b)
	row := &arrival{n: t.tail.nextRow() + int64(len(t.arrived)), bytes: len(b), left: len(t.fresh) - t.inRows}
	if _, err := t.addArrival.exec(row.n, b); err != nil {
		return err
	}
	for i := range t.fresh[t.inRows:] {
		f := &t.fresh[t.inRows+i]
		// The data is the caller's; the tail keeps the copy in the row.
		f.record.Data = b[f.end-len(f.record.Data) : f.end : f.end]
	}
	t.inRows = len(t.fresh)
	t.arrived = append(t.arrived, row)
	return nil
}

// file moves the n oldest records of a room, or those of them that this
// transaction has not moved yet, from the tail to where they belong.
func (t *tx) file(u *unfiled, n int) error {
	if n <= u.filing {
		return nil
	}
	if u.filing == 0 {
		t.filing = append(t.filing, u)
	}
	for u.filing < n {
		r := &u.records[u.filing]
		if err := t.put(u.number, &r.Record); err != nil {
			return err
		}
		r.in.left--
		u.filing++
	}
	if h := t.heads[u.id]; h != nil {
		h.filed = u.records[n-1].Seq
	}
	return nil
}

// fileSome files the rooms whose records have waited longest, n records or a
// few more, and returns how many it were.
func (t *tx) fileSome(n int) (filed int, err error) {
	for _, u := range t.tail.queue {
		if filed >= n {
			break
		}
		some := min(len(u.records), n-filed)
		if err := t.file(u, some); err != nil {
			return filed, err
		}
		filed += some
	}
	return filed, nil
}

// put adds a record to those that wait to be written to the table records.
func (t *tx) put(in int64, r *room.Record) error {
	t.pending = append(t.pending,
		driver.NamedValue{Value: in},
		driver.NamedValue{Value: int64(r.Seq)},
		driver.NamedValue{Value: int64(r.V)},
		driver.NamedValue{Value: int64(r.At)},
		driver.NamedValue{Value: r.Kind},
		driver.NamedValue{Value: string(r.By)},
		driver.NamedValue{Value: r.Key},
		driver.NamedValue{Value: blob(r.Data)},
	)
	if len(t.pending) == widths[0]*recordColumns {
		return t.flush()
	}
	return nil
}

// flush hands the records that wait to SQLite.
func (t *tx) flush() error {
	err := inWidths(t.addRecords, t.pending, recordColumns)
	clear(t.pending) // the records' data is the callers'
	t.pending = t.pending[:0]
	return err
}

// inWidths runs statements of widths until all rows of args are written.
func inWidths(statements []stmt, args []driver.NamedValue, columns int) error {
	for i, width := range widths {
		for n := width * columns; len(args) >= n; args = args[n:] {
			for j := range n {
				args[j].Ordinal = j + 1
			}
			if _, err := statements[i].execNamed(args[:n]); err != nil {
				return err
			}
		}
	}
	return nil
}

// dropFiled deletes the rows of the tail that have nothing left to file.
func (t *tx) dropFiled() error {
	arrivals := t.tail.arrivals
	for t.dropped < len(arrivals) && arrivals[t.dropped].left == 0 {
		t.dropped++
	}
	if t.dropped == 0 {
		return nil
	}
	_, err := t.dropArrivals.exec(arrivals[t.dropped-1].n)
	return err
}

// settle makes the tail what it is now that the transaction is committed.
// What is new comes in before anything goes out.
func (t *tx) settle() {
	records := t.fresh
	for _, row := range t.arrived {
		t.tail.add(row, records[:row.left])
		records = records[row.left:]
	}
	for _, u := range t.filing {
		n := u.filing
		u.filing = 0
		t.tail.filed(u, n)
	}
	t.tail.drop(t.dropped)
	t.forget()
}

// undo leaves the tail as it was before the transaction.
func (t *tx) undo() {
	for _, u := range t.filing {
		for i := range u.records[:u.filing] {
			u.records[i].in.left++
		}
		u.filing = 0
	}
	t.forget()
}

func (t *tx) forget() {
	clear(t.fresh)
	clear(t.arrived)
	clear(t.filing)
	t.fresh, t.arrived, t.filing = t.fresh[:0], t.arrived[:0], t.filing[:0]
	t.row, t.inRows, t.dropped = nil, 0, 0
}

// load reads what the last process left in the tail.
func (t *tx) load() error {
	heads := map[int64]*head{}
	ids := map[int64]wire.RoomID{}
	rows, err := t.conn.prepare(`SELECT n, records FROM tail ORDER BY n`)
	if err != nil {
		return err
	}
	find, err := t.conn.prepare(`SELECT name FROM rooms WHERE id = ?`)
	if err != nil {
		return err
	}
	return rows.each(func(row []driver.Value) error {
		n, err := as[int64](row[0])
		if err != nil {
			return err
		}
		b, err := as[[]byte](row[1])
		if err != nil {
			return err
		}
		t.fresh = t.fresh[:0]
		err = readArrival(b, func(in int64, r room.Record) error {
			h := heads[in]
			if h == nil {
				name, err := find.row(in)
				if err != nil {
					return err
				}
				if name == nil {
					return fmt.Errorf("%w: a record of no room", ErrDamaged)
				}
				id, err := as[string](name[0])
				if err != nil {
					return err
				}
				ids[in] = wire.RoomID(id)
				if h, err = t.head(ids[in]); err != nil {
					return err
				}
				if h == nil {
					return fmt.Errorf("%w: a room cannot be found by its name", ErrDamaged)
				}
				heads[in] = h
			}
			if r.Seq <= h.last {
				return nil // filed already
			}
			if r.Seq != h.last+1 {
				return fmt.Errorf("%w: record %d follows %d", ErrDamaged, r.Seq, h.last)
			}
			h.last++
			t.fresh = append(t.fresh, fresh{id: ids[in], number: in, record: r})
			return nil
		})
		if err != nil {
			return err
		}
		t.tail.add(&arrival{n: n, bytes: len(b), left: len(t.fresh)}, t.fresh)
		t.forget()
		return nil
	})
}

package sqlite

import (
	"bytes"
	"sync"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// How much may wait to be filed.
const (
	tailRows  = 32 << 10 // records from which the writer files as it commits
	tailBytes = 8 << 20  // the same in bytes
	tailHard  = 4        // times as much is the end: appends wait until there is less
)

// tail holds the records that are durable but not filed yet. On the disk they
// lie in the order of their arrival, so that a commit of thousands of rooms'
// appends writes a few pages and not one for each room; here they are by
// room, to be read, and to be filed many at a time.
//
// A record is first in the tail, then in both, then in the table records
// alone. Who reads looks here first and then there, and so misses none.
//
// The writer alone changes it.
type tail struct {
	mu    sync.RWMutex // held to change rooms and what is in them, and to read them elsewhere
	rooms map[wire.RoomID]*unfiled

	// Owned by the writer.
	queue    []*unfiled // those of rooms, by their oldest record
	arrivals []*arrival // the rows of the table, oldest first
	rows     int
	bytes    int
}

// unfiled is a room's part of the tail.
type unfiled struct {
	id      wire.RoomID
	number  int64 // rooms.id
	records []arrived
	filing  int // of them are being filed by the writer's transaction
}

// arrived is a record, and the row of the table that it came in.
type arrived struct {
	room.Record
	in *arrival
}

// arrival is a row of the table tail. It goes when all that it brought is
// filed.
type arrival struct {
	n     int64
	bytes int
	left  int // records that are not filed yet
}

func newTail() *tail { return &tail{rooms: map[wire.RoomID]*unfiled{}} }

// last is the position of the room's newest record here, or 0.
func (t *tail) last(id wire.RoomID) uint64 {
	u := t.rooms[id]
	if u == nil {
		return 0
	}
	return u.records[len(u.records)-1].Seq
}

// nextRow is the number of the next row of the table.
func (t *tail) nextRow() int64 {
	if len(t.arrivals) == 0 {
		return 1
	}
	return t.arrivals[len(t.arrivals)-1].n + 1
}

// full reports whether so many times what may wait is waiting.
func (t *tail) full(times int) bool {
	return t.rows >= times*tailRows || t.bytes >= times*tailBytes
}

// add takes a row with its records; each says whose they are.
func (t *tail) add(row *arrival, records []fresh) {
	t.arrivals = append(t.arrivals, row)
	t.bytes += row.bytes
	t.rows += len(records)
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range records {
		f := &records[i]
		u := t.rooms[f.id]
		if u == nil {
			u = &unfiled{id: f.id, number: f.number}
			t.rooms[f.id] = u
			t.queue = append(t.queue, u)
		}
		u.records = append(u.records, arrived{f.record, row})
	}
}

// fresh is a record on its way into the tail.
type fresh struct {
	id     wire.RoomID
	number int64
	record room.Record
	end    int // of its data in the row, which is the last of it
}

// filed forgets a room's n oldest records.
func (t *tail) filed(u *unfiled, n int) {
	t.rows -= n
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(u.records[:n])
	u.records = u.records[n:]
	if len(u.records) > 0 {
		return
	}
	delete(t.rooms, u.id)
	for i, other := range t.queue { // mostly the first
		if other == u {
			if i == 0 {
				t.queue[0] = nil
				t.queue = t.queue[1:]
			} else {
				t.queue = append(t.queue[:i], t.queue[i+1:]...)
			}
			break
		}
	}
}

// drop forgets the n oldest rows of the table.
func (t *tail) drop(n int) {
	for _, row := range t.arrivals[:n] {
		t.bytes -= row.bytes
	}
	clear(t.arrivals[:n])
	t.arrivals = t.arrivals[n:]
}

// read returns up to limit of the room's records after a position, as far as
// they are here.
func (t *tail) read(id wire.RoomID, after uint64, limit int) []room.Record {
	t.mu.RLock()
	defer t.mu.RUnlock()
	u := t.rooms[id]
	if u == nil {
		return nil
	}
	from := uint64(0)
	if oldest := u.records[0].Seq; after >= oldest {
		from = after - oldest + 1 // positions have no gaps
	}
	if from >= uint64(len(u.records)) {
		return nil
	}
	found := u.records[from:]
	found = found[:min(limit, len(found))]
	records := make([]room.Record, len(found))
	for i := range found {
		records[i] = found[i].Record
		records[i].Data = bytes.Clone(found[i].Data)
	}
	return records
}

package room

import (
	"context"

	"github.com/lyceum-live/lyceum/wire"
)

// Record is one event as the log stores it. Data is JSON in which personal
// text is already encrypted; a store never looks inside.
type Record struct {
	V    int         // version of the record's shape
	Seq  uint64      // position in the room's log, from 1
	At   wire.Millis // the server's clock
	Kind string      // the event's name, such as "quiz.answered"
	By   wire.UserID // who did it
	Key  string      // idempotency key of the command, on its first event only; or ""
	Data []byte
}

// LogInfo says what a log is and how far it goes.
type LogInfo struct {
	Epoch string // names this log; another one after a loss or a restore
	First uint64 // position of the oldest record that is kept; Last+1 where none is
	Last  uint64 // position of the last record, 0 in a new log
}

// Snapshot is a state as it was at a position of the log. A store never looks
// inside.
type Snapshot struct {
	Seq  uint64
	Data []byte
	Keys []byte // of commands; see SaveSnapshot
}

// Log is all that a room asks of storage. All methods may be called from
// many goroutines. Errors that a client may act on are ErrMoved, ErrFull and
// ErrUnavailable, wrapped or not; any other is treated as ErrUnavailable.
type Log interface {
	// OpenLog returns the room's log, and begins one with a random epoch if
	// there is none. It is durable before it returns.
	OpenLog(ctx context.Context, room wire.RoomID) (LogInfo, error)

	// Append writes every record or none, directly after position after; the
	// records' own Seq continue from there. It returns ErrMoved when the log's
	// last position is another one: somebody else has written, and this owner
	// is stale. When it returns nil, the records are durable.
	Append(ctx context.Context, room wire.RoomID, after uint64, records []Record) error

	// Read returns up to limit records after a position, in order.
	Read(ctx context.Context, room wire.RoomID, after uint64, limit int) ([]Record, error)

	// SaveSnapshot keeps a state in place of older ones, and adds its Keys (of
	// the commands since the snapshot before it) to those that are kept
	// already. One that is not newer than what is kept changes nothing.
	SaveSnapshot(ctx context.Context, room wire.RoomID, s Snapshot) error

	// Snapshot returns the newest snapshot with the Keys of all, joined in
	// their order; a zero one where there is none.
	Snapshot(ctx context.Context, room wire.RoomID) (Snapshot, error)

	// Trim lets go of the oldest records of a log: those written before a time
	// that are covered by the newest snapshot and that each of the named
	// followers has behind it, but never the last one. Keys of snapshots are
	// let go only when all records up to that snapshot are. It returns how many
	// records went; a large log may need several calls, until it returns 0.
	Trim(ctx context.Context, room wire.RoomID, before wire.Millis, followers []string) (int, error)

	// Rooms lists the ids of all rooms with a log, in order.
	Rooms(ctx context.Context) ([]wire.RoomID, error)
}

// Keys holds the 32-byte keys under which people's texts are encrypted.
type Keys interface {
	// EnsureKey returns the person's key and makes one if there is none. A new
	// key is durable before it is returned.
	EnsureKey(ctx context.Context, user wire.UserID) ([]byte, error)

	// Keys returns the keys of those users who have one.
	Keys(ctx context.Context, users []wire.UserID) (map[wire.UserID][]byte, error)

	// DestroyKey erases the person's key for good.
	DestroyKey(ctx context.Context, user wire.UserID) error
}

// Cursors remembers how far each follower has read each room's log.
type Cursors interface {
	// Cursor returns the last position handled, 0 at first.
	Cursor(ctx context.Context, follower string, room wire.RoomID) (uint64, error)

	// SetCursor remembers a position durably.
	SetCursor(ctx context.Context, follower string, room wire.RoomID, seq uint64) error
}

// What a store may refuse.
var (
	ErrMoved       = &wire.Error{Code: "store.moved", Text: "the room has moved; reconnect"}
	ErrFull        = &wire.Error{Code: "store.full", Text: "the server's disk is full; nothing was saved", RetryMS: 5000}
	ErrUnavailable = &wire.Error{Code: "store.unavailable", Text: "the server cannot save right now; nothing was changed", RetryMS: 2000}
)

package sqlite

import (
	"errors"
	"fmt"

	modernc "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/lyceum-live/lyceum/room"
)

// Why a database cannot be opened. What the file holds stays as it was.
var (
	ErrInUse   = errors.New("another process is using this data directory")
	ErrForeign = errors.New("this file is not a Lyceum database")
	ErrDamaged = errors.New("this database file is damaged; restore it from a backup")
	ErrNewer   = errors.New("this database was written by a newer version of Lyceum")

	ErrUnfinished = errors.New("a restore into this data directory was not finished; run lyceum restore again")
)

// ErrClosed is what calls get once the store is being closed. It says
// store.unavailable to a client.
var ErrClosed = fmt.Errorf("the store is closed: %w", room.ErrUnavailable)

// failure names the step that failed and turns SQLite's word for it into
// what a room can act on: full, or unavailable for now. What else there is
// (a refusal, the caller's own context) passes.
func failure(step string, err error) error {
	if err == nil {
		return nil
	}
	if isFull(err) {
		return fmt.Errorf("%s: %w: %w", step, room.ErrFull, err)
	}
	if code(err) != 0 {
		return fmt.Errorf("%s: %w: %w", step, room.ErrUnavailable, err)
	}
	return fmt.Errorf("%s: %w", step, err)
}

// code is SQLite's primary result code, or 0 if err is not SQLite's.
// https://www.sqlite.org/rescode.html
func code(err error) int {
	if e, ok := errors.AsType[*modernc.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

func isFull(err error) bool { return code(err) == lib.SQLITE_FULL }

// isDamage reports whether SQLite found that the file is not, or no longer, a
// database.
func isDamage(err error) bool {
	return code(err) == lib.SQLITE_CORRUPT || code(err) == lib.SQLITE_NOTADB
}

// isWhole reports whether err would fail every job of a batch alike, so that
// trying them one by one is no use.
func isWhole(err error) bool {
	switch code(err) {
	case 0, lib.SQLITE_CONSTRAINT, lib.SQLITE_MISMATCH, lib.SQLITE_TOOBIG, lib.SQLITE_RANGE, lib.SQLITE_ERROR:
		return false
	}
	return true
}

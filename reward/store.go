package reward

import (
	"context"

	"github.com/lyceum-live/lyceum/wire"
)

// Entry is one immutable line of the ledger. Key makes it unique: a second
// entry with the same key is the same grant and is not written.
type Entry struct {
	Key    string // what earned it; see Rules.For
	User   wire.UserID
	Points int64 // may be negative
	Rule   string
	Room   wire.RoomID
	Seq    uint64 // position in the room's log that earned it
	At     wire.Millis
}

// Store keeps the ledger. It is safe for many goroutines.
type Store interface {
	// Grant writes the entries whose keys are new, all or none, and reports
	// for each entry whether it was written, and each user's balance after.
	// It is durable before it returns; nothing is written afterwards, also not
	// by a Grant that has failed.
	Grant(ctx context.Context, entries []Entry) (fresh []bool, balances map[wire.UserID]int64, err error)

	// Balance is the sum of the user's entries.
	Balance(ctx context.Context, user wire.UserID) (int64, error)

	// Balances is Balance for many users, each once, in one reading. Those who
	// have no entries may be missing.
	Balances(ctx context.Context, users []wire.UserID) (map[wire.UserID]int64, error)

	// History returns up to limit of the user's entries, newest first, older
	// than the entry that before names ("" for the newest), and the cursor for
	// the next page ("" at the end).
	History(ctx context.Context, user wire.UserID, before string, limit int) (entries []Entry, next string, err error)
}

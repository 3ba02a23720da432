package room

import "time"

// Observer hears how rooms fare, for metrics. Its methods are called on the
// rooms' goroutines, by many at the same time, and must not block.
type Observer interface {
	// Batched is called after each batch of commands that were decided together.
	Batched(Batch)
	// Refused counts a command or an entry that was refused, by its error code.
	Refused(code string)
	// Welcomed counts a socket that was let in: resumed whole, or with a snapshot.
	Welcomed(resumed bool)
	// Opened is called when a room was folded from its log: how many records
	// beyond the snapshot, and how long it took.
	Opened(records int, took time.Duration, err error)
	// Saved is called when a snapshot was written, or not.
	Saved(bytes int, took time.Duration, err error)
	// Failed counts a room that panicked and was ended.
	Failed()
}

// Batch is what was decided, appended and published together.
type Batch struct {
	Commands int           // asked for by clients and the server
	Events   int           // that went into the log
	Waited   time.Duration // how long the oldest of the commands was in the inbox
	Append   time.Duration // how long the store took; 0: nothing was to be stored
}

// nobody is the observer of a house that has none.
type nobody struct{}

func (nobody) Batched(Batch)                    {}
func (nobody) Refused(string)                   {}
func (nobody) Welcomed(bool)                    {}
func (nobody) Opened(int, time.Duration, error) {}
func (nobody) Saved(int, time.Duration, error)  {}
func (nobody) Failed()                          {}

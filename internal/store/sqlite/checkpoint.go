package sqlite

import (
	"errors"
	"time"

	"go.uber.org/zap"
)

// Sizes of the log of changes (WAL) that waits to be moved into the file.
const (
	pageSize = 4096
	walSoft  = 4000     // pages: the checkpointer is called while the writer goes on
	walHard  = 16000    // pages: the writer does it itself, because nobody kept up with it
	walKeep  = 64 << 20 // bytes of the WAL that stay on the disk after a burst
)

// idle is how long no commit must have come before the WAL is moved.
const idle = time.Second

// checkpointer moves the WAL into the file, on its own connection and in
// SQLite's passive way, which never makes the writer wait.
type checkpointer struct {
	log      *zap.Logger
	pokes    chan struct{}
	stopping chan struct{}
	done     chan struct{}
	counters *counters

	conn conn // owned by loop
}

func newCheckpointer(c conn, counts *counters, log *zap.Logger) *checkpointer {
	return &checkpointer{
		log:      log,
		pokes:    make(chan struct{}, 1),
		stopping: make(chan struct{}),
		done:     make(chan struct{}),
		counters: counts,
		conn:     c,
	}
}

func (c *checkpointer) stop() {
	close(c.stopping)
	<-c.done
}

// poke asks for a checkpoint soon.
func (c *checkpointer) poke() {
	select {
	case c.pokes <- struct{}{}:
	default: // one is already asked for
	}
}

func (c *checkpointer) loop() {
	defer close(c.done)
	tick := time.NewTicker(idle)
	defer tick.Stop()
	var seen, moved uint64 // commits at the last tick and at the last checkpoint
	for {
		select {
		case <-c.pokes:
		case <-tick.C:
			now := c.counters.commits.Load() + c.counters.filings.Load()
			quiet := now == seen
			seen = now
			if !quiet || now == moved {
				continue
			}
			moved = now
		case <-c.stopping:
			return
		}
		c.passive(c.conn)
	}
}

// passive moves what can be moved without waiting for anybody.
func (c *checkpointer) passive(on conn) {
	busy, err := on.number("PRAGMA wal_checkpoint(PASSIVE)")
	if err != nil {
		c.log.Warn("the store's log of changes could not be moved into its file", zap.Error(err))
	} else if busy == 0 {
		c.counters.checkpoints.Add(1)
	}
}

// errScrub says that a destroyed key may still be in the WAL.
var errScrub = errors.New("the log of changes is in use and still holds what was to be destroyed")

// truncate moves the whole WAL and cuts it to nothing, so that no older page
// image survives in it. It waits for readers, but not for ever.
func (c *checkpointer) truncate(on conn) error {
	busy, err := on.number("PRAGMA wal_checkpoint(TRUNCATE)")
	if err != nil {
		return err
	}
	if busy != 0 {
		return errScrub
	}
	c.counters.checkpoints.Add(1)
	return nil
}

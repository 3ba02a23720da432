package sqlite

import (
	"os"
	"time"
)

// Stats is what the store has done since it was opened, and how it stands.
type Stats struct {
	Jobs        uint64 // writes that were asked for and answered
	Refused     uint64 // of them: not carried out, whatever the reason
	Rows        uint64 // records, entries and behaviours written
	Commits     uint64 // transactions that reached the disk for somebody
	Largest     uint64 // most writes in one transaction
	Filed       uint64 // records moved from the tail to where they belong
	Checkpoints uint64 // times that the WAL was moved into the file
	Probes      uint64 // times that the store tried by itself whether it can write

	Waiting  int   // writes in the queue now
	Tail     int   // records in the tail now
	WALPages int64 // pages in the WAL, as of the last commit
	Bytes    int64 // size of the database file
	WALBytes int64 // size of the WAL beside it
}

// Stats returns the store's figures.
func (s *Store) Stats() Stats {
	c := s.writer.counters
	return Stats{
		Jobs:        c.jobs.Load(),
		Refused:     c.refused.Load(),
		Rows:        c.rows.Load(),
		Commits:     c.commits.Load(),
		Largest:     c.largest.Load(),
		Filed:       c.filed.Load(),
		Checkpoints: c.checkpoints.Load(),
		Probes:      c.probes.Load(),
		Waiting:     len(s.writer.jobs),
		Tail:        int(c.waiting.Load()),
		WALPages:    c.walPages.Load(),
		Bytes:       sizeOf(s.path),
		WALBytes:    sizeOf(s.path + "-wal"),
	}
}

func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// OnCommit has f called after each batch of writes: how many there were, how
// many rows they wrote, and how long it took until all were on the disk or
// refused. It is set before the store is used; f is called on the writer's
// goroutine and must not block.
func (s *Store) OnCommit(f func(jobs, rows int, took time.Duration)) { s.writer.onCommit = f }

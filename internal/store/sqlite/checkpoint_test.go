package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/internal/store/sqlite"
)

// When nobody has written for a moment, what is in the WAL moves into the
// file.
func TestCheckpointWhenIdle(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "lyceum.db")
	s := opened(t, dir, sqlite.Config{})
	_, err := s.OpenLog(t.Context(), "a")
	must(t, err)
	must(t, s.Append(t.Context(), "a", 0, records(0, 100, 4000)))
	before, err := os.Stat(path)
	must(t, err)

	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for s.Stats().Checkpoints == 0 {
		select {
		case <-look.C:
		case <-time.After(20 * time.Second):
			t.Fatal("no checkpoint")
		}
	}
	after, err := os.Stat(path)
	must(t, err)
	if after.Size() < before.Size()+100*4000 {
		t.Errorf("the file went from %d to %d bytes", before.Size(), after.Size())
	}
}

// Under a load that never pauses the WAL is reused all the same.
func TestWALStaysBounded(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, dir, sqlite.Config{})
	_, err := s.OpenLog(t.Context(), "a")
	must(t, err)
	const total = 150 << 20 // bytes, twice what the WAL may hold
	last := uint64(0)
	for written := 0; written < total; written += 100 * 10_000 {
		must(t, s.Append(t.Context(), "a", last, records(last, 100, 10_000)))
		last += 100
	}
	info, err := os.Stat(filepath.Join(dir, "lyceum.db-wal"))
	must(t, err)
	if info.Size() > 100<<20 {
		t.Errorf("the WAL has %d bytes", info.Size())
	}
	if s.Stats().Checkpoints == 0 {
		t.Error("no checkpoint")
	}
}

package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"
	"go.uber.org/zap/zaptest"

	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/internal/store/storetest"
	"github.com/lyceum-live/lyceum/reward"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

func TestContracts(t *testing.T) {
	storetest.Run(t, func(t *testing.T) func() storetest.Everything {
		dir := t.TempDir()
		return func() storetest.Everything { return open(t, dir, sqlite.Config{}) }
	})
}

// open opens the store in dir; the caller closes it.
func open(t testing.TB, dir string, config sqlite.Config) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), dir, config, zaptest.NewLogger(t))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// opened opens a store that is closed at the end of the test.
func opened(t testing.TB, dir string, config sqlite.Config) *sqlite.Store {
	t.Helper()
	s := open(t, dir, config)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// records are n records after a position, each with size bytes of data.
func records(after uint64, n, size int) []room.Record {
	rs := make([]room.Record, n)
	for i := range rs {
		seq := after + uint64(i) + 1
		rs[i] = room.Record{V: 1, Seq: seq, Kind: "chat.said", By: "u1", Key: fmt.Sprint("k", seq), Data: make([]byte, size)}
	}
	return rs
}

// fill appends to the room until the store refuses, and returns the last
// position that was acknowledged and the refusal.
func fill(t testing.TB, s *sqlite.Store, id wire.RoomID) (last uint64, err error) {
	t.Helper()
	info, err := s.OpenLog(t.Context(), id)
	must(t, err)
	for last = info.Last; last < 1e6; last += 10 {
		if err := s.Append(t.Context(), id, last, records(last, 10, 1000)); err != nil {
			return last, err
		}
	}
	t.Fatal("the store never filled up")
	return 0, nil
}

func TestManyWritersShareACommit(t *testing.T) {
	const writers, each = 200, 20
	s := opened(t, t.TempDir(), sqlite.Config{})
	before := s.Stats()
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			id := wire.RoomID(fmt.Sprint("room-", i))
			if _, err := s.OpenLog(t.Context(), id); err != nil {
				t.Error(err)
			}
			for n := range uint64(each) {
				if err := s.Append(t.Context(), id, n, records(n, 1, 10)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	after := s.Stats()
	commits, jobs := after.Commits-before.Commits, after.Jobs-before.Jobs
	if jobs != writers*(each+1) || after.Rows-before.Rows != writers*each || after.Refused != 0 {
		t.Fatalf("stats: %+v", after)
	}
	if commits > jobs/10 || after.Largest < 10 {
		t.Errorf("%d writes took %d commits, the largest of %d", jobs, commits, after.Largest)
	}
}

func TestFullStoreRefusesAndRecovers(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, sqlite.Config{MaxBytes: 1 << 20})
	last, err := fill(t, s, "a")
	if !errors.Is(err, room.ErrFull) || wire.Public(err).Code != "store.full" {
		t.Fatalf("got %v, want %v", err, room.ErrFull)
	}
	if err := s.SaveModel(t.Context(), "m", 1, make([]byte, 100_000)); !errors.Is(err, room.ErrFull) {
		t.Errorf("another kind of write: %v", err)
	}
	// Nothing of what was refused is there, and all of the rest can be read.
	got, err := s.Read(t.Context(), "a", 0, 1e6)
	must(t, err)
	if uint64(len(got)) != last {
		t.Errorf("%d records, %d were acknowledged", len(got), last)
	}
	// There is room again: it goes on by itself, where it was.
	must(t, s.SetMaxBytes(t.Context(), 2<<20))
	must(t, s.Append(t.Context(), "a", last, records(last, 10, 1000)))
	must(t, s.Close())

	s = opened(t, dir, sqlite.Config{})
	info, err := s.OpenLog(t.Context(), "a")
	must(t, err)
	if info.Last != last+10 {
		t.Errorf("the log ends at %d, want %d", info.Last, last+10)
	}
}

func TestStoreThatCannotWriteIsReadableAndRecovers(t *testing.T) {
	s := opened(t, t.TempDir(), sqlite.Config{})
	_, err := s.OpenLog(t.Context(), "a")
	must(t, err)
	must(t, s.Append(t.Context(), "a", 0, records(0, 3, 10)))
	must(t, s.SetReadOnly(t.Context(), true))
	if err := s.Append(t.Context(), "a", 3, records(3, 1, 10)); !errors.Is(err, room.ErrUnavailable) {
		t.Fatalf("got %v, want %v", err, room.ErrUnavailable)
	}
	got, err := s.Read(t.Context(), "a", 0, 10)
	must(t, err)
	if len(got) != 3 {
		t.Errorf("%d records", len(got))
	}
	must(t, s.SetReadOnly(t.Context(), false))
	must(t, s.Append(t.Context(), "a", 3, records(3, 1, 10)))
}

// A write that SQLite itself refuses is undone alone, whoever it shares a
// transaction with.
func TestOneFailureIsItsOwn(t *testing.T) {
	s := opened(t, t.TempDir(), sqlite.Config{})
	_, err := s.OpenLog(t.Context(), "a")
	must(t, err)
	_, _, err = s.Grant(t.Context(), []reward.Entry{{Key: "rich", User: "ana", Points: math.MaxInt64}})
	must(t, err)
	const others = 100
	var all sync.WaitGroup
	for i := range others {
		all.Go(func() {
			entries := []reward.Entry{
				{Key: fmt.Sprint("ben", i), User: "ben", Points: 1},
				{Key: fmt.Sprint("ana", i), User: "ana", Points: 1}, // the sum is no integer any more
			}
			if fresh, _, err := s.Grant(t.Context(), entries); err == nil {
				t.Errorf("granted %v", fresh)
			}
		})
		all.Go(func() {
			if _, _, err := s.Grant(t.Context(), []reward.Entry{{Key: fmt.Sprint("cy", i), User: "cy", Points: 1}}); err != nil {
				t.Error(err)
			}
		})
	}
	for n := range uint64(others) {
		must(t, s.Append(t.Context(), "a", n, records(n, 1, 10)))
	}
	all.Wait()
	for user, want := range map[wire.UserID]int64{"ana": math.MaxInt64, "ben": 0, "cy": others} {
		got, err := s.Balance(t.Context(), user)
		must(t, err)
		if got != want {
			t.Errorf("%s has %d, want %d", user, got, want)
		}
	}
}

func TestCloseAnswersEverybody(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	dir := t.TempDir()
	s := open(t, dir, sqlite.Config{Queue: 4})
	const writers = 50
	acked := make([]uint64, writers)
	running := make(chan struct{}, writers)
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			id := wire.RoomID(fmt.Sprint("room-", i))
			_, err := s.OpenLog(context.Background(), id)
			running <- struct{}{}
			for n := uint64(0); err == nil; n++ {
				if err = s.Append(context.Background(), id, n, records(n, 1, 10)); err == nil {
					acked[i] = n + 1
				}
			}
			if !errors.Is(err, sqlite.ErrClosed) || !errors.Is(err, room.ErrUnavailable) {
				t.Errorf("after Close: %v", err)
			}
		})
	}
	for range writers {
		<-running
	}
	must(t, s.Close())
	all.Wait()
	must(t, s.Close())

	s = open(t, dir, sqlite.Config{})
	defer s.Close()
	for i, want := range acked {
		info, err := s.OpenLog(t.Context(), wire.RoomID(fmt.Sprint("room-", i)))
		must(t, err)
		if info.Last != want {
			t.Errorf("room %d ends at %d, %d were acknowledged", i, info.Last, want)
		}
	}
}

func TestFilesAreTheirOwners(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := opened(t, dir, sqlite.Config{})
	_, err := s.OpenLog(t.Context(), "a")
	must(t, err)
	info, err := os.Stat(dir)
	must(t, err)
	if info.Mode().Perm() != 0o700 {
		t.Errorf("the directory has mode %v", info.Mode())
	}
	files, err := os.ReadDir(dir)
	must(t, err)
	for _, f := range files {
		info, err := f.Info()
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", f.Name(), info.Mode())
		}
	}
	if len(files) < 3 {
		t.Errorf("only %d files", len(files))
	}
}

package sqlite_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// eventually waits until ok, which the store comes to by itself.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	late := time.After(30 * time.Second)
	for !ok() {
		select {
		case <-look.C:
		case <-late:
			t.Fatalf("never %s", what)
		}
	}
}

// copyOf copies a store's files as a crash at this moment would leave them.
func copyOf(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	for _, name := range []string{"lyceum.db", "lyceum.db-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(to, name), b, 0o600))
	}
	return to
}

// Many rooms append singly, more than the tail holds, and some of them much at
// once: what was acknowledged is read at any moment, and is there after a
// crash at any stage of the filing.
func TestTailIsFiledWithoutALoss(t *testing.T) {
	const rooms, rounds = 1500, 27
	dir := t.TempDir()
	s := open(t, dir, sqlite.Config{})
	defer func() { must(t, s.Close()) }()
	last := make([]uint64, rooms)
	id := func(i int) wire.RoomID { return wire.RoomID(fmt.Sprint("room-", i)) }
	check := func(s *sqlite.Store, when string) {
		t.Helper()
		for i := range rooms {
			info, err := s.OpenLog(t.Context(), id(i))
			must(t, err)
			got, err := s.Read(t.Context(), id(i), 0, 1e6)
			must(t, err)
			if info.Last != last[i] || uint64(len(got)) != last[i] {
				t.Fatalf("%s: %s ends at %d and has %d records, %d were acknowledged", when, id(i), info.Last, len(got), last[i])
			}
			for n, r := range got {
				if r.Seq != uint64(n)+1 || string(r.Data) != string(id(i)) {
					t.Fatalf("%s: record %d of %s is %d %q", when, n+1, id(i), r.Seq, r.Data)
				}
			}
		}
	}
	crashes := 0
	for round := range rounds {
		var all sync.WaitGroup
		for i := range rooms {
			all.Go(func() {
				if round == 0 {
					if _, err := s.OpenLog(t.Context(), id(i)); err != nil {
						t.Error(err)
					}
				}
				chance := rand.New(rand.NewPCG(uint64(round), uint64(i)))
				n := 1
				if chance.IntN(60) == 0 {
					n = 10 + chance.IntN(200) // a long append amid short ones
				}
				batch := records(last[i], n, 0)
				for j := range batch {
					batch[j].Data = []byte(id(i))
				}
				if err := s.Append(t.Context(), id(i), last[i], batch); err != nil {
					t.Error(err)
				}
				clear(batch) // the store must not keep what is ours
				last[i] += uint64(n)
			})
		}
		all.Wait()
		if t.Failed() {
			return
		}
		if round%9 == 8 {
			crashed := open(t, copyOf(t, dir), sqlite.Config{})
			check(crashed, fmt.Sprint("after a crash in round ", round))
			must(t, crashed.Close())
			crashes++
		}
	}
	check(s, "at the end")
	stats := s.Stats()
	if stats.Filed == 0 {
		t.Error("nothing was filed under load")
	}
	eventually(t, "filed", func() bool { return s.Stats().Tail == 0 })
	check(s, "filed")
	t.Logf("%d crashes, %d records filed under load, %d in all", crashes, stats.Filed, s.Stats().Filed)
}

func TestClosedStoreHasNoTail(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, sqlite.Config{})
	_, err := s.OpenLog(t.Context(), "a")
	must(t, err)
	must(t, s.Append(t.Context(), "a", 0, records(0, 3, 10)))
	must(t, s.Close())
	filed, err := sqlite.Count(filepath.Join(dir, "lyceum.db"), "SELECT count(*) FROM records")
	must(t, err)
	waiting, err := sqlite.Count(filepath.Join(dir, "lyceum.db"), "SELECT count(*) FROM tail")
	must(t, err)
	if filed != 3 || waiting != 0 {
		t.Errorf("%d records are filed, %d rows wait", filed, waiting)
	}
}

// A bit that flips in what is not filed yet is found when the store is opened.
func TestDamagedTailIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, sqlite.Config{})
	_, err := s.OpenLog(t.Context(), "a")
	must(t, err)
	must(t, s.Append(t.Context(), "a", 0, records(0, 3, 10)))
	crashed := copyOf(t, dir)
	must(t, s.Close())
	path := filepath.Join(crashed, "lyceum.db")
	must(t, sqlite.Execute(path, "UPDATE tail SET records = CAST(replace(records, 'chat.said', 'chat.sbid') AS BLOB)"))
	if _, err := sqlite.Open(t.Context(), crashed, sqlite.Config{}, zaptest.NewLogger(t)); !errors.Is(err, sqlite.ErrDamaged) {
		t.Fatalf("got %v, want %v", err, sqlite.ErrDamaged)
	}
	must(t, sqlite.Execute(path, "UPDATE tail SET records = CAST(replace(records, 'chat.sbid', 'chat.said') AS BLOB)"))
	opened(t, crashed, sqlite.Config{})
}

// What was trimmed does not come back out of rows of the tail that are kept
// for other rooms' sake.
func TestTrimmedRecordsStayAway(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, sqlite.Config{})
	defer func() { must(t, s.Close()) }()
	var all sync.WaitGroup
	for i := range 50 { // share rows of the tail
		all.Go(func() {
			id := wire.RoomID(fmt.Sprint("room-", i))
			_, err := s.OpenLog(t.Context(), id)
			for n := uint64(0); err == nil && n < 20; n++ {
				err = s.Append(t.Context(), id, n, records(n, 1, 10))
			}
			if err == nil {
				err = s.SaveSnapshot(t.Context(), id, room.Snapshot{Seq: 20, Data: []byte("s")})
			}
			if err == nil && i%2 == 0 {
				_, err = s.Trim(t.Context(), id, 1<<62, nil)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	crashed := opened(t, copyOf(t, dir), sqlite.Config{})
	for i := range 50 {
		want := uint64(1)
		if i%2 == 0 {
			want = 20
		}
		id := wire.RoomID(fmt.Sprint("room-", i))
		info, err := crashed.OpenLog(t.Context(), id)
		must(t, err)
		got, err := crashed.Read(t.Context(), id, 0, 100)
		must(t, err)
		if info.First != want || info.Last != 20 || len(got) != int(21-want) || got[0].Seq != want {
			t.Errorf("%s: %+v, %d records", id, info, len(got))
		}
	}
}

// A store that fills up by short appends loses none that it acknowledged,
// though there is no room to file them, not even when it is closed.
func TestTailOfAFullStore(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, sqlite.Config{MaxBytes: 1 << 20})
	_, err := s.OpenLog(t.Context(), "a")
	must(t, err)
	last := uint64(0)
	for err == nil {
		if err = s.Append(t.Context(), "a", last, records(last, 1, 900)); err == nil {
			last++
		}
	}
	if !errors.Is(err, room.ErrFull) {
		t.Fatalf("got %v, want %v", err, room.ErrFull)
	}
	whole := func(s *sqlite.Store) {
		t.Helper()
		got, err := s.Read(t.Context(), "a", 0, 1e6)
		must(t, err)
		if uint64(len(got)) != last || lastOf(t, s, "a") != last {
			t.Fatalf("%d records and %d, %d were acknowledged", len(got), lastOf(t, s, "a"), last)
		}
	}
	whole(s)
	must(t, s.Close())
	s = open(t, dir, sqlite.Config{MaxBytes: 1 << 20})
	whole(s)
	must(t, s.SetMaxBytes(t.Context(), 8<<20))
	must(t, s.Append(t.Context(), "a", last, records(last, 1, 900)))
	last++
	eventually(t, "filed", func() bool { return s.Stats().Tail == 0 })
	whole(s)
	must(t, s.Close())
}

func TestReadySaysWhyAndRecovers(t *testing.T) {
	s := opened(t, t.TempDir(), sqlite.Config{MaxBytes: 1 << 20})
	must(t, s.Ready())
	_, err := fill(t, s, "a")
	if !errors.Is(err, room.ErrFull) || !errors.Is(s.Ready(), room.ErrFull) {
		t.Fatalf("full: %v, %v", err, s.Ready())
	}
	must(t, s.SetMaxBytes(t.Context(), 4<<20)) // which is a write that succeeds
	must(t, s.Ready())
	must(t, s.SetReadOnly(t.Context(), true))
	if err := s.SetCursor(t.Context(), "points", "a", 1); err == nil || !errors.Is(s.Ready(), room.ErrUnavailable) {
		t.Fatalf("read-only: %v, %v", err, s.Ready())
	}
	eventually(t, "probed and still ill", func() bool { return s.Stats().Probes > 1 })
	if !errors.Is(s.Ready(), room.ErrUnavailable) {
		t.Fatalf("read-only and probed: %v", s.Ready())
	}
	s.HealOutside() // nobody writes, and yet it recovers
	eventually(t, "ready again", func() bool { return s.Ready() == nil })
	must(t, s.Append(t.Context(), "a", lastOf(t, s, "a"), records(lastOf(t, s, "a"), 1, 10)))
}

func lastOf(t *testing.T, s *sqlite.Store, id wire.RoomID) uint64 {
	t.Helper()
	info, err := s.OpenLog(t.Context(), id)
	must(t, err)
	return info.Last
}

func TestOnCommitHearsOfEveryWrite(t *testing.T) {
	s := opened(t, t.TempDir(), sqlite.Config{})
	var jobs, rows int
	s.OnCommit(func(j, r int, took time.Duration) {
		jobs, rows = jobs+j, rows+r
		if took <= 0 {
			t.Errorf("a commit took %v", took)
		}
	})
	_, err := s.OpenLog(t.Context(), "a")
	must(t, err)
	must(t, s.Append(t.Context(), "a", 0, records(0, 7, 10)))
	if err := s.Append(t.Context(), "a", 0, records(0, 1, 10)); !errors.Is(err, room.ErrMoved) {
		t.Error(err)
	}
	must(t, s.Close())
	if jobs != 3 || rows != 7 {
		t.Errorf("%d writes with %d rows", jobs, rows)
	}
	stats := s.Stats()
	if stats.Jobs != 3 || stats.Rows != 7 || stats.Refused != 1 || stats.Bytes == 0 || stats.Tail != 0 {
		t.Errorf("%+v", stats)
	}
	if err := s.Ready(); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("a closed store: %v", err)
	}
}

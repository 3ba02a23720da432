package sqlite_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/quiz/bank"
	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/reward"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// content is all that a small store holds, as its callers see it. The files
// testdata/v*.json.gz were written by the version that made the database
// beside them.
type content struct {
	Rooms     map[wire.RoomID]classContent
	Keys      map[wire.UserID][]byte
	Ledger    map[wire.UserID][]reward.Entry
	Behaviors []recommend.Behavior
	Models    map[string]modelContent
}

type classContent struct {
	Info     room.LogInfo
	Records  []room.Record
	Snapshot room.Snapshot
	Cursors  map[string]uint64
}

type modelContent struct {
	At   int64
	Data []byte
}

// contentOf reads from s what want has, by the same names.
func contentOf(t *testing.T, s *sqlite.Store, want content) (c content) {
	t.Helper()
	ctx := t.Context()
	ids, err := s.Rooms(ctx)
	must(t, err)
	c.Rooms = map[wire.RoomID]classContent{}
	for _, id := range ids {
		class := classContent{Cursors: map[string]uint64{}}
		class.Info, err = s.OpenLog(ctx, id)
		must(t, err)
		class.Records, err = s.Read(ctx, id, 0, 1e6)
		must(t, err)
		class.Snapshot, err = s.Snapshot(ctx, id)
		must(t, err)
		for name := range want.Rooms[id].Cursors {
			class.Cursors[name], err = s.Cursor(ctx, name, id)
			must(t, err)
		}
		c.Rooms[id] = class
	}
	c.Keys, err = s.Keys(ctx, append(slices.Collect(maps.Keys(want.Keys)), "u4", "nobody")) // u4's was destroyed
	must(t, err)
	c.Ledger = map[wire.UserID][]reward.Entry{}
	for user, entries := range want.Ledger {
		sum := int64(0)
		for _, e := range entries {
			sum += e.Points
		}
		c.Ledger[user], _, err = s.History(ctx, user, "", 1e6)
		must(t, err)
		if balance, err := s.Balance(ctx, user); err != nil || balance != sum {
			t.Errorf("%s has %d points, want %d: %v", user, balance, sum, err)
		}
	}
	c.Behaviors, _, err = s.ReadBehaviors(ctx, 0, 1e6)
	must(t, err)
	c.Models = map[string]modelContent{}
	for name := range want.Models {
		at, data, err := s.Model(ctx, name)
		must(t, err)
		c.Models[name] = modelContent{at, data}
	}
	return c
}

// unpack puts an older version's file into a new directory, and returns what
// it holds.
func unpack(t *testing.T, version int) (dir string, want content) {
	t.Helper()
	dir = t.TempDir()
	unzip := func(name string) []byte {
		f, err := os.Open(filepath.Join("testdata", name))
		must(t, err)
		defer f.Close()
		z, err := gzip.NewReader(f)
		must(t, err)
		b, err := io.ReadAll(z)
		must(t, err)
		return b
	}
	must(t, os.WriteFile(filepath.Join(dir, "lyceum.db"), unzip(fmt.Sprintf("v%d.db.gz", version)), 0o600))
	must(t, json.Unmarshal(unzip(fmt.Sprintf("v%d.json.gz", version)), &want))
	return dir, want
}

func TestOlderVersionsAreMigrated(t *testing.T) {
	for version := 1; version <= older; version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			dir, want := unpack(t, version)
			for _, when := range []string{"migrated", "opened again"} {
				s := open(t, dir, sqlite.Config{})
				if got := contentOf(t, s, want); !reflect.DeepEqual(got, want) {
					t.Fatalf("%s:\n got %+v\nwant %+v", when, got, want)
				}
				must(t, s.Close())
			}
			usable(t, dir, want)
		})
	}
}

// older is the newest version that is older than this one: its file was
// written while the tail held records.
const older = 3

// usable writes to a file that was migrated as to any other.
func usable(t *testing.T, dir string, want content) {
	t.Helper()
	s := opened(t, dir, sqlite.Config{})
	q, err := bank.NewEntry(quiz.Draft{Text: "Which?", Choices: []string{"a", "b"}, Correct: []int{0}, Tags: []string{"new"}})
	must(t, err)
	if items, _, err := s.AddQuestions(t.Context(), "ana", 1, []bank.Entry{q}); err != nil || items[0].ID == 0 {
		t.Errorf("%+v, %v", items, err)
	}
	if len(want.Rooms["long-one"].Records) < 300 {
		return // it was trimmed
	}
	must(t, s.Append(t.Context(), "long-one", 300, records(300, 3, 10)))
	must(t, s.SaveSnapshot(t.Context(), "long-one", room.Snapshot{Seq: 303, Data: []byte("s"), Keys: []byte("k")}))
	for gone := 0; gone < 302; {
		n, err := s.Trim(t.Context(), "long-one", 1<<62, nil)
		must(t, err)
		if gone += n; n == 0 {
			t.Fatalf("%d records were trimmed", gone)
		}
	}
	info, err := s.OpenLog(t.Context(), "long-one")
	must(t, err)
	if info.Epoch != want.Rooms["long-one"].Info.Epoch || info.First != 303 || info.Last != 303 {
		t.Errorf("%+v", info)
	}
}

// A migration that is cut off anywhere leaves the version before it, whole,
// and is done when the file is opened next. What a crash leaves is the file
// and a beginning of the WAL.
func TestInterruptedMigration(t *testing.T) {
	dir, want := unpack(t, 1)
	path := filepath.Join(dir, "lyceum.db")
	before, err := os.ReadFile(path)
	must(t, err)
	var wal []byte
	must(t, sqlite.MigrateAndLook(path, func() {
		wal, err = os.ReadFile(path + "-wal")
		must(t, err)
	}))
	if len(wal) < 2*4096 {
		t.Fatalf("the WAL has %d bytes", len(wal))
	}
	const header, frame = 32, 24 + 4096
	versions := map[int64]int{}
	for n := 0; n <= len(wal); n += frame / 3 {
		dir := t.TempDir()
		path := filepath.Join(dir, "lyceum.db")
		must(t, os.WriteFile(path, before, 0o600))
		must(t, os.WriteFile(path+"-wal", wal[:n], 0o600))
		version, err := sqlite.Version(path)
		must(t, err)
		versions[version]++
		s := open(t, dir, sqlite.Config{})
		if got := contentOf(t, s, want); !reflect.DeepEqual(got, want) {
			t.Fatalf("cut at %d of %d, version %d: the content is another one", n, len(wal), version)
		}
		must(t, s.Close())
	}
	if versions[1] == 0 || versions[older] == 0 || len(versions) > older+1 {
		t.Errorf("versions found: %v", versions)
	}
	if (len(wal)-header)%frame == 0 && versions[older+1] == 0 {
		t.Logf("never cut behind the last commit: %v", versions)
	}
	if after, err := os.ReadFile(path); err != nil || bytes.Equal(before, after) {
		t.Errorf("the file that was migrated is as before: %v", err)
	}
}

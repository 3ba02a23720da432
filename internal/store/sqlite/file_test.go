package sqlite_test

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap/zaptest"

	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/reward"
	"github.com/lyceum-live/lyceum/wire"
)

// A file that is not ours or not whole is named and left as it is.
func TestOpenRefusesWhatItCannotRead(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(t *testing.T, path string)
		want  error
	}{
		{"not a database", func(t *testing.T, path string) {
			must(t, os.WriteFile(path, bytes.Repeat([]byte("My holiday in Chengdu. "), 1000), 0o600))
		}, sqlite.ErrForeign},
		{"another program's database", func(t *testing.T, path string) {
			must(t, os.Remove(path))
			db, err := sql.Open("sqlite", path)
			must(t, err)
			_, err = db.Exec("CREATE TABLE cookies (name TEXT); INSERT INTO cookies VALUES ('a')")
			must(t, err)
			must(t, db.Close())
		}, sqlite.ErrForeign},
		{"a newer version", func(t *testing.T, path string) {
			edit(t, path, func(b []byte) []byte { binary.BigEndian.PutUint32(b[60:], 99); return b })
		}, sqlite.ErrNewer},
		{"empty", func(t *testing.T, path string) { must(t, os.Truncate(path, 0)) }, sqlite.ErrDamaged},
		{"cut in its header", func(t *testing.T, path string) { must(t, os.Truncate(path, 60)) }, sqlite.ErrDamaged},
		{"cut in its first page", func(t *testing.T, path string) { must(t, os.Truncate(path, 1000)) }, sqlite.ErrDamaged},
		{"cut in the middle", func(t *testing.T, path string) {
			edit(t, path, func(b []byte) []byte { return b[:len(b)/2/4096*4096] })
		}, sqlite.ErrDamaged},
		{"cut at its last page", func(t *testing.T, path string) {
			edit(t, path, func(b []byte) []byte { return b[:len(b)-1] })
		}, sqlite.ErrDamaged},
		{"its first page torn", func(t *testing.T, path string) {
			edit(t, path, func(b []byte) []byte { clear(b[100:4096]); return b })
		}, sqlite.ErrDamaged},
		{"missing beside its WAL", func(t *testing.T, path string) {
			must(t, os.Rename(path, path+"-wal"))
		}, sqlite.ErrDamaged},
		{"a directory", func(t *testing.T, path string) {
			must(t, os.Remove(path))
			must(t, os.Mkdir(path, 0o700))
		}, sqlite.ErrForeign},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "lyceum.db")
			s := open(t, dir, sqlite.Config{})
			_, err := s.OpenLog(t.Context(), "a")
			must(t, err)
			must(t, s.Append(t.Context(), "a", 0, records(0, 50, 500)))
			must(t, s.Close())

			tt.spoil(t, path)
			before, _ := os.ReadFile(path)
			s, err = sqlite.Open(t.Context(), dir, sqlite.Config{}, zaptest.NewLogger(t))
			if err == nil {
				must(t, s.Close())
			}
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Errorf("the file was changed")
			}
		})
	}
}

func TestOneStoreAtATime(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, sqlite.Config{})
	for range 2 { // the first refusal must not loosen the lock
		if _, err := sqlite.Open(t.Context(), dir, sqlite.Config{}, zaptest.NewLogger(t)); !errors.Is(err, sqlite.ErrInUse) {
			t.Fatalf("second store: %v", err)
		}
	}
	_, err := s.OpenLog(t.Context(), "a")
	must(t, err)
	must(t, s.Close())
	opened(t, dir, sqlite.Config{})
}

// A crash while the first file is being made leaves nothing in the way.
func TestHalfMadeFileIsMadeAgain(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "lyceum.db.new"), []byte("SQLite for"), 0o600))
	s := opened(t, dir, sqlite.Config{})
	_, err := s.OpenLog(t.Context(), "a")
	must(t, err)
}

func TestOddPaths(t *testing.T) {
	for _, name := range []string{"with space", "a?mode=memory", "50%25#1", "课堂", "semi;colon&amp"} {
		dir := filepath.Join(t.TempDir(), name)
		s := open(t, dir, sqlite.Config{})
		_, err := s.OpenLog(t.Context(), "a")
		must(t, err)
		must(t, s.Close())
		if _, err := os.Stat(filepath.Join(dir, "lyceum.db")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMigrationsAreWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "lyceum.db")
	s := open(t, dir, sqlite.Config{})
	_, _, err := s.Grant(t.Context(), []reward.Entry{{Key: "k", User: "ana", Points: 5}})
	must(t, err)
	must(t, s.Close())

	released, err := sqlite.Migrate(path)
	must(t, err)
	good := fmt.Sprintf("CREATE TABLE more (a TEXT) STRICT; PRAGMA user_version = %d;", released+1)
	bad := fmt.Sprintf("CREATE TABLE evenmore (a TEXT) STRICT; INSERT INTO nowhere VALUES (1); PRAGMA user_version = %d;", released+2)
	for range 2 { // the second time, the first step is done already
		if version, err := sqlite.Migrate(path, good, bad); err == nil || version != released+1 {
			t.Fatalf("version %d, %v", version, err)
		}
	}
	mended := strings.Replace(bad, "nowhere", "evenmore", 1)
	version, err := sqlite.Migrate(path, good, mended)
	must(t, err)
	if version != released+2 {
		t.Errorf("version %d, want %d", version, released+2)
	}
	if _, err := sqlite.Open(t.Context(), dir, sqlite.Config{}, zaptest.NewLogger(t)); !errors.Is(err, sqlite.ErrNewer) {
		t.Errorf("an older program opens it: %v", err)
	}
}

func TestLedgerIsAppendOnly(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, sqlite.Config{})
	_, _, err := s.Grant(t.Context(), []reward.Entry{{Key: "k", User: "ana", Points: 5}})
	must(t, err)
	must(t, s.Close())
	db, err := sql.Open("sqlite", filepath.Join(dir, "lyceum.db"))
	must(t, err)
	defer db.Close()
	for _, change := range []string{"UPDATE ledger SET points = 6", "DELETE FROM ledger"} {
		if _, err := db.Exec(change); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", change, err)
		}
	}
}

// A destroyed key is in none of the files any more: not in a page that was
// split, not in the log of changes, not in what was deleted.
func TestDestroyedKeysLeaveNoBytes(t *testing.T) {
	const users = 600 // several pages of keys
	dir := t.TempDir()
	s := opened(t, dir, sqlite.Config{})
	chance := rand.New(rand.NewPCG(1, 2))
	keys := map[wire.UserID][]byte{}
	for i := range users {
		user := wire.UserID(fmt.Sprint("u", chance.Uint64(), i))
		key, err := s.EnsureKey(t.Context(), user)
		must(t, err)
		keys[user] = key
	}
	gone := map[wire.UserID][]byte{}
	for user, key := range keys {
		if chance.IntN(3) == 0 {
			must(t, s.DestroyKey(t.Context(), user))
			gone[user] = key
			delete(keys, user)
		}
	}
	if found := inFiles(t, dir, gone); found != 0 {
		t.Errorf("%d of %d destroyed keys are still in a file", found, len(gone))
	}
	if found := inFiles(t, dir, keys); found != len(keys) {
		t.Errorf("%d of %d living keys are in a file", found, len(keys))
	}
}

// inFiles counts the keys that are somewhere in a file of dir. Another
// process reads them, because closing a file here would drop the store's
// locks on it (fcntl(2)).
func inFiles(t *testing.T, dir string, keys map[wire.UserID][]byte) (found int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	must(t, err)
	all, err := exec.CommandContext(t.Context(), "cat", files...).Output()
	must(t, err)
	for _, key := range keys {
		if bytes.Contains(all, key) {
			found++
		}
	}
	return found
}

func edit(t *testing.T, path string, change func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, change(b), 0o600))
}

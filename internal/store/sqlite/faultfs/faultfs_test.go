package faultfs_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	modernc "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/lyceum-live/lyceum/internal/store/sqlite/faultfs"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// database opens dir's database on one connection. Without a WAL only EXTRA
// makes the end of a transaction, the journal's deletion, durable.
func database(t *testing.T, dir, journalMode string) *sql.DB {
	t.Helper()
	path := filepath.Join(dir, "a.db")
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode("+journalMode+")&_pragma=synchronous(EXTRA)&_error_rc=1")
	must(t, err)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { must(t, db.Close()) })
	return db
}

func watch(t *testing.T, dir string) *faultfs.Disk {
	t.Helper()
	d, err := faultfs.Watch(dir)
	must(t, err)
	t.Cleanup(d.Close)
	return d
}

func journal(t *testing.T, d *faultfs.Disk) faultfs.Journal {
	t.Helper()
	j, err := d.Journal()
	must(t, err)
	return j
}

// churn writes, changes and deletes rows, and leaves no transaction open.
func churn(t *testing.T, db *sql.DB, chance *rand.Rand, steps int) {
	t.Helper()
	_, err := db.Exec("CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY, b BLOB)")
	must(t, err)
	for range steps {
		switch chance.IntN(6) {
		case 0:
			_, err = db.Exec("DELETE FROM t WHERE n % 3 = 0")
		case 1:
			_, err = db.Exec("UPDATE t SET b = randomblob(?) WHERE n % 5 = 0", chance.IntN(5000))
		case 2:
			_, err = db.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
		case 3:
			_, err = db.Exec("VACUUM")
		default:
			_, err = db.Exec("INSERT INTO t (b) VALUES (randomblob(?))", chance.IntN(20_000))
		}
		must(t, err)
	}
}

// What the journal says is what is in the files, whatever SQLite does.
func TestJournalIsTheDisk(t *testing.T) {
	for _, mode := range []string{"WAL", "DELETE", "TRUNCATE", "PERSIST"} {
		t.Run(mode, func(t *testing.T) {
			dir := t.TempDir()
			chance := rand.New(rand.NewPCG(1, 2))
			must(t, func() error { // some is there before the watch
				db := database(t, dir, mode)
				churn(t, db, chance, 5)
				return db.Close()
			}())
			d := watch(t, dir)
			db := database(t, dir, mode)
			for range 10 {
				churn(t, db, chance, 5)
				j := journal(t, d)
				r := faultfs.NewReplay(j, chance)
				r.To(len(j.Ops))
				same(t, r.All(), dir)
				// A transaction that is committed is synced: the database is
				// whole with that alone.
				crashed := t.TempDir()
				must(t, r.Synced().Save(crashed))
				var rows, kept int
				must(t, db.QueryRow("SELECT count(*) FROM t").Scan(&rows))
				must(t, database(t, crashed, mode).QueryRow("SELECT count(*) FROM t").Scan(&kept))
				if rows != kept {
					t.Fatalf("%d rows of %d after a power cut", kept, rows)
				}
			}
		})
	}
}

// same checks that the image is what is in dir. Another process reads the
// files, because closing one here would drop SQLite's locks on it (fcntl(2)).
func same(t *testing.T, image faultfs.Image, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	must(t, err)
	found := 0
	for _, path := range files {
		name := filepath.Base(path)
		if strings.HasSuffix(name, "-shm") {
			continue
		}
		found++
		b, err := exec.CommandContext(t.Context(), "cat", path).Output()
		must(t, err)
		if want, ok := image[name]; !ok || !bytes.Equal(b, want) {
			t.Fatalf("%s has %d bytes, the journal says %d (%v), or others", name, len(b), len(want), ok)
		}
	}
	if found != len(image) {
		t.Fatalf("%d files of %d in the journal", found, len(image))
	}
}

func TestOtherDirectoriesAreLeftAlone(t *testing.T) {
	d := watch(t, t.TempDir())
	d.Fail(faultfs.Fault{Kind: faultfs.Write, Nth: 1, Many: true, Code: lib.SQLITE_IOERR_WRITE})
	churn(t, database(t, t.TempDir(), "WAL"), rand.New(rand.NewPCG(1, 2)), 10)
	if d.Now() != 0 || d.Count(faultfs.Open) != 0 {
		t.Errorf("%d operations", d.Now())
	}
	watch(t, t.TempDir()) // two may be watched
}

func TestFaults(t *testing.T) {
	for _, f := range []faultfs.Fault{
		{Kind: faultfs.Write, File: "-wal", Code: lib.SQLITE_IOERR_WRITE},
		{Kind: faultfs.Write, File: "-wal", Code: lib.SQLITE_FULL},
		{Kind: faultfs.Sync, File: "-wal", Code: lib.SQLITE_IOERR_FSYNC},
		{Kind: faultfs.Truncate, File: "-wal", Code: lib.SQLITE_IOERR_TRUNCATE},
		{Kind: faultfs.Sync, File: ".db", Code: lib.SQLITE_IOERR_FSYNC},
		{Kind: faultfs.Size, File: "-wal", Code: lib.SQLITE_IOERR_FSTAT},
	} {
		t.Run(fmt.Sprint(f.Kind, f.File, f.Code), func(t *testing.T) {
			dir := t.TempDir()
			d := watch(t, dir)
			work := func() error {
				db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "a.db")+"?_pragma=journal_mode(WAL)&_error_rc=1")
				must(t, err)
				db.SetMaxOpenConns(1)
				_, err = db.Exec(`CREATE TABLE IF NOT EXISTS t (n INTEGER); INSERT INTO t VALUES (1);
					PRAGMA wal_checkpoint(TRUNCATE)`)
				return errors.Join(err, db.Close())
			}
			must(t, work())
			f.Nth = 1
			d.Fail(f)
			err := work()
			if e, ok := errors.AsType[*modernc.Error](err); !ok || int32(e.Code()) != f.Code && int32(e.Code()) != f.Code&0xff {
				t.Errorf("got %v, want code %d", err, f.Code)
			}
			if d.Fired() != 1 {
				t.Errorf("fired %d times", d.Fired())
			}
			must(t, work()) // it was that one alone

			f.Many = true
			d.Fail(f)
			for range 2 {
				if err := work(); err == nil {
					t.Error("it works with a lasting fault")
				}
			}
			d.Heal()
			must(t, work())
		})
	}
}

// A drive that lies loses what was acknowledged.
func TestLies(t *testing.T) {
	dir := t.TempDir()
	d := watch(t, dir)
	db := database(t, dir, "WAL")
	_, err := db.Exec("CREATE TABLE t (n INTEGER)")
	must(t, err)
	d.Lie("")
	before := d.Now()
	_, err = db.Exec("INSERT INTO t VALUES (1)")
	must(t, err)
	j := journal(t, d)
	r := faultfs.NewReplay(j, rand.New(rand.NewPCG(1, 2)))
	r.To(len(j.Ops))
	crashed := t.TempDir()
	must(t, r.Synced().Save(crashed))
	var rows int
	must(t, database(t, crashed, "WAL").QueryRow("SELECT count(*) FROM t").Scan(&rows))
	if rows != 0 || len(j.Ops) == before {
		t.Errorf("%d rows, %d operations", rows, len(j.Ops)-before)
	}
	if _, err := os.Stat(filepath.Join(crashed, "a.db")); err != nil {
		t.Error(err)
	}
}

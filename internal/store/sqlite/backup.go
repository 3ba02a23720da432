package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	modernc "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// FileName is the database's name in the data directory.
const FileName = fileName

// LockName is the name of the lock in the data directory.
const LockName = lockName

// RestoreName is a directory in the data directory while what is restored is
// not all in its place. A store does not open beside it.
const RestoreName = "restore.part"

// copyPages is how many pages are copied before the caller's context is looked
// at again.
const copyPages = 1024

// Lock keeps stores, and others who lock it, away from a data directory until
// release is called or the process ends. It returns ErrInUse where somebody
// else has it.
func Lock(dir string) (release func() error, err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	lock, err := takeLock(dir)
	if err != nil {
		return nil, err
	}
	return lock.close, nil
}

// Copy writes the database of dir as it stands at one moment to a new file,
// and syncs it. The store may be open, here or in another process, and goes on
// writing meanwhile: what it had acknowledged when Copy began is in the copy.
func Copy(ctx context.Context, dir, to string) error {
	path := filepath.Join(dir, fileName)
	if err := copyDatabase(ctx, path, to); err != nil {
		return fmt.Errorf("copy %s: %w", path, err)
	}
	return nil
}

func copyDatabase(ctx context.Context, path, to string) (err error) {
	if path, err = filepath.Abs(path); err != nil {
		return err
	}
	if to, err = filepath.Abs(to); err != nil {
		return err
	}
	if _, err := os.Stat(path); err != nil { // never opened here: see takeLock
		return err
	}
	// Readers of a WAL write in its index; query_only keeps them off the rest.
	from, err := dial(dsn(path, url.Values{"mode": {"rw"}, "_pragma": {"busy_timeout(5000)", "query_only(1)"}}))
	if err == nil {
		defer func() { err = errors.Join(err, from.close()) }()
		err = identify(from)
	}
	if err != nil {
		if code(err) == lib.SQLITE_NOTADB {
			err = fmt.Errorf("%w: %w", ErrForeign, err)
		}
		return err
	}
	if err := touch(to); err != nil {
		return err
	}
	// The first reading fixes what is read until the end, whoever commits.
	if err := from.run("BEGIN; SELECT count(*) FROM sqlite_schema"); err != nil {
		return err
	}
	source, ok := from.raw.(interface {
		NewBackup(to string) (*modernc.Backup, error)
	})
	if !ok {
		return errors.New("the driver makes no backups")
	}
	backup, err := source.NewBackup(dsn(to, url.Values{"mode": {"rw"}}))
	if err != nil {
		return err
	}
	for more := true; more; {
		if err = ctx.Err(); err == nil {
			more, err = backup.Step(copyPages)
		}
		if err != nil {
			return errors.Join(err, backup.Finish())
		}
	}
	raw, err := backup.Commit()
	if err != nil {
		return err
	}
	copied := conn{raw, new([]driver.Stmt)}
	// Without a WAL the copy is one file.
	if err := errors.Join(copied.run("PRAGMA journal_mode=DELETE"), copied.close()); err != nil {
		return err
	}
	return syncFile(to)
}

// identify returns nil where c is open on a database of ours.
func identify(c conn) error {
	steps, err := migrations()
	if err != nil {
		return err
	}
	id, err := c.number("PRAGMA application_id")
	if err != nil {
		return err
	}
	if id != applicationID {
		return ErrForeign
	}
	version, err := c.number("PRAGMA user_version")
	if err != nil {
		return err
	}
	return checkVersion(uint64(version), len(steps))
}

// Check reads a database that nobody has open from end to end. It returns its
// version, and an error where it is not ours, newer or damaged. It changes
// nothing.
func Check(path string) (version int64, err error) {
	version, err = check(path)
	if err != nil {
		if isDamage(err) {
			err = fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		return 0, fmt.Errorf("check %s: %w", path, err)
	}
	return version, nil
}

func check(path string) (version int64, err error) {
	steps, err := migrations()
	if err != nil {
		return 0, err
	}
	if path, err = filepath.Abs(path); err != nil {
		return 0, err
	}
	if err := checkHeader(path, len(steps)); err != nil {
		return 0, err
	}
	c, err := dial(readerDSN(path))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	for _, query := range []string{"PRAGMA integrity_check(1)", "PRAGMA foreign_key_check"} {
		s, err := c.prepare(query)
		if err != nil {
			return 0, err
		}
		if row, err := s.row(); err != nil {
			return 0, err
		} else if row != nil && row[0] != "ok" {
			return 0, fmt.Errorf("%w: %v", ErrDamaged, row[0])
		}
	}
	if version, err = c.number("PRAGMA user_version"); err != nil {
		return 0, err
	}
	if version < int64(len(steps)) {
		return version, nil // what else there is, its migration will see
	}
	t, err := newTx(c, newTail())
	if err != nil {
		return 0, err
	}
	return version, t.load()
}

// NewEpochs gives each log of a database that nobody has open another name,
// because it may hold less than somebody has seen of it, and returns how many
// there are.
func NewEpochs(path string) (rooms int, err error) {
	if path, err = filepath.Abs(path); err != nil {
		return 0, err
	}
	c, err := dial(dsn(path, url.Values{"mode": {"rw"}, "_pragma": {"synchronous(FULL)"}}))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	all, err := c.prepare("SELECT id FROM rooms")
	if err != nil {
		return 0, err
	}
	rename, err := c.prepare("UPDATE rooms SET epoch = ? WHERE id = ?")
	if err != nil {
		return 0, err
	}
	var ids []any
	if err := all.each(func(row []driver.Value) error {
		ids = append(ids, row[0])
		return nil
	}); err != nil {
		return 0, err
	}
	if err := c.run("BEGIN IMMEDIATE"); err != nil {
		return 0, err
	}
	for _, id := range ids {
		if _, err := rename.exec(newEpoch(), id); err != nil {
			return 0, err // closing undoes it
		}
	}
	return len(ids), c.run("COMMIT")
}

// checkUnfinished refuses a directory in which a restore was cut off.
func checkUnfinished(dir string) error {
	_, err := os.Lstat(filepath.Join(dir, RestoreName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return ErrUnfinished
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

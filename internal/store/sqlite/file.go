package sqlite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	lib "modernc.org/sqlite/lib"
)

// Files in the data directory. SQLite adds -wal and -shm beside the first.
const (
	fileName = "lyceum.db"
	lockName = "lyceum.lock"
	newName  = "lyceum.db.new" // a database being made; it gets its name when it is whole
)

// takeLock keeps a second process, or a second store in this one, away from
// dir. The lock is SQLite's own on an empty file, so that it works wherever
// the database does, and it goes away with the process. The holder keeps the
// connection open.
func takeLock(dir string) (conn, error) {
	path := filepath.Join(dir, lockName)
	// Only a file that is missing is opened here: closing another descriptor
	// of a locked file would drop this process's locks on it (fcntl(2)).
	if err := touch(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return conn{}, err
	}
	c, err := dial(dsn(path, url.Values{"mode": {"rw"}, "_busy_timeout": {"0"}}))
	if err != nil {
		return conn{}, err
	}
	if err := c.run("BEGIN EXCLUSIVE"); err != nil {
		_ = c.close()
		if code(err) == lib.SQLITE_BUSY {
			return conn{}, ErrInUse
		}
		return conn{}, err
	}
	return c, nil
}

// prepareFile makes sure that dir has a database of ours that this program
// can read, and makes one where there is nothing yet. The caller has the lock.
func prepareFile(dir string, steps []string) error {
	path := filepath.Join(dir, fileName)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if rest, err := os.Stat(path + "-wal"); err == nil && rest.Size() > 0 {
			return fmt.Errorf("%w: %s is missing, its -wal is there", ErrDamaged, fileName)
		}
		return createFile(dir, steps)
	}
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return ErrForeign
	}
	if err := checkHeader(path, len(steps)); err != nil {
		return err
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Chmod(path+suffix, 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// createFile makes an empty database under another name and then gives it its
// own, so that lyceum.db is whole from its first moment and an empty or torn
// one is never mistaken for a new one.
func createFile(dir string, steps []string) error {
	path := filepath.Join(dir, newName)
	for _, suffix := range []string{"", "-journal", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := touch(path); err != nil {
		return err
	}
	c, err := dial(dsn(path, url.Values{"mode": {"rw"}}))
	if err != nil {
		return err
	}
	if err := errors.Join(migrate(c, steps), c.close()); err != nil {
		return err
	}
	if err := os.Rename(path, filepath.Join(dir, fileName)); err != nil {
		return err
	}
	return syncDir(dir)
}

// checkHeader reads the first bytes of a database without SQLite, so that a
// file that is not ours is not touched.
// https://www.sqlite.org/fileformat2.html#the_database_header
func checkHeader(path string, known int) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var header [100]byte
	switch n, err := io.ReadFull(f, header[:]); {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: it has only %d bytes", ErrDamaged, n)
	case err != nil:
		return err
	}
	if string(header[:16]) != "SQLite format 3\x00" || binary.BigEndian.Uint32(header[68:]) != applicationID {
		return ErrForeign
	}
	return checkVersion(uint64(binary.BigEndian.Uint32(header[60:])), known)
}

func checkVersion(version uint64, known int) error {
	if version > uint64(known) {
		return fmt.Errorf("%w: it has version %d, this program knows %d", ErrNewer, version, known)
	}
	return nil
}

// checkWhole refuses a file that is shorter than its own header says, once
// what a crash left in the WAL has been moved into it.
func checkWhole(c conn, path string) error {
	if _, err := c.number("PRAGMA wal_checkpoint(PASSIVE)"); isFull(err) {
		return nil // the rest is still in the WAL, where it can be read
	} else if err != nil {
		return err
	}
	pages, err := c.number("PRAGMA page_count")
	if err != nil {
		return err
	}
	size, err := c.number("PRAGMA page_size")
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Size() < pages*size {
		return fmt.Errorf("%w: it has %d bytes of %d", ErrDamaged, info.Size(), pages*size)
	}
	return nil
}

// touch makes an empty file that only its owner may read.
func touch(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// syncDir makes a rename in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// dsn names a file and how it is to be opened; path is absolute.
func dsn(path string, how url.Values) string {
	how.Set("_dqs", "0")
	how.Set("_defensive", "1")
	how.Set("_error_rc", "1")
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: how.Encode()}
	return u.String()
}

// writerDSN is for the only connection that writes.
//
//   - synchronous=FULL syncs the log of changes (WAL) before a commit returns.
//   - secure_delete=FAST overwrites what is deleted within a page, which keys
//     depend on, and lets pages that become free as a whole be: those had rows of
//     the tail, or records, in which what is personal is encrypted.
//   - wal_autocheckpoint=0: checkpoints are made when they hold nobody up.
func writerDSN(path string, maxBytes int64) string {
	pragmas := []string{
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
		"secure_delete(FAST)", "wal_autocheckpoint(0)", "journal_size_limit(" + strconv.Itoa(walKeep) + ")",
		"cache_size(-32768)", "temp_store(MEMORY)",
	}
	if maxBytes > 0 {
		pragmas = append(pragmas, "max_page_count("+strconv.FormatInt(max(maxBytes/pageSize, 1), 10)+")")
	}
	return dsn(path, url.Values{"mode": {"rw"}, "_pragma": pragmas})
}

// readerDSN is for the connections that only read.
func readerDSN(path string) string {
	return dsn(path, url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(5000)", "query_only(1)", "cache_size(-8192)"}})
}

// checkpointDSN is for the connection that moves the WAL into the file.
func checkpointDSN(path string) string {
	return dsn(path, url.Values{"mode": {"rw"}, "_pragma": {
		"busy_timeout(5000)", "synchronous(FULL)", "wal_autocheckpoint(0)",
	}})
}

package sqlite

import (
	"context"
	"errors"
	"strconv"
)

// SetMaxBytes changes how large the file may become, as a disk that fills up
// or is cleared does.
func (s *Store) SetMaxBytes(ctx context.Context, n int64) error {
	return s.pragma(ctx, "PRAGMA max_page_count("+strconv.FormatInt(n/pageSize, 10)+")")
}

// SetReadOnly makes SQLite refuse or accept writes, as a file system does
// that is mounted read-only after an error.
func (s *Store) SetReadOnly(ctx context.Context, on bool) error {
	err := s.writer.do(ctx, &job{step: "test", run: func(t *tx) (err error) {
		// The plain BEGIN lets the transaction begin, so that it is the
		// write that fails.
		t.begun, err = t.conn.prepare("BEGIN")
		return err
	}})
	return errors.Join(err, s.pragma(ctx, "PRAGMA query_only("+strconv.FormatBool(on)+")"))
}

// HealOutside undoes SetReadOnly as somebody else would, without a write that
// succeeds.
func (s *Store) HealOutside() {
	_ = s.writer.do(context.Background(), &job{step: "test", run: func(t *tx) error {
		_, err := t.setCursor.exec("test", "test", int64(1))
		return errors.Join(err, t.conn.run("PRAGMA query_only(0)"))
	}})
}

func (s *Store) pragma(ctx context.Context, text string) error {
	return s.writer.do(ctx, &job{step: "test", run: func(t *tx) error { return t.conn.run(text) }})
}

// Migrate runs the released steps and then the given ones on the file at
// path, and returns the version it then has.
func Migrate(path string, more ...string) (version int64, err error) {
	steps, err := migrations()
	if err != nil {
		return 0, err
	}
	c, err := dial(writerDSN(path, 0))
	if err != nil {
		return 0, err
	}
	defer c.close()
	failed := migrate(c, append(steps, more...))
	version, err = c.number("PRAGMA user_version")
	if failed != nil {
		err = failed
	}
	return version, err
}

// MigrateAndLook migrates the file at path and calls look while the migration
// is only in the WAL.
func MigrateAndLook(path string, look func()) error {
	steps, err := migrations()
	if err != nil {
		return err
	}
	c, err := dial(writerDSN(path, 0))
	if err != nil {
		return err
	}
	defer c.close()
	if err := migrate(c, steps); err != nil {
		return err
	}
	look()
	return nil
}

// Version is the version of the file at path. It leaves the file as it is.
func Version(path string) (int64, error) {
	c, err := dial(readerDSN(path))
	if err != nil {
		return 0, err
	}
	defer c.close()
	return c.number("PRAGMA user_version")
}

// Count asks the file at path for a number.
func Count(path, query string) (int64, error) {
	c, err := dial(readerDSN(path))
	if err != nil {
		return 0, err
	}
	defer c.close()
	return c.number(query)
}

// Execute runs a script on the file at path.
func Execute(path, script string) error {
	c, err := dial(writerDSN(path, 0))
	if err != nil {
		return err
	}
	defer c.close()
	return c.run(script)
}

// Package sqlite keeps everything durable in one file, without cgo and
// without another process: the rooms' logs, people's keys, the followers'
// cursors, the points ledger, the behaviours and the question banks.
//
//	callers ──▶ queue ──▶ writer: take all that waits ▶ one transaction ▶ sync ▶ answer all
//	readers ──▶ their own connections, which never wait for the writer
//
// One goroutine owns the only connection that writes. It commits whatever
// waits in one transaction and begins the next one when that has reached the
// disk, so that durability costs a sync for each batch and not for each
// write. A write that is answered with nil is on the disk; one that is
// refused has changed nothing, and takes nobody else's along.
//
// Records of many rooms that append a little each are first written in the
// order of their arrival (the tail), which costs a commit a few pages whoever
// wrote, and are filed by room when there is time or too much of them. Until
// then they are read from memory. What is on the disk is whole at any moment.
//
// It never looks inside a record, never opens a file that is not its own and
// never makes a new file in place of one that it cannot read.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"go.uber.org/zap"
	modernc "modernc.org/sqlite"
)

// Config is how the store is kept. The zero value is what most want.
type Config struct {
	MaxBytes int64 `yaml:"max_bytes" default:"0" unit:"bytes" min:"0" doc:"size of the database beyond which writes are refused; 0: as large as the disk"`
	Readers  int   `yaml:"readers" default:"4" min:"1" max:"64" doc:"reads that may run at the same time"`
	Queue    int   `yaml:"queue" default:"8192" min:"1" max:"1000000" doc:"writes that may wait; further callers wait to be let in"`
}

func (c Config) withDefaults() (Config, error) {
	if c.MaxBytes < 0 || c.Readers < 0 || c.Queue < 0 {
		return c, errors.New("max_bytes, readers and queue must not be negative")
	}
	if c.Readers == 0 {
		c.Readers = 4
	}
	if c.Queue == 0 {
		c.Queue = 8192
	}
	return c, nil
}

// Store is the embedded store. It is a room.Log, room.Keys, room.Cursors,
// reward.Store, recommend.Store and bank.Store, and safe for many goroutines.
type Store struct {
	reads  reads
	tail   *tail
	writer *writer
	path   string
	close  func() error
}

// Open opens the database in dir, and makes one where there is none yet. The
// directory belongs to this store until Close.
func Open(ctx context.Context, dir string, config Config, log *zap.Logger) (*Store, error) {
	s, err := open(ctx, dir, config, log)
	if err != nil {
		if isDamage(err) {
			err = fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		return nil, fmt.Errorf("open store %s: %w", filepath.Join(dir, fileName), err)
	}
	return s, nil
}

func open(ctx context.Context, dir string, config Config, log *zap.Logger) (s *Store, err error) {
	config, err = config.withDefaults()
	if err != nil {
		return nil, err
	}
	steps, err := migrations()
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}

	// What has been opened is closed again, newest first, if a later step fails.
	var opened []func() error
	defer func() {
		if err != nil {
			err = errors.Join(err, closeAll(opened))
		}
	}()

	lock, err := takeLock(dir)
	if err != nil {
		return nil, err
	}
	opened = append(opened, lock.close)
	if err := checkUnfinished(dir); err != nil {
		return nil, err
	}
	if err := prepareFile(dir, steps); err != nil {
		return nil, err
	}
	// fdatasync leaves out the file's times and nothing that a commit needs;
	// where the system has none, fsync remains.
	if _, err := modernc.Fdatasync(true); err != nil && !errors.Is(err, modernc.ErrFdatasyncUnavailable) {
		return nil, err
	}

	path := filepath.Join(dir, fileName)
	w, err := dial(writerDSN(path, config.MaxBytes))
	if err != nil {
		return nil, err
	}
	opened = append(opened, w.close)
	if err := checkWhole(w, path); err != nil {
		return nil, err
	}
	if err := migrate(w, steps); err != nil {
		return nil, err
	}
	c, err := dial(checkpointDSN(path))
	if err != nil {
		return nil, err
	}
	opened = append(opened, c.close)
	db, err := sql.Open("sqlite", readerDSN(path))
	if err != nil {
		return nil, err
	}
	opened = append(opened, db.Close)
	db.SetMaxOpenConns(config.Readers)
	db.SetMaxIdleConns(config.Readers)
	reads, err := prepareReads(ctx, db)
	if err != nil {
		return nil, err
	}

	counts, tail := &counters{}, newTail()
	check := newCheckpointer(c, counts, log)
	writer, err := newWriter(w, tail, check, counts, config.Queue, log)
	if err != nil {
		return nil, err
	}
	go check.loop()
	go writer.loop()
	return &Store{reads, tail, writer, path, sync.OnceValue(func() error {
		writer.stop()
		check.stop()
		return closeAll(opened)
	})}, nil
}

// Close carries out what has been taken, refuses the rest and closes the
// file. It is safe to call it again.
func (s *Store) Close() error { return s.close() }

func closeAll(opened []func() error) error {
	var errs []error
	for i := len(opened) - 1; i >= 0; i-- {
		errs = append(errs, opened[i]())
	}
	return errors.Join(errs...)
}

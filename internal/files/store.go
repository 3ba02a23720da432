package files

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// Folder is the name of the folder of uploaded files within an installation.
const Folder = "files"

// arriving begins the name of what is not whole yet.
const arriving = "arriving-"

// pieces are what a sound or film is written in.
const pieces = 256 << 10

// Store keeps files in a folder, each under its id. It is safe for many
// goroutines; one process at a time may have the folder.
type Store struct {
	dir    string
	config Config
	quota  quota
	slots  chan struct{} // uploads under way
	place  sync.Mutex    // held while a file goes to its place
}

// Open returns the store over a folder, which is made if it is not there. What
// was arriving when an earlier process ended is removed.
func Open(dir string, c Config) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	s := &Store{dir: dir, config: c.withDefaults()}
	s.slots = make(chan struct{}, s.config.Slots)
	s.quota = quota{config: s.config, people: map[wire.UserID]*hour{}, free: func() (int64, error) { return freeIn(dir) }}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	for _, e := range entries {
		switch name := e.Name(); {
		case strings.HasPrefix(name, arriving):
			err = os.Remove(filepath.Join(dir, name))
		case wire.FileID(name).Valid():
			var info fs.FileInfo
			if info, err = e.Info(); err == nil {
				s.quota.used += info.Size()
			}
		}
		if err != nil {
			return nil, fmt.Errorf("files: %w", err)
		}
	}
	return s, nil
}

// Put keeps what somebody uploads. size is what they say it has, -1 if they
// do not. What is refused leaves nothing behind.
func (s *Store) Put(ctx context.Context, by wire.UserID, size int64, from io.Reader) (f File, err error) {
	if size > max(MaxImage, int64(s.config.Audio), int64(s.config.Video)) {
		return File{}, ErrLarge
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	default:
		return File{}, wire.ErrBusy.After(2000)
	}
	a, err := s.quota.begin(by, time.Now())
	if err != nil {
		return File{}, err
	}
	defer func() {
		if err != nil {
			a.undo()
		}
	}()
	in := bufio.NewReaderSize(upload{ctx, from}, sniffLen)
	head, err := in.Peek(sniffLen)
	if err != nil && !errors.Is(err, io.EOF) {
		return File{}, err
	}
	var known bool
	if f.Format, known = sniff(head); !known {
		return File{}, ErrType
	}
	most := s.most(f.Kind)
	if size > most {
		return File{}, ErrLarge
	}
	err = s.write(&f, a, func(w io.Writer) error {
		if f.Kind == Image {
			return putImage(&f, w, in)
		}
		return copyTo(w, in, most)
	})
	return f, err
}

// most is how large a file of a kind may be.
func (s *Store) most(kind Kind) int64 {
	switch kind {
	case Image:
		return MaxImage
	case Audio:
		return int64(s.config.Audio)
	}
	return int64(s.config.Video)
}

// putImage writes a picture as it is kept.
func putImage(f *File, w io.Writer, in io.Reader) error {
	b, err := io.ReadAll(io.LimitReader(in, MaxImage+1))
	switch {
	case err != nil:
		return err
	case len(b) > MaxImage:
		return ErrLarge
	}
	if b, f.Width, f.Height, err = cleanImage(f.Format, b); err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// copyTo writes a sound or a film as it comes.
func copyTo(w io.Writer, in io.Reader, most int64) error {
	n, err := io.CopyBuffer(onlyWriter{w}, onlyReader{io.LimitReader(in, most+1)}, make([]byte, pieces))
	if err == nil && n > most {
		err = ErrLarge
	}
	return err
}

// Neither has any other method, by which a copy would go past the buffer.
type (
	onlyWriter struct{ io.Writer }
	onlyReader struct{ io.Reader }
)

// write makes the file that fill writes, synced and in its place.
func (s *Store) write(f *File, a *arrival, fill func(io.Writer) error) (err error) {
	file, err := os.CreateTemp(s.dir, arriving)
	if err != nil {
		return full(err)
	}
	defer func() {
		_ = file.Close()
		_ = os.Remove(file.Name()) // where it is not in its place
	}()
	out := &counted{file: file, arrival: a, sum: sha256.New()}
	if err := fill(out); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return full(err)
	}
	f.ID, f.Bytes = wire.FileID(hex.EncodeToString(out.sum.Sum(nil))), a.bytes
	s.place.Lock()
	defer s.place.Unlock()
	path := s.path(f.ID)
	if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() && info.Size() == f.Bytes {
		a.again()
		return s.sync() // its first upload may have been refused for just this
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return full(err)
	}
	return s.sync()
}

// sync makes what was renamed in the folder durable.
func (s *Store) sync() error {
	d, err := os.Open(s.dir)
	if err != nil {
		return err
	}
	return full(errors.Join(d.Sync(), d.Close()))
}

func (s *Store) path(id wire.FileID) string { return filepath.Join(s.dir, string(id)) }

// Open returns a file to read, or [wire.ErrNotFound]. What it is, is seen
// again from its bytes.
func (s *Store) Open(_ context.Context, id wire.FileID) (*Content, error) {
	if !id.Valid() { // and could lead out of the folder
		return nil, wire.ErrNotFound
	}
	file, err := os.Open(s.path(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, wire.ErrNotFound
	} else if err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	head := make([]byte, sniffLen)
	n, err := file.ReadAt(head, 0)
	format, known := sniff(head[:n])
	info, failed := file.Stat()
	if err != nil && !errors.Is(err, io.EOF) || failed != nil || !known {
		return nil, errors.Join(fmt.Errorf("files: %s cannot be read", id), err, failed, file.Close())
	}
	return &Content{File{ID: id, Format: format, Bytes: info.Size()}, file}, nil
}

// counted writes what the quota allows, and sums it up.
type counted struct {
	file *os.File
	*arrival
	sum hash.Hash
}

func (c *counted) Write(b []byte) (int, error) {
	if err := c.take(int64(len(b)), time.Now()); err != nil {
		return 0, err
	}
	c.sum.Write(b)
	n, err := c.file.Write(b)
	return n, full(err)
}

// full says of a disk that has no more room that it has none.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return ErrFull
	}
	return err
}

// upload reads what somebody sends, until they have gone.
type upload struct {
	ctx  context.Context
	from io.Reader
}

func (u upload) Read(p []byte) (int, error) {
	if u.ctx.Err() != nil {
		return 0, ErrCut
	}
	n, err := u.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) { // of which one is meant that comes too early
		err = ErrCut
	}
	return n, err
}

package record

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

const (
	partLength = 800 * time.Millisecond // after which a part is written; with the writing, less than a second is ever lost
	maxPart    = 64 << 20
)

// file is one file of a recording while it is written. It belongs to one
// goroutine.
type file struct {
	f      disk
	c      container
	layout layout
	next   part
	opened time.Time // when next got its first sample
	n      int       // parts written
	end    int64     // of the last part written
	length time.Duration
	wrote  func(where) // told of each part that is on the disk; nil: nobody
}

// disk is what a file is written to.
type disk interface {
	io.ReaderAt
	io.WriterAt
	Truncate(int64) error
	Sync() error
	Close() error
}

// createFile begins a file of a recording.
func createFile(path string) (disk, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return f, syncDir(filepath.Dir(path))
}

func newFile(d disk, l layout) (*file, error) {
	c, err := containerOf(l.Format)
	if err != nil {
		return nil, err
	}
	head, err := c.head(l)
	if err != nil {
		return nil, err
	}
	f := &file{f: d, c: c, layout: l}
	return f, f.append(head)
}

// append writes durably at the end, or leaves the file as it was.
func (f *file) append(b []byte) error {
	_, err := f.f.WriteAt(b, f.end)
	if err == nil {
		err = f.f.Sync()
	}
	if err != nil {
		_ = f.f.Truncate(f.end) // what is half there would not be read anyway
		return err
	}
	f.end += int64(len(b))
	return nil
}

// add takes a frame. A part is written when it is long enough, and before
// every keyframe, so that a decoder can begin with a part.
func (f *file) add(sound bool, s sample, now time.Time) error {
	if !sound && s.key && len(f.next.video) > 0 || !f.next.empty() && s.at-f.next.begins() >= partLength {
		if err := f.flush(); err != nil {
			return err
		}
	}
	if f.next.empty() {
		f.opened = now
	}
	if sound {
		f.next.sound = append(f.next.sound, s)
	} else {
		f.next.video = append(f.next.video, s)
	}
	return nil
}

// tick writes a part that has waited long enough, though no frame came.
func (f *file) tick(now time.Time) error {
	if !f.next.empty() && now.Sub(f.opened) >= partLength {
		return f.flush()
	}
	return nil
}

func (f *file) flush() error {
	if f.next.empty() {
		return nil
	}
	raw, err := f.c.part(f.n+1, &f.next)
	if err != nil {
		return err
	}
	if err := f.append(raw); err != nil {
		return err
	}
	f.length = max(f.length, f.next.ends())
	if f.wrote != nil {
		w := where{offset: f.end - int64(len(raw)), size: int64(len(raw)), begin: f.next.begins(), end: f.next.ends(), key: keys(f.layout, &f.next)}
		if w.keyAt = w.begin; len(f.next.video) > 0 {
			w.keyAt = f.next.video[0].at
		}
		f.wrote(w)
	}
	f.n++
	f.next = part{}
	return nil
}

// close ends the file and makes it quick to seek in. What could be written
// stays and plays, also after an error.
func (f *file) close() error {
	err := f.flush()
	if err == nil {
		err = finish(f.f, f.c, f.end)
	}
	return errors.Join(err, f.f.Close())
}

// finish gives a file its tail.
func finish(d disk, c container, size int64) error {
	ix, err := c.scan(d, size)
	if err != nil || ix.finished {
		return err
	}
	if err := d.Truncate(ix.end); err != nil {
		return err
	}
	tail, beginning, err := c.finish(d, ix)
	if err != nil {
		return err
	}
	if _, err = d.WriteAt(tail, ix.end); err == nil {
		err = d.Sync()
	}
	if err != nil {
		_ = d.Truncate(ix.end)
		return err
	}
	if _, err := d.WriteAt(beginning, 0); err != nil {
		return err
	}
	return d.Sync()
}

// mend finishes a file that a crash has left, and says what is in it.
func mend(path string, fm format) (*index, error) {
	c, err := containerOf(fm)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	ix, err := mendDisk(f, c, info.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return ix, nil
}

func mendDisk(d disk, c container, size int64) (*index, error) {
	ix, err := c.scan(d, size)
	if err != nil || len(ix.parts) == 0 || ix.finished {
		return ix, err
	}
	return ix, finish(d, c, size)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	return errors.Join(err, d.Close())
}

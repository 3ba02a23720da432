// Package faultfs is a disk for tests under SQLite: it remembers what was
// asked of it, so that a test can see what a power cut would have left, and
// it fails when it is told to.
//
//	SQLite ──▶ layer ──▶ SQLite's own file system ──▶ real files
//	             │
//	             ├─ journal: every write, truncation, sync, creation, deletion
//	             └─ plan: the operations that are to fail
//
// [Watch] begins with what is in a directory. What SQLite does there from then
// on is carried out and recorded; all other directories are left alone. From
// the [Journal] a [Replay] makes an [Image] of the files as a power cut at any
// point may leave them: what was synced is there, of the rest any part may be.
//
// What it takes for granted: a sector of 512 bytes is written whole or not at
// all, a write does no harm to the bytes beside it (SQLite's
// powersafe overwrite), and a sync that returned well keeps its word. Shared
// memory (-shm) passes through unrecorded; nobody needs it after a crash. What
// goes past SQLite, such as a rename by the program, is not seen.
//
// It stands in front of SQLite's default file system once it has been used,
// until the process ends, and belongs in tests alone.
package faultfs

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Disk is a directory that is watched. It is safe for many goroutines.
type Disk struct {
	dir  string
	plan plan

	mu      sync.Mutex // also held while a recorded operation is carried out: the journal has the disk's order
	base    map[string][]byte
	names   map[string]int // the files that have a name now, by their number in the journal
	files   int
	ops     []Op
	more    chan struct{} // closed at the next operation
	lies    bool
	lie     string // the end of the names of the files whose syncs do nothing
	trouble error  // the real disk failed: the journal is not the truth
}

var watched struct {
	sync.RWMutex
	disks map[string]*Disk
}

// Watch takes what is in dir for synced, and records and fails what SQLite
// does to the files that it opens there from now on. No database in dir may
// be open.
func Watch(dir string) (*Disk, error) {
	if err := install(); err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil { // as SQLite names files
		return nil, err
	}
	d := &Disk{dir: dir, base: map[string][]byte{}, names: map[string]int{}, more: make(chan struct{})}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || isShared(e.Name()) {
			continue
		}
		if d.base[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			return nil, err
		}
		d.files++
		d.names[e.Name()] = d.files
	}
	watched.Lock()
	defer watched.Unlock()
	if watched.disks[dir] != nil {
		return nil, fmt.Errorf("%s is watched already", dir)
	}
	if watched.disks == nil {
		watched.disks = map[string]*Disk{}
	}
	watched.disks[dir] = d
	return d, nil
}

// Close ends the watch: files that are opened from now on are SQLite's alone.
// Those still open stay under d.
func (d *Disk) Close() {
	watched.Lock()
	defer watched.Unlock()
	if watched.disks[d.dir] == d { // closed again, it may be another's
		delete(watched.disks, d.dir)
	}
}

// diskOf returns the disk that watches the file's directory, or nil.
func diskOf(path string) *Disk {
	watched.RLock()
	defer watched.RUnlock()
	return watched.disks[filepath.Dir(path)]
}

// Lie makes every sync from now on of files whose name ends so ("": all)
// return well and keep nothing, as drives do whose cache is not what they say
// and programs that leave a sync out. It shows whether a test finds losses.
func (d *Disk) Lie(file string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lies, d.lie = true, file
}

// Now is the length of the journal: what has returned before this call is
// among its first Now operations.
func (d *Disk) Now() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.ops)
}

// Await returns when one of the operations after the first n is such a one.
func (d *Disk) Await(ctx context.Context, n int, such func(Op) bool) error {
	for {
		d.mu.Lock()
		ops, more := d.ops, d.more
		d.mu.Unlock()
		for ; n < len(ops); n++ {
			if such(ops[n]) {
				return nil
			}
		}
		select {
		case <-more:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// record is called with mu held.
func (d *Disk) record(o Op) {
	d.ops = append(d.ops, o)
	close(d.more)
	d.more = make(chan struct{})
}

// Journal returns what happened so far. It fails if the real disk has.
func (d *Disk) Journal() (Journal, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return Journal{Base: d.base, Ops: slices.Clip(d.ops)}, d.trouble
}

// isShared reports whether a file is SQLite's shared memory.
func isShared(name string) bool { return strings.HasSuffix(name, "-shm") }

// opened is called with mu held after SQLite has opened the file of that
// name, and returns its number.
func (d *Disk) opened(name string) int {
	if file := d.names[name]; file != 0 {
		return file
	}
	d.files++
	d.names[name] = d.files
	d.record(Op{Kind: Create, Name: name, File: d.files})
	return d.files
}

// handle is a file that SQLite has open on a disk.
type handle struct {
	disk *Disk
	name string
	file int

	// Guarded by disk.mu.
	dirSync bool // its first sync is one of the directory, too
}

// The methods below carry an operation out by calling do, unless it is to
// fail, and record it. They return SQLite's result code.

func (h *handle) write(data []byte, at int64, do func(n int) int32) int32 {
	d := h.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	n := len(data)
	fail := d.plan.next(Write, h.name)
	if fail != 0 {
		n /= 2 // a write that fails may have got somewhere
	}
	if n == 0 {
		return fail
	}
	if rc := do(n); rc != 0 {
		d.failed(Write, h.name, rc)
		return rc
	}
	d.record(Op{Kind: Write, Name: h.name, File: h.file, At: at, Data: bytes.Clone(data[:n])})
	return fail
}

func (h *handle) truncate(size int64, do func() int32) int32 {
	d := h.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if fail := d.plan.next(Truncate, h.name); fail != 0 {
		return fail
	}
	if rc := do(); rc != 0 {
		d.failed(Truncate, h.name, rc)
		return rc
	}
	d.record(Op{Kind: Truncate, Name: h.name, File: h.file, At: size})
	return 0
}

func (h *handle) sync(do func() int32) int32 {
	d := h.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if fail := d.plan.next(Sync, h.name); fail != 0 {
		d.record(Op{Kind: Sync, Name: h.name, File: h.file, Failed: true})
		return fail
	}
	if d.lies && strings.HasSuffix(h.name, d.lie) {
		return 0
	}
	if rc := do(); rc != 0 {
		d.failed(Sync, h.name, rc)
		return rc
	}
	d.record(Op{Kind: Sync, Name: h.name, File: h.file, Dir: h.dirSync})
	h.dirSync = false
	return 0
}

// remove deletes a name in the disk's directory.
func (d *Disk) remove(name string, dirSync bool, do func() int32) int32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if fail := d.plan.next(Delete, name); fail != 0 {
		return fail
	}
	if rc := do(); rc != 0 {
		return rc // such as that there is no such file
	}
	if file := d.names[name]; file != 0 {
		delete(d.names, name)
		d.record(Op{Kind: Delete, Name: name, File: file, Dir: dirSync})
	}
	return 0
}

func (d *Disk) failed(k Kind, name string, rc int32) {
	if d.trouble == nil {
		d.trouble = fmt.Errorf("the real disk failed: %v %s: SQLite's code %d", k, name, rc)
	}
}

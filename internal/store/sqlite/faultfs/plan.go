package faultfs

import (
	"strings"
	"sync"
)

// Kind is a kind of operation.
type Kind uint8

// The first five change files and are in a journal (an Open that makes a file
// is there as a Create); all but Create can be failed and are counted.
const (
	Create Kind = iota
	Write
	Truncate
	Sync
	Delete
	Open
	Read
	Size
	Map // of shared memory
	kinds
)

func (k Kind) String() string {
	return [kinds]string{"create", "write", "truncate", "sync", "delete", "open", "read", "size", "map"}[k]
}

// Fault says which operations fail, and how.
type Fault struct {
	Kind Kind
	File string // the end of the file's name, such as "-wal"; "": any
	Nth  int    // from which such operation on, counted from 1 since Fail
	Many bool   // that one and all after it, until Heal; else that one alone
	Code int32  // SQLite's result code, such as SQLITE_IOERR_WRITE
}

// plan is which operations of a disk are to fail.
type plan struct {
	mu     sync.Mutex
	fault  Fault
	seen   int // operations that the fault is about, since Fail
	fired  int
	counts [kinds]int
}

// Fail arms a fault in place of the one before.
func (d *Disk) Fail(f Fault) {
	p := &d.plan
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault, p.seen, p.fired = f, 0, 0
}

// Heal ends the fault.
func (d *Disk) Heal() {
	p := &d.plan
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = Fault{}
}

// Fired is how many operations the newest fault has failed.
func (d *Disk) Fired() int {
	p := &d.plan
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fired
}

// Count is how many operations of a kind SQLite has asked for.
func (d *Disk) Count(k Kind) int {
	p := &d.plan
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counts[k]
}

// next counts an operation and returns the code with which it is to fail, or
// 0.
func (p *plan) next(k Kind, name string) int32 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts[k]++
	f := &p.fault
	if f.Code == 0 || f.Kind != k || !strings.HasSuffix(name, f.File) {
		return 0
	}
	p.seen++
	if p.seen == f.Nth || f.Many && p.seen > f.Nth {
		p.fired++
		return f.Code
	}
	return 0
}

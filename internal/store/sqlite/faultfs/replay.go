package faultfs

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
)

// Op is one operation that changed a file, or made the changes durable.
type Op struct {
	Kind   Kind // Create, Write, Truncate, Sync or Delete
	Name   string
	File   int    // a name that is made again is another file
	At     int64  // Write: where; Truncate: the new size
	Data   []byte // Write
	Failed bool   // Sync: it returned an error
	Dir    bool   // Sync, Delete: the directory was synced, too
}

func (o Op) String() string {
	switch o.Kind {
	case Write:
		return fmt.Sprintf("write %s %d+%d", o.Name, o.At, len(o.Data))
	case Truncate:
		return fmt.Sprintf("truncate %s to %d", o.Name, o.At)
	case Sync:
		if o.Failed {
			return "sync " + o.Name + " failed"
		}
	}
	return o.Kind.String() + " " + o.Name
}

// Journal is what happened to the files of a directory.
type Journal struct {
	Base map[string][]byte // by name, synced
	Ops  []Op
}

// Replay walks through a journal and knows at each point what is synced and
// what is not. One goroutine owns it.
type Replay struct {
	ops    []Op // those to come
	at     int
	chance *rand.Rand
	files  map[int]*content
	names  map[string]*naming
}

// content is what a file holds.
type content struct {
	synced  []byte
	pending []Op
}

// naming is which file a name stands for; 0: none.
type naming struct {
	synced  int
	pending []int
}

// NewReplay begins before the first operation. Chance decides what is lost
// where that is open.
func NewReplay(j Journal, chance *rand.Rand) *Replay {
	r := &Replay{ops: j.Ops, chance: chance, files: map[int]*content{}, names: map[string]*naming{}}
	for i, name := range slices.Sorted(maps.Keys(j.Base)) {
		r.files[i+1] = &content{synced: slices.Clone(j.Base[name])}
		r.names[name] = &naming{synced: i + 1}
	}
	return r
}

// To goes on until the first n operations have happened.
func (r *Replay) To(n int) {
	for ; r.at < n; r.at++ {
		r.step(r.ops[0])
		r.ops = r.ops[1:]
	}
}

func (r *Replay) step(o Op) {
	switch o.Kind {
	case Create:
		r.files[o.File] = &content{}
		r.name(o.Name).pending = append(r.name(o.Name).pending, o.File)
	case Write, Truncate:
		f := r.files[o.File]
		f.pending = append(f.pending, o)
	case Sync:
		f := r.files[o.File]
		if o.Failed {
			// The system takes the pages for written now; a later sync that
			// returns well says nothing about them.
			f.synced = r.some(f)
		} else {
			f.synced = apply(f.synced, f.pending)
		}
		f.pending = nil
	case Delete:
		r.name(o.Name).pending = append(r.name(o.Name).pending, 0)
	}
	if o.Dir {
		for _, n := range r.names {
			if len(n.pending) > 0 {
				n.synced, n.pending = n.pending[len(n.pending)-1], nil
			}
		}
	}
}

func (r *Replay) name(name string) *naming {
	n := r.names[name]
	if n == nil {
		n = &naming{}
		r.names[name] = n
	}
	return n
}

// Pending is how many operations are not durable at this point.
func (r *Replay) Pending() (n int) {
	for _, f := range r.files {
		n += len(f.pending)
	}
	for _, f := range r.names {
		n += len(f.pending)
	}
	return n
}

// Image is a directory's files as a power cut left them, by name.
type Image map[string][]byte

// Synced is what is left when all that was not synced is lost.
func (r *Replay) Synced() Image {
	return r.image(
		func(n *naming) int { return n.synced },
		func(f *content) []byte { return slices.Clone(f.synced) })
}

// All is what is left when nothing is lost.
func (r *Replay) All() Image {
	return r.image(
		func(n *naming) int { return n.any(len(n.pending)) },
		all)
}

// Some is what is left when chance takes any part of what was not synced:
// each file its own, in any order, and torn between sectors.
func (r *Replay) Some() Image {
	return r.image(
		func(n *naming) int { return n.any(r.chance.IntN(len(n.pending) + 1)) },
		r.some)
}

// any is which file the name stands for after so many pending changes.
func (n *naming) any(changes int) int {
	if changes == 0 {
		return n.synced
	}
	return n.pending[changes-1]
}

func (r *Replay) image(which func(*naming) int, what func(*content) []byte) Image {
	i := Image{}
	for _, name := range slices.Sorted(maps.Keys(r.names)) { // in order: chance is drawn from
		if file := which(r.names[name]); file != 0 {
			i[name] = what(r.files[file])
		}
	}
	return i
}

// Save writes the image's files into dir.
func (i Image) Save(dir string) error {
	for name, data := range i {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

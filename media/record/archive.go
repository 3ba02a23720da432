package record

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/wire"
)

// Config says when classes are recorded and where to. The zero value means the
// defaults.
type Config struct {
	Auto    bool          `yaml:"auto" default:"false" doc:"record every class from its beginning; otherwise its host begins the recording. Everybody in the class sees that it is recorded"`
	Keep    time.Duration `yaml:"keep" default:"0s" min:"0s" doc:"how long a recording is kept after its end, with its clips, which then leave the catalogue; looked at once a day, and noted in the class's record; 0: until its host deletes it"`
	Reserve int64         `yaml:"reserve" default:"1073741824" min:"0" unit:"bytes" doc:"that a recording leaves free on the disk: when there is less, it stops and its host is told, and the class goes on"`
}

// Told is what an archive tells its owner. The functions must not block for
// long; nil ones are not called.
type Told struct {
	// Stopped: a recording has ended by itself, for this reason.
	Stopped func(room wire.RoomID, id uint64, reason string)
	// Cut: a clip is there.
	Cut func(Manifest, Clip)
}

// Archive has the recordings of all rooms, in one folder. It is safe for many
// goroutines.
type Archive struct {
	dir    string
	config Config
	log    *zap.Logger
	told   Told

	// Safe seals people's words; nil: there are none to keep. It is set before
	// anything is recorded.
	Safe Safe

	// Set by tests: what files are written to, and what is on air.
	create func(path string) (disk, error)
	open   func(*media.Stage, group) tap

	mu      sync.Mutex
	entries map[wire.RoomID]map[uint64]*entry
	running map[wire.RoomID]*running
	live    sync.Map // what is in running, for those who cannot wait for mu
	mending sync.WaitGroup
	cutting sync.Mutex // one clip at a time
	closed  bool
}

// entry is one recording. Its manifest is guarded by mu, its saving by saving.
type entry struct {
	dir    string
	mu     sync.Mutex
	m      Manifest
	saving sync.Mutex

	captions captionFile
	parts    map[string][]where // of its files, as far as they were asked for or written since the start; guarded by mu
}

func (e *entry) change(f func(*Manifest)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f(&e.m)
}

// copy returns the manifest as it is now.
func (e *entry) copy() Manifest {
	e.mu.Lock()
	defer e.mu.Unlock()
	m := e.m
	m.Files, m.Chapters, m.Clips = slices.Clone(m.Files), slices.Clone(m.Chapters), slices.Clone(m.Clips)
	m.Captions, m.Moments = slices.Clone(m.Captions), slices.Clone(m.Moments)
	return m
}

func (e *entry) save() error {
	e.saving.Lock()
	defer e.saving.Unlock()
	m := e.copy()
	return m.save(e.dir)
}

func (e *entry) fields(err error) []zap.Field {
	m := e.copy()
	return []zap.Field{zap.String("room", string(m.Room)), zap.Uint64("recording", m.ID), zap.Error(err)}
}

// deletedSuffix ends the name of a folder whose recording is deleted.
const deletedSuffix = ".deleted"

// What an archive refuses.
var (
	ErrNone   = &wire.Error{Code: "record.none", Text: "there is no such recording"}
	ErrGoesOn = &wire.Error{Code: "record.on", Text: "the recording goes on; stop it first"}
)

// Open opens the archive in a folder, which is made if need be. What a crash
// has left unfinished is mended.
func Open(dir string, config Config, told Told, log *zap.Logger) (*Archive, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	a := &Archive{
		dir: dir, config: config, log: log, told: told, create: createFile,
		entries: map[wire.RoomID]map[uint64]*entry{}, running: map[wire.RoomID]*running{},
	}
	err := eachFolder(dir, func(room, name string) error {
		a.enter(room, name)
		return nil
	})
	if err != nil {
		return nil, err
	}
	a.mend()
	return a, nil
}

// enter notes what is in one folder, if that is a recording. What is left of one
// that was deleted goes.
func (a *Archive) enter(room, name string) {
	at := filepath.Join(a.dir, room, name)
	if strings.HasSuffix(name, deletedSuffix) {
		if err := os.RemoveAll(at); err != nil {
			a.log.Warn("a deleted recording is still there", zap.String("room", room), zap.Error(err))
		}
		return
	}
	id, err := strconv.ParseUint(name, 10, 64)
	if err != nil {
		return
	}
	m, err := loadManifest(at)
	if errors.Is(err, fs.ErrNotExist) {
		return // killed before it had begun
	}
	if err != nil || m.ID != id || m.Room != wire.RoomID(room) {
		a.log.Warn("a recording cannot be read", zap.String("room", room), zap.Uint64("recording", id), zap.Error(err))
		return
	}
	a.put(&entry{dir: at, m: *m})
}

func (a *Archive) put(e *entry) {
	if a.entries[e.m.Room] == nil {
		a.entries[e.m.Room] = map[uint64]*entry{}
	}
	a.entries[e.m.Room][e.m.ID] = e
}

// mend finishes the files that a crash has left, beside whatever comes.
func (a *Archive) mend() {
	var broken []*entry
	for _, room := range a.entries {
		for _, e := range room {
			waits := slices.ContainsFunc(e.m.Clips, func(c Clip) bool { return c.waits() })
			if waits || slices.ContainsFunc(e.m.Files, func(f File) bool { return !f.Done }) {
				broken = append(broken, e)
			}
		}
	}
	for _, e := range broken { // at once, for it is quick: nothing is copied
		a.mendFiles(e)
	}
	a.mending.Go(func() {
		for _, e := range broken {
			a.cut(e, e.copy().Ended > 0)
		}
	})
}

func (a *Archive) mendFiles(e *entry) {
	for _, f := range e.copy().Files {
		if f.Done {
			continue
		}
		ix, err := mend(filepath.Join(e.dir, f.Name), f.format())
		if err != nil {
			a.log.Warn("a file of a recording cannot be mended", append(e.fields(err), zap.String("file", f.Name))...)
		}
		e.change(func(m *Manifest) {
			i := slices.IndexFunc(m.Files, func(o File) bool { return o.Name == f.Name })
			if ix == nil || len(ix.parts) == 0 { // killed before its first part
				m.Files = slices.Delete(m.Files, i, i+1)
				return
			}
			m.Files[i].Length, m.Files[i].Done = ix.length().Milliseconds(), err == nil
		})
	}
	if err := e.save(); err != nil {
		a.log.Warn("manifest not saved", e.fields(err)...)
	}
}

// Start begins a recording, or goes on with it, if it is not going on already.
// stage is asked again and again for the room's stage; nil: there is none now.
func (a *Archive) Start(room wire.RoomID, id uint64, title string, at wire.Millis, stage func() *media.Stage) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed || a.running[room] != nil {
		return nil
	}
	e := a.entries[room][id]
	if e != nil && e.copy().Started != at {
		// Of a log that is no more: an older backup has been restored, and the
		// room has come to this position again.
		if err := os.Rename(e.dir, fmt.Sprintf("%s-%d", e.dir, e.copy().Started)); err != nil {
			return err
		}
		delete(a.entries[room], id)
		a.log.Warn("a recording of a log that was replaced is put aside", e.fields(nil)...)
		e = nil
	}
	if e == nil {
		e = &entry{
			dir: filepath.Join(a.dir, string(room), strconv.FormatUint(id, 10)),
			m:   Manifest{V: manifestVersion, ID: id, Room: room, Title: title, Started: at},
		}
		if err := os.MkdirAll(e.dir, 0o700); err != nil {
			return err
		}
		if err := e.save(); err != nil {
			return err
		}
		a.put(e)
	}
	a.goOn(e, stage)
	return nil
}

// Settle ends the recordings of a room that go on by their manifests, but not by
// its log, whose newest recording is id, since then; 0: none goes on. They are
// of a log that has been replaced by an older one, and would otherwise be gone
// on with.
func (a *Archive) Settle(room wire.RoomID, id uint64, since wire.Millis) {
	a.mu.Lock()
	var stale []*entry
	for of, e := range a.entries[room] {
		m := e.copy()
		if r := a.running[room]; m.Ended == 0 && (of != id || m.Started != since) && (r == nil || r.entry != e) {
			stale = append(stale, e)
		}
	}
	a.mu.Unlock()
	for _, e := range stale {
		e.change(func(m *Manifest) { m.Ended = max(m.Started+wire.Millis(m.Length()), m.Started+1) })
		a.log.Warn("a recording of a log that was replaced is ended", e.fields(nil)...)
		if err := e.save(); err != nil {
			a.log.Warn("manifest not saved", e.fields(err)...)
		}
	}
}

// Ended lists the recordings that ended before a time, oldest first.
func (a *Archive) Ended(before wire.Millis) []Manifest {
	a.mu.Lock()
	defer a.mu.Unlock()
	var list []Manifest
	for _, room := range a.entries {
		for _, e := range room {
			if m := e.copy(); m.Ended > 0 && m.Ended < before {
				list = append(list, m)
			}
		}
	}
	slices.SortFunc(list, func(a, b Manifest) int { return cmp.Compare(a.Ended, b.Ended) })
	return list
}

// Resume goes on with a recording that [Archive.Waiting] has named.
func (a *Archive) Resume(room wire.RoomID, id uint64, stage func() *media.Stage) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if e := a.entries[room][id]; e != nil && !a.closed && a.running[room] == nil {
		a.goOn(e, stage)
	}
}

// goOn writes what comes, unless the recording has ended.
func (a *Archive) goOn(e *entry, stage func() *media.Stage) {
	if m := e.copy(); m.Ended == 0 {
		a.running[m.Room] = a.run(e, stage)
	}
}

// Waiting reports which recording of a room goes on by its manifest though
// nothing is written now, as after a restart; 0: none.
func (a *Archive) Waiting(room wire.RoomID) uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.running[room] != nil {
		return 0
	}
	newest := uint64(0)
	for id, e := range a.entries[room] {
		if e.copy().Ended == 0 {
			newest = max(newest, id)
		}
	}
	return newest
}

// Stop ends a recording. It returns when its files are finished.
func (a *Archive) Stop(room wire.RoomID, id uint64, at wire.Millis, reason string) {
	a.mu.Lock()
	e, r := a.entries[room][id], a.running[room]
	if r != nil && r.entry == e {
		delete(a.running, room)
	} else {
		r = nil
	}
	a.mu.Unlock()
	if e == nil {
		return
	}
	if r != nil {
		close(r.stop)
		<-r.done
	}
	e.change(func(m *Manifest) {
		if m.Ended == 0 {
			m.Ended, m.Reason = max(at, m.Started), reason
		}
	})
	e.mu.Lock()
	e.parts = nil // they can be found in the files again
	e.mu.Unlock()
	if err := e.save(); err != nil {
		a.log.Warn("manifest not saved", e.fields(err)...)
	}
	a.cut(e, true)
}

// failed notes that a recording has ended by itself; called by its goroutine.
func (a *Archive) failed(r *running, reason string) {
	a.mu.Lock()
	m := r.entry.copy()
	if a.running[m.Room] == r {
		delete(a.running, m.Room)
	}
	a.mu.Unlock()
	r.entry.change(func(m *Manifest) { m.Ended, m.Reason = wire.At(time.Now()), reason })
	if err := r.entry.save(); err != nil {
		a.log.Warn("manifest not saved", r.entry.fields(err)...)
	}
	a.cut(r.entry, true)
	if a.told.Stopped != nil {
		a.told.Stopped(m.Room, m.ID, reason)
	}
}

// Mark adds a chapter to the recording that goes on in a room: where something
// happened first.
func (a *Archive) Mark(room wire.RoomID, at wire.Millis, kind string, ref uint64) {
	a.amend(room, func(m *Manifest) {
		known := slices.ContainsFunc(m.Chapters, func(c Chapter) bool { return c.Kind == kind && c.Ref == ref })
		if at >= m.Started && (m.Ended == 0 || at <= m.Ended) && !known {
			m.Chapters = append(m.Chapters, Chapter{int64(at - m.Started), kind, ref})
			slices.SortStableFunc(m.Chapters, func(a, b Chapter) int { return cmp.Compare(a.At, b.At) })
		}
	}, 0)
}

// Want asks for a clip of a recording. It is cut as soon as all of it is there.
func (a *Archive) Want(room wire.RoomID, recording, id uint64, title string, from, to wire.Millis) {
	a.amend(room, func(m *Manifest) {
		if !slices.ContainsFunc(m.Clips, func(c Clip) bool { return c.ID == id }) {
			m.Clips = append(m.Clips, Clip{ID: id, Title: title, From: max(0, int64(from-m.Started)), To: int64(to - m.Started)})
		}
	}, recording)
}

// amend changes a recording's manifest; id 0: of the one that goes on.
func (a *Archive) amend(room wire.RoomID, f func(*Manifest), id uint64) {
	a.mu.Lock()
	e := a.entries[room][id]
	if r := a.running[room]; id == 0 && r != nil {
		e = r.entry
	}
	running := e != nil && a.running[room] != nil && a.running[room].entry == e
	a.mu.Unlock()
	if e == nil {
		return
	}
	e.change(f)
	if err := e.save(); err != nil {
		a.log.Warn("manifest not saved", e.fields(err)...)
	}
	if !running {
		a.cut(e, true)
	}
}

// List returns a room's recordings that have something in them, newest first.
func (a *Archive) List(room wire.RoomID) []Manifest {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := []Manifest{}
	for _, e := range a.entries[room] {
		if m := e.copy(); m.Length() > 0 {
			list = append(list, m)
		}
	}
	slices.SortFunc(list, func(a, b Manifest) int { return cmp.Compare(b.ID, a.ID) })
	return list
}

// Get returns one recording.
func (a *Archive) Get(room wire.RoomID, id uint64) (Manifest, error) {
	e := a.find(room, id)
	if e == nil {
		return Manifest{}, ErrNone
	}
	return e.copy(), nil
}

func (a *Archive) find(room wire.RoomID, id uint64) *entry {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.entries[room][id]
}

// Path is where a file of a recording is: one that its manifest names, or its
// poster.
func (a *Archive) Path(room wire.RoomID, id uint64, name string) (string, error) {
	e := a.find(room, id)
	if e == nil {
		return "", ErrNone
	}
	m := e.copy()
	named := slices.ContainsFunc(m.Files, func(f File) bool { return f.Name == name }) || m.Poster && name == posterName
	if !named {
		return "", ErrNone
	}
	return filepath.Join(e.dir, name), nil
}

// Poster is the name of a recording's poster among its files.
const Poster = posterName

// SetPoster keeps a picture, JPEG, as the poster of the recording that goes on,
// if there is one.
func (a *Archive) SetPoster(room wire.RoomID, jpeg []byte) error {
	a.mu.Lock()
	var e *entry
	if r := a.running[room]; r != nil {
		e = r.entry
	}
	a.mu.Unlock()
	if e == nil {
		return nil
	}
	if err := replace(filepath.Join(e.dir, posterName), jpeg); err != nil {
		return err
	}
	e.change(func(m *Manifest) { m.Poster = true })
	return e.save()
}

// Delete removes a recording with its clips, and returns their names.
func (a *Archive) Delete(room wire.RoomID, id uint64) ([]string, error) {
	a.mu.Lock()
	e := a.entries[room][id]
	if e == nil {
		a.mu.Unlock()
		return nil, ErrNone
	}
	if r := a.running[room]; r != nil && r.entry == e {
		a.mu.Unlock()
		return nil, ErrGoesOn
	}
	delete(a.entries[room], id)
	a.mu.Unlock()
	a.cutting.Lock() // nothing of it is being cut any more
	defer a.cutting.Unlock()
	var names []string
	for _, c := range e.copy().Clips {
		names = append(names, Public(room, c.ID))
	}
	gone := e.dir + deletedSuffix // what a crash leaves of it goes when the archive is opened
	if err := os.Rename(e.dir, gone); err != nil {
		return names, err
	}
	return names, os.RemoveAll(gone)
}

// Close ends what is being written, so that it can be gone on with when the
// server is back.
func (a *Archive) Close() {
	a.mu.Lock()
	a.closed = true
	var open []*running
	for _, r := range a.running {
		open = append(open, r)
	}
	clear(a.running)
	a.mu.Unlock()
	for _, r := range open {
		close(r.stop)
	}
	for _, r := range open {
		<-r.done
		if err := r.entry.save(); err != nil {
			a.log.Warn("manifest not saved", r.entry.fields(err)...)
		}
	}
	a.mending.Wait()
}

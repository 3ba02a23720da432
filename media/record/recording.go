package record

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/wire"
)

// pollEvery is how often a recording reads what has come.
const pollEvery = 50 * time.Millisecond

// Why a recording ended by itself.
const (
	ReasonDisk  = "disk"  // no room is left
	ReasonFault = "fault" // the disk, or we, failed
)

// running is a recording that goes on. All but the channels belongs to run.
type running struct {
	archive *Archive
	entry   *entry
	stage   func() *media.Stage
	sets    []*set
	stop    chan struct{}
	done    chan struct{} // closed when run returns
	checked time.Time
	started wire.Millis
	stirs   stirs // by whoever hears what happens

	cuts    sync.WaitGroup // of clips, beside the loop: a long one must not cost pictures
	cutting atomic.Bool
}

func (a *Archive) run(e *entry, stage func() *media.Stage) *running {
	r := &running{archive: a, entry: e, stage: stage, stop: make(chan struct{}), done: make(chan struct{}), started: e.copy().Started}
	began := time.Now().Add(-time.Duration(wire.At(time.Now())-e.copy().Started) * time.Millisecond)
	for _, g := range groups {
		s := newSet(g, r, began)
		if a.open != nil {
			s.open = func(stage *media.Stage) tap { return a.open(stage, g) }
		}
		r.sets = append(r.sets, s)
	}
	go r.loop()
	return r
}

func (r *running) loop() {
	defer close(r.done)
	defer r.cuts.Wait()
	room := r.entry.copy().Room
	r.archive.live.Store(room, r)
	defer r.archive.live.CompareAndDelete(room, r)
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := r.poll(time.Now()); err != nil {
				r.fail(err)
				return
			}
		case <-r.stop:
			if err := r.finish(); err != nil {
				r.archive.log.Warn("a recording was not ended in order; it will be at the next start", r.entry.fields(err)...)
			}
			return
		}
	}
}

func (r *running) poll(now time.Time) error {
	if now.Sub(r.checked) >= time.Second {
		r.checked = now
		r.propose(now)
		if left, err := free(r.entry.dir); err == nil && left < uint64(r.archive.config.Reserve) {
			return syscall.ENOSPC
		}
	}
	stage := r.stage()
	lost := 0
	for _, s := range r.sets {
		if err := s.poll(stage, now); err != nil {
			return fmt.Errorf("%s: %w", s.group.name, err)
		}
		lost += s.lost
		s.lost = 0
	}
	if lost > 0 {
		r.entry.change(func(m *Manifest) { m.Lost += lost })
	}
	if r.cutting.CompareAndSwap(false, true) {
		r.cuts.Go(func() {
			defer r.cutting.Store(false)
			r.archive.cut(r.entry, false)
		})
	}
	return nil
}

func (r *running) finish() error {
	var errs []error
	for _, s := range r.sets {
		errs = append(errs, s.end())
	}
	return errors.Join(errs...)
}

// fail ends the recording and says why. The class knows nothing of it until
// it is told.
func (r *running) fail(err error) {
	reason := ReasonFault
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		reason = ReasonDisk
	}
	r.archive.log.Error("a recording has ended; the class goes on", append(r.entry.fields(err), zap.String("reason", reason))...)
	if err := r.finish(); err != nil {
		r.archive.log.Warn("its last file has no index; it will have one at the next start", r.entry.fields(err)...)
	}
	r.archive.failed(r, reason)
}

// begin and grown make a recording the [book] of its sets.
func (r *running) begin(set string, start time.Duration, l layout, width, height int) (string, disk, error) {
	name := ""
	r.entry.change(func(m *Manifest) {
		name = fmt.Sprintf("%s-%03d.%s", set, len(m.Files)+1, l.Format)
		m.Files = append(m.Files, File{Name: name, Set: set, Start: start.Milliseconds(), Video: l.Video, Width: width, Height: height})
	})
	if err := r.entry.save(); err != nil {
		return "", nil, err
	}
	d, err := r.archive.create(filepath.Join(r.entry.dir, name))
	return name, d, err
}

func (r *running) wrote(name string, w where) { r.entry.wrote(name, w) }

func (r *running) grown(name string, length time.Duration, done bool) {
	r.entry.change(func(m *Manifest) {
		for i := range m.Files {
			if m.Files[i].Name == name {
				m.Files[i].Length, m.Files[i].Done = length.Milliseconds(), done
			}
		}
	})
	if done {
		if err := r.entry.save(); err != nil {
			r.archive.log.Warn("manifest not saved; it is mended at the next start", r.entry.fields(err)...)
		}
	}
}

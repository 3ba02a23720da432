package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/zap"
	lib "modernc.org/sqlite/lib"

	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/internal/store/sqlite/faultfs"
	"github.com/lyceum-live/lyceum/room"
)

// faults are the operations of a disk that fail, each in turn.
var faults = []struct {
	name string
	kind faultfs.Kind
	code int32
	want error // what callers are told
}{
	{"write", faultfs.Write, lib.SQLITE_IOERR_WRITE, room.ErrUnavailable},
	{"write on a full disk", faultfs.Write, lib.SQLITE_FULL, room.ErrFull},
	{"sync", faultfs.Sync, lib.SQLITE_IOERR_FSYNC, room.ErrUnavailable},
	{"truncate", faultfs.Truncate, lib.SQLITE_IOERR_TRUNCATE, room.ErrUnavailable},
	{"read", faultfs.Read, lib.SQLITE_IOERR_READ, room.ErrUnavailable},
	{"open", faultfs.Open, lib.SQLITE_CANTOPEN, room.ErrUnavailable},
	{"delete", faultfs.Delete, lib.SQLITE_IOERR_DELETE, room.ErrUnavailable},
	{"size", faultfs.Size, lib.SQLITE_IOERR_FSTAT, room.ErrUnavailable},
	{"shared memory", faultfs.Map, lib.SQLITE_IOERR_SHMSIZE, room.ErrUnavailable},
}

// Whichever operation of the disk fails, once or from then on, nobody is told
// that something was saved that was not, callers get the code that fits, and
// the store works again by itself when the disk does.
func TestEveryOperationFails(t *testing.T) {
	template := t.TempDir()
	must(t, open(t, template, sqlite.Config{}).Close())
	for _, f := range faults {
		for _, many := range []bool{false, true} {
			name := f.name + ", once"
			if many {
				name = f.name + ", until it is mended"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				d := failing{template: template, fault: faultfs.Fault{Kind: f.kind, Code: f.code, Many: many}, want: f.want, clients: 1, steps: 40}
				d.every(t)
				if long {
					d.clients = 6
					d.every(t)
				}
			})
		}
	}
}

// failing lets operations of one kind fail while clients work.
type failing struct {
	template string // an empty store's files
	fault    faultfs.Fault
	want     error
	clients  int
	steps    int

	runs, unopened, images int
	refusals               atomic.Int64
}

// every fails the first operation, the second and so on, until the work is
// over before; or some of them.
func (f *failing) every(t *testing.T) {
	all := f.operations(t)
	chance := rand.New(rand.NewPCG(4, uint64(f.fault.Kind)))
	stride := max(1, all*thin/40) // about 40 of them
	if long {
		stride = 1
	}
	f.runs, f.unopened, f.images = 0, 0, 0
	f.refusals.Store(0)
	for n := 1; n <= all; n += 1 + chance.IntN(2*stride-1) {
		f.fault.Nth = n
		if err := f.once(t); err != nil {
			t.Errorf("%v %d of %d fails: %v", f.fault.Kind, n, all, err)
		}
	}
	t.Logf("%d clients: %d of %d operations failed, %d stores refused to open meanwhile, %d refusals, %d power cuts afterwards",
		f.clients, f.runs, all, f.unopened, f.refusals.Load(), f.images)
}

// operations is how many operations of the kind there are when none fails.
func (f *failing) operations(t *testing.T) int {
	dir, remove, disk := f.disk(t)
	defer remove()
	s := open(t, dir, sqlite.Config{Readers: 1})
	must(t, f.work(t.Context(), f.witnesses(s, disk)))
	must(t, s.Close())
	return disk.Count(f.fault.Kind)
}

// disk is an empty store's on a watched disk.
func (f *failing) disk(t *testing.T) (dir string, remove func(), disk *faultfs.Disk) {
	dir, clean, err := scratch()
	must(t, err)
	must(t, os.CopyFS(dir, os.DirFS(f.template)))
	disk, err = faultfs.Watch(dir)
	must(t, err)
	return dir, func() { disk.Close(); clean() }, disk
}

func (f *failing) witnesses(s *sqlite.Store, disk *faultfs.Disk) []*witness {
	all := make([]*witness, f.clients)
	for i := range all {
		all[i] = newWitness(s, i, 5, disk.Now)
	}
	return all
}

func (f *failing) work(ctx context.Context, witnesses []*witness) error {
	errs := make([]error, len(witnesses))
	var all sync.WaitGroup
	for i, w := range witnesses {
		all.Go(func() { errs[i] = w.work(ctx, f.steps/len(witnesses)) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// once runs the work with the fault.
func (f *failing) once(t *testing.T) error {
	f.runs++
	ctx := t.Context()
	dir, remove, disk := f.disk(t)
	defer remove()
	disk.Fail(f.fault)
	s, err := f.open(ctx, dir, disk)
	if err != nil {
		return err
	}
	witnesses := f.witnesses(s, disk)
	var healed atomic.Bool
	for _, w := range witnesses {
		w.refused = f.refused(ctx, w, disk, &healed)
	}
	if err := f.work(ctx, witnesses); err != nil {
		return errors.Join(err, s.Close())
	}
	disk.Heal()
	if err := checkAll(ctx, s, witnesses); err != nil {
		return errors.Join(err, s.Close())
	}
	end := disk.Now()
	if f.fault.Many { // and it fails while the store is closed, too
		last := f.fault
		last.Nth = 1 + f.fault.Nth%7
		disk.Fail(last)
	}
	if err := s.Close(); err != nil && disk.Fired() == 0 {
		return err
	}
	disk.Close()
	if s, err = sqlite.Open(ctx, dir, sqlite.Config{Readers: 1}, zap.NewNop()); err != nil {
		return fmt.Errorf("opened again: %w", err)
	}
	if err := errors.Join(checkAll(ctx, s, witnesses), s.Close()); err != nil {
		return fmt.Errorf("opened again: %w", err)
	}
	if err := f.cut(ctx, disk, witnesses, end); err != nil {
		return fmt.Errorf("after a power cut: %w", err)
	}
	return nil
}

// refused judges the refusals that a client gets. A lasting fault is mended
// at the third, having been looked at: the store can still be read.
func (f *failing) refused(ctx context.Context, w *witness, disk *faultfs.Disk, healed *atomic.Bool) func(int, error) error {
	gone := false // the fault, when this wish was repeated
	return func(times int, refusal error) error {
		f.refusals.Add(1)
		switch {
		case disk.Fired() == 0:
			return fmt.Errorf("nothing has failed: %w", refusal)
		case !errors.Is(refusal, f.want) && !errors.Is(refusal, sqlite.ErrScrub):
			return fmt.Errorf("the wrong code: %w", refusal)
		case times > 1 && gone:
			return fmt.Errorf("refused, though the disk works again: %w", refusal)
		}
		reads := f.fault.Kind == faultfs.Write || f.fault.Kind == faultfs.Sync || f.fault.Kind == faultfs.Truncate
		if !f.fault.Many || reads {
			err := w.check(ctx, w.store, always, true)
			if f.clients > 1 && errors.Is(err, f.want) {
				err = nil // OpenLog was refused along with the writes of others
			}
			if err != nil {
				return fmt.Errorf("when it was refused: %w", err)
			}
		}
		if f.fault.Many && times == 3 {
			disk.Heal()
			healed.Store(true)
		}
		gone = !f.fault.Many || healed.Load()
		return nil
	}
}

// open opens the store on a disk that may fail under it, and if it does so
// tries again when it works.
func (f *failing) open(ctx context.Context, dir string, disk *faultfs.Disk) (*sqlite.Store, error) {
	s, err := sqlite.Open(ctx, dir, sqlite.Config{Readers: 1}, zap.NewNop())
	if err == nil {
		return s, nil
	}
	f.unopened++
	for _, wrong := range []error{sqlite.ErrDamaged, sqlite.ErrForeign, sqlite.ErrNewer, sqlite.ErrInUse} {
		if errors.Is(err, wrong) {
			return nil, fmt.Errorf("a failing disk is called something else: %w", err)
		}
	}
	if disk.Fired() == 0 {
		return nil, fmt.Errorf("nothing has failed: %w", err)
	}
	disk.Heal()
	s, err = sqlite.Open(ctx, dir, sqlite.Config{Readers: 1}, zap.NewNop())
	if err != nil {
		return nil, fmt.Errorf("though the disk works again: %w", err)
	}
	return s, nil
}

// cut cuts the power at some point, when the work was done and when the store
// was closed: what a failed sync has lost was not acknowledged or written
// again.
func (f *failing) cut(ctx context.Context, disk *faultfs.Disk, witnesses []*witness, end int) error {
	journal, err := disk.Journal()
	if err != nil {
		return err
	}
	chance := rand.New(rand.NewPCG(6, uint64(f.fault.Nth)))
	replay := faultfs.NewReplay(journal, chance)
	for i, at := range []int{chance.IntN(end + 1), end, len(journal.Ops)} {
		if thin > 1 && i != f.runs%3 {
			continue
		}
		f.images++
		replay.To(at)
		image := replay.Some()
		if at == end {
			image = replay.Synced()
		}
		if err := reopened(ctx, image, witnesses, at); err != nil {
			return fmt.Errorf("at %d of %d: %w", at, len(journal.Ops), err)
		}
	}
	return nil
}

func checkAll(ctx context.Context, s *sqlite.Store, witnesses []*witness) error {
	for _, w := range witnesses {
		if err := w.check(ctx, s, always, true); err != nil {
			return err
		}
	}
	return nil
}

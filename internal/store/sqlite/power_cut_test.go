package sqlite_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/internal/store/sqlite/faultfs"
)

// long makes the tests of power cuts and failing disks thorough: minutes, and
// not seconds.
var long = os.Getenv("LYCEUM_LONG") != ""

// inMemory is where the tests of power cuts put their files: in memory where
// the system has such a place. The disk that matters here is faultfs's, and the
// syncs of a real one would be most of the time.
var inMemory = sync.OnceValue(func() string {
	const usual = "/dev/shm"
	dir, err := os.MkdirTemp(usual, "lyceum-test-")
	if err != nil {
		return os.TempDir()
	}
	_ = os.Remove(dir)
	return usual
})

// scratch makes a directory there.
func scratch() (dir string, remove func(), err error) {
	dir, err = os.MkdirTemp(inMemory(), "lyceum-test-")
	return dir, func() { _ = os.RemoveAll(dir) }, err
}

// cuts is a run of the power-cut test.
type cuts struct {
	name    string
	seed    uint64
	clients int
	steps   int // of each client
	points  int // how many of the disk's operations are cut at; 0: all
	images  int // at each point, by chance, beside what is synced
	again   int // of the images: power is cut once more while they are opened
	large   int // bytes of a model that each client saves now and then, to fill the WAL
}

// A power cut at any point leaves everything that was acknowledged, and of
// the rest only what is whole.
func TestPowerCut(t *testing.T) {
	runs := []cuts{
		{name: "one client", seed: 1, clients: 1, steps: 40, images: 1},
		// Few enough that they share commits and that rooms are filed apart.
		{name: "three clients", seed: 2, clients: 3, steps: 60, points: 150 / thin, images: 1, again: 20 / thin},
		{name: "many clients", seed: 3, clients: 8, steps: 25, points: 60 / thin, images: 1, again: 20 / thin},
	}
	if thin > 1 {
		runs[0].points = 400 / thin
	}
	if long {
		for seed := range uint64(4) {
			runs = append(runs,
				cuts{name: fmt.Sprint("one client, ", seed), seed: 100 + seed, clients: 1, steps: 60, images: 4, again: 200},
				cuts{name: fmt.Sprint("three clients, ", seed), seed: 400 + seed, clients: 3, steps: 60, points: 800, images: 1, again: 200},
				cuts{name: fmt.Sprint("many clients, ", seed), seed: 200 + seed, clients: 12, steps: 60, points: 400, images: 4, again: 200},
			)
		}
		// So much that the store checkpoints beside its writer.
		runs = append(runs, cuts{name: "a long WAL", seed: 300, clients: 6, steps: 30, points: 60, images: 2, large: 2 << 20})
	}
	for _, run := range runs {
		t.Run(run.name, func(t *testing.T) {
			if !long { // there the images of one run are enough to hold in memory
				t.Parallel()
			}
			found := run.do(t, nil)
			t.Log(found)
			for i, err := range found.failures {
				if i == 20 {
					t.Fatal("and so on")
				}
				t.Error(err)
			}
		})
	}
}

// The test above finds what it is there for: a sync that is left out.
func TestPowerCutFindsMissingSyncs(t *testing.T) {
	for _, of := range []string{
		"-wal", // as with synchronous=NORMAL
		".db",  // in checkpoints
		"",     // all, as with synchronous=OFF
	} {
		t.Run(of, func(t *testing.T) {
			t.Parallel()
			run := cuts{seed: 3, clients: 2, steps: 30, points: 30, images: 1}
			if thin > 1 {
				run.images = 0
			}
			found := run.do(t, func(d *faultfs.Disk) { d.Lie(of) })
			t.Log(found)
			lost := 0
			for _, err := range found.failures {
				if errors.Is(err, errLost) || errors.Is(err, sqlite.ErrDamaged) {
					lost++
				}
				if errors.Is(err, errPanic) {
					t.Error(err)
				}
			}
			if lost == 0 {
				t.Error("nothing was found")
			}
		})
	}
}

// A key that was destroyed stays so, also in the bytes of the files, when the
// power goes the moment after.
func TestDestroyedKeysStayDestroyedAfterPowerCut(t *testing.T) {
	dir, remove, err := scratch()
	must(t, err)
	defer remove()
	must(t, open(t, dir, sqlite.Config{}).Close())
	disk, err := faultfs.Watch(dir)
	must(t, err)
	defer disk.Close()
	s := open(t, dir, sqlite.Config{})
	key, err := s.EnsureKey(t.Context(), "ana")
	must(t, err)
	must(t, s.DestroyKey(t.Context(), "ana"))
	journal, err := disk.Journal()
	must(t, err)
	must(t, s.Close())
	chance := rand.New(rand.NewPCG(1, 2))
	replay := faultfs.NewReplay(journal, chance)
	replay.To(len(journal.Ops))
	for i := range 20 {
		image := replay.Some()
		if i == 0 {
			image = replay.Synced()
		}
		for name, data := range image {
			if bytes.Contains(data, key) {
				t.Fatalf("it is in %s", name)
			}
		}
	}
}

// found is the outcome of a run.
type found struct {
	acked, operations, points, images, again int
	failures                                 []error
}

func (f found) String() string {
	return fmt.Sprintf("%d acknowledgements, %d disk operations, %d cut points, %d images, %d of them cut again: %d failures",
		f.acked, f.operations, f.points, f.images, f.again, len(f.failures))
}

// do runs the work on a disk, prepared in some way, and cuts its power.
func (c cuts) do(t *testing.T, prepare func(*faultfs.Disk)) found {
	dir, remove, err := scratch()
	must(t, err)
	defer remove()
	must(t, open(t, dir, sqlite.Config{}).Close()) // a power cut while the file is made is not tried
	disk, err := faultfs.Watch(dir)
	must(t, err)
	t.Cleanup(disk.Close)
	if prepare != nil {
		prepare(disk)
	}
	witnesses := c.work(t, dir, disk)
	journal, err := disk.Journal()
	must(t, err)

	f := found{operations: len(journal.Ops)}
	for _, w := range witnesses {
		f.acked += w.acked()
	}
	chance := rand.New(rand.NewPCG(c.seed, 1))
	c.cut(t, &f, journal, c.choose(journal, chance), witnesses, chance)
	return f
}

// work lets the clients work, with a moment of rest and the store opened anew
// between, and closes it.
func (c cuts) work(t *testing.T, dir string, disk *faultfs.Disk) []*witness {
	witnesses := make([]*witness, c.clients)
	for id := range witnesses {
		witnesses[id] = newWitness(nil, id, c.seed, disk.Now)
	}
	const shifts = 3
	for shift := range shifts {
		s := open(t, dir, sqlite.Config{})
		side, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "lyceum.db")+"?_pragma=synchronous(FULL)&_pragma=wal_autocheckpoint(0)")
		must(t, err)
		var all sync.WaitGroup
		for _, w := range witnesses {
			w.store = s
			all.Go(func() {
				if err := c.shift(t.Context(), w, side, c.steps/shifts, uint64(shift)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		must(t, side.Close())
		if shift == 0 {
			// At rest the store tidies up by itself, which ends in a checkpoint.
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			from := disk.Now()
			must(t, witnesses[0].append(ctx))
			must(t, disk.Await(ctx, from, func(o faultfs.Op) bool { return o.Kind == faultfs.Write && o.Name == "lyceum.db" }))
			cancel()
		}
		must(t, s.Close())
	}
	return witnesses
}

// shift is the work of one client, with checkpoints between.
func (c cuts) shift(ctx context.Context, w *witness, side *sql.DB, steps int, n uint64) error {
	chance := rand.New(rand.NewPCG(c.seed+n, uint64(w.id)+1000))
	for steps > 0 {
		some := min(1+chance.IntN(8), steps)
		steps -= some
		if err := w.work(ctx, some); err != nil {
			return err
		}
		if c.large > 0 {
			if err := w.saveModel(ctx, w.noise(c.large)); err != nil {
				return err
			}
			continue // the checkpoints are the store's own
		}
		mode := []string{"PASSIVE", "FULL", "RESTART", "TRUNCATE"}[chance.IntN(4)]
		if _, err := side.ExecContext(ctx, "PRAGMA wal_checkpoint("+mode+")"); err != nil {
			return err
		}
	}
	return nil
}

// choose returns the points at which power is cut: before and after syncs,
// truncations, creations and deletions, and by chance between them.
func (c cuts) choose(j faultfs.Journal, chance *rand.Rand) []int {
	points, bounds := []int{}, []int{}
	for i := range len(j.Ops) + 1 {
		points = append(points, i)
		if i < len(j.Ops) && j.Ops[i].Kind != faultfs.Write {
			bounds = append(bounds, i, i+1)
		}
	}
	if c.points == 0 || c.points >= len(points) {
		return points
	}
	shuffle := func(all []int, n int) []int {
		chance.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		return all[:min(n, len(all))]
	}
	points = slices.Concat(shuffle(slices.Compact(bounds), c.points*2/3), shuffle(points, c.points/3))
	slices.Sort(points)
	return slices.Compact(points)
}

// cut makes the images of all points and checks them.
func (c cuts) cut(t *testing.T, f *found, j faultfs.Journal, points []int, witnesses []*witness, chance *rand.Rand) {
	type job struct {
		at    int
		how   string
		image faultfs.Image
		again uint64 // not 0: cut the power again, with this seed
	}
	jobs := make(chan job)
	var mu sync.Mutex // of f.failures
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for job := range jobs {
				var err error
				if job.again == 0 {
					err = reopened(t.Context(), job.image, witnesses, job.at)
				} else {
					err = cutAgain(t.Context(), job.image, witnesses, job.at, job.again)
				}
				if err == nil {
					continue
				}
				kept := filepath.Join(t.ArtifactDir(), fmt.Sprintf("cut-%d-%s", job.at, job.how))
				err = errors.Join(err, os.MkdirAll(kept, 0o700), job.image.Save(kept))
				mu.Lock()
				f.failures = append(f.failures, fmt.Errorf("seed %d, cut at %d of %d (%s), after %v: %w",
					c.seed, job.at, len(j.Ops), job.how, j.Ops[max(0, job.at-3):job.at], err))
				mu.Unlock()
			}
		})
	}
	f.points = len(points)
	replay := faultfs.NewReplay(j, chance)
	for _, at := range points {
		replay.To(at)
		send := func(how string, image faultfs.Image) {
			f.images++
			job := job{at: at, how: how, image: image}
			if f.again < c.again && chance.IntN(4) == 0 {
				f.again++
				job.again = c.seed + uint64(f.images)
			}
			jobs <- job
		}
		send("synced", replay.Synced())
		for i := range c.images {
			if replay.Pending() > 0 {
				send(fmt.Sprint("some-", i), replay.Some())
			}
		}
	}
	close(jobs)
	all.Wait()
}

// errPanic is what a store must not do, whatever the file holds.
var errPanic = errors.New("panic")

// reopened opens the store on what a power cut left and checks it.
func reopened(ctx context.Context, image faultfs.Image, witnesses []*witness, cut int) error {
	dir, remove, err := scratch()
	if err != nil {
		return err
	}
	defer remove()
	return reopenedIn(ctx, dir, image, witnesses, cut)
}

func reopenedIn(ctx context.Context, dir string, image faultfs.Image, witnesses []*witness, cut int) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v\n%.2000s", errPanic, p, debug.Stack())
		}
	}()
	if err := image.Save(dir); err != nil {
		return err
	}
	s, err := sqlite.Open(ctx, dir, sqlite.Config{Readers: 1}, zap.NewNop())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	for _, w := range witnesses {
		if err := w.check(ctx, s, cut, false); err != nil {
			return err
		}
		for _, p := range w.people {
			for name, data := range image {
				if p.gone.by(cut) && bytes.Contains(data, p.key) {
					return fmt.Errorf("%s's key was destroyed and is in %s: %w", p.id, name, errMore)
				}
			}
		}
	}
	// It takes writes again.
	info, err := s.OpenLog(ctx, "afterwards")
	if err != nil {
		return err
	}
	return s.Append(ctx, "afterwards", info.Last, records(info.Last, 1, 10))
}

// cutAgain cuts the power once more while the store is opened on what the
// first cut left, and checks what that leaves.
func cutAgain(ctx context.Context, image faultfs.Image, witnesses []*witness, cut int, seed uint64) error {
	dir, remove, err := scratch()
	if err != nil {
		return err
	}
	defer remove()
	if err := image.Save(dir); err != nil {
		return err
	}
	disk, err := faultfs.Watch(dir)
	if err != nil {
		return err
	}
	defer disk.Close()
	if err := reopenedIn(ctx, dir, nil, witnesses, cut); err != nil {
		return err
	}
	journal, err := disk.Journal()
	if err != nil {
		return err
	}
	chance := rand.New(rand.NewPCG(seed, 0))
	replay := faultfs.NewReplay(journal, chance)
	replay.To(chance.IntN(len(journal.Ops) + 1))
	return reopened(ctx, replay.Some(), witnesses, cut)
}

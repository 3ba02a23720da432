package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// How the writer gathers what it commits together.
const (
	maxBatch = 4096                 // writes in one transaction
	crowd    = 200                  // with so many in a batch, waiting a little saves more than it costs
	patience = 5 * time.Millisecond // how long a crowd is waited for
)

// job is one write. It is carried out by the writer, perhaps more than once
// if a batch has to be split, so run sets what the caller gets and never adds
// to it. What run refuses, it refuses before it writes.
type job struct {
	step  string // named in errors
	run   func(*tx) error
	scrub bool       // the WAL, too, must be rid of what was overwritten
	done  chan error // buffered: the writer never waits for a caller
}

// refusal marks an error of run that belongs to its job alone.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

func refuse(err error) error { return refusal{err} }

type counters struct {
	jobs, refused, rows, commits, largest, checkpoints atomic.Uint64
	filings, filed, waiting, probes                    atomic.Uint64
	walPages                                           atomic.Int64
}

// writer commits the writes of all callers, and files what waits in the tail
// when it has nothing better to do or when that is too much.
type writer struct {
	jobs     chan *job
	stopping chan struct{} // closed by stop
	done     chan struct{} // closed when loop returns
	counters *counters
	check    *checkpointer
	log      *zap.Logger
	onCommit func(jobs, rows int, took time.Duration) // nil, or set before the first write
	health   health

	// Owned by loop.
	tx    *tx
	batch []*job
	errs  []error
	last  int         // size of the batch before
	rest  *time.Timer // runs out when nobody has written for a moment
	tired time.Time   // nothing could be filed; not tried again before that
}

func newWriter(c conn, tail *tail, check *checkpointer, counts *counters, queue int, log *zap.Logger) (*writer, error) {
	tx, err := newTx(c, tail)
	if err != nil {
		return nil, err
	}
	if err := tx.load(); err != nil {
		return nil, err
	}
	return &writer{
		jobs:     make(chan *job, queue),
		stopping: make(chan struct{}),
		done:     make(chan struct{}),
		counters: counts,
		check:    check,
		log:      log,
		tx:       tx,
		rest:     time.NewTimer(restAfter),
	}, nil
}

// do has j carried out and returns when its outcome is certain: nil says that
// what it wrote is on the disk. Until j is taken, ctx may end the wait.
func (w *writer) do(ctx context.Context, j *job) error {
	j.done = make(chan error, 1)
	if err := ctx.Err(); err != nil {
		return failure(j.step, err)
	}
	select {
	case w.jobs <- j:
	case <-w.stopping:
		return failure(j.step, ErrClosed)
	case <-ctx.Done():
		return failure(j.step, ctx.Err())
	}
	select {
	case err := <-j.done: // once taken, a write is always answered
		return err
	case <-w.done:
	}
	select {
	case err := <-j.done:
		return err
	default: // it slipped into the queue behind the last batch
		return failure(j.step, ErrClosed)
	}
}

// stop ends loop after what is in the queue.
func (w *writer) stop() {
	close(w.stopping)
	<-w.done
}

func (w *writer) loop() {
	defer close(w.done)
	defer w.rest.Stop()
	for {
		select {
		case j := <-w.jobs:
			w.commit(w.gather(j))
			continue
		case <-w.rest.C:
			w.tidy()
			continue
		case <-w.stopping:
		}
		select {
		case j := <-w.jobs:
			w.commit(w.gather(j))
		default:
			w.fileAll()
			return
		}
	}
}

// gather returns first and whatever else waits. Where hundreds write at once
// they are given a moment to come back after the last commit, until as many
// are here as the last time: a few large transactions cost less than many
// small ones.
func (w *writer) gather(first *job) []*job {
	w.batch = append(w.batch[:0], first)
	for waiting := true; waiting && len(w.batch) < maxBatch; {
		select {
		case j := <-w.jobs:
			w.batch = append(w.batch, j)
		default:
			waiting = false
		}
	}
	if max(len(w.batch), w.last) >= crowd {
		late := time.NewTimer(patience)
		defer late.Stop()
		for waiting := true; waiting && len(w.batch) < min(w.last, maxBatch); {
			select {
			case j := <-w.jobs:
				w.batch = append(w.batch, j)
			case <-late.C:
				waiting = false
			case <-w.stopping:
				waiting = false
			}
		}
	}
	w.last = len(w.batch)
	return w.batch
}

// commit carries the batch out in one transaction and then answers each.
// Where one job's failure is its own, the others are done again without it.
func (w *writer) commit(batch []*job) {
	began := time.Now()
	if err := w.makeRoom(); err != nil {
		w.fail(batch, err)
		clear(batch)
		return
	}
	rows, err := w.transact(batch)
	if err == nil {
		w.answer(batch)
	} else if len(batch) == 1 || isWhole(err) {
		w.fail(batch, err)
	} else {
		for i := range batch {
			n, err := w.transact(batch[i : i+1])
			if err != nil {
				w.fail(batch[i:i+1], err)
			} else {
				w.answer(batch[i : i+1])
			}
			rows += n
		}
	}
	if w.onCommit != nil {
		w.onCommit(len(batch), rows, time.Since(began))
	}
	clear(batch) // callers' closures are theirs again
	w.keepUp(rows)
	w.checkpoint()
	w.rest.Reset(restAfter)
}

// transact runs the jobs in one transaction and commits it. The jobs'
// refusals are in w.errs afterwards; any other error undoes all of them. It
// returns how many rows were written.
func (w *writer) transact(batch []*job) (rows int, err error) {
	w.errs = w.errs[:0]
	if err := w.tx.begin(); err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			w.tx.rollback()
		}
	}()
	for _, j := range batch {
		err := j.run(w.tx)
		if _, refused := errors.AsType[refusal](err); err != nil && !refused {
			return 0, err
		}
		w.errs = append(w.errs, err)
	}
	rows, err = w.tx.commit()
	if err != nil {
		return 0, err
	}
	w.counters.commits.Add(1)
	w.counters.rows.Add(uint64(rows))
	if n := uint64(len(batch)); n > w.counters.largest.Load() {
		w.counters.largest.Store(n)
	}
	w.counters.waiting.Store(uint64(w.tx.tail.rows))
	return rows, nil
}

// answer tells each caller of a batch that was committed how its job went.
func (w *writer) answer(batch []*job) {
	w.well()
	var dirty error
	for _, j := range batch {
		if j.scrub {
			if dirty = w.check.truncate(w.tx.conn); dirty == nil {
				// The next sync of the WAL is what makes its end durable.
				dirty = w.probe(1)
			}
			break
		}
	}
	for i, j := range batch {
		err := w.errs[i]
		if err == nil && j.scrub {
			err = dirty
		}
		if err != nil {
			w.counters.refused.Add(1)
		}
		w.counters.jobs.Add(1)
		j.done <- failure(j.step, err)
	}
}

// fail tells all callers of a batch that nothing of it was written.
func (w *writer) fail(batch []*job, err error) {
	if isWhole(err) {
		w.fallIll(err)
	} else {
		w.log.Error("a write failed", zap.String("step", batch[0].step), zap.Error(err))
	}
	for _, j := range batch {
		w.counters.jobs.Add(1)
		w.counters.refused.Add(1)
		j.done <- failure(j.step, fmt.Errorf("write: %w", err))
	}
}

// checkpoint keeps the WAL from growing while there is no idle moment.
func (w *writer) checkpoint() {
	frames, err := w.tx.walFrames()
	w.counters.walPages.Store(frames)
	switch {
	case err != nil, frames < walSoft:
	case frames < walHard:
		w.check.poke()
	default:
		w.check.passive(w.tx.conn)
	}
}

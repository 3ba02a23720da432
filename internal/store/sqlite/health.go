package sqlite

import (
	"fmt"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/room"
)

// probeBytes is how much a store must be able to write to be well again.
const probeBytes = 16 * pageSize

// health is whether the store could write when it last tried.
type health struct {
	ill atomic.Pointer[error] // nil: it is well
}

func (h *health) why() error {
	if err := h.ill.Load(); err != nil {
		return *err
	}
	return nil
}

// Ready returns nil, or why the store cannot write now: room.ErrFull or
// room.ErrUnavailable. It says how the last write fared and makes none; a
// store that is ill tries by itself from time to time.
func (s *Store) Ready() error {
	select {
	case <-s.writer.stopping:
		return ErrClosed
	default:
		return s.writer.health.why()
	}
}

// fallIll remembers that nothing can be written, and says so once and not for
// each of the thousands that follow.
func (w *writer) fallIll(err error) {
	if w.health.why() == nil {
		w.log.Error("the store cannot write", zap.Error(err))
		w.rest.Reset(retry)
	}
	if !isFull(err) {
		err = fmt.Errorf("%w: %w", room.ErrUnavailable, err)
	} else {
		err = fmt.Errorf("%w: %w", room.ErrFull, err)
	}
	w.health.ill.Store(&err)
	w.check.poke() // an emptied WAL may be the room that is missing
}

func (w *writer) well() {
	if w.health.ill.Swap(nil) != nil {
		w.log.Info("the store can write again")
	}
}

// probe writes something of that size, and deletes it.
func (w *writer) probe(size int) error {
	w.counters.probes.Add(1)
	t := w.tx
	if err := t.begin(); err != nil {
		return err
	}
	row := &arrival{n: t.tail.nextRow()}
	_, err := t.addArrival.exec(row.n, make([]byte, size)) // arrivalEmpty
	if err == nil {
		t.arrived = append(t.arrived, row)
		_, err = t.commit()
	}
	if err != nil {
		t.rollback()
		w.check.poke()
		return err
	}
	if err := t.begin(); err != nil {
		return nil // it goes with the next rows
	}
	if _, err := t.commit(); err != nil {
		t.rollback()
	}
	return nil
}

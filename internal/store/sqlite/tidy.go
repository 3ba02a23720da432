package sqlite

import (
	"time"

	"go.uber.org/zap"
)

const (
	restAfter = 250 * time.Millisecond // without a write before the writer tidies up
	retry     = time.Second            // between two tries of what could not be written
	fileStep  = 2048                   // records filed at once while nobody writes
)

// tidy does what can wait until nobody writes: it files the tail, a step at a
// time so that whoever comes now does not wait for all of it, and finds out
// whether a store that could not write can do so again.
func (w *writer) tidy() {
	next := time.Duration(-1)
	if w.health.why() != nil {
		next = retry
		if err := w.probe(probeBytes); err == nil {
			w.well()
			next = 0
		}
	} else if w.tx.tail.rows > 0 {
		next = 0
		if err := w.file(fileStep); err != nil {
			next = retry
		}
	}
	w.checkpoint()
	if next >= 0 {
		w.rest.Reset(next)
	}
}

// keepUp files twice as many records as have just come in while there are too
// many in the tail.
func (w *writer) keepUp(rows int) {
	if w.tx.tail.full(1) && time.Now().After(w.tired) {
		_ = w.file(max(2*rows, fileStep/8)) // logged; if it goes on, makeRoom refuses
	}
}

// makeRoom returns nil when the tail may grow.
func (w *writer) makeRoom() error {
	for w.tx.tail.full(tailHard) {
		if err := w.file(4 * fileStep); err != nil {
			return err
		}
	}
	return nil
}

// fileAll empties the tail, so that a store that is closed has none.
func (w *writer) fileAll() {
	for w.tx.tail.rows > 0 {
		if w.file(4*fileStep) != nil {
			return // they are safe where they are
		}
	}
}

// file moves about n records to where they belong.
func (w *writer) file(n int) error {
	err := w.tx.begin()
	if err == nil {
		if n, err = w.tx.fileSome(n); err == nil {
			_, err = w.tx.commit()
		}
		if err != nil {
			w.tx.rollback()
		}
	}
	if err != nil {
		if w.tired.IsZero() { // once, and not at each try
			w.log.Warn("records could not be filed; they are safe where they are, and it will be tried again", zap.Error(err))
		}
		w.tired = time.Now().Add(retry)
		w.check.poke()
		return err
	}
	w.tired = time.Time{}
	w.counters.filings.Add(1)
	w.counters.filed.Add(uint64(n))
	w.counters.waiting.Store(uint64(w.tx.tail.rows))
	return nil
}

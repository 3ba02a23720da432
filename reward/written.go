package reward

import (
	"hash/maphash"
	"sync"
)

// written remembers entries that are in the ledger for sure, so that what a
// person does again and again, such as changing a vote, asks nothing of the
// store. It keeps hashes of the keys of the newest entries; to forget one costs
// a question, to mistake one for another a person their points: at 64 bits that
// happens once in some hundred billion entries.
type written struct {
	seed maphash.Seed

	mu       sync.Mutex
	now, old map[uint64]struct{}
}

// halfWritten is how many entries each of the two generations holds.
const halfWritten = 100_000

func newWritten(seed maphash.Seed) *written {
	return &written{seed: seed, now: map[uint64]struct{}{}}
}

func (w *written) has(key string) bool {
	h := maphash.String(w.seed, key)
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.now[h]; ok {
		return true
	}
	_, ok := w.old[h]
	return ok
}

// add notes entries that the store has.
func (w *written) add(entries []Entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range entries {
		if len(w.now) >= halfWritten {
			w.old, w.now = w.now, map[uint64]struct{}{}
		}
		w.now[maphash.String(w.seed, e.Key)] = struct{}{}
	}
}

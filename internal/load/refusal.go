package load

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// refusals counts what the server did not carry out, by what it says.
type refusals struct {
	n  atomic.Int64
	mu sync.Mutex
	by map[string]int
}

// note counts a refusal; nil is none.
func (r *refusals) note(data []byte) {
	if data == nil {
		return
	}
	r.n.Add(1)
	var e struct {
		Code any `json:"code"` // a word, or a number of Centrifugo's
	}
	_ = json.Unmarshal(data, &e)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.by == nil {
		r.by = map[string]int{}
	}
	r.by[fmt.Sprint(e.Code)]++
}

// notes says how often each code came.
func (r *refusals) notes() (notes []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, code := range slices.Sorted(maps.Keys(r.by)) {
		notes = append(notes, fmt.Sprintf("refused: %s, %d times", code, r.by[code]))
	}
	return notes
}

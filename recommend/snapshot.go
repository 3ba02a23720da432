package recommend

import (
	"context"
	"fmt"
	"slices"

	"github.com/lyceum-live/lyceum/wire"
)

// snapshot is what the blend had learned at a position of the store. The
// counting models are folded again from the behaviours, which is quick; the
// learning of the weights is what takes the time, so it is what is kept.
type snapshot struct {
	Features []string       `json:"features"` // a snapshot of others is of no use
	Learned  uint64         `json:"learned"`
	Sets     []savedWeights `json:"sets"`
	Leads    []savedLead    `json:"leads"`
}

type savedWeights struct {
	W []float64 `json:"w"`
	G []float64 `json:"g"`
}

type savedLead struct {
	Rewards []float64 `json:"rewards"`
	Leader  int       `json:"leader"`
}

// Save keeps a snapshot in the store, so that the next [Engine.Load] is quick.
// It holds up Observe, but not Suggest, while it reads what came in since the
// last one.
func (e *Engine) Save(ctx context.Context) error {
	e.ingest.Lock()
	defer e.ingest.Unlock()
	// The store numbers behaviours by itself: ask it where they end.
	for {
		list, last, err := e.store.ReadBehaviors(ctx, e.position, page)
		if err != nil {
			return fmt.Errorf("read behaviours after %d: %w", e.position, err)
		}
		if len(list) == 0 {
			break
		}
		e.position = last
	}
	e.mu.RLock()
	s := snapshot{Features: e.Features(), Learned: e.blend.learned}
	for _, w := range e.blend.sets {
		s.Sets = append(s.Sets, saved(w))
	}
	for _, l := range e.blend.leads {
		s.Leads = append(s.Leads, savedLead{slices.Clone(l.rewards), l.leader})
	}
	e.mu.RUnlock()
	data, err := wire.Encode(s)
	if err != nil {
		return fmt.Errorf("encode the model: %w", err)
	}
	if err := e.store.SaveModel(ctx, Model, e.position, data); err != nil {
		return fmt.Errorf("save the model at %d: %w", e.position, err)
	}
	return nil
}

func saved(w weights) savedWeights { return savedWeights{slices.Clone(w.w), slices.Clone(w.g)} }

// restore returns the position of the stored snapshot and the blend as it
// was there. One that is missing or of other features is passed over: then
// the position is 0 and everything is learned again.
func (e *Engine) restore(ctx context.Context) (at int64, b *blend, err error) {
	at, data, err := e.store.Model(ctx, Model)
	if err != nil {
		return 0, nil, fmt.Errorf("read the model: %w", err)
	}
	var s snapshot
	if data == nil || wire.Decode(data, &s) != nil || !slices.Equal(s.Features, e.Features()) ||
		len(s.Sets) != blendSets || len(s.Leads) != int(warmths) {
		return 0, nil, nil
	}
	b = newBlend(e.blend.features)
	b.learned = s.Learned
	for k, w := range s.Sets {
		if len(w.W) != len(b.features) || len(w.G) != len(b.features) {
			return 0, nil, nil
		}
		b.sets[k] = weights{w.W, w.G}
	}
	for k, l := range s.Leads {
		if len(l.Rewards) != len(b.leads[k].rewards) || l.Leader < 0 || l.Leader >= len(l.Rewards) {
			return 0, nil, nil
		}
		b.leads[k].rewards, b.leads[k].leader = l.Rewards, l.Leader
	}
	return at, b, nil
}

// page is how many behaviours are read at a time.
const page = 4096

// Load folds all stored behaviours into the models, on top of a snapshot if
// there is one. It is to be called once, before the first Observe.
func (e *Engine) Load(ctx context.Context) (count int, err error) {
	e.ingest.Lock()
	defer e.ingest.Unlock()
	from, learned, err := e.restore(ctx)
	if err != nil {
		return 0, err
	}
	n, err := e.replay(ctx, from, false)
	if err != nil {
		return n, err
	}
	if learned != nil {
		e.mu.Lock()
		e.blend = learned
		e.mu.Unlock()
	}
	more, err := e.replay(ctx, 0, true)
	return n + more, err
}

// replay applies stored behaviours from e.position to the position until,
// or, if teach is true, to the end, with the blend learning from them.
func (e *Engine) replay(ctx context.Context, until int64, teach bool) (count int, err error) {
	for limit := page; teach || e.position < until; {
		list, last, err := e.store.ReadBehaviors(ctx, e.position, limit)
		if err != nil {
			return count, fmt.Errorf("read behaviours after %d: %w", e.position, err)
		}
		if len(list) == 0 {
			return count, nil
		}
		if !teach && last > until { // goes past the snapshot: come closer to it
			if len(list) == 1 {
				return count, nil
			}
			limit = max(1, min(limit, len(list))/2)
			continue
		}
		e.mu.Lock()
		for i := range list {
			e.apply(&list[i], teach)
		}
		e.mu.Unlock()
		count += len(list)
		e.position = last
	}
	return count, nil
}

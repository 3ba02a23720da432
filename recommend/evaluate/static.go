package evaluate

import (
	"math"
	"slices"

	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/wire"
)

// Static are averages over persons by the protocol of a static split: what was
// learned before the cutoff ranks once, at the cutoff, and is held against all
// that each person took up after it.
type Static struct {
	Precision20 float64 `json:"precision20"`
	Recall20    float64 `json:"recall20"`
	F1At20      float64 `json:"f1_20"`
	NDCG20      float64 `json:"ndcg20"`
}

// held is what the static protocol asks: who, and what is relevant to them.
type held struct {
	persons  []wire.UserID // in order of their first relevant event
	relevant map[wire.UserID]map[string]bool
}

// divide finds the persons with a target event before the cutoff and their
// first target events from it on, on items that were seen before it.
func divide(rows []Row, o *Options) held {
	s := held{relevant: map[wire.UserID]map[string]bool{}}
	known, seen, had := map[wire.UserID]bool{}, map[string]bool{}, map[pair]bool{}
	for i := range rows {
		r := &rows[i]
		wanted, first := o.wants(r.Behavior), !had[pair{r.Person, r.Item}]
		switch {
		case r.At < o.Cutoff:
			seen[r.Item] = true
			known[r.Person] = known[r.Person] || wanted
		case o.ended(r.At):
			return s
		case wanted && first && !r.History && known[r.Person] && seen[r.Item]:
			if s.relevant[r.Person] == nil {
				s.persons = append(s.persons, r.Person)
				s.relevant[r.Person] = map[string]bool{}
			}
			s.relevant[r.Person][r.Item] = true
		}
		if wanted {
			had[pair{r.Person, r.Item}] = true
		}
	}
	return s
}

// measure ranks for every person of the split by each model.
func (s *held) measure(e *recommend.Engine, models []string, at wire.Millis) map[string]Static {
	sums := make([]Static, len(models))
	for _, p := range s.persons {
		relevant := s.relevant[p]
		for m, list := range e.RankBy(models, recommend.Request{Person: p, Now: at}, listLength) {
			sums[m].add(list, relevant)
		}
	}
	n := float64(max(1, len(s.persons)))
	result := map[string]Static{}
	for m, name := range models {
		t := sums[m]
		result[name] = Static{t.Precision20 / n, t.Recall20 / n, t.F1At20 / n, t.NDCG20 / n}
	}
	return result
}

func (t *Static) add(list []recommend.Ranked, relevant map[string]bool) {
	hits, gain, ideal := 0.0, 0.0, 0.0
	for i, it := range list {
		if relevant[it.ID] {
			hits++
			gain += 1 / math.Log2(float64(i)+2)
		}
	}
	for i := range min(len(relevant), listLength) {
		ideal += 1 / math.Log2(float64(i)+2)
	}
	precision, recall := hits/listLength, hits/float64(len(relevant))
	t.Precision20 += precision
	t.Recall20 += recall
	if hits > 0 {
		t.F1At20 += 2 * precision * recall / (precision + recall)
	}
	t.NDCG20 += gain / ideal
}

// wants reports whether a behaviour is among those to be guessed.
func (o *Options) wants(behavior string) bool {
	return slices.Contains(o.Targets, behavior) || slices.Contains(o.Targets, Any)
}

// ended reports whether the time of scoring is over.
func (o *Options) ended(at wire.Millis) bool { return o.Until != 0 && at >= o.Until }

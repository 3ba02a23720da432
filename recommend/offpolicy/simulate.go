package offpolicy

import (
	"fmt"
	"math/rand/v2"
)

// Coverage is how often the intervals held the truth over simulated logs.
type Coverage struct {
	Logs      int     `json:"logs"`
	Rows      int     `json:"rows"`      // of each
	Effective float64 `json:"effective"` // mean
	IPS       float64 `json:"ips"`
	SNIPS     float64 `json:"snips"`
	DR        float64 `json:"dr"`
}

// World is how simulated logs are.
type World struct {
	Rows    int
	Actions int
	Reward  float64 // mean of the best action; the others bring down to a third of it
	Sharp   float64 // how unequal the target's probabilities are; the log's are the other way round by half of it
}

// Simulate makes logs of a policy in a world whose truth is known, and counts
// how often each estimator's interval holds it. It is deterministic.
func Simulate(seed uint64, logs int, w World) (Coverage, error) {
	t := w.truth()
	out := Coverage{Logs: logs, Rows: w.Rows}
	for n := range logs {
		rows := t.draw(rand.New(rand.NewPCG(seed, uint64(n))), w.Rows)
		r, err := Estimate(rows.read, t.target, 0)
		if err != nil {
			return out, err
		}
		count := func(sum *float64, i Interval) {
			if i.Holds(t.value) {
				*sum += 1 / float64(logs)
			}
		}
		count(&out.IPS, r.IPS)
		count(&out.SNIPS, r.SNIPS)
		count(&out.DR, r.DR)
		out.Effective += r.Effective / float64(logs)
	}
	return out, nil
}

// truth is what is so in a world.
type truth struct {
	contexts, actions []string
	logged, reward    [][]float64 // by context and action
	target            Policy
	value             float64 // of the target
}

func (w World) truth() truth {
	t := truth{contexts: []string{"morning", "evening"}, target: Policy{}}
	for a := range w.Actions {
		t.actions = append(t.actions, fmt.Sprint(a))
	}
	for c, context := range t.contexts {
		logged, target, reward := make([]float64, w.Actions), make([]float64, w.Actions), make([]float64, w.Actions)
		sums := [2]float64{}
		for a := range w.Actions {
			rank := float64((a+3*c)%w.Actions) / float64(w.Actions-1)
			logged[a], target[a] = 1+w.Sharp/2*(1-rank), 1+w.Sharp*rank
			reward[a] = w.Reward * (1 + 2*rank) / 3
			sums[0] += logged[a]
			sums[1] += target[a]
		}
		t.target[context] = map[string]float64{}
		for a, action := range t.actions {
			logged[a] /= sums[0]
			t.target[context][action] = target[a] / sums[1]
			t.value += target[a] / sums[1] * reward[a] / float64(len(t.contexts))
		}
		t.logged, t.reward = append(t.logged, logged), append(t.reward, reward)
	}
	return t
}

// rows are a log in memory.
type rows []Row

func (list rows) read(each func(Row) error) error {
	for _, row := range list {
		if err := each(row); err != nil {
			return err
		}
	}
	return nil
}

func (t truth) draw(chance *rand.Rand, n int) rows {
	list := make(rows, n)
	for i := range list {
		c := chance.IntN(len(t.contexts))
		a, at := 0, chance.Float64()
		for a < len(t.actions)-1 && at >= t.logged[c][a] {
			at -= t.logged[c][a]
			a++
		}
		list[i] = Row{Context: t.contexts[c], Action: t.actions[a], Propensity: t.logged[c][a]}
		if chance.Float64() < t.reward[c][a] {
			list[i].Reward = 1
		}
	}
	return list
}

package experiment

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// World is how simulated people are.
type World struct {
	Rate   float64 // share that buys under the control
	Lift   float64 // relative, of that under the arm
	Longer float64 // relative, of the time watched
	Harm   float64 // relative, of hiding
	People int     // of both arms together; 0: as many as the plan says
}

// Simulated is what came of simulated experiments, each looked at after every
// event.
type Simulated struct {
	Runs      int
	People    int // of each run
	Alarms    map[Metric]int
	Stopped   int     // by a guardrail
	Off       int     // taken for a broken split
	Purchases float64 // mean number when it was found, or at the end
}

// Simulate lets experiments run among people who are as world says: they come
// over a day, are exposed, and within an hour some click, watch, rate, hide,
// leave or buy. It is deterministic.
func Simulate(seed uint64, runs int, world World) Simulated {
	spec := Spec{Name: "simulated", To: 1, Window: time.Hour, Effect: 0.2, Arms: []Arm{{Name: "control", Weight: 1}, {Name: "arm", Weight: 1}}}
	if world.Lift > 0 {
		spec.Effect = world.Lift
	}
	if world.People == 0 {
		world.People = NewPlan(spec.Effect, Level, world.Rate, 1, 1).People
	}
	out := Simulated{Runs: runs, People: world.People, Alarms: map[Metric]int{}}
	var (
		mu   sync.Mutex
		wait sync.WaitGroup
	)
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wait.Go(func() {
			for n := w; n < runs; n += workers {
				one := simulate(rand.New(rand.NewPCG(seed, uint64(n))), spec, world, n)
				mu.Lock()
				for metric, alarmed := range one.Alarms {
					out.Alarms[metric] += alarmed
				}
				out.Stopped += one.Stopped
				out.Off += one.Off
				out.Purchases += one.Purchases // whole numbers: their sum is the same in any order
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	out.Purchases /= float64(runs)
	return out
}

// simulate is one run.
func simulate(chance *rand.Rand, spec Spec, world World, run int) Simulated {
	const day = 24 * 3600 * 1000
	t := NewTrial(spec)
	out := Simulated{Alarms: map[Metric]int{}}
	look := func() {
		v := &t.versus[0]
		for m, metric := range shareMetrics {
			if v.shares[m].P() <= t.level() {
				out.Alarms[metric] = 1
			}
		}
		for m, metric := range meanMetrics {
			if v.means[m].P() <= t.level() {
				out.Alarms[metric] = 1
			}
		}
		if t.split.P() <= SplitLevel {
			out.Off = 1
		}
		if len(t.decisions) > 0 {
			out.Stopped = 1
		}
		if out.Alarms[Purchase] == 0 {
			out.Purchases = v.shares[0].n
		}
	}
	for n := range world.People {
		person := wire.UserID(fmt.Sprintf("u%d.%d", run, n))
		at := wire.Millis(1 + n*day/world.People)
		keen := chance.NormFloat64() // how much of a watcher they are, of which something is known
		s, _ := t.Serve(person)
		if s.Expose {
			t.Expose(person, spec.Arms[s.Arm].Name, keen+0.5*chance.NormFloat64(), at)
		}
		look()
		longer, buys, hides := 1.0, world.Rate, 0.05
		if s.Arm == 1 {
			longer, buys, hides = 1+world.Longer, world.Rate*(1+world.Lift), hides*(1+world.Harm)
		}
		did := Happening{Person: person, At: at + wire.Millis(chance.IntN(1800*1000))}
		did.Clicked = chance.Float64() < 0.3
		did.Bought = chance.Float64() < buys
		did.Hid = chance.Float64() < hides
		did.Left = chance.Float64() < 0.1
		if chance.Float64() < 0.5 {
			did.Minutes = longer * min(240, math.Exp(1.5+0.7*keen+0.7*chance.NormFloat64()))
		}
		if did.Rated = chance.Float64() < 0.2; did.Rated {
			did.Rating = min(1, max(0, math.Round(7+1.5*chance.NormFloat64())/10))
		}
		t.Observe(did)
		look()
	}
	t.tick(2 * day)
	look()
	return out
}

package room_test

import (
	"flag"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var (
	simSeed  = flag.Uint64("sim.seed", 0, "run this seed of the simulation alone, with its trace")
	simSeeds = flag.Int("sim.seeds", 0, "how many seeds of the simulation to run; 0: 200, or as many as 15 seconds allow")
	simFirst = flag.Uint64("sim.first", 1, "the first of them")
)

// TestSim runs a whole class in simulation for each seed: people with
// unreliable networks, a store that is slow, refuses, lies about having
// refused, and processes that crash at any moment. A naive model of the
// protocol holds everybody to the log: nothing acknowledged is lost or done
// twice, nobody sees what is not durable, no view is missed or out of order.
func TestSim(t *testing.T) {
	if *simSeed != 0 {
		s := runSim(t, *simSeed)
		for _, line := range s.lines {
			fmt.Println(line)
		}
		if s.failed != "" {
			t.Error(s.describe())
		}
		t.Log(s.stats)
		return
	}
	var next atomic.Uint64
	var mu sync.Mutex
	var all simStats
	failures := 0
	next.Store(*simFirst)
	began, seeds, ran := time.Now(), uint64(*simSeeds), 0
	if seeds == 0 {
		seeds = 200
	}
	t.Run("seeds", func(t *testing.T) {
		for worker := range runtime.GOMAXPROCS(0) {
			t.Run(fmt.Sprint(worker), func(t *testing.T) {
				t.Parallel()
				for {
					seed := next.Add(1) - 1
					mu.Lock()
					enough := failures >= 5
					mu.Unlock()
					late := *simSeeds == 0 && time.Since(began) > 15*time.Second
					if enough || late || seed >= *simFirst+seeds {
						return
					}
					t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
						s := runSim(t, seed)
						mu.Lock()
						defer mu.Unlock()
						all.add(s.stats)
						ran++
						if s.failed != "" {
							failures++
							t.Error(s.describe())
						}
					})
				}
			})
		}
	})
	t.Logf("%d seeds in %v: %v", ran, time.Since(began).Round(time.Millisecond), all)
}

// TestSimRepeats: one seed is one run.
func TestSimRepeats(t *testing.T) {
	for seed := *simFirst; seed < *simFirst+uint64(max(5, *simSeeds/20)); seed++ {
		a, b := runSim(t, seed).lines, runSim(t, seed).lines
		for i := range max(len(a), len(b)) {
			if i == len(a) || i == len(b) || a[i] != b[i] {
				t.Errorf("seed %d ran in two ways, from line %d of %d and %d:\n%s\nand\n%s", seed, i, len(a), len(b),
					strings.Join(a[max(0, i-3):min(i+2, len(a))], "\n"), strings.Join(b[max(0, i-3):min(i+2, len(b))], "\n"))
				break
			}
		}
	}
}

package experiment_test

import (
	"os"
	"testing"

	"github.com/lyceum-live/lyceum/recommend/experiment"
)

// long reports whether the simulations may take their time.
var long = os.Getenv("LYCEUM_LONG") != ""

// Without any difference, looked at after each event, at most 5 of 100
// experiments find one, by any metric; few are stopped, and few splits are
// taken for broken.
func TestNothingIsFoundWhereNothingIs(t *testing.T) {
	t.Parallel()
	runs, people := 1000, 400
	if long {
		people = 10_000
	}
	got := experiment.Simulate(1, runs, experiment.World{Rate: 0.2, People: people})
	t.Logf("%+v", got)
	for metric, alarms := range got.Alarms {
		if alarms > runs*5/100 {
			t.Errorf("%s: %d of %d", metric, alarms, runs)
		}
	}
	if got.Stopped > runs*5/100 || got.Off > runs/100 {
		t.Errorf("%d stopped, %d taken for broken", got.Stopped, got.Off)
	}
}

// A fifth more purchases are found at the size that the plan states, in at
// least 80 of 100 experiments.
func TestAFifthMoreIsFound(t *testing.T) {
	t.Parallel()
	runs, rate := 120, 0.5
	if long {
		runs, rate = 1000, 0.05
	}
	got := experiment.Simulate(2, runs, experiment.World{Rate: rate, Lift: 0.2})
	t.Logf("%+v", got)
	if found := got.Alarms[experiment.Purchase]; found < runs*80/100 {
		t.Errorf("found in %d of %d runs of %d people", found, runs, got.People)
	}
}

// An arm that makes people hide is stopped, and longer watching is found.
func TestHarmIsStopped(t *testing.T) {
	t.Parallel()
	const runs = 20
	got := experiment.Simulate(3, runs, experiment.World{Rate: 0.05, Harm: 1, Longer: 0.5, People: 5000})
	t.Logf("%+v", got)
	if got.Stopped < runs*95/100 {
		t.Errorf("stopped in %d of %d runs", got.Stopped, runs)
	}
	got = experiment.Simulate(4, runs, experiment.World{Rate: 0.05, Longer: 0.5, People: 8000})
	if found := got.Alarms[experiment.WatchTime]; found < runs*90/100 {
		t.Errorf("longer watching was found in %d of %d runs", found, runs)
	}
}

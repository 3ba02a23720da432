package experiment_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/lyceum-live/lyceum/recommend/experiment"
)

// outcomes are what comes of a person, from what was known of them before:
// most watch nothing, some a little, and a few for hours.
var outcomes = map[string]func(chance *rand.Rand, x float64) float64{
	"normal": func(chance *rand.Rand, x float64) float64 { return 3 + 2*x + chance.NormFloat64() },
	"minutes watched": func(chance *rand.Rand, x float64) float64 {
		if chance.Float64() < 0.6 {
			return 0
		}
		return math.Min(600, math.Exp(2+x+chance.NormFloat64()))
	},
	"stars": func(chance *rand.Rand, x float64) float64 {
		return math.Min(1, math.Max(0, math.Round(3.5+x+chance.NormFloat64())/5))
	},
}

// Without a difference, looked at after each person, at most 5 of 100 runs
// alarm, whatever the outcomes are like and however unequal the arms.
func TestMeanAlarmsSeldom(t *testing.T) {
	t.Parallel()
	const runs, people = 1000, 800
	for name, outcome := range outcomes {
		for _, weight := range []float64{1, 0.25} {
			t.Run(fmt.Sprint(name, " ", weight), func(t *testing.T) {
				t.Parallel()
				chance := rand.New(rand.NewPCG(1, 2))
				alarms := 0
				for range runs {
					m := experiment.NewMean(1, weight)
					for range people {
						x := chance.NormFloat64()
						if m.Add(chance.Float64() < weight/(1+weight), outcome(chance, x), x); m.P() <= 0.05 {
							alarms++
							break
						}
					}
				}
				t.Logf("%d alarms in %d runs", alarms, runs)
				if alarms > runs*5/100 {
					t.Errorf("%d alarms in %d runs", alarms, runs)
				}
			})
		}
	}
}

// The confidence sequence holds the true difference at all times at once.
func TestDifferenceIsCovered(t *testing.T) {
	t.Parallel()
	const runs, people, lift = 300, 2000, 0.4
	chance := rand.New(rand.NewPCG(4, 4))
	missed := 0
	for range runs {
		m := experiment.NewMean(1, 1)
		for range people {
			x, arm := chance.NormFloat64(), chance.Float64() < 0.5
			y := 3 + 2*x + chance.NormFloat64()
			if arm {
				y += lift
			}
			m.Add(arm, y, x)
			if _, low, high, ok := m.Difference(0.05); ok && (lift < low || lift > high) {
				missed++
				break
			}
		}
	}
	if missed > runs*5/100 {
		t.Errorf("%d of %d runs missed it", missed, runs)
	}
}

// What was known before saves people: the same difference is found sooner.
func TestCovariateSavesPeople(t *testing.T) {
	needed := func(known bool) (sum int) {
		chance := rand.New(rand.NewPCG(8, 8))
		for range 50 {
			m := experiment.NewMean(1, 1)
			n := 0
			for ; n < 20_000 && m.P() > 0.05; n++ {
				x, arm := chance.NormFloat64(), chance.Float64() < 0.5
				y := 2*x + chance.NormFloat64()
				if arm {
					y += 0.3
				}
				if !known {
					x = 0
				}
				m.Add(arm, y, x)
			}
			sum += n
			if saved := m.Saved(); known && math.Abs(saved-0.8) > 0.1 || !known && saved != 0 {
				t.Fatalf("known %v: %.2f of the variance is saved", known, saved)
			}
		}
		return sum
	}
	with, without := needed(true), needed(false)
	t.Logf("%d people with, %d without", with, without)
	if with*2 > without {
		t.Errorf("%d people with it, %d without", with, without)
	}
}

// What is not a number changes nothing.
func TestMeanTakesNumbersOnly(t *testing.T) {
	m := experiment.NewMean(1, 1)
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		m.Add(true, bad, 0)
		m.Add(false, 0, bad)
	}
	if n, _ := m.Of(true); n != 0 || m.P() != 1 {
		t.Errorf("%d people, p %v", n, m.P())
	}
}

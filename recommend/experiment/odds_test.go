package experiment_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/recommend/experiment"
)

// Without a difference, few of all ways that events can go ever alarm: at most
// as many as the level says, by the exact distribution and not by runs.
func TestFewAlarmWithoutADifference(t *testing.T) {
	for _, null := range []float64{0.5, 0.2} {
		found := experiment.NewOdds(null, 0.2).Power(1, 0.05, 3000)
		if found <= 0.001 || found > 0.05 {
			t.Errorf("share %v: without a difference %.4f alarm within 3000 events", null, found)
		}
	}
}

// What the plan says of a test is what comes of it: the distribution that Power
// carries on is held against runs of the test.
func TestPowerIsThatOfTheTest(t *testing.T) {
	const runs, events = 1000, 400
	for _, ratio := range []float64{1, 1.3, 0.8} {
		chance := rand.New(rand.NewPCG(3, uint64(ratio*100)))
		share := ratio / (1 + ratio)
		found := 0
		for range runs {
			o := experiment.NewOdds(0.5, 0.2)
			for range events {
				if o.Add(chance.Float64() < share); o.P() <= 0.05 {
					found++
					break
				}
			}
		}
		o := experiment.NewOdds(0.5, 0.2)
		said := o.Power(ratio, 0.05, events)
		if got := float64(found) / runs; math.Abs(got-said) > 4*math.Sqrt(said*(1-said)/runs)+1e-3 {
			t.Errorf("ratio %v: said %.4f, came %.4f", ratio, said, got)
		}
	}
}

// A confidence sequence holds the ratio that it was made with, at all times at
// once, in at least 95 of 100 runs.
func TestRatioIsCovered(t *testing.T) {
	const runs, events = 150, 300
	for _, tt := range []struct{ null, ratio float64 }{{0.5, 1}, {0.5, 1.4}, {0.25, 0.7}} {
		chance := rand.New(rand.NewPCG(5, uint64(tt.ratio*100)))
		odds := tt.null / (1 - tt.null) * tt.ratio
		missed := 0
		for range runs {
			o := experiment.NewOdds(tt.null, 0.2)
			for range events {
				o.Add(chance.Float64() < odds/(1+odds))
				if _, low, high := o.Ratio(0.05); tt.ratio < low || tt.ratio > high {
					missed++
					break
				}
			}
		}
		if missed > runs*5/100 {
			t.Errorf("%+v: %d of %d runs missed it", tt, missed, runs)
		}
	}
}

// Low and high are where the bet says: the ratio 1 is outside exactly when the
// p-value without its memory would be below the level.
func TestRatioAgreesWithP(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := experiment.NewOdds(rapid.Float64Range(0.1, 0.9).Draw(t, "null"), 0.2)
		small := 1.0
		for _, arm := range rapid.SliceOfN(rapid.Bool(), 0, 200).Draw(t, "events") {
			o.Add(arm)
			ratio, low, high := o.Ratio(0.1)
			if !(low <= high) || math.IsNaN(ratio) {
				t.Fatalf("%v, %v to %v", ratio, low, high)
			}
			if p := o.P(); p > small || p <= 0 || p > 1 {
				t.Fatalf("p was %v and is %v", small, p)
			} else {
				small = p
			}
			if (low > 1+1e-9 || high < 1-1e-9) && small > 0.1+1e-9 {
				t.Fatalf("1 is outside of %v to %v at p %v", low, high, small)
			}
		}
	})
}

// A guard lets through what helps or does nothing and finds what harms.
func TestHarm(t *testing.T) {
	const runs, events = 1000, 300
	for _, tt := range []struct {
		ratio       float64
		least, most int
	}{{1, 0, 50}, {0.6, 0, 5}, {2, 990, runs}} {
		chance := rand.New(rand.NewPCG(9, uint64(tt.ratio*100)))
		alarms := 0
		for range runs {
			h := experiment.NewHarm(0.5)
			for range events {
				if h.Add(chance.Float64() < tt.ratio/(1+tt.ratio)); h.P() <= 0.05 {
					alarms++
					break
				}
			}
		}
		if alarms < tt.least || alarms > tt.most {
			t.Errorf("ratio %v: %d alarms in %d runs", tt.ratio, alarms, runs)
		}
	}
}

// Shares that are as meant alarm seldom, looked at after each person; a broken
// split is found.
func TestShares(t *testing.T) {
	const runs, people = 500, 3000
	for _, tt := range []struct {
		name        string
		shares      []float64
		least, most int
	}{
		{"as meant", []float64{0.5, 0.3, 0.2}, 0, 5},
		{"one loses a fifth", []float64{0.55, 0.33, 0.12}, 475, runs},
	} {
		chance := rand.New(rand.NewPCG(11, 1))
		alarms := 0
		for range runs {
			s := experiment.NewShares([]float64{5, 3, 2})
			for range people {
				arm, at := 0, chance.Float64()
				for arm < 2 && at >= tt.shares[arm] {
					at -= tt.shares[arm]
					arm++
				}
				if s.Add(arm); s.P() <= 0.01 {
					alarms++
					break
				}
			}
		}
		if alarms < tt.least || alarms > tt.most {
			t.Errorf("%s: %d alarms in %d runs", tt.name, alarms, runs)
		}
	}
}

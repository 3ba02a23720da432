package offpolicy_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/recommend/offpolicy"
)

// Over 1,000 simulated logs the intervals hold the truth in 93 to 97 of 100.
func TestIntervalsCoverTheTruth(t *testing.T) {
	for _, w := range []offpolicy.World{
		{Rows: 800, Actions: 10, Reward: 0.3, Sharp: 4},
		{Rows: 500, Actions: 5, Reward: 0.5, Sharp: 2},
		{Rows: 1500, Actions: 20, Reward: 0.1, Sharp: 6},
	} {
		c, err := offpolicy.Simulate(1, 1000, w)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%+v: %+v", w, c)
		for name, share := range map[string]float64{"IPS": c.IPS, "SNIPS": c.SNIPS, "DR": c.DR} {
			if share < 0.93 || share > 0.97 {
				t.Errorf("%+v: %s holds the truth in %.3f", w, name, share)
			}
		}
	}
}

func logOf(rows []offpolicy.Row) offpolicy.Log {
	return func(each func(offpolicy.Row) error) error {
		for _, r := range rows {
			if err := each(r); err != nil {
				return err
			}
		}
		return nil
	}
}

// A policy that is estimated from its own log brings the log's mean: all weights
// are 1, nothing is clipped, and every row counts whole.
func TestOwnLog(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rows []offpolicy.Row
		shares := map[string]float64{"a": 0.5, "b": 0.25, "c": 0.25}
		sum := 0.0
		for range rapid.IntRange(2, 60).Draw(t, "rows") {
			action := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "action")
			reward := float64(rapid.IntRange(0, 3).Draw(t, "reward"))
			rows = append(rows, offpolicy.Row{Action: action, Reward: reward, Propensity: shares[action]})
			sum += reward
		}
		r, err := offpolicy.Estimate(logOf(rows), offpolicy.Policy{"": shares}, 0)
		if err != nil {
			t.Fatal(err)
		}
		mean := sum / float64(len(rows))
		near := func(name string, got, want float64) {
			if math.Abs(got-want) > 1e-9*(1+math.Abs(want)) {
				t.Fatalf("%s is %v, want %v", name, got, want)
			}
		}
		near("IPS", r.IPS.Value, mean)
		near("SNIPS", r.SNIPS.Value, mean)
		near("effective", r.Effective, float64(len(rows)))
		near("weight", r.Weight, 1)
		near("clipped", r.Clipped+r.Lost, 0)
	})
}

// What an action is expected to bring is learned from other rows than it is used
// for: where each action was taken once, nothing is known of it, and DR is no
// narrower than IPS.
func TestNoRowTeachesItself(t *testing.T) {
	const n = 400
	actions := map[string]float64{}
	var rows []offpolicy.Row
	for i := range n {
		action := fmt.Sprint(i)
		actions[action] = 1.0 / n
		rows = append(rows, offpolicy.Row{Action: action, Reward: float64(i % 2), Propensity: 1.0 / n})
	}
	r, err := offpolicy.Estimate(logOf(rows), offpolicy.Policy{"": actions}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if dr, ips := r.DR.High-r.DR.Low, r.IPS.High-r.IPS.Low; dr < 0.99*ips {
		t.Errorf("DR's interval is %v wide, that of IPS %v", dr, ips)
	}
}

// Estimates are what their formulas say, by arithmetic that is written out.
func TestFormulas(t *testing.T) {
	rows := []offpolicy.Row{
		{Context: "1", Action: "a", Reward: 1, Propensity: 0.8},
		{Context: "1", Action: "b", Reward: 0, Propensity: 0.2},
		{Context: "1", Action: "b", Reward: 1, Propensity: 0.2},
		{Context: "1", Action: "a", Reward: 0, Propensity: 0.8},
	}
	target := offpolicy.Policy{"1": {"a": 0.4, "b": 0.6}} // weights 0.5, 3, 3, 0.5
	r, err := offpolicy.Estimate(logOf(rows), target, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name      string
		got, want float64
	}{
		{"IPS", r.IPS.Value, 3.5 / 4}, {"SNIPS", r.SNIPS.Value, 3.5 / 7}, {"effective", r.Effective, 49 / 18.5},
		{"weight", r.Weight, 7.0 / 4}, {"most", r.Most, 3},
	} {
		if math.Abs(tt.got-tt.want) > 1e-9 {
			t.Errorf("%s is %v, want %v", tt.name, tt.got, tt.want)
		}
	}
	r, err = offpolicy.Estimate(logOf(rows), target, 2)
	if err != nil || r.IPS.Value != 2.5/4 || r.Clipped != 0.5 || math.Abs(r.Lost-2.0/7) > 1e-9 {
		t.Errorf("clipped: %+v, %v", r, err)
	}
}

// What no policy can be judged by is refused, and never a NaN.
func TestBadLogs(t *testing.T) {
	good := offpolicy.Policy{"": {"a": 1}}
	for name, rows := range map[string][]offpolicy.Row{
		"empty":              {},
		"propensity 0":       {{Action: "a", Reward: 1}},
		"propensity above 1": {{Action: "a", Reward: 1, Propensity: 2}},
		"not a number":       {{Action: "a", Reward: math.NaN(), Propensity: 1}},
		"propensity NaN":     {{Action: "a", Reward: 1, Propensity: math.NaN()}},
		"nothing in common":  {{Action: "b", Reward: 1, Propensity: 1}},
	} {
		if r, err := offpolicy.Estimate(logOf(rows), good, 0); err == nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if _, err := offpolicy.Estimate(logOf([]offpolicy.Row{{Action: "a", Propensity: 1}}), good, -1); err == nil {
		t.Error("a clip below 0 is taken")
	}
}

func TestReadLog(t *testing.T) {
	const head = "timestamp,item_id,position,click,propensity_score,user_feature_0\n"
	for name, tt := range map[string]struct {
		text, err string
		rows      int
	}{
		"good":          {head + "t,1,2,1,0.5,x\nt,2,1,0,0.25,x\n", "", 2},
		"no column":     {"item_id,position,click\n1,2,0\n", ":1: there is no column propensity_score", 0},
		"no rows":       {head, "", 0},
		"empty":         {"", ":1: EOF", 0},
		"click 2":       {head + "t,1,2,1,0.5,x\nt,1,2,2,0.5,x\n", `:3: click "2"`, 1},
		"propensity 0":  {head + "t,1,2,1,0,x\n", `:2: propensity "0"`, 0},
		"NaN":           {head + "t,1,2,1,NaN,x\n", `:2: propensity "NaN"`, 0},
		"a cell is out": {head + "t,1,2,1\n", "wrong number of fields", 0},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "log.csv")
			if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			rows := 0
			err := offpolicy.ReadLog(file)(func(offpolicy.Row) error { rows++; return nil })
			if rows != tt.rows || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%d rows, %v", rows, err)
			}
		})
	}
}

package load

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// durations are of every size, as latencies are not.
func durations() *rapid.Generator[[]time.Duration] {
	one := rapid.Custom(func(rt *rapid.T) time.Duration {
		return time.Duration(rapid.Uint64Range(0, math.MaxInt64>>rapid.IntRange(0, 62).Draw(rt, "small")).Draw(rt, "d"))
	})
	return rapid.SliceOfN(one, 1, 200)
}

// TestQuantile: against a sorted list. The answer is not below the nearest
// rank and at most 1/128 above it.
func TestQuantile(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		all := durations().Draw(rt, "all")
		p := rapid.SampledFrom([]float64{0, 0.01, 0.5, 0.9, 0.99, 0.999, 1}).Draw(rt, "p")
		var h, left, right Histogram
		for i, d := range all {
			h.Add(d)
			if i%3 == 0 {
				left.Add(d)
			} else {
				right.Add(d)
			}
		}
		slices.Sort(all)
		want := all[max(int(math.Ceil(p*float64(len(all)))), 1)-1]
		got := h.Quantile(p)
		if got < want || float64(got-want) > float64(want)/fine {
			rt.Errorf("the %v quantile is %d, want %d", p, got, want)
		}
		if h.Quantile(1) != all[len(all)-1] || h.Count() != uint64(len(all)) {
			rt.Errorf("max %d of %d, want %d of %d", h.Quantile(1), h.Count(), all[len(all)-1], len(all))
		}
		left.Merge(&right)
		if left != h {
			rt.Error("two halves are not the whole")
		}
	})
}

// TestBuckets: they follow each other without a hole.
func TestBuckets(t *testing.T) {
	next := uint64(0)
	for b := range buckets {
		if bucketOf(next) != b {
			t.Fatalf("bucket %d begins at %d, which is in %d", b, next, bucketOf(next))
		}
		top := topOf(b)
		if bucketOf(top) != b {
			t.Fatalf("bucket %d ends at %d, which is in %d", b, top, bucketOf(top))
		}
		next = top + 1
	}
	if next != 1<<63 {
		t.Errorf("the last bucket ends before %d", next)
	}
}

// TestMedian: of the rounds, with the least and the most.
func TestMedian(t *testing.T) {
	round := func(cpu, late float64) Result {
		r := Result{Measure: "fanout", Server: "lyceum"}
		r.add(cpuFigure, cpu, "s a million")
		r.add("late p50", late, "ms")
		return r
	}
	rounds := []Result{round(3, 10), round(1, 30), round(8, 20)}
	got := Median(rounds)
	if cpu, _ := got.Figure(cpuFigure); cpu.Value != 3 || cpu.Min != 1 || cpu.Max != 8 || cpu.Unit != "s a million" {
		t.Errorf("CPU: %+v", cpu)
	}
	if got.Rounds != 3 || len(got.Figures) != 2 {
		t.Errorf("%+v", got)
	}
	// Round by round: 3/1, 1/2 and 8/2.
	ratios := Ratios(rounds, []Result{round(1, 10), round(2, 10), round(2, 10)})
	if r := ratios[0]; r.Figure != cpuFigure || r.Value != 3 || r.Min != 0.5 || r.Max != 4 {
		t.Errorf("ratio: %+v", r)
	}
	rounds[1].Figures = rounds[1].Figures[:1]
	if got := Median(rounds); len(got.Figures) != 1 {
		t.Error("a figure that one round lacks is kept")
	}
}

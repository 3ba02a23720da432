package e2e

import (
	_ "embed"
	"fmt"
	"slices"
	"testing"
)

var (
	//go:embed testdata/clock.js
	clock string
	//go:embed testdata/stopwatch.js
	stopwatch string
)

// glassToGlass reads the clock that the host films off the pictures that a
// viewer's page shows.
func (d *distances) glassToGlass(t *testing.T) {
	want := 15
	if measure {
		want = 250
	}
	eval[bool](t, d.clean, "(stopwatch.read(document.querySelector('class-stage video.stage__main')), true)")
	if !d.clean.holds(fmt.Sprintf("stopwatch.ages.length + stopwatch.unread >= %d", want)) {
		t.Logf("the machine is too busy for %d pictures", want)
	}
	ages := eval[[]float64](t, d.clean, "stopwatch.ages")
	if len(ages) < 10 {
		t.Fatalf("%d pictures with a clock have come", len(ages))
	}
	if unread := eval[int](t, d.clean, "stopwatch.unread"); unread > len(ages)/5 {
		t.Errorf("the clock could be read off %d pictures, and not off %d", len(ages), unread)
	}
	t.Logf("glass to glass by WebRTC: %s, %d pictures (goal: p95 at most 250 ms)", spread(ages), len(ages))
}

// joinsAnew has a viewer's page load again and again.
func (d *distances) joinsAnew(t *testing.T) {
	joins := 2
	if measure {
		joins = 40
	}
	var whole, called []float64
	for range joins {
		d.clean.open(t, d.url("/class/"+room))
		d.clean.until(t, "stopwatch.first > 0")
		first, call := eval[float64](t, d.clean, "stopwatch.first"), eval[float64](t, d.clean, "stopwatch.called")
		if call <= 0 || call > first {
			t.Errorf("the page called the server at %v ms and had a picture at %v ms", call, first)
		}
		whole, called = append(whole, first), append(called, first-call)
	}
	t.Logf("join to first picture, from the page's call of the server on: %s, %d joins (goal: p50 at most 400 ms, p95 900 ms)", spread(called), joins)
	t.Logf("the same from where the page begins to load: %s", spread(whole))
}

// spread sums up milliseconds.
func spread(ms []float64) string {
	sorted := slices.Sorted(slices.Values(ms))
	at := func(p float64) float64 { return sorted[min(int(p*float64(len(sorted))), len(sorted)-1)] }
	return fmt.Sprintf("p50 %.0f ms, p95 %.0f ms, %.0f to %.0f ms", at(0.5), at(0.95), sorted[0], sorted[len(sorted)-1])
}

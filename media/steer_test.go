package media

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// until plays until the picture is on l, and returns how long that took; -1: it
// was not within d.
func (x *world) until(l level, d time.Duration) time.Duration { return x.untilEach(l, d, nil) }

func (x *world) untilEach(l level, d time.Duration, each func()) time.Duration {
	began, at := x.now, time.Duration(-1)
	for at < 0 && x.now.Sub(began) < d {
		x.run(time.Millisecond, each)
		if x.level() == l {
			at = x.now.Sub(began)
		}
	}
	return at
}

// quiet returns the longest silence since it was called last.
func (x *world) quiet() time.Duration {
	d := x.far.silence
	x.far.silence = 0
	return d
}

// TestAFallAndARise is what a class is promised: two megabits that become 400
// kilobits and two megabits again.
func TestAFallAndARise(t *testing.T) {
	for seed := range uint64(8) {
		x := newWorld(seed, linkModel{rate: 2_000_000, queue: 200 * time.Millisecond, delay: 30 * time.Millisecond})
		if x.until(high, 15*time.Second) < 0 {
			t.Fatalf("seed %d: not on the largest layer after 15 s; on %s", seed, x.level())
		}
		x.run(8*time.Second, nil)
		if got := x.level(); got != high {
			t.Fatalf("seed %d: on %q on a link that bears the largest layer", seed, got)
		}
		x.quiet()
		x.link.rate = 400_000
		if took := x.until(low, 10*time.Second); took < 0 || took > 2*time.Second {
			t.Errorf("seed %d: on the low layer after %v", seed, took)
		}
		switches, at := 0, low
		x.run(40*time.Second, func() {
			if l := x.level(); l != at {
				switches, at = switches+1, l
			}
		})
		if switches > 0 {
			t.Errorf("seed %d: %d switches on a link that bears no more than the low layer", seed, switches)
		}
		if d := x.quiet(); d > 200*time.Millisecond {
			t.Errorf("seed %d: nothing was heard for %v", seed, d)
		}
		x.link.rate = 2_000_000
		if took := x.until(high, 20*time.Second); took < 0 || took > 10*time.Second {
			t.Errorf("seed %d: back up after %v", seed, took)
		}
		if d := x.quiet(); d > 200*time.Millisecond {
			t.Errorf("seed %d: nothing was heard for %v on the way up", seed, d)
		}
	}
}

// TestJitterAndChanceLossAreNoCongestion: nothing queues, so nothing steps down.
func TestJitterAndChanceLossAreNoCongestion(t *testing.T) {
	for seed := range uint64(6) {
		x := newWorld(seed, linkModel{rate: 6_000_000, queue: 200 * time.Millisecond, delay: 30 * time.Millisecond, jitter: 50 * time.Millisecond, loss: 0.05})
		if x.until(high, 30*time.Second) < 0 {
			t.Fatalf("seed %d: not on the largest layer after 30 s; on %s", seed, x.level())
		}
		x.run(time.Minute, func() {
			if l := x.level(); l != high {
				t.Fatalf("seed %d: on %q", seed, l)
			}
		})
	}
}

// TestSoundOutlivesThePicture: a link that bears the voice alone has it alone,
// and the picture comes back with the link.
func TestSoundOutlivesThePicture(t *testing.T) {
	x := newWorld(1, linkModel{rate: 2_000_000, queue: 200 * time.Millisecond, delay: 30 * time.Millisecond})
	x.run(10*time.Second, nil)
	x.link.rate = 120_000
	x.run(5*time.Second, nil)
	if got := x.v.chooser.levels[Camera.index()]; got != none {
		t.Fatalf("on %q on a link that bears a voice alone", got)
	}
	x.quiet()
	x.run(20*time.Second, nil)
	if d := x.quiet(); d > 200*time.Millisecond {
		t.Errorf("nothing was heard for %v", d)
	}
	x.link.rate = 2_000_000
	if took := x.until(high, 20*time.Second); took < 0 || took > 12*time.Second {
		t.Errorf("back up after %v", took)
	}
}

// TestAnOutageIsSeen: nothing gets through for two seconds.
func TestAnOutageIsSeen(t *testing.T) {
	x := newWorld(1, linkModel{rate: 6_000_000, queue: 200 * time.Millisecond, delay: 30 * time.Millisecond})
	x.run(15*time.Second, nil)
	if x.level() != high {
		t.Fatalf("on %q", x.level())
	}
	x.link.rate = 0
	x.run(2*time.Second, nil)
	if got := x.v.chooser.levels[Camera.index()]; got != low {
		t.Errorf("%q is sent where nothing is heard of", got)
	}
	x.link.rate = 6_000_000
	if took := x.until(high, 20*time.Second); took < 0 || took > 10*time.Second {
		t.Errorf("back up after %v", took)
	}
}

// TestManualChoiceHolds: whatever the link does, it is the viewer's wish.
func TestManualChoiceHolds(t *testing.T) {
	for q, want := range map[Quality]level{High: high, Low: low, AudioOnly: none} {
		x := newWorld(1, linkModel{rate: 6_000_000, queue: 200 * time.Millisecond, delay: 30 * time.Millisecond})
		x.run(5*time.Second, nil)
		x.v.quality = q
		x.run(2*time.Second, nil)
		for _, rate := range []int{6_000_000, 300_000, 6_000_000} {
			x.link.rate = rate
			x.run(5*time.Second, func() {
				if x.level() != want {
					t.Fatalf("%s: on %q", q, x.level())
				}
				if len(x.w.probing) > 0 && x.v.pilot.probe != nil {
					t.Fatalf("%s: it is probed for what is not wanted", q)
				}
			})
		}
		x.v.quality = Auto
		if x.until(high, 20*time.Second) < 0 {
			t.Errorf("%s: automatic again, and on %q", q, x.level())
		}
	}
}

// TestAnyLink holds the steering to its bounds on links that change as they like.
func TestAnyLink(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := newWorld(rapid.Uint64().Draw(t, "seed"), linkModel{rate: 3_000_000, queue: 200 * time.Millisecond, delay: 20 * time.Millisecond})
		x.run(5*time.Second, nil)
		changes, switches := 0, 0
		at := x.level()
		var above, worst time.Duration // sent above what the link bears
		var window []int64
		watch := func() {
			if l := x.level(); l != at && l != none {
				switches, at = switches+1, l
			}
			window = append(window, x.link.offered)
			if len(window) <= 500 {
				return
			}
			window = window[1:]
			rate := float64(window[len(window)-1]-window[0]) * 8 / 0.5
			if rate > 1.15*float64(x.link.rate) {
				above += time.Millisecond
				worst = max(worst, above)
			} else {
				above = 0
			}
		}
		began := x.now
		for range rapid.IntRange(1, 5).Draw(t, "changes") {
			changes++
			x.link.rate = rapid.SampledFrom([]int{300_000, 500_000, 800_000, 1_500_000, 2_200_000, 4_000_000}).Draw(t, "rate")
			x.link.queue = time.Duration(rapid.IntRange(80, 300).Draw(t, "queue")) * time.Millisecond
			x.link.delay = time.Duration(rapid.IntRange(5, 150).Draw(t, "delay")) * time.Millisecond
			x.link.jitter = time.Duration(rapid.IntRange(0, 50).Draw(t, "jitter")) * time.Millisecond
			x.link.loss = rapid.SampledFrom([]float64{0, 0, 0.01, 0.05}).Draw(t, "loss")
			window, above = nil, 0
			x.run(time.Duration(rapid.IntRange(2, 15).Draw(t, "seconds"))*time.Second, watch)
		}
		if worst > 2500*time.Millisecond {
			t.Errorf("more was sent than the link bears for %v", worst)
		}
		// Each change may cost a few switches, and an edge two a minute beside.
		if most := 5*changes + 3 + int(x.now.Sub(began)/(10*time.Second)); switches > most {
			t.Errorf("%d switches in %v with %d changes of the link", switches, x.now.Sub(began), changes)
		}
		x.link.rate, x.link.loss, x.link.jitter = 20_000_000, 0, 0
		within := 10 * time.Second
		if x.v.chooser.wrongs > 0 { // it has flapped of late
			within += wrongMost
		}
		if took := x.until(high, 2*within); took < 0 || took > within {
			t.Errorf("up after %v, want %v", took, within)
		}
	})
}

// TestADeepQueueIsSeen: a link that loses nothing, but lets everything wait.
func TestADeepQueueIsSeen(t *testing.T) {
	for _, rate := range []int{1_600_000, 1_000_000, 400_000} {
		x := newWorld(1, linkModel{rate: 6_000_000, queue: 10 * time.Second, delay: 30 * time.Millisecond})
		x.run(15*time.Second, nil)
		if x.level() != high {
			t.Fatalf("on %q", x.level())
		}
		x.link.rate = rate
		x.run(2*time.Second, nil)
		if got := x.level(); got >= high {
			t.Errorf("%d bits a second: on %q after two seconds", rate, got)
		}
		x.run(3*time.Second, nil)
		var worst time.Duration
		x.run(20*time.Second, func() { worst = max(worst, x.link.free.Sub(x.now)) })
		if worst > 300*time.Millisecond {
			t.Errorf("%d bits a second: what is sent waits for %v", rate, worst)
		}
	}
}

// TestSoundDoesNotWaitForAKeyframe: the teacher's browser takes its time for the
// keyframe of the layer that would fit.
func TestSoundDoesNotWaitForAKeyframe(t *testing.T) {
	x := newWorld(1, linkModel{rate: 2_500_000, queue: 200 * time.Millisecond, delay: 30 * time.Millisecond})
	if x.until(high, 15*time.Second) < 0 {
		t.Fatalf("on %q", x.level())
	}
	x.run(8*time.Second, nil)
	x.keyAfter = 900 * time.Millisecond
	x.quiet()
	x.link.rate = 400_000
	x.run(time.Second, nil)
	sent := x.link.offered
	x.run(200*time.Millisecond, nil)
	if rate := (x.link.offered - sent) * 8 * 5; rate > 400_000 {
		t.Errorf("%d bits a second are sent a second after the link bears 400,000", rate)
	}
	x.run(5*time.Second, nil)
	if d := x.quiet(); d > 250*time.Millisecond {
		t.Errorf("nothing was heard for %v", d)
	}
	if x.level() != low {
		t.Errorf("on %q", x.level())
	}
}

// TestALongerPathIsNoQueue: what is sent takes another way, that is longer.
func TestALongerPathIsNoQueue(t *testing.T) {
	x := newWorld(1, linkModel{rate: 6_000_000, queue: 200 * time.Millisecond, delay: 10 * time.Millisecond})
	x.v.quality = Low
	x.run(10*time.Second, nil)
	x.v.chooser.levels[Camera.index()] = low
	x.v.quality = Auto
	x.link.delay = 130 * time.Millisecond
	if took := x.until(high, 20*time.Second); took < 0 || took > 8*time.Second {
		t.Errorf("on %q; the largest after %v", x.level(), took)
	}
}

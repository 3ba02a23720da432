package media

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// spares has the world's host obey what is wanted of it, a way later, as a page
// does: a layer that is sent again begins with a keyframe.
func (x *world) spares() (each func()) {
	const way = 60 * time.Millisecond
	var next time.Time
	var at [levels]time.Time // when it obeys
	for lv := range x.line.layers {
		l := x.line.layers[lv].Load()
		l.neededAt.Store(x.now.UnixNano())
		l.wake = func() { next = x.now }
	}
	return func() {
		if !x.now.Before(next) {
			next = x.now.Add(spareEvery)
			x.line.spare(x.now)
		}
		for lv := range x.line.layers {
			off := x.line.layers[lv].Load().paused.Load()
			f := &x.filmed[lv]
			switch {
			case off == f.off:
				at[lv] = time.Time{}
			case at[lv].IsZero():
				at[lv] = x.now.Add(way)
			case !x.now.Before(at[lv]):
				f.off = off
				f.keyAt = x.now
			}
		}
	}
}

// TestWhatNobodyWatchesIsPaused: and comes back when somebody wants it.
func TestWhatNobodyWatchesIsPaused(t *testing.T) {
	x := newWorld(1, linkModel{rate: 20_000_000, queue: 200 * time.Millisecond, delay: 10 * time.Millisecond})
	each := x.spares()
	off := func() (list [levels]bool) {
		for lv := range x.filmed {
			list[lv] = x.filmed[lv].off
		}
		return list
	}
	x.run(12*time.Second, each)
	if x.level() != high || off() != [levels]bool{false, true, false} {
		t.Fatalf("on %q with %v paused; only the middle is watched by nobody", x.level(), off())
	}
	x.v.quality = Low
	x.run(10*time.Second, each)
	if x.level() != low || off() != [levels]bool{false, true, true} {
		t.Fatalf("on %q with %v paused", x.level(), off())
	}
	x.run(10*time.Second, each) // long after they would count as lost
	x.v.quality = High
	x.run(300*time.Millisecond, each)
	if x.level() != high {
		t.Fatalf("on %q 300 ms after the largest was wanted", x.level())
	}
	x.v.quality = AudioOnly
	x.run(10*time.Second, each)
	if off() != [levels]bool{false, true, true} {
		t.Fatalf("%v paused while nobody sees anything; the smallest waits for whoever comes", off())
	}
	x.v.quality = Auto
	if took := x.untilEach(high, 10*time.Second, each); took < 0 {
		t.Fatalf("on %q ten seconds after it is automatic again", x.level())
	}
}

// TestAPausedLayerIsNotALostOne: one that should come back and does not is.
func TestAPausedLayerIsNotALostOne(t *testing.T) {
	x := newWorld(1, linkModel{rate: 20_000_000, queue: 200 * time.Millisecond, delay: 10 * time.Millisecond})
	each := x.spares()
	x.v.quality = Low
	x.run(10*time.Second, each)
	if !x.filmed[high].off {
		t.Fatal("the largest is sent to nobody")
	}
	x.v.quality = High
	refuse := func() { each(); x.filmed[high].off = true } // the host's own link does not bear it
	x.run(time.Second, refuse)
	if x.level() == none {
		t.Fatal("no picture while the largest is waited for")
	}
	x.run(5*time.Second, refuse)
	if got := x.level(); got != medium {
		t.Fatalf("on %q; the largest does not come, the middle would", got)
	}
	x.run(time.Minute, func() {
		refuse()
		if x.level() != medium {
			t.Fatalf("on %q", x.level())
		}
	})
}

// TestARecordingKeepsItsLayer: nobody watches, but a tap reads.
func TestARecordingKeepsItsLayer(t *testing.T) {
	x := newWorld(1, linkModel{rate: 20_000_000, queue: 200 * time.Millisecond, delay: 10 * time.Millisecond})
	each := x.spares()
	x.v.quality = Low
	x.run(10*time.Second, each)
	if !x.filmed[high].off {
		t.Fatal("the largest is sent to nobody")
	}
	s := &Stage{}
	s.feeds[Camera.index()].line.Store(x.line)
	if got := s.Layers(Camera, x.now); len(got) != levels {
		t.Errorf("only %v can be had", got)
	}
	tap := s.Tap(Camera)
	var size int
	ticks := 0
	reading := func() {
		each()
		if ticks++; ticks%50 == 0 {
			tap.Read(x.now, func(u Unit) {
				if u.Key {
					d, _ := parseVP8(u.Payload)
					size, _, _ = vp8Keyframe(d, u.Payload)
				}
			})
		}
	}
	x.run(5*time.Second, reading)
	if size != 1280 {
		t.Fatalf("it reads a picture %d wide", size)
	}
	x.run(20*time.Second, reading)
	if x.filmed[high].off || size != 1280 {
		t.Errorf("the layer that is recorded was paused; the picture is %d wide", size)
	}
	x.run(10*time.Second, each)
	if !x.filmed[high].off {
		t.Error("the recording has ended, and the largest is still sent")
	}
}

// TestSpareKeepsItsRules: whatever is needed when, the smallest that there is is
// sent, what is needed is sent, and nothing is paused before its time.
func TestSpareKeepsItsRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := newClock()
		l := &line{}
		smallest := level(rapid.IntRange(0, 2).Draw(t, "smallest"))
		for lv := smallest; lv <= high; lv++ {
			layer := &layer{level: lv, video: true, quiet: time.Second, wake: func() {}}
			layer.neededAt.Store(now.UnixNano())
			l.layers[lv].Store(layer)
		}
		var needed [levels]time.Time
		for lv := range needed {
			needed[lv] = now
		}
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(100, 1000).Draw(t, "ms")) * time.Millisecond)
			for lv := smallest; lv <= high; lv++ {
				layer := l.layers[lv].Load()
				if !layer.paused.Load() {
					layer.lastAt.Store(now.UnixNano())
				}
				if rapid.IntRange(0, 9).Draw(t, "need") == 0 {
					layer.need(now)
					needed[lv] = now
				}
			}
			l.spare(now)
			for lv := smallest; lv <= high; lv++ {
				paused, since := l.layers[lv].Load().paused.Load(), now.Sub(needed[lv])
				switch {
				case paused && lv == smallest:
					t.Fatal("the smallest is paused")
				case paused && since <= spareAfter-needEvery && since < needLife:
					t.Fatalf("layer %s, needed %v ago, is paused", lv, since)
				case !paused && lv > smallest && since > spareAfter:
					t.Fatalf("layer %s, not needed for %v, is sent", lv, since)
				}
				if !l.layers[lv].Load().offered(now) {
					t.Fatalf("layer %s cannot be had", lv)
				}
			}
		}
	})
}

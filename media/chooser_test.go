package media

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// link is the plainest network: what is sent beyond its capacity is lost, and
// the browser's estimate follows what gets through, as REMB does.
type link struct {
	capacity int
	estimate int
}

// second sends used bits for a second and returns what the browser reports.
func (l *link) second(used int) (loss float64, estimate int) {
	through := min(used, l.capacity)
	if used > 0 {
		loss = float64(used-through) / float64(used)
	}
	if loss > 0.1 {
		l.estimate = through * 85 / 100
	} else {
		l.estimate = min(l.estimate*108/100+1000, through*3/2+10_000)
	}
	return loss, l.estimate
}

var camera3 = [levels]int{150_000, 500_000, 1_700_000}

// run plays seconds over the link and counts what was seen.
func run(c *chooser, l *link, now *time.Time, seconds int) (ups, downs int) {
	for range seconds {
		*now = now.Add(time.Second)
		s := sight{now: *now, sound: 40_000}
		s.rates[Camera.index()], s.shown[Camera.index()] = camera3, true
		s.loss, s.estimate = l.second(c.used(s))
		before := c.levels[Camera.index()]
		c.look(s)
		switch after := c.levels[Camera.index()]; {
		case after > before:
			ups++
		case after < before:
			downs++
		}
	}
	return ups, downs
}

func TestChooserFitsTheLink(t *testing.T) {
	for _, tt := range []struct {
		name     string
		capacity int
		want     level
	}{
		{"plenty", 20_000_000, high},
		{"enough for the middle", 900_000, medium},
		{"hardly any", 250_000, low},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, l, now := newChooser(), &link{capacity: tt.capacity, estimate: 300_000}, newClock()
			run(c, l, &now, 60)
			at := map[level]int{}
			ups := 0
			for range 300 {
				up, _ := run(c, l, &now, 1)
				ups += up
				at[c.levels[Camera.index()]]++
			}
			if at[tt.want] < 280 {
				t.Errorf("of 300 s, %v on each layer; want nearly all on %s", at, tt.want)
			}
			if ups > 7 {
				t.Errorf("%d steps up in 300 s: it flaps", ups)
			}
		})
	}
}

func TestChooserFollowsAFallAndARise(t *testing.T) {
	c, l, now := newChooser(), &link{capacity: 20_000_000, estimate: 300_000}, newClock()
	run(c, l, &now, 60)
	if got := c.levels[Camera.index()]; got != high {
		t.Fatalf("on %s with a good link", got)
	}
	l.capacity = 400_000
	run(c, l, &now, 3)
	if got := c.levels[Camera.index()]; got != low {
		t.Errorf("on %s three seconds after the fall", got)
	}
	run(c, l, &now, 30)
	l.capacity = 20_000_000
	run(c, l, &now, 75)
	if got := c.levels[Camera.index()]; got != high {
		t.Errorf("on %s long after the rise", got)
	}
}

func TestChooserSparesTheScreen(t *testing.T) {
	c := newChooser()
	s := sight{now: newClock(), loss: 0.3, shown: [4]bool{0: true, 2: true}}
	s.rates[Camera.index()] = camera3
	s.rates[Screen.index()] = [levels]int{400_000, 0, 2_500_000}
	c.levels[Screen.index()] = high
	c.look(s)
	if c.levels[Camera.index()] != low || c.levels[Screen.index()] != high {
		t.Errorf("camera %s, screen %s after the first loss", c.levels[Camera.index()], c.levels[Screen.index()])
	}
	s.now = s.now.Add(settle)
	c.look(s)
	if c.levels[Screen.index()] != low {
		t.Errorf("screen %s when the camera could not give any more", c.levels[Screen.index()])
	}
}

func TestChooserStaysWithinBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, now := newChooser(), newClock()
		for range rapid.IntRange(1, 200).Draw(t, "seconds") {
			now = now.Add(time.Second)
			s := sight{now: now, loss: rapid.Float64Range(0, 1).Draw(t, "loss"), estimate: rapid.IntRange(0, 5_000_000).Draw(t, "estimate")}
			for i := range s.rates {
				s.shown[i] = rapid.Bool().Draw(t, "shown")
				for l := range s.rates[i] {
					s.rates[i][l] = rapid.SampledFrom([]int{0, 100_000, 1_000_000}).Draw(t, "rate")
				}
			}
			before := c.levels
			c.look(s)
			for i, l := range c.levels {
				if l < low || l > high {
					t.Fatalf("level %d", l)
				}
				if s.loss >= lossHigh && l > before[i] {
					t.Fatal("stepped up in the face of loss")
				}
			}
			if c.patience < patience || c.patience > patienceTo {
				t.Fatalf("patience %v", c.patience)
			}
		}
	})
}

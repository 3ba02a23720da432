package media

import "time"

// How the chooser steers by the estimator.
const (
	severe     = 6                      // tenths of what is sent: a link that bears less is left at once
	slight     = 95                     // hundredths of it: one that bears less, after a while
	slightFor  = 600 * time.Millisecond // that while
	standing   = 150 * time.Millisecond // a queue so long makes a class stutter
	standFor   = 2 * time.Second        // so it is not borne for longer, though it does not grow
	soundAlone = 500 * time.Millisecond // of trouble before the last picture is given up
	bearable   = 80                     // hundredths of what it takes that a link bears which keeps it
	downSettle = 600 * time.Millisecond // between two steps down: the first must show its effect
	spare      = 105                    // hundredths of what a step up needs that are probed for

	calmFirst  = time.Second      // of calm before a probe, and between a step up and the next
	calmMost   = 4 * time.Second  // what failed probes can make of it
	wrongAfter = 4 * time.Second  // trouble this soon after a step up was caused by it
	wrongFirst = 3 * time.Second  // of calm before a probe after that; doubled each time
	wrongMost  = 60 * time.Second // up to this
	wrongGone  = 30 * time.Second // without trouble: forgotten
)

// steering is what the chooser keeps to steer by an estimator. Its rules, in
// order, whenever feedback comes and ten times a second:
//
//   - Sound is never touched, the camera gives way before the screen, and the
//     last picture is given up if the link does not bear it beside the sound.
//   - While more is sent than gets through, what gets through is what the link
//     bears. Layers that need more than that are left: at once when it is less
//     than six tenths of what is sent, or nothing is heard any more; when it is
//     nearly enough, after 0.6 s; and a queue that stands is borne for 2 s. Only
//     0.6 s after a step down may there be another.
//   - A step up, by one layer, needs a link that is proven to bear what it
//     takes. It is probed after a second of calm; after a probe that failed, or
//     a step down, in two to four.
//   - Trouble within 4 s of a step up was caused by it: the calm that is asked
//     for then is 3 s, doubled each time up to a minute, until there was no
//     trouble for 30 s. So a link on the edge sees at most two switches a
//     minute in the long run.
//
// Nothing steps on jitter or on chance losses below a tenth: neither queues.
type steering struct {
	fails, wrongs int
	trouble       time.Time // the last
}

// steer takes what the estimator says and moves the levels. It returns the bits
// a second that should be proven by a probe; 0: none.
func (c *chooser) steer(s sight, r reading) (want int) {
	used := c.used(s)
	if r.full > 0 || r.silent || r.loss >= lossHigh {
		c.calm = time.Time{}
		if since := s.now.Sub(c.down); c.tooMuch(used, r, since) && since >= downSettle {
			c.giveWay(s, r)
		}
		return 0
	}
	if c.calm.IsZero() {
		c.calm = s.now
	}
	if c.wrongs > 0 && s.now.Sub(c.trouble) >= wrongGone {
		c.wrongs = 0
	}
	if s.now.Sub(c.calm) < c.wait() {
		return 0
	}
	next, need := c.next(s)
	switch {
	case need == 0:
		return 0
	case r.proven < need && !r.unprobed:
		return need * spare / 100
	}
	c.levels, c.up, c.calm = next, s.now, s.now
	c.fails = 0
	return 0
}

// tooMuch reports whether the link does not bear what is sent. since is how long
// ago less than before was sent: loss is counted over a while.
func (c *chooser) tooMuch(used int, r reading, since time.Duration) bool {
	switch {
	case r.silent:
		return true
	case r.halted:
		return false
	case r.full == 0:
		return since >= lossSpan+downSettle
	case r.through < used*severe/10:
		return true
	case r.full >= slightFor:
		return r.through < used*slight/100 || r.full >= standFor && r.queue > standing
	}
	return false
}

// giveWay steps down until what is sent fits.
func (c *chooser) giveWay(s sight, r reading) {
	if !c.up.IsZero() && s.now.Sub(c.up) < wrongAfter {
		c.wrongs++
		c.up = time.Time{}
	}
	c.trouble, c.down, c.fails = s.now, s.now, max(c.fails, 1)
	if r.silent { // what it bears will be seen
		for c.stepDown(s) {
		}
		return
	}
	bears := min(r.through, c.used(s)-1) * slight / 100
	for c.used(s) > bears && c.stepDown(s) {
	}
	if r.full < soundAlone {
		return
	}
	for _, source := range []Source{Camera, Screen} {
		if i := source.index(); s.shown[i] && c.used(s)*bearable/100 > r.through {
			c.levels[i] = none
		}
	}
}

// failed is told that a probe has not proven what was wanted.
func (c *chooser) failed(now time.Time) {
	c.fails++
	c.calm = now
}

// wait is the calm that a probe needs.
func (c *chooser) wait() time.Duration {
	d := min(calmFirst*time.Duration(1+c.fails), calmMost)
	if c.wrongs > 0 {
		d = max(d, min(wrongFirst<<min(c.wrongs-1, 6), wrongMost))
	}
	return d
}

// next is the step up to be tried: the screen's first, and the camera's in turn
// with it where that has failed. need is what it takes; 0: there is none.
func (c *chooser) next(s sight) (levels [4]level, need int) {
	before := c.levels
	defer func() { c.levels = before }()
	for i := range 2 {
		order := []Source{Screen, Camera}
		if c.raise(s, order[(c.fails+i)%2]) {
			return c.levels, c.used(s)
		}
	}
	return before, 0
}

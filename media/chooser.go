package media

import "time"

// How the chooser reacts.
const (
	lossHigh   = 0.10             // share of packets lost that is too much
	lossLow    = 0.02             // share of packets lost that is no sign of trouble
	settle     = time.Second      // between two steps down: the first must show its effect
	patience   = 3 * time.Second  // of calm before a step up
	patienceTo = 60 * time.Second // the most that failed steps up can make of it
	regret     = 10 * time.Second // trouble this soon after a step up was caused by it
	forgive    = 30 * time.Second // of calm after a step up: it was right
)

// chooser decides how large a picture one viewer can take. Where the viewer's
// browser says when each packet came, it steers by an [estimator]; see
// [steering]. Where it does not, it goes by what the browser reports. The rules
// are then, in order:
//
//   - Too much loss, or an estimate (REMB) that is below nine tenths of what is
//     sent and does not grow: step down, the camera before the screen. With an
//     estimate, step down until what is sent fits; without one, a single layer.
//     Sound is never touched. (After a step up an estimate needs seconds to
//     grow to what is sent: while it does, nothing is wrong.)
//   - No loss to speak of and an estimate, if there is one, above what is sent,
//     for as long as patience says: step up by one layer, the screen first.
//   - A browser's estimate does not grow much beyond what it is sent, so a step
//     up is a trial: when trouble follows within ten seconds, patience doubles,
//     up to a minute. Half a minute of calm brings it back.
//
// It does no I/O and reads no clock.
type chooser struct {
	levels   [4]level // by source: the largest layer allowed
	patience time.Duration
	calm     time.Time // since when there was no sign of trouble
	up, down time.Time // last steps
	estimate int       // a second ago
	steering           // by an estimator, where there is one
}

// sight is what the chooser sees each second.
type sight struct {
	now      time.Time
	loss     float64        // share lost, the worst track's
	estimate int            // bits a second that the viewer can take; 0: unknown
	sound    int            // bits a second of sound
	rates    [4][levels]int // by source and layer: bits a second; 0: not sent now
	shown    [4]bool        // by source: a picture that follows the chooser
}

func newChooser() *chooser {
	return &chooser{levels: [4]level{medium, medium, medium, medium}, patience: patience}
}

// look takes one second's sight and moves the levels.
func (c *chooser) look(s sight) {
	used := c.used(s)
	fits := s.estimate == 0 || s.estimate >= used*9/10 || s.estimate > c.estimate
	c.estimate = s.estimate
	switch {
	case s.loss >= lossHigh || !fits:
		c.calm = time.Time{}
		if !c.down.IsZero() && s.now.Sub(c.down) < settle {
			return
		}
		if !c.up.IsZero() && s.now.Sub(c.up) < regret {
			c.patience = min(2*c.patience, patienceTo)
			c.up = time.Time{}
		}
		for c.stepDown(s) {
			c.down = s.now
			if s.estimate == 0 || s.estimate >= c.used(s)*9/10 {
				break
			}
		}
	case s.loss >= lossLow || s.estimate > 0 && s.estimate < used:
		c.calm = time.Time{}
	default:
		if c.calm.IsZero() {
			c.calm = s.now
		}
		if !c.up.IsZero() && s.now.Sub(c.up) >= forgive {
			c.patience, c.up = patience, time.Time{}
		}
		if s.now.Sub(c.calm) >= c.patience && c.stepUp(s) {
			c.up, c.calm = s.now, s.now
		}
	}
}

// used is what the levels cost at the rates of now.
func (c *chooser) used(s sight) int {
	sum := s.sound
	for i, shown := range s.shown {
		if shown && c.levels[i] != none {
			if l := nearest(c.levels[i], func(l level) bool { return s.rates[i][l] > 0 }); l != none {
				sum += s.rates[i][l]
			}
		}
	}
	return sum
}

func (c *chooser) stepDown(s sight) bool {
	for _, source := range []Source{Camera, Screen} {
		i := source.index()
		if !s.shown[i] || c.levels[i] == none {
			continue
		}
		sent := func(l level) bool { return s.rates[i][l] > 0 }
		from := nearest(c.levels[i], sent)
		for l := from - 1; l >= low; l-- {
			if sent(l) {
				c.levels[i] = l
				return true
			}
		}
	}
	return false
}

func (c *chooser) stepUp(s sight) bool { return c.raise(s, Screen) || c.raise(s, Camera) }

// raise allows a source its next larger layer, if there is one.
func (c *chooser) raise(s sight, source Source) bool {
	i := source.index()
	for l := c.levels[i] + 1; s.shown[i] && l <= high; l++ {
		if s.rates[i][l] > 0 {
			c.levels[i] = l
			return true
		}
	}
	return false
}

// nearest returns the largest layer up to want that is sent, else the smallest
// that is, else none.
func nearest(want level, sent func(level) bool) level {
	for l := want; l >= low; l-- {
		if sent(l) {
			return l
		}
	}
	for l := max(want+1, low); l <= high; l++ {
		if sent(l) {
			return l
		}
	}
	return none
}

package recommend

import (
	"math"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// decay lets counters fade by half in every half-life without being touched.
// Instead of making old counts smaller, it makes new ones larger: an event at
// time t counts 2^((t-origin)/half), and all counters of one decay are read
// divided by that factor at now. So counters keep their order until one of
// them is raised, and an event that arrives late counts as what it is by then.
type decay struct {
	half   float64 // milliseconds
	origin wire.Millis
	begun  bool
}

// maxGrowth is the exponent at which counters are brought back to scale. It
// leaves room in a float32 for counts of 2^60.
const maxGrowth = 60

func newDecay(half time.Duration) decay { return decay{half: float64(half.Milliseconds())} }

// grow is what an event at t counts. If it is time to bring the counters back
// to scale, rescale is called first with the factor that each is to be
// multiplied by.
func (d *decay) grow(t wire.Millis, rescale func(factor float64)) float64 {
	if !d.begun {
		d.origin, d.begun = t, true
	}
	e := float64(t-d.origin) / d.half
	if e > maxGrowth {
		rescale(math.Exp2(-e))
		d.origin, e = t, 0
	}
	return math.Exp2(e)
}

// shrink is what a counter is multiplied by to be read at now.
func (d *decay) shrink(now wire.Millis) float64 {
	if !d.begun {
		return 1
	}
	return math.Exp2(-max(float64(now-d.origin)/d.half, -maxGrowth))
}

package bot

import "time"

// Pace is the time of a class: it begins at From and runs Speed times as fast
// as the clock.
type Pace struct {
	From  time.Time
	Speed float64
}

// NewPace returns a pace that begins now.
func NewPace(speed float64) Pace {
	if speed <= 0 {
		speed = 1
	}
	return Pace{From: time.Now(), Speed: speed}
}

// Now returns the time in the class.
func (p Pace) Now() time.Time {
	return p.From.Add(time.Duration(float64(time.Since(p.From)) * p.Speed))
}

// Real returns how long a time of the class takes by the clock.
func (p Pace) Real(d time.Duration) time.Duration {
	return time.Duration(float64(max(d, 0)) / p.Speed)
}

// Until returns how long it is by the clock to a moment of the class.
func (p Pace) Until(t time.Time) time.Duration { return p.Real(t.Sub(p.Now())) }

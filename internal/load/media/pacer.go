package media

import "time"

// pacer says how many packets go out at each picture, so that after a second
// it was the rate, whatever it is divided by.
type pacer struct {
	each        time.Duration
	rate, frame int
	video       int // sent so far
	sound       int
}

func newPacer(rate int) *pacer { return &pacer{each: time.Second / frameRate, rate: rate} }

// next returns how many packets of picture and of sound are due.
func (p *pacer) next() (video, sound int) {
	p.frame++
	video = max(p.frame*p.rate/frameRate-p.video, 0)
	sound = p.frame*soundRate/frameRate - p.sound
	p.video += video
	p.sound += sound
	return video, sound
}

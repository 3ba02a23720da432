package media

import (
	"fmt"
	"time"

	"github.com/lyceum-live/lyceum/internal/load"
)

const (
	soundRate   = 50 // packets a second of Opus
	soundSize   = 80 // bytes of one, at 32 kbit/s
	frameRate   = 30 // pictures a second
	sampleEvery = 16 // of so many viewers one is read whole
)

// Load says how hard to press.
type Load struct {
	Viewers int
	Rate    int           // video packets a second
	Size    int           // bytes of a video packet's payload
	Length  time.Duration // of what is measured, after all have joined
	Settle  time.Duration // before and after they join, for what is left behind to be given back
	Within  time.Duration // in which all viewers of [Joins] come
}

// Sizes are those of the encrypted datagrams that a viewer got.
type Sizes struct{ Video, Sound int }

// String is for messages.
func (s Sizes) String() string {
	return fmt.Sprintf("%d bytes of picture, %d of sound", s.Video, s.Sound)
}

// Names of the figures that are compared.
const (
	CostFigure = "CPU of the server"
	RateFigure = "a second and core"
)

func figure(r *load.Result, name string, value float64, unit string) {
	r.Figures = append(r.Figures, load.Figure{Name: name, Value: value, Unit: unit})
}

// cost adds what the packets have cost.
func cost(r *load.Result, packets int64, cpu, length time.Duration) {
	figure(r, "packets a second", float64(packets)/length.Seconds(), "")
	if packets > 0 && cpu > 0 {
		figure(r, CostFigure, cpu.Seconds()/float64(packets)*1e6, "s a million packets")
		figure(r, RateFigure, float64(packets)/cpu.Seconds(), "packets")
		figure(r, "cores used", cpu.Seconds()/length.Seconds(), "")
	}
}

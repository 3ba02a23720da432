package media

import (
	"math"
	"time"

	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

// How loud a voice is, is said by its publisher with each packet (RFC 6464), so
// that nobody has to decode it.
const (
	silence   = 127.0
	earLength = 250 * time.Millisecond // over which a level is smoothed
	packetGap = 20 * time.Millisecond  // of sound in one packet
)

// Voice is how loud it is on a seat: 0 is silence, 127 the loudest there is.
type Voice struct {
	Seat  int
	Level int
}

// Voices lists the voices on air, the host's first.
func (s *Stage) Voices(now time.Time) []Voice {
	var list []Voice
	for seat := range Seats + 1 {
		line := s.feed(Microphone.At(seat)).line.Load()
		if line == nil {
			continue
		}
		v := Voice{Seat: seat}
		if l := line.layers[high].Load(); l != nil && l.sent(now) {
			v.Level = l.loudness()
		}
		list = append(list, v)
	}
	return list
}

// voiceExtension is the number of the extension that says how loud a packet is.
func voiceExtension(r *webrtc.RTPReceiver) uint8 {
	for _, e := range r.GetParameters().HeaderExtensions {
		if e.URI == sdp.AudioLevelURI {
			return uint8(e.ID)
		}
	}
	return 0
}

// hear notes how loud the packet is that was parsed last: its power, smoothed.
func (l *layer) hear() {
	power := math.Pow(10, -float64(l.parser.volume)/10)
	if l.parser.volume >= silence {
		power = 0
	}
	share := float64(packetGap) / float64(earLength)
	before := math.Float64frombits(uint64(l.loud.Load()))
	l.loud.Store(int64(math.Float64bits(before + share*(power-before))))
}

func (l *layer) loudness() int {
	power := math.Float64frombits(uint64(l.loud.Load()))
	if power <= 0 {
		return 0
	}
	return int(min(silence, max(0, silence+10*math.Log10(power))))
}

// Lay says which seat's picture is shown large, or that all are of one size.
// Small pictures are sent in small layers, so that more people do not take
// more of everybody's way.
func (s *Stage) Lay(large int, grid bool) {
	before, all := s.large.Swap(int32(large)), s.grid.Swap(grid)
	if before != int32(large) || all != grid {
		s.kick()
	}
}

// fitting is the largest layer of a camera that its place on the stage is worth.
func (s *Stage) fitting(seat int) level {
	switch {
	case !s.company():
		return high
	case s.grid.Load():
		return medium
	case int(s.large.Load()) == seat:
		return high
	}
	return low
}

// company reports whether a guest's picture is on air.
func (s *Stage) company() bool { return s.guests.Load() > 0 }

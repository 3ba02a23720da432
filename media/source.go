package media

import (
	"strconv"
	"strings"

	"github.com/pion/webrtc/v4"
)

// Source is what a stream shows: at most one of each is on a stage. Those of
// the host, in seat 0, are the four below; a guest's are named after the seat:
// "guest-1/camera", "guest-1/microphone".
type Source string

// The sources.
const (
	Camera      Source = "camera"
	Microphone  Source = "microphone"
	Screen      Source = "screen"
	ScreenAudio Source = "screen-audio"
)

// Sources are the host's, in the order in which they are listed.
var Sources = []Source{Camera, Microphone, Screen, ScreenAudio}

const (
	// Seats is how many guests a stage has room for.
	Seats  = 8
	hosts  = 4 // sources of the host
	places = hosts + 2*Seats
)

// sources are those of all seats, in the order in which they are listed;
// indexes says where each stands there.
var sources, indexes = func() (list []Source, at map[Source]int) {
	list = append(list, Sources...)
	for seat := 1; seat <= Seats; seat++ {
		list = append(list, Camera.At(seat), Microphone.At(seat))
	}
	at = map[Source]int{}
	for i, source := range list {
		at[source] = i
	}
	return list, at
}()

func (s Source) index() int {
	for i, known := range Sources {
		if s == known {
			return i
		}
	}
	if i, ok := indexes[s]; ok {
		return i
	}
	return -1
}

// At is the source of a guest's seat that is as s is of the host's.
func (s Source) At(seat int) Source {
	if seat == 0 {
		return s
	}
	return Source("guest-" + strconv.Itoa(seat) + "/" + string(s))
}

// Seat is whose source it is: 0 is the host's.
func (s Source) Seat() int {
	i := s.index()
	if i < hosts {
		return 0
	}
	return 1 + (i-hosts)/2
}

// Own is the source as its publisher calls it, who knows no seats.
func (s Source) Own() Source {
	if _, own, ok := strings.Cut(string(s), "/"); ok {
		return Source(own)
	}
	return s
}

// Valid reports whether s is one of the sources as a publisher calls them.
func (s Source) Valid() bool { i := s.index(); return i >= 0 && i < hosts }

// Kind says whether the source is heard or seen.
func (s Source) Kind() webrtc.RTPCodecType {
	if own := s.Own(); own == Microphone || own == ScreenAudio {
		return webrtc.RTPCodecTypeAudio
	}
	return webrtc.RTPCodecTypeVideo
}

// group names the stream that a browser keeps in step: a voice with its face,
// a screen with its own sound.
func (s Source) group() string {
	switch {
	case s == Screen || s == ScreenAudio:
		return "screen"
	case s.Seat() > 0:
		return "guest-" + strconv.Itoa(s.Seat())
	}
	return "host"
}

// track names the source in a session description, in which no slash may be
// (RFC 8830).
func (s Source) track() string { return strings.ReplaceAll(string(s), "/", "-") }

// level is a simulcast layer's rank, from the smallest picture to the largest.
type level int8

const (
	none   level = -1
	low    level = 0
	medium level = 1
	high   level = 2
	levels       = 3
)

// levelOf reads a layer's RID. A stream without simulcast is its own best layer.
func levelOf(rid string) (level, bool) {
	switch rid {
	case "l":
		return low, true
	case "m":
		return medium, true
	case "h", "":
		return high, true
	}
	return none, false
}

func (l level) String() string {
	if l < low || l > high {
		return ""
	}
	return "lmh"[l : l+1]
}

// Quality is a viewer's choice of picture.
type Quality string

// The qualities. Auto follows the viewer's bandwidth; AudioOnly is no picture
// at all; the others hold to one layer, or the nearest that is sent.
const (
	Auto      Quality = "auto"
	High      Quality = "high"
	Medium    Quality = "medium"
	Low       Quality = "low"
	AudioOnly Quality = "audio"
)

// Valid reports whether q is one of the qualities.
func (q Quality) Valid() bool {
	switch q {
	case Auto, High, Medium, Low, AudioOnly:
		return true
	}
	return false
}

// level is the layer that a manual choice names.
func (q Quality) level() level {
	switch q {
	case High:
		return high
	case Medium:
		return medium
	case Low:
		return low
	}
	return none
}

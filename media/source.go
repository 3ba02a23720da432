package media

import "github.com/pion/webrtc/v4"

// Source is what a stream shows: at most one of each is on a stage.
type Source string

// The sources.
const (
	Camera      Source = "camera"
	Microphone  Source = "microphone"
	Screen      Source = "screen"
	ScreenAudio Source = "screen-audio"
)

// Sources are all sources, in the order in which they are listed.
var Sources = []Source{Camera, Microphone, Screen, ScreenAudio}

func (s Source) index() int {
	for i, known := range Sources {
		if s == known {
			return i
		}
	}
	return -1
}

// Valid reports whether s is one of the sources.
func (s Source) Valid() bool { return s.index() >= 0 }

// Kind says whether the source is heard or seen.
func (s Source) Kind() webrtc.RTPCodecType {
	if s == Microphone || s == ScreenAudio {
		return webrtc.RTPCodecTypeAudio
	}
	return webrtc.RTPCodecTypeVideo
}

// group names the stream that a browser keeps in step: a voice with its face,
// a screen with its own sound.
func (s Source) group() string {
	if s == Screen || s == ScreenAudio {
		return "screen"
	}
	return "host"
}

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

package hls

import (
	"errors"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// Config bounds what is served.
type Config struct {
	Off     bool          `yaml:"off" default:"false" doc:"serve no LL-HLS: whoever cannot have WebRTC sees nothing"`
	Viewers int           `yaml:"webrtc_viewers" default:"0" min:"0" max:"1000000" unit:"people" doc:"who watch by WebRTC on this server at a time; pages of further viewers go over to LL-HLS by themselves, two to three seconds behind, and come back when there is room; 0: no bound"`
	Rooms   int           `yaml:"rooms" default:"50" min:"1" max:"10000" unit:"rooms" doc:"of which LL-HLS is made at a time"`
	Bytes   int64         `yaml:"bytes" default:"67108864" min:"1048576" unit:"bytes" doc:"of one room's last half minute that are kept in memory; large pictures have less than that"`
	Waiting int           `yaml:"waiting" default:"50000" min:"1" max:"10000000" unit:"requests" doc:"that may wait at a time for what comes next; further ones are told to come back"`
	Idle    time.Duration `yaml:"idle" default:"30s" min:"5s" max:"1h" doc:"after which a room's LL-HLS is made no more when nobody asks for it"`
}

func (c Config) withDefaults() Config {
	if c.Rooms <= 0 {
		c.Rooms = 50
	}
	if c.Bytes <= 0 {
		c.Bytes = 64 << 20
	}
	if c.Waiting <= 0 {
		c.Waiting = 50_000
	}
	if c.Idle <= 0 {
		c.Idle = 30 * time.Second
	}
	return c
}

// What RFC 8216bis has to be told.
const (
	partTarget    = 500 * time.Millisecond
	segmentLeast  = 1500 * time.Millisecond // keyframes are asked for every two seconds
	segmentMost   = 3900 * time.Millisecond // then a segment ends without a keyframe
	segmentTarget = 4 * time.Second         // EXT-X-TARGETDURATION: segmentMost and a part, rounded
	holdBack      = 3 * partTarget          // that players stay behind the last part (section 4.4.3.8)
	listed        = 8                       // segments in a playlist: more than three target durations
	kept          = 2 * listed              // for those who read an older playlist (section 6.2.2)
	withParts     = 3                       // of them, besides the one that grows, whose parts are listed
	longestWait   = 3 * segmentTarget       // of a request for what comes next (section 6.2.5.2)
)

// How an origin works.
const (
	pollEvery = 25 * time.Millisecond
	settled   = 700 * time.Millisecond // that the stage must be as it is before a run begins
	converts  = 5 * time.Second        // that a publisher has to send H.264 after it was asked
	askAgain  = 30 * time.Second
	askAnew   = 2 * time.Second
	firstWait = 8 * time.Second        // of a request for a run that has only begun
	allReady  = 4 * time.Second        // after which a run is shown without the renditions that are not ready
	soundLate = 350 * time.Millisecond // after which sound that has not come is silence
	imageLate = 300 * time.Millisecond // after which a part goes without the picture that has not come
	sameKey   = 300 * time.Millisecond // by which keyframes of two layers may be apart and still begin one segment
	mostShots = 2000                   // pictures that wait for their part
	farewell  = 20 * time.Second       // that a run's end can still be read
)

// Refusals.
var (
	ErrNone    = &wire.Error{Code: "hls.none", Text: "there is no such part of the stream, or it is too old"}
	ErrIdle    = &wire.Error{Code: "hls.idle", Text: "nothing is on air yet"}
	ErrAhead   = &wire.Error{Code: "hls.ahead", Text: "this is too far in the future"}
	ErrFull    = &wire.Error{Code: "hls.full", Text: "the server has as many streams or waiting requests as it can"}
	errStopped = errors.New("hls: closed")
)

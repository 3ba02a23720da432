package hls

import (
	"fmt"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4/seekablebuffer"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"github.com/lyceum-live/lyceum/media/frame"
)

const (
	videoID    = 1
	soundID    = 2
	videoScale = 90000
	soundScale = 48000
)

// opening is a media initialization section (RFC 8216bis, section 3.1.2), and
// what it tells of the segments after it.
type opening struct {
	name          string
	data          []byte
	codecs        string // RFC 6381
	width, height int    // 0: no picture
	frame.Params
}

// newOpening writes one; without parameters there is no picture.
func newOpening(name string, p frame.Params) (*opening, error) {
	o := &opening{name: name, Params: p, codecs: "opus"}
	var in fmp4.Init
	if len(p.SPS) > 3 {
		var sps h264.SPS
		if err := sps.Unmarshal(p.SPS); err != nil {
			return nil, fmt.Errorf("sequence parameter set: %w", err)
		}
		o.width, o.height = sps.Width(), sps.Height()
		o.codecs = fmt.Sprintf("avc1.%02x%02x%02x,opus", p.SPS[1], p.SPS[2], p.SPS[3])
		in.Tracks = append(in.Tracks, &fmp4.InitTrack{ID: videoID, TimeScale: videoScale, Codec: &codecs.H264{SPS: p.SPS, PPS: p.PPS}})
	}
	in.Tracks = append(in.Tracks, &fmp4.InitTrack{ID: soundID, TimeScale: soundScale, Codec: &codecs.Opus{ChannelCount: 2}})
	var b seekablebuffer.Buffer
	if err := in.Marshal(&b); err != nil {
		return nil, fmt.Errorf("initialization section: %w", err)
	}
	o.data = b.Bytes()
	return o, nil
}

// shot is a picture with its time in the run.
type shot struct {
	at time.Duration
	frame.Frame
}

// image is a shot as it is written. Decoding times follow each other without a
// gap, for players drop what comes after one up to the next keyframe; a picture
// that came after a pause is shown at its time by its composition offset.
type image struct {
	decode, show, length time.Duration
	key                  bool
	data                 []byte
}

// fragment writes one part: moof and mdat.
func fragment(n uint32, images []image, sound []packet) ([]byte, error) {
	out := fmp4.Part{SequenceNumber: n}
	if len(images) > 0 {
		track := &fmp4.PartTrack{ID: videoID, BaseTime: uint64(ticks(images[0].decode, videoScale))}
		for _, i := range images {
			track.Samples = append(track.Samples, &fmp4.Sample{
				Duration:        uint32(ticks(i.decode+i.length, videoScale) - ticks(i.decode, videoScale)),
				PTSOffset:       int32(ticks(i.show, videoScale) - ticks(i.decode, videoScale)),
				IsNonSyncSample: !i.key, Payload: i.data,
			})
		}
		out.Tracks = append(out.Tracks, track)
	}
	if len(sound) > 0 {
		track := &fmp4.PartTrack{ID: soundID, BaseTime: uint64(ticks(sound[0].at, soundScale))}
		for _, p := range sound {
			track.Samples = append(track.Samples, &fmp4.Sample{
				Duration: uint32(ticks(p.at+p.length, soundScale) - ticks(p.at, soundScale)), Payload: p.data,
			})
		}
		out.Tracks = append(out.Tracks, track)
	}
	var b seekablebuffer.Buffer
	if err := out.Marshal(&b); err != nil {
		return nil, fmt.Errorf("fragment: %w", err)
	}
	return b.Bytes(), nil
}

// ticks converts a time to a track's clock.
func ticks(d time.Duration, scale int64) int64 {
	return int64(d/time.Second)*scale + (int64(d%time.Second)*scale+int64(time.Second)/2)/int64(time.Second)
}

package record

import (
	"fmt"
	"io"
	"time"

	"github.com/lyceum-live/lyceum/media/frame"
)

// format is a kind of file.
type format string

const (
	formatMP4  format = "mp4"  // H.264 and Opus, or Opus alone
	formatWebM format = "webm" // VP8 and Opus
)

// layout is what a file holds: it is fixed when the file begins.
type layout struct {
	Format format
	Video  bool
	Sound  bool
	inBand bool // H.264: parameters are in front of each keyframe too, for they change
	frame.Params
}

// sample is a frame with its time from the beginning of its file.
type sample struct {
	at   time.Duration
	key  bool
	data []byte
}

// part is what is written, and made durable, at a time: about a second.
type part struct {
	video, sound []sample
}

func (p *part) empty() bool { return len(p.video)+len(p.sound) == 0 }

// begins is the time of the part's first sample.
func (p *part) begins() time.Duration {
	switch {
	case len(p.video) == 0:
		return p.sound[0].at
	case len(p.sound) == 0:
		return p.video[0].at
	}
	return min(p.video[0].at, p.sound[0].at)
}

// ends is when the part's last sample is over, as far as can be told.
func (p *part) ends() time.Duration {
	end := time.Duration(0)
	for _, track := range [][]sample{p.video, p.sound} {
		if n := len(track); n > 0 {
			end = max(end, track[n-1].at+lastOf(track))
		}
	}
	return end
}

// lastOf is how long a run's last sample probably lasts: as the one before.
func lastOf(run []sample) time.Duration {
	if n := len(run); n > 1 {
		return min(run[n-1].at-run[n-2].at, time.Second)
	}
	return 20 * time.Millisecond
}

// container writes and reads one format. A file is a head, parts, and a tail
// that makes it quick to seek in; without the tail, and cut off anywhere after
// the head, it can be played as far as its parts are whole.
type container interface {
	head(layout) ([]byte, error)
	part(n int, p *part) ([]byte, error)
	// scan finds the whole parts of a file.
	scan(r io.ReaderAt, size int64) (*index, error)
	// read returns what is in one of them.
	read(r io.ReaderAt, at where) (*part, error)
	// finish returns the tail, and then what is to be written over the file's
	// beginning: one write of less than a sector, after which the tail counts.
	finish(r io.ReaderAt, ix *index) (tail, beginning []byte, err error)
}

func containerOf(f format) (container, error) {
	switch f {
	case formatMP4:
		return mp4Container{}, nil
	case formatWebM:
		return webmContainer{}, nil
	}
	return nil, fmt.Errorf("record: there is no format %q", f)
}

// index is where everything is in a file.
type index struct {
	layout   layout
	parts    []where
	end      int64 // of the last whole part
	finished bool
}

// where is one part in a file.
type where struct {
	offset, size int64
	begin, end   time.Duration
	key          bool          // a decoder can begin here
	keyAt        time.Duration // with the sample of that time
}

// length is how long the file plays.
func (ix *index) length() time.Duration {
	length := time.Duration(0)
	for _, p := range ix.parts {
		length = max(length, p.end)
	}
	return length
}

// keys reports whether a decoder can begin with the part: at its first
// picture, or at any sound where there are no pictures.
func keys(l layout, p *part) bool {
	if l.Video {
		return len(p.video) > 0 && p.video[0].key
	}
	return true
}

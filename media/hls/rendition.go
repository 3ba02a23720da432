package hls

import (
	"fmt"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"

	"github.com/lyceum-live/lyceum/media/frame"
)

// pace is what the renditions of a run have in common: when a segment begins.
// The first keyframe that comes late enough calls for the next one; each
// rendition begins it with its own keyframe of that moment.
type pace struct {
	pictures bool          // some rendition has them; else the sound calls
	called   uint64        // number of the newest segment
	at       time.Duration // where it began first
}

func (p *pace) call(at time.Duration) { p.called, p.at = p.called+1, at }

// rendition cuts one layer's pictures, or none, and the run's sound into parts
// and segments. It is pure: time and frames come from its run.
type rendition struct {
	name  string
	sight bool // it has pictures

	track   frame.Track
	last    frame.Params // of a keyframe
	broken  bool         // the newest had parameters that cannot be read
	pending []shot
	decode  time.Duration // where the next picture's decoding time goes on

	begun   bool
	from    time.Duration // where the next part begins: a cut of the voice
	number  uint64        // of the open segment; before the first, of the one before it
	opened  time.Duration // where that began
	led     time.Duration // the keyframe that it began with
	parts   int           // of it
	opening *opening
	openers int
	serial  uint32
}

// cutting is a part that was made, and where it belongs.
type cutting struct {
	segment     uint64
	part        int
	last        bool // it ends its segment
	from, until time.Duration
	independent bool
	opening     *opening
	data        []byte
}

// take adds a picture. Before there is a keyframe there is nothing to show, and
// one whose parameters make no sense is none.
func (r *rendition) take(s shot) {
	if s.Key && !s.Same(r.last) {
		var sps h264.SPS
		if r.broken = sps.Unmarshal(s.SPS) != nil; !r.broken {
			r.last = s.Params
		}
	}
	if r.broken {
		return
	}
	if !r.begun {
		if s.Key {
			r.pending = r.pending[:0]
		} else if len(r.pending) == 0 {
			return
		}
	}
	if len(r.pending) >= mostShots {
		r.pending = r.pending[1:]
	}
	r.pending = append(r.pending, s)
}

// cut makes the parts that are due; now is the moment of the run.
func (r *rendition) cut(p *pace, v *voice, now time.Duration, done func(cutting)) error {
	if !r.begun {
		if err := r.begin(p, v); err != nil || !r.begun {
			return err
		}
	}
	for {
		end, shots, turns, due := r.next(p, v, now)
		if !due {
			return nil
		}
		if end > r.from {
			if err := r.part(v, end, shots, turns, done); err != nil {
				return err
			}
		} else { // what begins, begins where the last part ended
			r.pending = r.pending[shots:]
		}
		if turns {
			if err := r.turn(p); err != nil {
				return err
			}
		}
	}
}

// begin opens the first segment: at a keyframe, or, without pictures, where
// those that have them began theirs.
func (r *rendition) begin(p *pace, v *voice) error {
	switch {
	case r.sight:
		if len(r.pending) == 0 || v.end <= r.pending[0].at {
			return nil
		}
		r.led = r.pending[0].at
		if p.called <= r.number || r.led < p.at-sameKey {
			p.call(r.led)
		}
	case p.pictures:
		if p.called <= r.number || v.end <= p.at {
			return nil
		}
		r.led = p.at
	default:
		if len(v.packets) == 0 {
			return nil
		}
		r.led = v.packets[0].at
		p.call(r.led)
	}
	r.begun, r.number, r.decode = true, p.called, r.led
	r.from = v.cut(r.led + soundStep - 1)
	r.opened = r.from
	return r.open()
}

// next finds where the next part ends, how many pictures are in it, and
// whether its segment ends with it.
func (r *rendition) next(p *pace, v *voice, now time.Duration) (end time.Duration, shots int, turns, due bool) {
	limit := r.from + partTarget
	if at, i := r.leader(p); i >= 0 && at < limit && at < v.end {
		return max(r.from, v.cut(min(at+soundStep-1, limit))), i, true, true
	}
	if v.end < limit {
		return 0, 0, false, false
	}
	end = v.cut(limit)
	if r.sight && now < end+imageLate && (len(r.pending) == 0 || r.pending[len(r.pending)-1].at < end) {
		return 0, 0, false, false // its pictures may be on their way
	}
	for shots < len(r.pending) && r.pending[shots].at < end {
		shots++
	}
	long := end - r.opened
	return end, shots, long >= segmentMost || !p.pictures && long >= segmentTarget/2, true
}

// leader finds what the next segment begins with: the picture, and where.
// Without pictures it is where the others' began.
func (r *rendition) leader(p *pace) (at time.Duration, shot int) {
	if !r.sight {
		if p.pictures && p.called > r.number && r.parts > 0 {
			return max(p.at, r.from), 0
		}
		return 0, -1
	}
	for i, s := range r.pending {
		if s.Key && s.at > r.led && (s.at-r.opened >= segmentLeast || p.called > r.number && s.at >= p.at-sameKey || !s.Same(r.opening.Params)) {
			return s.at, i
		}
	}
	return 0, -1
}

// part makes the part up to a moment.
func (r *rendition) part(v *voice, end time.Duration, shots int, last bool, done func(cutting)) error {
	images := make([]image, 0, shots)
	for i, s := range r.pending[:shots] {
		if s.Key && s.at-r.decode > partTarget*4 {
			r.decode = s.at // back after a long pause: players begin anew with it
		}
		then := end
		if i+1 < len(r.pending) {
			then = r.pending[i+1].at
		}
		img := image{decode: r.decode, show: max(s.at, r.decode), length: max(then-r.decode, time.Millisecond), key: s.Key, data: s.Data}
		r.decode += img.length
		images = append(images, img)
	}
	r.pending = append(r.pending[:0:0], r.pending[shots:]...)
	r.serial++
	data, err := fragment(r.serial, images, v.between(r.from, end))
	if err != nil {
		return err
	}
	done(cutting{
		segment: r.number, part: r.parts, last: last, from: r.from, until: end,
		independent: !r.sight || len(images) > 0 && images[0].key, opening: r.opening, data: data,
	})
	r.from = end
	r.parts++
	return nil
}

// turn begins the next segment where the last part ended.
func (r *rendition) turn(p *pace) error {
	r.led = r.from
	if r.sight && len(r.pending) > 0 && r.pending[0].Key {
		r.led = r.pending[0].at
	}
	if r.parts > 0 { // else the open segment has nothing yet, and begins with this
		if p.called <= r.number {
			p.call(r.led)
		}
		r.number++
		r.opened, r.parts = r.from, 0
	}
	return r.open()
}

// open writes a new initialization section if what follows needs another one.
func (r *rendition) open() error {
	var params frame.Params
	if r.sight {
		if params = r.opening.params(); len(r.pending) > 0 && r.pending[0].Key {
			params = r.pending[0].Params
		}
	}
	if r.opening != nil && r.opening.Same(params) {
		return nil
	}
	o, err := newOpening(fmt.Sprintf("i%d.mp4", r.openers), params)
	if err != nil {
		return err
	}
	r.openers++
	r.opening = o
	return nil
}

func (o *opening) params() frame.Params {
	if o == nil {
		return frame.Params{}
	}
	return o.Params
}

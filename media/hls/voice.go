package hls

import (
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/opus"
)

// silence is one packet of it: Opus, CELT only, 20 ms (RFC 6716, section 3.1).
var silence = []byte{0xf8, 0xff, 0xfe}

const (
	soundStep = 20 * time.Millisecond
	soundMost = 120 * time.Millisecond // that a packet may last (RFC 6716, section 3.2.5)
)

// voice is the sound of a run: packets that follow each other without a gap.
type voice struct {
	packets []packet
	end     time.Duration // of the last one
}

// packet is one packet of sound.
type packet struct {
	at     time.Duration
	length time.Duration
	data   []byte
}

// add takes a packet that belongs at a time. What is missing before it is
// silence; what comes when there is silence already is left out. Less than one
// step of difference is let be: the same for all packets of a stream, it is
// not heard, and neither is it seen. A packet that says it is longer than any
// may be is none: a part must always find a cut within its length.
func (v *voice) add(at time.Duration, data []byte) {
	length := time.Duration(opus.PacketDuration2(data)) * time.Second / soundScale
	if length <= 0 || length > soundMost || at <= v.end-soundStep {
		return
	}
	v.hush(at)
	v.put(data, length)
}

// hush fills up with silence, by whole steps, to a time.
func (v *voice) hush(until time.Duration) {
	for until-v.end >= soundStep {
		v.put(silence, soundStep)
	}
}

func (v *voice) put(data []byte, length time.Duration) {
	v.packets = append(v.packets, packet{v.end, length, data})
	v.end += length
}

// cut is the last moment, up to a limit, at which the sound can be cut; before
// all that is here it is the beginning of that.
func (v *voice) cut(limit time.Duration) time.Duration {
	if len(v.packets) == 0 {
		return v.end
	}
	for i := len(v.packets) - 1; i >= 0; i-- {
		p := v.packets[i]
		if p.at+p.length <= limit {
			return p.at + p.length
		}
		if p.at <= limit {
			return p.at
		}
	}
	return v.packets[0].at
}

// between are the packets from one cut to another.
func (v *voice) between(from, to time.Duration) (list []packet) {
	for _, p := range v.packets {
		if p.at >= from && p.at < to {
			list = append(list, p)
		}
	}
	return list
}

// trim forgets what is before a cut.
func (v *voice) trim(before time.Duration) {
	n := 0
	for n < len(v.packets) && v.packets[n].at < before {
		n++
	}
	v.packets = append(v.packets[:0:0], v.packets[n:]...)
}

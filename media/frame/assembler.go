// Package frame makes frames of the packets that a [media.Tap] reads, and gives
// them their times: what recordings and LL-HLS have in common. It decodes
// nothing, reads no clock and starts no goroutine.
package frame

import (
	"bytes"
	"encoding/binary"
	"strings"
	"time"

	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"

	"github.com/lyceum-live/lyceum/media"
)

// NAL unit types (H.264, table 7-1).
const (
	nalIDR = 5
	nalSPS = 7
	nalPPS = 8
	nalAUD = 9
)

// maxFrame bounds one coded picture: what is larger is no picture.
const maxFrame = 8 << 20

// Frame is one coded picture or one packet of sound.
type Frame struct {
	Stream uint64
	TS     uint32
	Clock  uint32
	Wall   time.Time // of TS, by the publisher's clock; zero: not known
	Came   time.Time // its first packet
	Key    bool
	Data   []byte // H.264: with lengths in front of its NAL units (ISO/IEC 14496-15)
	Params        // of a keyframe
}

// Params are what a decoder must know before a keyframe.
type Params struct {
	SPS, PPS      []byte // H.264
	Width, Height int    // VP8
}

// Same reports whether a decoder needs nothing new.
func (p Params) Same(q Params) bool {
	return bytes.Equal(p.SPS, q.SPS) && bytes.Equal(p.PPS, q.PPS)
}

// Assembler makes frames of one source's packets.
type Assembler struct {
	h264    codecs.H264Packet
	current Frame
	open    bool // current has begun
	broken  bool // a part of current is missing or makes no sense
	size    int  // bytes of current's packets
	last    Params
}

// Take adds a packet and hands over the frames that are then whole.
func (a *Assembler) Take(u media.Unit, done func(Frame)) {
	if strings.EqualFold(u.Mime, webrtc.MimeTypeOpus) {
		done(Frame{Stream: u.Stream, TS: u.TS, Clock: u.Clock, Wall: u.Wall, Came: u.At, Key: true, Data: u.Payload})
		return
	}
	if u.Lost {
		a.open = false
		a.h264 = codecs.H264Packet{}
	}
	if a.open && a.current.Stream != u.Stream {
		a.open = false // the rest of it will not come
	}
	if a.open && a.current.TS != u.TS {
		a.finish(u.Mime, done) // its last packet had no marker
	}
	if !a.open {
		a.current = Frame{Stream: u.Stream, TS: u.TS, Clock: u.Clock, Wall: u.Wall, Came: u.At}
		a.open, a.broken, a.size = true, false, 0
		a.h264 = codecs.H264Packet{IsAVC: true}
	}
	if a.size += len(u.Payload); a.size > maxFrame {
		a.broken = true
		a.h264 = codecs.H264Packet{}
	}
	if !a.broken {
		body, err := a.payload(u)
		a.broken = err != nil
		a.current.Data = append(a.current.Data, body...)
	}
	if u.Marker {
		a.finish(u.Mime, done)
	}
}

func (a *Assembler) payload(u media.Unit) ([]byte, error) {
	if strings.EqualFold(u.Mime, webrtc.MimeTypeH264) {
		return a.h264.Unmarshal(u.Payload)
	}
	var p codecs.VP8Packet
	return p.Unmarshal(u.Payload)
}

func (a *Assembler) finish(mime string, done func(Frame)) {
	a.open = false
	if a.broken || len(a.current.Data) == 0 {
		return
	}
	f := a.current
	ok := false
	if strings.EqualFold(mime, webrtc.MimeTypeH264) {
		ok = a.readH264(&f)
	} else {
		ok = readVP8(&f)
	}
	if ok {
		done(f)
	}
}

// readH264 takes parameter sets and delimiters out of a picture: they are kept
// beside the pictures in an MP4 file.
func (a *Assembler) readH264(f *Frame) bool {
	kept := make([]byte, 0, len(f.Data))
	for b := f.Data; len(b) > 0; {
		if len(b) < 4 {
			return false
		}
		n := binary.BigEndian.Uint32(b)
		if n == 0 || uint64(n) > uint64(len(b)-4) {
			return false
		}
		nal := b[4 : 4+n]
		switch nal[0] & 0x1f {
		case nalSPS:
			a.last.SPS = bytes.Clone(nal)
		case nalPPS:
			a.last.PPS = bytes.Clone(nal)
		case nalAUD:
		default:
			f.Key = f.Key || nal[0]&0x1f == nalIDR
			kept = append(kept, b[:4+n]...)
		}
		b = b[4+n:]
	}
	f.Data = kept
	if f.Key {
		if len(a.last.SPS) < 4 || len(a.last.PPS) == 0 {
			return false
		}
		f.Params = a.last
	}
	return len(kept) > 0
}

// readVP8 reads the frame header (RFC 6386, section 9.1).
func readVP8(f *Frame) bool {
	b := f.Data
	if len(b) < 3 {
		return false
	}
	f.Key = b[0]&1 == 0
	if !f.Key {
		return true
	}
	if len(b) < 10 || b[3] != 0x9d || b[4] != 0x01 || b[5] != 0x2a {
		return false
	}
	f.Width = int(binary.LittleEndian.Uint16(b[6:]) & 0x3fff)
	f.Height = int(binary.LittleEndian.Uint16(b[8:]) & 0x3fff)
	return f.Width > 0 && f.Height > 0
}

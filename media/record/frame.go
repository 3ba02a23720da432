package record

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

// frame is one coded picture or one packet of sound.
type frame struct {
	stream uint64
	ts     uint32
	clock  uint32
	wall   time.Time // of ts, by the publisher's clock; zero: not known
	came   time.Time // its first packet
	key    bool
	data   []byte // H.264: with lengths in front of its NAL units (ISO/IEC 14496-15)
	params params // of a keyframe
}

// params are what a decoder must know before a keyframe.
type params struct {
	sps, pps      []byte // H.264
	width, height int
}

func (p params) same(q params) bool {
	return bytes.Equal(p.sps, q.sps) && bytes.Equal(p.pps, q.pps)
}

// assembler makes frames of one source's packets.
type assembler struct {
	h264    codecs.H264Packet
	current frame
	open    bool // current has begun
	broken  bool // a part of current is missing or makes no sense
	size    int  // bytes of current's packets
	last    params
}

// take adds a packet and hands over the frames that are then whole.
func (a *assembler) take(u media.Unit, done func(frame)) {
	if strings.EqualFold(u.Mime, webrtc.MimeTypeOpus) {
		done(frame{stream: u.Stream, ts: u.TS, clock: u.Clock, wall: u.Wall, came: u.At, key: true, data: u.Payload})
		return
	}
	if u.Lost {
		a.open = false
		a.h264 = codecs.H264Packet{}
	}
	if a.open && a.current.stream != u.Stream {
		a.open = false // the rest of it will not come
	}
	if a.open && a.current.ts != u.TS {
		a.finish(u.Mime, done) // its last packet had no marker
	}
	if !a.open {
		a.current = frame{stream: u.Stream, ts: u.TS, clock: u.Clock, wall: u.Wall, came: u.At}
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
		a.current.data = append(a.current.data, body...)
	}
	if u.Marker {
		a.finish(u.Mime, done)
	}
}

func (a *assembler) payload(u media.Unit) ([]byte, error) {
	if strings.EqualFold(u.Mime, webrtc.MimeTypeH264) {
		return a.h264.Unmarshal(u.Payload)
	}
	var p codecs.VP8Packet
	return p.Unmarshal(u.Payload)
}

func (a *assembler) finish(mime string, done func(frame)) {
	a.open = false
	if a.broken || len(a.current.data) == 0 {
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
func (a *assembler) readH264(f *frame) bool {
	kept := make([]byte, 0, len(f.data))
	for b := f.data; len(b) > 0; {
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
			a.last.sps = bytes.Clone(nal)
		case nalPPS:
			a.last.pps = bytes.Clone(nal)
		case nalAUD:
		default:
			f.key = f.key || nal[0]&0x1f == nalIDR
			kept = append(kept, b[:4+n]...)
		}
		b = b[4+n:]
	}
	f.data = kept
	if f.key {
		if len(a.last.sps) < 4 || len(a.last.pps) == 0 {
			return false
		}
		f.params = a.last
	}
	return len(kept) > 0
}

// readVP8 reads the frame header (RFC 6386, section 9.1).
func readVP8(f *frame) bool {
	b := f.data
	if len(b) < 3 {
		return false
	}
	f.key = b[0]&1 == 0
	if !f.key {
		return true
	}
	if len(b) < 10 || b[3] != 0x9d || b[4] != 0x01 || b[5] != 0x2a {
		return false
	}
	f.params.width = int(binary.LittleEndian.Uint16(b[6:]) & 0x3fff)
	f.params.height = int(binary.LittleEndian.Uint16(b[8:]) & 0x3fff)
	return f.params.width > 0 && f.params.height > 0
}

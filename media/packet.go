package media

import (
	"strings"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// packet is one RTP packet as its publisher sent it. It is shared by the cache
// and all viewers and never changed.
type packet struct {
	seq     uint64 // extended: does not wrap
	ts      uint32
	marker  bool
	payload []byte
	at      time.Time // when it came
	vp8     vp8Descriptor

	key           bool // the first packet of a keyframe
	width, height int  // of the keyframe's picture, if known
}

// parser turns one layer's datagrams into packets.
type parser struct {
	mime string
	last uint64 // highest extended sequence number
	any  bool

	voice  uint8 // number of the extension that says how loud a packet is; 0: none
	volume uint8 // of the last packet: 0 the loudest, 127 silence
}

// parse reads a datagram. The packet has its own copy of the payload: raw may
// be used again. What is not RTP, or breaks its codec's payload format, is
// not ok.
func (r *parser) parse(raw []byte, now time.Time) (*packet, bool) {
	var h rtp.Header
	n, err := h.Unmarshal(raw)
	if err != nil {
		return nil, false
	}
	body := raw[n:]
	if r.voice != 0 {
		if said := h.GetExtension(r.voice); len(said) > 0 {
			r.volume = said[0] & 0x7f
		}
	}
	if h.Padding && len(body) > 0 {
		pad := int(body[len(body)-1])
		if pad == 0 || pad > len(body) {
			return nil, false
		}
		body = body[:len(body)-pad]
	}
	p := &packet{ts: h.Timestamp, marker: h.Marker, at: now}
	if len(body) > 0 { // empty ones are padding, kept so that numbers stay whole
		switch {
		case strings.EqualFold(r.mime, webrtc.MimeTypeVP8):
			d, ok := parseVP8(body)
			if !ok {
				return nil, false
			}
			p.vp8 = d
			p.width, p.height, p.key = vp8Keyframe(d, body)
		case strings.EqualFold(r.mime, webrtc.MimeTypeH264):
			p.width, p.height, p.key = h264Keyframe(body)
		}
	}
	p.payload = append([]byte(nil), body...)
	p.seq = r.extend(h.SequenceNumber)
	return p, true
}

// extend unwraps a sequence number (RFC 3550, appendix A.1). Counting begins
// at 1<<32, so that packets older than the first one have room below it.
func (r *parser) extend(seq uint16) uint64 {
	if !r.any {
		r.any = true
		r.last = 1<<32 | uint64(seq)
		return r.last
	}
	ext := unwrap(r.last, seq)
	r.last = max(r.last, ext)
	return ext
}

// unwrap returns the extended number nearest to last whose low 16 bits are seq.
func unwrap(last uint64, seq uint16) uint64 {
	return last + uint64(int64(int16(seq-uint16(last))))
}

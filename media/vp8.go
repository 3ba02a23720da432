package media

import "encoding/binary"

// vp8Descriptor says where the changing fields of a VP8 payload descriptor are
// (RFC 7741, section 4.2), so that they can be rewritten in place. A position
// of 0 means that the field is absent: the first byte is never one of them.
type vp8Descriptor struct {
	size      int    // bytes of the descriptor
	start     bool   // first packet of a frame
	pictureAt int    // position of the picture id
	wide      bool   // the picture id has 15 bits, else 7
	picture   uint16 // the picture id
	tl0At     int    // position of TL0PICIDX
	tl0       uint8  // TL0PICIDX
}

// parseVP8 reads the payload descriptor at the head of a VP8 RTP payload.
func parseVP8(b []byte) (d vp8Descriptor, ok bool) {
	if len(b) < 1 {
		return d, false
	}
	d.start = b[0]&0x10 != 0 && b[0]&0x07 == 0
	d.size = 1
	if b[0]&0x80 == 0 { // no extension
		return d, true
	}
	if len(b) < 2 {
		return d, false
	}
	extension := b[1]
	d.size = 2
	if extension&0x80 != 0 { // I: a picture id
		if len(b) < d.size+1 {
			return d, false
		}
		d.pictureAt = d.size
		d.picture = uint16(b[d.size] & 0x7f)
		d.size++
		if b[d.pictureAt]&0x80 != 0 {
			if len(b) < d.size+1 {
				return d, false
			}
			d.wide = true
			d.picture = binary.BigEndian.Uint16(b[d.pictureAt:]) & 0x7fff
			d.size++
		}
	}
	if extension&0x40 != 0 { // L: TL0PICIDX
		if len(b) < d.size+1 {
			return d, false
		}
		d.tl0At, d.tl0 = d.size, b[d.size]
		d.size++
	}
	if extension&0x30 != 0 { // T or K: one shared byte
		if len(b) < d.size+1 {
			return d, false
		}
		d.size++
	}
	return d, true
}

// put writes another picture id and TL0PICIDX into a payload with this
// descriptor.
func (d vp8Descriptor) put(payload []byte, picture uint16, tl0 uint8) {
	if d.pictureAt > 0 {
		if d.wide {
			binary.BigEndian.PutUint16(payload[d.pictureAt:], picture|0x8000)
		} else {
			payload[d.pictureAt] = byte(picture & 0x7f)
		}
	}
	if d.tl0At > 0 {
		payload[d.tl0At] = tl0
	}
}

// vp8Keyframe reads the frame header that follows the descriptor (RFC 6386,
// section 9.1). It reports whether a keyframe starts here and how large its
// picture is.
func vp8Keyframe(d vp8Descriptor, payload []byte) (width, height int, ok bool) {
	if !d.start || len(payload) < d.size+10 {
		return 0, 0, false
	}
	b := payload[d.size:]
	if b[0]&0x01 != 0 || b[3] != 0x9d || b[4] != 0x01 || b[5] != 0x2a {
		return 0, 0, false
	}
	width = int(binary.LittleEndian.Uint16(b[6:]) & 0x3fff)
	height = int(binary.LittleEndian.Uint16(b[8:]) & 0x3fff)
	return width, height, true
}

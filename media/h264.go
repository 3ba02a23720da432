package media

import "encoding/binary"

// NAL unit types (H.264, table 7-1; RFC 6184, table 1).
const (
	nalSPS   = 7
	nalSTAPA = 24
)

// h264Keyframe reports whether a keyframe starts in this RTP payload, and how
// large its picture is if that can be read. A decoder can begin only where it
// is given a sequence parameter set, so that is what counts as a start:
// browsers send one, alone or aggregated, before every IDR picture.
func h264Keyframe(payload []byte) (width, height int, ok bool) {
	if len(payload) < 1 {
		return 0, 0, false
	}
	switch payload[0] & 0x1f {
	case nalSPS:
		width, height = spsSize(payload)
		return width, height, true
	case nalSTAPA: // RFC 6184, section 5.7.1
		for b := payload[1:]; len(b) > 2; {
			n := int(binary.BigEndian.Uint16(b))
			b = b[2:]
			if n == 0 || n > len(b) {
				return 0, 0, false
			}
			if b[0]&0x1f == nalSPS {
				width, height = spsSize(b[:n])
				return width, height, true
			}
			b = b[n:]
		}
	}
	return 0, 0, false
}

// spsSize reads the picture's size from a sequence parameter set
// (H.264, section 7.3.2.1.1), and returns zeros for one that is cut short.
func spsSize(nal []byte) (width, height int) {
	b := &bits{b: unescape(nal)}
	b.skip(8) // NAL header
	profile := b.read(8)
	b.skip(16) // constraints, level
	b.golomb() // id
	chroma := uint32(1)
	switch profile {
	case 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135:
		if chroma = b.golomb(); chroma == 3 {
			b.skip(1)
		}
		b.golomb()
		b.golomb()
		b.skip(1)
		if b.read(1) == 1 {
			b.scalingLists(chroma)
		}
	}
	b.golomb() // log2_max_frame_num
	switch b.golomb() {
	case 0:
		b.golomb()
	case 1:
		b.skip(1)
		b.golomb()
		b.golomb()
		for n := b.golomb(); n > 0 && !b.short; n-- {
			b.golomb()
		}
	}
	b.golomb()
	b.skip(1)
	across := b.golomb() + 1
	down := b.golomb() + 1
	frames := b.read(1) // 1: no fields
	if frames == 0 {
		b.skip(1)
	}
	b.skip(1)
	var left, right, top, bottom uint32
	if b.read(1) == 1 {
		left, right, top, bottom = b.golomb(), b.golomb(), b.golomb(), b.golomb()
	}
	if b.short || across > 1024 || down > 1024 {
		return 0, 0
	}
	unitX, unitY := uint32(1), 2-frames
	if chroma == 1 || chroma == 2 {
		unitX = 2
	}
	if chroma == 1 {
		unitY *= 2
	}
	w := int(across)*16 - int(unitX)*int(left+right)
	h := int(down)*16*int(2-frames) - int(unitY)*int(top+bottom)
	if w <= 0 || h <= 0 || left > 1<<14 || right > 1<<14 || top > 1<<14 || bottom > 1<<14 {
		return 0, 0
	}
	return w, h
}

// unescape removes the emulation prevention bytes (H.264, section 7.4.1).
func unescape(nal []byte) []byte {
	out := make([]byte, 0, len(nal))
	zeros := 0
	for _, c := range nal {
		if zeros >= 2 && c == 3 {
			zeros = 0
			continue
		}
		if c == 0 {
			zeros++
		} else {
			zeros = 0
		}
		out = append(out, c)
	}
	return out
}

// bits reads a bit string. Past its end it reads zeros and says so in short.
type bits struct {
	b     []byte
	at    int
	short bool
}

func (r *bits) read(n int) (v uint32) {
	for range n {
		v <<= 1
		if r.at >= len(r.b)*8 {
			r.short = true
			continue
		}
		v |= uint32(r.b[r.at/8]>>(7-r.at%8)) & 1
		r.at++
	}
	return v
}

func (r *bits) skip(n int) { r.read(n) }

// golomb reads an unsigned Exp-Golomb code (H.264, section 9.1).
func (r *bits) golomb() uint32 {
	zeros := 0
	for r.read(1) == 0 {
		if zeros++; zeros > 31 || r.short {
			r.short = true
			return 0
		}
	}
	return 1<<zeros - 1 + r.read(zeros)
}

func (r *bits) signedGolomb() int {
	v := r.golomb()
	if v&1 == 1 {
		return int(v/2) + 1
	}
	return -int(v / 2)
}

func (r *bits) scalingLists(chroma uint32) {
	lists := 8
	if chroma == 3 {
		lists = 12
	}
	for i := range lists {
		if r.read(1) == 0 {
			continue
		}
		size := 16
		if i >= 6 {
			size = 64
		}
		last, next := 8, 8
		for range size {
			if next != 0 {
				next = (last + r.signedGolomb() + 256) % 256
			}
			if next != 0 {
				last = next
			}
			if r.short {
				return
			}
		}
	}
}

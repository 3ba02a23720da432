package load

import (
	"encoding/binary"
	"errors"
)

// Opcodes of RFC 6455, section 5.2.
const (
	opText  = 1
	opClose = 8
	opPing  = 9
	opPong  = 10
)

// maxFrame bounds one frame from a server: a welcome may be long.
const maxFrame = 16 << 20

var errFrame = errors.New("a frame that cannot be read: a fragment, a mask or a length beyond all bounds")

// cut takes the first frame off b. n is how many bytes it has; where b ends
// before the frame does, payload is nil and n is how many bytes b needs for it,
// as far as b tells. The payload is part of b.
func cut(b []byte) (op byte, payload []byte, n int, err error) {
	if len(b) < 2 {
		return 0, nil, 2, nil
	}
	if b[0]&0xf0 != 0x80 || b[1]&0x80 != 0 { // whole, without extensions, unmasked
		return 0, nil, 0, errFrame
	}
	head, size := 2, uint64(b[1])
	switch size {
	case 126:
		if head = 4; len(b) < head {
			return 0, nil, head, nil
		}
		size = uint64(binary.BigEndian.Uint16(b[2:]))
	case 127:
		if head = 10; len(b) < head {
			return 0, nil, head, nil
		}
		size = binary.BigEndian.Uint64(b[2:])
	}
	if size > maxFrame {
		return 0, nil, 0, errFrame
	}
	if n = head + int(size); len(b) < n {
		return 0, nil, n, nil
	}
	return b[0] & 0x0f, b[head:n:n], n, nil
}

// appendMasked appends a client's frame. Its mask is zero, which costs no pass
// over the bytes: what a mask guards against (section 10.3) are caches on the
// way, and there are none.
func appendMasked(dst []byte, op byte, payload []byte) []byte {
	dst = append(dst, 0x80|op)
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, 0x80|byte(n))
	case n < 1<<16:
		dst = binary.BigEndian.AppendUint16(append(dst, 0x80|126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, 0x80|127), uint64(n))
	}
	return append(append(dst, 0, 0, 0, 0), payload...)
}

// unmask takes the first frame of a client's off b, for the bare loop. ok is
// false while b holds only a part of one.
func unmask(b []byte) (op byte, payload []byte, n int, ok bool) {
	if len(b) < 6 || b[1]&0x80 == 0 {
		return 0, nil, 0, false
	}
	head, size := 2, int(b[1]&0x7f)
	switch size {
	case 126:
		head, size = 4, int(binary.BigEndian.Uint16(b[2:]))
	case 127:
		return 0, nil, 0, false // the tool sends none that long
	}
	n = head + 4 + size
	if len(b) < n {
		return 0, nil, 0, false
	}
	mask, payload := b[head:head+4], b[head+4:n]
	if mask[0]|mask[1]|mask[2]|mask[3] != 0 {
		for i := range payload {
			payload[i] ^= mask[i&3]
		}
	}
	return b[0] & 0x0f, payload, n, true
}

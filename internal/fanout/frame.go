package fanout

import "encoding/binary"

const (
	headSize   = 10  // at most: opcode, length and eight bytes more
	maxControl = 127 // a control frame: two bytes and 125
)

// AppendFrame appends payload as one final, unmasked WebSocket text frame
// (RFC 6455, section 5.2). A server's frames are not masked, so the same
// bytes serve every socket.
func AppendFrame(dst, payload []byte) []byte {
	return append(appendHead(dst, len(payload)), payload...)
}

func appendHead(dst []byte, size int) []byte {
	dst = append(dst, 0x81)
	switch {
	case size < 126:
		return append(dst, byte(size))
	case size < 1<<16:
		return binary.BigEndian.AppendUint16(append(dst, 126), uint16(size))
	}
	return binary.BigEndian.AppendUint64(append(dst, 127), uint64(size))
}

// appendPing appends a ping frame (RFC 6455, section 5.5.2).
func appendPing(dst []byte, payload uint64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, 0x89, 8), payload)
}

// appendClose appends a close frame (RFC 6455, section 5.5.1).
func appendClose(dst []byte, code uint16) []byte {
	return binary.BigEndian.AppendUint16(append(dst, 0x88, 2), code)
}

// frameSize is the size of the frame that begins with b, head included. b
// holds all of the head.
func frameSize(b []byte) int {
	switch n := b[1] & 0x7f; n {
	case 126:
		return 4 + int(binary.BigEndian.Uint16(b[2:]))
	case 127:
		return 10 + int(binary.BigEndian.Uint64(b[2:]))
	default:
		return 2 + int(n)
	}
}

// unfinished says how much of the frame that byte n of pieces cuts in two
// comes behind n; 0 if a frame ends there. A first frame, begun earlier, takes
// left bytes more. No other head crosses from one piece to the next.
func unfinished(pieces [][]byte, left, n int) int {
	pos, start := left, 0 // of the next frame; of the first of pieces
	for pos < n {
		for pos >= start+len(pieces[0]) {
			start += len(pieces[0])
			pieces = pieces[1:]
		}
		pos += frameSize(pieces[0][pos-start:])
	}
	return pos - n
}

package media

import "encoding/binary"

// stream counts one RTP stream by its headers.
type stream struct {
	ssrc    uint32
	size    int    // of its largest datagram
	last    uint64 // highest extended number
	packets int64
	missing int64 // numbers passed over and not seen since
	late    int64 // packets that came after a higher number
}

// take counts a packet of the stream.
func (s *stream) take(seq uint16, size int) {
	s.size = max(s.size, size)
	s.packets++
	if s.packets == 1 {
		s.last = 1<<32 | uint64(seq)
		return
	}
	at := s.last + uint64(int64(int16(seq-uint16(s.last))))
	if at > s.last {
		s.missing += int64(at - s.last - 1)
		s.last = at
		return
	}
	s.late++
	s.missing-- // it fills a gap; one that came twice shows as a gap less than none
}

// header reads an RTP header. What is RTCP, STUN or DTLS is not ok (RFC 7983,
// RFC 5761).
func header(b []byte) (ssrc uint32, seq uint16, ok bool) {
	if len(b) < 12 || b[0]>>6 != 2 || b[1] >= 192 && b[1] <= 223 {
		return 0, 0, false
	}
	return binary.BigEndian.Uint32(b[8:]), binary.BigEndian.Uint16(b[2:]), true
}

// tally is what streams have counted.
type tally struct{ packets, missing, late int64 }

func (t tally) sub(o tally) tally {
	return tally{t.packets - o.packets, t.missing - o.missing, t.late - o.late}
}

func (t tally) add(o tally) tally {
	return tally{t.packets + o.packets, t.missing + o.missing, t.late + o.late}
}

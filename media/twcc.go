package media

import (
	"encoding/binary"
	"time"
)

// transportCCURI names the header extension that numbers all packets of a
// connection through, whatever their stream, so that the viewer's browser can
// say when each came (draft-holmer-rmcat-transport-wide-cc-extensions-01).
const transportCCURI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

// maxStatuses bounds the packets that one piece of feedback may speak of: as
// many as the history remembers.
const maxStatuses = historyLength

const (
	arrivalUnit   = 250 * time.Microsecond // of the times in feedback
	referenceUnit = 64 * time.Millisecond  // of the time that they are relative to
	// arrivalCycle is the span after which times in feedback begin anew.
	arrivalCycle = referenceUnit << 24
)

// arrival is what a viewer's browser says about one packet that it was sent.
type arrival struct {
	seq      uint16
	received bool
	at       time.Duration // on the viewer's clock, from 0 to arrivalCycle
}

// isTransportFeedback reports whether an RTCP packet tells when packets came.
func isTransportFeedback(b []byte) bool {
	return len(b) >= 20 && b[0]>>6 == 2 && b[0]&0x1f == 15 && b[1] == 205
}

// readArrivals appends to list what a packet of transport-wide feedback says
// (section 3.1 of the draft). Of one that is broken, nothing is believed.
func readArrivals(list []arrival, b []byte) ([]arrival, bool) {
	if !isTransportFeedback(b) {
		return list, false
	}
	size := (int(binary.BigEndian.Uint16(b[2:])) + 1) * 4
	if size > len(b) || size < 20 {
		return list, false
	}
	b = b[:size]
	first, count := binary.BigEndian.Uint16(b[12:]), int(binary.BigEndian.Uint16(b[14:]))
	if count == 0 || count > maxStatuses {
		return list, false
	}
	at := time.Duration(binary.BigEndian.Uint32(b[16:])>>8) * referenceUnit
	began := len(list)
	rest, told := b[20:], 0
	for told < count {
		if len(rest) < 2 {
			return list[:began], false
		}
		chunk := binary.BigEndian.Uint16(rest)
		rest = rest[2:]
		for i := range symbols(chunk) {
			if told == count {
				break
			}
			// Its symbol for now, until the times are read.
			list = append(list, arrival{seq: first + uint16(told), at: time.Duration(symbol(chunk, i))})
			told++
		}
	}
	for i := range list[began:] {
		a := &list[began+i]
		delta := 0
		switch a.at {
		case 0:
			continue
		case 1:
			if len(rest) < 1 {
				return list[:began], false
			}
			delta, rest = int(rest[0]), rest[1:]
		case 2:
			if len(rest) < 2 {
				return list[:began], false
			}
			delta, rest = int(int16(binary.BigEndian.Uint16(rest))), rest[2:]
		default: // reserved
			return list[:began], false
		}
		at += time.Duration(delta) * arrivalUnit
		a.received, a.at = true, (at+arrivalCycle)%arrivalCycle
	}
	return list, true
}

// symbols is how many packets a chunk speaks of.
func symbols(chunk uint16) int {
	switch {
	case chunk&0x8000 == 0: // a run
		return int(chunk & 0x1fff)
	case chunk&0x4000 == 0: // one bit each
		return 14
	default: // two bits each
		return 7
	}
}

// symbol is what a chunk says of its i-th packet: 0 not received, 1 or 2
// received, with a time in as many bytes.
func symbol(chunk uint16, i int) int {
	switch {
	case chunk&0x8000 == 0:
		return int(chunk >> 13 & 3)
	case chunk&0x4000 == 0:
		return int(chunk >> (13 - i) & 1)
	default:
		return int(chunk >> (12 - 2*i) & 3)
	}
}

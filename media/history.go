package media

import "time"

// historyLength is how many packets to one viewer are remembered until the
// viewer says when they came: two seconds of the largest picture and a screen.
const historyLength = 1024

// sendUnit is that of the times of sending.
const sendUnit = 100 * time.Microsecond

// perPacket is what a packet costs on the wire beside its payload, in bytes:
// IP and UDP, RTP with the extension, and the tag of its encryption. Rates
// are of the wire: sound is half of such things.
const perPacket = 28 + 20 + 16

// fate is what became of a packet that was sent.
type fate uint8

const (
	unknown fate = iota
	missing      // said not to have come, so far
	came
)

// sentPacket is a packet on its way.
type sentPacket struct {
	at   uint32 // in sendUnits since the history's epoch; wraps after five days
	size uint16
	fate fate
}

// history numbers all packets to one viewer and remembers the last of them. It
// is touched for every packet, and so does next to nothing.
type history struct {
	epoch   time.Time
	next    uint64 // number of the next packet, extended
	bytes   int64  // sent so far
	last    uint32 // when the last one was sent
	packets [historyLength]sentPacket
}

// newHistory counts from beyond the first window, so that every number has
// room below it.
func newHistory(now time.Time) history { return history{epoch: now, next: 1 << 16} }

// sent notes a packet with so many bytes of payload, and returns its number.
func (h *history) sent(now time.Time, payload int) uint16 {
	n, size := h.next, payload+perPacket
	h.last = h.time(now)
	h.packets[n%historyLength] = sentPacket{at: h.last, size: uint16(size)}
	h.next++
	h.bytes += int64(size)
	return uint16(n)
}

// locate finds a packet by its number: nil if it is forgotten, or was never sent.
func (h *history) locate(seq uint16) (n uint64, p *sentPacket) {
	n = unwrap(h.next-1, seq)
	if n >= h.next || n+historyLength < h.next || n < 1<<16 {
		return 0, nil
	}
	return n, &h.packets[n%historyLength]
}

func (h *history) time(now time.Time) uint32 { return uint32(now.Sub(h.epoch) / sendUnit) }

// span is how long after a packet another one was sent.
func span(from, to uint32) time.Duration { return time.Duration(int32(to-from)) * sendUnit }

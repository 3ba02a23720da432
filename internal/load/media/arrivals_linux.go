package media

import (
	"encoding/binary"
	"regexp"
	"strconv"
	"time"

	"github.com/pion/rtcp"
)

// wideURI names the extension that numbers all packets of a connection through;
// browsers say ten times a second when each came
// (draft-holmer-rmcat-transport-wide-cc-extensions-01).
const wideURI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

const (
	wideUnit = 64 * time.Millisecond // of a report's reference time
	wideMost = 512                   // arrivals kept for a report
)

var wideLine = regexp.MustCompile(`a=extmap:(\d+)\S* ` + regexp.QuoteMeta(wideURI))

// wideID reads from an offer which extension the numbers are in; 0: none.
func wideID(offer string) uint8 {
	m := wideLine.FindStringSubmatch(offer)
	if m == nil {
		return 0
	}
	id, _ := strconv.Atoi(m[1])
	return uint8(min(id, 14))
}

// wide reads a packet's number; 0 and false where it has none (RFC 8285,
// section 4.2).
func wide(b []byte, id uint8) (uint16, bool) {
	if b[0]&0x10 == 0 || id == 0 {
		return 0, false
	}
	at := 12 + 4*int(b[0]&0x0f)
	if len(b) < at+4 || binary.BigEndian.Uint16(b[at:]) != 0xbede {
		return 0, false
	}
	end := at + 4 + 4*int(binary.BigEndian.Uint16(b[at+2:]))
	for at += 4; at < end && end <= len(b); {
		n := int(b[at]&0x0f) + 1
		switch {
		case b[at] == 0:
			at++
			continue
		case at+1+n > end:
			return 0, false
		case b[at]>>4 == id && n == 2:
			return binary.BigEndian.Uint16(b[at+1:]), true
		}
		at += 1 + n
	}
	return 0, false
}

// arrival is one packet that came.
type arrival struct {
	number uint16
	at     time.Time
}

// tellArrivals says when the packets since the last time came, as browsers do.
func (v *viewer) tellArrivals() {
	s := v.door.sock
	s.lane.mu.Lock()
	list := s.came
	s.came = nil
	var ssrc uint32
	if len(s.streams) > 0 {
		ssrc = s.streams[0].ssrc
	}
	s.lane.mu.Unlock()
	if len(list) == 0 {
		return
	}
	first, last := list[0].number, list[0].number
	at := map[uint16]time.Time{}
	for _, a := range list {
		at[a.number] = a.at
		if int16(a.number-last) > 0 {
			last = a.number
		}
		if int16(a.number-first) < 0 {
			first = a.number
		}
	}
	if v.wideAny && int16(first-v.wideNext) > 0 {
		first = v.wideNext
	}
	v.wideNext, v.wideAny = last+1, true
	reference := list[0].at.Sub(v.begun) / wideUnit
	before := v.begun.Add(reference * wideUnit)
	f := &rtcp.TransportLayerCC{
		SenderSSRC: 1, MediaSSRC: ssrc, BaseSequenceNumber: first, PacketStatusCount: last - first + 1,
		ReferenceTime: uint32(reference), FbPktCount: v.wideCount,
	}
	v.wideCount++
	var chunk []uint16
	flush := func() {
		for len(chunk) < 7 {
			chunk = append(chunk, rtcp.TypeTCCPacketNotReceived)
		}
		f.PacketChunks = append(f.PacketChunks, &rtcp.StatusVectorChunk{Type: rtcp.TypeTCCStatusVectorChunk, SymbolSize: rtcp.TypeTCCSymbolSizeTwoBit, SymbolList: chunk})
		chunk = nil
	}
	for n := first; n != last+1; n++ {
		when, ok := at[n]
		if !ok {
			chunk = append(chunk, rtcp.TypeTCCPacketNotReceived)
		} else {
			delta := when.Sub(before) / (250 * time.Microsecond)
			kind := rtcp.TypeTCCPacketReceivedSmallDelta
			if delta < 0 || delta > 255 {
				kind = rtcp.TypeTCCPacketReceivedLargeDelta
			}
			before = before.Add(delta * 250 * time.Microsecond)
			chunk = append(chunk, kind)
			f.RecvDeltas = append(f.RecvDeltas, &rtcp.RecvDelta{Type: kind, Delta: int64(delta) * 250})
		}
		if len(chunk) == 7 {
			flush()
		}
	}
	if len(chunk) > 0 {
		flush()
	}
	size := uint16(f.MarshalSize())
	f.Header = rtcp.Header{Padding: false, Count: rtcp.FormatTCC, Type: rtcp.TypeTransportSpecificFeedback, Length: size/4 - 1}
	_ = v.pc.WriteRTCP([]rtcp.Packet{f}) // lost with the connection
}

package media

import (
	"testing"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"pgregory.net/rapid"
)

// TestStream: whatever is lost and out of order, across the wrap of the
// numbers, the counts are those of a model that knows what was sent.
func TestStream(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &stream{}
		first := rapid.Uint16().Draw(t, "first")
		n := rapid.IntRange(1, 400).Draw(t, "packets")
		order := make([]int, 0, n)
		for i := range n {
			if i == 0 || i == n-1 || rapid.IntRange(0, 9).Draw(t, "lose") > 0 {
				order = append(order, i)
			}
		}
		for i := 2; i < len(order); i++ { // neighbours change places; the first stays
			if rapid.IntRange(0, 4).Draw(t, "swap") == 0 {
				order[i], order[i-1] = order[i-1], order[i]
			}
		}
		late, high := 0, -1
		for _, i := range order {
			s.take(first+uint16(i), 100)
			if i < high {
				late++
			}
			high = max(high, i)
		}
		if s.packets != int64(len(order)) || s.missing != int64(n-len(order)) || s.late != int64(late) {
			t.Fatalf("%d packets, %d missing, %d late; want %d, %d, %d", s.packets, s.missing, s.late, len(order), n-len(order), late)
		}
	})
}

// TestHeader: media is told from all else that comes to a viewer's socket.
func TestHeader(t *testing.T) {
	packet := func(first, second byte) []byte {
		return []byte{first, second, 1, 2, 0, 0, 0, 0, 0, 0, 0, 7, 9, 9, 9, 9}
	}
	for _, media := range [][]byte{packet(0x80, 96), packet(0x90, 96|0x80), packet(0x80, 111)} {
		if ssrc, seq, ok := header(media); !ok || ssrc != 7 || seq != 0x102 {
			t.Errorf("%x: %d, %d, %v", media, ssrc, seq, ok)
		}
	}
	for _, other := range [][]byte{packet(0, 1), packet(1, 1), packet(22, 254), packet(0x80, 200), packet(0x81, 206), packet(0x80, 96)[:11], nil} {
		if _, _, ok := header(other); ok {
			t.Errorf("%x is taken for media", other)
		}
	}
}

// TestPacer: after each second the rate has been kept to the packet.
func TestPacer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.IntRange(1, 10_000).Draw(t, "rate")
		p := newPacer(rate)
		for second := 1; second <= 3; second++ {
			video, sound := 0, 0
			for range frameRate {
				v, s := p.next()
				video, sound = video+v, sound+s
			}
			if video != rate || sound != soundRate {
				t.Fatalf("second %d: %d and %d packets, want %d and %d", second, video, sound, rate, soundRate)
			}
		}
	})
}

// TestFilm: what the host sends is VP8 that a browser's depacketizer takes
// apart, numbered without gaps, each frame marked at its end.
func TestFilm(t *testing.T) {
	f := newFilm(1200)
	seq := uint16(0)
	for frame := range 5 {
		for i := range 3 {
			raw, err := f.packet(frame == 2, i, 3).Marshal()
			if err != nil {
				t.Fatal(err)
			}
			var p rtp.Packet
			var v codecs.VP8Packet
			if err := p.Unmarshal(raw); err != nil {
				t.Fatal(err)
			}
			data, err := v.Unmarshal(p.Payload)
			if err != nil || v.X != 1 || v.I != 1 || int(v.PictureID) != frame || (v.S == 1) != (i == 0) {
				t.Fatalf("frame %d, packet %d: %+v, %v", frame, i, v, err)
			}
			if p.SequenceNumber != seq || p.Marker != (i == 2) || p.Timestamp != uint32(frame)*3000 || len(p.Payload) != 1200 {
				t.Errorf("frame %d, packet %d: %+v", frame, i, p.Header)
			}
			if i == 0 && (data[0]&1 == 0) != (frame == 2) {
				t.Errorf("frame %d begins with %x", frame, data[0])
			}
			seq++
		}
	}
}

package frame

import (
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/media"
)

// TestTimeline: whatever clocks, gaps and reports a publisher has, each track's
// times only grow, and stay near those at which its packets came.
func TestTimeline(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		began := time.Unix(1000, 0)
		line, image := Timeline{Began: began}, Track{}
		place := func(f Frame, sound bool) time.Duration {
			if sound {
				return line.Sound(f)
			}
			return line.Picture(&image, f)
		}
		came := began
		last := map[bool]time.Duration{true: -1, false: -1}
		ts := map[bool]uint32{true: rapid.Uint32().Draw(t, "ts"), false: rapid.Uint32().Draw(t, "ts")}
		clocks := map[bool]uint32{true: 48000, false: 90000}
		stream := uint64(1)
		for range rapid.IntRange(1, 300).Draw(t, "frames") {
			step := time.Duration(rapid.IntRange(0, 100).Draw(t, "step")) * time.Millisecond
			came = came.Add(step)
			for s := range ts {
				ts[s] += uint32(step.Milliseconds()) * clocks[s] / 1000
			}
			sound := rapid.Bool().Draw(t, "sound")
			switch rapid.IntRange(0, 60).Draw(t, "event") {
			case 0:
				stream++
				ts[sound] = rapid.Uint32().Draw(t, "ts")
			case 1:
				ts[sound] += uint32(rapid.IntRange(0, 1<<31).Draw(t, "jump"))
			}
			f := Frame{Stream: stream, TS: ts[sound], Clock: clocks[sound], Came: came}
			if rapid.Bool().Draw(t, "reported") {
				f.Wall = came.Add(time.Duration(rapid.IntRange(-5000, 5000).Draw(t, "wall")) * time.Millisecond)
			}
			at := place(f, sound)
			if at <= last[sound] {
				t.Fatalf("%v after %v", at, last[sound])
			}
			if off := at - came.Sub(began); off > insane+mostSkew || off < -insane-mostSkew {
				t.Fatalf("%v away from its arrival", off)
			}
			last[sound] = at
		}
	})
}

// FuzzAssembler: no packet makes it fail, and no publisher makes it grow.
func FuzzAssembler(f *testing.F) {
	f.Add([]byte{0x67, 1, 2}, []byte{0x7c, 0x85, 1}, true)
	f.Add([]byte{0x10, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 1, 1, 1, 1}, []byte{0x00, 1}, false)
	f.Fuzz(func(t *testing.T, one, two []byte, isH264 bool) {
		mime := webrtc.MimeTypeVP8
		if isH264 {
			mime = webrtc.MimeTypeH264
		}
		var a Assembler
		for i, payload := range [][]byte{one, two, one, two, two} {
			if len(payload) == 0 {
				continue
			}
			a.Take(media.Unit{Mime: mime, Clock: 90000, TS: uint32(i / 2), Payload: payload, Marker: i%3 == 2, Lost: i == 4}, func(f Frame) {
				if len(f.Data) == 0 || len(f.Data) > maxFrame || f.Key && isH264 && len(f.SPS) < 4 {
					t.Fatalf("a frame of %d bytes, key %v", len(f.Data), f.Key)
				}
			})
		}
	})
}

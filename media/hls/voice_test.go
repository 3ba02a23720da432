package hls

import (
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/media"
)

// TestVoice: whatever comes when, the sound has no gap, and what was said is
// heard at its time or not at all.
func TestVoice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var v voice
		at := time.Duration(0)
		for n := range rapid.IntRange(1, 60).Draw(t, "packets") {
			at += time.Duration(rapid.SampledFrom([]int{20, 20, 20, 0, 13, 60, 400}).Draw(t, "step")) * time.Millisecond
			before := len(v.packets)
			v.add(at, []byte{0xf8, byte(n)})
			if len(v.packets) == before {
				if at > v.end-soundStep {
					t.Fatalf("what belongs at %v is left out, and the sound ends at %v", at, v.end)
				}
				continue
			}
			if off := v.packets[len(v.packets)-1].at - at; off >= soundStep || off <= -soundStep {
				t.Fatalf("what belongs at %v is heard %v later", at, off)
			}
			if rapid.IntRange(0, 9).Draw(t, "silence") == 0 {
				v.hush(at + 50*time.Millisecond)
			}
		}
		end := time.Duration(0)
		for _, p := range v.packets {
			if p.at != end {
				t.Fatalf("a gap from %v to %v", end, p.at)
			}
			end += p.length
		}
	})
}

// TestNewSizeAtOnce: a keyframe with other parameters begins a segment with
// another initialization section, however short the one before.
func TestNewSizeAtOnce(t *testing.T) {
	s := newStudio(epoch)
	r := newRun(epoch, true, 64<<20)
	play(t, s, r, 4500*time.Millisecond, nil)
	s.swapped = true
	s.frames = (s.frames + 59) / 60 * 60 // with a keyframe, 500 ms after the last
	play(t, s, r, 2*time.Second, nil)
	for _, c := range r.channels {
		if !c.sight {
			continue
		}
		seg := c.shelf.segments[len(c.shelf.segments)-1]
		before := c.shelf.segments[len(c.shelf.segments)-2]
		want := map[string]int{string(media.High): 160, string(media.Low): 320}[c.name]
		if seg.opening == before.opening || seg.opening.width != want || !seg.independent() || before.length > time.Second {
			t.Errorf("%s goes on with pictures %d wide, after a segment of %v", c.name, seg.opening.width, before.length)
		}
	}
}

// TestEndlessPacket: a packet of sound that says it is longer than any may be
// holds nothing up.
func TestEndlessPacket(t *testing.T) {
	for _, pictures := range []bool{true, false} {
		s := newStudio(epoch)
		r := newRun(epoch, pictures, 64<<20)
		play(t, s, r, 3*time.Second, nil)
		for _, tap := range s.taps {
			if tap.source != media.Microphone {
				continue
			}
			tap.units = append(tap.units, media.Unit{ // 63 times 60 ms
				Source: tap.source, Mime: webrtc.MimeTypeOpus, Clock: soundScale, Stream: s.stream + 1, TS: 1, At: s.now, Marker: true, Payload: []byte{0x1b, 0x3f},
			})
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			play(t, s, r, 3*time.Second, nil)
		}()
		select {
		case <-done:
		case <-time.After(20 * time.Second):
			t.Fatal("it is not got over")
		}
	}
}

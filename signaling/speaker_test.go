package signaling

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/wire"
)

// TestWhoSpeaks: another speaks only after having been the louder for a second,
// whatever comes in between, and nobody after three seconds of silence.
func TestWhoSpeaks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e, now := ear{told: -1}, time.Unix(1000, 0)
		var history [][]int
		for range rapid.IntRange(1, 80).Draw(t, "looks") {
			now = now.Add(listenEvery)
			levels := rapid.SliceOfN(rapid.SampledFrom([]int{0, 60, 80, 84, 95, 110}), 3, 3).Draw(t, "levels")
			history = append(history, levels)
			var voices []media.Voice
			for seat, level := range levels {
				voices = append(voices, media.Voice{Seat: seat, Level: level})
			}
			before := e.told
			seat, changed := e.listen(now, voices)
			if changed != (seat != before) {
				t.Fatal("a change is told that is none, or none that is one")
			}
			if !changed || seat < 0 {
				continue
			}
			if len(history) < 6 {
				t.Fatalf("seat %d speaks after %d looks", seat, len(history))
			}
			for _, levels := range history[len(history)-6:] {
				for _, level := range levels {
					if levels[seat] < audible || level > levels[seat] {
						t.Fatalf("seat %d speaks, and was not the loudest for a second: %v", seat, history)
					}
				}
			}
		}
		for range 16 {
			now = now.Add(listenEvery)
			e.listen(now, []media.Voice{{Seat: 0}, {Seat: 1}, {Seat: 2}})
		}
		if e.told != -1 {
			t.Fatalf("seat %d speaks in silence", e.told)
		}
	})
}

// TestWhoSpokeHasLeft: a seat that nobody has any more is not the large one.
func TestWhoSpokeHasLeft(t *testing.T) {
	f := Floor{Guests: map[wire.UserID]Grant{"gus": {Seat: 2}}}
	for seat, want := range map[int]bool{0: true, 1: false, 2: true, 3: false} {
		if f.has(seat) != want {
			t.Errorf("seat %d: %v", seat, !want)
		}
	}
}

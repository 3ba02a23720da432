package record

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/webrtc/v4"
	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/wire"
)

// TestMoments: what is livelier than usual is a moment, once, with what there
// was most of; a class that always chats is not lively all the time.
func TestMoments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		h := openHall(t, dir, webrtc.MimeTypeH264, Config{})
		h.start(t, 7)
		now := func() wire.Millis { return wire.At(time.Now()) }
		for second := range 300 {
			if second%3 == 0 {
				h.Stir("go-101", now(), Chat, 1) // as usual
			}
			if second >= 120 && second < 125 {
				h.Stir("go-101", now(), Reactions, 8)
			}
			if second == 240 {
				h.Stir("go-101", now(), Questions, 9)
				h.Stir("go-101", now(), Answers, 20)
			}
			h.Stir("another", now(), Reactions, 100)
			time.Sleep(time.Second)
		}
		m := h.only(t)
		if len(m.Moments) != 2 || m.Moments[0] != (Moment{120_000, 100_000, 130_000, Reactions, m.Moments[0].Score}) || m.Moments[0].Score < 5 ||
			m.Moments[1].At != 240_000 || m.Moments[1].Why != Questions {
			t.Errorf("%+v", m.Moments)
		}
		h.Stop("go-101", 7, now(), "")
		h.Close()
		if again := openHall(t, dir, webrtc.MimeTypeH264, Config{}).only(t); len(again.Moments) != 2 {
			t.Errorf("after a restart: %+v", again.Moments)
		}
	})
}

// TestQuietClasses: what goes on evenly has no moments but at its beginning,
// and few people never have one.
func TestQuietClasses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s stirs
		n := rapid.IntRange(0, 60).Draw(t, "each")
		var all []Moment
		for i := range 60 {
			s.add(time.Duration(i)*slot+slot/2, Chat, n)
			all = append(all, s.look(time.Duration(i+1)*slot)...)
		}
		if float64(n) < livelyLeast && len(all) > 0 || len(all) > 1 {
			t.Fatalf("%d each: %+v", n, all)
		}
	})
}

package bot

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestTallyAgreesWithAModel: frames with losses, repeats, signals, replies and
// arrays, against a count that knows what was done to them.
func TestTallyAgreesWithAModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		y := &tally{arrived: func(mark int) time.Duration { return time.Duration(mark) }}
		var frames []string
		var marks []time.Duration
		gaps, doubles := 0, 0
		seq, prev := uint64(0), uint64(0) // as the server numbers
		seen := uint64(0)
		for i := range rapid.IntRange(0, 60).Draw(rt, "views") {
			seq += uint64(rapid.IntRange(1, 3).Draw(rt, "step")) // other audiences' events are between
			view := fmt.Sprintf(`{"seq":%d,"prev":%d,"type":"chat.said","data":{"id":%d,"text":"#%d {\"seq\":1,\"prev\":2}"}}`, seq, prev, seq, i)
			prev = seq
			switch rapid.SampledFrom([]string{"come", "come", "come", "lost", "twice", "plain"}).Draw(rt, "fate") {
			case "lost":
				continue
			case "twice":
				frames = append(frames, view)
				doubles++
			case "plain":
				view = fmt.Sprintf(`{"seq":%d,"prev":%d,"type":"poll.closed","data":{"text":"A"}}`, seq, prevOf(view))
				frames = append(frames, view)
				if seen != 0 && prevOf(view) != seen {
					gaps++
				}
				seen = seq
				continue
			}
			frames = append(frames, view)
			if seen != 0 && prevOf(view) != seen {
				gaps++
			}
			seen = seq
			marks = append(marks, time.Duration(i))
			if rapid.Bool().Draw(rt, "noise") {
				frames = append(frames, `{"re":7,"type":"ok","data":{"seq":3}}`, `{"type":"room.presence","data":{"count":3}}`)
			}
		}
		for len(frames) > 0 { // as single messages or arrays
			n := rapid.IntRange(1, len(frames)).Draw(rt, "together")
			frame := frames[0]
			if n > 1 {
				frame = "[" + frame
				for _, f := range frames[1:n] {
					frame += "," + f
				}
				frame += "]"
			}
			y.take([]byte(frame))
			frames = frames[n:]
		}
		if y.gaps != gaps || y.doubles != doubles || !slices.Equal(y.late, marks) || y.received.Load() != int64(len(marks)) {
			rt.Errorf("gaps %d want %d, doubles %d want %d, marks %v want %v", y.gaps, gaps, y.doubles, doubles, y.late, marks)
		}
	})
}

func prevOf(view string) uint64 {
	var seq, prev uint64
	_, _ = fmt.Sscanf(view, `{"seq":%d,"prev":%d,`, &seq, &prev)
	return prev
}

// TestPercentile: by definition, at least the share p is not above it, and it
// is the smallest such value.
func TestPercentile(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var all []time.Duration
		for _, n := range rapid.SliceOfN(rapid.IntRange(0, 50), 1, 200).Draw(rt, "all") {
			all = append(all, time.Duration(n))
		}
		slices.Sort(all)
		p := rapid.SampledFrom([]float64{0.01, 0.5, 0.9, 0.99, 0.999, 1}).Draw(rt, "p")
		got := percentile(all, p)
		share := func(v time.Duration) float64 {
			n := 0
			for _, x := range all {
				if x <= v {
					n++
				}
			}
			return float64(n) / float64(len(all))
		}
		if !slices.Contains(all, got) || share(got) < p {
			rt.Errorf("%v: share %v, want %v", got, share(got), p)
		}
		if i := slices.Index(all, got); i > 0 && share(all[i-1]) >= p {
			rt.Errorf("%v is not the smallest", got)
		}
	})
	if percentile(nil, 0.5) != 0 {
		t.Error("of nothing")
	}
}

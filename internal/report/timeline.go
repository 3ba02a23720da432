package report

import "github.com/lyceum-live/lyceum/wire"

// A line of time has a bucket for each minute in which somebody was there or
// something happened. Where it grows longer than this, its step doubles.
const (
	maxBuckets = 2880 // two days of minutes
	minute     = wire.Millis(60_000)
)

// bucket is one step of a line of time.
type bucket struct {
	at       wire.Millis // its beginning
	peak     int         // most people who were there at once
	messages int
	answers  int // to quizzes
	feeling  feeling
}

type timeline struct {
	step wire.Millis
	list []bucket // in order
}

func newTimeline() timeline { return timeline{step: minute} }

func (t *timeline) begin(at wire.Millis) wire.Millis { return at - at%t.step }

// touch returns the bucket of a time up to which so many people were there.
func (t *timeline) touch(at wire.Millis, here int) *bucket {
	if n := len(t.list); n > 0 {
		at = max(at, t.list[n-1].at) // a log does not run backwards
		if here > 0 {
			for (at-t.list[n-1].at)/t.step > maxBuckets {
				t.widen()
				n = len(t.list)
			}
			for next := t.list[n-1].at + t.step; next < t.begin(at); next += t.step {
				t.list = append(t.list, bucket{at: next, peak: here})
			}
		}
	}
	if n := len(t.list); n == 0 || t.list[n-1].at < t.begin(at) {
		t.list = append(t.list, bucket{at: t.begin(at)})
	}
	for len(t.list) > maxBuckets {
		t.widen()
	}
	b := &t.list[len(t.list)-1]
	b.peak = max(b.peak, here)
	return b
}

// find returns the bucket of a time, nil if there is none.
func (t *timeline) find(at wire.Millis) *bucket {
	at = t.begin(at)
	for i := len(t.list) - 1; i >= 0 && t.list[i].at >= at; i-- { // mostly it is the last
		if t.list[i].at == at {
			return &t.list[i]
		}
	}
	return nil
}

// widen doubles the step.
func (t *timeline) widen() {
	t.step *= 2
	out := t.list[:0]
	for _, b := range t.list {
		b.at = t.begin(b.at)
		if n := len(out); n > 0 && out[n-1].at == b.at {
			o := &out[n-1]
			o.peak = max(o.peak, b.peak)
			o.messages += b.messages
			o.answers += b.answers
			o.feeling.join(b.feeling, 1)
			continue
		}
		out = append(out, b)
	}
	t.list = out
}

package link

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var start = time.Unix(1_700_000_000, 0)

// TestLoss: the share that is lost, and how many in a row, are what was asked
// for.
func TestLoss(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const n = 20_000
		s := Shape{
			Loss:  rapid.Float64Range(0.02, 0.4).Draw(t, "loss"),
			Burst: rapid.Float64Range(1, 8).Draw(t, "burst"),
		}
		w := newWay(rapid.Uint64().Draw(t, "seed"), 1)
		w.reshape(s, start)
		gone, bursts, before := 0, 0, passes
		for i := range n {
			_, f := w.take(start.Add(time.Duration(i)*time.Millisecond), 1000)
			if f == lost {
				gone++
				if before != lost {
					bursts++
				}
			}
			before = f
		}
		mean := float64(gone) / float64(bursts)
		want := s.Burst
		if s.Burst == 1 { // each by itself: some follow each other by chance
			want = 1 / (1 - s.Loss)
		}
		chance := 6 / math.Sqrt(float64(bursts)) // six standard deviations, or nearly so
		if share := float64(gone) / n; math.Abs(share-s.Loss) > chance*s.Loss {
			t.Errorf("lost %.3f, want %.3f in bursts of %.1f", share, s.Loss, s.Burst)
		}
		if math.Abs(mean-want) > chance*want {
			t.Errorf("%.2f in a row, want %.2f at a loss of %.3f", mean, want, s.Loss)
		}
	})
}

// TestRate: what goes through in any second is never more than the rate, all of
// it is used while there is a queue, nothing waits for longer than the queue
// may, and what does not fit is dropped and nothing else.
func TestRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Shape{
			Rate:  rapid.IntRange(100_000, 5_000_000).Draw(t, "rate"),
			Queue: time.Duration(rapid.IntRange(20, 500).Draw(t, "queue ms")) * time.Millisecond,
		}
		factor := rapid.Float64Range(0.3, 3).Draw(t, "offered, of the rate")
		w := newWay(1, 1)
		w.reshape(s, start)
		const size = 1000
		one := time.Duration(float64((size+headers)*8) / float64(s.Rate) * float64(time.Second))
		var sent, gone int
		var last time.Time
		now := start
		for now.Sub(start) < 4*time.Second {
			at, f := w.take(now, size)
			switch f {
			case passes:
				sent++
				if wait := at.Sub(now); wait > s.Queue+one+time.Microsecond {
					t.Fatalf("one waited %v, the queue is %v", wait, s.Queue)
				}
				if !last.IsZero() && at.Sub(last) < one-time.Microsecond {
					t.Fatalf("%v between two, %v is what one takes", at.Sub(last), one)
				}
				last = at
			case dropped:
				gone++
			case lost:
				t.Fatal("lost by chance")
			}
			now = now.Add(time.Duration(float64(one) / factor))
		}
		through := float64(sent*(size+headers)*8) / last.Sub(start).Seconds()
		switch {
		case factor <= 1 && gone > 0:
			t.Errorf("%d dropped below the rate", gone)
		case factor > 1.2 && s.Queue > one && through < 0.95*float64(s.Rate):
			t.Errorf("%.0f bits a second of %d went through", through, s.Rate)
		}
	})
}

// TestOrder: without reordering nothing overtakes, and no delay is outside of
// what was asked for; with it, about the share that was asked for does.
func TestOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Shape{
			Delay:   time.Duration(rapid.IntRange(20, 200).Draw(t, "delay ms")) * time.Millisecond,
			Jitter:  time.Duration(rapid.IntRange(0, 100).Draw(t, "jitter ms")) * time.Millisecond,
			Reorder: rapid.SampledFrom([]float64{0, 0.05, 0.2}).Draw(t, "reorder"),
		}
		w := newWay(rapid.Uint64().Draw(t, "seed"), 1)
		w.reshape(s, start)
		const n = 5_000
		early, least, most := 0, time.Hour, time.Duration(0)
		var last time.Time
		for i := range n {
			now := start.Add(time.Duration(i) * 5 * time.Millisecond)
			at, _ := w.take(now, 100)
			if at.Before(last) {
				early++
				continue
			}
			last = at
			least, most = min(least, at.Sub(now)), max(most, at.Sub(now))
		}
		if share := float64(early) / n; math.Abs(share-s.Reorder) > 0.04 {
			t.Errorf("%.3f overtook, want %.3f", share, s.Reorder)
		}
		if least < s.Delay && s.Reorder == 0 || most > s.Delay+s.Jitter {
			t.Errorf("delays of %v to %v, want %v to %v", least, most, s.Delay, s.Delay+s.Jitter)
		}
		if spread := most - least; s.Reorder == 0 && spread < s.Jitter*9/10 {
			t.Errorf("delays of %v to %v: no jitter of %v", least, most, s.Jitter)
		}
	})
}

// TestReshape: a slower rate does not hold what comes for longer than its queue
// may, whatever the rate before has left behind.
func TestReshape(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWay(1, 1)
		now := start
		for range 200 {
			if rapid.IntRange(0, 9).Draw(t, "reshape") == 0 {
				w.reshape(Shape{Rate: rapid.SampledFrom([]int{0, 100_000, 2_000_000}).Draw(t, "rate"), Queue: 100 * time.Millisecond}, now)
			}
			at, f := w.take(now, 1000)
			if most := 100*time.Millisecond + 1028*8*time.Second/100_000; f == passes && at.Sub(now) > most {
				t.Fatalf("one waits %v", at.Sub(now))
			}
			now = now.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "ms")) * time.Millisecond)
		}
	})
}

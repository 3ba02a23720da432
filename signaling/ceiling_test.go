package signaling

import (
	"sync"
	"sync/atomic"
	"testing"
)

// TestSeats: however many come at once, no more sit than may, and a place that
// was left is another's.
func TestSeats(t *testing.T) {
	var s seats
	s.most.Store(5)
	var sitting, turned atomic.Int64
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if s.take() {
				sitting.Add(1)
			} else {
				turned.Add(1)
			}
		})
	}
	all.Wait()
	if sitting.Load() != 5 || turned.Load() != 45 {
		t.Errorf("%d sit, %d were turned away", sitting.Load(), turned.Load())
	}
	s.leave()
	if !s.take() || s.take() {
		t.Error("one place was left, and one may have it")
	}
	s.most.Store(0)
	if !s.take() {
		t.Error("without a bound, somebody was turned away")
	}
}

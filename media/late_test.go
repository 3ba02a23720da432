package media

import "testing"

// TestWhatComesLateIsNotTakenIntoARunThatHasEnded: a layer is left and taken up
// again; a packet from between, which comes late, belongs to neither run.
func TestWhatComesLateIsNotTakenIntoARunThatHasEnded(t *testing.T) {
	l := &layer{}
	var r rewriter
	first := &packet{seq: 1<<32 + 100, ts: 1000, payload: []byte{1}}
	r.begin(l, first, first.ts, 0)
	if _, ok := r.forward(first); !ok {
		t.Fatal("the first packet is refused")
	}
	again := &packet{seq: 1<<32 + 500, ts: 9000, payload: []byte{1}, key: true}
	r.begin(l, again, 9000, 0)
	r.forward(again)
	if s, ok := r.forward(&packet{seq: 1<<32 + 498, ts: 8000, payload: []byte{1}}); ok {
		t.Fatalf("the late packet is given number %d, %d ahead", s.seq, s.seq-(1<<32+101))
	}
}

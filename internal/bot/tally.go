package bot

import (
	"bytes"
	"math"
	"slices"
	"sync/atomic"
	"time"
)

// tally is what one tap counted. The tap's reader owns it; received may be
// read by others.
type tally struct {
	last     uint64 // position of the last numbered view
	gaps     int    // times that a view did not follow the one before it
	doubles  int    // views that came again
	late     []time.Duration
	received atomic.Int64 // marked messages

	// arrived turns a message's mark into how late it is.
	arrived func(mark int) time.Duration
}

var (
	seqField  = []byte(`{"seq":`)
	prevField = []byte(`,"prev":`)
	textField = []byte(`"text":"#`)
)

// take reads a frame: one message or an array of them. Nothing is decoded: an
// unescaped {"seq": cannot stand inside a JSON string, so it begins a numbered
// view or the data of a reply, which has no prev.
func (t *tally) take(frame []byte) {
	for {
		i := bytes.Index(frame, seqField)
		if i < 0 {
			return
		}
		seq, rest := number(frame[i+len(seqField):])
		frame = rest
		if !bytes.HasPrefix(rest, prevField) {
			continue
		}
		prev, rest := number(rest[len(prevField):])
		frame = rest
		switch {
		case t.last == 0:
		case seq <= t.last:
			t.doubles++
			continue
		case prev != t.last:
			t.gaps++
		}
		t.last = seq
		body := rest
		if next := bytes.Index(rest, seqField); next >= 0 {
			body = rest[:next]
		}
		if j := bytes.Index(body, textField); j >= 0 && t.arrived != nil {
			mark, _ := number(body[j+len(textField):])
			t.late = append(t.late, t.arrived(int(mark)))
			t.received.Add(1)
		}
	}
}

// number reads digits and returns what follows them.
func number(b []byte) (uint64, []byte) {
	var n uint64
	for len(b) > 0 && b[0] >= '0' && b[0] <= '9' {
		n = n*10 + uint64(b[0]-'0')
		b = b[1:]
	}
	return n, b
}

// percentile returns the smallest value that at least the share p of all are
// not above (the nearest rank). sorted must be.
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(p*float64(len(sorted)))) - 1
	return sorted[min(max(rank, 0), len(sorted)-1)]
}

// spread sorts what was measured and names its figures.
func spread(name string, all []time.Duration) []Figure {
	slices.Sort(all)
	var figures []Figure
	for _, p := range []struct {
		name  string
		share float64
	}{{"p50", 0.5}, {"p99", 0.99}, {"p999", 0.999}, {"max", 1}} {
		figures = append(figures, Figure{name + " " + p.name, ms(percentile(all, p.share)), "ms"})
	}
	return figures
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

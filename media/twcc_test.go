package media

import (
	"slices"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"pgregory.net/rapid"
)

// TestArrivalsAsTheyWereTold: what a browser writes is read as it was meant.
func TestArrivalsAsTheyWereTold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.Uint16().Draw(t, "first")
		at := time.Duration(rapid.Int64Range(0, int64(200*time.Hour)).Draw(t, "clock")).Truncate(arrivalUnit)
		var told []arrival
		n := rapid.IntRange(1, 300).Draw(t, "packets")
		var came []arrival
		for i := range n {
			a := arrival{seq: first + uint16(i)}
			if i == 0 || i == n-1 || rapid.Bool().Draw(t, "came") {
				at += time.Duration(rapid.IntRange(-8, 4000).Draw(t, "units")) * arrivalUnit
				a.received, a.at = true, max(at, 0)
				at = a.at
				came = append(came, a)
			}
			told = append(told, a)
		}
		b := writeFeedback(first, first+uint16(n-1), came)
		if !isTransportFeedback(b) {
			t.Fatal("it is not taken for feedback")
		}
		got, ok := readArrivals(nil, b)
		if !ok {
			t.Fatal("it is refused")
		}
		if !slices.Equal(got, told) {
			t.Fatalf("read %v, told %v", got, told)
		}
		if cut, ok := readArrivals([]arrival{{}}, b[:len(b)-4]); ok || len(cut) != 1 {
			t.Fatalf("of a packet that is cut short %d are believed", len(cut)-1)
		}
	})
}

// FuzzArrivals holds the reader to Pion's, which reads the same format another
// way: where both read a packet, they read the same.
func FuzzArrivals(f *testing.F) {
	f.Add(writeFeedback(65530, 9, []arrival{{seq: 65530, at: time.Hour}, {seq: 65531, at: time.Hour + time.Second}, {seq: 9, at: time.Hour}}))
	f.Add([]byte{0x8f, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 10, 0, 3, 0, 0, 1, 0, 0x20, 3, 4, 8, 12, 0})         // a run
	f.Add([]byte{0x8f, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 10, 0, 4, 0, 0, 1, 0, 0x98, 0, 4, 8})                // one bit each
	f.Add([]byte{0x8f, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 10, 0xff, 0xff, 0, 0, 1, 0, 0x1f, 0xff, 0, 0})       // a great many
	f.Add([]byte{0xaf, 205, 0, 6, 0, 0, 0, 1, 0, 0, 0, 2, 0, 10, 0, 1, 0, 0, 1, 0, 0xe0, 0, 0x80, 0, 0, 0, 0, 4}) // back in time
	f.Fuzz(func(t *testing.T, b []byte) {
		before := []arrival{{seq: 7, received: true, at: 7}}
		got, ok := readArrivals(before, b)
		if got[0] != before[0] || !ok && len(got) != 1 {
			t.Fatal("what was read before has changed")
		}
		got = got[1:]
		if len(got) > maxStatuses {
			t.Fatalf("%d packets in one report", len(got))
		}
		for i, a := range got {
			if a.seq != got[0].seq+uint16(i) || a.at < 0 || a.at >= arrivalCycle || !a.received && a.at != 0 {
				t.Fatalf("arrival %d of %v: %v", i, got[0], a)
			}
		}
		var theirs rtcp.TransportLayerCC
		if !ok || b[0]&0x20 != 0 || theirs.Unmarshal(b) != nil { // padded: theirs may take padding for times
			return
		}
		at, k := time.Duration(theirs.ReferenceTime)*referenceUnit, 0
		for _, a := range got {
			if a.received {
				if k == len(theirs.RecvDeltas) {
					t.Fatal("we read more arrivals")
				}
				at += time.Duration(theirs.RecvDeltas[k].Delta) * time.Microsecond
				k++
				if want := (at + arrivalCycle) % arrivalCycle; a.at != want {
					t.Fatalf("packet %d came at %v, they say %v", a.seq, a.at, want)
				}
			}
		}
	})
}

// FuzzEstimator gives the estimator whatever a browser could make up: it must
// stay within its bounds and the steering with it.
func FuzzEstimator(f *testing.F) {
	f.Add([]byte("sssssssssssaaaaaaaaaaaaaasssssssssssaaaa"), uint32(400))
	f.Add([]byte{0, 1, 2, 3, 255, 254, 253, 9, 9, 9, 77, 13, 200, 201, 202}, uint32(1))
	f.Fuzz(func(t *testing.T, script []byte, leap uint32) {
		now := newClock()
		e, c := newEstimator(now), newChooser()
		s := sight{sound: 50_000, shown: [4]bool{true, false, true}}
		s.rates[Camera.index()], s.rates[Screen.index()] = camera3, [levels]int{400_000, 0, 2_500_000}
		at := time.Duration(0)
		for _, b := range script {
			now = now.Add(time.Duration(b) * time.Millisecond)
			switch b % 4 {
			case 0, 1:
				for range b/8 + 1 {
					e.sent(now, int(b)*5)
				}
				continue
			case 2:
				at = (at + time.Duration(leap)*time.Millisecond) % arrivalCycle
			}
			var list []arrival
			for i := range uint16(b) {
				at = (at + time.Millisecond) % arrivalCycle
				list = append(list, arrival{seq: uint16(e.next) - uint16(b) + i*uint16(leap), received: (i+uint16(leap))%3 > 0, at: at})
			}
			e.report(now, list)
			r := e.read(now)
			if r.loss < 0 || r.loss > 1 || r.through < 0 || r.through > 1<<40 || r.queue < 0 || r.full < 0 {
				t.Fatalf("reads %+v", r)
			}
			s.now = now
			if want := c.steer(s, r); want < 0 || want > 10_000_000 {
				t.Fatalf("would prove %d", want)
			}
			for i, l := range c.levels {
				if l < none || l > high {
					t.Fatalf("level %d of source %d", l, i)
				}
			}
		}
	})
}

// BenchmarkFeedback is what a tenth of a second's feedback costs: 30 packets
// sent, told of, and steered by.
func BenchmarkFeedback(b *testing.B) {
	x := newWorld(1, linkModel{rate: 20_000_000, queue: time.Second, delay: time.Millisecond})
	x.run(2*time.Second, nil)
	x.v.quality = Auto
	b.ReportAllocs()
	now, clock := x.now, x.now.Sub(x.began)+77*time.Hour
	for b.Loop() {
		first := uint16(x.v.pilot.next)
		list := make([]arrival, 0, 32)
		for i := range 30 {
			at := now.Add(time.Duration(i) * 3 * time.Millisecond)
			list = append(list, arrival{seq: x.v.pilot.sent(at, 1100), received: true, at: clock + at.Sub(now)})
		}
		told := writeFeedback(first, first+29, list)
		now, clock = now.Add(100*time.Millisecond), clock+100*time.Millisecond
		x.v.arrivals(told, now)
	}
}

package outbox_test

import (
	"bytes"
	"encoding/binary"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/media/outbox"
)

// picture is a packet of a frame; sound is a packet of its own.
func picture(ssrc, ts, n uint32, bytes int) []byte {
	b := make([]byte, max(16, bytes))
	b[0], b[1] = 0x80, 96
	binary.BigEndian.PutUint32(b[4:], ts)
	binary.BigEndian.PutUint32(b[8:], ssrc)
	binary.BigEndian.PutUint32(b[12:], n)
	return b
}

func sound(n uint32) []byte {
	b := picture(1, n, n, 16)
	b[1] = 111
	return b
}

func isPicture(b []byte) bool { return b[1] == 96 }

type frame struct{ ssrc, ts uint32 }

func frameOf(b []byte) frame {
	return frame{binary.BigEndian.Uint32(b[8:]), binary.BigEndian.Uint32(b[4:])}
}

// TestOrderAndFrames: whatever is put and taken, and however long it waits,
// what is urgent comes in its order and before pictures that were not taken yet;
// pictures come in theirs, as they were put, none twice; once a frame has lost
// a packet for want of room, none behind it in that frame comes; and nothing
// that came had waited when a later one was let in for more than half a second.
func TestOrderAndFrames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := outbox.New()
		now := time.Now()
		n, ts := uint32(0), uint32(0)
		var urgent, pictures [][]byte // that were let in and not taken
		var since []time.Time         // of pictures
		var cut frame                 // that lost a packet last: streams take turns, and only one frame is remembered
		var cutAt time.Time
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 4).Draw(t, "step") {
			case 0:
				n++
				b := sound(n)
				if rapid.Bool().Draw(t, "check") {
					b = binary.BigEndian.AppendUint32([]byte{0, 1, 0, 0}, n)
				}
				if o.Put(b, nil, now) {
					urgent = append(urgent, b)
				} else if len(urgent) < 128 {
					t.Fatalf("sound was dropped with %d packets before it", len(urgent))
				}
			case 1, 2:
				if rapid.Bool().Draw(t, "another frame") {
					ts++
				}
				ssrc := uint32(rapid.IntRange(1, 2).Draw(t, "stream"))
				for range rapid.IntRange(1, 200).Draw(t, "packets") {
					n++
					b := picture(ssrc, ts, n, rapid.SampledFrom([]int{16, 1200, outbox.PacketBytes}).Draw(t, "bytes"))
					late := len(since) > 0 && now.Sub(since[0]) > 500*time.Millisecond
					switch in := o.Put(b, nil, now); {
					case in && frameOf(b) == cut && now.Sub(cutAt) < 100*time.Millisecond:
						t.Fatal("a packet was let in behind one of its frame that was dropped")
					case in && late:
						t.Fatalf("a packet was let in behind one that has waited for %v", now.Sub(since[0]))
					case in:
						pictures, since = append(pictures, b), append(since, now)
					case len(pictures) == 0:
						if cutAt.IsZero() {
							t.Fatal("a packet was dropped though none waits")
						}
						fallthrough
					default:
						cut, cutAt = frameOf(b), now
					}
				}
			case 3:
				now = now.Add(time.Duration(rapid.IntRange(0, 700).Draw(t, "ms")) * time.Millisecond)
			case 4:
				if len(urgent)+len(pictures) == 0 {
					continue
				}
				list, ok := o.Take(nil)
				if !ok || len(list) == 0 {
					t.Fatal("nothing was taken")
				}
				for _, p := range list {
					got := p.Bytes()
					if framed := p.Framed(); int(binary.BigEndian.Uint16(framed)) != len(got) || !bytes.Equal(framed[2:], got) {
						t.Fatal("the frame is not the packet's")
					}
					from := &urgent
					if isPicture(got) {
						if len(urgent) > 0 {
							t.Fatal("a picture came before what is urgent")
						}
						from, since = &pictures, since[1:]
					}
					if len(*from) == 0 || !bytes.Equal((*from)[0], got) {
						t.Fatal("something else came")
					}
					*from = (*from)[1:]
					p.Free()
				}
			}
		}
	})
}

// TestPicturesComeBack: after a frame was dropped, pictures go on once half of
// what waited has left, with a frame's beginning.
func TestPicturesComeBack(t *testing.T) {
	o := outbox.New()
	now := time.Now()
	put := func(ts uint32) bool { return o.Put(picture(1, ts, ts, 1200), nil, now) }
	for ts := range uint32(30) { // a second's
		now = now.Add(time.Second / 30)
		if in := put(ts); in != (ts <= 15) {
			t.Fatalf("frame %d: let in %v", ts, in)
		}
	}
	for len(take(t, o, 1)) > 0 && !put(100) {
		if put(29) {
			t.Fatal("the frame that was dropped goes on")
		}
	}
	left := 0
	for _, p := range take(t, o, 20) {
		if frameOf(p).ts == 100 {
			left++
		}
	}
	if left == 0 {
		t.Error("pictures do not come back")
	}
}

// take takes at most so many times.
func take(t *testing.T, o *outbox.Outbox, times int) (all [][]byte) {
	t.Helper()
	o.Put([]byte{0, 1, 2, 3}, nil, time.Now()) // so that it does not wait
	for range times {
		list, ok := o.Take(nil)
		if !ok {
			t.Fatal("it is closed")
		}
		more := false
		for _, p := range list {
			if b := p.Bytes(); len(b) > 12 {
				all, more = append(all, b), true
			}
		}
		if !more {
			break
		}
		o.Put([]byte{0, 1, 2, 3}, nil, time.Now())
	}
	return all
}

// TestCloseWakesWhoTakes, and nothing is let in any more.
func TestCloseWakesWhoTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := outbox.New()
		ended := make(chan bool)
		go func() {
			_, ok := o.Take(nil)
			ended <- ok
		}()
		synctest.Wait()
		o.Close()
		o.Close()
		if <-ended {
			t.Error("something was taken")
		}
		if o.Put(sound(1), nil, time.Now()) {
			t.Error("something was let in")
		}
	})
}

// TestSizes: what no packet can be is dropped.
func TestSizes(t *testing.T) {
	o := outbox.New()
	for bytes, want := range map[int]bool{0: false, 1: true, outbox.PacketBytes: true, outbox.PacketBytes + 1: false} {
		if got := o.Put(make([]byte, bytes), nil, time.Now()); got != want {
			t.Errorf("%d bytes: %v", bytes, got)
		}
	}
}

// BenchmarkOutbox is what a packet costs on its way through.
func BenchmarkOutbox(b *testing.B) {
	o := outbox.New()
	p := picture(1, 1, 1, 1200)
	var list []*outbox.Packet
	b.ReportAllocs()
	for b.Loop() {
		o.Put(p, nil, time.Time{})
		list, _ = o.Take(list[:0])
		for _, p := range list {
			p.Free()
		}
	}
}

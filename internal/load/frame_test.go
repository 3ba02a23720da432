package load

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// sizes of payloads about the borders of the three kinds of heads.
var sizes = []int{0, 1, 2, 124, 125, 126, 127, 128, 300, 65534, 65535, 65536, 70000}

// TestCut: a stream of frames that comes in pieces of any size is cut into the
// same frames, and never asks for less than it has.
func TestCut(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var stream []byte
		var want [][]byte
		for range rapid.IntRange(1, 12).Draw(rt, "frames") {
			payload := bytes.Repeat([]byte{byte(rapid.IntRange('a', 'z').Draw(rt, "letter"))}, rapid.SampledFrom(sizes).Draw(rt, "size"))
			stream = appendFrame(stream, payload)
			want = append(want, payload)
		}
		var got [][]byte
		var waiting []byte
		for len(stream) > 0 {
			n := rapid.IntRange(1, len(stream)).Draw(rt, "piece")
			waiting = append(waiting, stream[:n]...)
			stream = stream[n:]
			for {
				op, payload, n, err := cut(waiting)
				if err != nil {
					rt.Fatal(err)
				}
				if n > len(waiting) {
					if payload != nil {
						rt.Fatal("a payload that is not there yet")
					}
					break
				}
				if n == 0 {
					rt.Fatal("no progress")
				}
				if op != opText {
					rt.Fatalf("opcode %d", op)
				}
				got = append(got, bytes.Clone(payload))
				waiting = waiting[n:]
			}
		}
		if len(waiting) > 0 || !slices.EqualFunc(got, want, bytes.Equal) {
			rt.Errorf("%d frames of %d, and %d bytes left", len(got), len(want), len(waiting))
		}
	})
}

// TestCutRefuses: what no server that is measured may send.
func TestCutRefuses(t *testing.T) {
	for name, b := range map[string][]byte{
		"a fragment":         {0x01, 0x01, 'a'},
		"a reserved bit":     {0xc1, 0x01, 'a'},
		"a mask":             {0x81, 0x81, 0, 0, 0, 0, 'a'},
		"beyond all bounds":  {0x81, 127, 0, 0, 0, 1, 0, 0, 0, 0},
		"beyond all numbers": {0x81, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
	} {
		if _, _, _, err := cut(b); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// FuzzCut: whatever comes, it neither panics nor returns bytes that are not
// there.
func FuzzCut(f *testing.F) {
	f.Add([]byte{0x81, 126, 0, 1, 'a'})
	f.Add([]byte{0x89, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		_, payload, n, err := cut(b)
		if err == nil && (n < 2 || n <= len(b) && len(payload) > n-2 || n > len(b) && payload != nil) {
			t.Errorf("%d bytes: n %d, payload %d", len(b), n, len(payload))
		}
	})
}

// TestMaskedFramesComeBack: what a client writes, the bare loop reads, under
// any mask.
func TestMaskedFramesComeBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		payload := rapid.SliceOfN(rapid.Byte(), 0, 400).Draw(rt, "payload")
		frame := appendMasked(nil, opText, payload)
		head := len(frame) - len(payload)
		mask := rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(rt, "mask")
		copy(frame[head-4:], mask)
		for i := range payload {
			frame[head+i] ^= mask[i&3]
		}
		short := rapid.IntRange(0, len(frame)-1).Draw(rt, "short")
		if _, _, _, ok := unmask(slices.Clone(frame[:short])); ok {
			rt.Fatalf("%d of %d bytes are a frame", short, len(frame))
		}
		op, got, n, ok := unmask(append(frame, 0x81))
		if !ok || op != opText || n != len(frame) || !bytes.Equal(got, payload) {
			rt.Errorf("%v, opcode %d, %d bytes of %d", ok, op, n, len(frame))
		}
	})
}

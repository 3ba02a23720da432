package wire

import (
	"bytes"
	"testing"
	"unicode/utf8"
)

// FuzzScanRequest holds the quick reading of a request to the strict one: what
// it accepts, that accepts too, and with the same outcome.
func FuzzScanRequest(f *testing.F) {
	for _, frame := range []string{
		`{"id":2,"type":"ping"}`, `{"id":3,"type":"chat.say","key":"a","data":{"text":"hi"}}`,
		`{"id":3,"type":"chat.say","data":{},"key":"a"}`, `{"id":3,"type":"chat.say","data":{"a":{}},"data":{}}`,
		`{"id":03,"type":"x"}`, `{"id":1,"type":"a\\u0062"}`, `{"id":1,"type":""}`, `{"id":1,"type":"x","key":"","data":{}}`,
		`{"id":18446744073709551615,"type":"x"}`, `{"id":1,"type":"x","data":{"a":1,"a":2}}`, `{"id":1,"type":"x","data":{}}}`,
	} {
		f.Add([]byte(frame))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		got, ok := scanRequest(frame)
		if !ok || !utf8.Valid(frame) { // which DecodeRequest looks at before
			return
		}
		var want Request
		if err := Decode(frame, &want); err != nil {
			t.Fatalf("accepted what is refused: %v", err)
		}
		if got.ID != want.ID || got.Type != want.Type || got.Key != want.Key || !bytes.Equal(got.Data, want.Data) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

func BenchmarkDecodeRequest(b *testing.B) {
	for name, frame := range map[string]string{
		"ping": `{"id":2,"type":"ping"}`,
		"vote": `{"id":7,"type":"poll.vote","key":"9b2f6c1e-0000-4000-8000-3d5e7a9c1b2d","data":{"poll":999,"choices":[1]}}`,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := DecodeRequest([]byte(frame)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

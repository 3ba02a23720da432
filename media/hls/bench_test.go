package hls

import (
	"context"
	"sync"
	"testing"
	"time"
)

// BenchmarkMake is what a room's origin costs a second: two layers and the sound.
func BenchmarkMake(b *testing.B) {
	s := newStudio(epoch)
	r := newRun(epoch, true, 64<<20)
	play(b, s, r, 3*time.Second, nil)
	b.ReportAllocs()
	for b.Loop() {
		play(b, s, r, time.Second, nil)
	}
}

// BenchmarkWake is how long it takes until a thousand who wait for a part have
// their playlists.
func BenchmarkWake(b *testing.B) {
	s := newStudio(epoch)
	r := newRun(epoch, true, 64<<20)
	play(b, s, r, 5*time.Second, nil)
	shelf, g := r.channels[0].shelf, &gate{most: 2000}
	for b.Loop() {
		number, part := shelf.next()
		var waiting sync.WaitGroup
		for range 1000 {
			waiting.Go(func() {
				if _, err := shelf.playlist(context.Background(), g, true, number, part); err != nil {
					b.Error(err)
				}
			})
		}
		for at, n := number, part; at == number && n == part; at, n = shelf.next() {
			play(b, s, r, pollEvery, nil)
		}
		waiting.Wait()
	}
}

package recommend_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/wire"
)

// BenchmarkLoad is a start over 50,000 stored behaviours, one in three an
// outcome, learning all of it again or from a snapshot at their end.
func BenchmarkLoad(b *testing.B) {
	var items []recommend.Item
	for i := range 2_000 {
		items = append(items, video(fmt.Sprint("v", i), fmt.Sprintf("Lesson %d on topic %d", i, i%40), fmt.Sprint("t", i%40)))
	}
	c := newClass(b, recommend.Config{}, items...)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 50_000 {
		c.at += 1_000
		kind := "impression"
		if i%3 == 0 {
			kind = "watch"
		}
		c.does(wire.UserID(fmt.Sprint("p", r.IntN(2_000))), kind, items[min(int(r.ExpFloat64()*200), 1_999)].ID, 1)
	}
	start := func(b *testing.B) {
		for range b.N {
			e, err := recommend.New(recommend.Config{}, c.store, time.Now, rand.NewPCG(1, 1))
			if err != nil {
				b.Fatal(err)
			}
			e.SetCatalog(items)
			if n, err := e.Load(context.Background()); err != nil || n != 50_000 {
				b.Fatal(n, err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/50_000, "µs/behaviour")
	}
	b.Run("replay", start)
	if err := c.Save(context.Background()); err != nil {
		b.Fatal(err)
	}
	b.Run("snapshot", start)
}

package recommend_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/wire"
)

// Of what is shown, persons take up a share of their own, and items are taken
// up at one of their own: predictions come true as often as they say.
func TestChanceIsCalibrated(t *testing.T) {
	var items []recommend.Item
	for i := range 20 {
		items = append(items, video(fmt.Sprint("v", i), fmt.Sprint("Lesson ", i), fmt.Sprint("t", i%4)))
	}
	c := newClass(t, recommend.Config{Ahead: 1e6 * time.Hour}, items...)
	r := rand.New(rand.NewPCG(5, 5))
	said, came, n := [2]float64{}, [2]float64{}, [2]float64{}
	for i := range 6000 {
		c.at += 1000
		person, item := r.IntN(40), r.IntN(20)
		p := 1 / (1 + math.Exp(-(float64(person)/20 - 2 + float64(item)/10)))
		kind := "impression"
		if r.Float64() < p {
			kind = "watch"
		}
		who, what := wire.UserID(fmt.Sprint("p", person)), items[item].ID
		if i >= 2000 {
			half := 0
			if p > 0.3 {
				half = 1
			}
			guess, ok := c.Chance(who, what, c.at)
			if !ok {
				t.Fatal("an item of the catalogue is not known")
			}
			said[half] += guess
			came[half] += p
			n[half]++
		}
		c.does(who, kind, what, 0.2)
	}
	for half := range said {
		if math.Abs(said[half]-came[half])/n[half] > 0.25 {
			t.Errorf("half %d: said %.3f, was %.3f", half, said[half]/n[half], came[half]/n[half])
		}
	}
	if said[0]/n[0] >= said[1]/n[1] {
		t.Error("what is taken up less is said to be taken up more")
	}
	if _, ok := c.Chance("ana", "nope", c.at); ok {
		t.Error("an unknown item has a chance")
	}
}

func TestChanceIsAProbability(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		items := shelf()
		c := newClass(t, plain, items...)
		for _, b := range behaviours(rt, items) {
			c.at = max(c.at, b.At)
			if _, err := c.Observe(context.Background(), []recommend.Behavior{b}); err != nil {
				rt.Fatal(err)
			}
			for _, it := range items {
				if p, _ := c.Chance(b.Person, it.ID, c.at); !(p > 0 && p < 1) {
					rt.Fatalf("the chance of %s is %v", it.ID, p)
				}
			}
		}
	})
}

// What nobody ever takes up, however often it is shown, is not pushed; who asks
// is shown it.
func TestWhatNobodyWantsIsNotPushed(t *testing.T) {
	config := plain
	config.PushFloor = 0.1
	c := newClass(t, config, video("dull", "Dull"))
	ask := func(push bool) int {
		return len(c.Suggest(recommend.Request{Person: "ana", Now: c.at, Limit: 1, Push: push}))
	}
	if ask(true) != 1 {
		t.Fatal("what is new is not pushed")
	}
	c.at += day
	for i := range 200 {
		c.at += minute
		c.does(wire.UserID(fmt.Sprint("p", i)), "impression", "dull", 0)
	}
	if ask(true) != 0 {
		t.Error("what two hundred passed over is pushed")
	}
	if ask(false) != 1 {
		t.Error("it is kept from those who ask")
	}
}

// What is brought in from elsewhere is had, counts as wanted, and teaches what
// goes together.
func TestThePastCounts(t *testing.T) {
	c := newClass(t, plain, shelf()...)
	c.does("ana", "watched", "go-1", 0)
	for i := range 10 {
		p := wire.UserID(fmt.Sprint("p", i))
		c.does(p, "watched", "go-1", 0)
		c.does(p, "watched", "cook-1", 0)
	}
	got := c.offers("ana", 100)
	if got[0] != "cook-1" {
		t.Errorf("got %v, want what others had with it", got)
	}
	for _, id := range got {
		if id == "go-1" {
			t.Error("what ana had is suggested")
		}
	}
}

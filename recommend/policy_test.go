package recommend_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/wire"
)

// The frequency cap against a model that remembers every push for ever.
func TestFrequencyCap(t *testing.T) {
	const gap, perDay = 10 * time.Minute, 3
	config := plain
	config.PushGap, config.PushPerDay = gap, perDay
	rapid.Check(t, func(rt *rapid.T) {
		c := newClass(t, config, shelf()...)
		type push struct {
			person wire.UserID
			room   wire.RoomID
			at     wire.Millis
		}
		var made []push
		for range rapid.IntRange(1, 60).Draw(rt, "moments") {
			c.at += wire.Millis(rapid.IntRange(0, int(3*hour)).Draw(rt, "pause"))
			p := push{
				rapid.SampledFrom([]wire.UserID{"ana", "ben"}).Draw(rt, "person"),
				rapid.SampledFrom([]wire.RoomID{"go-101", "art-101"}).Draw(rt, "room"), c.at,
			}
			want, today := true, 0
			for _, m := range made {
				if m.person == p.person && p.at-m.at < day {
					today++
					want = want && !(m.room == p.room && p.at-m.at < wire.Millis(gap.Milliseconds()))
				}
			}
			want = want && today < perDay
			got := len(c.Suggest(recommend.Request{Person: p.person, Room: p.room, Now: p.at, Limit: 2, Push: true})) > 0
			if got != want {
				rt.Fatalf("push to %s in %s after %d today: got %v, want %v", p.person, p.room, today, got, want)
			}
			if got {
				made = append(made, p)
			}
			if asked := c.Suggest(recommend.Request{Person: p.person, Room: p.room, Now: p.at, Limit: 2}); len(asked) == 0 {
				rt.Fatal("the cap holds back what was asked for")
			}
		}
	})
}

func TestNothingToPushIsNotCounted(t *testing.T) {
	c := newClass(t, recommend.Config{PushPerDay: 1}, video("only", "The only one"))
	c.does("ana", "watch", "only", 1)
	r := recommend.Request{Person: "ana", Now: c.at, Limit: 1, Push: true}
	if got := c.Suggest(r); len(got) != 0 {
		t.Fatalf("got %v, want nothing", ids(got))
	}
	c.SetCatalog([]recommend.Item{video("only", "The only one"), video("more", "One more")})
	if got := c.Suggest(r); len(got) != 1 {
		t.Errorf("an empty push was counted: got %v", ids(got))
	}
}

func TestListsAreVaried(t *testing.T) {
	var items []recommend.Item
	for i := range 6 {
		items = append(items, video(fmt.Sprint("go-", i), fmt.Sprint("Concurrency in Go ", i), "go"))
	}
	items = append(items, video("art", "Watercolour", "art"), video("cook", "Soup", "food"))
	topics := func(diversity float64) int {
		c := newClass(t, recommend.Config{Explore: -1, Diversity: diversity}, items...)
		for i := range 40 {
			p := wire.UserID(fmt.Sprint("p", i))
			c.does(p, "watch", fmt.Sprint("go-", i%6), 1)
			if i%3 == 0 {
				c.does(p, "watch", "art", 1)
				c.does(p, "watch", "cook", 1)
			}
		}
		seen := map[string]bool{}
		for _, s := range c.Suggest(recommend.Request{Person: "new", Now: c.at, Limit: 4}) {
			seen[s.Item.Tags[0]] = true
		}
		return len(seen)
	}
	if a, b := topics(-1), topics(0.6); b < a || b < 3 {
		t.Errorf("%d topics with no diversity, %d with much; want more, and all 3", a, b)
	}
}

func TestNoAuthorFillsAList(t *testing.T) {
	var items []recommend.Item
	for i := range 20 {
		it := video(fmt.Sprint("v", i), fmt.Sprint("Lesson ", i))
		if i < 15 {
			it.Author = "busy"
		}
		items = append(items, it)
	}
	share := func(perAuthor int) (n int) {
		c := newClass(t, recommend.Config{PerAuthor: perAuthor, Explore: -1, Diversity: -1}, items...)
		for i := range 150 {
			c.does(wire.UserID(fmt.Sprint("p", i)), "watch", fmt.Sprint("v", i%15), 1)
		}
		for _, s := range c.Suggest(recommend.Request{Person: "new", Now: c.at, Limit: 6}) {
			if s.Item.Author == "busy" {
				n++
			}
		}
		return n
	}
	if free, held := share(-1), share(2); free <= 2 || held != 2 {
		t.Errorf("%d by one author without a limit and %d with one of 2; want more than 2, and 2", free, held)
	}
}

// What is explored comes as often as its propensity says.
func TestPropensities(t *testing.T) {
	var items []recommend.Item
	for i := range 12 {
		items = append(items, video(fmt.Sprint("v", i), fmt.Sprint("Lesson ", i)))
	}
	c := newClass(t, recommend.Config{Explore: 0.3, Diversity: -1}, items...)
	for i := range 4 {
		for j := range 10 * (i + 1) {
			c.does(wire.UserID(fmt.Sprint("p", j)), "watch", fmt.Sprint("v", i), 1)
		}
	}
	const n = 20_000
	came, said := map[string]int{}, map[string]float64{}
	for range n {
		list := c.Suggest(recommend.Request{Person: "new", Now: c.at, Limit: 2})
		for _, s := range list {
			came[s.Item.ID]++
			if was, ok := said[s.Item.ID]; ok && was != s.Propensity {
				t.Fatalf("%s has propensities %v and %v in the same state", s.Item.ID, was, s.Propensity)
			}
			said[s.Item.ID] = s.Propensity
		}
	}
	total := 0.0
	for id, p := range said {
		total += p
		if got, tolerance := float64(came[id])/n, 4*math.Sqrt(p*(1-p)/n)+1e-9; math.Abs(got-p) > tolerance {
			t.Errorf("%s came in %.4f of the lists, its propensity is %.4f", id, got, p)
		}
	}
	if math.Abs(total-2) > 1e-9 {
		t.Errorf("propensities of lists of 2 add up to %v", total)
	}
}

func TestReasonsReadWell(t *testing.T) {
	full := recommend.Reason{Title: "Go", Tag: "go", Author: "Li Wei", Minutes: 5}
	for _, code := range []recommend.ReasonCode{
		recommend.BecauseWatched, recommend.PeopleAlso, recommend.SameTopic, recommend.SameAuthor, recommend.Similar,
		recommend.PopularNow, recommend.Popular, recommend.LiveNow, recommend.StartsSoon, recommend.NewHere, recommend.Discover,
	} {
		r := full
		r.Code = code
		en, zh := r.Text("en"), r.Text("zh-CN")
		for _, text := range []string{en, zh} {
			for _, c := range text {
				if c == '{' || c == '}' {
					t.Errorf("%s: a gap was left open in %q", code, text)
				}
			}
		}
		if en == "" || zh == "" || en == zh {
			t.Errorf("%s reads %q and %q", code, en, zh)
		}
	}
	late := recommend.Reason{Code: recommend.StartsSoon, Minutes: 185}
	if got := late.Text("en"); got != "Starts in 3 hours" {
		t.Errorf("got %q", got)
	}
	braces := recommend.Reason{Code: recommend.SameTopic, Tag: "{title}"}
	if got := braces.Text("en"); got != "More about {title}" {
		t.Errorf("a tag was taken for a gap: %q", got)
	}
}

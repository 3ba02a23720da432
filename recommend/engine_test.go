package recommend_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/wire"
)

// shelf is a small catalogue of three topics in two languages.
func shelf() []recommend.Item {
	return []recommend.Item{
		video("go-1", "Goroutines explained", "go", "programming"),
		video("go-2", "Channels in Go", "go", "programming"),
		video("go-3", "A tour of the Go scheduler", "go", "programming"),
		video("art-1", "Watercolour for beginners", "art", "painting"),
		video("art-2", "Painting light in watercolour", "art", "painting"),
		video("ml-1", "机器学习入门", "机器学习"),
		video("ml-2", "机器学习的数学基础", "数学"),
		video("cook-1", "番茄炒蛋的做法", "烹饪"),
		session("go-101", "Go from zero", "go"),
		session("art-101", "An evening of watercolour", "art"),
	}
}

func TestBehaviourChangesTheNextSuggestion(t *testing.T) {
	c := newClass(t, plain, shelf()...)
	c.does("ana", "watch", "art-1", 1)
	if got := c.offers("ana", 1); got[0] != "art-2" && got[0] != "art-101" {
		t.Fatalf("after watercolour: got %v, want more watercolour", got)
	}
	c.does("ana", "watch", "go-1", 1)
	c.does("ana", "like", "go-1", 0)
	c.does("ana", "watch", "go-2", 1)
	if got := c.offers("ana", 1); got[0] != "go-3" && got[0] != "go-101" {
		t.Errorf("after two on Go: got %v, want more Go", got)
	}
}

func TestNotInterestedWorksAtOnce(t *testing.T) {
	c := newClass(t, plain, shelf()...)
	c.does("ana", "watch", "go-1", 1)
	first := c.offers("ana", 1)[0]
	c.does("ana", "hide", first, 0)
	if got := c.offers("ana", 100); slices.Contains(got, first) {
		t.Errorf("%s is still suggested after it was dismissed: %v", first, got)
	}
	if got := c.offers("ben", 100); !slices.Contains(got, first) {
		t.Errorf("%s is gone for others too: %v", first, got)
	}
}

// TestLanguagesThatSomebodyReads: suggestions are in a language that the
// person has given a sign of reading, if there are enough.
func TestLanguagesThatSomebodyReads(t *testing.T) {
	items := shelf()
	for i := range items {
		if items[i].Lang = "en"; items[i].Title[0] > 0x7f {
			items[i].Lang = "zh-CN"
		}
	}
	c := newClass(t, plain, items...)
	chinese := func(list []recommend.Suggestion) (n int) {
		for _, s := range list {
			if s.Item.Lang == "zh-CN" {
				n++
			}
		}
		return n
	}
	for i := range 20 {
		c.does(wire.UserID(fmt.Sprint("p", i)), "watch", "ml-1", 1)
	}
	ask := func(person wire.UserID, limit int, langs ...string) []recommend.Suggestion {
		return c.Suggest(recommend.Request{Person: person, Now: c.at, Limit: limit, Langs: langs})
	}
	if n := chinese(ask("new", 3)); n == 0 {
		t.Error("without any sign, what is popular is not shown")
	}
	if n := chinese(ask("new", 3, "en-GB")); n != 0 {
		t.Errorf("%d of 3 in a language that they do not read", n)
	}
	if n := chinese(ask("new", 3, "zh-TW")); n != 3 {
		t.Errorf("%d of 3 in Chinese", n)
	}
	if n := chinese(ask("new", 9, "zh")); n < 3 {
		t.Errorf("%d: too few in Chinese, so others may come in", n)
	}
	c.does("ana", "watch", "ml-2", 1)
	if list := ask("ana", 2, "en"); chinese(list) == 0 {
		t.Error("ana has watched in Chinese, and is not shown any")
	}
}

// TestWhatIsNoNewsRests: what somebody opened or liked is not suggested back to
// them at once, but later it may be.
func TestWhatIsNoNewsRests(t *testing.T) {
	c := newClass(t, plain, shelf()...)
	for _, kind := range []string{"browse", "click", "like"} {
		c.does("ana", kind, "go-1", 0)
		if got := c.offers("ana", 100); slices.Contains(got, "go-1") || !slices.Contains(got, "go-2") {
			t.Errorf("after a %s: %v", kind, got)
		}
	}
	c.at += wire.Millis((13 * time.Hour).Milliseconds())
	if got := c.offers("ana", 100); !slices.Contains(got, "go-1") {
		t.Errorf("half a day later: %v", got)
	}
}

func TestNewPersonGetsPopularAndTheRoomsTopic(t *testing.T) {
	c := newClass(t, plain, shelf()...)
	for i := range 10 {
		c.does(wire.UserID(fmt.Sprint("p", i)), "watch", "cook-1", 1)
	}
	if got := c.offers("new", 1); got[0] != "cook-1" {
		t.Errorf("outside a class: got %v, want what is popular", got)
	}
	list := c.Suggest(recommend.Request{Person: "new", Room: "art-101", Now: c.at, Limit: 4})
	got := ids(list)
	if !slices.Contains(got, "art-1") || !slices.Contains(got, "art-2") || !slices.Contains(got, "cook-1") {
		t.Errorf("in a class on watercolour: got %v, want its topic and what is popular", got)
	}
	if slices.Contains(got, "art-101") {
		t.Errorf("the room's own session is suggested: %v", got)
	}
}

func TestContentPlacesAnItemNobodyHasSeen(t *testing.T) {
	c := newClass(t, plain, shelf()...)
	c.does("ana", "watch", "ml-1", 1)
	for i := range 5 {
		c.does(wire.UserID(fmt.Sprint("p", i)), "watch", "go-1", 1)
	}
	added := video("ml-9", "深入机器学习：决策树", "机器学习")
	added.Created = c.at
	c.SetCatalog(append(shelf(), added))
	if got := c.offers("ana", 2); !slices.Contains(got, "ml-9") {
		t.Errorf("got %v, want the new one on the same topic among them", got)
	}
}

func TestChineseTitlesAreAlikeByWords(t *testing.T) {
	c := newClass(t, plain,
		video("a", "Go语言并发编程实战"), video("b", "并发编程的艺术"), video("c", "水彩画技法"), video("d", "番茄炒蛋的做法"))
	c.does("ana", "watch", "a", 1)
	list := c.Suggest(recommend.Request{Person: "ana", Now: c.at, Limit: 1})
	if list[0].Item.ID != "b" || list[0].Reason.Code != recommend.Similar {
		t.Errorf("got %s for %q, want b because it is similar", list[0].Item.ID, list[0].Reason.Text("zh-CN"))
	}
}

func TestPeopleAlso(t *testing.T) {
	c := newClass(t, plain, video("a", "Alpha"), video("b", "Beta"), video("c", "Gamma"), video("d", "Delta"))
	for i := range 20 {
		p := wire.UserID(fmt.Sprint("p", i))
		pair := [2]string{"a", "b"}
		if i%2 == 1 {
			pair = [2]string{"c", "d"}
		}
		c.at += minute
		c.does(p, "watch", pair[0], 1)
		c.does(p, "watch", pair[1], 1)
	}
	c.does("ana", "watch", "c", 1)
	s := c.Suggest(recommend.Request{Person: "ana", Now: c.at, Limit: 1})[0]
	if s.Item.ID != "d" || s.Reason != (recommend.Reason{Code: recommend.BecauseWatched, Title: "Gamma"}) {
		t.Errorf("got %s, %q; want d because of Gamma", s.Item.ID, s.Reason.Text("en"))
	}
}

func TestPopularityDecays(t *testing.T) {
	c := newClass(t, plain, video("old", "Old"), video("now", "Now"))
	for i := range 30 {
		c.does(wire.UserID(fmt.Sprint("p", i)), "watch", "old", 1)
	}
	if got := c.offers("ana", 1); got[0] != "old" {
		t.Fatalf("got %v, want what everybody watched", got)
	}
	c.at += 10 * day
	for i := range 3 {
		c.does(wire.UserID(fmt.Sprint("q", i)), "watch", "now", 1)
	}
	if got := c.offers("ana", 1); got[0] != "now" {
		t.Errorf("got %v, want what is watched these hours", got)
	}
}

func TestPhases(t *testing.T) {
	timed := session("later", "Later today", "go")
	timed.Starts, timed.Ends = noon+hour, noon+2*hour
	c := newClass(t, plain, append(shelf(), timed)...)
	has := func(id string) bool { return slices.Contains(c.offers("ana", 100), id) }
	if !has("go-101") || !has("later") {
		t.Fatalf("got %v, want every session", c.offers("ana", 100))
	}
	c.SetPhase("go-101", recommend.PhaseEnded)
	if has("go-101") {
		t.Error("a session that has ended is suggested")
	}
	c.SetPhase("go-101", recommend.PhaseLive)
	list := c.Suggest(recommend.Request{Person: "ana", Now: c.at, Limit: 1})
	if list[0].Item.ID != "go-101" || list[0].Reason.Code != recommend.LiveNow {
		t.Errorf("got %s, %v; want the class that is on air", list[0].Item.ID, list[0].Reason)
	}
	c.at = timed.Ends
	if has("later") {
		t.Error("a session is suggested after its time")
	}
	c.SetPhase("later", recommend.PhaseLive)
	if !has("later") {
		t.Error("a class that overruns its time is not suggested")
	}
}

func TestItemGoneFromTheCatalogue(t *testing.T) {
	c := newClass(t, plain, shelf()...)
	c.does("ana", "watch", "go-1", 1)
	c.SetCatalog(slices.DeleteFunc(shelf(), func(it recommend.Item) bool { return it.ID == "go-2" }))
	if got := c.offers("ana", 100); slices.Contains(got, "go-2") {
		t.Errorf("an item that is gone is suggested: %v", got)
	}
	c.SetCatalog(nil)
	if got := c.offers("ana", 100); len(got) != 0 {
		t.Errorf("an empty catalogue suggests %v", got)
	}
	c.SetCatalog(shelf())
	if got := c.offers("ana", 100); slices.Contains(got, "go-1") || !slices.Contains(got, "go-2") {
		t.Errorf("after it came back: got %v, want go-2 and still not go-1", got)
	}
}

func TestCheck(t *testing.T) {
	c := newClass(t, plain, shelf()...)
	good := recommend.Behavior{ID: "x", Person: "ana", Item: "go-1", Kind: "watch", Weight: 0.5, At: noon}
	tests := []struct {
		name   string
		change func(*recommend.Behavior)
		want   error
	}{
		{"good", func(*recommend.Behavior) {}, nil},
		{"a little ahead", func(b *recommend.Behavior) { b.At += minute }, nil},
		{"back-dated", func(b *recommend.Behavior) { b.At -= 6 * day }, nil},
		{"no id", func(b *recommend.Behavior) { b.ID = "" }, recommend.ErrID},
		{"no person", func(b *recommend.Behavior) { b.Person = "" }, recommend.ErrPerson},
		{"a name for a person", func(b *recommend.Behavior) { b.Person = "Ana Ng" }, recommend.ErrPerson},
		{"unknown item", func(b *recommend.Behavior) { b.Item = "nope" }, recommend.ErrItem},
		{"unknown kind", func(b *recommend.Behavior) { b.Kind = "dream" }, recommend.ErrKind},
		{"NaN", func(b *recommend.Behavior) { b.Weight = math.NaN() }, recommend.ErrWeight},
		{"infinite", func(b *recommend.Behavior) { b.Weight = math.Inf(1) }, recommend.ErrWeight},
		{"negative", func(b *recommend.Behavior) { b.Weight = -1 }, recommend.ErrWeight},
		{"too heavy", func(b *recommend.Behavior) { b.Weight = 6 }, recommend.ErrWeight},
		{"hours ahead", func(b *recommend.Behavior) { b.At += 3 * hour }, recommend.ErrClock},
		{"long ago", func(b *recommend.Behavior) { b.At -= 8 * day }, recommend.ErrClock},
		{"no time", func(b *recommend.Behavior) { b.At = 0 }, recommend.ErrClock},
		{"bad room", func(b *recommend.Behavior) { b.Room = "A B" }, wire.ErrField},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := good
			tt.change(&b)
			if err := c.Check(b); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			before := len(c.store.log)
			_, err := c.Observe(t.Context(), []recommend.Behavior{{ID: "ok-" + tt.name, Person: "ben", Item: "go-1", Kind: "click", At: noon}, b})
			if !errors.Is(err, tt.want) {
				t.Errorf("Observe: got %v, want %v", err, tt.want)
			}
			if tt.want != nil && len(c.store.log) != before {
				t.Error("part of a refused batch was stored")
			}
		})
	}
}

func TestRepeatedBehaviourCountsOnce(t *testing.T) {
	c := newClass(t, plain, shelf()...)
	b := recommend.Behavior{ID: "same", Person: "ana", Item: "go-1", Kind: "watch", At: noon}
	fresh, err := c.Observe(t.Context(), []recommend.Behavior{b, b})
	if err != nil || !slices.Equal(fresh, []bool{true, false}) {
		t.Fatalf("got %v, %v; want [true false]", fresh, err)
	}
	before := c.Digest()
	if fresh, err = c.Observe(t.Context(), []recommend.Behavior{b}); err != nil || fresh[0] {
		t.Errorf("got %v, %v; want [false]", fresh, err)
	}
	if c.Digest() != before {
		t.Error("a repeated behaviour changed the models")
	}
}

func TestWhatIsNotStoredIsNotLearned(t *testing.T) {
	c := newClass(t, plain, shelf()...)
	before := c.Digest()
	c.store.full = true
	b := []recommend.Behavior{{ID: "x", Person: "ana", Item: "go-1", Kind: "watch", At: noon}}
	if _, err := c.Observe(t.Context(), b); !errors.Is(err, errFull) {
		t.Fatalf("got %v, want the store's error", err)
	}
	if c.Digest() != before {
		t.Error("the models learned what was not stored")
	}
	c.store.full = false
	if fresh, err := c.Observe(t.Context(), b); err != nil || !fresh[0] {
		t.Errorf("again: got %v, %v", fresh, err)
	}
}

// behaviours draws a log over the shelf, in the order of its times but for a
// few that come late.
func behaviours(t *rapid.T, items []recommend.Item) []recommend.Behavior {
	n := rapid.IntRange(0, 120).Draw(t, "behaviours")
	list := make([]recommend.Behavior, n)
	at := noon
	for i := range list {
		at += wire.Millis(rapid.IntRange(0, 2*int(hour)).Draw(t, "pause"))
		k := rapid.SampledFrom(recommend.Kinds).Draw(t, "kind")
		list[i] = recommend.Behavior{
			ID:     fmt.Sprint(i),
			Person: wire.UserID(fmt.Sprint("p", rapid.IntRange(0, 5).Draw(t, "person"))),
			Item:   rapid.SampledFrom(items).Draw(t, "item").ID,
			Kind:   k.Name,
			Weight: rapid.Float64Range(0, k.MaxWeight).Draw(t, "weight"),
			At:     at - wire.Millis(rapid.SampledFrom([]int64{0, 0, 0, int64(day)}).Draw(t, "late")),
		}
	}
	return list
}

func TestSuggestionsKeepTheRules(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		items := shelf()
		c := newClass(t, recommend.Config{Explore: 0.5, MaxPersons: 50}, items...)
		had := map[[2]string]bool{} // by the naive model: consumed or dismissed
		for _, b := range behaviours(rt, items) {
			c.at = max(c.at, b.At)
			if _, err := c.Observe(context.Background(), []recommend.Behavior{b}); err != nil {
				rt.Fatal(err)
			}
			switch b.Kind {
			case "hide", "buy", "rate":
				had[[2]string{string(b.Person), b.Item}] = true
			case "watch":
				if b.Weight == 0 || b.Weight >= 0.5 {
					had[[2]string{string(b.Person), b.Item}] = true
				}
			}
			r := recommend.Request{
				Person: b.Person, Room: rapid.SampledFrom([]wire.RoomID{"", "go-101", "elsewhere"}).Draw(rt, "room"),
				Now: c.at, Limit: rapid.IntRange(1, 12).Draw(rt, "limit"),
				Kinds: rapid.SampledFrom([][]string{nil, {recommend.Video}, {recommend.Session}}).Draw(rt, "kinds"),
			}
			seen := map[string]bool{}
			list := c.Suggest(r)
			if len(list) > r.Limit {
				rt.Fatalf("%d suggestions for a limit of %d", len(list), r.Limit)
			}
			for _, s := range list {
				id := s.Item.ID
				switch {
				case seen[id]:
					rt.Fatalf("%s twice in a list", id)
				case had[[2]string{string(b.Person), id}]:
					rt.Fatalf("%s suggested %s, which %s had or dismissed", r.Person, id, r.Person)
				case id == string(r.Room):
					rt.Fatalf("the room's own session is suggested in it")
				case len(r.Kinds) > 0 && !slices.Contains(r.Kinds, s.Item.Kind):
					rt.Fatalf("a %s where only %v was asked for", s.Item.Kind, r.Kinds)
				case math.IsNaN(s.Score) || math.IsInf(s.Score, 0):
					rt.Fatalf("%s has score %v", id, s.Score)
				case !(s.Propensity > 0 && s.Propensity <= 1):
					rt.Fatalf("%s has propensity %v", id, s.Propensity)
				case s.Reason.Text("en") == "" || s.Reason.Text("zh-CN") == "":
					rt.Fatalf("%s has no readable reason: %+v", id, s.Reason)
				}
				seen[id] = true
			}
		}
		for name, w := range c.Weights() {
			for _, v := range w {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					rt.Fatalf("weight of %s is %v", name, v)
				}
			}
		}
	})
}

func TestReplayRebuildsTheSameModels(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		items := shelf()
		c := newClass(t, plain, items...)
		saveAt := rapid.IntRange(-1, 60).Draw(rt, "snapshot after")
		for i, b := range behaviours(rt, items) {
			c.at = max(c.at, b.At)
			if _, err := c.Observe(context.Background(), []recommend.Behavior{b}); err != nil {
				rt.Fatal(err)
			}
			c.Suggest(recommend.Request{Person: b.Person, Now: c.at, Limit: 3}) // changes nothing
			if i == saveAt {
				if err := c.Save(context.Background()); err != nil {
					rt.Fatal(err)
				}
			}
		}
		e, err := recommend.New(plain, c.store, time.Now, rand.NewPCG(1, 1))
		if err != nil {
			rt.Fatal(err)
		}
		e.SetCatalog(items)
		n, err := e.Load(context.Background())
		if err != nil || n != len(c.store.log) {
			rt.Fatalf("loaded %d of %d: %v", n, len(c.store.log), err)
		}
		if e.Digest() != c.Digest() {
			rt.Fatal("the replayed models differ from those that learned live")
		}
	})
}

func TestASnapshotThatDoesNotFitIsPassedOver(t *testing.T) {
	c := newClass(t, plain, shelf()...)
	c.does("ana", "watch", "go-1", 1)
	c.does("ana", "watch", "go-2", 1)
	for _, data := range []string{"", "{", `{"features":["other"]}`, `{"features":[],"learned":1,"shared":{"w":[],"g":[]},"own":[]}`} {
		c.store.modelAt, c.store.model = 2, []byte(data)
		e, err := recommend.New(plain, c.store, time.Now, rand.NewPCG(1, 1))
		if err != nil {
			t.Fatal(err)
		}
		e.SetCatalog(shelf())
		if n, err := e.Load(t.Context()); n != 2 || err != nil || e.Digest() != c.Digest() {
			t.Errorf("snapshot %q: loaded %d, %v, same models %v; want 2 and the same", data, n, err, e.Digest() == c.Digest())
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	c := newClass(t, recommend.Config{}, shelf()...)
	items := shelf()
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 0))
			for i := range 100 {
				person := wire.UserID(fmt.Sprint("p", r.IntN(10)))
				kind := recommend.Kinds[r.IntN(len(recommend.Kinds))].Name
				_, err := c.Observe(t.Context(), []recommend.Behavior{{
					ID: fmt.Sprint(g, "-", i), Person: person, Item: items[r.IntN(len(items))].ID, Kind: kind, At: noon,
				}})
				if err != nil {
					t.Error(err)
				}
				c.Suggest(recommend.Request{Person: person, Now: noon, Limit: 5, Push: true, Room: "go-101"})
				if i%25 == 0 {
					c.SetCatalog(items)
					c.Digest()
				}
			}
		})
	}
	all.Wait()
	if len(c.store.log) != 800 {
		t.Fatalf("%d behaviours stored, want 800", len(c.store.log))
	}
	e, err := recommend.New(recommend.Config{}, c.store, time.Now, rand.NewPCG(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	e.SetCatalog(items)
	if _, err := e.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if e.Digest() != c.Digest() {
		t.Error("what was learned at once differs from the stored order")
	}
}

func TestForgetsTheLeastActive(t *testing.T) {
	config := plain
	config.MaxPersons = 3
	c := newClass(t, config, shelf()...)
	for _, p := range []wire.UserID{"a", "b", "c", "a", "d"} { // b is the least active when d comes
		c.does(p, "watch", "go-1", 1)
	}
	for person, forgotten := range map[wire.UserID]bool{"a": false, "b": true, "c": false, "d": false} {
		if got := slices.Contains(c.offers(person, 100), "go-1"); got != forgotten {
			t.Errorf("%s: forgotten is %v, want %v", person, got, forgotten)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	for _, config := range []recommend.Config{
		{PopularHalves: []time.Duration{0}}, {NearSlow: -1}, {Neighbours: -1}, {History: -1},
		{MaxPersons: -1}, {Diversity: 2}, {Explore: 1.5}, {PushFloor: 1.5},
	} {
		if _, err := recommend.New(config, &memory{}, time.Now, rand.NewPCG(1, 1)); !errors.Is(err, recommend.ErrConfig) {
			t.Errorf("%+v: got %v, want ErrConfig", config, err)
		}
	}
}

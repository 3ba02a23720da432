package recommend_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/recommend/experiment"
	"github.com/lyceum-live/lyceum/wire"
)

func experiments(t testing.TB, texts ...string) recommend.Config {
	t.Helper()
	c := plain
	for _, text := range texts {
		var s experiment.Spec
		if err := s.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		c.Experiments = append(c.Experiments, s)
	}
	return c
}

// meets puts people on record and returns them by arm.
func (c *class) meets(t testing.TB, n int) map[string][]wire.UserID {
	t.Helper()
	var all []wire.UserID
	for i := range n {
		all = append(all, wire.UserID(fmt.Sprintf("u%d", i)))
	}
	twice := slices.Concat(all, all) // as if two requests came at once
	if err := c.Expose(context.Background(), twice, c.at); err != nil {
		t.Fatal(err)
	}
	arms := map[string][]wire.UserID{}
	for _, id := range all {
		for _, s := range c.Suggest(recommend.Request{Person: id, Now: c.at, Limit: 1}) {
			arms[s.Arm] = append(arms[s.Arm], id)
		}
	}
	return arms
}

func rows(m *memory, kind string) (n int) {
	for _, b := range m.log {
		if b.Kind == kind {
			n++
		}
	}
	return n
}

var goods = []recommend.Item{
	video("old", "History of ink", "ink"), video("hot", "Baking bread", "bread"), video("go", "Go by example", "go"),
}

// Each person is served by their arm, and says so; before they are on record, or
// when nobody knows who they are, they are served as usual.
func TestPeopleAreServedByTheirArm(t *testing.T) {
	c := newClass(t, experiments(t, "rankers | control | rule ranker=rule", "caps | control | few push_per_day=1 push_gap=0s"), goods...)
	for n := range 30 {
		c.does(wire.UserID(fmt.Sprintf("other%d", n)), "watch", "hot", 1)
	}
	for _, s := range c.Suggest(recommend.Request{Person: "u0", Now: c.at, Limit: 3}) {
		if s.Arm != "default" {
			t.Errorf("not on record, and served by %s", s.Arm)
		}
	}
	arms := c.meets(t, 60)
	if len(arms) != 4 {
		t.Fatalf("arms %v", arms)
	}
	for arm, people := range arms {
		rule := strings.Contains(arm, "rankers=rule")
		few := strings.Contains(arm, "caps=few")
		for _, id := range people {
			list := c.Suggest(recommend.Request{Person: id, Now: c.at, Limit: 3})
			want := recommend.Model
			if rule {
				want = recommend.Rule
			}
			if len(list) == 0 || list[0].Model != want {
				t.Fatalf("%s: %+v", arm, list)
			}
			pushed := 0
			for n := range 5 {
				now := c.at + wire.Millis(n)*hour
				if len(c.Suggest(recommend.Request{Person: id, Now: now, Limit: 1, Push: true, Room: "r"})) > 0 {
					pushed++
				}
			}
			if few && pushed != 1 || !few && pushed != 5 {
				t.Fatalf("%s: %d pushes", arm, pushed)
			}
		}
	}
	if err := c.Expose(context.Background(), []wire.UserID{""}, c.at); err != nil || rows(c.store, "exposed") != 120 {
		t.Errorf("%d exposures, %v", rows(c.store, "exposed"), err)
	}
}

// Exposure is on record once, and what is on record makes the same state when it
// is read again: arms, counts, decisions, and the digest.
func TestReplayOfExperiments(t *testing.T) {
	config := experiments(t, "variety window=1h | control | varied diversity=0.5")
	c := newClass(t, config, goods...)
	c.meets(t, 400)
	c.meets(t, 400)
	if n := rows(c.store, "exposed"); n != 400 {
		t.Fatalf("%d exposures are on record", n)
	}
	chance := rand.New(rand.NewPCG(1, 1))
	for n := range 400 {
		id := wire.UserID(fmt.Sprintf("u%d", n))
		c.at += 1000
		if chance.Float64() < 0.5 {
			c.does(id, "buy", "go", 1)
		}
		arm := c.Suggest(recommend.Request{Person: id, Now: c.at, Limit: 1})[0].Arm
		if arm == "variety=varied" { // which all of its people hate
			c.does(id, "hide", "old", 1)
		}
	}
	r := c.Experiments()[0]
	if r.State != "stopped" || len(r.Decisions) != 1 || rows(c.store, "decided") != 1 {
		t.Fatalf("%s, %+v, %d on record", r.State, r.Decisions, rows(c.store, "decided"))
	}
	for n := range 400 {
		id := wire.UserID(fmt.Sprintf("u%d", n))
		for _, s := range c.Suggest(recommend.Request{Person: id, Now: c.at, Limit: 1}) {
			if s.Arm == "variety=varied" {
				t.Fatalf("%s is served by an arm that was stopped", id)
			}
		}
	}
	again, err := recommend.New(config, c.store, func() time.Time { return c.at.Time() }, rand.NewPCG(9, 9))
	if err != nil {
		t.Fatal(err)
	}
	again.SetCatalog(goods)
	if _, err := again.Load(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := again.Experiments()[0]; got.Digest != r.Digest || got.Arms[1].Exposed != r.Arms[1].Exposed || len(got.Decisions) != 1 {
		t.Errorf("replayed: %+v", got)
	}
	if again.Digest() != c.Digest() {
		t.Error("a replay comes to another digest")
	}

	// A guardrail that is set otherwise later changes no decision that is on record.
	var kept memory
	for _, b := range c.store.log {
		if b.Kind != "hide" {
			_, _ = kept.AppendBehaviors(context.Background(), []recommend.Behavior{b})
		}
	}
	other, _ := recommend.New(config, &kept, func() time.Time { return c.at.Time() }, rand.NewPCG(9, 9))
	other.SetCatalog(goods)
	if _, err := other.Load(context.Background()); err != nil || other.Experiments()[0].State != "stopped" {
		t.Errorf("%s, %v", other.Experiments()[0].State, err)
	}
}

// What people watch, rate and buy comes to the arms' figures.
func TestOutcomesOfArms(t *testing.T) {
	long := goods[0]
	long.Duration = 40 * time.Minute
	c := newClass(t, experiments(t, "x window=1h | control | arm"), long, goods[1])
	c.meets(t, 40)
	for n := range 40 {
		id := wire.UserID(fmt.Sprintf("u%d", n))
		c.does(id, "watch", "old", 0.5)
		c.does(id, "rate", "old", 8)
		c.does(id, "watch", "hot", 0.05) // left early; how long it is nobody knows
		c.does(id, "buy", "hot", 1)
	}
	c.at += 2 * hour
	c.does("u1", "buy", "old", 1) // after the window, which is over now for all
	for _, arm := range c.Experiments()[0].Arms {
		watch, stars := arm.Means[experiment.WatchTime], arm.Means[experiment.Satisfaction]
		if arm.Exposed == 0 || watch.N != arm.Exposed || watch.Mean != 20 || stars.N != arm.Exposed || stars.Mean < 0.799 || stars.Mean > 0.801 ||
			arm.Did[experiment.Purchase] != arm.Exposed || arm.Did[experiment.Leave] != arm.Exposed {
			t.Errorf("%+v", arm)
		}
	}
}

// Who refuses comes into no experiment, is served as usual and counts nowhere,
// also after a restart; who wants to again, may.
func TestRefusal(t *testing.T) {
	config := experiments(t, "x | control diversity=0.1 | arm diversity=0.2")
	c := newClass(t, config, goods...)
	if !c.TakesPart("ana") || c.TakePart(context.Background(), "ana", false) != nil {
		t.Fatal("ana cannot refuse")
	}
	c.meets(t, 10)
	if err := c.TakePart(context.Background(), "u1", false); err != nil {
		t.Fatal(err)
	}
	must := func(e *recommend.Engine) {
		t.Helper()
		if err := e.Expose(context.Background(), []wire.UserID{"ana", "u1"}, c.at); err != nil {
			t.Fatal(err)
		}
		for _, id := range []wire.UserID{"ana", "u1"} {
			if e.TakesPart(id) || e.Suggest(recommend.Request{Person: id, Now: c.at, Limit: 1})[0].Arm != "default" {
				t.Errorf("%s takes part", id)
			}
		}
	}
	must(c.Engine)
	c.does("u1", "buy", "go", 1)
	c.at += 3 * day
	c.does("u2", "watch", "go", 1) // all windows are over
	c.at -= 3 * day
	r := c.Experiments()[0]
	if bought := r.Arms[0].Did[experiment.Purchase] + r.Arms[1].Did[experiment.Purchase]; bought != 0 || rows(c.store, "exposed") != 10 || r.Counted != 9 {
		t.Errorf("%d bought, %d exposed, %d counted", bought, rows(c.store, "exposed"), r.Counted)
	}
	again, _ := recommend.New(config, c.store, func() time.Time { return c.at.Time() }, rand.NewPCG(9, 9))
	again.SetCatalog(goods)
	if _, err := again.Load(context.Background()); err != nil {
		t.Fatal(err)
	}
	must(again)
	c.at++
	if err := c.TakePart(context.Background(), "ana", true); err != nil || !c.TakesPart("ana") {
		t.Errorf("ana cannot take part again: %v", err)
	}
}

// Two rankers draft one list; the first click says whose it was.
func TestRankersInOneList(t *testing.T) {
	c := newClass(t, experiments(t, "r interleave window=1h | blend | rule ranker=rule"), goods...)
	for n := range 30 {
		c.does(wire.UserID(fmt.Sprintf("other%d", n)), "watch", "hot", 1)
	}
	c.meets(t, 40)
	teams := map[string]int{}
	for n := range 40 {
		id := wire.UserID(fmt.Sprintf("u%d", n))
		list := c.Suggest(recommend.Request{Person: id, Now: c.at, Limit: 2})
		if len(list) != 2 || list[0].Draft == list[1].Draft || list[0].Item.ID == list[1].Item.ID {
			t.Fatalf("%+v", list)
		}
		teams[list[0].Draft]++
		for i, s := range list {
			if _, err := c.Observe(context.Background(), []recommend.Behavior{{
				ID: fmt.Sprint("i", n, i), Person: id, Item: s.Item.ID, Kind: "impression", At: c.at,
				Served: recommend.Served{List: "l", Place: i + 1, Draft: s.Draft},
			}}); err != nil {
				t.Fatal(err)
			}
		}
		for _, s := range list {
			if s.Draft == "r/rule" {
				c.does(id, "click", s.Item.ID, 1)
			}
		}
	}
	if d := c.Experiments()[0].Draft; d.Lists != 40 || d.Second != 40 || !d.Found || d.Now.Estimate < 5 {
		t.Errorf("%+v", d)
	}
	if teams["r/rule"] < 8 || teams["r/blend"] < 8 {
		t.Errorf("first: %v", teams)
	}
}

func TestDecisionsOfOperators(t *testing.T) {
	c := newClass(t, experiments(t, "x | control | arm ranker=rule"), goods...)
	ctx := context.Background()
	for _, bad := range [][3]string{{"y", "shipped", "arm"}, {"x", "shipped", "none"}, {"x", "stopped", "control"}, {"x", "else", "arm"}} {
		if err := c.Decide(ctx, bad[0], bad[1], bad[2]); !errors.Is(err, recommend.ErrExperiment) {
			t.Errorf("%v: %v", bad, err)
		}
	}
	c.store.full = true
	if err := c.Decide(ctx, "x", "shipped", "arm"); err == nil || c.Experiments()[0].State != "running" {
		t.Error("what is not on record is in force")
	}
	c.store.full = false
	if err := c.Decide(ctx, "x", "shipped", "arm"); err != nil {
		t.Fatal(err)
	}
	if s := c.Suggest(recommend.Request{Person: "anybody", Now: c.at, Limit: 1}); s[0].Model != recommend.Rule || s[0].Arm != "x=arm" {
		t.Errorf("%+v", s[0])
	}
}

func TestBadExperiments(t *testing.T) {
	for _, text := range []string{
		"x | a | b ranker=nobody", "x | a | b diversity=2", "x | a | b explore=NaN", "x | a | b push_per_day=0", "x | a | b push_gap=-1s",
		"x | a | b else=1", "x interleave | a | b", "x interleave | a | b diversity=0.1",
	} {
		if _, err := recommend.New(experiments(t, text), &memory{}, time.Now, rand.NewPCG(1, 1)); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

// No door lets rows in that only the engine writes.
func TestNobodyElseWritesExposures(t *testing.T) {
	c := newClass(t, experiments(t, "x | control | arm"), goods...)
	for _, kind := range []string{"exposed", "decided", "apart"} {
		if err := c.Check(recommend.Behavior{ID: "1", Person: "ana", Item: "go", Kind: kind, At: c.at}); !errors.Is(err, recommend.ErrKind) {
			t.Errorf("%s: %v", kind, err)
		}
		if slices.Contains(recommend.KindNames(), kind) {
			t.Errorf("%s is a kind of behaviour", kind)
		}
	}
}

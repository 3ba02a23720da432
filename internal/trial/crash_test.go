package trial

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

// TestCrash kills the server again and again, at any moment, under a few
// hundred people who go on as if nothing were.
func TestCrash(t *testing.T) {
	usualPeople := 300
	if raced {
		usualPeople = 100
	}
	crashes, people := setting(t, "LYCEUM_CRASHES", 5), setting(t, "LYCEUM_PEOPLE", usualPeople)
	seed := seedOf(t)
	// Snapshots are so frequent that many crashes hit one being written.
	s := newServer(t, t.TempDir(), "--room.snapshot", "300")
	c := newClass(t, s, seed, rooms...)
	c.fill(t, people)
	cutter := listen(t, s, seed, func(r *relay) {
		r.cut = func(chance *rand.Rand) int64 { return 2000 + chance.Int64N(400_000) }
	})
	repeater := listen(t, s, seed, func(r *relay) { r.echo = true })
	back := &returns{}
	for i, p := range c.people {
		p.back = back.note
		// It dies much more often here than in life; a client that was in for
		// ten seconds would begin with a short wait again.
		p.habits.settled = 500 * time.Millisecond
		p.habits.most = 4 * time.Second
		switch i % 10 {
		case 8:
			p.addr, p.direct = cutter.addr, false
		case 9:
			p.addr, p.direct = repeater.addr, false
		}
	}
	s.up(t)
	c.begin(400*time.Millisecond, time.Second)
	c.gather(t, patience)

	chance := rand.New(rand.NewPCG(seed, 2))
	var serving, returned []time.Duration
	early, usually := 0, 100*time.Millisecond // how long a start usually takes
	pass(t.Context(), time.Second)
	for crash := range crashes {
		if crash%2 == 0 { // with much on its way
			c.stampede()
			pass(t.Context(), time.Duration(chance.Float64()*float64(30*time.Millisecond)))
		}
		s.kill()
		killed := time.Now()
		back.since(killed)
		s.start(t)
		if crash%4 == 3 { // it dies again before it serves
			pass(t.Context(), time.Duration(chance.Float64()*float64(usually)))
			early++
			continue
		}
		ctx, stop := context.WithTimeout(t.Context(), patience)
		if err := s.ready(ctx); err != nil {
			t.Fatalf("crash %d: %v\n%s", crash, err, s.log)
		}
		stop()
		usually = time.Since(killed)
		serving = append(serving, usually)
		if crash%4 != 1 { // mostly all come back first
			c.gather(t, patience)
			returned = append(returned, back.all()...)
		}
		pass(t.Context(), time.Duration(chance.Float64()*1.5*float64(time.Second)))
	}
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	if err := s.ready(ctx); err != nil {
		t.Fatal(err)
	}
	v := c.finish(t)
	t.Logf("%d crashes, %d of them during the start, %d people in %d rooms; %d connections cut, %d commands delivered twice",
		crashes, early, len(c.people), len(rooms), cutter.cuts.Load(), repeater.echoes.Load())
	t.Logf("serves again after p50 %v, max %v", part(serving, 0.5), part(serving, 1))
	t.Logf("people back after p50 %v, p99 %v, max %v; resumed %d, with a snapshot %d",
		part(returned, 0.5), part(returned, 0.99), part(returned, 1), back.resumed, back.anew)
	v.report(t)
	if v.acknowledged < 10*people {
		t.Errorf("only %d commands were acknowledged: this says little", v.acknowledged)
	}
}

// returns collects how long people need to be back after a crash.
type returns struct {
	mu            sync.Mutex
	killed        time.Time
	times         []time.Duration
	resumed, anew int
}

func (r *returns) since(killed time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.killed, r.times = killed, nil
}

// note hears of a welcome.
func (r *returns) note(resumed bool, lost time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case lost.IsZero():
		return
	case resumed:
		r.resumed++
	default:
		r.anew++
	}
	r.times = append(r.times, time.Since(r.killed))
}

func (r *returns) all() []time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.times
}

// part returns a quantile, to the millisecond.
func part(times []time.Duration, q float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))].Round(time.Millisecond)
}

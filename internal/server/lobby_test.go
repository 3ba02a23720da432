package server

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestGateSpreadsAHerd lets a herd come at once, each come back when it was
// told to, and newcomers come in between: nobody waits in vain more than a few
// times, in no second more come in than the gate's rate and burst, and all are
// in about as soon as the rate allows.
func TestGateSpreadsAHerd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.SampledFrom([]float64{10, 500, 5000}).Draw(t, "rate")
		herd := rapid.IntRange(1, int(10*rate)).Draw(t, "herd")
		newcomers := rapid.IntRange(0, int(rate)).Draw(t, "newcomers")
		g := gate{rate: rate}
		begin := time.Unix(1_700_000_000, 0)
		type visit struct {
			at    time.Duration
			tries int
		}
		visits := make([]visit, herd, herd+newcomers)
		for i := range newcomers {
			visits = append(visits, visit{at: time.Duration(i) * 10 * time.Second / time.Duration(newcomers)})
		}
		var in []time.Duration
		for len(visits) > 0 {
			slices.SortStableFunc(visits, func(a, b visit) int { return int(a.at - b.at) })
			var again []visit
			// All of one moment together; then those who were told to come back.
			for _, v := range visits {
				if len(again) > 0 && v.at > visits[0].at+gateSoon {
					again = append(again, v)
					continue
				}
				after := g.enter(begin.Add(v.at))
				if after == 0 {
					in = append(in, v.at)
					continue
				}
				if after < gateSoon || after > gateLatest+gateLatest/8 {
					t.Fatalf("told to come back after %v", after)
				}
				if v.tries++; v.tries > 8 {
					t.Fatalf("sent away %d times", v.tries)
				}
				again = append(again, visit{v.at + after, v.tries})
			}
			visits = again
		}
		slices.Sort(in)
		burst := int(math.Ceil(max(rate*gateBurst.Seconds(), 1))) + 1
		for i, at := range in {
			if j := i + int(rate) + burst; j < len(in) && in[j]-at < time.Second {
				t.Fatalf("more than %d within a second", j-i)
			}
		}
		all := float64(herd + newcomers)
		if last, most := in[len(in)-1].Seconds(), 1.5*all/rate+11; last > most {
			t.Fatalf("all were in after %.1f s, and could have been after %.1f", last, all/rate)
		}
	})
}

func TestGateBacklogHasAnEnd(t *testing.T) {
	g := gate{rate: 10}
	now := time.Unix(1_700_000_000, 0)
	late := 0
	for range 100_000 {
		after := g.enter(now)
		if after > gateLatest+gateLatest/8 {
			t.Fatalf("told to come back after %v", after)
		}
		if after > gateLatest/2 {
			late++
		}
	}
	if late < 90_000 {
		t.Errorf("only %d of 100,000 were sent far away", late)
	}
	if after := g.enter(now.Add(time.Minute)); after != 0 {
		t.Errorf("a minute later: come back after %v", after)
	}
}

// TestLobbyAgainstModel has sockets come and go at random.
func TestLobbyAgainstModel(t *testing.T) {
	homes := map[string]string{ // what counts as one
		"192.0.2.1:1000": "a", "192.0.2.1:1001": "a", "[::ffff:192.0.2.1]:7": "a", "192.0.2.2:1000": "b",
		"[2001:db8::1]:1": "c", "[2001:db8::ffff]:1": "c", "[2001:db8:0:1::1]:1": "d", "[fe80::1%eth0]:1": "e",
		"127.0.0.1:1": "", "[::1]:1": "", "pipe": "", "": "",
	}
	var addresses []string
	for a := range homes {
		addresses = append(addresses, a)
	}
	slices.Sort(addresses)
	rapid.Check(t, func(t *rapid.T) {
		l := lobby{most: rapid.IntRange(1, 12).Draw(t, "most"), each: rapid.IntRange(1, 4).Draw(t, "each")}
		var in []*place
		var from []string
		for range 100 {
			if len(in) > 0 && rapid.Bool().Draw(t, "leaves") {
				i := rapid.IntRange(0, len(in)-1).Draw(t, "who")
				in[i].leave()
				in[i].leave() // again: it changes nothing
				in, from = slices.Delete(in, i, i+1), slices.Delete(from, i, i+1)
				continue
			}
			addr := rapid.SampledFrom(addresses).Draw(t, "address")
			p, ok := l.enter(addr)
			neighbours := 0
			for _, f := range from {
				if f == homes[addr] && f != "" {
					neighbours++
				}
			}
			if want := len(in) < l.most && neighbours < l.each; ok != want {
				t.Fatalf("%q with %d in, %d of them neighbours: %v", addr, len(in), neighbours, ok)
			}
			if ok {
				in, from = append(in, &p), append(from, homes[addr])
			}
		}
		for _, p := range in {
			p.leave()
		}
		if l.count != 0 || len(l.from) != 0 {
			t.Fatalf("%d and %v are left", l.count, l.from)
		}
	})
}

// TestBucketAgainstModel: what goes through in any stretch of time is at most
// the burst and what comes back in it, and waiting always helps.
func TestBucketAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.Float64Range(0.5, 100).Draw(t, "rate")
		burst := rapid.IntRange(1, 50).Draw(t, "burst")
		var b bucket
		now := time.Unix(1_700_000_000, 0)
		var through []time.Time
		for i := range rapid.IntRange(1, 300).Draw(t, "messages") {
			now = now.Add(time.Duration(rapid.IntRange(0, 400).Draw(t, "ms")) * time.Millisecond)
			switch ok := b.take(now, rate, burst); {
			case ok:
				through = append(through, now)
			case i < burst:
				t.Fatalf("message %d of a burst of %d was refused", i, burst)
			}
		}
		if !b.take(now.Add(time.Duration(float64(time.Second)/rate)+time.Millisecond), rate, burst) {
			t.Fatal("refused after a wait")
		}
		for i := range through {
			for j := i; j < len(through); j++ {
				if most := float64(burst) + rate*through[j].Sub(through[i]).Seconds() + 1; float64(j-i+1) > most {
					t.Fatalf("%d went through in %v", j-i+1, through[j].Sub(through[i]))
				}
			}
		}
	})
}

func BenchmarkLobbyAndGate(b *testing.B) {
	l := lobby{most: 10_000, each: 1000}
	g := gate{rate: 1e9}
	addr := fmt.Sprint("192.0.2.1:", 4711)
	b.ReportAllocs()
	for b.Loop() {
		p, ok := l.enter(addr)
		if !ok || g.enter(time.Now()) != 0 {
			b.Fatal("refused")
		}
		p.leave()
	}
}

package operator

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// model is the lock-out as one would say it: the list of a source's wrong
// secrets that counted.
type model struct {
	count int
	until time.Time
	last  time.Time
}

func (m *model) try(right bool, now time.Time) (through bool) {
	quiet := m.last
	if m.until.After(quiet) {
		quiet = m.until
	}
	if !now.Before(quiet.Add(time.Hour)) {
		*m = model{}
	}
	switch {
	case now.Before(m.until):
		return false
	case right:
		*m = model{}
		return true
	}
	m.count++
	m.last = now
	if m.count < 5 {
		return true
	}
	minutes := 1
	for range m.count - 5 {
		minutes = min(60, 2*minutes)
	}
	m.until = now.Add(time.Duration(minutes) * time.Minute)
	return false
}

// TestLockoutFollowsItsModel: whatever several sources try and however long
// they wait, each is locked out by its own failures alone.
func TestLockoutFollowsItsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l lockout
		models := [3]model{}
		now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
		for range rapid.IntRange(1, 120).Draw(t, "tries") {
			who := rapid.IntRange(0, 2).Draw(t, "who")
			right := rapid.IntRange(0, 5).Draw(t, "right") == 0
			wait := rapid.SampledFrom([]time.Duration{0, time.Second, time.Minute, 7 * time.Minute, time.Hour, 3 * time.Hour})
			now = now.Add(wait.Draw(t, "wait"))
			got := l.try(netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(who)}), 32), right, now)
			if through := models[who].try(right, now); through != (got.wait == 0) {
				t.Fatalf("source %d, right %t: waits %v; the model lets it through: %t", who, right, got.wait, through)
			}
			if got.wait > time.Hour || got.wait < 0 {
				t.Fatalf("waits %v", got.wait)
			}
		}
	})
}

// TestLockoutIsBounded: one who comes from ever new addresses fills the memory
// that there is and no more, and is then locked out as a whole; whoever is
// remembered is not affected.
func TestLockoutIsBounded(t *testing.T) {
	var l lockout
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	source := func(i int) netip.Prefix {
		return netip.MustParsePrefix(fmt.Sprintf("2001:db8:%x:%x::/64", i>>16, i&0xffff))
	}
	locked := 0
	for i := range 4 * maxSources {
		now = now.Add(time.Millisecond)
		if l.try(source(i), false, now).wait > 0 {
			locked++
		}
	}
	if len(l.sources) > maxSources {
		t.Errorf("%d sources are remembered", len(l.sources))
	}
	if most := 3*maxSources - patience + 1; locked != most {
		t.Errorf("%d of the rest were refused, want %d", locked, most)
	}
	if l.try(source(0), true, now).wait > 0 {
		t.Error("a source with one failure is locked out with the others")
	}
	now = now.Add(3 * time.Hour)
	for i := range 2 { // the first takes the place that is free
		if l.try(source(9*maxSources+i), false, now).wait > 0 {
			t.Error("after hours a newcomer is locked out with the others")
		}
	}
	if len(l.sources) > 2 {
		t.Errorf("after hours nothing is forgotten: %d sources", len(l.sources))
	}
}

func TestSources(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1:5", "192.0.2.1:6", true},
		{"192.0.2.1:5", "192.0.2.2:5", false},
		{"192.0.2.1:5", "[::ffff:192.0.2.1]:5", true},
		{"[2001:db8::1]:5", "[2001:db8::ffff:1]:5", true},
		{"[2001:db8::1]:5", "[2001:db8:0:1::1]:5", false},
		{"[fe80::1%eth0]:5", "[fe80::1%eth1]:5", true},
		{"@", "", true},
	} {
		if same := sourceOf(tt.a) == sourceOf(tt.b); same != tt.same {
			t.Errorf("%s and %s: one source: %t", tt.a, tt.b, same)
		}
	}
}

package e2e

import (
	_ "embed"
	"fmt"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/lyceum-live/lyceum/internal/load/link"
)

//go:embed testdata/eye.js
var eye string

// glance is what a viewer's browser has measured so far: see testdata/eye.js.
// Times are in seconds but for At, which is in milliseconds of the page's clock.
type glance struct {
	At, Frozen, RTT            float64
	Frames, Width, Freezes     int
	Lost, Received, Bytes      int64
	Samples, Concealed, Silent int64
}

// inject has a script run in every page of the person's before its own.
func (p *person) inject(t *testing.T, script string) {
	t.Helper()
	_, err := chromedp.Call(p.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
	if err != nil {
		t.Fatalf("%s: %v", p.name, err)
	}
}

// through has the person's connections go through a network of their own.
func (s *school) through(t *testing.T, p *person, seed uint64) *link.Relay {
	t.Helper()
	r, err := link.Open(netip.MustParseAddrPort(s.media), seed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	p.inject(t, r.Script())
	return r
}

// enters brings somebody by name into the class, until the picture moves.
func (s *school) enters(t *testing.T, p *person) {
	t.Helper()
	p.open(t, s.url("/class/"+room))
	p.write(t, "#door-name", "", p.name)
	p.click(t, "button", "Join the class")
	p.watches(t)
}

// view is what somebody saw and heard while eye looked.
type view []glance

func (p *person) begins(t *testing.T) { t.Helper(); eval[float64](t, p, "eye.begin()") }
func (p *person) ends(t *testing.T) view {
	t.Helper()
	return eval[view](t, p, "eye.end()")
}

func (v view) length() time.Duration {
	return time.Duration((v[len(v)-1].At - v[0].At) * float64(time.Millisecond))
}

// frozen is the share of time in which the picture stood.
func (v view) frozen() float64 {
	return (v[len(v)-1].Frozen - v[0].Frozen) / v.length().Seconds()
}

// concealed is the share of sound that was made up.
func (v view) concealed() float64 {
	return float64(v[len(v)-1].Concealed-v[0].Concealed) / float64(max(v[len(v)-1].Samples-v[0].Samples, 1))
}

// silence is the longest that nothing was heard in one go.
func (v view) silence() time.Duration {
	const rate = 48_000
	var run, most int64
	for i := 1; i < len(v); i++ {
		if grew := v[i].Silent - v[i-1].Silent; grew > 0 {
			run += grew
		} else {
			run = 0
		}
		most = max(most, run)
	}
	return time.Duration(most) * time.Second / rate
}

// shrinks and grows say how long after the first look the picture was as wide
// as that, or less, and as that, or more; 0: it never was.
func (v view) shrinks(width int) time.Duration {
	return v.when(func(g glance) bool { return g.Width > 0 && g.Width <= width })
}
func (v view) grows(width int) time.Duration {
	return v.when(func(g glance) bool { return g.Width >= width })
}

func (v view) when(holds func(glance) bool) time.Duration {
	for _, g := range v {
		if holds(g) {
			return time.Duration((g.At - v[0].At) * float64(time.Millisecond))
		}
	}
	return 0
}

// String is for the log.
func (v view) String() string {
	first, last := v[0], v[len(v)-1]
	widths, before := "", 0
	for _, g := range v {
		if g.Width != before {
			widths += fmt.Sprintf(" %d", g.Width)
			if g.At > first.At {
				widths += fmt.Sprintf(" after %.1f s", (g.At-first.At)/1000)
			}
			before = g.Width
		}
	}
	seconds := v.length().Seconds()
	return fmt.Sprintf("in %.1f s frozen %.2f%%, sound concealed %.2f%%, longest silence %d ms, lost %d of %d packets, %.0f kbit/s, %.1f pictures a second, wide%s",
		seconds, 100*v.frozen(), 100*v.concealed(), v.silence().Milliseconds(), last.Lost-first.Lost, last.Received+last.Lost-first.Received-first.Lost,
		float64(last.Bytes-first.Bytes)*8/1000/seconds, float64(last.Frames-first.Frames)/seconds, widths)
}

// measure makes the trials of the network as long as their figures in
// docs/benchmarks.md ask for, and print them. Otherwise they look only at what
// a busy machine cannot change.
var measure = os.Getenv("LYCEUM_MEASURE") != ""

// distances is a class whose viewers are at the ends of different networks.
type distances struct {
	*school
	clean, lossy, narrow *person
	bad, thin            *link.Relay
}

const small, middle = 320, 640 // widths of the lower layers

// TestNetwork holds a class over bad networks: what one viewer's does to them,
// and that it does nothing to others; how old pictures are, and how long a
// viewer waits for the first.
func TestNetwork(t *testing.T) {
	d := &distances{school: &school{server: buildServer(t)}}
	d.start(t)
	t.Cleanup(d.kill)
	d.browser = openBrowser(t)
	d.host = arrive(t, d.browser, "Ines", true)
	d.host.inject(t, clock)
	goesLive(t, d.school)
	for name, p := range map[string]**person{"Clean": &d.clean, "Lossy": &d.lossy, "Narrow": &d.narrow} {
		*p = arrive(t, d.browser, name, true)
		for _, script := range []string{eye, clock, stopwatch} {
			(*p).inject(t, script)
		}
	}
	d.bad, d.thin = d.through(t, d.lossy, 1), d.through(t, d.narrow, 2)
	d.thin.Set(thin(2_000_000), near)
	d.enters(t, d.clean)
	for _, part := range []struct {
		name string
		play func(*testing.T)
	}{
		{"a clock is filmed", d.glassToGlass},
		{"a viewer comes anew", d.joinsAnew},
		{"packets are lost", d.loses},
		{"a network narrows", d.narrows},
	} {
		if !t.Run(part.name, part.play) {
			return
		}
	}
}

var near = link.Shape{Delay: 20 * time.Millisecond}

func thin(rate int) link.Shape {
	return link.Shape{Rate: rate, Delay: 20 * time.Millisecond, Queue: 200 * time.Millisecond}
}

// goesOn says that pictures and sound have come since eye began to look.
const goesOn = `eye.looks.at(-1).received > eye.looks[0].received + 200 && eye.looks.at(-1).frames > eye.looks[0].frames + 30 &&
	eye.looks.at(-1).samples > eye.looks[0].samples + 48_000`

// atBest waits, where a figure is asked for, until somebody has the largest
// picture. A busy machine may never send it.
func (d *distances) atBest(p *person) {
	if measure {
		p.holds(fmt.Sprintf("eye.width() > %d", middle))
	}
}

// watch has two viewers' browsers look on while one of them is in trouble: until
// something holds, and as long as a figure needs.
func (d *distances) watch(t *testing.T, p *person, seconds int, until string) (theirs, others view) {
	t.Helper()
	p.begins(t)
	d.clean.begins(t)
	p.until(t, until)
	if measure {
		p.until(t, fmt.Sprintf("performance.now() >= eye.looks[0].at + %d", seconds*1000))
	}
	theirs, others = p.ends(t), d.clean.ends(t)
	if first, last := others[0], others[len(others)-1]; last.Lost > first.Lost || last.Received == first.Received {
		t.Errorf("a viewer with a network of its own is affected: %v", others)
	}
	return theirs, others
}

// loses has one viewer lose one packet in twenty, both ways, and get the others
// up to 50 ms late.
func (d *distances) loses(t *testing.T) {
	d.enters(t, d.lossy)
	shape := link.Shape{Loss: 0.05, Delay: 10 * time.Millisecond, Jitter: 50 * time.Millisecond}
	d.atBest(d.lossy)
	d.bad.Set(shape, shape)
	defer d.bad.Set(link.Shape{}, link.Shape{})
	before, _ := d.bad.Counts()
	theirs, others := d.watch(t, d.lossy, 25, goesOn)
	after, _ := d.bad.Counts()
	if after.Lost == before.Lost {
		t.Error("nothing was lost")
	}
	t.Logf("5%% lost, 50 ms of jitter (goal: frozen less than 1%%): %v", theirs)
	t.Logf("another viewer meanwhile: %v", others)
}

// narrows takes the network of one viewer from 2 Mbit/s to 400 kbit/s and back.
func (d *distances) narrows(t *testing.T) {
	d.lossy.leave() // a machine has only so many pictures a second to decode
	d.enters(t, d.narrow)
	d.atBest(d.narrow)
	d.thin.Set(thin(400_000), near)
	down, others := d.watch(t, d.narrow, 15, goesOn)
	t.Logf("2 Mbit/s to 400 kbit/s: the low layer after %.1f s (goal 2 s), longest silence %d ms (goal 200 ms)", down.shrinks(small).Seconds(), down.silence().Milliseconds())
	t.Logf("  %v", down)
	t.Logf("  another viewer meanwhile: %v", others)
	d.thin.Set(thin(2_000_000), near)
	if !measure {
		return // it takes seconds on purpose: see the trials of package signaling
	}
	up, others := d.watch(t, d.narrow, 25, goesOn)
	t.Logf("400 kbit/s to 2 Mbit/s: up after %.1f s, at the largest after %.1f s (goal 10 s; 0: never)", up.grows(middle).Seconds(), up.grows(2*middle).Seconds())
	t.Logf("  %v", up)
	t.Logf("  another viewer meanwhile: %v", others)
}

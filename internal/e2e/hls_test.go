package e2e

import (
	"fmt"
	"testing"
)

// filmed is how what LL-HLS plays goes on a viewer's page.
type filmed struct {
	Src                  string
	At                   float64
	Frames, Sound, Width int
}

// film is the player of the stage, as an expression.
const film = `document.querySelector("class-stage video.stage__main")`

const howFilmed = `((film) => ({Src: film.srcObject ? "stream" : film.src.slice(0, 5), At: film.currentTime, Frames: film.getVideoPlaybackQuality().totalVideoFrames,
	Sound: film.webkitAudioDecodedByteCount ?? 0, Width: film.videoWidth}))(` + film + `)`

// broadcast waits until somebody sees and hears the class by LL-HLS.
func (p *person) broadcast(t *testing.T) {
	t.Helper()
	p.until(t, "((film) => !film.srcObject && film.readyState >= 3 && film.currentTime > 0)("+film+")")
	now := eval[filmed](t, p, howFilmed)
	p.until(t, fmt.Sprintf("((film) => film.currentTime > %v && film.getVideoPlaybackQuality().totalVideoFrames > %d && film.webkitAudioDecodedByteCount > %d)(%s)",
		now.At+1, now.Frames+15, now.Sound, film))
	if now.Src != "blob:" {
		t.Errorf("%s: it is played by %q", p.name, now.Src)
	}
}

// pickWay opens the menu of the picture's quality and picks the broadcast, or
// leaves it.
func (p *person) pickWay(t *testing.T) {
	t.Helper()
	eval[bool](t, p, "document.querySelector('class-stage').dispatchEvent(new PointerEvent('pointermove'))") // its controls rest
	p.click(t, "class-stage button", "Quality")
	p.click(t, "[role=menuitemradio]", "Broadcast, a few seconds later")
}

// TestBroadcast has more people watch than there are places by WebRTC: the
// page of the one too many goes over to LL-HLS by itself, and comes back.
func TestBroadcast(t *testing.T) {
	t.Parallel()
	s := &school{server: buildServer(t)}
	s.flags = []string{"--hls.webrtc_viewers", "1"}
	s.start(t)
	t.Cleanup(func() {
		s.kill()
		if t.Failed() {
			t.Logf("the server's log:\n%s", s.log.String())
		}
	})
	s.browser = openBrowser(t)
	s.host = arrive(t, s.browser, "Ines", true)
	s.ana = arrive(t, s.browser, "Ana", true)
	s.ming = arrive(t, s.browser, "Ming", true)
	s.host.inject(t, clock)
	s.ming.inject(t, clock)
	s.ming.inject(t, stopwatch)

	s.host.open(t, s.link)
	s.host.write(t, "#gate-name", "", "Ines")
	s.host.click(t, "button", "Enter the studio")
	s.host.until(t, "document.querySelector('video.studio-stage__main')?.videoWidth > 0")
	s.host.click(t, "button", "Go live")
	s.host.sees(t, "studio-stage .badge--live", "On air")
	s.enters(t, s.ana) // has the one place

	s.ming.open(t, s.url("/class/"+room))
	s.ming.write(t, "#door-name", "", s.ming.name)
	s.ming.click(t, "button", "Join the class")
	s.ming.broadcast(t) // though the host's page sent VP8 until somebody needed H.264
	s.ana.watches(t)    // who sees that in between and after

	want := 15
	if measure {
		want = 300
	}
	eval[bool](t, s.ming, "(stopwatch.read("+film+"), true)")
	s.ming.until(t, fmt.Sprintf("stopwatch.ages.length >= %d", want))
	t.Logf("glass to glass by LL-HLS: %s (goal: at most 3 s)", spread(eval[[]float64](t, s.ming, "stopwatch.ages")))
	s.ming.photograph(t, "broadcast")
	s.inStep(t, s.ana, s.ming)

	// Somebody leaves, and there is a place.
	s.ana.open(t, "about:blank")
	s.ming.pickWay(t)
	s.ming.until(t, film+".srcObject !== null")
	s.ming.watches(t)
	s.ming.pickWay(t) // at the viewer's own wish
	s.ming.broadcast(t)

	for _, p := range []*person{s.host, s.ana, s.ming} {
		p.silent(t)
	}
}

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestClass plays a whole class. Its parts follow one another and share the
// class, so the first that fails ends it.
func TestClass(t *testing.T) {
	s := newSchool(t)
	s.play(t, []part{
		{"the host goes live", goesLive},
		{"viewers watch", viewersWatch},
		{"the host shares the screen", screenShared},
		{"chat and reactions", chat},
		{"a hand is raised", handRaised},
		{"a question is asked and answered", question},
		{"a poll", openPoll},
		{"a hidden poll", hiddenPoll},
		{"a quiz", timedQuiz},
		{"polls of other kinds", kindPolls},
		{"a moderator keeps order", moderate},
		{"suggestions follow behaviour", suggestions},
		{"the server is killed", killed},
		{"in Chinese and in the dark", inChinese},
		{"on a phone", onPhone},
		{"the class ends", classEnds},
	})
	for line := range strings.Lines(s.log.String()) {
		for _, bad := range []string{"ERROR", "panic", "DATA RACE"} {
			if strings.Contains(line, bad) {
				t.Errorf("the server logged: %s", line)
			}
		}
	}
}

// goesLive brings the host through the one-time link onto the air.
func goesLive(t *testing.T, s *school) {
	link := s.link
	s.host.open(t, link)
	s.host.sees(t, "#gate-name", "")
	s.host.photograph(t, "gate")
	s.host.write(t, "#gate-name", "", "Ines")
	s.host.click(t, "button", "Enter the studio")
	s.host.until(t, "location.hash === ''") // the secret is in no history
	s.host.sees(t, "studio-stage", "")
	// The browser allows devices without asking, so they start by themselves.
	s.host.until(t, "document.querySelector('video.studio-stage__main').videoWidth > 0")
	s.host.click(t, "button", "Go live")
	s.host.sees(t, "studio-stage .badge--live", "On air")

	secret := link[strings.Index(link, "#once=")+len("#once="):]
	status, answer := s.call(t, "POST", "/v1/rooms/"+room+"/claim", "", map[string]any{"secret": secret, "name": "Eve"})
	if status < 400 {
		t.Errorf("the host link works twice: %v", answer)
	}
}

// viewersWatch brings two viewers by name from the front page into the class,
// where the host's picture moves.
func viewersWatch(t *testing.T, s *school) {
	for _, viewer := range []*person{s.ana, s.ming} {
		viewer.open(t, s.url("/"))
		viewer.sees(t, ".item-card--large .badge--live", "")
		if viewer == s.ana {
			viewer.photograph(t, "landing")
		}
		viewer.click(t, fmt.Sprintf(".hero__now a[href='/class/%s']", room), "")
		if viewer == s.ana {
			viewer.sees(t, "#door-name", "")
			viewer.photograph(t, "door")
		}
		viewer.write(t, "#door-name", "", viewer.name)
		viewer.click(t, "button", "Join the class")
		viewer.watches(t)
		viewer.until(t, "[...document.querySelectorAll('class-stage audio')].some((voice) => voice.srcObject && !voice.paused && voice.currentTime > 0)")
	}
	for _, p := range []*person{s.host, s.ana, s.ming} {
		p.until(t, "[...document.querySelectorAll('.class-head__count, .studio__count')].some((count) => count.textContent.includes('3'))")
	}
	s.ana.photograph(t, "class")
}

// screenShared has the host show the screen, which viewers see large beside the
// camera, and take it away again.
func screenShared(t *testing.T, s *school) {
	s.host.click(t, "studio-stage button", "Share your screen")
	s.ana.sees(t, "button", "Swap screen and camera")
	s.ana.watches(t)
	s.ana.photograph(t, "screen")
	s.host.click(t, "studio-stage button", "Stop sharing the screen")
	s.ana.misses(t, "button", "Swap screen and camera")
	s.ana.watches(t)
}

// classEnds has the host end the class, for everybody to see.
func classEnds(t *testing.T, s *school) {
	s.host.click(t, ".masthead button", "End the class")
	s.host.click(t, "dialog button", "End the class")
	s.ana.sees(t, ".summary", "Well done, Ana")
	s.ana.sees(t, "chat-panel", "The class has ended; the chat is closed.")
	s.ana.earned(t, 31+20) // stayed to the end
	s.ana.sees(t, "class-stage", "The class has ended")
	s.helen.sees(t, ".console__head .badge", "Ended")
	s.host.sees(t, ".studio__head .badge", "Ended")
	s.ana.photograph(t, "ended")
	s.host.photograph(t, "studio-ended")
	for _, p := range []*person{s.ana, s.host, s.helen} {
		p.onPhone(t, func() { p.fits(t, p.name+"'s page of an ended class on a phone") })
	}
	status, card := s.call(t, "GET", "/v1/rooms/"+room, "", nil)
	if status != http.StatusOK || card["phase"] != "ended" {
		t.Errorf("the ended class: status %d, %v", status, card)
	}
}

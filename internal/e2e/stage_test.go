package e2e

import "testing"

// TestGuestOnTheStage brings a viewer onto the stage, by real cameras and
// voices, and off it again.
func TestGuestOnTheStage(t *testing.T) {
	s := newSchool(t)
	s.play(t, []part{
		{"the host goes live", goesLive},
		{"viewers watch", viewersWatch},
		{"a viewer is invited", invited},
		{"a guest is seen", guestSeen},
		{"a guest is muted", guestMuted},
		{"a guest is taken off", guestTakenOff},
	})
}

const (
	ownTile   = "class-stage .tile[data-seat='1']"
	guestTile = "guest-panel .tile[data-seat='1']"
)

// moves waits for a picture that changes.
func (p *person) moves(t *testing.T, video string) {
	t.Helper()
	p.until(t, "document.querySelector("+js(video)+")?.videoWidth > 0")
	p.until(t, `(async () => {
		const {currentTime} = document.querySelector(`+js(video)+`);
		await new Promise((resolve) => setTimeout(resolve, 120));
		return document.querySelector(`+js(video)+`).currentTime > currentTime;
	})()`)
}

func invited(t *testing.T, s *school) {
	s.ana.click(t, "button", "Raise hand")
	s.host.click(t, "#tab-people", "")
	s.host.click(t, "people-panel button", "Invite Ana to the stage")
	s.ana.sees(t, "dialog", "You are invited to the stage")
	s.ana.moves(t, "dialog video")
	s.ana.examine(t, "the waiting room", "light")
	s.ana.photograph(t, "stage-invited")
	s.host.sees(t, "guest-panel .guests__phase", "Invited")
	s.host.click(t, "guest-panel .chip", "Grid") // everybody has a tile, whoever speaks
	s.ana.click(t, "dialog button", "I am ready")
	s.ana.sees(t, "dialog", "You are in the waiting room")
	s.ming.misses(t, "class-stage .tile", "")
	s.host.click(t, "guest-panel button", "Admit")
}

// guestSeen by another viewer and by the host, while they see themselves as in
// a mirror and hear nothing of it.
func guestSeen(t *testing.T, s *school) {
	s.ana.misses(t, "dialog", "")
	s.ana.sees(t, ".onair", "On air")
	s.ana.moves(t, ownTile+" video.tile__video--mirror")
	s.ming.moves(t, ownTile+" video")
	s.host.moves(t, guestTile+" video")
	s.ana.moves(t, "class-stage .tile[data-seat='0'] video")
	s.ming.until(t, "[...document.querySelectorAll('class-stage .tile video')].every((video) => video.muted)") // voices are played apart
	s.ana.examine(t, "on the stage", "dark")
	s.host.accessible(t, "the studio with a guest")
	s.ming.photograph(t, "stage-guest")
	s.host.photograph(t, "stage-studio")
	s.ana.photograph(t, "stage-own")
	s.ana.onPhone(t, func() {
		s.ana.fits(t, "a guest's page on a phone")
		s.ana.photograph(t, "stage-phone")
	})
}

func guestMuted(t *testing.T, s *school) {
	s.host.click(t, guestTile+" .tile__more", "")
	s.host.click(t, ".menu__item", "Mute")
	s.ana.sees(t, ".onair", "The host has muted you.")
	s.ana.until(t, "[...document.querySelectorAll('.onair button')].some((button) => button.disabled)")
	s.ming.sees(t, ownTile+" .tile__state", "")
	s.host.click(t, guestTile+" .tile__more", "")
	s.host.click(t, ".menu__item", "Ask to unmute")
	s.ana.click(t, ".onair button", "Turn on the microphone")
	s.ming.misses(t, ownTile+" .tile__state", "")
}

func guestTakenOff(t *testing.T, s *school) {
	s.host.click(t, guestTile+" .tile__more", "")
	s.host.click(t, ".menu__item", "Take off the stage")
	s.ana.misses(t, ".onair", "")
	s.ming.misses(t, "class-stage .tile", "")
	s.ana.watches(t)
	s.ming.watches(t)
}

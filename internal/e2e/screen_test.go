package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// TestHeldMessages has two moderators work one queue: what the machine check
// holds reaches the class once one of them approves it, and nobody but its
// author if they do not. It reports how long an approval takes, from the
// moderator's key to the viewer's screen.
func TestHeldMessages(t *testing.T) {
	t.Setenv("LYCEUM_MODERATION_LISTS", "en=mask,zh=hold")
	t.Setenv("LYCEUM_MODERATION_LINKS", "hold")
	s := newSchool(t)
	links := s.invitations(t, 2)
	s.helen, s.host = s.moderator(t, "Helen", links[0]), s.moderator(t, "Ines", links[1])
	s.ana, s.ming = s.viewer(t, "Ana"), s.viewer(t, "小明")
	t.Cleanup(func() {
		for _, p := range s.people() {
			if t.Failed() {
				p.failed(t)
			}
		}
	})

	// Masked words are on nobody's screen.
	s.ana.say(t, "oh sh1t, I am late")
	for _, p := range []*person{s.ana, s.ming} {
		p.sees(t, ".message__text", "oh ****, I am late")
	}

	// A name that is not fine is told so at the door.
	eve := arrive(t, s.browser, "Eve", true)
	end := eve.tolerate("status 4|Failed to load resource")
	eve.open(t, s.url("/class/"+room))
	eve.write(t, "#door-name", "", "加 微 信 领红包")
	eve.click(t, "button", "Join the class")
	eve.sees(t, "[role=alert], .error", "This text is not allowed here")
	end()
	eve.leave()

	for _, p := range []*person{s.helen, s.host} {
		p.listen(t)
	}

	// A message that waits: grey for its author, in both queues, and nowhere else.
	const first = "notes are at evil.com"
	s.ana.say(t, first)
	s.ana.sees(t, ".message--held .message__text", first)
	s.ana.sees(t, ".message__note", "waits for a moderator")
	s.ana.accessible(t, "a class with an own message that waits")
	for _, p := range []*person{s.helen, s.host} {
		p.hears(t, "One entry waits for approval")
		p.sees(t, ".entry--waiting .entry__text", first)
		p.sees(t, ".entry__rule", "a link")
	}
	s.helen.accessible(t, "a console with a message that waits")
	s.helen.photograph(t, "console-held")
	s.ana.photograph(t, "class-held")

	// Both look at it; one is first, and the other's list is empty by itself.
	s.helen.click(t, "[data-filter=held]", "")
	s.host.click(t, "[data-filter=held]", "")
	if slices.ContainsFunc(s.ming.received(), func(frame string) bool { return messageIn(t, []byte(frame), "chat.held") != nil }) {
		t.Error("another viewer is sent what waits")
	}
	s.helen.press(t, "ky")
	s.ming.sees(t, ".message__text", first)
	s.ana.misses(t, ".message--held", "")
	s.host.misses(t, ".entry--waiting", "")

	// Rejected, it stays its author's alone.
	const second = "刷單兼職找我"
	s.ana.say(t, second)
	s.host.sees(t, ".entry--waiting .entry__text", second)
	s.host.press(t, "kn")
	s.ana.sees(t, ".message__note", "has not approved it")
	s.helen.misses(t, ".entry--waiting", "")
	s.ana.open(t, s.url("/class/"+room)) // and also when they come back
	s.ana.sees(t, ".message--held .message__text", second)
	if slices.Contains(s.ming.texts(t, ".message__text"), second) {
		t.Error("another viewer reads what was rejected")
	}
	s.helen.click(t, "[role=tab]", "Log")
	s.helen.sees(t, "mod-log", "Ines rejected a message of Ana")

	// Who is of the staff decides in the class's own chat as well.
	const third = "slides: evil.com/slides"
	s.host.open(t, s.url("/class/"+room))
	s.ana.say(t, third)
	s.host.sees(t, ".message--held .message__text", third)
	s.host.click(t, ".message--held button", "Approve")
	s.ming.sees(t, ".message__text", third)
	s.host.misses(t, ".message--held", "")

	var took []int
	for i := range 9 {
		words := fmt.Sprintf("see evil.com/%d", i)
		s.ana.say(t, words)
		s.helen.sees(t, ".entry--waiting .entry__text", words)
		eval[bool](t, s.ming, fmt.Sprintf(`(() => {
			globalThis.shown = 0;
			new MutationObserver((_, observer) => {
				if (!document.querySelector("chat-panel").textContent.includes(%s)) return;
				requestAnimationFrame(() => { globalThis.shown = Date.now(); });
				observer.disconnect();
			}).observe(document.querySelector("chat-panel"), {childList: true, subtree: true});
			return true;
		})()`, js(words)))
		eval[bool](t, s.helen, `(addEventListener("keydown", ({key}) => { if (key === "y") globalThis.pressed = Date.now(); }, {capture: true}), true)`)
		s.helen.press(t, kb.Escape+"ky") // the newest
		s.ming.until(t, "globalThis.shown > 0")
		took = append(took, eval[int](t, s.ming, "globalThis.shown")-eval[int](t, s.helen, "globalThis.pressed"))
	}
	slices.Sort(took)
	t.Logf("from a moderator's key to another's screen: median %d ms, %d to %d ms", took[len(took)/2], took[0], took[len(took)-1])
	for _, p := range s.people() {
		p.silent(t)
	}
	if code := s.stop(t); code != 0 {
		t.Errorf("the server ended with exit code %d", code)
	}
}

// invitations makes links for moderators with the host's token.
func (s *server) invitations(t *testing.T, n int) []string {
	t.Helper()
	_, secret, _ := strings.Cut(s.link, "#once=")
	status, answer := s.call(t, "POST", "/v1/rooms/"+room+"/claim", "", map[string]any{"secret": secret, "name": "Tia"})
	if status != http.StatusOK {
		t.Fatalf("claim: status %d, %v", status, answer)
	}
	token := answer["token"].(string)
	var links []string
	for range n {
		status, answer := s.call(t, "POST", "/v1/rooms/"+room+"/links", token, map[string]any{"role": "moderator"})
		if status != http.StatusOK {
			t.Fatalf("links: status %d, %v", status, answer)
		}
		links = append(links, answer["url"].(string))
	}
	return links
}

// moderator brings somebody with an invitation to the console.
func (s *school) moderator(t *testing.T, name, link string) *person {
	t.Helper()
	p := arrive(t, s.browser, name, true)
	p.open(t, link)
	p.write(t, "#gate-name", "", name)
	p.click(t, "button", "Open the console")
	p.sees(t, "mod-stream", "")
	return p
}

// viewer brings somebody by name into the class.
func (s *school) viewer(t *testing.T, name string) *person {
	t.Helper()
	p := arrive(t, s.browser, name, true)
	p.open(t, s.url("/class/"+room))
	p.write(t, "#door-name", "", name)
	p.click(t, "button", "Join the class")
	p.sees(t, "chat-panel textarea", "")
	return p
}

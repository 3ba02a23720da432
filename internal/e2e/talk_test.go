package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// say writes to the chat.
func (p *person) say(t *testing.T, words string) {
	t.Helper()
	p.write(t, "chat-panel textarea", "", words)
	p.press(t, kb.Enter)
}

// chat has everybody talk, in whatever signs they like, and applaud.
func chat(t *testing.T, s *school) {
	const markup = `<b>Hello</b> & "you" <script>alert(1)</script> 👋🏽`
	s.ana.say(t, markup)
	s.ming.sees(t, ".message__text", markup)
	s.ming.say(t, "老师好！我是小明 🎉")
	s.host.sees(t, ".message__text", "老师好！我是小明 🎉")
	s.host.say(t, "Welcome, both of you")
	for _, p := range []*person{s.host, s.ana, s.ming} {
		p.reads(t, ".message__text", markup, "老师好！我是小明 🎉", "Welcome, both of you")
		if eval[bool](t, p, "document.querySelector('.message__text *') !== null") {
			t.Errorf("%s's chat took text for markup", p.name)
		}
	}
	for _, p := range []*person{s.host, s.ming} {
		eval[bool](t, p, "hand.note('reaction-sky .float')")
	}
	s.ana.click(t, "reaction-bar button", "Applause")
	for _, p := range []*person{s.host, s.ming} {
		p.until(t, "hand.noted")
	}
}

// handRaised has a viewer raise a hand, which the host sees and lowers.
func handRaised(t *testing.T, s *school) {
	s.ana.click(t, ".class-bar__hand", "Raise hand")
	s.host.click(t, "[role=tab]", "People")
	s.host.sees(t, "people-panel .member", "Ana")
	s.host.click(t, "button", "Lower Ana's hand")
	s.ana.sees(t, ".class-bar__hand[aria-pressed=false]", "Raise hand")
	s.host.sees(t, "people-panel .member", "小明")
	s.host.photograph(t, "studio-people")
}

// question has a viewer ask, another vote it up, and the host pin and answer.
func question(t *testing.T, s *school) {
	const ask, reply = "When is a goroutine cheaper than a thread?", "Almost always: it begins with 2 KB of stack."
	for _, p := range []*person{s.ana, s.ming, s.host} {
		p.click(t, "[role=tab]", "Questions")
	}
	s.ana.write(t, "question-board textarea", "", ask)
	s.ana.press(t, kb.Enter)
	s.ming.click(t, ".question__vote", "Vote for it")
	s.ana.reads(t, ".question__vote span", "1")
	s.host.reads(t, ".question__vote span", "1")
	s.host.click(t, "button", "More on Ana's question")
	s.host.click(t, ".menu button", "Pin")
	s.ana.sees(t, ".question--pinned .question__text", ask)
	s.host.click(t, "button", "More on Ana's question")
	s.host.click(t, ".menu button", "Answer in writing")
	s.host.write(t, ".question textarea", "", reply)
	s.host.click(t, ".question button", "Answer")
	for _, p := range []*person{s.ana, s.ming, s.host} {
		p.reads(t, ".answer .question__text", reply)
		p.sees(t, ".question__done", "Answered")
	}
	s.ana.photograph(t, "questions")
	s.ana.earned(t, 5+2) // asked, and voted up by one
	for _, p := range []*person{s.ana, s.ming, s.host} {
		p.click(t, "[role=tab]", "Chat")
	}
}

// moderate has the host invite a moderator, who deletes a message and bans a
// viewer in the console.
func moderate(t *testing.T, s *school) {
	s.host.click(t, ".masthead button", "Share")
	s.host.click(t, "dialog button", "Create invitation")
	s.host.until(t, "document.querySelector('dialog .share__help input.share__url')?.value.includes('#invite=')")
	s.host.photograph(t, "studio-share")
	link := eval[string](t, s.host, "document.querySelector('dialog .share__help input.share__url').value")
	s.host.click(t, "dialog button", "Close")

	s.helen.open(t, link)
	s.helen.until(t, "location.hash === ''")
	s.helen.write(t, "#gate-name", "", s.helen.name)
	s.helen.click(t, "button", "Open the console")
	s.helen.sees(t, ".entry__text", "老师好！我是小明 🎉")
	s.helen.until(t, "hand.texts('.console__count').some((words) => words.startsWith('3'))") // who only moderates is not counted

	s.ming.say(t, "Buy followers at example.com")
	for _, p := range []*person{s.host, s.ana} {
		p.sees(t, ".message__text", "Buy followers at example.com")
	}
	s.helen.sees(t, ".entry__text", "Buy followers at example.com")
	s.helen.photograph(t, "console")
	s.helen.press(t, "kd") // picks the newest entry and deletes it
	for _, p := range []*person{s.host, s.ana, s.ming} {
		p.misses(t, ".message__text", "Buy followers at example.com")
	}
	s.helen.entry(t, "老师好", "Ban")
	s.ming.sees(t, "h1", "You have been removed from this class")
	s.ming.photograph(t, "banned")
	s.ana.until(t, "document.querySelector('.class-head__count').textContent.includes('2')")

	// Back by the front door, as the same person.
	s.ming.open(t, s.url("/class/"+room))
	s.ming.click(t, "button", "Join the class")
	s.ming.sees(t, "h1", "You have been removed from this class")
	s.helen.click(t, "[role=tab]", "Log")
	s.helen.sees(t, "mod-log", "Helen banned 小明")
	s.helen.photograph(t, "console-log")
}

// entry acts on what somebody wrote, in the console's stream.
func (p *person) entry(t *testing.T, text, act string) {
	t.Helper()
	id := eval[string](t, p, fmt.Sprintf("hand.all('.entry', %s)[0].id", js(text)))
	p.click(t, "#"+id, "")
	p.click(t, "#"+id+" .entry__acts button", act)
}

package e2e

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// asks writes to the question board, whose tab is open.
func (p *person) asks(t *testing.T, words string) {
	t.Helper()
	p.write(t, "question-board textarea", "", words)
	p.press(t, kb.Enter)
}

// questionBoard has the board asked, held, approved, labelled, merged, brought
// over the picture and replied to.
func questionBoard(t *testing.T, s *school) {
	for _, p := range []*person{s.ana, s.ming, s.host} {
		p.click(t, "[role=tab]", "Questions")
	}
	item := func(words string) string { return "question-item[data-id='" + questionID(t, s.host, words) + "'] " }
	const cheap, alike, held, slow = "When is a goroutine cheaper than a thread?", "When is a goroutine cheaper than an OS thread?", "通道什么时候会阻塞？", "Why is $O(n^2)$ slow?"

	// Nobody learns who asked, not even the host's page.
	before := len(s.host.received())
	s.ana.click(t, ".board__anonymous", "")
	s.ana.asks(t, cheap)
	s.host.sees(t, "question-item", cheap)
	s.host.sees(t, ".question__name", "Anonymous")
	s.ana.sees(t, ".question__mine", "Yours")
	for _, frame := range s.host.received()[before:] {
		if data := messageIn(t, []byte(frame), "qa.asked"); data != nil {
			if by := data["by"].(map[string]any); by["id"] != "" || by["name"] != "" {
				t.Errorf("the host's page was sent who asked anonymously: %v", data)
			}
		}
	}
	s.ana.click(t, ".board__anonymous", "")

	// What waits for approval is heard by who asked it and by who decides.
	s.host.click(t, ".board__hold", "")
	s.ming.sees(t, ".board__note", "")
	s.ming.asks(t, held)
	s.ming.hears(t, "waits for approval")
	s.host.hears(t, "One question waits for approval")
	s.ming.sees(t, ".board__own question-item", held)
	s.ming.accessible(t, "the board with a question that waits")
	s.ana.misses(t, "question-item", held)
	s.host.click(t, "[data-order=held]", "")
	s.host.click(t, "question-item .question__wait button", "Approve")
	s.ming.hears(t, "Your question was approved")
	s.ana.sees(t, "question-item", held)
	s.host.click(t, ".board__hold", "")
	s.host.click(t, "[data-order=votes]", "")

	// A vote by keyboard moves the question up, and the focus with it.
	s.ana.asks(t, slow)
	s.ming.until(t, "document.querySelector('question-item .question__text math')")
	s.ming.tab(t, item("Why is")+".question__vote", "")
	s.ming.press(t, kb.Enter)
	s.ming.until(t, "document.querySelector('.board__list:not(.board__own) question-item .question__vote').textContent === '1'")
	s.ming.holdsFocus(t, item("Why is")+".question__vote[aria-pressed=true]", "")

	// Labels.
	s.host.click(t, item(cheap)+".message__more", "")
	s.host.click(t, ".menu button", "Labels")
	s.host.write(t, item(cheap)+"form input", "", "runtime, 性能")
	s.host.press(t, kb.Enter)
	for _, p := range []*person{s.ana, s.ming, s.host} {
		p.reads(t, item(cheap)+".question__label", "runtime", "性能")
	}
	s.ana.click(t, ".board__labels button", "性能")
	s.ana.misses(t, "question-item", held)
	s.ana.click(t, ".board__labels button", "性能")

	// The same again: the votes of both unite, and who asked hears where it went.
	s.ming.asks(t, alike)
	s.ana.click(t, item(alike)+".question__vote", "")
	s.host.click(t, item(alike)+".question__alike", "") // the staff is told, and need not look for it
	s.host.until(t, "document.activeElement.closest('question-item form')")
	s.host.examine(t, "the form to merge", "light") // another language would begin the page anew
	into := questionID(t, s.host, cheap)
	if !eval[bool](t, s.host, "[...document.querySelectorAll('.question__merge input')].some((input) => input.value === '"+into+"')") {
		t.Error("what is likely the same is not offered first")
	}
	s.host.click(t, ".question__merge input[value='"+into+"']", "")
	s.host.click(t, "question-item form button[type=submit]", "")
	for _, p := range []*person{s.ana, s.ming, s.host} {
		p.misses(t, "question-item", alike)
		p.sees(t, item(cheap), "")
	}
	s.ming.hears(t, cheap) // where it went

	// Over the picture, until it is answered.
	s.host.click(t, item(cheap)+".message__more", "")
	s.host.click(t, ".menu button", "Answer it now")
	s.ana.sees(t, "class-stage .focus__text", cheap)
	s.ana.hears(t, cheap)
	s.ana.accessible(t, "a question over the picture")
	s.host.click(t, item(cheap)+".message__more", "")
	s.host.click(t, ".menu button", "Reply")
	s.host.write(t, item(cheap)+"form textarea", "", "Nearly always: see https://go.dev/doc/effective_go#goroutines.")
	s.host.click(t, item(cheap)+"form button[type=submit]", "")
	s.ana.sees(t, ".answer a[href='https://go.dev/doc/effective_go#goroutines']", "")
	s.host.click(t, ".focus button", "Answered aloud")
	s.ana.misses(t, "class-stage .focus__text", "")
	s.ana.sees(t, item(cheap)+".question__done", "Answered")
	s.ana.accessible(t, "the board")
	for _, p := range []*person{s.ana, s.ming, s.host} {
		p.click(t, "[role=tab]", "Chat")
	}
}

// questionID is the id of the question that begins with these words, on a page
// that shows it.
func questionID(t *testing.T, p *person, words string) string {
	t.Helper()
	find := "[...document.querySelectorAll('question-item')].find((item) => item.querySelector('.question__text').textContent.startsWith(" + js(words) + ")).dataset.id"
	p.until(t, find)
	return eval[string](t, p, find)
}

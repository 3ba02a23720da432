package e2e

import (
	"fmt"
	"maps"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// pollKinds runs a poll of every kind to the result on everybody's page, some of
// them from the editor on. Secrecy and what follows a poll are in kindPolls.
func pollKinds(t *testing.T, s *school) {
	over := func() {
		s.host.click(t, "poll-card button", "Close")
		s.ana.sees(t, "poll-card .badge", "Result")
		putAway(t, s)
	}
	everywhere := []*person{s.ana, s.ming, s.host}

	s.composeKind(t, "choice", "Which two shall we repeat?", func() {
		for i, choice := range []string{"Maps", "Slices", "Channels"} {
			s.host.write(t, "dialog .edit-choice input[type=text]", fmt.Sprintf("Choice %c", 'A'+i), choice)
			s.host.press(t, kb.Enter) // on to the next, or to a new one
		}
		s.host.click(t, "dialog .switch", "Several choices")
	})
	s.ana.hears(t, "Which two shall we repeat?")
	for _, choice := range []string{"Maps", "Channels"} { // by keyboard
		s.ana.tab(t, "poll-card .choice__button", choice)
		s.ana.press(t, kb.Enter)
	}
	s.ana.tab(t, "poll-card .btn--primary", "")
	s.ana.press(t, kb.Enter)
	s.ming.click(t, "poll-card .choice__button", "Channels")
	s.ming.click(t, "poll-card .btn--primary", "")
	for _, p := range everywhere {
		p.reads(t, "poll-card .choice__share", "50%", "0%", "100%")
	}
	s.ana.until(t, "document.querySelector('poll-card').contains(document.activeElement)")
	s.ana.accessible(t, "a poll with several choices")
	s.ming.click(t, "poll-card button", "Take my vote back")
	s.ana.reads(t, "poll-card .choice__share", "100%", "0%", "100%")
	s.ming.until(t, "hand.texts('poll-card .choice__share').join('') === ''") // who has not voted does not see it
	over()

	desk := s.device(t, s.host)
	opens := func(kind, text string, more map[string]any) {
		data := map[string]any{"kind": kind, "text": text, "open": true}
		maps.Copy(data, more)
		desk.ask(t, "poll.create", data)
	}
	opens("rating", "How was it?", nil)
	s.ana.click(t, "poll-card .poll-star", "4 of 5 stars")
	s.ming.click(t, "poll-card .poll-star", "3 of 5 stars")
	for _, p := range everywhere {
		p.sees(t, "poll-card .poll-result__summary", "3.5")
	}
	s.ana.accessible(t, "a rating")
	over()

	s.composeKind(t, "scale", "How sure are you?", func() {
		for name, value := range map[string]string{"least": "0", "most": "10", "low": "Not at all", "high": "Wholly"} {
			s.host.write(t, fmt.Sprintf("dialog [data-at=%s]", name), "", value)
		}
	})
	s.ana.click(t, "poll-card .poll-step", "10, Wholly")
	s.ming.click(t, "poll-card .poll-step", "4")
	for _, p := range everywhere {
		p.sees(t, "poll-card .poll-result__summary", "7")
	}
	over()

	opens("number", "How many goroutines?", nil)
	s.ana.write(t, "poll-card input", "", "1500")
	s.ana.press(t, kb.Enter)
	s.ming.write(t, "poll-card input", "", "500")
	s.ming.press(t, kb.Enter)
	for _, p := range everywhere {
		p.sees(t, "poll-card .poll-result__summary", "1,000")
	}
	over()

	opens("text", "What was new to you?", nil)
	s.ana.write(t, "poll-card textarea", "", "That <b>maps</b> grow in $O(n)$")
	s.ana.click(t, "poll-card button", "Send")
	s.ming.write(t, "poll-card textarea", "", "协程很便宜")
	s.ming.click(t, "poll-card button", "Send")
	for _, p := range everywhere {
		p.sees(t, ".poll-text", "协程很便宜")
		p.until(t, "document.querySelector('.poll-text math') && document.querySelector('.poll-text b') === null")
	}
	over()

	opens("cloud", "用三个词形容并发", map[string]any{"words": 3})
	for p, words := range map[*person][]string{s.ana: {"机器学习", "并发", "ＧＯ"}, s.ming: {"機器學習", "go", "数据库连接"}} {
		for i, word := range words {
			p.write(t, fmt.Sprintf("poll-card input[data-at=\"%d\"]", i), "", word)
		}
		p.press(t, kb.Enter)
	}
	for _, p := range everywhere {
		p.sees(t, "poll-card", "2 people voted")
		p.sees(t, ".poll-word", "机器学习") // both scripts are one word
		p.sees(t, ".poll-word", "并发")
		p.until(t, "hand.texts('.poll-word').filter((word) => word.normalize('NFKC').toLowerCase() === 'go').length === 1") // of any width and case
		p.until(t, "hand.all('.poll-word', '机器学习')[0].style.getPropertyValue('--size') > hand.all('.poll-word', '并发')[0].style.getPropertyValue('--size')")
		p.until(t, "hand.all('.poll-word', '機器學習').length === 0")
	}
	s.ming.speak(t, "简体中文", "zh-CN")
	s.ming.accessible(t, "a word cloud")
	s.ming.speak(t, "English", "en")
	over()

	opens("ranking", "What first?", map[string]any{"choices": []string{"Maps", "Slices", "Channels"}})
	s.ana.click(t, "poll-card button", "Send my order")
	s.ming.tab(t, "poll-card button", "Move Slices up")
	s.ming.press(t, kb.Enter)
	s.ming.holdsFocus(t, "poll-card button", "Move Slices down") // it is the first now
	s.ming.click(t, "poll-card button", "Send my order")
	for _, p := range everywhere {
		p.reads(t, "poll-card .poll-order__points", "3 points", "3 points", "0 points")
	}
	s.ming.accessible(t, "a ranking")
	over()

	s.composeKind(t, "choice", "Shall we go on?", func() {
		s.host.write(t, "dialog .edit-choice input[type=text]", "Choice A", "Yes")
		s.host.write(t, "dialog .edit-choice input[type=text]", "Choice B", "No")
		s.host.click(t, "dialog .switch", "Hide results until the poll is closed")
		s.host.click(t, "dialog .switch", "only when I show")
	})
	s.ana.click(t, "poll-card .choice__button", "Yes")
	s.ana.sees(t, "poll-card", "Your vote counts.")
	s.host.click(t, "poll-card button", "Close")
	s.ana.sees(t, "poll-card .badge", "Result")
	s.ana.until(t, "hand.texts('poll-card .choice__share').join('') === ''")
	s.host.holdsFocus(t, "poll-card button", "Show") // and the next Enter shows it
	s.host.press(t, kb.Enter)
	s.ana.reads(t, "poll-card .choice__share", "100%", "0%")
	putAway(t, s)

	s.host.click(t, "activity-panel button", "Understood?")
	s.ana.sees(t, "poll-card", "")
	s.ming.click(t, "poll-card .choice__button:first-child", "")
	s.host.sees(t, "poll-card", "1 person voted")
	over()
}

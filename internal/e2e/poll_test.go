package e2e

import (
	"strings"
	"testing"
)

// composeKind fills in the poll editor for a poll of another kind than a choice.
func (s *school) composeKind(t *testing.T, kind, text string, fill func()) {
	t.Helper()
	s.host.click(t, "activity-panel button", "New poll")
	s.host.write(t, "dialog [data-at=text]", "", text)
	s.host.pick(t, "dialog select", "Kind", kind)
	if fill != nil {
		fill()
	}
	s.host.click(t, "dialog button", "Open now")
	s.host.misses(t, "dialog", "")
}

// putAway puts the result away on both viewers' pages.
func putAway(t *testing.T, s *school) {
	t.Helper()
	for _, p := range []*person{s.ming, s.ana} {
		p.click(t, "button", "Put away")
	}
}

// kindPolls runs a word cloud in Chinese, a ranking by the keyboard, and a
// secret poll whose winner sets the topic.
func kindPolls(t *testing.T, s *school) {
	s.composeKind(t, "cloud", "用一个词形容这节课", nil)
	s.ming.write(t, "poll-card input", "Word 1", "机器学习")
	s.ming.click(t, "poll-card button", "Send")
	s.ming.sees(t, "poll-card", "Your vote counts.")
	s.host.write(t, "poll-card input", "Word 1", "機器學習很有趣")
	s.host.click(t, "poll-card button", "Send")
	for _, p := range []*person{s.ming, s.host} {
		p.sees(t, "poll-card", "2 people voted")
		p.sees(t, ".poll-word", "机器学习")
		p.sees(t, ".poll-word", "有趣")
	}
	s.ming.click(t, "poll-card summary", "As a list")
	s.ming.sees(t, ".poll-cloud__list li", "2 times")
	s.ming.photograph(t, "poll-cloud")
	s.host.click(t, "poll-card button", "Close")
	putAway(t, s)

	choices := func() {
		for i, choice := range []string{"Go", "Rust"} {
			s.host.write(t, "dialog .edit-choice input[type=text]", "Choice "+string(rune('A'+i)), choice)
		}
	}
	s.composeKind(t, "ranking", "In which order?", choices)
	s.ming.sees(t, "poll-card .poll-rank", "Go")
	s.ming.until(t, `(document.querySelector('poll-card button[aria-label="Move Rust up"]')?.focus(), document.activeElement?.ariaLabel === "Move Rust up")`)
	s.ming.press(t, "\r")
	s.ming.until(t, `document.querySelector("poll-card .poll-rank").dataset.choice === "1"`)
	s.ming.photograph(t, "poll-ranking")
	s.ming.click(t, "poll-card button", "Send my order")
	s.ming.reads(t, "poll-card .poll-order__text", "Rust", "Go")
	s.ming.reads(t, "poll-card .poll-order__points", "1 point", "0 points")
	s.host.click(t, "poll-card button", "Close")
	putAway(t, s)

	s.composeKind(t, "choice", "What comes next?", func() {
		choices()
		s.host.click(t, "dialog .switch", "Secret ballot")
		s.host.click(t, "dialog summary", "What follows when a choice wins")
		s.host.pick(t, "dialog .edit-then select", "What follows when choice B wins", "topic")
		s.host.write(t, "dialog .edit-then input", "Topic, part or item for choice B", "Ownership")
	})
	s.ming.click(t, "poll-card .choice__button", "Rust")
	s.ming.sees(t, "poll-card", "Nobody can see who voted for what.")
	s.host.sees(t, "poll-card", "1 person voted")
	for _, p := range []*person{s.ming, s.host} {
		if shares := p.texts(t, "activity-panel .activities__now .choice__share, .activity .choice__share"); strings.Join(shares, "") != "" {
			t.Errorf("%s sees counts of a secret poll: %q", p.name, shares)
		}
	}
	s.ming.photograph(t, "poll-secret")
	s.host.click(t, "poll-card button", "Close")
	for _, p := range []*person{s.ming, s.ana, s.host} {
		p.sees(t, "class-now", "Ownership")
	}
	s.ming.reads(t, "poll-card .choice__share", "0%", "100%")
	putAway(t, s)
	s.host.click(t, "class-now button", "Take away: Topic")
	s.ming.misses(t, "class-now", "Ownership")
}

package e2e

import (
	"testing"
)

// inChinese changes the language and the theme as a viewer would, and looks
// for words that were left behind.
func inChinese(t *testing.T, s *school) {
	s.ana.speak(t, "简体中文", "zh-CN")
	s.ana.chinese(t, "the class")
	for _, tab := range []string{"问题", "成员"} {
		s.ana.click(t, "[role=tab]", tab)
		s.ana.chinese(t, "the class's tab "+tab)
	}
	s.ana.paint(t, "深色")
	if b := eval[map[string]float64](t, s.ana, "hand.brightness()"); b["ground"] > 0.3 || b["text"] < 0.6 {
		t.Errorf("the dark theme has a ground of brightness %.2f and text of %.2f", b["ground"], b["text"])
	}
	s.ana.paint(t, "浅色")
	if b := eval[map[string]float64](t, s.ana, "hand.brightness()"); b["ground"] < 0.7 || b["text"] > 0.4 {
		t.Errorf("the light theme has a ground of brightness %.2f and text of %.2f", b["ground"], b["text"])
	}
	s.ana.paint(t, "跟随系统")
	s.ana.speak(t, "English", "en")
	for _, p := range []*person{s.host, s.helen} {
		p.speak(t, "简体中文", "zh-CN")
		p.chinese(t, p.name+"'s page")
		p.speak(t, "English", "en")
	}
	s.ana.click(t, "[role=tab]", "Chat")
}

// onPhone looks at every page on a phone's screen.
func onPhone(t *testing.T, s *school) {
	for _, page := range []struct {
		who  *person
		tabs []string
	}{
		{s.ana, []string{"Questions", "People", "Chat"}},
		{s.host, []string{"Activities", "Questions", "People", "Chat"}},
		{s.helen, []string{"Stream", "People", "Kept out", "Log"}},
	} {
		page.who.onPhone(t, func() {
			for _, tab := range page.tabs {
				page.who.click(t, "[role=tab]", tab)
				page.who.fits(t, page.who.name+"'s tab "+tab)
			}
		})
	}
	s.ming.onPhone(t, func() {
		s.ming.fits(t, "the notice of a ban")
		for _, page := range []struct{ path, shows string }{
			{"/", ".shelf .item-card"}, {"/class/" + room, "#door-name"}, {"/host", "#gate-link"}, {"/moderate/" + room, "#gate-link"},
		} {
			s.ming.open(t, s.url(page.path))
			s.ming.sees(t, page.shows, "")
			s.ming.fits(t, page.path)
		}
	})
}

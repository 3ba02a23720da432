package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// violation is a rule of accessibility that a page breaks, as axe-core tells
// it.
type violation struct {
	ID, Impact, Help string
	Nodes            []struct {
		Target         []any
		FailureSummary string
	}
}

// axe is the source of axe-core, the checker of accessibility that browsers'
// own tools use. npm installs it with what the checks need.
func axe(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatalf("the test of accessibility needs axe-core, which `make check` installs: %v", err)
	}
	return string(b)
}

// accessible checks the page as it stands, in Chinese and in the dark, and in
// English and in the light: nothing is wrong with it that is serious or
// critical, and no target is smaller than 24 pixels. What a language does to a
// page and what a theme does to it have nothing to do with each other.
func (p *person) accessible(t *testing.T, where string) {
	t.Helper()
	p.turn(t, "zh-CN")
	p.examine(t, where, "dark")
	p.turn(t, "en")
	p.examine(t, where, "light")
}

// turn changes the page's language without the menu.
func (p *person) turn(t *testing.T, tag string) {
	t.Helper()
	eval[bool](t, p, fmt.Sprintf(`import("/static/i18n.js").then((words) => words.setLang(%s)).then(() => true)`, js(tag)))
}

// examine checks the page in the language that it has, in a theme; of a page
// with an open dialog the dialog, which is all that can be reached.
func (p *person) examine(t *testing.T, where, scheme string) {
	t.Helper()
	if !eval[bool](t, p, "typeof axe === 'object'") {
		eval[bool](t, p, axe(t)+";true")
	}
	p.scheme(t, scheme)
	for _, v := range eval[[]violation](t, p, `(async () => {
		const moving = document.getAnimations().filter((a) => a.effect?.getComputedTiming().iterations !== Infinity);
		await Promise.race([Promise.allSettled(moving.map((a) => a.finished)), new Promise((resolve) => setTimeout(resolve, 1500))]);
		const {violations} = await axe.run(document.querySelector("dialog[open]") ?? document, {resultTypes: ["violations"], elementRef: false, preload: false, rules: {"target-size": {enabled: true}}});
		return violations.filter(({impact}) => impact === "serious" || impact === "critical");
	})()`) {
		for _, node := range v.Nodes {
			t.Errorf("%s, %s: %s (%s): %s: %v\n%s", where, scheme, v.ID, v.Impact, v.Help, node.Target, node.FailureSummary)
		}
	}
}

// TestAxeNotices holds the checker to a page that has a fault of each kind
// that the class's pages are checked for: if it is silent here, it says
// nothing about them.
func TestAxeNotices(t *testing.T) {
	p := arrive(t, openBrowser(t), "Eve", true)
	p.open(t, "data:text/html,"+`<!doctype html><html lang="en"><title>Bad</title><main><h1>Bad</h1><p style="color:%23bbb;background:white">faint</p>`+
		`<button></button><input><div role="list"><div role="button">x</div></div><button style="width:9px;height:9px;padding:0">.</button><button style="width:9px;height:9px;padding:0">.</button></main>`)
	eval[bool](t, p, axe(t)+";true")
	found := eval[[]string](t, p, `axe.run(document, {rules: {"target-size": {enabled: true}}}).then(({violations}) =>
		violations.filter(({impact}) => impact === "serious" || impact === "critical").map(({id}) => id))`)
	for _, want := range []string{"color-contrast", "button-name", "label", "target-size"} {
		if !slices.Contains(found, want) {
			t.Errorf("axe found %q, not %s", found, want)
		}
	}
}

// doors looks at what is before a class: the front page, its door, a video,
// the gates of the host and the moderators.
func doors(t *testing.T, s *school) {
	_, answer := s.call(t, http.MethodGet, "/v1/videos", "", nil)
	videos, _ := answer["videos"].([]any)
	if len(videos) == 0 {
		t.Fatalf("no videos: %v", answer)
	}
	video := videos[0].(map[string]any)["id"].(string)
	for _, page := range []struct{ path, shows string }{
		{"/", ".shelf .item-card"}, {"/class/" + room, "#door-name"}, {"/videos/" + video, "main"}, {"/host", "#gate-link"}, {"/moderate/" + room, "#gate-link"},
	} {
		s.ming.open(t, s.url(page.path))
		s.ming.sees(t, page.shows, "")
		s.ming.accessible(t, page.path)
	}
}

// desks looks at where a class is led from: the studio with each of its tabs
// and editors, and the console.
func desks(t *testing.T, s *school) {
	for _, tab := range []string{"chat", "questions", "people"} {
		s.host.click(t, "#tab-"+tab, "")
		s.host.accessible(t, "the studio's tab "+tab)
	}
	for _, language := range []struct{ tag, scheme, poll, quiz, share string }{{"zh-CN", "dark", "新建投票", "新建测验", "分享"}, {"en", "light", "New poll", "New quiz", "Share"}} {
		s.host.turn(t, language.tag)
		for _, editor := range []string{language.poll, language.quiz} {
			s.host.click(t, "activity-panel button", editor)
			s.host.sees(t, "dialog", "")
			s.host.examine(t, "the editor "+editor, language.scheme)
			s.host.click(t, "dialog .dialog__head button", "")
			s.host.misses(t, "dialog", "")
		}
		s.host.click(t, ".masthead button", language.share)
		s.host.sees(t, "dialog", "")
		s.host.examine(t, "the dialog "+language.share, language.scheme)
		if language.tag == "zh-CN" {
			s.host.click(t, "dialog .dialog__head button", "")
		}
	}
	s.host.click(t, "dialog button", "Create invitation")
	s.host.until(t, "document.querySelector('dialog .share__help input.share__url')?.value.includes('#invite=')")
	link := eval[string](t, s.host, "document.querySelector('dialog .share__help input.share__url').value")
	s.host.click(t, "dialog button", "Close")
	s.helen.open(t, link)
	s.helen.write(t, "#gate-name", "", s.helen.name)
	s.helen.click(t, "button", "Open the console")
	s.helen.sees(t, ".entry", "")
	for _, tab := range []string{"people", "bans", "log"} {
		s.helen.click(t, "#tab-"+tab, "")
		s.helen.accessible(t, "the console's tab "+tab)
	}
}

// classOver ends the class and looks at what is left of it.
func classOver(t *testing.T, s *school) {
	s.device(t, s.host).ask(t, "room.end", map[string]any{})
	s.ana.sees(t, ".summary", "Well done, Ana")
	s.ana.accessible(t, "a class that is over")
	s.host.accessible(t, "the studio of a class that is over")
}

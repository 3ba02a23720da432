package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// screen is the size of a window.
type screen struct {
	name          string
	width, height int64
	phone         bool
}

var (
	wide   = screen{name: "1280", width: 1280, height: 800}
	narrow = screen{name: "390", width: 390, height: 844, phone: true}
)

// size gives the person another screen.
func (p *person) size(t *testing.T, s screen) {
	t.Helper()
	action := chromedp.EmulateViewport(s.width, s.height, func(m *emulation.SetDeviceMetricsOverrideParams, _ *emulation.SetTouchEmulationEnabledParams) {
		m.ScreenWidth, m.ScreenHeight, m.Mobile = s.width, s.height, s.phone
	})
	if err := chromedp.Do(p.ctx, action); err != nil {
		t.Fatal(err)
	}
	if tryLoaded(p) {
		p.until(t, fmt.Sprintf("screen.width === %d", s.width))
	}
}

// tryLoaded reports whether a page of ours is open.
func tryLoaded(p *person) bool {
	ok, err := tryEval[bool](p, "typeof hand === 'object'")
	return err == nil && ok
}

// onPhone gives the person a phone's screen for the time of do.
func (p *person) onPhone(t *testing.T, do func()) {
	t.Helper()
	p.size(t, narrow)
	defer p.size(t, wide)
	do()
}

// fits checks that nothing sticks out of the page or of a button, and that
// every control can be reached.
func (p *person) fits(t *testing.T, where string) {
	t.Helper()
	for _, complaint := range []string{"wider", "tight", "unreachable"} {
		for _, what := range eval[[]string](t, p, "hand."+complaint+"()") {
			t.Errorf("%s: %s", where, what)
		}
	}
}

// speak changes the page's language as the site menu does, by its name there.
func (p *person) speak(t *testing.T, language, tag string) {
	t.Helper()
	p.click(t, "site-menu button", "")
	p.click(t, ".menu [role=menuitemradio]", language)
	p.until(t, fmt.Sprintf("document.documentElement.lang === %s", js(tag)))
	p.misses(t, ".menu", "")
}

// paint changes the page's theme by its name in the site menu.
func (p *person) paint(t *testing.T, theme string) {
	t.Helper()
	p.click(t, "site-menu button", "")
	p.click(t, ".menu [role=menuitemradio]", theme)
	p.misses(t, ".menu", "")
}

// written is where people's own words are, and the catalogue's: they are in
// whatever language they were written in.
const written = "[lang]:not(html), .message__text, .message__name, .question__text, .question__name, .answer, .entry__text, .entry__name, " +
	".choice__text, .activity-card__title, .draft__title, .item-card, .badge[lang], .leader__name, .podium__name, .avatar, .choice-sign, " +
	".brand, .menu, .lesson, .class-head__title, .studio__title, .console__title, .suggestion__list, session-poster, kbd, option, pre, " +
	".sr-only[aria-live]" // what was announced before

// chinese checks that a page set to Chinese has no English and no bare key.
func (p *person) chinese(t *testing.T, where string) {
	t.Helper()
	for _, word := range eval[[]string](t, p, fmt.Sprintf("hand.foreign(%s, %s)", js(onlyEnglish(t)), js(written))) {
		t.Errorf("%s in Chinese says %q", where, word)
	}
	p.fits(t, where+" in Chinese")
}

// onlyEnglish lists the English strings that differ from their translation.
func onlyEnglish(t *testing.T) []string {
	t.Helper()
	read := func(name string) map[string]string {
		b, err := os.ReadFile(filepath.Join("..", "..", "static", "i18n", name))
		if err != nil {
			t.Fatal(err)
		}
		table := map[string]string{}
		if err := json.Unmarshal(b, &table); err != nil {
			t.Fatal(err)
		}
		return table
	}
	other := map[string]bool{}
	for _, text := range read("zh-CN.json") {
		other[text] = true
	}
	var words []string
	for _, text := range read("en.json") {
		if !other[text] {
			words = append(words, text)
		}
	}
	return words
}

// photographs is the folder for pictures of the pages; "": none are taken.
var photographs = os.Getenv("LYCEUM_SCREENSHOTS")

// photograph saves pictures of the person's page: wide and narrow, light and
// dark, in both languages.
func (p *person) photograph(t *testing.T, moment string) {
	t.Helper()
	if photographs == "" {
		return
	}
	speak := func(tag string) {
		eval[bool](t, p, fmt.Sprintf(`import("/static/i18n.js").then((words) => words.setLang(%s)).then(() => true)`, js(tag)))
	}
	for _, tag := range []string{"zh-CN", "en"} {
		speak(tag)
		for _, s := range []screen{narrow, wide} {
			p.size(t, s)
			for _, scheme := range []string{"dark", "light"} {
				p.scheme(t, scheme)
				p.picture(t, fmt.Sprintf("%s-%s-%s-%s.png", moment, s.name, scheme, tag[:2]))
			}
		}
	}
}

// photographOnce saves one picture of a moment that does not last.
func (p *person) photographOnce(t *testing.T, moment string) {
	t.Helper()
	if photographs != "" {
		p.picture(t, moment+".png")
	}
}

// scheme makes the system under the browser light or dark.
func (p *person) scheme(t *testing.T, scheme string) {
	t.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// picture saves what the person sees.
func (p *person) picture(t *testing.T, name string) {
	t.Helper()
	// What moves has come to rest: endless animations never finish.
	_, _ = tryEval[bool](p, `Promise.race([
		Promise.allSettled(document.getAnimations().filter((a) => a.effect?.getComputedTiming().iterations !== Infinity).map((a) => a.finished)),
		new Promise((resolve) => setTimeout(resolve, 1500)),
	]).then(() => new Promise((resolve) => requestAnimationFrame(() => resolve(true))))`)
	b, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Errorf("%s: no picture: %v", p.name, err)
		return
	}
	if err := os.MkdirAll(photographs, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(photographs, name), b, 0o644); err != nil {
		t.Fatal(err)
	}
}

package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// TestSurveys asks a class how it goes and how it was: the pulse, a survey from
// a template to its result, and one that opens when the class ends. Its parts
// share the class, so the first that fails ends it.
func TestSurveys(t *testing.T) {
	s := newSchool(t)
	s.play(t, []part{
		{"everybody comes", everybodyComes},
		{"two are lost", twoAreLost},
		{"would you recommend it", recommendIt},
		{"an anonymous survey", anonymously},
		{"feedback at the end", feedbackAtTheEnd},
	})
}

// heardNothing fails the test if a frame that came to somebody has the words.
func (p *person) heardNothing(t *testing.T, words ...string) {
	t.Helper()
	for _, frame := range p.received() {
		for _, word := range words {
			if strings.Contains(frame, word) {
				t.Errorf("%s was sent %q: %s", p.name, word, frame)
			}
		}
	}
}

// twoAreLost has viewers say how it goes, in one tap, and the host see it.
func twoAreLost(t *testing.T, s *school) {
	s.ana.click(t, "pulse-bar button", "Lost")
	s.ana.sees(t, "pulse-bar [aria-pressed=true]", "Lost")
	s.host.sees(t, ".pulse-count.pulse-mood--lost", "1")
	s.host.misses(t, ".pulse-gauge__call", "")
	s.ming.click(t, "pulse-bar button", "Lost")
	s.host.sees(t, ".pulse-gauge__call", "2 of 3 are lost.")
	s.host.hears(t, "2 of 3 are lost.")
	s.host.photograph(t, "pulse-studio")
	s.ana.open(t, s.url("/class/"+room)) // and after a reload one's own is still known
	s.ana.sees(t, "pulse-bar [aria-pressed=true]", "Lost")
	s.ana.photograph(t, "pulse")
	s.ana.click(t, "pulse-bar button", "Lost") // taken back
	s.ana.misses(t, "pulse-bar [aria-pressed=true]", "")
	s.host.misses(t, ".pulse-gauge__call", "")
	s.ana.heardNothing(t, "pulse.tally", "pulse.noted")
	s.ana.listen(t)
}

// recommendIt runs a survey from a template in one tap to the result that
// viewers see: one answers by the keyboard alone.
func recommendIt(t *testing.T, s *school) {
	s.host.click(t, "activity-panel button", "More")
	s.host.click(t, ".menu__item", "Would you recommend it? (NPS)")
	s.ana.hears(t, "A survey has opened: Would you recommend this class?")
	s.ana.sees(t, "survey-card .survey__privacy", "Your answers are kept with your name. The teachers see them.")
	s.ana.tab(t, "survey-card button[type=submit]", "")
	s.ana.press(t, kb.Enter)
	s.ana.holdsFocus(t, "survey-card input[type=radio][aria-invalid=true]", "")
	s.ana.sees(t, "survey-card .survey-item__problem", "Please answer this.")
	s.ana.accessible(t, "a survey with something missing")
	s.ana.until(t, `(document.querySelector("survey-card input")?.focus(), document.activeElement.matches("survey-card input"))`) // the page has been in another language since
	s.ana.press(t, " ")
	for range 9 {
		s.ana.press(t, kb.ArrowRight)
	}
	s.ana.until(t, "document.querySelector('survey-card input:checked').value === '9'")
	s.ana.misses(t, "survey-card .survey-item__problem", "")
	s.ana.press(t, kb.Tab)
	s.ana.holdsFocus(t, "survey-card textarea", "")
	s.ana.press(t, "The examples")
	s.ana.turn(t, "zh-CN") // what is written stays
	s.ana.photograph(t, "survey-form")
	s.ana.turn(t, "en")
	s.ana.tab(t, "survey-card button[type=submit]", "")
	s.ana.press(t, kb.Enter)
	s.ana.hears(t, "Sent. Thank you!")
	s.ana.sees(t, "survey-card .poll-counted", "Sent. Thank you!")
	s.host.sees(t, "survey-card .survey-outcome__figure", "+100")
	s.host.sees(t, "survey-card .poll-text", "The examples")

	s.ming.click(t, "survey-card .survey-step", "3")
	s.ming.click(t, "survey-card button", "Send my answers")
	s.host.sees(t, "survey-card .survey-outcome__figure", "0")
	s.host.sees(t, "survey-card", "2 people answered")
	s.host.photograph(t, "survey-studio")
	s.host.accessible(t, "the studio with a survey")

	s.ana.open(t, s.url("/class/"+room)) // one's own answers come back with one
	s.ana.click(t, "survey-card button", "Change my answers")
	s.ana.until(t, "document.querySelector('survey-card input:checked').value === '9' && document.querySelector('survey-card textarea').value === 'The examples'")
	s.ana.click(t, "survey-card .survey-step", "10")
	s.ana.click(t, "survey-card button", "Send my answers")
	s.ana.sees(t, "survey-card .poll-counted", "Sent. Thank you!")
	s.host.sees(t, "survey-card .survey-outcome__figure", "Mean 6.5")

	s.host.click(t, "survey-card button", "Close")
	s.ana.misses(t, "survey-card", "")
	s.host.sees(t, "survey-card .badge", "Hidden from viewers")
	for _, p := range []*person{s.ana, s.ming} {
		p.heardNothing(t, "survey.tally", `"promoters"`, `"answered":2`)
	}
	s.ming.heardNothing(t, "The examples")
	s.host.click(t, "survey-card button", "Show the figures")
	s.ming.sees(t, "survey-card .survey-outcome__figure", "Mean 6.5")
	s.ming.sees(t, "survey-card", "What people wrote is not shown.")
	s.ming.heardNothing(t, "The examples")
	s.host.click(t, "survey-card button", "Show the words too")
	s.ming.sees(t, "survey-card .poll-text", "The examples")
	s.ming.photograph(t, "survey-result")
	s.ming.accessible(t, "the result of a survey")
	s.ming.click(t, "button", "Put away")
	s.ana.click(t, "button", "Put away")
}

// anonymously has the host write a survey of their own, of which nobody sees
// anything before it is closed.
func anonymously(t *testing.T, s *school) {
	s.host.click(t, "activity-panel button", "New survey")
	s.host.write(t, "dialog [data-at=title]", "", "Today's parts")
	s.host.pick(t, "dialog .edit-question select", "Kind of item", "choice")
	s.host.click(t, "dialog button", "Open now")
	s.host.sees(t, "dialog .edit-problem", "Write the question.") // refused where it is missing
	s.host.write(t, "dialog [data-at=item0]", "", "Which part helped?")
	s.host.write(t, "dialog [data-at=item0-0]", "", "Theory")
	s.host.write(t, "dialog [data-at=item0-1]", "", "Practice")
	s.host.click(t, "dialog .switch", "Several choices allowed")
	s.host.click(t, "dialog button", "Add an item")
	s.host.pick(t, "dialog .edit-question:last-child select", "Kind of item", "satisfaction")
	s.host.write(t, "dialog [data-at=item1]", "", "How satisfied are you?")
	s.host.click(t, "dialog .switch", "Anonymous")
	s.host.sees(t, "dialog", "Not even the records tell who answered what.")
	s.host.examine(t, "the survey editor", "light")
	s.host.photograph(t, "survey-editor")
	s.host.click(t, "dialog button", "Open now")
	s.host.misses(t, "dialog", "")
	s.ana.sees(t, "survey-card .survey__privacy", "Anonymous: nobody can see who answered what")
	s.ana.click(t, "survey-card .survey-choice", "Theory")
	s.ana.click(t, "survey-card .survey-choice", "Practice")
	s.ana.click(t, "survey-card .survey-steps--satisfaction .survey-step:last-child", "")
	s.ana.photograph(t, "survey-types")
	s.ana.accessible(t, "a survey of several types")
	s.ana.click(t, "survey-card button", "Send my answers")
	s.ana.sees(t, "survey-card .poll-counted", "Sent. Thank you!")
	s.host.sees(t, ".activities__now survey-card", "1 person answered")
	s.host.misses(t, ".activities__now .survey-outcome", "")
	s.host.click(t, ".activities__now survey-card button", "Close")
	s.host.sees(t, "survey-card .survey-bar", "Theory")
	s.host.reads(t, "survey-card .survey-bar__n", "1 · 100%", "1 · 100%")
	s.ana.misses(t, "survey-card", "")
}

// feedbackAtTheEnd prepares a survey in one tap that opens when the class ends,
// for those who were there.
func feedbackAtTheEnd(t *testing.T, s *school) {
	s.host.click(t, "activity-panel button", "More")
	s.host.click(t, ".menu__item", "Feedback at the end")
	s.host.sees(t, ".draft__about", "opens when the class ends")
	s.ana.misses(t, "survey-card", "")
	s.host.click(t, ".masthead button", "End the class")
	s.host.click(t, "dialog button", "End the class")
	s.ana.sees(t, "class-stage", "The class has ended")
	s.ana.sees(t, "survey-card", "How was this class?")
	s.ana.sees(t, "survey-card", "Open until")
	s.ana.photograph(t, "survey-ended")
	s.ana.onPhone(t, func() { s.ana.fits(t, "a survey after the class on a phone") })
	s.ana.click(t, "survey-card .survey-steps--stars .survey-step:nth-child(4)", "")
	s.ana.write(t, "survey-card .survey-item--text textarea", "", "The pace")
	s.ana.click(t, "survey-card button", "Send my answers")
	s.ana.sees(t, "survey-card .poll-counted", "Sent. Thank you!")
	s.host.sees(t, ".activities__now survey-card .survey-outcome__figure", "4")
	s.host.sees(t, ".activities__now survey-card .poll-text", "The pace")

	s.helen.open(t, s.url("/class/"+room)) // who was not there has nothing to answer
	s.helen.write(t, "#door-name", "", s.helen.name)
	s.helen.press(t, kb.Enter)
	s.helen.sees(t, "class-stage", "The class has ended")
	s.helen.misses(t, "survey-card", "")
	s.ming.click(t, "survey-card .survey-steps--stars .survey-step:nth-child(2)", "")
	s.ming.click(t, "survey-card button", "Send my answers")
	s.host.sees(t, ".activities__now survey-card .survey-outcome__figure", "3")
	s.host.click(t, ".activities__now survey-card button", "Close")
	s.host.misses(t, ".activities__now survey-card", "") // else an older survey is shown
	s.host.click(t, "survey-card button", "Show the figures")
	s.ana.sees(t, "survey-card .survey-outcome__figure", "3")
}

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestReport runs a short class and reads in its report what happened in it,
// while it goes on and when it is over.
func TestReport(t *testing.T) {
	s := newSchool(t)
	s.play(t, []part{
		{"everybody comes", everybodyComes},
		{"the class", classToReport},
		{"the report while it goes on", reportGrows},
		{"the quiz in the report", reportOfQuiz},
		{"people", reportOfPeople},
		{"for everybody to see and to print", reportForAll},
		{"not for viewers", reportNotForViewers},
	})
}

// classToReport is what there is to tell: messages, a poll and a quiz.
func classToReport(t *testing.T, s *school) {
	s.ana.say(t, "I love this class, great examples!")
	s.ming.say(t, "讲得太快了，听不懂")
	s.ana.say(t, "=1+1")
	s.compose(t, "Which one do you write at work?", false, "Go", "Rust")
	s.ana.click(t, "poll-card .choice__button", "Go")
	s.ming.click(t, "poll-card .choice__button", "Rust")
	s.host.sees(t, "poll-card", "2 people voted")
	s.host.click(t, "poll-card button", "Close")
	for _, p := range []*person{s.ana, s.ming} {
		p.click(t, "button", "Put away")
	}
	s.host.click(t, "activity-panel button", "New quiz")
	s.host.write(t, "dialog [data-at=title]", "", "Channels")
	card := "dialog .edit-question:nth-child(1) "
	s.host.write(t, card+"textarea", "", "Who should close a channel?")
	for j, choice := range []string{"The sender", "The receiver"} {
		s.host.write(t, card+"input[type=text]", fmt.Sprintf("Choice %c", 'A'+j), choice)
	}
	s.host.click(t, card+".edit-choice:first-child .edit-choice__right", "")
	s.host.click(t, "dialog button", "Start now")
	s.host.misses(t, "dialog", "")
	s.ana.click(t, "quiz-card .choice__button", "The sender")
	s.ming.click(t, "quiz-card .choice__button", "The receiver")
	s.host.sees(t, "quiz-card .quiz__outcome", "2 have answered")
}

// figure is a number at a glance on the report's page.
func (p *person) figure(t *testing.T, name, want string) {
	t.Helper()
	p.reads(t, fmt.Sprintf("[data-figure=%s] strong", name), want)
}

// reportGrows opens the report in the host's browser and in a moderator's.
func reportGrows(t *testing.T, s *school) {
	s.helen.open(t, s.url("/report/"+room+"#token="+s.host.token(t)))
	s.helen.sees(t, "h1", "")
	s.helen.sees(t, ".badge--live", "Live")
	s.helen.figure(t, "people", "3")
	s.helen.figure(t, "messages", "3")
	s.helen.figure(t, "votes", "2")
	s.helen.figure(t, "rate", "100%")
	s.helen.until(t, `document.querySelector("#timeline svg[role=img] .plot__mark--poll title").textContent.startsWith("Poll: Which one do you write at work?")`)
	s.helen.reads(t, "[data-poll] .bars__n", "1 · 50%", "1 · 50%")
	s.helen.sees(t, "[data-question]", "2 answers; figures follow when it is revealed.")
	if strings.Contains(eval[string](t, s.helen, "document.querySelector('#quizzes').textContent"), "The sender") {
		t.Error("the report tells the choices before the reveal")
	}
	s.helen.click(t, "#timeline summary", "Numbers")
	s.helen.sees(t, "#timeline table th", "Messages")
	s.ming.say(t, "thank you, that was helpful")
	s.helen.figure(t, "messages", "4") // without being asked
	s.helen.until(t, "document.querySelector('#timeline details').open")
	s.helen.photograph(t, "report")
}

func reportOfQuiz(t *testing.T, s *school) {
	s.host.click(t, "quiz-card button", "Close now")
	s.host.click(t, "quiz-card button", "Reveal")
	s.helen.reads(t, "[data-question='0'] [data-fact=difficulty] strong", "50%")
	s.helen.reads(t, "[data-question='0'] [data-fact=discrimination] strong", "–") // of two answers nothing is said
	s.helen.reads(t, "[data-question='0'] .bars__n", "1 · 50%", "1 · 50%")
	s.helen.sees(t, "[data-question='0'] .item__right", "Correct:")
	s.helen.figure(t, "right", "50%")
}

func reportOfPeople(t *testing.T, s *school) {
	names := func(want ...string) { t.Helper(); s.helen.reads(t, "report-people .report__person", want...) }
	names("Ana", "Ines", "小明") // by score, then by name
	s.helen.click(t, "report-people .report__sort", "Name")
	names("Ana", "Ines", "小明")
	s.helen.sees(t, "report-people th[aria-sort=ascending]", "Name")
	s.helen.click(t, "report-people .report__sort", "Name")
	names("小明", "Ines", "Ana")
	s.helen.write(t, "report-people input", "Find by name", "an")
	names("Ana")
	s.helen.click(t, "report-people .report__person", "Ana")
	s.helen.sees(t, "dialog[open]", "The sender")
	s.helen.accessible(t, "one person's report")
	s.helen.click(t, "dialog button", "Close")
	s.helen.write(t, "report-people input", "Find by name", "")
}

// reportForAll looks at the page as others see it, and takes the files home.
func reportForAll(t *testing.T, s *school) {
	s.helen.accessible(t, "the report")
	s.helen.onPhone(t, func() { s.helen.fits(t, "the report on a phone") })
	token := s.host.token(t)
	for path, want := range map[string]string{
		"/report.csv?table=comments": "'=1+1",
		"/report.csv?table=answers":  "The receiver",
		"/report.xlsx":               "PK",
	} {
		body := eval[string](t, s.helen, fmt.Sprintf(`fetch(%s, {headers: {Authorization: %s}}).then((answer) => answer.text())`,
			js("/v1/rooms/"+room+path), js("Bearer "+token)))
		if !strings.Contains(body, want) {
			t.Errorf("%s has no %q", path, want)
		}
	}
	s.helen.turn(t, "zh-CN")
	s.helen.sees(t, "h2", "课堂时间线")
	s.helen.turn(t, "en")
}

func reportNotForViewers(t *testing.T, s *school) {
	if status, _ := s.call(t, "GET", "/v1/rooms/"+room+"/report", s.ana.token(t), nil); status != http.StatusForbidden {
		t.Errorf("a viewer's token opens the report: %d", status)
	}
	end := s.ana.tolerate("403")
	defer end()
	s.ana.open(t, s.url("/report/"+room))
	s.ana.sees(t, "main", "You are in this class, but not in this role.")
	s.ana.misses(t, "[data-figure]", "")
}

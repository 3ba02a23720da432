package e2e

import (
	"testing"
	"time"
)

// inStep asks a question of who sees the class at once and of who sees it late
// by LL-HLS: to each it opens with their picture, each has their time for it,
// and the reveal waits.
func (s *school) inStep(t *testing.T, live, late *person) {
	t.Helper()
	desk := s.device(t, s.host)
	for _, p := range []*person{live, late} {
		eval[bool](t, p, `(globalThis.opened = 0, globalThis.watching = setInterval(() => {
			if (!opened && document.querySelector("quiz-card .activity-card__title")?.textContent.includes("In step?")) opened = Date.now();
		}, 20), true)`)
	}
	eval[bool](t, s.host, `(globalThis.waited = false, globalThis.watching = setInterval(() => {
		waited ||= Boolean(document.querySelector("quiz-card [data-act=quiz-reveal][aria-disabled=true]")?.textContent.includes("Reveal in"));
	}, 50), true)`)
	quiz := desk.ask(t, "quiz.create", map[string]any{"title": "Late", "questions": []map[string]any{
		{"text": "In step?", "choices": []string{"No", "Yes"}, "correct": []int{1}, "points": 1000, "seconds": 30},
	}})["seq"]
	desk.ask(t, "quiz.ask", map[string]any{"quiz": quiz})
	for _, p := range []*person{live, late} {
		p.until(t, "opened > 0")
	}
	by := time.Duration(eval[float64](t, late, "opened")-eval[float64](t, live, "opened")) * time.Millisecond
	if by < 500*time.Millisecond || by > 6*time.Second { // what is left of five seconds is this machine's
		t.Errorf("the question opens %v after the others' to who sees the class late", by)
	}
	t.Logf("the question opens %v later by LL-HLS", by)

	// It is closed, and who sees it late has a while yet.
	live.click(t, "quiz-card .choice__button", "No")
	eval[bool](t, late, `(setTimeout(() => document.querySelectorAll("quiz-card .choice__button")[1].click(), 700), true)`)
	desk.ask(t, "quiz.close", map[string]any{"quiz": quiz})
	s.host.photographOnce(t, "studio-settling")
	late.sees(t, "quiz-card .choice--mine", "Yes")
	s.host.until(t, `document.querySelector("quiz-card [data-act=quiz-reveal]:not([hidden])")?.textContent === "Reveal"`)
	if !eval[bool](t, s.host, "waited") {
		t.Error("the studio did not say that the reveal waits")
	}
	s.host.click(t, "quiz-card [data-act=quiz-reveal]", "Reveal")
	live.sees(t, "quiz-card .quiz__outcome", "Not this time")
	late.sees(t, "quiz-card .quiz__outcome", "Right!")
	for _, p := range []*person{s.host, live, late} {
		eval[bool](t, p, "(clearInterval(watching), true)")
	}
	desk.ask(t, "quiz.finish", map[string]any{"quiz": quiz})
}

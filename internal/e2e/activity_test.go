package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// earned waits until the person's page shows a balance of points.
func (p *person) earned(t *testing.T, points int) {
	t.Helper()
	p.reads(t, "points-chip .points .numeric", fmt.Sprint(points))
}

// compose fills in the host's poll editor and opens the poll.
func (s *school) compose(t *testing.T, text string, hidden bool, choices ...string) {
	t.Helper()
	s.host.click(t, "activity-panel button", "New poll")
	s.host.write(t, "dialog [data-at=text]", "", text)
	for i, choice := range choices {
		s.host.write(t, "dialog .edit-choice input[type=text]", fmt.Sprintf("Choice %c", 'A'+i), choice)
	}
	if hidden {
		s.host.click(t, "dialog .switch", "Hide results until the poll is closed")
	} else {
		s.host.photograph(t, "poll-editor")
	}
	s.host.click(t, "dialog button", "Open now")
	s.host.misses(t, "dialog", "")
}

// openPoll runs a poll whose tally everybody can follow.
func openPoll(t *testing.T, s *school) {
	s.compose(t, "Which one do you write at work?", false, "Go", "Rust")
	s.ana.photograph(t, "poll-open")
	s.ana.onPhone(t, func() { s.ana.fits(t, "an open poll on a phone") })
	s.ana.click(t, "poll-card .choice__button", "Go")
	s.ming.click(t, "poll-card .choice__button", "Go")
	for _, p := range []*person{s.host, s.ana, s.ming} {
		p.reads(t, "poll-card .choice__share", "100%", "0%")
	}
	s.ming.click(t, "poll-card .choice__button", "Rust") // one may think again
	for _, p := range []*person{s.host, s.ana, s.ming} {
		p.reads(t, "poll-card .choice__share", "50%", "50%")
		p.sees(t, "poll-card", "2 people voted")
	}
	s.host.photograph(t, "studio-poll")
	s.host.click(t, "poll-card button", "Close")
	for _, p := range []*person{s.ana, s.ming} {
		p.sees(t, "poll-card .badge", "Result")
	}
	s.ana.photograph(t, "poll-closed")
	s.ana.earned(t, 7+3)
	s.ming.earned(t, 3)
	for _, p := range []*person{s.ana, s.ming} {
		p.click(t, "button", "Put away")
		p.misses(t, "poll-card", "")
	}
}

// hiddenPoll runs a poll whose counts no viewer sees before it closes, neither
// on the page nor in what the page was sent.
func hiddenPoll(t *testing.T, s *school) {
	before := len(s.ana.received())
	s.compose(t, "Was the pace right?", true, "Yes", "Too fast")
	s.ana.click(t, "poll-card .choice__button", "Yes")
	s.ming.click(t, "poll-card .choice__button", "Too fast")
	s.host.sees(t, "poll-card", "2 people voted")
	s.host.sees(t, "poll-card .choice__share", "50%")
	for _, p := range []*person{s.ana, s.ming} {
		p.sees(t, "poll-card", "2 people voted")
		p.sees(t, "poll-card", "Results are shown when the poll closes.")
		if shares := p.texts(t, "poll-card .choice__share"); strings.Join(shares, "") != "" {
			t.Errorf("%s sees counts of a hidden poll: %q", p.name, shares)
		}
	}
	for _, frame := range s.ana.received()[before:] {
		for _, kind := range []string{"poll.opened", "poll.tally"} {
			if data := messageIn(t, []byte(frame), kind); data != nil && data["counts"] != nil {
				t.Errorf("a viewer's page was sent the counts of a hidden poll: %v", data)
			}
		}
	}
	s.host.click(t, "poll-card button", "Close")
	for _, p := range []*person{s.ana, s.ming} {
		p.reads(t, "poll-card .choice__share", "50%", "50%")
	}
	s.ana.earned(t, 7+3+3)
	s.ming.earned(t, 3+3)
	for _, p := range []*person{s.ana, s.ming} {
		p.click(t, "button", "Put away")
	}
}

// quizQuestion is a question as the host writes it; the first choice is right.
type quizQuestion struct {
	text    string
	seconds int
	choices []string
}

// timedQuiz runs a quiz of two questions: the host closes the first, time
// closes the second.
func timedQuiz(t *testing.T, s *school) {
	before := len(s.ana.received())
	s.host.click(t, "activity-panel button", "New quiz")
	s.host.write(t, "dialog [data-at=title]", "", "Goroutines in five minutes")
	for i, q := range []quizQuestion{
		{"What does an unbuffered channel do?", 60, []string{"Joins a send and a receive", "Keeps the last value", "Runs a function"}},
		{"Who should close a channel?", 5, []string{"The sender", "The receiver"}},
	} {
		if i > 0 {
			s.host.click(t, "dialog button", "Add a question")
		}
		card := fmt.Sprintf("dialog .edit-question:nth-child(%d) ", i+1)
		s.host.write(t, card+"textarea", "", q.text)
		for j, choice := range q.choices {
			s.host.write(t, card+"input[type=text]", fmt.Sprintf("Choice %c", 'A'+j), choice)
		}
		s.host.click(t, card+".edit-choice:first-child .edit-choice__right", "")
		s.host.pick(t, card+"select", "Time", fmt.Sprint(q.seconds))
	}
	s.host.photograph(t, "quiz-editor")
	s.host.click(t, "dialog button", "Start now")
	s.host.misses(t, "dialog", "")

	s.ana.sees(t, "quiz-card .quiz__seconds", "")
	s.ana.photograph(t, "quiz-open")
	s.ana.click(t, "quiz-card .choice__button", "Joins a send and a receive")
	s.ana.sees(t, "quiz-card .quiz__outcome", "Locked in")
	s.ming.click(t, "quiz-card .choice__button", "Keeps the last value")
	s.host.sees(t, "quiz-card .quiz__outcome", "2 have answered")
	for _, frame := range s.ana.received()[before:] {
		if regexp.MustCompile(`"correct":\s*\[`).MatchString(frame) {
			t.Errorf("a viewer's page was sent the answer before the reveal: %s", frame)
		}
	}
	s.host.click(t, "quiz-card button", "Close now")
	s.host.click(t, "quiz-card button", "Reveal")
	s.ana.sees(t, "quiz-card .quiz__outcome", "Right! You are 1 of 2.")
	s.ming.sees(t, "quiz-card .quiz__outcome", "Not this time. You are 2 of 2.")
	for _, p := range []*person{s.host, s.ana, s.ming} {
		p.sees(t, "quiz-card .choice--right", "Joins a send and a receive")
		p.reads(t, "quiz-card .choice__share", "1", "1", "0")
	}
	s.ana.photograph(t, "quiz-revealed")
	s.ana.onPhone(t, func() { s.ana.fits(t, "a question's result on a phone") })
	s.host.photograph(t, "studio-quiz")
	s.ana.earned(t, 13+5+10)
	s.ming.earned(t, 6+5)

	s.host.click(t, "quiz-card button", "Next question")
	s.ming.click(t, "quiz-card .choice__button", "The sender")
	s.ana.sees(t, "quiz-card .quiz__outcome", "Time is up.") // Ana lets time pass
	s.host.click(t, "quiz-card button", "Reveal")
	s.ming.sees(t, "quiz-card .quiz__outcome", "Right!")
	s.ana.sees(t, "quiz-card .quiz__outcome", "No answer this time.")
	s.ming.earned(t, 11+5+10)
	s.host.click(t, "quiz-card button", "Finish")
	for _, p := range []*person{s.host, s.ana, s.ming} {
		p.until(t, "hand.texts('.podium__name').toSorted().join() === 'Ana,小明'")
	}
	// The faster of the two right answers has won: who that was, the points say.
	scores := eval[[]int](t, s.ana, "hand.texts('.podium__score').map((score) => Number(score.replace(/\\D/g, '')))")
	first := eval[string](t, s.ana, "document.querySelector('.podium__place[data-place=\"1\"] .podium__name').textContent")
	rank := map[bool]int{true: 1, false: 2}
	if len(scores) == 2 && scores[0] == scores[1] { // both within half a second: all the points, and one rank
		rank[false] = 1
	}
	for _, p := range []*person{s.ana, s.ming} {
		p.sees(t, "quiz-card .quiz__outcome", fmt.Sprintf("You finished %d of 2.", rank[first == p.name]))
	}
	if len(scores) != 2 || scores[0] <= 500 || scores[0] > 1000 || scores[1] <= 500 || scores[1] > 1000 {
		t.Errorf("scores %v for one right answer each of up to 1000 points", scores)
	}
	s.ana.photograph(t, "quiz-podium")
	for _, p := range []*person{s.ana, s.ming} {
		p.click(t, "button", "Put away")
	}
}

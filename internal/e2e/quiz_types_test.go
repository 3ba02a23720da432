package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// typedQuestion is a question of the quiz, how it is answered by keyboard, and
// what is said of it.
type typedQuestion struct {
	asks   map[string]any
	answer func(t *testing.T, p *person)
	open   []string // what the page says when it opens
	key    string   // what it says is right
}

// everyType are questions of every type that is answered by hand.
var everyType = []typedQuestion{
	{
		asks:   map[string]any{"text": "Two and two?", "choices": []string{"Three", "Four"}, "correct": []int{1}, "seconds": 60},
		answer: func(t *testing.T, p *person) { p.tab(t, ".choice__button", "Four"); p.press(t, kb.Enter) },
		open:   []string{"Question: Two and two?", "A: Three; B: Four", "60 seconds"}, key: "B: Four",
	},
	{
		asks: map[string]any{"text": "Which are prime?", "choices": []string{"Two", "Four", "Five"}, "correct": []int{0, 2}, "seconds": 0},
		answer: func(t *testing.T, p *person) {
			for _, choice := range []string{"Two", "Five"} {
				p.tab(t, ".choice__button", choice)
				p.press(t, " ")
				p.until(t, "document.activeElement.ariaPressed === 'true'")
			}
			p.tab(t, ".quiz-answer__submit", "")
			p.press(t, kb.Enter)
		},
		open: []string{"Question: Which are prime?", "Take your time."}, key: "A: Two; C: Five",
	},
	{
		asks:   map[string]any{"type": "truefalse", "text": "Go has generics.", "choices": []string{"True", "False"}, "correct": []int{0}, "seconds": 0},
		answer: func(t *testing.T, p *person) { p.tab(t, ".choice__button", "True"); p.press(t, " ") },
		open:   []string{"A: True; B: False"}, key: "A: True",
	},
	{
		asks:   map[string]any{"type": "numeric", "text": "What is π, to two places?", "ranges": []map[string]any{{"min": 3.14, "max": 3.14}}, "seconds": 0},
		answer: func(t *testing.T, p *person) { p.types(t, "Your number", "３,14"); p.press(t, kb.Enter) },
		open:   []string{"What is π, to two places?"}, key: "3.14",
	},
	{
		asks: map[string]any{"type": "text", "text": "The capital of China?", "accept": []string{"北京", "Beijing"}, "seconds": 0},
		answer: func(t *testing.T, p *person) {
			p.types(t, "Your answer", "ＢＥＩＪＩＮＧ")
			p.press(t, kb.Enter)
		},
		open: []string{"The capital of China?"}, key: "北京; Beijing",
	},
	{
		asks: map[string]any{"type": "order", "text": "From small to large", "choices": []string{"byte", "kilobyte", "megabyte", "gigabyte"}, "seconds": 0},
		answer: func(t *testing.T, p *person) {
			for place, want := range []string{"byte", "kilobyte", "megabyte", "gigabyte"} {
				for at := slices.Index(p.texts(t, ".order__text"), want); at > place; at-- {
					p.tab(t, "quiz-card .order__item button", "Move "+want+" up")
					p.press(t, kb.Enter)
					p.until(t, fmt.Sprintf("hand.texts('.order__text')[%d] === %s", at-1, js(want)))
				}
			}
			p.tab(t, ".quiz-answer__submit", "")
			p.press(t, kb.Enter)
		},
		open: []string{"From small to large"}, key: "byte; kilobyte; megabyte; gigabyte",
	},
	{
		asks: map[string]any{"type": "match", "text": "Whose is it?", "pairs": []map[string]any{
			{"left": "Go", "right": "gopher"}, {"left": "Rust", "right": "crab"}, {"left": "Python", "right": "snake"}}, "seconds": 0},
		answer: func(t *testing.T, p *person) {
			for left, right := range map[string]string{"Go": "gopher", "Rust": "crab", "Python": "snake"} {
				p.tab(t, "quiz-card select", "What belongs to "+left)
				for range eval[int](t, p, fmt.Sprintf("[...document.activeElement.options].findIndex((option) => option.text.endsWith(%s))", js(right))) {
					p.press(t, kb.ArrowDown)
				}
				p.until(t, fmt.Sprintf("document.activeElement.selectedOptions[0].text.endsWith(%s)", js(right)))
			}
			p.tab(t, ".quiz-answer__submit", "")
			p.press(t, kb.Enter)
		},
		open: []string{"Whose is it?", "Go; Rust; Python"}, key: "Go: gopher; Rust: crab; Python: snake",
	},
	{
		asks: map[string]any{"type": "gaps", "text": "[[1]] runs on [[2]].", "gaps": [][]string{{"Go"}, {"threads", "OS threads"}}, "seconds": 0, "explanation": "Many goroutines share few."},
		answer: func(t *testing.T, p *person) {
			p.types(t, "Gap 1", "go")
			p.press(t, kb.Enter) // on to the next
			p.holdsFocus(t, "quiz-card input", "Gap 2")
			p.types(t, "Gap 2", "Threads")
			p.press(t, kb.Enter)
		},
		open: []string{"____ runs on ____."}, key: "Go; threads",
	},
}

// types goes to a field of the quiz by keyboard and writes into it.
func (p *person) types(t *testing.T, name, words string) {
	t.Helper()
	p.tab(t, "quiz-card input", name)
	if _, err := chromedp.Call(p.ctx, input.InsertText, input.InsertTextParams{Text: words}); err != nil {
		t.Fatal(err)
	}
}

// quizTypes plays a quiz with a question of every type. Ana has only a
// keyboard and hears what her page says; Ines leads it by keyboard, too.
func quizTypes(t *testing.T, s *school) {
	desk := s.device(t, s.host)
	questions := make([]map[string]any, len(everyType))
	for i, q := range everyType {
		questions[i] = q.asks
	}
	quiz := desk.ask(t, "quiz.create", map[string]any{"title": "Of every type", "questions": questions, "scoring": "accuracy", "teams": []string{"Red", "Blue"}})["seq"]
	desk.ask(t, "quiz.ask", map[string]any{"quiz": quiz})

	s.ana.tab(t, ".quiz__teams button", "Blue")
	s.ana.press(t, kb.Enter)
	s.ana.sees(t, ".quiz__teams [aria-pressed=true]", "Blue")
	s.ana.accessible(t, "an open question")
	s.host.until(t, "(document.querySelector('quiz-card [data-act=quiz-close]').focus(), true)")
	for i, q := range everyType {
		if i > 0 {
			s.host.holdsFocus(t, "quiz-card [data-act=quiz-close]", "") // Enter has asked, and the next Enter closes
		}
		s.ana.hears(t, q.open...)
		signs(t, s.ana)
		q.answer(t, s.ana)
		s.ana.sees(t, "quiz-card .quiz__outcome", "Locked in")
		s.ana.holdsFocus(t, "quiz-card .activity-card__title", "") // what was answered with is no more
		s.host.sees(t, "quiz-card .quiz__outcome", "1 has answered")
		s.host.press(t, kb.Enter)
		s.ana.hears(t, "Time is up.")
		s.host.holdsFocus(t, "quiz-card [data-act=quiz-reveal]", "")
		s.host.press(t, kb.Enter)
		s.ana.hears(t, "The answer is "+q.key, "Right!", "1,000 points", "You are 1 of 1.")
		if i == 0 || i == 5 {
			s.ana.accessible(t, fmt.Sprintf("the result of question %d", i+1))
		}
		if i < len(everyType)-1 {
			s.host.holdsFocus(t, "quiz-card [data-act=quiz-ask]", "")
			s.host.press(t, kb.Enter)
		}
	}
	s.host.holdsFocus(t, "quiz-card [data-act=quiz-finish]", "")
	s.host.press(t, kb.Enter)
	s.ana.hears(t, "You finished 1 of 1.")
	s.ana.sees(t, ".podium__name", "Ana")
	s.ana.sees(t, ".leaders__teams", "Blue")
	s.ana.accessible(t, "the podium")
	s.ana.tab(t, ".activity__tools button", "Put away")
	s.ana.press(t, kb.Enter)
	s.ana.holdsFocus(t, "[role=tab]", "Chat")
	s.ming.click(t, "button", "Put away")
	tenSeconds(t, s, desk)
}

// signs checks that choices are told apart by shape, letter and colour, each
// of which would do.
func signs(t *testing.T, p *person) {
	t.Helper()
	for what, look := range map[string]string{
		"shapes":  "node.querySelector('use').getAttribute('href')",
		"letters": "node.textContent",
		"colours": "getComputedStyle(node).color",
	} {
		seen := eval[[]string](t, p, fmt.Sprintf("hand.all('quiz-card .choices .choice-sign').map((node) => %s)", look))
		slices.Sort(seen)
		if n := len(slices.Compact(slices.Clone(seen))); n != len(seen) {
			t.Errorf("%d choices have %d %s: %q", len(seen), n, what, seen)
		}
	}
}

// tenSeconds lets the time of a question run out, which is said aloud before.
func tenSeconds(t *testing.T, s *school, desk *device) {
	quiz := desk.ask(t, "quiz.create", map[string]any{"title": "In a hurry", "questions": []map[string]any{
		{"text": "Quick?", "choices": []string{"Yes", "No"}, "correct": []int{0}, "seconds": 16}}})["seq"]
	desk.ask(t, "quiz.ask", map[string]any{"quiz": quiz})
	s.ana.hears(t, "16 seconds")
	s.ana.hears(t, "Ten seconds left")
	if left := strings.Join(s.ana.texts(t, "quiz-card .quiz__seconds"), ""); left > "0:10" || left < "0:05" {
		t.Errorf("ten seconds are said to be left at %s", left)
	}
	for _, act := range []string{"quiz.close", "quiz.reveal", "quiz.finish"} {
		desk.ask(t, act, map[string]any{"quiz": quiz})
	}
	for _, p := range []*person{s.ana, s.ming} {
		p.click(t, "button", "Put away")
		p.misses(t, "quiz-card", "")
	}
}

// tooMuch is TeX that must neither hang a page nor get anything into it.
var tooMuch = map[string]string{
	"braces":      strings.Repeat("{", 2000) + "x" + strings.Repeat("}", 2000),
	"fractions":   strings.Repeat(`\frac1{`, 300) + "x" + strings.Repeat("}", 300),
	"roots":       strings.Repeat(`\sqrt `, 300) + "x",
	"a bomb":      `\def\a{xxxxxxxxxx}\def\b{\a\a\a\a\a\a\a\a\a\a}\def\c{\b\b\b\b\b\b\b\b\b\b}\def\d{\c\c\c\c\c\c\c\c\c\c}\d\d\d\d\d\d\d\d`,
	"a loop":      `\newcommand{\a}{\a\a}\a`,
	"a link":      `\href{javascript:alert(1)}{x}`,
	"an address":  `\url{https://example.com}`,
	"a picture":   `\includegraphics{https://example.com/x.png}`,
	"a class":     `\class{btn}{x}`,
	"an id":       `\htmlId{activity}{x}`,
	"a style":     `\style{position:fixed}{x}`,
	"a label":     `\begin{equation}x\label{activity}\end{equation}`,
	"a package":   `\require{mhchem}`,
	"markup":      `<img src=x onerror=alert(1)>\text{<script>alert(1)</script>}`,
	"a long line": strings.Repeat("x+", 900) + "x",
}

// mathsQuiz shows formulas in a question, its choices, explanation and the
// chat, and holds the drawing to what is not to be drawn.
func mathsQuiz(t *testing.T, s *school) {
	if eval[bool](t, s.ana, "document.querySelector('script[src*=temml]') !== null") {
		t.Error("what draws formulas was fetched though there is none")
	}
	desk := s.device(t, s.host)
	quiz := desk.ask(t, "quiz.create", map[string]any{"title": "Roots", "questions": []map[string]any{{
		"text": `What is $\sqrt{x^2}$? It costs $5 and $6.`, "choices": []string{`$\left|x\right|$`, `\(x\)`}, "correct": []int{0}, "seconds": 0,
		"explanation": `For $$x<0$$ it is \$-x\$.`}}})["seq"]
	desk.ask(t, "quiz.ask", map[string]any{"quiz": quiz})
	s.ana.hears(t, `What is \sqrt{x^2}? It costs $5 and $6.`, `A: \left|x\right|; B: x`)
	s.ana.until(t, "document.querySelector('quiz-card h2 math msqrt') && document.querySelectorAll('quiz-card h2 math').length === 1")
	s.ana.until(t, "document.querySelectorAll('quiz-card .choice__text math').length === 2")
	s.ana.accessible(t, "a question with maths")
	s.ana.onPhone(t, func() { s.ana.fits(t, "a question with maths on a phone") })
	s.ana.photograph(t, "maths")
	s.ana.tab(t, ".choice__button", `\left|x\right|`) // what is drawn in a button has its TeX as its name
	s.ana.press(t, kb.Enter)
	s.ana.sees(t, "quiz-card .quiz__outcome", "Locked in")
	for _, act := range []string{"quiz.close", "quiz.reveal"} {
		desk.ask(t, act, map[string]any{"quiz": quiz})
	}
	s.ana.until(t, "document.querySelector('.quiz__explanation math[display=block]') && hand.texts('.quiz__explanation span.grow')[0].endsWith('it is $-x$.')")
	desk.ask(t, "quiz.finish", map[string]any{"quiz": quiz})
	for _, p := range []*person{s.ana, s.ming} {
		p.click(t, "button", "Put away")
	}

	const broken = `See https://go.dev/ref/mem, but $\frac{1$ is half`
	s.ana.say(t, broken)
	for p, hint := range map[*person]bool{s.ana: true, s.ming: false} {
		p.sees(t, ".message__text code", `$\frac{1$`)
		p.sees(t, ".message__text a[href='https://go.dev/ref/mem'][rel='noopener noreferrer nofollow'][target=_blank]", "https://go.dev/ref/mem")
		if got := len(p.texts(t, ".message__text .maths-source__hint")) == 1; got != hint {
			t.Errorf("%s is told what is wrong with the formula: %v", p.name, got)
		}
	}
	for name, tex := range tooMuch {
		drawn := eval[string](t, s.ana, fmt.Sprintf(`import("/static/elements/rich-text.js").then(async ({richText}) => {
			const node = document.createElement("p");
			document.querySelector("chat-panel").append(node);
			richText(node, %s);
			await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
			const found = node.querySelectorAll("[href], [src], [id], [style*=position], .btn, script, img, math a").length > 0 ? "harm" : node.querySelector("math") ? "drawn" : "source";
			node.remove();
			return found;
		})`, js("$"+tex+"$")))
		if want := map[bool]string{true: "drawn", false: "source"}[name == "markup" || name == "a long line"]; drawn != want {
			t.Errorf("%s: %s, want %s", name, drawn, want)
		}
	}

	s.host.click(t, "activity-panel button", "New quiz")
	s.host.write(t, "dialog .edit-question textarea", "", `What is $\sqrt{x}$?`)
	s.host.until(t, "document.querySelector('dialog .maths-preview math msqrt')")
	s.host.write(t, "dialog .edit-choice input[type=text]", "Choice A", `$\sqrt{x$`)
	s.host.sees(t, "dialog .maths-preview .maths-source__hint", "cannot be drawn")
	s.host.write(t, "dialog .edit-choice input[type=text]", "Choice A", "plain")
	s.host.misses(t, "dialog .maths-preview", "")
	s.host.click(t, "dialog .dialog__head button", "")
}

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// school is the class of the test: the server and everybody at it.
type school struct {
	*server
	browser                context.Context
	host, ana, ming, helen *person // the teacher, two viewers and a moderator
}

// TestClass plays a whole class. Its parts follow one another and share the
// class, so the first that fails ends it.
func TestClass(t *testing.T) {
	s := &school{server: buildServer(t)}
	s.start(t)
	t.Cleanup(func() {
		s.kill()
		if t.Failed() {
			t.Logf("the server's log:\n%s", s.log.String())
		}
	})
	s.browser = openBrowser(t)
	s.host = arrive(t, s.browser, "Ines", true)
	s.ana = arrive(t, s.browser, "Ana", true)
	s.ming = arrive(t, s.browser, "小明", true)
	s.helen = arrive(t, s.browser, "Helen", true)

	for _, part := range []struct {
		name string
		play func(*testing.T, *school)
	}{
		{"the host goes live", goesLive},
		{"viewers watch", viewersWatch},
		{"chat and reactions", chat},
		{"a hand is raised", handRaised},
		{"a question is asked and answered", question},
		{"a poll", openPoll},
		{"a hidden poll", hiddenPoll},
		{"a quiz", timedQuiz},
		{"a moderator keeps order", moderate},
		{"suggestions follow behaviour", suggestions},
		{"the server is killed", killed},
		{"in Chinese and in the dark", inChinese},
		{"on a phone", onPhone},
		{"the class ends", classEnds},
	} {
		ok := t.Run(part.name, func(t *testing.T) {
			part.play(t, s)
			for _, p := range s.people() {
				p.silent(t)
			}
		})
		if !ok {
			for _, p := range s.people() {
				p.failed(t)
			}
			t.Fatalf("the class cannot go on after %q", part.name)
		}
	}
	if code := s.stop(t); code != 0 {
		t.Errorf("the server ended with exit code %d", code)
	}
	for line := range strings.Lines(s.log.String()) {
		if strings.Contains(line, "ERROR") || strings.Contains(line, "panic") {
			t.Errorf("the server logged: %s", line)
		}
	}
}

// people are all who have a window.
func (s *school) people() []*person { return []*person{s.host, s.ana, s.ming, s.helen} }

// goesLive brings the host through the one-time link onto the air.
func goesLive(t *testing.T, s *school) {
	link := s.server.host
	s.host.open(t, link)
	s.host.sees(t, "#gate-name", "")
	s.host.photograph(t, "gate")
	s.host.write(t, "#gate-name", "", "Ines")
	s.host.click(t, "button", "Enter the studio")
	s.host.until(t, "location.hash === ''") // the secret is in no history
	s.host.sees(t, "studio-stage", "")
	// The browser allows devices without asking, so they start by themselves.
	s.host.until(t, "document.querySelector('video.studio-stage__main').videoWidth > 0")
	s.host.click(t, "button", "Go live")
	s.host.sees(t, "studio-stage .badge--live", "On air")

	secret := link[strings.Index(link, "#once=")+len("#once="):]
	status, answer := s.call(t, "POST", "/v1/rooms/"+room+"/claim", "", map[string]any{"secret": secret, "name": "Eve"})
	if status < 400 {
		t.Errorf("the host link works twice: %v", answer)
	}
}

// viewersWatch brings two viewers by name from the front page into the class,
// where the host's picture moves.
func viewersWatch(t *testing.T, s *school) {
	for _, viewer := range []*person{s.ana, s.ming} {
		viewer.open(t, s.url("/"))
		viewer.sees(t, ".item-card--large .badge--live", "")
		if viewer == s.ana {
			viewer.photograph(t, "landing")
		}
		viewer.click(t, fmt.Sprintf(".hero__now a[href='/class/%s']", room), "")
		if viewer == s.ana {
			viewer.sees(t, "#door-name", "")
			viewer.photograph(t, "door")
		}
		viewer.write(t, "#door-name", "", viewer.name)
		viewer.click(t, "button", "Join the class")
		viewer.watches(t)
	}
	for _, p := range []*person{s.host, s.ana, s.ming} {
		p.until(t, "[...document.querySelectorAll('.class-head__count, .studio__count')].some((count) => count.textContent.includes('3'))")
	}
	s.ana.photograph(t, "class")
}

// say writes to the chat.
func (p *person) say(t *testing.T, words string) {
	t.Helper()
	p.write(t, "chat-panel textarea", "", words)
	p.press(t, kb.Enter)
}

// chat has everybody talk, in whatever signs they like, and applaud.
func chat(t *testing.T, s *school) {
	const markup = `<b>Hello</b> & "you" <script>alert(1)</script> 👋🏽`
	s.ana.say(t, markup)
	s.ming.sees(t, ".message__text", markup)
	s.ming.say(t, "老师好！我是小明 🎉")
	s.host.sees(t, ".message__text", "老师好！我是小明 🎉")
	s.host.say(t, "Welcome, both of you")
	for _, p := range []*person{s.host, s.ana, s.ming} {
		p.reads(t, ".message__text", markup, "老师好！我是小明 🎉", "Welcome, both of you")
		if eval[bool](t, p, "document.querySelector('.message__text *') !== null") {
			t.Errorf("%s's chat took text for markup", p.name)
		}
	}
	for _, p := range []*person{s.host, s.ming} {
		eval[bool](t, p, "hand.note('reaction-sky .float')")
	}
	s.ana.click(t, "reaction-bar button", "Applause")
	for _, p := range []*person{s.host, s.ming} {
		p.until(t, "hand.noted")
	}
}

// handRaised has a viewer raise a hand, which the host sees and lowers.
func handRaised(t *testing.T, s *school) {
	s.ana.click(t, ".class-bar__hand", "Raise hand")
	s.host.click(t, "[role=tab]", "People")
	s.host.sees(t, "people-panel .member", "Ana")
	s.host.click(t, "button", "Lower Ana's hand")
	s.ana.sees(t, ".class-bar__hand[aria-pressed=false]", "Raise hand")
	s.host.sees(t, "people-panel .member", "小明")
	s.host.photograph(t, "studio-people")
}

// question has a viewer ask, another vote it up, and the host pin and answer.
func question(t *testing.T, s *school) {
	const ask, reply = "When is a goroutine cheaper than a thread?", "Almost always: it begins with 2 KB of stack."
	for _, p := range []*person{s.ana, s.ming, s.host} {
		p.click(t, "[role=tab]", "Questions")
	}
	s.ana.write(t, "question-board textarea", "", ask)
	s.ana.press(t, kb.Enter)
	s.ming.click(t, ".question__vote", "Vote for it")
	s.ana.reads(t, ".question__vote span", "1")
	s.host.reads(t, ".question__vote span", "1")
	s.host.click(t, "button", "More on Ana's question")
	s.host.click(t, ".menu button", "Pin")
	s.ana.sees(t, ".question--pinned .question__text", ask)
	s.host.click(t, "button", "More on Ana's question")
	s.host.click(t, ".menu button", "Answer in writing")
	s.host.write(t, ".question textarea", "", reply)
	s.host.click(t, ".question button", "Answer")
	for _, p := range []*person{s.ana, s.ming, s.host} {
		p.reads(t, ".answer .question__text", reply)
		p.sees(t, ".question__done", "Answered")
	}
	s.ana.photograph(t, "questions")
	s.ana.earned(t, 5+2) // asked, and voted up by one
	for _, p := range []*person{s.ana, s.ming, s.host} {
		p.click(t, "[role=tab]", "Chat")
	}
}

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
	s.ana.fits(t, "an open poll")
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
	s.ana.fits(t, "a question's result")
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

// moderate has the host invite a moderator, who deletes a message and bans a
// viewer in the console.
func moderate(t *testing.T, s *school) {
	s.host.click(t, ".masthead button", "Share")
	s.host.click(t, "dialog button", "Create invitation")
	s.host.until(t, "document.querySelector('dialog .share__help input.share__url')?.value.includes('#invite=')")
	s.host.photograph(t, "studio-share")
	link := eval[string](t, s.host, "document.querySelector('dialog .share__help input.share__url').value")
	s.host.click(t, "dialog button", "Close")

	s.helen.open(t, link)
	s.helen.until(t, "location.hash === ''")
	s.helen.write(t, "#gate-name", "", s.helen.name)
	s.helen.click(t, "button", "Open the console")
	s.helen.sees(t, ".entry__text", "老师好！我是小明 🎉")
	s.helen.until(t, "hand.texts('.console__count').some((words) => words.startsWith('3'))") // who only moderates is not counted

	s.ming.say(t, "Buy followers at example.com")
	for _, p := range []*person{s.host, s.ana} {
		p.sees(t, ".message__text", "Buy followers at example.com")
	}
	s.helen.photograph(t, "console")
	s.helen.entry(t, "Buy followers", "Delete")
	for _, p := range []*person{s.host, s.ana, s.ming} {
		p.misses(t, ".message__text", "Buy followers at example.com")
	}
	s.helen.entry(t, "老师好", "Ban")
	s.ming.sees(t, "h1", "You have been removed from this class")
	s.ming.photograph(t, "banned")
	s.ana.until(t, "document.querySelector('.class-head__count').textContent.includes('2')")

	// Back by the front door, as the same person.
	s.ming.open(t, s.url("/class/"+room))
	s.ming.click(t, "button", "Join the class")
	s.ming.sees(t, "h1", "You have been removed from this class")
	s.helen.click(t, "[role=tab]", "Log")
	s.helen.sees(t, "mod-log", "Helen banned 小明")
	s.helen.photograph(t, "console-log")
}

// entry acts on what somebody wrote, in the console's stream.
func (p *person) entry(t *testing.T, text, act string) {
	t.Helper()
	id := eval[string](t, p, fmt.Sprintf("hand.all('.entry', %s)[0].id", js(text)))
	p.click(t, "#"+id, "")
	p.click(t, "#"+id+" .entry__acts button", act)
}

// suggestions has a viewer like what the catalogue has on one topic, and
// follows what the recommender makes of it.
func suggestions(t *testing.T, s *school) {
	s.ana.sees(t, "suggestion-card .offer", "")
	token := s.ana.token(t)
	before := s.recommended(t, token)

	// In another tab, Ana reads two lessons on sleep, and likes them.
	tab := arrive(t, s.ana.ctx, "Ana", false)
	for _, id := range []string{"sleep-light", "coffee-clock"} {
		tab.open(t, s.url("/videos/"+id))
		tab.click(t, ".lesson__like", "Like")
		tab.sees(t, ".lesson__like[aria-pressed=true]", "Liked")
	}
	tab.photograph(t, "lesson")
	tab.fits(t, "a lesson")
	tab.silent(t)
	tab.leave()
	s.settles(t, func() bool { return about(s.recommended(t, token), "health") > about(before, "health") },
		"who likes lessons on health is recommended no more of them than before")

	// The next pause in the class brings what fits.
	shown := s.ana.texts(t, "suggestion-card .offer__link")
	s.host.click(t, "activity-panel button", "Quick poll")
	s.host.click(t, ".menu button", "Yes or no")
	s.ana.click(t, "poll-card .choice__button", "Yes")
	s.ana.earned(t, 28+3)
	s.host.click(t, "poll-card button", "Close")
	s.ana.until(t, fmt.Sprintf("JSON.stringify(hand.texts('suggestion-card .offer__link')) !== JSON.stringify(%s)", js(shown)))
	s.ana.photograph(t, "suggestion")

	// What is dismissed goes, and does not come back.
	offer := eval[struct{ Title, ID string }](t, s.ana, `(() => {
		const link = document.querySelector("suggestion-card .offer__link");
		return {title: link.textContent, id: new URL(link.href).pathname.split("/")[2]};
	})()`)
	s.ana.click(t, "suggestion-card button", "Not interested in "+offer.Title)
	s.ana.misses(t, "suggestion-card .offer__link", offer.Title)
	s.ana.click(t, "button", "Put away")
	s.settles(t, func() bool {
		return !slices.ContainsFunc(s.recommended(t, token), func(i item) bool { return i.ID == offer.ID })
	},
		"%s was dismissed and is still recommended", offer.ID)
}

// about counts the items with a tag among the first five.
func about(items []item, tag string) int {
	n := 0
	for _, i := range items[:min(5, len(items))] {
		if slices.Contains(i.Tags, tag) {
			n++
		}
	}
	return n
}

// killed ends the server as a power cut would, and starts it again: the pages
// come back by themselves, and everything is as it was.
func killed(t *testing.T, s *school) {
	token := s.ana.token(t)
	before := s.welcome(t, token)
	said := s.ana.texts(t, ".message__text")
	for _, p := range s.people() {
		// Pages must notice that nobody answers, and say so in the console.
		defer p.tolerate(`ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|WebSocket connection to .* failed`)()
	}
	s.kill()
	s.ana.sees(t, "connection-banner", "Connection lost. Reconnecting…")
	s.ana.photographOnce(t, "reconnecting")
	s.start(t)
	for _, p := range []*person{s.host, s.ana, s.helen} {
		p.misses(t, "connection-banner", "")
	}
	if after := s.welcome(t, token); !reflect.DeepEqual(before, after) {
		t.Errorf("after the crash the class is\n%s\nbefore it was\n%s", indent(after), indent(before))
	}
	s.ana.earned(t, 31)
	s.ana.watches(t)
	s.ana.reads(t, ".message__text", said...)
	s.host.sees(t, "studio-stage .badge--live", "On air")
	s.host.say(t, "Where were we?")
	s.ana.sees(t, ".message__text", "Where were we?")
	s.helen.sees(t, ".entry__text", "Where were we?")

	// A page that is opened anew sees the same.
	s.ana.open(t, s.url("/class/"+room))
	s.ana.reads(t, ".message__text", append(said, "Where were we?")...)
	s.ana.earned(t, 31)
	s.ana.watches(t)
}

func indent(v any) string {
	b, _ := json.MarshalIndent(v, "", " ")
	return string(b)
}

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
	for _, tab := range []string{"Questions", "People", "Chat"} {
		s.ana.click(t, "[role=tab]", tab)
		s.ana.fits(t, "the class's tab "+tab)
	}
	for _, tab := range []string{"Questions", "People", "Chat"} {
		s.host.click(t, "[role=tab]", tab)
		s.host.fits(t, "the studio's tab "+tab)
	}
	for _, tab := range []string{"People", "Kept out", "Log"} {
		s.helen.click(t, "[role=tab]", tab)
		s.helen.fits(t, "the console's tab "+tab)
	}
	s.ming.fits(t, "the notice of a ban")
	s.ming.open(t, s.url("/"))
	s.ming.sees(t, ".item-card", "")
	s.ming.fits(t, "the front page")
	s.ming.open(t, s.url("/class/"+room))
	s.ming.sees(t, "#door-name", "")
	s.ming.fits(t, "the door")
	s.ming.open(t, s.url("/host"))
	s.ming.sees(t, "#gate-link", "")
	s.ming.fits(t, "the gate")
	s.ming.open(t, s.url("/moderate/"+room))
	s.ming.sees(t, "#gate-link", "")
	s.ming.fits(t, "the moderators' gate")
}

// classEnds has the host end the class, for everybody to see.
func classEnds(t *testing.T, s *school) {
	s.host.click(t, ".masthead button", "End the class")
	s.host.click(t, "dialog button", "End the class")
	s.ana.sees(t, ".summary", "Well done, Ana")
	s.ana.sees(t, "chat-panel", "The class has ended; the chat is closed.")
	s.ana.earned(t, 31+20) // stayed to the end
	s.ana.sees(t, "class-stage", "The class has ended")
	s.helen.sees(t, ".console__head .badge", "Ended")
	s.host.sees(t, ".studio__head .badge", "Ended")
	s.ana.photograph(t, "ended")
	s.host.photograph(t, "studio-ended")
	s.ana.fits(t, "the ended class")
	s.host.fits(t, "the studio of an ended class")
	status, card := s.call(t, "GET", "/v1/rooms/"+room, "", nil)
	if status != http.StatusOK || card["phase"] != "ended" {
		t.Errorf("the ended class: status %d, %v", status, card)
	}
}

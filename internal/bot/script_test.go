package bot

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/wire"
)

func mustScript(t testing.TB) *script {
	t.Helper()
	s, err := loadScript()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fits fails unless a server would take the text as it stands.
func fits(t testing.TB, what, text string, most int) {
	t.Helper()
	if clean, err := wire.CleanText(text, most, false); err != nil || clean != text {
		t.Errorf("%s %q: %v, cleaned %q", what, text, err, clean)
	}
}

func TestEverythingInTheScriptMayBeSaid(t *testing.T) {
	s := mustScript(t)
	fits(t, "title", s.Title, wire.MaxTitle)
	for _, l := range []lines{s.Hello, s.Chat, s.Voted, s.Right, s.Wrong, s.Thanks, s.Bye, s.Return} {
		if len(l.EN) < 4 || len(l.ZH) < 4 {
			t.Errorf("few lines: %v", l)
		}
		for _, text := range slices.Concat(l.EN, l.ZH) {
			fits(t, "line", text, wire.MaxChat)
		}
	}
	for _, text := range slices.Concat(s.Says.Welcome, []string{s.Says.Back, s.Says.Quiz, s.Says.Praise, s.Says.Pinned}) {
		fits(t, "teacher's line", text, wire.MaxChat)
	}
	for _, p := range s.Prompts {
		fits(t, "prompt", p.Ask, wire.MaxChat)
		for _, text := range slices.Concat(p.EN, p.ZH) {
			fits(t, "reply", text, wire.MaxChat)
		}
	}
	seen := map[string]bool{}
	for _, q := range s.Questions {
		fits(t, "question", q.Ask, wire.MaxAsk)
		fits(t, "answer", q.Answer, wire.MaxAsk)
		if seen[q.Ask] || q.Lang != langEN && q.Lang != langZH {
			t.Errorf("question %q: twice, or in no language", q.Ask)
		}
		seen[q.Ask] = true
	}
	for _, l := range s.Lessons {
		if s.prompt(l.Prompt) == nil {
			t.Errorf("nobody replies to %q", l.Prompt)
		}
		for _, text := range append(l.Say, l.After) {
			fits(t, "lesson", text, wire.MaxChat)
		}
		fits(t, "poll", l.Poll.Text, wire.MaxTitle)
		for _, choice := range l.Poll.Choices {
			fits(t, "choice", choice, wire.MaxChoice)
		}
		for _, i := range l.Poll.Right {
			if i < 0 || i >= len(l.Poll.Choices) {
				t.Errorf("poll %q: right %v", l.Poll.Text, l.Poll.Right)
			}
		}
		if n := len(l.Poll.Choices); n < 2 || n > wire.MaxChoices || l.Poll.Max > n {
			t.Errorf("poll %q: %d choices, max %d", l.Poll.Text, n, l.Poll.Max)
		}
	}
}

func TestNoTwoPeopleHaveTheSameName(t *testing.T) {
	s := mustScript(t)
	seen := map[string]bool{}
	chinese := 0
	for _, p := range s.personas(3000, 7) {
		if seen[p.Name] {
			t.Errorf("%q twice", p.Name)
		}
		seen[p.Name] = true
		fits(t, "name", p.Name, wire.MaxName)
		if p.Lang == langZH {
			chinese++
		}
	}
	if chinese < 800 || chinese > 1300 {
		t.Errorf("%d of 3000 are Chinese", chinese)
	}
	if a, b := s.personas(100, 7), s.personas(100, 7); !slices.Equal(a, b) {
		t.Error("the same seed made other people")
	}
}

func TestQuizzesAreFreshAndFair(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		q := newQuiz(rng, rapid.IntRange(0, 1000).Draw(rt, "number"), 3, 20)
		fits(t, "title", q.Title, wire.MaxTitle)
		texts := map[string]bool{}
		for _, question := range q.Questions {
			fits(t, "question", question.Text, wire.MaxTitle)
			texts[question.Text] = true
			choices := map[string]bool{}
			for _, choice := range question.Choices {
				fits(t, "choice", choice, wire.MaxChoice)
				choices[choice] = true
			}
			n := len(question.Choices)
			if len(choices) != n || n < 3 {
				rt.Errorf("%q: choices %q", question.Text, question.Choices)
			}
			for _, i := range question.Correct {
				if i < 0 || i >= n {
					rt.Errorf("%q: correct %v", question.Text, question.Correct)
				}
			}
			if len(question.Correct) == 0 {
				rt.Errorf("%q: nothing is correct", question.Text)
			}
		}
		if len(texts) != 3 {
			rt.Errorf("a question comes twice: %v", texts)
		}
	})
}

// TestDecksDealEverythingBeforeAnythingAgain: no line is heard twice while
// there are others.
func TestDecksDealEverythingBeforeAnythingAgain(t *testing.T) {
	list := []string{"a", "b", "c", "d", "e"}
	d := newDecks(3)
	for range 20 {
		round := make([]string, len(list))
		for i := range round {
			round[i] = d.draw(list)
		}
		slices.Sort(round)
		if !slices.Equal(round, list) {
			t.Fatalf("a round was %v", round)
		}
	}
}

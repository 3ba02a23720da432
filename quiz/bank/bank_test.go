package bank_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/quiz/bank"
	"github.com/lyceum-live/lyceum/wire"
)

func question(change func(*quiz.Draft)) quiz.Draft {
	d := quiz.Draft{Text: "What is Go?", Choices: []string{"a language", "a game"}, Correct: []int{0}}
	change(&d)
	return d
}

func entry(t *testing.T, d quiz.Draft) bank.Entry {
	t.Helper()
	e, err := bank.NewEntry(d)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Two questions are one if they ask the same and take the same answers.
func TestDigest(t *testing.T) {
	points, seconds := 0, 60
	plain := entry(t, question(func(*quiz.Draft) {}))
	for name, tt := range map[string]struct {
		d    quiz.Draft
		same bool
	}{
		"said with its type":    {question(func(d *quiz.Draft) { d.Type = quiz.TypeChoice }), true},
		"blanks at its ends":    {question(func(d *quiz.Draft) { d.Text = "  What is Go? \n" }), true},
		"other points":          {question(func(d *quiz.Draft) { d.Points = &points }), true},
		"other time":            {question(func(d *quiz.Draft) { d.Seconds = &seconds }), true},
		"explained":             {question(func(d *quiz.Draft) { d.Explanation = "By Google." }), true},
		"tagged":                {question(func(d *quiz.Draft) { d.Tags = []string{"go"} }), true},
		"another right answer":  {question(func(d *quiz.Draft) { d.Correct = []int{1} }), false},
		"both right":            {question(func(d *quiz.Draft) { d.Correct = []int{0, 1} }), false},
		"another text":          {question(func(d *quiz.Draft) { d.Text = "What is go?" }), false},
		"another choice":        {question(func(d *quiz.Draft) { d.Choices = []string{"a language", "a game", "a verb"} }), false},
		"choices the other way": {question(func(d *quiz.Draft) { d.Choices = []string{"a game", "a language"} }), false},
		"another type":          {question(func(d *quiz.Draft) { d.Type = quiz.TypeTrueFalse }), false},
	} {
		if got := entry(t, tt.d).Digest == plain.Digest; got != tt.same {
			t.Errorf("%s: the same is %v", name, got)
		}
	}
}

func TestEntry(t *testing.T) {
	e := entry(t, quiz.Draft{
		Type: quiz.TypeMatch, Text: "Ｍatch 這些", Pairs: []quiz.DraftPair{{Left: "Katze", Right: "貓"}, {Left: "Hund", Right: "狗"}},
		Tags: []string{"Go", "ＧＯ", "動物", "动物", "go", "!"}, Explanation: "So",
	})
	if !slices.Equal(e.Question.Tags, []string{"Go", "動物", "!"}) || e.Type != quiz.TypeMatch {
		t.Errorf("tags %q", e.Question.Tags)
	}
	for _, part := range []string{"match", "这些", "katze", "猫", "动物", "so"} {
		if !strings.Contains(e.Search, part) {
			t.Errorf("%q is not found in %q", part, e.Search)
		}
	}
	if e := entry(t, question(func(*quiz.Draft) {})); e.Type != quiz.TypeChoice {
		t.Errorf("type %q", e.Type)
	}
	_, err := bank.NewEntry(quiz.Draft{Text: "no key", Choices: []string{"a", "b"}})
	if refused := wire.Public(err); !errors.Is(err, wire.ErrField) || refused.Field != "correct" {
		t.Errorf("refused with %v", err)
	}
}

// What somebody looks for in the words of a question finds it, in whatever
// width, case or Chinese script.
func TestWhatIsThereIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.OneOf(rapid.StringMatching(`[a-zA-Z]{1,8}`), rapid.SampledFrom([]string{"並發", "Ｇｏ", "ß", "100%", "a_b", "程式設計"})), 1, 6).Draw(t, "words")
		d := question(func(d *quiz.Draft) { d.Text = strings.Join(words, " ") })
		e, err := bank.NewEntry(d)
		if err != nil {
			t.Skip(err)
		}
		looked := rapid.SampledFrom(words).Draw(t, "looked for")
		if rapid.Bool().Draw(t, "loud") {
			looked = strings.ToUpper(looked)
		}
		q, err := bank.Find{Text: " " + looked + " "}.Query()
		if err != nil || len(q.Terms) == 0 {
			t.Fatalf("%+v, %v", q, err)
		}
		for _, term := range q.Terms {
			if !strings.Contains(e.Search, term) {
				t.Fatalf("%q is not found in %q", term, e.Search)
			}
		}
	})
}

func TestQueryBounds(t *testing.T) {
	q, err := bank.Find{Text: strings.Repeat("x ", 50), Before: math.MaxUint64}.Query()
	if err != nil || len(q.Terms) != bank.MaxTerms || q.Limit != bank.MaxPage || q.Before > 1<<62 {
		t.Errorf("%+v, %v", q, err)
	}
	for _, f := range []bank.Find{{Limit: -1}, {Limit: bank.MaxPage + 1}, {Tags: make([]string, quiz.MaxTags+1)}} {
		if _, err := f.Query(); !errors.Is(err, wire.ErrField) {
			t.Errorf("%+v: %v", f, err)
		}
	}
}

// Each is drawn as often as any other, none twice, and never more than there are.
func TestDraw(t *testing.T) {
	ids := []uint64{3, 5, 8, 13, 21}
	random := rand.New(rand.NewPCG(1, 2))
	const rounds = 20_000
	count := map[uint64]int{}
	for range rounds {
		drawn := bank.Draw(ids, 2, random.IntN)
		if len(drawn) != 2 || drawn[0] == drawn[1] {
			t.Fatalf("drawn %v", drawn)
		}
		for _, id := range drawn {
			count[id]++
		}
	}
	chi := 0.0
	for _, id := range ids {
		want := float64(rounds*2) / float64(len(ids))
		chi += math.Pow(float64(count[id])-want, 2) / want
	}
	if chi > 25 { // of 4 degrees of freedom
		t.Errorf("drawn %v: χ² is %.1f", count, chi)
	}
	if !slices.Equal(ids, []uint64{3, 5, 8, 13, 21}) {
		t.Errorf("the list became %v", ids)
	}
	for n, want := range map[int]int{-1: 0, 0: 0, 5: 5, 9: 5} {
		if got := bank.Draw(ids, n, random.IntN); len(got) != want {
			t.Errorf("%d of %d: %v", n, len(ids), got)
		}
	}
}

package bot

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// moment is something that a student of a played class wanted.
type moment struct {
	at   time.Time
	who  int
	wish wish
}

// enact runs a class of minds alone, without any server, for some time. Each
// hears the messages of the plan at their times.
func enact(t *testing.T, class int, seed uint64, length time.Duration, heard map[time.Duration][]Message) []moment {
	t.Helper()
	s := mustScript(t)
	d, l := newDecks(seed), &learned{}
	l.teach([]quizQuestion{{Text: "known", Correct: []int{2}}})
	begin := time.Unix(1e9, 0)
	scenes := make([]*Scene, class)
	minds := make([]*mind, class)
	for i, p := range s.personas(class, seed) {
		scenes[i] = &Scene{Phase: "live"}
		minds[i] = newMind(p, s, d, l, seed, class)
		minds[i].arrive(begin, scenes[i], wire.UserID(fmt.Sprint("u", i)), false)
	}
	var all []moment
	for after := time.Duration(0); after < length; after += 250 * time.Millisecond {
		now := begin.Add(after)
		for i, m := range minds {
			for _, message := range heard[after] {
				if err := scenes[i].Hear(message); err != nil {
					t.Fatal(err)
				}
				m.hear(now, scenes[i], message)
			}
			for at, ok := m.next(); ok && !at.After(now); at, ok = m.next() {
				if w, ok := m.act(now, scenes[i]); ok {
					all = append(all, moment{now, i, w})
				}
			}
		}
	}
	return all
}

func message(kind string, data any) Message {
	b, err := wire.Encode(data)
	if err != nil {
		panic(err)
	}
	return Message{Type: kind, Data: json.RawMessage(b)}
}

func many(all []moment, kind string) int {
	n := 0
	for _, m := range all {
		if m.wish.kind == kind {
			n++
		}
	}
	return n
}

func TestAClassIsLivelyAndNotLoud(t *testing.T) {
	const minutes = 10
	all := enact(t, 100, 1, minutes*time.Minute, nil)
	for kind, want := range map[string][2]int{ // in a minute, for all
		"chat.say":   {18, 36},
		"chat.react": {12, 30},
		"qa.ask":     {5, 14},
		"hand.raise": {1, 4},
	} {
		if n := many(all, kind) / minutes; n < want[0] || n > want[1] {
			t.Errorf("%s: %d a minute, want %v", kind, n, want)
		}
	}
	if again := enact(t, 100, 1, minutes*time.Minute, nil); fmt.Sprint(all) != fmt.Sprint(again) {
		t.Error("the same seed played another class")
	}
	if other := enact(t, 100, 2, minutes*time.Minute, nil); fmt.Sprint(all) == fmt.Sprint(other) {
		t.Error("another seed played the same class")
	}
}

func TestAPollHasManyVotersOfManyMinds(t *testing.T) {
	choices := []string{"red", "green", "blue", "yellow"}
	all := enact(t, 100, 1, time.Minute, map[time.Duration][]Message{
		time.Second:      {message("poll.opened", Poll{ID: 5, Text: "Which?", Choices: choices, Max: 1, Phase: "open"})},
		20 * time.Second: {message("poll.closed", Poll{ID: 5, Text: "Which?", Choices: choices, Max: 1, Phase: "closed"})},
	})
	voters, favourites := map[int]bool{}, map[int]int{}
	for _, m := range all {
		if m.wish.kind != "poll.vote" {
			continue
		}
		voters[m.who] = true
		b, _ := wire.Encode(m.wish.data)
		var vote struct {
			Poll    uint64
			Choices []int
		}
		if err := json.Unmarshal(b, &vote); err != nil || vote.Poll != 5 || len(vote.Choices) != 1 {
			t.Fatalf("vote %s: %v", b, err)
		}
		favourites[vote.Choices[0]]++
		if late := m.at.Sub(time.Unix(1e9, 0)); late < 2*time.Second || late >= 20*time.Second {
			t.Errorf("a vote after %v", late)
		}
	}
	if len(voters) < 75 || len(voters) == 100 {
		t.Errorf("%d of 100 voted", len(voters))
	}
	if len(favourites) < 3 {
		t.Errorf("all like the same: %v", favourites)
	}
}

func TestWhoKnowsVotesForWhatIsRight(t *testing.T) {
	s := mustScript(t)
	for _, l := range s.Lessons {
		if len(l.Poll.Right) == 0 {
			continue
		}
		right := 0
		for _, p := range s.personas(200, 3) {
			m := newMind(p, s, newDecks(1), &learned{}, 1, 200)
			for _, choice := range m.prefer(Poll{Text: l.Poll.Text, Choices: l.Poll.Choices, Max: 1}, false) {
				if slices.Contains(l.Poll.Right, choice) {
					right++
				}
			}
		}
		if right < 80 || right > 195 {
			t.Errorf("%q: %d of 200 are right", l.Poll.Text, right)
		}
	}
}

func TestAQuestionIsAnsweredInTimeAndBySkill(t *testing.T) {
	asked := Quiz{ID: 9, Of: 1, Phase: "open"}
	asked.Current.Text, asked.Current.Choices = "known", []string{"a", "b", "c", "d"}
	closed := asked
	closed.Phase = "closed"
	all := enact(t, 200, 1, time.Minute, map[time.Duration][]Message{
		time.Second:      {message("quiz.asked", asked)},
		17 * time.Second: {message("quiz.closed", closed)},
	})
	right, answers := 0, map[int]int{}
	for _, m := range all {
		if m.wish.kind != "quiz.answer" {
			continue
		}
		answers[m.who]++
		b, _ := wire.Encode(m.wish.data)
		var a struct{ Choices []int }
		if err := json.Unmarshal(b, &a); err != nil {
			t.Fatal(err)
		}
		if slices.Equal(a.Choices, []int{2}) {
			right++
		}
		if late := m.at.Sub(time.Unix(1e9+1, 0)); late < 2*time.Second || late > 15500*time.Millisecond {
			t.Errorf("answered after %v", late)
		}
	}
	for who, n := range answers {
		if n > 1 {
			t.Errorf("%d answered %d times", who, n)
		}
	}
	if n := len(answers); n < 165 || right*100/n < 55 || right*100/n > 90 {
		t.Errorf("%d answered, %d of them right", n, right)
	}
}

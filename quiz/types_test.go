package quiz_test

import (
	"bytes"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/wire"
)

// A finished quiz can be gone through again: what it shows are the questions
// as they were, what was right then is right now, and nothing changes.
func TestPractice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newClass()
		create := drawCreate(t)
		create.Scoring, create.Play = quiz.Partial, false
		c.must2(t, create, quiz.Ask{Quiz: 1, Seed: rapid.Uint64().Draw(t, "seed")})
		type try struct {
			check quiz.Check
			right bool
			share float64
			key   quiz.KeyView
		}
		var faces []quiz.FaceView
		var tries []try
		asked := rapid.IntRange(1, len(create.Questions)).Draw(t, "asked")
		for i := range asked {
			a := drawReply(t, create.Questions[i], quiz.Answer{Quiz: 1, Question: i})
			_, err := c.Do(ana, a)
			c.must2(t, quiz.Close{Quiz: 1}, quiz.Reveal{Quiz: 1})
			v := c.State.Snapshot(who).Current
			faces = append(faces, v.FaceView)
			if err == nil {
				e := c.State.Run.Players["ana"].Given[len(tries)]
				share := e.Share
				if e.Right {
					share = 1
				}
				tries = append(tries, try{quiz.Check{Quiz: 1, Question: i, Choices: a.Choices, Text: a.Text, Number: a.Number, Texts: a.Texts, Point: a.Point}, e.Right, share, v.KeyView})
			}
			if i+1 < asked {
				c.must2(t, quiz.Ask{Quiz: 1})
			}
		}
		if _, err := c.State.Practice(quiz.Practise{Quiz: 1}); code(err) != "wire.not_found" {
			t.Fatalf("before its end: %v", err)
		}
		c.must2(t, quiz.Finish{Quiz: 1})
		if rapid.Bool().Draw(t, "another came after it") {
			c.must2(t, quiz.Create{Title: "Another", Questions: []quiz.Draft{ask(1)}})
			c.must2(t, quiz.Ask{Quiz: c.Last(), Seed: 7})
		}
		before := encode(t, c.State)
		want := quiz.PracticeView{Quiz: 1, Title: create.Title, Questions: faces}
		if got, err := c.State.Practice(quiz.Practise{Quiz: 1}); err != nil || !bytes.Equal(encode(t, got), encode(t, want)) {
			t.Fatalf("got %+v, %v, want %+v", got, err, want)
		}
		for _, try := range tries {
			got, err := c.State.Check(try.check)
			if err != nil || !bytes.Equal(encode(t, got), encode(t, quiz.CheckedView{Right: try.right, Share: try.share, KeyView: try.key})) {
				t.Fatalf("%+v: got %s, %v", try, encode(t, got), err)
			}
		}
		if _, err := c.State.Check(quiz.Check{Quiz: 1, Question: asked}); err == nil {
			t.Fatal("what was never asked can be tried")
		}
		if list := c.State.Finished(); len(list) != 1 || list[0] != (quiz.PastView{ID: 1, Title: create.Title, Of: asked}) {
			t.Fatalf("finished: %+v", list)
		}
		if !bytes.Equal(before, encode(t, c.State)) {
			t.Fatal("practising changes the room")
		}
	})
}

func TestOldestPracticeIsForgotten(t *testing.T) {
	c := newClass()
	for range quiz.MaxPast + 3 {
		c.must2(t, quiz.Create{Title: "Quiz", Questions: []quiz.Draft{ask(0)}})
		id := c.Last()
		c.must2(t, quiz.Ask{Quiz: id}, quiz.Close{Quiz: id}, quiz.Finish{Quiz: id})
	}
	if got := c.State.Finished(); len(got) != quiz.MaxPast+1 || !slices.IsSortedFunc(got, func(a, b quiz.PastView) int { return int(a.ID) - int(b.ID) }) {
		t.Errorf("%d quizzes: %v", len(got), got)
	}
}

// Of a bank of questions some are drawn, in the order in which they stand;
// each of them as often as another.
func TestDraw(t *testing.T) {
	const rounds = 2000
	var bank []quiz.Draft
	for _, text := range []string{"a", "b", "c", "d", "e"} {
		d := ask(0)
		d.Text = text
		bank = append(bank, d)
	}
	drawn := map[string]int{}
	for seed := range uint64(rounds) {
		c := newClass()
		c.must2(t, quiz.Create{Title: "Quiz", Questions: bank, Draw: 2}, quiz.Ask{Quiz: 1, Seed: seed})
		first := c.State.Snapshot(who)
		c.must2(t, quiz.Close{Quiz: 1}, quiz.Reveal{Quiz: 1}, quiz.Ask{Quiz: 1})
		second := c.State.Snapshot(who)
		if first.Of != 2 || first.Current.Text >= second.Current.Text {
			t.Fatalf("%d questions, %q and %q", first.Of, first.Current.Text, second.Current.Text)
		}
		c.must2(t, quiz.Close{Quiz: 1}, quiz.Reveal{Quiz: 1})
		if _, err := c.Do(maya, quiz.Ask{Quiz: 1}); code(err) != "quiz.order" {
			t.Fatalf("a third: %v", err)
		}
		drawn[first.Current.Text+second.Current.Text]++
	}
	for pair, n := range drawn {
		if len(drawn) != 10 || n < rounds/10-60 || n > rounds/10+60 { // four times the deviation
			t.Errorf("%s %d times of %d; %d pairs", pair, n, rounds, len(drawn))
		}
	}
}

// Where each member sees the choices in another order, the page has a number
// to do so by, which stays for the quiz and is another in the next.
func TestShuffleSeed(t *testing.T) {
	seen := map[uint32]bool{}
	for seed := range uint64(50) {
		c := newClass()
		c.must2(t, quiz.Create{Title: "Quiz", Questions: []quiz.Draft{ask(0), ask(1)}, Shuffle: true}, quiz.Ask{Quiz: 1, Seed: seed})
		first := c.State.Snapshot(who).Seed
		c.must2(t, quiz.Close{Quiz: 1}, quiz.Reveal{Quiz: 1}, quiz.Ask{Quiz: 1})
		if first == 0 || c.State.Snapshot(who).Seed != first || seen[first] {
			t.Fatalf("seed %d: %d, then %d", seed, first, c.State.Snapshot(who).Seed)
		}
		seen[first] = true
	}
}

// A log from before there were types reads as it did.
func TestOldEvents(t *testing.T) {
	var s quiz.State
	at := wire.Millis(1_700_000_000_000)
	apply := func(seq uint64, by wire.UserID, into quiz.Event, data string) {
		t.Helper()
		e := reflect.New(reflect.TypeOf(into))
		if err := wire.Decode([]byte(data), e.Interface()); err != nil {
			t.Fatal(err)
		}
		s.Apply(wire.Head{Seq: seq, At: at + wire.Millis(seq)*1000, By: by}, e.Elem().Interface().(quiz.Event))
	}
	apply(1, "maya", quiz.Created{}, `{"title":{"owner":"maya","text":"Old"},"questions":[{"text":{"owner":"maya","text":"?"},
		"choices":[{"owner":"maya","text":"a"},{"owner":"maya","text":"b"}],"correct":[1],"points":1000,"seconds":20}]}`)
	apply(2, "maya", quiz.Asked{}, `{"quiz":1,"question":0}`)
	apply(3, "ana", quiz.Answered{}, `{"quiz":1,"question":0,"choices":[1],"at":1700000003000,"right":true,"points":975}`)
	apply(4, "ben", quiz.Answered{}, `{"quiz":1,"question":0,"choices":[0],"at":1700000004000}`)
	apply(5, "maya", quiz.Closed{}, `{"quiz":1,"question":0}`)
	apply(6, "maya", quiz.Revealed{}, `{"quiz":1,"question":0,"right":["ana"]}`)
	apply(7, "maya", quiz.Finished{}, `{"quiz":1}`)
	want := `{"id":1,"title":"Old","of":1,"question":0,"phase":"finished","current":{"question":0,"text":"?","choices":["a","b"],` +
		`"multiple":false,"points":1000,"seconds":20,"asked_at":1700000002000,"deadline":1700000022000,"answered":2,"correct":[1],"counts":[1,1]},` +
		`"board":[{"rank":1,"id":"ana","name":"Name of ana","score":975},{"rank":2,"id":"ben","name":"Name of ben","score":0}]}`
	if got := encode(t, s.Snapshot(who)); string(got) != want {
		t.Errorf(" got %s\nwant %s", got, want)
	}
	if own, standing := s.Mine("ana"); len(own) != 1 || *standing != (quiz.Standing{Quiz: 1, Score: 975, Rank: 1, Of: 2}) {
		t.Errorf("own %v, standing %+v", own, standing)
	}
}

// Right is what has the author's order in the end, whatever order was shown.
func TestOrderIsMarkedByWhatIsShown(t *testing.T) {
	items := []string{"one", "two", "three", "four"}
	for seed := range uint64(40) {
		c := newClass()
		c.must2(t, quiz.Create{Title: "Quiz", Scoring: quiz.Partial, Questions: []quiz.Draft{{Type: quiz.TypeOrder, Text: "?", Choices: items}}}, quiz.Ask{Quiz: 1, Seed: seed})
		shown := c.State.Snapshot(who).Current.Choices
		var right []int
		for _, item := range items {
			right = append(right, slices.Index(shown, item))
		}
		swapped := []int{right[1], right[0], right[2], right[3]}
		half := []int{right[3], right[0], right[1], right[2]}
		for by, want := range map[wire.UserID]struct {
			order  []int
			points int
		}{"ana": {right, 1000}, "ben": {swapped, 0}, "cleo": {half, 0}} {
			c.Must(t, wire.Actor{User: by, Role: wire.Viewer}, quiz.Answer{Quiz: 1, Choices: want.order})
			if e := c.Log[c.Last()-1].(quiz.Answered); e.Points != want.points || e.Right != (want.points == 1000) {
				t.Fatalf("%v of %v: %+v", want.order, shown, e)
			}
		}
		c.must2(t, quiz.Close{Quiz: 1}, quiz.Reveal{Quiz: 1})
		if v := c.State.Snapshot(who).Current; !slices.Equal(*v.Correct, right) || !slices.Equal(*v.Counts, []int{1, 1, 2, 2}) {
			t.Fatalf("correct %v, counts %v, want %v", *v.Correct, *v.Counts, right)
		}
	}
}

// What is read before the staff closes counts, what is read at that moment or
// after it does not.
func TestClosedByHand(t *testing.T) {
	for read, taken := range map[time.Duration]bool{-time.Millisecond: true, 0: false, time.Millisecond: false} {
		c := newClass()
		c.begin(t, ask(2))
		c.Wait(3 * time.Second)
		c.Must(t, maya, quiz.Close{Quiz: 1})
		at := wire.At(c.Now.Add(read))
		c.Wait(time.Second)
		if _, err := c.Do(ana, quiz.Answer{Quiz: 1, Choices: []int{2}, At: at}); (err == nil) != taken {
			t.Errorf("read %v after the close: %v", read, err)
		}
	}
}

// Of two rights that read the same, either is right.
func TestEqualRights(t *testing.T) {
	d := quiz.Draft{Type: quiz.TypeMatch, Text: "?", Pairs: []quiz.DraftPair{
		{Left: "France", Right: "euro"}, {Left: "Spain", Right: "euro"}, {Left: "Japan", Right: "yen"},
	}}
	c := newClass()
	id := c.begin(t, d)
	rights := c.State.Snapshot(who).Current.Rights
	euro, yen := slices.Index(rights, "euro"), slices.Index(rights, "yen")
	c.Must(t, ana, quiz.Answer{Quiz: id, Choices: []int{euro, euro, yen}})
	c.Must(t, ben, quiz.Answer{Quiz: id, Choices: []int{euro, yen, euro}})
	if a, b := c.Log[c.Last()-2].(quiz.Answered), c.Log[c.Last()-1].(quiz.Answered); !a.Right || b.Right {
		t.Errorf("right: %v and %v", a.Right, b.Right)
	}
}

// Somebody with three times the time has three times the time: the question
// waits for them and for nobody else, and counts it by their own measure.
func TestMoreTime(t *testing.T) {
	c := newClass()
	c.Must(t, maya, quiz.Allow{User: "ana", Allowance: quiz.Allowance{Times: 3}})
	id := c.begin(t, ask(2))
	bell := c.Now.Add(20 * time.Second)
	if got := c.State.Alarm(); !got.Equal(bell.Add(40 * time.Second)) {
		t.Fatalf("alarm %v after the bell", got.Sub(bell))
	}
	c.Wait(30 * time.Second)
	if _, err := c.Do(ben, quiz.Answer{Quiz: id, Choices: []int{2}}); code(err) != "quiz.closed" {
		t.Errorf("ben, late: %v", err)
	}
	c.Must(t, ana, quiz.Answer{Quiz: id, Choices: []int{2}})
	if got := c.Log[c.Last()-1].(quiz.Answered); got.Points != 750 { // half of her time
		t.Errorf("ana has %d points", got.Points)
	}
	if got := c.State.Alarm(); !got.Equal(bell) {
		t.Errorf("nobody is waited for, but the alarm is %v after the bell", got.Sub(bell))
	}
	shown, err := c.Do(wire.System, quiz.Tick{})
	if err != nil || len(shown) != 1 {
		t.Errorf("%v, %v", shown, err)
	}
}

package quiz_test

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/wire"
)

func TestCleanCreate(t *testing.T) {
	number := func(n int) *int { return &n }
	title, long := strings.Repeat("é", wire.MaxTitle), strings.Repeat("é", quiz.MaxText)
	with := func(change func(*quiz.Draft)) quiz.Create {
		d := ask(1)
		change(&d)
		return quiz.Create{Title: "Quiz", Questions: []quiz.Draft{ask(0), d}}
	}
	type test struct {
		name  string
		give  quiz.Create
		field string // that is wrong; "" for none
	}
	tests := []test{
		{"plain", with(func(*quiz.Draft) {}), ""},
		{"for practice", with(func(d *quiz.Draft) { d.Points = number(0) }), ""},
		{"no title", quiz.Create{Questions: []quiz.Draft{ask(1)}}, "title"},
		{"long title", quiz.Create{Title: title + "x", Questions: []quiz.Draft{ask(1)}}, "title"},
		{"no questions", quiz.Create{Title: "Quiz"}, "questions"},
		{"101 questions", quiz.Create{Title: "Quiz", Questions: make([]quiz.Draft, 101)}, "questions"},
		{"longest text", with(func(d *quiz.Draft) { d.Text = long }), ""},
		{"long text", with(func(d *quiz.Draft) { d.Text = long + "x" }), "questions[1].text"},
		{"one choice", with(func(d *quiz.Draft) { d.Choices = d.Choices[:1] }), "questions[1].choices"},
		{"13 choices", with(func(d *quiz.Draft) { d.Choices = make([]string, 13) }), "questions[1].choices"},
		{"empty choice", with(func(d *quiz.Draft) { d.Choices = []string{"a", " "} }), "questions[1].choices[1]"},
		{"no key", with(func(d *quiz.Draft) { d.Correct = nil }), "questions[1].correct"},
		{"key below", with(func(d *quiz.Draft) { d.Correct = []int{-1} }), "questions[1].correct"},
		{"key above", with(func(d *quiz.Draft) { d.Correct = []int{4} }), "questions[1].correct"},
		{"key far above", with(func(d *quiz.Draft) { d.Correct = []int{1 << 40} }), "questions[1].correct"},
		{"key twice", with(func(d *quiz.Draft) { d.Correct = []int{2, 2} }), "questions[1].correct"},
		{"points below", with(func(d *quiz.Draft) { d.Points = number(-1) }), "questions[1].points"},
		{"points above", with(func(d *quiz.Draft) { d.Points = number(3001) }), "questions[1].points"},
		{"no limit", with(func(d *quiz.Draft) { d.Seconds = number(0) }), ""},
		{"time before it begins", with(func(d *quiz.Draft) { d.Seconds = number(-5) }), "questions[1].seconds"},
		{"too little time", with(func(d *quiz.Draft) { d.Seconds = number(4) }), "questions[1].seconds"},
		{"too much time", with(func(d *quiz.Draft) { d.Seconds = number(601) }), "questions[1].seconds"},
	}
	for _, d := range []struct {
		name  string
		give  quiz.Draft
		field string
	}{
		{"unknown type", quiz.Draft{Type: "guess"}, "type"},
		{"areas of no picture", quiz.Draft{Type: quiz.TypeHotspot, Areas: []quiz.Area{{W: 1, H: 1}}}, "media"},
		{"areas of a sound", spot(func(d *quiz.Draft) { d.Media.Kind = quiz.MediaAudio }), "media"},
		{"areas without words for the picture", spot(func(d *quiz.Draft) { d.Media.Alt = "" }), "media.alt"},
		{"a picture of blanks", spot(func(d *quiz.Draft) { d.Media.Alt = " " }), "media.alt"},
		{"another server's picture", spot(func(d *quiz.Draft) { d.Media.URL = "https://example.org" + picture }), "media.url"},
		{"a script for a picture", spot(func(d *quiz.Draft) { d.Media.URL = "javascript:alert(1)" }), "media.url"},
		{"a path for a picture", spot(func(d *quiz.Draft) { d.Media.URL = picture + "/../../healthz" }), "media.url"},
		{"unknown media", spot(func(d *quiz.Draft) { d.Media.Kind = "pdf" }), "media.kind"},
		{"no area", spot(func(d *quiz.Draft) { d.Areas = nil }), "areas"},
		{"thirteen areas", spot(func(d *quiz.Draft) { d.Areas = slices.Repeat(d.Areas, 13) }), "areas"},
		{"an area beside the picture", spot(func(d *quiz.Draft) { d.Areas[0] = quiz.Area{X: 0.9, W: 0.2, H: 1} }), "areas[0]"},
		{"an area above it", spot(func(d *quiz.Draft) { d.Areas[0].Y = -0.1 }), "areas[0]"},
		{"an area that nobody hits", spot(func(d *quiz.Draft) { d.Areas[0].W = 0.009 }), "areas[0]"},
		{"an area of nothing", spot(func(d *quiz.Draft) { d.Areas[0].H = math.NaN() }), "areas[0]"},
		{"a picture for one of two choices alone", quiz.Draft{Choices: []string{"a", "b"}, Correct: []int{0}, Images: []string{picture}}, "images"},
		{"a choice's picture from elsewhere", quiz.Draft{Choices: []string{"a", "b"}, Correct: []int{0}, Images: []string{"", "//example.org/a.png"}}, "images[1]"},
		{"pictures to order", quiz.Draft{Type: quiz.TypeOrder, Choices: []string{"a", "b"}, Images: []string{picture, ""}}, "images"},
		{"areas of choices", quiz.Draft{Choices: []string{"a", "b"}, Correct: []int{0}, Areas: []quiz.Area{{W: 1, H: 1}}}, "areas"},
		{"three of true and false", quiz.Draft{Type: quiz.TypeTrueFalse, Choices: []string{"a", "b", "c"}, Correct: []int{0}}, "choices"},
		{"both true and false", quiz.Draft{Type: quiz.TypeTrueFalse, Choices: []string{"a", "b"}, Correct: []int{0, 1}}, "correct"},
		{"no range", quiz.Draft{Type: quiz.TypeNumeric}, "ranges"},
		{"range the wrong way round", quiz.Draft{Type: quiz.TypeNumeric, Ranges: []quiz.Range{{Min: 1, Max: 2}, {Min: 2, Max: 1}}}, "ranges[1]"},
		{"endless range", quiz.Draft{Type: quiz.TypeNumeric, Ranges: []quiz.Range{{Min: math.Inf(-1), Max: 2}}}, "ranges[0]"},
		{"range of nothing", quiz.Draft{Type: quiz.TypeNumeric, Ranges: []quiz.Range{{Min: math.NaN(), Max: 2}}}, "ranges[0]"},
		{"numbers with choices", quiz.Draft{Type: quiz.TypeNumeric, Ranges: []quiz.Range{{Min: 1, Max: 2}}, Choices: []string{"a"}}, "choices"},
		{"nothing accepted", quiz.Draft{Type: quiz.TypeText}, "accept"},
		{"an accent alone accepted", quiz.Draft{Type: quiz.TypeText, Accept: []string{"a", "\u0301"}}, "accept[1]"},
		{"order of one", quiz.Draft{Type: quiz.TypeOrder, Choices: []string{"a"}}, "choices"},
		{"order of equals", quiz.Draft{Type: quiz.TypeOrder, Choices: []string{"a", " a"}}, "choices"},
		{"order with a key", quiz.Draft{Type: quiz.TypeOrder, Choices: []string{"a", "b"}, Correct: []int{1}}, "correct"},
		{"one pair", quiz.Draft{Type: quiz.TypeMatch, Pairs: []quiz.DraftPair{{Left: "a", Right: "b"}}}, "pairs"},
		{"equal lefts", quiz.Draft{Type: quiz.TypeMatch, Pairs: []quiz.DraftPair{{Left: "a", Right: "b"}, {Left: "a", Right: "c"}}}, "pairs"},
		{"no right", quiz.Draft{Type: quiz.TypeMatch, Pairs: []quiz.DraftPair{{Left: "a", Right: "b"}, {Left: "c"}}}, "pairs[1].right"},
		{"a gap that is not in the text", quiz.Draft{Type: quiz.TypeGaps, Gaps: [][]string{{"a"}}}, "text"},
		{"gaps out of order", quiz.Draft{Type: quiz.TypeGaps, Text: "[[2]] [[1]]", Gaps: [][]string{{"a"}, {"b"}}}, "text"},
		{"a gap that takes nothing", quiz.Draft{Type: quiz.TypeGaps, Text: "[[1]]", Gaps: [][]string{{}}}, "gaps[0]"},
		{"eleven tags", quiz.Draft{Choices: []string{"a", "b"}, Correct: []int{0}, Tags: make([]string, 11)}, "tags"},
		{"long explanation", quiz.Draft{Choices: []string{"a", "b"}, Correct: []int{0}, Explanation: long + "x"}, "explanation"},
	} {
		d.give.Text = cmp.Or(d.give.Text, "?")
		tests = append(tests, test{d.name, quiz.Create{Title: "Quiz", Questions: []quiz.Draft{d.give}}, "questions[0]." + d.field})
	}
	for _, c := range []struct {
		name  string
		give  quiz.Create
		field string
	}{
		{"unknown scoring", quiz.Create{Scoring: "luck"}, "scoring"},
		{"streak above", quiz.Create{Streak: 501}, "streak"},
		{"one team", quiz.Create{Teams: []string{"a"}}, "teams"},
		{"equal teams", quiz.Create{Teams: []string{"a", "a "}}, "teams"},
		{"drawn from fewer", quiz.Create{Draw: 2}, "draw"},
		{"all there is", quiz.Create{Scoring: quiz.Speed, Streak: 500, Teams: []string{"a", "b"}, Draw: 1, Shuffle: true, Play: true}, ""},
	} {
		c.give.Title, c.give.Questions = "Quiz", []quiz.Draft{ask(1)}
		tests = append(tests, test{c.name, c.give, c.field})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := newClass().Do(maya, tt.give)
			if (err == nil) != (tt.field == "") || err != nil && wire.Public(err).Field != tt.field {
				t.Errorf("got %v, want field %q", err, tt.field)
			}
		})
	}
}

// spot is a question that is answered by a point, but for what is changed.
func spot(change func(*quiz.Draft)) quiz.Draft {
	d := quiz.Draft{
		Type: quiz.TypeHotspot, Text: "Where?", Media: &quiz.DraftMedia{URL: picture, Kind: quiz.MediaImage, Alt: "a map"},
		Areas: []quiz.Area{{X: 0.7, Y: 0.2, W: 0.3, H: 0.3}},
	}
	change(&d)
	return d
}

// Whatever a class of 5,000 points at, its reveal is as long as that of one of
// fifty, but for the digits of what is counted.
func TestPointsAreShownAsAGrid(t *testing.T) {
	length := func(people int) int {
		c := newClass()
		id := c.begin(t, spot(func(*quiz.Draft) {}))
		for i := range people {
			by := wire.Actor{User: wire.UserID(fmt.Sprintf("u%d", i)), Role: wire.Viewer}
			c.Must(t, by, quiz.Answer{Quiz: id, Point: &quiz.Point{float64(i%101) / 100, float64(i%97) / 96}})
		}
		c.Must(t, maya, quiz.Close{Quiz: id})
		c.Must(t, maya, quiz.Reveal{Quiz: id})
		v := c.State.Snapshot(who).Current
		sum := 0
		for _, n := range *v.Counts {
			sum += n
		}
		if sum != people || len(*v.Counts) != quiz.HeatSide*quiz.HeatSide {
			t.Fatalf("%d points in %d cells, want %d", sum, len(*v.Counts), people)
		}
		return len(encode(t, v))
	}
	few, many := length(50), length(5000)
	if most := few + 2*quiz.HeatSide*quiz.HeatSide; many > most {
		t.Errorf("%d bytes for 50 people, %d for 5,000", few, many)
	}
}

func TestTextsAreCleanedAndOwned(t *testing.T) {
	c := newClass()
	c.Must(t, maya, quiz.Create{Title: " Quiz ", Questions: []quiz.Draft{
		{Text: "Which\u202e?", Choices: []string{"e\u0301", " b "}, Correct: []int{1, 0}},
	}})
	own := func(text string) wire.Personal { return wire.Own("maya", text) }
	want := quiz.Created{Quiz: quiz.Quiz{Title: own("Quiz"), Questions: []quiz.Question{{
		Text: own("Which?"), Choices: []wire.Personal{own("é"), own("b")}, Correct: []int{0, 1}, Points: 1000, Seconds: 20,
	}}}}
	if got := c.Log[0]; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// What counts is when the server read an answer, unless that cannot be.
func TestAnswerDeadline(t *testing.T) {
	const none = -1 // not stamped
	tests := []struct {
		name        string
		read, after time.Duration // when it was read and decided, after the asking
		want        error
		points      int
	}{
		{"at once", 0, 0, nil, 1000},
		{"after two seconds", 2 * time.Second, 2 * time.Second, nil, 950},
		{"waited in the inbox", 2 * time.Second, 9 * time.Second, nil, 950},
		{"just in time", 20*time.Second - time.Millisecond, 20*time.Second - time.Millisecond, nil, 500},
		{"on the bell", 20 * time.Second, 20 * time.Second, quiz.ErrClosed, 0},
		{"late", 21 * time.Second, 21 * time.Second, quiz.ErrClosed, 0},
		{"read in time, decided before the close", 19 * time.Second, 25 * time.Second, nil, 525},
		{"not stamped", none, 2 * time.Second, nil, 950},
		{"not stamped and late", none, 20 * time.Second, quiz.ErrClosed, 0},
		{"stamped before the asking", -time.Second, 2 * time.Second, nil, 950},
		{"stamped before the asking, late", -time.Second, 20 * time.Second, quiz.ErrClosed, 0},
		{"stamped in the future", 19 * time.Second, 2 * time.Second, nil, 950},
		{"stamped beyond the deadline", time.Hour, 2 * time.Second, nil, 950},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newClass()
			id := c.begin(t, ask(2))
			answer := quiz.Answer{Quiz: id, Choices: []int{2}}
			if tt.read != none {
				answer.At = wire.At(c.Now.Add(tt.read))
			}
			c.Wait(tt.after)
			if _, err := c.Do(ana, answer); !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if tt.want != nil {
				return
			}
			if got := c.Log[c.Last()-1].(quiz.Answered); !got.Right || got.Points != tt.points {
				t.Errorf("got %+v, want %d points", got, tt.points)
			}
		})
	}
}

func TestTimeRunsOut(t *testing.T) {
	c := newClass()
	if !c.State.Alarm().IsZero() {
		t.Error("an alarm without a question")
	}
	id := c.begin(t, ask(2))
	deadline := c.Now.Add(20 * time.Second)
	if got := c.State.Alarm(); !got.Equal(deadline) {
		t.Fatalf("alarm at %v, want %v", got, deadline)
	}
	if _, err := c.Do(wire.Actor{User: "zoe", Role: wire.Host}, quiz.Tick{}); !errors.Is(err, wire.ErrForbidden) {
		t.Errorf("a tick of a host's: %v", err)
	}
	c.Wait(20*time.Second - 1)
	if shown, err := c.Do(wire.System, quiz.Tick{}); err != nil || shown != nil {
		t.Fatalf("too early: %v, %v", shown, err)
	}
	c.Wait(1)
	shown, err := c.Do(wire.System, quiz.Tick{})
	if err != nil || len(shown) != 1 || shown[0].All.Type != "quiz.closed" {
		t.Fatalf("on the bell: %v, %v", shown, err)
	}
	if !c.State.Alarm().IsZero() {
		t.Error("an alarm after the close")
	}
	c.Wait(time.Second)
	late := quiz.Answer{Quiz: id, Choices: []int{2}, At: wire.At(deadline)}
	if _, err := c.Do(ana, late); !errors.Is(err, quiz.ErrClosed) {
		t.Errorf("an answer read on the bell: %v", err)
	}
	// The close was decided first, but the answer was there before.
	early := quiz.Answer{Quiz: id, Choices: []int{2}, At: wire.At(deadline) - 1}
	if _, err := c.Do(ana, early); err != nil {
		t.Errorf("an answer read before the close: %v", err)
	}
	c.Must(t, maya, quiz.Reveal{Quiz: id})
	if _, err := c.Do(ben, early); !errors.Is(err, quiz.ErrClosed) {
		t.Errorf("an answer decided after the reveal: %v", err)
	}
}

func TestSeveralCorrect(t *testing.T) {
	for picks, right := range map[[3]int]bool{ // -1: nothing
		{0, 2, -1}: true, {2, 0, -1}: true,
		{0, -1, -1}: false, {2, -1, -1}: false, {0, 1, -1}: false, {0, 1, 2}: false, {1, 3, -1}: false,
	} {
		c := newClass()
		id := c.begin(t, ask(0, 2))
		var choices []int
		for _, choice := range picks {
			if choice >= 0 {
				choices = append(choices, choice)
			}
		}
		c.Must(t, ana, quiz.Answer{Quiz: id, Choices: choices})
		got := c.Log[c.Last()-1].(quiz.Answered)
		if got.Right != right || (got.Points == 1000) != right || !right && got.Points != 0 {
			t.Errorf("%v: got %+v", choices, got)
		}
	}
}

// The class ends in the middle of a question: it is closed and revealed, and
// the quiz is finished, so that nobody loses points.
func TestEndAll(t *testing.T) {
	c := newClass()
	if events := quiz.EndAll(&c.State); events != nil {
		t.Errorf("nothing runs, but %v", events)
	}
	id := c.begin(t, ask(2), ask(2))
	c.Must(t, ana, quiz.Answer{Quiz: id, Choices: []int{2}})
	c.Must(t, ben, quiz.Answer{Quiz: id, Choices: []int{1}})
	want := []quiz.Event{
		quiz.Closed{Quiz: id}, quiz.Revealed{Quiz: id, Right: []wire.UserID{"ana"}}, quiz.Finished{Quiz: id},
	}
	got := quiz.EndAll(&c.State)
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for _, e := range got {
		c.Apply("maya", e)
	}
	if v := c.State.Snapshot(who); v.Phase != quiz.PhaseFinished || v.Board[0].Score != 1000 || v.Current.Correct == nil {
		t.Errorf("got %+v", v)
	}
	if events := quiz.EndAll(&c.State); events != nil {
		t.Errorf("ending again: %v", events)
	}
}

// Somebody who comes late, goes away or reconnects finds their own answers and
// standing, and the next quiz begins from nothing.
func TestMine(t *testing.T) {
	c := newClass()
	id := c.begin(t, ask(2), ask(1))
	check := func(user wire.UserID, own []quiz.Own, standing *quiz.Standing) {
		t.Helper()
		gotOwn, gotStanding := c.State.Mine(user)
		if !reflect.DeepEqual(gotOwn, own) || !reflect.DeepEqual(gotStanding, standing) {
			t.Errorf("%s: got %v, %v, want %v, %v", user, gotOwn, gotStanding, own, standing)
		}
	}
	check("ana", nil, nil)
	c.Must(t, ana, quiz.Answer{Quiz: id, Choices: []int{2}})
	first := quiz.Own{Quiz: id, Question: 0, Choices: []int{2}}
	check("ana", []quiz.Own{first}, nil) // nobody has a rank yet
	c.Must(t, maya, quiz.Close{Quiz: id})
	c.Must(t, maya, quiz.Reveal{Quiz: id})
	check("ana", []quiz.Own{first}, &quiz.Standing{Quiz: id, Score: 1000, Rank: 1, Of: 1})

	c.Must(t, maya, quiz.Ask{Quiz: id})
	c.Must(t, ben, quiz.Answer{Quiz: id, Question: 1, Choices: []int{1}})
	c.Must(t, maya, quiz.Close{Quiz: id})
	shown, err := c.Do(maya, quiz.Reveal{Quiz: id})
	if err != nil {
		t.Fatal(err)
	}
	no, zero := false, 0
	want := wire.View{Type: "quiz.mine", Data: quiz.MineView{
		Quiz: id, Question: 1, Correct: &no, Points: &zero, Score: 1000, Rank: 1, Of: 2,
	}}
	if got := shown[0].Personal["ana"]; !reflect.DeepEqual(got, want) {
		t.Errorf("who did not answer: got %+v, want %+v", got, want)
	}
	check("ben", []quiz.Own{{Quiz: id, Question: 1, Choices: []int{1}}}, &quiz.Standing{Quiz: id, Score: 1000, Rank: 1, Of: 2})
	c.Must(t, maya, quiz.Finish{Quiz: id})
	check("ana", []quiz.Own{first}, &quiz.Standing{Quiz: id, Score: 1000, Rank: 1, Of: 2})

	c.begin(t, ask(0))
	check("ana", nil, nil)
}

func TestTooManyQuizzes(t *testing.T) {
	c := newClass()
	create := quiz.Create{Title: "Quiz", Questions: []quiz.Draft{ask(0)}}
	id := c.begin(t, ask(0)) // a running quiz counts as well
	for range quiz.MaxQuizzes - 1 {
		c.Must(t, maya, create)
	}
	if _, err := c.Do(maya, create); !errors.Is(err, quiz.ErrMany) {
		t.Fatalf("one too many: %v", err)
	}
	for _, cmd := range []quiz.Command{quiz.Close{Quiz: id}, quiz.Finish{Quiz: id}, create} {
		c.Must(t, maya, cmd)
	}
}

// commands are all that a client may give.
var commands = []quiz.Command{
	quiz.Create{}, quiz.Edit{}, quiz.Drop{}, quiz.Ask{}, quiz.Answer{}, quiz.Close{}, quiz.Reveal{}, quiz.Finish{},
	quiz.Join{}, quiz.Pause{}, quiz.Resume{}, quiz.Extend{}, quiz.Allow{},
}

// A client cannot say when its answer arrived, nor how long it was on its way.
func TestArrivalIsNotTheClients(t *testing.T) {
	for _, name := range []string{"At", "at", "-", "Lag", "lag"} {
		var c quiz.Answer
		if err := wire.Decode(fmt.Appendf(nil, `{"quiz":1,"question":0,"choices":[0],%q:5}`, name), &c); !errors.Is(err, wire.ErrField) {
			t.Errorf("%s: %v, %+v", name, err, c)
		}
	}
}

// No data makes a command change more than its events say, or leaves a state
// that cannot be shown, saved and loaded.
func FuzzDecide(f *testing.F) {
	for i, data := range []string{
		`{"title":"Quiz","questions":[{"text":"Which?","choices":["a","b"],"correct":[1],"points":2000,"seconds":5}]}`,
		`{"quiz":1,"title":"Quiz","questions":[{"text":"Which?","choices":["a","b"],"correct":[0,1]}]}`,
		`{"quiz":1}`, `{"quiz":2}`, `{"quiz":2,"question":0,"choices":[3]}`, `{"quiz":2}`, `{"quiz":2}`, `{"quiz":2}`,
		`{"quiz":2,"team":1}`, `{"quiz":2}`, `{"quiz":2}`, `{"quiz":2,"seconds":5}`, `{"user":"ana","times":1.5}`,
		`{"title":"All","questions":[{"type":"gaps","text":"[[1]]","gaps":[["a"]]},{"type":"match","text":"?","pairs":[{"left":"a","right":"b"},{"left":"c","right":"d"}]},{"type":"numeric","text":"?","ranges":[{"min":1,"max":2}]}]}`,
	} {
		f.Add(uint8(i), false, []byte(data))
		f.Add(uint8(i), true, []byte(data))
	}
	f.Fuzz(func(t *testing.T, which uint8, closed bool, data []byte) {
		c := newClass()
		c.Must(t, maya, quiz.Create{Title: "prepared", Questions: []quiz.Draft{ask(1)}})
		c.Must(t, maya, quiz.Create{Title: "running", Questions: []quiz.Draft{ask(1), ask(0, 3)}})
		c.Must(t, maya, quiz.Ask{Quiz: 2})
		c.Must(t, ana, quiz.Answer{Quiz: 2, Choices: []int{1}})
		if closed {
			c.Must(t, maya, quiz.Close{Quiz: 2})
		}
		cmd := reflect.New(reflect.TypeOf(commands[int(which)%len(commands)]))
		if wire.Decode(data, cmd.Interface()) != nil {
			return
		}
		before := encode(t, c.State)
		shown, err := c.Do(maya, cmd.Elem().Interface().(quiz.Command))
		if err != nil && string(before) != string(encode(t, c.State)) {
			t.Fatalf("refused with %v, but the state has changed", err)
		}
		for _, v := range shown {
			for _, view := range []*wire.View{v.All, v.Staff} {
				if view != nil {
					encode(t, view.Data)
				}
			}
		}
		encode(t, c.State.Snapshot(who))
		c.Reload(t)
	})
}

package qa_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/wire"
)

func TestTexts(t *testing.T) {
	long := strings.Repeat("问", wire.MaxAsk)
	c := newClass()
	question := c.Must(t, ana, qa.Ask{Text: "Why?"})
	tests := []struct {
		name, text string
		ok         bool
	}{
		{"plain", "Why?", true},
		{"two lines", "Why?\nHow?", true},
		{"longest", long, true},
		{"too long", long + "？", false},
		{"blank", " \n", false},
		{"only invisible", "\u200b\u202e", false},
		{"not UTF-8", "a\xffb", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for by, cmd := range map[wire.Actor]qa.Command{
				ben:  qa.Ask{Text: tt.text},
				maya: qa.Answer{Question: question, Text: tt.text},
			} {
				_, err := c.Do(by, cmd)
				if tt.ok != (err == nil) || err != nil && (!errors.Is(err, wire.ErrText) || wire.Public(err).Field != "text") {
					t.Errorf("%T: %v", cmd, err)
				}
			}
		})
	}
}

func TestBounds(t *testing.T) {
	c := newClass()
	var first uint64
	for range qa.MaxWaiting {
		first = c.Must(t, ana, qa.Ask{Text: "Why?"})
	}
	if _, err := c.Do(ana, qa.Ask{Text: "And why?"}); !errors.Is(err, qa.ErrWaiting) {
		t.Fatalf("one question too many of one person: %v", err)
	}
	c.Must(t, maya, qa.Answer{Question: first})
	c.Must(t, ana, qa.Ask{Text: "And why?"})

	for range qa.MaxAnswers {
		c.Must(t, maya, qa.Answer{Question: first, Text: "So."})
	}
	if _, err := c.Do(maya, qa.Answer{Question: first, Text: "So."}); !errors.Is(err, qa.ErrAnswers) {
		t.Errorf("one answer too many: %v", err)
	}

	for i := 0; len(c.State.Questions) < qa.MaxQuestions; i++ {
		c.Must(t, wire.Actor{User: wire.UserID(fmt.Sprintf("u%d", i/qa.MaxWaiting)), Role: wire.Viewer}, qa.Ask{Text: "Why?"})
	}
	if _, err := c.Do(ben, qa.Ask{Text: "Why?"}); !errors.Is(err, qa.ErrFull) {
		t.Errorf("one question too many for the board: %v", err)
	}
	last := c.Last()
	c.Must(t, ben, qa.Upvote{Question: last})
	c.Must(t, maya, qa.Pin{Question: first})
	shown := c.State.Snapshot(who, false)
	if len(shown) != qa.MaxShown || shown[0].ID != first || shown[1].ID != last {
		t.Errorf("a full board shows %d, first %d and %d", len(shown), shown[0].ID, shown[1].ID)
	}
	c.Must(t, maya, qa.Delete{Item: last})
	c.Must(t, ben, qa.Ask{Text: "Why?"})
}

// An answer whose text was erased is still an answer in writing.
func TestErasedAnswerReplays(t *testing.T) {
	c := newClass()
	question := c.Must(t, ana, qa.Ask{Text: "Why?"})
	c.Must(t, maya, qa.Answer{Question: question, Text: "So."})
	e := c.Log[1].(qa.Answered)
	e.Text.Text = "" // as it reads without its owner's key
	c.Log[1] = e
	s := c.Replay(t)
	if got := s.Snapshot(who, false)[0].Answers; len(got) != 1 || got[0].Text != "" {
		t.Errorf("got %+v", got)
	}
}

// commands are all that a client may give.
var commands = []qa.Command{
	qa.Ask{}, qa.Upvote{}, qa.Unvote{}, qa.Answer{}, qa.Pin{}, qa.Unpin{}, qa.Delete{},
	qa.Reply{}, qa.Label{}, qa.Dismiss{}, qa.Restore{}, qa.Hold{}, qa.Approve{}, qa.Reject{}, qa.Merge{}, qa.Expert{}, qa.Focus{},
}

// No data makes a command change more than its events say, or leaves a state
// that cannot be shown, saved and loaded.
func FuzzDecide(f *testing.F) {
	for i, data := range []string{
		`{"text":"Why?"}`, `{"question":1}`, `{"question":1}`, `{"question":1,"text":"So."}`,
		`{"question":1}`, `{"question":1}`, `{"item":2}`,
		`{"answer":2,"text":"And?"}`, `{"question":1,"labels":["go"]}`, `{"question":1}`, `{"question":1}`, `{"on":true}`,
		`{"question":4}`, `{"question":4}`, `{"from":4,"into":1}`, `{"user":"ben","on":true}`, `{"question":1}`,
	} {
		f.Add(uint8(i), []byte(data))
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		c := newClass()
		c.Must(t, ana, qa.Ask{Text: "Why?"})
		c.Must(t, maya, qa.Answer{Question: 1, Text: "So."})
		c.Must(t, maya, qa.Hold{On: true})
		c.Must(t, ana, qa.Ask{Text: "And how?", Anonymous: true})
		cmd := reflect.New(reflect.TypeOf(commands[int(which)%len(commands)]))
		if wire.Decode(data, cmd.Interface()) != nil {
			return
		}
		before := encode(t, c.State)
		shown, err := c.Do(hana, cmd.Elem().Interface().(qa.Command))
		if err != nil && string(before) != string(encode(t, c.State)) {
			t.Fatalf("refused with %v, but the state has changed", err)
		}
		for _, v := range shown {
			for _, view := range []*wire.View{v.All, v.Staff} {
				if view != nil {
					encode(t, view.Data)
				}
			}
			encode(t, v.Personal)
		}
		encode(t, c.State.Snapshot(who, true))
		encode(t, c.State.Own(ana.User, who))
		c.Reload(t)
	})
}

func BenchmarkUpvote(b *testing.B) {
	c := newClass()
	id := c.Must(b, maya, qa.Ask{Text: "Why?"})
	voters := make([]wire.Actor, 5000)
	for i := range voters {
		voters[i] = wire.Actor{User: wire.UserID(fmt.Sprintf("u%d", i)), Role: wire.Viewer}
	}
	b.ReportAllocs()
	h := wire.Head{Seq: 2, At: wire.At(c.Now)}
	for i := 0; b.Loop(); i++ {
		by := voters[i%len(voters)]
		var cmd qa.Command = qa.Upvote{Question: id}
		if i/len(voters)%2 == 1 {
			cmd = qa.Unvote{Question: id}
		}
		events, err := qa.Decide(&c.State, c.Now, by, cmd)
		if err != nil {
			b.Fatal(err)
		}
		h.By = by.User
		for _, e := range events {
			c.State.Apply(h, e)
		}
	}
}

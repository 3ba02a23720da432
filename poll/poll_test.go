package poll_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/wire"
)

func TestCleanCreate(t *testing.T) {
	two := []string{"yes", "no"}
	long := strings.Repeat("é", wire.MaxTitle)
	tests := []struct {
		name  string
		give  poll.Create
		field string // that is wrong; "" for none
	}{
		{"plain", poll.Create{Text: "Well?", Choices: two}, ""},
		{"longest", poll.Create{Text: long, Choices: two, Max: 2}, ""},
		{"too long", poll.Create{Text: long + "x", Choices: two}, "text"},
		{"no text", poll.Create{Text: " \u200b ", Choices: two}, "text"},
		{"one choice", poll.Create{Text: "Well?", Choices: two[:1]}, "choices"},
		{"13 choices", poll.Create{Text: "Well?", Choices: strings.Split("abcdefghijklm", "")}, "choices"},
		{"empty choice", poll.Create{Text: "Well?", Choices: []string{"a", ""}}, "choices[1]"},
		{"long choice", poll.Create{Text: "Well?", Choices: []string{long, "a"}}, "choices[0]"},
		{"not UTF-8", poll.Create{Text: "Well?", Choices: []string{"a", "\xff"}}, "choices[1]"},
		{"max below", poll.Create{Text: "Well?", Choices: two, Max: -1}, "max"},
		{"max above", poll.Create{Text: "Well?", Choices: two, Max: 3}, "max"},
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

func TestTextsAreCleanedAndOwned(t *testing.T) {
	c := newClass()
	c.Must(t, maya, poll.Create{Text: "  Wel\u202el?\n", Choices: []string{" a ", "e\u0301"}})
	want := poll.Created{Question: poll.Question{
		Text: wire.Own("maya", "Well?"), Choices: []wire.Personal{wire.Own("maya", "a"), wire.Own("maya", "é")}, Max: 1,
	}}
	if got := c.Log[0]; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// A class may go on for years: opening one more poll makes room by forgetting
// the oldest result, but never an open poll.
func TestRoomIsMadeByForgettingResults(t *testing.T) {
	c := newClass()
	ask := poll.Create{Text: "Well?", Choices: []string{"yes", "no"}, Open: true}
	for range poll.MaxShown {
		c.Must(t, maya, ask)
	}
	if _, err := c.Do(maya, ask); !errors.Is(err, poll.ErrMany) {
		t.Fatalf("opening one poll too many: %v", err)
	}
	first := c.State.OpenIDs()[0]
	c.Must(t, maya, poll.Close{Poll: first + 2})
	second := c.Must(t, maya, ask)
	shown := c.State.Snapshot(false)
	if len(shown) != poll.MaxShown || shown[0].ID != first || shown[len(shown)-1].ID != second {
		t.Fatalf("got %d polls, from %d to %d", len(shown), shown[0].ID, shown[len(shown)-1].ID)
	}
	if _, err := c.Do(ana, poll.Vote{Poll: first + 2, Choices: []int{0}}); !errors.Is(err, wire.ErrNotFound) {
		t.Errorf("a vote in a forgotten poll: %v", err)
	}
	ask.Open = false
	for range poll.MaxPolls - poll.MaxShown {
		c.Must(t, maya, ask)
	}
	if _, err := c.Do(maya, ask); !errors.Is(err, poll.ErrMany) {
		t.Errorf("drafting one poll too many: %v", err)
	}
}

// picture is the address of some uploaded file.
var picture = wire.FileID(strings.Repeat("0f", 32)).URL()

// Pictures are this server's own, one for each choice, and where none has one
// a poll is as it was before there were pictures.
func TestImages(t *testing.T) {
	two := []string{"yes", "no"}
	for _, tt := range []struct {
		name  string
		give  poll.Create
		field string
	}{
		{"one of two", poll.Create{Choices: two, Images: []string{"", picture}}, ""},
		{"of a ranking", poll.Create{Kind: poll.KindRanking, Choices: two, Images: []string{picture, picture}}, ""},
		{"none", poll.Create{Choices: two, Images: []string{"", ""}}, ""},
		{"too few", poll.Create{Choices: two, Images: []string{picture}}, "images"},
		{"another server's", poll.Create{Choices: two, Images: []string{picture, "https://example.org" + picture}}, "images[1]"},
		{"a script", poll.Create{Choices: two, Images: []string{"javascript:alert(1)", ""}}, "images[0]"},
		{"of stars", poll.Create{Kind: poll.KindRating, Images: []string{picture}}, "images"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newClass()
			tt.give.Text, tt.give.Open = "Well?", true
			_, err := c.Do(maya, tt.give)
			if (err == nil) != (tt.field == "") || err != nil && wire.Public(err).Field != tt.field {
				t.Fatalf("got %v, want field %q", err, tt.field)
			}
			if err != nil {
				return
			}
			want := tt.give.Images
			if strings.Join(want, "") == "" {
				want = nil
			}
			if v := c.State.Snapshot(false)[0]; !reflect.DeepEqual(v.Images, want) {
				t.Errorf("shown %q, want %q", v.Images, want)
			}
		})
	}
}

func TestCloseAll(t *testing.T) {
	c := newClass()
	ask := poll.Create{Text: "Well?", Choices: []string{"yes", "no"}}
	draft := c.Must(t, maya, ask)
	ask.Open = true
	open := c.Must(t, maya, ask)
	got := poll.CloseAll(&c.State)
	if want := []poll.Event{poll.Closed{Poll: open}}; !reflect.DeepEqual(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	c.Apply("maya", got[0])
	if rest := poll.CloseAll(&c.State); rest != nil {
		t.Errorf("closing again: %v", rest)
	}
	if _, err := c.Do(maya, poll.Open{Poll: draft}); err != nil {
		t.Errorf("the draft is gone: %v", err)
	}
}

// commands are all that a client may give.
var commands = []poll.Command{
	poll.Create{}, poll.Edit{}, poll.Open{}, poll.Vote{}, poll.Close{}, poll.Drop{}, poll.Retract{}, poll.Show{}, poll.Quick{},
}

// No data makes a command change more than its events say, or leaves a state
// that cannot be shown, saved and loaded.
func FuzzDecide(f *testing.F) {
	for i, data := range []string{
		`{"text":"Well?","choices":["yes","no"],"max":2,"hidden":true,"open":true}`,
		`{"poll":1,"text":"Well?","choices":["yes","no"]}`,
		`{"poll":1}`, `{"poll":2,"choices":[0]}`, `{"poll":2}`, `{"poll":1}`,
	} {
		f.Add(uint8(i), []byte(data))
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		c := newClass()
		c.Must(t, maya, poll.Create{Text: "draft", Choices: []string{"a", "b"}})
		c.Must(t, maya, poll.Create{Text: "open", Choices: []string{"a", "b"}, Hidden: true, Open: true})
		cmd := reflect.New(reflect.TypeOf(commands[int(which)%len(commands)]))
		if wire.Decode(data, cmd.Interface()) != nil {
			return
		}
		before := encode(t, c.State)
		shown, err := c.Do(maya, cmd.Elem().Interface().(poll.Command))
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
		encode(t, c.State.Snapshot(false))
		c.Reload(t)
	})
}

func BenchmarkVote(b *testing.B) {
	c := newClass()
	id := c.Must(b, maya, poll.Create{Text: "Well?", Choices: []string{"a", "b", "c", "d"}, Open: true})
	voters := make([]wire.Actor, 5000)
	for i := range voters {
		voters[i] = wire.Actor{User: wire.UserID(fmt.Sprintf("u%d", i)), Role: wire.Viewer}
	}
	h := wire.Head{Seq: 2, At: wire.At(c.Now)}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		by := voters[i%len(voters)]
		events, err := poll.Decide(&c.State, c.Now, by, poll.Vote{Poll: id, Choices: []int{(i + i/len(voters)) % 4}})
		if err != nil {
			b.Fatal(err)
		}
		h.By = by.User
		for _, e := range events {
			c.State.Apply(h, e)
		}
	}
}

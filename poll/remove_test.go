package poll_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/wire"
)

// A word that is removed stands in no result any more, counts for nobody, and
// does not come back; whoever gave nothing else has not voted. All else is as
// it was, also after the close, a restart and a replay.
func TestRemovedWordsAreGone(t *testing.T) {
	words := []string{"go", "zig", "lua", "rust"}
	rapid.Check(t, func(t *rapid.T) {
		c := newClass()
		id := c.Must(t, maya, poll.Create{Text: "?", Kind: poll.KindCloud, Words: 3, Open: true, Hidden: rapid.Bool().Draw(t, "hidden")})
		given, removed, open := map[wire.UserID][]string{}, map[string]bool{}, true
		t.Repeat(map[string]func(*rapid.T){
			"vote": func(t *rapid.T) {
				by := viewer(rapid.IntRange(0, 4).Draw(t, "who"))
				said := rapid.SliceOfNDistinct(rapid.SampledFrom(words), 1, 3, rapid.ID[string]).Draw(t, "words")
				counts := slices.DeleteFunc(slices.Clone(said), func(w string) bool { return removed[w] })
				want := ""
				if !open {
					want = "poll.closed"
				} else if len(counts) == 0 {
					want = "wire.text"
				}
				before, voted := given[by.User]
				switch _, err := c.Do(by, poll.Vote{Poll: id, Words: said}); {
				case code(err) != want:
					t.Fatalf("%v of %v: %v, want %q", said, removed, err, want)
				case err == nil && !(voted && slices.Equal(before, counts)):
					given[by.User] = counts
				}
			},
			"remove": func(t *rapid.T) {
				word := rapid.SampledFrom(words).Draw(t, "word")
				var lost []wire.UserID
				stands := false
				for user, said := range given {
					if slices.Contains(said, word) {
						stands = true
						if given[user] = slices.DeleteFunc(slices.Clone(said), func(w string) bool { return w == word }); len(given[user]) == 0 {
							lost = append(lost, user)
							delete(given, user)
						}
					}
				}
				if _, err := c.Do(ana, poll.Remove{Poll: id, Word: word}); code(err) != "auth.forbidden" {
					t.Fatalf("a viewer: %v", err)
				}
				shown, err := c.Do(maya, poll.Remove{Poll: id, Word: word})
				if !stands {
					if code(err) != "wire.not_found" {
						t.Fatalf("%s, which nobody gave: %v", word, err)
					}
					return
				}
				removed[word] = true
				slices.Sort(lost)
				if err != nil || len(shown) != 1 || shown[0].All.Type != "poll.changed" || !slices.Equal(slices.Sorted(maps.Keys(shown[0].Personal)), lost) {
					t.Fatalf("%v, %+v; lost %v", err, shown, lost)
				}
				if bytes.Contains(encode(t, c.Log[len(c.Log)-1]), []byte(`"`+word+`"`)) {
					t.Fatalf("the log repeats the word: %s", encode(t, c.Log[len(c.Log)-1]))
				}
			},
			"close":   func(t *rapid.T) { c.Must(t, maya, poll.Close{Poll: id}); open = false },
			"restart": func(t *rapid.T) { c.State = c.Reload(t) },
			"": func(t *rapid.T) {
				want := map[string]int{}
				for _, said := range given {
					for _, word := range said {
						want[word]++
					}
				}
				got := map[string]int{}
				v := c.State.Snapshot(true)[0]
				for _, w := range v.Result.Words {
					got[w.Word] = w.N
				}
				if v.Voters != len(given) || v.Result.N != len(given) || !maps.Equal(got, want) {
					t.Fatalf("%d, %+v, want %v", v.Voters, v.Result, given)
				}
				for i := range 5 {
					user := viewer(i).User
					if _, voted := given[user]; voted != (len(c.State.Own(id, user).Words) > 0) {
						t.Fatalf("%s sees %+v as their own", user, c.State.Own(id, user))
					}
				}
			},
		})
		if got, want := encode(t, c.Replay(t)), encode(t, c.State); !bytes.Equal(got, want) {
			t.Fatalf("replayed:\n got %s\nwant %s", got, want)
		}
	})
}

// An answer that is removed is no vote any more; whoever gave it may answer
// anew while the poll is open. All answers that say just the same go.
func TestRemovedAnswersAreGone(t *testing.T) {
	c := newClass()
	id := c.Must(t, maya, poll.Create{Text: "?", Kind: poll.KindText, Open: true})
	for i, said := range []string{"fine", "rude", "rude", "also rude"} {
		c.Must(t, viewer(i), poll.Vote{Poll: id, Text: said})
	}
	result := func() string {
		v := c.State.Snapshot(false)[0]
		return fmt.Sprint(v.Voters, v.Result.N, v.Result.Texts)
	}
	shown, err := c.Do(maya, poll.Remove{Poll: id, Text: "rude"})
	if err != nil || result() != "2 2 [also rude fine]" {
		t.Fatalf("%v: %s", err, result())
	}
	if _, one := shown[0].Personal[viewer(1).User]; !one || len(shown[0].Personal) != 2 {
		t.Errorf("told: %+v", shown[0].Personal)
	}
	c.Must(t, viewer(1), poll.Vote{Poll: id, Text: "better"})
	c.Must(t, maya, poll.Close{Poll: id})
	c.Must(t, maya, poll.Remove{Poll: id, Text: "also rude"})
	if result() != "2 2 [better fine]" {
		t.Error(result())
	}
	choice := c.Must(t, maya, poll.Create{Text: "?", Choices: []string{"a", "b"}, Open: true})
	draft := c.Must(t, maya, poll.Create{Text: "?", Kind: poll.KindText})
	for _, tt := range []struct {
		cmd  poll.Remove
		code string
	}{
		{poll.Remove{Poll: id, Text: "rude"}, "wire.not_found"},
		{poll.Remove{Poll: id}, "wire.field"},
		{poll.Remove{Poll: id, Word: "fine"}, "wire.field"},
		{poll.Remove{Poll: id, Text: "fine", Word: "fine"}, "wire.field"},
		{poll.Remove{Poll: choice, Text: "a"}, "wire.field"},
		{poll.Remove{Poll: draft, Text: "a"}, "poll.closed"},
		{poll.Remove{Poll: 99, Text: "a"}, "wire.not_found"},
	} {
		if _, err := c.Do(maya, tt.cmd); code(err) != tt.code {
			t.Errorf("%+v: %v, want %s", tt.cmd, err, tt.code)
		}
	}
	if got, want := encode(t, c.Replay(t)), encode(t, c.State); !bytes.Equal(got, want) {
		t.Errorf("replayed:\n got %s\nwant %s", got, want)
	}
}

// A word stays removed when the first who gave it is forgotten, also where the
// room is read from a snapshot that was taken before.
func TestRemovedWordsOfTheForgotten(t *testing.T) {
	c := newClass()
	id := c.Must(t, maya, poll.Create{Text: "?", Kind: poll.KindCloud, Words: 2, Open: true})
	for i := range 3 {
		c.Must(t, viewer(i), poll.Vote{Poll: id, Words: []string{"rude", "go"}})
	}
	c.Must(t, maya, poll.Remove{Poll: id, Word: "rude"})
	p := c.State.Polls[id]
	for i, word := range p.Removed {
		if word.Owner == viewer(0).User {
			p.Removed[i].Text = "" // as it reads without the key
		}
	}
	if _, err := c.Do(viewer(3), poll.Vote{Poll: id, Words: []string{"rude"}}); code(err) != "wire.text" {
		t.Errorf("a removed word is counted again: %v", err)
	}
}

package room_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// TestEverybodySeesThatTheClassIsRecorded: who may begin and end it, what
// everybody hears of it, and that it ends with the class.
func TestEverybodySeesThatTheClassIsRecorded(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host, mo, ana := c.join("hana", wire.Host), c.join("mo", wire.Moderator), c.join("ana", wire.Viewer)
		for _, k := range []*client{mo, ana} {
			if err := k.do(room.RecordStart{}); !errors.Is(err, wire.ErrForbidden) {
				t.Errorf("%s begins a recording: %v", k.session.User, err)
			}
		}
		if err := ana.do(room.MarkClip{}); !errors.Is(err, wire.ErrForbidden) {
			t.Errorf("a viewer marks a clip: %v", err)
		}
		if err := mo.do(room.MarkClip{}); !errors.Is(err, room.ErrNotRecorded) {
			t.Errorf("a clip of what is not recorded: %v", err)
		}
		host.must(room.Open{})
		host.must(room.RecordStart{})
		host.must(room.RecordStart{}) // a second tap
		seen := last[room.RecordingView](ana, "record.changed")
		if !seen.On || seen.ID == 0 || len(ana.got("record.changed")) != 1 {
			t.Fatalf("a viewer sees %+v, %d times", seen, len(ana.got("record.changed")))
		}
		late := c.join("ben", wire.Viewer)
		if v := welcomed(t, late).Recording; v == nil || *v != seen {
			t.Errorf("a latecomer sees %+v", v)
		}

		time.Sleep(10 * time.Second)
		mo.must(room.MarkClip{Title: " The proof "})
		clip := last[room.ClipView](host, "clip.marked")
		if clip.Recording != seen.ID || clip.From != seen.Since || clip.To-clip.From != 10_000 || clip.Title != "The proof" {
			t.Errorf("the clip: %+v", clip)
		}
		time.Sleep(time.Minute)
		mo.must(room.MarkClip{Seconds: 20})
		if clip = last[room.ClipView](mo, "clip.marked"); clip.To-clip.From != 20_000 {
			t.Errorf("the clip: %+v", clip)
		}
		for _, bad := range []room.MarkClip{{Seconds: -1}, {Seconds: 601}, {Title: "\x00"}} {
			if mo.do(bad) == nil {
				t.Errorf("%+v is taken", bad)
			}
		}
		if len(ana.got("clip.marked")) > 0 {
			t.Error("viewers hear of marks")
		}

		ctx := context.Background()
		if err := c.house.Do(ctx, physics, wire.System, room.RecordFailed{ID: seen.ID + 1, Reason: "disk"}); err != nil {
			t.Fatal(err)
		}
		if len(ana.got("record.changed")) != 1 {
			t.Error("another recording's end ends this one")
		}
		if err := c.house.Do(ctx, physics, wire.System, room.RecordFailed{ID: seen.ID, Reason: "disk"}); err != nil {
			t.Fatal(err)
		}
		if v := last[room.RecordingView](ana, "record.changed"); v.On || v.Reason != "disk" {
			t.Errorf("after the disk was full: %+v", v)
		}
		host.must(room.RecordStart{})
		c.stop() // the server is killed in the middle
		c.start(room.Config{})
		host = c.join("hana", wire.Host)
		again := welcomed(t, host).Recording
		if again == nil || !again.On || again.ID <= seen.ID || again.Reason != "" {
			t.Fatalf("after a restart: %+v", again)
		}
		host.must(room.End{})
		if v := last[room.RecordingView](host, "record.changed"); v.On || v.ID != again.ID {
			t.Errorf("after the end: %+v", v)
		}
		if err := host.do(room.RecordStart{}); !errors.Is(err, room.ErrOver) {
			t.Errorf("an ended class is recorded: %v", err)
		}
	})
}

func welcomed(t *testing.T, k *client) room.RoomView {
	t.Helper()
	return last[struct {
		Room room.RoomView `json:"room"`
	}](k, "welcome").Room
}

// TestWordsOfWhatHappened: subjects are called what they are called now, and
// nothing where the words are gone.
func TestWordsOfWhatHappened(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host, ana := c.join("hana", wire.Host), c.join("ana", wire.Viewer)
		ask := func(k *client, key string, command room.Command) uint64 {
			t.Helper()
			seq, err := k.doKey(key, command)
			if err != nil {
				t.Fatal(err)
			}
			return seq
		}
		kept := ask(ana, "a", qa.Ask{Text: "Why?"})
		gone := ask(ana, "b", qa.Ask{Text: "When?"})
		first := ask(host, "c", room.SetSegment{Segment: "Warm up"})
		second := ask(host, "d", room.SetSegment{Segment: "Proof"})
		host.must(room.Delete{Item: gone})
		words, err := c.house.Words(context.Background(), physics, []room.Subject{
			{Kind: "question", Ref: kept}, {Kind: "question", Ref: gone}, {Kind: "segment", Ref: first}, {Kind: "segment", Ref: second},
			{Kind: "segment", Ref: kept}, {Kind: "poll", Ref: 99}, {Kind: "quiz", Ref: 99},
		})
		if want := []string{"Why?", "", "Warm up", "Proof", "", "", ""}; err != nil || !slices.Equal(words, want) {
			t.Errorf("got %q, %v; want %q", words, err, want)
		}
		if ok, err := c.house.Seen(context.Background(), physics, "ana"); err != nil || !ok {
			t.Errorf("ana may not see: %v", err)
		}
		host.must(room.Ban{User: "ana"})
		if ok, err := c.house.Seen(context.Background(), physics, "ana"); err != nil || ok {
			t.Errorf("who is banned may see: %v", err)
		}
	})
}

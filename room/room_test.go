package room_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// welcome is as much of a welcome as the tests look at.
type welcome struct {
	You     map[string]any
	Epoch   string
	Seq     uint64
	Resumed bool
	Room    *struct {
		Title     string
		Phase     string
		Count     int
		Chat      []struct{ Text string }
		Questions []struct{ Text string }
		Polls     []struct{ Counts []int }
		Hands     []struct{ ID string }
		Drafts    *struct{ Quizzes []any }
		Quiz      *struct{ Phase string }
		Banned    []struct{ User string }
		Slow      int
		Stage     struct {
			Live    bool
			Sources []string
		}
	}
}

func TestNewcomersSeeTheRoomAndThenWhatHappens(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host := c.join("hana", wire.Host)
		host.must(room.Set{Title: "Waves"})
		host.must(room.Open{})
		host.must(room.Say{Text: "welcome"})
		ana := c.join("ana", wire.Viewer)
		w := last[welcome](ana, "welcome")
		if w.Room.Title != "Waves" || w.Room.Phase != "live" || w.Room.Count != 2 || len(w.Room.Chat) != 1 {
			t.Errorf("snapshot: %+v", w.Room)
		}
		if w.Room.Drafts != nil {
			t.Error("a viewer sees the staff's drafts")
		}
		if last[welcome](host, "welcome").Room.Drafts == nil {
			t.Error("the host does not see the drafts")
		}
		ana.must(room.Say{Text: "hello"})
		for _, k := range []*client{host, ana} {
			said := k.got("chat.said")
			m := said[len(said)-1]
			if got := into[struct{ Text string }](t, m).Text; got != "hello" || m.Seq == 0 {
				t.Errorf("%s: %d %q", k.session.User, m.Seq, got)
			}
		}
		if m := ana.got("chat.said")[0]; m.Prev != w.Seq {
			t.Errorf("the first view after the welcome follows %d, not %d", m.Prev, w.Seq)
		}
	})
}

func TestKeysMakeCommandsSafeToRepeat(t *testing.T) {
	inClass(t, room.Config{Snapshot: 3}, func(c *class) {
		ana := c.join("ana", wire.Viewer)
		first, err := ana.doKey("key-1", room.Say{Text: "once"})
		if err != nil {
			t.Fatal(err)
		}
		again, err := ana.doKey("key-1", room.Say{Text: "once"})
		if err != nil || again != first {
			t.Errorf("repeated: %d %v, want %d", again, err, first)
		}
		ben := c.join("ben", wire.Viewer)
		if other, _ := ben.doKey("key-1", room.Say{Text: "mine"}); other == first {
			t.Error("two people share a key")
		}
		for i := range 5 {
			ana.must(room.Say{Text: fmt.Sprint(i)})
		}
		c.stop()
		c.start(room.Config{Snapshot: 3})
		ana = c.join("ana", wire.Viewer)
		if again, err := ana.doKey("key-1", room.Say{Text: "once"}); err != nil || again != first {
			t.Errorf("after a restart: %d %v, want %d", again, err, first)
		}
	})
}

func TestWhatTheStoreRefusesNobodySees(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host, ana := c.join("hana", wire.Host), c.join("ana", wire.Viewer)
		host.must(poll.Create{Text: "Faster?", Choices: []string{"yes", "no"}, Open: true})
		id := last[struct{ ID uint64 }](ana, "poll.opened").ID
		ana.must(room.Say{Text: "before"})
		c.store.setRefuse(room.ErrFull)
		for range 3 {
			if err := ana.do(poll.Vote{Poll: id, Choices: []int{0}}); !errors.Is(err, room.ErrFull) {
				t.Errorf("vote: %v", err)
			}
			if err := ana.do(room.Say{Text: "lost"}); !errors.Is(err, room.ErrFull) {
				t.Errorf("say: %v", err)
			}
		}
		if n := ask[room.PeoplePage](host, room.ListPeople{}).Count; n != 2 {
			t.Errorf("the room cannot be read: %d people", n)
		}
		time.Sleep(5 * time.Second)
		if n := len(host.got("chat.said")); n != 1 {
			t.Errorf("%d messages were seen, 1 was saved", n)
		}
		c.store.setRefuse(nil)
		time.Sleep(5 * time.Second) // of fake time: the room tries again by itself
		ana.must(poll.Vote{Poll: id, Choices: []int{1}})
		time.Sleep(time.Second)
		if counts := last[struct{ Counts []int }](host, "poll.tally").Counts; !reflect.DeepEqual(counts, []int{0, 1}) {
			t.Errorf("tally: %v: the refused votes count", counts)
		}
	})
}

func TestStaleOwnerEnds(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		ana := c.join("ana", wire.Viewer)
		ana.must(room.Say{Text: "mine"})
		// Somebody else writes to the log.
		log := c.store.log(physics)
		foreign := log[len(log)-1]
		foreign.Seq, foreign.Key = foreign.Seq+1, ""
		if err := c.store.Append(context.Background(), physics, foreign.Seq-1, []room.Record{foreign}); err != nil {
			t.Fatal(err)
		}
		if err := ana.do(room.Say{Text: "too late"}); !errors.Is(err, room.ErrMoved) {
			t.Errorf("a stale room says %v", err)
		}
		if code := ana.closeCode(); code != wire.CloseRebuilt {
			t.Errorf("closed with %d", code)
		}
		if chat := last[welcome](c.join("ana", wire.Viewer), "welcome").Room.Chat; len(chat) != 2 {
			t.Errorf("rebuilt with %d messages, want mine and theirs", len(chat))
		}
	})
}

func TestBatchesAreAppendedOnce(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		ana := c.join("ana", wire.Viewer)
		c.store.delay = 10 * time.Millisecond
		before := c.store.appends
		var answered sync.WaitGroup
		for i := range 500 {
			answered.Add(1)
			err := ana.session.Submit(room.Say{Text: "x"}, fmt.Sprint("k", i), time.Now(), func(_ uint64, _ any, err error) {
				if err != nil {
					t.Error(err)
				}
				answered.Done()
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		answered.Wait()
		if n := c.store.appends - before; n > 3 {
			t.Errorf("500 commands that waited together took %d appends", n)
		}
	})
}

func TestPresence(t *testing.T) {
	inClass(t, room.Config{Grace: 10 * time.Second}, func(c *class) {
		host := c.join("hana", wire.Host)
		count := func() int {
			time.Sleep(time.Second)
			return last[struct{ Count int }](host, "room.presence").Count
		}
		one, two := c.join("ana", wire.Viewer), c.join("ana", wire.Viewer)
		if n := count(); n != 2 {
			t.Errorf("two sockets of ana count %d with the host, want 2", n)
		}
		one.leave()
		two.leave()
		back := c.join("ana", wire.Viewer)
		if n := count(); n != 2 {
			t.Errorf("a short absence was noticed: %d", n)
		}
		back.leave()
		time.Sleep(9 * time.Second)
		page := ask[room.PeoplePage](host, room.ListPeople{Find: "OF ANA"})
		if len(page.People) != 1 || !page.People[0].Here {
			t.Errorf("within the grace: %+v", page)
		}
		time.Sleep(2 * time.Second)
		if n := count(); n != 1 {
			t.Errorf("after the grace %d are here, want the host", n)
		}
		// At the moderators' socket somebody is known but not present.
		if _, err := c.connectAdmin("mo", wire.Moderator); err != nil {
			t.Fatal(err)
		}
		if n := count(); n != 1 {
			t.Errorf("with a moderator at their own socket %d are here", n)
		}
	})
}

func TestSignalsAreCoalesced(t *testing.T) {
	inClass(t, room.Config{Tick: 200 * time.Millisecond}, func(c *class) {
		host := c.join("hana", wire.Host)
		host.must(poll.Create{Text: "?", Choices: []string{"a", "b"}, Hidden: true, Open: true})
		id := last[struct{ ID uint64 }](host, "poll.opened").ID
		var people []*client
		for i := range 40 {
			people = append(people, c.join(wire.UserID(fmt.Sprint("p", i)), wire.Viewer))
		}
		time.Sleep(time.Second)
		before := len(people[0].got("poll.tally"))
		for _, p := range people {
			p.must(poll.Vote{Poll: id, Choices: []int{1}})
			p.must(room.React{Emoji: "👏"})
			time.Sleep(50 * time.Millisecond) // 2 s in all
		}
		time.Sleep(time.Second)
		tallies := people[0].got("poll.tally")[before:]
		if n := len(tallies); n < 5 || n > 11 {
			t.Errorf("%d tallies in 2 s, at most 5 a second", n)
		}
		newest := into[struct {
			Voters int
			Counts []int
		}](t, tallies[len(tallies)-1])
		if newest.Voters != 40 || newest.Counts != nil {
			t.Errorf("a viewer's tally of a hidden poll: %+v", newest)
		}
		if counts := last[struct{ Counts []int }](host, "poll.tally").Counts; !reflect.DeepEqual(counts, []int{0, 40}) {
			t.Errorf("the host's tally: %v", counts)
		}
		claps := 0
		for _, m := range host.got("chat.reactions") {
			claps += into[struct{ Counts map[string]int }](t, m).Counts["👏"]
		}
		if claps != 40 {
			t.Errorf("%d of 40 reactions arrived", claps)
		}
	})
}

func TestQuestionEndsOnTheBell(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host, ana, ben := c.join("hana", wire.Host), c.join("ana", wire.Viewer), c.join("ben", wire.Viewer)
		host.must(quiz.Create{Title: "q", Questions: []quiz.Draft{{Text: "2+2", Choices: []string{"3", "4"}, Correct: []int{1}, Points: new(1000), Seconds: new(20)}}})
		id := last[struct{ ID uint64 }](host, "quiz.drafted").ID
		host.must(quiz.Ask{Quiz: id})
		time.Sleep(10 * time.Second)
		ana.must(quiz.Answer{Quiz: id, Question: 0, Choices: []int{1}})
		time.Sleep(10*time.Second + time.Millisecond)
		if len(ben.got("quiz.closed")) != 1 {
			t.Error("the question did not end by itself")
		}
		if err := ben.do(quiz.Answer{Quiz: id, Question: 0, Choices: []int{1}}); !errors.Is(err, quiz.ErrClosed) {
			t.Errorf("late: %v", err)
		}
		host.must(quiz.Reveal{Quiz: id})
		mine := last[struct {
			Correct bool
			Points  int
			Rank    int
		}](ana, "quiz.mine")
		if !mine.Correct || mine.Points != 750 || mine.Rank != 1 {
			t.Errorf("half of the time gone: %+v, want 750 of 1000", mine)
		}
	})
}

func TestTheLogKeepsPeoplesTextsSecret(t *testing.T) {
	inClass(t, room.Config{Snapshot: 2}, func(c *class) {
		ana := c.join("ana", wire.Viewer)
		ana.must(room.Say{Text: "my secret message"})
		ana.must(qa.Ask{Text: "my secret question"})
		c.stop()
		for _, r := range c.store.log(physics) {
			if bytes.Contains(r.Data, []byte("secret")) || bytes.Contains(r.Data, []byte("name of")) {
				t.Errorf("record %d (%s) has a person's text: %s", r.Seq, r.Kind, r.Data)
			}
		}
		if b := c.store.snapshots[physics]; len(b.Data) == 0 || bytes.Contains(b.Data, []byte("secret")) || bytes.Contains(b.Data, []byte("name of")) {
			t.Errorf("snapshot of %d bytes has a person's text, or is none", len(b.Data))
		}
		if err := c.store.DestroyKey(context.Background(), "ana"); err != nil {
			t.Fatal(err)
		}
		c.start(room.Config{})
		w := last[welcome](c.join("ben", wire.Viewer), "welcome")
		if len(w.Room.Chat) != 1 || w.Room.Chat[0].Text != "" || w.Room.Questions[0].Text != "" {
			t.Errorf("after erasure: %+v", w.Room)
		}
	})
}

func TestStageBeginsTheClassAndEndsWithIt(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host, ana := c.join("hana", wire.Host), c.join("ana", wire.Viewer)
		host.must(room.Go{Sources: []string{"camera", "microphone"}})
		if len(ana.got("room.opened")) != 1 {
			t.Error("going on air does not begin the class")
		}
		stage := last[struct {
			Live    bool
			Sources []string
		}](ana, "stage.changed")
		if !stage.Live || len(stage.Sources) != 2 {
			t.Errorf("stage: %+v", stage)
		}
		if err := host.do(room.Go{Sources: []string{"hologram"}}); !errors.Is(err, wire.ErrField) {
			t.Errorf("unknown source: %v", err)
		}
		time.Sleep(time.Hour)
		host.must(room.End{})
		w := last[welcome](c.join("ben", wire.Viewer), "welcome")
		if w.Room.Stage.Live || w.Room.Phase != "ended" {
			t.Errorf("after the end: %+v", w.Room)
		}
		stayed := 0
		for _, r := range c.store.log(physics) {
			if r.Kind == "room.stayed" {
				stayed += strings.Count(string(r.Data), "ana")
				if strings.Contains(string(r.Data), "ben") {
					t.Error("ben came after the end and stayed to it")
				}
			}
		}
		if stayed != 1 {
			t.Errorf("ana stayed %d times", stayed)
		}
	})
}

// TestFollowersMissNothing has a follower that fails now and then and is
// restarted: it still sees every event in order, at least once.
func TestFollowersMissNothing(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		var mu sync.Mutex
		seen := map[uint64]bool{}
		var newest uint64
		calls := 0
		follow := func() *room.Follower {
			return room.NewFollower("test", c.house, c.store, zapNop(), func(_ context.Context, id wire.RoomID, events []room.Happened) error {
				mu.Lock()
				defer mu.Unlock()
				if calls++; calls%3 == 0 {
					return errors.New("not now")
				}
				for _, e := range events {
					if e.Head.Seq > newest+1 {
						t.Errorf("%d comes after %d", e.Head.Seq, newest)
					}
					newest = max(newest, e.Head.Seq)
					seen[e.Head.Seq] = true
				}
				return nil
			})
		}
		f := follow()
		ana := c.join("ana", wire.Viewer)
		for i := range 20 {
			ana.must(room.Say{Text: fmt.Sprint(i)})
			if i == 10 {
				f.Close() // and nobody follows for a while
			}
			if i == 15 {
				c.stop()
				c.start(room.Config{})
				f = follow()
				ana = c.join("ana", wire.Viewer)
			}
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		f.Close()
		log := c.store.log(physics)
		if len(seen) != len(log) {
			t.Errorf("%d of %d events were followed", len(seen), len(log))
		}
		if at, _ := c.store.Cursor(context.Background(), "test", physics); at != uint64(len(log)) {
			t.Errorf("cursor at %d of %d", at, len(log))
		}
	})
}

// TestPersonalViewsInTheLanguageOfTheSocket: only the person is told, on all of
// their sockets.
func TestPersonalViewsInTheLanguageOfTheSocket(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		ana := c.join("ana", wire.Viewer)
		ben := c.join("ben", wire.Viewer)
		c.house.Tell(context.Background(), physics, []room.Told{{User: "ana", View: func(lang string) wire.View {
			return wire.View{Type: "points.balance", Data: map[string]any{"balance": 5, "lang": lang}}
		}}})
		if n := last[struct{ Balance int }](ana, "points.balance").Balance; n != 5 {
			t.Errorf("told %d", n)
		}
		if len(ben.got("points.balance")) != 0 {
			t.Error("another person was told")
		}
		if got := c.house.Viewers(context.Background(), physics); len(got) != 2 || got[0].User != "ana" {
			t.Errorf("present: %v", got)
		}
	})
}

func decodeAny(t rapid.TB, data json.RawMessage) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

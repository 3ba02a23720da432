package room_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// TestPromotedWhileAway: whoever is promoted while away gets a snapshot: a resumed view would lack what staff sees.
func TestPromotedWhileAway(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host, ana := c.join("hana", wire.Host), c.join("ana", wire.Viewer)
		host.must(quiz.Create{Title: "q", Questions: []quiz.Draft{{Text: "?", Choices: []string{"a", "b"}, Correct: []int{0}}}})
		host.must(room.Say{Text: "shared"})
		seq := ana.got("chat.said")[0].Seq
		epoch := last[welcome](ana, "welcome").Epoch
		ana.leave()
		host.must(room.SetRole{User: "ana", Role: wire.Moderator})
		k, err := c.connect(physics, "ana", wire.Viewer, &room.Position{Epoch: epoch, Seq: seq})
		if err != nil {
			t.Fatal(err)
		}
		w := last[welcome](k, "welcome")
		if w.Resumed {
			t.Error("a new moderator resumes a viewer's state: no drafts, no banned, no hidden counts")
		}
	})
}

// TestNoModeratorBansAHost: a host is a host by their token, whatever they were made before.
func TestNoModeratorBansAHost(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host := c.join("hana", wire.Host)
		c.join("ana", wire.Moderator)
		host.must(room.SetRole{User: "ana", Role: wire.Viewer})
		ana := c.join("ana", wire.Host) // redeemed a host's invitation as the same person
		if err := ana.do(room.Open{}); err != nil {
			t.Fatal("not a host: ", err)
		}
		mo := c.join("mo", wire.Moderator)
		if err := mo.do(room.Ban{User: "ana"}); err == nil {
			t.Error("a moderator has banned a host")
		}
	})
}

// TestAnswersInTimeCountWhileTheStoreIsBusy: what was read before the bell is decided before the bell, however long a commit takes.
func TestAnswersInTimeCountWhileTheStoreIsBusy(t *testing.T) {
	refused := 0
	for range 20 {
		inClass(t, room.Config{}, func(c *class) {
			host, ana := c.join("hana", wire.Host), c.join("ana", wire.Viewer)
			host.must(room.Open{})
			host.must(quiz.Create{Title: "q", Questions: []quiz.Draft{{Text: "?", Choices: []string{"a", "b"}, Correct: []int{0}}}})
			log := c.store.log(physics)
			id := log[len(log)-1].Seq
			host.must(quiz.Ask{Quiz: id})
			time.Sleep(20*time.Second - 100*time.Millisecond)
			c.store.mu.Lock()
			c.store.delay = 200 * time.Millisecond
			c.store.mu.Unlock()
			go func() { _ = host.do(room.Say{Text: "hurry"}) }()
			time.Sleep(10 * time.Millisecond) // the store is busy until after the deadline
			result := make(chan error, 1)
			err := ana.session.Submit(quiz.Answer{Quiz: id, Question: 0, Choices: []int{0}}, "a", time.Now(), func(_ uint64, _ any, err error) { result <- err })
			if err != nil {
				t.Fatal(err)
			}
			if err := <-result; err != nil {
				refused++
			}
			time.Sleep(time.Second)
			synctest.Wait()
		})
	}
	if refused > 0 {
		t.Errorf("%d of 20 answers that arrived 90 ms before the deadline were refused", refused)
	}
}

// TestHandsAfterARestart: whoever resumes sees the hands as they are. After a
// short restart people are expected back; who does not come has gone.
func TestHandsAfterARestart(t *testing.T) {
	for _, down := range []time.Duration{time.Second, time.Hour} {
		inClass(t, room.Config{}, func(c *class) {
			host, ana := c.join("hana", wire.Host), c.join("ana", wire.Viewer)
			host.must(room.Open{})
			ana.must(room.RaiseHand{})
			m := host.got("hand.raised")[0]
			epoch := last[welcome](host, "welcome").Epoch
			c.stop()
			time.Sleep(down)
			c.start(room.Config{})
			k, err := c.connect(physics, "hana", wire.Host, &room.Position{Epoch: epoch, Seq: m.Seq})
			if err != nil {
				t.Fatal(err)
			}
			w := last[welcome](k, "welcome")
			if !w.Resumed {
				t.Errorf("down for %v: not resumed", down)
			}
			if lowered := len(k.got("hand.lowered")); (down == time.Hour) != (lowered == 1) {
				t.Errorf("down for %v: the hand was lowered %d times", down, lowered)
			}
			time.Sleep(time.Minute)
			if lowered := k.got("hand.lowered"); len(lowered) != 1 {
				t.Errorf("down for %v: ana did not come back, and her hand was lowered %d times", down, len(lowered))
			}
			if n := len(ask[room.PeoplePage](k, room.ListPeople{Here: true}).People); n != 1 {
				t.Errorf("%d people are here", n)
			}
		})
	}
}

// TestAFloodCutsNobodyElseOff: what a few people send at once in one slow commit throws nobody else out.
func TestAFloodCutsNobodyElseOff(t *testing.T) {
	for _, persons := range []int{1, 2} {
		t.Run(fmt.Sprint(persons), func(t *testing.T) {
			inClass(t, room.Config{}, func(c *class) {
				host, ben := c.join("hana", wire.Host), c.join("ben", wire.Viewer)
				host.must(room.Open{})
				var flood []*client
				for i := range 6 * persons {
					flood = append(flood, c.join(wire.UserID(fmt.Sprint("mallory", i%persons)), wire.Viewer))
				}
				c.store.mu.Lock()
				c.store.delay = 50 * time.Millisecond
				c.store.mu.Unlock()
				text := strings.Repeat("😀", 500)
				for j, k := range flood {
					for i := range 80 {
						_ = k.session.Submit(room.Say{Text: text}, fmt.Sprint(j, "-", i), time.Now(), func(uint64, any, error) {})
					}
				}
				time.Sleep(time.Second)
				synctest.Wait()
				n := len(ben.got("chat.said"))
				host.must(room.Say{Text: "still there?"})
				if after := len(ben.got("chat.said")); after == n {
					t.Errorf("ben is cut off: heard %d of %d; pool %+v", n, 480*persons, c.pool.Stats())
				}
			})
		})
	}
}

// TestOneRoomHoldsUpNoOthersFollower: what a follower cannot do for one room does not stop it for the others.
func TestOneRoomHoldsUpNoOthersFollower(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		var other atomic.Int64
		f := room.NewFollower("x", c.house, c.store, zap.NewNop(), func(_ context.Context, id wire.RoomID, e []room.Happened) error {
			if id == physics {
				return errors.New("this room's event cannot be handled")
			}
			other.Add(int64(len(e)))
			return nil
		})
		c.join("ana", wire.Viewer)
		k, err := c.connect("chemistry", "ben", wire.Viewer, nil)
		if err != nil {
			t.Fatal(err)
		}
		k.must(room.Say{Text: "x"})
		time.Sleep(time.Minute)
		synctest.Wait()
		if other.Load() == 0 {
			t.Error("a minute later another room has no points at all")
		}
		f.Close()
	})
}

// TestDemotedInTheSameBatch: somebody demoted does not get what staff sees of the rest of the commit.
func TestDemotedInTheSameBatch(t *testing.T) {
	for range 20 { // which goroutine is quicker is a matter of luck
		inClass(t, room.Config{}, func(c *class) {
			host, mo := c.join("hana", wire.Host), c.join("mo", wire.Moderator)
			c.store.mu.Lock()
			c.store.delay = 50 * time.Millisecond
			c.store.mu.Unlock()
			nop := func(uint64, any, error) {}
			_ = host.session.Submit(room.Say{Text: "x"}, "1", time.Now(), nop)
			time.Sleep(time.Millisecond)
			_ = host.session.Submit(room.SetRole{User: "mo", Role: wire.Viewer}, "2", time.Now(), nop)
			_ = host.session.Submit(poll.Create{Text: "secret", Choices: []string{"a", "b"}}, "3", time.Now(), nop)
			time.Sleep(time.Second)
			if n := len(mo.got("poll.drafted")); n > 0 {
				t.Error("the demoted moderator got a draft that was made after the demotion")
			}
		})
	}
}

// TestDowntimeIsNotAttended: the time in which the server was down counts for nobody.
func TestDowntimeIsNotAttended(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host, _ := c.join("hana", wire.Host), c.join("ana", wire.Viewer)
		host.must(room.Open{})
		time.Sleep(time.Minute)
		c.stop()
		time.Sleep(48 * time.Hour)
		c.start(room.Config{})
		host = c.join("hana", wire.Host)
		c.join("ana", wire.Viewer)
		host.must(room.End{})
		for _, r := range c.store.log(physics) {
			if r.Kind == "room.stayed" {
				t.Errorf("ana was here for a minute of 48 hours: %s", r.Data)
			}
		}
	})
}

// TestOpenedWhileTheStoreRefuses: what a room says first is said later if the store refuses it.
func TestOpenedWhileTheStoreRefuses(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		c.store.setRefuse(room.ErrFull)
		if _, err := c.connect(physics, "hana", wire.Host, nil); err == nil {
			t.Fatal("joined")
		}
		c.store.setRefuse(nil)
		time.Sleep(5 * time.Second)
		host := c.join("hana", wire.Host)
		if got := last[welcome](host, "welcome").Room.Title; got == "" {
			t.Error("the room has no title though the store works again")
		}
	})
}

// TestASlowSnapshotStopsNothing: the class goes on while a snapshot is being written.
func TestASlowSnapshotStopsNothing(t *testing.T) {
	inClass(t, room.Config{Snapshot: 3}, func(c *class) {
		c.store.snapDelay = 30 * time.Second
		host := c.join("hana", wire.Host)
		host.must(room.Open{})
		began := time.Now()
		for i := range 12 {
			host.must(room.Say{Text: fmt.Sprint(i)})
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("12 messages took %v while a snapshot was being written", took)
		}
	})
}

// TestOnePersonsPace: however many sockets somebody has, they give so many
// commands and no more, and others are not slowed by it.
func TestOnePersonsPace(t *testing.T) {
	inClass(t, room.Config{Commands: 5, Messages: 1}, func(c *class) {
		host := c.join("hana", wire.Host)
		host.must(poll.Create{Text: "?", Choices: []string{"a", "b"}, Open: true})
		id := last[struct{ ID uint64 }](host, "poll.opened").ID
		sockets := []*client{c.join("ana", wire.Viewer), c.join("ana", wire.Viewer)}
		ben := c.join("ben", wire.Viewer)
		votes, messages := 0, 0
		for i := range 100 {
			k := sockets[i%2]
			if err := k.do(poll.Vote{Poll: id, Choices: []int{i % 4 / 2}}); err == nil {
				votes++
			} else if !errors.Is(err, room.ErrPace) {
				t.Fatal(err)
			}
			if k.do(room.Say{Text: "x"}) == nil {
				messages++
			}
		}
		if votes+messages > 20 || messages > 5 || votes < 10 {
			t.Errorf("%d votes and %d messages at once; 20 commands and 5 messages are the burst", votes, messages)
		}
		ben.must(room.Say{Text: "not me"})
		time.Sleep(2 * time.Second)
		sockets[0].must(room.Say{Text: "again"})
	})
}

// Queries are answered by the room's loop as commands are decided by it, and
// bounded like them: but by themselves, so that nobody who claps a lot loses
// their vote by it.
func TestOnePersonsQueries(t *testing.T) {
	inClass(t, room.Config{Commands: 5, Messages: 1}, func(c *class) {
		host := c.join("hana", wire.Host)
		host.must(poll.Create{Text: "?", Choices: []string{"a", "b"}, Open: true})
		id := last[struct{ ID uint64 }](host, "poll.opened").ID
		sockets := []*client{c.join("ana", wire.Viewer), c.join("ana", wire.Viewer)}
		asked := []room.Command{qa.Similar{Text: "what is a monad?"}, room.Feel{Mood: room.Lost}, room.React{Emoji: room.Emojis[0]}, room.Ping{}}
		answered := 0
		for i := range 100 {
			if err := sockets[i%2].do(asked[i%len(asked)]); err == nil {
				answered++
			} else if !errors.Is(err, room.ErrPace) {
				t.Fatal(err)
			}
		}
		if answered != 20 {
			t.Errorf("%d queries are answered at once; 20 are the burst", answered)
		}
		sockets[0].must(poll.Vote{Poll: id, Choices: []int{1}})
		c.join("ben", wire.Viewer).must(room.Ping{})
		time.Sleep(time.Second)
		sockets[0].must(room.Ping{})
	})
}

// TestPaceFollowsTheRole: somebody who is made a moderator has a moderator's pace.
func TestPaceFollowsTheRole(t *testing.T) {
	inClass(t, room.Config{Commands: 5, Messages: 1}, func(c *class) {
		host, ana := c.join("hana", wire.Host), c.join("ana", wire.Viewer)
		for ana.do(room.Say{Text: "x"}) == nil { // until it is enough
		}
		host.must(room.SetRole{User: "ana", Role: wire.Moderator})
		for range 20 {
			ana.must(room.Say{Text: "staff writes more"})
		}
	})
}

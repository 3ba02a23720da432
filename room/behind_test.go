package room_test

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// lates say who sees a class late by how much.
type lates struct {
	mu sync.Mutex
	by map[wire.UserID]time.Duration
}

func (l *lates) set(user wire.UserID, by time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.by == nil {
		l.by = map[wire.UserID]time.Duration{}
	}
	l.by[user] = by
}

func (l *lates) behind(id wire.RoomID, user wire.UserID) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if id != physics {
		return 0
	}
	return l.by[user]
}

// startLate starts the house anew, with those late.
func (c *class) startLate(l *lates) {
	c.start(room.Config{})
	c.house.Behind = l.behind
}

// askOne prepares a quiz of one question of ten seconds and asks it.
func askOne(host *client) uint64 {
	host.must(quiz.Create{Title: "q", Questions: []quiz.Draft{{Text: "Which?", Choices: []string{"a", "b"}, Correct: []int{1}, Seconds: new(10)}}})
	id := last[struct{ ID uint64 }](host, "quiz.drafted").ID
	host.must(quiz.Ask{Quiz: id})
	return id
}

// Who sees the class two seconds late answers two seconds later than others,
// for as many points, also over the server's death; the reveal waits for them,
// and not for one who has turned late since.
func TestAQuestionWaitsForLatePictures(t *testing.T) {
	for _, killed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			l := &lates{}
			c := &class{t: t, store: newMemory()}
			c.startLate(l)
			everybody := func() (host, ana, ben *client) {
				return c.join("hana", wire.Host), c.join("ana", wire.Viewer), c.join("ben", wire.Viewer)
			}
			host, ana, ben := everybody()
			host.must(room.Open{})
			l.set("ana", 2*time.Second)
			l.set("hana", 4*time.Second) // the staff is not waited for
			id := askOne(host)
			asked := time.Now()
			synctest.Wait()
			if got := last[quiz.MineView](ana, "quiz.mine"); got.Behind != 2000 {
				t.Errorf("ana is told %+v", got)
			}
			l.set("ben", 5*time.Second)

			time.Sleep(3 * time.Second)
			ben.must(quiz.Answer{Quiz: id, Choices: []int{1}})
			time.Sleep(7*time.Second + time.Millisecond)
			if v := last[quiz.View](host, "quiz.closed"); v.Phase != quiz.PhaseClosed || v.Current.Settles != v.Current.Deadline+2000 {
				t.Fatalf("after the time: %+v", v.Current)
			}
			if killed {
				c.stop()
				c.startLate(l)
				host, ana, ben = everybody()
				if got := last[struct {
					Room struct{ Quiz quiz.View }
				}](ana, "welcome").Room.Quiz.Current.Settles; got == 0 {
					t.Error("who comes back is not told that there is time")
				}
			}
			if err := host.do(quiz.Reveal{Quiz: id}); !errors.Is(err, quiz.ErrSettling) {
				t.Fatalf("a reveal at once: %v", err)
			}
			time.Sleep(time.Until(asked.Add(11 * time.Second)))
			ana.must(quiz.Answer{Quiz: id, Choices: []int{1}}) // after 9 of her 10 seconds
			host.must(quiz.Reveal{Quiz: id})                   // nobody is left
			synctest.Wait()
			mine, theirs := last[quiz.MineView](ana, "quiz.mine"), last[quiz.MineView](ben, "quiz.mine")
			if mine.Points == nil || theirs.Points == nil {
				t.Fatal("the reveal tells no points")
			}
			if *mine.Points != 550 || *theirs.Points != 850 {
				t.Errorf("ana has %d points, ben %d", *mine.Points, *theirs.Points)
			}
			c.stop()
		})
	}
}

// A poll that is closed waits for who sees the class late, also over a restart,
// and tells everybody until when.
func TestAPollWaitsForLatePictures(t *testing.T) {
	for _, restarted := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			l := &lates{}
			c := &class{t: t, store: newMemory()}
			c.startLate(l)
			host, ana := c.join("hana", wire.Host), c.join("ana", wire.Viewer)
			host.must(room.Open{})
			l.set("ana", 2*time.Second)
			host.must(poll.Create{Text: "?", Choices: []string{"a", "b"}, Open: true})
			id := last[poll.View](host, "poll.opened").ID
			host.must(poll.Close{Poll: id})
			if v := last[poll.View](ana, "poll.changed"); v.Phase != poll.PhaseOpen || v.Closes == 0 {
				t.Errorf("ana is shown %+v", v)
			}
			if restarted {
				c.stop()
				c.startLate(l)
				host, ana = c.join("hana", wire.Host), c.join("ana", wire.Viewer)
			}
			time.Sleep(time.Second)
			ana.must(poll.Vote{Poll: id, Choices: []int{1}})
			time.Sleep(time.Second)
			synctest.Wait()
			if v := last[poll.View](host, "poll.closed"); v.Voters != 1 {
				t.Errorf("closed with %+v", v)
			}
			if err := ana.do(poll.Vote{Poll: id, Choices: []int{0}}); !errors.Is(err, poll.ErrClosed) {
				t.Errorf("a vote after it: %v", err)
			}
			c.stop()
		})
	}
}

package room_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// TestResumeFromTheLog: whoever comes back after the server was restarted gets
// exactly what they missed, as far back as the room remembers, and else the
// whole room.
func TestResumeFromTheLog(t *testing.T) {
	config := room.Config{Snapshot: 10, Recent: 20}
	inClass(t, config, func(c *class) {
		ana, ben := c.join("ana", wire.Viewer), c.join("ben", wire.Viewer)
		epoch := last[welcome](ana, "welcome").Epoch
		for i := range 57 {
			ben.must(room.Say{Text: fmt.Sprint(i)})
		}
		said := ana.got("chat.said")
		c.stop()
		c.start(config)
		for seen := range said {
			k, err := c.connect(physics, "ana", wire.Viewer, &room.Position{Epoch: epoch, Seq: said[seen].Seq})
			if err != nil {
				t.Fatal(err)
			}
			w := last[welcome](k, "welcome")
			// A view is numbered by its event; the last 20 events are remembered.
			if remembered := said[seen].Seq+20 >= said[len(said)-1].Seq; w.Resumed != remembered {
				t.Errorf("after %d of %d: resumed %v", seen, len(said), w.Resumed)
			} else if w.Resumed {
				missed := k.got("chat.said")
				if !slices.EqualFunc(missed, said[seen+1:], func(a, b message) bool {
					return a.Seq == b.Seq && a.Prev == b.Prev && string(a.Data) == string(b.Data)
				}) {
					t.Errorf("after %d of %d: %d views came, not the %d missed", seen, len(said), len(missed), len(said)-seen-1)
				}
			} else if n := len(w.Room.Chat); n != len(said) {
				t.Errorf("the snapshot has %d lines", n)
			}
			k.leave()
			time.Sleep(time.Minute) // of pace
		}
	})
}

// TestKeysOutliveSnapshots: whatever the snapshots' spacing, keys answer as the
// first time after any number of reopenings.
func TestKeysOutliveSnapshots(t *testing.T) {
	config := room.Config{Snapshot: 7, Recent: 3}
	inClass(t, config, func(c *class) {
		first := map[string]uint64{}
		for round := range 5 {
			ana := c.join("ana", wire.Viewer)
			for key, seq := range first {
				if again, err := ana.doKey(key, room.Say{Text: key}); err != nil || again != seq {
					t.Fatalf("round %d: %s was %d and is %d, %v", round, key, seq, again, err)
				}
			}
			for i := range 20 {
				key := fmt.Sprintf("%d-%d", round, i)
				seq, err := ana.doKey(key, room.Say{Text: key})
				if err != nil {
					t.Fatal(err)
				}
				first[key] = seq
			}
			c.stop()
			c.start(config)
		}
		if c.store.snapshots[physics].Seq < 80 {
			t.Errorf("the last snapshot is of %d", c.store.snapshots[physics].Seq)
		}
	})
}

// TestASnapshotThatIsRefusedIsTakenLater, with the keys of all commands since.
func TestASnapshotThatIsRefusedIsTakenLater(t *testing.T) {
	config := room.Config{Snapshot: 5, Recent: 1}
	inClass(t, config, func(c *class) {
		ana := c.join("ana", wire.Viewer)
		c.store.setRefuseSnapshots(errors.New("no room"))
		for i := range 20 {
			_, _ = ana.doKey(fmt.Sprint("k", i), room.Say{Text: "x"})
		}
		if c.store.snapshots[physics].Seq != 0 {
			t.Fatal("a snapshot was saved")
		}
		c.store.setRefuseSnapshots(nil)
		for i := range 20 {
			ana.must(room.Say{Text: fmt.Sprint(i)})
		}
		if got := c.store.snapshots[physics]; got.Seq < 30 || len(got.Keys) < 16*20 {
			t.Errorf("the snapshot is of %d and has %d bytes of keys", got.Seq, len(got.Keys))
		}
	})
}

// TestTheDateMayJump: a question of 20 seconds takes 20 seconds, whatever
// becomes of the system's date while it is open, and an answer in time counts.
func TestTheDateMayJump(t *testing.T) {
	for _, jump := range []time.Duration{time.Hour, -time.Hour} {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprint(jump, " restart ", restart), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var off time.Duration
					c := &class{t: t, store: newMemory()}
					begin := func() {
						c.start(room.Config{})
						c.house.Date = func() time.Time { return time.Now().Add(off) }
					}
					begin()
					host, ana := c.join("hana", wire.Host), c.join("ana", wire.Viewer)
					host.must(room.Open{})
					host.must(quiz.Create{Title: "q", Questions: []quiz.Draft{{Text: "1+1", Choices: []string{"1", "2"}, Correct: []int{1}, Points: new(1000), Seconds: new(20)}}})
					id := last[struct{ ID uint64 }](host, "quiz.drafted").ID
					host.must(quiz.Ask{Quiz: id})
					began := time.Now()
					time.Sleep(5 * time.Second)
					off = jump
					if restart {
						c.stop()
						begin()
						c.join("hana", wire.Host)
						ana = c.join("ana", wire.Viewer)
					}
					if restart && jump > 0 { // the server was down for an hour, as far as anybody can know
						if got := last[welcome](ana, "welcome").Room.Quiz; got == nil || got.Phase != string(quiz.PhaseClosed) {
							time.Sleep(time.Second)
							if len(ana.got("quiz.closed")) != 1 {
								t.Error("a question is open that ended an hour ago")
							}
						}
						c.stop()
						return
					}
					time.Sleep(10 * time.Second)
					ana.must(quiz.Answer{Quiz: id, Question: 0, Choices: []int{1}})
					if n := len(ana.got("quiz.closed")); n != 0 {
						t.Errorf("closed after %v", time.Since(began))
					}
					time.Sleep(4900 * time.Millisecond)
					if n := len(ana.got("quiz.closed")); n != 0 {
						t.Errorf("closed after %v", time.Since(began))
					}
					time.Sleep(200*time.Millisecond + jumpSlack(restart))
					if n := len(ana.got("quiz.closed")); n != 1 {
						t.Errorf("not closed after %v", time.Since(began))
					}
					var at wire.Millis
					for _, r := range c.store.log(physics) {
						if r.At < at {
							t.Errorf("record %d was written before the one before it", r.Seq)
						}
						at = r.At
					}
					c.stop()
				})
			})
		}
	}
}

// jumpSlack is how much longer a question may be open when the date was set
// back while the server was down: from the last record to the stop.
func jumpSlack(restart bool) time.Duration {
	if restart {
		return 5 * time.Second
	}
	return 0
}

// TestOneSocketHasAShareOfTheInbox: who floods a room is refused; others are not.
func TestOneSocketHasAShareOfTheInbox(t *testing.T) {
	inClass(t, room.Config{Inbox: 100, Share: 10}, func(c *class) {
		flood, ana := c.join("mallory", wire.Viewer), c.join("ana", wire.Viewer)
		c.store.setDelay(time.Second)
		_ = ana.session.Submit(room.Say{Text: "first"}, "0", time.Now(), func(uint64, any, error) {})
		synctest.Wait() // the room is busy with it for a second
		taken := 0
		for i := range 1000 {
			err := flood.session.Submit(room.Say{Text: "x"}, fmt.Sprint(i), time.Now(), func(uint64, any, error) {})
			if err == nil {
				taken++
			} else if !errors.Is(err, wire.ErrBusy) {
				t.Fatal(err)
			}
		}
		if taken != 10 {
			t.Errorf("%d of 1000 commands were taken", taken)
		}
		ana.must(room.Say{Text: "hi"})
		time.Sleep(2 * time.Second)
		flood.must(room.Say{Text: "the share is free again"})
	})
}

// TestDrain: everybody is told when to come back and closed with the code that
// says so, spread over the time; nobody is let in; what was acknowledged is there.
func TestDrain(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		var all []*client
		for i := range 200 {
			all = append(all, c.join(wire.UserID(fmt.Sprint("u", i)), wire.Viewer))
		}
		all[0].must(room.Say{Text: "kept"})
		began := time.Now()
		drained := make(chan time.Duration)
		go func() {
			c.house.Drain(context.Background(), 4*time.Second)
			drained <- time.Since(began)
		}()
		time.Sleep(2 * time.Second)
		closed := 0
		for _, k := range all {
			if k.closeCode() == wire.CloseRestart {
				closed++
			}
		}
		if closed < 60 || closed > 140 {
			t.Errorf("%d of 200 are closed at half time", closed)
		}
		if _, err := c.connect(physics, "late", wire.Viewer, nil); !errors.Is(err, room.ErrClosed) {
			t.Errorf("let in while draining: %v", err)
		}
		if took := <-drained; took > 4200*time.Millisecond {
			t.Errorf("draining took %v", took)
		}
		backs := map[int64]bool{}
		for i, k := range all {
			told := k.got("server.closing")
			if k.closeCode() != wire.CloseRestart || len(told) != 1 {
				t.Fatalf("viewer %d: closed with %d, told %d times", i, k.closeCode(), len(told))
			}
			back := into[struct {
				Retry int64 `json:"retry_ms"`
			}](t, told[0]).Retry
			if back < 500 || back > 10_000 {
				t.Errorf("come back in %d ms", back)
			}
			backs[back] = true
		}
		if len(backs) < 50 {
			t.Errorf("200 people come back at %d different times", len(backs))
		}
	})
}

// TestDrainOfAnEmptyHouse takes no time.
func TestDrainOfAnEmptyHouse(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		began := time.Now()
		c.house.Drain(context.Background(), time.Minute)
		if time.Since(began) > 0 {
			t.Errorf("it took %v", time.Since(began))
		}
	})
}

// TestARepeatedWishChangesNothing: a command that had nothing to change is
// answered as the first time when it is repeated after another one, also after
// a restart.
func TestARepeatedWishChangesNothing(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host, ana := c.join("hana", wire.Host), c.join("ana", wire.Viewer)
		host.must(room.Open{})
		host.must(poll.Create{Text: "?", Choices: []string{"a", "b"}, Open: true})
		id := last[struct{ ID uint64 }](host, "poll.opened").ID
		vote := func(k *client, key string, choice int) uint64 {
			seq, err := k.doKey(key, poll.Vote{Poll: id, Choices: []int{choice}})
			if err != nil {
				t.Fatal(err)
			}
			return seq
		}
		vote(ana, "1", 0)
		noop := vote(ana, "2", 0)
		vote(ana, "3", 1)
		if again := vote(ana, "2", 0); again != noop {
			t.Errorf("answered with %d, then with %d", noop, again)
		}
		c.stop()
		c.start(room.Config{})
		ana = c.join("ana", wire.Viewer)
		if again := vote(ana, "2", 0); again != noop {
			t.Errorf("after a restart answered with %d, not %d", again, noop)
		}
		if counts := last[welcome](ana, "welcome").Room.Polls[0].Counts; !slices.Equal(counts, []int{0, 1}) {
			t.Errorf("the last wish was the second choice: %v", counts)
		}
	})
}

// TestRefusedStoreTurnsNobodyAway who needs nothing of it: those who come back,
// and commands that were carried out before.
func TestRefusedStoreTurnsNobodyAway(t *testing.T) {
	inClass(t, room.Config{Grace: time.Minute}, func(c *class) {
		ana := c.join("ana", wire.Viewer)
		first, err := ana.doKey("1", room.Say{Text: "hi"})
		if err != nil {
			t.Fatal(err)
		}
		c.store.setRefuse(room.ErrFull)
		if err := ana.do(room.Say{Text: "lost"}); !errors.Is(err, room.ErrFull) {
			t.Errorf("not refused: %v", err)
		}
		if again, err := ana.doKey("1", room.Say{Text: "hi"}); err != nil || again != first {
			t.Errorf("what is in the log is answered with %d, %v", again, err)
		}
		ana.leave()
		ana = c.join("ana", wire.Viewer)
		if err := ana.do(room.Say{Text: "lost"}); !errors.Is(err, room.ErrFull) {
			t.Errorf("not refused: %v", err)
		}
		if _, err := c.connect(physics, "new", wire.Viewer, nil); !errors.Is(err, room.ErrFull) {
			t.Errorf("let in without a record: %v", err)
		}
	})
}

package main

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lyceum-live/lyceum/internal/bot"
	"github.com/lyceum-live/lyceum/wire"
)

// demoClass is a demo that runs, with somebody who watches it.
type demoClass struct {
	t     *testing.T
	in    *installation
	class *bot.Class
	eye   *bot.Client
}

// holdDemo runs the whole demo, many times as fast as it is, until the test ends.
func holdDemo(t *testing.T) *demoClass {
	t.Helper()
	before := goleak.IgnoreCurrent()
	c, _, err := loadConfig("demo", []string{
		"--http.addr", "127.0.0.1:0", "--media.listen", "127.0.0.1:0", "--data.dir", t.TempDir(),
		"--log.level", "error", "--access.rate", "1000", "--access.burst", "1000", "--room.grace", "100ms",
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	up, ended := make(chan *demoClass, 1), make(chan error, 1)
	go func() {
		ended <- runDemo(ctx, c, io.Discard, bot.Config{Students: 25, Watchers: 2, Speed: 20, Seed: 1}, func(in *installation, class *bot.Class) {
			up <- &demoClass{t: t, in: in, class: class}
		})
	}()
	var d *demoClass
	select {
	case d = <-up:
	case err := <-ended:
		stop()
		t.Fatalf("the demo did not begin: %v", err)
	}
	d.eye = d.join("Observer", wire.Viewer)
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the demo ended with %v", err)
		}
		goleak.VerifyNone(t, before)
	})
	return d
}

func (d *demoClass) join(name string, role wire.Role) *bot.Client {
	d.t.Helper()
	room := wire.RoomID(d.in.config.Access.Room)
	token, err := d.in.pass(room, name, role)
	if err != nil {
		d.t.Fatal(err)
	}
	c, err := bot.Dial(d.t.Context(), d.in.url, room, token, "en")
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(c.Close)
	return c
}

// until hears the class until a message will do.
func (d *demoClass) until(what string, do func(bot.Message) bool) {
	d.t.Helper()
	limit := time.After(30 * time.Second)
	for {
		select {
		case m, ok := <-d.eye.Messages():
			if !ok {
				d.t.Fatalf("%s: the socket ended: %v", what, d.eye.Err())
			}
			if do(m) {
				return
			}
		case <-limit:
			d.t.Fatalf("no %s; so far %+v", what, d.class.Stats())
		}
	}
}

func read[T any](t *testing.T, m bot.Message) T {
	t.Helper()
	var v T
	if err := m.Read(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestDemoShowsEverything: whoever watches the demo sees a picture, chat, a
// poll with votes, a quiz with answers and a board, questions and answers,
// and students gain points.
func TestDemoShowsEverything(t *testing.T) {
	d := holdDemo(t)
	missing := map[string]bool{
		"chat": true, "picture": true, "poll": true, "quiz": true, "question": true, "answer": true, "reaction": true,
		"quiz with a board": true, "gains": true, "packets": true, "votes for questions": true,
	}
	d.until("whole demo", func(m bot.Message) bool {
		switch m.Type {
		case "chat.said":
			delete(missing, "chat")
		case "stage.changed":
			if read[bot.Stage](t, m).Live {
				delete(missing, "picture")
			}
		case "poll.closed":
			if p := read[bot.Poll](t, m); p.Voters >= 15 && len(p.Counts) == len(p.Choices) {
				delete(missing, "poll")
			}
		case "quiz.revealed":
			if q := read[bot.Quiz](t, m); q.Current.Answered >= 15 && len(q.Current.Correct) > 0 {
				delete(missing, "quiz")
			}
		case "quiz.finished":
			if q := read[bot.Quiz](t, m); len(q.Board) == 10 && q.Board[0].Score > 0 {
				delete(missing, "quiz with a board")
			}
		case "qa.asked":
			delete(missing, "question")
		case "qa.answered":
			delete(missing, "answer")
		case "qa.votes":
			delete(missing, "votes for questions")
		case "chat.reactions":
			delete(missing, "reaction")
		}
		stats := d.class.Stats()
		if stats.Gains > 0 && stats.Points > stats.Gains {
			delete(missing, "gains")
		}
		if stats.Packets > 0 {
			delete(missing, "packets")
		}
		return len(missing) == 0
	})
}

// TestTeacherStandsBack: while a human host is there, the teacher finishes
// what it began and begins nothing; when they leave, it goes on.
func TestTeacherStandsBack(t *testing.T) {
	d := holdDemo(t)
	d.until("first poll", func(m bot.Message) bool { return m.Type == "poll.opened" })
	human := d.join("Human", wire.Host)
	d.until("end of the teacher's poll", func(m bot.Message) bool { return m.Type == "poll.closed" })
	// Long enough for a poll and more, in the class's time: only students act.
	quiet := time.After(3 * time.Second)
	for watching := true; watching; {
		select {
		case m := <-d.eye.Messages():
			switch m.Type {
			case "poll.opened", "quiz.asked", "qa.pinned", "qa.answered":
				t.Errorf("the teacher goes on: %s", m.Type)
			}
		case <-quiet:
			watching = false
		}
	}
	// What the human does, the students take part in.
	if _, err := human.Command(t.Context(), "poll.create", map[string]any{"text": "Mine?", "choices": []string{"yes", "no"}, "open": true}); err != nil {
		t.Fatal(err)
	}
	d.until("votes in the human's poll", func(m bot.Message) bool {
		return m.Type == "poll.tally" && read[bot.Poll](t, m).Voters >= 10
	})
	human.Close()
	d.until("teacher again", func(m bot.Message) bool {
		return m.Type == "chat.said" && read[bot.Said](t, m).By.Role == wire.Host && strings.HasPrefix(read[bot.Said](t, m).Text, "Back with you")
	})
}

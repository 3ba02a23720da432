package room_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// A staff member may answer a quiz only where its author said so, and is then
// shown no key of it while it runs.
func TestTheHostPlays(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host, ana := c.join("hana", wire.Host), c.join("ana", wire.Viewer)
		host.must(room.Open{})
		for _, play := range []bool{false, true} {
			host.must(quiz.Create{Title: "q", Play: play, Questions: []quiz.Draft{
				{Type: quiz.TypeText, Text: "Who?", Accept: []string{"the-secret-key"}, Explanation: "the-secret-reason"},
			}})
			id := last[struct{ ID uint64 }](host, "quiz.drafted").ID
			seen := len(host.all())
			host.must(quiz.Ask{Quiz: id})
			err := host.do(quiz.Answer{Quiz: id, Text: "somebody"})
			if play != (err == nil) {
				t.Fatalf("play %v: the host's answer: %v", play, err)
			}
			moderator := c.join("mo", wire.Moderator)
			heard := append(host.all()[seen:], moderator.all()...)
			heard = append(heard, ana.all()...)
			if play {
				for _, m := range heard {
					if bytes.Contains(m.Data, []byte("the-secret")) && m.Type != "quiz.revealed" && m.Type != "quiz.finished" && !bytes.Contains(m.Data, []byte(`"phase":"finished"`)) {
						t.Errorf("%s tells the key: %s", m.Type, m.Data)
					}
				}
			}
			for _, cmd := range []room.Command{quiz.Close{Quiz: id}, quiz.Reveal{Quiz: id}, quiz.Finish{Quiz: id}} {
				host.must(cmd)
			}
			moderator.leave()
		}
	})
}

// What is to be ordered is shown in an order of the server's own chance, not
// one that a client could work out from what it is sent.
func TestEachQuizHasItsOwnChance(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host := c.join("hana", wire.Host)
		host.must(room.Open{})
		orders := map[string]bool{}
		for range 8 { // of 120 orders
			host.must(quiz.Create{Title: "q", Questions: []quiz.Draft{{Type: quiz.TypeOrder, Text: "?", Choices: []string{"1", "2", "3", "4", "5"}}}})
			id := last[struct{ ID uint64 }](host, "quiz.drafted").ID
			host.must(quiz.Ask{Quiz: id})
			var order string
			for _, text := range last[quiz.View](host, "quiz.asked").Current.Choices {
				order += text
			}
			orders[order] = true
			host.must(quiz.Close{Quiz: id})
			host.must(quiz.Finish{Quiz: id})
		}
		if len(orders) < 2 { // all eight are the same once in 10¹⁴ times
			t.Errorf("always in the order %v", orders)
		}
	})
}

// After the class whoever likes goes through its quizzes again; more time is
// given only to people of the room, and outlives a restart.
func TestPracticeAndMoreTime(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host, ana := c.join("hana", wire.Host), c.join("ana", wire.Viewer)
		host.must(room.Open{})
		if err := host.do(quiz.Allow{User: "nobody", Allowance: quiz.Allowance{Times: 2}}); wire.Public(err).Code != "wire.not_found" {
			t.Errorf("time for nobody: %v", err)
		}
		host.must(quiz.Allow{User: "ana", Allowance: quiz.Allowance{Times: 2}})
		host.must(quiz.Create{Title: "q", Questions: []quiz.Draft{{Type: quiz.TypeNumeric, Text: "?", Ranges: []quiz.Range{{Min: 1, Max: 2}}, Seconds: new(10)}}})
		id := last[struct{ ID uint64 }](host, "quiz.drafted").ID
		host.must(quiz.Ask{Quiz: id})
		if mine, asked := last[quiz.MineView](ana, "quiz.mine"), last[quiz.View](ana, "quiz.asked").Current; mine.Deadline != asked.Deadline+10_000 {
			t.Errorf("ana's deadline is %d, everybody's %d", mine.Deadline, asked.Deadline)
		}
		time.Sleep(15 * time.Second)
		if n := len(ana.got("quiz.closed")); n != 0 {
			t.Fatal("the question did not wait for ana")
		}
		ana.must(quiz.Answer{Quiz: id, Number: new(1.5)})
		time.Sleep(time.Second)
		if n := len(ana.got("quiz.closed")); n != 1 {
			t.Fatalf("nobody is waited for, and it closed %d times", n)
		}
		host.must(room.End{})
		c.stop()
		c.start(room.Config{})
		ana = c.join("ana", wire.Viewer)
		if list := last[struct{ Room room.RoomView }](ana, "welcome").Room.Practice; len(list) != 1 || list[0].ID != id {
			t.Fatalf("to practise: %+v", list)
		}
		if v := ask[quiz.PracticeView](ana, quiz.Practise{Quiz: id}); len(v.Questions) != 1 || v.Questions[0].Type != quiz.TypeNumeric {
			t.Errorf("practice: %+v", v)
		}
		if v := ask[quiz.CheckedView](ana, quiz.Check{Quiz: id, Number: new(3.0)}); v.Right || v.Ranges[0].Max != 2 {
			t.Errorf("checked: %+v", v)
		}
		host = c.join("hana", wire.Host)
		if list := last[struct{ Room room.RoomView }](host, "welcome").Room.Allowed; len(list) != 1 || list[0].User != "ana" || list[0].Times != 2 {
			t.Errorf("allowed: %+v", list)
		}
	})
}

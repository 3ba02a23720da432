package room_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// toyScreen is a machine check of three words.
func toyScreen(text string) room.Checked {
	switch v := (room.Checked{Text: strings.ReplaceAll(text, "darn", "****")}); {
	case strings.Contains(text, "vile"):
		return room.Checked{Text: v.Text, Rule: "swearing", Block: true}
	case strings.Contains(text, "spam"):
		return room.Checked{Text: v.Text, Rule: "adverts", Hold: true}
	case v.Text != text:
		return room.Checked{Text: v.Text, Rule: "mild"}
	default:
		return v
	}
}

// screened is a class with the toy screen.
func screened(t *testing.T, config room.Config, test func(*class)) {
	inClass(t, config, func(c *class) {
		c.house.Screen = toyScreen
		test(c)
	})
}

// hears reports whether somebody has got a word in any message.
func hears(k *client, word string) bool {
	for _, m := range k.all() {
		if strings.Contains(string(m.Data), word) {
			return true
		}
	}
	return false
}

func TestTextsAreMaskedAndBlocked(t *testing.T) {
	screened(t, room.Config{}, func(c *class) {
		host, ana, ben := c.join("hana", wire.Host), c.join("ana", wire.Viewer), c.join("ben", wire.Viewer)
		ana.must(room.Say{Text: "darn it"})
		if said := last[room.MessageView](ben, "chat.said"); said.Text != "**** it" {
			t.Errorf("a masked message reads %q", said.Text)
		}
		ana.must(qa.Ask{Text: "darn?"})
		if asked := last[qa.QuestionView](ben, "qa.asked"); asked.Text != "****?" {
			t.Errorf("a masked question reads %q", asked.Text)
		}
		for _, command := range []room.Command{room.Say{Text: "vile"}, qa.Ask{Text: "vile?"}} {
			if err := ana.do(command); !errors.Is(err, room.ErrBlocked) {
				t.Errorf("%T with a blocked word: %v", command, err)
			}
		}
		host.must(room.Say{Text: "darn, vile spam"}) // the staff says what it wants
		if said := last[room.MessageView](ana, "chat.said"); said.Text != "darn, vile spam" {
			t.Errorf("the host's message reads %q", said.Text)
		}
		host.must(room.SetRole{User: "ana", Role: wire.Moderator})
		ana.must(room.Say{Text: "vile, says a moderator"})
		host.must(room.SetRole{User: "ana", Role: wire.Viewer})
		if err := ana.do(room.Say{Text: "vile"}); !errors.Is(err, room.ErrBlocked) {
			t.Errorf("a former moderator's blocked word: %v", err)
		}
		host.must(room.Mute{User: "ben"})
		if err := ben.do(room.Say{Text: "vile"}); !errors.Is(err, room.ErrMuted) {
			t.Errorf("one who is muted learns of another reason: %v", err)
		}
		for _, r := range c.store.log(physics) {
			if strings.Contains(string(r.Data), "darn it") {
				t.Errorf("the log keeps what was masked: %s", r.Data)
			}
		}
	})
}

func TestTypedAnswersToPollsAreChecked(t *testing.T) {
	screened(t, room.Config{}, func(c *class) {
		host, ana := c.join("hana", wire.Host), c.join("ana", wire.Viewer)
		id, err := host.doKey("p", poll.Create{Text: "?", Kind: poll.KindCloud, Open: true})
		if err != nil {
			t.Fatal(err)
		}
		for word, want := range map[string]error{"fine": nil, "darn": room.ErrBlocked, "spam": room.ErrBlocked, "vile": room.ErrBlocked} {
			if err := ana.do(poll.Vote{Poll: id, Words: []string{word}}); !errors.Is(err, want) {
				t.Errorf("the word %q: %v, want %v", word, err, want)
			}
		}
		id, err = host.doKey("q", poll.Create{Text: "?", Kind: poll.KindText, Open: true})
		if err != nil {
			t.Fatal(err)
		}
		ana.must(poll.Vote{Poll: id, Text: "darn fine"})
		time.Sleep(time.Second)
		if hears(host, "darn") || !hears(host, "**** fine") {
			t.Error("an answer in words is not masked")
		}
	})
}

// A message that is held is seen by the staff and its author alone, until it
// is approved; what is rejected stays its author's.
func TestHeldMessages(t *testing.T) {
	screened(t, room.Config{Snapshot: 4}, func(c *class) {
		mo, ana, ben := c.join("mo", wire.Moderator), c.join("ana", wire.Viewer), c.join("ben", wire.Viewer)
		hold := func(key, text string) uint64 {
			t.Helper()
			id, err := ana.doKey(key, room.Say{Text: text})
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
		good, bad := hold("k1", "darn goodspam"), hold("k2", "badspam")
		if again := hold("k1", "darn goodspam"); again != good {
			t.Errorf("said again it is %d, not %d", again, good)
		}
		held := last[room.HeldMessageView](mo, "chat.held")
		if held.ID != bad || held.Text != "badspam" || held.Rule != "adverts" || held.By.ID != "ana" {
			t.Errorf("the staff sees %+v", held)
		}
		own := func(k *client) map[string]string {
			states := map[string]string{}
			for _, h := range last[room.OwnHeldViews](k, "chat.mine").Held {
				states[h.Text] = h.State
			}
			return states
		}
		if got := own(ana); len(got) != 2 || got["**** goodspam"] != "waiting" || got["badspam"] != "waiting" {
			t.Errorf("its author sees %v", got)
		}
		for _, err := range []error{ana.do(room.Approve{Item: good}), ben.do(room.Reject{Item: good})} {
			if !errors.Is(err, wire.ErrForbidden) {
				t.Errorf("a viewer decides: %v", err)
			}
		}

		for i := range 12 { // a snapshot is made of what waits
			ben.must(room.Say{Text: fmt.Sprintf("chatter %d", i)})
		}
		if hears(ben, "spam") {
			t.Error("another viewer hears what is held")
		}

		// A restart in between: the queue is as it was, for those who come back.
		c.stop()
		c.start(room.Config{Snapshot: 4})
		c.house.Screen = toyScreen
		host := c.join("hana", wire.Host)
		mo, ana, ben = c.join("mo", wire.Moderator), c.join("ana", wire.Viewer), c.join("ben", wire.Viewer)
		type welcome struct {
			You  room.YouView
			Room struct{ Held []room.HeldMessageView }
		}
		if w := last[welcome](mo, "welcome"); len(w.Room.Held) != 2 || w.Room.Held[0].ID != good {
			t.Errorf("the staff is told of %+v after a restart", w.Room.Held)
		}
		if w := last[welcome](ana, "welcome"); len(w.You.Held) != 2 || len(w.Room.Held) != 0 {
			t.Errorf("its author is told of %+v and %+v after a restart", w.You.Held, w.Room.Held)
		}
		if hears(ben, "spam") {
			t.Error("another viewer hears what is held")
		}

		mo.must(room.Reject{Item: bad, Reason: "an advert"})
		passed, err := mo.doKey("k3", room.Approve{Item: good})
		if err != nil {
			t.Fatal(err)
		}
		said := last[room.MessageView](ben, "chat.said")
		if said.ID != passed || said.Text != "**** goodspam" || said.By.ID != "ana" {
			t.Errorf("approved, it reads %+v to the class", said)
		}
		if seen := last[room.MessageView](host, "chat.said"); seen.Held != good || seen.ID != passed {
			t.Errorf("approved, it reads %+v to the staff", seen)
		}
		for _, command := range []room.Command{room.Approve{Item: good}, room.Reject{Item: good}, room.Approve{Item: bad}, room.Reject{Item: bad}, room.Approve{Item: 1}} {
			if err := host.do(command); !errors.Is(err, wire.ErrNotFound) {
				t.Errorf("%#v, which is gone: %v", command, err)
			}
		}
		if again, err := mo.doKey("k3", room.Approve{Item: good}); err != nil || again != passed {
			t.Errorf("approved again by the same key: %d, %v", again, err)
		}
		if got := own(ana); len(got) != 1 || got["badspam"] != "rejected" {
			t.Errorf("its author sees %v at the end", got)
		}
		if hears(ben, "badspam") {
			t.Error("another viewer hears what was rejected")
		}
		late := c.join("cleo", wire.Viewer)
		if hears(late, "badspam") || !hears(late, "goodspam") {
			t.Error("a latecomer hears something else")
		}
		acts := ask[room.AuditPage](mo, room.Audit{}).Acts
		if len(acts) != 2 || acts[0].Act != "mod.approve" || acts[1].Act != "mod.reject" || acts[1].Reason != "an advert" || acts[1].Target.ID != "ana" {
			t.Errorf("the audit has %+v", acts)
		}
	})
}

func TestHeldQuestionsWaitOnTheBoard(t *testing.T) {
	screened(t, room.Config{}, func(c *class) {
		mo, ana, ben := c.join("mo", wire.Moderator), c.join("ana", wire.Viewer), c.join("ben", wire.Viewer)
		id, err := ana.doKey("k", qa.Ask{Text: "spam?"})
		if err != nil {
			t.Fatal(err)
		}
		if q := last[qa.QuestionView](mo, "qa.asked"); q.State != "waiting" || hears(ben, "spam") {
			t.Errorf("a held question is %s, and others hear of it: %v", q.State, hears(ben, "spam"))
		}
		mo.must(qa.Approve{Question: id})
		if !hears(ben, "spam?") {
			t.Error("an approved question is not on the board")
		}
	})
}

// Nobody can set what the machine check says.
func TestNobodySetsTheVerdict(t *testing.T) {
	for _, data := range []string{`{"text":"x","Hold":"y"}`, `{"text":"x","hold":""}`, `{"text":"x","Held":false}`, `{"text":"x","-":"y"}`} {
		for _, kind := range []string{"chat.say", "qa.ask"} {
			if c, err := room.Parse(wire.Request{ID: 1, Type: kind, Key: "k", Data: wire.Raw(data)}); err == nil {
				t.Errorf("%s with %s is read as %+v", kind, data, c)
			}
		}
	}
}

func TestTheQueueIsBounded(t *testing.T) {
	screened(t, room.Config{}, func(c *class) {
		mo := c.join("mo", wire.Moderator)
		waiting := 0
		for i := range 60 {
			k := c.join(wire.UserID(fmt.Sprintf("viewer-%d", i)), wire.Viewer)
			for j := range 7 {
				switch err := k.do(room.Say{Text: "spam"}); {
				case err == nil:
					waiting++
				case !errors.Is(err, room.ErrQueue):
					t.Fatal(err)
				case waiting < 200 && j < 5:
					t.Fatalf("message %d of one person is refused while %d wait", j, waiting)
				}
			}
			k.leave()
		}
		if waiting != 200 {
			t.Errorf("%d messages wait", waiting)
		}
		// One person's rejected ones: the newest twenty are kept for them.
		ana := c.join("viewer-0", wire.Viewer)
		for _, m := range mo.got("chat.held") {
			if held := into[room.HeldMessageView](t, m); held.By.ID == "viewer-0" {
				mo.must(room.Reject{Item: held.ID})
			}
		}
		for range 30 {
			ana.must(room.Say{Text: "spam"})
			mo.must(room.Reject{Item: last[room.HeldMessageView](mo, "chat.held").ID})
		}
		if held := last[room.OwnHeldViews](ana, "chat.mine").Held; len(held) != 20 {
			t.Errorf("%d rejected messages are kept for their author", len(held))
		}
	})
}

func TestNamesAreChecked(t *testing.T) {
	screened(t, room.Config{}, func(c *class) {
		for name, want := range map[string]string{"Ana": "Ana", "darn Ben": "**** Ben", "spam": "", "vile": ""} {
			got, err := c.house.CheckName(name, wire.Viewer)
			if got != want || (want == "") != errors.Is(err, room.ErrBlocked) {
				t.Errorf("the name %q: %q, %v", name, got, err)
			}
			if got, err := c.house.CheckName(name, wire.Host); got != name || err != nil {
				t.Errorf("the host's name %q: %q, %v", name, got, err)
			}
		}
		// One that an older token says does not keep its bearer out.
		vile := c.join("vile", wire.Viewer) // is called "name of vile"
		if you := last[welcomeOf](vile, "welcome").You; you.Name != "***" {
			t.Errorf("a blocked name of a token is shown as %q", you.Name)
		}
	})
}

type welcomeOf struct{ You room.YouView }

// What is approved reaches everybody within the usual flush.
func TestApprovalReachesTheClassAtOnce(t *testing.T) {
	screened(t, room.Config{}, func(c *class) {
		mo, ana, ben := c.join("mo", wire.Moderator), c.join("ana", wire.Viewer), c.join("ben", wire.Viewer)
		id, err := ana.doKey("k", room.Say{Text: "spam"})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := c.house.Do(context.Background(), physics, wire.Actor{User: "mo", Role: wire.Moderator}, room.Approve{Item: id}); err != nil {
			t.Fatal(err)
		}
		for len(ben.got("chat.said")) == 0 {
			if time.Since(began) > 300*time.Millisecond {
				t.Fatal("it is not there after 300 ms")
			}
			time.Sleep(time.Millisecond)
		}
		_ = mo
	})
}

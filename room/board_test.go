package room_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// A class goes on with an anonymous asker, questions that are held, and one
// that is rejected; then everything that anybody else has got is looked through.
func TestNobodyLearnsWhoAskedOrWhatWasRejected(t *testing.T) {
	inClass(t, room.Config{Snapshot: 4}, func(c *class) {
		host, mo := c.join("hana", wire.Host), c.join("mo", wire.Moderator)
		console, err := c.connectAdmin("mo", wire.Moderator)
		if err != nil {
			t.Fatal(err)
		}
		ana, shy := c.join("ana", wire.Viewer), c.join("shy-one", wire.Viewer)
		asks := func(k *client, key string, q qa.Ask) uint64 {
			t.Helper()
			seq, err := k.doKey(key, q)
			if err != nil {
				t.Fatal(err)
			}
			return seq
		}
		first := asks(shy, "k1", qa.Ask{Text: "Why is that so?", Anonymous: true})
		ana.must(qa.Upvote{Question: first})
		shy.must(qa.Upvote{Question: first}) // one's own: no vote
		mo.must(qa.Hold{On: true})
		held := asks(shy, "k2", qa.Ask{Text: "heldwords of mine", Anonymous: true})
		bad := asks(shy, "k3", qa.Ask{Text: "badwords of mine", Anonymous: true})
		named := asks(ana, "k4", qa.Ask{Text: "namedwords of mine"})
		if err := ana.do(qa.Upvote{Question: held}); !errors.Is(err, wire.ErrNotFound) {
			t.Errorf("a viewer votes for what is held: %v", err)
		}
		mo.must(qa.Reject{Question: bad})
		mo.must(qa.Reject{Question: named})
		latecomer := c.join("ben", wire.Viewer)
		for _, k := range []*client{ana, latecomer} {
			for _, m := range k.all() {
				for _, words := range []string{"heldwords", "badwords"} {
					if strings.Contains(string(m.Data), words) {
						t.Errorf("%s hears %s: %s", k.session.User, m.Type, m.Data)
					}
				}
			}
		}
		mo.must(qa.Approve{Question: held})
		host.must(qa.Merge{From: held, Into: first})
		host.must(qa.Focus{Question: held}) // by its old name
		host.must(qa.Dismiss{Question: first})
		host.must(qa.Restore{Question: first})
		mo.must(room.Delete{Item: first, Reason: "not here"})
		lateMod := c.join("mia", wire.Moderator)
		asks(shy, "k5", qa.Ask{Text: "And now?", Anonymous: true})
		audit := ask[room.AuditPage](mo, room.Audit{})
		if len(audit.Acts) != 8 {
			t.Errorf("%d acts: %+v", len(audit.Acts), audit.Acts)
		}
		for _, a := range audit.Acts {
			if a.Target != nil && a.Target.ID != "ana" {
				t.Errorf("the audit of %s names %+v", a.Act, a.Target)
			}
		}
		rows, err := c.house.Questions(context.Background(), physics, wire.Actor{User: "hana", Role: wire.Host})
		if err != nil || len(rows) != 1 || rows[0].By != "" || !rows[0].Anonymous {
			t.Errorf("export: %+v, %v", rows, err)
		}

		for _, k := range []*client{host, mo, console, ana, latecomer, lateMod} {
			for _, m := range k.all() {
				if strings.Contains(string(m.Data), "shy") {
					t.Errorf("%s hears of the asker in %s: %s", k.session.User, m.Type, m.Data)
				}
			}
		}
		// The rejected text is its asker's: ana has hers, the staff no longer any.
		if w := last[welcome](lateMod, "welcome"); slices.ContainsFunc(w.Room.Questions, func(q struct{ Text string }) bool { return strings.Contains(q.Text, "words") }) {
			t.Errorf("a moderator still sees %+v", w.Room.Questions)
		}
		again, err := c.connect(physics, "ana", wire.Viewer, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := last[youOf](again, "welcome").You.Board.Held; len(got) != 1 || got[0].Text != "namedwords of mine" || got[0].State != "rejected" {
			t.Errorf("ana's own: %+v", got)
		}
		if got := last[qa.OwnView](shy, "qa.mine"); len(got.Asked) != 0 || len(got.Held) != 2 || got.Held[0].ID != bad || got.Held[1].State != "waiting" {
			t.Errorf("the asker's own: %+v", got)
		}
	})
}

// youOf is the part of a welcome that concerns one's own questions.
type youOf struct {
	You struct {
		Board qa.OwnView `json:"board"`
	} `json:"you"`
}

func TestExpertsAnswerWhileTheyAreInvited(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host, ana, eve := c.join("hana", wire.Host), c.join("ana", wire.Viewer), c.join("eve", wire.Viewer)
		ana.must(qa.Ask{Text: "为什么？"})
		q := last[qa.QuestionView](eve, "qa.asked")
		if !q.IsQuestion {
			t.Error("a Chinese question mark does not count")
		}
		for what, err := range map[string]error{
			"not invited":         eve.do(qa.Reply{Question: q.ID, Text: "So."}),
			"answers uninvited":   eve.do(qa.Answer{Question: q.ID, Text: "So."}),
			"invites herself":     eve.do(qa.Expert{User: "eve", On: true}),
			"invited by a viewer": ana.do(qa.Expert{User: "eve", On: true}),
		} {
			if !errors.Is(err, wire.ErrForbidden) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if err := host.do(qa.Expert{User: "nobody", On: true}); !errors.Is(err, wire.ErrNotFound) {
			t.Errorf("somebody who was never here: %v", err)
		}
		host.must(qa.Expert{User: "eve", On: true})
		eve.must(qa.Answer{Question: q.ID, Text: "So."})
		answer := last[qa.AnsweredView](ana, "qa.answered")
		if !answer.Answered || !answer.Answer.Expert || answer.Answer.By.ID != "eve" {
			t.Errorf("answered: %+v", answer)
		}
		host.must(qa.Reply{Answer: answer.Answer.ID, Text: "And more."})
		if got := last[qa.RepliedView](ana, "qa.replied"); got.Question != q.ID || got.Answer.Answer != answer.Answer.ID {
			t.Errorf("replied: %+v", got)
		}
		if err := eve.do(qa.Answer{Question: q.ID}); !errors.Is(err, wire.ErrForbidden) {
			t.Errorf("aloud is for the staff to say: %v", err)
		}
		host.must(room.Mute{User: "eve"})
		if err := eve.do(qa.Reply{Question: q.ID, Text: "So."}); !errors.Is(err, room.ErrMuted) {
			t.Errorf("a muted expert: %v", err)
		}
		host.must(room.Unmute{User: "eve"})
		host.must(qa.Expert{User: "eve", On: false})
		if err := eve.do(qa.Reply{Question: q.ID, Text: "So."}); !errors.Is(err, wire.ErrForbidden) {
			t.Errorf("no longer invited: %v", err)
		}
	})
}

func TestTheBoardIsExportedToTheStaffAlone(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host, ana := c.join("hana", wire.Host), c.join("ana", wire.Viewer)
		ana.must(qa.Ask{Text: "Why?"})
		ctx := context.Background()
		if _, err := c.house.Questions(ctx, physics, wire.Actor{User: "ana", Role: wire.Viewer}); !errors.Is(err, wire.ErrForbidden) {
			t.Errorf("a viewer exports: %v", err)
		}
		host.must(room.SetRole{User: "ana", Role: wire.Moderator})
		if rows, err := c.house.Questions(ctx, physics, wire.Actor{User: "ana", Role: wire.Viewer}); err != nil || len(rows) != 1 {
			t.Errorf("made a moderator since: %v, %v", rows, err)
		}
		host.must(room.SetRole{User: "ana", Role: wire.Viewer})
		if _, err := c.house.Questions(ctx, physics, wire.Actor{User: "ana", Role: wire.Moderator}); !errors.Is(err, wire.ErrForbidden) {
			t.Errorf("a viewer with a moderator's token exports: %v", err)
		}
	})
}

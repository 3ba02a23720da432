package room_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/survey"
	"github.com/lyceum-live/lyceum/wire"
)

// feedback is a survey for the end of the class.
var feedback = survey.Create{Title: "How was it?", When: survey.WhenEnd, Hours: 2, Items: []survey.Draft{
	{Type: survey.Stars, Text: "The course", Required: true}, {Type: survey.Text, Text: "What was good?"},
}}

func stars(id uint64, n int, words string) survey.Answer {
	return survey.Answer{Survey: id, Answers: []*survey.Reply{{Value: &n}, {Text: words}}}
}

func refusedWith(t *testing.T, k *client, c room.Command, code string) {
	t.Helper()
	if err := k.do(c); err == nil || wire.Public(err).Code != code {
		t.Errorf("%s: %T: %v, want %s", k.session.User, c, err, code)
	}
}

// A survey for the end opens with the class's end and is answered for its
// while, by those who were there and by nobody else, through restarts and
// though nobody keeps the room open; then it is closed, and what was answered
// stands.
func TestASurveyAfterTheClass(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host, ana, ben := c.join("hana", wire.Host), c.join("ana", wire.Viewer), c.join("ben", wire.Viewer)
		host.must(room.Open{})
		host.must(feedback)
		id := last[survey.View](host, "survey.drafted").ID
		time.Sleep(time.Minute)
		refusedWith(t, ana, stars(id, 5, "x"), "wire.not_found")
		ben.leave()
		time.Sleep(time.Minute)
		host.must(room.End{})
		opened := last[survey.View](ana, "survey.opened")
		if opened.ID != id || opened.Until-wire.At(time.Now()) != wire.Millis(2*time.Hour/time.Millisecond) {
			t.Errorf("at the end of the class ana sees %+v", opened)
		}
		ana.must(stars(id, 5, "the proofs"))
		refusedWith(t, host, stars(id, 5, ""), "auth.forbidden")
		refusedWith(t, ana, room.Say{Text: "bye"}, "room.ended")

		c.stop()
		c.start(room.Config{})
		host, ana, ben = c.join("hana", wire.Host), c.join("ana", wire.Viewer), c.join("ben", wire.Viewer)
		zoe := c.join("zoe", wire.Viewer)
		you := func(k *client) room.YouView { return last[struct{ You room.YouView }](k, "welcome").You }
		if own := you(ana).Surveys[id]; len(own) != 2 || *own[0].Value != 5 || own[1].Text != "the proofs" {
			t.Errorf("after a restart ana's own answers are %+v", own)
		}
		if you(ana).Absent || you(ben).Absent || !you(zoe).Absent {
			t.Error("who was not in the class is not told so, or who was")
		}
		ben.must(stars(id, 2, ""))
		ben.must(stars(id, 3, ""))
		refusedWith(t, zoe, stars(id, 1, ""), "survey.absent")
		time.Sleep(time.Second)
		if tally := last[survey.TallyView](host, "survey.tally"); tally.Answered != 2 || *tally.Result.Items[0].Mean != 4 {
			t.Errorf("the host sees %+v", tally)
		}
		for _, k := range []*client{ana, ben, zoe} {
			if n := len(k.got("survey.tally")); n != 0 {
				t.Errorf("%s is told of others' answers %d times", k.session.User, n)
			}
			k.leave()
		}
		host.leave()
		time.Sleep(30 * time.Minute)
		if len(c.house.InUse()) != 0 {
			t.Error("a survey keeps a room in memory that nobody is in")
		}
		ana = c.join("ana", wire.Viewer)
		time.Sleep(2 * time.Hour)
		if v := last[survey.View](ana, "survey.closed"); v.ID != id || v.Result != nil {
			t.Errorf("ana sees %+v", v)
		}
		refusedWith(t, ana, stars(id, 1, ""), "survey.closed")
		host = c.join("hana", wire.Host)
		for _, words := range []bool{false, true} {
			host.must(survey.Show{Survey: id, Words: words})
			shown := last[survey.View](ana, "survey.shown")
			if shown.Result == nil || *shown.Result.Items[0].Mean != 4 || (len(shown.Result.Items[1].Texts) == 1) != words {
				t.Errorf("with words %v: %+v", words, shown)
			}
		}
		if page := ask[survey.TextsPage](host, survey.Texts{Survey: id, Item: 1}); !slices.Equal(page.Texts, []string{"the proofs"}) {
			t.Errorf("the staff reads %q", page.Texts)
		}
	})
}

// A room that is opened after a survey's time closes it before anything else.
func TestASurveyWhoseTimeIsOverWhileNobodyIsThere(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host, ana := c.join("hana", wire.Host), c.join("ana", wire.Viewer)
		host.must(room.Open{})
		create := feedback
		create.Anonymous = true
		host.must(create)
		id := last[survey.View](host, "survey.drafted").ID
		time.Sleep(time.Minute)
		host.must(room.End{})
		ana.must(stars(id, 5, ""))
		c.stop()
		time.Sleep(24 * time.Hour)
		c.start(room.Config{})
		host = c.join("hana", wire.Host)
		if now := last[struct{ Room room.RoomView }](host, "welcome").Room.Surveys; len(now) != 1 || now[0].ID != id || now[0].Result == nil || now[0].Result.N != 1 {
			t.Errorf("the host sees %+v", now)
		}
		time.Sleep(time.Second)
		if c.store.has(survey.KeyID(physics, id)) {
			t.Error("the key is still there")
		}
	})
}

// The log of an anonymous survey ties no answer to a person, the host sees only
// how many there are, and the key of the hashes is gone after the close.
func TestAnAnonymousSurvey(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host := c.join("hana", wire.Host)
		var people []*client
		for _, name := range []wire.UserID{"cleo", "ana", "ben"} {
			people = append(people, c.join(name, wire.Viewer))
		}
		create := feedback
		create.Anonymous, create.Open, create.When = true, true, survey.WhenNow
		host.must(create)
		id := last[survey.View](host, "survey.opened").ID
		before := len(c.store.log(physics))
		for i, k := range people {
			k.must(stars(id, i+1, "words of somebody"))
			k.must(stars(id, i+1, "words of somebody")) // nothing to change
		}
		if _, err := people[0].doKey("one", stars(id, 5, "better words")); err != nil {
			t.Fatal(err)
		}
		if _, err := people[0].doKey("one", stars(id, 1, "never")); err != nil {
			t.Errorf("repeated: %v", err)
		}
		if mine := last[survey.MineView](people[0], "survey.mine"); len(mine.Answers) != 2 || mine.Answers[1].Text != "better words" {
			t.Errorf("their own answers are %+v", mine)
		}
		time.Sleep(time.Second)
		if tally := last[survey.TallyView](host, "survey.tally"); tally.Answered != 3 || tally.Result != nil {
			t.Errorf("before the close the host sees %+v", tally)
		}
		records := c.store.log(physics)[before:]
		if len(records) < 4 {
			t.Errorf("%d records", len(records))
		}
		for _, r := range records {
			for _, who := range []string{"ana", "ben", "cleo", "words of"} {
				if string(r.By) == who || bytes.Contains(r.Data, []byte(who)) || r.By != wire.System.User || r.Key != "" && len(r.Key) != 64 {
					t.Errorf("record %d (%s by %s, key %q) tells of %s: %s", r.Seq, r.Kind, r.By, r.Key, who, r.Data)
				}
			}
		}
		host.must(survey.Close{Survey: id})
		if v := last[survey.View](host, "survey.closed"); v.Result.N != 3 || !slices.Equal(v.Result.Items[0].Histogram, []int{0, 1, 1, 0, 1}) {
			t.Errorf("the result: %+v", v.Result)
		}
		if c.store.has(survey.KeyID(physics, id)) {
			t.Error("the key of the hashes is still there")
		}
		records = c.store.log(physics)
		i := slices.IndexFunc(records, func(r room.Record) bool { return r.Kind == "survey.participated" })
		if i < 0 || !bytes.Contains(records[i].Data, []byte(`["ana","ben","cleo"]`)) {
			t.Error("who took part is not in the log in the order of their ids")
		}
		c.stop()
		c.start(room.Config{})
		host = c.join("hana", wire.Host)
		if page := ask[survey.TextsPage](host, survey.Texts{Survey: id, Item: 1}); len(page.Texts) != 3 {
			t.Errorf("after a restart the staff reads %q", page.Texts)
		}
		if own := last[struct{ You room.YouView }](c.join("ana", wire.Viewer), "welcome").You.Surveys; len(own) != 0 {
			t.Errorf("after the close ana's answers are still known: %v", own)
		}
	})
}

// Words of one's own are writing, which the muted may not; stars are not.
func TestTheMutedWriteNothingInSurveys(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host, ana := c.join("hana", wire.Host), c.join("ana", wire.Viewer)
		create := feedback
		create.Open = true
		host.must(create)
		id := last[survey.View](host, "survey.opened").ID
		host.must(room.Mute{User: "ana"})
		refusedWith(t, ana, stars(id, 5, "spam"), "mod.muted")
		ana.must(stars(id, 5, ""))
	})
}

// While the store cannot give a key, the clock waits and asks again: the room
// does not spin, and the survey closes when the key can be had.
func TestTheClockWaitsForTheStore(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host, ana := c.join("hana", wire.Host), c.join("ana", wire.Viewer)
		host.must(room.Open{})
		create := feedback
		create.Anonymous = true
		host.must(create)
		id := last[survey.View](host, "survey.drafted").ID
		time.Sleep(time.Minute)
		host.must(room.End{})
		ana.must(stars(id, 4, ""))
		c.stop()
		c.start(room.Config{})
		c.store.setRefuseKey(survey.KeyID(physics, id))
		host = c.join("hana", wire.Host)
		time.Sleep(3 * time.Hour) // fake: a loop that spins would never let it pass
		if n := len(host.got("survey.closed")); n != 0 {
			t.Fatal("the survey closed without its key")
		}
		c.store.setRefuseKey("")
		time.Sleep(2 * time.Second)
		if v := last[survey.View](host, "survey.closed"); v.Result == nil || v.Result.N != 1 {
			t.Errorf("the host sees %+v", v)
		}
	})
}

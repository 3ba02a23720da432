package room_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// What the winner makes follow is there with the result: in one batch, for
// everybody, for those who come later, and after a restart.
func TestAPollActsWhenItCloses(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host, ana := c.join("hana", wire.Host), c.join("ana", wire.Viewer)
		for _, then := range []poll.Act{{Act: poll.ActTopic, Value: "Waves"}, {Act: poll.ActSegment, Value: "Part two"}, {Act: poll.ActPin, Value: "go-101"}} {
			host.must(poll.Create{Text: "?", Choices: []string{"a", "b"}, Open: true, Then: []*poll.Act{nil, &then}})
			id := last[struct{ ID uint64 }](host, "poll.opened").ID
			ana.must(poll.Vote{Poll: id, Choices: []int{1}})
			before := c.store.appends
			host.must(poll.Close{Poll: id})
			if n := c.store.appends - before; n != 1 {
				t.Errorf("%s took %d appends", then.Act, n)
			}
		}
		if last[struct{ Topic string }](ana, "room.topic").Topic != "Waves" || last[struct{ Segment string }](ana, "room.segment").Segment != "Part two" ||
			last[struct{ Item string }](ana, "shelf.pinned").Item != "go-101" {
			t.Error("a viewer has not seen what follows")
		}
		for _, v := range ana.got("poll.closed") {
			if bytes.Contains(v.Data, []byte("then")) {
				t.Errorf("a viewer sees what would have followed: %s", v.Data)
			}
		}
		now := func(k *client) room.RoomView {
			return last[struct{ Room room.RoomView }](k, "welcome").Room
		}
		if r := now(c.join("ben", wire.Viewer)); r.Topic != "Waves" || r.Segment != "Part two" || r.Pinned != "go-101" {
			t.Errorf("a newcomer sees %q, %q, %q", r.Topic, r.Segment, r.Pinned)
		}
		c.stop()
		for _, r := range c.store.log(physics) {
			if bytes.Contains(r.Data, []byte("Waves")) || bytes.Contains(r.Data, []byte("Part two")) {
				t.Errorf("record %d (%s) has a person's text: %s", r.Seq, r.Kind, r.Data)
			}
		}
		c.start(room.Config{})
		host = c.join("hana", wire.Host)
		if r := now(host); r.Topic != "Waves" || r.Segment != "Part two" || r.Pinned != "go-101" {
			t.Errorf("after a restart: %q, %q, %q", r.Topic, r.Segment, r.Pinned)
		}
		host.must(room.SetTopic{})
		host.must(room.SetSegment{})
		host.must(room.PinItem{})
		if r := now(c.join("cleo", wire.Viewer)); r.Topic != "" || r.Segment != "" || r.Pinned != "" {
			t.Errorf("taken away: %q, %q, %q", r.Topic, r.Segment, r.Pinned)
		}
	})
}

func TestWhoHasNotVoted(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host, ana, ben := c.join("hana", wire.Host), c.join("ana", wire.Viewer), c.join("ben", wire.Viewer)
		c.join("cleo", wire.Viewer).leave()
		time.Sleep(time.Minute) // until she counts as gone
		host.must(poll.Quick{Kind: "yesno"})
		id := last[struct{ ID uint64 }](host, "poll.opened").ID
		missing := func() (names []wire.UserID) {
			for _, p := range ask[room.MissingPage](host, room.Missing{Poll: id}).People {
				names = append(names, p.ID)
			}
			return names
		}
		if got := missing(); len(got) != 2 {
			t.Errorf("before anybody votes: %v", got)
		}
		ana.must(poll.Vote{Poll: id, Choices: []int{0}})
		if got := missing(); len(got) != 1 || got[0] != "ben" {
			t.Errorf("after a vote: %v", got)
		}
		ana.must(poll.Retract{Poll: id})
		ben.must(poll.Vote{Poll: id, Choices: []int{0}})
		if got := missing(); len(got) != 1 || got[0] != "ana" {
			t.Errorf("after one was taken back: %v", got)
		}
		if err := ana.do(room.Missing{Poll: id}); wire.Public(err).Code != "auth.forbidden" {
			t.Errorf("asked by a viewer: %v", err)
		}
		if err := host.do(room.Missing{Poll: id + 1000}); wire.Public(err).Code != "wire.not_found" {
			t.Errorf("of no poll: %v", err)
		}
	})
}

// Words of one's own are writing, which the muted may not; picking is not.
func TestTheMutedWriteNothingInPolls(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host, ana := c.join("hana", wire.Host), c.join("ana", wire.Viewer)
		host.must(room.Mute{User: "ana"})
		host.must(poll.Create{Text: "?", Kind: poll.KindText, Open: true})
		id := last[struct{ ID uint64 }](host, "poll.opened").ID
		if err := ana.do(poll.Vote{Poll: id, Text: "spam"}); wire.Public(err).Code != "mod.muted" {
			t.Errorf("words of the muted: %v", err)
		}
		host.must(poll.Quick{Kind: "yesno"})
		ana.must(poll.Vote{Poll: last[struct{ ID uint64 }](host, "poll.opened").ID, Choices: []int{0}})
	})
}

// own is what a person's welcome says about their votes.
func own(k *client) map[uint64][]int {
	return last[struct{ You room.YouView }](k, "welcome").You.Votes
}

// A secret ballot names nobody: not in the log, not in a snapshot, not by the
// time or the order of anything that is written down. Its key is gone after
// the close, also if the server stopped before it could be destroyed.
func TestSecretBallots(t *testing.T) {
	inClass(t, room.Config{Snapshot: 2}, func(c *class) {
		host := c.join("hana", wire.Host)
		voters := []*client{c.join("ben", wire.Viewer), c.join("ana", wire.Viewer), c.join("cleo", wire.Viewer)}
		host.must(poll.Create{Text: "?", Choices: []string{"a", "b"}, Secret: true, Open: true})
		id := last[struct{ ID uint64 }](host, "poll.opened").ID
		opened := len(c.store.log(physics))
		for _, v := range voters {
			v.must(poll.Vote{Poll: id, Choices: []int{0}})
			v.must(poll.Vote{Poll: id, Choices: []int{0}}) // nothing to change
		}
		if _, err := voters[0].doKey("one", poll.Vote{Poll: id, Choices: []int{1}}); err != nil {
			t.Fatal(err)
		}
		voters[1].must(poll.Retract{Poll: id})
		voters[1].must(poll.Vote{Poll: id, Choices: []int{1}})
		if _, err := voters[0].doKey("one", poll.Vote{Poll: id, Choices: []int{1}}); err != nil {
			t.Errorf("repeated: %v", err)
		}
		if mine := last[struct{ Choices []int }](voters[1], "poll.mine"); len(mine.Choices) != 1 || mine.Choices[0] != 1 {
			t.Errorf("a voter sees %v as their own", mine.Choices)
		}
		time.Sleep(time.Second)
		if tally := last[struct {
			Voters int
			Counts []int
		}](host, "poll.tally"); tally.Voters != 3 || tally.Counts != nil {
			t.Errorf("before the close the host sees %+v", tally)
		}
		if err := host.do(room.Missing{Poll: id}); wire.Public(err).Code != "poll.secret" {
			t.Errorf("who has not voted in it: %v", err)
		}
		c.stop()
		c.start(room.Config{Snapshot: 2}) // the pseudonyms are the same after a restart
		host, ana := c.join("hana", wire.Host), c.join("ana", wire.Viewer)
		if votes := own(ana); len(votes[id]) != 1 {
			t.Errorf("after a restart ana's own vote is %v", votes)
		}
		ana.must(poll.Vote{Poll: id, Choices: []int{0}})
		named := 0
		for _, r := range c.store.log(physics)[opened:] {
			if r.Kind == "room.entered" || r.Kind == "room.left" {
				continue
			}
			for _, who := range []string{"ana", "ben", "cleo"} {
				if string(r.By) == who || bytes.Contains(r.Data, []byte(who)) || r.By != "hana" && r.Key != "" && !(r.By == wire.System.User && len(r.Key) == 64) {
					named++
					t.Errorf("record %d (%s by %s, key %q) names %s: %s", r.Seq, r.Kind, r.By, r.Key, who, r.Data)
				}
			}
		}
		if len(c.store.log(physics)[opened:]) < 6 || named > 0 {
			t.Fatalf("%d records, %d names", len(c.store.log(physics)[opened:]), named)
		}
		key := poll.KeyID(physics, id)
		if c.store.has(key) != true {
			t.Fatal("there is no key while it is open")
		}
		c.store.setRefuseDestroy(room.ErrUnavailable)
		host.must(poll.Close{Poll: id})
		if v := last[poll.View](host, "poll.closed"); v.Voters != 3 || (*v.Counts)[0] != 2 || (*v.Counts)[1] != 1 {
			t.Errorf("the result: %+v", v)
		}
		if !c.store.has(key) {
			t.Fatal("this test wants the key to stay")
		}
		c.stop()
		c.store.setRefuseDestroy(nil)
		c.start(room.Config{})
		if votes := own(c.join("ana", wire.Viewer)); len(votes) != 0 {
			t.Errorf("after the close ana's vote is still known: %v", votes)
		}
		if c.store.has(key) {
			t.Error("the key is still there after the room was opened again")
		}
		records := c.store.log(physics)
		i := slices.IndexFunc(records, func(r room.Record) bool { return r.Kind == "poll.participated" })
		if i < 0 || !bytes.Contains(records[i].Data, []byte(`["ana","ben","cleo"]`)) {
			t.Errorf("who took part is not in the log in the order of their ids")
		}
	})
}

// An older ballot that is repeated with its key is answered as the first time
// and does not take the place of a newer one, also after a restart, and also if
// it had nothing to change; nor does a ballot that was taken back come back.
func TestASecretBallotCountsOnce(t *testing.T) {
	inClass(t, room.Config{Snapshot: 3}, func(c *class) {
		host, ana, ben := c.join("hana", wire.Host), c.join("ana", wire.Viewer), c.join("ben", wire.Viewer)
		host.must(poll.Create{Text: "?", Choices: []string{"a", "b"}, Secret: true, Open: true})
		id := last[struct{ ID uint64 }](host, "poll.opened").ID
		vote := func(choice int) room.Command { return poll.Vote{Poll: id, Choices: []int{choice}} }
		given := []struct {
			by  *client
			key string
			cmd room.Command
			seq uint64
		}{
			{by: ana, key: "1", cmd: vote(0)}, {by: ana, key: "2", cmd: vote(0)}, {by: ana, key: "3", cmd: vote(1)},
			{by: ben, key: "0", cmd: poll.Retract{Poll: id}}, {by: ben, key: "1", cmd: vote(0)}, {by: ben, key: "2", cmd: vote(1)},
			{by: ben, key: "3", cmd: poll.Retract{Poll: id}},
		}
		for i := range given {
			var err error
			if given[i].seq, err = given[i].by.doKey(given[i].key, given[i].cmd); err != nil || given[i].seq == 0 {
				t.Fatalf("%d: %d, %v", i, given[i].seq, err)
			}
		}
		check := func(when string) {
			t.Helper()
			before := len(c.store.log(physics))
			for i, g := range given {
				if seq, err := g.by.doKey(g.key, g.cmd); err != nil || seq != g.seq {
					t.Errorf("%s, %d is answered with %d, %v instead of %d", when, i, seq, err, g.seq)
				}
			}
			if after := len(c.store.log(physics)); after != before {
				t.Errorf("%s, repeats have written %d records", when, after-before)
			}
			if votes := own(c.join("ana", wire.Viewer))[id]; !slices.Equal(votes, []int{1}) {
				t.Errorf("%s, ana's vote is %v", when, votes)
			}
			if votes := own(c.join("ben", wire.Viewer))[id]; len(votes) != 0 {
				t.Errorf("%s, ben's vote is %v", when, votes)
			}
		}
		check("at once")
		for range 2 {
			c.stop()
			c.start(room.Config{Snapshot: 3})
			ana, ben = c.join("ana", wire.Viewer), c.join("ben", wire.Viewer)
			for i := range given {
				if given[i].by = ana; i > 2 {
					given[i].by = ben
				}
			}
			check("after a restart")
		}
		host = c.join("hana", wire.Host)
		host.must(poll.Close{Poll: id})
		if v := last[poll.View](host, "poll.closed"); v.Voters != 1 || (*v.Counts)[1] != 1 {
			t.Errorf("the result: %+v", v)
		}
	})
}

// A ballot that could not be saved was not given: repeated, it counts.
func TestASecretBallotIsSavedOrNotGiven(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host, ana := c.join("hana", wire.Host), c.join("ana", wire.Viewer)
		host.must(poll.Create{Text: "?", Kind: poll.KindRating, Secret: true, Open: true})
		id := last[struct{ ID uint64 }](host, "poll.opened").ID
		four := 4.0
		c.store.setRefuse(room.ErrFull)
		if _, err := ana.doKey("k", poll.Vote{Poll: id, Value: &four}); wire.Public(err).Code != "store.full" {
			t.Fatalf("the store is full: %v", err)
		}
		c.store.setRefuse(nil)
		time.Sleep(10 * time.Second)
		if _, err := ana.doKey("k", poll.Vote{Poll: id, Value: &four}); err != nil {
			t.Fatal(err)
		}
		host.must(poll.Close{Poll: id})
		if v := last[poll.View](ana, "poll.closed"); v.Voters != 1 || *v.Result.Mean != 4 {
			t.Errorf("the result: %+v", v)
		}
		if c.store.has(poll.KeyID(physics, id)) {
			t.Error("the key is still there")
		}
	})
}

// What a moderator removes from a result is gone for everybody, its author is
// told, and the act is in the audit without a word of it.
func TestARemovedAnswer(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		mo, ana, ben := c.join("mo", wire.Moderator), c.join("ana", wire.Viewer), c.join("ben", wire.Viewer)
		mo.must(poll.Create{Text: "?", Kind: poll.KindText, Open: true})
		id := last[struct{ ID uint64 }](mo, "poll.opened").ID
		ana.must(poll.Vote{Poll: id, Text: "rude"})
		ben.must(poll.Vote{Poll: id, Text: "kind"})
		if err := ben.do(poll.Remove{Poll: id, Text: "rude"}); wire.Public(err).Code != "auth.forbidden" {
			t.Errorf("a viewer removes: %v", err)
		}
		mo.must(poll.Close{Poll: id})
		mo.must(poll.Remove{Poll: id, Text: "rude"})
		if v := last[poll.View](ben, "poll.changed"); v.Voters != 1 || !slices.Equal(v.Result.Texts, []string{"kind"}) {
			t.Errorf("ben sees %+v", v)
		}
		if mine := last[poll.MineView](ana, "poll.mine"); mine.Poll != id || mine.Text != "" {
			t.Errorf("ana is told %+v", mine)
		}
		if act := last[room.ActView](mo, "mod.acted"); act.Act != "poll.remove" || act.Item != id || act.Target != nil || act.By.ID != "mo" {
			t.Errorf("the audit says %+v", act)
		}
	})
}

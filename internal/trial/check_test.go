package trial

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/reward"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// books is what the server has written: the truth that promises are held
// against.
type books struct {
	logs     map[wire.RoomID][]room.Record
	ledger   map[wire.UserID][]reward.Entry
	balances map[wire.UserID]int64
}

// readBooks reads the store of a server that is down.
func readBooks(t *testing.T, dir string, h *history) *books {
	t.Helper()
	ctx := t.Context()
	s, err := sqlite.Open(ctx, dir, sqlite.Config{}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	b := &books{map[wire.RoomID][]room.Record{}, map[wire.UserID][]reward.Entry{}, map[wire.UserID]int64{}}
	for id := range h.rooms {
		for {
			page, err := s.Read(ctx, id, uint64(len(b.logs[id])), 5000)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			b.logs[id] = append(b.logs[id], page...)
		}
	}
	for _, d := range h.who {
		if _, read := b.balances[d.user]; read {
			continue
		}
		if b.balances[d.user], err = s.Balance(ctx, d.user); err != nil {
			t.Fatal(err)
		}
		for cursor := ""; ; {
			page, next, err := s.History(ctx, d.user, cursor, 1000)
			if err != nil {
				t.Fatal(err)
			}
			b.ledger[d.user] = append(b.ledger[d.user], page...)
			if cursor = next; next == "" {
				break
			}
		}
	}
	return b
}

// verdict is what the checker found.
type verdict struct {
	faults                                map[string][]string // by kind
	acknowledged, repeated, refused, noop int
	records, views, snapshots, entries    int
}

func (v *verdict) fault(kind, format string, args ...any) {
	v.faults[kind] = append(v.faults[kind], fmt.Sprintf(format, args...))
}

// report fails the test for what was found.
func (v *verdict) report(t *testing.T) {
	t.Helper()
	t.Logf("lost %d, doubled %d, out of order %d, gaps %d, wrong %d; commands acknowledged %d (%d of them sent more than once, %d changed nothing), refused %d; records %d, views heard %d, snapshots compared %d, ledger entries %d",
		len(v.faults["lost"]), len(v.faults["doubled"]), len(v.faults["order"]), len(v.faults["gap"]), len(v.faults["wrong"]),
		v.acknowledged, v.repeated, v.noop, v.refused, v.records, v.views, v.snapshots, v.entries)
	for _, kind := range slices.Sorted(maps.Keys(v.faults)) {
		for i, f := range v.faults[kind] {
			if i == 10 {
				t.Errorf("%s: and %d more", kind, len(v.faults[kind])-i)
				break
			}
			t.Errorf("%s: %s", kind, f)
		}
	}
}

// check holds a history against the books.
func check(h *history, b *books) *verdict {
	v := &verdict{faults: map[string][]string{}}
	var earned []entry
	for id, heard := range h.rooms {
		c := &roomCheck{verdict: v, id: id, heard: heard, log: b.logs[id], model: newModel(id)}
		if !c.foldLog() {
			continue // nothing else can be compared with a log that makes no sense
		}
		for _, d := range h.who {
			if d.room == id {
				c.checkWishes(d)
				for _, visit := range d.visits {
					c.checkVisit(d, visit)
				}
				c.checkLast(d)
			}
		}
		earned = append(earned, c.model.earned...)
	}
	checkLedger(v, earned, b)
	for _, d := range h.who {
		if d.told != nil && *d.told != b.balances[d.user] {
			v.fault("wrong", "%s was told a balance of %d last, but has %d", d.user, *d.told, b.balances[d.user])
		}
	}
	return v
}

// roomCheck checks one room.
type roomCheck struct {
	*verdict
	id    wire.RoomID
	heard *heardIn
	log   []room.Record
	model *model

	byKey   map[string][]uint64     // position of the records with a person's key
	visible map[bool][]sightingKind // by audience: the views that the log gives
	waiting map[sighting][]snapshot // snapshots that no state has matched yet
	why     map[sighting]string     // and what was wrong last
}

type sightingKind struct {
	seq  uint64
	kind string
}

// foldLog reads the log once and compares everything that was seen with it. It
// reports false where the log itself makes no sense.
func (c *roomCheck) foldLog() bool {
	c.byKey, c.visible = map[string][]uint64{}, map[bool][]sightingKind{}
	c.waiting, c.why = map[sighting][]snapshot{}, map[sighting]string{}
	c.takeSnapshots(0)
	for i, r := range c.log {
		c.records++
		if r.Seq != uint64(i)+1 {
			c.fault("order", "%s: record %d has position %d", c.id, i+1, r.Seq)
			return false
		}
		if r.Key != "" {
			at := string(r.By) + " " + r.Key
			if c.byKey[at] = append(c.byKey[at], r.Seq); len(c.byKey[at]) == 2 {
				c.fault("doubled", "%s: key %s of %s is at %v", c.id, r.Key, r.By, c.byKey[at])
			}
		}
		viewers, staff, err := c.model.fold(r)
		if err != nil {
			c.fault("wrong", "%s: record %d (%s): %v", c.id, r.Seq, r.Kind, err)
			return false
		}
		for audience, kind := range map[bool]string{false: viewers, true: staff} {
			if kind == "" {
				continue
			}
			c.giveUp(audience)
			c.visible[audience] = append(c.visible[audience], sightingKind{r.Seq, kind})
			if seen, ok := c.heard.views[sighting{audience, r.Seq}]; ok {
				if seen.kind != kind {
					c.fault("wrong", "%s: record %d (%s) was seen as %s", c.id, r.Seq, r.Kind, seen.kind)
				} else if wrong := c.model.sees(r, audience, seen); wrong != "" {
					c.fault("wrong", "%s: view %d (%s): %s", c.id, r.Seq, kind, wrong)
				}
			}
		}
		c.takeSnapshots(r.Seq)
		c.compareSnapshots()
	}
	c.giveUp(true)
	c.giveUp(false)
	last := uint64(len(c.log))
	for at := range c.heard.views {
		if at.seq > last {
			c.fault("lost", "%s: view %d was heard, but the log ends at %d", c.id, at.seq, last)
		}
	}
	for at := range c.heard.snapshots {
		if at.seq > last {
			c.fault("lost", "%s: a snapshot stood at %d, but the log ends at %d", c.id, at.seq, last)
		}
	}
	for _, at := range c.heard.conflicts {
		c.fault("wrong", "%s: view %d was heard with two contents (staff: %v)", c.id, at.seq, at.staff)
	}
	for _, t := range c.heard.tallies {
		if !c.model.knows(t) {
			c.fault("wrong", "%s: poll %d never stood at %d voters, %v", c.id, t.Poll, t.Voters, t.Counts)
		}
	}
	return true
}

// takeSnapshots begins to look for the state of the snapshots that stand at
// seq: it is that of this position or, as votes are nobody's view, of a later
// one before the next view of that audience.
func (c *roomCheck) takeSnapshots(seq uint64) {
	for _, staff := range []bool{false, true} {
		at := sighting{staff, seq}
		if list := c.heard.snapshots[at]; len(list) > 0 {
			c.waiting[at] = slices.Clone(list)
			c.snapshots += len(list)
		}
	}
}

func (c *roomCheck) compareSnapshots() {
	for at, list := range c.waiting {
		list = slices.DeleteFunc(list, func(s snapshot) bool {
			c.why[at] = c.model.stands(at.staff, s.room)
			return c.why[at] == ""
		})
		if c.waiting[at] = list; len(list) == 0 {
			delete(c.waiting, at)
		}
	}
}

// giveUp is called when an audience's state moves on.
func (c *roomCheck) giveUp(staff bool) {
	for at := range c.waiting {
		if at.staff == staff {
			c.fault("wrong", "%s: snapshot at %d (staff: %v): %s", c.id, at.seq, staff, c.why[at])
			delete(c.waiting, at)
		}
	}
}

// becomes says which record a command becomes: its first event.
var becomes = map[string][]string{
	"chat.say": {"chat.said"}, "hand.raise": {"hand.raised"}, "hand.lower": {"hand.lowered"},
	"qa.ask": {"qa.asked"}, "qa.upvote": {"qa.upvoted"}, "qa.unvote": {"qa.unvoted"},
	"qa.answer": {"qa.answered"}, "qa.pin": {"qa.pinned"}, "qa.unpin": {"qa.unpinned"},
	"poll.create": {"poll.created"}, "poll.open": {"poll.opened"}, "poll.vote": {"poll.voted"}, "poll.close": {"poll.closed"},
	"quiz.create": {"quiz.created"}, "quiz.ask": {"quiz.asked"}, "quiz.answer": {"quiz.answered"},
	"quiz.close": {"quiz.closed"}, "quiz.reveal": {"quiz.revealed"}, "quiz.finish": {"quiz.finished", "quiz.revealed"},
	"room.open": {"room.opened"}, "room.end": {"poll.closed", "quiz.closed", "quiz.revealed", "quiz.finished", "room.ended"},
	"mod.delete":    {"chat.deleted", "qa.deleted"},
	"suggest.click": {"suggest.clicked"}, "suggest.dismiss": {"suggest.dismissed"},
}

// checkWishes holds what one person was promised against the log.
func (c *roomCheck) checkWishes(d *diary) {
	var last *wish
	for _, w := range d.wishes {
		at := c.byKey[string(d.user)+" "+w.key]
		switch {
		case !w.answered:
			c.fault("lost", "%s: %s of %s was never answered (sent %d times)", c.id, w.kind, w.key, w.sent)
			continue
		case w.refused != "":
			c.refused++
			if len(at) > 0 && d.direct {
				c.fault("wrong", "%s: %s of %s was refused (%s), but is at %d", c.id, w.kind, w.key, w.refused, at[0])
			}
			continue
		}
		c.acknowledged++
		if w.sent > 1 {
			c.repeated++
		}
		for _, other := range w.others {
			c.fault("doubled", "%s: %s of %s was answered with %d, and again with %s", c.id, w.kind, w.key, w.seq, other)
		}
		if w.seq == 0 {
			if c.noop++; len(at) > 0 {
				c.fault("wrong", "%s: %s of %s changed nothing, but is at %d", c.id, w.kind, w.key, at[0])
			}
			continue
		}
		if len(at) == 0 {
			c.fault("lost", "%s: %s of %s was acknowledged at %d and is not in the log", c.id, w.kind, w.key, w.seq)
			continue
		}
		if at[0] != w.seq {
			c.fault("order", "%s: %s of %s was acknowledged at %d and is at %d", c.id, w.kind, w.key, w.seq, at[0])
			continue
		}
		r := c.log[w.seq-1]
		if r.Kind == "room.noted" {
			c.noop++
			last = w
			continue
		}
		if !slices.Contains(becomes[w.kind], r.Kind) {
			c.fault("wrong", "%s: %s of %s became %s", c.id, w.kind, w.key, r.Kind)
		} else if wrong := c.says(w, r); wrong != "" {
			c.fault("wrong", "%s: %s of %s at %d %s", c.id, w.kind, w.key, w.seq, wrong)
		}
		if w.busy {
			continue
		}
		if last != nil && last.seq > w.seq && d.direct {
			c.fault("order", "%s: %s of %s is at %d, %s of %s at %d", c.id, last.kind, last.key, last.seq, w.kind, w.key, w.seq)
		}
		last = w
	}
}

// says compares what was sent with the record, and with the view where the
// record is encrypted.
func (c *roomCheck) says(w *wish, r room.Record) string {
	switch w.kind {
	case "chat.say", "qa.ask":
		for _, staff := range []bool{false, true} {
			if seen, ok := c.heard.views[sighting{staff, w.seq}]; ok {
				var said struct{ Text string }
				if _ = json.Unmarshal(seen.data, &said); said.Text != w.data["text"] {
					return fmt.Sprintf("says %q, not %q", said.Text, w.data["text"])
				}
			}
		}
	case "poll.vote", "quiz.answer", "qa.upvote", "qa.unvote", "suggest.click", "suggest.dismiss":
		var record map[string]any
		_ = json.Unmarshal(r.Data, &record)
		for name, value := range w.data {
			if string(encode(record[name])) != string(encode(value)) {
				return fmt.Sprintf("has %s %v, not %v", name, record[name], value)
			}
		}
	}
	return ""
}

// checkVisit holds what one socket heard against the views that the log gives.
func (c *roomCheck) checkVisit(d *diary, v *visit) {
	at, floor := v.seq, uint64(0)
	if v.resumed {
		at, floor = v.after, v.seq
	}
	visible := c.visible[v.staff]
	next, _ := slices.BinarySearchFunc(visible, at+1, func(s sightingKind, seq uint64) int {
		return int(int64(s.seq) - int64(seq))
	})
	for _, heard := range v.views {
		c.views++
		switch {
		case heard.seq == at:
			c.fault("doubled", "%s: %s heard view %d twice", c.id, d.user, heard.seq)
			continue
		case heard.seq < at:
			c.fault("order", "%s: %s heard view %d after %d", c.id, d.user, heard.seq, at)
			continue
		case heard.prev != at && (floor == 0 || heard.prev != floor):
			c.fault("gap", "%s: %s heard view %d, which follows %d, after %d (resumed: %v, at %d)", c.id, d.user, heard.seq, heard.prev, at, v.resumed, v.seq)
		}
		for next < len(visible) && visible[next].seq < heard.seq {
			c.fault("gap", "%s: %s never heard view %d (%s) before %d", c.id, d.user, visible[next].seq, visible[next].kind, heard.seq)
			next++
		}
		if next == len(visible) || visible[next].seq != heard.seq {
			c.fault("wrong", "%s: %s heard view %d, which the log does not give", c.id, d.user, heard.seq)
		} else {
			next++
		}
		if seen := c.heard.views[sighting{v.staff, heard.seq}]; seen.sum != heard.sum {
			c.fault("wrong", "%s: %s heard another view %d than others", c.id, d.user, heard.seq)
		}
		at, floor = heard.seq, 0
	}
	if v.full && next < len(visible) {
		c.fault("gap", "%s: %s never heard view %d (%s) and %d more, to the end", c.id, d.user, visible[next].seq, visible[next].kind, len(visible)-next-1)
	}
}

// checkLast compares what the last welcome said of a person, if it was given
// when everything had come to rest.
func (c *roomCheck) checkLast(d *diary) {
	if len(d.visits) == 0 {
		return
	}
	last := d.visits[len(d.visits)-1]
	if !last.final {
		return
	}
	if wrong := c.model.concerns(d.user, last.you); wrong != "" {
		c.fault("wrong", "%s: to %s: %s", c.id, d.user, wrong)
	}
}

// checkLedger compares the ledger with what the logs earn.
func checkLedger(v *verdict, earned []entry, b *books) {
	left := map[entry]int{}
	for _, e := range earned {
		left[e]++
	}
	for user, entries := range b.ledger {
		var sum int64
		for _, e := range entries {
			v.entries++
			sum += e.Points
			left[entry{e.User, e.Rule, e.Points, e.Room, e.Seq}]--
		}
		if sum != b.balances[user] {
			v.fault("wrong", "%s has a balance of %d and entries of %d", user, b.balances[user], sum)
		}
	}
	for e, n := range left {
		if _, known := b.balances[e.user]; !known || n == 0 {
			continue
		}
		if n > 0 {
			v.fault("lost", "points %+v are not in the ledger", e)
		} else {
			v.fault("doubled", "points %+v are %d times too often in the ledger", e, -n)
		}
	}
}

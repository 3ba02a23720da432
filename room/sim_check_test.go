package room_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// follow is what the follower does: it checks that the events of a room come
// once, in order and from where the last process is known to have come, and
// that they are in the log.
func (s *sim) follow(l *simLife) room.Handle {
	return func(_ context.Context, id wire.RoomID, events []room.Happened) error {
		if l.mount.alive() != nil {
			return errSimDead
		}
		if l.mount.chance(s.weather().cursor, "handle slow", id) {
			if err := l.mount.wait(time.Duration(l.mount.draw(4000, "handle", id)) * time.Millisecond); err != nil {
				return err
			}
		}
		if l.mount.chance(s.weather().cursor/2, "handle fails", id) {
			return errors.New("simulation: the follower fails")
		}
		s.mu.Lock()
		at, begun := s.passed[id]
		s.mu.Unlock()
		if !begun {
			l.mount.disk.mu.Lock()
			at = l.mount.disk.cursors["sim/"+string(id)]
			l.mount.disk.mu.Unlock()
		}
		records := s.disk.durable(id, 0)
		for _, e := range events {
			h := e.Head
			switch {
			case h.Seq != at+1:
				s.fail("the follower hears event %d of %s after %d", h.Seq, id, at)
			case h.Seq > uint64(len(records)):
				s.fail("the follower hears event %d of %s, and the log ends at %d", h.Seq, id, len(records))
			default:
				if r := records[h.Seq-1]; r.At != h.At || r.By != h.By {
					s.fail("the follower hears of event %d of %s by %s at %d, and the log has %s at %d", h.Seq, id, h.By, h.At, r.By, r.At)
				}
			}
			at = h.Seq
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.passed[id] = at
		s.handled[id] = max(s.handled[id], at)
		s.stats.handled += len(events)
		return nil
	}
}

// under counts what has been handed to a room and is not answered yet.
func (s *sim) under(l *simLine, id wire.RoomID, user wire.UserID, key string, n int) {
	if key == "" || l.life.mount.alive() != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := simKey{id, user, key}
	s.flying[k] += n
	s.sends[k] += max(n, 0)
}

// answered checks an answer at the moment at which the room gives it.
func (s *sim) answered(l *simLine, w *simWish, seq uint64, err error) {
	if l.life.mount.alive() != nil {
		return // said by the dead
	}
	k := simKey{l.client.room, l.client.user, w.key}
	if w.key == "" {
		return
	}
	mark := simMark(k, w.cmd)
	at, times, unsure := s.disk.find(k.room, k.user, k.key, mark)
	_, ballot, _ := s.disk.find(k.room, wire.System.User, mark, mark)
	_, foreign := s.disk.stand(k.room)
	s.mu.Lock()
	before, acked := s.acked[k]
	lost, repeated := s.lost[k], s.sends[k] > 1
	if err == nil && seq != 0 {
		s.acked[k] = seq
	}
	if err == nil {
		s.stats.acks++
	} else {
		s.stats.refusals++
	}
	s.mu.Unlock()
	code := ""
	if err != nil {
		code = wire.Public(err).Code
	}
	switch {
	case times > 1:
		s.fail("command %v was carried out %d times", k, times)
	case err == nil && seq != 0 && at != seq:
		s.fail("command %v is acknowledged at %d, and the log has it at %d (0: nowhere): acknowledged before it was durable", k, seq, at)
	case err == nil && acked && seq != before:
		s.fail("command %v is acknowledged at %d, and was at %d the first time", k, seq, before)
	case err == nil && seq == 0 && at != 0 && !foreign && !repeated: // what changed nothing is not remembered: repeated, it is decided anew
		s.fail("command %v changed nothing by its answer, and the log has it at %d", k, at)
	case err != nil && acked && ballot > 0 && slices.Contains(simForgotten, code):
	case err != nil && acked && !simTransient(code) && !foreign:
		s.fail("command %v was carried out at %d, and is refused now: %v", k, before, err)
	case err != nil && at != 0 && !acked && !unsure && !lost && !foreign && !repeated: // a refusal is not remembered either
		s.fail("command %v is refused (%v), and the log has it at %d", k, err, at)
	case err != nil && at != 0 && !simTransient(code) && !foreign && !repeated:
		s.fail("command %v is in the log at %d, and is refused for good: %v", k, at, err)
	}
}

// refusedEntry checks why somebody is not let in.
func (s *sim) refusedEntry(c *simClient, err error) {
	code := wire.Public(err).Code
	if simTransient(code) || code == "wire.rate" || code == "room.full" {
		return
	}
	if code == "mod.banned" && slices.ContainsFunc(s.models[c.room].moves[string(c.user)], func(x simMove) bool { return x.out != 0 }) {
		return // it may be lifted by now
	}
	if code == "auth.forbidden" && c.admin {
		return // made a viewer
	}
	s.fail("%s is not let in: %v", c.name, err)
}

// observe folds what is new in the logs, compares snapshots that were given
// with the model as it was then, and lets the clients look.
func (s *sim) observe() {
	for _, id := range s.rooms {
		s.fold(id)
	}
	for _, c := range s.people {
		c.pump()
	}
	for _, c := range s.people {
		if c.at != nil && (c.line == nil || !c.line.isStalled()) && c.noted != *c.at {
			c.noted = *c.at
			s.trace("    %s has come to %d", c.name, c.at.Seq)
		}
	}
}

func (l *simLine) isStalled() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stalled != nil
}

// fold adds the new records of a room to its model. Snapshots that were given
// in the meantime are compared on the way, each at its position.
func (s *sim) fold(id wire.RoomID) {
	m := s.models[id]
	shots, began := s.given(id), m.seq
	s.compare(m, shots)
	for _, r := range s.disk.durable(id, m.seq) {
		if r.By == wire.System.User {
			if whose := s.marks[r.Key]; whose.key != "" {
				m.once(string(whose.user)+" "+whose.key, r.Seq)
			}
			r.Key = "" // of chance
		}
		s.trace("    %s %d: %s by %s %s at %d", id, r.Seq, r.Kind, r.By, r.Key, r.At)
		if r.Key != "" && s.asked[simKey{id, r.By, r.Key}] == nil {
			s.fail("record %d is a command of %s with key %s, who never gave it", r.Seq, r.By, r.Key)
		}
		s.stats.records++
		m.add(r)
		if said, ok := s.asked[simKey{id, r.By, r.Key}].(room.Say); ok && r.Kind == "chat.said" && m.chat[len(m.chat)-1].Text != said.Text {
			s.fail("%s said %q, and the log has %q at %d", r.By, said.Text, m.chat[len(m.chat)-1].Text, r.Seq)
		}
		s.compare(m, shots)
	}
	for _, shot := range shots {
		if !shot.done && !shot.got.foreign && s.ok() {
			views := m.views[simIndex(shot.staff)]
			s.fail("%s (staff: %t) was given a snapshot at %d when the log ended at %d; it had been looked at to %d, its last view here is %+v",
				shot.client.name, shot.staff, shot.Seq, shot.got.last, began, views[len(views)-1])
		}
	}
}

type simPending struct {
	simShot
	done bool
}

// given lists the snapshots that lines of a room hold and nobody has compared.
func (s *sim) given(id wire.RoomID) []*simPending {
	var list []*simPending
	for _, c := range s.people {
		if c.room != id || c.line == nil {
			continue
		}
		c.line.mu.Lock()
		for i := range c.line.got {
			g := &c.line.got[i]
			if g.Type == "welcome" && !g.compared {
				g.compared = true
				var w simWelcome
				var you simYou
				_ = json.Unmarshal(g.Data, &w)
				_ = json.Unmarshal(w.You, &you)
				if !w.Resumed {
					list = append(list, &simPending{simShot: simShot{c, w, *g, simStaff(you.Role)}})
				}
			}
		}
		c.line.mu.Unlock()
	}
	return list
}

// compare compares those snapshots whose time is now: the log has come as far
// as they have, and has nothing newer that this audience would have heard.
func (s *sim) compare(m *simModel, shots []*simPending) {
	for _, shot := range shots {
		if shot.done || m.seq < shot.Seq || shot.got.foreign {
			continue
		}
		if views := m.views[simIndex(shot.staff)]; len(views) > 0 && views[len(views)-1].seq > shot.Seq {
			continue
		}
		shot.done = true
		var got map[string]any
		if err := json.Unmarshal(shot.Room, &got); err != nil {
			s.fail("%s: snapshot: %v", shot.client.name, err)
			return
		}
		s.checkHeld(m, shot, got)
		want := &m.still[simIndex(shot.staff)]
		if want.seq != m.seq {
			var plain map[string]any
			_ = json.Unmarshal([]byte(simJSON(m.snapshot(shot.staff))), &plain)
			*want = simAnnotate{m.seq, simStill(plain)}
		}
		if a := simStill(got); a != want.text {
			s.fail("%s (staff: %t) was given at %d the snapshot\n%s\nand the log says\n%s", shot.client.name, shot.staff, shot.Seq, a, want.text)
		}
	}
}

// simStill is a snapshot without what signals change: it may be some moments
// old, and the signals that follow make it right.
func simStill(c map[string]any) string {
	delete(c, "count")
	delete(c, "banned")
	delete(c, "muted")
	questions, _ := c["questions"].([]any)
	slices.SortFunc(questions, func(a, b any) int { // their order is by votes
		x, y := a.(map[string]any)["id"].(float64), b.(map[string]any)["id"].(float64)
		return int(x - y)
	})
	for _, q := range questions {
		delete(q.(map[string]any), "votes")
	}
	polls, _ := c["polls"].([]any)
	for _, p := range polls {
		if p := p.(map[string]any); p["phase"] == "open" {
			delete(p, "voters")
			delete(p, "counts")
			delete(p, "result")
		}
	}
	surveys, _ := c["surveys"].([]any)
	for _, p := range surveys {
		if p := p.(map[string]any); p["phase"] == "open" {
			delete(p, "answered")
			delete(p, "result")
		}
	}
	if q, ok := c["quiz"].(map[string]any); ok && q["phase"] == "open" {
		delete(q["current"].(map[string]any), "answered")
	}
	return simJSON(c)
}

// checkHeld compares the lists of those who are muted and banned. An entry may
// have run out by itself.
func (s *sim) checkHeld(m *simModel, shot *simPending, got map[string]any) {
	for _, what := range []string{"muted", "banned"} {
		list, has := got[what].([]any)
		if has != shot.staff {
			s.fail("%s (staff: %t) was given a snapshot with %s: %v", shot.client.name, shot.staff, what, got[what])
		}
		named := map[string]bool{}
		for _, x := range list {
			v := x.(map[string]any)
			user := v["user"].(string)
			named[user] = true
			p := m.people[user]
			until := p.Muted
			if what == "banned" {
				until = p.Banned
			}
			if float64(until) != v["until"].(float64) {
				s.fail("%s was given a snapshot at %d with %s %s until %v, and the log says %d", shot.client.name, shot.Seq, user, what, v["until"], until)
			}
		}
		for user, p := range m.people {
			until := p.Muted
			if what == "banned" {
				until = p.Banned
			}
			if shot.staff && (until == -1 || until > int64(wire.At(time.Now()))) && !named[user] {
				s.fail("%s was given a snapshot at %d without %s, who is %s until %d", shot.client.name, shot.Seq, user, what, until)
			}
		}
	}
}

// checkYou compares what somebody is told about themselves with what the model
// knew of them at one of the positions since the welcome.
func (s *sim) checkYou(c *simClient, w simWelcome, g simGot) {
	if g.foreign {
		return
	}
	got := simSame(w.You)
	list := s.models[c.room].yous[string(c.user)]
	want := ""
	for i := len(list) - 1; i >= 0; i-- {
		if want = list[i].text; want == got {
			return
		}
		if list[i].seq <= w.Seq {
			break // older ones were no longer true
		}
	}
	s.fail("%s was told at %d that it is\n%s\nand the log says\n%s", c.name, w.Seq, got, want)
}

package room_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lyceum-live/lyceum/internal/fanout"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

func simPool() *fanout.Pool {
	return fanout.NewPool(fanout.Config{Shards: 1, Silent: 10000 * time.Hour, Ping: 10000 * time.Hour})
}

// held reports whether appends to a room wait at a gate.
func (m *simMount) held(id wire.RoomID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.gates[id] != nil
}

// end lets the faults end, waits until everybody has what they wanted, and
// checks that all agree: the log, the devices, the follower, and the rooms
// folded again with and without their snapshots.
func (s *sim) end() {
	s.mu.Lock()
	s.fine = true
	s.mu.Unlock()
	if s.ok() {
		s.trace("no more faults")
		s.heal()
	}
	if s.ok() {
		s.agree("after the faults")
	}
	if without := s.chance(500); s.ok() {
		s.restart()
		if without {
			s.disk.mu.Lock()
			for _, l := range s.disk.rooms {
				l.snapshot = room.Snapshot{}
			}
			s.disk.mu.Unlock()
		}
		s.start()
		s.heal()
		if s.ok() {
			s.agree(fmt.Sprintf("folded again, without snapshots: %t", without))
		}
	}
	if s.ok() {
		s.keysGone("in the end")
		s.account()
	}
	if s.life != nil {
		for _, id := range s.rooms {
			s.life.mount.release(id)
		}
		s.bury(func(*simLife) {})
	}
}

// heal lets everybody come back and be answered.
func (s *sim) heal() {
	if s.life == nil {
		s.start()
	}
	for _, id := range s.rooms {
		s.life.mount.release(id)
	}
	for _, c := range s.people {
		c.lag = time.Time{}
		if c.line != nil {
			c.line.flows()
			c.line.mu.Lock()
			c.line.snap = -1
			c.line.mu.Unlock()
		}
	}
	for round := range 60 {
		s.pass(2 * time.Second)
		if !s.ok() {
			return
		}
		waiting := ""
		for _, c := range s.people {
			if c.line == nil && s.mayDial(c) {
				c.connect()
				s.settle()
				s.observe()
			}
			c.flush()
			if c.online() && len(c.wishes) > 0 || c.line == nil && !s.shutOut(c) || c.line != nil && !c.online() {
				waiting = fmt.Sprintf("%s, line %t, online %t, waits for %d answers", c.name, c.line != nil, c.online(), len(c.wishes))
			}
		}
		if waiting == "" && round > 0 {
			return
		}
		if round == 59 {
			s.fail("a minute after all faults there is no rest: %s", waiting)
		}
	}
}

// shutOut reports whether a device has a reason not to be in its room.
func (s *sim) shutOut(c *simClient) bool {
	m := s.models[c.room]
	p := m.people[string(c.user)]
	return p != nil && p.Banned != 0 || c.admin && !simStaff(m.role(string(c.user)))
}

// agree checks everybody against the model, with all at rest. Something that
// everybody sees comes first: whoever is in a room that is no more is found.
func (s *sim) agree(when string) {
	for _, id := range s.rooms {
		set := room.Set{Title: fmt.Sprint(when, " ", s.lives)}
		err := s.life.house.Do(context.Background(), id, wire.System, set)
		for tries := 0; err != nil && simTransient(wire.Public(err).Code) && tries < 3; tries++ {
			s.heal() // it found out only now that it no longer owns the room
			err = s.life.house.Do(context.Background(), id, wire.System, set)
		}
		if err != nil {
			s.fail("%s: the title of %s cannot be set: %v", when, id, err)
			return
		}
		if s.settle(); s.disk.last(id) == 0 {
			s.fail("%s: nothing in %s", when, id)
		}
	}
	time.Sleep(6 * time.Second) // signals, and the follower, which may have begun something slow before
	s.settle()
	s.observe()
	for _, c := range s.people {
		if !c.online() {
			if !s.shutOut(c) {
				s.fail("%s: %s is not in the room", when, c.name)
			}
			continue
		}
		s.agreeOne(when, c)
	}
	for _, id := range s.rooms {
		s.mu.Lock()
		handled := s.handled[id]
		s.mu.Unlock()
		if last := s.disk.last(id); handled != last {
			s.fail("%s: the follower has come to %d of %s, whose log ends at %d", when, handled, id, last)
		}
	}
}

func (s *sim) agreeOne(when string, c *simClient) {
	m := s.models[c.room]
	if views := m.views[simIndex(c.staff)]; len(views) > 0 && c.at.Seq < views[len(views)-1].seq {
		s.fail("%s: %s has come to %d, and the last view is %d", when, c.name, c.at.Seq, views[len(views)-1].seq)
	}
	if role := m.role(string(c.user)); c.you.Role != role || c.staff != simStaff(role) {
		s.fail("%s: %s is a %s, and thinks to be %s (hears as staff: %t)", when, c.name, role, c.you.Role, c.staff)
	}
	if p := m.people[string(c.user)]; p.Muted != c.you.MutedUntil {
		s.fail("%s: %s is muted until %d, and thinks until %d", when, c.name, p.Muted, c.you.MutedUntil)
	}
	count := 0
	for _, p := range m.people {
		if p.Here {
			count++
		}
	}
	if c.tallies.count != count {
		s.fail("%s: %s sees %d people, and %d are here", when, c.name, c.tallies.count, count)
	}
	for _, p := range m.pollsIn("open", "closed") {
		want := m.poll(p, c.staff)
		if voters := len(p.Votes) + len(p.Given); c.tallies.voters[p.ID] != voters || simJSON(want["counts"]) != c.tallies.counts[p.ID] || simJSON(want["result"]) != c.tallies.results[p.ID] {
			s.fail("%s: %s sees %d voters, %s and %s in poll %d, and the log says %d, %v and %v", when, c.name,
				c.tallies.voters[p.ID], c.tallies.counts[p.ID], c.tallies.results[p.ID], p.ID, voters, simJSON(want["counts"]), simJSON(want["result"]))
		}
		if p.Secret && p.Phase != "open" {
			continue // whoever has forgotten their own ballot is not told it again
		}
		given := p.Given[m.own(p, string(c.user))]
		if mine := c.you.Ballots[p.ID]; mine.Value != given.Value || mine.Text != given.Text || !slices.Equal(mine.Words, given.Words) {
			s.fail("%s: %s thinks to have given %+v in poll %d, and the log says %+v", when, c.name, mine, p.ID, given)
		}
		if mine, picked := c.you.Votes[p.ID], p.picked(m.own(p, string(c.user))); !slices.Equal(mine, picked) {
			s.fail("%s: %s thinks to have voted %v in poll %d, and the log says %v", when, c.name, mine, p.ID, picked)
		}
	}
	s.agreeForms(when, c)
	for id, q := range m.board {
		if c.tallies.upvotes[id] != len(q.Up) {
			s.fail("%s: %s sees %d votes for question %d, and the log says %d", when, c.name, c.tallies.upvotes[id], id, len(q.Up))
		}
	}
	if r := m.run; r != nil && r.Phase == "open" {
		answered := 0
		for _, list := range r.Players {
			if slices.ContainsFunc(list, func(a simAnswer) bool { return a.Question == r.Question }) {
				answered++
			}
		}
		if c.tallies.answered != answered {
			s.fail("%s: %s sees %d answers, and the log says %d", when, c.name, c.tallies.answered, answered)
		}
	}
}

// account goes through all that was acknowledged, once more.
func (s *sim) account() {
	s.mu.Lock()
	acked := s.acked
	s.mu.Unlock()
	for k, seq := range acked {
		if at := s.models[k.room].keys[string(k.user)+" "+k.key]; at != seq {
			s.fail("command %v was acknowledged at %d, and the log has it at %d (0: nowhere)", k, seq, at)
		}
	}
}

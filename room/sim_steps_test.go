package room_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// pass lets time go by. No two things fall into one nanosecond, or which of
// them comes first would be a matter of luck.
func (s *sim) pass(most time.Duration) {
	time.Sleep(time.Duration(1 + s.rand.Int64N(int64(most))))
	s.settle()
	s.observe()
}

// run is the class, with all that befalls it.
func (s *sim) run() {
	steps := 30 + s.rand.IntN(70)
	s.start()
	for range steps {
		if !s.ok() {
			return
		}
		s.stats.steps++
		most := 300 * time.Millisecond
		if s.chance(60) {
			most = 12 * time.Second
		}
		s.pass(most)
		s.step()
		s.observe()
	}
}

// step does one thing.
func (s *sim) step() {
	if s.life == nil {
		if s.chance(500) {
			s.start()
		}
		return
	}
	for _, c := range s.people { // who is away comes back by and by
		if c.line == nil && s.chance(350) && s.mayDial(c) {
			s.trace("%s dials, after %v", c.name, c.at)
			c.connect()
			s.settle()
		}
	}
	c := simPick(s, s.people)
	switch n := s.rand.IntN(1000); {
	case n < 430:
		s.command(c)
	case n < 560:
		s.burst(c.room)
	case n < 600:
		s.cut(c)
	case n < 630:
		c.lag = time.Now().Add(time.Duration(s.rand.IntN(2000)) * time.Millisecond)
		s.trace("%s lags", c.name)
	case n < 650:
		if c.line != nil {
			s.trace("%s stalls", c.name)
			c.line.stall(s.rand.IntN(30)) // less than a frame
		}
	case n < 680:
		for _, c := range s.people {
			if c.line != nil {
				c.line.flows()
			}
		}
		s.settle()
	case n < 700:
		s.crash()
	case n < 710:
		s.restart()
	case n < 720:
		s.rival(c.room)
	case n < 727:
		s.idle(c.room)
	case n < 745:
		s.trace("appends to %s are held", c.room)
		s.life.mount.hold(c.room)
	case n < 830:
		s.life.mount.release(c.room)
		s.settle()
	default:
		s.flushAll()
	}
}

// mayDial says whether a device may come in now. People who wait for a room
// that is being opened, or ends, come in in any order then: so that a seed is
// one run, one waits for it alone.
func (s *sim) mayDial(c *simClient) bool {
	if time.Now().Before(c.wait) {
		return false
	}
	_, open := s.life.house.InUse()[c.room]
	if _, foreign := s.disk.stand(c.room); open && !foreign {
		return true
	}
	return !s.dialling(c.room)
}

// dialling reports whether somebody is about to come in.
func (s *sim) dialling(id wire.RoomID) bool {
	return slices.ContainsFunc(s.people, func(c *simClient) bool {
		return c.room == id && c.line != nil && !c.line.isJoined()
	})
}

func (l *simLine) isJoined() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.joined
}

// command has somebody want something; mostly it is sent at once, sometimes
// twice, sometimes later than what others want afterwards.
func (s *sim) command(c *simClient) {
	if len(c.wishes) > 30 {
		return
	}
	w := c.wish(s.draw(c))
	s.stats.commands++
	if s.chance(100) {
		w.after = time.Now().Add(time.Duration(s.rand.IntN(3000)) * time.Millisecond)
	}
	c.flush()
	if s.chance(80) {
		s.repeat(c)
	}
}

// repeat sends a command once more, from any of the person's devices, though
// it may long be answered.
func (s *sim) repeat(c *simClient) {
	n := c.next - uint64(s.rand.IntN(int(min(c.next, 12))))
	key := fmt.Sprintf("%s-%d", c.name, n)
	cmd := s.asked[simKey{c.room, c.user, key}]
	if cmd == nil {
		return
	}
	for _, d := range s.people {
		if d.user == c.user && d.room == c.room && d.online() && (d == c || s.chance(500)) {
			s.stats.repeats++
			d.send(&simWish{id: 1 << 40, key: key, cmd: cmd})
			return
		}
	}
}

// burst has several people want something while the store is busy: one batch
// then decides it all. The store may refuse it, or the process die with it.
func (s *sim) burst(id wire.RoomID) {
	s.stats.bursts++
	s.life.mount.hold(id)
	turn := -1 // who hears what is changed in the middle of it
	if s.chance(300) {
		turn = s.rand.IntN(4)
	}
	for i := range 2 + s.rand.IntN(8) {
		if i == turn {
			s.turn(id)
		}
		c := simPick(s, s.people)
		if c.room != id || len(c.wishes) > 30 {
			continue
		}
		c.wish(s.draw(c))
		s.stats.commands++
		c.flush()
		if s.chance(60) {
			s.repeat(c)
		}
		if s.chance(50) {
			s.cut(c)
		}
	}
	s.observe() // nobody may have seen anything of it
	switch n := s.rand.IntN(100); {
	case n < 5:
		s.crash()
		return
	case n < 20:
		return // it goes on being busy
	}
	s.trace("the burst goes on")
	s.life.mount.release(id)
	s.settle()
}

// turn has the host change somebody's role, or ban them, and the staff go on
// with what only the staff may see.
func (s *sim) turn(id wire.RoomID) {
	var host *simClient
	var others []*simClient
	for _, c := range s.people {
		switch {
		case c.room == id && c.role == wire.Host:
			host = c
		case c.room == id:
			others = append(others, c)
		}
	}
	c := simPick(s, others)
	switch s.rand.IntN(3) {
	case 0:
		host.wish(room.Ban{User: c.user, Seconds: 5})
	case 1:
		host.wish(room.SetRole{User: c.user, Role: wire.Moderator})
	case 2:
		host.wish(room.SetRole{User: c.user, Role: wire.Viewer})
	}
	host.wish(poll.Create{Text: "for the staff", Choices: []string{"a", "b"}})
	host.wish(room.Say{Text: fmt.Sprint("for those who are here ", s.rand.IntN(1000))})
	s.stats.commands += 3
	host.flush()
}

func (s *sim) flushAll() {
	for _, c := range s.people {
		c.flush()
	}
}

// cut breaks a line: now, or in the middle of a numbered view to come.
func (s *sim) cut(c *simClient) {
	l := c.line
	if l == nil {
		return
	}
	s.stats.cuts++
	if s.chance(400) {
		n := s.rand.IntN(6)
		s.trace("%s will be cut off in view %d from now", c.name, n)
		l.mu.Lock()
		l.snap = n
		l.mu.Unlock()
		return
	}
	l.mu.Lock()
	s.trace("%s is cut off", c.name)
	l.lose(s.rand.IntN(8))
	l.breakNow()
	l.mu.Unlock()
	s.settle()
}

// crash ends the process without a word.
func (s *sim) crash() {
	s.trace("the process crashes")
	s.stats.crashes++
	s.bury(func(l *simLife) { l.mount.die() })
}

// bury ends the process in some way, and clears up after it.
func (s *sim) bury(how func(*simLife)) {
	l := s.life
	how(l)
	s.mu.Lock()
	for k, n := range s.flying {
		if n > 0 {
			s.lost[k] = true
		}
	}
	clear(s.flying)
	s.mu.Unlock()
	for _, c := range s.people {
		if c.line != nil {
			c.line.breaks()
		}
	}
	s.settle()
	s.slowly(func() {
		l.house.Close()
		l.follower.Close()
	})
	l.pool.Close()
	s.life = nil
	s.observe()
}

// slowly does something that takes a while, but how long is a matter of luck.
func (s *sim) slowly(what func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		what()
	}()
	time.Sleep(20 * time.Second)
	<-done
	s.settle()
}

// restart ends the process in order. Everybody is told.
func (s *sim) restart() {
	s.trace("the server restarts")
	s.stats.restarts++
	l := s.life
	for _, id := range s.rooms {
		l.mount.release(id)
	}
	// Whether a room that is to end looks at what waits is a matter of luck.
	for s.settle(); l.mount.works() || slices.ContainsFunc(s.rooms, s.dialling); {
		s.pass(50 * time.Millisecond)
	}
	if s.chance(500) {
		s.trace("it drains first")
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		l.house.Drain(ctx, 0) // all at once: over a time, who goes first is a matter of luck
		cancel()
	}
	s.slowly(l.house.Close)
	for _, c := range s.people {
		if l := c.line; l != nil && l.isLeft() {
			s.fail("%s is in a house that is closed, and was told nothing", c.name)
		}
	}
	s.observe()
	s.bury(func(l *simLife) {})
}

// isLeft reports whether a client sits in a room without having been told of
// its end.
func (l *simLine) isLeft() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.joined && l.refused == nil && !l.broken && l.told == 0
}

// rival lets another process write to a room that is open here: the owner is
// stale then, and must find out.
func (s *sim) rival(id wire.RoomID) {
	if s.life.mount.held(id) || s.dialling(id) {
		return
	}
	s.stats.rivals++
	s.lives++
	s.trace("process %d writes to %s beside", s.lives, id)
	s.disk.mu.Lock()
	known := s.disk.rooms[id] != nil
	s.disk.mu.Unlock()
	if !known {
		return
	}
	s.mu.Lock()
	fine := s.fine
	s.fine = true
	s.mu.Unlock()
	m := newSimMount(s.disk, s.seed, s.lives, s.weather)
	pool := simPool()
	house := room.NewHouse(s.config, m, room.NewVault(m), pool, zapNop())
	if err := house.Do(context.Background(), id, wire.System, room.Set{Title: fmt.Sprint("by process ", s.lives)}); err != nil {
		s.fail("a rival: %v", err)
	}
	house.Close()
	pool.Close()
	s.disk.mu.Lock()
	s.disk.rooms[id].foreign = true
	s.disk.mu.Unlock()
	s.mu.Lock()
	s.fine = fine
	s.mu.Unlock()
	s.settle()
}

// idle lets a room be without anybody until it leaves memory.
func (s *sim) idle(id wire.RoomID) {
	s.trace("everybody leaves %s", id)
	s.life.mount.release(id)
	for _, c := range s.people {
		if c.room == id && c.line != nil {
			c.line.breaks()
			s.pass(100 * time.Millisecond)
		}
	}
	time.Sleep(s.config.Grace + s.config.Idle + time.Duration(s.rand.IntN(5000))*time.Millisecond)
	s.settle()
	s.observe()
}

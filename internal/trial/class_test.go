package trial

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// rooms are classes of the sample catalogue, for which there are suggestions.
var rooms = []wire.RoomID{"go-101", "waves", "calculus-live", "python-zh"}

// class is people in the rooms of one server.
type class struct {
	*history
	server   *server
	seed     uint64
	people   []*person
	teachers []*person

	life, acting context.Context
	end, rest    context.CancelFunc
	living, busy sync.WaitGroup
}

func newClass(t *testing.T, s *server, seed uint64, rooms ...wire.RoomID) *class {
	c := &class{history: newHistory(rooms...), server: s, seed: seed}
	c.life, c.end = context.WithCancel(t.Context())
	c.acting, c.rest = context.WithCancel(c.life)
	t.Cleanup(func() {
		c.end()
		c.busy.Wait()
		c.living.Wait()
	})
	return c
}

// comes adds somebody. The caller may change them before begin.
func (c *class) comes(t *testing.T, id wire.RoomID, role wire.Role) *person {
	t.Helper()
	user := wire.UserID(fmt.Sprintf("u%s%d", role[:1], len(c.people)))
	p := c.join(c.server, id, user, role, c.server.token(t, id, user, role), c.seed)
	c.people = append(c.people, p)
	if role == wire.Host {
		c.teachers = append(c.teachers, p)
	}
	return p
}

// fill adds a host, a moderator and students to every room.
func (c *class) fill(t *testing.T, students int) {
	t.Helper()
	ids := rooms[:len(c.rooms)]
	for _, id := range ids {
		c.comes(t, id, wire.Host)
		c.comes(t, id, wire.Moderator).admin = true
	}
	for i := range students {
		c.comes(t, ids[i%len(ids)], wire.Viewer)
	}
}

// begin brings everybody in and lets them act.
func (c *class) begin(think, beat time.Duration) {
	for _, p := range c.people {
		c.enter(p)
		chance := rand.New(rand.NewPCG(c.seed, sumOfText("mind of "+string(p.user))))
		c.busy.Go(func() {
			switch p.role {
			case wire.Host:
				p.teach(c.acting, chance, beat)
			case wire.Moderator:
				p.moderate(c.acting, chance, beat)
			default:
				p.study(c.acting, chance, think)
			}
		})
	}
}

// enter brings somebody in.
func (c *class) enter(p *person) { c.living.Go(func() { p.run(c.life) }) }

// stampede lets all students do something at once, and again before the first
// is answered: they vote one way and the other, and talk.
func (c *class) stampede() {
	for _, p := range c.people {
		if p.role != wire.Viewer || p.pending() > maxPending {
			continue
		}
		b := p.room.look()
		for _, poll := range b.polls {
			p.wish("poll.vote", map[string]any{"poll": poll.ID, "choices": []int{0}})
			p.wish("poll.vote", map[string]any{"poll": poll.ID, "choices": []int{1}})
		}
		p.wish("chat.say", map[string]any{"text": "all at once"})
	}
}

// present is how many are welcome now.
func (c *class) present() int {
	n := 0
	for _, p := range c.people {
		if p.here() {
			n++
		}
	}
	return n
}

// gather waits until everybody is welcome.
func (c *class) gather(t *testing.T, limit time.Duration) {
	t.Helper()
	eventually(t, "everybody is here", limit, func() bool {
		c.mustStay(t)
		return c.present() == len(c.people)
	})
}

// mustStay fails if somebody was turned away for good.
func (c *class) mustStay(t *testing.T) {
	t.Helper()
	for _, p := range c.people {
		p.mu.Lock()
		err := p.ended
		p.mu.Unlock()
		if err != nil {
			t.Fatal(err)
		}
	}
}

// finish lets everybody come to rest, ends the classes and the server, asks
// once more what each may see, and checks everything.
func (c *class) finish(t *testing.T) *verdict {
	t.Helper()
	c.rest()
	c.busy.Wait()
	c.gather(t, patience)
	for _, p := range c.teachers {
		p.wish("room.end", map[string]any{})
	}
	c.settle(t)
	for _, p := range c.people {
		p.rest()
	}
	c.end()
	c.living.Wait()
	c.server.stop(t)

	c.server.up(t)
	c.life, c.end = context.WithCancel(t.Context())
	for _, p := range c.people {
		p.addr, p.choke = c.server.addr, nil
		p.epoch, p.seq, p.floor, p.visit = "", 0, 0, nil
		c.enter(p)
	}
	eventually(t, "everybody has been told where they stand", patience, func() bool {
		for _, p := range c.people {
			p.mu.Lock()
			told := p.visit != nil && p.visit.balance != nil
			p.mu.Unlock()
			if !told {
				return false
			}
		}
		return true
	})
	for _, p := range c.people {
		p.mu.Lock()
		p.visit.final = true
		p.mu.Unlock()
	}
	c.end()
	c.living.Wait()
	c.server.stop(t)
	return check(c.history, readBooks(t, c.server.data, c.history))
}

// settle waits until every wish is answered, everybody has heard what there
// is to hear, and no more points come in.
func (c *class) settle(t *testing.T) {
	t.Helper()
	waiting := func() int {
		n := 0
		for _, p := range c.people {
			n += p.pending()
		}
		return n
	}
	eventually(t, "every wish is answered", patience, func() bool { return waiting() == 0 })
	const quiet = 1500 * time.Millisecond
	last, since := -1, time.Now()
	eventually(t, "no more points come in", patience, func() bool {
		gains := 0
		for _, p := range c.people {
			p.mu.Lock()
			gains += p.gains
			p.mu.Unlock()
		}
		if gains != last {
			last, since = gains, time.Now()
		}
		return time.Since(since) > quiet
	})
	level := func() bool {
		type audience struct {
			id    wire.RoomID
			staff bool
		}
		top := map[audience]uint64{}
		for _, p := range c.people {
			a := audience{p.diary.room, p.role.Staff()}
			top[a] = max(top[a], p.at())
		}
		for _, p := range c.people {
			if p.at() != top[audience{p.diary.room, p.role.Staff()}] {
				return false
			}
		}
		return true
	}
	// If that does not come to be, the checker says who missed what.
	sum, moved := uint64(0), time.Now()
	for !level() && time.Since(moved) < 5*time.Second && pass(t.Context(), 20*time.Millisecond) {
		now := uint64(0)
		for _, p := range c.people {
			now += p.at()
		}
		if now != sum {
			sum, moved = now, time.Now()
		}
	}
}

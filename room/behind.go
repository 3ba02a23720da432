package room

import (
	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/wire"
)

// inStep tells what opens a question or closes a poll who sees the class late,
// as it is at that moment: those are waited for.
func (r *Room) inStep(c Command) Command {
	switch c := c.(type) {
	case quiz.Ask:
		c.Behind = r.behind()
		return c
	case poll.Close:
		for _, late := range r.behind() {
			c.Wait = max(c.Wait, late)
		}
		return c
	}
	return c
}

// behind is by how much the viewers who are here see the class late; nil:
// nobody does. The staff, who run it, are shown everything at once.
func (r *Room) behind() map[wire.UserID]wire.Millis {
	if r.house.Behind == nil {
		return nil
	}
	var late map[wire.UserID]wire.Millis
	for user, sessions := range r.sessions {
		if r.state.roleOf(user, sessions[0].Role).Staff() {
			continue
		}
		if by := r.house.Behind(r.id, user).Milliseconds(); by > 0 {
			if late == nil {
				late = map[wire.UserID]wire.Millis{}
			}
			late[user] = wire.Millis(by)
		}
	}
	return late
}

package room

import (
	"time"

	"golang.org/x/time/rate"

	"github.com/lyceum-live/lyceum/wire"
)

// ErrPace is the refusal of one who asks for too much at once.
var ErrPace = &wire.Error{Code: "wire.rate", Text: "too many messages; slow down a little", RetryMS: 1000}

// pace bounds what one person does in a room, over all of their sockets. What
// they ask is counted by itself: whoever looks at much, or claps much, has not
// lost their answer to a quiz by it.
type pace struct {
	commands, messages, queries, entries *rate.Limiter
}

// Staff may do so many times as much: they moderate and import.
const staffPace = 10

// Entering is bounded for everybody: each costs a snapshot.
const (
	entriesASecond = 1
	entriesAtOnce  = 20
)

// keepsPace counts a command that would be decided, or a query that would be
// answered: the loop does both. The room's own asks are not counted, and
// neither is leaving.
func (r *Room) keepsPace(now time.Time, by wire.Actor, c Command) error {
	if _, leaves := c.(leave); leaves || by == wire.System {
		return nil
	}
	p := r.pace[by.User]
	if p == nil {
		times := 1.0
		if by.Role.Staff() {
			times = staffPace
		}
		p = &pace{
			commands: rate.NewLimiter(rate.Limit(r.config.Commands*times), int(4*r.config.Commands*times)),
			messages: rate.NewLimiter(rate.Limit(r.config.Messages*times), int(5*r.config.Messages*times)),
			queries:  rate.NewLimiter(rate.Limit(r.config.Commands*times), int(4*r.config.Commands*times)),
			entries:  rate.NewLimiter(entriesASecond, entriesAtOnce),
		}
		r.pace[by.User] = p
	}
	ok := true
	_, says := c.(Say)
	_, enters := c.(enter)
	switch {
	case enters:
		ok = p.entries.AllowN(now, 1)
	case says:
		ok = p.messages.AllowN(now, 1) && p.commands.AllowN(now, 1)
	case isQuery(c):
		ok = p.queries.AllowN(now, 1)
	default:
		ok = p.commands.AllowN(now, 1)
	}
	if !ok {
		return ErrPace
	}
	return nil
}

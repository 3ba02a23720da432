package room

import (
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// clock tells a room's time. It reads the date once and then counts on by the
// monotonic clock, so that a question of thirty seconds takes thirty seconds
// whatever becomes of the system's date. A room whose log is ahead of the date
// (it was set back while the server was down) goes on from the log's last time:
// a log never runs backwards.
type clock struct {
	began time.Time   // with a monotonic reading
	date  wire.Millis // at that moment
}

func newClock(date time.Time, log wire.Millis) clock {
	return clock{time.Now(), max(wire.At(date), log)}
}

// at is the room's time at a moment that was read with time.Now.
func (c clock) at(t time.Time) wire.Millis {
	return c.date + wire.Millis(t.Sub(c.began).Milliseconds())
}

// moment is when it is that time in the room, for timers.
func (c clock) moment(at wire.Millis) time.Time {
	return c.began.Add(time.Duration(at-c.date) * time.Millisecond)
}

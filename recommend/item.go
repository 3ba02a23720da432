package recommend

import (
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// The kinds of item.
const (
	Session = "session" // a live class
	Video   = "video"   // a short video
)

// Item is one thing that can be suggested.
type Item struct {
	ID       string
	Kind     string // [Session] or [Video]
	Title    string
	Text     string   // what it is about, in words
	Tags     []string // topics
	Author   string
	Lang     string
	Level    string
	Starts   wire.Millis   // sessions: when it begins; 0 unknown
	Ends     wire.Millis   // when it can no longer be had; 0 never by itself
	Room     wire.RoomID   // sessions: where it is held
	Duration time.Duration // 0 unknown
	Price    int64         // in the smallest unit; 0 free
	Created  wire.Millis   // when it came into the catalogue; 0 unknown
}

// Phase is how far a session's room is.
type Phase string

// The phases. They are the room's own words, except for PhaseUnknown: nobody
// has said.
const (
	PhaseUnknown Phase = ""
	PhaseWaiting Phase = "waiting"
	PhaseLive    Phase = "live"
	PhaseEnded   Phase = "ended"
)

// ref is an item's place in the engine's tables. It never changes while the
// engine lives.
type ref uint32

// entry is what the engine knows of an item.
type entry struct {
	Item
	listed   bool // in the catalogue now
	phase    Phase
	outcomes uint32 // persons who took it up, ever
}

// offered reports whether the item can be had at now, by what the catalogue
// says alone. The blend learns against these candidates: behaviours that are
// replayed long after do not know which rooms were open.
func (e *entry) offered(now wire.Millis) bool {
	return e.listed && (e.Created <= now || e.outcomes > 0) && (e.Ends == 0 || now < e.Ends)
}

// available reports whether the item can be suggested at now.
func (e *entry) available(now wire.Millis) bool {
	switch {
	case !e.listed || e.phase == PhaseEnded && e.Starts <= now:
		return false
	case e.phase == PhaseLive:
		return true // on air, whatever the timetable says
	}
	return e.offered(now)
}

// assumed is how long a session lasts if nobody says.
const assumed = wire.Millis(2 * time.Hour / time.Millisecond)

// soon is 1 for a session that is on air or just about to begin and falls to
// nearly 0 for one that is a day away.
func (e *entry) soon(now wire.Millis) float32 {
	if e.Kind != Session {
		return 0
	}
	switch {
	case e.phase == PhaseLive:
		return 1
	case e.Starts == 0:
		return 0
	case e.Starts <= now: // on air by the timetable, as far as anybody has said
		if e.phase == PhaseUnknown && now < e.Starts+assumed {
			return 1
		}
		return 0
	}
	hours := float32(e.Starts-now) / float32(time.Hour.Milliseconds())
	return 1 / (1 + hours)
}

package room

import (
	"math"
	"slices"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// The pulse of a class is how it goes for its viewers at the moment. Each has
// one mood, which fades within two minutes; the staff sees how many have which,
// in a signal. A mood is in no log. Once a minute, if anything has changed, the
// room notes how many there are ([PulseNoted]), so that the class's line can be
// drawn afterwards; that names nobody.

// Mood is how the class goes for somebody.
type Mood string

// Moods.
const (
	TooFast Mood = "fast"
	TooSlow Mood = "slow"
	Lost    Mood = "lost"
	Good    Mood = "good"
)

const (
	moodLasts  = 2 * time.Minute
	moodFades  = 5 * time.Second // between two tallies as moods grow old
	pulseNoted = time.Minute     // between two notes
	maxPulse   = 300             // notes kept in the state: of five hours in which something changes each minute
)

type (
	// Feel says how the class goes for somebody; "" takes that back. It is
	// counted in a signal.
	Feel struct {
		Mood Mood `json:"mood"`
	}

	// Pulse is how many people have which mood.
	Pulse struct {
		Fast int `json:"fast,omitzero"`
		Slow int `json:"slow,omitzero"`
		Lost int `json:"lost,omitzero"`
		Good int `json:"good,omitzero"`
	}

	// PulseNoted: so many viewers had which mood at the end of a minute, of so
	// many people who were there. It is in the log once a minute at most, and
	// only where the moods are others than in the note before: between two
	// notes they stand as in the first, and before the first of a class there
	// were none. It is by the room itself.
	PulseNoted struct {
		Here int `json:"here"`
		Pulse
	}

	// PulseView is one note, as the staff sees it.
	PulseView struct {
		At   wire.Millis `json:"at"`
		Here int         `json:"here"`
		Pulse
	}

	// PulseTally is the data of the signal "pulse.tally". A mood weighs 1 when it
	// has just been said and then less and less, until it is gone.
	PulseTally struct {
		Here    int          `json:"here"`
		Moods   Pulse        `json:"moods"`
		Weights PulseWeights `json:"weights"`
	}

	// PulseWeights are sums of what moods weigh, to a tenth.
	PulseWeights struct {
		Fast float64 `json:"fast,omitzero"`
		Slow float64 `json:"slow,omitzero"`
		Lost float64 `json:"lost,omitzero"`
		Good float64 `json:"good,omitzero"`
	}

	// MoodView is the data of the personal view "pulse.mine": one's own mood and
	// when it will have faded; "" for none.
	MoodView struct {
		Mood  Mood        `json:"mood"`
		Until wire.Millis `json:"until"`
	}

	// notePulse lets the room note its pulse. Only the server gives it.
	notePulse struct{ now Pulse }
)

// feeling is somebody's mood.
type feeling struct {
	mood Mood
	at   time.Time
}

// pulse is what a room's loop knows of moods.
type pulse struct {
	moods  map[wire.UserID]feeling
	fadeAt time.Time // when they are to be counted again; zero: there are none
	noteAt time.Time // when they are to be noted; zero: nothing has changed
}

// feel takes somebody's mood.
func (r *Room) feel(by wire.Actor, c Feel, now time.Time) error {
	p := &r.pulse
	switch c.Mood {
	case "", TooFast, TooSlow, Lost, Good:
	default:
		return wire.ErrField.In("mood")
	}
	switch {
	case by.Role.Staff():
		return wire.ErrForbidden // they are whom it is said to
	case r.state.Phase == Over:
		return ErrOver
	}
	if p.moods == nil {
		p.moods = map[wire.UserID]feeling{}
	}
	if c.Mood == "" {
		delete(p.moods, by.User)
	} else {
		p.moods[by.User] = feeling{c.Mood, now}
	}
	p.begin(now)
	r.signals.pulse = true
	r.signals.due(now, r.config.Tick)
	r.tell(by.User, r.moodOf(by.User))
	return nil
}

// begin sees to it that what has changed is counted and noted.
func (p *pulse) begin(now time.Time) {
	if p.fadeAt.IsZero() {
		p.fadeAt = now.Add(moodFades)
	}
	if p.noteAt.IsZero() {
		p.noteAt = now.Add(pulseNoted)
	}
}

// moodOf is the personal view of somebody's mood.
func (r *Room) moodOf(user wire.UserID) []byte {
	v := MoodView{}
	if f, ok := r.pulse.moods[user]; ok {
		v = MoodView{f.mood, r.clock.at(f.at.Add(moodLasts))}
	}
	return wire.Signal("pulse.mine", r.encode(v))
}

// fade counts the moods again when they have grown older.
func (r *Room) fade(now time.Time) {
	p := &r.pulse
	if p.fadeAt.IsZero() || p.fadeAt.After(now) {
		return
	}
	for user, f := range p.moods {
		if now.Sub(f.at) >= moodLasts {
			delete(p.moods, user)
		}
	}
	if p.fadeAt = (time.Time{}); len(p.moods) > 0 {
		p.fadeAt = now.Add(moodFades)
	}
	r.signals.pulse = true
	r.signals.due(now, r.config.Tick)
}

// tallyPulse counts the moods of those who are here.
func (r *Room) tallyPulse(now time.Time) PulseTally {
	t := PulseTally{Here: r.state.Here}
	for user, f := range r.pulse.moods {
		m, age := r.state.People[user], now.Sub(f.at)
		if age >= moodLasts || m == nil || !m.Here {
			continue
		}
		weight := 1 - age.Seconds()/moodLasts.Seconds()
		switch f.mood {
		case TooFast:
			t.Moods.Fast++
			t.Weights.Fast += weight
		case TooSlow:
			t.Moods.Slow++
			t.Weights.Slow += weight
		case Lost:
			t.Moods.Lost++
			t.Weights.Lost += weight
		case Good:
			t.Moods.Good++
			t.Weights.Good += weight
		}
	}
	for _, w := range []*float64{&t.Weights.Fast, &t.Weights.Slow, &t.Weights.Lost, &t.Weights.Good} {
		*w = math.Round(*w*10) / 10
	}
	return t
}

// pulseDue lists what the clock asks of the pulse.
func (r *Room) pulseDue(now time.Time) []ask {
	p := &r.pulse
	if p.noteAt.IsZero() || p.noteAt.After(now) {
		return nil
	}
	return []ask{{
		at: now, user: wire.System.User, role: wire.System.Role, cmd: notePulse{r.tallyPulse(now).Moods},
		then: func(_ uint64, _ any, err error) {
			if p.noteAt = (time.Time{}); err != nil || len(p.moods) > 0 || r.state.lastPulse() != (Pulse{}) {
				p.noteAt = now.Add(pulseNoted)
			}
		},
	}}
}

// lastPulse is how the class goes by the last note.
func (s *State) lastPulse() Pulse {
	if len(s.Pulse) == 0 {
		return Pulse{}
	}
	return s.Pulse[len(s.Pulse)-1].Pulse
}

func (s *State) decidePulse(c notePulse) []Event {
	if c.now == s.lastPulse() {
		return nil
	}
	return []Event{PulseNoted{s.Here, c.now}}
}

func (s *State) notePulse(h wire.Head, e PulseNoted) {
	if len(s.Pulse) >= maxPulse {
		s.Pulse = slices.Delete(s.Pulse, 0, maxPulse/10)
	}
	s.Pulse = append(s.Pulse, PulseView{h.At, e.Here, e.Pulse})
}

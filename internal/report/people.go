package report

import (
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// person is somebody who has been in the room.
type person struct {
	name        wire.Personal
	role        wire.Role // as their token says
	granted     wire.Role // in its place, if the host said so
	here        bool
	came        bool // present at some time, and not only at the moderators' socket
	since       wire.Millis
	first, last wire.Millis
	attended    wire.Millis // of the live class, in stays that are over
	stays       []Stay
	more        int // stays beyond maxStays
	messages    int
	hands       int
}

// maxStays is how many stays of one person are kept one by one. The time of
// all counts.
const maxStays = 500

// as is the role that counts.
func (p *person) as() wire.Role {
	switch {
	case p.granted != "" && p.role != wire.Host:
		return p.granted
	case p.role == "":
		return wire.Viewer
	}
	return p.role
}

// person returns somebody, who is known from now on.
func (f *Fold) person(user wire.UserID) *person {
	p := f.people[user]
	if p == nil {
		p = &person{}
		f.people[user] = p
		f.order = append(f.order, user)
	}
	return p
}

func (f *Fold) enter(h wire.Head, e room.Entered) {
	p := f.person(h.By)
	p.name, p.role = e.Name, e.Role
	if p.here || e.Quiet {
		return
	}
	b := f.time.touch(h.At, f.here)
	if p.here, p.since = true, h.At; !p.came {
		p.came, p.first = true, h.At
	}
	f.here++
	b.peak = max(b.peak, f.here)
	f.peak = max(f.peak, f.here)
}

// left takes somebody out. Of one whose coming is not in the log any more, the
// event itself tells for how long they had been here.
func (f *Fold) left(h wire.Head, e room.Left) {
	if p := f.person(h.By); !p.here && f.partial {
		from := max(f.since, h.At-wire.Millis(e.Seconds)*1000)
		if p.role == "" {
			p.role = e.Role
		}
		if !p.came {
			p.came, p.first = true, from
		}
		p.stay(f, from, h.At)
		return
	}
	f.leave(h.By, h.At)
}

func (f *Fold) leave(user wire.UserID, at wire.Millis) {
	p := f.people[user]
	if p == nil || !p.here {
		return
	}
	f.time.touch(at, f.here)
	p.here = false
	f.here--
	p.stay(f, p.since, at)
}

func (p *person) stay(f *Fold, from, to wire.Millis) {
	p.last = to
	p.attended += f.taught(from, to)
	if len(p.stays) < maxStays {
		p.stays = append(p.stays, Stay{from, to})
	} else {
		p.more++
	}
}

// taught is how much of a time the class was live.
func (f *Fold) taught(from, to wire.Millis) wire.Millis {
	var sum wire.Millis
	for i := len(f.sittings) - 1; i >= 0; i-- {
		s := f.sittings[i]
		end := s.To
		if end == 0 {
			end = max(f.at, to)
		}
		if end <= from {
			break // those before are over as well
		}
		sum += max(0, min(end, to)-max(s.From, from))
	}
	return sum
}

// attendedBy is how long somebody has been in the live class, as of a time.
func (f *Fold) attendedBy(p *person, now wire.Millis) wire.Millis {
	if !p.here {
		return p.attended
	}
	return p.attended + f.taught(p.since, now)
}

// who is how others see a person.
func (f *Fold) who(user wire.UserID) wire.Person {
	v := wire.Person{ID: user, Role: wire.Viewer}
	if p := f.people[user]; p != nil {
		v.Name, v.Role = p.name.Text, p.as()
	}
	return v
}

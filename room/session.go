package room

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/lyceum-live/lyceum/internal/fanout"
	"github.com/lyceum-live/lyceum/wire"
)

// Session is one socket of one person in a room. The caller fills in the
// exported fields before [House.Join] and leaves them alone afterwards.
type Session struct {
	User  wire.UserID
	Name  string
	Role  wire.Role // as the token says
	Admin bool      // at the moderators' socket, or the captioners'
	Lang  string    // of the connection

	Captions bool // at the captioners' socket: may give captions

	Conn  *fanout.Conn
	Close func(wire.CloseCode) // must not block

	room    *Room
	waiting atomic.Int32 // commands in the room's inbox
	// Owned by the room's loop.
	staff bool // hears the staff's feed
	gone  bool
}

// Position is how far a client has got in a log.
type Position struct {
	Epoch string `json:"epoch"`
	Seq   uint64 `json:"seq"`
}

// welcome is the data of a welcome message.
type welcome struct {
	You     YouView     `json:"you"`
	Epoch   string      `json:"epoch"`
	Seq     uint64      `json:"seq"`
	Now     wire.Millis `json:"now"`
	Resumed bool        `json:"resumed"` // if not, the room follows: see welcomeMessage
}

// join brings the session in and waits until it is welcomed or refused.
func (r *Room) join(ctx context.Context, s *Session, re uint64, after *Position) error {
	refused := make(chan error, 1) // buffered: the loop never waits for a caller
	s.room = r
	a := ask{
		user: s.User, role: s.Role, cmd: enter{Name: r.house.nameOf(s.Name, s.Role), Role: s.Role, Quiet: s.Admin, Writes: s.Captions},
		then: func(_ uint64, _ any, err error) {
			if err == nil {
				r.attach(s, re, after)
			}
			refused <- err
		},
	}
	if err := r.ask(ctx, a); err != nil {
		return err
	}
	said, err := await(r, refused)
	return cmp.Or(err, said)
}

// Leave takes the session out of the room. After a while without another
// session, its person counts as gone.
func (s *Session) Leave() {
	select {
	case s.room.asks <- ask{at: time.Now(), then: func(uint64, any, error) { s.room.detach(s) }}:
	case <-s.room.done:
	}
}

// Told is something for one person alone. View makes it in the language of
// each of their sockets.
type Told struct {
	User wire.UserID
	View func(lang string) wire.View
}

// Tell sends personal views that are not part of the room's state.
func (r *Room) Tell(ctx context.Context, told []Told) error {
	return r.ask(ctx, ask{then: func(uint64, any, error) {
		for _, t := range told {
			for _, s := range r.sessions[t.User] {
				v := t.View(s.Lang)
				s.Conn.Send(wire.Signal(v.Type, r.encode(v.Data)))
			}
		}
	}})
}

// Viewer is somebody who is in the class and not of its staff.
type Viewer struct {
	User wire.UserID
	Lang string // of one of their sockets
}

// Viewers returns those who are in the class now and not of its staff.
func (r *Room) Viewers(ctx context.Context) ([]Viewer, error) {
	var viewers []Viewer
	err := r.look(ctx, func() error {
		viewers = make([]Viewer, 0, len(r.sessions))
		for user, sessions := range r.sessions {
			if i := slices.IndexFunc(sessions, func(s *Session) bool { return !s.Admin && !s.staff }); i >= 0 {
				viewers = append(viewers, Viewer{user, sessions[i].Lang})
			}
		}
		slices.SortFunc(viewers, func(a, b Viewer) int { return cmp.Compare(a.User, b.User) })
		return nil
	})
	return viewers, err
}

// attach lets a session hear the room. It runs on the loop.
func (r *Room) attach(s *Session, re uint64, after *Position) {
	list := r.sessions[s.User]
	if len(list) >= r.config.Sockets {
		oldest := list[0]
		r.detach(oldest)
		oldest.Close(wire.CloseReplaced)
		list = r.sessions[s.User]
	}
	r.sessions[s.User] = append(list, s)
	r.count++
	if !s.Admin {
		delete(r.leaving, s.User)
	}
	r.welcome(s, re, after)
	r.hears(s)
	// Whoever comes back may still see a mood that is gone.
	if _, ok := r.pulse.moods[s.User]; ok || after != nil && !s.staff {
		s.Conn.Send(r.moodOf(s.User))
	}
}

// detach forgets a session. It runs on the loop.
func (r *Room) detach(s *Session) {
	if s.gone {
		return
	}
	s.gone = true
	s.Conn.Leave()
	list := slices.DeleteFunc(slices.Clone(r.sessions[s.User]), func(x *Session) bool { return x == s })
	r.sessions[s.User] = list
	r.count--
	now := time.Now()
	if len(list) == 0 {
		delete(r.sessions, s.User)
	}
	if !r.attends(s.User) && !s.Admin {
		r.goesAt(s.User, now.Add(r.config.Grace))
	}
	if r.count == 0 {
		r.idleAt = now
	}
}

// attends reports whether somebody has a socket in the class.
func (r *Room) attends(user wire.UserID) bool {
	return slices.ContainsFunc(r.sessions[user], func(s *Session) bool { return !s.Admin })
}

// welcome sends a session what it missed, or the room as it stands. Whoever
// was in another audience when they left has missed more than the views since.
func (r *Room) welcome(s *Session, re uint64, after *Position) {
	role := r.state.roleOf(s.User, s.Role)
	s.staff = role.Staff()
	a := &r.all
	if s.staff {
		a = &r.staff
	}
	a.refresh(r.signals.version)
	w := welcome{
		You: r.state.you(s.User), Epoch: r.epoch, Seq: a.feed.Last(), Now: r.clock.at(time.Now()),
	}
	m := r.state.People[s.User]
	if after != nil && after.Epoch == r.epoch && m != nil && after.Seq >= m.RoleAt {
		w.Resumed = true
		first := append([]fanout.Message{welcomeMessage(re, r.encode(w), nil)}, r.standing(a, s.staff)...)
		if a.feed.Resume(s.Conn, after.Seq, first...) {
			r.welcomed(re, true)
			if after.Seq != w.Seq {
				r.signals.again(r.state, after.Seq, time.Now(), r.config.Tick)
			}
			return
		}
		w.Resumed = false
	}
	r.welcomed(re, false)
	a.feed.Subscribe(s.Conn, welcomeMessage(re, r.encode(w), r.snapshot(a, s.staff)))
}

// welcomed counts those who come; a welcome of one who was there, after a
// change of role, answers no hello.
func (r *Room) welcomed(re uint64, resumed bool) {
	if re != 0 {
		r.house.Observer.Welcomed(resumed)
	}
}

// snapshot returns the room as an audience sees it, encoded once for all who
// come while nothing changes.
func (r *Room) snapshot(a *audience, staff bool) []byte {
	if a.snapshot == nil {
		v := r.state.Snapshot(r.id, staff, r.clock.at(time.Now()))
		if v.StaffView != nil {
			v.Records = r.house.Records
		}
		a.snapshot = r.encode(v)
	}
	return a.snapshot
}

// welcomeMessage answers hello number re; with 0 it comes unasked. The room, if
// there is one, is shared by all welcomes and not copied into any.
func welcomeMessage(re uint64, data, room []byte) fanout.Message {
	head := []byte(`{"type":"welcome","data":`)
	if re != 0 {
		head = append(strconv.AppendUint([]byte(`{"re":`), re, 10), `,"type":"welcome","data":`...)
	}
	if room == nil {
		return fanout.Message{append(append(head, data...), '}')}
	}
	head = append(append(head, data[:len(data)-1]...), `,"room":`...)
	return fanout.Message{head, room, []byte("}}")}
}

// closeAll closes every socket of a person.
func (r *Room) closeAll(user wire.UserID, code wire.CloseCode) {
	for _, s := range slices.Clone(r.sessions[user]) {
		r.detach(s)
		s.Close(code)
	}
}

// changeRole gives every socket of a person the snapshot of its new audience.
func (r *Room) changeRole(user wire.UserID) {
	delete(r.pace, user) // the new role has another
	for _, s := range slices.Clone(r.sessions[user]) {
		if s.Admin && !s.Captions && !r.state.roleOf(user, s.Role).Staff() {
			r.detach(s)
			s.Close(wire.CloseRefused)
			continue
		}
		r.welcome(s, 0, nil)
	}
}

// leaveAll closes what is still open when the loop ends.
func (r *Room) leaveAll() {
	code := wire.CloseRestart
	if r.broken != nil {
		code = wire.CloseRebuilt
	}
	for _, list := range r.sessions {
		for _, s := range list {
			s.Conn.Leave()
			s.Close(code)
		}
	}
}

package room

import (
	"context"
	"slices"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// Shapes of what people see of the stage.
type (
	// SeatsView is who is on the stage beside the host, in order. The staff also
	// sees who is on the way there, and the rules.
	SeatsView struct {
		Layout  Layout      `json:"layout"`
		Pinned  wire.UserID `json:"pinned,omitzero"`
		Guests  []GuestView `json:"guests"`
		Waiting []GuestView `json:"waiting,omitzero"`
		Rules   *StageRules `json:"rules,omitzero"`
	}
	// GuestView is one guest. Viewers see of a device only whether it is on.
	GuestView struct {
		wire.Person
		Phase      GuestPhase `json:"phase,omitzero"` // of those on the way
		Seat       int        `json:"seat,omitzero"`
		Microphone Device     `json:"microphone,omitzero"`
		Camera     Device     `json:"camera,omitzero"`
	}
	// OwnSeatView is how far one is oneself.
	OwnSeatView struct {
		Phase      GuestPhase `json:"phase"`
		Seat       int        `json:"seat,omitzero"`
		Microphone Device     `json:"microphone,omitzero"`
		Camera     Device     `json:"camera,omitzero"`
	}
)

func (s *State) seats(staff bool) *SeatsView {
	v := &SeatsView{Layout: s.layout(), Pinned: s.Seating.Pinned}
	shown := func(d Device) Device {
		if d != DeviceOn && !staff {
			return DeviceOff
		}
		return d
	}
	for _, g := range s.Seating.Guests {
		view := GuestView{Person: s.person(g.User), Seat: g.Seat, Microphone: shown(g.Microphone), Camera: shown(g.Camera)}
		if g.Phase == GuestIsSeated {
			v.Guests = append(v.Guests, view)
		} else if staff {
			view.Phase = g.Phase
			v.Waiting = append(v.Waiting, view)
		}
	}
	if staff {
		v.Rules = &StageRules{s.Seating.most(), s.Seating.Auto}
	}
	return v
}

// seating is the stage as a snapshot shows it: nothing, as long as nobody has
// been asked onto it.
func (s *State) seating(staff bool) *SeatsView {
	v := s.seats(staff)
	if len(v.Guests)+len(v.Waiting) == 0 && v.Layout == LayoutScreen && v.Pinned == "" && (!staff || *v.Rules == StageRules{Seats: usualSeats}) {
		return nil
	}
	return v
}

func (s *State) ownSeat(user wire.UserID) *OwnSeatView {
	g := s.Seating.find(user)
	if g == nil {
		return nil
	}
	return &OwnSeatView{g.Phase, g.Seat, g.Microphone, g.Camera}
}

// viewsGuests is who sees what of an event of the stage.
func (s *State) viewsGuests(h wire.Head, e Event) seen {
	v := seen{staff: &wire.View{Type: "stage.seats", Data: s.seats(true)}}
	viewers := true
	var user wire.UserID
	switch e := e.(type) {
	case GuestInvited:
		user, viewers = e.User, false
	case GuestReady:
		user, viewers = h.By, false
	case GuestSeated:
		user = e.User
	case GuestGone:
		user = e.User
	case GuestSwitched:
		user = e.User
	case StageRuled:
		viewers = false
	}
	if viewers {
		v.all = &wire.View{Type: "stage.seats", Data: s.seats(false)}
	}
	if user != "" {
		v.personal = s.changed(user)
	}
	return v
}

// Seats is who may send what onto a room's stage, as of a position of its log.
type Seats struct {
	Seq    uint64
	Layout Layout
	Pinned int  // seat; -1: none
	Screen bool // one is shared
	Guests []Seat
}

// Seat is one guest's.
type Seat struct {
	User               wire.UserID
	Number             int
	Microphone, Camera bool // may be heard, may be seen
}

// Seats returns who is on a room's stage now.
func (h *House) Seats(ctx context.Context, id wire.RoomID) (seats Seats, err error) {
	err = h.within(ctx, id, func(r *Room) error {
		return r.look(ctx, func() error {
			seats = r.state.Grants()
			return nil
		})
	})
	return seats, err
}

// Grants is who may send now.
func (s *State) Grants() Seats {
	g := Seats{Seq: s.Seq, Layout: s.layout(), Pinned: -1, Screen: slices.Contains(s.Stage.Sources, "screen")}
	if m := s.People[s.Seating.Pinned]; m != nil && m.Role == wire.Host {
		g.Pinned = 0
	}
	for _, guest := range s.Seating.Guests {
		if guest.Phase != GuestIsSeated {
			continue
		}
		if guest.User == s.Seating.Pinned {
			g.Pinned = guest.Seat
		}
		g.Guests = append(g.Guests, Seat{guest.User, guest.Seat, guest.Microphone == DeviceOn, guest.Camera == DeviceOn})
	}
	return g
}

// Reseats reports whether an event may change what [House.Seats] returns.
func Reseats(e Event) bool {
	switch e.(type) {
	case GuestSeated, GuestGone, GuestSwitched, GuestPinned, StageLaidOut, StageSet, Ended:
		return true
	}
	return false
}

// Speaks says whose voice is the loudest on a room's stage, by seat; -1:
// nobody's. It is a signal, and lives as long as the room does in memory.
func (h *House) Speaks(ctx context.Context, id wire.RoomID, seat int) {
	if r := h.inUse(id); r != nil {
		_ = r.ask(ctx, ask{then: func(uint64, any, error) { r.speaks(seat) }}) // a room that has just ended has nobody to tell
	}
}

// speaker is whose voice is the loudest.
type speaker struct{ at int } // seat and one; 0: nobody's

func (s speaker) view() wire.View {
	return wire.View{Type: "stage.speaker", Data: struct {
		Seat int `json:"seat"`
	}{s.at - 1}}
}

func (r *Room) speaks(seat int) {
	if seat < -1 || seat > MaxSeats || r.speaker.at == seat+1 {
		return
	}
	r.speaker.at = seat + 1
	r.signals.speaker = true
	r.signals.due(time.Now(), r.config.Tick)
}

// hears tells a newcomer who speaks.
func (r *Room) hears(s *Session) {
	if r.speaker.at != 0 {
		v := r.speaker.view()
		s.Conn.Send(wire.Signal(v.Type, r.encode(v.Data)))
	}
}

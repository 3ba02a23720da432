package room

import (
	"slices"

	"github.com/lyceum-live/lyceum/wire"
)

// The stage has a seat for the host, number 0, and some for guests: people of
// the class whose camera and voice everybody sees and hears.
//
//	(raised hand) ──invite──▶ invited ──accept──▶ waiting ──admit──▶ seated
//	invited, waiting, seated ──leave, remove, ban, mute, gone──▶ not on the list
//
// Who is seated may send, and nobody else: package signaling is told by a
// follower of the log.

// Commands of the stage.
type (
	// StageInvite asks somebody who is here onto the stage.
	StageInvite struct {
		User wire.UserID `json:"user"`
	}
	// StageAccept says that one is ready: camera and microphone are tried.
	StageAccept struct{}
	// StageLeave declines an invitation, or leaves the stage.
	StageLeave struct{}
	// StageAdmit gives a seat to somebody who waits.
	StageAdmit struct {
		User wire.UserID `json:"user"`
	}
	// StageRemove takes an invitation back, or a seat.
	StageRemove struct {
		User   wire.UserID `json:"user"`
		Reason string      `json:"reason,omitzero"`
	}
	// StageSwitch turns a guest's camera or microphone on or off: one's own, or for
	// staff somebody's. What the staff turns off stays off until they ask for it
	// again, and what they turn on is only asked for.
	StageSwitch struct {
		User   wire.UserID `json:"user,omitzero"`
		Source string      `json:"source"`
		On     bool        `json:"on,omitzero"`
	}
	// StagePin shows one person large: a guest who is seated, or the host; "":
	// whoever speaks.
	StagePin struct {
		User wire.UserID `json:"user,omitzero"`
	}
	// StageMove gives a guest who is seated another place in the order.
	StageMove struct {
		User wire.UserID `json:"user"`
		To   int         `json:"to"`
	}
	// StageLayout says how everybody sees the stage.
	StageLayout struct {
		Layout Layout `json:"layout"`
	}
	// StageRules says how many guests may be seated, and whether who is ready
	// is admitted at once.
	StageRules struct {
		Seats int  `json:"seats"`
		Auto  bool `json:"auto,omitzero"`
	}
)

// Events of the stage.
type (
	// GuestInvited: somebody is asked onto the stage.
	GuestInvited struct {
		User wire.UserID `json:"user"`
	}
	// GuestReady: they have accepted, and wait.
	GuestReady struct{}
	// GuestSeated: they are on the stage, from now on.
	GuestSeated struct {
		User wire.UserID `json:"user"`
		Seat int         `json:"seat"`
	}
	// GuestGone: they are neither on the stage nor on their way to it.
	GuestGone struct {
		User wire.UserID `json:"user"`
	}
	// GuestSwitched: a guest's camera or microphone stands otherwise.
	GuestSwitched struct {
		User   wire.UserID `json:"user"`
		Source string      `json:"source"`
		To     Device      `json:"to,omitzero"`
	}
	// GuestPinned: this person is shown large; "": whoever speaks.
	GuestPinned struct {
		User wire.UserID `json:"user,omitzero"`
	}
	// GuestMoved: a guest has this place among those who are seated.
	GuestMoved struct {
		User wire.UserID `json:"user"`
		To   int         `json:"to"`
	}
	// StageLaidOut: everybody sees the stage so.
	StageLaidOut struct {
		Layout Layout `json:"layout"`
	}
	// StageRuled: so many may be seated, and so they are admitted.
	StageRuled struct {
		Seats int  `json:"seats"`
		Auto  bool `json:"auto,omitzero"`
	}
)

// Layout is how the stage is shown.
type Layout string

// The layouts. LayoutScreen is what a stage begins with: the screen large where
// one is shared, and otherwise who speaks or is pinned.
const (
	LayoutScreen  Layout = "screen"
	LayoutSpeaker Layout = "speaker" // who speaks or is pinned large, a screen among the others
	LayoutGrid    Layout = "grid"    // all of one size
)

// Device is how a guest's camera or microphone stands.
type Device string

// The ways it can stand.
const (
	DeviceOn    Device = ""
	DeviceOff   Device = "off"   // by the guest
	DeviceHeld  Device = "held"  // by the staff: the guest cannot turn it on
	DeviceAsked Device = "asked" // the guest is asked to turn it on
)

// GuestPhase is how far somebody is on their way to the stage.
type GuestPhase string

// The phases of a guest.
const (
	GuestIsInvited GuestPhase = "invited"
	GuestWaits     GuestPhase = "waiting"
	GuestIsSeated  GuestPhase = "seated"
)

// Bounds of a stage.
const (
	usualSeats = 5
	MaxSeats   = 8
	maxGuests  = 30 // invited, waiting and seated
)

// What the stage refuses.
var (
	ErrStageFull = &wire.Error{Code: "stage.full", Text: "no seat is free on the stage"}
	ErrNoGuest   = &wire.Error{Code: "stage.uninvited", Text: "not invited to the stage"}
	ErrHeld      = &wire.Error{Code: "stage.held", Text: "the host has turned this off"}
	ErrNotHere   = &wire.Error{Code: "stage.absent", Text: "not in the class at the moment"}
)

// Seating is who is on the stage beside the host, and how it is shown.
type Seating struct {
	Layout Layout      `json:"layout,omitzero"` // "": LayoutScreen
	Pinned wire.UserID `json:"pinned,omitzero"`
	Auto   bool        `json:"auto,omitzero"`
	Seats  int         `json:"seats,omitzero"`  // 0: usualSeats
	Guests []Guest     `json:"guests,omitzero"` // in the order in which they are shown
}

// Guest is somebody on the stage, or on the way there.
type Guest struct {
	User       wire.UserID `json:"user"`
	Phase      GuestPhase  `json:"phase"`
	Seat       int         `json:"seat,omitzero"` // from 1, while seated
	At         wire.Millis `json:"at"`            // in this phase since
	Microphone Device      `json:"microphone,omitzero"`
	Camera     Device      `json:"camera,omitzero"`
}

func (s *Seating) find(user wire.UserID) *Guest {
	for i := range s.Guests {
		if s.Guests[i].User == user {
			return &s.Guests[i]
		}
	}
	return nil
}

func (s *Seating) most() int {
	if s.Seats == 0 {
		return usualSeats
	}
	return s.Seats
}

// free returns the lowest seat that nobody has, or 0.
func (s *Seating) free() int {
	for seat := 1; seat <= s.most(); seat++ {
		if !slices.ContainsFunc(s.Guests, func(g Guest) bool { return g.Seat == seat }) {
			return seat
		}
	}
	return 0
}

func (s *Seating) seated() []wire.UserID {
	var users []wire.UserID
	for _, g := range s.Guests {
		if g.Phase == GuestIsSeated {
			users = append(users, g.User)
		}
	}
	return users
}

func (g *Guest) device(source string) *Device {
	if source == "camera" {
		return &g.Camera
	}
	return &g.Microphone
}

func (s *State) decideGuests(now wire.Millis, by wire.Actor, c Command) ([]Event, error) {
	switch c := c.(type) {
	case StageInvite:
		return s.decideInvite(now, by, c)
	case StageAccept:
		g := s.Seating.find(by.User)
		switch {
		case g == nil:
			return nil, ErrNoGuest
		case g.Phase != GuestIsInvited:
			return nil, nil
		}
		events := []Event{GuestReady{}}
		if seat := s.Seating.free(); s.Seating.Auto && seat > 0 {
			events = append(events, GuestSeated{by.User, seat})
		}
		return events, nil
	case StageLeave:
		return s.guestGone(by.User), nil
	case StageAdmit:
		g := s.Seating.find(c.User)
		switch {
		case g == nil || g.Phase == GuestIsInvited:
			return nil, ErrNoGuest.In("user")
		case g.Phase == GuestIsSeated:
			return nil, nil
		}
		seat := s.Seating.free()
		if seat == 0 {
			return nil, ErrStageFull
		}
		return []Event{GuestSeated{c.User, seat}}, nil
	case StageRemove:
		_, reason, err := s.target(by, c.User, c.Reason, 0, true)
		if err != nil {
			return nil, err
		}
		gone := s.guestGone(c.User)
		if gone == nil {
			return nil, nil
		}
		return append(gone, Acted{Act: "stage.remove", Target: c.User, Reason: reason}), nil
	case StageSwitch:
		return s.decideSwitch(by, c)
	case StagePin:
		if c.User == s.Seating.Pinned {
			return nil, nil
		}
		if m := s.People[c.User]; c.User != "" && (m == nil || m.Role != wire.Host && !slices.Contains(s.Seating.seated(), c.User)) {
			return nil, ErrNoGuest.In("user")
		}
		return []Event{GuestPinned(c)}, nil
	case StageMove:
		seated := s.Seating.seated()
		from := slices.Index(seated, c.User)
		switch {
		case from < 0:
			return nil, ErrNoGuest.In("user")
		case c.To < 0 || c.To >= len(seated):
			return nil, wire.ErrField.In("to")
		case from == c.To:
			return nil, nil
		}
		return []Event{GuestMoved(c)}, nil
	case StageLayout:
		switch c.Layout {
		case LayoutScreen, LayoutSpeaker, LayoutGrid:
		default:
			return nil, wire.ErrField.In("layout")
		}
		if c.Layout == s.layout() {
			return nil, nil
		}
		return []Event{StageLaidOut(c)}, nil
	case StageRules:
		if c.Seats < 1 || c.Seats > MaxSeats {
			return nil, wire.ErrField.In("seats")
		}
		if c.Seats == s.Seating.most() && c.Auto == s.Seating.Auto {
			return nil, nil
		}
		return []Event{StageRuled(c)}, nil
	}
	panic("room: not a command of the stage")
}

func (s *State) decideInvite(now wire.Millis, by wire.Actor, c StageInvite) ([]Event, error) {
	m := s.People[c.User]
	switch {
	case m == nil:
		return nil, wire.ErrNotFound.In("user")
	case m.Role == wire.Host:
		return nil, wire.ErrForbidden
	case holds(m.Banned, now) || !m.Here:
		return nil, ErrNotHere.In("user")
	}
	if err := mayWrite(m, now); err != nil {
		return nil, ErrMuted.In("user")
	}
	switch {
	case s.Seating.find(c.User) != nil:
		return nil, nil
	case len(s.Seating.Guests) >= maxGuests:
		return nil, ErrStageFull
	}
	return append(s.handDown(c.User), GuestInvited(c), Acted{Act: "stage.invite", Target: c.User, Reason: wire.Own(c.User, "")}), nil
}

// decideSwitch turns a device of a guest who is seated on or off.
func (s *State) decideSwitch(by wire.Actor, c StageSwitch) ([]Event, error) {
	if c.Source != "camera" && c.Source != "microphone" {
		return nil, wire.ErrField.In("source")
	}
	user := c.User
	if user == "" {
		user = by.User
	}
	own := user == by.User
	if !own {
		if !by.Role.Staff() {
			return nil, wire.ErrForbidden
		}
		if _, _, err := s.target(by, user, "", 0, true); err != nil {
			return nil, err
		}
	}
	g := s.Seating.find(user)
	if g == nil || g.Phase != GuestIsSeated {
		return nil, ErrNoGuest
	}
	from := *g.device(c.Source)
	to := from
	switch {
	case own && c.On && from == DeviceHeld:
		return nil, ErrHeld
	case own && c.On:
		to = DeviceOn
	case own && from != DeviceHeld:
		to = DeviceOff
	case !own && !c.On:
		to = DeviceHeld
	case !own && from != DeviceOn:
		to = DeviceAsked
	}
	if to == from {
		return nil, nil
	}
	events := []Event{GuestSwitched{user, c.Source, to}}
	if !own {
		events = append(events, Acted{Act: "stage.switch", Target: user, Reason: wire.Own(user, "")})
	}
	return events, nil
}

// guestGone takes somebody off the stage, or off the way there.
func (s *State) guestGone(user wire.UserID) []Event {
	if s.Seating.find(user) == nil {
		return nil
	}
	return []Event{GuestGone{user}}
}

func (s *State) applyGuests(h wire.Head, e Event) {
	t := &s.Seating
	switch e := e.(type) {
	case GuestInvited:
		t.Guests = append(t.Guests, Guest{User: e.User, Phase: GuestIsInvited, At: h.At})
	case GuestReady:
		if g := t.find(h.By); g != nil {
			g.Phase, g.At = GuestWaits, h.At
		}
	case GuestSeated:
		if g := t.find(e.User); g != nil { // behind those who are seated already
			g.Phase, g.Seat, g.At = GuestIsSeated, e.Seat, h.At
			t.move(e.User, len(t.seated())-1)
		}
	case GuestGone:
		t.Guests = slices.DeleteFunc(t.Guests, func(g Guest) bool { return g.User == e.User })
		if t.Pinned == e.User {
			t.Pinned = ""
		}
	case GuestSwitched:
		if g := t.find(e.User); g != nil {
			*g.device(e.Source) = e.To
		}
	case GuestPinned:
		t.Pinned = e.User
	case GuestMoved:
		t.move(e.User, e.To)
	case StageLaidOut:
		t.Layout = e.Layout
	case StageRuled:
		t.Seats, t.Auto = e.Seats, e.Auto
	}
}

// move puts a guest at a place among those who are seated, who come first.
func (t *Seating) move(user wire.UserID, to int) {
	i := slices.IndexFunc(t.Guests, func(g Guest) bool { return g.User == user })
	if i < 0 {
		return
	}
	g := t.Guests[i]
	t.Guests = slices.Insert(slices.Delete(t.Guests, i, i+1), min(to, len(t.Guests)-1), g)
}

// clear is what the end of a class leaves of the seating: its rules.
func (t *Seating) clear() { *t = Seating{Seats: t.Seats, Auto: t.Auto} }

func (s *State) layout() Layout {
	if s.Seating.Layout == "" {
		return LayoutScreen
	}
	return s.Seating.Layout
}

package room_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// seat is what a naive model knows of a person and the stage.
type seat struct {
	phase  room.GuestPhase // "": not on the list
	number int
	mic    room.Device
	muted  bool
	banned bool
}

// TestWhoMaySend holds the rules of the stage to a naive model: nobody sends
// without a seat, no two have the same, there are never more than may be, and
// whoever is removed, muted, banned or gone has none from then on.
func TestWhoMaySend(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := room.NewState(100)
		now := time.Unix(1_700_000_000, 0)
		host := wire.Actor{User: "hana", Role: wire.Host}
		users := []wire.UserID{"ana", "ben", "cai", "dia", "eve"}
		model := map[wire.UserID]*seat{}
		apply := func(by wire.Actor, c room.Command) error {
			now = now.Add(time.Second)
			events, err := room.Decide(s, now, by, c)
			for _, e := range events {
				s.Apply(wire.Head{Seq: s.Seq + 1, At: wire.At(now), By: by.User}, e)
			}
			if again, errAgain := room.Decide(s, now, by, c); err == nil && errAgain == nil {
				for _, e := range again {
					switch e.(type) {
					case room.GuestSeated, room.GuestInvited, room.GuestReady, room.GuestGone, room.GuestSwitched:
						t.Fatalf("%T again: %T", c, e)
					}
				}
			}
			return err
		}
		enter := func(user wire.UserID, role wire.Role) {
			s.Apply(wire.Head{Seq: s.Seq + 1, At: wire.At(now), By: user}, room.Entered{Name: wire.Own(user, string(user)), Role: role})
		}
		enter(host.User, wire.Host)
		for _, user := range users {
			enter(user, wire.Viewer)
			model[user] = &seat{}
		}
		most, auto := 5, false
		taken := func() (numbers []int) {
			for _, m := range model {
				if m.phase == room.GuestIsSeated {
					numbers = append(numbers, m.number)
				}
			}
			return numbers
		}
		free := func() int {
			for n := 1; n <= most; n++ {
				if !slices.Contains(taken(), n) {
					return n
				}
			}
			return 0
		}
		out := func(m *seat) { m.phase, m.number, m.mic = "", 0, room.DeviceOn }
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			user := rapid.SampledFrom(users).Draw(t, "user")
			m, viewer := model[user], wire.Actor{User: user, Role: wire.Viewer}
			var want error
			var err error
			switch act := rapid.SampledFrom([]string{"invite", "accept", "leave", "admit", "remove", "rules", "hold", "ask", "on", "off", "mute", "unmute", "ban", "unban", "foreign"}).Draw(t, "act"); act {
			case "invite":
				err = apply(host, room.StageInvite{User: user})
				switch {
				case m.banned:
					want = room.ErrNotHere
				case m.muted:
					want = room.ErrMuted
				case m.phase == "":
					m.phase = room.GuestIsInvited
				}
			case "accept":
				err = apply(viewer, room.StageAccept{})
				switch {
				case m.banned:
					want = room.ErrBanned
				case m.phase == "":
					want = room.ErrNoGuest
				case m.phase == room.GuestIsInvited:
					m.phase = room.GuestWaits
					if n := free(); auto && n > 0 {
						m.phase, m.number = room.GuestIsSeated, n
					}
				}
			case "leave":
				if err = apply(viewer, room.StageLeave{}); m.banned {
					want = room.ErrBanned
				} else {
					out(m)
				}
			case "admit":
				err = apply(host, room.StageAdmit{User: user})
				switch {
				case m.phase == "" || m.phase == room.GuestIsInvited:
					want = room.ErrNoGuest
				case m.phase == room.GuestWaits && free() == 0:
					want = room.ErrStageFull
				case m.phase == room.GuestWaits:
					n := free()
					m.phase, m.number = room.GuestIsSeated, n
				}
			case "remove":
				err = apply(host, room.StageRemove{User: user})
				out(m)
			case "rules":
				most, auto = rapid.IntRange(1, 3).Draw(t, "seats"), rapid.Bool().Draw(t, "auto")
				err = apply(host, room.StageRules{Seats: most, Auto: auto})
			case "hold", "ask":
				err = apply(host, room.StageSwitch{User: user, Source: "microphone", On: act == "ask"})
				switch {
				case m.phase != room.GuestIsSeated:
					want = room.ErrNoGuest
				case act == "hold":
					m.mic = room.DeviceHeld
				case m.mic != room.DeviceOn:
					m.mic = room.DeviceAsked
				}
			case "on", "off":
				err = apply(viewer, room.StageSwitch{Source: "microphone", On: act == "on"})
				switch {
				case m.banned:
					want = room.ErrBanned
				case m.phase != room.GuestIsSeated:
					want = room.ErrNoGuest
				case act == "on" && m.mic == room.DeviceHeld:
					want = room.ErrHeld
				case act == "on":
					m.mic = room.DeviceOn
				case m.mic != room.DeviceHeld:
					m.mic = room.DeviceOff
				}
			case "mute":
				err = apply(host, room.Mute{User: user})
				m.muted = true
				out(m)
			case "unmute":
				err = apply(host, room.Unmute{User: user})
				m.muted = false
			case "ban":
				err = apply(host, room.Ban{User: user})
				m.banned = true
				out(m)
			case "unban":
				if err = apply(host, room.Unban{User: user}); m.banned {
					enter(user, wire.Viewer)
				}
				m.banned = false
			case "foreign": // nobody disposes of others
				for _, c := range []room.Command{room.StageAdmit{User: user}, room.StageRemove{User: "ana"}, room.StageInvite{User: user}, room.StageRules{Seats: 8}} {
					if apply(viewer, c) == nil {
						t.Fatalf("a viewer gives %T", c)
					}
				}
			}
			if !errors.Is(err, want) && (err == nil || want == nil || err.(*wire.Error).Code != want.(*wire.Error).Code) {
				t.Fatalf("refused with %v, want %v", err, want)
			}
			var got, expected []string
			for _, g := range s.Grants().Guests {
				got = append(got, fmt.Sprint(g.User, g.Number, g.Microphone))
			}
			for user, m := range model {
				if m.phase == room.GuestIsSeated {
					expected = append(expected, fmt.Sprint(user, m.number, m.mic == room.DeviceOn))
				}
			}
			slices.Sort(got)
			slices.Sort(expected)
			if !slices.Equal(got, expected) {
				t.Fatalf("who may send: %v, want %v", got, expected)
			}
			if numbers := taken(); len(slices.Compact(slices.Sorted(slices.Values(numbers)))) != len(numbers) {
				t.Fatalf("two on one seat: %v", numbers)
			}
		}
	})
}

// TestTheStageAsEverybodySeesIt: viewers hear of who is on the stage and of
// nobody who was asked there; a latecomer sees the same; the end clears it.
func TestTheStageAsEverybodySeesIt(t *testing.T) {
	inClass(t, room.Config{Grace: time.Second}, func(c *class) {
		host, ana, ben := c.join("hana", wire.Host), c.join("ana", wire.Viewer), c.join("ben", wire.Viewer)
		host.must(room.Open{})
		host.must(room.StageInvite{User: "ana"})
		if n := len(ben.got("stage.seats")); n > 0 {
			t.Errorf("a viewer hears %d times of who is asked onto the stage", n)
		}
		if own := last[room.YouView](ana, "you.changed").Stage; own == nil || own.Phase != room.GuestIsInvited {
			t.Errorf("who is asked sees %+v", own)
		}
		ana.must(room.StageAccept{})
		if waiting := last[room.SeatsView](host, "stage.seats").Waiting; len(waiting) != 1 || waiting[0].Phase != room.GuestWaits {
			t.Errorf("the host sees %+v", waiting)
		}
		host.must(room.StageAdmit{User: "ana"})
		host.must(room.StageSwitch{User: "ana", Source: "microphone"})
		seen := last[room.SeatsView](ben, "stage.seats")
		if len(seen.Guests) != 1 || seen.Guests[0].Seat != 1 || seen.Guests[0].Microphone != room.DeviceOff || seen.Rules != nil {
			t.Errorf("a viewer sees %+v", seen)
		}
		if err := ana.do(room.StageSwitch{Source: "microphone", On: true}); !errors.Is(err, room.ErrHeld) {
			t.Errorf("who was muted unmutes: %v", err)
		}
		host.must(room.StageLayout{Layout: room.LayoutGrid})
		late := welcomed(t, c.join("eve", wire.Viewer)).Seats
		if late == nil || late.Layout != room.LayoutGrid || len(late.Guests) != 1 || late.Guests[0] != seen.Guests[0] {
			t.Errorf("a latecomer sees %+v", late)
		}
		ana.leave()
		time.Sleep(2 * time.Second)
		if seen = last[room.SeatsView](ben, "stage.seats"); len(seen.Guests) > 0 {
			t.Errorf("who has gone is on the stage: %+v", seen)
		}
		host.must(room.StageInvite{User: "ben"})
		host.must(room.End{})
		if late := welcomed(t, c.join("fay", wire.Viewer)).Seats; late != nil {
			t.Errorf("after the end: %+v", late)
		}
	})
}

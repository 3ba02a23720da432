package room_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

func TestBansHoldAndEnd(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		mod, ana := c.join("mo", wire.Moderator), c.join("ana", wire.Viewer)
		ana.must(room.Say{Text: "spam"})
		ana.must(room.RaiseHand{})
		id := last[struct{ ID uint64 }](mod, "chat.said").ID
		mod.must(room.Delete{Item: id, Reason: "spam"})
		if got := last[struct{ ID uint64 }](ana, "chat.deleted").ID; got != id {
			t.Errorf("deleted %d, want %d", got, id)
		}
		mod.must(room.Ban{User: "ana", Seconds: 60, Reason: "spam"})
		if code := ana.closeCode(); code != wire.CloseBanned {
			t.Errorf("closed with %d", code)
		}
		time.Sleep(time.Second)
		if n := last[struct{ Count int }](mod, "room.presence").Count; n != 1 {
			t.Errorf("%d are here after the ban", n)
		}
		if len(mod.got("hand.lowered")) != 1 {
			t.Error("the hand of somebody banned stays up")
		}
		if _, err := c.connect(physics, "ana", wire.Viewer, nil); !errors.Is(err, room.ErrBanned) {
			t.Errorf("came back: %v", err)
		}
		c.stop()
		c.start(room.Config{})
		if _, err := c.connect(physics, "ana", wire.Viewer, nil); !errors.Is(err, room.ErrBanned) {
			t.Errorf("came back after a restart: %v", err)
		}
		time.Sleep(61 * time.Second)
		c.join("ana", wire.Viewer)
		mod = c.join("mo", wire.Moderator)
		acts := ask[room.AuditPage](mod, room.Audit{}).Acts
		if len(acts) != 2 || acts[0].Act != "mod.ban" || acts[0].Target.ID != "ana" || acts[0].Reason != "spam" ||
			acts[1].Act != "mod.delete" || acts[1].Item != id || acts[0].By.ID != "mo" {
			t.Errorf("audit: %+v", acts)
		}
	})
}

func TestPeopleAreListedPresentFirst(t *testing.T) {
	inClass(t, room.Config{Grace: time.Second}, func(c *class) {
		mod := c.join("mo", wire.Moderator)
		var want []wire.UserID
		for i := range 30 {
			user := wire.UserID(fmt.Sprint("p", i))
			k := c.join(user, wire.Viewer)
			if i%3 == 0 {
				k.leave()
			} else {
				want = append(want, user)
			}
		}
		time.Sleep(2 * time.Second)
		want = append([]wire.UserID{"mo"}, want...)
		for i := 0; i < 30; i += 3 {
			want = append(want, wire.UserID(fmt.Sprint("p", i)))
		}
		for _, limit := range []int{1, 7, 50} {
			var got []wire.UserID
			for after := ""; ; {
				page := ask[room.PeoplePage](mod, room.ListPeople{After: after, Limit: limit})
				for _, p := range page.People {
					got = append(got, p.ID)
				}
				if after = page.Next; after == "" {
					break
				}
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("pages of %d: %v, want %v", limit, got, want)
			}
		}
		if here := ask[room.PeoplePage](mod, room.ListPeople{Here: true}).People; len(here) != 21 {
			t.Errorf("%d are here", len(here))
		}
	})
}

func TestMutedAndSlowed(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		mod, ana := c.join("mo", wire.Moderator), c.join("ana", wire.Viewer)
		mod.must(room.Mute{User: "ana", Seconds: 30})
		if until := last[struct {
			Until wire.Millis `json:"muted_until"`
		}](ana, "you.changed").Until; until != wire.At(time.Now().Add(30*time.Second)) {
			t.Errorf("muted until %d", until)
		}
		for _, command := range []room.Command{room.Say{Text: "x"}, qa.Ask{Text: "x"}, room.React{Emoji: "👍"}} {
			if err := ana.do(command); !errors.Is(err, room.ErrMuted) {
				t.Errorf("%T while muted: %v", command, err)
			}
		}
		time.Sleep(30 * time.Second)
		ana.must(room.Say{Text: "x"})
		mod.must(room.Slow{Seconds: 10})
		err := ana.do(room.Say{Text: "y"})
		if refused := wire.Public(err); refused.Code != "chat.slow" || refused.RetryMS != 10_000 {
			t.Errorf("slow mode: %+v", refused)
		}
		mod.must(room.Say{Text: "staff are not slowed"})
		mod.must(room.Say{Text: "at all"})
		time.Sleep(10 * time.Second)
		ana.must(room.Say{Text: "y"})
	})
}

func TestRoleChangeChangesWhatIsSeen(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host, ana := c.join("hana", wire.Host), c.join("ana", wire.Viewer)
		host.must(room.SetRole{User: "ana", Role: wire.Moderator})
		w := last[welcome](ana, "welcome")
		if w.Room == nil || w.Room.Drafts == nil || w.You["role"] != "moderator" {
			t.Errorf("welcome after promotion: %+v", w)
		}
		if _, err := c.connectAdmin("ana", wire.Viewer); err != nil {
			t.Errorf("a new moderator at the moderators' socket: %v", err)
		}
		if _, err := c.connectAdmin("ben", wire.Viewer); !errors.Is(err, wire.ErrForbidden) {
			t.Errorf("a viewer at the moderators' socket: %v", err)
		}
		ana.must(room.Slow{Seconds: 5})
		if len(ana.got("mod.acted")) == 0 {
			t.Error("a new moderator hears nothing of the staff")
		}
		host.must(room.SetRole{User: "ana", Role: wire.Viewer})
		if err := ana.do(room.Slow{Seconds: 0}); !errors.Is(err, wire.ErrForbidden) {
			t.Errorf("a former moderator acts: %v", err)
		}
		heard := len(ana.got("mod.acted"))
		host.must(room.Slow{Seconds: 7})
		if len(ana.got("mod.acted")) != heard {
			t.Error("a former moderator still hears the staff")
		}
	})
}

func TestRolesAndPhasesAreHeld(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host, mod, ana := c.join("hana", wire.Host), c.join("mo", wire.Moderator), c.join("ana", wire.Viewer)
		before := len(c.store.log(physics))
		for _, spec := range room.Catalogue {
			if spec.Least == wire.Viewer {
				continue
			}
			command, err := room.Parse(wire.Request{ID: 1, Type: spec.Name, Key: "k", Data: wire.Raw("{}")})
			if err != nil {
				t.Fatalf("%s: %v", spec.Name, err)
			}
			if err := ana.do(command); !errors.Is(err, wire.ErrForbidden) {
				t.Errorf("a viewer's %s: %v", spec.Name, err)
			}
			if err := mod.do(command); spec.Least == wire.Host && !errors.Is(err, wire.ErrForbidden) {
				t.Errorf("a moderator's %s: %v", spec.Name, err)
			}
		}
		for _, r := range c.store.log(physics)[before:] {
			if r.By != "mo" || r.Kind != "room.noted" { // what a moderator may, and changes nothing
				t.Errorf("%s was written by %s, who may not", r.Kind, r.By)
			}
		}
		if err := mod.do(room.Ban{User: "hana"}); !errors.Is(err, wire.ErrForbidden) {
			t.Errorf("a moderator bans the host: %v", err)
		}
		host.must(room.Open{})
		host.must(room.End{})
		for _, command := range []room.Command{room.Say{Text: "x"}, qa.Ask{Text: "x"}, room.RaiseHand{}} {
			if err := ana.do(command); !errors.Is(err, room.ErrOver) {
				t.Errorf("%T after the end: %v", command, err)
			}
		}
		ana.must(room.Click{Item: "go-101"})
		host.must(room.Open{})
		ana.must(room.Say{Text: "again"})
	})
}

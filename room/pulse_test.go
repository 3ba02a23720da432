package room_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// pulses are the notes in the log.
func pulses(t *testing.T, c *class) (notes []room.PulseNoted) {
	t.Helper()
	for _, r := range c.store.log(physics) {
		if r.Kind == "pulse.noted" {
			if bytes.Contains(r.Data, []byte("ana")) || r.By != wire.System.User {
				t.Errorf("a note names somebody: %s by %s", r.Data, r.By)
			}
			notes = append(notes, into[room.PulseNoted](t, message{Type: r.Kind, Data: []byte(r.Data)}))
		}
	}
	return notes
}

func feel(k *client, mood room.Mood) {
	k.class.t.Helper()
	ask[any](k, room.Feel{Mood: mood})
}

// Everybody has one mood, which fades; the staff alone sees how many have
// which, and the log gets a note a minute as long as they change.
func TestThePulseOfAClass(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host, ana, ben := c.join("hana", wire.Host), c.join("ana", wire.Viewer), c.join("ben", wire.Viewer)
		host.must(room.Open{})
		tally := func() room.PulseTally { return last[room.PulseTally](host, "pulse.tally") }
		feel(ana, room.TooFast)
		feel(ana, room.Lost) // in place of it
		feel(ben, room.Lost)
		time.Sleep(time.Second)
		if now := tally(); now.Moods != (room.Pulse{Lost: 2}) || now.Here != 3 || now.Weights.Lost != 2 {
			t.Errorf("the host sees %+v", now)
		}
		if mine := last[room.MoodView](ana, "pulse.mine"); mine.Mood != room.Lost || mine.Until-wire.At(time.Now()) != 119_000 {
			t.Errorf("ana's own mood is %+v", mine)
		}
		time.Sleep(60 * time.Second)
		if now := tally(); now.Moods.Lost != 2 || now.Weights.Lost < 0.9 || now.Weights.Lost > 1.1 {
			t.Errorf("half faded: %+v", now)
		}
		feel(ana, room.Lost) // still
		feel(ben, "")
		time.Sleep(time.Second)
		if now := tally(); now.Moods != (room.Pulse{Lost: 1}) {
			t.Errorf("ben has taken it back: %+v", now)
		}
		time.Sleep(2*time.Minute + 5*time.Second)
		if now := tally(); now.Moods != (room.Pulse{}) {
			t.Errorf("after two minutes: %+v", now)
		}
		n := len(host.got("pulse.tally"))
		time.Sleep(10 * time.Minute)
		if more := len(host.got("pulse.tally")); more != n {
			t.Errorf("%d tallies of nothing", more-n)
		}
		want := []room.PulseNoted{{Here: 3, Pulse: room.Pulse{Lost: 2}}, {Here: 3, Pulse: room.Pulse{Lost: 1}}, {Here: 3}}
		got := pulses(t, c)
		if len(got) != len(want) {
			t.Fatalf("the log has %+v", got)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("note %d is %+v, not %+v", i, got[i], want[i])
			}
		}
		for _, k := range []*client{ana, ben} {
			if len(k.got("pulse.tally"))+len(k.got("pulse.noted")) > 0 {
				t.Errorf("%s is told how others feel", k.session.User)
			}
		}
		if pulse := last[struct{ Room room.RoomView }](c.join("mo", wire.Moderator), "welcome").Room.Pulse; len(pulse) != 3 || pulse[0].Lost != 2 {
			t.Errorf("a moderator who comes later sees %+v", pulse)
		}
		refused := func(k *client, mood room.Mood, code string) {
			t.Helper()
			errs := make(chan error, 1)
			if err := k.session.Submit(room.Feel{Mood: mood}, "", time.Now(), func(_ uint64, _ any, err error) { errs <- err }); err != nil {
				t.Fatal(err)
			}
			if err := <-errs; err == nil || wire.Public(err).Code != code {
				t.Errorf("%q: %v, want %s", mood, err, code)
			}
		}
		refused(ana, "bored", "wire.field")
		refused(host, room.Good, "auth.forbidden")
		host.must(room.End{})
		refused(ana, room.Good, "room.ended")
	})
}

// However many say how they feel, the staff is told five times a second.
func TestThePulseIsCoalesced(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host, ana, ben := c.join("hana", wire.Host), c.join("ana", wire.Viewer), c.join("ben", wire.Viewer)
		for i := range 100 { // in two seconds
			k, mood := ana, room.Good
			if i%2 == 0 {
				k, mood = ben, room.TooSlow
			}
			feel(k, mood)
			time.Sleep(20 * time.Millisecond)
		}
		time.Sleep(200 * time.Millisecond)
		if n := len(host.got("pulse.tally")); n < 5 || n > 12 {
			t.Errorf("%d tallies in two seconds", n)
		}
		if now := last[room.PulseTally](host, "pulse.tally"); now.Moods != (room.Pulse{Good: 1, Slow: 1}) {
			t.Errorf("at last %+v", now)
		}
	})
}

// A mood does not survive a restart, and the log says so; who has left is not
// counted; who comes back hears of their own mood.
func TestThePulseAndThoseWhoLeave(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		host, ana, ben := c.join("hana", wire.Host), c.join("ana", wire.Viewer), c.join("ben", wire.Viewer)
		host.must(room.Open{})
		feel(ana, room.Lost)
		feel(ben, room.Good)
		ana.leave()
		time.Sleep(30 * time.Second)
		if now := last[room.PulseTally](host, "pulse.tally"); now.Moods != (room.Pulse{Good: 1}) {
			t.Errorf("ana has left: %+v", now)
		}
		ben.leave()
		if mine := last[room.MoodView](c.join("ben", wire.Viewer), "pulse.mine"); mine.Mood != room.Good {
			t.Errorf("ben comes back: %+v", mine)
		}
		time.Sleep(time.Minute)
		if notes := pulses(t, c); len(notes) != 1 || notes[0].Pulse != (room.Pulse{Good: 1}) {
			t.Fatalf("the log has %+v", notes)
		}
		c.stop()
		c.start(room.Config{})
		c.join("hana", wire.Host)
		time.Sleep(3 * time.Minute)
		if notes := pulses(t, c); len(notes) != 2 || notes[1].Pulse != (room.Pulse{}) {
			t.Errorf("after a restart the log has %+v", notes)
		}
	})
}

// Whoever comes back sees the moods as they are now, also where there are none
// any more: those of before have faded, or are gone with the server.
func TestThePulseAndThoseWhoComeBack(t *testing.T) {
	inClass(t, room.Config{}, func(c *class) {
		back := func(k *client) *client {
			t.Helper()
			at := last[struct {
				Epoch string
				Seq   uint64
			}](k, "welcome")
			for _, m := range k.all() {
				at.Seq = max(at.Seq, m.Seq)
			}
			k, err := c.connect(physics, k.session.User, k.session.Role, &room.Position{Epoch: at.Epoch, Seq: at.Seq})
			if err != nil {
				panic(err)
			}
			if !last[struct{ Resumed bool }](k, "welcome").Resumed {
				t.Errorf("%s is not resumed", k.session.User)
			}
			return k
		}
		host, ana := c.join("hana", wire.Host), c.join("ana", wire.Viewer)
		host.must(room.Open{})
		feel(ana, room.Lost)
		time.Sleep(time.Second)
		if now := last[room.PulseTally](host, "pulse.tally"); now.Moods != (room.Pulse{Lost: 1}) {
			t.Errorf("the host sees %+v", now)
		}
		host.leave()
		ana.leave()
		time.Sleep(2*time.Minute + 10*time.Second)
		host, ana = back(host), back(ana)
		if now := last[room.PulseTally](host, "pulse.tally"); now.Moods != (room.Pulse{}) {
			t.Errorf("the mood has faded, and the host comes back to %+v", now)
		}
		if mine := last[room.MoodView](ana, "pulse.mine"); mine != (room.MoodView{}) {
			t.Errorf("the mood has faded, and ana comes back to %+v", mine)
		}
		feel(ana, room.Good)
		c.stop()
		c.start(room.Config{})
		if mine := last[room.MoodView](back(ana), "pulse.mine"); mine != (room.MoodView{}) {
			t.Errorf("the server was restarted, and ana comes back to %+v", mine)
		}
	})
}

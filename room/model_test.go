package room_test

import (
	"fmt"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

func zapNop() *zap.Logger { return zap.NewNop() }

// watcher is a client that checks what it hears against the protocol: every
// numbered view follows the one before it.
type watcher struct {
	user  wire.UserID
	role  wire.Role
	at    *room.Position
	live  *client
	read  int // messages of live that were checked
	heard []message
}

// check goes through what has come since the last check.
func (w *watcher) check(t *rapid.T) {
	if w.live == nil {
		return
	}
	inbox := w.live.all()
	for _, m := range inbox[w.read:] {
		switch {
		case m.Type == "welcome":
			x := into[welcome](t, m)
			if !x.Resumed {
				w.at = &room.Position{Epoch: x.Epoch, Seq: x.Seq}
				w.heard = nil
			}
		case m.Seq != 0:
			if m.Prev != w.at.Seq {
				t.Fatalf("%s: view %d (%s) follows %d, but the last one was %d", w.user, m.Seq, m.Type, m.Prev, w.at.Seq)
			}
			w.at.Seq = m.Seq
			w.heard = append(w.heard, m)
		}
	}
	w.read = len(inbox)
}

// TestEveryoneSeesTheSame gives random commands by random people, with
// sockets that drop and resume, refusals of the store and restarts. Whoever
// looks: no view is missed, repeated or out of order; all viewers hear the
// same; the room folded from its log is the room that was served.
func TestEveryoneSeesTheSame(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		synctest.Test(t, func(t *testing.T) {
			config := room.Config{Snapshot: rapid.IntRange(1, 30).Draw(rt, "snapshot"), Grace: time.Second}
			c := &class{t: rt, store: newMemory()}
			c.start(config)
			defer c.stop()
			watchers := []*watcher{{user: "hana", role: wire.Host}, {user: "mo", role: wire.Moderator}}
			for i := range 4 {
				watchers = append(watchers, &watcher{user: wire.UserID(fmt.Sprint("v", i)), role: wire.Viewer})
			}
			steps := rapid.IntRange(5, 60).Draw(rt, "steps")
			for range steps {
				w := rapid.SampledFrom(watchers).Draw(rt, "who")
				if w.live == nil {
					k, err := c.connect(physics, w.user, w.role, w.at)
					if err != nil {
						continue // banned
					}
					w.live, w.read = k, 0
					w.check(rt)
					continue
				}
				switch rapid.IntRange(0, 9).Draw(rt, "what") {
				case 0:
					w.check(rt)
					w.live.leave()
					w.live = nil
				case 1:
					c.store.setRefuse(rapid.SampledFrom([]error{nil, nil, room.ErrFull, room.ErrUnavailable}).Draw(rt, "refusal"))
				case 2:
					time.Sleep(time.Duration(rapid.IntRange(0, 3000).Draw(rt, "ms")) * time.Millisecond)
				default:
					_ = w.live.do(randomCommand(rt, len(c.store.log(physics))))
				}
				for _, w := range watchers {
					w.check(rt)
					if w.live != nil && w.live.closeCode() != 0 {
						w.live = nil
					}
				}
			}
			c.store.setRefuse(nil)
			time.Sleep(5 * time.Second)
			before := snapshotOf(c, rt, "viewer-before")
			c.stop()
			c.start(config)
			if after := snapshotOf(c, rt, "viewer-before"); !reflect.DeepEqual(before, after) {
				rt.Fatalf("served: %v\nfolded: %v", before, after)
			}
			c.store.mu.Lock()
			clear(c.store.snapshots)
			c.store.mu.Unlock()
			c.stop()
			c.start(config)
			if after := snapshotOf(c, rt, "viewer-before"); !reflect.DeepEqual(before, after) {
				rt.Fatalf("with snapshots: %v\nwithout: %v", before, after)
			}
		})
	})
}

// snapshotOf is what a newcomer sees, without what changes by their coming.
func snapshotOf(c *class, t *rapid.T, user wire.UserID) any {
	k, err := c.connect(physics, user, wire.Moderator, nil)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	w := decodeAny(t, k.got("welcome")[0].Data).(map[string]any)
	r := w["room"].(map[string]any)
	// Whoever was present is gone after a restart, and the stage with them.
	delete(r, "count")
	delete(r, "hands")
	delete(r, "stage")
	k.leave()
	return r
}

// randomCommand draws a wish, often one that makes sense.
func randomCommand(t *rapid.T, logged int) room.Command {
	id := func() uint64 { return uint64(rapid.IntRange(1, logged+1).Draw(t, "id")) }
	who := func() wire.UserID {
		return wire.UserID(rapid.SampledFrom([]string{"hana", "mo", "v0", "v1", "v2", "v3", "nobody"}).Draw(t, "target"))
	}
	switch rapid.IntRange(0, 16).Draw(t, "command") {
	case 0, 1:
		return room.Say{Text: rapid.StringN(0, 20, 60).Draw(t, "text")}
	case 2:
		return qa.Ask{Text: "why?"}
	case 3:
		return qa.Upvote{Question: id()}
	case 4:
		return qa.Answer{Question: id(), Text: "because"}
	case 5:
		return poll.Create{Text: "?", Choices: []string{"a", "b", "c"}, Max: 2, Open: rapid.Bool().Draw(t, "open"), Hidden: rapid.Bool().Draw(t, "hidden")}
	case 6:
		return poll.Open{Poll: id()}
	case 7:
		return poll.Vote{Poll: id(), Choices: []int{rapid.IntRange(0, 2).Draw(t, "choice")}}
	case 8:
		return poll.Close{Poll: id()}
	case 9:
		return room.RaiseHand{}
	case 10:
		return room.Delete{Item: id()}
	case 11:
		return room.Mute{User: who(), Seconds: 3}
	case 12:
		return room.Ban{User: who(), Seconds: 3}
	case 13:
		return room.SetRole{User: who(), Role: rapid.SampledFrom([]wire.Role{wire.Viewer, wire.Moderator}).Draw(t, "role")}
	case 14:
		return room.Open{}
	case 15:
		return room.End{}
	}
	return room.Go{Sources: []string{"camera"}}
}

package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// logModel is one room's log as simply as can be said.
type logModel struct {
	epoch    string
	records  []room.Record // all that were ever written
	gone     int           // of them, at the beginning
	snapshot room.Snapshot
	keys     []keyRun
	cursors  map[string]uint64
}

// keyRun is what one snapshot brought.
type keyRun struct {
	seq  uint64
	keys []byte
}

func (l *logModel) last() uint64 {
	if l == nil {
		return 0
	}
	return uint64(len(l.records))
}

func (l *logModel) info() room.LogInfo {
	return room.LogInfo{Epoch: l.epoch, First: uint64(l.gone) + 1, Last: l.last()}
}

func (l *logModel) save(s room.Snapshot) {
	if s.Seq <= l.snapshot.Seq {
		return
	}
	l.snapshot = room.Snapshot{Seq: s.Seq, Data: s.Data}
	l.keys = append(l.keys, keyRun{s.Seq, s.Keys})
}

// newest is the snapshot with the keys of all.
func (l *logModel) newest() room.Snapshot {
	s := l.snapshot
	for _, run := range l.keys {
		s.Keys = append(s.Keys, run.keys...)
	}
	return s
}

// trim lets go of all that may go and returns how many that were.
func (l *logModel) trim(before wire.Millis, followers []string) (n int) {
	needed := func(seq uint64) bool {
		for _, f := range followers {
			if seq > l.cursors[f] {
				return true
			}
		}
		return seq > l.snapshot.Seq || seq == l.last()
	}
	for ; l.gone < len(l.records); n++ {
		oldest := l.records[l.gone]
		if oldest.At >= before || needed(oldest.Seq) {
			break
		}
		l.gone++
	}
	if n > 0 {
		l.keys = slices.DeleteFunc(l.keys, func(run keyRun) bool { return run.seq <= uint64(l.gone) })
	}
	return n
}

// trimAll trims until nothing goes any more.
func trimAll(t fataler, s *opened, id wire.RoomID, before wire.Millis, followers []string) (n int) {
	t.Helper()
	for {
		some, err := s.Trim(context.Background(), id, before, followers)
		must(t, err)
		if some == 0 {
			return n
		}
		n += some
	}
}

// modelLog compares a store with models of three logs, call by call.
func modelLog(t *testing.T, place Place) {
	rapid.Check(t, func(rt *rapid.T) {
		s := startIn(t, rt, place)
		ctx := t.Context()
		logs := map[wire.RoomID]*logModel{}
		ids := rapid.SampledFrom([]wire.RoomID{"a", "b-2", "c"})
		names := rapid.SampledFrom([]string{"points", "learn", "media"})
		rt.Repeat(map[string]func(*rapid.T){
			"open": func(rt *rapid.T) {
				id := ids.Draw(rt, "room")
				info, err := s.OpenLog(ctx, id)
				must(rt, err)
				if logs[id] == nil {
					logs[id] = &logModel{epoch: info.Epoch, cursors: map[string]uint64{}}
				}
				same(rt, "info", info, logs[id].info())
			},
			"append": func(rt *rapid.T) {
				id := ids.Draw(rt, "room")
				l := logs[id]
				after := l.last()
				if rapid.IntRange(0, 3).Draw(rt, "wrong") == 0 {
					after = rapid.Uint64Range(0, 90).Draw(rt, "after")
				}
				batch := drawRecords(rt, after)
				err := s.Append(ctx, id, after, batch)
				if l == nil || after != l.last() {
					if !errors.Is(err, room.ErrMoved) {
						rt.Fatalf("append at %d of %d: %v", after, l.last(), err)
					}
					return
				}
				must(rt, err)
				l.records = append(l.records, batch...)
			},
			"read": func(rt *rapid.T) {
				id := ids.Draw(rt, "room")
				after, limit := rapid.Uint64Range(0, 100).Draw(rt, "after"), rapid.IntRange(-1, 100).Draw(rt, "limit")
				got, err := s.Read(ctx, id, after, limit)
				must(rt, err)
				var want []room.Record
				if l := logs[id]; after < l.last() && limit > 0 {
					want = l.records[max(int(after), l.gone):]
					want = want[:min(limit, len(want))]
				}
				same(rt, "records", tidy(got), tidy(want))
			},
			"save snapshot": func(rt *rapid.T) {
				id := ids.Draw(rt, "room")
				l := logs[id]
				snap := room.Snapshot{
					Seq:  rapid.Uint64Range(1, l.last()+1).Draw(rt, "seq"),
					Data: rapid.SliceOfN(rapid.Byte(), 1, 40).Draw(rt, "data"),
					Keys: rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(rt, "keys"),
				}
				err := s.SaveSnapshot(ctx, id, snap)
				if snap.Seq > l.last() {
					if err == nil {
						rt.Fatalf("a snapshot at %d of %d was kept", snap.Seq, l.last())
					}
					return
				}
				must(rt, err)
				l.save(snap)
			},
			"snapshot": func(rt *rapid.T) {
				id := ids.Draw(rt, "room")
				snap, err := s.Snapshot(ctx, id)
				must(rt, err)
				want := room.Snapshot{}
				if l := logs[id]; l != nil {
					want = l.newest()
				}
				same(rt, "snapshot", fmt.Sprintf("%+v", snap), fmt.Sprintf("%+v", want))
			},
			"follow": func(rt *rapid.T) {
				id := ids.Draw(rt, "room")
				if l := logs[id]; l != nil {
					name, seq := names.Draw(rt, "follower"), rapid.Uint64Range(0, l.last()).Draw(rt, "seq")
					must(rt, s.SetCursor(ctx, name, id, seq))
					l.cursors[name] = seq
				}
			},
			"trim": func(rt *rapid.T) {
				id := ids.Draw(rt, "room")
				before := wire.Millis(rapid.OneOf(rapid.Int64(), rapid.Just(int64(1)<<62)).Draw(rt, "before"))
				followers := rapid.SliceOfNDistinct(names, 0, 3, rapid.ID[string]).Draw(rt, "followers")
				got, want := trimAll(rt, s, id, before, followers), 0
				if l := logs[id]; l != nil {
					want = l.trim(before, followers)
				}
				same(rt, "trimmed", got, want)
			},
			"rooms": func(rt *rapid.T) {
				got, err := s.Rooms(ctx)
				must(rt, err)
				want := []wire.RoomID{}
				for id := range logs {
					want = append(want, id)
				}
				slices.Sort(want)
				same(rt, "rooms", append([]wire.RoomID{}, got...), want)
			},
			"reopen": func(rt *rapid.T) {
				if rapid.IntRange(0, 3).Draw(rt, "really") == 0 {
					s.reopen()
				}
			},
		})
	})
}

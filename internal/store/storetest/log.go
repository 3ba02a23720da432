package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

func testLog(t *testing.T, place Place) {
	t.Run("answers as the model does", func(t *testing.T) { modelLog(t, place) })

	t.Run("an epoch names one log for good", func(t *testing.T) {
		s := start(t, place)
		a, err := s.OpenLog(t.Context(), "a")
		must(t, err)
		b, err := s.OpenLog(t.Context(), "b")
		must(t, err)
		if a.Epoch == "" || a.Epoch == b.Epoch {
			t.Fatalf("epochs %q and %q", a.Epoch, b.Epoch)
		}
		s.reopen()
		again, err := s.OpenLog(t.Context(), "a")
		must(t, err)
		same(t, "info", again, a)
	})

	t.Run("a record comes back as it went", func(t *testing.T) {
		s := start(t, place)
		openLog(t, s, "go-101")
		records := []room.Record{
			{V: 1, Seq: 1, At: 1767225600000, Kind: "chat.said", By: "u1", Key: "k", Data: []byte(`{"text":"你好, “q” 🎉"}`)},
			{V: 7, Seq: 2, At: -1, Kind: "", By: "", Key: "", Data: []byte{}},
			{V: 1, Seq: 3, At: 0, Kind: "x'; DROP TABLE records; --", By: "a:b@c", Key: "0\x00\xff", Data: []byte{0, 255, 0}},
			{V: 1, Seq: 4, At: 1, Kind: "big", By: "u2", Key: "k2", Data: bytes.Repeat([]byte("0123456789abcdef"), 1<<16)},
		}
		must(t, s.Append(t.Context(), "go-101", 0, records))
		s.reopen()
		got, err := s.Read(t.Context(), "go-101", 0, 10)
		must(t, err)
		same(t, "records", tidy(got), tidy(records))
	})

	t.Run("nothing is written to a log that was never opened", func(t *testing.T) {
		s := start(t, place)
		if err := s.Append(t.Context(), "ghost", 0, records(0, 2)); !errors.Is(err, room.ErrMoved) {
			t.Fatalf("append: got %v, want %v", err, room.ErrMoved)
		}
		ids, err := s.Rooms(t.Context())
		must(t, err)
		same(t, "rooms", len(ids), 0)
		info := openLog(t, s, "ghost")
		same(t, "last", info.Last, uint64(0))
	})

	t.Run("records must continue from the position", func(t *testing.T) {
		s := start(t, place)
		openLog(t, s, "a")
		if err := s.Append(t.Context(), "a", 0, records(1, 2)); err == nil {
			t.Fatalf("records from 2 were appended after 0")
		}
		same(t, "last", openLog(t, s, "a").Last, uint64(0))
	})

	t.Run("a call that is already over writes nothing", func(t *testing.T) {
		s := start(t, place)
		openLog(t, s, "a")
		over, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Append(over, "a", 0, records(0, 1)); !errors.Is(err, context.Canceled) {
			t.Fatalf("append: %v", err)
		}
		same(t, "last", openLog(t, s, "a").Last, uint64(0))
	})

	t.Run("a position has one winner", func(t *testing.T) {
		const writers, positions = 16, 40
		s := start(t, place)
		openLog(t, s, "a")
		var wins [positions]atomic.Int64
		atOnce(writers, func(i int) {
			by := wire.UserID(fmt.Sprint("w", i))
			for after := range uint64(positions) {
				err := s.Append(t.Context(), "a", after, []room.Record{{V: 1, Seq: after + 1, Kind: "k", By: by, Data: []byte("{}")}})
				switch {
				case err == nil:
					wins[after].Add(1)
				case !errors.Is(err, room.ErrMoved):
					t.Errorf("append at %d: %v", after, err)
				}
			}
		})
		for after := range wins {
			if n := wins[after].Load(); n != 1 {
				t.Errorf("position %d has %d winners", after+1, n)
			}
		}
		got, err := s.Read(t.Context(), "a", 0, 2*positions)
		must(t, err)
		contiguous(t, got, 0, positions)
	})

	t.Run("many rooms write and are read at once", func(t *testing.T) {
		const rooms, appends = 48, 25
		s := start(t, place)
		atOnce(rooms, func(i int) {
			id := wire.RoomID(fmt.Sprint("room-", i))
			if _, err := s.OpenLog(t.Context(), id); err != nil {
				t.Errorf("open %s: %v", id, err)
				return
			}
			last := uint64(0)
			for n := range appends {
				batch := records(last, 1+(i+n)%3)
				if err := s.Append(t.Context(), id, last, batch); err != nil {
					t.Errorf("append to %s at %d: %v", id, last, err)
					return
				}
				last += uint64(len(batch))
				// What was acknowledged is there, and nothing after it: the
				// room has no other writer.
				got, err := s.Read(t.Context(), id, last-1, 10)
				if err != nil || len(got) != 1 || got[0].Seq != last {
					t.Errorf("read %s after %d: %d records, %v", id, last-1, len(got), err)
					return
				}
			}
		})
		s.reopen()
		for i := range rooms {
			id := wire.RoomID(fmt.Sprint("room-", i))
			info := openLog(t, s, id)
			got, err := s.Read(t.Context(), id, 0, 1000)
			must(t, err)
			contiguous(t, got, 0, int(info.Last))
			if info.Last < appends {
				t.Errorf("%s ends at %d", id, info.Last)
			}
		}
	})

	t.Run("a reader sees the log grow without a gap", func(t *testing.T) {
		const total = 300
		s := start(t, place)
		openLog(t, s, "a")
		atOnce(2, func(i int) {
			at := uint64(0)
			for at < total {
				if i == 0 {
					if err := s.Append(t.Context(), "a", at, records(at, 3)); err != nil {
						t.Errorf("append: %v", err)
						return
					}
					at += 3
					continue
				}
				got, err := s.Read(t.Context(), "a", at, 7)
				if err != nil {
					t.Errorf("read: %v", err)
					return
				}
				for _, r := range got {
					if at++; r.Seq != at {
						t.Errorf("position %d follows %d", r.Seq, at-1)
						return
					}
				}
				if t.Failed() {
					return
				}
			}
		})
	})
}

func openLog(t fataler, s *opened, id wire.RoomID) room.LogInfo {
	t.Helper()
	info, err := s.OpenLog(context.Background(), id)
	must(t, err)
	return info
}

// records are n records that continue from after.
func records(after uint64, n int) []room.Record {
	rs := make([]room.Record, n)
	for i := range rs {
		seq := after + uint64(i) + 1
		rs[i] = room.Record{V: 1, Seq: seq, At: wire.Millis(seq), Kind: "chat.said", By: "u1", Key: fmt.Sprint("k", seq), Data: []byte(`{"n":1}`)}
	}
	return rs
}

func drawRecords(rt *rapid.T, after uint64) []room.Record {
	rs := make([]room.Record, rapid.OneOf(rapid.IntRange(0, 4), rapid.IntRange(0, 80)).Draw(rt, "records"))
	for i := range rs {
		rs[i] = room.Record{
			V:    rapid.IntRange(1, 3).Draw(rt, "v"),
			Seq:  after + uint64(i) + 1,
			At:   wire.Millis(rapid.Int64().Draw(rt, "at")),
			Kind: rapid.SampledFrom([]string{"chat.said", "quiz.answered", ""}).Draw(rt, "kind"),
			By:   wire.UserID(rapid.StringN(0, 8, -1).Draw(rt, "by")),
			Key:  rapid.StringN(0, 8, -1).Draw(rt, "key"),
			Data: rapid.SliceOfN(rapid.Byte(), 0, 30).Draw(rt, "data"),
		}
	}
	return rs
}

// tidy returns records in which no data is empty data, and no records are an
// empty slice: a store need not tell them apart.
func tidy(records []room.Record) []room.Record {
	tidied := append([]room.Record{}, records...)
	for i := range tidied {
		tidied[i].Data = append([]byte{}, tidied[i].Data...)
	}
	return tidied
}

// contiguous checks that records are those after a position, to last.
func contiguous(t *testing.T, records []room.Record, after uint64, last int) {
	t.Helper()
	if len(records) != last-int(after) {
		t.Fatalf("%d records after %d, want %d", len(records), after, last-int(after))
	}
	for i, r := range records {
		if r.Seq != after+uint64(i)+1 {
			t.Fatalf("record %d has position %d", i, r.Seq)
		}
	}
}

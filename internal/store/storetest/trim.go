package storetest

import (
	"bytes"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

const ever = wire.Millis(1) << 62

func testTrim(t *testing.T, place Place) {
	t.Run("what a snapshot or a follower needs stays", func(t *testing.T) {
		s := start(t, place)
		openLog(t, s, "a")
		must(t, s.Append(t.Context(), "a", 0, records(0, 100)))
		followers := []string{"points", "learn"}
		left := func(first uint64) {
			t.Helper()
			same(t, "first", openLog(t, s, "a").First, first)
			got, err := s.Read(t.Context(), "a", 0, 1000)
			must(t, err)
			contiguous(t, got, first-1, 100)
		}
		must(t, s.SetCursor(t.Context(), "points", "a", 100))
		same(t, "without a snapshot", trimAll(t, s, "a", ever, nil), 0)
		must(t, s.SaveSnapshot(t.Context(), "a", room.Snapshot{Seq: 60, Data: []byte("60")}))
		same(t, "with a follower that has not begun", trimAll(t, s, "a", ever, followers), 0)
		must(t, s.SetCursor(t.Context(), "learn", "a", 40))
		same(t, "too young", trimAll(t, s, "a", 21, followers), 20) // a record's time is its position
		left(21)
		same(t, "behind the follower", trimAll(t, s, "a", ever, followers), 20)
		left(41)
		s.reopen()
		left(41)
		same(t, "behind the snapshot", trimAll(t, s, "a", ever, nil), 20)
		left(61)
		must(t, s.SaveSnapshot(t.Context(), "a", room.Snapshot{Seq: 100, Data: []byte("100")}))
		same(t, "all but the last", trimAll(t, s, "a", ever, nil), 39)
		left(100)
		s.reopen()
		left(100)
		must(t, s.Append(t.Context(), "a", 100, records(100, 1)))
		same(t, "last", openLog(t, s, "a").Last, uint64(101))
	})

	t.Run("keys of commands live as long as the log", func(t *testing.T) {
		s := start(t, place)
		openLog(t, s, "a")
		must(t, s.Append(t.Context(), "a", 0, records(0, 40)))
		for seq := uint64(10); seq <= 40; seq += 10 {
			snap := room.Snapshot{Seq: seq, Data: []byte("s"), Keys: fmt.Appendf(nil, "k%d.", seq)}
			must(t, s.SaveSnapshot(t.Context(), "a", snap))
			must(t, s.SaveSnapshot(t.Context(), "a", snap)) // not newer: not twice
		}
		keys := func() string {
			t.Helper()
			s.reopen()
			snap, err := s.Snapshot(t.Context(), "a")
			must(t, err)
			return string(snap.Keys)
		}
		same(t, "keys", keys(), "k10.k20.k30.k40.")
		for _, step := range []struct {
			before wire.Millis // of a record's time, which is its position
			want   string
		}{{10, "k10.k20.k30.k40."}, {11, "k20.k30.k40."}, {30, "k30.k40."}, {ever, "k40."}} {
			trimAll(t, s, "a", step.before, nil)
			same(t, fmt.Sprint("keys before ", step.before), keys(), step.want)
		}
	})

	t.Run("a log is trimmed while it is written and read", func(t *testing.T) {
		const total, most = 3000, 400
		s := start(t, place)
		openLog(t, s, "a")
		var written, first atomic.Uint64
		first.Store(1)
		atOnce(3, func(i int) {
			for at := uint64(0); at < total && !t.Failed(); {
				switch i {
				case 0:
					if err := s.Append(t.Context(), "a", at, records(at, 5)); err != nil {
						t.Errorf("append: %v", err)
						return
					}
					at += 5
					written.Store(at)
					if at%most == 0 {
						if err := s.SaveSnapshot(t.Context(), "a", room.Snapshot{Seq: at - 5, Data: []byte("s"), Keys: []byte("k")}); err != nil {
							t.Errorf("snapshot: %v", err)
						}
					}
				case 1:
					at = written.Load()
					n, err := s.Trim(t.Context(), "a", ever, nil)
					if err != nil {
						t.Errorf("trim: %v", err)
						return
					}
					first.Add(uint64(n))
				case 2:
					at = written.Load()
					from := first.Load()
					got, err := s.Read(t.Context(), "a", from-1, 2*total)
					if err != nil {
						t.Errorf("read: %v", err)
						return
					}
					for j := 1; j < len(got); j++ {
						if got[j].Seq != got[j-1].Seq+1 || !bytes.Equal(got[j].Data, got[j-1].Data) {
							t.Errorf("%d follows %d", got[j].Seq, got[j-1].Seq)
							return
						}
					}
					if n := len(got); at > 0 && (n == 0 || got[n-1].Seq < at) {
						t.Errorf("%d records after %d, %d were written", n, from-1, at)
						return
					}
				}
			}
		})
		s.reopen()
		info := openLog(t, s, "a")
		same(t, "info", [2]uint64{info.First, info.Last}, [2]uint64{first.Load(), total})
		got, err := s.Read(t.Context(), "a", 0, 2*total)
		must(t, err)
		contiguous(t, got, info.First-1, total)
	})
}

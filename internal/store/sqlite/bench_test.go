package sqlite_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/reward"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// BenchmarkAppend has so many rooms append one record after the other, each
// when the one before is durable: closed loop. Nothing about a room's records
// is near those of another, so that this is the hardest case for one file.
//
// The floor is what the same writers reach who append the same bytes to a
// bare file, with fdatasync(2) before each acknowledgement and one for all who
// wait, and nothing else. It is measured in the same run, one after the other.
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 16, 256, 2000} {
		b.Run(fmt.Sprint("writers=", writers, "/floor"), func(b *testing.B) { benchmarkFloor(b, writers) })
		b.Run(fmt.Sprint("writers=", writers, "/store"), func(b *testing.B) { benchmarkAppend(b, writers) })
	}
}

// BenchmarkAnswers has so many people answer in four rooms, whose owners
// append all that waits at once, as in the last second of a question: closed
// loop, each person's next answer comes when the last one is durable.
func BenchmarkAnswers(b *testing.B) {
	for _, people := range []int{16, 256, 2000} {
		b.Run(fmt.Sprint("people=", people), func(b *testing.B) { benchmarkAnswers(b, people, 4) })
	}
}

// BenchmarkKeys has so many people come in at the same time, who are all new:
// each asks for a key when somebody before has one. CPU is the process's.
func BenchmarkKeys(b *testing.B) {
	for _, people := range []int{1, 64, 1000} {
		b.Run(fmt.Sprint("at-once=", people), func(b *testing.B) {
			s, _ := openBench(b, 0)
			m := measure(b, s, people)
			began := cpuTime()
			var all sync.WaitGroup
			for i := range people {
				all.Go(func() {
					for n := 0; m.next(); n++ {
						sent := time.Now()
						if _, err := s.EnsureKey(b.Context(), wire.UserID(fmt.Sprintf("u%08x-%d", (i*1000003+n)*2654435761, n))); err != nil {
							b.Error(err)
							return
						}
						m.waits[i] = append(m.waits[i], time.Since(sent))
					}
				})
			}
			all.Wait()
			b.StopTimer()
			b.ReportMetric(float64((cpuTime()-began).Nanoseconds())/float64(b.N)/1000, "µs-cpu/key")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "keys/s")
			m.reportWaits()
		})
	}
}

// BenchmarkBalances reads many people's points in one question.
func BenchmarkBalances(b *testing.B) {
	const people = 10_000
	s, _ := openBench(b, 0)
	users := make([]wire.UserID, people)
	entries := make([]reward.Entry, people)
	for i := range people {
		users[i] = wire.UserID(fmt.Sprintf("u%08x", i*2654435761))
		entries[i] = reward.Entry{Key: fmt.Sprint(i), User: users[i], Points: 5}
	}
	_, _, err := s.Grant(b.Context(), entries)
	must(b, err)
	for _, n := range []int{1, 64, 1000} {
		b.Run(fmt.Sprint("users=", n), func(b *testing.B) {
			for i := range b.N {
				at := i * n % (people - n)
				if got, err := s.Balances(b.Context(), users[at:at+n]); err != nil || len(got) != n {
					b.Fatal(len(got), err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n)/1000, "µs/user")
		})
	}
}

// benchmarkFloor is a group commit and nothing else.
func benchmarkFloor(b *testing.B, writers int) {
	f, err := os.Create(filepath.Join(b.TempDir(), "floor"))
	must(b, err)
	defer f.Close()
	m := measure(b, nil, writers)
	type write struct {
		bytes []byte
		done  chan error
	}
	inbox := make(chan write, writers)
	var owner, all sync.WaitGroup
	owner.Go(func() {
		var waiting []write
		var batch []byte
		for first := range inbox {
			waiting = append(waiting[:0], first)
			for range len(inbox) {
				waiting = append(waiting, <-inbox)
			}
			batch = batch[:0]
			for _, w := range waiting {
				batch = append(batch, w.bytes...)
			}
			_, err := f.Write(batch)
			if err == nil {
				err = dataSync(f)
			}
			for _, w := range waiting {
				w.done <- err
			}
		}
	})
	for i := range writers {
		all.Go(func() {
			done := make(chan error, 1)
			for seq := uint64(1); m.next(); seq++ {
				sent := time.Now()
				r := answer(seq)
				inbox <- write{fmt.Append(nil, i, seq, r.At, r.Kind, r.By, r.Key, string(r.Data)), done}
				if err := <-done; err != nil {
					b.Error(err)
					return
				}
				m.waits[i] = append(m.waits[i], time.Since(sent))
			}
		})
	}
	all.Wait()
	b.StopTimer()
	close(inbox)
	owner.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	m.reportWaits()
}

func benchmarkAppend(b *testing.B, writers int) {
	s, rooms := openBench(b, writers)
	m := measure(b, s, writers)
	var all sync.WaitGroup
	for i, id := range rooms {
		all.Go(func() {
			for seq := uint64(1); m.next(); seq++ {
				sent := time.Now()
				if err := s.Append(b.Context(), id, seq-1, []room.Record{answer(seq)}); err != nil {
					b.Error(err)
					return
				}
				m.waits[i] = append(m.waits[i], time.Since(sent))
			}
		})
	}
	all.Wait()
	m.report()
}

func benchmarkAnswers(b *testing.B, people, inRooms int) {
	s, rooms := openBench(b, inRooms)
	m := measure(b, s, people)
	var owners, all sync.WaitGroup
	inboxes := make([]chan chan error, inRooms)
	for i, id := range rooms {
		inboxes[i] = make(chan chan error, people)
		owners.Go(func() {
			last := uint64(0)
			for first := range inboxes[i] {
				waiting := []chan error{first}
				for range len(inboxes[i]) {
					waiting = append(waiting, <-inboxes[i])
				}
				records := make([]room.Record, len(waiting))
				for j := range records {
					records[j] = answer(last + uint64(j) + 1)
				}
				err := s.Append(b.Context(), id, last, records)
				last += uint64(len(records))
				for _, done := range waiting {
					done <- err
				}
			}
		})
	}
	for i := range people {
		all.Go(func() {
			done := make(chan error, 1)
			for m.next() {
				sent := time.Now()
				inboxes[i%inRooms] <- done
				if err := <-done; err != nil {
					b.Error(err)
					return
				}
				m.waits[i] = append(m.waits[i], time.Since(sent))
			}
		})
	}
	all.Wait()
	m.report()
	for _, inbox := range inboxes {
		close(inbox)
	}
	owners.Wait()
}

func openBench(b *testing.B, rooms int) (*sqlite.Store, []wire.RoomID) {
	s, err := sqlite.Open(b.Context(), b.TempDir(), sqlite.Config{}, zap.NewNop())
	must(b, err)
	b.Cleanup(func() { must(b, s.Close()) })
	ids := make([]wire.RoomID, rooms)
	for i := range ids {
		ids[i] = wire.RoomID(fmt.Sprint("room-", i))
		_, err := s.OpenLog(b.Context(), ids[i])
		must(b, err)
	}
	return s, ids
}

// answer is a record as large as they come in a quiz.
func answer(seq uint64) room.Record {
	return room.Record{
		V: 1, Seq: seq, At: 1767225600000, Kind: "quiz.answered", By: "u1234567890abcdef", Key: fmt.Sprint("8f2c41d07a", seq),
		Data: []byte(`{"quiz":40,"question":3,"choices":[2],"points":915,"after_ms":4211,"correct":true}`),
	}
}

// measurement shares b.N writes among writers and reports how they fared.
type measurement struct {
	b      *testing.B
	s      *sqlite.Store
	before sqlite.Stats
	left   atomic.Int64
	waits  [][]time.Duration // by writer, from asking to acknowledged
}

func measure(b *testing.B, s *sqlite.Store, writers int) *measurement {
	m := &measurement{b: b, s: s, waits: make([][]time.Duration, writers)}
	if s != nil {
		m.before = s.Stats()
	}
	m.left.Store(int64(b.N))
	b.ReportAllocs()
	b.ResetTimer()
	return m
}

func (m *measurement) next() bool { return m.left.Add(-1) >= 0 }

func (m *measurement) report() {
	m.b.StopTimer()
	after := m.s.Stats()
	rows := float64(after.Rows - m.before.Rows)
	m.b.ReportMetric(rows/m.b.Elapsed().Seconds(), "rows/s")
	m.b.ReportMetric(rows/float64(after.Commits-m.before.Commits), "rows/commit")
	m.reportWaits()
}

func (m *measurement) reportWaits() {
	wait := slices.Sorted(slices.Values(slices.Concat(m.waits...)))
	m.b.ReportMetric(float64(wait[len(wait)/2].Microseconds())/1000, "p50-ms")
	m.b.ReportMetric(float64(wait[len(wait)*99/100].Microseconds())/1000, "p99-ms")
}

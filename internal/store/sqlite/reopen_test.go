package sqlite_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/internal/fanout"
	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// BenchmarkReopen measures how long a room takes to be folded from its log,
// after a class of 5,000 people in which a million things happened (a tenth of
// that with -short): 4 of 10 chat messages, 4 votes in twenty polls, 2 upvotes.
// The process was killed: nothing was saved at the end.
func BenchmarkReopen(b *testing.B) {
	ctx := context.Background()
	dir := b.TempDir()
	events := 1_000_000
	if testing.Short() {
		events /= 10
	}
	const people = 5000
	config := room.Config{Commands: 1e6, Messages: 1e6, Grace: time.Hour, Members: people + 1}
	open := func() (*room.House, func()) {
		store, err := sqlite.Open(ctx, dir, sqlite.Config{}, zap.NewNop())
		if err != nil {
			b.Fatal(err)
		}
		pool := fanout.NewPool(fanout.Config{})
		house := room.NewHouse(config, store, room.NewVault(store), pool, zap.NewNop())
		return house, func() {
			house.Close()
			pool.Close()
			_ = store.Close()
		}
	}
	house, stop := open()
	holdClass(b, house, people, events)
	stop()
	for b.Loop() {
		b.StopTimer()
		house, stop := open()
		b.StartTimer()
		r, err := house.Open(ctx, "million")
		b.StopTimer()
		if err != nil || r == nil {
			b.Fatal(err)
		}
		stop()
		b.StartTimer()
	}
	if info, err := os.Stat(dir + "/lyceum.db"); err == nil {
		b.ReportMetric(float64(info.Size())/1e6, "MB")
	}
}

// holdClass lets a class happen.
func holdClass(b *testing.B, house *room.House, people, events int) {
	ctx := context.Background()
	var all sync.WaitGroup
	for i := range people {
		server, browser := net.Pipe()
		pool := fanout.NewPool(fanout.Config{Shards: 1})
		s := &room.Session{
			User: user(i), Name: fmt.Sprint("Viewer ", i), Role: wire.Viewer,
			Conn: pool.NewConn(server, func(fanout.Reason) {}), Close: func(wire.CloseCode) {},
		}
		if i == 0 {
			s.Role = wire.Host
		}
		go func() { _, _ = browser.Read(make([]byte, 1)) }()
		if err := house.Join(ctx, "million", s, 1, nil); err != nil {
			b.Fatal(err)
		}
		s.Leave()
		_ = browser.Close()
		_ = s.Conn.Close()
		pool.Close()
	}
	r, err := house.Open(ctx, "million")
	if err != nil {
		b.Fatal(err)
	}
	host := wire.Actor{User: user(0), Role: wire.Host}
	do := func(by wire.Actor, key string, c room.Command) uint64 {
		seq, _, err := r.Do(ctx, by, key, c)
		if err != nil {
			b.Fatalf("%T: %v", c, err)
		}
		return seq
	}
	do(host, "open", room.Open{})
	var polls, questions []uint64
	for i := range 20 {
		polls = append(polls, do(host, fmt.Sprint("poll", i), poll.Create{Text: "Which?", Choices: []string{"A", "B", "C"}, Open: true}))
		questions = append(questions, do(host, fmt.Sprint("question", i), qa.Ask{Text: "Why is that so?"}))
	}
	const workers = 512
	for w := range workers {
		all.Go(func() {
			for i := w; i < events; i += workers {
				by := wire.Actor{User: user(i % people), Role: wire.Viewer}
				var c room.Command
				switch n := i / people; (i + n) % 10 {
				case 0, 1, 2, 3:
					c = room.Say{Text: "I see what you mean by that, but what about the other case?"}
				case 4, 5, 6, 7:
					c = poll.Vote{Poll: polls[n%len(polls)], Choices: []int{(n / len(polls)) % 3}}
				case 8:
					c = qa.Upvote{Question: questions[n%len(questions)]}
				default:
					c = qa.Unvote{Question: questions[(n+1)%len(questions)]}
				}
				do(by, fmt.Sprint("k", i), c)
			}
		})
	}
	all.Wait()
}

func user(i int) wire.UserID { return wire.UserID(fmt.Sprintf("u%07d", i)) }

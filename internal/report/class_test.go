package report_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/internal/fanout"
	"github.com/lyceum-live/lyceum/internal/report"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// memory is a store that behaves: it keeps the contracts of room.Log and
// room.Keys, and lets go of a log's beginning when it is told to.
type memory struct {
	mu      sync.Mutex
	epochs  map[wire.RoomID]string
	records map[wire.RoomID][]room.Record
	saved   map[wire.RoomID]room.Snapshot
	keys    map[wire.UserID][]byte
	gone    map[wire.RoomID]uint64 // records that were let go of
}

func newMemory() *memory {
	return &memory{
		epochs: map[wire.RoomID]string{}, records: map[wire.RoomID][]room.Record{}, saved: map[wire.RoomID]room.Snapshot{},
		keys: map[wire.UserID][]byte{}, gone: map[wire.RoomID]uint64{},
	}
}

func (m *memory) OpenLog(_ context.Context, id wire.RoomID) (room.LogInfo, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.epochs[id] == "" {
		m.epochs[id] = rand.Text()
	}
	return room.LogInfo{Epoch: m.epochs[id], First: m.gone[id] + 1, Last: uint64(len(m.records[id]))}, nil
}

func (m *memory) Append(_ context.Context, id wire.RoomID, after uint64, records []room.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if after != uint64(len(m.records[id])) {
		return room.ErrMoved
	}
	m.records[id] = append(m.records[id], records...)
	return nil
}

func (m *memory) Read(_ context.Context, id wire.RoomID, after uint64, limit int) ([]room.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.records[id]
	all = all[min(max(after, m.gone[id]), uint64(len(all))):]
	return slices.Clone(all[:min(limit, len(all))]), nil
}

func (m *memory) SaveSnapshot(_ context.Context, id wire.RoomID, s room.Snapshot) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.saved[id] = s
	return nil
}

func (m *memory) Snapshot(_ context.Context, id wire.RoomID) (room.Snapshot, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.saved[id], nil
}

func (m *memory) Trim(context.Context, wire.RoomID, wire.Millis, []string) (int, error) {
	return 0, nil
}
func (m *memory) Rooms(context.Context) ([]wire.RoomID, error) { return nil, nil }

func (m *memory) EnsureKey(_ context.Context, user wire.UserID) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.keys[user] == nil {
		m.keys[user] = make([]byte, 32)
		_, _ = rand.Read(m.keys[user])
	}
	return m.keys[user], nil
}

func (m *memory) Keys(_ context.Context, users []wire.UserID) (map[wire.UserID][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := map[wire.UserID][]byte{}
	for _, user := range users {
		if k := m.keys[user]; k != nil {
			found[user] = k
		}
	}
	return found, nil
}

func (m *memory) DestroyKey(_ context.Context, user wire.UserID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.keys, user)
	return nil
}

// class is a room of a real house over a store that behaves, in fake time.
type class struct {
	t     rapid.TB
	store *memory
	house *room.House
	pool  *fanout.Pool
	id    wire.RoomID
	in    map[wire.UserID]*room.Session
	conns map[wire.UserID]*fanout.Conn
	roles map[wire.UserID]wire.Role
}

// grace is how long somebody without a socket counts as present.
const grace = time.Millisecond

// inHouse runs a test in a bubble of fake time with an empty house.
func inHouse(t *testing.T, test func(*class)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := &class{t: t, store: newMemory()}
		c.pool = fanout.NewPool(fanout.Config{Shards: 1, Silent: 1000 * time.Hour, Ping: 1000 * time.Hour})
		c.house = room.NewHouse(room.Config{Grace: grace, Commands: 1e5, Messages: 1e5, Share: 1e5}, c.store, room.NewVault(c.store), c.pool, zap.NewNop())
		defer func() { // also after a failure
			c.house.Close()
			time.Sleep(time.Second)
			synctest.Wait()
			c.pool.Close()
		}()
		test(c)
	})
}

// begin goes into a new room.
func (c *class) begin(t rapid.TB, id wire.RoomID) {
	c.t, c.id = t, id
	c.in, c.conns, c.roles = map[wire.UserID]*room.Session{}, map[wire.UserID]*fanout.Conn{}, map[wire.UserID]wire.Role{}
}

func (c *class) enter(user wire.UserID, role wire.Role) {
	c.t.Helper()
	server, browser := net.Pipe()
	conn := c.pool.NewConn(server, func(fanout.Reason) { _ = server.Close() })
	go func() {
		_, _ = io.Copy(io.Discard, browser)
		_ = browser.Close()
	}()
	s := &room.Session{User: user, Name: "name of " + string(user), Role: role, Conn: conn, Close: func(wire.CloseCode) { go conn.Close() }}
	if err := c.house.Join(context.Background(), c.id, s, 1, nil); err != nil {
		c.t.Fatalf("%s: %v", user, err)
	}
	c.in[user], c.conns[user], c.roles[user] = s, conn, role
	synctest.Wait()
}

// leave takes somebody out, who counts as gone after grace.
func (c *class) leave(user wire.UserID) {
	c.in[user].Leave()
	c.conns[user].Close()
	delete(c.in, user)
	delete(c.conns, user)
	time.Sleep(grace)
	synctest.Wait()
}

func (c *class) empty() {
	for user := range c.in {
		c.leave(user)
	}
}

// do carries out a command and returns the room's refusal.
func (c *class) do(user wire.UserID, command room.Command) error {
	err := c.house.Do(context.Background(), c.id, wire.Actor{User: user, Role: c.roles[user]}, command)
	synctest.Wait()
	return err
}

func (c *class) must(user wire.UserID, command room.Command) {
	c.t.Helper()
	if err := c.do(user, command); err != nil {
		c.t.Fatalf("%s: %T: %v", user, command, err)
	}
}

// last is the position of the newest event.
func (c *class) last() uint64 {
	info, err := c.house.LogInfo(context.Background(), c.id)
	if err != nil {
		c.t.Fatal(err)
	}
	return info.Last
}

// fold reads the whole log.
func (c *class) fold() *report.Fold {
	c.t.Helper()
	f := report.NewFold(c.id)
	c.on(f)
	return f
}

// on brings a fold up to date.
func (c *class) on(f *report.Fold) {
	c.t.Helper()
	for {
		page, err := c.house.Events(context.Background(), c.id, f.Seq())
		if err != nil {
			c.t.Fatal(err)
		}
		if len(page) == 0 {
			return
		}
		for _, h := range page {
			f.Apply(h.Head, h.Event)
		}
	}
}

func user(i int) wire.UserID { return wire.UserID(fmt.Sprintf("u%02d", i)) }

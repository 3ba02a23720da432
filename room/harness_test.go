package room_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
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
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// memory is a store that behaves: it keeps the contracts of room.Log, Keys
// and Cursors, and can be told to refuse.
type memory struct {
	mu        sync.Mutex
	epoch     map[wire.RoomID]string
	records   map[wire.RoomID][]room.Record
	snapshots map[wire.RoomID]room.Snapshot
	keys      map[wire.UserID][]byte
	cursors   map[string]uint64
	refuse    error         // what Append says, if anything
	delay     time.Duration // of an Append
	snapDelay time.Duration // of a SaveSnapshot
	snapError error         // what it says, if anything
	destroy   error         // what DestroyKey says, if anything
	noKey     wire.UserID   // whose key cannot be had now
	appends   int
}

func newMemory() *memory {
	return &memory{
		epoch: map[wire.RoomID]string{}, records: map[wire.RoomID][]room.Record{},
		snapshots: map[wire.RoomID]room.Snapshot{},
		keys:      map[wire.UserID][]byte{}, cursors: map[string]uint64{},
	}
}

func (m *memory) OpenLog(_ context.Context, id wire.RoomID) (room.LogInfo, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.epoch[id] == "" {
		m.epoch[id] = rand.Text()
	}
	return room.LogInfo{Epoch: m.epoch[id], First: 1, Last: uint64(len(m.records[id]))}, nil
}

func (m *memory) Append(_ context.Context, id wire.RoomID, after uint64, records []room.Record) error {
	m.mu.Lock()
	delay := m.delay
	m.mu.Unlock()
	time.Sleep(delay)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refuse != nil {
		return m.refuse
	}
	if after != uint64(len(m.records[id])) {
		return room.ErrMoved
	}
	m.appends++
	m.records[id] = append(m.records[id], records...)
	return nil
}

func (m *memory) setRefuse(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refuse = err
}

func (m *memory) setRefuseSnapshots(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.snapError = err
}

func (m *memory) setDelay(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.delay = d
}

func (m *memory) log(id wire.RoomID) []room.Record {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.records[id])
}

func (m *memory) Read(_ context.Context, id wire.RoomID, after uint64, limit int) ([]room.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.records[id]
	all = all[min(after, uint64(len(all))):]
	return slices.Clone(all[:min(limit, len(all))]), nil
}

func (m *memory) SaveSnapshot(_ context.Context, id wire.RoomID, s room.Snapshot) error {
	time.Sleep(m.snapDelay)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.snapError != nil {
		return m.snapError
	}
	if old := m.snapshots[id]; s.Seq > old.Seq {
		s.Keys = slices.Concat(old.Keys, s.Keys)
		m.snapshots[id] = s
	}
	return nil
}

func (m *memory) Snapshot(_ context.Context, id wire.RoomID) (room.Snapshot, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.snapshots[id], nil
}

func (m *memory) Trim(context.Context, wire.RoomID, wire.Millis, []string) (int, error) {
	return 0, nil // this store keeps everything
}

func (m *memory) Rooms(context.Context) ([]wire.RoomID, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var ids []wire.RoomID
	for id := range m.epoch {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids, nil
}

func (m *memory) EnsureKey(_ context.Context, user wire.UserID) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if user == m.noKey {
		return nil, room.ErrUnavailable
	}
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
	if m.destroy != nil {
		return m.destroy
	}
	delete(m.keys, user)
	return nil
}

func (m *memory) setRefuseKey(user wire.UserID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.noKey = user
}

func (m *memory) setRefuseDestroy(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.destroy = err
}

// has reports whether there is a key.
func (m *memory) has(user wire.UserID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.keys[user] != nil
}

func (m *memory) Cursor(_ context.Context, follower string, id wire.RoomID) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cursors[follower+"/"+string(id)], nil
}

func (m *memory) SetCursor(_ context.Context, follower string, id wire.RoomID, seq uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cursors[follower+"/"+string(id)] = seq
	return nil
}

// class is a house with people in it, inside a bubble of fake time.
type class struct {
	t     rapid.TB
	store *memory
	pool  *fanout.Pool
	house *room.House
}

const physics wire.RoomID = "physics"

// inClass runs a test with a house over an empty store.
func inClass(t *testing.T, config room.Config, test func(*class)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := &class{t: t, store: newMemory()}
		c.start(config)
		test(c)
		c.stop()
	})
}

func (c *class) start(config room.Config) {
	if config.Commands == 0 { // the pace is a test of its own
		config.Commands, config.Messages = 100_000, 100_000
	}
	if config.Share == 0 {
		config.Share = 100_000
	}
	if config.Snapshot != 0 && config.Recent == 0 { // snapshots are the subject
		config.Recent = 1
	}
	// Whoever reads slowly here is not the subject: fake time passes in leaps.
	c.pool = fanout.NewPool(fanout.Config{Shards: 2, Silent: 1000 * time.Hour, Ping: 1000 * time.Hour})
	c.house = room.NewHouse(config, c.store, room.NewVault(c.store), c.pool, zap.NewNop())
}

func (c *class) stop() {
	c.house.Close()
	time.Sleep(20 * time.Millisecond) // the sockets' close handshakes
	synctest.Wait()
	c.pool.Close()
}

// message is what a client reads.
type message struct {
	Re   uint64          `json:"re"`
	Seq  uint64          `json:"seq"`
	Prev uint64          `json:"prev"`
	Type string          `json:"type"`
	Data json.RawMessage `json:"data"`
}

// client is one socket, with a reader that keeps all that came.
type client struct {
	class   *class
	session *room.Session
	conn    *fanout.Conn

	mu     sync.Mutex
	inbox  []message
	closed wire.CloseCode
	next   uint64
}

// connect opens a socket and joins; the error is the room's refusal.
func (c *class) connect(id wire.RoomID, user wire.UserID, role wire.Role, after *room.Position) (*client, error) {
	return c.dial(id, user, role, false, after)
}

// connectAdmin is connect at the moderators' socket.
func (c *class) connectAdmin(user wire.UserID, role wire.Role) (*client, error) {
	return c.dial(physics, user, role, true, nil)
}

func (c *class) dial(id wire.RoomID, user wire.UserID, role wire.Role, admin bool, after *room.Position) (*client, error) {
	server, browser := net.Pipe()
	k := &client{class: c}
	k.conn = c.pool.NewConn(server, func(fanout.Reason) { server.Close() })
	k.session = &room.Session{
		User: user, Name: "name of " + string(user), Role: role, Admin: admin, Conn: k.conn,
		Close: func(code wire.CloseCode) {
			k.mu.Lock()
			k.closed = code
			k.mu.Unlock()
			go func() { // after the close handshake, for which what waits is written
				time.Sleep(10 * time.Millisecond)
				k.conn.Close()
			}()
		},
	}
	go k.read(browser)
	if err := c.house.Join(context.Background(), id, k.session, 1, after); err != nil {
		k.conn.Close()
		return nil, err
	}
	synctest.Wait()
	return k, nil
}

// join is connect for somebody who is let in.
func (c *class) join(user wire.UserID, role wire.Role) *client {
	c.t.Helper()
	k, err := c.connect(physics, user, role, nil)
	if err != nil {
		c.t.Fatalf("%s may not join: %v", user, err)
	}
	return k
}

func (k *client) read(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	for {
		head := make([]byte, 2)
		if _, err := io.ReadFull(r, head); err != nil {
			return
		}
		n := int(head[1])
		switch n {
		case 126:
			b := make([]byte, 2)
			_, _ = io.ReadFull(r, b)
			n = int(binary.BigEndian.Uint16(b))
		case 127:
			b := make([]byte, 8)
			_, _ = io.ReadFull(r, b)
			n = int(binary.BigEndian.Uint64(b))
		}
		payload := make([]byte, n)
		if _, err := io.ReadFull(r, payload); err != nil {
			return
		}
		if head[0] != 0x81 {
			continue
		}
		var m message
		if err := json.Unmarshal(payload, &m); err != nil {
			k.class.t.Errorf("broken message %q: %v", payload, err)
		}
		k.mu.Lock()
		k.inbox = append(k.inbox, m)
		k.mu.Unlock()
	}
}

// do gives a command and waits for its answer.
func (k *client) do(c room.Command) error {
	k.mu.Lock()
	k.next++
	key := fmt.Sprintf("%s-%p-%d", k.session.User, k, k.next)
	k.mu.Unlock()
	_, err := k.doKey(key, c)
	return err
}

func (k *client) doKey(key string, c room.Command) (uint64, error) {
	type result struct {
		seq uint64
		err error
	}
	results := make(chan result, 1)
	if err := k.session.Submit(c, key, time.Now(), func(seq uint64, _ any, err error) { results <- result{seq, err} }); err != nil {
		return 0, err
	}
	r := <-results
	synctest.Wait()
	return r.seq, r.err
}

// must is do for what must be allowed.
func (k *client) must(c room.Command) {
	k.class.t.Helper()
	if err := k.do(c); err != nil {
		k.class.t.Fatalf("%s: %T: %v", k.session.User, c, err)
	}
}

// ask answers a query.
func ask[T any](k *client, c room.Command) T {
	k.class.t.Helper()
	answers := make(chan T, 1)
	err := k.session.Submit(c, "", time.Now(), func(_ uint64, data any, err error) {
		if err != nil {
			k.class.t.Errorf("%T: %v", c, err)
		}
		v, _ := data.(T)
		answers <- v
	})
	if err != nil {
		k.class.t.Fatal(err)
	}
	return <-answers
}

func (k *client) leave() {
	k.session.Leave()
	synctest.Wait()
	k.conn.Close()
	synctest.Wait()
}

// got returns all messages of a type so far.
func (k *client) got(kind string) []message {
	synctest.Wait()
	k.mu.Lock()
	defer k.mu.Unlock()
	var found []message
	for _, m := range k.inbox {
		if m.Type == kind {
			found = append(found, m)
		}
	}
	return found
}

func (k *client) all() []message {
	synctest.Wait()
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.inbox)
}

func (k *client) closeCode() wire.CloseCode {
	synctest.Wait()
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.closed
}

// into decodes a message's data.
func into[T any](t rapid.TB, m message) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(m.Data, &v); err != nil {
		t.Fatalf("%s: %v in %s", m.Type, err, m.Data)
	}
	return v
}

// last returns the newest message of a type, which must be there.
func last[T any](k *client, kind string) T {
	k.class.t.Helper()
	found := k.got(kind)
	if len(found) == 0 {
		k.class.t.Fatalf("%s got no %s", k.session.User, kind)
	}
	return into[T](k.class.t, found[len(found)-1])
}

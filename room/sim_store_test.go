package room_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"sync"
	"time"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// simDisk is what survives a crash. A room is written and read through a
// [simMount], which is one process's hold on the disk.
type simDisk struct {
	mu      sync.Mutex
	rooms   map[wire.RoomID]*simLog
	keys    map[wire.UserID][]byte
	cursors map[string]uint64
	epochs  int
}

// simLog is one room's log.
type simLog struct {
	epoch    string
	records  []room.Record
	trimmed  int
	snapshot room.Snapshot
	unsure   map[string]bool // user and key of commands whose append was answered with an error though it is durable
	foreign  bool            // written by other means than the room that is open: it does not know yet
}

func newSimDisk() *simDisk {
	return &simDisk{rooms: map[wire.RoomID]*simLog{}, keys: map[wire.UserID][]byte{}, cursors: map[string]uint64{}}
}

func (d *simDisk) log(id wire.RoomID) *simLog {
	l := d.rooms[id]
	if l == nil {
		d.epochs++
		l = &simLog{epoch: fmt.Sprint("epoch-", d.epochs), unsure: map[string]bool{}}
		d.rooms[id] = l
	}
	return l
}

// durable returns the records of a room from a position on.
func (d *simDisk) durable(id wire.RoomID, after uint64) []room.Record {
	d.mu.Lock()
	defer d.mu.Unlock()
	if l := d.rooms[id]; l != nil {
		return slices.Clone(l.records[min(after, uint64(len(l.records))):])
	}
	return nil
}

func (d *simDisk) last(id wire.RoomID) uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if l := d.rooms[id]; l != nil {
		return uint64(len(l.records))
	}
	return 0
}

// find returns the position of a command's first record, 0 if there is none,
// and whether the store's answer about it was wrong. mark is what stands in
// place of the key, if it was a secret ballot.
func (d *simDisk) find(id wire.RoomID, user wire.UserID, key, mark string) (seq uint64, times int, unsure bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.rooms[id]
	if l == nil {
		return 0, 0, false
	}
	for _, r := range l.records {
		if r.Key == key && r.By == user || mark != "" && r.Key == mark && r.By == wire.System.User {
			seq, times = r.Seq, times+1
		}
	}
	return seq, times, l.unsure[string(user)+" "+key] || mark != "" && l.unsure[string(wire.System.User)+" "+mark]
}

// simWeather says how often what goes wrong, each in thousandths of the calls.
type simWeather struct {
	slow, refuse, unsure          int // appends
	open, read, save, key, cursor int
}

// simMount is a process's hold on a disk. Once the process is dead, calls that
// are under way end with an error and change nothing, as do later ones.
//
// What befalls a call is a function of the seed, the call's site and arguments
// and the moment (fake time is exact): not of the order in which goroutines happen to come, so that
// a seed is one run.
type simMount struct {
	disk    *simDisk
	seed    uint64
	life    int // which process of the run this is
	died    chan struct{}
	weather func() simWeather

	mu    sync.Mutex
	busy  int                           // calls to Append under way
	gates map[wire.RoomID]chan struct{} // appends wait here; closed to let them go
}

var errSimDead = errors.New("simulation: this process is dead")

func newSimMount(disk *simDisk, seed uint64, life int, weather func() simWeather) *simMount {
	return &simMount{disk: disk, seed: seed, life: life, died: make(chan struct{}), weather: weather, gates: map[wire.RoomID]chan struct{}{}}
}

// draw is a number below n that depends on all that names this call.
func (m *simMount) draw(n int, what string, args ...any) int {
	h := fnv.New64a()
	_ = binary.Write(h, binary.LittleEndian, []int64{int64(m.seed), int64(m.life), time.Now().UnixNano()})
	fmt.Fprint(h, what, args)
	x := h.Sum64() // FNV leaves the last byte in the low bits: mix it (SplitMix64)
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return int((x ^ x>>31) % uint64(n))
}

func (m *simMount) chance(thousandths int, what string, args ...any) bool {
	return thousandths > 0 && m.draw(1000, what, args...) < thousandths
}

// wait lets fake time pass, unless the process dies before.
func (m *simMount) wait(d time.Duration) error {
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
		case <-m.died:
		}
	}
	return m.alive()
}

func (m *simMount) alive() error {
	select {
	case <-m.died:
		return errSimDead
	default:
		return nil
	}
}

// do runs a call that does not write to a log: it may fail before or after it
// has done its work, and take a while.
func (m *simMount) do(failing int, site string, work func(), args ...any) error {
	if err := m.alive(); err != nil {
		return err
	}
	fails := m.chance(failing, site, args...)
	if m.chance(failing, site+" slow", args...) {
		if err := m.wait(time.Duration(m.draw(3_000_000, site+" how slow", args...)) * time.Microsecond); err != nil {
			return err
		}
	}
	if fails && m.chance(500, site+" before", args...) {
		return fmt.Errorf("simulation: %s fails", site)
	}
	m.disk.mu.Lock()
	err := m.alive()
	if err == nil {
		work()
	}
	m.disk.mu.Unlock()
	if fails && err == nil {
		return fmt.Errorf("simulation: %s is done and fails", site)
	}
	return err
}

// hold keeps appends to a room waiting until release.
func (m *simMount) hold(id wire.RoomID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.gates[id] == nil {
		m.gates[id] = make(chan struct{})
	}
}

func (m *simMount) release(id wire.RoomID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if g := m.gates[id]; g != nil {
		close(g)
		delete(m.gates, id)
	}
}

func (m *simMount) atGate(id wire.RoomID) error {
	m.mu.Lock()
	g := m.gates[id]
	m.mu.Unlock()
	if g != nil {
		select {
		case <-g:
		case <-m.died:
		}
	}
	return m.alive()
}

func (m *simMount) OpenLog(_ context.Context, id wire.RoomID) (info room.LogInfo, err error) {
	err = m.do(m.weather().open, "OpenLog", func() {
		l := m.disk.log(id)
		l.foreign = false
		info = room.LogInfo{Epoch: l.epoch, First: uint64(l.trimmed) + 1, Last: uint64(len(l.records))}
	}, id)
	return info, err
}

// Append is slow before and after it is durable, refuses cleanly, or is
// durable and says that it is not. A crash that comes in between leaves the
// records whole or not at all.
func (m *simMount) Append(_ context.Context, id wire.RoomID, after uint64, records []room.Record) error {
	if err := m.alive(); err != nil {
		return err
	}
	m.working(1)
	defer m.working(-1)
	w := m.weather()
	args := []any{id, after, len(records)}
	var before, behind time.Duration
	if m.chance(w.slow, "append slow", args...) {
		most := 20_000 // microseconds
		if m.chance(150, "append very slow", args...) {
			most = 4_000_000
		}
		before = time.Duration(m.draw(most, "append before", args...)) * time.Microsecond
		behind = time.Duration(m.draw(most, "append behind", args...)) * time.Microsecond
	}
	if err := m.atGate(id); err != nil {
		return err
	}
	if err := m.wait(before); err != nil {
		return err
	}
	if m.chance(w.refuse, "append refuses", args...) {
		return []error{
			room.ErrFull, room.ErrUnavailable, fmt.Errorf("append: %w", room.ErrFull), errors.New("simulation: input/output error"),
		}[m.draw(4, "append refuses so", args...)]
	}
	unsure := m.chance(w.unsure, "append unsure", args...)
	if err := m.write(id, after, records, unsure); err != nil {
		return err
	}
	if err := m.wait(behind); err != nil {
		return err
	}
	if unsure {
		return errors.New("simulation: the answer was lost")
	}
	return nil
}

func (m *simMount) working(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.busy += n
}

// works reports whether an append is under way.
func (m *simMount) works() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.busy > 0
}

func (m *simMount) write(id wire.RoomID, after uint64, records []room.Record, unsure bool) error {
	m.disk.mu.Lock()
	defer m.disk.mu.Unlock()
	if err := m.alive(); err != nil {
		return err
	}
	l := m.disk.log(id)
	if after != uint64(len(l.records)) {
		return fmt.Errorf("append after %d: %w", after, room.ErrMoved)
	}
	for i, r := range records {
		if r.Seq != after+uint64(i)+1 {
			return fmt.Errorf("simulation: record %d is numbered %d", after+uint64(i)+1, r.Seq)
		}
		if unsure && r.Key != "" {
			l.unsure[string(r.By)+" "+r.Key] = true
		}
	}
	l.foreign = l.foreign || unsure
	l.records = append(l.records, records...)
	return nil
}

func (m *simMount) Read(_ context.Context, id wire.RoomID, after uint64, limit int) (found []room.Record, err error) {
	err = m.do(m.weather().read, "Read", func() {
		l := m.disk.log(id)
		from := max(min(after, uint64(len(l.records))), uint64(l.trimmed))
		found = slices.Clone(l.records[from:min(from+uint64(limit), uint64(len(l.records)))])
	}, id)
	if err != nil {
		return nil, err
	}
	return found, nil
}

func (m *simMount) SaveSnapshot(_ context.Context, id wire.RoomID, s room.Snapshot) error {
	return m.do(m.weather().save, "SaveSnapshot", func() {
		if l := m.disk.log(id); s.Seq > l.snapshot.Seq {
			l.snapshot = room.Snapshot{Seq: s.Seq, Data: slices.Clone(s.Data), Keys: slices.Concat(l.snapshot.Keys, s.Keys)}
		}
	}, id)
}

func (m *simMount) Snapshot(_ context.Context, id wire.RoomID) (s room.Snapshot, err error) {
	err = m.do(m.weather().read, "Snapshot", func() { s = m.disk.log(id).snapshot }, id)
	return s, err
}

// Trim lets go of what the newest snapshot covers and the followers have read.
func (m *simMount) Trim(_ context.Context, id wire.RoomID, before wire.Millis, followers []string) (gone int, err error) {
	err = m.do(m.weather().save, "Trim", func() {
		l := m.disk.log(id)
		most := l.snapshot.Seq
		for _, f := range followers {
			most = min(most, m.disk.cursors[f+"/"+string(id)])
		}
		for l.trimmed < len(l.records)-1 && uint64(l.trimmed) < most && l.records[l.trimmed].At < before {
			l.trimmed++
			gone++
		}
	}, id)
	return gone, err
}

func (m *simMount) Rooms(context.Context) (ids []wire.RoomID, err error) {
	err = m.do(m.weather().read, "Rooms", func() {
		for id := range m.disk.rooms {
			ids = append(ids, id)
		}
		slices.Sort(ids)
	})
	return ids, err
}

func (m *simMount) EnsureKey(_ context.Context, user wire.UserID) (key []byte, err error) {
	// A key that is there is known to some, by chance, without asking; and who
	// would wait here would come in in any order.
	m.disk.mu.Lock()
	known := m.disk.keys[user] != nil
	m.disk.mu.Unlock()
	if !known && m.chance(m.weather().key, "EnsureKey", user) {
		return nil, errors.New("simulation: no key")
	}
	err = m.do(0, "EnsureKey", func() {
		if m.disk.keys[user] == nil {
			m.disk.keys[user] = simKeyBytes(user)
		}
		key = m.disk.keys[user]
	}, user)
	if err != nil {
		return nil, err
	}
	return key, nil
}

func (m *simMount) Keys(_ context.Context, users []wire.UserID) (found map[wire.UserID][]byte, err error) {
	err = m.do(m.weather().key, "Keys", func() {
		found = map[wire.UserID][]byte{}
		for _, user := range users {
			if k := m.disk.keys[user]; k != nil {
				found[user] = k
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

func (m *simMount) DestroyKey(_ context.Context, user wire.UserID) error {
	return m.do(m.weather().key, "DestroyKey", func() { delete(m.disk.keys, user) }, user)
}

func (m *simMount) Cursor(_ context.Context, follower string, id wire.RoomID) (seq uint64, err error) {
	err = m.do(m.weather().cursor, "Cursor", func() { seq = m.disk.cursors[follower+"/"+string(id)] }, follower, id)
	return seq, err
}

func (m *simMount) SetCursor(_ context.Context, follower string, id wire.RoomID, seq uint64) error {
	return m.do(m.weather().cursor, "SetCursor", func() { m.disk.cursors[follower+"/"+string(id)] = seq }, follower, id, seq)
}

// die ends the process: nothing that it does from now on reaches the disk.
func (m *simMount) die() {
	m.disk.mu.Lock() // what is being written is whole
	defer m.disk.mu.Unlock()
	close(m.died)
}

// stand is where a log ends, and whether the room that is open may not know.
func (d *simDisk) stand(id wire.RoomID) (last uint64, foreign bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if l := d.rooms[id]; l != nil {
		return uint64(len(l.records)), l.foreign
	}
	return 0, false
}

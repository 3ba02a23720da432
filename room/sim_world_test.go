package room_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/internal/fanout"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// sim is one run of the simulation: a disk, the process that serves from it
// now, people with their devices, and a model that says what is right. One
// goroutine drives it in steps; after each step everything has come to rest.
type sim struct {
	t      testing.TB
	seed   uint64
	rand   *rand.Rand // of the driver
	config room.Config
	ring   int
	disk   *simDisk
	life   *simLife // nil: no process runs
	lives  int
	bad    simWeather
	fine   bool // no more faults
	rooms  []wire.RoomID
	models map[wire.RoomID]*simModel
	people []*simClient
	asked  map[simKey]room.Command
	marks  map[string]simKey // of what may be secret ballots, as they would stand in a log
	stats  simStats
	lines  []string

	mu      sync.Mutex
	failed  string
	acked   map[simKey]uint64
	flying  map[simKey]int  // submitted and not answered, in this process
	lost    map[simKey]bool // a process died with it
	sends   map[simKey]int
	handled map[wire.RoomID]uint64 // by the follower, in all processes
	passed  map[wire.RoomID]uint64 // in this one
}

// simKey names a command.
type simKey struct {
	room wire.RoomID
	user wire.UserID
	key  string
}

// simShot is a snapshot that somebody was given.
type simShot struct {
	client *simClient
	simWelcome
	got   simGot
	staff bool
}

// simStats counts what a run was made of.
type simStats struct {
	steps, commands, acks, refusals, records, views, resumed, snapshots int
	crashes, restarts, rivals, cuts, bursts, repeats, handled           int
}

func (a *simStats) add(b simStats) {
	a.steps += b.steps
	a.commands += b.commands
	a.acks += b.acks
	a.refusals += b.refusals
	a.records += b.records
	a.views += b.views
	a.resumed += b.resumed
	a.snapshots += b.snapshots
	a.crashes += b.crashes
	a.restarts += b.restarts
	a.rivals += b.rivals
	a.cuts += b.cuts
	a.bursts += b.bursts
	a.repeats += b.repeats
	a.handled += b.handled
}

func (a simStats) String() string {
	return fmt.Sprintf("%d steps: %d commands, %d acknowledged, %d refused, %d repeated, %d bursts; %d crashes, %d restarts, %d rivals, %d cuts; %d records, %d views, %d resumed, %d snapshots, %d events followed",
		a.steps, a.commands, a.acks, a.refusals, a.repeats, a.bursts, a.crashes, a.restarts, a.rivals, a.cuts, a.records, a.views, a.resumed, a.snapshots, a.handled)
}

// simLife is one process.
type simLife struct {
	mount    *simMount
	pool     *fanout.Pool
	house    *room.House
	follower *room.Follower
}

// fail notes the first thing that is wrong. It may be called by anybody.
func (s *sim) fail(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == "" {
		s.failed = fmt.Sprintf(format, args...)
	}
}

func (s *sim) ok() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed == ""
}

// trace notes what the driver does. It is for the driver alone.
func (s *sim) trace(format string, args ...any) {
	line := fmt.Sprintf("%12s ", time.Since(simBegan).Round(time.Microsecond)) + fmt.Sprintf(format, args...)
	s.lines = append(s.lines, line)
}

// simBegan is when every bubble's clock begins.
var simBegan = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func (s *sim) weather() simWeather {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fine {
		return simWeather{}
	}
	return s.bad
}

func (s *sim) chance(thousandths int) bool { return s.rand.IntN(1000) < thousandths }

func simPick[T any](s *sim, list []T) T { return list[s.rand.IntN(len(list))] }

// runSim runs one seed, and returns what was wrong, the trace and its hash.
func runSim(t *testing.T, seed uint64) *sim {
	var s *sim
	synctest.Test(t, func(t *testing.T) {
		s = newSim(t, seed)
		s.run()
		s.end()
	})
	return s
}

func newSim(t testing.TB, seed uint64) *sim {
	s := &sim{
		t: t, seed: seed, rand: rand.New(rand.NewPCG(seed, 1)), disk: newSimDisk(),
		models: map[wire.RoomID]*simModel{}, asked: map[simKey]room.Command{}, marks: map[string]simKey{}, acked: map[simKey]uint64{},
		flying: map[simKey]int{}, sends: map[simKey]int{}, lost: map[simKey]bool{}, handled: map[wire.RoomID]uint64{}, passed: map[wire.RoomID]uint64{},
	}
	level := func(most int) int {
		if s.chance(400) {
			return 0
		}
		return s.rand.IntN(most + 1)
	}
	s.bad = simWeather{slow: level(600), refuse: level(120), unsure: level(60), open: level(300), read: level(200), save: level(500), key: level(100), cursor: level(300)}
	s.config = room.Config{
		History: 5 + s.rand.IntN(40), Snapshot: 1 + s.rand.IntN(40), Recent: 1 + s.rand.IntN(60), Grace: time.Duration(1+s.rand.IntN(9000)) * time.Millisecond,
		Idle: time.Duration(15+s.rand.IntN(30)) * time.Second, Commands: 100_000, Messages: 100_000, Sockets: 2 + s.rand.IntN(4), Inbox: 256,
	}
	if s.chance(150) { // the pace of people as it is
		s.config.Commands, s.config.Messages = 10, 2
	}
	s.ring = simPick(s, []int{1 << 20, 1 << 20, 16 << 10, 4 << 10})
	s.rooms = []wire.RoomID{physics}
	if s.chance(300) {
		s.rooms = append(s.rooms, "chemistry")
	}
	for _, id := range s.rooms {
		s.models[id] = newSimModel(id, s.config.History, s.keyOf, s.fail)
		add := func(user wire.UserID, role wire.Role, admin bool) {
			name := fmt.Sprintf("%s%d", user, len(s.people))
			s.people = append(s.people, &simClient{sim: s, name: name, room: id, user: user, role: role, admin: admin})
		}
		add("hana", wire.Host, false)
		add("mo", wire.Moderator, s.chance(300))
		if s.chance(300) {
			add("mo", wire.Moderator, true)
		}
		for i := range 2 + s.rand.IntN(4) {
			add(wire.UserID(fmt.Sprint("v", i)), wire.Viewer, false)
		}
		if s.chance(500) { // a second device
			add("v0", wire.Viewer, false)
		}
	}
	s.trace("seed %d: %+v, %+v, ring %d, %d devices", seed, s.config, s.bad, s.ring, len(s.people))
	return s
}

func (s *sim) keyOf(user wire.UserID) []byte {
	s.disk.mu.Lock()
	defer s.disk.mu.Unlock()
	return s.disk.keys[user]
}

// start starts a process on the disk.
func (s *sim) start() {
	s.lives++
	l := &simLife{mount: newSimMount(s.disk, s.seed, s.lives, s.weather)}
	l.pool = fanout.NewPool(fanout.Config{Shards: 2, Ring: s.ring, Silent: 10000 * time.Hour, Ping: 10000 * time.Hour})
	l.house = room.NewHouse(s.config, l.mount, room.NewVault(l.mount), l.pool, zap.NewNop())
	clear(s.passed)
	l.follower = room.NewFollower("sim", l.house, l.mount, zap.NewNop(), s.follow(l))
	s.life = l
	s.trace("process %d starts", s.lives)
	s.settle()
}

// settle waits until nothing moves, and looks at what has become of it.
func (s *sim) settle() {
	synctest.Wait()
}

// describe is a failed run, for whoever wants to know why.
func (s *sim) describe() string {
	from := max(0, len(s.lines)-120)
	return fmt.Sprintf("seed %d: %s\nreplay: go test ./room -run 'TestSim$' -sim.seed=%d\n%s\n%s",
		s.seed, s.failed, s.seed, s.lines[0], strings.Join(s.lines[max(1, from):], "\n"))
}

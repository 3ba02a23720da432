package room

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/internal/fanout"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/wire"
)

// ErrGone is returned by a room that has ended here: idle, stale or broken.
// Open it again.
var ErrGone = errors.New("the room has ended here")

// Room is one class in progress.
type Room struct {
	id     wire.RoomID
	house  *House
	config Config
	logger *zap.Logger
	asks   chan ask
	stop   chan struct{} // closed to end the room
	done   chan struct{} // closed when the loop has returned
	status atomic.Pointer[Status]

	// Owned by loop.
	epoch    string
	state    *State
	base     []byte   // the state at the last snapshot, to fold again from
	tail     []Record // committed since then
	all      audience
	staff    audience
	sessions map[wire.UserID][]*Session
	count    int                       // sessions
	leaving  map[wire.UserID]time.Time // without a socket, and when that counts as gone
	idleAt   time.Time                 // when the last socket went
	signals  signals
	retryAt  time.Time // the store refused: nothing is tried before
	retryIn  time.Duration
	refusal  error         // what it said
	broken   error         // the room must be rebuilt from its log
	saving   chan struct{} // has a token unless a snapshot is being written
	begun    bool          // what a room must say first is in the log
	pace     map[wire.UserID]*pace
}

// Status is what a list of rooms shows of one.
type Status struct {
	Title string
	Phase Phase
	Count int
}

// ask is a command on its way to the owner.
type ask struct {
	user wire.UserID
	role wire.Role // as the token says
	key  string
	cmd  Command // nil: only then
	then func(seq uint64, data any, err error)
}

// Happened is an event that is in the log for good.
type Happened struct {
	Head  wire.Head
	Event Event
}

// loop owns the room until it is idle, stopped, stale or broken.
func (r *Room) loop() {
	defer close(r.done)
	defer r.leaveAll()
	defer func() {
		if p := recover(); p != nil {
			r.broken = fmt.Errorf("panic: %v", p)
			r.logger.Error("a room has failed and will be rebuilt from its log",
				zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
		}
	}()
	timer := time.NewTimer(r.config.Idle)
	defer timer.Stop()
	for r.broken == nil {
		timer.Reset(time.Until(r.wakeAt()))
		select {
		case a := <-r.asks:
			r.batch(r.drain([]ask{a}))
		case <-timer.C:
			if r.isIdle() {
				r.saveLast()
				return
			}
			// What waits was sent before the bell: it goes first.
			waiting := r.drain(nil)
			if len(waiting) < maxBatch {
				waiting = append(waiting, r.due()...)
			}
			r.batch(waiting)
		case <-r.stop:
			r.saveLast()
			return
		}
		r.sendSignals(time.Now())
	}
	r.logger.Warn("the room ends here", zap.Error(r.broken))
}

// maxBatch is how many asks are decided before anybody is answered.
const maxBatch = 4096

// drain takes all that waits, so that one append serves it all.
func (r *Room) drain(asks []ask) []ask {
	for len(r.asks) > 0 && len(asks) < maxBatch {
		asks = append(asks, <-r.asks)
	}
	return asks
}

// wakeAt is when the loop must look again though nobody asked for anything.
func (r *Room) wakeAt() time.Time {
	at := time.Now().Add(time.Hour)
	sooner := func(t time.Time) {
		if !t.IsZero() && t.Before(at) {
			at = t
		}
	}
	sooner(r.state.Quiz.Alarm())
	sooner(r.signals.at)
	for _, t := range r.leaving {
		sooner(t)
	}
	if r.count == 0 {
		sooner(r.idleAt.Add(r.config.Idle))
	}
	if r.retryAt.After(time.Now()) { // time alone changes nothing before
		at = r.retryAt
	}
	return at
}

func (r *Room) isIdle() bool {
	return r.count == 0 && len(r.leaving) == 0 && time.Since(r.idleAt) >= r.config.Idle
}

// due lists what the clock asks for.
func (r *Room) due() []ask {
	now := time.Now()
	asks := []ask{{user: wire.System.User, role: wire.System.Role, cmd: tick{}}}
	for user, at := range r.leaving {
		if !at.After(now) {
			asks = append(asks, ask{user: user, role: wire.Viewer, cmd: leave{}, then: func(_ uint64, _ any, err error) {
				if err == nil {
					delete(r.leaving, user)
					delete(r.pace, user)
				}
			}})
		}
	}
	return asks
}

// outcome is what became of one ask.
type outcome struct {
	seq  uint64
	data any
	err  error
}

// batch decides and applies each ask, appends once, and only then publishes
// and answers.
func (r *Room) batch(asks []ask) {
	now := time.Now()
	if now.Before(r.retryAt) {
		r.refuse(asks, r.refusal)
		return
	}
	outcomes := make([]outcome, len(asks))
	var b draft
	if !r.begun {
		r.sayFirst(&b)
	}
	var rest []ask
	for i, a := range asks {
		if a.cmd != nil && !isQuery(a.cmd) {
			outcomes[i] = r.decide(now, a, &b)
		}
		if len(b.after) > 0 { // sockets change: what comes later is for the new audience
			asks, rest = asks[:i+1], asks[i+1:]
			break
		}
	}
	if len(b.records) > 0 {
		if err := r.append(&b); err != nil {
			r.refuse(append(asks, rest...), err)
			return
		}
		r.publish(&b)
	}
	for i, a := range asks {
		if o := &outcomes[i]; a.cmd != nil && isQuery(a.cmd) {
			o.data, o.err = r.answer(now, a)
		}
		if a.then != nil {
			a.then(outcomes[i].seq, outcomes[i].data, outcomes[i].err)
		}
	}
	for _, f := range b.after {
		f()
	}
	r.status.Store(&Status{r.state.Title, r.state.Phase, r.state.Here})
	r.saveIfDue()
	if len(rest) > 0 {
		r.batch(rest)
	}
}

// draft is what one batch adds to the log.
type draft struct {
	records []Record
	events  []Happened
	frames  []frame
	after   []func() // to do when it is committed
}

// frame is an encoded view on its way to the audiences.
type frame struct {
	seq            uint64
	allType, staff string // types; "" where that audience sees nothing
	allData, data  []byte
	personal       map[wire.UserID]wire.View
}

// decide lets the rules decide one ask, and applies what they say.
func (r *Room) decide(now time.Time, a ask, b *draft) outcome {
	if a.key != "" {
		if seq, again := r.state.Done[doneKeyOf(a.user, a.key)]; again {
			return outcome{seq: seq}
		}
	}
	by := wire.Actor{User: a.user, Role: r.state.roleOf(a.user, a.role)}
	if e, ok := a.cmd.(enter); ok {
		if err := r.mayEnter(by, e); err != nil {
			return outcome{err: err}
		}
	}
	if err := r.keepsPace(now, by, a.cmd); err != nil {
		return outcome{err: err}
	}
	events, err := Decide(r.state, now, by, a.cmd)
	if err != nil || len(events) == 0 {
		return outcome{err: err}
	}
	seq := r.state.Seq + 1
	if err := r.write(b, wire.At(now), a.user, a.key, events); err != nil {
		return outcome{err: err}
	}
	return outcome{seq: seq}
}

// write adds one person's events to a draft and applies them. All records are
// made before any event is applied: a command is whole or nothing.
func (r *Room) write(b *draft, at wire.Millis, by wire.UserID, key string, events []Event) error {
	records := make([]Record, len(events))
	for i, e := range events {
		h := wire.Head{Seq: r.state.Seq + uint64(i) + 1, At: at, By: by}
		record, err := r.house.vault.seal(context.Background(), h, key, e)
		if err != nil {
			return storeError(err)
		}
		records[i], key = record, ""
	}
	for i, e := range events {
		h := wire.Head{Seq: records[i].Seq, At: at, By: by}
		r.state.Apply(h, records[i].Key, e)
		b.events = append(b.events, Happened{h, e})
		b.frames = append(b.frames, r.see(h, e))
		r.signals.mark(e, time.Now(), r.config.Tick)
		r.afterwards(e, b)
	}
	b.records = append(b.records, records...)
	return nil
}

// mayEnter holds what bounds a room's sockets rather than its log: only the
// staff is let in at the moderators' socket, and a full room takes no more
// viewers.
func (r *Room) mayEnter(by wire.Actor, e enter) error {
	m := r.state.People[by.User]
	switch {
	case by.Role.Staff():
		return nil
	case e.Quiet:
		return wire.ErrForbidden
	case r.state.Here >= r.config.Members && (m == nil || !m.Here):
		return ErrCrowd
	}
	return nil
}

// see encodes what the audiences see of an event.
func (r *Room) see(h wire.Head, e Event) frame {
	v := r.state.views(h, e)
	f := frame{seq: h.Seq, personal: v.personal}
	if v.all != nil {
		f.allType, f.allData = v.all.Type, r.encode(v.all.Data)
		f.staff, f.data = f.allType, f.allData
	}
	if v.staff != nil {
		f.staff, f.data = v.staff.Type, r.encode(v.staff.Data)
	}
	return f
}

func (r *Room) encode(v any) []byte {
	b, err := wire.Encode(v)
	if err != nil { // a view of ours that cannot be JSON is a fault of ours
		panic(fmt.Sprintf("encode %T: %v", v, err))
	}
	return b
}

// afterwards notes what must follow an event once it is committed.
func (r *Room) afterwards(e Event, b *draft) {
	switch e := e.(type) {
	case Banned:
		if e.Until != 0 {
			b.after = append(b.after, func() { r.closeAll(e.User, wire.CloseBanned) })
		}
	case RoleSet:
		b.after = append(b.after, func() { r.changeRole(e.User) })
	}
}

// append makes the draft durable. When it cannot, the state is what it was.
func (r *Room) append(b *draft) error {
	after := b.records[0].Seq - 1
	err := r.house.log.Append(context.Background(), r.id, after, b.records)
	if err == nil {
		r.tail = append(r.tail, b.records...)
		r.refusal, r.retryIn, r.begun = nil, 0, true
		return nil
	}
	err = storeError(err)
	if errors.Is(err, ErrMoved) {
		r.broken = fmt.Errorf("append after %d: %w", after, err)
		return err
	}
	if r.refusal == nil {
		r.logger.Error("the store refuses; the room can be read but not changed", zap.Error(err))
	}
	r.retryIn = min(max(2*r.retryIn, firstRetry), lastRetry)
	r.refusal, r.retryAt = err, time.Now().Add(r.retryIn)
	state, foldErr := r.fold(context.Background(), r.base, r.tail)
	if foldErr != nil {
		r.broken = fmt.Errorf("roll back: %w", foldErr)
		return err
	}
	r.state = state
	return err
}

// A store that refuses is asked again after a while, which doubles: each time
// costs a fold.
const (
	firstRetry = 250 * time.Millisecond
	lastRetry  = 4 * time.Second
)

// storeError gives a store's failure a code that a client may see.
func storeError(err error) error {
	if _, ok := errors.AsType[*wire.Error](err); ok {
		return err
	}
	return fmt.Errorf("%w (%w)", ErrUnavailable, err)
}

// refuse answers everything that would have changed something with err.
func (r *Room) refuse(asks []ask, err error) {
	now := time.Now()
	for _, a := range asks {
		if a.then == nil {
			continue
		}
		switch {
		case a.cmd == nil:
			a.then(0, nil, nil)
		case isQuery(a.cmd) && r.broken == nil:
			data, err := r.answer(now, a)
			a.then(0, data, err)
		default:
			a.then(0, nil, err)
		}
	}
}

func isQuery(c Command) bool {
	spec := specOf(c)
	return spec != nil && spec.Query
}

// answer answers a query from the committed state.
func (r *Room) answer(now time.Time, a ask) (any, error) {
	by := wire.Actor{User: a.user, Role: r.state.roleOf(a.user, a.role)}
	if err := r.state.admit(wire.At(now), by, a.cmd); err != nil {
		return nil, err
	}
	switch c := a.cmd.(type) {
	case Ping:
		return struct {
			Now wire.Millis `json:"now"`
		}{wire.At(now)}, nil
	case React:
		return nil, r.signals.react(c, now, r.config.Tick)
	case ListPeople:
		return r.state.listPeople(c, wire.At(now))
	case Audit:
		return r.state.audit(c)
	}
	panic(fmt.Sprintf("room: unknown query %T", a.cmd))
}

// publish lets everybody see what is committed.
func (r *Room) publish(b *draft) {
	for _, f := range b.frames {
		if f.allType != "" {
			r.all.publish(f.seq, f.allType, f.allData)
		}
		if f.staff != "" {
			r.staff.publish(f.seq, f.staff, f.data)
		}
		for user, v := range f.personal {
			if len(r.sessions[user]) > 0 {
				r.tell(user, wire.Signal(v.Type, r.encode(v.Data)))
			}
		}
	}
	r.all.feed.Flush()
	r.staff.feed.Flush()
	r.house.committed(r.id, b.events)
}

// tell sends a frame to all sockets of one person.
func (r *Room) tell(user wire.UserID, frame []byte) {
	for _, s := range r.sessions[user] {
		s.Conn.Send(frame)
	}
}

// audience is those who see the same. What newcomers get is encoded once, as
// of the feed's last number and the signals' version.
type audience struct {
	feed     *fanout.Feed
	at       uint64
	version  uint64
	snapshot []byte           // the room; nil: not encoded yet
	standing []fanout.Message // the signals; nil: not encoded yet
}

// refresh drops what is encoded if it is out of date.
func (a *audience) refresh(version uint64) {
	if last := a.feed.Last(); a.at != last || a.version != version {
		a.at, a.version, a.snapshot, a.standing = last, version, nil, nil
	}
}

func (a *audience) publish(seq uint64, kind string, data []byte) {
	a.feed.Publish(seq, wire.Numbered(seq, a.feed.Last(), kind, data))
}

// fold rebuilds a state from a snapshot and the records after it.
func (r *Room) fold(ctx context.Context, base []byte, tail []Record) (*State, error) {
	state := NewState(r.config.History)
	if base != nil {
		if err := r.house.vault.unmarshal(ctx, base, state); err != nil {
			return nil, fmt.Errorf("snapshot: %w", err)
		}
		state.Keep = r.config.History
	}
	return state, r.house.replay(ctx, state, tail)
}

// saveIfDue takes a snapshot when enough has happened since the last one: the
// larger the state, the more, so that the work for each event stays the same.
func (r *Room) saveIfDue() {
	if len(r.tail) >= max(r.config.Snapshot, 2*len(r.state.People), len(r.state.Done)/2) {
		select {
		case <-r.saving:
			r.save()
		default: // the last one is still being written
		}
	}
}

// saveLast takes a snapshot before the room ends.
func (r *Room) saveLast() {
	if len(r.tail) > 0 {
		<-r.saving
		r.save()
	}
}

// save takes a snapshot, with the token of r.saving in hand. It is written
// beside the loop.
func (r *Room) save() {
	data, err := r.house.vault.marshal(context.Background(), r.state)
	if err != nil {
		r.logger.Error("snapshot", zap.Error(err))
		r.saving <- struct{}{}
		return
	}
	seq := r.state.Seq
	r.base, r.tail = data, nil
	go func() {
		defer func() { r.saving <- struct{}{} }()
		if err := r.house.log.SaveSnapshot(context.Background(), r.id, Snapshot{Seq: seq, Data: data}); err != nil {
			r.logger.Warn("snapshot not saved; the log has everything", zap.Error(err))
		}
	}()
}

// stamp gives an answer the time at which it arrived.
func stamp(c Command, at time.Time) Command {
	if a, ok := c.(quiz.Answer); ok {
		a.At = wire.At(at)
		return a
	}
	return c
}

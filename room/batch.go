package room

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/internal/fanout"
	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/survey"
	"github.com/lyceum-live/lyceum/wire"
)

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
		r.house.refused(outcomes[i].err)
		if a.then != nil {
			a.then(outcomes[i].seq, outcomes[i].data, outcomes[i].err)
		}
	}
	for _, f := range b.after {
		f()
	}
	r.report()
	if len(asks) > 0 {
		r.house.Observer.Batched(Batch{Commands: len(asks), Events: len(b.records), Waited: max(0, now.Sub(asks[0].at)), Append: b.took})
	}
	if len(rest) > 0 {
		r.batch(rest)
	}
}

// draft is what one batch adds to the log.
type draft struct {
	records []Record
	events  []Happened
	frames  []frame
	after   []func()      // to do when it is committed
	took    time.Duration // by the store

	unwritten []digest // keys that are remembered and in no record
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
	mark, err := r.mark(a)
	if err != nil {
		return outcome{err: err}
	}
	if seq, again := r.repeated(a, mark); again {
		return outcome{seq: seq}
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
	refused := false
	if a.seen != nil && !by.Role.Staff() {
		a.cmd, refused = a.seen.stamp(a.cmd)
	}
	a.cmd = r.inStep(a.cmd)
	r.lately.add(r.state.Seq, a.cmd)
	at := r.clock.at(now)
	events, err := Decide(r.state, at.Time(), by, a.cmd)
	if err == nil && refused {
		err = ErrBlocked
	}
	secret := r.conceals(a.cmd) // what is written down must not tell by whom
	if err == nil && len(events) == 0 && a.key != "" && by != wire.System {
		events = []Event{Noted{}}
	}
	if err != nil || len(events) == 0 {
		return outcome{err: err}
	}
	seq := r.state.Seq + 1
	author, key := a.user, a.key
	if secret {
		author, key = wire.System.User, mark
	}
	if err := r.write(b, at, author, key, events); err != nil {
		return outcome{err: err}
	}
	if secret {
		r.ballot(a, b, events[0], seq)
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
		r.state.Apply(h, e)
		if key := records[i].Key; key != "" {
			r.keys.add(digestOf(by, key), h.Seq)
		}
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
	case e.Writes:
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
	case poll.Closed:
		if slices.Contains(r.state.Polls.Spent(), e.Poll) {
			b.after = append(b.after, r.spend)
		}
	case survey.Closed:
		if slices.Contains(r.state.Surveys.Spent(), e.Survey) {
			b.after = append(b.after, r.spend)
		}
	}
}

// append makes the draft durable. When it cannot, the state is what it was.
func (r *Room) append(b *draft) error {
	after := b.records[0].Seq - 1
	began := time.Now()
	err := r.house.log.Append(context.Background(), r.id, after, b.records)
	b.took = time.Since(began)
	if err == nil {
		r.keeper.add(keptOf(b.records, b.events))
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
	if undoErr := r.undo(b); undoErr != nil {
		r.broken = fmt.Errorf("roll back: %w", undoErr)
	}
	return err
}

// undo takes back what a draft has changed.
func (r *Room) undo(b *draft) error {
	for _, record := range b.records {
		if record.Key != "" {
			r.keys.remove(digestOf(record.By, record.Key))
		}
	}
	for _, d := range b.unwritten {
		r.keys.remove(d)
	}
	state, err := r.keeper.state()
	if err == nil {
		r.state = state
		r.arm()
	}
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
			o, settled := outcome{}, false
			if r.broken == nil {
				o, settled = r.already(now, a)
			}
			if !settled {
				o = outcome{err: err}
				r.house.refused(err)
			}
			a.then(o.seq, o.data, o.err)
		}
	}
	r.report()
}

// already answers what needs nothing of the store: a command that was carried
// out before, and the return of somebody who still counts as present.
func (r *Room) already(now time.Time, a ask) (outcome, bool) {
	if mark, err := r.mark(a); err == nil {
		if seq, again := r.repeated(a, mark); again {
			return outcome{seq: seq}, true
		}
	}
	e, ok := a.cmd.(enter)
	if !ok {
		return outcome{}, false
	}
	by := wire.Actor{User: a.user, Role: r.state.roleOf(a.user, a.role)}
	if err := r.mayEnter(by, e); err != nil {
		return outcome{err: err}, true
	}
	events, err := Decide(r.state, r.clock.at(now).Time(), by, e)
	return outcome{err: err}, err != nil || len(events) == 0
}

func isQuery(c Command) bool {
	spec := specOf(c)
	return spec != nil && spec.Query
}

// answer answers a query from the committed state.
func (r *Room) answer(now time.Time, a ask) (any, error) {
	by := wire.Actor{User: a.user, Role: r.state.roleOf(a.user, a.role)}
	at := r.clock.at(now)
	if err := r.state.admit(at, by, a.cmd); err != nil {
		return nil, err
	}
	if err := r.keepsPace(now, by, a.cmd); err != nil {
		return nil, err
	}
	switch c := a.cmd.(type) {
	case Ping:
		return struct {
			Now wire.Millis `json:"now"`
		}{at}, nil
	case React:
		return nil, r.signals.react(c, now, r.config.Tick)
	case Feel:
		return nil, r.feel(by, c, now)
	case DraftCaption:
		return nil, r.signals.draft(r.state, c, now, r.config.Tick)
	case survey.Texts:
		return r.state.Surveys.Page(c)
	case ListPeople:
		return r.state.listPeople(c, at)
	case Missing:
		return r.state.missing(c)
	case Audit:
		return r.state.audit(c)
	case quiz.Practise:
		return r.state.Quiz.Practice(c)
	case quiz.Check:
		return r.state.Quiz.Check(c)
	case qa.Similar:
		return r.state.Board.Similar(by, c)
	}
	panic(fmt.Sprintf("room: unknown query %T", a.cmd))
}

// report lets lists of rooms know how this one stands, and the feeds whether
// answers will be timed.
func (r *Room) report() {
	timed := len(r.state.Quiz.Prepared) > 0 || r.state.Quiz.Run != nil && r.state.Quiz.Run.Phase != quiz.PhaseFinished
	if timed != r.timed {
		r.timed = timed
		r.all.feed.Measure(timed)
		r.staff.feed.Measure(timed)
	}
	now := Status{r.state.Title, r.state.Phase, r.state.Here, r.count}
	if old := r.status.Load(); old == nil || *old != now {
		r.status.Store(&now)
	}
}

// publish lets everybody see what is committed.
func (r *Room) publish(b *draft) {
	for _, f := range b.frames {
		r.show(f)
		for user, v := range f.personal {
			if len(r.sessions[user]) > 0 {
				r.tell(user, wire.Signal(v.Type, r.encode(v.Data)))
			}
		}
	}
	flush := (*fanout.Feed).Flush
	if slices.ContainsFunc(b.events, func(h Happened) bool { return urgent(h.Event) }) {
		flush = (*fanout.Feed).FlushNow
	}
	flush(r.all.feed)
	flush(r.staff.feed)
	r.house.committed(r.id, b.events)
}

// urgent reports whether an event's views may not wait a moment to go out
// together with others, when much is happening: what people act on.
func urgent(e Event) bool {
	switch e.(type) {
	case poll.Created, poll.Edited, poll.Opened, poll.Closing, poll.Closed, poll.Revealed, quiz.Asked, quiz.Closed, quiz.Revealed, quiz.Finished,
		quiz.Paused, quiz.Resumed, quiz.Extended, survey.Created, survey.Opened, survey.Closed, survey.Revealed,
		Opened, Ended, StageSet, RoleSet, GuestSeated, GuestGone, GuestSwitched, GuestPinned, StageLaidOut:
		return true
	}
	return false
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

// show puts a view into the feeds of its audiences.
func (r *Room) show(f frame) {
	if f.allType != "" {
		r.all.publish(f.seq, f.allType, f.allData)
	}
	if f.staff != "" {
		r.staff.publish(f.seq, f.staff, f.data)
	}
}

func (a *audience) publish(seq uint64, kind string, data []byte) {
	a.feed.Publish(seq, wire.Numbered(seq, a.feed.Last(), kind, data))
}

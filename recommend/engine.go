package recommend

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/lyceum-live/lyceum/recommend/experiment"
	"github.com/lyceum-live/lyceum/wire"
)

// Engine is the door to the recommender. It is safe for many goroutines.
//
// Behaviours go through one line (ingest): they are stored and applied in the
// same order, so that replaying the store rebuilds the same models. Whoever
// finds the line busy joins the next batch.
type Engine struct {
	config Config
	store  Store
	now    func() time.Time

	waiting struct {
		sync.Mutex
		list []*submission
	}
	ingest   sync.Mutex // held while a batch is stored and applied
	position int64      // of the store, up to which Load and Save have read; guarded by ingest

	mu      sync.RWMutex // guards what follows, which learns and is asked
	entries []entry
	byID    map[string]ref
	byRoom  map[wire.RoomID]ref
	people  people
	models  []model
	widths  []int // columns of each model
	popular *popularity
	near    *neighbours
	content *content
	moment  *moment
	uptake  *uptake
	blend   *blend
	learner *query // of whoever holds mu for writing
	trials  []*experiment.Trial
	apart   map[wire.UserID]bool // take part in no experiment
	decided []Behavior           // by guardrails, and not on record yet

	queries sync.Pool // of *query

	pushes pushLedger

	chance struct {
		sync.Mutex
		*rand.Rand
	}
}

// New returns an engine that knows no item and no behaviour yet: call
// [Engine.SetCatalog], then [Engine.Load]. now is the clock that behaviours'
// times are held against; source is the chance behind exploration.
func New(config Config, store Store, now func() time.Time, source rand.Source) (*Engine, error) {
	config = config.withDefaults()
	if err := config.check(); err != nil {
		return nil, err
	}
	e := &Engine{
		config: config, store: store, now: now,
		byID: map[string]ref{}, byRoom: map[wire.RoomID]ref{},
		people: newPeople(config.MaxPersons), apart: map[wire.UserID]bool{},
	}
	e.popular = newPopularity(config.PopularHalves, func(item ref) bool {
		it := &e.entries[item]
		return it.listed && (it.phase != PhaseEnded || it.Starts != 0)
	})
	e.near = newNeighbours(config.NearSlow, config.NearFast, config.Neighbours)
	e.content = newContent()
	e.moment = &moment{entries: func() []entry { return e.entries }}
	e.uptake = newUptake(e.content, func() []entry { return e.entries })
	e.models = []model{e.near, newCompany(), newSequence(), &peers{}, e.popular, e.content, e.moment, e.uptake}
	var features []feature
	for _, m := range e.models {
		own := m.features()
		features = append(features, own...)
		e.widths = append(e.widths, len(own))
	}
	e.blend = newBlend(features)
	e.learner = &query{}
	e.queries.New = func() any { return &query{} }
	e.pushes = newPushLedger(config.MaxPersons)
	e.chance.Rand = rand.New(source)
	return e, e.newTrials()
}

// SetCatalog makes items the whole catalogue. What was learned of an item
// that is gone is kept in case it comes back.
func (e *Engine) SetCatalog(items []Item) {
	e.mu.Lock()
	defer e.mu.Unlock()
	given := make(map[ref]bool, len(items))
	clear(e.byRoom)
	e.moment.clear()
	for i := range items {
		item := e.intern(items[i].ID)
		if given[item] {
			continue // the first of an id counts
		}
		it := &e.entries[item]
		if !it.listed || !sameText(&it.Item, &items[i]) {
			e.content.learn(item, &items[i])
		}
		it.Item, it.listed = items[i], true
		it.Tags = slices.Clone(it.Tags)
		given[item] = true
		e.moment.list(item)
		if it.Kind == Session && it.Room != "" {
			e.byRoom[it.Room] = item
		}
	}
	for i := range e.entries {
		if it := &e.entries[i]; it.listed && !given[ref(i)] {
			it.listed = false
			e.content.forget(ref(i))
		}
	}
	e.content.settle()
	e.popular.relist()
	e.moment.settle()
}

func sameText(a, b *Item) bool {
	return a.Title == b.Title && a.Text == b.Text && a.Author == b.Author && slices.Equal(a.Tags, b.Tags)
}

// SetPhase says how far a session's room is. A session that has ended is
// suggested no more until its room opens again or the catalogue says when it
// begins next.
func (e *Engine) SetPhase(item string, phase Phase) {
	e.mu.Lock()
	defer e.mu.Unlock()
	r, ok := e.byID[item]
	if !ok || e.entries[r].phase == phase {
		return
	}
	was := e.entries[r].phase
	e.entries[r].phase = phase
	if was == PhaseEnded || phase == PhaseEnded {
		e.popular.relist()
	}
}

// intern returns the item's place, made if need be.
func (e *Engine) intern(id string) ref {
	item, ok := e.byID[id]
	if !ok {
		item = ref(len(e.entries))
		e.byID[id] = item
		e.entries = append(e.entries, entry{Item: Item{ID: id}})
	}
	return item
}

// Check says why a behaviour would be refused, or nil. The error is a
// [*wire.Error].
func (e *Engine) Check(b Behavior) error {
	if err := check(&b, wire.At(e.now()), e.config.Ahead, e.config.Back); err != nil {
		return err
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	if _, ok := e.byID[b.Item]; !ok {
		return ErrItem.In("item")
	}
	return nil
}

// submission is what one caller of Observe wants stored.
type submission struct {
	behaviors []Behavior
	fresh     []bool
	err       error
	done      bool // guarded by ingest
}

// Observe stores behaviours durably and then lets every model learn from
// those that are new, before it returns. If one of them would be refused by
// [Engine.Check], none is stored.
func (e *Engine) Observe(ctx context.Context, behaviors []Behavior) (fresh []bool, err error) {
	for i := range behaviors {
		if err := e.Check(behaviors[i]); err != nil {
			return nil, err
		}
	}
	if len(behaviors) == 0 {
		return nil, nil
	}
	return e.submit(ctx, behaviors)
}

// submit stores and applies rows in the line of all.
func (e *Engine) submit(ctx context.Context, behaviors []Behavior) (fresh []bool, err error) {
	s := &submission{behaviors: behaviors}
	e.waiting.Lock()
	e.waiting.list = append(e.waiting.list, s)
	e.waiting.Unlock()

	e.ingest.Lock()
	defer e.ingest.Unlock()
	if !s.done { // nobody took it along: take all that wait
		// Others' behaviours are in the batch, so one caller's hurry ends nothing.
		e.commit(context.WithoutCancel(ctx))
	}
	return s.fresh, s.err
}

// commit stores and applies all that wait. The caller holds ingest.
func (e *Engine) commit(ctx context.Context) {
	e.waiting.Lock()
	list := e.waiting.list
	e.waiting.list = nil
	e.waiting.Unlock()
	batch := list[0].behaviors
	if len(list) > 1 {
		batch = nil
		for _, s := range list {
			batch = append(batch, s.behaviors...)
		}
	}
	fresh, err := e.store.AppendBehaviors(ctx, batch)
	if err == nil && len(fresh) != len(batch) {
		err = fmt.Errorf("store behaviours: %d answers for %d", len(fresh), len(batch))
	}
	if err == nil {
		e.mu.Lock()
		for i := range batch {
			if fresh[i] {
				e.apply(&batch[i], true)
			}
		}
		decided := e.decided
		e.decided = nil
		e.mu.Unlock()
		if len(decided) > 0 {
			// They are in force already, and a replay would come to the same: on
			// record they stay in force when guardrails are set otherwise.
			if _, later := e.store.AppendBehaviors(ctx, decided); later != nil {
				e.mu.Lock()
				e.decided = append(decided, e.decided...)
				e.mu.Unlock()
			}
		}
	}
	for _, s := range list {
		s.done, s.err = true, err
		if err == nil {
			n := len(s.behaviors)
			s.fresh, fresh = fresh[:n:n], fresh[n:]
		}
	}
}

// apply teaches every model one behaviour. What the store holds was checked
// when it came in; a kind that is known no more is passed over. Without teach, the
// blend's weights stay.
func (e *Engine) apply(b *Behavior, teach bool) {
	kind := kindByName[b.Kind]
	if kind == nil {
		e.record(b)
		return
	}
	item := e.intern(b.Item)
	p := e.people.meet(b.Person)
	before := p.touch(item)
	f := fact{
		person: p, item: item, at: b.At,
		strength: kind.strength(b.Weight),
		before:   float64(p.wish(item)),
		outcome:  kind.Outcome && before.flags&taken == 0,
		again:    kind.Outcome && before.flags&taken != 0,
		seen:     kind.Name == "impression" || kind.Name == "click" || kind.Outcome,
		hasty:    hasty(p, b.At), past: kind.Past, share: kind.watched(b.Weight),
	}
	f.gain = max(0, f.strength-f.before)
	if before.flags&dismissed != 0 {
		f.gain = 0
	}
	if teach && f.outcome && !f.hasty && (b.Weight == 0 || kind.Consumes <= 0 || b.Weight >= kind.Consumes) {
		e.teach(&f)
	}
	for _, m := range e.models {
		m.observe(&f)
	}
	p.note(item, func(t *touch) {
		if kind.Outcome {
			t.flags |= taken
			t.shown = 0
		} else if f.seen && t.flags&taken == 0 && t.shown < 255 {
			t.shown++
		}
		if kind.consumes(b.Weight) {
			t.flags |= consumed
		}
		if kind.Dismisses {
			t.flags |= dismissed
		}
	})
	if kind.Dismisses {
		p.unlike(item, func(liked) {})
	} else if f.gain > 0 {
		p.like(item, float32(f.strength), b.At, e.config.History)
	}
	if f.seen {
		p.see(item)
	}
	p.lastAt = b.At
	p.minutes += float32(e.minutes(b, kind, &f))
	e.tell(b, kind, &f)
	if f.outcome {
		p.taken++
		e.entries[item].outcomes++
	}
}

// hasty reports whether a behaviour follows the person's last one sooner than
// anybody chooses: it is one of a list that was kept elsewhere and brought in
// at once. What was on offer when it happened is not known, so it teaches the
// models what is wanted, but not the blend how to choose.
func hasty(p *person, at wire.Millis) bool {
	const soonest = 100 // milliseconds
	return p.lastAt > 0 && at >= p.lastAt && at-p.lastAt < soonest
}

// teach lets the blend learn from an outcome: the candidates are those that
// the engine would have ranked for this person at that moment.
func (e *Engine) teach(f *fact) {
	it := &e.entries[f.item]
	if !it.offered(f.at) {
		return // nobody could have ranked it
	}
	q := e.learner
	q.reset(len(e.entries))
	q.now = f.at
	q.from(f.person, 0, false)
	q.accept = func(item ref) bool { return e.entries[item].offered(f.at) }
	q.withoutHad(f.person, math.MaxInt64)
	e.gather(q)
	slices.Sort(q.items) // sums of floats depend on their order, and a replay must come to the same
	e.describe(q)
	chosen, ok := q.at(f.item)
	if !ok {
		// Nobody proposed it, or they had or dismissed it before: no list could
		// have held it. Added here it would stand out from the candidates by its
		// very absence from their tables, and that is what would be learned.
		return
	}
	e.blend.learn(q, chosen, f.past)
}

// gather fills q.items with the candidates of all models.
func (e *Engine) gather(q *query) {
	for _, m := range e.models {
		m.propose(q)
	}
}

// describe fills q.columns with the features of q.items.
func (e *Engine) describe(q *query) {
	n := len(q.items)
	if len(q.columns) < len(e.blend.features) {
		q.columns = make([][]float32, len(e.blend.features))
	}
	for i := range q.columns {
		if cap(q.columns[i]) < n {
			q.columns[i] = make([]float32, n, n+n/2)
		} else {
			q.columns[i] = q.columns[i][:n]
			clear(q.columns[i])
		}
	}
	for c, item := range q.items {
		q.place[item] = uint32(c)
	}
	at := 0
	for i, m := range e.models {
		m.score(q, q.columns[at:at+e.widths[i]])
		at += e.widths[i]
	}
}

// Digest sums up all that was learned. The same behaviours in the same order
// over the same catalogue, with its phases, give the same digest.
func (e *Engine) Digest() string {
	e.mu.RLock()
	defer e.mu.RUnlock()
	d := &digester{h: sha256.New()}
	for _, m := range e.models {
		m.digest(d)
	}
	e.blend.digest(d)
	d.uint(uint64(len(e.people.byID)))
	for p := e.people.newest; p != nil; p = p.older {
		d.h.Write([]byte(p.id))
		for _, l := range p.history {
			d.uint(uint64(l.item))
			d.float(float64(l.strength))
		}
		for _, item := range p.views {
			d.uint(uint64(item))
		}
		for _, t := range p.touched {
			d.uint(uint64(t.item)<<16 | uint64(t.shown)<<8 | uint64(t.flags))
		}
	}
	for _, t := range e.trials {
		d.h.Write([]byte(t.Digest()))
	}
	return d.text()
}

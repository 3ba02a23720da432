package recommend_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/wire"
)

// memory is a store that behaves, in memory.
type memory struct {
	mu   sync.Mutex
	log  []recommend.Behavior
	ids  map[string]bool
	full bool // refuse to write

	modelAt int64
	model   []byte
}

var errFull = errors.New("the disk is full")

func (m *memory) AppendBehaviors(_ context.Context, list []recommend.Behavior) ([]bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.full {
		return nil, errFull
	}
	if m.ids == nil {
		m.ids = map[string]bool{}
	}
	fresh := make([]bool, len(list))
	for i, b := range list {
		if fresh[i] = !m.ids[b.ID]; fresh[i] {
			m.ids[b.ID] = true
			m.log = append(m.log, b)
		}
	}
	return fresh, nil
}

func (m *memory) ReadBehaviors(_ context.Context, after int64, limit int) ([]recommend.Behavior, int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	end := min(int(after)+limit, len(m.log))
	return m.log[after:end:end], int64(end), nil
}

func (m *memory) SaveModel(_ context.Context, _ string, at int64, data []byte) error {
	m.modelAt, m.model = at, data
	return nil
}

func (m *memory) Model(context.Context, string) (int64, []byte, error) {
	return m.modelAt, m.model, nil
}

// noon is when the tests take place.
const noon = wire.Millis(1_780_000_000_000)

const (
	minute = wire.Millis(time.Minute / time.Millisecond)
	hour   = 60 * minute
	day    = 24 * hour
)

// class is an engine with its store and a clock that the test sets.
type class struct {
	*recommend.Engine
	t     testing.TB
	store *memory
	at    wire.Millis
	next  int
}

// plain switches off what makes lists vary.
var plain = recommend.Config{Explore: -1, Diversity: -1, PerAuthor: -1}

func newClass(t testing.TB, config recommend.Config, items ...recommend.Item) *class {
	t.Helper()
	c := &class{t: t, store: &memory{}, at: noon}
	e, err := recommend.New(config, c.store, func() time.Time { return c.at.Time() }, rand.NewPCG(7, 7))
	if err != nil {
		t.Fatal(err)
	}
	c.Engine = e
	c.SetCatalog(items)
	return c
}

// does observes one behaviour now; weight 0 is none.
func (c *class) does(person wire.UserID, kind, item string, weight float64) {
	c.t.Helper()
	c.next++
	_, err := c.Observe(context.Background(), []recommend.Behavior{{
		ID: fmt.Sprintf("b%d", c.next), Person: person, Item: item, Kind: kind, Weight: weight, At: c.at,
	}})
	if err != nil {
		c.t.Fatalf("%s %s %s: %v", person, kind, item, err)
	}
}

// offers returns the ids suggested to person.
func (c *class) offers(person wire.UserID, limit int) []string {
	return ids(c.Suggest(recommend.Request{Person: person, Now: c.at, Limit: limit}))
}

func ids(list []recommend.Suggestion) []string {
	var out []string
	for _, s := range list {
		out = append(out, s.Item.ID)
	}
	return out
}

func video(id, title string, tags ...string) recommend.Item {
	return recommend.Item{ID: id, Kind: recommend.Video, Title: title, Tags: tags, Created: noon - 30*day}
}

func session(id, title string, tags ...string) recommend.Item {
	it := video(id, title, tags...)
	it.Kind, it.Room = recommend.Session, wire.RoomID(id)
	return it
}

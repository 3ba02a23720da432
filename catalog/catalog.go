// Package catalog knows what there is to learn: live sessions and short
// videos.
//
// A [Catalog] is read from a YAML file by [Load], and a session which repeats is
// always shown with its next time. What is in the file stays as it is; videos
// may come beside it, and go again ([Catalog.Add]): clips of classes. Who adds
// them keeps them. A catalogue says what is announced, never what goes on:
// whether a class is live is for its room to say.
package catalog

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// Kind is what an item is.
type Kind string

// The kinds of item.
const (
	Session Kind = "session" // a live class
	Video   Kind = "video"   // a short video, or a lesson of its length to read
)

// Item is one thing to learn from, as it goes over the wire.
type Item struct {
	ID          string      `json:"id"` // unique in the catalogue, formed like a room id
	Kind        Kind        `json:"kind"`
	Title       string      `json:"title"`
	Description string      `json:"description"` // paragraphs, with line breaks between
	Tags        []string    `json:"tags"`        // topics in lower case, the closest first
	Author      string      `json:"author"`
	Lang        string      `json:"lang"`       // BCP 47, such as "en" or "zh-CN"
	Level       Level       `json:"level"`      // "" for everybody
	DurationS   int         `json:"duration_s"` // seconds; 0 unknown
	StartsAt    wire.Millis `json:"starts_at"`  // sessions: when it begins next; 0 not announced
	Room        wire.RoomID `json:"room"`       // sessions: where it is held; "" for a video
	URL         string      `json:"url"`        // where to go for it
	Poster      string      `json:"poster"`     // an image; "": pages draw one from title and tags
	Price       int64       `json:"price"`      // in the currency's smallest unit; 0 free
}

// Level is whom an item is for.
type Level string

// The levels.
const (
	Anybody      Level = ""
	Beginner     Level = "beginner"
	Intermediate Level = "intermediate"
	Advanced     Level = "advanced"
)

// Catalog is a list of items. It is safe for many goroutines. What it returns
// are copies, but for their tags, which nobody may change.
type Catalog struct {
	now     func() time.Time
	mu      sync.RWMutex // guards the rest, which grows and shrinks by Add and Remove
	entries []entry
	byID    map[string]int
	byRoom  map[wire.RoomID]int
}

// entry is an item with when it comes again.
type entry struct {
	Item
	repeat repeat
	added  bool // after the file was read
}

// New returns a catalogue of items that are not in a file. It holds them to
// the same rules.
func New(items []Item, now func() time.Time) (*Catalog, error) {
	c := empty(now)
	for _, item := range items {
		item.Tags = slices.Clone(item.Tags)
		if p := c.add(entry{Item: item}); p != nil {
			return nil, fmt.Errorf("catalogue: %s: %s: %s", item.ID, p.field, p.text)
		}
	}
	return c, nil
}

func empty(now func() time.Time) *Catalog {
	return &Catalog{now: now, byID: map[string]int{}, byRoom: map[wire.RoomID]int{}}
}

// add completes an entry, checks it and takes it in.
func (c *Catalog) add(e entry) *problem {
	e.complete()
	if p := e.check(); p != nil {
		return p
	}
	if _, taken := c.byID[e.ID]; taken {
		return &problem{"id", "another item has this id"}
	}
	if e.Kind == Session {
		if _, taken := c.byRoom[e.Room]; taken {
			return &problem{"room", "another session is held in this room"}
		}
		c.byRoom[e.Room] = len(c.entries)
	}
	c.byID[e.ID] = len(c.entries)
	c.entries = append(c.entries, e)
	return nil
}

// Get returns the item of that id.
func (c *Catalog) Get(id string) (Item, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	i, ok := c.byID[id]
	if !ok {
		return Item{}, false
	}
	return c.entries[i].at(c.now()), true
}

// ByRoom returns the session that is held in a room.
func (c *Catalog) ByRoom(room wire.RoomID) (Item, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	i, ok := c.byRoom[room]
	if !ok {
		return Item{}, false
	}
	return c.entries[i].at(c.now()), true
}

// All returns every item, sessions and videos in the order of their file.
func (c *Catalog) All() []Item { return c.list(func(Kind) bool { return true }) }

// Sessions returns the live classes, in the order of their file.
func (c *Catalog) Sessions() []Item { return c.list(func(k Kind) bool { return k == Session }) }

// Videos returns the short videos, in the order of their file.
func (c *Catalog) Videos() []Item { return c.list(func(k Kind) bool { return k == Video }) }

func (c *Catalog) list(want func(Kind) bool) []Item {
	c.mu.RLock()
	defer c.mu.RUnlock()
	now := c.now()
	items := make([]Item, 0, len(c.entries))
	for _, e := range c.entries {
		if want(e.Kind) {
			items = append(items, e.at(now))
		}
	}
	return items
}

// at returns the item with the time that is next as seen from now.
func (e entry) at(now time.Time) Item {
	item := e.Item
	if e.repeat.days > 0 {
		length := time.Duration(item.DurationS) * time.Second
		if length == 0 {
			length = time.Hour
		}
		item.StartsAt = wire.At(e.repeat.next(item.StartsAt.Time(), length, now))
	}
	return item
}

// repeat says that a session comes again every so many days, at the same time
// by the clocks of a zone: a class at seven stays at seven when summer comes.
type repeat struct {
	days int // 0: never
	zone *time.Location
}

// next returns the first beginning, from start on, of which the end is after
// now.
func (r repeat) next(start time.Time, length time.Duration, now time.Time) time.Time {
	start = start.In(r.zone)
	passed := int(now.Sub(start) / (24 * time.Hour) / time.Duration(r.days))
	// One less, for a day may have 25 hours.
	for n := max(0, passed-1); ; n++ {
		if t := start.AddDate(0, 0, n*r.days); t.Add(length).After(now) {
			return t
		}
	}
}

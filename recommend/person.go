package recommend

import (
	"slices"

	"github.com/lyceum-live/lyceum/wire"
)

// person is what the engine keeps of one person.
type person struct {
	id      wire.UserID
	history []liked     // oldest first, each item once, at most Config.History
	touched []touch     // sorted by item; at most one for each item
	views   []ref       // seen last, oldest first, at most seenBack
	taken   int         // items taken up, ever
	lastAt  wire.Millis // of the last behaviour
	minutes float32     // watched, ever

	met             odds    // what they were shown, and what came of it
	mood, moodShare float32 // moving means of that

	place ref  // of this person in tables by person; another's once they are forgotten
	gone  bool // forgotten

	newer, older *person // in order of last activity
}

// liked is an item that the person showed some wish for.
type liked struct {
	item     ref
	strength float32 // the strongest wish shown
	at       wire.Millis
}

// touch is what passed between a person and an item.
type touch struct {
	item  ref
	shown uint8 // times seen without being taken up, at most 255
	flags touchFlag
}

type touchFlag uint8

const (
	consumed  touchFlag = 1 << iota // had it: never suggested again
	dismissed                       // not interested: never suggested again
	taken                           // took it up at least once
)

func (p *person) find(item ref) (int, bool) {
	return slices.BinarySearchFunc(p.touched, item, func(t touch, item ref) int {
		return int(int64(t.item) - int64(item))
	})
}

func (p *person) touch(item ref) touch {
	if p == nil {
		return touch{}
	}
	if i, ok := p.find(item); ok {
		return p.touched[i]
	}
	return touch{}
}

func (p *person) note(item ref, change func(*touch)) {
	i, ok := p.find(item)
	if !ok {
		p.touched = slices.Insert(p.touched, i, touch{item: item})
	}
	change(&p.touched[i])
}

// wish returns the strongest wish for the item that is remembered.
func (p *person) wish(item ref) float32 {
	for i := range p.history {
		if p.history[i].item == item {
			return p.history[i].strength
		}
	}
	return 0
}

// sawLately reports whether the item is among the last that the person saw.
func (p *person) sawLately(item ref) bool { return slices.Contains(p.views, item) }

// see notes that the person saw the item.
func (p *person) see(item ref) {
	if p.sawLately(item) {
		return
	}
	if len(p.views) >= seenBack {
		p.views = slices.Delete(p.views, 0, len(p.views)-seenBack+1)
	}
	p.views = append(p.views, item)
}

// like moves the item to the end of the history, as strong as its strongest.
func (p *person) like(item ref, strength float32, at wire.Millis, limit int) {
	p.unlike(item, func(old liked) { strength = max(strength, old.strength) })
	if len(p.history) >= limit {
		p.history = slices.Delete(p.history, 0, len(p.history)-limit+1)
	}
	p.history = append(p.history, liked{item, strength, at})
}

func (p *person) unlike(item ref, was func(liked)) {
	for i := range p.history {
		if p.history[i].item == item {
			was(p.history[i])
			p.history = slices.Delete(p.history, i, i+1)
			return
		}
	}
}

// people keeps the persons who were active last, so that memory is bounded.
// Whoever is forgotten comes back as somebody new.
type people struct {
	byID   map[wire.UserID]*person
	limit  int
	newest *person
	oldest *person
}

func newPeople(limit int) people {
	return people{byID: make(map[wire.UserID]*person), limit: limit}
}

// meet returns the person, made if need be, as the most recently active one.
func (pp *people) meet(id wire.UserID) *person {
	p := pp.byID[id]
	if p == nil {
		place := ref(len(pp.byID))
		if len(pp.byID) >= pp.limit {
			gone := pp.oldest
			pp.unlink(gone)
			delete(pp.byID, gone.id)
			place = gone.place
			*gone = person{id: gone.id, gone: true} // rings may still hold it: nothing of it stays but that
		}
		p = &person{id: id, place: place}
		pp.byID[id] = p
	} else if p == pp.newest {
		return p
	} else {
		pp.unlink(p)
	}
	p.older, p.newer = pp.newest, nil
	if pp.newest != nil {
		pp.newest.newer = p
	}
	pp.newest = p
	if pp.oldest == nil {
		pp.oldest = p
	}
	return p
}

func (pp *people) unlink(p *person) {
	if p.newer != nil {
		p.newer.older = p.older
	} else {
		pp.newest = p.older
	}
	if p.older != nil {
		p.older.newer = p.newer
	} else {
		pp.oldest = p.newer
	}
	p.newer, p.older = nil, nil
}

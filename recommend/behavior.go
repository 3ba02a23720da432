package recommend

import (
	"math"
	"slices"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// Kind says what a kind of behaviour means to the models.
type Kind struct {
	Name string

	// Strength is how much one such behaviour says that the person wants the
	// item, where watching it through is 1. 0: it says only that they saw it.
	Strength float64

	// MaxWeight is the largest weight a behaviour of this kind may carry. The
	// weight multiplies the strength, up to Full, at which it counts whole; a
	// weight that is not given (0) counts whole too.
	MaxWeight, Full float64

	// Least is the part of the strength that counts whatever the weight is.
	Least float64

	// Consumes is the weight from which the person has had the item, so that
	// it is not suggested to them again. 0: whatever the weight; -1: never.
	Consumes float64

	// Outcome: the person took the item up. The blend learns from the first
	// outcome of each person with each item.
	Outcome bool

	// Past: it happened elsewhere or long ago and is brought in later, with a
	// time that may be made up. It teaches the models what is wanted, but the
	// blend little: what was on offer then is not known.
	Past bool

	// Dismisses: the person does not want the item. It is never suggested to
	// them again.
	Dismisses bool
}

// Kinds lists every kind of behaviour. The strengths are the defaults from
// which the models start; the blend learns what follows from them.
var Kinds = []Kind{
	{Name: "impression", Strength: 0, MaxWeight: 1, Full: 1, Consumes: -1},                          // it was shown
	{Name: "browse", Strength: 0.1, MaxWeight: 1, Full: 1, Consumes: -1},                            // its page was open
	{Name: "click", Strength: 0.2, MaxWeight: 5, Full: 1, Least: 0.2, Consumes: -1},                 // a suggestion or a card was followed
	{Name: "enter", Strength: 0.4, MaxWeight: 1, Full: 1, Consumes: -1, Outcome: true},              // joined the class
	{Name: "watch", Strength: 1, MaxWeight: 5, Full: 1, Consumes: 0.5, Outcome: true},               // weight: share watched
	{Name: "watched", Strength: 1, MaxWeight: 5, Full: 1, Consumes: 0.5, Outcome: true, Past: true}, // a watch brought in from another system
	{Name: "vote", Strength: 0.6, MaxWeight: 1, Full: 1, Consumes: -1},                              // voted in a poll of the class
	{Name: "answer", Strength: 0.7, MaxWeight: 1, Full: 1, Least: 0.5, Consumes: -1},                // answered a quiz; weight: share right
	{Name: "comment", Strength: 0.6, MaxWeight: 1, Full: 1, Consumes: -1},                           // wrote in the chat
	{Name: "ask", Strength: 0.8, MaxWeight: 1, Full: 1, Consumes: -1},                               // asked a question
	{Name: "like", Strength: 0.9, MaxWeight: 1, Full: 1, Consumes: -1},                              // liked, followed or gave thanks
	{Name: "share", Strength: 1, MaxWeight: 1, Full: 1, Consumes: -1},                               // passed it on
	{Name: "buy", Strength: 1.5, MaxWeight: 1, Full: 1, Consumes: 0, Outcome: true},                 // bought a place
	{Name: "rate", Strength: 1, MaxWeight: 10, Full: 10, Least: 0.5, Consumes: 0, Outcome: true},    // weight: 0 to 10
	{Name: "leave", Strength: 0, MaxWeight: 1, Full: 1, Consumes: -1},                               // left the class
	{Name: "hide", Strength: 0, MaxWeight: 1, Full: 1, Consumes: -1, Dismisses: true},               // not interested
}

var kindByName = func() map[string]*Kind {
	m := make(map[string]*Kind, len(Kinds))
	for i := range Kinds {
		m[Kinds[i].Name] = &Kinds[i]
	}
	return m
}()

// strength is how much a behaviour of kind k with this weight counts.
func (k *Kind) strength(weight float64) float64 {
	if weight == 0 {
		return k.Strength
	}
	share := min(weight/k.Full, 1)
	return k.Strength * (k.Least + (1-k.Least)*share)
}

// watched is the share of the item that was played, as far as is known.
func (k *Kind) watched(weight float64) float64 {
	switch {
	case k.Outcome && (weight == 0 || k.Name != "watch" && k.Name != "watched"):
		return 1
	case k.Outcome || k.Name == "click":
		return min(weight, 1)
	}
	return 0
}

func (k *Kind) consumes(weight float64) bool {
	return k.Consumes >= 0 && (weight == 0 || weight >= k.Consumes)
}

// Refusals of a behaviour.
var (
	ErrID     = &wire.Error{Code: "recommend.id", Text: "a behaviour needs an id of 1 to 128 characters"}
	ErrPerson = &wire.Error{Code: "recommend.person", Text: "the person is missing or not well formed"}
	ErrItem   = &wire.Error{Code: "recommend.item", Text: "the catalogue has no such item"}
	ErrKind   = &wire.Error{Code: "recommend.kind", Text: "there is no such kind of behaviour"}
	ErrWeight = &wire.Error{Code: "recommend.weight", Text: "the weight is not a number or out of range for this kind"}
	ErrClock  = &wire.Error{Code: "recommend.clock", Text: "the time lies in the future or too far back"}
)

const maxID = 128 // bytes of a behaviour's id, and of an item's

// check refuses what is wrong with b by itself, whatever the catalogue holds.
func check(b *Behavior, now wire.Millis, ahead, back time.Duration) error {
	switch {
	case len(b.ID) == 0 || len(b.ID) > maxID:
		return ErrID.In("id")
	case !b.Person.Valid():
		return ErrPerson.In("person")
	case len(b.Item) == 0 || len(b.Item) > maxID:
		return ErrItem.In("item")
	case b.Room != "" && !b.Room.Valid():
		return wire.ErrField.In("room")
	}
	k := kindByName[b.Kind]
	if k == nil {
		return ErrKind.In("kind")
	}
	if math.IsNaN(b.Weight) || b.Weight < 0 || b.Weight > k.MaxWeight {
		return ErrWeight.In("weight")
	}
	if b.At <= 0 || b.At > now+wire.Millis(ahead.Milliseconds()) || b.At < now-wire.Millis(back.Milliseconds()) {
		return ErrClock.In("at")
	}
	return nil
}

// KindNames lists the names of all kinds, sorted.
func KindNames() []string {
	names := make([]string, 0, len(Kinds))
	for _, k := range Kinds {
		names = append(names, k.Name)
	}
	slices.Sort(names)
	return names
}

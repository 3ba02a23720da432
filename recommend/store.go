package recommend

import (
	"context"

	"github.com/lyceum-live/lyceum/wire"
)

// Behavior is one thing that one person did with one item.
type Behavior struct {
	ID     string      `json:"id"`     // unique; a second one with the same id is the same behaviour
	Person wire.UserID `json:"person"` // a pseudonym
	Item   string      `json:"item"`   // catalogue id
	Kind   string      `json:"kind"`   // see Kinds
	Weight float64     `json:"weight,omitzero"`
	At     wire.Millis `json:"at"`
	Room   wire.RoomID `json:"room,omitzero"`
	Served Served      `json:"served,omitzero"` // of an impression that was suggested
}

// Store keeps behaviours in the order of their arrival. It is safe for many
// goroutines.
type Store interface {
	// AppendBehaviors writes those whose ids are new, all or none, and reports
	// for each whether it was. It is durable before it returns.
	AppendBehaviors(ctx context.Context, behaviors []Behavior) (fresh []bool, err error)

	// ReadBehaviors returns up to limit behaviours after a position of the
	// store's own numbering, in order of arrival, and the last one's position.
	ReadBehaviors(ctx context.Context, after int64, limit int) (behaviors []Behavior, last int64, err error)

	// SaveModel keeps a model's snapshot, made at a position, under a name.
	SaveModel(ctx context.Context, name string, at int64, data []byte) error

	// Model returns the snapshot of that name, or 0 and nil.
	Model(ctx context.Context, name string) (at int64, data []byte, err error)
}

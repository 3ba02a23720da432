package report

import (
	"context"
	"sync"
	"time"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// Log is what a desk asks of the rooms.
type Log interface {
	// LogInfo says how far a room's log goes.
	LogInfo(ctx context.Context, id wire.RoomID) (room.LogInfo, error)

	// Events returns what has happened after a position, in order: some of it,
	// and nothing at the end.
	Events(ctx context.Context, id wire.RoomID, after uint64) ([]room.Happened, error)
}

// Desk keeps the folds of the rooms whose reports are asked for, so that a
// report costs only what has happened since the last. One at a time is made,
// so that classes have the other processors; a long log is folded over several
// calls. A desk starts no goroutine. It is safe for many.
type Desk struct {
	log  Log
	turn chan struct{} // held by whoever folds

	mu    sync.Mutex
	rooms map[wire.RoomID]*entry
}

// entry is a room's fold. Its fields are for whoever has the turn.
type entry struct {
	epoch string
	fold  *Fold
	last  *Report       // nil: none yet
	made  time.Time     // when
	cost  time.Duration // of making it

	// Guarded by the desk.
	asked time.Time // for the last time
	idle  *time.Timer
}

const (
	mostRooms = 4                // whose folds are kept
	keepFold  = 10 * time.Minute // without being asked for
	patience  = 8 * time.Second  // for a log to be folded in one call
	rest      = 10               // a report is made again after so many times its cost
)

// NewDesk returns a desk over rooms' logs.
func NewDesk(log Log) *Desk {
	return &Desk{log: log, turn: make(chan struct{}, 1), rooms: map[wire.RoomID]*entry{}}
}

// Progress says how far the fold of a long log has come: up to Seq, of Last.
type Progress struct {
	Seq  uint64 `json:"seq"`
	Last uint64 `json:"last"`
}

// Report returns a room's report, or how far it has come where the log is too
// long for one call: the next goes on from there. The report must not be
// changed. It may be as old as ten times what it costs to make.
func (d *Desk) Report(ctx context.Context, id wire.RoomID) (*Report, Progress, error) {
	var out *Report
	var p Progress
	err := d.with(ctx, id, func(e *entry) error {
		var err error
		if p, err = d.catchUp(ctx, id, e, time.Now().Add(patience)); err != nil || p.Seq < p.Last {
			return err
		}
		out = e.report()
		return nil
	})
	return out, p, err
}

// Whole gives look the fold and the report of a room, with all that has
// happened. Neither may be kept.
func (d *Desk) Whole(ctx context.Context, id wire.RoomID, look func(*Fold, *Report) error) error {
	return d.with(ctx, id, func(e *entry) error {
		if _, err := d.catchUp(ctx, id, e, time.Time{}); err != nil {
			return err
		}
		if e.last == nil || e.last.Seq != e.fold.Seq() {
			e.make()
		}
		return look(e.fold, e.last)
	})
}

// with waits for the turn and for nobody else's.
func (d *Desk) with(ctx context.Context, id wire.RoomID, do func(*entry) error) error {
	select {
	case d.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-d.turn }()
	return do(d.entry(id))
}

// entry returns the room's entry, in place of the one that was asked for
// longest ago if there are too many.
func (d *Desk) entry(id wire.RoomID) *entry {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.rooms[id]
	if e == nil {
		if len(d.rooms) >= mostRooms {
			d.forgetOldest()
		}
		e = &entry{}
		d.rooms[id] = e
	} else {
		e.idle.Stop()
	}
	e.asked = time.Now()
	e.idle = time.AfterFunc(keepFold, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.rooms[id] == e {
			delete(d.rooms, id)
		}
	})
	return e
}

func (d *Desk) forgetOldest() {
	var oldest wire.RoomID
	for id, e := range d.rooms {
		if o := d.rooms[oldest]; o == nil || e.asked.Before(o.asked) {
			oldest = id
		}
	}
	d.rooms[oldest].idle.Stop()
	delete(d.rooms, oldest)
}

// catchUp folds what has happened since, until a time; zero: however long it
// takes.
func (d *Desk) catchUp(ctx context.Context, id wire.RoomID, e *entry, until time.Time) (Progress, error) {
	info, err := d.log.LogInfo(ctx, id)
	if err != nil {
		return Progress{}, err
	}
	if e.fold == nil || e.epoch != info.Epoch || e.fold.Seq() > info.Last {
		e.epoch, e.fold, e.last = info.Epoch, NewFold(id), nil // another log
	}
	for e.fold.Seq() < info.Last && (until.IsZero() || time.Now().Before(until)) {
		page, err := d.log.Events(ctx, id, e.fold.Seq())
		if err != nil {
			return Progress{}, err
		}
		if len(page) == 0 {
			break // let go of meanwhile
		}
		for _, h := range page {
			e.fold.Apply(h.Head, h.Event)
		}
	}
	return Progress{e.fold.Seq(), info.Last}, nil
}

// report returns the newest report, made again if it is old enough.
func (e *entry) report() *Report {
	fresh := e.last != nil && (e.last.Seq == e.fold.Seq() || time.Since(e.made) < rest*e.cost)
	if !fresh {
		e.make()
	}
	return e.last
}

func (e *entry) make() {
	began := time.Now()
	e.last = e.fold.Report()
	e.made = time.Now()
	e.cost = e.made.Sub(began)
}

package files

import (
	"sync"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// quota counts what is kept and what arrives, by all and by each person.
type quota struct {
	config Config
	free   func() (int64, error) // bytes on the disk that may still be written

	mu     sync.Mutex
	used   int64 // bytes that are kept, and of those that arrive
	people map[wire.UserID]*hour
}

// hour is what somebody has uploaded since it began.
type hour struct {
	since time.Time
	bytes int64
	files int
}

// arrival is one upload as far as it is counted.
type arrival struct {
	*quota
	hour  *hour
	bytes int64
}

// begin counts an upload of by's, if they may have another one.
func (q *quota) begin(by wire.UserID, now time.Time) (*arrival, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for user, h := range q.people { // those who upload are few
		if now.Sub(h.since) >= time.Hour {
			delete(q.people, user)
		}
	}
	h := q.people[by]
	if h == nil {
		h = &hour{since: now}
		q.people[by] = h
	}
	if h.files >= q.config.Count {
		return nil, q.later(h, now)
	}
	h.files++
	return &arrival{quota: q, hour: h}, nil
}

// later refuses what may be tried again when the hour is over.
func (q *quota) later(h *hour, now time.Time) error {
	return ErrQuota.After(max(1000, h.since.Add(time.Hour).Sub(now).Milliseconds()))
}

// take counts n more bytes before they are written.
func (a *arrival) take(n int64, now time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.hour.bytes+n > int64(a.config.Hourly):
		return a.later(a.hour, now)
	case a.used+n > int64(a.config.Total):
		return ErrFull
	}
	if free, err := a.free(); err != nil {
		return err
	} else if free < int64(a.config.Spare)+n {
		return ErrFull
	}
	a.used += n
	a.hour.bytes += n
	a.bytes += n
	return nil
}

// undo forgets an upload that came to nothing.
func (a *arrival) undo() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.used -= a.bytes
	a.hour.bytes -= a.bytes
	a.hour.files--
}

// again takes from what is kept what was there before; the person has uploaded
// it all the same.
func (a *arrival) again() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.used -= a.bytes
}

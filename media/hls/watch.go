package hls

import (
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

const (
	watches    = 10 * time.Second // that somebody counts as watching after they were served
	mostBehind = 5 * time.Second
)

// watcher is what one person was served last.
type watcher struct {
	edge time.Time // the moment at which that part ended
	at   time.Time // when it was served
}

// served notes what a person was given: a part that ends at a moment.
func (o *origin) served(person wire.UserID, edge time.Time, now time.Time) {
	if person == "" {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if w := o.watchers[person]; edge.After(w.edge) || now.Sub(w.at) > watches {
		o.watchers[person] = watcher{edge, now}
	}
}

// forgetWatchers is called with the mutex held.
func (o *origin) forgetWatchers(now time.Time) {
	for person, w := range o.watchers {
		if now.Sub(w.at) > watches {
			delete(o.watchers, person)
		}
	}
}

// Behind is how far behind the live edge the picture is that a person sees, by
// the parts served to them: the age of what they were served last, and what
// players hold back of it. 0: they do not watch by LL-HLS; at most 5 s. A nil
// service serves nobody.
func (s *Service) Behind(room wire.RoomID, person wire.UserID) time.Duration {
	if s == nil {
		return 0
	}
	return s.behind(room, person, time.Now())
}

func (s *Service) behind(room wire.RoomID, person wire.UserID, now time.Time) time.Duration {
	s.mu.Lock()
	o := s.origins[room]
	s.mu.Unlock()
	if o == nil {
		return 0
	}
	o.mu.Lock()
	w, ok := o.watchers[person]
	o.mu.Unlock()
	if !ok || now.Sub(w.at) > watches {
		return 0
	}
	return min(max(now.Sub(w.edge), 0)+holdBack, mostBehind)
}

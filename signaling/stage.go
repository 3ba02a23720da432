package signaling

import (
	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/wire"
)

// Stage is what a room has on air, for those who read it beside the viewers;
// nil: nobody is there and nothing is on air.
func (s *Service) Stage(room wire.RoomID) *media.Stage {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.halls[room]; h != nil {
		return h.stage
	}
	return nil
}

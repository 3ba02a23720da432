package signaling

import "github.com/lyceum-live/lyceum/wire"

// Prefer is media.prefer: the page that publishes is asked for its pictures in
// a codec, if its browser has it. Somebody watches who cannot have another.
type Prefer struct {
	Video string `json:"video"`
}

// Prefer asks those who publish in a room for their pictures in a codec.
func (s *Service) Prefer(room wire.RoomID, video string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.halls[room]
	if h == nil {
		return
	}
	for p := range h.peers {
		p.post(func() {
			if p.sending != nil {
				p.send("media.prefer", Prefer{Video: video})
			}
		})
	}
}

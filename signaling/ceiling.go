package signaling

import (
	"errors"
	"sync/atomic"

	"github.com/lyceum-live/lyceum/wire"
)

// ErrFull turns a viewer away for whom there is no place by WebRTC.
var ErrFull = &wire.Error{Code: "media.full", Text: "as many people watch by WebRTC as may", RetryMS: 30_000}

var errNoSeat = errors.New("as many people watch as may")

// seats bound how many watch by WebRTC on the whole server.
type seats struct {
	most  atomic.Int64 // 0: no bound
	taken atomic.Int64
}

// SetCeiling bounds how many watch by WebRTC at a time; 0: no bound. Whoever
// comes then is told so, and stays who is here.
func (s *Service) SetCeiling(most int) { s.seats.most.Store(int64(most)) }

func (s *seats) take() bool {
	if most := s.most.Load(); s.taken.Add(1) > most && most > 0 {
		s.taken.Add(-1)
		return false
	}
	return true
}

func (s *seats) leave() { s.taken.Add(-1) }

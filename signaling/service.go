package signaling

import (
	"maps"
	"slices"
	"sync"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/wire"
)

// Service negotiates media for all rooms of a server.
type Service struct {
	engine *media.Engine
	log    *zap.Logger
	stop   chan struct{}
	done   chan struct{} // closed when herald returns
	news   chan struct{} // dirty has something
	seats  seats
	talk   chan struct{} // somebody has got a seat
	heard  chan struct{} // closed when listen returns

	mu        sync.Mutex
	halls     map[wire.RoomID]*hall
	dirty     map[wire.RoomID]bool // what is on air there has changed
	onStage   func(wire.RoomID, []media.Source)
	onSpeaker func(wire.RoomID, int)
	posted    map[string]*Session // what was negotiated over HTTP, by id
	orders    uint64              // given to them, in turn
	ending    sync.WaitGroup      // those that end by themselves
	closed    bool
}

// hall is one room that has peers, or media on air. Its maps are guarded by
// the service's mutex.
type hall struct {
	service *Service
	room    wire.RoomID
	stage   *media.Stage
	peers   map[*Peer]struct{}
	posted  map[*Session]struct{}
	floor   Floor
	ear     ear
	laying  sync.Mutex // held while the stage is laid; before the service's mutex
}

// New makes a service on top of the engine, which outlives it.
func New(engine *media.Engine, log *zap.Logger) *Service {
	s := &Service{
		engine: engine, log: log,
		stop: make(chan struct{}), done: make(chan struct{}), news: make(chan struct{}, 1),
		halls: map[wire.RoomID]*hall{}, dirty: map[wire.RoomID]bool{}, posted: map[string]*Session{},
		onStage: func(wire.RoomID, []media.Source) {}, onSpeaker: func(wire.RoomID, int) {},
		talk: make(chan struct{}, 1), heard: make(chan struct{}),
	}
	go s.herald()
	go s.listen()
	return s
}

// OnStage has f called after what is on air in a room has changed: in turn,
// from one goroutine, with what is on air by then. Set it before the first peer.
func (s *Service) OnStage(f func(wire.RoomID, []media.Source)) {
	s.mu.Lock()
	s.onStage = f
	s.mu.Unlock()
}

// OnAir lists what really comes in from a room's publishers, or is waited for
// within the engine's grace.
func (s *Service) OnAir(room wire.RoomID) []media.Source {
	s.mu.Lock()
	h := s.halls[room]
	s.mu.Unlock()
	if h == nil {
		return []media.Source{}
	}
	return h.stage.OnAir()
}

// Rights are what a peer may do beyond watching.
type Rights struct {
	Publish bool
}

// Peer joins a socket to its room's media. send carries a message from the
// server to that socket's client; it must not block, may be called from several
// goroutines, and may be called for a moment after [Peer.Close].
func (s *Service) Peer(room wire.RoomID, user wire.UserID, rights Rights, send func(kind string, data any)) *Peer {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hall(room)
	p := newPeer(h, user, rights, send)
	p.grant = h.floor.Guests[user]
	if s.closed {
		p.once.Do(func() { close(p.done) })
		return p
	}
	h.peers[p] = struct{}{}
	go p.loop()
	return p
}

// hall finds a room's hall or makes it. It is called with the mutex held.
func (s *Service) hall(room wire.RoomID) *hall {
	h := s.halls[room]
	if h == nil {
		h = &hall{service: s, room: room, peers: map[*Peer]struct{}{}, posted: map[*Session]struct{}{}, floor: Floor{Pinned: -1}, ear: ear{told: -1}}
		h.stage = s.engine.NewStage(h.changed)
		s.halls[room] = h
	}
	return h
}

// EndRoom takes everything off a room's air at once: the class is over.
func (s *Service) EndRoom(room wire.RoomID) {
	s.endSessions(func(x *Session) bool { return x.room == room })
	s.mu.Lock()
	h := s.halls[room]
	s.mu.Unlock()
	if h != nil {
		h.stage.Drop()
	}
}

// changed tells peers and the herald that what is on air is another.
func (h *hall) changed() {
	s := h.service
	s.mu.Lock()
	for p := range h.peers {
		nudge(p.wake)
	}
	for x := range h.posted {
		nudge(x.wake)
	}
	s.dirty[h.room] = true
	s.mu.Unlock()
	nudge(s.news)
}

func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // already
	}
}

// leave forgets a peer.
func (h *hall) leave(p *Peer) {
	s := h.service
	s.mu.Lock()
	delete(h.peers, p)
	s.tidy(h)
	s.mu.Unlock()
}

// tidy forgets a hall with nobody in it and nothing on air.
func (s *Service) tidy(h *hall) {
	if s.halls[h.room] == h && len(h.peers) == 0 && len(h.posted) == 0 && h.stage.Empty() {
		delete(s.halls, h.room)
	}
}

// herald tells the wiring about changes, each room's newest.
func (s *Service) herald() {
	defer close(s.done)
	for {
		select {
		case <-s.news:
		case <-s.stop:
			return
		}
		s.mu.Lock()
		rooms := slices.Sorted(maps.Keys(s.dirty))
		clear(s.dirty)
		tell := s.onStage
		s.mu.Unlock()
		for _, room := range rooms {
			tell(room, s.OnAir(room))
			s.mu.Lock()
			if h := s.halls[room]; h != nil {
				s.tidy(h)
			}
			s.mu.Unlock()
		}
	}
}

// Close ends all peers and forgets all rooms.
func (s *Service) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	halls := slices.Collect(maps.Values(s.halls))
	var peers []*Peer
	for _, h := range halls {
		peers = slices.AppendSeq(peers, maps.Keys(h.peers))
	}
	s.mu.Unlock()
	s.endSessions(func(*Session) bool { return true })
	for _, p := range peers {
		p.Close()
	}
	s.ending.Wait()
	for _, h := range halls {
		h.stage.Close()
	}
	close(s.stop)
	<-s.done
	<-s.heard
}

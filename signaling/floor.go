package signaling

import (
	"maps"
	"time"

	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/wire"
)

// Floor is who may send onto a room's stage beside its host, and how that is
// shown, as the room's log says at a position.
type Floor struct {
	Seq    uint64
	Grid   bool
	Pinned int  // seat; -1: whoever speaks is shown large
	Aside  bool // a screen is shown large, and everybody's picture beside it
	Guests map[wire.UserID]Grant
}

// Grant is a guest's right to send: camera and microphone, to their own seat
// and no other. What is refused stays on air, dark and silent.
type Grant struct {
	Seat               int // from 1
	Microphone, Camera bool
}

// refused lists what of a guest's is not forwarded.
func (g Grant) refused() (list []media.Source) {
	if g.Seat == 0 { // a host's: there is nothing to refuse
		return nil
	}
	if !g.Microphone {
		list = append(list, media.Microphone.At(g.Seat))
	}
	if !g.Camera {
		list = append(list, media.Camera.At(g.Seat))
	}
	return list
}

// SetFloor says who may send in a room from now on. One of an earlier position
// of the log than is known changes nothing. Whoever had a seat and has none any
// more is cut off: what still comes from them is not forwarded.
func (s *Service) SetFloor(room wire.RoomID, f Floor) {
	s.mu.Lock()
	h := s.halls[room]
	if h == nil || h.floor.Seq > f.Seq {
		s.mu.Unlock()
		return
	}
	h.floor = f
	for p := range h.peers {
		grant := f.Guests[p.user]
		p.post(func() { p.seat(grant) })
	}
	s.mu.Unlock()
	h.lay()
	nudge(s.talk)
}

// OnSpeaker has f called when somebody else's voice is the loudest on a room's
// stage: by seat; -1: nobody's. Set it before the first peer.
func (s *Service) OnSpeaker(f func(room wire.RoomID, seat int)) {
	s.mu.Lock()
	s.onSpeaker = f
	s.mu.Unlock()
}

// lay has the stage send the large picture large and the others small.
func (h *hall) lay() {
	s := h.service
	h.laying.Lock() // what is found out last is said last
	defer h.laying.Unlock()
	s.mu.Lock()
	large, grid := h.ear.at, h.floor.Grid
	if h.floor.Pinned >= 0 {
		large = h.floor.Pinned
	}
	if !h.floor.has(large) { // who spoke last has left
		large = 0
	}
	if h.floor.Aside {
		large = -1
	}
	s.mu.Unlock()
	h.stage.Lay(large, grid)
}

// has reports whether somebody has a seat: the host always.
func (f *Floor) has(seat int) bool {
	for _, g := range f.Guests {
		if g.Seat == seat {
			return true
		}
	}
	return seat == 0
}

// listenEvery is how often it is looked who speaks.
const listenEvery = 200 * time.Millisecond

// listen follows who speaks, in the rooms that have guests on their stage.
func (s *Service) listen() {
	defer close(s.heard)
	var tick <-chan time.Time // nil while there are none
	ticker := time.NewTicker(listenEvery)
	defer ticker.Stop()
	ticker.Stop()
	for {
		select {
		case <-s.talk:
			if tick == nil {
				ticker.Reset(listenEvery)
				tick = ticker.C
			}
		case now := <-tick:
			if !s.ears(now) {
				ticker.Stop()
				tick = nil
			}
		case <-s.stop:
			return
		}
	}
}

// ears looks once, and reports whether there is anything to look at.
func (s *Service) ears(now time.Time) bool {
	s.mu.Lock()
	var halls []*hall
	for h := range maps.Values(s.halls) {
		if len(h.floor.Guests) > 0 || h.ear.told != -1 {
			halls = append(halls, h)
		}
	}
	tell := s.onSpeaker
	s.mu.Unlock()
	for _, h := range halls {
		var voices []media.Voice
		s.mu.Lock()
		guests := len(h.floor.Guests)
		s.mu.Unlock()
		if guests > 0 {
			voices = h.stage.Voices(now)
		}
		s.mu.Lock()
		seat, changed := h.ear.listen(now, voices)
		s.mu.Unlock()
		if changed {
			h.lay()
			tell(h.room, seat)
		}
	}
	return len(halls) > 0
}

// How it is decided who speaks.
const (
	audible  = 77              // a level that is somebody's voice: -50 dBov
	louder   = 6               // levels by which another must be louder...
	overFor  = time.Second     // ...and for how long
	quietFor = 3 * time.Second // without a voice nobody speaks
)

// ear decides who speaks. It does no I/O and reads no clock.
type ear struct {
	told  int       // seat; -1: nobody
	at    int       // the last who spoke: their picture stays large
	since time.Time // since when rival has been the louder
	rival int
	last  time.Time // when somebody was audible
}

// listen takes how loud everybody is, and returns who speaks now.
func (e *ear) listen(now time.Time, voices []media.Voice) (seat int, changed bool) {
	best, own := media.Voice{Seat: -1}, 0
	for _, v := range voices {
		if v.Level > best.Level {
			best = v
		}
		if v.Seat == e.told {
			own = v.Level
		}
	}
	before := e.told
	if best.Level >= audible {
		e.last = now
	}
	switch {
	case len(voices) == 0 || now.Sub(e.last) >= quietFor:
		e.told, e.since = -1, time.Time{}
	case best.Level < audible || best.Seat == e.told || best.Level < own+louder && own >= audible:
		e.since = time.Time{}
	case e.since.IsZero() || best.Seat != e.rival:
		e.since, e.rival = now, best.Seat
	case now.Sub(e.since) >= overFor:
		e.told, e.at, e.since = best.Seat, best.Seat, time.Time{}
	}
	if len(voices) == 0 {
		e.at = 0
	}
	return e.told, e.told != before
}

// seat gives the peer a guest's right to send, changes it or takes it back.
func (p *Peer) seat(g Grant) {
	before := p.grant
	p.grant = g
	if p.rights.Publish || before == g {
		return
	}
	if before.Seat != g.Seat {
		sent := p.sending != nil
		p.takeOff()
		if sent {
			p.send("media.ended", Ended{PC: "send", Reason: "forbidden"})
		}
		p.offer() // what is one's own is another now
	} else if p.sending != nil {
		p.sending.in.Refuse(g.refused()...)
	}
}

// place gives what a publisher sends its place on the stage.
func (p *Peer) place(own map[string]media.Source) (map[string]media.Source, error) {
	if p.rights.Publish {
		return own, nil
	}
	placed := map[string]media.Source{}
	for mid, source := range own {
		if source != media.Camera && source != media.Microphone {
			return nil, ErrForbidden
		}
		placed[mid] = source.At(p.grant.Seat)
	}
	return placed, nil
}

// own is the seat that the peer's person has: nobody is sent their own voice.
func (p *Peer) own() int {
	switch {
	case p.grant.Seat > 0:
		return p.grant.Seat
	case p.rights.Publish && p.sending != nil:
		return 0
	}
	return -1
}

package signaling

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/lyceum-live/lyceum/wire"
)

// Bounds on sessions over HTTP, of publishers and of players each.
const (
	sessionsEach  = 4 // of one person in one room; the oldest makes way
	maxPublishers = 500
	maxPlayers    = 5000
	restartsEvery = time.Second // ICE restarts of one session, in the long run
	restartsBurst = 5
	idleRetry     = 3 * time.Second // until a player may ask again for what was not on air
)

// Refusals of sessions over HTTP.
var (
	ErrIdle      = &wire.Error{Code: "media.idle", Text: "nothing that was asked for is on air yet"}
	ErrTracks    = &wire.Error{Code: "media.tracks", Text: "one picture and one sound of one stream can be sent or received this way, not more"}
	ErrStale     = &wire.Error{Code: "media.stale", Text: "the ICE session is another one by now"}
	ErrCondition = &wire.Error{Code: "media.condition", Text: "the If-Match header must name the ICE session"}
)

// Caller is who asks for a session over HTTP.
type Caller struct {
	Room  wire.RoomID
	User  wire.UserID
	Until time.Time // when the right to it ends
}

// Way is the direction of a session over HTTP.
type Way string

// The ways.
const (
	WHIP Way = "whip" // a publisher's (RFC 9725)
	WHEP Way = "whep" // a player's (draft-ietf-wish-whep-03)
)

// Session is one connection that was negotiated over HTTP: an offer answered
// once, and after that nothing but its ICE.
//
//	open ──Patch, Patch, …──▶ ended
//
// It ends by its client's wish, when its connection is lost or taken over,
// when its caller's right ends, and with the class.
type Session struct {
	service *Service
	hall    *hall
	id      string
	way     Way
	room    wire.RoomID
	user    wire.UserID
	order   uint64
	wake    chan struct{} // what is on air has changed
	stop    chan struct{} // closed when it ends
	done    chan struct{} // closed when nothing of it is left
	once    sync.Once     // closes stop
	expiry  *time.Timer
	limit   *rate.Limiter // of ICE restarts

	negotiate func(offer string) (string, error)
	shut      func(off bool) // off: what is on air goes off at once

	mu         sync.Mutex // one request at a time
	offer      string     // without candidates
	answer     string
	tag        string
	candidates int
}

// ID names the session; nobody else can guess it.
func (x *Session) ID() string { return x.id }

// Answer is the answer to the offer and the tag of its ICE session.
func (x *Session) Answer() (sdp, tag string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.answer, x.tag
}

// Ingest opens a publisher's session (RFC 9725): its picture is the camera, its
// sound the microphone, as if the caller's page had published them. onAir is
// called, by one goroutine, with all that is on air in the room whenever that
// changes while the session stands; an error from it ends the session.
func (s *Service) Ingest(c Caller, offer string, onAir func(sources []string) error) (*Session, error) {
	want, err := readIngest(offer)
	if err != nil {
		return nil, err
	}
	x, err := s.newSession(WHIP, c)
	if err != nil {
		return nil, err
	}
	peer := s.Peer(c.Room, c.User, Rights{Publish: true}, func(kind string, _ any) {
		if kind == "media.ended" {
			x.endSoon()
		}
	})
	peer.post(func() { peer.bye = x.endSoon })
	x.negotiate = func(offer string) (string, error) {
		reply, err := peer.do(context.Background(), func() (any, error) {
			return peer.publish(publish{SDP: offer, Sources: want.sources, ranks: want.ranks, deaf: true})
		})
		if err != nil {
			return "", err
		}
		return reply.(Answer).SDP, nil
	}
	x.shut = func(off bool) {
		if off {
			peer.SetRights(Rights{})
		}
		peer.Close()
	}
	return s.begin(x, want.sdp, func() { x.announce(onAir) })
}

// announce tells what is on air until the session ends.
func (x *Session) announce(onAir func([]string) error) {
	for {
		select {
		case <-x.wake:
			var on []string
			for _, source := range x.hall.stage.OnAir() {
				on = append(on, string(source))
			}
			if len(on) > 0 && onAir(on) != nil {
				x.endSoon()
				return
			}
		case <-x.stop:
			return
		}
	}
}

// newSession makes a session that nobody can find yet.
func (s *Service) newSession(way Way, c Caller) (*Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, wire.ErrBusy.After(1000)
	}
	s.orders++
	x := &Session{
		service: s, hall: s.hall(c.Room), id: rand.Text(), way: way, room: c.Room, user: c.User, order: s.orders,
		wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}), tag: newTag(),
		limit: rate.NewLimiter(rate.Every(restartsEvery), restartsBurst),
	}
	x.hall.posted[x] = struct{}{}
	x.expiry = time.AfterFunc(time.Until(c.Until), func() { x.soon(true) })
	return x, nil
}

// begin negotiates for the first time, and lets the session be found. run is
// its own goroutine until it ends.
func (s *Service) begin(x *Session, offer string, run func()) (*Session, error) {
	oldest, err := s.enlist(x)
	if oldest != nil {
		oldest.end(false)
	}
	if err == nil {
		x.offer = offer
		x.answer, err = x.negotiate(offer)
	}
	if err != nil {
		close(x.done)
		x.end(true)
		return nil, err
	}
	nudge(x.wake) // it may have come on air before it was listened for
	go func() {
		defer close(x.done)
		run()
	}()
	return x, nil
}

// enlist puts the session among the others, within bounds. The person's oldest
// is to make way where there are too many.
func (s *Service) enlist(x *Session) (oldest *Session, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	most, all, own := maxPublishers, 0, 0
	if x.way == WHEP {
		most = maxPlayers
	}
	for _, other := range s.posted {
		if other.way != x.way {
			continue
		}
		all++
		if other.room == x.room && other.user == x.user {
			own++
			if oldest == nil || other.order < oldest.order {
				oldest = other
			}
		}
	}
	if own < sessionsEach {
		oldest = nil
		if all >= most {
			return nil, wire.ErrBusy.After(5000)
		}
	}
	if s.closed {
		return oldest, wire.ErrBusy.After(1000)
	}
	s.posted[x.id] = x
	return oldest, nil
}

// Session finds a person's session.
func (s *Service) Session(way Way, room wire.RoomID, user wire.UserID, id string) (*Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.posted[id]
	if x == nil || x.way != way || x.room != room || x.user != user {
		return nil, wire.ErrNotFound
	}
	return x, nil
}

// Expel ends a person's sessions over HTTP in a room: they may be there no more.
func (s *Service) Expel(room wire.RoomID, user wire.UserID) {
	s.endSessions(func(x *Session) bool { return x.room == room && x.user == user })
}

func (s *Service) endSessions(which func(*Session) bool) {
	s.mu.Lock()
	var list []*Session
	for _, x := range s.posted {
		if which(x) {
			list = append(list, x)
		}
	}
	s.mu.Unlock()
	for _, x := range list {
		x.end(true)
	}
}

// End ends the session at its client's wish.
func (x *Session) End() { x.end(true) }

// end ends the session; off: what it has on air goes off at once, and does not
// wait for the publisher to come back. It returns when nothing of it is left,
// and must not be called by what it waits for.
func (x *Session) end(off bool) {
	x.once.Do(func() {
		x.expiry.Stop()
		close(x.stop)
		if x.shut != nil {
			x.shut(off)
		}
		<-x.done
		s := x.service
		s.mu.Lock()
		delete(s.posted, x.id)
		delete(x.hall.posted, x)
		s.tidy(x.hall)
		s.mu.Unlock()
	})
}

// endSoon ends the session from within; its sources wait for the publisher.
func (x *Session) endSoon() { x.soon(false) }

func (x *Session) soon(off bool) {
	select {
	case <-x.stop:
	default:
		x.service.ending.Go(func() { x.end(off) })
	}
}

// Patch takes candidates, or restarts ICE (RFC 9725, section 4.3). match is the
// If-Match header: the tag of the ICE session, or "*" for a restart. After a
// restart it returns our part of the new ICE session, with its tag.
func (x *Session) Patch(match, body string) (reply, tag string, err error) {
	if match == "" {
		return "", "", ErrCondition
	}
	f, err := readFragment(body)
	if err != nil {
		return "", "", err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	another := f.ufrag != "" && !speaks(x.offer, f.ufrag, f.pwd)
	switch {
	case match == "*" && another:
		return x.restart(f)
	case match != "*" && !tagged(match, x.tag), another:
		return "", "", ErrStale
	}
	if x.candidates += f.candidates; x.candidates > maxCandidates {
		return "", "", ErrSDP.In("candidate")
	}
	return "", x.tag, nil
}

func (x *Session) restart(f fragment) (reply, tag string, err error) {
	if f.pwd == "" || f.candidates > maxCandidates {
		return "", "", ErrSDP
	}
	if !x.limit.Allow() {
		return "", "", wire.ErrBusy.After(restartsEvery.Milliseconds())
	}
	offer, err := f.renew(x.offer)
	if err != nil {
		return "", "", err
	}
	answer, err := x.negotiate(offer)
	if err == nil {
		reply, err = fragmentOf(answer)
	}
	if err != nil {
		if !errors.Is(err, wire.ErrNotFound) { // else it ends already
			x.endSoon()
		}
		return "", "", err
	}
	x.offer, x.answer, x.tag, x.candidates = offer, answer, newTag(), f.candidates
	return reply, x.tag, nil
}

// newTag is an entity tag (RFC 9110, section 8.8.3).
func newTag() string { return `"` + rand.Text() + `"` }

// tagged compares a list of tags, strongly, with the one that holds.
func tagged(match, tag string) bool {
	for one := range strings.SplitSeq(match, ",") {
		if strings.TrimSpace(one) == tag {
			return true
		}
	}
	return false
}

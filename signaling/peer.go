package signaling

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/wire"
)

const (
	coalesce      = 30 * time.Millisecond // camera and microphone come on air together
	gatherTime    = 3 * time.Second       // for the server's own candidates, which need no network
	answerTime    = 10 * time.Second      // after which an unanswered offer is given up
	connectsEvery = time.Second           // new connections of one peer, in the long run
	connectsBurst = 5
)

// Peer is the media side of one socket.
type Peer struct {
	hall *hall
	user wire.UserID
	send func(kind string, data any)
	bye  func() // the sending connection was closed by its client; nil: nobody asks

	requests chan func()   // what the client wants done by the loop
	wake     chan struct{} // what is on air has changed
	news     chan struct{} // events has something
	stop     chan struct{}
	done     chan struct{} // closed when the loop has returned
	once     sync.Once     // closes stop

	mu     sync.Mutex
	events []func() // what connections and the server have for the loop
	host   string   // by which the client came: see Via

	// Owned by loop.
	rights     Rights
	grant      Grant         // of a guest; its Seat is 0: none
	limit      *rate.Limiter // of new connections
	sending    *sending      // nil: none
	left       *media.Ingest // the last one, whose sources may still wait; nil: none
	receiving  *receiving    // nil: none
	watching   bool
	quality    media.Quality
	generation int // of the last offer sent
}

func newPeer(h *hall, user wire.UserID, rights Rights, send func(string, any)) *Peer {
	return &Peer{
		hall: h, user: user, send: send, rights: rights, quality: media.Auto,
		requests: make(chan func()), wake: make(chan struct{}, 1), news: make(chan struct{}, 1),
		stop: make(chan struct{}), done: make(chan struct{}),
		limit: rate.NewLimiter(rate.Every(connectsEvery), connectsBurst),
	}
}

// Handle carries out a client's request and returns the data of its reply. A
// refusal is a *wire.Error.
func (p *Peer) Handle(ctx context.Context, kind string, data wire.Raw) (any, error) {
	act, err := p.decode(kind, data)
	if err != nil {
		return nil, err
	}
	return p.do(ctx, act)
}

// do has the loop carry out act, in turn.
func (p *Peer) do(ctx context.Context, act func() (any, error)) (any, error) {
	type result struct {
		reply any
		err   error
	}
	back := make(chan result, 1) // buffered: the loop never waits for a caller
	order := func() {
		reply, err := act()
		back <- result{reply, err}
	}
	select {
	case p.requests <- order:
	case <-p.done:
		return nil, wire.ErrNotFound
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case r := <-back:
		return r.reply, r.err
	case <-p.done:
		return nil, wire.ErrNotFound
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// decode reads a request, strictly, and returns what the loop shall do for it.
func (p *Peer) decode(kind string, data wire.Raw) (func() (any, error), error) {
	switch kind {
	case "media.publish":
		var c publish
		if err := wire.Decode(data, &c); err != nil {
			return nil, err
		}
		return func() (any, error) { return p.publish(c) }, nil
	case "media.watch":
		var c watch
		if err := wire.Decode(data, &c); err != nil {
			return nil, err
		}
		if c.Quality != "" && !c.Quality.Valid() {
			return nil, wire.ErrField.In("quality")
		}
		return func() (any, error) { return nil, p.watch(c.Quality) }, nil
	case "media.answer":
		var c answer
		if err := wire.Decode(data, &c); err != nil {
			return nil, err
		}
		return func() (any, error) { return nil, p.answer(c) }, nil
	case "media.candidate":
		var c candidate
		if err := wire.Decode(data, &c); err != nil {
			return nil, err
		}
		if err := c.check(); err != nil {
			return nil, err
		}
		return func() (any, error) { return nil, p.candidate(c.PC) }, nil
	}
	if kind == "media.servers" {
		if err := wire.Decode(data, &nothing{}); err != nil {
			return nil, err
		}
		return func() (any, error) { return p.servers(), nil }, nil
	}
	simple := map[string]func() error{
		"media.unpublish": p.unpublish,
		"media.restart":   p.restart,
		"media.stop":      p.stopWatching,
	}[kind]
	if simple == nil {
		return nil, wire.ErrType
	}
	if err := wire.Decode(data, &nothing{}); err != nil {
		return nil, err
	}
	return func() (any, error) { return nil, simple() }, nil
}

// SetRights changes what the peer may do. A right to publish that is taken
// back ends the publication at once.
func (p *Peer) SetRights(r Rights) {
	p.post(func() {
		p.rights = r
		if r.Publish {
			return
		}
		sent := p.sending != nil
		p.takeOff()
		if sent {
			p.send("media.ended", Ended{PC: "send", Reason: "forbidden"})
		}
	})
}

// Close ends the peer's connections. What it had on air stays, silent, for the
// engine's grace: its person may be back on another socket. Take the right to
// publish first where that is not wanted.
func (p *Peer) Close() {
	p.once.Do(func() {
		p.hall.leave(p)
		close(p.stop)
	})
	<-p.done
}

// post has f done by the loop, in turn, and never waits. It is for what comes
// seldom: states of connections, rights.
func (p *Peer) post(f func()) {
	p.mu.Lock()
	p.events = append(p.events, f)
	p.mu.Unlock()
	nudge(p.news)
}

func (p *Peer) loop() {
	defer close(p.done)
	var soon <-chan time.Time // nil unless a change on air waits to be offered
	for {
		select {
		case f := <-p.requests:
			f()
		case <-p.news:
			p.handleEvents()
		case <-p.wake:
			if soon == nil {
				soon = time.After(coalesce)
			}
		case <-soon:
			soon = nil
			p.offer()
		case <-p.stop:
			p.handleEvents() // rights taken back just before, above all
			if p.sending != nil {
				p.closeSending(p.hall.service.engine.Grace())
			}
			p.closeReceiving()
			return
		}
	}
}

func (p *Peer) handleEvents() {
	p.mu.Lock()
	events := p.events
	p.events = nil
	p.mu.Unlock()
	for _, f := range events {
		f()
	}
}

// candidate counts: see the package's comment.
func (p *Peer) candidate(pc string) error {
	var count *int
	switch {
	case pc == "send" && p.sending != nil:
		count = &p.sending.candidates
	case pc == "recv" && p.receiving != nil:
		count = &p.receiving.candidates
	default:
		return nil // of a connection that has just ended
	}
	if *count++; *count > maxCandidates {
		return ErrSDP.In("candidate")
	}
	return nil
}

// mayConnect bounds how often a client can have us open connections.
func (p *Peer) mayConnect() error {
	if !p.limit.Allow() {
		return wire.ErrBusy.After(connectsEvery.Milliseconds())
	}
	return nil
}

// gathered sets a local description and returns it with our candidates in it.
func gathered(pc *webrtc.PeerConnection, d webrtc.SessionDescription) (string, error) {
	ready := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(d); err != nil {
		return "", err
	}
	select {
	case <-ready:
		return pc.LocalDescription().SDP, nil
	case <-time.After(gatherTime):
		return "", errors.New("our own candidates were not gathered in time")
	}
}

// fault logs what is our own fault and returns it for the caller.
func (p *Peer) fault(step string, err error) error {
	p.hall.service.log.Warn("media negotiation", zap.String("step", step), zap.String("room", string(p.hall.room)), zap.Error(err))
	return wire.ErrInternal
}

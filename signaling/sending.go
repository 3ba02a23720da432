package signaling

import (
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/lyceum-live/lyceum/media"
)

// sending is a peer's sending connection. It belongs to the peer's loop.
type sending struct {
	in         *media.Ingest
	session    string // of the browser's peer connection
	candidates int
	failed     *time.Timer // gives the connection up; nil unless it has failed
}

// publish takes an offer: the first, a change, an ICE restart, or that of a
// new connection in the place of a broken one.
func (p *Peer) publish(c publish) (any, error) {
	p.handleEvents() // a seat that was given just before
	if !p.rights.Publish && p.grant.Seat == 0 {
		return nil, ErrForbidden
	}
	offer, err := c.read()
	if err != nil {
		return nil, err
	}
	if c.Sources, err = p.place(c.Sources); err != nil {
		return nil, err
	}
	if p.sending != nil && p.sending.session == offer.session {
		sdp, err := negotiate(p.sending.in, offer.sdp)
		if err != nil {
			p.closeSending(p.hall.service.engine.Grace())
			return nil, ErrSDP.In("sdp")
		}
		p.sending.in.Assign(c.Sources)
		return Answer{SDP: sdp}, nil
	}

	if err := p.mayConnect(); err != nil {
		return nil, err
	}
	s := &sending{session: offer.session}
	s.in, err = p.hall.service.engine.NewIngest(p.hall.stage,
		func(state webrtc.PeerConnectionState) { p.post(func() { p.sendingState(s, state) }) },
		func(media.Source) { p.post(func() { p.sendingTaken(s) }) })
	if err != nil {
		return nil, p.fault("open the sending connection", err)
	}
	s.in.Rank(c.ranks)
	if !p.rights.Publish { // a guest
		s.in.Refuse(p.grant.refused()...)
	}
	if !c.deaf {
		s.in.Spare(func(wanted map[media.Source][]string) { p.send("media.layers", Layers{Wanted: asOwn(wanted)}) })
	}
	sdp, err := negotiate(s.in, offer.sdp)
	if err != nil {
		s.in.Close(0)
		return nil, ErrSDP.In("sdp")
	}
	if p.sending != nil { // its sources wait, silent, for the new connection
		p.closeSending(p.hall.service.engine.Grace())
	}
	p.sending = s
	s.in.Assign(c.Sources)
	p.offer() // not of what is one's own now
	return Answer{SDP: sdp}, nil
}

// asOwn names sources as their publisher does.
func asOwn[T any](by map[media.Source]T) map[media.Source]T {
	own := make(map[media.Source]T, len(by))
	for source, x := range by {
		own[source.Own()] = x
	}
	return own
}

// negotiate answers an offer.
func negotiate(in *media.Ingest, offer string) (string, error) { return answerTo(in.PC(), offer) }

func answerTo(pc *webrtc.PeerConnection, offer string) (string, error) {
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return "", err
	}
	answer, err := pc.CreateAnswer(nil)
	if err != nil {
		return "", err
	}
	return gathered(pc, answer)
}

// unpublish takes off what the peer sends, or has just ceased to send.
func (p *Peer) unpublish() error {
	p.takeOff()
	return nil
}

func (p *Peer) takeOff() {
	if p.sending != nil {
		p.closeSending(0)
	}
	if p.left != nil {
		p.left.Close(0)
		p.left = nil
	}
}

// sendingState follows the connection. One that fails may be revived by an ICE
// restart for as long as its sources are kept on air for it.
func (p *Peer) sendingState(s *sending, state webrtc.PeerConnectionState) {
	if p.sending != s {
		return
	}
	switch state {
	case webrtc.PeerConnectionStateConnected:
		s.stopFailed()
	case webrtc.PeerConnectionStateFailed:
		s.stopFailed()
		s.failed = time.AfterFunc(p.hall.service.engine.Grace(), func() {
			p.post(func() {
				if p.sending == s && s.failed != nil {
					p.endSending("lost")
				}
			})
		})
	case webrtc.PeerConnectionStateClosed: // the browser said goodbye, or lost its page
		p.closeSending(p.hall.service.engine.Grace())
		if p.bye != nil {
			p.bye()
		}
	}
}

func (p *Peer) sendingTaken(s *sending) {
	if p.sending == s {
		p.endSending("replaced")
	}
}

// endSending ends the connection and says why.
func (p *Peer) endSending(reason string) {
	p.closeSending(0)
	p.send("media.ended", Ended{PC: "send", Reason: reason})
}

func (p *Peer) closeSending(grace time.Duration) {
	p.sending.stopFailed()
	p.sending.in.Close(grace)
	if grace > 0 {
		p.left = p.sending.in
	}
	p.sending = nil
}

func (s *sending) stopFailed() {
	if s.failed != nil {
		s.failed.Stop()
		s.failed = nil
	}
}

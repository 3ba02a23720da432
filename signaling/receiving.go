package signaling

import (
	"errors"
	"maps"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/lyceum-live/lyceum/media"
)

// receiving is a peer's receiving connection. It belongs to the peer's loop.
type receiving struct {
	viewer     *media.Viewer
	candidates int
	offered    time.Time               // when the offer that waits for its answer was sent; zero: none waits
	sources    map[string]media.Source // of the last offer
	stale      bool                    // what is on air changed since that offer
}

// watch begins to receive, or changes the choice of picture.
func (p *Peer) watch(q media.Quality) error {
	if q != "" {
		p.quality = q
		if p.receiving != nil {
			p.receiving.viewer.SetQuality(q)
		}
	}
	if !p.watching {
		if err := p.mayConnect(); err != nil {
			return err
		}
		p.watching = true
		p.offer()
	}
	return nil
}

// stopWatching ends the receiving connection at the client's wish.
func (p *Peer) stopWatching() error {
	p.watching = false
	p.closeReceiving()
	return nil
}

// restart replaces a receiving connection that failed.
func (p *Peer) restart() error {
	if err := p.mayConnect(); err != nil {
		return err
	}
	p.closeReceiving()
	p.watching = true
	p.offer()
	return nil
}

// offer sends an offer if the peer watches and what is on air is not what was
// offered last. While an offer waits for its answer, the next one waits too.
func (p *Peer) offer() {
	if !p.watching {
		return
	}
	if r := p.receiving; r != nil && !r.offered.IsZero() {
		if time.Since(r.offered) < answerTime {
			r.stale = true
			return
		}
		p.closeReceiving() // the client never answered: begin anew
	}
	if p.receiving == nil {
		if p.hall.stage.Empty() {
			return
		}
		if err := p.openReceiving(); errors.Is(err, errNoSeat) {
			p.watching = false
			p.send("media.ended", Ended{PC: "recv", Reason: "full"})
			return
		} else if err != nil {
			_ = p.fault("open the receiving connection", err)
			return
		}
	}
	if err := p.sendOffer(p.receiving); err != nil {
		_ = p.fault("offer", err)
		p.endReceiving("lost")
	}
}

func (p *Peer) openReceiving() (err error) {
	r := &receiving{}
	if !p.hall.service.seats.take() {
		return errNoSeat
	}
	defer func() {
		if err != nil {
			p.hall.service.seats.leave()
		}
	}()
	v, err := p.hall.service.engine.NewViewer(p.hall.stage, p.quality, func(s media.Shown) {
		p.send("media.layer", Layer{Source: s.Source, Layer: s.Layer, Width: s.Width, Height: s.Height})
	})
	if err != nil {
		return err
	}
	r.viewer = v
	v.PC().OnConnectionStateChange(func(webrtc.PeerConnectionState) { // pion's calls come in no order
		p.post(func() { p.receivingState(r, v.PC().ConnectionState()) })
	})
	p.receiving = r
	return nil
}

func (p *Peer) sendOffer(r *receiving) error {
	r.viewer.SetOwn(p.own())
	lines, err := r.viewer.Program()
	if err != nil {
		return err
	}
	pc := r.viewer.PC()
	if r.sources != nil && maps.Equal(byMid(lines), r.sources) || len(pc.GetTransceivers()) == 0 {
		return nil // as it was; or off the air just now
	}
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	text, err := gathered(pc, offer)
	if err != nil {
		return err
	}
	var servers []media.ICEServer
	if r.sources == nil {
		servers = p.servers().Servers
	}
	sources := byMid(lines)
	p.generation++
	r.offered, r.sources, r.stale = time.Now(), sources, false
	p.send("media.offer", Offer{SDP: text, Sources: maps.Clone(sources), Generation: p.generation, Servers: servers})
	return nil
}

// byMid lists sources by their lines' mids; a line that was never offered has
// the mid "".
func byMid(lines []media.Line) map[string]media.Source {
	sources := map[string]media.Source{}
	for _, l := range lines {
		sources[l.Transceiver.Mid()] = l.Source
	}
	return sources
}

// answer takes the client's answer to the offer that waits; to any other it is
// too late.
func (p *Peer) answer(c answer) error {
	r := p.receiving
	if r == nil || r.offered.IsZero() || c.Generation != p.generation {
		return nil
	}
	parsed, err := parse(c.SDP)
	if err != nil {
		return err
	}
	text, err := withoutCandidates(parsed)
	if err != nil {
		return err
	}
	d := webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: text}
	if err := r.viewer.PC().SetRemoteDescription(d); err != nil {
		p.endReceiving("answer")
		return ErrSDP.In("sdp")
	}
	r.offered = time.Time{}
	if r.stale {
		p.offer()
	}
	return nil
}

func (p *Peer) receivingState(r *receiving, state webrtc.PeerConnectionState) {
	if p.receiving != r {
		return
	}
	switch state {
	case webrtc.PeerConnectionStateConnected:
		r.viewer.Connected()
	case webrtc.PeerConnectionStateFailed:
		p.endReceiving("lost")
	case webrtc.PeerConnectionStateClosed: // by the browser, which asks again if it wants to
		p.closeReceiving()
	}
}

// endReceiving ends the connection and says why; the client may ask again.
func (p *Peer) endReceiving(reason string) {
	p.closeReceiving()
	p.send("media.ended", Ended{PC: "recv", Reason: reason})
}

func (p *Peer) closeReceiving() {
	if p.receiving != nil {
		p.receiving.viewer.Close()
		p.receiving = nil
		p.hall.service.seats.leave()
	}
}

package signaling

import (
	"slices"
	"strings"

	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"github.com/lyceum-live/lyceum/media"
)

// asks is what a player's offer over HTTP asks for.
type asks struct {
	description    *sdp.SessionDescription
	picture, sound bool
}

// readPlay looks over the offer of a player: it must be ready for a picture, a
// sound, or both, in one bundle.
func readPlay(text string) (asks, error) {
	d, err := parseSingle(text)
	if err != nil {
		return asks{}, err
	}
	a := asks{description: d}
	for _, m := range d.MediaDescriptions {
		_, sendonly := m.Attribute(sdp.AttrKeySendOnly)
		_, inactive := m.Attribute(sdp.AttrKeyInactive)
		if m.MediaName.Port.Value == 0 || sendonly || inactive {
			return asks{}, ErrSDP.In("sdp")
		}
		if m.MediaName.Media == webrtc.RTPCodecTypeAudio.String() {
			a.sound = true
		} else {
			a.picture = true
		}
	}
	return a, nil
}

// only keeps of each section the formats of the codec that will be sent, and
// writes the offer so. It fails if one of them was not offered. A section for
// which nothing is on air keeps all.
func (a asks) only(picture, sound string) (string, error) {
	for _, m := range a.description.MediaDescriptions {
		mime := picture
		if m.MediaName.Media == webrtc.RTPCodecTypeAudio.String() {
			mime = sound
		}
		if mime == "" {
			continue
		}
		if keepCodec(m, mime); len(m.MediaName.Formats) == 0 {
			return "", ErrUnsupported
		}
	}
	return withoutCandidates(a.description)
}

// keepCodec takes the formats of other codecs out of a section; those of
// retransmissions stay with what they repeat.
func keepCodec(m *sdp.MediaDescription, mime string) {
	_, name, _ := strings.Cut(mime, "/")
	keep := map[string]bool{}
	for _, a := range m.Attributes {
		if format, codec, _ := strings.Cut(a.Value, " "); a.Key == "rtpmap" {
			if offered, _, _ := strings.Cut(strings.TrimSpace(codec), "/"); strings.EqualFold(offered, name) {
				keep[format] = true
			}
		}
	}
	for _, a := range m.Attributes {
		if format, parameters, _ := strings.Cut(a.Value, " "); a.Key == "fmtp" {
			if of, ok := strings.CutPrefix(strings.TrimSpace(parameters), "apt="); ok && keep[of] {
				keep[format] = true
			}
		}
	}
	m.MediaName.Formats = slices.DeleteFunc(m.MediaName.Formats, func(format string) bool { return !keep[format] })
	m.Attributes = slices.DeleteFunc(m.Attributes, func(a sdp.Attribute) bool {
		format, _, _ := strings.Cut(a.Value, " ")
		return (a.Key == "rtpmap" || a.Key == "fmtp" || a.Key == "rtcp-fb") && format != "*" && !keep[format]
	})
}

// Play opens a player's session (draft-ietf-wish-whep-03). While nothing of
// what it asks for is on air, it is refused with [ErrIdle]. It ends when
// something comes on air that it asked for and cannot be given without a new
// offer.
func (s *Service) Play(c Caller, offer string) (*Session, error) {
	want, err := readPlay(offer)
	if err != nil {
		return nil, err
	}
	x, err := s.newSession(WHEP, c)
	if err != nil {
		return nil, err
	}
	var p *media.Player
	if !s.seats.take() {
		err = ErrFull
	} else if p, err = s.engine.NewPlayer(x.hall.stage, want.picture, want.sound); p == nil {
		s.seats.leave()
	}
	if err == nil && p == nil {
		err = ErrIdle.After(idleRetry.Milliseconds())
	}
	if err == nil {
		x.shut = func(bool) {
			p.Close()
			s.seats.leave()
		}
		offer, err = want.only(p.Codecs())
	}
	if err != nil {
		close(x.done)
		x.end(true)
		return nil, err
	}
	p.PC().OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		switch state {
		case webrtc.PeerConnectionStateConnected:
			p.Connected()
		case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
			x.endSoon()
		}
	})
	x.negotiate = func(offer string) (string, error) {
		sdp, err := answerTo(p.PC(), offer)
		if err != nil {
			return "", ErrSDP.In("sdp")
		}
		return sdp, nil
	}
	return s.begin(x, offer, func() { x.play(p, want) })
}

// play has the player follow what is on air until the session ends.
func (x *Session) play(p *media.Player, want asks) {
	for {
		select {
		case <-x.wake:
			if !p.Turn(want.picture, want.sound) {
				x.endSoon()
				return
			}
		case <-x.stop:
			return
		}
	}
}

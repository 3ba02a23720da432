package bot

import (
	"context"
	"fmt"
	"regexp"
	"sync/atomic"

	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v4"
)

// NewPeerConnection opens a connection that also works on one machine alone.
func NewPeerConnection() (*webrtc.PeerConnection, error) {
	m := &webrtc.MediaEngine{}
	if err := m.RegisterDefaultCodecs(); err != nil {
		return nil, err
	}
	repairs := &interceptor.Registry{}
	if err := webrtc.RegisterDefaultInterceptors(m, repairs); err != nil {
		return nil, err
	}
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	api := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithInterceptorRegistry(repairs), webrtc.WithSettingEngine(settings))
	return api.NewPeerConnection(webrtc.Configuration{})
}

// Gathered makes d the connection's own description, with its candidates.
func Gathered(ctx context.Context, pc *webrtc.PeerConnection, d webrtc.SessionDescription) (string, error) {
	all := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(d); err != nil {
		return "", err
	}
	select {
	case <-all:
		return pc.LocalDescription().SDP, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// screen receives what is on air and counts its packets. It decodes nothing.
type screen struct {
	pc      *webrtc.PeerConnection
	session string // of the server's connection that pc is joined to
}

var sessionLine = regexp.MustCompile(`(?m)^o=\S+ (\S+)`)

// sessionOf returns the session id of a description (RFC 8866, section 5.2):
// another one means another connection.
func sessionOf(sdp string) string {
	if found := sessionLine.FindStringSubmatch(sdp); found != nil {
		return found[1]
	}
	return ""
}

// hear answers offers and asks anew for what was lost.
func (s *screen) hear(ctx context.Context, c *Client, m Message, packets *atomic.Int64) error {
	switch m.Type {
	case "media.offer":
		var offer struct {
			SDP        string `json:"sdp"`
			Generation int    `json:"generation"`
		}
		if err := m.Read(&offer); err != nil {
			return err
		}
		if id := sessionOf(offer.SDP); s.pc == nil || id != s.session {
			s.close()
			pc, err := NewPeerConnection()
			if err != nil {
				return fmt.Errorf("open a screen: %w", err)
			}
			s.pc, s.session = pc, id
			pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { count(track, packets) })
		}
		if err := s.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer.SDP}); err != nil {
			return fmt.Errorf("take an offer: %w", err)
		}
		answer, err := s.pc.CreateAnswer(nil)
		if err != nil {
			return fmt.Errorf("answer an offer: %w", err)
		}
		sdp, err := Gathered(ctx, s.pc, answer)
		if err != nil {
			return fmt.Errorf("answer an offer: %w", err)
		}
		return c.Query(ctx, "media.answer", struct {
			SDP        string `json:"sdp"`
			Generation int    `json:"generation"`
		}{sdp, offer.Generation}, nil)
	case "media.ended":
		var ended struct {
			PC     string `json:"pc"`
			Reason string `json:"reason"`
		}
		if err := m.Read(&ended); err != nil || ended.PC != "recv" {
			return err
		}
		s.close()
		if ended.Reason == "lost" {
			return c.Query(ctx, "media.restart", struct{}{}, nil)
		}
	}
	return nil
}

// count reads a track to its end, which comes with its connection's.
func count(track *webrtc.TrackRemote, packets *atomic.Int64) {
	b := make([]byte, 1600)
	for {
		if _, _, err := track.Read(b); err != nil {
			return
		}
		packets.Add(1)
	}
}

func (s *screen) close() {
	if s.pc != nil {
		_ = s.pc.GracefulClose()
		s.pc = nil
	}
}

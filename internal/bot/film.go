package bot

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"
	"github.com/pion/webrtc/v4/pkg/media/ivfreader"
)

// card.ivf is what the teacher shows: two waves and their sum, ten seconds of
// VP8 at 640×360 that join into a loop, with a keyframe each two seconds.
// card.sh draws it.
//
//go:embed card.ivf
var card []byte

// film sends the card to the server, over and over, until it is closed.
type film struct {
	pc      *webrtc.PeerConnection
	stop    context.CancelFunc
	running sync.WaitGroup
}

// publish opens the sending connection over c's socket and begins to send.
func publish(ctx context.Context, c *Client) (*film, error) {
	pc, err := NewPeerConnection()
	if err != nil {
		return nil, fmt.Errorf("open a camera: %w", err)
	}
	life, stop := context.WithCancel(context.Background())
	f := &film{pc: pc, stop: stop}
	if err := f.start(ctx, life, c); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

func (f *film) start(ctx, life context.Context, c *Client) error {
	track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "camera", "demo")
	if err != nil {
		return err
	}
	line, err := f.pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		return err
	}
	f.running.Go(func() { // the interceptors repair losses while the reports are read
		b := make([]byte, 1600)
		for {
			if _, _, err := line.Sender().Read(b); err != nil {
				return
			}
		}
	})
	connected := make(chan struct{})
	var once sync.Once
	f.pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(connected) })
		}
	})
	offer, err := f.pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	sdp, err := Gathered(ctx, f.pc, offer)
	if err != nil {
		return fmt.Errorf("offer: %w", err)
	}
	var answer struct {
		SDP string `json:"sdp"`
	}
	err = c.Query(ctx, "media.publish", struct {
		SDP     string            `json:"sdp"`
		Sources map[string]string `json:"sources"`
	}{sdp, map[string]string{line.Mid(): "camera"}}, &answer)
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	if err := f.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer.SDP}); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	f.running.Go(func() {
		select {
		case <-connected:
			_ = play(life, track) // ends with the connection or the film
		case <-life.Done():
		}
	})
	return nil
}

// play writes the card's frames in their time, again from the beginning after
// the last.
func play(ctx context.Context, track *webrtc.TrackLocalStaticSample) error {
	var tick *time.Ticker
	for {
		frames, head, err := ivfreader.NewWith(bytes.NewReader(card))
		if err != nil {
			return fmt.Errorf("card: %w", err)
		}
		each := time.Second * time.Duration(head.TimebaseNumerator) / time.Duration(head.TimebaseDenominator)
		if tick == nil {
			tick = time.NewTicker(each)
			defer tick.Stop()
		}
		for {
			frame, _, err := frames.ParseNextFrame()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return fmt.Errorf("card: %w", err)
			}
			if err := track.WriteSample(media.Sample{Data: frame, Duration: each}); err != nil {
				return err
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return nil
			}
		}
	}
}

func (f *film) close() {
	f.stop()
	_ = f.pc.GracefulClose()
	f.running.Wait()
}

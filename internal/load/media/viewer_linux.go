package media

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"github.com/lyceum-live/lyceum/internal/bot"
	"github.com/lyceum-live/lyceum/internal/load"
	"github.com/lyceum-live/lyceum/internal/silent"
	"github.com/lyceum-live/lyceum/wire"
)

const (
	sendTimeURI = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
	estimate    = 20_000_000 // bits a second that viewers say they can take
)

var errNoOffer = errors.New("no offer came")

// viewer is one who watches.
type viewer struct {
	client conversation
	door   *door
	pc     *webrtc.PeerConnection

	begun time.Time // to join

	last  map[uint32]tally // when it reported last; belongs to reports
	wrong atomic.Int64     // packets, of a viewer that is read whole, that are not the next
	read  atomic.Int64     // packets that it has decrypted

	// Of what it tells of arrivals; belongs to reports.
	wideNext  uint16 // one past the newest packet told of
	wideAny   bool
	wideCount uint8
}

// audience is all viewers of one measurement, and what they share.
type audience struct {
	target load.Target
	room   wire.RoomID
	load   Load
	lanes  lanes
	media  *webrtc.MediaEngine
	own    []webrtc.Certificate // one for all: making keys is not what is measured
}

// watch lets viewer i join: socket, offer and answer.
func (a *audience) watch(ctx context.Context, i int) (*viewer, error) {
	token, err := a.target.Token(a.room, fmt.Sprintf("Viewer %d", i), wire.Viewer)
	if err != nil {
		return nil, err
	}
	v := &viewer{begun: time.Now(), last: map[uint32]tally{}}
	if err := v.join(ctx, a, token, i%sampleEvery == 0, a.lanes[i%len(a.lanes)]); err != nil {
		v.close()
		return nil, fmt.Errorf("viewer %d: %w", i, err)
	}
	return v, nil
}

func (v *viewer) join(ctx context.Context, a *audience, token string, whole bool, l *lane) (err error) {
	if v.client, err = dial(ctx, a.target, a.room, token); err != nil {
		return err
	}
	if v.door, err = newDoor(l, max(a.load.Size, minSize), whole); err != nil {
		return err
	}
	var settings webrtc.SettingEngine
	settings.LoggerFactory = silent.Pion{}
	settings.SetICEUDPMux(ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: v.door, Logger: silent.Pion{}}))
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.SetICEMaxBindingRequests(100) // browsers go on for longer than Pion does by itself
	v.pc, err = webrtc.NewAPI(webrtc.WithMediaEngine(a.media), webrtc.WithInterceptorRegistry(&interceptor.Registry{}), webrtc.WithSettingEngine(settings)).
		NewPeerConnection(webrtc.Configuration{Certificates: a.own, RTPHeaderEncryptionPolicy: webrtc.RTPHeaderEncryptionPolicyDisable})
	if err != nil {
		return err
	}
	v.pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { v.check(t) })
	if err := v.client.Query(ctx, "media.watch", struct{}{}, nil); err != nil {
		return err
	}
	for {
		select {
		case m, ok := <-v.client.Messages():
			if !ok {
				return v.client.Err()
			}
			if m.Type == "media.offer" {
				return v.answer(ctx, m)
			}
		case <-ctx.Done():
			return errNoOffer
		}
	}
}

// heed does what a message of the server's asks for.
func (v *viewer) heed(ctx context.Context, m bot.Message) error {
	switch m.Type {
	case "media.offer":
		return v.answer(ctx, m)
	case candidateMessage:
		var c webrtc.ICECandidateInit
		if err := m.Read(&c); err != nil {
			return err
		}
		return v.pc.AddICECandidate(c)
	case "media.ended":
		return fmt.Errorf("the server has ended the connection: %s", m.Data)
	}
	return nil
}

func (v *viewer) answer(ctx context.Context, m bot.Message) error {
	var offer struct {
		SDP        string `json:"sdp"`
		Generation int    `json:"generation"`
	}
	if err := m.Read(&offer); err != nil {
		return err
	}
	v.door.lane.mu.Lock()
	v.door.wide = wideID(offer.SDP)
	v.door.lane.mu.Unlock()
	if err := v.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer.SDP}); err != nil {
		return err
	}
	answer, err := v.pc.CreateAnswer(nil)
	if err != nil {
		return err
	}
	sdp, err := bot.Gathered(ctx, v.pc, answer)
	if err != nil {
		return err
	}
	return v.client.Query(ctx, "media.answer", struct {
		SDP        string `json:"sdp"`
		Generation int    `json:"generation"`
	}{sdp, offer.Generation}, nil)
}

// check reads a track whole: each packet must be the one after the last, by
// its number and by the mark that the host put into it.
func (v *viewer) check(t *webrtc.TrackRemote) {
	b := make([]byte, readSize)
	var seq uint16
	var mark uint64
	for any := false; ; any = true {
		n, _, err := t.Read(b)
		if err != nil {
			return
		}
		v.read.Add(1)
		if n < 12+markSize {
			v.wrong.Add(1)
			continue
		}
		nextSeq, nextMark := binary.BigEndian.Uint16(b[2:]), binary.BigEndian.Uint64(b[n-markSize:])
		if any && (nextSeq != seq+1 || nextMark != mark+1) {
			v.wrong.Add(1)
		}
		seq, mark = nextSeq, nextMark
	}
}

// report says what a browser says once a second.
func (v *viewer) report() {
	v.door.lane.mu.Lock()
	var blocks []rtcp.ReceptionReport
	remb := &rtcp.ReceiverEstimatedMaximumBitrate{SenderSSRC: 1, Bitrate: estimate}
	for _, s := range v.door.streams {
		now := tally{s.packets, s.missing, s.late}
		since := now.sub(v.last[s.ssrc])
		v.last[s.ssrc] = now
		lost := uint8(0)
		if all := since.packets + since.missing; all > 0 && since.missing > 0 {
			lost = uint8(min(since.missing*256/all, 255))
		}
		blocks = append(blocks, rtcp.ReceptionReport{
			SSRC: s.ssrc, FractionLost: lost, TotalLost: uint32(max(now.missing, 0)) & 0xffffff, LastSequenceNumber: uint32(s.last),
		})
		remb.SSRCs = append(remb.SSRCs, s.ssrc)
	}
	v.door.lane.mu.Unlock()
	if len(blocks) > 0 {
		_ = v.pc.WriteRTCP([]rtcp.Packet{&rtcp.ReceiverReport{SSRC: 1, Reports: blocks}, remb}) // lost with the connection
	}
}

// close ends the connection and leaves the room.
func (v *viewer) close() {
	if v.pc != nil {
		_ = v.pc.GracefulClose()
	}
	if v.door != nil {
		_ = v.door.Close()
	}
	if v.client != nil {
		v.client.Close()
	}
}

// gather lets n viewers join, a few at a time, and waits until each has its
// first picture.
func (a *audience) gather(ctx context.Context, n int) ([]*viewer, error) {
	const atOnce = 8
	places := make(chan struct{}, atOnce)
	return a.admit(ctx, n, func(_ int, join func() error) error {
		places <- struct{}{}
		defer func() { <-places }()
		return join()
	})
}

// admit lets n viewers join, each when its turn says so, and waits until each
// has its first picture. If one has none, all leave.
func (a *audience) admit(ctx context.Context, n int, turn func(i int, join func() error) error) ([]*viewer, error) {
	viewers := make([]*viewer, n)
	errs := make(chan error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			err := turn(i, func() (err error) {
				if viewers[i], err = a.watch(ctx, i); err != nil {
					return err
				}
				return viewers[i].awaitPicture(ctx)
			})
			if err != nil {
				errs <- err
			}
		})
	}
	all.Wait()
	select {
	case err := <-errs:
		leave(viewers)
		return nil, err
	default:
		return viewers, nil
	}
}

// awaitPicture waits for the first picture. Until then it answers offers.
func (v *viewer) awaitPicture(ctx context.Context) error {
	tick := time.NewTicker(readEvery)
	defer tick.Stop()
	for v.door.since().IsZero() {
		select {
		case <-tick.C:
			if time.Since(v.begun) > 2*comeTime {
				return fmt.Errorf("no picture within %v: the connection is %s, with %d packets", 2*comeTime, v.pc.ConnectionState(), v.door.count().packets)
			}
		case m, ok := <-v.client.Messages():
			if !ok {
				return v.client.Err()
			}
			if err := v.heed(ctx, m); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func leave(viewers []*viewer) {
	var all sync.WaitGroup
	for _, v := range viewers {
		if v != nil {
			all.Go(v.close)
		}
	}
	all.Wait()
}

package media

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/lyceum-live/lyceum/internal/bot"
)

const (
	keyEvery = 2 * frameRate // pictures from one keyframe to the next
	vp8Head  = 6             // bytes of the payload descriptor
	vp8Key   = 10            // bytes of a keyframe's own header
	markSize = 8             // bytes at a payload's end: which of its stream it is
	minSize  = vp8Head + vp8Key + markSize
	comeTime = 15 * time.Second // for a connection to stand
)

// host publishes pictures as VP8 has them, 1280 by 720, and sound, at an even
// pace. What a picture shows is noise: nobody decodes it. Keyframes come when
// they are asked for and, of a host who is not sparing, every two seconds.
type host struct {
	pc            *webrtc.PeerConnection
	camera, voice *webrtc.TrackLocalStaticRTP
	stop          context.CancelFunc
	running       sync.WaitGroup
	asked         atomic.Int64 // keyframes
	want          atomic.Bool  // a keyframe is due
	sparing       bool         // no keyframe is sent that was not asked for, but for the first

	mu   sync.Mutex
	asks []time.Time // keyframes
}

// publish opens the host's connection over its socket and begins to send.
func publish(ctx context.Context, c conversation, l Load, sparing bool) (*host, error) {
	pc, err := bot.NewPeerConnection()
	if err != nil {
		return nil, err
	}
	life, stop := context.WithCancel(context.Background())
	h := &host{pc: pc, stop: stop, sparing: sparing}
	if err := h.start(ctx, life, c, l); err != nil {
		h.close()
		return nil, fmt.Errorf("publish: %w", err)
	}
	return h, nil
}

func (h *host) start(ctx, life context.Context, c conversation, l Load) (err error) {
	h.camera, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "camera", "host")
	if err != nil {
		return err
	}
	h.voice, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "microphone", "host")
	if err != nil {
		return err
	}
	for _, track := range []*webrtc.TrackLocalStaticRTP{h.camera, h.voice} {
		line, err := h.pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err != nil {
			return err
		}
		h.running.Go(func() { h.listen(line.Sender()) })
	}
	up := make(chan struct{})
	var once sync.Once
	h.pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(up) })
		}
	})
	offer, err := h.pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	sdp, err := bot.Gathered(ctx, h.pc, offer)
	if err != nil {
		return err
	}
	sources := map[string]string{}
	for _, line := range h.pc.GetTransceivers() {
		sources[line.Mid()] = line.Sender().Track().ID()
	}
	var answer struct {
		SDP string `json:"sdp"`
	}
	err = c.Query(ctx, "media.publish", struct {
		SDP     string            `json:"sdp"`
		Sources map[string]string `json:"sources"`
	}{sdp, sources}, &answer)
	if err != nil {
		return err
	}
	if err := h.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer.SDP}); err != nil {
		return err
	}
	come := time.NewTimer(comeTime)
	defer come.Stop()
	select {
	case <-up:
	case <-come.C:
		return fmt.Errorf("the connection did not stand within %v", comeTime)
	case <-ctx.Done():
		return ctx.Err()
	}
	h.running.Go(func() { h.play(life, l) })
	return nil
}

// listen reads what the server asks for, until the connection ends.
func (h *host) listen(s *webrtc.RTPSender) {
	for {
		packets, _, err := s.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			switch p.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				h.asked.Add(1)
				h.want.Store(true)
				h.mu.Lock()
				h.asks = append(h.asks, time.Now())
				h.mu.Unlock()
			}
		}
	}
}

// play sends pictures and sound until it is told to stop.
func (h *host) play(ctx context.Context, l Load) {
	p := newPacer(l.Rate)
	picture, sound := newFilm(l.Size), newTone()
	tick := time.NewTicker(p.each)
	defer tick.Stop()
	for {
		video, voice := p.next()
		if video > 0 {
			key := h.want.Swap(false) || picture.frames == 0 || !h.sparing && picture.frames%keyEvery == 0
			for i := range video {
				_ = h.camera.WriteRTP(picture.packet(key, i, video)) // what is lost shows
			}
		}
		for range voice {
			_ = h.voice.WriteRTP(sound.packet())
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (h *host) close() {
	h.stop()
	_ = h.pc.GracefulClose()
	h.running.Wait()
}

// film makes the packets of pictures.
type film struct {
	rtp     rtp.Packet
	frames  int
	packets uint64
}

func newFilm(size int) *film {
	f := &film{rtp: rtp.Packet{Header: rtp.Header{Version: 2}, Payload: make([]byte, max(size, minSize))}}
	for i := range f.rtp.Payload {
		f.rtp.Payload[i] = byte(i * 31)
	}
	return f
}

// packet makes packet i of n of the next picture (RFC 7741, RFC 6386).
func (f *film) packet(key bool, i, n int) *rtp.Packet {
	b := f.rtp.Payload
	b[0], b[1] = 0x80, 0xe0 // X; I, L and T follow
	if i == 0 {
		b[0] |= 0x10 // S
	}
	binary.BigEndian.PutUint16(b[2:], uint16(f.frames)|0x8000)
	b[4], b[5] = byte(f.frames), 0
	if i == 0 {
		b[vp8Head] = 0x11 // shown, and not a keyframe
		if key {
			copy(b[vp8Head:], []byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, 1280 & 0xff, 1280 >> 8, 720 & 0xff, 720 >> 8})
		}
	}
	binary.BigEndian.PutUint64(b[len(b)-markSize:], f.packets)
	h := &f.rtp.Header
	h.SequenceNumber, h.Timestamp, h.Marker = uint16(f.packets), uint32(f.frames)*(90000/frameRate), i == n-1
	f.packets++
	if i == n-1 {
		f.frames++
	}
	return &f.rtp
}

// tone makes the packets of sound.
type tone struct {
	rtp     rtp.Packet
	packets uint64
}

func newTone() *tone {
	return &tone{rtp: rtp.Packet{Header: rtp.Header{Version: 2}, Payload: make([]byte, soundSize)}}
}

func (t *tone) packet() *rtp.Packet {
	binary.BigEndian.PutUint64(t.rtp.Payload[soundSize-markSize:], t.packets)
	t.rtp.SequenceNumber, t.rtp.Timestamp = uint16(t.packets), uint32(t.packets)*(48000/soundRate)
	t.packets++
	return &t.rtp
}

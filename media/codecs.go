package media

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"github.com/lyceum-live/lyceum/internal/silent"
)

const (
	soundKind      = webrtc.RTPCodecTypeAudio
	absSendTimeURI = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
	repairedRIDURI = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
)

// codecs are all that may be published and watched, the preferred first. VP8
// has simulcast everywhere; H.264 is what phones and hardware encode.
func codecs(kind webrtc.RTPCodecType) []webrtc.RTPCodecParameters {
	if kind == soundKind {
		return []webrtc.RTPCodecParameters{{
			RTPCodecCapability: webrtc.RTPCodecCapability{
				MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1",
			},
			PayloadType: 111,
		}}
	}
	feedback := []webrtc.RTCPFeedback{
		{Type: webrtc.TypeRTCPFBGoogREMB}, {Type: webrtc.TypeRTCPFBCCM, Parameter: "fir"},
		{Type: webrtc.TypeRTCPFBNACK}, {Type: webrtc.TypeRTCPFBNACK, Parameter: "pli"},
	}
	var list []webrtc.RTPCodecParameters
	for i, c := range []webrtc.RTPCodecCapability{
		{MimeType: webrtc.MimeTypeVP8},
		{MimeType: webrtc.MimeTypeH264, SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"},
		{MimeType: webrtc.MimeTypeH264, SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f"},
	} {
		pt := webrtc.PayloadType(96 + 2*i)
		c.ClockRate, c.RTCPFeedback = 90000, feedback
		list = append(list, webrtc.RTPCodecParameters{RTPCodecCapability: c, PayloadType: pt},
			webrtc.RTPCodecParameters{
				RTPCodecCapability: webrtc.RTPCodecCapability{
					MimeType: webrtc.MimeTypeRTX, ClockRate: 90000, SDPFmtpLine: fmt.Sprintf("apt=%d", pt),
				},
				PayloadType: pt + 1,
			})
	}
	return list
}

// codecsFor lists all codecs of c's kind, c and its retransmissions first. A line
// that is sent in c offers the others too: what a connection's first answer does
// not name, the WebRTC library takes for unsupported from then on, and a
// publisher may change its codec on air.
func codecsFor(c webrtc.RTPCodecCapability) []webrtc.RTPCodecParameters {
	kind := webrtc.RTPCodecTypeVideo
	if strings.HasPrefix(c.MimeType, "audio/") {
		kind = soundKind
	}
	all := codecs(kind)
	chosen, ok := pick(all, c)
	if !ok {
		return nil
	}
	own := func(p webrtc.RTPCodecParameters) bool {
		return p.PayloadType == chosen.PayloadType || p.SDPFmtpLine == fmt.Sprintf("apt=%d", chosen.PayloadType)
	}
	slices.SortStableFunc(all, func(a, b webrtc.RTPCodecParameters) int {
		switch {
		case own(a) == own(b):
			return 0
		case own(a):
			return -1
		}
		return 1
	})
	return all
}

// pick finds codec c: with its very parameters if it is there with them.
func pick(list []webrtc.RTPCodecParameters, c webrtc.RTPCodecCapability) (found webrtc.RTPCodecParameters, ok bool) {
	for _, p := range list {
		if !strings.EqualFold(p.MimeType, c.MimeType) {
			continue
		}
		if p.SDPFmtpLine == c.SDPFmtpLine {
			return p, true
		}
		if !ok {
			found, ok = p, true
		}
	}
	return found, ok
}

// rtxOf returns the payload type of pt's retransmissions (RFC 4588).
func rtxOf(list []webrtc.RTPCodecParameters, pt webrtc.PayloadType) (webrtc.PayloadType, bool) {
	for _, p := range list {
		if strings.EqualFold(p.MimeType, webrtc.MimeTypeRTX) && p.SDPFmtpLine == fmt.Sprintf("apt=%d", pt) {
			return p.PayloadType, true
		}
	}
	return 0, false
}

func registerCodecs(m *webrtc.MediaEngine) error {
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, soundKind} {
		for _, c := range codecs(kind) {
			if err := m.RegisterCodec(c, kind); err != nil {
				return fmt.Errorf("register %s: %w", c.MimeType, err)
			}
		}
	}
	return nil
}

// senderAPI is for publishers: lost packets are asked for, bandwidth feedback
// (TWCC) and receiver reports are given, simulcast layers are told apart.
func senderAPI(settings webrtc.SettingEngine) (*webrtc.API, error) {
	m := &webrtc.MediaEngine{}
	if err := registerCodecs(m); err != nil {
		return nil, err
	}
	for _, uri := range []string{sdp.SDESMidURI, sdp.SDESRTPStreamIDURI, repairedRIDURI} {
		if err := m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uri}, webrtc.RTPCodecTypeVideo); err != nil {
			return nil, err
		}
	}
	if err := m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: sdp.AudioLevelURI}, soundKind); err != nil {
		return nil, err
	}
	r := &interceptor.Registry{}
	lost, err := nack.NewGeneratorInterceptor(nack.WithGeneratorLoggerFactory(silent.Pion{}))
	if err != nil {
		return nil, err
	}
	reports, err := report.NewReceiverInterceptor(report.WithReceiverLoggerFactory(silent.Pion{}))
	if err != nil {
		return nil, err
	}
	r.Add(lost)
	r.Add(reports)
	if err := webrtc.ConfigureTWCCSenderWithOptions(m, r, twcc.WithLoggerFactory(silent.Pion{})); err != nil {
		return nil, err
	}
	settings.SetIgnoreRidPauseForRecv(true) // a layer that is paused, at our wish, is to be sent again
	return webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithInterceptorRegistry(r), webrtc.WithSettingEngine(settings)), nil
}

// viewerMedia is what viewers' connections speak: nothing but what this
// package does itself.
func viewerMedia() (*webrtc.MediaEngine, error) {
	m := &webrtc.MediaEngine{}
	if err := registerCodecs(m); err != nil {
		return nil, err
	}
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, soundKind} {
		if err := m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: absSendTimeURI}, kind); err != nil {
			return nil, err
		}
		if err := m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: transportCCURI}, kind); err != nil {
			return nil, err
		}
		m.RegisterFeedback(webrtc.RTCPFeedback{Type: webrtc.TypeRTCPFBTransportCC}, kind)
	}
	return m, nil
}

// viewerAPI is for one viewer.
func viewerAPI(m *webrtc.MediaEngine, settings webrtc.SettingEngine, in *intake, mux ice.UDPMux) *webrtc.API {
	settings.BufferFactory = in.buffer
	settings.SetICEUDPMux(mux)
	return webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithInterceptorRegistry(&interceptor.Registry{}), webrtc.WithSettingEngine(settings))
}

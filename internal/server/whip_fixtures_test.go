package server_test

import (
	"encoding/json"
	"strings"
	"time"
)

// Offers as streaming programs and players write them, by the specifications
// of what they use (RFC 8866, 8829, 8853, 9725).

// fixture writes lines as SDP has them.
func fixture(lines string) string {
	return strings.ReplaceAll(strings.TrimLeft(lines, "\n"), "\n", "\r\n")
}

const fingerprint = "a=fingerprint:sha-256 8A:0F:2C:51:B1:4D:6C:07:93:2E:44:5B:72:19:E0:AD:35:C8:97:1B:F4:60:3E:D2:5A:86:0B:7F:C1:29:9D:E3"

// libdatachannel, in OBS: sound first, candidates by trickling or never.
var fixtureOBS = fixture(`
v=0
o=rtc 3767197920 0 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=group:LS 0 1
a=msid-semantic:WMS *
a=ice-options:ice2,trickle
` + fingerprint + `
m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0.0.0.0
a=mid:0
a=sendonly
a=ssrc:1596530471 cname:YdGMbQbLTDJXHnXM
a=ssrc:1596530471 msid:stream stream-audio
a=msid:stream stream-audio
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;maxaveragebitrate=96000;stereo=1;sprop-stereo=1;useinbandfec=1
a=setup:actpass
a=ice-ufrag:zA6E
a=ice-pwd:bHB7tNAfnnKvKMCDTvkFvb
m=video 9 UDP/TLS/RTP/SAVPF 96
c=IN IP4 0.0.0.0
a=mid:1
a=sendonly
a=ssrc:1596530472 cname:YdGMbQbLTDJXHnXM
a=ssrc:1596530472 msid:stream stream-video
a=msid:stream stream-video
a=rtcp-mux
a=rtpmap:96 H264/90000
a=rtcp-fb:96 nack
a=rtcp-fb:96 nack pli
a=rtcp-fb:96 goog-remb
a=fmtp:96 profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1
a=setup:actpass
a=ice-ufrag:zA6E
a=ice-pwd:bHB7tNAfnnKvKMCDTvkFvb
`)

var fixtureOBSSimulcast = strings.Replace(fixtureOBS, "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=sendonly\r\n", fixture(`
m=video 9 UDP/TLS/RTP/SAVPF 96
c=IN IP4 0.0.0.0
a=mid:1
a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid
a=extmap:2 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id
a=sendonly
a=rid:0 send
a=rid:1 send
a=rid:2 send
a=simulcast:send 0;1;2
`), 1)

// webrtcbin, in GStreamer's whipclientsink: the second section goes with the
// bundle only.
var fixtureGStreamer = fixture(`
v=0
o=- 2890844526 0 IN IP4 0.0.0.0
s=-
t=0 0
a=ice-options:trickle
a=group:BUNDLE 0 1
m=video 9 UDP/TLS/RTP/SAVPF 96 97 98
c=IN IP4 0.0.0.0
a=setup:actpass
a=ice-ufrag:eQ+GfXz2nTFyNN1GqF5KzzU7c8LLaOoY
a=ice-pwd:u8zHR5RqBrB7UJSfG7UOOn45pmnPFKIO
a=rtcp-mux
a=rtcp-rsize
a=sendonly
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 nack
a=rtcp-fb:96 nack pli
a=rtcp-fb:96 ccm fir
a=rtcp-fb:96 transport-cc
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=rtpmap:98 H264/90000
a=fmtp:98 packetization-mode=1;profile-level-id=42c01f;level-asymmetry-allowed=1
a=extmap:1 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
a=ssrc:2155541287 msid:user3344942761@host-d86a29d2 webrtctransceiver0
a=ssrc:2155541287 cname:user3344942761@host-d86a29d2
a=mid:0
` + fingerprint + `
a=rtcp-mux-only
m=audio 0 UDP/TLS/RTP/SAVPF 99
c=IN IP4 0.0.0.0
a=setup:actpass
a=ice-ufrag:eQ+GfXz2nTFyNN1GqF5KzzU7c8LLaOoY
a=ice-pwd:u8zHR5RqBrB7UJSfG7UOOn45pmnPFKIO
a=bundle-only
a=rtcp-mux
a=sendonly
a=rtpmap:99 OPUS/48000/2
a=fmtp:99 sprop-maxcapturerate=48000;sprop-stereo=1
a=mid:1
` + fingerprint + `
`)

// A player that is ready for a picture in three codecs and for sound.
var fixtureWHEP = fixture(`
v=0
o=- 4962303333179871722 1 IN IP4 0.0.0.0
s=-
t=0 0
a=group:BUNDLE 0 1
m=video 9 UDP/TLS/RTP/SAVPF 102 103 104 105
c=IN IP4 0.0.0.0
a=mid:0
a=recvonly
a=rtcp-mux
a=rtpmap:102 AV1/90000
a=rtpmap:103 H264/90000
a=fmtp:103 packetization-mode=1;profile-level-id=42e01f;level-asymmetry-allowed=1
a=rtpmap:104 VP8/90000
a=rtpmap:105 rtx/90000
a=fmtp:105 apt=104
a=setup:actpass
a=ice-ufrag:LtCk
a=ice-pwd:mDDnmTWjfFtQLWmTyQa9rCxV
` + fingerprint + `
m=audio 9 UDP/TLS/RTP/SAVPF 120
c=IN IP4 0.0.0.0
a=mid:1
a=recvonly
a=rtcp-mux
a=rtpmap:120 opus/48000/2
a=setup:actpass
a=ice-ufrag:LtCk
a=ice-pwd:mDDnmTWjfFtQLWmTyQa9rCxV
` + fingerprint + `
`)

// head is OBS's offer without its sections.
func head() string { return fixtureOBS[:strings.Index(fixtureOBS, "m=audio")] }

// section is one of its sections.
func section(kind string) string {
	at := strings.Index(fixtureOBS, "m="+kind)
	rest := fixtureOBS[at:]
	if end := strings.Index(rest[1:], "m=video"); kind == "audio" && end > 0 {
		return rest[:end+1]
	}
	return rest
}

func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func decode(b []byte, v any) error { return json.Unmarshal(b, v) }

// eventually asks until it is so; each time costs a request.
func (r *rig) eventually(what string, so func() bool) {
	r.t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-deadline:
			r.t.Fatalf("never: %s", what)
		}
	}
}

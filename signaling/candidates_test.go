package signaling

import (
	"strings"
	"testing"

	"github.com/pion/sdp/v3"
)

// TestNoCandidateIsLeft: however a client writes its lines, none of its
// candidates gets to the connection.
func TestNoCandidateIsLeft(t *testing.T) {
	const head = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
	const line = "a=candidate:1 1 udp 2130706431 192.0.2.7 5353 typ host"
	for _, text := range []string{
		head + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" + line + "\r\n",
		head + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r" + line + "\r\n",
		head + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n\r" + line + "\r\n",
		head + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r" + line + "\r\n",
		head + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0 " + line + "\r\n",
		strings.Replace(head, "t=0 0", "t=0 0 "+line, 1) + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n",
		strings.ReplaceAll(head+"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"+line+"\r\n", "\r\n", "\n"),
	} {
		d, err := parse(text)
		if err != nil {
			continue
		}
		clean, err := withoutCandidates(d)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if d, err = parse(clean); err != nil {
			t.Errorf("%q became %q: %v", text, clean, err)
			continue
		}
		for _, m := range append(d.MediaDescriptions, &sdp.MediaDescription{Attributes: d.Attributes}) {
			if _, ok := m.Attribute("candidate"); ok {
				t.Errorf("%q keeps its candidate", text)
			}
		}
	}
}

package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/webrtc/v4"

	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// publishOverTCP sends a picture to a server by WHIP with nothing but TCP. It
// returns the port that the server tells of, "" if none, and whether the
// connection comes to stand.
func publishOverTCP(t *testing.T, in *installation) (port string, up bool) {
	t.Helper()
	if err := in.house.Do(t.Context(), "waves", wire.System, room.Open{}); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	token, err := in.keys.Mint(auth.Claims{
		Kind: auth.Room, Room: "waves", User: "ana", Name: "Ana", Role: wire.Host, Issued: now, Expires: now.Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4})
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = pc.Close() }()
	connected := make(chan struct{})
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			close(connected)
		}
	})
	if _, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
		t.Fatal(err)
	}
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := pc.SetLocalDescription(offer); err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, in.url+"/v1/rooms/waves/whip", strings.NewReader(offer.SDP))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/sdp")
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusCreated {
		t.Fatalf("WHIP: %d %s (%v)", response.StatusCode, answer, err)
	}
	told := regexp.MustCompile(` tcp \d+ 127\.0\.0\.1 (\d+) typ host tcptype passive`).FindSubmatch(answer)
	if told == nil {
		return "", false
	}
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: string(answer)}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-connected:
		return string(told[1]), true
	case <-time.After(10 * time.Second):
		return string(told[1]), false
	}
}

// TestOnePortForAll: over the port of the pages alone come pages, media and the
// relay; where media has a port of its own, that takes no pages.
func TestOnePortForAll(t *testing.T) {
	for tcp, same := range map[string]bool{"pages": true, "127.0.0.1:0": false} {
		in := holdServer(t, "--media.tcp", tcp, "--media.relay.on=true", "--media.relay.listen", "")
		u, err := url.Parse(in.url)
		if err != nil {
			t.Fatal(err)
		}
		port, up := publishOverTCP(t, in)
		if !up || (port == u.Port()) != same {
			t.Errorf("media over %s: port %q beside that of the pages, %s; connected: %v", tcp, port, u.Port(), up)
		}
		if status, body := get(t, in.url+"/healthz"); status != http.StatusOK {
			t.Errorf("pages: %d %s", status, body)
		}

		conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", port))
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		ask := stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest))
		if _, err := conn.Write(ask.Raw); err != nil {
			t.Fatal(err)
		}
		head := make([]byte, 20)
		if _, err := io.ReadFull(conn, head); err != nil || binary.BigEndian.Uint16(head) != 0x0113 || !bytes.Equal(head[8:], ask.TransactionID[:]) {
			t.Errorf("the relay answers %x (%v)", head, err)
		}
		_ = conn.Close()

		if !same {
			response, err := http.Get("http://" + net.JoinHostPort("127.0.0.1", port) + "/healthz")
			if err == nil {
				response.Body.Close()
				t.Error("the port of media serves pages")
			}
		}
	}
}

// TestMediaWithoutTCP: where it is off, nobody is told of it, and a check at the
// port of the pages ends.
func TestMediaWithoutTCP(t *testing.T) {
	in := holdServer(t, "--media.tcp", "off")
	if port, _ := publishOverTCP(t, in); port != "" {
		t.Errorf("told of port %s", port)
	}
	u, err := url.Parse(in.url)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	m := stun.MustBuild(stun.TransactionID, stun.BindingRequest, stun.NewUsername("a:b"))
	_, _ = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(m.Raw))), m.Raw...))
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := conn.Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("the connection stays: %v", err)
	}
}

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout()
}

// TestPortsInUse: the error names the option.
func TestPortsInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, option := range []string{"http.addr", "media.tcp"} {
		c, _, err := loadConfig("serve", []string{
			"--http.addr", "127.0.0.1:0", "--media.listen", "127.0.0.1:0", "--ops.listen", "", "--data.dir", t.TempDir(),
			"--log.level", "error", "--" + option, l.Addr().String(),
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = runServer(t.Context(), c, io.Discard, func(*installation) { t.Error("it serves") })
		if err == nil || !strings.Contains(err.Error(), option+": another program has that TCP port") {
			t.Errorf("%s: %v", option, err)
		}
	}
}

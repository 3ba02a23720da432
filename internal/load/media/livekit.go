package media

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/lyceum-live/lyceum/internal/bot"
	"github.com/lyceum-live/lyceum/internal/load"
	"github.com/lyceum-live/lyceum/wire"
)

const (
	// LiveKitName is what results call a LiveKit server.
	LiveKitName = "livekit"

	livekitKey    = "bench"
	livekitSecret = "a secret of the measurement alone, which nobody else hears of"
	livekitFrame  = 1 << 20 // bytes of one message
)

// StartLiveKit starts a LiveKit server on loopback, a single node with one UDP
// port, and returns it as a target of [Run]. dir takes its configuration.
func StartLiveKit(ctx context.Context, path, dir string) (load.Target, *load.Process, error) {
	fail := func(err error) (load.Target, *load.Process, error) {
		return load.Target{}, nil, fmt.Errorf("%s: %w", LiveKitName, err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fail(err)
	}
	u, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		_ = l.Close()
		return fail(err)
	}
	addr, port := l.Addr().(*net.TCPAddr), u.LocalAddr().(*net.UDPAddr).Port
	_, _ = l.Close(), u.Close()                 // the ports are free now, most likely for it
	config, err := json.Marshal(map[string]any{ // which is YAML as well
		"port":           addr.Port,
		"bind_addresses": []string{"127.0.0.1"},
		"keys":           map[string]string{livekitKey: livekitSecret},
		"logging":        map[string]any{"level": "fatal"},
		"rtc": map[string]any{
			"udp_port": port, "tcp_port": 0, "node_ip": "127.0.0.1", "use_external_ip": false, "enable_loopback_candidate": true,
		},
	})
	if err != nil {
		return fail(err)
	}
	file := filepath.Join(dir, "livekit.yaml")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		return fail(err)
	}
	p, err := load.StartAt(ctx, load.Command(ctx, path, "--config", file), addr.String())
	if err != nil {
		return fail(err)
	}
	return load.Target{
		Name: LiveKitName, URL: p.URL(), Usage: p.Usage(),
		Room: func(measure string) wire.RoomID { return wire.RoomID("bench-" + measure) },
		Token: func(room wire.RoomID, name string, role wire.Role) (string, error) {
			return livekitToken(room, name, role == wire.Host, time.Now())
		},
	}, p, nil
}

// livekitToken opens a room to somebody: a JSON Web Token with LiveKit's
// grants (RFC 7519).
func livekitToken(room wire.RoomID, name string, publishes bool, now time.Time) (string, error) {
	claims, err := json.Marshal(map[string]any{
		"iss": livekitKey, "sub": name, "nbf": now.Unix() - 10, "exp": now.Add(time.Hour).Unix(),
		"video": map[string]any{"room": room, "roomJoin": true, "canPublish": publishes, "canSubscribe": !publishes},
	})
	if err != nil {
		return "", err
	}
	part := base64.RawURLEncoding.EncodeToString
	signed := part([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + part(claims)
	mac := hmac.New(sha256.New, []byte(livekitSecret))
	mac.Write([]byte(signed))
	return signed + "." + part(mac.Sum(nil)), nil
}

// livekit is one person at a LiveKit server, who is spoken to as on a socket
// of Lyceum's: the host publishes by WHIP, and a viewer gets offers and
// candidates on a socket of LiveKit's protocol, of which this is the little
// that a viewer needs.
type livekit struct {
	url, token string
	messages   chan bot.Message

	mu      sync.Mutex
	conn    *websocket.Conn // nil: none yet
	running sync.WaitGroup
	err     error
	end     context.CancelFunc
	life    context.Context
}

func newLiveKit(url, token string) *livekit {
	k := &livekit{url: url, token: token, messages: make(chan bot.Message, 256)}
	k.life, k.end = context.WithCancel(context.Background())
	return k
}

func (k *livekit) Messages() <-chan bot.Message { return k.messages }

func (k *livekit) Err() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.err
}

func (k *livekit) Close() {
	k.end()
	k.running.Wait()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.conn != nil {
		_ = k.conn.CloseNow()
	}
}

// Query does what the request asks for, in LiveKit's way.
func (k *livekit) Query(ctx context.Context, kind string, data, into any) error {
	var said struct {
		SDP        string `json:"sdp"`
		Generation int    `json:"generation"`
	}
	b, err := json.Marshal(data)
	if err == nil {
		err = json.Unmarshal(b, &said)
	}
	if err != nil {
		return err
	}
	switch kind {
	case "media.publish":
		answer, err := k.publish(ctx, said.SDP)
		if err != nil {
			return err
		}
		b, err := json.Marshal(map[string]string{"sdp": answer})
		if err != nil {
			return err
		}
		return json.Unmarshal(b, into)
	case "media.watch":
		return k.watch(ctx)
	case "media.answer":
		return k.answer(ctx, said.SDP, said.Generation)
	}
	return fmt.Errorf("%s: nothing is known of %s", LiveKitName, kind)
}

// publish opens a session by WHIP, which lasts as long as its connection.
func (k *livekit) publish(ctx context.Context, offer string) (answer string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, k.url+"/whip/v1", strings.NewReader(offer))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/sdp")
	req.Header.Set("Authorization", "Bearer "+k.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, livekitFrame))
	if err == nil && res.StatusCode != http.StatusCreated {
		err = fmt.Errorf("WHIP: %s: %s", res.Status, bytes.TrimSpace(body))
	}
	return string(body), err
}

// watch opens the socket, on which everything that is published is offered.
func (k *livekit) watch(ctx context.Context) error {
	at := k.url + "/rtc?" + url.Values{"access_token": {k.token}, "auto_subscribe": {"1"}, "protocol": {"15"}, "sdk": {"go"}}.Encode()
	conn, res, err := websocket.Dial(ctx, at, nil)
	if err != nil {
		if res != nil {
			err = fmt.Errorf("%w: %s", err, res.Status)
		}
		return err
	}
	conn.SetReadLimit(livekitFrame)
	k.mu.Lock()
	k.conn = conn
	k.mu.Unlock()
	k.running.Go(func() { k.read(conn) })
	return nil
}

// read passes on what the server says, until the socket ends.
func (k *livekit) read(conn *websocket.Conn) {
	defer close(k.messages)
	for {
		_, frame, err := conn.Read(k.life)
		if err != nil {
			k.mu.Lock()
			k.err = err
			k.mu.Unlock()
			return
		}
		m, ok := livekitMessage(frame)
		if !ok {
			continue
		}
		select {
		case k.messages <- m:
		case <-k.life.Done():
			return
		}
	}
}

// Numbers of fields in LiveKit's protocol, livekit_rtc.proto.
const (
	requestAnswer      = 2 // SignalRequest.answer
	responseOffer      = 3 // SignalResponse.offer
	responseTrickle    = 4 // SignalResponse.trickle
	responseLeave      = 8 // SignalResponse.leave
	descriptionType    = 1 // SessionDescription.type
	descriptionSDP     = 2
	descriptionID      = 3
	trickleCandidate   = 1 // TrickleRequest.candidateInit
	trickleTarget      = 2
	targetOfSubscriber = 1
)

// livekitMessage reads a SignalResponse; false: it is of no interest.
func livekitMessage(frame []byte) (bot.Message, bool) {
	var m bot.Message
	var data any
	for field, body := range fields(frame) {
		switch field {
		case responseOffer:
			offer := map[string]any{}
			for field, value := range fields(body.bytes) {
				switch field {
				case descriptionSDP:
					offer["sdp"] = string(value.bytes)
				case descriptionID:
					offer["generation"] = value.number
				}
			}
			m.Type, data = "media.offer", offer
		case responseTrickle:
			var init string
			target := uint64(0)
			for field, value := range fields(body.bytes) {
				switch field {
				case trickleCandidate:
					init = string(value.bytes)
				case trickleTarget:
					target = value.number
				}
			}
			if target == targetOfSubscriber && json.Valid([]byte(init)) {
				m.Type, data = candidateMessage, json.RawMessage(init)
			}
		case responseLeave:
			m.Type, data = "media.ended", map[string]string{"reason": "the server asks to leave"}
		}
	}
	if data == nil {
		return m, false
	}
	b, err := json.Marshal(data)
	m.Data = b
	return m, err == nil
}

// answer sends a SignalRequest with an answer.
func (k *livekit) answer(ctx context.Context, sdp string, id int) error {
	k.mu.Lock()
	conn := k.conn
	k.mu.Unlock()
	if conn == nil {
		return errors.New("nothing was offered")
	}
	var d []byte
	d = protowire.AppendString(protowire.AppendTag(d, descriptionType, protowire.BytesType), "answer")
	d = protowire.AppendString(protowire.AppendTag(d, descriptionSDP, protowire.BytesType), sdp)
	d = protowire.AppendVarint(protowire.AppendTag(d, descriptionID, protowire.VarintType), uint64(id))
	return conn.Write(ctx, websocket.MessageBinary, protowire.AppendBytes(protowire.AppendTag(nil, requestAnswer, protowire.BytesType), d))
}

// field is one field's value: bytes, or a number.
type field struct {
	bytes  []byte
	number uint64
}

// fields walks a message's fields by number, up to what cannot be read.
func fields(b []byte) func(yield func(protowire.Number, field) bool) {
	return func(yield func(protowire.Number, field) bool) {
		for len(b) > 0 {
			number, kind, n := protowire.ConsumeTag(b)
			if n < 0 {
				return
			}
			b = b[n:]
			var f field
			switch kind {
			case protowire.BytesType:
				f.bytes, n = protowire.ConsumeBytes(b)
			case protowire.VarintType:
				f.number, n = protowire.ConsumeVarint(b)
			default:
				n = protowire.ConsumeFieldValue(number, kind, b)
			}
			if n < 0 || !yield(number, f) {
				return
			}
			b = b[n:]
		}
	}
}

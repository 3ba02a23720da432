package load

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// PeerName is what results call a Centrifugo server.
const PeerName = "centrifugo"

// StartPeer starts a Centrifugo binary on loopback, with its memory engine and
// its JSON protocol, and returns it as a target of [Fanout]. All viewers
// subscribe to one channel, without history or presence, and the speaker
// publishes on a socket. dir takes its configuration. Only what a message says
// is in its payload; a Lyceum message also says who wrote it, when, and where
// it stands.
func StartPeer(ctx context.Context, path, dir string) (Target, *Process, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return Target{}, nil, err
	}
	addr := l.Addr().(*net.TCPAddr)
	_ = l.Close() // its port is free now, most likely for us
	config := fmt.Sprintf(`{"http_server":{"address":"127.0.0.1","port":"%d"},"client":{"insecure":true},"log":{"level":"error"}}`, addr.Port)
	file := filepath.Join(dir, "centrifugo.json")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return Target{}, nil, err
	}
	p, err := StartAt(ctx, Command(ctx, path, "--config", file), addr.String())
	if err != nil {
		return Target{}, nil, fmt.Errorf("%s: %w", PeerName, err)
	}
	return Target{Name: PeerName, URL: p.url, Usage: p.Usage(), speaks: centrifugo{}}, p, nil
}

// centrifugo is the JSON protocol of a Centrifugo server: commands and replies
// are lines, several of which may share a frame.
type centrifugo struct{}

func (centrifugo) path(wire.RoomID) string { return "/connection/websocket" }
func (centrifugo) subprotocol() string     { return "" }

func (centrifugo) hello(s *socket) []byte {
	if !s.viewer() {
		return []byte(`{"id":1,"connect":{}}`)
	}
	return []byte(`{"id":1,"connect":{}}` + "\n" + `{"id":2,"subscribe":{"channel":"bench"}}`)
}

func (centrifugo) say(id uint64, text string) []byte {
	return fmt.Appendf(nil, `{"id":%d,"publish":{"channel":"bench","data":{"text":%q}}}`, id, text)
}

var (
	pushField      = []byte(`{"push":`)
	idField        = []byte(`{"id":`)
	errorField     = []byte(`,"error":`)
	connectField   = []byte(`,"connect":`)
	subscribeField = []byte(`,"subscribe":`)
)

func (centrifugo) take(s *socket, frame []byte, at time.Duration) error {
	for len(frame) > 0 {
		var m []byte
		m, frame, _ = bytes.Cut(frame, []byte("\n"))
		switch {
		case bytes.Equal(m, []byte("{}")): // a ping of its own kind
			if err := s.send(m); err != nil {
				return err
			}
		case bytes.HasPrefix(m, pushField):
			if i := bytes.Index(m, textField); i >= 0 {
				// A channel without history numbers nothing; the marks do.
				if mark, _ := number(m[i+len(textField):]); s.numbered(mark+1, mark) {
					s.marked(mark, at)
				}
			}
		case bytes.HasPrefix(m, idField):
			id, what := number(m[len(idField):])
			var refusal []byte
			if bytes.HasPrefix(what, errorField) {
				refusal = what[len(errorField):]
			}
			if s.phase == greeting {
				switch {
				case refusal != nil:
					return fmt.Errorf("%s refused a socket: %.200s", PeerName, m)
				case s.viewer() && bytes.HasPrefix(what, subscribeField), !s.viewer() && bytes.HasPrefix(what, connectField):
					s.opened(at)
				}
				continue
			}
			if on := s.lane.on.reply; on != nil {
				on(s, id, reply{refusal: refusal}, at)
			}
		}
	}
	return nil
}

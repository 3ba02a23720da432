package load

import (
	"encoding/binary"
	"fmt"
	"os/exec"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// LimitName is what results call the bare loop.
const LimitName = "limit"

// StartLimit starts the bare loop of [ServeLoop] by a command that runs it,
// and returns it as a target of [Fanout]. The frames that it fans out are as
// Lyceum's would be.
func StartLimit(cmd *exec.Cmd) (Target, *Process, error) {
	p, err := Start(cmd)
	if err != nil {
		return Target{}, nil, fmt.Errorf("the bare loop: %w", err)
	}
	return Target{Name: LimitName, URL: p.URL(), Usage: p.Usage(), speaks: &bare{}}, p, nil
}

// bare is the protocol of the bare loop: whoever says a frame says it to all.
type bare struct{ lyceum }

func (*bare) path(wire.RoomID) string { return "/" }
func (*bare) subprotocol() string     { return "" }
func (*bare) hello(*socket) []byte    { return nil }

// say makes the very frame that a Lyceum server would make of the text. It is
// called by one goroutine, with numbers that follow each other.
func (*bare) say(id uint64, text string) []byte {
	seq := id - firstID
	return wire.Numbered(seq, seq-1, "chat.said", fmt.Appendf(nil,
		`{"id":%d,"by":{"id":"u0000000000000000000000000","name":"Host","role":"host"},"text":%q,"at":%d,"reply_to":0}`, seq, text, time.Now().UnixMilli()))
}

// appendFrame appends a server's text frame.
func appendFrame(dst, payload []byte) []byte {
	dst = append(dst, 0x80|opText)
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, byte(n))
	case n < 1<<16:
		dst = binary.BigEndian.AppendUint16(append(dst, 126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, 127), uint64(n))
	}
	return append(dst, payload...)
}

// room is t.Room where rooms have names.
func (t Target) room(measure string) wire.RoomID {
	if t.Room == nil {
		return ""
	}
	return t.Room(measure)
}

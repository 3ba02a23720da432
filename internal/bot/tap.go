package bot

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// Tap is a WebSocket (RFC 6455) that reads as cheaply as it can, so that
// thousands of them on one machine measure the server and not themselves: one
// goroutine reads it, into one buffer, and nothing is decoded. Writing is
// safe for other goroutines.
type Tap struct {
	conn net.Conn

	// Owned by the reader.
	buf  []byte
	r, w int // what of buf is still to be taken

	writing sync.Mutex
}

const tapBuffer = 8 << 10 // bytes to begin with; a longer frame makes it grow

// Opcodes of RFC 6455, section 5.2.
const (
	opText  = 1
	opClose = 8
	opPing  = 9
	opPong  = 10
)

var errFrame = errors.New("a frame that a tap cannot read")

// OpenTap opens a room's socket, says hello and waits for the welcome.
func OpenTap(ctx context.Context, base string, room wire.RoomID, token string) (*Tap, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "http" {
		return nil, fmt.Errorf("open a tap: %s: only http is measured", u.Scheme)
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return nil, err
	}
	t := &Tap{conn: conn, buf: make([]byte, tapBuffer)}
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	if err := t.begin(u, room, token); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return t, conn.SetDeadline(time.Time{})
}

// begin does the opening handshake (section 4.1) and says hello.
func (t *Tap) begin(u *url.URL, room wire.RoomID, token string) error {
	key := make([]byte, 16)
	rand.Read(key)
	req := &http.Request{
		Method: http.MethodGet, URL: &url.URL{Path: strings.TrimSuffix(u.Path, "/") + "/v1/rooms/" + string(room) + "/socket"}, Host: u.Host,
		Header: http.Header{
			"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Version": {"13"},
			"Sec-Websocket-Key": {base64.StdEncoding.EncodeToString(key)}, "Sec-Websocket-Protocol": {wire.Subprotocol},
		},
	}
	if err := req.Write(t.conn); err != nil {
		return err
	}
	head := bufio.NewReaderSize(t.conn, 1024)
	res, err := http.ReadResponse(head, req)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusSwitchingProtocols || !strings.EqualFold(res.Header.Get("Sec-Websocket-Protocol"), wire.Subprotocol) {
		return fmt.Errorf("open a tap: %s", res.Status)
	}
	early, _ := head.Peek(head.Buffered()) // none before hello, but a server may
	t.w = copy(t.buf, early)
	hello, err := wire.Encode(struct {
		Token string `json:"token"`
	}{token})
	if err != nil {
		return err
	}
	if err := t.Send(requestFrame(1, "hello", "", hello)); err != nil {
		return err
	}
	for {
		frame, err := t.Next()
		if err != nil {
			return err
		}
		reply := bytes.TrimPrefix(frame, []byte("["))
		switch {
		case bytes.HasPrefix(reply, []byte(`{"re":1,"type":"welcome"`)):
			return nil
		case bytes.HasPrefix(reply, []byte(`{"re":1,`)):
			return fmt.Errorf("hello: %.200s", reply)
		}
	}
}

// requestFrame is the text of a request.
func requestFrame(id uint64, kind, key string, data []byte) []byte {
	b := fmt.Appendf(nil, `{"id":%d,"type":%q,`, id, kind)
	if key != "" {
		b = fmt.Appendf(b, `"key":%q,`, key)
	}
	b = append(b, `"data":`...)
	return append(append(b, data...), '}')
}

// Send writes a text frame.
func (t *Tap) Send(text []byte) error { return t.write(opText, text) }

// write writes a frame, masked as a client must. What a mask guards against
// (section 10.3) are proxies on the way; its value does not matter here.
func (t *Tap) write(op byte, payload []byte) error {
	mask := [4]byte{0x4c, 0x79, 0x63, 0x65}
	b := make([]byte, 0, len(payload)+14)
	b = append(b, 0x80|op)
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	b = append(b, mask[:]...)
	for i, c := range payload {
		b = append(b, c^mask[i&3])
	}
	t.writing.Lock()
	defer t.writing.Unlock()
	_, err := t.conn.Write(b)
	return err
}

// Next returns the next text frame, which is valid until Next is called
// again. Pings are answered on the way. The end of the socket is a [*Closed]
// or the network's own error.
func (t *Tap) Next() ([]byte, error) {
	for {
		op, payload, err := t.frame()
		if err != nil {
			return nil, err
		}
		switch op {
		case opText:
			return payload, nil
		case opPing:
			if err := t.write(opPong, payload); err != nil {
				return nil, err
			}
		case opPong:
		case opClose:
			code := wire.CloseCode(-1)
			if len(payload) >= 2 {
				code = wire.CloseCode(binary.BigEndian.Uint16(payload))
			}
			return nil, &Closed{code}
		default: // binary and fragments: the server sends none
			return nil, errFrame
		}
	}
}

// frame takes one frame from the buffer, filling it as needed.
func (t *Tap) frame() (op byte, payload []byte, err error) {
	if err := t.fill(2); err != nil {
		return 0, nil, err
	}
	first, second := t.buf[t.r], t.buf[t.r+1]
	if first&0x80 == 0 || second&0x80 != 0 {
		return 0, nil, errFrame
	}
	head, n := 2, int(second)
	switch n {
	case 126:
		head = 4
	case 127:
		head = 10
	}
	if err := t.fill(head); err != nil {
		return 0, nil, err
	}
	switch n {
	case 126:
		n = int(binary.BigEndian.Uint16(t.buf[t.r+2:]))
	case 127:
		long := binary.BigEndian.Uint64(t.buf[t.r+2:])
		if long > maxServerFrame {
			return 0, nil, errFrame
		}
		n = int(long)
	}
	if err := t.fill(head + n); err != nil {
		return 0, nil, err
	}
	payload = t.buf[t.r+head : t.r+head+n]
	t.r += head + n
	return first & 0x0f, payload, nil
}

// fill reads until n bytes are there to be taken.
func (t *Tap) fill(n int) error {
	if t.w-t.r >= n {
		return nil
	}
	if t.r+n > len(t.buf) {
		if n > len(t.buf) {
			t.buf = append(make([]byte, 0, n+n/2), t.buf[t.r:t.w]...)[:n+n/2]
		} else {
			copy(t.buf, t.buf[t.r:t.w])
		}
		t.w, t.r = t.w-t.r, 0
	}
	for t.w-t.r < n {
		got, err := t.conn.Read(t.buf[t.w:])
		t.w += got
		if err != nil && t.w-t.r < n {
			if errors.Is(err, io.EOF) {
				return &Closed{-1}
			}
			return err
		}
	}
	return nil
}

// Close ends the socket without ceremony.
func (t *Tap) Close() { _ = t.conn.Close() }

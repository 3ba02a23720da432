package server

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/signaling"
	"github.com/lyceum-live/lyceum/wire"
)

// maxBroken is how many malformed frames a client may send.
const maxBroken = 10

// frames lends room for one frame. A socket has none while it waits for one,
// and nothing of a frame is kept when it has been dealt with.
var frames = sync.Pool{New: func() any {
	b := make([]byte, 0, 1024)
	return &b
}}

func release(b *[]byte) { frames.Put(b) }

// read returns the next frame, to be released, and false when the
// socket has ended. What is no text is closed here.
func (k *socket) read() (*[]byte, time.Time, bool) {
	kind, r, err := k.ws.Reader(context.Background())
	at := time.Now()
	if err != nil {
		k.lost(err)
		return nil, at, false
	}
	b := frames.Get().(*[]byte)
	if err := readAll(r, b); err != nil {
		release(b)
		k.lost(err)
		return nil, at, false
	}
	switch {
	case kind != websocket.MessageText:
		k.closeWith(websocket.StatusUnsupportedData, "text only")
	case !utf8.Valid(*b):
		k.closeWith(websocket.StatusInvalidFramePayloadData, "text must be UTF-8")
	default:
		return b, at, true
	}
	release(b)
	return nil, at, false
}

// readAll is [io.ReadAll] into room that is there already.
func readAll(r io.Reader, into *[]byte) error {
	b := (*into)[:0]
	defer func() { *into = b }()
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// lost says what was wrong with frames that cannot be read. Where the network
// or the client has ended the socket there is nobody to say it to, and mostly
// coder/websocket has said it.
func (k *socket) lost(err error) {
	_, network := errors.AsType[net.Error](err)
	if network || websocket.CloseStatus(err) != -1 || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) {
		return
	}
	k.closeWith(websocket.StatusProtocolError, "")
}

// handle deals with one frame, and reports whether there may be another.
func (k *socket) handle(b *[]byte, at time.Time) bool {
	defer release(b) // r.Data may be part of it
	r, err := wire.DecodeRequest(*b)
	if err != nil {
		k.reply(r.ID, 0, nil, err)
		if k.broken++; k.broken >= maxBroken {
			k.close(wire.CloseProtocol)
			return false
		}
		return true
	}
	if !k.bucket.take(at, k.server.config.Rate, k.server.config.Burst) {
		k.reply(r.ID, 0, nil, errRate)
		return true
	}
	if k.captions && !captionerMay(r.Type) {
		k.reply(r.ID, 0, nil, wire.ErrForbidden)
		return true
	}
	if strings.HasPrefix(r.Type, "media.") {
		k.handleMedia(r)
		return true
	}
	command, err := room.Parse(r)
	if err == nil {
		id := r.ID // alone: the rest of r is not kept
		err = k.session.Submit(command, r.Key, at, func(seq uint64, data any, err error) { k.reply(id, seq, data, err) })
	}
	if err != nil && !errors.Is(err, room.ErrGone) { // then the socket is closed, and the client asks again
		k.reply(r.ID, 0, nil, err)
	}
	return true
}

// handleMedia negotiates WebRTC. It may take a while, which holds up nobody
// but this socket.
func (k *socket) handleMedia(r wire.Request) {
	if k.media == nil {
		k.media = k.server.Media.Peer(k.id, k.session.User, signaling.Rights{Publish: k.session.Role == wire.Host && !k.captions}, func(kind string, data any) {
			k.tell(wire.View{Type: kind, Data: data})
		})
		k.media.Via(k.host)
	}
	if r.Type == "media.publish" && k.session.Role != wire.Host {
		k.seated()
	}
	data, err := k.media.Handle(context.Background(), r.Type, r.Data)
	k.reply(r.ID, 0, data, err)
}

// tell sends a view to this socket alone. It never blocks.
func (k *socket) tell(v wire.View) {
	b, err := wire.Encode(v.Data)
	if err != nil {
		k.server.Log.Error("encode", zap.String("type", v.Type), zap.Error(err))
		return
	}
	k.conn.Send(wire.Signal(v.Type, b))
}

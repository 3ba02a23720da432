package server

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/internal/fanout"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/signaling"
	"github.com/lyceum-live/lyceum/wire"
)

// socket is one WebSocket of one person:
//
//	upgraded ──enter──▶ in its room ──handle, handle, …──▶ ended
//
// One goroutine at a time reads it and owns all of it but what sends and
// closes, which the room does too.
type socket struct {
	server   *Server
	id       wire.RoomID
	admin    bool
	captions bool   // a captioner's
	host     string // by which it came
	ws       *websocket.Conn
	conn     *fanout.Conn
	closing  sync.Once

	// Owned by the reading goroutine.
	seat    place
	accepts string // the request's Accept-Language, while lang is not known
	lang    string
	session *room.Session
	media   *signaling.Peer // nil until the first media message
	broken  int             // malformed frames so far
	bucket  bucket
	moved   time.Time // to another goroutine
}

// moveEvery is the least time between two goroutines of a socket.
const moveEvery = time.Second

// begin brings the socket into its room, and then lets it be read on another
// goroutine: saying hello takes a deep stack, and waiting for years a small one.
func (k *socket) begin() {
	if k.ws.Subprotocol() != wire.Subprotocol {
		k.close(wire.CloseProtocol)
	} else if k.enter() {
		k.seat.leave()
		k.server.sockets.Go(k.run)
		return
	}
	k.end()
	k.seat.leave()
}

// run reads the socket until it ends. Dealing with a frame takes a deep stack,
// which Go does not take back from a goroutine that then waits for hours. So
// the wait for the next frame begins on a new one, unless many come.
func (k *socket) run() {
	for {
		b, at, ok := k.read()
		if !ok || !k.handle(b, at) {
			break
		}
		if at.Sub(k.moved) >= moveEvery {
			k.moved = at
			k.server.sockets.Go(k.run)
			return
		}
	}
	if k.media != nil {
		k.media.Close()
	}
	k.session.Leave()
	k.end()
}

// pong notes a pong as soon as it is read: on the reading goroutine.
func (k *socket) pong(_ context.Context, payload []byte) { k.conn.Pong(payload) }

// end lets the close handshake come to its end, and goes.
func (k *socket) end() {
	k.discard()
	_ = k.ws.CloseNow()
	_ = k.conn.Close()
}

// discard reads on until the close handshake is over.
func (k *socket) discard() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for {
		if _, _, err := k.ws.Read(ctx); err != nil {
			return
		}
	}
}

// language is what this socket's errors are written in. It is settled before
// the room knows of the socket, and only read from then on.
func (k *socket) language() string {
	if k.lang == "" {
		k.lang, k.accepts = langOf(k.accepts), ""
	}
	return k.lang
}

// reply answers a request. It never blocks.
func (k *socket) reply(id, seq uint64, data any, err error) {
	switch {
	case err != nil:
		e := k.server.texts.public(k.language(), err)
		if e.Code == wire.ErrInternal.Code {
			k.server.Log.Error("command failed", zap.Error(err))
		}
		k.conn.Send(wire.Reply(id, nil, e))
	case data != nil:
		k.conn.Send(wire.Reply(id, data, nil))
	default:
		var room [64]byte // on the stack: Send copies
		b := append(room[:0], `{"re":`...)
		b = strconv.AppendUint(b, id, 10)
		b = append(b, `,"type":"ok","data":{`...)
		if seq != 0 {
			b = strconv.AppendUint(append(b, `"seq":`...), seq, 10)
		}
		k.conn.Send(append(b, '}', '}'))
	}
}

// refuse says why there will be no class for this socket, and closes it.
func (k *socket) refuse(id uint64, err error, code wire.CloseCode) {
	k.reply(id, 0, nil, err)
	k.close(code)
}

// close begins the close handshake, once. It never blocks.
func (k *socket) close(code wire.CloseCode) { k.closeWith(websocket.StatusCode(code), "") }

func (k *socket) closeWith(code websocket.StatusCode, reason string) {
	k.closing.Do(func() {
		k.server.sockets.Go(func() { _ = k.ws.Close(code, reason) })
	})
}

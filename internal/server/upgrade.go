package server

import (
	"bufio"
	"net"
	"net/http"

	"github.com/coder/websocket"

	"github.com/lyceum-live/lyceum/internal/fanout"
	"github.com/lyceum-live/lyceum/wire"
)

func (s *Server) classSocket(w http.ResponseWriter, r *http.Request)   { s.accept(w, r, false, false) }
func (s *Server) adminSocket(w http.ResponseWriter, r *http.Request)   { s.accept(w, r, true, false) }
func (s *Server) captionSocket(w http.ResponseWriter, r *http.Request) { s.accept(w, r, true, true) }

// accept upgrades the request. The handler returns and the socket is read on
// a goroutine of its own, whose stack is small.
func (s *Server) accept(w http.ResponseWriter, r *http.Request, admin, captions bool) {
	id, ok := s.roomOf(w, r)
	if !ok {
		return
	}
	seat, ok := s.lobby.enter(r.RemoteAddr)
	if !ok {
		s.fail(w, r, wire.ErrBusy.After(lobbyRetry))
		return
	}
	h := &hijacker{ResponseWriter: w, pool: s.Pool}
	k := &socket{server: s, id: id, admin: admin, captions: captions, seat: seat, host: s.hostOf(r), accepts: r.Header.Get("Accept-Language")}
	ws, err := websocket.Accept(h, r, &websocket.AcceptOptions{
		Subprotocols: subprotocols, OriginPatterns: s.config.Origins,
		CompressionMode: websocket.CompressionDisabled, OnPongReceived: k.pong,
	})
	if err != nil {
		seat.leave()
		return // Accept has answered
	}
	ws.SetReadLimit(wire.MaxFrame)
	k.ws, k.conn = ws, h.conn
	s.sockets.Go(k.begin)
}

// lobbyRetry is when a full lobby may have room, in milliseconds.
const lobbyRetry = 2000

var subprotocols = []string{wire.Subprotocol}

// hijacker gives coder/websocket our connection, with buffers that are small.
type hijacker struct {
	http.ResponseWriter
	pool *fanout.Pool
	conn *fanout.Conn
}

// Sizes of a socket's buffers, in bytes. Longer frames are read in pieces, and
// only control frames are written through coder/websocket: 127 bytes at most.
const (
	readSize  = 512
	writeSize = 128
)

// Hijack takes the connection over from net/http.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	// A socket that is cut off is closed by the pool, which ends its reading.
	h.conn = h.pool.NewConn(c, func(fanout.Reason) {})
	reader := rw.Reader
	if reader.Buffered() == 0 {
		reader = bufio.NewReaderSize(h.conn, readSize)
	}
	return h.conn, bufio.NewReadWriter(reader, bufio.NewWriterSize(h.conn, writeSize)), nil
}

package server

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/internal/fanout"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/signaling"
	"github.com/lyceum-live/lyceum/wire"
)

// socket is one WebSocket of one person.
type socket struct {
	server  *Server
	ws      *websocket.Conn
	conn    *fanout.Conn
	session *room.Session
	media   *signaling.Peer // nil until the first media message
	lang    string
	closing sync.Once
	broken  int // malformed frames so far
	limiter *rate.Limiter
}

// maxBroken is how many malformed frames a client may send.
const maxBroken = 10

func (s *Server) classSocket(w http.ResponseWriter, r *http.Request) { s.accept(w, r, false) }
func (s *Server) adminSocket(w http.ResponseWriter, r *http.Request) { s.accept(w, r, true) }

// accept upgrades the request. The handler returns and the socket is read on
// a goroutine of its own, whose stack is small.
func (s *Server) accept(w http.ResponseWriter, r *http.Request, admin bool) {
	id, ok := s.roomOf(w, r)
	if !ok {
		return
	}
	k := &socket{server: s, lang: langOf(r.Header.Get("Accept-Language")), limiter: rate.NewLimiter(rate.Limit(s.config.Rate), s.config.Burst)}
	h := &hijacker{ResponseWriter: w, pool: s.Pool}
	ws, err := websocket.Accept(h, r, &websocket.AcceptOptions{
		Subprotocols: []string{wire.Subprotocol}, OriginPatterns: s.config.Origins,
		CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		return // Accept has answered
	}
	k.ws, k.conn = ws, h.conn
	ws.SetReadLimit(wire.MaxFrame)
	s.sockets.Go(func() { k.run(id, admin) })
}

// run reads the socket until it ends.
func (k *socket) run(id wire.RoomID, admin bool) {
	defer k.conn.Close()
	defer k.ws.CloseNow()
	if k.ws.Subprotocol() != wire.Subprotocol {
		k.close(wire.CloseProtocol)
		k.discard()
		return
	}
	if !k.hello(id, admin) {
		k.discard()
		return
	}
	for k.next(id) {
	}
	if k.media != nil {
		k.media.Close()
	}
	k.session.Leave()
	k.discard()
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

// read returns the next frame, and false when the socket has ended. What is
// no text is closed here.
func (k *socket) read() ([]byte, time.Time, bool) {
	kind, b, err := k.ws.Read(context.Background())
	at := time.Now()
	switch {
	case err != nil:
		return nil, at, false
	case kind != websocket.MessageText:
		k.closeWith(websocket.StatusUnsupportedData, "text only")
		return nil, at, false
	case !utf8.Valid(b):
		k.closeWith(websocket.StatusInvalidFramePayloadData, "text must be UTF-8")
		return nil, at, false
	}
	return b, at, true
}

// hello reads the first frame and joins the room.
func (k *socket) hello(id wire.RoomID, admin bool) bool {
	late := time.AfterFunc(k.server.config.Hello, func() { k.close(wire.CloseHello) })
	b, at, ok := k.read()
	late.Stop() // a room that takes long to open is not the client's fault
	if !ok {
		return false
	}
	r, err := wire.DecodeRequest(b)
	if err == nil && r.Type != "hello" {
		err = wire.ErrType
	}
	var data struct {
		Token string         `json:"token"`
		After *room.Position `json:"after,omitzero"`
		Lang  string         `json:"lang,omitzero"`
	}
	if err == nil {
		err = wire.Decode(r.Data, &data)
	}
	if err != nil {
		k.refuse(r.ID, err, wire.CloseProtocol)
		return false
	}
	if data.Lang != "" {
		k.lang = langOf(data.Lang)
	}
	claims, err := k.server.Keys.Verify(data.Token, auth.Room, id, at)
	if err != nil {
		code := wire.CloseToken
		if errors.Is(err, auth.ErrExpired) {
			code = wire.CloseExpired
		}
		k.refuse(r.ID, err, code)
		return false
	}
	k.session = &room.Session{
		User: claims.User, Name: claims.Name, Role: claims.Role, Admin: admin, Lang: k.lang,
		Conn: k.conn, Close: k.close,
	}
	if err := k.server.House.Join(context.Background(), id, k.session, r.ID, data.After); err != nil {
		code := wire.CloseRestart
		switch {
		case errors.Is(err, room.ErrBanned):
			code = wire.CloseBanned
		case errors.Is(err, wire.ErrForbidden):
			code = wire.CloseRefused
		}
		k.refuse(r.ID, err, code)
		return false
	}
	k.tellPoints()
	return true
}

// tellPoints says how many points the person has; what they gain is told as
// it happens.
func (k *socket) tellPoints() {
	balance, err := k.server.Points.Balance(context.Background(), k.session.User)
	if err != nil {
		k.server.Log.Warn("balance not told", zap.Error(err))
		return
	}
	b, err := wire.Encode(struct {
		Balance int64  `json:"balance"`
		Gained  int64  `json:"gained"`
		Rule    string `json:"rule"`
	}{Balance: balance})
	if err == nil {
		k.conn.Send(wire.Signal("points.balance", b))
	}
}

// next reads one frame and hands it on.
func (k *socket) next(id wire.RoomID) bool {
	b, at, ok := k.read()
	if !ok {
		return false
	}
	r, err := wire.DecodeRequest(b)
	if err != nil {
		k.reply(r.ID, 0, nil, err)
		if k.broken++; k.broken >= maxBroken {
			k.close(wire.CloseProtocol)
			return false
		}
		return true
	}
	if !k.limiter.AllowN(at, 1) {
		k.reply(r.ID, 0, nil, errRate)
		return true
	}
	if strings.HasPrefix(r.Type, "media.") {
		k.handleMedia(id, r)
		return true
	}
	command, err := room.Parse(r)
	if err == nil {
		err = k.session.Submit(command, r.Key, at, func(seq uint64, data any, err error) { k.reply(r.ID, seq, data, err) })
	}
	if err != nil {
		k.reply(r.ID, 0, nil, err)
	}
	return true
}

// handleMedia negotiates WebRTC. It may take a while, which holds up nobody
// but this socket.
func (k *socket) handleMedia(id wire.RoomID, r wire.Request) {
	if k.media == nil {
		k.media = k.server.Media.Peer(id, k.session.User, signaling.Rights{Publish: k.session.Role == wire.Host}, func(kind string, data any) {
			b, err := wire.Encode(data)
			if err != nil {
				k.server.Log.Error("encode", zap.String("type", kind), zap.Error(err))
				return
			}
			k.conn.Send(wire.Signal(kind, b))
		})
	}
	data, err := k.media.Handle(context.Background(), r.Type, r.Data)
	k.reply(r.ID, 0, data, err)
}

// reply answers a request. It never blocks.
func (k *socket) reply(id, seq uint64, data any, err error) {
	switch {
	case err != nil:
		e := k.server.texts.public(k.lang, err)
		if e.Code == wire.ErrInternal.Code {
			k.server.Log.Error("command failed", zap.Error(err))
		}
		k.conn.Send(wire.Reply(id, nil, e))
	case data != nil:
		k.conn.Send(wire.Reply(id, data, nil))
	default:
		b := append(make([]byte, 0, 64), `{"re":`...)
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

// hijacker gives coder/websocket our connection, with buffers that are small.
type hijacker struct {
	http.ResponseWriter
	pool *fanout.Pool
	conn *fanout.Conn
}

const bufferSize = 512 // bytes; frames longer than this are read in pieces

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
		reader = bufio.NewReaderSize(h.conn, bufferSize)
	}
	return h.conn, bufio.NewReadWriter(reader, bufio.NewWriterSize(h.conn, bufferSize)), nil
}

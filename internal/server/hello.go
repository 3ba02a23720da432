package server

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/reward"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// hello is the data of a socket's first frame.
type hello struct {
	Token string         `json:"token"`
	After *room.Position `json:"after,omitzero"`
	Lang  string         `json:"lang,omitzero"`
}

// lastWord is how long the close frame to one who never said hello has to be
// answered.
const lastWord = time.Second

// enter reads the first frame and joins the room.
func (k *socket) enter() bool {
	late := time.AfterFunc(k.server.config.Hello, func() {
		k.close(wire.CloseHello)
		time.AfterFunc(lastWord, func() { _ = k.conn.Close() }) // who says nothing need not say goodbye
	})
	b, at, ok := k.read()
	late.Stop() // a room that takes long to open is not the client's fault
	if !ok {
		return false
	}
	r, err := wire.DecodeRequest(*b)
	if err == nil && r.Type != "hello" {
		err = wire.ErrType
	}
	var data hello
	if err == nil {
		err = wire.Decode(r.Data, &data)
	}
	release(b) // r.Data may have been part of it
	if data.Lang != "" {
		k.lang = langOf(data.Lang)
	}
	if err != nil {
		k.refuse(r.ID, err, wire.CloseProtocol)
		return false
	}
	kind := auth.Room
	if k.captions {
		kind = auth.Captioning
	}
	claims, err := k.server.Keys.Verify(data.Token, kind, k.id, at)
	if err != nil {
		code := wire.CloseToken
		if errors.Is(err, auth.ErrExpired) {
			code = wire.CloseExpired
		}
		k.refuse(r.ID, err, code)
		return false
	}
	if after := k.server.gate.enter(time.Now()); after > 0 {
		k.refuse(r.ID, wire.ErrBusy.After(after.Milliseconds()), wire.CloseRestart)
		return false
	}
	k.session = &room.Session{
		User: claims.User, Name: claims.Name, Role: claims.Role, Admin: k.admin, Captions: k.captions, Lang: k.language(),
		Conn: k.conn, Close: k.close,
	}
	if err := k.server.House.Join(context.Background(), k.id, k.session, r.ID, data.After); err != nil {
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
	if !k.captions {
		k.tellPoints()
	}
	return true
}

// tellPoints says how many points the person has; what they gain is told as
// it happens. It is said on the room's goroutine, as gains are, so that nobody
// is told of fewer after more.
func (k *socket) tellPoints() {
	points, user := k.server.Points, k.session.User
	points.Find(user, func(found int64, err error) {
		if err != nil {
			k.server.Log.Warn("balance not told", zap.Error(err))
			return
		}
		say := func() wire.View {
			balance, ok := points.Latest(user)
			if !ok {
				balance = found
			}
			return reward.Gain{User: user, Balance: balance}.View()
		}
		err = k.session.Submit(room.Ping{}, "", time.Now(), func(uint64, any, error) { k.tell(say()) })
		if errors.Is(err, wire.ErrBusy) { // then it waits its turn, and all of the person's sockets hear it
			go k.server.House.Tell(context.Background(), k.id, []room.Told{{User: user, View: func(string) wire.View { return say() }}})
		}
	})
}

package server

import (
	"context"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/signaling"
	"github.com/lyceum-live/lyceum/wire"
)

// seated tells the media who may send in the room, before somebody who is not
// its host begins to. Later changes are told by a follower of the log.
func (k *socket) seated() {
	seats, err := k.server.House.Seats(context.Background(), k.id)
	if err != nil { // then nobody may who might not before
		k.server.Log.Warn("who is on the stage", zap.String("room", string(k.id)), zap.Error(err))
		return
	}
	k.server.Media.SetFloor(k.id, FloorOf(seats))
}

// FloorOf says to the media what a room's log says of its stage.
func FloorOf(s room.Seats) signaling.Floor {
	f := signaling.Floor{
		Seq: s.Seq, Grid: s.Layout == room.LayoutGrid, Pinned: s.Pinned,
		Aside:  s.Screen && s.Layout == room.LayoutScreen,
		Guests: map[wire.UserID]signaling.Grant{},
	}
	for _, g := range s.Guests {
		f.Guests[g.User] = signaling.Grant{Seat: g.Number, Microphone: g.Microphone, Camera: g.Camera}
	}
	return f
}

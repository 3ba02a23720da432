package room

import (
	"context"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// CheckStaff refuses whoever is not of a room's staff now: a token may say
// less or more than the host has said since. In a room that nobody has opened
// yet the token alone counts.
func (h *House) CheckStaff(ctx context.Context, id wire.RoomID, by wire.Actor) error {
	return h.CheckRole(ctx, id, by, wire.Moderator)
}

// CheckRole refuses whoever has less than a role in a room now.
func (h *House) CheckRole(ctx context.Context, id wire.RoomID, by wire.Actor, least wire.Role) error {
	_, exists, err := h.Status(ctx, id)
	switch {
	case err != nil:
		return err
	case !exists && !by.Role.AtLeast(least):
		return wire.ErrForbidden
	case !exists:
		return nil
	}
	return h.within(ctx, id, func(r *Room) error { return r.checkRole(ctx, by, least) })
}

func (r *Room) checkRole(ctx context.Context, by wire.Actor, least wire.Role) error {
	return r.look(ctx, func() error {
		m := r.state.People[by.User]
		switch {
		case !r.state.roleOf(by.User, by.Role).AtLeast(least):
			return wire.ErrForbidden
		case m != nil && holds(m.Banned, r.clock.at(time.Now())):
			return ErrBanned
		}
		return nil
	})
}

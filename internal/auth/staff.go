package auth

import (
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// Staff returns who the holder of a room token is if they are on the staff of
// its room, whichever that is: for what belongs to a teacher and not to a
// class. It is good only as long as the token opens its room.
func (k *Keys) Staff(token string, now time.Time) (Claims, error) {
	c, err := k.read(token)
	switch {
	case err != nil:
		return Claims{}, err
	case c.Kind != Room:
		return Claims{}, ErrToken
	case expired(c.Expires, now):
		return Claims{}, ErrExpired
	case !c.Role.Staff():
		return Claims{}, wire.ErrForbidden
	}
	return c, nil
}

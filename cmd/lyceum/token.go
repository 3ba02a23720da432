package main

import (
	"flag"
	"fmt"
	"path/filepath"
	"time"

	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/internal/server"
	"github.com/lyceum-live/lyceum/wire"
)

// keyFile is the signing key's name in the data folder.
const keyFile = "auth.key"

// token mints a room token on the server's own machine.
func token(args []string) error {
	var id, role, name, user string
	var expires time.Duration
	c, fs, err := loadConfig("token", args, func(fs *flag.FlagSet) {
		fs.StringVar(&id, "room", "", "room (default: that of access.room)")
		fs.StringVar(&role, "role", "viewer", "host, moderator or viewer")
		fs.StringVar(&name, "name", "", "the person's name")
		fs.StringVar(&user, "user", "", "the person's id, for somebody who has one (default: new)")
		fs.DurationVar(&expires, "expires", 24*time.Hour, "how long the token opens the room")
	})
	if err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("token: unexpected %q", fs.Arg(0))
	}
	if id == "" {
		id = c.Access.Room
	}
	claims := auth.Claims{
		Kind: auth.Room, Room: wire.RoomID(id), User: wire.UserID(user), Name: name, Role: wire.Role(role), Issued: time.Now(),
	}
	claims.Expires = claims.Issued.Add(expires)
	switch {
	case !claims.Room.Valid():
		return fmt.Errorf("token: -room %q: a room's name has 1 to 64 of a-z, 0-9 and '-'", id)
	case !claims.Role.Valid():
		return fmt.Errorf("token: -role %q: host, moderator or viewer", role)
	case name == "":
		return fmt.Errorf("token: -name is missing")
	case expires <= 0:
		return fmt.Errorf("token: -expires must be in the future")
	case user == string(wire.System.User):
		return fmt.Errorf("token: -user %q is the server itself", user)
	case user == "":
		claims.User = auth.NewUserID()
	}
	keys, err := auth.LoadOrCreate(filepath.Join(c.Data.Dir, keyFile))
	if err != nil {
		return err
	}
	signed, err := keys.Mint(claims)
	if err != nil {
		return err
	}
	base := c.HTTP.PublicURL
	if base == "" {
		base = "http://localhost" + portOf(c.HTTP.Addr)
	}
	fmt.Printf("token    %s\nlink     %s%s#token=%s\nexpires  %s\n", signed, base,
		server.PathFor(claims.Role, claims.Room), signed, claims.Expires.Format(time.RFC3339))
	return nil
}

// portOf is the ":8080" of an address.
func portOf(addr string) string {
	for i := len(addr) - 1; i >= 0; i-- {
		if addr[i] == ':' {
			return addr[i:]
		}
	}
	return ""
}

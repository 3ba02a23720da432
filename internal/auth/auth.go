// Package auth says who somebody is and what they may do in a class.
//
//   - [Keys] signs and verifies tokens: JWTs (RFC 7519) that the server writes
//     for itself, so a secret of its own signs them (HS256), and those that an
//     earlier version signed with Ed25519 (RFC 8037) stay valid. A token is of
//     one [Kind] and is never taken for another: a room token opens one room
//     for one person, an invitation is a link that gives a role to whoever
//     redeems it, an identity token only says who somebody is, a publishing
//     token is for a streaming program, which can only send, and a captioning
//     token for whoever writes down what is said.
//   - [OneTime] holds the links that a host opens once.
//   - [APIKeys] knows the other servers that may post behaviours.
//
// Time comes from the caller. The package keeps no list of tokens: what a
// token allowed ends when it expires, and a room bans people by their id. It
// never logs, and no error of it repeats a token, a key or a name.
package auth

import (
	"crypto/rand"
	"encoding/base32"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// Refusals of a token. What exactly is wrong with a broken one is nobody's
// business but its maker's, so the three say no more than a client can act on.
var (
	ErrToken   = &wire.Error{Code: "auth.token", Text: "the token is missing or broken"}
	ErrExpired = &wire.Error{Code: "auth.expired", Text: "the token has expired"}
	ErrRoom    = &wire.Error{Code: "auth.room", Text: "the token is for another room"}
)

// Kind says what a token is for.
type Kind string

// The kinds of token.
const (
	Room       Kind = "room"       // opens one room for one person in one role
	Invitation Kind = "invitation" // gives a role in one room to whoever redeems it, until it expires
	Identity   Kind = "identity"   // says who somebody is, and opens nothing
	Publishing Kind = "publishing" // sends media into one room as one person, and opens nothing
	Captioning Kind = "captioning" // sends captions into one room as one person, and does nothing else there
)

// Everywhere is the room of an identity token. It is not a valid room id, so
// no room can be called so.
const Everywhere wire.RoomID = "*"

// Times that hold for every token.
const (
	// Leeway is how far the clocks of two servers may differ.
	Leeway = 30 * time.Second

	// Remembered is how long after its issue a room token still says who its
	// holder is (see [Keys.Person]), though it may open its room for less.
	Remembered = 30 * 24 * time.Hour
)

// Claims are what a token says.
type Claims struct {
	Kind    Kind
	Room    wire.RoomID // [Everywhere] for an identity
	User    wire.UserID // "" for an invitation
	Name    string      // "" for an invitation
	Role    wire.Role   // "" for an identity
	ID      string      // names this token; made by Mint where it is ""
	Issued  time.Time   // kept to the second, as Expires is
	Expires time.Time
}

// check returns what is wrong with claims that a token of ours cannot have,
// or nil. It looks at everything but the time of day.
func (c Claims) check() string {
	switch c.Kind {
	case Room, Invitation, Publishing, Captioning:
		if !c.Room.Valid() {
			return "the room id is not well formed"
		}
		if !c.Role.Valid() {
			return "there is no such role"
		}
	case Identity:
		if c.Room != Everywhere || c.Role != "" {
			return "an identity has no room and no role"
		}
	default:
		return "there is no such kind of token"
	}
	if c.Kind == Invitation {
		if c.User != "" || c.Name != "" {
			return "an invitation is for nobody in particular"
		}
	} else if !c.User.Valid() {
		return "the user id is not well formed"
	}
	if c.Issued.Unix() <= 0 || c.Expires.Unix() <= c.Issued.Unix() {
		return "it must expire after it is issued"
	}
	return ""
}

// NewUserID returns the id of a person who was never here before: "u" and 128
// random bits.
func NewUserID() wire.UserID { return wire.UserID("u" + random128()) }

var lower32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

func random128() string {
	var b [16]byte
	rand.Read(b[:]) // never fails: it ends the program instead
	return lower32.EncodeToString(b[:])
}

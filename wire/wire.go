// Package wire is what both ends of a class agree on: identifiers, roles, the
// envelope of a message, error codes and close codes.
//
// It knows nothing of rooms, quizzes or sockets. Every other package may
// import it; it imports none of ours. docs/protocol.md describes the same
// things for people who write clients.
package wire

import (
	"fmt"
	"time"
)

// Subprotocol is the WebSocket subprotocol (RFC 6455, section 1.9) that both
// ends must agree on.
const Subprotocol = "lyceum.v1"

// Limits that hold for every frame a client sends.
const (
	MaxFrame = 64 << 10 // bytes of one client frame; a longer one closes the socket with 1009
	MaxDepth = 32       // nested arrays and objects in one client frame
	MaxKey   = 64       // bytes of an idempotency key
)

// RoomID names one class: 1 to 64 of a–z, 0–9 and '-', not starting with '-'.
type RoomID string

// Valid reports whether the id is well formed.
func (id RoomID) Valid() bool {
	if len(id) == 0 || len(id) > 64 || id[0] == '-' {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}

// UserID names one person across rooms and visits: 1 to 64 of A–Z, a–z, 0–9
// and "-_.:@". It is a pseudonym: a person's name is never part of it.
type UserID string

// Valid reports whether the id is well formed.
func (id UserID) Valid() bool {
	if len(id) == 0 || len(id) > 64 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '-', c == '_', c == '.', c == ':', c == '@':
		default:
			return false
		}
	}
	return true
}

// Role is what a person may do in a room. Each role may do all that the
// roles before it may.
type Role string

// The roles, from least to most.
const (
	Viewer    Role = "viewer"
	Moderator Role = "moderator"
	Host      Role = "host"
)

func (r Role) rank() int {
	switch r {
	case Viewer:
		return 1
	case Moderator:
		return 2
	case Host:
		return 3
	}
	return 0
}

// Valid reports whether r is one of the roles.
func (r Role) Valid() bool { return r.rank() > 0 }

// AtLeast reports whether r may do what min may.
func (r Role) AtLeast(min Role) bool { return r.Valid() && r.rank() >= min.rank() }

// Staff reports whether r sees what the staff sees.
func (r Role) Staff() bool { return r.AtLeast(Moderator) }

// Actor is who does something, as the server knows it: never the browser's word.
type Actor struct {
	User UserID
	Role Role
}

// System is the actor of what the room does by itself, such as the end of a
// question's time.
var System = Actor{User: "system", Role: Host}

// Millis is a moment in Unix milliseconds, as both the log and the wire
// write it. 0 means "none".
type Millis int64

// At returns t in milliseconds, and 0 for the zero time.
func At(t time.Time) Millis {
	if t.IsZero() {
		return 0
	}
	return Millis(t.UnixMilli())
}

// Time returns m as a time, and the zero time for 0.
func (m Millis) Time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(m))
}

// Head is the part of a log record that every rule may need: where the event
// stands in the room's log, when it happened and who did it. What an event
// creates is named by its position, so Seq is also the id of a message, a
// question, a poll or a quiz.
type Head struct {
	Seq uint64
	At  Millis
	By  UserID
}

// Personal is text that belongs to one person: a name, a message, a question.
// The log stores it encrypted under its owner's key, so that destroying the
// key erases it everywhere at once; in memory it is plain.
type Personal struct {
	Owner UserID `json:"owner"`
	Text  string `json:"text"`
}

// Own returns text as owner's.
func Own(owner UserID, text string) Personal { return Personal{Owner: owner, Text: text} }

// View is what somebody may see of an event or of a state: a message's type
// and its data.
type View struct {
	Type string
	Data any
}

// String formats h for logs.
func (h Head) String() string { return fmt.Sprintf("%d by %s", h.Seq, h.By) }

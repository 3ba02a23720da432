package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"sync"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// Refusals of a one-time link.
var (
	ErrOnce    = &wire.Error{Code: "auth.once", Text: "this link has been used or has expired; ask for a new one"}
	ErrGuesses = &wire.Error{Code: "auth.guesses", Text: "too many wrong links for this room; try again in a minute"}
)

// Limits of one-time links.
const (
	OnceFor     = 24 * time.Hour // how long a link waits for its host
	maxOnce     = 1024           // links that wait at once; beyond, the oldest goes
	maxGuesses  = 10             // wrong claims for one room in one guessTime
	guessTime   = time.Minute
	secretBytes = 32
)

// OneTime holds links that make whoever opens one first the host of a room.
//
//	Make ──▶ waiting ──Claim──▶ gone
//	            └────24 h─────▶ gone
//
// They live in memory alone, and only as hashes: a restart forgets them, and
// the server then prints a new one. The zero value is ready, and safe for many
// goroutines.
type OneTime struct {
	mu      sync.Mutex
	links   []onceLink // oldest first
	guesses map[wire.RoomID]guesses
}

type onceLink struct {
	hash    [sha256.Size]byte
	room    wire.RoomID
	expires time.Time
}

// guesses counts wrong claims for a room that has a link to guess.
type guesses struct {
	wrong int
	since time.Time
}

// Make returns the secret of a new link for the room. It is shown once and
// kept nowhere.
func (o *OneTime) Make(room wire.RoomID, now time.Time) (secret string, expires time.Time) {
	var b [secretBytes]byte
	rand.Read(b[:]) // never fails: it ends the program instead
	secret = base64.RawURLEncoding.EncodeToString(b[:])
	link := onceLink{sha256.Sum256([]byte(secret)), room, now.Add(OnceFor)}

	o.mu.Lock()
	defer o.mu.Unlock()
	o.forget(now)
	if len(o.links) == maxOnce {
		o.links = append(o.links[:0], o.links[1:]...)
	}
	o.links = append(o.links, link)
	return secret, link.expires
}

// Claim uses up the link of that secret. It returns nil for one caller only;
// a secret that is wrong, used, expired or for another room is [ErrOnce].
// After ten wrong claims for a room within a minute every wrong claim for it is
// [ErrGuesses], which says when to try again; the right one works even then, or
// anybody could keep the host out.
func (o *OneTime) Claim(secret string, room wire.RoomID, now time.Time) error {
	hash := sha256.Sum256([]byte(secret))

	o.mu.Lock()
	defer o.mu.Unlock()
	o.forget(now)
	found, waiting := -1, false
	for i := range o.links { // all of them, so that the time taken tells nothing
		here := o.links[i].room == room
		waiting = waiting || here
		if subtle.ConstantTimeCompare(hash[:], o.links[i].hash[:]) == 1 && here {
			found = i
		}
	}
	if found >= 0 {
		o.links = append(o.links[:found], o.links[found+1:]...)
		return nil
	}
	g := o.guesses[room]
	if g.wrong >= maxGuesses {
		return ErrGuesses.After(max(1, g.since.Add(guessTime).Sub(now).Milliseconds()))
	}
	// Where no link waits there is nothing to guess and nothing is counted, so
	// made-up rooms take no memory.
	if waiting {
		if o.guesses == nil {
			o.guesses = map[wire.RoomID]guesses{}
		}
		if g.wrong == 0 {
			g.since = now
		}
		g.wrong++
		o.guesses[room] = g
	}
	return ErrOnce
}

// forget drops what time has ended.
func (o *OneTime) forget(now time.Time) {
	kept := o.links[:0]
	for _, l := range o.links {
		if now.Before(l.expires) {
			kept = append(kept, l)
		}
	}
	clear(o.links[len(kept):])
	o.links = kept
	for room, g := range o.guesses {
		if now.Sub(g.since) >= guessTime {
			delete(o.guesses, room)
		}
	}
}

package auth

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

const (
	issuer   = "lyceum"
	maxToken = 4 << 10 // bytes; ours are a tenth of it
)

// payload is how a token is written (RFC 7519, section 4.1, and our own
// names). It is read as strictly as everything else: a claim that this server
// does not know may be a limit that it would not keep.
type payload struct {
	Issuer   string      `json:"iss"`
	Audience wire.RoomID `json:"aud"`
	Subject  wire.UserID `json:"sub,omitzero"`
	Name     string      `json:"name,omitzero"`
	Role     wire.Role   `json:"role,omitzero"`
	Expires  int64       `json:"exp"`
	Issued   int64       `json:"iat"`
	ID       string      `json:"jti"`
	Kind     Kind        `json:"kind"`
}

// Mint returns a token that says c. A name that cannot be shown is refused
// with [wire.ErrText]; any other error means that the caller asked for a
// token that makes no sense.
func (k *Keys) Mint(c Claims) (string, error) {
	if why := c.check(); why != "" {
		return "", fmt.Errorf("mint a token: %s", why)
	}
	if c.Kind != Invitation {
		name, err := wire.CleanText(c.Name, wire.MaxName, false)
		if err != nil {
			return "", wire.ErrText.In("name")
		}
		c.Name = name
	}
	if c.ID == "" {
		c.ID = random128()
	}
	body, err := wire.Encode(payload{
		Issuer: issuer, Audience: c.Room, Subject: c.User, Name: c.Name, Role: c.Role,
		Expires: c.Expires.Unix(), Issued: c.Issued.Unix(), ID: c.ID, Kind: c.Kind,
	})
	if err != nil {
		return "", fmt.Errorf("mint a token: %w", err)
	}
	token := k.secret.sign(body)
	if len(token) > maxToken {
		return "", errors.New("mint a token: too long")
	}
	return token, nil
}

// Verify returns what a token says if this server signed it, it is of that
// kind and for that room ([Everywhere] for an identity), and has not expired.
// Otherwise the error is [ErrToken], [ErrRoom] or [ErrExpired].
func (k *Keys) Verify(token string, kind Kind, room wire.RoomID, now time.Time) (Claims, error) {
	c, err := k.read(token)
	switch {
	case err != nil:
		return Claims{}, err
	case c.Kind != kind:
		return Claims{}, ErrToken
	case c.Room != room:
		return Claims{}, ErrRoom
	case expired(c.Expires, now):
		return Claims{}, ErrExpired
	}
	return c, nil
}

// Person returns who the holder of a room token, of whatever room, or of an
// identity token is. It says nothing of what they may do: the claims that come
// back are an identity's, without a room and a role. A room token is good for
// this until it expires, and for [Remembered] after its issue in any case, so
// that a guest who comes back next week keeps their points.
func (k *Keys) Person(token string, now time.Time) (Claims, error) {
	c, err := k.read(token)
	if err != nil {
		return Claims{}, err
	}
	switch c.Kind {
	case Room:
		if known := c.Issued.Add(Remembered); known.After(c.Expires) {
			c.Expires = known
		}
	case Identity:
	default:
		return Claims{}, ErrToken
	}
	if expired(c.Expires, now) {
		return Claims{}, ErrExpired
	}
	c.Kind, c.Room, c.Role = Identity, Everywhere, ""
	return c, nil
}

func expired(at, now time.Time) bool { return !now.Before(at.Add(Leeway)) }

// read checks the signature and that the claims are such as Mint makes them.
//
// The key decides the algorithm, never the token (RFC 8725, section 3.1): the
// header must be, byte for byte, one that a key of ours writes, and that key
// verifies by its own algorithm. So "none", HMAC with the public key, another
// key's id and every pointer to a key of the maker's choice (jwk, jku, x5c,
// x5u) are refused before they are parsed.
//
// A token has one spelling. Base64 decoders skip line breaks and ignore the
// last bits, so one signature would have many.
func (k *Keys) read(token string) (Claims, error) {
	header, rest, _ := strings.Cut(token, ".")
	body, signature, ok := strings.Cut(rest, ".")
	if !ok || len(token) > maxToken || strings.ContainsAny(token, "\r\n") {
		return Claims{}, ErrToken
	}
	var room [64]byte // a longer signature is none of ours
	code, err := base64url.AppendDecode(room[:0], []byte(signature))
	if err != nil || !k.signed(header, token[:len(header)+1+len(body)], code) {
		return Claims{}, ErrToken
	}
	claims, err := base64url.DecodeString(body)
	if err != nil {
		return Claims{}, ErrToken
	}
	var p payload
	if err := wire.Decode(claims, &p); err != nil || p.Issuer != issuer || p.ID == "" {
		return Claims{}, ErrToken
	}
	c := Claims{
		Kind: p.Kind, Room: p.Audience, User: p.Subject, Name: p.Name, Role: p.Role, ID: p.ID,
		Issued: time.Unix(p.Issued, 0), Expires: time.Unix(p.Expires, 0),
	}
	if c.check() != "" {
		return Claims{}, ErrToken
	}
	return c, nil
}

// signed reports whether the key that writes this header has signed text.
func (k *Keys) signed(header, text string, signature []byte) bool {
	switch header {
	case k.secret.header:
		return k.secret.verify(text, signature)
	case k.pair.header:
		return k.pair.verify(text, signature)
	}
	return false
}

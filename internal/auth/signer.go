package auth

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"sync"

	"github.com/lyceum-live/lyceum/wire"
)

// tokenType is the typ of every token (RFC 7519, section 5.1).
const tokenType = "JWT"

// base64url is how the parts of a token are written (RFC 7515, section 2). It
// is strict: other decoders ignore the last bits.
var base64url = base64.RawURLEncoding.Strict()

// headerOf is the first part of the tokens of one key.
func headerOf(algorithm, key string) (string, error) {
	b, err := wire.Encode(struct {
		Algorithm string `json:"alg"`
		Key       string `json:"kid"`
		Type      string `json:"typ"`
	}{algorithm, key, tokenType})
	return base64url.EncodeToString(b), err
}

// secret signs what this server says to itself: HMAC with SHA-256 (RFC 7518,
// section 3.2). It costs a small part of what a signature costs that others
// could verify, and there are no others.
type secret struct {
	header string
	macs   sync.Pool // of *mac
}

// mac is a keyed hash, and room for what goes in and comes out of it.
type mac struct {
	hash.Hash
	in, out []byte
}

// The labels under which the secret and its name are derived from the Ed25519
// seed (HKDF, RFC 5869), so that a key file of any age holds both keys.
const (
	labelSecret = "lyceum token HS256 secret 1"
	labelName   = "lyceum token HS256 name 1"
)

func newSecret(seed []byte) (*secret, error) {
	key, err := hkdf.Key(sha256.New, seed, nil, labelSecret, sha256.Size)
	if err != nil {
		return nil, err
	}
	name, err := hkdf.Key(sha256.New, seed, nil, labelName, sha256.Size)
	if err != nil {
		return nil, err
	}
	s := &secret{macs: sync.Pool{New: func() any { return &mac{Hash: hmac.New(sha256.New, key)} }}}
	s.header, err = headerOf("HS256", base64url.EncodeToString(name))
	return s, err
}

// sign returns body as a compact token (RFC 7515, section 7.1).
func (s *secret) sign(body []byte) string {
	m := s.macs.Get().(*mac)
	defer s.macs.Put(m)
	token := append(append(make([]byte, 0, 512), s.header...), '.')
	token = base64url.AppendEncode(token, body)
	m.out = m.of(token)
	return string(base64url.AppendEncode(append(token, '.'), m.out))
}

func (s *secret) verify(signed string, signature []byte) bool {
	m := s.macs.Get().(*mac)
	defer s.macs.Put(m)
	m.in = append(m.in[:0], signed...)
	m.out = m.of(m.in)
	return hmac.Equal(m.out, signature)
}

// of returns the code of b, in m's own room.
func (m *mac) of(b []byte) []byte {
	m.Reset()
	m.Write(b) // never fails (hash.Hash)
	return m.Sum(m.out[:0])
}

// pair is the Ed25519 key (RFC 8037) that signed all tokens before there was a
// secret, and is only verified with.
type pair struct {
	header string
	public ed25519.PublicKey
}

func newPair(public ed25519.PublicKey) (*pair, error) {
	// The name is the key's thumbprint (RFC 7638): a hash of its JWK, spelled so.
	jwk, err := wire.Encode(struct {
		Curve string `json:"crv"`
		Type  string `json:"kty"`
		X     string `json:"x"`
	}{"Ed25519", "OKP", base64url.EncodeToString(public)})
	if err != nil {
		return nil, err
	}
	thumb := sha256.Sum256(jwk)
	p := &pair{public: public}
	p.header, err = headerOf("EdDSA", base64url.EncodeToString(thumb[:]))
	return p, err
}

func (p *pair) verify(signed string, signature []byte) bool {
	return ed25519.Verify(p.public, []byte(signed), signature)
}

package auth_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/wire"
)

var now = time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)

// newKeys returns the keys of a fresh server, and its private key as somebody
// would have it who read the file.
func newKeys(t testing.TB) (*auth.Keys, ed25519.PrivateKey) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "auth.key")
	keys, err := auth.LoadOrCreate(path)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return keys, key.(ed25519.PrivateKey)
}

func ana(kind auth.Kind) auth.Claims {
	c := auth.Claims{Kind: kind, Room: "go-101", User: "uana", Name: "Ana", Role: wire.Host, Issued: now, Expires: now.Add(time.Hour)}
	switch kind {
	case auth.Invitation:
		c.User, c.Name = "", ""
	case auth.Identity:
		c.Room, c.Role = auth.Everywhere, ""
	}
	return c
}

func mint(t testing.TB, keys *auth.Keys, c auth.Claims) string {
	t.Helper()
	token, err := keys.Mint(c)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

var kinds = []auth.Kind{auth.Room, auth.Invitation, auth.Identity}

func TestTokenSaysWhatWasMinted(t *testing.T) {
	keys, _ := newKeys(t)
	rapid.Check(t, func(t *rapid.T) {
		want := auth.Claims{
			Kind:   rapid.SampledFrom(kinds).Draw(t, "kind"),
			Room:   wire.RoomID(rapid.StringMatching(`[a-z0-9][a-z0-9-]{0,63}`).Draw(t, "room")),
			User:   wire.UserID(rapid.StringMatching(`[A-Za-z0-9_.:@-]{1,64}`).Draw(t, "user")),
			Name:   rapid.StringMatching(`[\p{Han}a-zA-Z]{1,40}`).Draw(t, "name"),
			Role:   rapid.SampledFrom([]wire.Role{wire.Viewer, wire.Moderator, wire.Host}).Draw(t, "role"),
			ID:     rapid.StringMatching(`[a-z0-9]{1,26}`).Draw(t, "id"),
			Issued: now.Add(time.Duration(rapid.IntRange(-1000, 1000).Draw(t, "issued")) * time.Second).Local(),
		}
		want.Expires = want.Issued.Add(time.Duration(rapid.IntRange(1, 1e6).Draw(t, "for")) * time.Second)
		switch want.Kind {
		case auth.Invitation:
			want.User, want.Name = "", ""
		case auth.Identity:
			want.Room, want.Role = auth.Everywhere, ""
		}
		name, err := wire.CleanText(want.Name, wire.MaxName, false)
		if want.Kind != auth.Invitation && err != nil {
			t.Skip("not a name")
		}
		token, err := keys.Mint(want)
		if err != nil {
			t.Fatal(err)
		}
		if want.Kind != auth.Invitation {
			want.Name = name
		}
		got, err := keys.Verify(token, want.Kind, want.Room, want.Issued)
		if err != nil || got != want {
			t.Fatalf("got %+v, %v; want %+v", got, err, want)
		}
	})
}

func TestOneKindIsNeverAnother(t *testing.T) {
	keys, _ := newKeys(t)
	for _, minted := range kinds {
		token := mint(t, keys, ana(minted))
		for _, asked := range append(kinds, "", "admin") {
			for _, room := range []wire.RoomID{"go-101", auth.Everywhere, "other", ""} {
				_, err := keys.Verify(token, asked, room, now)
				switch {
				case asked != minted:
					wantError(t, err, auth.ErrToken)
				case room != ana(minted).Room:
					wantError(t, err, auth.ErrRoom)
				default:
					wantError(t, err, nil)
				}
			}
		}
	}
}

func TestExpiry(t *testing.T) {
	keys, _ := newKeys(t)
	for _, kind := range kinds {
		token := mint(t, keys, ana(kind))
		for after, want := range map[time.Duration]error{
			0:                             nil,
			time.Hour:                     nil,
			time.Hour + auth.Leeway - 1:   nil,
			time.Hour + auth.Leeway:       auth.ErrExpired,
			365 * 24 * time.Hour:          auth.ErrExpired,
			-auth.Leeway - 24*time.Hour*2: nil, // a clock that was set back
		} {
			_, err := keys.Verify(token, kind, ana(kind).Room, now.Add(after))
			wantError(t, err, want)
		}
	}
}

func TestPerson(t *testing.T) {
	keys, _ := newKeys(t)
	room, identity := mint(t, keys, ana(auth.Room)), mint(t, keys, ana(auth.Identity))
	long := ana(auth.Room)
	long.Expires = now.Add(2 * auth.Remembered)

	tests := []struct {
		name, token string
		after       time.Duration
		want        error
	}{
		{"a room token", room, 0, nil},
		{"an expired room token", room, 5 * time.Hour, nil},
		{"on the last day", room, auth.Remembered, nil},
		{"too late", room, auth.Remembered + auth.Leeway, auth.ErrExpired},
		{"a long room token", mint(t, keys, long), auth.Remembered + time.Hour, nil},
		{"a long room token, late", mint(t, keys, long), 2*auth.Remembered + auth.Leeway, auth.ErrExpired},
		{"an identity", identity, 0, nil},
		{"an expired identity", identity, 5 * time.Hour, auth.ErrExpired},
		{"an invitation", mint(t, keys, ana(auth.Invitation)), 0, auth.ErrToken},
		{"nothing", "", 0, auth.ErrToken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := keys.Person(tt.token, now.Add(tt.after))
			wantError(t, err, tt.want)
			if err == nil && (c.User != "uana" || c.Name != "Ana" || c.Role != "" || c.Room != auth.Everywhere || c.Kind != auth.Identity) {
				t.Errorf("got %+v, want Ana and no right", c)
			}
		})
	}
}

func TestMintRefusesNonsense(t *testing.T) {
	keys, _ := newKeys(t)
	for name, change := range map[string]func(*auth.Claims){
		"no kind":            func(c *auth.Claims) { c.Kind = "" },
		"another kind":       func(c *auth.Claims) { c.Kind = "admin" },
		"no room":            func(c *auth.Claims) { c.Room = "" },
		"every room":         func(c *auth.Claims) { c.Room = auth.Everywhere },
		"a path":             func(c *auth.Claims) { c.Room = "../x" },
		"no user":            func(c *auth.Claims) { c.User = "" },
		"no role":            func(c *auth.Claims) { c.Role = "" },
		"another role":       func(c *auth.Claims) { c.Role = "owner" },
		"no name":            func(c *auth.Claims) { c.Name = " " },
		"a long name":        func(c *auth.Claims) { c.Name = strings.Repeat("a", wire.MaxName+1) },
		"no expiry":          func(c *auth.Claims) { c.Expires = time.Time{} },
		"no issue":           func(c *auth.Claims) { c.Issued = time.Time{} },
		"expired from birth": func(c *auth.Claims) { c.Expires = c.Issued },
		"a named invitation": func(c *auth.Claims) { c.Kind = auth.Invitation },
		"a mighty identity":  func(c *auth.Claims) { c.Kind = auth.Identity },
		"a long id":          func(c *auth.Claims) { c.ID = strings.Repeat("x", 4<<10) },
	} {
		c := ana(auth.Room)
		change(&c)
		if _, err := keys.Mint(c); err == nil {
			t.Errorf("%s: minted", name)
		}
	}
	c := ana(auth.Room)
	c.Name = "\u202e A\u030angstro\u0308m \n"
	got, err := keys.Verify(mint(t, keys, c), auth.Room, c.Room, now)
	if err != nil || got.Name != "Ångström" {
		t.Errorf("got name %q, %v", got.Name, err)
	}
}

// forge signs claims as somebody with that key and header would.
func forge(t testing.TB, alg jose.SignatureAlgorithm, key any, header map[jose.HeaderKey]any, claims map[string]any) string {
	t.Helper()
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, &jose.SignerOptions{ExtraHeaders: header})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(body)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func decoded(t testing.TB, part string) map[string]any {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]any{}
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func encoded(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// secretOf is the server's HS256 key as somebody would have it who read the
// key file and this package.
func secretOf(t testing.TB, private ed25519.PrivateKey) []byte {
	t.Helper()
	key, err := hkdf.Key(sha256.New, private.Seed(), nil, "lyceum token HS256 secret 1", 32)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestConfusion tries what is known to have fooled verifiers of JWTs
// (RFC 8725, section 2). What is wrong with the claims is tried under each of
// the server's two keys, and each key is tried in the place of the other.
func TestConfusion(t *testing.T) {
	keys, private := newKeys(t)
	public := private.Public().(ed25519.PublicKey)
	secret := secretOf(t, private)
	good := mint(t, keys, ana(auth.Room))
	parts := strings.Split(good, ".")
	claims := decoded(t, parts[1])
	claims["exp"], claims["iat"] = now.Add(time.Hour).Unix(), now.Unix()
	thumb, err := (&jose.JSONWebKey{Key: public}).Thumbprint(crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	kid := base64.RawURLEncoding.EncodeToString(thumb)
	mine := decoded(t, parts[0])["kid"].(string)
	header := map[jose.HeaderKey]any{"typ": "JWT", "kid": kid}
	hmacHeader := map[jose.HeaderKey]any{"typ": "JWT", "kid": mine}

	_, foreign, _ := ed25519.GenerateKey(rand.Reader)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	spki, _ := x509.MarshalPKIXPublicKey(public)
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})
	jwk := jose.JSONWebKey{Key: foreign.Public(), KeyID: kid}
	with := func(header map[jose.HeaderKey]any, name jose.HeaderKey, v any) map[jose.HeaderKey]any {
		h := maps.Clone(header)
		h[name] = v
		return h
	}
	say := func(change map[string]any) map[string]any {
		c := maps.Clone(claims)
		for name, v := range change {
			if c[name] = v; v == nil {
				delete(c, name)
			}
		}
		return c
	}
	none := func(alg, kid string) string {
		return encoded(t, map[string]any{"alg": alg, "typ": "JWT", "kid": kid}) + "." + parts[1] + "."
	}
	hs256 := func(key []byte) string { return forge(t, jose.HS256, key, hmacHeader, claims) }
	old := forge(t, jose.EdDSA, private, header, claims)
	oldParts := strings.Split(old, ".")

	refused := map[string]string{
		"none":                   none("none", kid),
		"None":                   none("None", kid),
		"nOnE":                   none("nOnE", mine),
		"none for the secret":    none("none", mine),
		"no algorithm":           none("", mine),
		"none, signed":           none("none", mine) + parts[2],
		"RS256":                  forge(t, jose.RS256, rsaKey, header, claims),
		"RS256 as the secret":    forge(t, jose.RS256, rsaKey, hmacHeader, claims),
		"a foreign key":          forge(t, jose.EdDSA, foreign, header, claims),
		"a foreign key, its kid": forge(t, jose.EdDSA, foreign, with(header, "kid", "theirs"), claims),
		"our key, a foreign kid": forge(t, jose.EdDSA, private, with(header, "kid", "theirs"), claims),
		"no kid":                 forge(t, jose.EdDSA, private, map[jose.HeaderKey]any{"typ": "JWT"}, claims),
		"kid traversal":          forge(t, jose.EdDSA, foreign, with(header, "kid", "../../../../dev/null"), claims),
		"kid injection":          forge(t, jose.EdDSA, foreign, with(header, "kid", "x' UNION SELECT 'k"), claims),
		"jwk":                    forge(t, jose.EdDSA, foreign, with(header, "jwk", jwk), claims),
		"jku":                    forge(t, jose.EdDSA, foreign, with(header, "jku", "https://evil.example/keys"), claims),
		"x5u":                    forge(t, jose.EdDSA, foreign, with(header, "x5u", "https://evil.example/cert"), claims),
		"our key, jku":           forge(t, jose.EdDSA, private, with(header, "jku", "https://evil.example/keys"), claims),
		"another type":           forge(t, jose.EdDSA, private, with(header, "typ", "at+jwt"), claims),

		"HS256 with the public key":            forge(t, jose.HS256, []byte(public), header, claims),
		"HS256 with its PEM":                   forge(t, jose.HS256, publicPEM, header, claims),
		"HS256 with its DER":                   forge(t, jose.HS256, spki, header, claims),
		"the secret's kid, the public key":     hs256(public),
		"the secret's kid, the public PEM":     hs256(publicPEM),
		"the secret's kid, the public DER":     hs256(spki),
		"the secret's kid, the seed":           hs256(private.Seed()),
		"the secret's kid, the private key":    hs256(private),
		"the secret's kid, zeros":              hs256(make([]byte, 32)),
		"the secret's kid, the kid":            hs256([]byte(mine)),
		"the secret's kid, the pair signs":     forge(t, jose.EdDSA, private, hmacHeader, claims),
		"the pair's kid, the secret signs":     forge(t, jose.HS256, secret, header, claims),
		"the secret, no kid":                   forge(t, jose.HS256, secret, map[jose.HeaderKey]any{"typ": "JWT"}, claims),
		"the secret, jku":                      forge(t, jose.HS256, secret, with(hmacHeader, "jku", "https://evil.example/keys"), claims),
		"the secret, another type":             forge(t, jose.HS256, secret, with(hmacHeader, "typ", "at+jwt"), claims),
		"HS512 with the secret":                forge(t, jose.HS512, append(secret, secret...), hmacHeader, claims),
		"the secret's header, pair's words":    parts[0] + "." + oldParts[1] + "." + oldParts[2],
		"the pair's header, secret's words":    oldParts[0] + "." + parts[1] + "." + parts[2],
		"the secret's words, pair's signature": parts[0] + "." + parts[1] + "." + oldParts[2],

		"no signature":            parts[0] + "." + parts[1] + ".",
		"two parts":               parts[0] + "." + parts[1],
		"four parts":              good + "." + parts[2],
		"half a code":             good[:len(good)-22],
		"a code too long":         good + "AAAA",
		"half a signature":        old[:len(old)-40],
		"a line break":            good[:len(good)-8] + "\n" + good[len(good)-8:],
		"a line break, old":       old[:len(old)-8] + "\n" + old[len(old)-8:],
		"padding":                 good + "=",
		"padding, old":            old + "==",
		"JSON serialization":      `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"blanks around":           " " + good + " ",
		"Bearer":                  "Bearer " + good,
		"empty":                   "",
		"dots":                    "..",
		"header and dots":         parts[0] + "..",
		"very long":               good + strings.Repeat("A", 1<<20),
		"invalid UTF-8":           "\xff\xfe." + parts[1] + "." + parts[2],
		"last bits of the code":   good[:len(good)-1] + string(nextChar(good[len(good)-1])),
		"last bits of an old one": old[:len(old)-1] + string(nextChar(old[len(old)-1])),
	}
	for name, key := range map[string]struct {
		algorithm jose.SignatureAlgorithm
		key       any
		header    map[jose.HeaderKey]any
		parts     []string
	}{"EdDSA": {jose.EdDSA, private, header, oldParts}, "HS256": {jose.HS256, secret, hmacHeader, parts}} {
		forged := func(change map[string]any) string { return forge(t, key.algorithm, key.key, key.header, say(change)) }
		// The forger can make a good one: what is refused below is refused for
		// what it says and not for how it was made.
		_, err := keys.Verify(forged(nil), auth.Room, "go-101", now)
		wantError(t, err, nil)
		_, err = keys.Verify(forged(map[string]any{"aud": "go-102"}), auth.Room, "go-101", now)
		wantError(t, err, auth.ErrRoom)
		for what, change := range map[string]map[string]any{
			"no exp":           {"exp": nil},
			"exp 0":            {"exp": 0},
			"exp as text":      {"exp": "9999999999"},
			"exp beyond int64": {"exp": 1e300},
			"no iat":           {"iat": nil},
			"exp before iat":   {"exp": now.Add(-time.Hour).Unix()},
			"no issuer":        {"iss": nil},
			"another issuer":   {"iss": "lyceum.evil"},
			"no audience":      {"aud": nil},
			"every room":       {"aud": "*"},
			"a list of rooms":  {"aud": []string{"go-101", "x"}},
			"no subject":       {"sub": nil},
			"no role":          {"role": nil},
			"an unknown role":  {"role": "root"},
			"no kind":          {"kind": nil},
			"an unknown claim": {"scope": "read"},
			"no id":            {"jti": nil},
		} {
			refused[what+", "+name] = forged(change)
		}
		p := key.parts
		refused["changed claims, "+name] = p[0] + "." + encoded(t, say(map[string]any{"role": "moderator"})) + "." + p[2]
		refused["deep claims, "+name] = p[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("[", 2000))) + "." + p[2]
	}
	for name, token := range refused {
		t.Run(name, func(t *testing.T) {
			_, err := keys.Verify(token, auth.Room, "go-101", now)
			wantError(t, err, auth.ErrToken)
			_, err = keys.Person(token, now)
			wantError(t, err, auth.ErrToken)
		})
	}
}

// TestKeyFilesOfAnyAge: the key file holds an Ed25519 key, as the first
// version wrote it. The token that this version signed with it is good, and so
// is what later versions sign: what is derived from a seed never changes.
func TestKeyFilesOfAnyAge(t *testing.T) {
	der, err := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "auth.key")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	keys, err := auth.LoadOrCreate(path)
	if err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile("testdata/tokens.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := ana(auth.Room)
	want.ID, want.Issued, want.Expires = "gold", now.Local(), now.Add(time.Hour).Local()
	for i, token := range strings.Fields(string(written)) {
		got, err := keys.Verify(token, auth.Room, "go-101", now)
		if err != nil || got != want {
			t.Errorf("token %d: got %+v, %v; want %+v", i, got, err, want)
		}
		if minted := mint(t, keys, want); i == 1 && minted != token {
			t.Errorf("minted %s", minted)
		}
	}
}

// nextChar changes only bits of a signature's last character that carry
// nothing.
func nextChar(c byte) byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return alphabet[strings.IndexByte(alphabet, c)^1]
}

func TestAnotherServersToken(t *testing.T) {
	ours, _ := newKeys(t)
	theirs, _ := newKeys(t)
	for _, kind := range kinds {
		_, err := ours.Verify(mint(t, theirs, ana(kind)), kind, ana(kind).Room, now)
		wantError(t, err, auth.ErrToken)
	}
}

func TestManyGoroutines(t *testing.T) {
	keys, _ := newKeys(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				token, err := keys.Mint(ana(auth.Room))
				if err == nil {
					_, err = keys.Verify(token, auth.Room, "go-101", now)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestNewUserID(t *testing.T) {
	seen := map[wire.UserID]bool{}
	for range 1000 {
		id := auth.NewUserID()
		if !id.Valid() || len(id) != 27 || id[0] != 'u' || seen[id] {
			t.Fatalf("got %q", id)
		}
		seen[id] = true
	}
}

// FuzzVerify holds that nothing is accepted but, letter for letter, what was
// minted.
func FuzzVerify(f *testing.F) {
	keys, _ := newKeys(f)
	minted := map[string]bool{}
	for _, kind := range kinds {
		token := mint(f, keys, ana(kind))
		minted[token] = true
		f.Add(token)
		f.Add(token[:len(token)-1])
		f.Add(strings.Replace(token, ".", "..", 1))
	}
	f.Add("")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Fuzz(func(t *testing.T, token string) {
		for _, kind := range kinds {
			c, err := keys.Verify(token, kind, ana(kind).Room, now)
			if err == nil && (!minted[token] || c.Kind != kind) {
				t.Fatalf("accepted %q", token)
			}
			if _, public := errors.AsType[*wire.Error](err); err != nil && !public {
				t.Fatalf("%v is nothing that a client could be told", err)
			}
		}
	})
}

func wantError(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got error %v, want %v", err, want)
	}
}

func BenchmarkVerify(b *testing.B) {
	keys, private := newKeys(b)
	token := mint(b, keys, ana(auth.Room))
	thumb, err := (&jose.JSONWebKey{Key: private.Public()}).Thumbprint(crypto.SHA256)
	if err != nil {
		b.Fatal(err)
	}
	old := forge(b, jose.EdDSA, private, map[jose.HeaderKey]any{
		"typ": "JWT", "kid": base64.RawURLEncoding.EncodeToString(thumb),
	}, decoded(b, strings.Split(token, ".")[1]))
	for name, token := range map[string]string{"HS256": token, "EdDSA": old} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := keys.Verify(token, auth.Room, "go-101", now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

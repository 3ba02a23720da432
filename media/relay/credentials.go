package relay

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
)

// Credentials open allocations for a person until a time, as TURN servers and
// those who tell of them have agreed (draft-uberti-behave-turn-rest-00): the
// user name says until when and whose, the password is its digest.
func (s *Server) Credentials(person string) (username, password string, until time.Time) {
	until = s.now().Add(s.config.Lifetime).Truncate(time.Second)
	username = strconv.FormatInt(until.Unix(), 10) + ":" + s.alias(person)
	return username, s.password(username), until
}

func (s *Server) password(username string) string {
	mac := hmac.New(sha1.New, s.secret)
	_, _ = mac.Write([]byte(username))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

const aliasBytes = 10

// alias names a person on the wire, where anybody may read it.
func (s *Server) alias(person string) string {
	mac := hmac.New(sha256.New, s.secret)
	_, _ = mac.Write([]byte("person " + person))
	return base32.StdEncoding.EncodeToString(mac.Sum(nil)[:aliasBytes])
}

// authenticate finds the key of who asks. An allocation that is open may be
// used beyond the password's time, by whoever opened it: its life is bounded by
// the connection that it carries, which the class ends.
func (s *Server) authenticate(r *turn.RequestAttributes) (user string, key []byte, ok bool) {
	until, alias, _ := strings.Cut(r.Username, ":")
	at, err := strconv.ParseInt(until, 10, 64)
	if err != nil || r.Realm != realm || alias == "" {
		return "", nil, false
	}
	if r.Method == stun.MethodAllocate && !s.now().Before(time.Unix(at, 0)) {
		return "", nil, false
	}
	return alias, turn.GenerateAuthKey(r.Username, realm, s.password(r.Username)), true
}

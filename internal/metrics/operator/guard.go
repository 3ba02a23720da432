package operator

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"
)

// guard lets operators through and nobody else.
type guard struct {
	next    http.Handler
	secret  [sha256.Size]byte
	asks    bool                     // for the secret
	open    func(*http.Request) bool // needs none
	local   bool                     // on loopback: reached under no other name than this machine's
	lockout lockout
	log     *zap.Logger
}

func newGuard(c Config, addr net.Addr, next http.Handler, open func(*http.Request) bool, log *zap.Logger) *guard {
	tcp, isTCP := addr.(*net.TCPAddr)
	return &guard{
		next: next, open: open, secret: sha256.Sum256([]byte(c.Secret)), asks: c.Secret != "",
		local: isTCP && tcp.IP.IsLoopback(), log: log,
	}
}

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	// What a browser sends for a page of another site (Fetch Metadata, W3C).
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "none" && site != "same-origin" {
		http.Error(w, "not for pages of other sites", http.StatusForbidden)
		return
	}
	if g.local && !g.asks && !isLoopback(hostOf(r.Host)) {
		http.Error(w, "ask for this machine by its loopback address", http.StatusForbidden)
		return
	}
	if g.asks && !g.open(r) && !g.knows(w, r) {
		return
	}
	g.next.ServeHTTP(w, r)
}

// hostOf is the Host of a request without its port.
func hostOf(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.Trim(host, "[]")
}

// knows reports whether a request carries the secret, and answers it if not.
func (g *guard) knows(w http.ResponseWriter, r *http.Request) bool {
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	given = strings.TrimSpace(given)
	if !strings.EqualFold(scheme, "Bearer") || given == "" { // no guess, so not counted
		w.Header().Set("WWW-Authenticate", "Bearer")
		http.Error(w, "the operators' secret is missing", http.StatusUnauthorized)
		return false
	}
	sum := sha256.Sum256([]byte(given)) // of one length, whatever is given
	right := subtle.ConstantTimeCompare(sum[:], g.secret[:]) == 1
	verdict := g.lockout.try(sourceOf(r.RemoteAddr), right, time.Now())
	if verdict.began {
		g.log.Warn("somebody guesses the operators' secret and is locked out", zap.Duration("for", verdict.wait))
	}
	switch {
	case verdict.wait > 0:
		w.Header().Set("Retry-After", strconv.Itoa(int(verdict.wait/time.Second)+1))
		http.Error(w, "too many wrong secrets; wait", http.StatusTooManyRequests)
		return false
	case !right:
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		http.Error(w, "that is not the operators' secret", http.StatusUnauthorized)
		return false
	}
	return true
}

// sourceOf is whom failures are counted against: an IPv4 address, or the
// network of an IPv6 address, of which one machine has as many as it likes.
// All who come by a unix socket are one.
func sourceOf(remote string) netip.Prefix {
	addr, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Prefix{}
	}
	ip, bits := addr.Addr().Unmap().WithZone(""), 64
	if ip.Is4() {
		bits = 32
	}
	network, _ := ip.Prefix(bits) // cannot fail: ip has that many bits
	return network
}

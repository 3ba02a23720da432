package server

import (
	"cmp"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// ServeHTTP answers one request. A handler that panics fails this request
// alone; it is logged by its route, for net/http would name the client's
// address.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	began := time.Now()
	seen := &witness{ResponseWriter: w}
	defer func() {
		p := recover()
		if p != nil && p != http.ErrAbortHandler {
			s.Log.Error("a request panicked", zap.String("route", r.Pattern), zap.Any("panic", p), zap.Stack("stack"))
			if seen.status == 0 {
				p = nil
				s.refuse(seen, r, http.StatusInternalServerError, wire.ErrInternal)
			}
		}
		if s.Observer != nil {
			s.Observer.Served(r.Pattern, cmp.Or(seen.status, http.StatusOK), time.Since(began))
		}
		if p != nil {
			panic(http.ErrAbortHandler) // half an answer must not look whole
		}
	}()
	s.mux.ServeHTTP(seen, r)
}

// witness remembers the status that a handler answers with.
type witness struct {
	http.ResponseWriter
	status int // 0: none yet
}

func (w *witness) WriteHeader(status int) {
	// All of 1xx but 101 is followed by another status (RFC 9110, section 15.2).
	if w.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *witness) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap is for [http.ResponseController], by which sockets take the
// connection over.
func (w *witness) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Health says that the process lives.
func (s *Server) Health(w http.ResponseWriter, _ *http.Request) { sayOK(w) }

// Readiness says whether the server should be given visitors: 503 with the
// reason's code while it should not.
func (s *Server) Readiness(w http.ResponseWriter, r *http.Request) {
	if err := s.Ready(); err != nil {
		s.refuse(w, r, http.StatusServiceUnavailable, err)
		return
	}
	sayOK(w)
}

func sayOK(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte("ok\n"))
}

// Ready returns why the server should not be given visitors, or nil.
func (s *Server) Ready() error {
	switch {
	case s.draining.Load():
		return room.ErrClosed
	case s.Check != nil:
		return s.Check()
	}
	return nil
}

// Drain begins the server's end: it is not ready any more, and lets nobody new
// in. Whoever is in a class stays, and other requests are answered.
func (s *Server) Drain() { s.draining.Store(true) }

// Those who are turned away come back spread over these.
const (
	awaySoonest = 1000 // ms
	awayLatest  = 5000 // ms
)

// newcomers guards a way into classes: while the server drains, people are
// told to come back before anything is begun for them.
func (s *Server) newcomers(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.draining.Load() {
			w.Header().Set("Connection", "close") // who comes back may find another server
			s.fail(w, r, room.ErrClosed.After(awaySoonest+rand.Int64N(awayLatest-awaySoonest)))
			return
		}
		next(w, r)
	}
}

// unrouted is the pattern of what no other route under /v1 answers.
const unrouted = "/v1/"

var errMethod = &wire.Error{Code: "wire.method", Text: "this address does not take that method"}

// unanswered is for addresses that do not exist, and for methods that one
// which exists does not have (RFC 9110, section 15.5.6).
func (s *Server) unanswered(w http.ResponseWriter, r *http.Request) {
	allowed := s.methods(r.URL)
	if len(allowed) == 0 {
		s.nothing(w, r)
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	s.refuse(w, r, http.StatusMethodNotAllowed, errMethod)
}

// methods are those that an address under /v1 answers.
func (s *Server) methods(address *url.URL) []string {
	var allowed []string
	for _, method := range []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
	} {
		_, pattern := s.mux.Handler(&http.Request{Method: method, URL: address})
		if pattern != unrouted {
			allowed = append(allowed, method)
		}
	}
	return allowed
}

// refuse answers with a status that the refusal's code alone does not tell.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, status int, err error) {
	s.write(w, status, struct {
		Error *wire.Error `json:"error"`
	}{s.texts.public(langOf(r.Header.Get("Accept-Language")), err)})
}

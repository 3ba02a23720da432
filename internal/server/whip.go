package server

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/signaling"
	"github.com/lyceum-live/lyceum/wire"
)

const (
	sdpType      = "application/sdp"
	fragmentType = "application/trickle-ice-sdpfrag"
	tellTime     = 10 * time.Second // for the room to hear what is on air
)

var (
	errNotSDP      = &wire.Error{Code: "wire.media_type", Text: "the body must be application/sdp"}
	errNotFragment = &wire.Error{Code: "wire.media_type", Text: "the body must be application/trickle-ice-sdpfrag"}
)

// postedRoutes are those of WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep-03).
func (s *Server) postedRoutes() {
	for way, open := range map[signaling.Way]http.HandlerFunc{signaling.WHIP: s.publish, signaling.WHEP: s.play} {
		at := "/v1/rooms/{room}/" + string(way)
		session := at + "/{session}"
		s.mux.HandleFunc("POST "+at, s.shared(s.newcomers(open)))
		s.mux.HandleFunc("OPTIONS "+at, s.shared(s.preflight("POST, OPTIONS")))
		s.mux.HandleFunc("PATCH "+session, s.shared(s.patchSession(way)))
		s.mux.HandleFunc("DELETE "+session, s.shared(s.endSession(way)))
		s.mux.HandleFunc("OPTIONS "+session, s.shared(s.preflight("PATCH, DELETE, OPTIONS")))
	}
	s.mux.HandleFunc("POST /v1/rooms/{room}/encoder", s.encoder)
}

// shared lets pages of the configured origins read the answers (Fetch, section
// 3.3.3).
func (s *Server) shared(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if origin := r.Header.Get("Origin"); len(s.config.Origins) > 0 {
			w.Header().Add("Vary", "Origin")
			if s.welcomes(origin) {
				w.Header().Set("Access-Control-Allow-Origin", origin)
				w.Header().Set("Access-Control-Expose-Headers", "Location, ETag, Link, Accept-Patch, Accept-Post, Retry-After")
			}
		}
		next(w, r)
	}
}

// welcomes reports whether an origin is one of the configured: as for sockets,
// by its host.
func (s *Server) welcomes(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return false
	}
	for _, pattern := range s.config.Origins {
		if ok, err := path.Match(strings.ToLower(pattern), strings.ToLower(u.Host)); err == nil && ok {
			return true
		}
	}
	return false
}

// preflight answers what a browser asks before it sends something to another
// origin, and says what the address takes (RFC 9725, section 4.2).
func (s *Server) preflight(methods string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Allow", methods)
		if strings.HasPrefix(methods, http.MethodPost) {
			h.Set("Accept-Post", sdpType)
		} else {
			h.Set("Accept-Patch", fragmentType)
		}
		if h.Get("Access-Control-Allow-Origin") != "" {
			h.Set("Access-Control-Allow-Methods", methods)
			h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match")
			h.Set("Access-Control-Max-Age", "3600")
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

// posterOf says who asks for a session over HTTP, by a token of the room or, to
// publish, by one for nothing else.
func (s *Server) posterOf(r *http.Request, id wire.RoomID, way signaling.Way) (auth.Claims, error) {
	now := time.Now()
	who, err := s.Keys.Verify(bearer(r), auth.Room, id, now)
	if way == signaling.WHEP {
		return who, err
	}
	if errors.Is(err, auth.ErrToken) {
		who, err = s.Keys.Verify(bearer(r), auth.Publishing, id, now)
	}
	if err == nil && who.Role != wire.Host {
		err = signaling.ErrForbidden
	}
	return who, err
}

// caller checks who wants to open a session, and in which class.
func (s *Server) caller(r *http.Request, way signaling.Way) (c signaling.Caller, who auth.Claims, err error) {
	id := wire.RoomID(r.PathValue("room"))
	if !id.Valid() {
		return c, who, wire.ErrNotFound.In("room")
	}
	if who, err = s.posterOf(r, id, way); err != nil {
		return c, who, err
	}
	if !s.posting.allow(string(who.User), time.Now()) {
		return c, who, errRate
	}
	status, exists, err := s.House.Status(r.Context(), id)
	switch {
	case err != nil:
		return c, who, err
	case !exists:
		return c, who, wire.ErrNotFound.In("room")
	case status.Phase == room.Over:
		return c, who, room.ErrOver
	}
	may, err := s.House.Seen(r.Context(), id, who.User)
	if err == nil && !may {
		err = room.ErrBanned
	}
	return signaling.Caller{Room: id, User: who.User, Until: who.Expires.Add(auth.Leeway)}, who, err
}

// offered reads who wants to open a session, and what they offer. If it
// returns false, the request was refused.
func (s *Server) offered(w http.ResponseWriter, r *http.Request, way signaling.Way) (c signaling.Caller, who auth.Claims, offer string, ok bool) {
	c, who, err := s.caller(r, way)
	if err == nil {
		offer, err = body(w, r, sdpType, errNotSDP)
	}
	if err != nil {
		s.failPosted(w, r, err)
	}
	return c, who, offer, err == nil
}

// publish opens a publisher's session. What it sends is on the stage as if the
// host's page had sent it, and the class is told so.
func (s *Server) publish(w http.ResponseWriter, r *http.Request) {
	c, who, offer, ok := s.offered(w, r, signaling.WHIP)
	if !ok {
		return
	}
	session, err := s.Media.Ingest(c, offer, func(on []string) error { return s.tellStage(c.Room, who, on) })
	s.created(w, r, session, err)
}

// tellStage tells a class what it is sent by somebody who may have no page open.
func (s *Server) tellStage(id wire.RoomID, who auth.Claims, sources []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), tellTime)
	defer cancel()
	status, _, err := s.House.Status(ctx, id)
	if err == nil && status.Phase == room.Over {
		return room.ErrOver // going on air would open it again
	}
	if err == nil {
		err = s.House.Do(ctx, id, wire.Actor{User: who.User, Role: who.Role}, room.Go{Sources: sources})
	}
	if errors.Is(err, wire.ErrForbidden) || errors.Is(err, room.ErrBanned) {
		return err
	}
	if err != nil {
		s.Log.Warn("the stage was not told", zap.String("room", string(id)), zap.Error(err))
	}
	return nil
}

// play opens a player's session.
func (s *Server) play(w http.ResponseWriter, r *http.Request) {
	c, _, offer, ok := s.offered(w, r, signaling.WHEP)
	if !ok {
		return
	}
	session, err := s.Media.Play(c, offer)
	s.created(w, r, session, err)
}

func (s *Server) created(w http.ResponseWriter, r *http.Request, session *signaling.Session, err error) {
	if err != nil {
		s.failPosted(w, r, err)
		return
	}
	sdp, tag := session.Answer()
	h := w.Header()
	h.Set("Location", r.URL.Path+"/"+session.ID())
	h.Set("ETag", tag)
	h.Set("Accept-Patch", fragmentType)
	for _, link := range session.Links(s.hostOf(r)) {
		h.Add("Link", link)
	}
	h.Set("Content-Type", sdpType)
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, sdp)
}

// sessionOf finds the session that a request's path names, for its own client.
func (s *Server) sessionOf(r *http.Request, way signaling.Way) (*signaling.Session, error) {
	id := wire.RoomID(r.PathValue("room"))
	if !id.Valid() {
		return nil, wire.ErrNotFound.In("room")
	}
	who, err := s.posterOf(r, id, way)
	if err != nil {
		return nil, err
	}
	return s.Media.Session(way, id, who.User, r.PathValue("session"))
}

// patchSession takes candidates or restarts ICE (RFC 9725, section 4.3).
func (s *Server) patchSession(way signaling.Way) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		session, err := s.sessionOf(r, way)
		if err != nil {
			s.failPosted(w, r, err)
			return
		}
		fragment, err := body(w, r, fragmentType, errNotFragment)
		if err != nil {
			s.failPosted(w, r, err)
			return
		}
		reply, tag, err := session.Patch(strings.Join(r.Header.Values("If-Match"), ","), fragment)
		switch {
		case err != nil:
			s.failPosted(w, r, err)
		case reply == "":
			w.WriteHeader(http.StatusNoContent)
		default:
			h := w.Header()
			h.Set("ETag", tag)
			h.Set("Content-Type", fragmentType)
			h.Set("Cache-Control", "no-store")
			_, _ = io.WriteString(w, reply)
		}
	}
}

// endSession ends a session at its client's wish: 200, for there are clients
// that take nothing else for it.
func (s *Server) endSession(way signaling.Way) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		session, err := s.sessionOf(r, way)
		if err != nil {
			s.failPosted(w, r, err)
			return
		}
		session.End()
		w.WriteHeader(http.StatusOK)
	}
}

// body reads a body of one media type.
func body(w http.ResponseWriter, r *http.Request, want string, other error) (string, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != want {
		return "", other
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, wire.MaxFrame))
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return "", errTooLong
	}
	if err != nil {
		return "", wire.ErrMalformed
	}
	return string(b), nil
}

// failPosted answers with the statuses that RFC 9725 asks for.
func (s *Server) failPosted(w http.ResponseWriter, r *http.Request, err error) {
	status, ok := map[string]int{
		signaling.ErrForbidden.Code:   http.StatusForbidden,
		signaling.ErrSDP.Code:         http.StatusBadRequest,
		signaling.ErrUnsupported.Code: http.StatusUnprocessableEntity,
		signaling.ErrTracks.Code:      http.StatusNotAcceptable,
		signaling.ErrIdle.Code:        http.StatusConflict,
		signaling.ErrStale.Code:       http.StatusPreconditionFailed,
		signaling.ErrCondition.Code:   http.StatusPreconditionRequired,
		room.ErrOver.Code:             http.StatusConflict,
	}[wire.Public(err).Code]
	if !ok {
		if wire.Public(err).Code == auth.ErrToken.Code {
			w.Header().Set("WWW-Authenticate", "Bearer")
		}
		s.fail(w, r, err)
		return
	}
	if retry := wire.Public(err).RetryMS; retry > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt((retry+999)/1000, 10))
	}
	s.refuse(w, r, status, err)
}

// Times for which a streaming program may publish, in hours.
const (
	encoderHours   = 12
	encoderLongest = 7 * 24
)

// encoder gives a host what a streaming program such as OBS needs: the address
// and a token that is good for sending and for nothing else.
func (s *Server) encoder(w http.ResponseWriter, r *http.Request) {
	id, ok := s.roomOf(w, r)
	if !ok {
		return
	}
	now := time.Now()
	who, err := s.verifyHost(r, id, now)
	var asked struct {
		Hours int `json:"hours"`
	}
	if err == nil {
		err = read(w, r, &asked)
	}
	if err == nil && (asked.Hours < 0 || asked.Hours > encoderLongest) {
		err = wire.ErrField.In("hours")
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if asked.Hours == 0 {
		asked.Hours = encoderHours
	}
	c := auth.Claims{
		Kind: auth.Publishing, Room: id, User: who.User, Name: who.Name, Role: who.Role,
		Issued: now, Expires: now.Add(time.Duration(asked.Hours) * time.Hour),
	}
	token, err := s.Keys.Mint(c)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answer(w, struct {
		URL     string      `json:"url"`
		Token   string      `json:"token"`
		Expires wire.Millis `json:"expires"`
	}{s.base(r) + "/v1/rooms/" + string(id) + "/" + string(signaling.WHIP), token, wire.At(c.Expires)})
}

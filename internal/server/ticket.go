package server

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/wire"
)

// ticket answers somebody who may come into a room.
type ticket struct {
	Token   string      `json:"token"`
	User    wire.Person `json:"user"`
	Role    wire.Role   `json:"role"`
	Expires wire.Millis `json:"expires"`
}

// hostTicket is how long a host's or a moderator's token opens a room.
const hostTicket = 7 * 24 * time.Hour

// longestLink is how long an invitation may stay open, in hours.
const longestLink = 90 * 24

// admit gives somebody a token for a room. user is an earlier token of
// theirs, or "": then they are new.
func (s *Server) admit(w http.ResponseWriter, r *http.Request, role wire.Role, name, user string) {
	now := time.Now()
	c := auth.Claims{Kind: auth.Room, Room: wire.RoomID(r.PathValue("room")), Name: name, Role: role, Issued: now}
	if user != "" {
		who, err := s.Keys.Person(user, now)
		if err == nil {
			c.User = who.User
		} // else they are new: an old token is no reason to turn anybody away
	}
	if c.User == "" {
		c.User = auth.NewUserID()
	}
	c.Expires = now.Add(s.config.Ticket)
	if role.Staff() {
		c.Expires = now.Add(hostTicket)
	}
	clean, err := wire.CleanText(name, wire.MaxName, false)
	if err != nil {
		s.fail(w, r, wire.ErrText.In("name"))
		return
	}
	if c.Name, err = s.House.CheckName(clean, role); err != nil {
		s.fail(w, r, err)
		return
	}
	token, err := s.Keys.Mint(c)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answer(w, ticket{token, wire.Person{ID: c.User, Name: c.Name, Role: role}, role, wire.At(c.Expires)})
}

// roomOf returns the room that a request's path names.
func (s *Server) roomOf(w http.ResponseWriter, r *http.Request) (wire.RoomID, bool) {
	id := wire.RoomID(r.PathValue("room"))
	if !id.Valid() {
		s.fail(w, r, wire.ErrNotFound.In("room"))
		return "", false
	}
	return id, true
}

// join lets a guest in who gives a name.
func (s *Server) join(w http.ResponseWriter, r *http.Request) {
	id, ok := s.roomOf(w, r)
	if !ok {
		return
	}
	var body struct {
		Name string `json:"name"`
		User string `json:"user"`
	}
	if err := read(w, r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	if !s.config.Guests {
		s.fail(w, r, errGuests)
		return
	}
	if _, exists, err := s.find(r.Context(), id); err != nil || !exists {
		if err == nil {
			err = wire.ErrNotFound.In("room")
		}
		s.fail(w, r, err)
		return
	}
	s.admit(w, r, wire.Viewer, body.Name, body.User)
}

// claim makes whoever brings the one-time link's secret the host.
func (s *Server) claim(w http.ResponseWriter, r *http.Request) {
	id, ok := s.roomOf(w, r)
	if !ok {
		return
	}
	var body struct {
		Secret string `json:"secret"`
		Name   string `json:"name"`
		User   string `json:"user"`
	}
	if err := read(w, r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	if _, err := wire.CleanText(body.Name, wire.MaxName, false); err != nil {
		s.fail(w, r, wire.ErrText.In("name")) // before the secret is used up
		return
	}
	if err := s.Once.Claim(body.Secret, id, time.Now()); err != nil {
		s.fail(w, r, err)
		return
	}
	s.admit(w, r, wire.Host, body.Name, body.User)
}

// verifyHost checks the token of a request that is the host's alone.
func (s *Server) verifyHost(r *http.Request, id wire.RoomID, now time.Time) (auth.Claims, error) {
	who, err := s.Keys.Verify(bearer(r), auth.Room, id, now)
	if err == nil && who.Role != wire.Host {
		err = wire.ErrForbidden
	}
	return who, err
}

// links lets a host invite others.
func (s *Server) links(w http.ResponseWriter, r *http.Request) {
	id, ok := s.roomOf(w, r)
	if !ok {
		return
	}
	now := time.Now()
	_, err := s.verifyHost(r, id, now)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var body struct {
		Role  wire.Role `json:"role"`
		Hours int       `json:"hours"`
	}
	if err := read(w, r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	if body.Hours == 0 {
		body.Hours = 24
	}
	if body.Hours < 0 || body.Hours > longestLink {
		s.fail(w, r, wire.ErrField.In("hours"))
		return
	}
	if !body.Role.Valid() {
		s.fail(w, r, wire.ErrField.In("role"))
		return
	}
	token, err := s.Keys.Mint(auth.Claims{
		Kind: auth.Invitation, Room: id, Role: body.Role,
		Issued: now, Expires: now.Add(time.Duration(body.Hours) * time.Hour),
	})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answer(w, struct {
		URL string `json:"url"`
	}{s.base(r) + PathFor(body.Role, id) + "#invite=" + token})
}

// redeem lets in whoever brings an invitation.
func (s *Server) redeem(w http.ResponseWriter, r *http.Request) {
	id, ok := s.roomOf(w, r)
	if !ok {
		return
	}
	var body struct {
		Invitation string `json:"invitation"`
		Name       string `json:"name"`
		User       string `json:"user"`
	}
	if err := read(w, r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	c, err := s.Keys.Verify(body.Invitation, auth.Invitation, id, time.Now())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.admit(w, r, c.Role, body.Name, body.User)
}

// PathFor is the page on which a role takes part in a room.
func PathFor(role wire.Role, id wire.RoomID) string {
	switch role {
	case wire.Host:
		return "/host/" + string(id)
	case wire.Moderator:
		return "/moderate/" + string(id)
	}
	return "/class/" + string(id)
}

// base is how the one who asks reaches this server.
func (s *Server) base(r *http.Request) string {
	if s.config.PublicURL != "" {
		return s.config.PublicURL
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

const longestHost = 253 // RFC 1035

// hostOf is the name or address by which a client reached the server.
func (s *Server) hostOf(r *http.Request) string {
	u, err := url.Parse(s.base(r))
	if err != nil || len(u.Hostname()) > longestHost {
		return ""
	}
	return strings.Clone(u.Hostname()) // sockets keep it, and not the request's head with it
}

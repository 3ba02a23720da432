package server

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/lyceum-live/lyceum/internal/auth"
	uploads "github.com/lyceum-live/lyceum/internal/files"
	"github.com/lyceum-live/lyceum/wire"
)

// Files is what the server asks of the store of uploaded files.
type Files interface {
	// Put keeps what from holds, whole or not at all, and returns what it is by
	// its own bytes. size is what the sender says it has, -1 if they do not.
	// What it refuses to keep it refuses with a wire.Error.
	Put(ctx context.Context, by wire.UserID, size int64, from io.Reader) (uploads.File, error)
	// Open returns a file that is kept, or wire.ErrNotFound.
	Open(ctx context.Context, id wire.FileID) (*uploads.Content, error)
}

// An upload may take a while, but something of it must arrive all the time.
const (
	uploadWithin = time.Hour
	uploadStall  = 30 * time.Second
)

// upload keeps a file that a host or a moderator sends as the body.
func (s *Server) upload(w http.ResponseWriter, r *http.Request) {
	id, ok := s.roomOf(w, r)
	if !ok {
		return
	}
	who, err := s.Keys.Verify(bearer(r), auth.Room, id, time.Now())
	if err == nil {
		err = s.House.CheckStaff(r.Context(), id, wire.Actor{User: who.User, Role: who.Role})
	}
	var f uploads.File
	if err == nil {
		body := &steady{from: r.Body, connection: http.NewResponseController(w), end: time.Now().Add(uploadWithin)}
		f, err = s.Files.Put(r.Context(), who.User, r.ContentLength, body)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answer(w, struct {
		URL    string       `json:"url"`
		Kind   uploads.Kind `json:"kind"`
		Type   string       `json:"type"`
		Bytes  int64        `json:"bytes"`
		Width  int          `json:"width,omitzero"`
		Height int          `json:"height,omitzero"`
	}{f.ID.URL(), f.Kind, f.Type, f.Bytes, f.Width, f.Height})
}

// steady reads a body as long as it keeps coming: the server's usual time for
// a request is too short for a film on a slow line.
type steady struct {
	from       io.Reader
	connection *http.ResponseController
	end        time.Time
}

func (s *steady) Read(p []byte) (int, error) {
	next := time.Now().Add(uploadStall)
	if next.After(s.end) {
		next = s.end
	}
	if err := s.connection.SetReadDeadline(next); err != nil {
		return 0, err
	}
	return s.from.Read(p)
}

// file sends an uploaded file. Its address cannot be guessed and what is there
// never changes. Whatever its bytes may also be taken for, it is what its type
// says, from our own list, and if it is opened by itself nothing in it runs.
func (s *Server) file(w http.ResponseWriter, r *http.Request) {
	c, err := s.Files.Open(r.Context(), wire.FileID(r.PathValue("id")))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer c.Close()
	h := w.Header()
	h.Set("Content-Type", c.Type)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "private, max-age=31536000, immutable")
	h.Set("ETag", `"`+string(c.ID)+`"`)
	http.ServeContent(w, r, "", time.Time{}, c)
}

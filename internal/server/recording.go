package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"io"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/internal/vtt"
	"github.com/lyceum-live/lyceum/media/record"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

const (
	maxPoster  = 512 << 10 // bytes
	posterSide = 4096      // pixels
)

var errPoster = &wire.Error{Code: "record.poster", Text: "the poster must be a JPEG of at most 512 kB"}

// recordingView is a recording as it goes over the wire. Times within it are
// milliseconds from its beginning.
type recordingView struct {
	ID       uint64        `json:"id"`
	Room     wire.RoomID   `json:"room"`
	Title    string        `json:"title"`
	Started  wire.Millis   `json:"started_at"`
	Ended    wire.Millis   `json:"ended_at"` // 0: it goes on
	Reason   string        `json:"reason"`
	Length   int64         `json:"length"`
	Poster   string        `json:"poster"`
	URL      string        `json:"url"` // of its page
	Files    []fileView    `json:"files"`
	Chapters []chapterView `json:"chapters"`
	Captions []captionView `json:"captions"`
	Moments  []momentView  `json:"moments,omitzero"` // for the staff
}

// momentView is a piece that may make a good clip.
type momentView struct {
	At   int64  `json:"at"`
	From int64  `json:"from"`
	To   int64  `json:"to"`
	Why  string `json:"why"`
}

type fileView struct {
	URL    string `json:"url"`
	Set    string `json:"set"` // "host" or "screen"
	Type   string `json:"type"`
	Start  int64  `json:"start"`
	Length int64  `json:"length"`
	Video  bool   `json:"video"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Done   bool   `json:"done"`
}

type chapterView struct {
	At    int64  `json:"at"`
	Kind  string `json:"kind"`
	Title string `json:"title"` // "": its words are gone
}

// filmTypes are the media types of what is recorded.
var filmTypes = map[string]string{".mp4": "video/mp4", ".webm": "video/webm"}

// recordingCookie carries the room token to where a <video> gets its film:
// there no header can be set, and a token does not belong into an address. It
// goes to the recordings of that one room alone.
const recordingCookie = "lyceum-recordings"

// seer lets through whoever holds a token of the room and is not banned there:
// in the header or, for films, in the cookie.
func (s *Server) seer(w http.ResponseWriter, r *http.Request) (wire.RoomID, auth.Claims, bool) {
	id, ok := s.roomOf(w, r)
	if !ok {
		return "", auth.Claims{}, false
	}
	token := bearer(r)
	if c, err := r.Cookie(recordingCookie); token == "" && err == nil {
		token = c.Value
	}
	who, err := s.Keys.Verify(token, auth.Room, id, time.Now())
	if err == nil && s.Recordings == nil {
		err = record.ErrNone
	}
	if err == nil {
		var exists, may bool
		if _, exists, err = s.House.Status(r.Context(), id); err == nil && exists {
			if may, err = s.House.Seen(r.Context(), id, who.User); err == nil && !may {
				err = wire.ErrForbidden
			}
		}
	}
	if err != nil {
		s.fail(w, r, err)
		return "", auth.Claims{}, false
	}
	return id, who, true
}

// recordings lists a room's recordings, and gives the browser the right to
// play them.
func (s *Server) recordings(w http.ResponseWriter, r *http.Request) {
	id, who, ok := s.seer(w, r)
	if !ok {
		return
	}
	s.setCookie(w, r, id, who)
	views := []recordingView{}
	for _, m := range s.Recordings.List(id) {
		views = append(views, s.viewOf(r.Context(), m, false))
	}
	s.answer(w, struct {
		Recordings []recordingView `json:"recordings"`
	}{views})
}

func (s *Server) setCookie(w http.ResponseWriter, r *http.Request, id wire.RoomID, who auth.Claims) {
	token := bearer(r)
	if token == "" {
		return // it came by the cookie
	}
	http.SetCookie(w, &http.Cookie{
		Name: recordingCookie, Value: token, Path: "/v1/rooms/" + string(id) + "/recordings",
		Expires: who.Expires, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: strings.HasPrefix(s.base(r), "https:"),
	})
}

// recording answers with one recording and its chapters.
func (s *Server) recording(w http.ResponseWriter, r *http.Request) {
	id, who, ok := s.seer(w, r)
	if !ok {
		return
	}
	m, err := s.oneOf(r, id, who)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.setCookie(w, r, id, who)
	v := s.viewOf(r.Context(), m, true)
	if s.House.CheckStaff(r.Context(), id, wire.Actor{User: who.User, Role: who.Role}) == nil {
		for _, one := range m.Moments {
			v.Moments = append(v.Moments, momentView{one.At, one.From, one.To, one.Why})
		}
	}
	s.answer(w, v)
}

// cutClip makes a clip of any piece of a recording, for the staff.
func (s *Server) cutClip(w http.ResponseWriter, r *http.Request) {
	id, who, ok := s.recorder(w, r, wire.Moderator)
	if !ok {
		return
	}
	m, err := s.oneOf(r, id, who)
	var body struct {
		From  int64  `json:"from"`
		To    int64  `json:"to"`
		Title string `json:"title"`
	}
	if err == nil {
		err = read(w, r, &body)
	}
	if err == nil && (body.From < 0 || body.To > m.Length()) {
		err = wire.ErrField.In("to")
	}
	if err == nil {
		err = s.House.Do(r.Context(), id, wire.Actor{User: who.User, Role: who.Role}, room.CutClip{
			Recording: m.ID, From: m.Started + wire.Millis(body.From), To: m.Started + wire.Millis(body.To), Title: body.Title,
		})
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// oneOf is the recording that a request's path names, if who asks may see it
// now.
func (s *Server) oneOf(r *http.Request, id wire.RoomID, who auth.Claims) (record.Manifest, error) {
	number, err := strconv.ParseUint(r.PathValue("recording"), 10, 64)
	if err != nil {
		return record.Manifest{}, record.ErrNone
	}
	m, err := s.Recordings.Get(id, number)
	if err == nil && m.Ended == 0 {
		err = s.House.MayReplay(r.Context(), id, wire.Actor{User: who.User, Role: who.Role})
	}
	return m, err
}

func (s *Server) viewOf(ctx context.Context, m record.Manifest, whole bool) recordingView {
	at := fmt.Sprintf("/v1/rooms/%s/recordings/%d/", m.Room, m.ID)
	v := recordingView{
		ID: m.ID, Room: m.Room, Title: m.Title, Started: m.Started, Ended: m.Ended, Reason: m.Reason, Length: m.Length(),
		URL: fmt.Sprintf("/recording/%s/%d", m.Room, m.ID), Files: []fileView{}, Chapters: []chapterView{}, Captions: []captionView{},
	}
	if m.Poster {
		v.Poster = at + record.Poster
	}
	if !whole {
		return v
	}
	for _, f := range m.Files {
		if f.Length > 0 {
			v.Files = append(v.Files, fileView{at + f.Name, f.Set, filmTypes[path.Ext(f.Name)], f.Start, f.Length, f.Video, f.Width, f.Height, f.Done})
		}
	}
	for _, lang := range m.Captions {
		v.Captions = append(v.Captions, captionView{lang, at + "captions." + lang + ".vtt"})
	}
	words := s.ChapterWords(ctx, m)
	for i, c := range m.Chapters {
		v.Chapters = append(v.Chapters, chapterView{c.At, c.Kind, words[i]})
	}
	return v
}

// recordingFile sends a film, or a part of it (RFC 9110, section 14), the
// poster, or the chapters.
func (s *Server) recordingFile(w http.ResponseWriter, r *http.Request) {
	id, who, ok := s.seer(w, r)
	if !ok {
		return
	}
	m, err := s.oneOf(r, id, who)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	file := r.PathValue("file")
	switch {
	case file == "chapters.vtt":
		s.chapters(w, r, m)
		return
	case path.Ext(file) == ".vtt":
		s.captionFile(w, r, m, file)
		return
	case strings.HasSuffix(file, record.PlaylistEnding), record.IsInit(file):
		s.replay(w, r, m, file)
		return
	}
	name, err := s.Recordings.Path(id, m.ID, file)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.film(w, r, name, "private, no-cache")
}

// replay sends what it takes to go back in a class: the playlist of a film
// that grows, and what a decoder is given before it.
func (s *Server) replay(w http.ResponseWriter, r *http.Request, m record.Manifest, name string) {
	kind, get := "application/vnd.apple.mpegurl", s.Recordings.Playlist
	if record.IsInit(name) {
		kind, get = "video/mp4", s.Recordings.Init
	}
	b, err := get(m.Room, m.ID, name)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "private, no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	_, _ = w.Write(b)
}

func (s *Server) film(w http.ResponseWriter, r *http.Request, name, cache string) {
	f, err := os.Open(name)
	if err != nil {
		s.fail(w, r, record.ErrNone)
		return
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "image/jpeg")
	if kind := filmTypes[path.Ext(name)]; kind != "" {
		h.Set("Content-Type", kind)
	}
	h.Set("Cache-Control", cache)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("ETag", fmt.Sprintf(`"%x-%x"`, info.ModTime().UnixNano(), info.Size()))
	http.ServeContent(w, r, "", time.Time{}, f)
}

// clip sends a clip. Clips are in the catalogue, and for everybody.
func (s *Server) clip(w http.ResponseWriter, r *http.Request) {
	if s.Recordings == nil {
		s.fail(w, r, record.ErrNone)
		return
	}
	clip := r.PathValue("clip")
	if of, found := strings.CutSuffix(clip, ".vtt"); found {
		name, lang, _ := strings.Cut(of, ".")
		cues, err := s.Recordings.ClipCaptions(r.Context(), name, lang)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		sendVTT(w, cues)
		return
	}
	name, err := s.Recordings.ClipPath(clip)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.film(w, r, name, "public, max-age=3600")
}

// chapters are the recording's chapters as WebVTT (W3C), in the language of
// who asks where a chapter has no words of its own.
func (s *Server) chapters(w http.ResponseWriter, r *http.Request, m record.Manifest) {
	view := s.viewOf(r.Context(), m, true)
	texts := s.texts[langOf(r.Header.Get("Accept-Language"))]
	var cues []vtt.Cue
	for i, c := range view.Chapters {
		end := max(view.Length, c.At+1)
		if i+1 < len(view.Chapters) {
			end = max(view.Chapters[i+1].At, c.At+1)
		}
		title := c.Title
		if title == "" {
			title = texts["recording.kind."+c.Kind]
		}
		cues = append(cues, vtt.Cue{Begin: c.At, End: end, Text: strings.Join(strings.Fields(title), " ")})
	}
	sendVTT(w, cues)
}

// recorder lets through who may change recordings: by a token in the header,
// for a cookie opens nothing but films, and by the role that counts in the
// room now, which may be another than when the token was made.
func (s *Server) recorder(w http.ResponseWriter, r *http.Request, least wire.Role) (id wire.RoomID, who auth.Claims, ok bool) {
	id, who, ok = s.seer(w, r)
	if !ok {
		return "", who, false
	}
	err := error(wire.ErrForbidden)
	if bearer(r) != "" {
		err = s.House.CheckRole(r.Context(), id, wire.Actor{User: who.User, Role: who.Role}, least)
	}
	if err != nil {
		s.fail(w, r, err)
		return "", who, false
	}
	return id, who, true
}

// poster keeps a picture of the class as the poster of its recording; where
// nothing is recorded, as in the moment after a restart, it is not needed.
func (s *Server) poster(w http.ResponseWriter, r *http.Request) {
	id, _, ok := s.recorder(w, r, wire.Host)
	if !ok {
		return
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPoster))
	if err != nil {
		s.fail(w, r, errPoster)
		return
	}
	size, err := jpeg.DecodeConfig(bytes.NewReader(b))
	if err != nil || size.Width > posterSide || size.Height > posterSide {
		s.fail(w, r, errPoster)
		return
	}
	if err := s.Recordings.SetPoster(id, b); err != nil {
		s.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// removeRecording deletes a recording and its clips, for the host.
func (s *Server) removeRecording(w http.ResponseWriter, r *http.Request) {
	id, who, ok := s.recorder(w, r, wire.Host)
	if !ok {
		return
	}
	m, err := s.oneOf(r, id, who)
	var clips []string
	if err == nil && m.Ended == 0 {
		err = record.ErrGoesOn
	}
	if err == nil { // the class's record says so, whatever comes in between
		err = s.House.Do(r.Context(), id, wire.Actor{User: who.User, Role: who.Role}, room.RecordDeleted{ID: m.ID})
	}
	if err == nil {
		clips, err = s.Recordings.Delete(id, m.ID)
	}
	for _, name := range clips {
		s.Catalog.Remove(name)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

package server

import (
	"net/http"
	"strings"
	"time"

	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/internal/vtt"
	"github.com/lyceum-live/lyceum/media/record"
	"github.com/lyceum-live/lyceum/wire"
)

// captionRoutes are those of captioners and of what they wrote.
func (s *Server) captionRoutes() {
	s.mux.HandleFunc("GET /v1/rooms/{room}/captions", s.newcomers(s.captionSocket))
	s.mux.HandleFunc("POST /v1/rooms/{room}/captioner", s.captioner)
	s.mux.HandleFunc("GET /v1/clips/{clip}/captions", s.clipCaptions)
	s.mux.HandleFunc("GET /captions/{room}", s.page("captions.html"))
}

// captionerMay reports whether a captioner's socket may send messages of a
// type: captions, and what it takes to see and hear the class.
func captionerMay(kind string) bool {
	return kind == "ping" || strings.HasPrefix(kind, "caption.") || strings.HasPrefix(kind, "media.")
}

// captionerName is what a captioner is called whom the host does not name.
const captionerName = "Captions"

// captioner gives the host what somebody, or a program, needs to write
// captions. Its token goes to others, and does nothing else.
func (s *Server) captioner(w http.ResponseWriter, r *http.Request) {
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
	body := struct {
		Name  string `json:"name"`
		Hours int    `json:"hours"`
	}{captionerName, encoderHours}
	if err := read(w, r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	if body.Hours < 1 || body.Hours > encoderLongest {
		s.fail(w, r, wire.ErrField.In("hours"))
		return
	}
	expires := now.Add(time.Duration(body.Hours) * time.Hour)
	token, err := s.Keys.Mint(auth.Claims{
		Kind: auth.Captioning, Room: id, User: auth.NewUserID(), Name: body.Name, Role: wire.Viewer, Issued: now, Expires: expires,
	})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	base := s.base(r)
	s.answer(w, struct {
		URL     string      `json:"url"`
		Socket  string      `json:"socket"`
		Token   string      `json:"token"`
		Expires wire.Millis `json:"expires"`
	}{
		base + "/captions/" + string(id) + "#token=" + token,
		"ws" + strings.TrimPrefix(base, "http") + "/v1/rooms/" + string(id) + "/captions", token, wire.At(expires),
	})
}

// captionView is where captions in a language are.
type captionView struct {
	Lang string `json:"lang"`
	URL  string `json:"url"`
}

// captionFile sends the captions of a recording ("captions.en.vtt") or of one
// of its files ("host-001.en.vtt").
func (s *Server) captionFile(w http.ResponseWriter, r *http.Request, m record.Manifest, name string) {
	of, lang, _ := strings.Cut(strings.TrimSuffix(name, ".vtt"), ".")
	var cues []vtt.Cue
	var err error
	if of == "captions" {
		cues, err = s.Recordings.Captions(r.Context(), m.Room, m.ID, lang)
	} else {
		cues, err = s.Recordings.CaptionsOf(r.Context(), m.Room, m.ID, of, lang)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	sendVTT(w, cues)
}

// sendVTT sends cues. Words are not kept by anybody on the way: they can be
// corrected, and taken back.
func sendVTT(w http.ResponseWriter, cues []vtt.Cue) {
	h := w.Header()
	h.Set("Content-Type", vtt.Type)
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write(vtt.Write(cues))
}

// clipCaptions lists the captions of a clip.
func (s *Server) clipCaptions(w http.ResponseWriter, r *http.Request) {
	if s.Recordings == nil {
		s.fail(w, r, record.ErrNone)
		return
	}
	name := r.PathValue("clip")
	langs, err := s.Recordings.ClipLangs(r.Context(), name)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	views := []captionView{}
	for _, lang := range langs {
		views = append(views, captionView{lang, "/v1/clips/" + name + "." + lang + ".vtt"})
	}
	s.answer(w, struct {
		Captions []captionView `json:"captions"`
	}{views})
}

package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"
	"golang.org/x/text/language"

	"github.com/lyceum-live/lyceum/internal/auth"
	uploads "github.com/lyceum-live/lyceum/internal/files"
	"github.com/lyceum-live/lyceum/media/hls"
	"github.com/lyceum-live/lyceum/media/record"
	"github.com/lyceum-live/lyceum/quiz/bank"
	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/signaling"
	"github.com/lyceum-live/lyceum/wire"
)

// Refusals of the server's own.
var (
	errRate    = &wire.Error{Code: "wire.rate", Text: "too many messages; slow down a little", RetryMS: 1000}
	errGuests  = &wire.Error{Code: "auth.guests", Text: "this class is by invitation only"}
	errMedia   = &wire.Error{Code: "wire.media_type", Text: "the body must be JSON"}
	errTooLong = &wire.Error{Code: "wire.too_long", Text: "the body is too long"}
)

// Languages that texts are written in; the first is the default.
var languages = []string{"en", "zh-CN"}

var matcher = language.NewMatcher([]language.Tag{language.English, language.SimplifiedChinese})

// langOf picks the language that suits a list such as Accept-Language best.
func langOf(accept string) string {
	for _, lang := range languages { // as our own client says it: no need to look closer
		if accept == lang {
			return lang
		}
	}
	_, i := language.MatchStrings(matcher, accept)
	return languages[i]
}

// texts has the strings of the browser app, of which the server needs those
// of its errors.
type texts map[string]map[string]string

func loadTexts(static fs.FS) (texts, error) {
	t := texts{}
	for _, lang := range languages {
		b, err := fs.ReadFile(static, "i18n/"+lang+".json")
		if err != nil {
			return nil, fmt.Errorf("texts: %w", err)
		}
		all := map[string]string{}
		if err := json.Unmarshal(b, &all); err != nil {
			return nil, fmt.Errorf("texts: %s.json: %w", lang, err)
		}
		t[lang] = all
	}
	return t, nil
}

// public returns what a client may be told of err, in its language.
func (t texts) public(lang string, err error) *wire.Error {
	e := *wire.Public(err)
	if text := t[lang]["error."+e.Code]; text != "" {
		e.Text = text
	}
	return &e
}

// statusOf is the HTTP status of a refusal.
func statusOf(e *wire.Error) int {
	switch e.Code {
	case auth.ErrToken.Code, auth.ErrExpired.Code:
		return http.StatusUnauthorized
	case auth.ErrRoom.Code, auth.ErrOnce.Code, wire.ErrForbidden.Code, room.ErrBanned.Code, errGuests.Code, room.ErrNoReplay.Code:
		return http.StatusForbidden
	case wire.ErrNotFound.Code, record.ErrNone.Code, hls.ErrNone.Code:
		return http.StatusNotFound
	case auth.ErrGuesses.Code, errRate.Code, uploads.ErrQuota.Code:
		return http.StatusTooManyRequests
	case room.ErrFull.Code, uploads.ErrFull.Code, bank.ErrFull.Code:
		return http.StatusInsufficientStorage
	case room.ErrUnavailable.Code, wire.ErrBusy.Code, room.ErrClosed.Code, hls.ErrIdle.Code, hls.ErrFull.Code, signaling.ErrFull.Code:
		return http.StatusServiceUnavailable
	case errMedia.Code, uploads.ErrType.Code:
		return http.StatusUnsupportedMediaType
	case errTooLong.Code, uploads.ErrLarge.Code, errFormatBounds.Code, errFormatMany.Code:
		return http.StatusRequestEntityTooLarge
	case bank.ErrKnown.Code, record.ErrGoesOn.Code, recommend.ErrExperiment.Code:
		return http.StatusConflict
	case uploads.ErrBroken.Code, errFormatUnknown.Code, errFormatUnreadable.Code, errFormatEmpty.Code, errFormatOld.Code, errFormatDTD.Code, errFormatNothing.Code:
		return http.StatusUnprocessableEntity
	case wire.ErrInternal.Code:
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

// fail answers a request with a refusal. A fault of ours is logged.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	e := s.texts.public(langOf(r.Header.Get("Accept-Language")), err)
	if e.Code == wire.ErrInternal.Code || e.Code == room.ErrUnavailable.Code {
		s.Log.Error("request failed", zap.String("route", r.Pattern), zap.Error(err))
	}
	if e.RetryMS > 0 {
		w.Header().Set("Retry-After", fmt.Sprint((e.RetryMS+999)/1000))
	}
	s.write(w, statusOf(e), struct {
		Error *wire.Error `json:"error"`
	}{e})
}

// answer answers a request with data.
func (s *Server) answer(w http.ResponseWriter, data any) { s.write(w, http.StatusOK, data) }

func (s *Server) write(w http.ResponseWriter, status int, data any) {
	b, err := wire.Encode(data)
	if err != nil {
		s.Log.Error("encode an answer", zap.Error(err))
		status, b = http.StatusInternalServerError, []byte(`{"error":{"code":"internal","text":""}}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(b)
}

func (s *Server) nothing(w http.ResponseWriter, r *http.Request) {
	s.fail(w, r, wire.ErrNotFound)
}

// read decodes a request's JSON body into v.
func read(w http.ResponseWriter, r *http.Request, v any) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return errMedia
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, wire.MaxFrame))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return errTooLong
		}
		return wire.ErrMalformed
	}
	return wire.Decode(b, v)
}

// bearer returns the token of a request, "" where there is none.
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// person returns who sends a request, by whatever token of theirs.
func (s *Server) person(r *http.Request) (auth.Claims, error) {
	return s.Keys.Person(bearer(r), time.Now())
}

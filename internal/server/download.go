package server

import (
	"bytes"
	"mime"
	"net/http"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/wire"
)

// Bounds of files that are made for a download.
const (
	downloadsAtOnce = 4               // that are in memory at the same time
	downloadWithin  = 2 * time.Minute // for it to be taken
)

// makeDownload makes a file in memory and sends it: nobody who reads slowly
// holds up what it is made of. There are so many places for all of them; who
// finds none shall come again.
func (s *Server) makeDownload(w http.ResponseWriter, r *http.Request, kind, name string, write func(*bytes.Buffer) error) {
	select {
	case s.downloads <- struct{}{}:
		defer func() { <-s.downloads }()
	default:
		s.fail(w, r, wire.ErrBusy.After(2000))
		return
	}
	var b bytes.Buffer
	if err := write(&b); err != nil {
		s.unreported(w, r, err)
		return
	}
	// A connection that cannot be given a time keeps none.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(downloadWithin))
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	h.Set("Cache-Control", "no-store")
	if _, err := w.Write(b.Bytes()); err != nil {
		s.Log.Debug("a download was not taken", zap.Error(err))
	}
}

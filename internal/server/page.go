package server

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

// policy is the Content Security Policy (W3C CSP Level 3) of every page: all
// that runs comes from this server's own files.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
	"media-src 'self' blob: mediastream:; connect-src 'self'; font-src 'self'; manifest-src 'self'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"

// file is a file of the browser app, ready to be served.
type file struct {
	data   []byte
	zipped []byte // nil where that is no shorter
	kind   string
	etag   string
}

type files map[string]file

// served are the kinds of file of the app that go out; tests and notes do not.
var served = map[string]bool{".html": true, ".css": true, ".js": true, ".json": true, ".svg": true, ".png": true, ".webmanifest": true}

func loadFiles(static fs.FS) (files, error) {
	out := files{}
	err := fs.WalkDir(static, ".", func(name string, d fs.DirEntry, err error) error {
		ext := path.Ext(name)
		if err != nil || d.IsDir() || !served[ext] {
			return err
		}
		b, err := fs.ReadFile(static, name)
		if err != nil {
			return err
		}
		kind := mime.TypeByExtension(ext)
		switch ext { // what the machine's own table may know differently
		case ".js":
			kind = "text/javascript; charset=utf-8"
		case ".json":
			kind = "application/json; charset=utf-8"
		case ".webmanifest":
			kind = "application/manifest+json"
		}
		sum := sha256.Sum256(b)
		f := file{data: b, kind: kind, etag: base64.RawURLEncoding.EncodeToString(sum[:12])}
		if ext != ".png" {
			f.zipped, err = zip(b)
		}
		out[name] = f
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	return out, nil
}

// zip compresses b once for all who will ask, or returns nil where that does
// not pay.
func zip(b []byte) ([]byte, error) {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(b); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	if out.Len() > len(b)*9/10 {
		return nil, nil
	}
	return out.Bytes(), nil
}

// serve sends a file; a browser that has it already is told so.
func (f file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", "no-cache")
	h.Set("Vary", "Accept-Encoding")
	data, etag := f.data, f.etag
	if f.zipped != nil && takesGzip(r.Header.Get("Accept-Encoding")) {
		data, etag = f.zipped, f.etag+"-gz"
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", `"`+etag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

// takesGzip reads an Accept-Encoding (RFC 9110, section 12.5.3) as far as a
// file server must: gzip is named and not refused.
func takesGzip(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		name, weight, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			q, found := strings.CutPrefix(strings.TrimSpace(weight), "q=")
			return !found || strings.Trim(q, "0.") != ""
		}
	}
	return false
}

// page serves one of the app's pages.
func (s *Server) page(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f, ok := s.files[name]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Permissions-Policy", "camera=(self), microphone=(self), display-capture=(self), autoplay=(self), fullscreen=(self), picture-in-picture=(self), geolocation=(), payment=(), usb=()")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		f.serve(w, r)
	}
}

// static serves what the pages are made of.
func (s *Server) static(w http.ResponseWriter, r *http.Request) {
	f, ok := s.files[r.PathValue("path")]
	if !ok || strings.HasSuffix(r.PathValue("path"), ".html") {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; sandbox")
	f.serve(w, r)
}

func (s *Server) favicon(w http.ResponseWriter, r *http.Request) {
	if f, ok := s.files["icons/mark.svg"]; ok {
		f.serve(w, r)
		return
	}
	http.NotFound(w, r)
}

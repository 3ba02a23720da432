package server

import (
	"bytes"
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
	data []byte
	kind string
	etag string
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
		out[name] = file{b, kind, `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	return out, nil
}

// serve sends a file; a browser that has it already is told so.
func (f file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("ETag", f.etag)
	h.Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.data))
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

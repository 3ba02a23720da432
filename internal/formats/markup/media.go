package markup

import (
	"path"
	"strings"
)

// media is the files that a text may show, by what they are called.
var media = []struct{ ext, kind string }{
	{".png", "image/png"}, {".jpg", "image/jpeg"}, {".jpeg", "image/jpeg"}, {".gif", "image/gif"},
	{".webp", "image/webp"}, {".svg", "image/svg+xml"}, {".mp3", "audio/mpeg"}, {".ogg", "audio/ogg"},
	{".m4a", "audio/mp4"}, {".wav", "audio/wav"}, {".mp4", "video/mp4"}, {".webm", "video/webm"},
}

// MediaType is what a file of that name holds, or nothing where it is no
// picture, sound or film.
func MediaType(name string) string {
	ext := strings.ToLower(path.Ext(name))
	for _, m := range media {
		if m.ext == ext {
			return m.kind
		}
	}
	return ""
}

// Extension is the ending of a file that holds that, or nothing.
func Extension(kind string) string {
	for _, m := range media {
		if m.kind == kind {
			return m.ext
		}
	}
	return ""
}

package moodle

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/lyceum-live/lyceum/internal/formats/bounded"
	"github.com/lyceum-live/lyceum/internal/formats/markup"
)

// inText is how Moodle refers to a file beside a text.
const inText = "@@PLUGINFILE@@/"

// budget is how many more bytes of files may be put into texts: a file that a
// text shows a thousand times would be there a thousand times.
type budget int

var errFiles = errors.New("the files in it are too large together")

// embed puts files into a text as data: addresses. References to what is not
// there, or is no picture, sound or film, stay as they are.
func (b *budget) embed(text string, files []*bounded.Node) (string, error) {
	if !strings.Contains(text, inText) {
		return text, nil
	}
	for _, f := range files {
		kind := markup.MediaType(f.Attr("name"))
		if kind == "" || cmp.Or(f.Attr("encoding"), "base64") != "base64" {
			continue
		}
		data := strings.Join(strings.Fields(f.Content()), "")
		if _, err := base64.StdEncoding.DecodeString(data); err != nil || data == "" {
			return "", fmt.Errorf("the file %q in it is damaged", f.Attr("name"))
		}
		address := "data:" + kind + ";base64," + data
		name := strings.TrimPrefix(path.Join("/", f.Attr("path"), f.Attr("name")), "/")
		for _, ref := range references(name) {
			n := strings.Count(text, inText+ref)
			if *b -= budget(n * len(address)); *b < 0 {
				return "", errFiles
			}
			text = strings.ReplaceAll(text, inText+ref, address)
		}
	}
	return text, nil
}

// references is how a text may spell a file's name.
func references(name string) []string {
	out := []string{(&url.URL{Path: name}).EscapedPath()}
	if escaped := url.PathEscape(name); escaped != out[0] && !strings.Contains(name, "/") {
		out = append(out, escaped)
	}
	if name != out[0] {
		out = append(out, name)
	}
	return out
}

var address = regexp.MustCompile(`data:((?:image|audio|video)/[a-z0-9.+-]+);base64,([A-Za-z0-9+/]+=*)`)

// extract is the opposite of embed: the text with references, and its files.
func extract(text string) (string, []string) {
	var files []string
	text = address.ReplaceAllStringFunc(text, func(m string) string {
		parts := address.FindStringSubmatch(m)
		ext := markup.Extension(parts[1])
		if ext == "" {
			return m
		}
		if _, err := base64.StdEncoding.DecodeString(parts[2]); err != nil {
			return m
		}
		name := fmt.Sprintf("file%d%s", len(files)+1, ext)
		files = append(files, fmt.Sprintf(`<file name="%s" path="/" encoding="base64">%s</file>`, name, parts[2]))
		return inText + name
	})
	return text, files
}

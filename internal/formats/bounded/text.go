package bounded

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// ErrBinary says that bytes are no text in any encoding that is read.
var ErrBinary = errors.New("this is not text")

var (
	utf16LE = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	utf16BE = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
)

// Text is b as UTF-8 without a byte-order mark. It reads UTF-8, UTF-16 of
// either order, GB18030 (and so GBK and GB2312), the encoding that an XML
// declaration names, and Windows-1252 where the bytes can hardly be Chinese.
func Text(b []byte) (string, error) {
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		return whole(string(b[3:]), nil)
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		return decode(utf16LE, b[2:])
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		return decode(utf16BE, b[2:])
	}
	switch lowHigh := zeros(b); {
	case lowHigh[1] > 0 && lowHigh[0] == 0:
		return decode(utf16LE, b)
	case lowHigh[0] > 0 && lowHigh[1] == 0:
		return decode(utf16BE, b)
	}
	if utf8.Valid(b) {
		return whole(string(b), nil)
	}
	if e := declared(b); e != nil {
		return decode(e, b)
	}
	if !chinese(b) {
		return decode(charmap.Windows1252, b)
	}
	return decode(simplifiedchinese.GB18030, b)
}

// zeros counts the zero bytes at even and at odd places of the beginning:
// UTF-16 of mostly Latin text has many at one of them and none at the other.
func zeros(b []byte) (at [2]int) {
	for i, c := range b[:min(len(b), 4096)&^1] {
		if c == 0 {
			at[i&1]++
		}
	}
	return at
}

var declaration = regexp.MustCompile(`^\s*<\?xml[^>]*\sencoding\s*=\s*["']([A-Za-z0-9._:-]+)["']`)

func declared(b []byte) encoding.Encoding {
	m := declaration.FindSubmatch(b[:min(len(b), 256)])
	if m == nil {
		return nil
	}
	e, err := htmlindex.Get(string(m[1]))
	if name, _ := htmlindex.Name(e); err != nil || name == "utf-8" || strings.HasPrefix(name, "utf-16") {
		return nil
	}
	return e
}

// chinese says whether bytes beyond ASCII come in pairs, as they do in
// GB18030; accented letters of Western text mostly stand alone.
func chinese(b []byte) bool {
	paired, alone := 0, 0
	for i := 0; i < len(b); i++ {
		if b[i] < 0x80 {
			continue
		}
		if i+1 < len(b) && b[i+1] >= 0x80 {
			paired, i = paired+1, i+1
		} else {
			alone++
		}
	}
	return paired >= alone
}

func decode(e encoding.Encoding, b []byte) (string, error) {
	out, err := e.NewDecoder().Bytes(b)
	return whole(string(out), err)
}

// whole refuses what only looks decoded.
func whole(s string, err error) (string, error) {
	if err != nil || !utf8.ValidString(s) {
		return "", ErrBinary
	}
	odd, all := 0, 0
	for _, r := range s {
		all++
		if r == 0 {
			return "", ErrBinary
		}
		if r == utf8.RuneError || r < ' ' && (r < '\t' || r > '\r') {
			odd++
		}
	}
	if 20*odd > all {
		return "", ErrBinary
	}
	return strings.TrimPrefix(s, "\ufeff"), nil
}

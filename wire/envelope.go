package wire

import (
	"bufio"
	"bytes"
	"io"
	"strconv"
	"unicode/utf8"
)

// Request is one message from a client. ID is the client's own number for it
// and comes back in the reply; Key makes a command that changes something safe
// to repeat; Data is the command's own shape.
type Request struct {
	ID   uint64 `json:"id"`
	Type string `json:"type"`
	Key  string `json:"key,omitzero"`
	Data Raw    `json:"data,omitzero"`
}

// DecodeRequest reads a client's frame. Even when it fails, the ID is
// returned if it could be read, so that the error can name what it answers.
// Data may be a part of the frame: it holds as long as that is not changed.
func DecodeRequest(frame []byte) (Request, error) {
	var r Request
	if !utf8.Valid(frame) {
		return r, ErrMalformed
	}
	if plain, ok := scanRequest(frame); ok {
		r = plain
	} else if err := Decode(frame, &r); err != nil {
		return Request{ID: r.ID}, err
	}
	if r.Type == "" {
		return r, ErrField.In("type")
	}
	if len(r.Key) > MaxKey {
		return r, ErrKey
	}
	if len(r.Data) == 0 {
		r.Data = Raw("{}")
	}
	return r, nil
}

// scanRequest reads a frame that is spelled as our own clients spell it: the
// members in the order of [Request], without blanks between them, names and
// texts without escapes. It reports false for any other, which may be as right
// and is for [Decode]. Data is a part of the frame, and not copied.
func scanRequest(frame []byte) (r Request, ok bool) {
	rest, ok := bytes.CutPrefix(frame, []byte(`{"id":`))
	if !ok {
		return r, false
	}
	n := 0
	for n < len(rest) && '0' <= rest[n] && rest[n] <= '9' {
		n++
	}
	if n == 0 || n > 18 || n > 1 && rest[0] == '0' {
		return r, false
	}
	for _, c := range rest[:n] {
		r.ID = 10*r.ID + uint64(c-'0')
	}
	if r.Type, rest, ok = scanText(rest[n:], `,"type":"`); !ok {
		return r, false
	}
	if key, after, has := scanText(rest, `,"key":"`); has {
		r.Key, rest = key, after
	}
	if string(rest) == "}" {
		return r, true
	}
	rest, ok = bytes.CutPrefix(rest, []byte(`,"data":`))
	if !ok || !bytes.HasPrefix(rest, []byte("{")) || !bytes.HasSuffix(rest, []byte("}}")) {
		return r, false
	}
	r.Data = Raw(rest[:len(rest)-1])
	return r, checkDepth(frame) == nil && r.Data.IsValid()
}

// scanText reads a member whose value is text without escapes.
func scanText(b []byte, name string) (text string, rest []byte, ok bool) {
	if len(b) < len(name) || string(b[:len(name)]) != name {
		return "", b, false
	}
	value := b[len(name):]
	for i, c := range value {
		switch {
		case c == '"':
			return string(value[:i]), value[i+1:], true
		case c == '\\' || c < 0x20:
			return "", b, false
		}
	}
	return "", b, false
}

// Reply returns the frame that answers request id: "ok" with data, or "error".
func Reply(id uint64, data any, err error) []byte {
	kind := "ok"
	if err != nil {
		kind, data = "error", Public(err)
	}
	if data == nil {
		data = struct{}{}
	}
	b, encodeErr := Encode(data)
	if encodeErr != nil {
		kind, b = "error", []byte(`{"code":"internal","text":"`+ErrInternal.Text+`"}`)
	}
	out := make([]byte, 0, len(b)+48)
	out = append(out, `{"re":`...)
	out = strconv.AppendUint(out, id, 10)
	out = append(out, `,"type":"`...)
	out = append(out, kind...)
	out = append(out, `","data":`...)
	out = append(out, b...)
	return append(out, '}')
}

// Numbered returns the frame of a view that belongs to position seq of the
// log, after prev for the same audience. data is already encoded.
func Numbered(seq, prev uint64, kind string, data []byte) []byte {
	out := make([]byte, 0, len(data)+len(kind)+64)
	out = append(out, `{"seq":`...)
	out = strconv.AppendUint(out, seq, 10)
	out = append(out, `,"prev":`...)
	out = strconv.AppendUint(out, prev, 10)
	return appendBody(append(out, ','), kind, data)
}

// Signal returns the frame of a message without a number: a signal to all or
// a personal view. data is already encoded.
func Signal(kind string, data []byte) []byte {
	return appendBody(append(make([]byte, 0, len(data)+len(kind)+32), '{'), kind, data)
}

func appendBody(out []byte, kind string, data []byte) []byte {
	out = append(out, `"type":"`...)
	out = append(out, kind...)
	out = append(out, `","data":`...)
	out = append(out, data...)
	return append(out, '}')
}

func newScanner(r io.Reader, max int) *bufio.Scanner {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, min(max, 4096)), max) // the larger of the two holds
	return s
}

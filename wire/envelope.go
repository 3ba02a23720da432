package wire

import (
	"bufio"
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
func DecodeRequest(frame []byte) (Request, error) {
	var r Request
	if !utf8.Valid(frame) {
		return r, ErrMalformed
	}
	if err := Decode(frame, &r); err != nil {
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

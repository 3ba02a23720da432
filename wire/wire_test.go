package wire_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/wire"
)

func TestIDs(t *testing.T) {
	for id, want := range map[wire.RoomID]bool{
		"go-101": true, "7": true, wire.RoomID(strings.Repeat("a", 64)): true,
		"": false, "-a": false, "Go": false, "a b": false, "a/b": false, "..": false, "é": false,
		wire.RoomID(strings.Repeat("a", 65)): false,
	} {
		if id.Valid() != want {
			t.Errorf("room %q: %t", id, !want)
		}
	}
	for id, want := range map[wire.UserID]bool{
		"u1": true, "A.b_c:d@e-f": true, "": false, "a b": false, "a/b": false, "é": false,
		wire.UserID(strings.Repeat("a", 65)): false,
	} {
		if id.Valid() != want {
			t.Errorf("user %q: %t", id, !want)
		}
	}
}

func TestRolesAreOrdered(t *testing.T) {
	order := []wire.Role{wire.Viewer, wire.Moderator, wire.Host}
	for i, r := range order {
		for j, min := range order {
			if r.AtLeast(min) != (i >= j) {
				t.Errorf("%s at least %s: %t", r, min, r.AtLeast(min))
			}
		}
		if wire.Role("admin").AtLeast(r) || wire.Role("").AtLeast(r) {
			t.Errorf("a role that does not exist may do what a %s may", r)
		}
	}
}

func TestCleanText(t *testing.T) {
	for in, want := range map[string]string{
		"  hello \n":                        "hello",
		"a\tb\r\nc":                         "a b  c",
		"e\u0301":                           "\u00e9",
		"right\u202eto left":                "rightto left",
		"zero\u200bwidth\ufeff":             "zerowidth",
		"family \U0001F468\u200d\U0001F469": "family \U0001F468\u200d\U0001F469",
		"heart \u2764\ufe0f":                "heart \u2764\ufe0f",
		"nul\x00 bell\x07":                  "nul bell",
		"<script>alert(1)</script>":         "<script>alert(1)</script>", // text is data: nothing is taken out of it
	} {
		if got, err := wire.CleanText(in, 100, false); err != nil || got != want {
			t.Errorf("%q: %q %v, want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"", "  ", "\u200b\u200d", "\xff", strings.Repeat("长", 11)} {
		if got, err := wire.CleanText(in, 10, true); !errors.Is(err, wire.ErrText) {
			t.Errorf("%q is taken as %q", in, got)
		}
	}
	if got, _ := wire.CleanText("a\nb", 10, true); got != "a\nb" {
		t.Errorf("a line break where lines may be: %q", got)
	}
}

// TestCleanTextIsClean: whatever goes in, what comes out fits, shows, and is
// not changed by cleaning it again.
func TestCleanTextIsClean(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, lines := rapid.String().Draw(t, "in"), rapid.Bool().Draw(t, "lines")
		out, err := wire.CleanText(in, 20, lines)
		if err != nil {
			return
		}
		if n := utf8.RuneCountInString(out); n == 0 || n > 20 || strings.TrimSpace(out) != out {
			t.Fatalf("%q became %q", in, out)
		}
		for _, r := range out {
			if unicode.Is(unicode.Cc, r) && (!lines || r != '\n' && r != '\t') {
				t.Fatalf("%q has the control %U", out, r)
			}
		}
		if again, err := wire.CleanText(out, 20, lines); err != nil || again != out {
			t.Fatalf("%q became %q when cleaned again (%v)", out, again, err)
		}
	})
}

func TestDecodeIsStrict(t *testing.T) {
	type shape struct {
		Text  string `json:"text"`
		Count int    `json:"count,omitzero"`
	}
	for in, want := range map[string]*wire.Error{
		`{"text":"x","count":1}`:         nil,
		`{"text":"x","Count":1}`:         wire.ErrField.In("Count"),
		`{"text":"x","more":1}`:          wire.ErrField.In("more"),
		`{"text":"x","text":"y"}`:        wire.ErrField.In("text"),
		`{"text":1}`:                     wire.ErrField.In("text"),
		`{"count":1.5}`:                  wire.ErrField.In("count"),
		`{"count":99999999999999999999}`: wire.ErrField.In("count"),
		`{"text":"x"`:                    wire.ErrMalformed,
		`{"text":"x"} 1`:                 wire.ErrMalformed,
		"{\"text\":\"\xff\"}":            wire.ErrMalformed,
		`NaN`:                            wire.ErrMalformed,
		strings.Repeat("[", 33) + strings.Repeat("]", 33): wire.ErrDepth,
	} {
		err := wire.Decode([]byte(in), new(shape))
		if want == nil {
			if err != nil {
				t.Errorf("%s: %v", in, err)
			}
			continue
		}
		if got := wire.Public(err); err == nil || got.Code != want.Code || got.Field != want.Field {
			t.Errorf("%s: %v, want %v", in, err, want)
		}
	}
	deepest := strings.Repeat("[", wire.MaxDepth) + `"[[["` + strings.Repeat("]", wire.MaxDepth)
	if err := wire.Decode([]byte(deepest), new(any)); err != nil {
		t.Errorf("nested as deep as may be, with brackets in a text: %v", err)
	}
}

// TestFrames reads every kind of frame that the server makes by an ordinary
// JSON reader.
func TestFrames(t *testing.T) {
	type frame struct {
		Re, Seq, Prev uint64
		Type          string
		Data          map[string]any
	}
	read := func(b []byte) (f frame) {
		t.Helper()
		if err := json.Unmarshal(b, &f); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		return f
	}
	if f := read(wire.Numbered(58, 55, "chat.said", []byte(`{"text":"x"}`))); f.Seq != 58 || f.Prev != 55 || f.Type != "chat.said" || f.Data["text"] != "x" {
		t.Errorf("numbered: %+v", f)
	}
	if f := read(wire.Signal("poll.tally", []byte(`{"voters":3}`))); f.Seq != 0 || f.Type != "poll.tally" || f.Data["voters"] != 3.0 {
		t.Errorf("signal: %+v", f)
	}
	if f := read(wire.Reply(7, map[string]int{"seq": 9}, nil)); f.Re != 7 || f.Type != "ok" || f.Data["seq"] != 9.0 {
		t.Errorf("reply: %+v", f)
	}
	if f := read(wire.Reply(7, nil, nil)); f.Type != "ok" || f.Data == nil {
		t.Errorf("empty reply: %+v", f)
	}
	wrapped := fmt.Errorf("decide: %w", wire.ErrText.In("text").After(5))
	if f := read(wire.Reply(7, nil, wrapped)); f.Type != "error" || f.Data["code"] != "wire.text" || f.Data["field"] != "text" || f.Data["retry_ms"] != 5.0 {
		t.Errorf("refusal: %+v", f)
	}
	if f := read(wire.Reply(7, nil, errors.New("disk on fire at /dev/sda"))); f.Data["code"] != "internal" || strings.Contains(fmt.Sprint(f.Data), "sda") {
		t.Errorf("a fault of ours tells: %+v", f)
	}
}

func TestLines(t *testing.T) {
	var got []string
	err := wire.Lines(strings.NewReader("a\n\n  b \nc"), 10, func(n int, b []byte) error {
		got = append(got, fmt.Sprint(n, string(b)))
		return nil
	})
	if err != nil || strings.Join(got, ",") != "1a,3b,4c" {
		t.Errorf("%v %v", got, err)
	}
	err = wire.Lines(strings.NewReader(strings.Repeat("x", 100)), 10, func(int, []byte) error { return nil })
	if !errors.Is(err, wire.ErrMalformed) {
		t.Errorf("a line without end: %v", err)
	}
}

// FuzzDecodeRequest feeds the decoder: it refuses with a code or takes the
// frame, never panics, and what it takes can be written and read again.
func FuzzDecodeRequest(f *testing.F) {
	for _, seed := range []string{
		`{"id":1,"type":"hello","data":{"token":"x"}}`, `{"id":2,"type":"chat.say","key":"k","data":{"text":"\u4f60\u597d"}}`,
		`{}`, `[]`, `null`, `{"id":-1}`, `{"id":1e3,"type":""}`, `{"id":1,"type":"x","data":[[[]]]}`, "\xff", `{"id":1,"id":2}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		r, err := wire.DecodeRequest(frame)
		if err != nil {
			if wire.Public(err) == wire.ErrInternal {
				t.Fatalf("%q: %v is our fault", frame, err)
			}
			return
		}
		b, err := wire.Encode(r)
		if err != nil {
			t.Fatalf("%q: %v", frame, err)
		}
		again, err := wire.DecodeRequest(b)
		if err != nil || again.ID != r.ID || again.Type != r.Type || again.Key != r.Key {
			t.Fatalf("%q became %q: %v", frame, b, err)
		}
		if !bytes.HasPrefix(bytes.TrimSpace(r.Data), []byte("{")) && len(r.Data) == 0 {
			t.Fatalf("%q has no data", frame)
		}
	})
}

package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Raw is a JSON value that is passed on as it stands.
type Raw = jsontext.Value

// Encode returns v as JSON. Slices and maps that are nil become [] and {},
// text that is not UTF-8 is an error, and map keys are sorted, so equal values
// have equal bytes.
func Encode(v any, options ...json.Options) ([]byte, error) {
	return json.Marshal(v, append(options, json.Deterministic(true))...)
}

// Decode reads one JSON value from b into v as strictly as it can: names must
// match exactly, unknown and repeated names are refused, text must be UTF-8
// and nesting must stay within [MaxDepth]. The error is an [*Error] and says
// which field was wrong.
func Decode(b []byte, v any) error {
	if err := checkDepth(b); err != nil {
		return err
	}
	err := json.Unmarshal(b, v, json.RejectUnknownMembers(true))
	if err == nil {
		return nil
	}
	if semantic, ok := errors.AsType[*json.SemanticError](err); ok {
		return ErrField.In(clip(semantic.JSONPointer.LastToken()))
	}
	if syntactic, ok := errors.AsType[*jsontext.SyntacticError](err); ok && errors.Is(syntactic.Err, jsontext.ErrDuplicateName) {
		return ErrField.In(clip(syntactic.JSONPointer.LastToken()))
	}
	return ErrMalformed
}

// clip keeps a field name that a client made up from being echoed at length.
func clip(s string) string {
	if len(s) <= 64 {
		return s
	}
	s = s[:64]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s
}

// checkDepth refuses nesting beyond [MaxDepth] before any of it is decoded.
func checkDepth(b []byte) error {
	depth, inside := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case inside:
			if c == '\\' {
				i++
			} else if c == '"' {
				inside = false
			}
		case c == '"':
			inside = true
		case c == '{' || c == '[':
			if depth++; depth > MaxDepth {
				return ErrDepth
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// Lines calls each with every non-empty line of an NDJSON stream
// (one JSON value a line), with its number from 1. A line beyond max bytes
// ends the reading with [ErrMalformed].
func Lines(r io.Reader, max int, each func(line int, b []byte) error) error {
	scan := newScanner(r, max)
	for n := 1; scan.Scan(); n++ {
		b := bytes.TrimSpace(scan.Bytes())
		if len(b) == 0 {
			continue
		}
		if err := each(n, b); err != nil {
			return err
		}
	}
	if err := scan.Err(); err != nil {
		return fmt.Errorf("%w (%w)", ErrMalformed, err)
	}
	return nil
}

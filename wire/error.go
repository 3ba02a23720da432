package wire

import "errors"

// Error is a refusal that a client can act on. Code is protocol and never
// changes; Text is for people and may be reworded or translated. Field names
// the member of the data that was wrong, if one was. RetryMS says when it may
// be worth trying again, in milliseconds, if it may.
type Error struct {
	Code    string `json:"code"`
	Text    string `json:"text"`
	Field   string `json:"field,omitzero"`
	RetryMS int64  `json:"retry_ms,omitzero"`
}

func (e *Error) Error() string {
	if e.Field != "" {
		return e.Code + " (" + e.Field + "): " + e.Text
	}
	return e.Code + ": " + e.Text
}

// Is makes errors.Is compare codes, so that an error with a field or a retry
// time still is the one that the rule declared.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// In returns a copy of e that names the wrong field.
func (e *Error) In(field string) *Error {
	c := *e
	c.Field = field
	return &c
}

// After returns a copy of e that says when to try again.
func (e *Error) After(ms int64) *Error {
	c := *e
	c.RetryMS = ms
	return &c
}

// Refusals that belong to no single rule.
var (
	ErrMalformed = &Error{Code: "wire.malformed", Text: "the message is not well-formed JSON"}
	ErrDepth     = &Error{Code: "wire.depth", Text: "the message is nested too deeply"}
	ErrField     = &Error{Code: "wire.field", Text: "a field is missing, unknown or of the wrong type"}
	ErrType      = &Error{Code: "wire.type", Text: "there is no such command"}
	ErrKey       = &Error{Code: "wire.key", Text: "this command needs an idempotency key of 1 to 64 characters"}
	ErrText      = &Error{Code: "wire.text", Text: "the text is empty, too long or has characters that cannot be shown"}
	ErrForbidden = &Error{Code: "auth.forbidden", Text: "your role does not allow this"}
	ErrNotFound  = &Error{Code: "wire.not_found", Text: "there is no such thing here"}
	ErrBusy      = &Error{Code: "wire.busy", Text: "the room is busy; try again in a moment"}
	ErrInternal  = &Error{Code: "internal", Text: "something went wrong on our side"}
)

// Public returns what a client may be told about err. An error that is not an
// *Error is our fault: its text stays here and the client sees "internal".
func Public(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return ErrInternal
}

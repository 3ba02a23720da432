// Package bounded opens what strangers made: text in whatever encoding, XML
// and zip archives, each within bounds that are checked before memory is
// spent on it.
//
// Nothing is ever fetched, no entity but XML's and HTML's own is resolved, no
// name in an archive is used as a path, and nothing is written to a disk.
package bounded

import (
	"errors"
	"fmt"
)

// Bounds of what is read at once.
const (
	MaxFile    = 50 << 20  // bytes of a file as it was given
	MaxEntries = 20_000    // files in a zip archive
	MaxEntry   = 64 << 20  // bytes of one of them, unpacked
	MaxTotal   = 200 << 20 // bytes of all of them, unpacked
	MaxRatio   = 200       // unpacked to packed, where it is more than freeRatio
	MaxDepth   = 200       // elements inside one another in XML
	MaxNodes   = 500_000   // elements and texts of one item in XML

	freeRatio = 1 << 20
)

// ErrDTD says that a file has a document type of its own.
var ErrDTD = errors.New("the XML declares a document type (DTD), which is refused")

// ErrTooMuch is what every refusal of a file is that is too large, or packed
// or nested beyond reason.
var ErrTooMuch = errors.New("the file is too large to be read")

// tooMuch is such a refusal in its own words.
type tooMuch string

func (e tooMuch) Error() string     { return string(e) }
func (e tooMuch) Is(err error) bool { return err == ErrTooMuch }

// errMuch says that something goes beyond a bound.
func errMuch(format string, args ...any) error { return tooMuch(fmt.Sprintf(format, args...)) }

// errBig says that something is larger than it may be.
func errBig(what string, most int64) error {
	return errMuch("%s is larger than %d MiB, the most that is read", what, most>>20)
}

// CheckSize refuses a file that is too large to read.
func CheckSize(size int64) error {
	if size > MaxFile {
		return errBig("the file", MaxFile)
	}
	return nil
}

//go:build !linux

package load

import (
	"errors"
	"io"
)

// ServeLoop is only where there is epoll.
func ServeLoop(io.Writer) error { return errors.ErrUnsupported }

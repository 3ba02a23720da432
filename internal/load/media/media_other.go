//go:build !linux

package media

import (
	"context"
	"errors"
	"io"
	"os/exec"

	"github.com/lyceum-live/lyceum/internal/load"
)

var errLinux = errors.New("media is measured on Linux only")

// Run measures on Linux only.
func Run(context.Context, load.Target, Load) (load.Result, Sizes, error) {
	return load.Result{}, Sizes{}, errLinux
}

// Joins measures on Linux only.
func Joins(context.Context, load.Target, Load) (load.Result, error) {
	return load.Result{}, errLinux
}

// Limit measures on Linux only.
func Limit(context.Context, *exec.Cmd, Load, Sizes) (load.Result, error) {
	return load.Result{}, errLinux
}

// ServeLimit serves on Linux only.
func ServeLimit(io.Reader, io.Writer) error { return errLinux }

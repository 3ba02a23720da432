//go:build !linux

package sqlite_test

import (
	"os"
	"time"
)

func dataSync(f *os.File) error { return f.Sync() }

// cpuTime is not measured here.
func cpuTime() time.Duration { return 0 }
